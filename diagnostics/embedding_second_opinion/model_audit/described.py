"""What did the user give? In a few words, with its shape, for the sentence of an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def described(value: object) -> str:
    """What it is, with shapes: "a tuple of 2: (32, 128), (32, 10)"."""
    if hasattr(value, "shape"):
        return f"a {type(value).__name__} of shape {tuple(value.shape)}"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key!r} {_shape(part)}" for key, part in list(value.items())[:6])
        return f"a {type(value).__name__} of {len(value)}: {inner}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        inner = ", ".join(_shape(part) for part in value[:6])
        return f"a {type(value).__name__} of {len(value)}: {inner}"
    return f"a value of type {type(value).__name__}"


def _shape(part: object) -> str:
    return str(tuple(part.shape)) if hasattr(part, "shape") else type(part).__name__
