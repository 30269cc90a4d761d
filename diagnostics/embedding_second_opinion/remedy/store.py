"""How is a fitted remedy kept in a file that cannot run code?

skops writes JSON and plain arrays into one archive and loads only types that are named; nothing is
unpickled.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import skops.io
from sklearn.base import BaseEstimator
from skops.io.exceptions import UntrustedTypesFoundException

from embedding_second_opinion.data.embeddings import InputError

OURS = [
    f"embedding_second_opinion.remedy.estimators.{name}"
    for name in ("WithinWhitening", "EditedNearest", "CslsNearest")
] + [
    f"embedding_second_opinion.remedy.nearest.{name}"
    for name in ("UncontradictedNearest", "RejectingNearest")
]


def save_remedy(remedy: BaseEstimator, path: str | Path) -> None:
    """Write a fitted remedy, whole or not at all. Raises InputError for a folder that is not there."""
    target = Path(path)
    if not target.parent.is_dir():
        raise InputError(
            f"{target.parent} is no folder. Make it, or name another for {target.name}."
        )
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(skops.io.dumps(remedy))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_remedy(path: str | Path) -> BaseEstimator:
    """Read one again: same predictions, to the bit. Raises InputError for a file that is none."""
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source} is no file. Name one that save_remedy wrote.")
    try:
        found = skops.io.load(source, trusted=OURS)
    except UntrustedTypesFoundException as error:
        raise InputError(
            f"{source} holds types that no remedy has, and is not loaded: {error}"
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError):
        raise InputError(f"{source} is no remedy. Name a file that save_remedy wrote.") from None
    if not isinstance(found, BaseEstimator):
        raise InputError(f"{source} holds a {type(found).__name__}, which is no remedy.")
    return found
