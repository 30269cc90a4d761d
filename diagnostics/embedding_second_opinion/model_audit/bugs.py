"""Which bug looks like this? Names for what a metric gets wrong, from the self-tests that it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import self_tests as test
from .outcomes import Outcome
from .trials import Setting

BLIND = 0.1  # gained from all positives farthest to all nearest, where 1 is right


@dataclass(frozen=True)
class Bug:
    """code: a stable name. shown_by: the self-test that shows it. says: what the function does."""

    code: str
    shown_by: str
    says: str
    remedy: str


def named(tests: Mapping[str, Outcome], failed: set[str], setting: Setting) -> tuple[Bug, ...]:
    """The bugs that explain the failed tests, the loudest first; at least one where any failed."""
    codes = _codes(tests, failed, setting)
    if codes or not failed:
        return tuple(Bug(code, *BUGS[code]) for code in codes)
    shown = test.RANDOM if test.RANDOM in failed else next(name for name in tests if name in failed)
    return (Bug("other", shown, *OTHER),)


def _codes(tests: Mapping[str, Outcome], failed: set[str], setting: Setting) -> list[str]:
    if {test.NEAREST, test.FARTHEST} <= failed:
        gained = tests[test.NEAREST].value - tests[test.FARTHEST].value
        if gained < BLIND:
            return ["wrong_way_round" if gained < -BLIND else "blind_to_vectors"]
    codes = []
    if test.FARTHEST in failed:
        codes.append(_itself(tests[test.FARTHEST].value, setting))
    elif test.LONE in failed:
        codes.append("strangers_counted_right" if setting.apart else "lone_rows_counted_right")
    last_only = setting.place == 1 or test.NEAREST not in failed  # of k places, not all
    at_k = tests.get(test.AT_K)
    dropped = (
        test.AT_K in failed and at_k is not None and at_k.value < at_k.target / 10 and last_only
    )
    if dropped:
        codes.append("nearest_dropped" if setting.apart else "self_takes_a_place")
    # Less than half: rows that find themselves where sorting has no order to go by, which has its own name.
    if test.EQUAL in failed and tests[test.EQUAL].value > (1 + tests[test.EQUAL].target) / 2:
        codes.append("ties_counted_right")
    if test.OTHER_COPIES in failed and test.FARTHEST not in failed:
        codes.append("self_removed_by_position")
    if test.OWN_COPIES in failed and test.NEAREST not in failed:
        codes.append("self_removed_by_distance")
    if test.BEYOND_K in failed and test.FARTHEST not in failed and not dropped:
        codes.append("more_than_k")
    if test.MANY in failed and test.NEAREST not in failed:
        codes.append("rows_not_all_compared")
    return codes + [code for code in CHANGED if BUGS[code][0] in failed]


def _itself(value: float, setting: Setting) -> str:
    """A part of a point where the anchor is drawn at times; a whole one where a row always finds itself."""
    if setting.apart:
        return "query_counted_as_hit"
    share = 1 / setting.shape.rows
    at_times = setting.kind == "other" and abs(value - share) < share / 4
    drawn = value < 0.9 and (setting.kind == "triplet" or at_times)
    return "anchor_as_own_positive" if drawn else "self_counted_as_hit"


# By code: the self-test that shows it, what the function does, and the remedy.
BUGS = {
    "blind_to_vectors": (
        test.NEAREST,
        "gives about the same number whatever is near",
        "Use the arguments, not variables from outside.",
    ),
    "wrong_way_round": (test.FARTHEST, "ranks the farthest first", "Put the nearest first."),
    "self_counted_as_hit": (
        test.FARTHEST,
        "lets a row find itself and counts it as a hit",
        "Take each row out of its own candidates: set the diagonal of the distances to infinity.",
    ),
    "query_counted_as_hit": (
        test.FARTHEST,
        "counts a query as right whose positive is the last of all",
        "Look each query up in the gallery only, and compare with the labels of the gallery.",
    ),
    "anchor_as_own_positive": (
        test.FARTHEST,
        "draws the anchor as its own positive, once in as many times as the class has rows",
        "Take the anchor out of its class by its index before a positive is drawn.",
    ),
    "lone_rows_counted_right": (
        test.LONE,
        "counts rows as right that are alone in their class and have nothing to find",
        "Leave classes of one row out of the mean, and say how many they are.",
    ),
    "strangers_counted_right": (
        test.LONE,
        "counts queries as right whose class is not in the gallery",
        "Leave queries without a positive out of the mean, and say how many they are.",
    ),
    "self_takes_a_place": (
        test.AT_K,
        "never counts the k-th place, as where a row is left among its own k nearest",
        "Take each row out of its own candidates by its index, and then take the k nearest.",
    ),
    "nearest_dropped": (
        test.AT_K,
        "drops the nearest answer, as if it were the query itself",
        "Drop nothing where queries and gallery are two sets.",
    ),
    "ties_counted_right": (
        test.EQUAL,
        "counts ties as right (<= where < is meant)",
        "Compare by <, or break ties by lot.",
    ),
    "self_removed_by_position": (
        test.OTHER_COPIES,
        "takes the first neighbour for the row itself, and where a row has a copy, the row finds itself",
        "Take each row out by its index, not by its place in the sorted list.",
    ),
    "self_removed_by_distance": (
        test.OWN_COPIES,
        "takes every row at distance 0 for the row itself, and so misses copies of its class",
        "Take each row out by its index, not by its distance.",
    ),
    "more_than_k": (
        test.BEYOND_K,
        "finds what is not among the k nearest, so it looks at more of them, or measures something else",
        "Take the k nearest after the row itself is out; or audit it with its own k and kind.",
    ),
    "rows_not_all_compared": (
        test.MANY,
        "does not compare all rows, so that larger sets lose positives",
        "Collect all embeddings first, and compute the metric once.",
    ),
    "depends_on_order": (
        test.ORDER,
        "gives another value in another order of rows",
        "Do not let a row's place decide.",
    ),
    "depends_on_names": (
        test.NAMES,
        "gives another value for other class numbers",
        "Only compare labels by equality.",
    ),
    "depends_on_scale": (
        test.SCALE,
        "gives another value for longer vectors",
        "Compare distances with each other.",
    ),
}
CHANGED = ("depends_on_order", "depends_on_names", "depends_on_scale")
OTHER = (
    "does not give the value that its kind has",
    "Compare it with the right value on a dozen rows by hand; perhaps its kind is another.",
)
