"""How does a count or a share stand in a sentence?"""

from __future__ import annotations

import re
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
    """A share as it stands in a sentence: "12.3 %"."""
    return f"{100 * share:.1f} %"


def visible(text: str) -> str:
    """Text as a terminal and a file can take it: what is no character is written as an escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
