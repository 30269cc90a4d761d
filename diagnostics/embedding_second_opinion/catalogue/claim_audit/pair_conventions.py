"""What would a pair accuracy be under each convention? Of the user's own pairs, or all pairs of queries."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Rows
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.metric import prepared
from embedding_second_opinion.geometry.passes.pair_histograms import distances_between
from embedding_second_opinion.inputs.pairs import Pairs
from embedding_second_opinion.stats.intervals import share_interval

from .conventions import Convention
from .strict import Strict
from .thresholds import Judged, best_threshold, of_histograms, of_pairs
from .words import called


def has_pairs(space: Geometry, pairs: Pairs | None) -> bool:
    """Whether there is something to verify: a file's pairs, or pairs of both kinds among the queries."""
    if pairs is not None:
        return space.has_vectors
    known = space.has_vectors or space.evaluation.leave_one_out
    return (
        known and len(space.evaluation.queries) > 0 and _both_kinds(space, space.evaluation.queries)
    )


def pair_conventions(
    space: Geometry, pairs: Pairs | None
) -> tuple[Strict, Convention, list[Convention]]:
    """The strict number, itself as a convention, and the others."""
    if pairs is None:
        return _of_queries(space)
    return _of_file(space, pairs)


def _of_queries(space: Geometry) -> tuple[Strict, Convention, list[Convention]]:
    """No threshold at all gives more than the best one: the number that is kindest to the claim."""
    evaluation = space.evaluation
    groups = [evaluation.queries]
    if evaluation.gallery is not None and _both_kinds(space, evaluation.gallery):
        groups.append(evaluation.gallery)
    part = np.zeros(len(evaluation.classes), dtype=np.int64)
    found = [of_histograms(each) for each in space.pair_histograms(tuple(groups), part)]
    about = _about(found[0], f"{evaluation.called}rows")
    strict = _strict(found[0], f"{about}; the threshold that is best for them")
    others = _others(found[0], about)
    if len(found) > 1:
        words = f"the {evaluation.gallery_name} rows"
        others.append(
            Convention(
                code="pairs_of_gallery",
                gives=f"judging the pairs of {words} at their own best threshold",
                value=found[1].balanced,
                about=_about(found[1], f"{evaluation.gallery_name} rows"),
                kind="other rows",
                drawn=True,
            )
        )
    return strict, called(strict.name, strict.value, strict.about, drawn=True), others


def _of_file(space: Geometry, pairs: Pairs) -> tuple[Strict, Convention, list[Convention]]:
    """Each fold by the threshold of the others, where there are folds; else by the best of all."""
    vectors = prepared(space.evaluation, space.metric)
    assert vectors is not None
    distances = distances_between(
        vectors[pairs.first], vectors[pairs.second], space.metric == "cosine"
    )
    best = distances <= best_threshold(distances, pairs.same)
    accepted = best.copy()
    if pairs.fold is not None:
        for fold in range(int(pairs.fold.max()) + 1):
            mine = pairs.fold == fold
            threshold = best_threshold(distances[~mine], pairs.same[~mine])
            accepted[mine] = distances[mine] <= threshold
    codes = space.evaluation.codes
    every = np.concatenate([codes[pairs.first], codes[pairs.second]])
    _, places = np.unique(every, return_inverse=True)
    ends = places[: len(best)], places[len(best) :]
    found = of_pairs(distances, pairs.same, accepted, ends)
    about = _about(found, "the file" if pairs.name == "pairs" else pairs.name)
    fitted = (
        "the threshold that is best for them"
        if pairs.fold is None
        else "each fold by the threshold of the others"
    )
    strict = _strict(found, f"{about}; {fitted}")
    others = _others(found, about)
    if pairs.fold is not None:
        own = of_pairs(distances, pairs.same, best, ends)
        others.append(called("pairs_own_threshold", own.balanced, about))
    return strict, called(strict.name, strict.value, strict.about), others


def _strict(found: Judged, about: str) -> Strict:
    interval = share_interval(found.balanced, found.without, found.units)
    return Strict("pair_accuracy", "pair accuracy", found.balanced, interval, about)


def _others(found: Judged, about: str) -> list[Convention]:
    given = {"pairs_auc": found.auc}
    if found.genuine != found.impostor:  # else as they come they are balanced
        given["pairs_as_they_come"] = found.as_they_come
        given["pairs_called_different"] = found.different
    return [called(code, value, about) for code, value in given.items()]


def _about(found: Judged, of: str) -> str:
    impostor = number(found.impostor, "impostor pair")
    return f"{found.genuine:,} genuine and {impostor} of {of}, {number(found.units, 'class')}"


def _both_kinds(space: Geometry, rows: Rows) -> bool:
    sizes = np.bincount(space.evaluation.codes[rows])
    return bool(sizes.max() > 1) and int(np.count_nonzero(sizes)) > 1
