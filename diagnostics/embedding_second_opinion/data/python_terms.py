"""How does a refusal read to one who calls from Python? Options by their keywords, not their dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .faults import InputError

_SAID_TWICE = re.compile(r"(?:on_invalid='drop'|flatten=True) \(--(drop-invalid|flatten)\)")
_OPTION = re.compile(
    r"(?<![\w-])(with )?--([a-z]+(?:-[a-z]+)*)(?: ([A-Z]{2,}|euclidean|cosine)\b)?"
)


def python_terms(sentence: str) -> str:
    """``--gallery-split`` becomes ``gallery_split``, ``with --split`` ``with split=``, and
    ``--metric cosine`` ``metric='cosine'``."""
    return _OPTION.sub(_keyword, _SAID_TWICE.sub(r"--\1 TRUE", sentence))


@contextmanager
def in_python_terms() -> Iterator[None]:
    """An InputError raised inside speaks of keywords, and leaves out what lies between; also a decorator."""
    try:
        yield
    except InputError as error:
        raise InputError(error.text, python_terms(error.text)) from None


def _keyword(found: re.Match[str]) -> str:
    before, name, value = found[1] or "", found[2].replace("-", "_"), found[3] or ""
    shown = "True" if value == "TRUE" else repr(value) if value.islower() else value
    return f"{before}{name}={shown}" if before or value else name
