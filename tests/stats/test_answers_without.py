"""Delete-one values against really deleting each class and looking everything up anew."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import NEIGHBORS, Geometry
from embedding_second_opinion.geometry.passes.shortened import gains
from embedding_second_opinion.samples import sample
from embedding_second_opinion.stats.answers_without import list_width, without_each
from embedding_second_opinion.stats.ranked_answers import COUNTS, first_match, per_query
from tests.brute_force import without_class


def uneven(seed, rows=300, classes=16, ties=False):
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, classes, rows))
    vectors = rng.standard_normal((classes, 4))[labels] + 0.9 * rng.standard_normal((rows, 4))
    vectors = np.round(2 * vectors) if ties else vectors
    return vectors.astype(np.float32), labels


def anew(data, c):
    vectors, labels = without_class(data.vectors, data.codes, c)
    split = None if data.split is None else data.split[data.codes != c]
    return Geometry(EmbeddingSet.from_arrays(vectors, labels, split=split)).ranks


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("with_gallery", [False, True])
def test_equal_to_deleting(ties, with_gallery):
    vectors, labels = uneven(1, ties=ties)
    split = np.where(np.arange(300) % 3 == 0, "test", "train") if with_gallery else None
    data = EmbeddingSet.from_arrays(vectors, labels, split=split)
    space = Geometry(data)
    found = without_each(space)
    assert found.exact == 1
    for at, c in enumerate(space.ranks.class_ids.tolist()):
        ranks = anew(data, c)
        for name, values in per_query(ranks).items():
            assert found.numbers[name][at] == pytest.approx(values.mean(), abs=1e-12), name
        first = first_match(ranks)
        matched = [(first <= r).mean() for r in range(1, 51)]
        # A list of 50 shows 20 answers even without the largest class, and may show more.
        np.testing.assert_allclose(found.matched[at, :20], matched[:20], atol=1e-12)
        assert (found.matched[at] <= np.array(matched) + 1e-12).all()


def test_lists_too_short_for_r_say_so_and_still_match_on_the_page():
    """Digits: R is about 178, fifty rows are kept. What is judged is exact; R-precision is not."""
    data = sample("digits")
    space = Geometry(data)
    found = without_each(space)
    assert found.width == NEIGHBORS
    assert found.exact < 0.5
    for c in range(10):
        ranks = anew(data, c)
        values = per_query(ranks)
        for name in ("recall_at_1", "recall_at_5", "recall_at_10"):
            assert found.numbers[name][c] == pytest.approx(values[name].mean(), abs=1e-12), name
        # What lies beyond a list can only add.
        for name in ("r_precision", "map_at_r", "fractional_recall_at_10"):
            assert found.numbers[name][c] <= values[name].mean() + 1e-12, name


@pytest.mark.parametrize(
    ("size", "width"), [(10, 50), (26, 50), (60, 118), (140, 200), (170, NEIGHBORS)]
)
def test_lists_are_as_long_as_is_worth_it(size, width):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), size)
    data = EmbeddingSet.from_arrays(rng.standard_normal((4 * size, 3)), labels)
    assert list_width(Geometry(data).ranks) == min(width, 4 * size)


def one(near, distances, positives, first, cut_short, cut=2, ranks=6):
    return gains(
        np.array([0]),
        np.array([positives]),
        np.array([first]),
        np.array([near]),
        np.array([distances], dtype=float),
        np.array([cut_short]),
        3,
        ranks,
        cut,
    )


def test_one_answer_by_hand():
    """Answers 1 2 1 0 2 0, P = 2: without class 1 the first match is second, without 2 third."""
    found = one([1, 2, 1, 0, 2, 0], [1, 2, 3, 4, 5, 6], 2, 4, False)
    assert found.first[1].tolist() == [0, 1, 1, 0, 0, 0]
    assert found.first[2].tolist() == [0, 0, 1, 0, 0, 0]
    assert found.found.tolist() == [0, 0.5, 0]  # one of two positives is now within two
    assert found.at_r.tolist() == [0, 0.5, 0]
    assert found.score_at_r.tolist() == [0, 0.25, 0]  # half of precision 1/2
    assert found.exact.tolist() == [True]


def test_rows_that_may_tie_beyond_the_end_are_not_trusted():
    """The last two rows are as far as each other, and perhaps as a third that is not listed."""
    whole = one([1, 0, 1], [1, 2, 2], 1, 3, False, cut=1)
    assert whole.first[1].tolist() == [1, 1, 0, 0, 0, 0]
    cut = one([1, 0, 1], [1, 2, 2], 1, 3, True, cut=1)
    assert cut.first[1].tolist() == [0, 1, 0, 0, 0, 0]  # only the first row of class 1 is sure
    assert cut.exact.tolist() == [False]
    equal = one([1, 0, 1], [2, 2, 2], 1, 3, True, cut=1)
    assert equal.first.sum() == 0


def test_every_number_has_its_delete_one_values():
    vectors, labels = uneven(2)
    space = Geometry(EmbeddingSet.from_arrays(vectors, labels))
    found = without_each(space)
    assert set(found.numbers) == set(COUNTS)
    for values in found.numbers.values():
        assert values.shape == (space.ranks.classes,)
        assert ((values >= 0) & (values <= 1)).all()
