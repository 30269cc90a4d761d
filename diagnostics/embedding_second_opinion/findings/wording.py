"""How does a count or a share stand in a sentence?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Control characters would break a line of a message; lone surrogates cannot be written as UTF-8.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def number(count: int | np.integer, word: str = "row") -> str:
    """A count as it stands in a sentence: "1 row", "4,500 rows", "2 classes", "3 queries"."""
    plural = word + ("es" if word.endswith("s") else "s")
    if word.endswith("y"):
        plural = word[:-1] + "ies"
    return f"{count:,} {word if count == 1 else plural}"


def percent(share: float) -> str:
    """A share as it stands in a sentence: "12.3 %"; a small one keeps two digits: "0.034 %"."""
    return f"{100 * share:.1f} %" if share >= 0.0005 or share == 0 else f"{100 * share:.2g} %"


def are(count: int) -> str:
    """The verb after a count: "1 row is", "2 rows are"."""
    return "is" if count == 1 else "are"


def have(count: int) -> str:
    """The verb after a count: "1 row has", "2 rows have"."""
    return "has" if count == 1 else "have"


def commonest(names: Iterable[str]) -> str:
    """The three most frequent, with their counts: "ant (5), bee (2)"; of equals the first met."""
    return ", ".join(f"{name} ({count:,})" for name, count in Counter(names).most_common(3))


def some(names: Sequence[str], most: int) -> str:
    """The first of these names, and how many more there are: "a, b and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def capital(text: str) -> str:
    """The text as the start of a sentence."""
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    """The start of a sentence as it stands within one."""
    return text[:1].lower() + text[1:]


def visible(text: str) -> str:
    """Text as a terminal and a file can take it: what is no character is written as an escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def one_line(text: str, longest: int = 300) -> str:
    """Text as one line of a terminal, what is longer cut off at a word."""
    line = visible(" ".join(text.split()))
    if len(line) <= longest:
        return line
    return line[: longest - 2].rpartition(" ")[0] + " …"
