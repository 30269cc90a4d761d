"""How is the audit of a metric told? Sentences, and a table and bars of its self-tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from embedding_second_opinion.findings.charts import Table
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number, percent

from . import self_tests as test
from .bugs import Bug
from .outcomes import Outcome
from .trials import Setting

# These show only where a set has what they stumble over.
_RARE = {
    "ties_counted_right": "no two distances are equal",
    "self_removed_by_position": "no two rows are equal",
    "self_removed_by_distance": "no two rows are equal",
    "lone_rows_counted_right": "every class has two rows or more",
    "strangers_counted_right": "every query's class is enrolled",
}


def explanation(
    name: str,
    setting: Setting,
    tests: Mapping[str, Outcome],
    failed: set[str],
    bugs: Sequence[Bug],
    verdict: Verdict,
) -> str:
    """One sentence with the numbers that show the bug, or that there is none."""
    what = f"'{name}' ({_metric(setting)})"
    far = max(tests.values(), key=lambda o: o.off)
    if not bugs and verdict is Verdict.OK:
        shown = _seen(tests.get(test.RANDOM, tests[test.NEAREST]), setting)
        most = f"on the mean never more than {100 * far.off:.1f} points off"
        return f"{what} holds in all {len(tests)} self-tests: {shown}; {most}."
    if not bugs:
        off = f"farthest off with {_words(far.name, setting)}, by {100 * far.off:.1f} points"
        return f"{what} varies so much from call to call that it cannot be judged; it is {off}."
    first = bugs[0]
    text = f"{what} {first.says}: {_seen(tests[first.shown_by], setting)}"
    if test.RANDOM in failed and first.shown_by != test.RANDOM:
        text += f", and {_seen(tests[test.RANDOM], setting)}"
    for bug in bugs[1:]:
        text += f"; it also {bug.says}: {_seen(tests[bug.shown_by], setting)}"
    return f"{text}. {len(failed)} of {number(len(tests), 'self-test')} failed."


def meaning(verdict: Verdict, harm: float) -> str:
    """What it implies for the numbers that were made with the function."""
    said = {
        Verdict.ALARM: f"Numbers made with it are off by up to {100 * harm:.0f} points here.",
        Verdict.OK: "If the number misleads, it is for what it asks, and not for how it is computed.",
    }
    return said.get(verdict, "Its own noise hides whether it is right.")


def ignore_when(bugs: Sequence[Bug]) -> str:
    """Some faults show only in sets of some kind."""
    if bugs and all(bug.code in _RARE for bug in bugs):
        when = " and ".join(dict.fromkeys(_RARE[bug.code] for bug in bugs))
        return f"In all your sets {when}: there the fault does not show."
    return "The function is meant to measure something else than its kind says."


def remedy(bugs: Sequence[Bug], verdict: Verdict) -> str:
    """The cure of each bug."""
    if bugs:
        return " ".join(dict.fromkeys(bug.remedy for bug in bugs))
    return "" if verdict is Verdict.OK else "Draw more samples in a call, and audit it again."


def caveats(outcomes: Sequence[Outcome], setting: Setting, noise: float) -> tuple[str, ...]:
    """What was not examined, and how much a call varies."""
    notes = [
        f"Not examined: {_words(o.name, setting)}, where the function breaks ({o.broken[:160]})."
        for o in outcomes
        if o.broken
    ]
    if noise > 0:
        notes.append(f"The standard deviation of a call is {100 * noise:.2f} points.")
    if setting.kind == "other":
        return (*notes, "Not examined: values between all wrong and all right.")
    return (*notes, "Not examined: how several positives are averaged.")


def table(outcomes: Sequence[Outcome], failed: set[str], setting: Setting) -> Table:
    """Right and given, self-test by self-test."""
    rows = [
        {
            "self-test": _words(o.name, setting),
            "right": o.wanted,
            "given": percent(o.value),
            "so it": "fails" if o.name in failed else "holds",
        }
        for o in outcomes
    ]
    alt = f"{len(failed)} of {len(rows)} self-tests fail."
    title = "What is right, and what the function gives"
    return Table.of(title, alt, rows, words=("self-test", "so it"))


def _metric(setting: Setting) -> str:
    return {
        "recall": f"recall@{setting.k}",
        "precision": f"precision@{setting.k}",
        "r_precision": "R-precision",
        "map_at_r": "MAP@R",
        "triplet": "triplet accuracy",
        "other": "a metric of another kind",
    }[setting.kind]


def _seen(outcome: Outcome, setting: Setting) -> str:
    words = _words(outcome.name, setting)
    return f"with {words} it gives {percent(outcome.value)} where {outcome.wanted} is right"


def _words(name: str, setting: Setting) -> str:
    words = name.replace("_", " ").replace("place k", f"place {setting.place}")
    return words.replace("beyond k", f"beyond place {setting.place}")
