"""How does a sentence with a name from the data stand in Markdown without becoming a part of it?

A class may be called ``<img src=x onerror=...>``, a file ``![x](http://...)``. JupyterLab reads Markdown,
HTML within it, addresses, and TeX between dollar signs. Ordinary names and sentences stay as they are: only
what could mean something where it stands is escaped.
"""

from __future__ import annotations

import re
from html import escape

from .wording import visible

_SPACES = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_MARKS = re.compile(
    "|".join(
        (
            r"[$\\`*~|#]",
            r"&(?=[#\w])",  # &amp; and &#38;, but not "Efron & Tibshirani"
            r"<(?! |= )",  # a tag or an address; "< 0.001" is neither
            r"(?<![^\W_])_|_(?![^\W_])",  # within a word an underscore is a letter
            r"\](?=[(\[]|$)",  # a link; "[98.1, 99.4]" is none
            r":(?=//)|(?<=www)\.",  # an address
            r"@(?=[\w-]+\.\w)",  # an address of mail; "recall@5" is none
            r"^[-+=](?= |[-= ]*$)|^[>:\[]",  # a list, a rule, a quotation, where links lead
        )
    ),
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(https?|www)(://|\.)", re.IGNORECASE)  # parted by a joiner that nobody sees
_NUMBERED = re.compile(r"^([0-9]+)([.)])(?= |$)")
_CODE = re.compile(r"\w[\w .,:%+/-]*")

# MathJax reads what the browser shows, when all escapes are undone, but not across elements: in one of
# its own a dollar sign or a backslash begins nothing. By number, for JupyterLab searches the source too.
_ALONE = {mark: f"<span>&#{ord(mark)};</span>" for mark in "$\\"}
# A backslash would break the pattern that JupyterLab keeps its own places by ("@@0@@") out of what it
# sees first and not out of what it sees last; a number is one in both.
_BY_NUMBER = {mark: f"&#{ord(mark)};" for mark in "@`"}
_ESCAPES = {**_ALONE, **_BY_NUMBER, "&": "&amp;", "<": "&lt;"}


def inert(text: str) -> str:
    """Plain text as Markdown that shows this text, in one line, and does nothing else."""
    line = visible(_SPACES.sub(" ", text).strip())
    marked = _MARKS.sub(lambda found: _ESCAPES.get(found[0], f"\\{found[0]}"), line)
    return _NUMBERED.sub(r"\1\\\2", marked)


def inert_plain(text: str) -> str:
    """Plain text in which JupyterLab finds no address to make a link of; it reads the same."""
    return _ADDRESS.sub(lambda found: found[1] + "\u2060" + found[2], text)


def inert_html(text: str) -> str:
    """Plain text as HTML in which nothing is an element, and nothing TeX to a notebook's viewer."""
    line = escape(visible(_SPACES.sub(" ", text).strip()))
    return "".join(_ALONE.get(letter, letter) for letter in line)


def code(name: str) -> str:
    """The name of a number as code; one that could be more than a name as text."""
    return f"`{name}`" if _CODE.fullmatch(name) else inert(name)


def without_spans(markdown: str) -> str:
    """The same for a reader that knows neither TeX nor HTML in Markdown."""
    for mark, span in _ALONE.items():
        markdown = markdown.replace(span, f"&#{ord(mark)};")
    return markdown
