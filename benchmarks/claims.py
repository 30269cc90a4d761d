"""How often is the convention behind a claim named? Claims as other code counts them, over many seeds.

An inflated claim should be named: one convention, and the right one. An honest claim should be accused of
nothing: no alarm, and no other convention named. Seeds start at 1000: none of them was looked at while the
diagnostic was being written.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy.spatial.distance import pdist
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import NearestNeighbors
from tqdm import tqdm

from embedding_second_opinion.catalogue.claim_audit.numbers import audit
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.findings.finding import Verdict, judge
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.samples.planted import planted, planted_inputs
from embedding_second_opinion.samples.planted_claims import (
    drawn_triplets,
    every_triplet,
    others_first,
)

FIRST_SEED = 1000
TOLERANCE = 0.02  # of the diagnostic
TABLE = Path(__file__).with_name("claims.md")
Made = tuple[EmbeddingSet, Believed]


@dataclass(frozen=True)
class Told:
    """A claim: its words, the set it is about, who gives it ("": it is honest), and how it was counted."""

    words: str
    name: str
    given_by: str
    make: Callable[[EmbeddingSet, int], Believed]


def _brought(name: str) -> Callable[[EmbeddingSet, int], Believed]:
    def make(data: EmbeddingSet, seed: int) -> Believed:
        claim = planted_inputs(name, seed).claim
        assert claim is not None
        return claim

    return make


def _of(metric: str, value: float, digits: int = 3) -> Believed:
    return Believed.model_validate({"metric": metric, "value": round(float(value), digits)})


def _nearest(data: EmbeddingSet, k: int) -> np.ndarray:
    finder = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(data.vectors.astype(np.float64))
    return data.codes[finder.kneighbors()[1]]


def _recall_at_5(data: EmbeddingSet, seed: int) -> Believed:
    return _of("closed-set", (_nearest(data, 5) == data.codes[:, None]).any(axis=1).mean())


def _macro(data: EmbeddingSet, seed: int) -> Believed:
    return _of("closed-set", balanced_accuracy_score(data.codes, _nearest(data, 1)[:, 0]))


def _as_they_come(data: EmbeddingSet, seed: int) -> Believed:
    one, two = np.triu_indices(data.n, 1)
    same, distances = data.codes[one] == data.codes[two], pdist(data.vectors.astype(np.float64))
    order = np.argsort(distances)
    right = np.cumsum(same[order]) + (~same).sum() - np.cumsum(~same[order])
    return _of("pair", right.max() / len(same), 4)


def _trained(data: EmbeddingSet, seed: int) -> Believed:
    assert data.split is not None
    rows = data.split == "train"
    return _of("triplet", every_triplet(data.vectors[rows].astype(np.float64), data.codes[rows]))


def _drawn(draws: int) -> Callable[[EmbeddingSet, int], Believed]:
    def make(data: EmbeddingSet, seed: int) -> Believed:
        rng, x = np.random.default_rng([seed, 1]), data.vectors.astype(np.float64)
        return _of("triplet", drawn_triplets(rng, x, data.codes, draws))

    return make


def _told_triplets(data: EmbeddingSet, seed: int) -> Believed:
    return _of("closed-set", every_triplet(data.vectors.astype(np.float64), data.codes))


def _every(digits: int) -> Callable[[EmbeddingSet, int], Believed]:
    def make(data: EmbeddingSet, seed: int) -> Believed:
        x = data.vectors.astype(np.float64)
        return _of("triplet", every_triplet(x, data.codes), digits)

    return make


def _each_left_out(data: EmbeddingSet, seed: int) -> Believed:
    return _of("closed-set", others_first(data.vectors.astype(np.float64), data.codes))


TOLD = (
    Told("own row in the gallery", "self_match_claim", "self_match", _brought("self_match_claim")),
    Told(
        "train split, easier classes",
        "train_split_claim",
        "triplets_of_train",
        _brought("train_split_claim"),
    ),
    Told(
        "anchor its own positive",
        "own_positive_claim",
        "triplets_own_positive",
        _brought("own_positive_claim"),
    ),
    Told(
        "ties counted as right",
        "lenient_ties_claim",
        "triplets_ties_right",
        _brought("lenient_ties_claim"),
    ),
    Told("train split, an overfit model", "overfit", "triplets_of_train", _trained),
    Told("recall at 5", "self_match_claim", "recall_at_5", _recall_at_5),
    Told("triplets told as 1-NN", "crowded", "triplets_told_as_closed_set", _told_triplets),
    Told("mean over classes", "starved_tail", "closed_set_class_mean", _macro),
    Told("all pairs as they come", "self_match_claim", "pairs_as_they_come", _as_they_come),
    Told("honest: 10,000 triplets", "healthy_claim", "", _brought("healthy_claim")),
    Told("honest: each row left out", "healthy_claim_search", "", _brought("healthy_claim_search")),
    Told("honest: 10,000, several modes", "healthy_several_modes", "", _drawn(10_000)),
    Told("honest: 1,000 triplets", "look_alikes", "", _drawn(1_000)),
    Told("honest: all triplets, two digits", "healthy_several_modes", "", _every(2)),
    Told("honest: 1-NN of a long tail", "healthy_long_tail", "", _each_left_out),
)


@dataclass(frozen=True)
class Trial:
    """One claim at one seed: what was named ("": nothing), how, and the verdict."""

    place: int
    named: str
    match: str
    verdict: str


def trial(work: tuple[int, int]) -> Trial:
    """Audit one claim."""
    place, seed = work
    told = TOLD[place]
    space = Geometry(planted(told.name, seed), seed=seed)
    data = space.evaluation.data
    assert data is not None
    claim = told.make(data, seed)
    found = audit(space, Inputs(), claim)
    verdict = judge(found.harm, TOLERANCE)
    named = found.answer.given_by[0].code if found.answer.match == "named" else ""
    return Trial(place, named, found.answer.match, str(verdict))


def report(trials: list[Trial], first: int, seeds: int) -> tuple[list[str], bool]:
    """The table in Markdown, and whether the promises are kept."""
    lines = [
        "# How often the convention behind a claim is named",
        "",
        f"Seeds {first} to {first + seeds - 1}, made by `benchmarks/claims.py`; claims are told with "
        "three digits unless said. In brackets: 95 % intervals (Wilson).",
        "",
        "| inflated claim | set | named rightly | several | wrong one | alarms |",
        "|---|---|---|---|---|---|",
    ]
    honest = ["", "| honest claim | set | accused | unsure | watch |", "|---|---|---|---|---|"]
    kept = True
    for place, told in enumerate(TOLD):
        mine = [each for each in trials if each.place == place]
        n = len(mine)
        if told.given_by:
            right = sum(each.named == told.given_by for each in mine)
            several = sum(each.match == "several" for each in mine)
            wrong = sum(each.named not in ("", told.given_by) for each in mine)
            alarms = sum(each.verdict == Verdict.ALARM for each in mine)
            lines.append(
                f"| {told.words} | {told.name} | {_share(right, n)} | {several} | {wrong} | {alarms} |"
            )
            kept = kept and right >= 0.95 * n
        else:
            accused = sum(each.verdict == Verdict.ALARM or bool(each.named) for each in mine)
            unsure, watch = (
                sum(each.verdict == verdict for each in mine)
                for verdict in (Verdict.UNSURE, Verdict.WATCH)
            )
            honest.append(
                f"| {told.words} | {told.name} | {_share(accused, n)} | {unsure} | {watch} |"
            )
            kept = kept and accused <= 0.02 * n
    return [*lines, *honest], kept


def _share(hits: int, total: int) -> str:
    bounds = binomtest(hits, total).proportion_ci(method="wilson")
    return f"{hits} of {total} [{100 * bounds.low:.1f}, {100 * bounds.high:.1f}]"


def main() -> None:
    """Run all trials, write the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="seeds a claim")
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    start = time.perf_counter()
    work = list(product(range(len(TOLD)), range(options.first, options.first + options.seeds)))
    with ProcessPoolExecutor(options.processes) as pool:
        trials = list(tqdm(pool.map(trial, work), total=len(work), unit="claim"))
    lines, kept = report(trials, options.first, options.seeds)
    print("\n".join(lines))
    print(f"\n{len(trials)} claims in {(time.perf_counter() - start) / 60:.0f} minutes")
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
