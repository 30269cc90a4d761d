"""Words stand in sentences as a reader expects them."""

from __future__ import annotations

from embedding_second_opinion.findings.wording import commonest


def test_the_three_most_frequent_are_told_and_of_equals_the_first():
    assert commonest(["ab", "ab", "c", "d", "e", "c", "d", "ab", "d"]) == "ab (3), d (3), c (2)"
    assert commonest([]) == ""
    assert commonest(["x"] * 1200) == "x (1,200)"
