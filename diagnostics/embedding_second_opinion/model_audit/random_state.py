"""Who else draws from the random numbers of the process? Nobody notices that we ran."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@contextmanager
def kept_random_state(generators: Sequence[torch.Generator] = ()) -> Iterator[None]:
    """Give back the states of Python, NumPy and torch, and of ``generators``, as they were.

    A training run goes on as if it had not been looked at: a loader that shuffles, an
    augmentation and a sampled metric all draw from states that the next epoch draws from too.
    """
    # The legacy state of NumPy: it is what users draw from.
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    own = [generator.get_state() for generator in generators]
    library = _torch()
    on_cpu = None if library is None else library.get_rng_state()
    on_gpu = library.cuda.get_rng_state_all() if library and library.cuda.is_initialized() else []
    has_mps = library is not None and library.backends.mps.is_available()
    on_mps = library.mps.get_rng_state() if library and has_mps else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        for generator, state in zip(generators, own, strict=True):
            generator.set_state(state)
        if library is not None and on_cpu is not None:
            library.set_rng_state(on_cpu)
            if on_gpu:
                library.cuda.set_rng_state_all(on_gpu)
            if on_mps is not None:
                library.mps.set_rng_state(on_mps)


def seed_everything(seed: int) -> None:
    """Let the global random numbers of Python, NumPy and torch start from ``seed``."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    library = _torch()
    if library is not None:
        library.manual_seed(seed)


def _torch() -> ModuleType | None:
    # Looked up, not imported: a metric of NumPy arrays need not wait two seconds for torch.
    return sys.modules.get("torch")
