"""Which file is it? Found, opened and read by its format, or refused in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from embedding_second_opinion.findings.wording import some

from .archives import Entries, read_npy, read_npz, read_pt, read_safetensors
from .embeddings import InputError
from .tables import read_csv, read_parquet, read_text

_ARCHIVES = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".safetensors": read_safetensors,
    ".pt": read_pt,
    ".pth": read_pt,
}
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")


@dataclass(frozen=True)
class Source:
    """An opened file: its entries, and what one of them is called in its format."""

    path: Path
    entries: Entries
    word: str

    def lacks(self, option: str, name: str) -> str:
        """The sentence for a name that is not there."""
        listed = self.listed(name)
        return f"{self.path} has no {self.word} {name!r}; it has {listed}. Name one with {option}."

    def listed(self, nearest: str = "", among: Sequence[str] = ()) -> str:
        """The entries with their shapes, those with a similar name first."""
        near = difflib.get_close_matches(nearest, self.entries, n=3, cutoff=0.4)
        names = [*near, *(name for name in among or self.entries if name not in near)]
        return some([f"{name!r} ({_shape(self.entries[name].shape)})" for name in names], 12)


def regular(path: str | Path) -> tuple[Path, int]:
    """The file and how many bytes it has. Raises InputError where it is none, or cannot be opened."""
    file = Path(path)
    try:
        mode, size = file.stat().st_mode, file.stat().st_size
        if S_ISREG(mode):
            file.open("rb").close()
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"there is no file {path}.{_similar(file)} Check the path.") from None
    except PermissionError:
        raise InputError(f"{path} may not be read by this user. Change its permissions.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{str(path)[:200]!r} cannot be opened ({reason}). Check the path."
        ) from None
    if S_ISDIR(mode):
        raise InputError(f"{path} is a folder. Name the file in it that is meant.")
    if not S_ISREG(mode):
        raise InputError(f"{path} is no regular file. Copy what it gives into a file first.")
    return file, size


def open_source(path: str | Path, named: Sequence[str] | None) -> Source:
    """Check that there is a file, and read what it holds. named: None for a file of labels."""
    file, size = regular(path)
    suffix = file.suffix.lower()
    if suffix in _PICKLES:
        raise InputError(
            f"{path} is a pickle, which can run any code, so nothing is ever unpickled. Open it "
            "where you trust it, and save np.savez('FILE.npz', embeddings=X, labels=y)."
        )
    if not size:
        raise InputError(f"{path} is empty: 0 bytes. Save or copy it again.")
    if suffix in _ARCHIVES:
        return Source(file, _ARCHIVES[suffix](file), "key")
    if suffix == ".parquet":
        return Source(file, read_parquet(file), "column")
    if suffix in (".csv", ".tsv"):
        return Source(file, read_csv(file, named), "column")
    if suffix == ".txt" and named is None:
        return Source(file, read_text(file), "file")
    known = ", ".join([*_ARCHIVES, ".parquet", ".csv", ".tsv"])
    raise InputError(
        f"{path} has the extension {suffix or 'of no format'!r}; only {known} are read, and .txt "
        "for labels. Save it in one of these."
    )


def is_file(name: str) -> bool:
    """Whether there is a file of this name; no name is an error here."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # too long, or with a null byte
        return False


def _similar(file: Path) -> str:
    try:
        siblings = [path.name for path in file.parent.iterdir()]
    except OSError:
        return f" Its folder {file.parent} does not exist either."
    near = difflib.get_close_matches(file.name, siblings, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one value"
