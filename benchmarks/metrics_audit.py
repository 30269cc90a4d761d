"""How often is a metric's bug named, and how often is right code accused? Over seeds.

Each seed generates sets of its own. The right metrics are of scikit-learn, torchmetrics,
pytorch-metric-learning and our own writing; the wrong ones behave as code that circulates does. A bug is
named where the audit alarms and says its name first.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import torch
from benchmarks.metrics_cases import BY_NAME, Case
from scipy.stats import binomtest
from tqdm import tqdm

from embedding_second_opinion import audit_metric
from embedding_second_opinion.findings.finding import Finding

TABLE = Path(__file__).with_suffix(".md")


@dataclass
class Count:
    """What was said of a metric over the seeds."""

    verdicts: Counter[str] = field(default_factory=Counter)
    named: int = 0


def audited(case: Case, seed: int) -> Finding:
    """The finding, for one seed."""
    return audit_metric(case.function, seed=seed, **case.options)


def first_named(finding: Finding) -> str:
    """The code of the bug that is named first; "" where none is."""
    bugs = finding.parameters["bugs"]
    return bugs[0] if bugs else ""


def said(work: tuple[str, int]) -> tuple[str, str, str]:
    """Name of the case, verdict and bug, for one seed."""
    name, seed = work
    finding = audited(BY_NAME[name], seed)
    return name, str(finding.verdict), first_named(finding)


def main() -> None:
    """Run all seeds, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--cases", nargs="+", default=list(BY_NAME))
    options = parser.parse_args()
    torch.set_num_threads(1)
    work = list(product(options.cases, range(options.first, options.first + options.seeds)))
    counts = {name: Count() for name in options.cases}
    start = time.perf_counter()
    with ProcessPoolExecutor(
        os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for name, verdict, bug in tqdm(
            pool.map(said, work, chunksize=10), total=len(work), disable=None
        ):
            counts[name].verdicts[verdict] += 1
            counts[name].named += bug == BY_NAME[name].bug and bug != ""
    lines, kept = report(counts, options.first, options.seeds)
    print("\n".join(lines))
    print(f"\n{len(work)} audits in {(time.perf_counter() - start) / 60:.0f} minutes")
    if set(options.cases) == set(BY_NAME):
        TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


def report(counts: dict[str, Count], first: int, seeds: int) -> tuple[list[str], bool]:
    """The table in Markdown, and whether every promise is kept."""
    lines = [
        "# How often a metric's bug is named",
        "",
        f"Seeds {first} to {first + seeds - 1}, made by `python -m benchmarks.metrics_audit`. In brackets: "
        "95 % intervals (Wilson).",
        "",
        "## Wrong metrics",
        "",
        "| metric | bug | alarms | named first |",
        "|---|---|---|---|",
    ]
    kept = True
    for name, count in counts.items():
        if bug := BY_NAME[name].bug:
            kept = kept and count.named >= 0.95 * seeds
            alarms = count.verdicts["alarm"]
            lines.append(f"| {name} | {bug} | {alarms} of {seeds} | {_share(count.named, seeds)} |")
    lines += ["", "## Right metrics", "", "| metric | accused | unsure or watch |", "|---|---|---|"]
    for name, count in counts.items():
        if not BY_NAME[name].bug:
            alarms, open_ = (
                count.verdicts["alarm"],
                count.verdicts["unsure"] + count.verdicts["watch"],
            )
            kept = kept and alarms <= 0.02 * seeds
            lines.append(f"| {name} | {_share(alarms, seeds)} | {open_} of {seeds} |")
    return lines, kept


def _share(hits: int, total: int) -> str:
    bounds = binomtest(hits, total).proportion_ci(method="wilson")
    return f"{hits} of {total}: {100 * hits / total:.1f} % [{100 * bounds.low:.1f}, {100 * bounds.high:.1f}]"


if __name__ == "__main__":
    main()
