"""Is the number that a metric function gives the number it is called? Self-tests with known answers."""

from __future__ import annotations

from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.finding import Finding, Verdict, judge
from embedding_second_opinion.stats.intervals import TAIL

from . import audit_words as words
from .bugs import named
from .calls import ARRAYS, TAKES, Arrays, Caller, Metric, Takes
from .outcomes import worst
from .right import KINDS, WITH_K, Kind
from .trials import Setting, tried

CODE = "audit_metric"
TITLE = "Self-tests of a metric"
QUESTION = "Is the number that a metric function gives the number it is called?"
SOURCE = (
    "Metrics of one name that are several: Musgrave, Belongie & Lim, ECCV 2020. Tests by what a change of "
    "the input must do (metamorphic testing): Chen, Cheung & Yiu, HKUST-CS98-01, 1998."
)
LARGEST_K = 100


def audit_metric(
    function: Metric,
    *,
    kind: Kind,
    takes: Takes = "embeddings",
    k: int = 1,
    arrays: Arrays = "numpy",
    repetitions: int = 6,
    seed: int = 0,
    tolerance: float = 0.02,
) -> Finding:
    """Try your own metric on small sets whose answer is known, and name the bug that its answers show.

    The harm is the largest deviation from the right value over all self-tests, in accuracy points: the mean
    over generated sets, so that a sampled metric is not blamed for its noise. ``tolerance`` 0.02: two points
    are what a user would notice, and no convention that the tests leave open moves a value as far. Interval:
    t over the sets, the lower bound corrected for the number of tests; where all sets say the same, the
    deviation is known.

    Parameters
    ----------
    function : callable
        Yours; gives one share from 0 to 1.
    kind : str
        What it is said to be. "recall": found among the k nearest (any match, or the share of all matches;
        1-NN accuracy and precision@1 are recall with k=1). "precision": share of right ones among the k
        nearest. "r_precision", "map_at_r". "triplet": triplet accuracy, exact or sampled. "other": 0 where
        all is wrong and 1 where all is right (a vote among k neighbours, say); fewer tests.
    takes : {"embeddings", "distances", "gallery"}
        f(vectors, labels); f(distances, labels, k); f(queries, query labels, gallery, gallery labels).
    k : int
        Of "recall" and "precision", from 1 up.
    arrays : {"numpy", "torch"}
        What it is given.
    repetitions : int
        Generated sets a test, from 3 up; more are made where the value varies, as that of a sampled metric.
    seed : int
        Of the generated sets.
    tolerance : float
        Accuracy, a share.

    Returns
    -------
    Finding
        "alarm" where the number is off; its parameters name the bugs.

    Raises
    ------
    InputError
        In one sentence, where the function breaks, or gives no share from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> import embedding_second_opinion as so
    >>> def finds_itself(vectors, labels):
    ...     distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    ...     return float(np.mean(labels[distances.argmin(axis=1)] == labels))
    >>> so.audit_metric(finds_itself, kind="recall").verdict.value
    'alarm'
    """
    _refuse(function, kind, takes, k, arrays, repetitions)
    setting = Setting(kind, k, takes == "gallery")
    caller = Caller(function, takes, arrays, k)
    outcomes, noise = tried(
        caller, setting, seed=seed, repetitions=repetitions, tolerance=tolerance
    )
    done = {o.name: o for o in outcomes if not o.broken}
    harm, above = worst(list(done.values()), f"the farthest from right of {len(done)} self-tests")
    verdict = judge(harm, tolerance)
    tail = TAIL / len(done)  # of many tests some are loud by chance
    failed = {name for name, o in done.items() if o.off - o.reach(tail) > tolerance}
    bugs = named(done, failed, setting) if verdict is Verdict.ALARM else ()
    name = getattr(function, "__name__", type(function).__name__)
    return Finding(
        code=CODE,
        title=TITLE,
        question=QUESTION,
        verdict=verdict,
        explanation=words.explanation(name, setting, done, failed, bugs, verdict),
        estimates={"largest_deviation": harm, **{o.name: o.estimate() for o in done.values()}},
        harm=harm,
        tolerance=tolerance,
        p_value=above(tolerance),
        meaning=words.meaning(verdict, harm.value),
        ignore_when=words.ignore_when(bugs),
        remedy=words.remedy(bugs, verdict),
        caveats=words.caveats(outcomes, setting, noise),
        charts=(words.table(list(done.values()), failed, setting),),
        source=SOURCE,
        parameters={
            "function": name,
            "kind": kind,
            "takes": takes,
            "k": k,
            "arrays": arrays,
            "repetitions": repetitions,
            "seed": seed,
            "tolerance": tolerance,
            "bugs": [bug.code for bug in bugs],
        },
    )


def _refuse(
    function: object, kind: str, takes: str, k: object, arrays: str, repetitions: object
) -> None:
    if not callable(function):
        raise InputError(
            f"the metric must be a function; it is of type {type(function).__name__}. Give the function."
        )
    chosen = {"kind": (kind, KINDS), "takes": (takes, TAKES), "arrays": (arrays, ARRAYS)}
    for option, (value, known) in chosen.items():
        if value not in known:
            raise InputError(f"{option} must be one of {', '.join(known)}; it is {value!r}.")
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= LARGEST_K:
        raise InputError(f"k must be a whole number from 1 to {LARGEST_K}; it is {k!r}.")
    if k != 1 and kind not in WITH_K:
        raise InputError(f"a metric of kind {kind!r} has no k; it is {k!r}. Leave it out.")
    if isinstance(repetitions, bool) or not isinstance(repetitions, int) or repetitions < 3:
        raise InputError(f"repetitions must be a whole number from 3 up; it is {repetitions!r}.")
