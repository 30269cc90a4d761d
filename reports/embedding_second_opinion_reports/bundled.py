"""Where are the notebooks that come with the package?"""

from __future__ import annotations

from pathlib import Path

from embedding_second_opinion.data.faults import InputError

# In a wheel they lie inside the package, in a clone beside it.
_PLACES = (Path(__file__).parent / "_notebooks", Path(__file__).parents[2] / "notebooks")


def notebook_path(name: str) -> Path:
    """The notebook of that name, with or without ``.ipynb``; InputError lists all names."""
    known = notebook_names()
    wanted = name.removesuffix(".ipynb")
    if wanted not in known:
        names = ", ".join(known) or "none (the installation is incomplete: install it again)"
        raise InputError(f"there is no notebook {name!r}. The notebooks are: {names}.")
    return _folder() / f"{wanted}.ipynb"


def notebook_names() -> list[str]:
    """Names of all bundled notebooks, those in folders as ``folder/name``."""
    folder = _folder()
    paths = sorted(folder.rglob("*.ipynb"))
    return [
        path.relative_to(folder).with_suffix("").as_posix()
        for path in paths
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _folder() -> Path:
    return next((place for place in _PLACES if place.is_dir()), _PLACES[-1])
