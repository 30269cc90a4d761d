"""Are these two sets of vectors about the same samples, in the same roles?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.roles import Evaluation
from embedding_second_opinion.geometry.geometry import Geometry

SAME = "the two models must be compared on the same rows"
EMBED = "Embed the same samples with both, in the same order."


def check_matched(one: Evaluation, two: Evaluation) -> None:
    """Row i of one must be row i of the other. Raises InputError where the two differ, and in what."""
    n, m = len(one.codes), len(two.codes)
    if n != m:
        raise InputError(f"{SAME}; {one.name} has {n:,} and {two.name} {m:,}. {EMBED}")
    names = [np.array(each.classes, dtype=np.str_)[each.codes] for each in (one, two)]
    differ = np.flatnonzero(names[0] != names[1])
    if len(differ):
        row = int(differ[0])
        labels = " and ".join(repr(str(each[row])[:40]) for each in names)
        raise InputError(
            f"{SAME}; {len(differ):,} of {n:,} have another label (first: row {row}, {labels}). {EMBED}"
        )
    _same_samples(one, two)
    for what, a, b in (
        ("looked up", one.queries, two.queries),
        ("enrolled", one.enrolled, two.enrolled),
        ("strangers", one.strangers, two.strangers),
    ):
        other = np.setxor1d(a, b)
        if len(other):
            raise InputError(
                f"the two models must be compared in the same roles; {len(other):,} rows are {what} in one "
                f"of {one.name} and {two.name} only (first: row {other[0]}). Give both the same split."
            )


def check_different(one: Geometry, two: Geometry) -> None:
    """The same vectors under the same metric are one model. Raises InputError where they are."""
    a, b = one.evaluation, two.evaluation
    if a.data is None or b.data is None or one.metric != two.metric:
        return
    if np.array_equal(a.data.vectors, b.data.vectors):
        raise InputError(
            f"{a.name} and {b.name} hold the same vectors, so that there is nothing to compare."
        )


def _same_samples(one: Evaluation, two: Evaluation) -> None:
    """Equal labels do not show that rows of one class come in the same order; images and groups do."""
    a, b = one.data, two.data
    if a is None or b is None:
        return
    for what, first, second in (("image", a.images, b.images), ("group", a.groups, b.groups)):
        if first is None or second is None:
            continue
        if first.shape != second.shape:
            raise InputError(
                f"{SAME}; the {what}s of {one.name} are of shape {first.shape[1:]}, those of {two.name} "
                f"of {second.shape[1:]}."
            )
        differ = np.flatnonzero((first != second).reshape(len(first), -1).any(axis=1))
        if len(differ):
            of = f"{len(differ):,} of {len(first):,}"
            raise InputError(f"{SAME}; {of} have another {what} (first: row {differ[0]}). {EMBED}")
