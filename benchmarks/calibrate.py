"""How often is each diagnostic right? Planted flaws and healthy sets over many seeds.

Every planted set is judged by every diagnostic. A flaw should make the diagnostic that names it
alarm, and be the loudest of its kind (lower bound of harm over tolerance), where a kind is "what
happens in use" (less the first, which states the gap), "in training" or "cause": a cause has
effects, so they do not compete. A healthy set should make none alarm, and leave few unsure. Seeds start
at 1000: none of them was looked at while a diagnostic was being written.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from scipy.stats import binomtest
from tqdm import tqdm

from diagnostics import catalog
from diagnostics.catalog import FIRST, MAPS
from diagnostics.finding import Finding, Verdict
from diagnostics.geometry import Geometry
from diagnostics.inputs import Inputs
from diagnostics.samples.planted import FLAWS, HEALTHY, NAMED_BY, planted, planted_inputs

FIRST_SEED = 1000
TABLE = Path(__file__).with_name("calibration.md")


@dataclass(frozen=True)
class Trial:
    """One set at one seed: what each diagnostic said, and which of each kind was loudest ("": none)."""

    name: str
    seed: int
    verdicts: dict[str, str]
    by_kind: dict[str, str]

    def loudest(self, code: str) -> str:
        """The loudest of the kind of ``code``."""
        return self.by_kind.get(catalog.kind(code), "")


def main() -> None:
    """Run all trials, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="seeds a set")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--sets", nargs="+", default=[*FLAWS, *HEALTHY])
    parser.add_argument("--map-points", type=int, default=800)
    parser.add_argument("--map-every", type=int, default=2, help="draw maps at one seed in so many")
    parser.add_argument("--out", type=Path, help=f"{TABLE.name} where all sets are run")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    start = time.perf_counter()
    trials = list(run(options.sets, seeds, options.map_points, options.map_every))
    lines, kept = report(trials, options.map_points, options.map_every)
    print("\n".join(lines))
    print(f"\n{len(trials)} sets in {(time.perf_counter() - start) / 60:.0f} minutes")
    out = options.out or (TABLE if set(options.sets) == {*FLAWS, *HEALTHY} else None)
    if out is not None:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


def run(
    names: Sequence[str], seeds: Iterable[int], map_points: int, map_every: int
) -> Iterator[Trial]:
    """All sets at all seeds, a process a core; the Makefile gives each one thread and no bars.

    Maps take more than twice as long as all the rest, so that they are drawn at some seeds only, and at all
    for a flaw that they must name.
    """
    drawn = {name for name in names if NAMED_BY.get(name) == MAPS}
    work = [
        (name, seed, map_points if name in drawn or seed % map_every == 0 else 0)
        for seed, name in product(seeds, names)
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from tqdm(pool.map(trial, work), total=len(work), unit="set", disable=False)


def trial(work: tuple[str, int, int]) -> Trial:
    """Judge one planted set by every diagnostic."""
    name, seed, map_points = work
    space = Geometry(planted(name, seed), seed=seed)
    inputs = planted_inputs(name, seed, Inputs(map_points=map_points))
    findings = list(catalog.run(space, inputs))
    broken = [f.explanation for f in findings if f.verdict is Verdict.ERROR]
    if broken:
        raise RuntimeError(f"{name}, seed {seed}: {'; '.join(broken)}")
    loudest: dict[str, Finding] = {}
    for each in findings:
        of_kind = catalog.kind(each.code)
        if each.code != FIRST and loudness(each) > loudness(loudest.get(of_kind)):
            loudest[of_kind] = each
    return Trial(
        name,
        seed,
        {f.code: str(f.verdict) for f in findings},
        {of_kind: each.code for of_kind, each in loudest.items()},
    )


def loudness(finding: Finding | None) -> float:
    """Lower bound of the harm over its tolerance; 0 for none."""
    if finding is None or finding.harm is None or finding.harm.low is None or not finding.tolerance:
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
    for code in next(iter(by_name.values()))[0].verdicts:
        said = {name: [t.verdicts[code] for t in trials] for name, trials in by_name.items()}
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
