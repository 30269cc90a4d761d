"""A line of estimates has a band only where each of them has bounds."""

from __future__ import annotations

from embedding_second_opinion.findings.charts import Series
from embedding_second_opinion.findings.finding import Estimate


def test_a_line_of_estimates_brings_its_band():
    bounded = [Estimate(value=0.5, low=0.4, high=0.6), Estimate(value=0.7, low=0.6, high=0.9)]
    line = Series.along("share", (1, 2), bounded)
    assert (line.x, line.y) == ((1, 2), (0.5, 0.7))
    assert (line.low, line.high) == ((0.4, 0.6), (0.6, 0.9))
    for found in ([*bounded[:1], Estimate(value=0.7)], []):
        line = Series.along("share", range(len(found)), found)
        assert (line.low, line.high) == ((), ())
