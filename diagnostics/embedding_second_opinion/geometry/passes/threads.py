"""How is a matrix product kept to one thread? The last bit of it may depend on how many share it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import scipy.linalg  # noqa: F401  (brings a BLAS of its own, which must be there to be found)
from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[object]:
    """While it is open, BLAS works in one thread; then in as many as before."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    """Looked for once: reading which libraries the process has loaded takes as long as a small pass."""
    return ThreadpoolController()
