"""How does a refusal read to one who calls from Python? Options by their keywords, not their dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .embeddings import InputError

_FLAGS = ("drop-invalid", "flatten", "approximate")
_SAID_TWICE = re.compile(r"(?:on_invalid='drop'|flatten=True) \((--(?:drop-invalid|flatten))\)")
_OPTION = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)(?: ([A-Z]{2,}|euclidean|cosine)\b)?")


def python_terms(sentence: str) -> str:
    """``--gallery-split`` becomes ``gallery_split=``, ``--metric cosine`` becomes ``metric='cosine'``."""
    return _OPTION.sub(_keyword, _SAID_TWICE.sub(r"\1", sentence))


@contextmanager
def in_python_terms() -> Iterator[None]:
    """An InputError raised inside speaks of keywords, and leaves out what lies between."""
    try:
        yield
    except InputError as error:
        raise InputError(python_terms(str(error))) from None


def _keyword(found: re.Match[str]) -> str:
    option, value = found[1], found[2] or ""
    if option in _FLAGS:
        value = "True" + (f" {value}" if value else "")
    elif value.islower():
        value = f"'{value}'"
    return f"{option.replace('-', '_')}={value}"
