"""Which fitted estimator stands behind the model from now on?"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from diagnostics.embeddings import InputError
from diagnostics.geometry import Geometry
from diagnostics.measures.remedies.tried import unfitted
from diagnostics.remedy.kinds import BY_KEY


def fit_remedy(space: Geometry, key: str) -> BaseEstimator:
    """A remedy fitted on all enrolled rows: a transformer of vectors, or a classifier of class names.

    key: one of ``diagnostics.remedy.kinds.BY_KEY``. Takes (n, d) vectors as they were given to the set,
    before any metric. What it gains was measured on other rows, by ``checks.remedies``. Raises InputError
    for an unknown key, for distances only, and where these rows do not allow a fit.
    """
    if key not in BY_KEY:
        raise InputError(f"there is no remedy {str(key)[:40]!r}; there are {', '.join(BY_KEY)}.")
    evaluation = space.evaluation
    if evaluation.data is None:
        raise InputError("a remedy is fitted on vectors; distances alone were given.")
    rows = evaluation.enrolled
    names = np.array(evaluation.classes, dtype=np.str_)[evaluation.codes[rows]]
    try:
        model = unfitted(BY_KEY[key], space.metric)
        return model.fit(evaluation.data.vectors[rows].astype(np.float64), names)
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{BY_KEY[key].name} cannot be fitted on these rows: {reason}.") from None
