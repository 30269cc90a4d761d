"""How often does each interval hold the truth? Generated sets, over and over, each of new classes.

An interval of the reports speaks for new classes: other classes of the same population, as many and
as large. So the truth of a number is its mean over many sets of new classes, from a batch of sets
that gives no interval. A class is a Gaussian cloud about its centre, the centres are Gaussian too.
A nominal 95 % interval should hold the truth in 93 to 99 % of the sets.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from tqdm import tqdm

from diagnostics import catalog
from diagnostics.catalog import FIRST
from diagnostics.embeddings import EmbeddingSet
from diagnostics.finding import Estimate
from diagnostics.geometry import Geometry
from diagnostics.inputs import Inputs
from diagnostics.measured import measure

Reals = NDArray[np.float64]

TABLE = Path(__file__).with_name("coverage.md")
LEAST, MOST = 0.93, 0.99  # of the sets, where 95 % is promised
D = 8  # dimensions
NUMBERS = {
    FIRST: (
        "triplet_accuracy",
        "triplet_accuracy_all_triplets",
        "closed_set_accuracy",
        "closed_set_accuracy_macro",
        "accuracy_gap",
    ),
    "retrieval": ("recall_at_10", "r_precision"),
    "pair_verification": ("verification_auc", "eer"),
    "open_set": ("strangers_accepted_at_95",),
}


@dataclass(frozen=True)
class Design:
    """A population of classes, and how many rows of how many classes a set draws from it.

    name: classes x rows (or Zipf: 60 rows, 30, 20, ... down to 2) and the 1-NN accuracy in percent, for
    which noise was found by bisection: the standard deviation of a class about its centre, where
    that of the centres is 1.
    """

    name: str
    sizes: tuple[int, ...]
    noise: float

    def draw(self, batch: str, seed: int) -> EmbeddingSet:
        """A set of new classes; no two batches and no two designs share a random number."""
        rng = np.random.default_rng([zlib.crc32(f"{self.name} {batch}".encode()), seed])
        labels = np.repeat(np.arange(len(self.sizes)), self.sizes)
        centres = rng.standard_normal((len(self.sizes), D))
        vectors = centres[labels] + self.noise * rng.standard_normal((len(labels), D))
        return EmbeddingSet.from_arrays(vectors, labels)


ZIPF = tuple(max(2, round(60 / rank)) for rank in range(1, 61))
DESIGNS = {
    design.name: design
    for design in (
        Design("10x6_80", (6,) * 10, 0.671),
        Design("10x6_98", (6,) * 10, 0.397),
        Design("30x6_80", (6,) * 30, 0.534),
        Design("30x6_98", (6,) * 30, 0.328),
        Design("200x6_80", (6,) * 200, 0.388),
        Design("200x6_98", (6,) * 200, 0.244),
        Design("zipf60_80", ZIPF, 0.480),
        Design("zipf60_98", ZIPF, 0.275),
    )
}


@dataclass(frozen=True)
class Cell:
    """One number under one design, counted over the sets.

    truth, error: its mean over the other batch, and the standard error of that mean.
    given: sets with an interval; of these, covered: it holds the truth; low, high: the truth lies
    below, above it. unresolved: bounds only; bounds_covered: of these, how many hold it.
    refused: sets without an interval. width: median over the sets with an interval.
    """

    design: str
    number: str
    truth: float
    error: float
    given: int
    refused: int
    covered: int
    low: int
    high: int
    unresolved: int
    bounds_covered: int
    width: float

    @property
    def coverage(self) -> float:
        """Share of the intervals given that hold the truth; NaN where none was given."""
        return self.covered / self.given if self.given else float("nan")

    @property
    def kept(self) -> bool:
        """Whether that is what a 95 % interval should do."""
        return LEAST <= self.coverage <= MOST


def main() -> None:
    """Run all designs, write the table, and fail where an interval covers too rarely or too often."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repetitions", type=int, default=2000, help="sets a design, in each batch"
    )
    parser.add_argument("--designs", nargs="+", choices=DESIGNS, default=[*DESIGNS])
    known = [code for code in NUMBERS if code in catalog.codes()]
    parser.add_argument("--diagnostics", nargs="+", choices=known, default=known)
    parser.add_argument("--out", type=Path, help=f"{TABLE.name} where 2,000 sets and all are run")
    options = parser.parse_args()
    start = time.perf_counter()
    names = [number for code in options.diagnostics for number in NUMBERS[code]]
    found = [
        cell
        for design, sets, others in run(options.designs, options.diagnostics, options.repetitions)
        for cell in cells(design, names, sets, others)
    ]
    lines = report(found, options.repetitions)
    print("\n".join(lines))
    print(f"\n{(time.perf_counter() - start) / 60:.1f} minutes")
    whole = options.repetitions >= 2000 and options.designs == [*DESIGNS]
    out = options.out or (TABLE if whole and options.diagnostics == [*NUMBERS] else None)
    if out is not None:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if all(cell.kept for cell in found) else 1)


def run(
    designs: Sequence[str], diagnostics: Sequence[str], repetitions: int
) -> Iterator[tuple[str, Reals, Reals]]:
    """Each design with (sets, numbers, 4) of ``trial`` for its two batches, a process a core."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name in tqdm(designs, unit="design", disable=False):
            work = product([name], ["intervals", "truth"], range(repetitions), [tuple(diagnostics)])
            both = np.array(list(pool.map(trial, work, chunksize=10)))
            yield name, both[:repetitions], both[repetitions:]


def trial(work: tuple[str, str, int, tuple[str, ...]]) -> Reals:
    """(numbers, 4) value, bounds and whether they are unresolved, of one set; NaN: there is none."""
    name, batch, seed, diagnostics = work
    space = Geometry(DESIGNS[name].draw(batch, seed), seed=seed)
    found: dict[str, Estimate] = {}
    for code in diagnostics:
        # The first diagnostic's numbers without its words and charts.
        found |= (
            measure(space, None).estimates
            if code == FIRST
            else catalog.check(code)(space, Inputs()).estimates
        )
    return np.array([_row(found.get(name)) for code in diagnostics for name in NUMBERS[code]])


def _row(estimate: Estimate | None) -> list[float]:
    if estimate is None:
        return [np.nan] * 4
    low, high = (np.nan if bound is None else bound for bound in (estimate.low, estimate.high))
    return [estimate.value, low, high, float(estimate.unresolved)]


def cells(design: str, names: Sequence[str], sets: Reals, others: Reals) -> Iterator[Cell]:
    """Count, number by number, how often the intervals of ``sets`` hold the mean of ``others``.

    sets, others: (sets, numbers, 4) as ``trial`` gives them, of two batches.
    """
    for i, name in enumerate(names):
        values = others[np.isfinite(others[:, i, 0]), i, 0]
        truth = float(values.mean())
        given = sets[np.isfinite(sets[:, i, 1:3]).all(axis=1), i]
        below, above = truth < given[:, 1], truth > given[:, 2]
        bounds = given[:, 3] == 1
        yield Cell(
            design=design,
            number=name,
            truth=truth,
            error=float(values.std(ddof=1) / np.sqrt(len(values))),
            given=len(given),
            refused=len(sets) - len(given),
            covered=int((~below & ~above).sum()),
            low=int(below.sum()),
            high=int(above.sum()),
            unresolved=int(bounds.sum()),
            bounds_covered=int((bounds & ~below & ~above).sum()),
            width=float(np.median(given[:, 2] - given[:, 1])) if len(given) else float("nan"),
        )


def report(found: Sequence[Cell], repetitions: int) -> list[str]:
    """The tables in Markdown: coverage at a glance, every figure, and what is outside and where."""
    outside = [cell for cell in found if not cell.kept]
    shift = max(cell.error / cell.width for cell in found if cell.given)
    missing = [name for code in NUMBERS for name in NUMBERS[code]]
    missing = [name for name in missing if name not in {cell.number for cell in found}]
    lines = [
        "# How often each interval holds the truth",
        "",
        f"{repetitions:,} sets a design, each of new classes, made by `make coverage`; the truth is the mean over "
        f"{repetitions:,} further sets. Its Monte-Carlo error is at most {100 * shift:.1f} % of a median width. "
        f"Promised: 95 %; asked: {100 * LEAST:.0f} to {100 * MOST:.0f} %. In brackets: 95 % intervals (Wilson).",
        "",
        f"{len(found) - len(outside)} of {len(found)} cells are inside, {len(outside)} outside (in bold).",
    ]
    if missing:
        lines += ["", f"Not measured here: {', '.join(missing)}."]
    return [*lines, *_glance(found), *_figures(found), *_outside(outside)]


def _glance(found: Sequence[Cell]) -> list[str]:
    designs, names = (
        list(dict.fromkeys(getattr(cell, field) for cell in found))
        for field in ("design", "number")
    )
    at = {(cell.number, cell.design): cell for cell in found}
    lines = ["", "## Coverage, %", "", "| number | " + " | ".join(designs) + " |"]
    lines.append("|---" * (1 + len(designs)) + "|")
    for name in names:
        shares = [_bold(f"{100 * at[name, d].coverage:.1f}", at[name, d].kept) for d in designs]
        lines.append(f"| {name} | " + " | ".join(shares) + " |")
    return lines


def _figures(found: Sequence[Cell]) -> list[str]:
    lines = [
        "",
        "## Every figure",
        "",
        "A design is classes x rows, or 60 classes of Zipf sizes (60 rows, 30, 20, ... down to 2), at a 1-NN "
        "accuracy of .80 or .98. Too high, too low: the truth lies below, above the interval. Bounds: at the "
        "ceiling or floor, by the rule of three; they count as intervals. None: no interval was given.",
        "",
        "| design | number | truth, % | coverage, % | too high / too low, % | median width, points "
        "| bounds, % | none, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cell in found:
        sets = cell.given + cell.refused
        lines.append(
            f"| {cell.design} | {cell.number} | {100 * cell.truth:.2f} ± {100 * cell.error:.2f} "
            f"| {_bold(_share(cell), cell.kept)} "
            f"| {_percent(cell.low, cell.given)} / {_percent(cell.high, cell.given)} "
            f"| {100 * cell.width:.2f} | {_percent(cell.unresolved, sets)} "
            f"| {_percent(cell.refused, sets)} |"
        )
    return lines


def _outside(outside: Sequence[Cell]) -> list[str]:
    lines = ["", "## Outside", ""]
    for cell in outside:
        lines.append(f"- {cell.design}, {cell.number}: {_share(cell)} %. {_where(cell)}")
    return lines if outside else []


def _where(cell: Cell) -> str:
    """What the misses, or their absence, are made of; what causes them is not for a count to say."""
    if not cell.given:
        return "No interval was given."
    proper = cell.given - cell.unresolved
    held = cell.covered - cell.bounds_covered
    text = (
        f"Of {cell.low + cell.high} misses, {cell.low} lie too high and {cell.high} too low"
        if cell.low + cell.high
        else "No miss"
    )
    if not cell.unresolved:
        return f"{text}; no bounds among them."
    rest = f"the {proper} proper intervals hold it in {_percent(held, proper)} %" if proper else ""
    return (
        f"{text}; {cell.unresolved} of {cell.given} are bounds, which hold the truth in "
        f"{_percent(cell.bounds_covered, cell.unresolved)} %{'; ' if rest else ''}{rest}."
    )


def _share(cell: Cell) -> str:
    if not cell.given:
        return "none"
    ends = binomtest(cell.covered, cell.given).proportion_ci(method="wilson")
    return f"{100 * cell.coverage:.1f} [{100 * ends.low:.1f}, {100 * ends.high:.1f}]"


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.1f}" if total else "-"


def _bold(text: str, kept: bool) -> str:
    return text if kept else f"**{text}**"


if __name__ == "__main__":
    main()
