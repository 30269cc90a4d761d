"""What do the checks cost beside the three passes they share? Seconds at 50,000 x 128.

Each check runs on a space whose shared passes (class statistics, neighbours, ranks) are there
already. Passes that only one check makes are timed apart, and listed under the check that asked
for them. The promise: the checks, without projections, without those passes and without the models
that remedies fit, cost at most as much again as the three passes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
from benchmarks.report import save

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.geometry import geometry
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes import rank_results
from embedding_second_opinion.geometry.passes import sweep as sweeping
from embedding_second_opinion.geometry.passes.source import VectorSource
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.request import open_evaluation

P = ParamSpec("P")
T = TypeVar("T")

WHOLE_CATALOGUE = 2.0  # times the three passes, at most


def main() -> None:
    """Print a line for each check; exit 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    options = parser.parse_args()
    clock = Clock()
    clock.watch()
    for rows in (2_000, options.rows):  # the first one compiles
        space = made(rows)
        passes = timed(lambda space=space: (space.ranks, space.class_stats))
        lines, total = [], 0.0
        for code in registry.codes():
            if code == "projections":
                continue
            clock.spent = 0.0
            whole = timed(lambda code=code, space=space: registry.run_one(code, space, Inputs()))
            lines.append(f"{code:28} {whole - clock.spent:8.2f} {clock.spent:12.2f}")
            total += 0.0 if code == "remedies" else whole - clock.spent
    print(f"{options.rows:,} x 128: the three passes take {passes:.2f} s")
    print(f"{'check':28} {'seconds':>8} {'extra passes':>12}")
    print("\n".join(lines))
    times = f"{(passes + total) / passes:.2f} x the three passes"
    print(f"all checks but remedies, and the three passes: {times}")
    sys.exit(0 if passes + total <= WHOLE_CATALOGUE * passes else 1)


class Clock:
    """Adds up the seconds that passes take with all they prepare and add up, whoever asks for them."""

    spent = 0.0
    _inside = False

    def watch(self) -> None:
        """From now on every pass is timed: rank passes as a whole, others while they sweep over blocks."""
        original = sweeping.sweep
        for module in [
            m for name, m in sys.modules.items() if name.startswith("embedding_second_opinion.")
        ]:
            if getattr(module, "sweep", None) is original:
                setattr(module, "sweep", self._sweeping(original))  # noqa: B010 (mypy forbids the other)
        rank_results.run = self._whole(rank_results.run)
        VectorSource.of = self._whole(VectorSource.of)  # type: ignore[method-assign]

    def _whole(self, original: Callable[P, T]) -> Callable[P, T]:
        def clocked(*arguments: P.args, **named: P.kwargs) -> T:
            start, outermost = time.perf_counter(), not self._inside
            self._inside = True
            try:
                return original(*arguments, **named)
            finally:
                if outermost:
                    self._inside = False
                    self.spent += time.perf_counter() - start

        return clocked

    def _sweeping(self, original: Callable[..., Iterable[T]]) -> Callable[..., Iterator[T]]:
        def swept(*arguments: object) -> Iterator[T]:
            start = time.perf_counter()
            for each in original(*arguments):
                self._add(start)
                yield each
                start = time.perf_counter()
            self._add(start)

        return swept

    def _add(self, start: float) -> None:
        if not self._inside:
            self.spent += time.perf_counter() - start


def made(rows: int) -> Geometry:
    """The set of the report's benchmark."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set.npz"
        save(path, rows, rows // 20)
        return geometry.Geometry(open_evaluation(str(path)))


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
