"""Which rows does each remedy put right, and which does it put wrong?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from embedding_second_opinion.data.arrays import Bools, Ints, Reals, Rows
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.threads import one_blas_thread
from embedding_second_opinion.remedy.kinds import Remedy, too_much

from .held_out import Roles


@dataclass(frozen=True, eq=False)
class Tried:
    """One deal: rows that choose, then rows that measure, each with a positive and a negative enrolled.

    measures: (r,) whether a row measures. before: (r,) 1 where the nearest row is right as things are;
    gains: for each remedy (r,) 1 where it alone is right, -1 where it alone is wrong. left_out: reasons.
    """

    rows: Rows
    codes: Ints
    measures: Bools
    before: Reals
    gains: dict[str, Reals]
    left_out: dict[str, str]


def as_it_is(space: Geometry, roles: Roles) -> Geometry:
    """The rows of a deal that choose and that measure, of enrolled classes, in those fitted on."""
    codes = space.evaluation.codes
    asked = np.sort(np.concatenate([roles.choose, roles.test]))
    enrolled = asked[np.isin(codes[asked], codes[roles.fit])]
    return space.looked_up(enrolled, roles.fit, listed=0)


def tried(
    space: Geometry, roles: Roles, remedies: Sequence[Remedy], lookup: Geometry | None = None
) -> Tried:
    """Fit each remedy on its rows, and look the others up with and without it.

    lookup: what ``as_it_is`` gives, where that is at hand.
    """
    data, codes = space.evaluation.data, space.evaluation.codes
    assert data is not None
    lookup = lookup or as_it_is(space, roles)
    asked, plain = lookup.evaluation.queries, lookup.beaten
    anchors = plain.anchors
    rows = asked[anchors]
    before = plain.right[anchors]
    # A tie counts as an error, but what breaks ties is no better for it.
    tied = (plain.z[anchors] > 0) & (plain.z_lenient[anchors] == 0)
    labels = codes[roles.fit]
    vectors = {r.dtype: data.vectors.astype(r.dtype, copy=False) for r in remedies}
    gains: dict[str, Reals] = {}
    left_out: dict[str, str] = {}
    for remedy in remedies:
        reason = too_much(remedy, len(roles.fit), data.d, len(np.unique(labels)))
        after = reason or _after(space, remedy, (vectors[remedy.dtype], labels), roles.fit, asked)
        if isinstance(after, str):
            left_out[remedy.key] = after
            continue
        gains[remedy.key] = np.where(tied, 0.0, after[anchors] - before)
    return Tried(rows, codes[rows], np.isin(rows, roles.test), before, gains, left_out)


def unfitted(remedy: Remedy, metric: str) -> BaseEstimator:
    """An estimator that answers under the metric in use: a classifier sees what that metric sees."""
    model = remedy.make()
    normalised = metric == "cosine" and not remedy.transforms
    return make_pipeline(Normalizer(), model) if normalised else model


def _after(
    space: Geometry, remedy: Remedy, rows: tuple[NDArray[np.floating], Ints], fit: Rows, asked: Rows
) -> Reals | str:
    """(len(asked),) 1 where the remedy's answer is right; or why it has none, as a clause."""
    vectors, labels = rows
    model = unfitted(remedy, space.metric)
    own = space.evaluation.codes[asked]
    with one_blas_thread(), warnings.catch_warnings(), np.errstate(all="ignore"):
        # A layer not quite trained is one; classes may have two rows, or a column that is constant.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="The number of unique classes")
        warnings.filterwarnings("ignore", message="self.within_class_std_dev_")
        try:
            fitted = model.fit(vectors[fit], labels)
            if not remedy.transforms:
                return np.asarray(fitted.predict(vectors[asked]) == own, dtype=np.float64)
            moved = fitted.transform(vectors)
        except ValueError as error:  # scikit-learn's own refusal: too few rows, or none that vary
            return f"it cannot be fitted ({str(error).splitlines()[0].rstrip('.')})"
    assert space.evaluation.data is not None
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(moved, dtype=np.float32)
    if not np.isfinite(single).all():
        return "it gives numbers that are not finite"
    single.setflags(write=False)
    data = replace(space.evaluation.data, vectors=single)
    try:
        return space.looked_up(asked, fit, data).beaten.right
    except InputError as error:
        return f"its vectors cannot be looked up ({str(error).rstrip('.')})"
