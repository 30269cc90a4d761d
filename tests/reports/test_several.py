"""Several values after one option, as the usage line writes them."""

from __future__ import annotations

import pytest

from embedding_second_opinion_reports.several import spelled_out


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("report x.npz --strangers a b", "report x.npz --strangers a --strangers b"),
        ("report --strangers a x.npz", "report --strangers a x.npz"),
        ("report --strangers a b --out d", "report --strangers a b --out d"),
        (
            "report x.npz --strangers=a b --out d",
            "report x.npz --strangers=a --strangers b --out d",
        ),
        (
            "report x.npz --query-split a b --seed 3 --strangers c d e",
            "report x.npz --query-split a --query-split b --seed 3 "
            "--strangers c --strangers d --strangers e",
        ),
        (
            "report --out d x.npz --strangers a --flatten",
            "report --out d x.npz --strangers a --flatten",
        ),
        (
            "report --flatten x.npz --strangers a b",
            "report --flatten x.npz --strangers a --strangers b",
        ),
        ("report x.npz --claimed 0.9 y", "report x.npz --claimed 0.9 y"),
        ("report x.npz --strangers a -- b", "report x.npz --strangers a -- b"),
        ("--help", "--help"),
    ],
)
def test_spelled_out(given, meant):
    assert spelled_out(given.split()) == meant.split()
