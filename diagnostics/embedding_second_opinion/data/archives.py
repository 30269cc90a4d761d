"""What does a file of arrays hold? .npz, .npy, .safetensors and .pt, and nothing ever unpickled."""

from __future__ import annotations

import io
import lzma
import math
import pickle
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

import numpy as np
import psutil
from numpy.typing import ArrayLike, NDArray

from .embeddings import InputError

if TYPE_CHECKING:
    from torch import Tensor

# What the readers of damaged files raise; each format below names no others.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,  # NumPy's reader of headers
    SyntaxError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)
_LONGEST_HEADER = 64 * 2**10  # bytes
_SAVE = "Save them as np.savez('FILE.npz', embeddings=X, labels=y)."


@dataclass(frozen=True)
class Entry:
    """One array of a file, not read yet.

    kind: NumPy's letter of the type: "f", "i", "u", "b" are numbers, "U" text, "O" Python objects.
    """

    shape: tuple[int, ...]
    kind: str
    read: Callable[[], ArrayLike]

    @classmethod
    def of(cls, array: NDArray[np.generic]) -> Entry:
        """One that is read already."""
        return cls(array.shape, array.dtype.kind, lambda: array)

    @property
    def numeric(self) -> bool:
        """Whether these are real numbers."""
        return self.kind in ("f", "i", "u", "b")


Entries = dict[str, Entry]


def available_memory() -> int:
    """Bytes that an array may take, with what the file cache gives back: nearly all, after a download."""
    return int(psutil.virtual_memory().available)


def refuse_too_large(what: str, size: int) -> None:
    """Raises InputError where ``size`` bytes cannot be held as read and once more as float32."""
    free = available_memory()
    if 2 * size > free:
        raise InputError(
            f"{what} unpacks to {size / 2**30:,.1f} GiB, more than half of the {free / 2**30:,.1f} "
            "GiB of memory that is free. If that is meant, save a sample of the rows."
        )


@contextmanager
def damaged(what: str, kinds: tuple[type[Exception], ...] = _DAMAGE) -> Iterator[None]:
    """One sentence for the exceptions that a reader raises on a damaged file."""
    try:
        yield
    except InputError:
        raise
    except kinds as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{what} is damaged or cut short ({reason[:120]}). Copy or save it again."
        ) from None
    except (MemoryError, RecursionError):
        raise InputError(
            f"{what} does not fit in memory. Save fewer rows, or copy it again."
        ) from None


def read_npy(path: Path) -> Entries:
    """The array of a .npy file, under the file's stem."""
    if path.open("rb").read(6) != b"\x93NUMPY":
        raise InputError(f"{path} is named .npy but holds no NumPy array. {_SAVE}")
    return {path.stem: _npy_entry(str(path), lambda: path.open("rb"), path.stat().st_size)}


def read_npz(path: Path) -> Entries:
    """The arrays of a .npz file by key; members that are no .npy are passed over."""
    entries: Entries = {}
    for info in _zip_members(path, f"{path} is named .npz but is no zip archive. {_SAVE}"):
        key = info.filename.removesuffix(".npy")
        if key != info.filename and key in entries:
            raise InputError(f"{path} holds the key {key!r} twice. Save it again.")
        if key != info.filename:
            member = partial(_zip_member, path, info)
            entries[key] = _npy_entry(f"'{key}' of {path}", member, info.file_size)
    if not entries:
        raise InputError(f"{path} is a zip archive without any NumPy array. {_SAVE}")
    return entries


def read_safetensors(path: Path) -> Entries:
    """The tensors of a .safetensors file by key. Nothing is compressed, so nothing can explode."""
    from safetensors import SafetensorError, safe_open

    kinds = {"F": "f", "B": "f", "I": "i", "U": "u"}  # B: BF16 and BOOL, numbers both

    def read(key: str, size: int) -> ArrayLike:
        refuse_too_large(f"'{key}' of {path}", size)
        with damaged(str(path), (SafetensorError, OSError)), safe_open(path, "pt") as tensors:
            tensor: ArrayLike = tensors.get_tensor(key)
            return tensor

    entries: Entries = {}
    with damaged(str(path), (SafetensorError, OSError)), safe_open(path, "pt") as tensors:
        for key in tensors.keys():  # noqa: SIM118 (it is no mapping)
            part = tensors.get_slice(key)
            shape, dtype = tuple(part.get_shape()), part.get_dtype()
            bits = re.search("[0-9]+", dtype)
            size = math.prod(shape) * int(bits[0] if bits else 8) // 8
            entries[key] = Entry(shape, kinds.get(dtype[0], "O"), partial(read, key, size))
    if not entries:
        raise InputError(f"{path} holds no tensor.")
    return entries


def read_pt(path: Path) -> Entries:
    """The tensors and lists of a file of torch.save: one tensor, or a dict of them."""
    import torch

    way_out = "Save tensors: torch.save({'embeddings': X, 'labels': y}, FILE)."
    foreign = f"{path} is no whole file of torch.save (PyTorch 1.6 or later)"
    members = _zip_members(path, f"{foreign}, and nothing is ever unpickled. {way_out}")
    refuse_too_large(str(path), sum(info.file_size for info in members))
    try:
        with damaged(str(path), (*_DAMAGE, RuntimeError, LookupError, AttributeError, TypeError)):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise InputError(
            f"{path} holds other Python objects than tensors, and nothing is ever unpickled. {way_out}"
        ) from None
    if isinstance(content, torch.Tensor):
        content = {path.stem: content}
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, no tensor or dict. {way_out}")
    entries: Entries = {}
    for key, value in content.items():
        if isinstance(value, torch.Tensor):
            entries[str(key)] = _tensor_entry(f"'{key}' of {path}", value)
        elif isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
            entries[str(key)] = Entry((len(value),), "U", partial(list, value))
    if not entries:
        raise InputError(f"{path} holds a dict without tensors. {way_out}")
    return entries


def _tensor_entry(what: str, tensor: Tensor) -> Entry:
    if tensor.is_nested:  # it has no shape to ask for

        def refuse() -> NoReturn:
            raise InputError(f"{what} is a nested tensor. Pad it first: .to_padded_tensor(0).")

        return Entry((tensor.size(0),), "O", refuse)

    def read() -> ArrayLike:
        # A stored stride of 0 makes terabytes of one number.
        refuse_too_large(what, tensor.numel() * tensor.element_size())
        return tensor

    name = str(tensor.dtype).removeprefix("torch.")
    kinds = {"complex": "c", "int": "i", "uint": "u", "bool": "b"}
    return Entry(tuple(tensor.shape), kinds.get(name.rstrip("0123456789"), "f"), read)


def _zip_members(path: Path, otherwise: str) -> list[zipfile.ZipInfo]:
    """The table of contents, or an InputError with ``otherwise`` for what is no zip archive."""
    with damaged(str(path)):
        if path.open("rb").read(2) == b"PK" and not zipfile.is_zipfile(path):
            raise zipfile.BadZipFile("the table of contents at its end is missing")
        if not zipfile.is_zipfile(path):
            raise InputError(otherwise)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    if any(info.flag_bits & 1 for info in members):
        raise InputError(f"{path} is encrypted with a password. Save it again without one.")
    return members


@contextmanager
def _zip_member(path: Path, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive, archive.open(info) as stream:
        yield stream


def _npy_entry(
    what: str, opened: Callable[[], AbstractContextManager[IO[bytes]]], size: int
) -> Entry:
    """The entry of an array of ``size`` bytes with its header. Checked before memory is taken."""
    fmt = np.lib.format
    with damaged(what), opened() as stream:
        version = fmt.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = fmt.read_array_header_1_0(stream)
        elif version == (2, 0):
            # NumPy would read the whole header, up to 4 GiB, before it looks at its length.
            prefix = stream.read(4)
            length = int.from_bytes(prefix, "little")
            if length > _LONGEST_HEADER:
                raise ValueError(f"a header of {length:,} bytes")
            header = io.BytesIO(prefix + stream.read(length))
            shape, _, dtype = fmt.read_array_header_2_0(header)
        elif version == (3, 0):  # written for named fields only
            shape, dtype = (), np.dtype(np.void)
        else:
            raise ValueError(f"format version {version}")
        body = size - stream.tell()
    # Text of no letters takes no bytes, but a billion of them take memory all the same.
    needed = math.prod(shape) * max(dtype.itemsize, 1)
    if dtype.kind not in "OV" and (needed > body or min(shape, default=0) < 0):
        raise InputError(
            f"{what} is damaged or cut short (its header promises {needed:,} bytes, "
            f"{max(body, 0):,} are there). Copy or save it again."
        )

    def read() -> NDArray[np.generic]:
        if dtype.kind in "OV":
            raise InputError(
                f"{what} is an array of Python objects or named fields, and nothing is ever "
                "unpickled. Save numbers, or text as y.astype(str)."
            )
        refuse_too_large(what, needed)
        with damaged(what), opened() as stream:
            array: NDArray[np.generic] = fmt.read_array(stream, allow_pickle=False)
        return array

    return Entry(shape, dtype.kind, read)
