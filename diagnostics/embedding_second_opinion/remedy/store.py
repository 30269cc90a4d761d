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
    """Write a fitted remedy into a file that cannot run code, whole or not at all.

    Parameters
    ----------
    remedy : sklearn.base.BaseEstimator
        Fitted, by ``so.fit_remedy``.
    path : str or Path
        The file; what stands there is replaced.

    Raises
    ------
    InputError
        For a folder that is not there.

    Examples
    --------
    See ``load_remedy``, which reads what this wrote:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import embedding_second_opinion as so
    >>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    >>> file = Path(tempfile.mkdtemp()) / "centroid.skops"
    >>> so.save_remedy(so.fit_remedy(data, "centroid"), file)
    >>> file.exists()
    True
    """
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
    """Read a remedy again: same predictions, to the bit. Nothing is unpickled.

    Parameters
    ----------
    path : str or Path
        A file that ``so.save_remedy`` wrote.

    Returns
    -------
    sklearn.base.BaseEstimator
        As it was saved.

    Raises
    ------
    InputError
        For a file that is none, or holds a type that no remedy has.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import embedding_second_opinion as so
    >>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    >>> file = Path(tempfile.mkdtemp()) / "centroid.skops"
    >>> so.save_remedy(so.fit_remedy(data, "centroid"), file)
    >>> so.load_remedy(file).predict([[8.0, 8.0]]).tolist()
    ['b']
    """
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
