"""Which bug looks like this? Names for what a metric gets wrong, from the self-tests that it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .outcomes import (
    AT_K,
    BEYOND_K,
    EQUAL,
    FARTHEST,
    LONE,
    MANY,
    NAMES,
    NEAREST,
    ORDER,
    OTHER_COPIES,
    OWN_COPIES,
    RANDOM,
    SCALE,
    Outcome,
)
from .trials import Setting

BLIND = 0.1  # gained from all positives farthest to all nearest, where 1 is right


@dataclass(frozen=True)
class Bug:
    """code: a stable name. says: what the function does. shown_by: the self-test that shows it."""

    code: str
    says: str
    shown_by: str
    remedy: str


def named(tests: Mapping[str, Outcome], failed: set[str], setting: Setting) -> tuple[Bug, ...]:
    """The bugs that explain the failed tests, the loudest first; at least one where any failed."""
    if {NEAREST, FARTHEST} <= failed:
        gained = tests[NEAREST].value - tests[FARTHEST].value
        if gained < BLIND:
            return (_WRONG_WAY,) if gained < -BLIND else (_BLIND,)
    bugs = []
    if FARTHEST in failed:
        bugs.append(_itself(tests[FARTHEST].value, setting))
    elif LONE in failed:
        bugs.append(_LONE_APART if setting.apart else _LONE)
    last_only = setting.place == 1 or NEAREST not in failed  # of k places the last, and not all
    dropped = AT_K in failed and tests[AT_K].value < tests[AT_K].target / 10 and last_only
    if dropped:
        bugs.append(_NEAREST_DROPPED if setting.apart else _SELF_TAKES_A_PLACE)
    # Less than half: rows that find themselves where sorting has no order to go by, which has its own name.
    if EQUAL in failed and tests[EQUAL].value > (1 + tests[EQUAL].target) / 2:
        bugs.append(_TIES)
    if OTHER_COPIES in failed and FARTHEST not in failed:
        bugs.append(_BY_POSITION)
    if OWN_COPIES in failed and NEAREST not in failed:
        bugs.append(_BY_DISTANCE)
    if BEYOND_K in failed and FARTHEST not in failed and not dropped:
        bugs.append(_MORE_THAN_K)
    if MANY in failed and NEAREST not in failed:
        bugs.append(_BATCHES)
    bugs += [bug for name, bug in _CHANGED.items() if name in failed]
    if not bugs and failed:
        shown = RANDOM if RANDOM in failed else next(name for name in tests if name in failed)
        bugs.append(Bug("other", _OTHER, shown, _OTHER_REMEDY))
    return tuple(bugs)


def _itself(value: float, setting: Setting) -> Bug:
    """A part of a point where the anchor is drawn at times; a whole one where a row always finds itself."""
    if setting.apart:
        return _QUERY_FOUND
    share = 1 / setting.shape.rows
    at_times = setting.kind == "other" and abs(value - share) < share / 4
    drawn = value < 0.9 and (setting.kind == "triplet" or at_times)
    return _OWN_POSITIVE if drawn else _SELF_FOUND


_BLIND = Bug(
    "blind_to_vectors",
    "gives about the same number whatever is near: it does not look at the vectors that it is given",
    NEAREST,
    "Use the arguments, not variables from outside: a notebook's arrays are easily taken by name.",
)
_WRONG_WAY = Bug(
    "wrong_way_round",
    "ranks the wrong way round, the farthest first",
    FARTHEST,
    "Sort distances upwards and similarities downwards.",
)
_SELF_FOUND = Bug(
    "self_counted_as_hit",
    "lets a row find itself and counts it as a hit",
    FARTHEST,
    "Take each row out of its own candidates by its index: set the diagonal of the distances to infinity "
    "before sorting.",
)
_QUERY_FOUND = Bug(
    "query_counted_as_hit",
    "counts a query as right whose positive is the last of all",
    FARTHEST,
    "Look each query up in the gallery only, and compare with the labels of the gallery.",
)
_OWN_POSITIVE = Bug(
    "anchor_as_own_positive",
    "draws the anchor as its own positive, at distance 0, once in as many times as the class has rows",
    FARTHEST,
    "Take the anchor out of its class by its index before a positive is drawn, and leave out classes of one "
    "row. Until then T = (n T' - 1) / (n - 1), for T' with classes of n rows.",
)
_LONE = Bug(
    "lone_rows_counted_right",
    "counts rows as right that are alone in their class and have nothing to find",
    LONE,
    "Leave classes of one row out of the mean, and say how many they are.",
)
_LONE_APART = Bug(
    "strangers_counted_right",
    "counts queries as right whose class is not in the gallery",
    LONE,
    "Leave queries without a positive out of the mean, and say how many they are.",
)
_SELF_TAKES_A_PLACE = Bug(
    "self_takes_a_place",
    "never counts the k-th place, as where a row is left among its own k nearest and is no hit there",
    AT_K,
    "Take each row out of its own candidates by its index, and then take the k nearest.",
)
_NEAREST_DROPPED = Bug(
    "nearest_dropped",
    "drops the nearest answer, as if it were the query itself, which is not in the gallery",
    AT_K,
    "Drop nothing where queries and gallery are two sets.",
)
_TIES = Bug(
    "ties_counted_right",
    "counts ties as right (<= where < is meant), so that a model which maps all to one point is perfect",
    EQUAL,
    "Compare by <, or break ties by lot.",
)
_BY_POSITION = Bug(
    "self_removed_by_position",
    "takes the first neighbour for the row itself, and where a row has a copy, the row finds itself",
    OTHER_COPIES,
    "Take each row out by its index, not by its place in the sorted list.",
)
_BY_DISTANCE = Bug(
    "self_removed_by_distance",
    "takes every row at distance 0 for the row itself, and so misses copies of its class",
    OWN_COPIES,
    "Take each row out by its index, not by its distance.",
)
_MORE_THAN_K = Bug(
    "more_than_k",
    "finds what is not among the k nearest, so it looks at more of them, or measures something else",
    BEYOND_K,
    "Take the k nearest after the row itself is out. If it is a recall at another k, audit it with that k; "
    "if it is no such thing, with its own kind.",
)
_BATCHES = Bug(
    "rows_not_all_compared",
    "does not compare all rows, so that larger sets lose positives, as where distances are taken in batches",
    MANY,
    "Collect all embeddings first, and compute the metric once.",
)
_CHANGED = {
    ORDER: Bug(
        "depends_on_order",
        "gives another value when the same rows come in another order",
        ORDER,
        "Do not let the place of a row decide; a batch of rows sorted by class holds other rows than a "
        "shuffled one.",
    ),
    NAMES: Bug(
        "depends_on_names",
        "gives another value when the classes are called by other numbers",
        NAMES,
        "Use labels for comparison only, never as an index or a number.",
    ),
    SCALE: Bug(
        "depends_on_scale",
        "gives another value when all vectors are seven times as long, so a margin or a threshold is in it",
        SCALE,
        "Compare distances with each other. A margin or a threshold makes another metric, with its own name.",
    ),
}
_OTHER = "does not give the value that its kind has"
_OTHER_REMEDY = (
    "Compare it with the right value on a dozen rows by hand; perhaps it measures something else than its "
    "kind says."
)
