"""Where may a report be written, and how does it appear there whole or not at all?"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from embedding_second_opinion.data.embeddings import InputError

PAGE, NOTEBOOK, OUTCOME = "report.html", "report.ipynb", "findings.json"
FILES = {PAGE, NOTEBOOK, OUTCOME}
_LONGEST_NAME = 200  # bytes


def check_out(out: str | Path) -> Path:
    """The folder's real place. Refuses one that this command did not make, and one it cannot."""
    if not str(out).strip():
        raise InputError("--out is empty. Name a folder.")
    try:
        folder = Path(out).resolve()
        known = folder.exists() or folder.is_symlink()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte, too long
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{str(out)[:200]!r} cannot be made ({reason}). Name another folder with --out."
        ) from None
    if known:
        if not ours(folder):
            raise InputError(
                f"{out} exists and was not made by this command. Name another folder with --out."
            )
        return folder
    # The sibling folder that is renamed has a longer name, and systems end at 255 bytes.
    long = [part for part in folder.parts if len(os.fsencode(part)) > _LONGEST_NAME]
    if long and not Path(*folder.parts[: folder.parts.index(long[-1]) + 1]).exists():
        raise InputError(
            f"--out must have names of at most {_LONGEST_NAME} bytes; {long[-1][:40]!r} has more."
        )
    parent = next(place for place in folder.parents if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"{out} cannot be made: {parent} is not a folder one may write to.")
    return folder


def ours(folder: Path) -> bool:
    """Only our three files, and a findings.json that we wrote."""
    if not folder.is_dir():
        return False
    # What reads the record loads all diagnostics: not before there is one to read.
    from .outcome import made_by_us

    return {path.name for path in folder.iterdir()} <= FILES and made_by_us(folder / OUTCOME)


def write_whole(folder: Path, files: Mapping[str, str]) -> None:
    """The files as text by name, in a sibling folder that is renamed when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    try:
        partial.chmod(0o777 & ~_umask())  # mkdtemp's folders are for nobody else
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
        replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace(partial: Path, folder: Path) -> None:
    """Put the new folder in the old one's place; the old one comes back where that fails."""
    if not folder.exists():
        partial.rename(folder)
        return
    if not ours(folder):  # looked at again: the run has taken a while
        raise InputError(f"{folder} was changed while the report was made, so it is not replaced.")
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old-", dir=folder.parent))
    folder.rename(aside / folder.name)
    try:
        partial.rename(folder)
    except OSError:
        (aside / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
