"""Which fitted estimator stands behind the model from now on?"""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError
from embedding_second_opinion.data.roles import Evaluation
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.opened import opened
from embedding_second_opinion.remedy.kinds import BY_KEY, REJECTING
from embedding_second_opinion.stats.rejection import STRANGER_RATE

from .rejecting import calibrated
from .tried import unfitted


def fit_remedy(
    space: Geometry | EmbeddingSet | Evaluation, key: str, *, stranger_rate: float = STRANGER_RATE
) -> BaseEstimator:
    """Fit a remedy on all enrolled rows: a transformer of vectors, or a classifier of class names.

    What it gains was measured on other rows, by ``so.checks.remedies``.

    Parameters
    ----------
    space : Geometry, EmbeddingSet or Evaluation
        What it is fitted on; ``result.space`` after ``so.diagnose``.
    key : str
        "cosine", "centred_cosine", "scaled", "centroid", "vote", "uncontradicted", "edited", "whitened", ...
        as ``so.checks.remedies`` names them; or "rejecting", which answers "unknown" beyond the threshold
        that makes the fewest outcomes wrong.
    stranger_rate : float
        For "rejecting": the share of strangers among those who come.

    Returns
    -------
    sklearn.base.BaseEstimator
        Takes (n, d) vectors as they were given to the set, before any metric.

    Raises
    ------
    InputError
        For an unknown key or rate, for distances only, and where these rows do not allow a fit.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    >>> so.fit_remedy(data, "centroid").predict([[8.0, 8.0]]).tolist()
    ['b']
    """
    space = opened(space, "so.fit_remedy")
    known = {**BY_KEY, REJECTING.key: REJECTING}
    if key not in known:
        raise InputError(f"there is no remedy {str(key)[:40]!r}; there are {', '.join(known)}.")
    if not 0 <= stranger_rate <= 1:
        raise InputError(f"stranger_rate must be a share from 0 to 1; it is {stranger_rate}.")
    evaluation = space.evaluation
    if evaluation.data is None:
        raise InputError("a remedy is fitted on vectors; distances alone were given.")
    rows = evaluation.enrolled
    names = np.array(evaluation.classes, dtype=np.str_)[evaluation.codes[rows]]
    try:
        model = unfitted(known[key], space.metric)
        if key == REJECTING.key:
            model = _calibrated(model, space, stranger_rate)
        return model.fit(evaluation.data.vectors[rows].astype(known[key].dtype), names)
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{known[key].name} cannot be fitted on these rows: {reason}.") from None


def _calibrated(model: BaseEstimator, space: Geometry, rate: float) -> BaseEstimator:
    """With the threshold of the queries and the strangers there are, or of rehearsed ones."""
    if not len(space.evaluation.queries):
        raise ValueError("no query is there to calibrate a threshold by")
    threshold = max(calibrated(space, rate), -1.0)  # no distance is below: everyone is turned away
    if space.metric == "cosine":  # what the estimator sees are unit vectors: d^2 = 2 (1 - cos)
        threshold = float(np.sqrt(2 * threshold)) if threshold >= 0 else threshold
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    last.set_params(threshold=threshold * (1 + 1e-6))  # rounding turns nobody away
    return model
