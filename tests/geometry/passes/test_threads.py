"""While one thread is asked for every BLAS has one, and then as many as before."""

from __future__ import annotations

import sklearn.decomposition  # noqa: F401  (whatever it loads must be found as well)
from threadpoolctl import threadpool_info, threadpool_limits

from embedding_second_opinion.geometry.passes.threads import one_blas_thread


def threads() -> list[int]:
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def test_every_blas_has_one_thread_and_then_as_many_as_before() -> None:
    with threadpool_limits(2, user_api="blas"):
        assert threads()
        assert set(threads()) == {2}
        for _ in range(2):  # the second time the libraries are not looked for again
            with one_blas_thread():
                assert set(threads()) == {1}
                with one_blas_thread():
                    assert set(threads()) == {1}
                assert set(threads()) == {1}
            assert set(threads()) == {2}
