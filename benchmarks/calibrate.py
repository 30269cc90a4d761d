"""How often is each diagnostic right? Planted flaws and healthy sets over many seeds.

Every planted set is judged by every diagnostic. A flaw should make the diagnostic that names it
alarm, and be the loudest of its kind (lower bound of harm over tolerance), where a kind is "what
happens in use" (less the first, which states the gap), "in training" or "cause": a cause has
effects, so they do not compete. A healthy set should make none alarm, and leave few unsure. Seeds start
at 6000: none of them was looked at while a diagnostic was being written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from scipy.stats import binomtest
from tqdm import tqdm

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.findings.finding import Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.samples.planted import (
    FLAWS,
    HEALTHY,
    JUDGED_BY,
    NAMED_BY,
    planted,
    planted_inputs,
)

FIRST_SEED = 6000
TABLE = Path(__file__).with_name("calibration.md")


@dataclass(frozen=True)
class Trial:
    """One set at one seed: what each diagnostic said, and how loud it was."""

    name: str
    seed: int
    verdicts: dict[str, str]
    loudness: dict[str, float]

    def loudest(self, code: str) -> str:
        """The loudest of the kind of ``code``, the first diagnostic left out; "": none is loud."""
        rivals = {c: x for c, x in self.loudness.items() if c != registry.first() and x > 0}
        of_kind = [c for c in rivals if registry.kind(c) == registry.kind(code)]
        return max(of_kind, key=rivals.__getitem__, default="")


def main() -> None:
    """Run all trials, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="seeds a set")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--sets", nargs="+", default=[*FLAWS, *HEALTHY])
    parser.add_argument("--map-points", type=int, default=800)
    parser.add_argument("--map-every", type=int, default=2, help="draw maps at one seed in so many")
    parser.add_argument("--out", type=Path, help=f"{TABLE.name} where all sets are run")
    parser.add_argument("--only", nargs="+", default=[*registry.codes()], help="diagnostics to run")
    parser.add_argument(
        "--trials", type=Path, help="add to, and report, the trials in this file (JSON lines)"
    )
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    start = time.perf_counter()
    work = plan(options.sets, seeds, options.map_points, options.map_every, options.only)
    trials = list(run(work)) if options.trials is None else together(options.trials, run(work))
    lines, kept = report(trials, options.map_points, options.map_every)
    print("\n".join(lines))
    print(f"\n{len(trials)} sets in {(time.perf_counter() - start) / 60:.0f} minutes")
    out = options.out or (TABLE if set(options.sets) == {*FLAWS, *HEALTHY} else None)
    if out is not None:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


Work = tuple[str, int, int, tuple[str, ...]]


def plan(
    names: Sequence[str],
    seeds: Iterable[int],
    map_points: int,
    map_every: int,
    codes: Sequence[str],
) -> list[Work]:
    """All sets at all seeds, with the points in their maps and the diagnostics that judge them.

    Maps take more than twice as long as all the rest, so that they are drawn at some seeds only, and at all
    for a flaw that they must name.
    Sets that differ from others in what comes with the vectors are judged by what reads that.
    """
    drawn = {name for name in names if NAMED_BY.get(name) == "projections"}
    among = {name: [c for c in codes if c in JUDGED_BY.get(name, codes)] for name in names}
    return [
        (
            name,
            seed,
            map_points if name in drawn or seed % map_every == 0 else 0,
            tuple(among[name]),
        )
        for seed, name in product(seeds, names)
        if among[name]
    ]


def run(work: Sequence[Work]) -> Iterator[Trial]:
    """All trials, a process a core; the Makefile gives each one thread and no bars."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from tqdm(pool.map(trial, work), total=len(work), unit="set", disable=False)


def trial(work: Work) -> Trial:
    """Judge one planted set by these diagnostics."""
    name, seed, map_points, codes = work
    space = Geometry(planted(name, seed), seed=seed)
    inputs = planted_inputs(name, seed, Inputs(map_points=map_points))
    findings = list(registry.run(space, inputs, codes))
    broken = [f.explanation for f in findings if f.verdict is Verdict.ERROR]
    if broken:
        raise RuntimeError(f"{name}, seed {seed}: {'; '.join(broken)}")
    return Trial(
        name,
        seed,
        {f.code: str(f.verdict) for f in findings},
        {f.code: loudness(f) for f in findings},
    )


def together(file: Path, trials: Iterable[Trial]) -> list[Trial]:
    """Add trials to the file as they come, and merge all that it holds; of a diagnostic the last counts."""
    with file.open("a", encoding="utf-8") as kept:
        for each in trials:
            kept.write(json.dumps(asdict(each)) + "\n")
            kept.flush()
    found: dict[tuple[str, int], Trial] = {}
    for line in file.read_text("utf-8").splitlines():
        each = Trial(**json.loads(line))
        old = found.get((each.name, each.seed), each)
        found[each.name, each.seed] = Trial(
            each.name,
            each.seed,
            {**old.verdicts, **each.verdicts},
            {**old.loudness, **each.loudness},
        )
    return list(found.values())


def loudness(finding: Finding) -> float:
    """Lower bound of the harm over its tolerance."""
    if finding.harm is None or finding.harm.low is None or not finding.tolerance:
        return 0.0
    return finding.harm.low / finding.tolerance


def report(trials: Sequence[Trial], map_points: int, map_every: int) -> tuple[list[str], bool]:
    """The table in Markdown, and whether every promise is kept."""
    by_name: dict[str, list[Trial]] = {}
    for each in trials:
        by_name.setdefault(each.name, []).append(each)
    seeds = sorted({each.seed for each in trials})
    lines = ["# How often each diagnostic is right", ""]
    lines += [
        f"Seeds {seeds[0]} to {seeds[-1]}, made by `make calibrate`; maps of at most "
        f"{map_points:,} points, drawn at one seed in {map_every} (and at each for the flaw that they "
        "name). In brackets: 95 % intervals (Wilson)."
    ]
    flaws, good = _flaws({n: t for n, t in by_name.items() if n in FLAWS})
    quiet, healthy = _healthy({n: t for n, t in by_name.items() if n in HEALTHY})
    return [*lines, *flaws, *quiet], good and healthy


def _flaws(by_name: dict[str, list[Trial]]) -> tuple[list[str], bool]:
    if not by_name:
        return [], True
    lines = [
        "",
        "## Planted flaws",
        "",
        "| flaw | named by | alarms | loudest of its kind |",
        "|---|---|---|---|",
    ]
    kept, alarms, loud, total = True, 0, 0, 0
    for name, trials in by_name.items():
        code = NAMED_BY[name]
        hits = sum(each.verdicts[code] == Verdict.ALARM for each in trials)
        right = sum(each.loudest(code) == code for each in trials)
        lines.append(f"| {name} | {code} | {hits} of {len(trials)} | {right} of {len(trials)} |")
        kept = kept and 20 * hits >= 17 * len(trials)
        alarms, loud, total = alarms + hits, loud + right, total + len(trials)
    lines.append(f"| **all** | | {_share(alarms, total)} | {_share(loud, total)} |")
    return lines, kept and alarms >= 0.95 * total and loud >= 0.95 * total


def _healthy(by_name: dict[str, list[Trial]]) -> tuple[list[str], bool]:
    if not by_name:
        return [], True
    lines = ["", "## Healthy sets", ""]
    lines += [
        "Judged: runs on healthy sets to which the diagnostic applies (a split, strangers, ... are there). "
        "Watch: some harm is there, and it may be more than the tolerance."
    ]
    lines += [
        "",
        "| diagnostic | judged | alarms | unsure | watch | which |",
        "|---|---|---|---|---|---|",
    ]
    kept = True
    for code in registry.codes():
        said = {
            name: [t.verdicts[code] for t in trials if code in t.verdicts]
            for name, trials in by_name.items()
        }
        judged = sum(v != Verdict.NOT_APPLICABLE for each in said.values() for v in each)
        if not judged:
            lines.append(f"| {code} | 0 | | | | |")
            continue
        counts, where = [], []
        for verdict in (Verdict.ALARM, Verdict.UNSURE, Verdict.WATCH):
            found = {name: each.count(str(verdict)) for name, each in said.items()}
            counts.append(sum(found.values()))
            where += [f"{name} {n} {verdict}" for name, n in found.items() if n]
        cells = " | ".join(_share(n, judged) for n in counts)
        lines.append(f"| {code} | {judged} | {cells} | {', '.join(where)} |")
        kept = kept and counts[0] <= 0.05 * judged and counts[1] <= 0.20 * judged
    return lines, kept


def _share(hits: int, total: int) -> str:
    bounds = binomtest(hits, total).proportion_ci(method="wilson")
    return f"{hits} of {total}: {100 * hits / total:.1f} % [{100 * bounds.low:.1f}, {100 * bounds.high:.1f}]"


if __name__ == "__main__":
    main()
