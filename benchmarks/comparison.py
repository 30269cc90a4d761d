"""How often does a difference of two models hold the truth, and how often is one seen where there is none?

Pairs of models of the same samples are drawn over and over, each with samples of new classes. The truth is
the mean difference over all sets; of models as good as each other it is 0 by construction. Falsely sure:
told to differ, all numbers of one comparison taken together, where nothing does.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from benchmarks.shares import share
from scipy.stats import binomtest
from tqdm import tqdm

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs
from embedding_second_opinion.story.comparison.compare import OTHERS
from embedding_second_opinion.story.comparison.paired import differences, other_differences

TABLE = Path(__file__).with_suffix(".md")
FIRST_SEED = 8000
LEAST = 0.93  # of the intervals of numbers that are paired, where 95 % is promised


@dataclass(frozen=True)
class Pair:
    """Two models of ``classes`` x ``rows`` samples. noise: of each; hard: share that both have in common."""

    name: str
    classes: int
    rows: int
    noise: tuple[float, float]
    hard: float = 0.5
    d: int = 16
    split: bool = True

    def draw(self, seed: int) -> tuple[Geometry, Geometry]:
        """Both, of samples that nobody has seen."""
        rng = np.random.default_rng([seed, self.classes, self.rows])
        labels = np.repeat(np.arange(self.classes), self.rows)
        centres = rng.standard_normal((self.classes, self.d))
        common = rng.standard_normal((len(labels), self.d))
        part = np.where(np.arange(len(labels)) % 2 == 0, "train", "test")
        spaces = []
        for name, noise in zip(("first", "second"), self.noise, strict=True):
            own = rng.standard_normal(common.shape)
            off = np.sqrt(self.hard) * common + np.sqrt(1 - self.hard) * own
            data = EmbeddingSet.from_arrays(
                centres[labels] + noise * off, labels, split=part if self.split else None, name=name
            )
            spaces.append(Geometry(arrange(data), seed=seed))
        return spaces[0], spaces[1]

    @property
    def equal(self) -> bool:
        """Whether nothing differs but luck."""
        return self.noise[0] == self.noise[1]


PAIRS = {
    pair.name: pair
    for pair in (
        Pair("equal, 150 x 10", 150, 10, (0.66, 0.66)),
        Pair("equal, 30 x 10", 30, 10, (0.6, 0.6)),
        Pair("equal, 12 x 20", 12, 20, (0.55, 0.55), d=8),
        Pair("equal, no split", 100, 6, (0.6, 0.6), split=False),
        Pair("equal, nearly perfect", 100, 8, (0.42, 0.42)),
        Pair("better, 150 x 10", 150, 10, (0.66, 0.60)),
        Pair("better, 30 x 10", 30, 10, (0.6, 0.5)),
        Pair("better, no split", 100, 6, (0.6, 0.55), split=False),
    )
}


@dataclass(frozen=True)
class Told:
    """One number of one comparison."""

    number: str
    paired: bool
    value: float
    low: float | None
    high: float | None
    sure: bool


def trial(work: tuple[str, int]) -> list[Told]:
    """Every number of one pair of models."""
    name, seed = work
    spaces = PAIRS[name].draw(seed)
    paired = differences(*spaces)
    findings = [[registry.run_one(code, s, Inputs()) for code in OTHERS] for s in spaces]
    rest = other_differences(*findings, [each.name for each in paired])
    return [
        Told(
            each.name,
            group is paired,
            each.change.value,
            each.change.low,
            each.change.high,
            each.sure,
        )
        for group in (paired, rest)
        for each in group
    ]


@dataclass(frozen=True)
class Cell:
    """One number of one design over all sets; truth: what it differs by; bounds: given; held: of them."""

    pair: str
    number: str
    paired: bool
    truth: float
    given: int
    held: int
    sure: int
    width: float
    spread: float

    @property
    def kept(self) -> bool:
        """Whether so many may be held where LEAST is the chance of each; what is not paired may be wide."""
        chance = binomtest(self.held, self.given, LEAST, alternative="less") if self.given else None
        return chance is None or bool(chance.pvalue > 0.025)


def main() -> None:
    """Run all, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="sets a design")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--pairs", nargs="+", choices=[*PAIRS], default=[*PAIRS])
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    start = time.perf_counter()
    work = list(product(options.pairs, seeds))
    with ProcessPoolExecutor(options.processes) as pool:
        told = list(tqdm(pool.map(trial, work, chunksize=5), total=len(work), unit="pair"))
    cells, falsely = [], {}
    for name in options.pairs:
        mine = [each for (pair, _), each in zip(work, told, strict=True) if pair == name]
        cells += counted(name, mine)
        falsely[name] = tuple(
            sum(any(t.sure and t.paired is paired for t in each) for each in mine)
            for paired in (True, False)
        )
    lines, kept = report(cells, falsely, seeds)
    print("\n".join(lines))
    print(f"\n{len(work)} comparisons in {(time.perf_counter() - start) / 60:.0f} minutes")
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


def counted(name: str, sets: Sequence[Sequence[Told]]) -> list[Cell]:
    """How often each interval holds the truth: 0, or the mean over the sets where the models differ."""
    cells = []
    for number in dict.fromkeys(t.number for each in sets for t in each):
        found = [t for each in sets for t in each if t.number == number]
        values = np.array([t.value for t in found])
        truth = 0.0 if PAIRS[name].equal else float(values.mean())
        bounds = [(t.low, t.high) for t in found if t.low is not None and t.high is not None]
        cells.append(
            Cell(
                pair=name,
                number=number,
                paired=found[0].paired,
                truth=truth,
                given=len(bounds),
                held=sum(low <= truth <= high for low, high in bounds),
                sure=sum(t.sure for t in found),
                width=float(np.median([high - low for low, high in bounds])) if bounds else 0.0,
                spread=float(np.subtract(*np.quantile(values, [0.975, 0.025]))),
            )
        )
    return cells


def report(
    cells: Sequence[Cell], falsely: dict[str, tuple[int, ...]], seeds: range
) -> tuple[list[str], bool]:
    """The tables in Markdown, and whether every promise is kept."""
    n = len(seeds)
    lines = [
        "# Two models compared: how often the difference is told rightly",
        "",
        f"Seeds {seeds[0]} to {seeds[-1]}, {n} pairs a design, made by `python -m benchmarks.comparison`. In "
        "brackets: 95 % intervals (Wilson). Width / spread: median width of an interval over the width of "
        "the middle 95 % of the values; about 1 can be right, below it is too narrow.",
        "",
        "## Models as good as each other: told to differ somewhere",
        "",
        "| pair | paired numbers | combined numbers |",
        "|---|---|---|",
    ]
    kept = True
    for name, (paired, combined) in falsely.items():
        if PAIRS[name].equal:
            kept = kept and all(
                binomtest(hits, n, 0.05, alternative="greater").pvalue > 0.025
                for hits in (paired, combined)
            )
            lines.append(f"| {name} | {share(paired, n)} | {share(combined, n)} |")
    lines += [
        "",
        "## Every number",
        "",
        "| pair | number | interval | truth, points | held, % | surely different | width / spread |",
        "|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        kept = kept and cell.kept
        ratio = f"{cell.width / cell.spread:.2f}" if cell.spread > 0 else "-"
        held = share(cell.held, cell.given) if cell.given else "no interval"
        lines.append(
            f"| {cell.pair} | {cell.number} | {'paired' if cell.paired else 'combined'} "
            f"| {100 * cell.truth:.2f} | {held if cell.kept else f'**{held}**'} | {cell.sure} of {n} "
            f"| {ratio} |"
        )
    return lines, kept


if __name__ == "__main__":
    main()
