"""Are these two sets of vectors about the same samples, in the same roles?"""

from __future__ import annotations

import numpy as np

from diagnostics.embeddings import InputError
from diagnostics.evaluation import Evaluation


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
