"""How far off are forecasts of a larger gallery, and how often do their intervals hold the truth?

Populations of several kinds are drawn: K classes are measured, and the accuracy among 2, 5 and 10 K classes
is forecast. The truth is what really drawn galleries of that size give, ranked here by plain matrix products.
Beside the forecast stand two simpler ones: that nothing changes, and a straight line over the logarithm of
the number of classes through the last points of the curve. Ten times K is beyond what a report forecasts; the
table shows it all the same. No number of the library was chosen on these seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from benchmarks.shares import share
from numpy.typing import NDArray
from scipy.stats import binomtest

from embedding_second_opinion.catalogue.gallery_growth.back_test import back_test
from embedding_second_opinion.catalogue.gallery_growth.forecast import Beyond
from embedding_second_opinion.catalogue.gallery_growth.known import Known
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry

Reals = NDArray[np.float64]

TABLE = Path(__file__).with_name("growth.md")
FIRST_SEED = 1000
TRUTH_SEED = 500_000  # of the galleries that the truth is measured in
DRAWS = 8  # of them, each of ten times K classes
ROWS = 6  # of a class
TIMES = (2, 5, 10)
PROMISED = (2, 5)  # what a report forecasts
FEWEST_HELD = 0.90


def low_dimensional(rng: np.random.Generator, classes: int) -> Reals:
    """Gaussian classes in five dimensions: crowded soon."""
    return _rows(rng, rng.standard_normal((classes, 5)), 0.35)


def many_dimensional(rng: np.random.Generator, classes: int) -> Reals:
    """Gaussian classes in 24 dimensions: crowded late."""
    return _rows(rng, rng.standard_normal((classes, 24)), 0.75)


def look_alikes(rng: np.random.Generator, classes: int) -> Reals:
    """Classes of 300 families, always the same ones, with members close together."""
    families = np.random.default_rng(7).standard_normal((300, 24))
    centres = families[rng.integers(0, 300, classes)]
    return _rows(rng, centres + 0.25 * rng.standard_normal((classes, 24)), 0.4)


def heavy_tails(rng: np.random.Generator, classes: int) -> Reals:
    """Noise of Student's t with 3 degrees of freedom: a few rows far from their class."""
    centres = rng.standard_normal((classes, 16))
    far = 0.45 * np.sqrt(3 / rng.chisquare(3, classes * ROWS))
    return _rows(rng, centres, far[:, None])


def hubs(rng: np.random.Generator, classes: int) -> Reals:
    """In 48 dimensions, one row in a hundred blurred towards the middle, where it is near to everyone."""
    vectors = _rows(rng, rng.standard_normal((classes, 48)), 1.0)
    vectors[rng.random(len(vectors)) < 0.01] *= 0.3
    return vectors


def two_kinds(rng: np.random.Generator, classes: int) -> Reals:
    """Three classes in ten scatter wide, the others hardly at all."""
    noise = np.where(rng.random(classes) < 0.3, 0.9, 0.3)
    return _rows(rng, rng.standard_normal((classes, 12)), np.repeat(noise, ROWS)[:, None])


def nearly_perfect(rng: np.random.Generator, classes: int) -> Reals:
    """As many_dimensional, with little noise: next to nothing goes wrong among K."""
    return _rows(rng, rng.standard_normal((classes, 24)), 0.55)


KINDS: dict[str, Callable[[np.random.Generator, int], Reals]] = {
    made.__name__: made
    for made in (
        low_dimensional,
        many_dimensional,
        look_alikes,
        heavy_tails,
        hubs,
        two_kinds,
        nearly_perfect,
    )
}


@dataclass(frozen=True)
class Outcome:
    """One set: errors of the forecasts at each of TIMES (ours, constant, line), and what held."""

    errors: tuple[tuple[float, float, float], ...]
    held: tuple[bool, ...]
    loss_held: tuple[bool, ...]
    widths: tuple[float, ...]
    half_errors: tuple[float, ...]
    halves_held: int
    passed: bool


def main() -> None:
    """Run everything, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="seeds a population")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--classes", type=int, nargs="+", default=[40, 100], help="K, measured")
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS], default=[*KINDS])
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    lines, kept = _head(seeds), True
    with ProcessPoolExecutor(options.processes) as pool:
        for classes in options.classes:
            for kind in options.kinds:
                draws = pool.map(partial(truth, kind, classes), range(DRAWS))
                true = np.mean(list(draws), axis=0)
                each = partial(outcome, kind, classes, tuple(true.tolist()))
                found = list(pool.map(each, seeds, chunksize=5))
                rows, fine = _rows_of(kind, classes, true, found)
                lines += rows
                kept = kept and fine
                print("\n".join(rows), flush=True)
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


def truth(kind: str, classes: int, draw: int) -> Reals:
    """(1 + TIMES,) accuracy among K and so many times K classes, every query in a gallery really drawn."""
    rng = np.random.default_rng(TRUTH_SEED + draw)
    largest = TIMES[-1] * classes
    vectors = KINDS[kind](rng, largest)
    beaten = [
        _beaten(vectors, start, min(start + 600, len(vectors)))
        for start in range(0, len(vectors), 600)
    ]
    lost = np.concatenate(beaten)
    found = []
    for times in (1, *TIMES):
        # Galleries side by side, each of so many of the classes; their own rows are the queries.
        size, right = times * classes, []
        for start in range(0, largest - size + 1, size):
            rows = slice(start * ROWS, (start + size) * ROWS)
            right.append(~lost[rows, start : start + size].any(axis=1))
        found.append(float(np.mean(right)))
    return np.array(found)


def outcome(kind: str, classes: int, true: tuple[float, ...], seed: int) -> Outcome:
    """One set of K classes, forecast and compared with the truth."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), ROWS)
    space = Geometry(EmbeddingSet.from_arrays(KINDS[kind](rng, classes), labels), seed=seed)
    known = Known.of(space.ranks)
    test = back_test(space, known)
    assert test is not None
    beyond = Beyond.of(known, np.array(TIMES) * classes).missing(test.error)
    # Of the last quarter of the classes' doublings: as a person with a ruler would.
    late = known.grid >= classes / 4
    slope = float(np.polyfit(np.log(known.grid[late]), known.curve[late], 1)[0])
    errors, held, loss_held, widths = [], [], [], []
    for i, times in enumerate(TIMES):
        value, interval = beyond.accuracy(i)
        _, loss = beyond.lost(i)
        line = float(np.clip(known.accuracy + slope * np.log(times), 0, 1))
        there = true[i + 1]
        errors.append((value - there, known.accuracy - there, line - there))
        held.append(
            interval.low is not None
            and interval.high is not None
            and interval.low <= there <= interval.high
        )
        loss_held.append(
            loss.low is not None
            and loss.high is not None
            and loss.low <= true[0] - there <= loss.high
        )
        widths.append(
            interval.high - interval.low
            if interval.low is not None and interval.high is not None
            else 1.0
        )
    return Outcome(
        errors=tuple(errors),
        held=tuple(held),
        loss_held=tuple(loss_held),
        widths=tuple(widths),
        half_errors=tuple(half.predicted - test.measured for half in test.halves),
        halves_held=test.held,
        passed=test.passed,
    )


def _rows(rng: np.random.Generator, centres: Reals, noise: float | Reals) -> Reals:
    vectors = np.repeat(centres, ROWS, axis=0)
    return np.asarray(vectors + noise * rng.standard_normal(vectors.shape))


def _beaten(vectors: Reals, start: int, stop: int) -> NDArray[np.bool_]:
    """(rows, classes) whether a row of the class is as near as the nearest of the query's own."""
    squares = (vectors**2).sum(axis=1)
    distances = squares[start:stop, None] + squares - 2 * vectors[start:stop] @ vectors.T
    rows = np.arange(start, stop)
    distances[rows - start, rows] = np.inf
    nearest = distances.reshape(stop - start, -1, ROWS).min(axis=2)
    own = nearest[rows - start, rows // ROWS].copy()
    nearest[rows - start, rows // ROWS] = np.inf
    return np.asarray(nearest <= own[:, None])


def _head(seeds: range) -> list[str]:
    return [
        "# Gallery growth: forecasts against galleries really drawn",
        "",
        f"Seeds {seeds[0]} to {seeds[-1]}. K classes of {ROWS} rows are measured; the truth is the mean over "
        f"{DRAWS} galleries of ten times K classes, and their parts. Errors: root of the mean square, in "
        "accuracy points. Held: share of the 95 % intervals (of the accuracy there; of what is lost) "
        "that hold the truth, in brackets the 95 % interval of the share. A report forecasts up to 5 K.",
        "",
        "| population | K | classes | true accuracy | error | if nothing changed | straight line | width "
        "| accuracy held | loss held |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]


def _rows_of(kind: str, classes: int, true: Reals, found: list[Outcome]) -> tuple[list[str], bool]:
    """The rows of one population, the last about halves; and whether all promises hold."""
    rows, fine, name = [], True, kind.replace("_", " ")
    for i, times in enumerate(TIMES):
        errors = np.sqrt(np.mean([np.square(each.errors[i]) for each in found], axis=0))
        held, lost = (sum(getattr(each, of)[i] for each in found) for of in ("held", "loss_held"))
        width = 100 * np.mean([each.widths[i] for each in found])
        rows.append(
            f"| {name} | {classes} | {times} K | {100 * true[i + 1]:.1f} % | "
            + " | ".join(f"{100 * error:.1f}" for error in errors)
            + f" | {width:.0f} | {share(held, len(found))} | {share(lost, len(found))} |"
        )
        if times in PROMISED:
            fine = fine and _may_be(held, len(found)) and _may_be(lost, len(found))
    halves = [error for each in found for error in each.half_errors]
    held = sum(each.halves_held for each in found)
    passed = sum(each.passed for each in found)
    rows.append(
        f"| {name} | {classes} | K, from halves | {100 * true[0]:.1f} % | "
        f"{100 * float(np.sqrt(np.mean(np.square(halves)))):.1f} | | | | "
        f"{100 * held / len(halves):.1f} % | back-test passed: {share(passed, len(found))} |"
    )
    return rows, fine


def _may_be(held: int, of: int) -> bool:
    """Whether so many may be drawn where FEWEST_HELD is the chance of each."""
    return bool(binomtest(held, of, FEWEST_HELD, alternative="less").pvalue > 0.025)


if __name__ == "__main__":
    main()
