"""Who computes the blocks? Threads of this process, each with a single-threaded matrix product.

Blocks come back in order whatever finished first, so sums are the same to the bit for any number
of threads. Another worker (a GPU, a cluster) is another function with the signature of ``sweep``.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from .threads import one_blas_thread

T = TypeVar("T")

PATIENCE = 3.0  # seconds before a progress bar is worth a line


def workers() -> int:
    """Threads to use: NUMBA_NUM_THREADS where the user set it, else the cores we may run on."""
    asked = os.environ.get("NUMBA_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def sweep(
    work: Callable[[int, int], T], spans: list[tuple[int, int]], what: str
) -> Iterator[tuple[tuple[int, int], T]]:
    """Each span with its result, in order; few results wait at any time, so memory stays bounded."""
    threads = workers()
    waiting: deque[tuple[tuple[int, int], Future[T]]] = deque()
    bar: tqdm[None] | None = None
    with one_blas_thread(), ThreadPoolExecutor(threads) as pool:
        try:
            for span in [*spans, *[None] * (threads + 1)]:
                if span is not None:
                    waiting.append((span, pool.submit(work, *span)))
                if len(waiting) > threads or (span is None and waiting):
                    done, future = waiting.popleft()
                    yield done, future.result()
                    # Only now: the first block may compile for seconds, which is no rate to show.
                    bar = bar or tqdm(
                        total=spans[-1][1], desc=what, unit=" rows", delay=PATIENCE, leave=False
                    )
                    bar.update(done[1] - done[0])
        finally:
            for _, future in waiting:
                future.cancel()
            if bar is not None:
                bar.close()
