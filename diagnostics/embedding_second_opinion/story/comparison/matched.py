"""Are these two sets of vectors about the same samples, in the same roles?"""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.data.roles import Evaluation
from embedding_second_opinion.geometry.geometry import Geometry


def check_matched(one: Evaluation, two: Evaluation) -> None:
    """Row i of one must be row i of the other. Raises InputError where the two differ, and in what."""
    n, m = len(one.codes), len(two.codes)
    if n != m:
        raise InputError(
            f"the two models must be compared on the same rows; {one.name} has {n:,} and {two.name} {m:,}. "
            "Embed the same samples with both, in the same order."
        )
    names = [np.array(each.classes, dtype=np.str_)[each.codes] for each in (one, two)]
    differ = np.flatnonzero(names[0] != names[1])
    if len(differ):
        row = int(differ[0])
        raise InputError(
            f"the two models must be compared on the same rows; {len(differ):,} of {n:,} have another label "
            f"(first: row {row}, {str(names[0][row])[:40]!r} and {str(names[1][row])[:40]!r}). Embed the "
            "same samples with both, in the same order."
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
            f"{a.name} and {b.name} hold the same vectors, so that there is nothing to compare. Give what "
            "two models make of the same samples."
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
                f"the two models must be compared on the same rows; the {what}s of {one.name} are of shape "
                f"{first.shape[1:]}, those of {two.name} of {second.shape[1:]}."
            )
        differ = np.flatnonzero((first != second).reshape(len(first), -1).any(axis=1))
        if len(differ):
            raise InputError(
                f"the two models must be compared on the same rows; {len(differ):,} of {len(first):,} have "
                f"another {what} (first: row {differ[0]}). Embed the same samples with both, in the same "
                "order."
            )
