"""What does each check cost, in CPU seconds and beside the floor? Here, and in another checkout.

The floor is one blocked float32 matrix product of all rows with all rows, nothing else, measured in the
same processes. Each check runs on a space whose shared passes (class statistics, neighbours, ranks) are
there already; everything is compiled before. CPU seconds are those of all threads: other work on the
machine moves them less than it moves wall time, and the ratio to the floor less still.

``--against PATH`` runs this same script on the sources of another checkout, such as a ``git worktree`` of the
commit before; checks alternate between the two. The promise: all checks without projections, with the
shared passes, cost at most ``PROMISE`` times the floor.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PROMISE = 12.0  # times the floor, at 50,000 x 128
BLOCK = 1024
FLOOR, PASSES, CODES = "floor", "shared passes", "codes"
SMALL = 2_000  # rows of the set that compiles

Cost = dict[str, float]


def main() -> None:
    """Print a line for each check; exit 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--only", nargs="*", default=[], help="codes of some checks")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        serve(options.rows, options.only)
        return
    checkouts = [ROOT] if options.against is None else [ROOT, options.against.resolve()]
    workers = [Worker(path, options.rows, options.only) for path in checkouts]
    costs = measured(workers)
    floors = [cost[FLOOR]["cpu"] for cost in costs]
    print(f"{options.rows:,} x 128; floor {' | '.join(f'{f:.2f} s' for f in floors)} of CPU")
    head = f"{'CPU s':>8} {'x floor':>8} {'wall s':>8}"
    print(f"{'check':28} {' | '.join([head] * len(workers))}")
    names = [name for name in costs[0] if name != FLOOR]
    for name in names:
        parts = [line(cost.get(name), floor) for cost, floor in zip(costs, floors, strict=True)]
        print(f"{name:28} {' | '.join(parts)}")
    totals = [added(cost) for cost in costs]
    parts = [line(total, floor) for total, floor in zip(totals, floors, strict=True)]
    print(f"{'all':28} {' | '.join(parts)}")
    times = totals[0]["cpu"] / floors[0]
    if not options.only:
        print(f"all checks but the maps: {times:.1f} x the floor; the promise is {PROMISE:.0f}")
        sys.exit(0 if times <= PROMISE else 1)


class Worker:
    """This script in a process of its own, on the sources of one checkout."""

    def __init__(self, checkout: Path, rows: int, only: list[str]) -> None:
        paths = [checkout / "diagnostics", checkout / "reports", ROOT]
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, "--worker", "--rows", str(rows), "--only", *only],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
                "TQDM_DISABLE": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str) -> str:
        """One line of answer."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        print(what, file=asked, flush=True)
        answer = answered.readline()
        if not answer:
            raise RuntimeError(f"{' '.join(map(str, self._process.args))} ended")  # type: ignore[arg-type]
        return answer.strip()

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def measured(workers: list[Worker]) -> list[dict[str, Cost]]:
    """For each worker what everything costs; they take turns, so that noise falls on both."""
    codes: list[list[str]] = [json.loads(worker.ask(CODES)) for worker in workers]
    floors: list[list[Cost]] = [[] for _ in workers]
    costs: list[dict[str, Cost]] = [{} for _ in workers]
    asked = [PASSES, *codes[0]]
    for i, name in enumerate(asked):
        for worker, known, floor, cost in zip(workers, codes, floors, costs, strict=True):
            if i % 7 == 0:
                floor.append(json.loads(worker.ask(FLOOR)))
            if name == PASSES or name in known:
                cost[name] = json.loads(worker.ask(name))
    for worker, floor, cost in zip(workers, floors, costs, strict=True):
        cost[FLOOR] = {key: float(np.mean([each[key] for each in floor])) for key in floor[0]}
        worker.close()
    return costs


def line(cost: Cost | None, floor: float) -> str:
    """Three numbers, or their absence."""
    if cost is None:
        return f"{'-':>8} {'-':>8} {'-':>8}"
    return f"{cost['cpu']:8.2f} {cost['cpu'] / floor:8.2f} {cost['wall']:8.2f}"


def added(cost: dict[str, Cost]) -> Cost:
    """All but the floor."""
    return {
        key: sum(each[key] for name, each in cost.items() if name != FLOOR)
        for key in ("cpu", "wall")
    }


def serve(rows: int, only: list[str]) -> None:
    """Measure what is asked for on the standard input, a line of JSON each."""
    from benchmarks.report import save

    from embedding_second_opinion.catalogue import registry
    from embedding_second_opinion.geometry.geometry import Geometry
    from embedding_second_opinion.geometry.passes.threads import one_blas_thread
    from embedding_second_opinion.inputs.inputs import Inputs
    from embedding_second_opinion.request import open_evaluation

    def made(rows: int) -> Geometry:
        """The set of the report's benchmark."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "set.npz"
            save(path, rows, rows // 20)
            return Geometry(open_evaluation(str(path)))

    def product() -> None:
        block = np.empty((BLOCK, len(space.points)), dtype=np.float32)
        with one_blas_thread():  # as the passes' own
            for start in range(0, len(space.points), BLOCK):
                part = space.points[start : start + BLOCK]
                np.matmul(part, space.points.T, out=block[: len(part)])

    codes = [code for code in registry.codes() if code != "projections"]
    codes = [code for code in codes if not only or code in only]
    small, space = made(SMALL), made(rows)
    for code in codes:
        registry.run_one(code, small, Inputs())
    for name in map(str.strip, sys.stdin):
        if name == CODES:
            answer: object = codes
        elif name == FLOOR:
            answer = timed(product)
        elif name == PASSES:
            answer = timed(lambda: (space.ranks, space.class_stats))
        else:
            answer = timed(lambda name=name: registry.run_one(name, space, Inputs()))
        print(json.dumps(answer), flush=True)


def timed(work: Callable[[], object]) -> Cost:
    """CPU seconds of all threads, and seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
