"""How is a user's metric called, and is what it gives a share?"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from embedding_second_opinion.data.embeddings import InputError

from .described import described
from .posed import Posed

Takes = Literal["embeddings", "distances", "gallery"]
Arrays = Literal["numpy", "torch"]
TAKES: tuple[str, ...] = get_args(Takes)
ARRAYS: tuple[str, ...] = get_args(Arrays)

Metric = Callable[..., object]


@dataclass(frozen=True)
class Caller:
    """A metric with the form of its arguments.

    takes: "embeddings": f(vectors, labels); "distances": f(distances, labels, k); "gallery":
    f(queries, query labels, gallery, gallery labels). arrays: of NumPy, or tensors of torch.
    """

    function: Metric
    takes: Takes
    arrays: Arrays
    k: int

    def __post_init__(self) -> None:
        if self.arrays == "torch":
            # Before random states are kept, so that its own is among them.
            importlib.import_module("torch")

    def __call__(self, posed: Posed, test: str) -> float:
        """The value, a share from 0 to 1, or nan. InputError where the metric breaks or gives no number."""
        arguments = self._arguments(posed)
        try:
            value = self.function(*arguments)
        except Exception as error:
            # Anything may come out of a user's function; the original error stays attached.
            # On one line, and no longer than a sentence may be.
            said, given = " ".join(str(error).split())[:200], ", ".join(map(described, arguments))
            raise InputError(
                f"the metric raised {type(error).__name__} ({said}) in the self-test '{test}', given {given}"
                ". takes= and arrays= say what it is given."
            ) from error
        return _as_share(value, test)

    def _arguments(self, posed: Posed) -> list[object]:
        if self.takes == "distances":
            return [self._array(posed.distances), self._array(posed.labels), self.k]
        given = [self._array(posed.vectors), self._array(posed.labels)]
        if posed.gallery is not None and posed.gallery_labels is not None:
            given += [self._array(posed.gallery), self._array(posed.gallery_labels)]
        return given

    def _array(self, array: NDArray[np.generic]) -> object:
        own = array.copy()  # a metric that fills the diagonal must not spoil the next call
        if self.arrays == "numpy":
            return own
        import torch

        return torch.from_numpy(own)


def _as_share(value: object, test: str) -> float:
    item = getattr(value, "item", None)
    if callable(item):
        with suppress(RuntimeError, ValueError):  # more than one number: refused below
            value = item()
    if not isinstance(value, int | float):
        raise InputError(
            f"the metric must give one number; in the self-test '{test}' it gave {described(value)}."
        )
    number = float(value)
    if not math.isnan(number) and not -1e-6 <= number <= 1 + 1e-6:
        percent = " Divide percents by 100." if 1 < number <= 100 else ""
        raise InputError(
            f"the metric must be a share from 0 to 1; in the self-test '{test}' it gave "
            f"{number:.6g}.{percent}"
        )
    return number
