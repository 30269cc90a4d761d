"""When does a notebook still say what it said? ``pytest --nbval notebooks`` compares with this.

nbval compares by letter. A number that was measured is no letter: float32 products differ in their last
digits from one processor to the next (another instruction set moved the triplet accuracy of an anchor by
5e-6), and nothing that anybody would read has changed. So:

- In JSON, a number is compared by value, within ``RELATIVE`` of it or ``ABSOLUTE`` near zero. Whole numbers
  are counts, and equal or not.
- In sentences, words are compared by letter. A number with a decimal point may differ by one unit of its
  last printed digit, as rounding may fall on either side; so may a whole percentage. The value behind it
  stands in the JSON of the same output, where a real change is seen. Other whole numbers are counts.
- A fingerprint hashes every bit of its input, so only its form is compared.
- Of pictures only the presence is compared: what they show stands in the JSON.

What differs is named by its path, with both values and the tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import MethodType
from typing import Any

RELATIVE = 1e-5
ABSOLUTE = 1e-7
SHOWN = 20  # differences of a cell that are told; the rest are counted

# A number stands alone: "12" in "class_12" or "sha256" and all of "2.13.0" are part of a name.
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?<![^\s(\[{|:=,;/<>])[-+−])?"
    r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?!\w|\.\d)(\s?%)?"
)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_PICTURE = re.compile(r"<(svg|img|canvas)\b")
_NAMES = ("code", "name", "label", "title")  # what a record in a list is called by


def differences(stored: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a cell's outputs now say otherwise than those stored, a line each; empty if nothing."""
    (old_words, old_shown), (new_words, new_shown) = _parts(stored), _parts(now)
    found: list[str] = []
    if old_words.keys() != new_words.keys():
        found.append(f"streams: {sorted(old_words)} stored, {sorted(new_words)} now")
    for name in sorted(old_words.keys() & new_words.keys()):
        found += _texts(old_words[name], new_words[name], name)
    if len(old_shown) != len(new_shown):
        return [*found, f"outputs: {len(old_shown)} stored, {len(new_shown)} now"]
    for place, (old, new) in enumerate(zip(old_shown, new_shown, strict=True), start=1):
        where = f"output {place}"
        if old.keys() != new.keys():
            found.append(f"{where}: holds {sorted(old)} stored, {sorted(new)} now")
        for mime in sorted(old.keys() & new.keys()):
            found += _forms(mime, old[mime], new[mime], f"{where}, {mime}")
    return found


def _parts(outputs: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], list[Mapping[str, Any]]]:
    """Streams by name, as they may come between displays anywhere; and what was displayed, in order."""
    words: dict[str, str] = {}
    shown: list[Mapping[str, Any]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            words[output["name"]] = words.get(output["name"], "") + output["text"]
        elif output["output_type"] == "error":
            shown.append({"error": f"{output['ename']}: {output['evalue']}"})
        else:
            shown.append(output["data"])
    return words, shown


def _forms(mime: str, old: Any, new: Any, where: str) -> Iterator[str]:
    """One form of one output. A widget's number is drawn by chance."""
    if mime.startswith("image/") or "widget-view" in mime:
        return
    if mime == "text/html" and _PICTURE.search(old) and _PICTURE.search(new):
        return
    if isinstance(old, Mapping) and isinstance(old.get("code"), str):
        where = f"{where}, {old['code']}"
    yield from _values(old, new, where)


def _values(old: Any, new: Any, where: str) -> Iterator[str]:
    """Walk two JSON values together."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            if key not in old or key not in new:
                yield f"{where}.{key}: only {'stored' if key in old else 'now'}"
            else:
                yield from _values(old[key], new[key], f"{where}.{key}")
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where}: {len(old)} entries stored, {len(new)} now"
        for place, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _values(one, other, f"{where}[{place}{_called(one)}]")
    elif isinstance(old, str) and isinstance(new, str):
        yield from _texts(old, new, where)
    elif _measured(old) and _measured(new) and float in (type(old), type(new)):
        allowed = max(RELATIVE * max(abs(old), abs(new)), ABSOLUTE)
        if not abs(old - new) <= allowed:
            yield (
                f"{where}: {old!r} stored, {new!r} now; they differ by {abs(old - new):.2g}, "
                f"more than {allowed:.2g} ({RELATIVE:g} of the value, at least {ABSOLUTE:g})"
            )
    elif type(old) is not type(new) or old != new:
        yield f"{where}: {old!r} stored, {new!r} now"


def _called(record: Any) -> str:
    names = [record[key] for key in _NAMES if key in record] if isinstance(record, Mapping) else []
    return f" {names[0]!r}" if names and isinstance(names[0], str) else ""


def _measured(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(old: str, new: str, where: str) -> Iterator[str]:
    """Words by letter, the numbers between them within one unit of their last printed digit."""
    if old == new or (_FINGERPRINT.fullmatch(old) and _FINGERPRINT.fullmatch(new)):
        return
    words, others = (_NUMBER.sub(lambda found: f"\0{found[1] or ''}", text) for text in (old, new))
    if words != others:
        start = next((i for i, (a, b) in enumerate(zip(words, others, strict=False)) if a != b), 0)
        one, other = (
            text[max(0, start - 40) : start + 40].replace("\0", "#") for text in (words, others)
        )
        yield f"{where}: {one!r} stored, {other!r} now (numbers as #)"
        return
    for was, is_now in zip(_NUMBER.finditer(old), _NUMBER.finditer(new), strict=True):
        allowed = _printed(was[0], is_now[0])
        if abs(_value(was[0]) - _value(is_now[0])) > allowed:
            around = old[max(0, was.start() - 50) : was.end() + 20]
            yield (
                f"{where}: {was[0]!r} stored, {is_now[0]!r} now, in {around!r}; "
                f"{f'more than {allowed:g} apart' if allowed else 'a count is equal or not'}"
            )


def _printed(one: str, other: str) -> Decimal:
    """How far two printed numbers may lie apart. Across 10 the finer of their units: 9.99 and 10.0."""
    exponents = [_value(text).as_tuple().exponent for text in (one, other)]
    rounded = any(set(text) & set(".e%") for text in (one, other))
    if not rounded:
        return Decimal(0)
    size = max(abs(_value(one)), abs(_value(other)))
    return max(Decimal(1).scaleb(min(int(e) for e in exponents)), Decimal(str(RELATIVE)) * size)


def _value(text: str) -> Decimal:
    return Decimal(text.rstrip("% \n\t\u00a0\u202f").replace(",", "").replace("−", "-"))


def _compare_outputs(cell: Any, test: Any, ref: Any, skip_compare: Any = None) -> bool:
    """Takes the place of nbval's comparison; what is told becomes the failure's message."""
    found = differences(cell.sanitize_outputs(ref), cell.sanitize_outputs(test))
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    cell.comparison_traceback = [*found[:SHOWN], *more]
    return not found


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Give every cell of a notebook beside or below this file its comparison."""
    for item in items:
        # By its name: pytest loads this file too where nbval is not installed.
        if type(item).__name__ == "IPyNbCell" and Path(__file__).parent in item.path.parents:
            item.compare_outputs = MethodType(_compare_outputs, item)
