"""No row is measured that was fitted or chosen on: by its number, and by its content."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.remedies.held_out import FOLDS, Roles, deal
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.geometry.geometry import Geometry


def made(seed=0, split=False, sizes=(3, 4, 5, 6, 7, 8, 9, 10, 11, 12)):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    vectors = rng.standard_normal((len(sizes), 5))[labels] + 0.4 * rng.standard_normal(
        (len(labels), 5)
    )
    part = np.where(rng.random(len(labels)) < 0.5, "train", "test") if split else None
    return vectors.astype(np.float32), labels, part


def opened(vectors, labels, part):
    data = EmbeddingSet.from_arrays(vectors, labels, split=part)
    return Geometry(
        arrange(data) if part is None else arrange(data, gallery_split="train", query_split="test")
    )


@pytest.mark.parametrize(
    ("fit", "choose", "test", "words"),
    [
        ([0, 1, 2], [2, 3], [4], "1 rows are fitted on and chosen on (first: row 2)"),
        ([0, 1], [2], [1, 3], "1 rows are fitted on and measured on (first: row 1)"),
        ([0], [1, 2, 3], [2, 3], "2 rows are chosen on and measured on (first: row 2)"),
    ],
)
def test_a_planted_leak_is_refused(fit, choose, test, words):
    with pytest.raises(ValueError, match="a remedy must not see what it is measured on") as error:
        Roles(*(np.array(rows) for rows in (fit, choose, test)))
    assert words in str(error.value)


@pytest.mark.parametrize("split", [False, True])
def test_a_planted_copy_is_not_measured(split):
    vectors, labels, part = made(1, split)
    clean = deal(opened(vectors, labels, part))
    assert clean.dropped == 0
    # Every row twice, to the bit: whatever is measured has its copy among those fitted or chosen on, or not.
    rng = np.random.default_rng(5)
    again = None if part is None else np.where(rng.random(len(part)) < 0.5, "train", "test")
    twice = opened(
        np.concatenate([vectors, vectors]),
        np.concatenate([labels, labels]),
        None if part is None else np.concatenate([part, again]),
    )
    dealt = deal(twice)
    assert dealt.dropped > 0
    rows = twice.evaluation.data.vectors
    for roles in dealt.deals:
        known = {rows[i].tobytes() for i in (*roles.fit, *roles.choose)}
        assert not any(rows[i].tobytes() in known for i in roles.test)


@pytest.mark.parametrize("seed", range(3))
def test_without_a_split_every_row_is_measured_once(seed):
    space = opened(*made(seed))
    dealt = deal(space)
    assert len(dealt.deals) == FOLDS
    measured = np.concatenate([roles.test for roles in dealt.deals])
    assert sorted(measured) == list(range(75))
    for roles in dealt.deals:
        assert sorted([*roles.fit, *roles.choose, *roles.test]) == list(range(75))
    assert "no split" in dealt.how


def test_halves_of_the_queries_choose_for_each_other():
    space = opened(*made(2, split=True))
    one, two = deal(space).deals
    assert np.array_equal(one.test, two.choose)
    assert np.array_equal(one.choose, two.test)
    assert np.array_equal(np.union1d(one.test, two.test), space.evaluation.queries)
    assert np.array_equal(one.fit, space.evaluation.enrolled)


def test_validation_rows_choose():
    vectors, labels, part = made(3, split=True)
    part = np.where(np.arange(len(part)) % 3 == 0, "val", part)
    (roles,) = deal(opened(vectors, labels, part)).deals
    assert set(part[roles.choose]) == {"val"}
    assert set(part[roles.test]) == {"test"}
    assert set(part[roles.fit]) == {"train"}


def test_the_order_of_rows_does_not_matter():
    vectors, labels, part = made(4, split=True)
    order = np.random.default_rng(0).permutation(len(labels))
    one = deal(opened(vectors, labels, part)).deals
    two = deal(opened(vectors[order], labels[order], part[order])).deals
    for a, b in zip(one, two, strict=True):
        assert set(a.test) == set(order[b.test])
