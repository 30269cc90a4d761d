"""Generated sets with one cause each: wrong labels, columns, hubs, families; flaws, or healthy."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.inputs.generated import Maker, Split, around, by_name, clouds, unit

HUB_DIMENSIONS = 96


def _mislabelled(rng: np.random.Generator, labels: Ints, share: float) -> Ints:
    """The labels, of which this share is another class's, any of them alike."""
    classes = int(labels.max()) + 1
    wrong = rng.random(len(labels)) < share
    other = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, other, labels)


def _wrong_labels(rng: np.random.Generator) -> Split:
    """80 classes of 20, moderately far apart; 8 % of the rows have the label of another class."""
    vectors, true = clouds(rng, 80, 20, 32, 0.8)
    return Split(unit(vectors), _mislabelled(rng, true, 0.08))


def _swapped_labels(rng: np.random.Generator) -> Split:
    """100 classes of 20, each of which is now and then, 8 %, given the label of one certain other."""
    vectors, true = clouds(rng, 100, 20, 32, 0.7)
    partner = (np.arange(100) + rng.integers(1, 100, 100)) % 100
    wrong = rng.random(2000) < 0.08
    return Split(unit(vectors), np.where(wrong, partner[true], true))


def _wrong_enrolled(rng: np.random.Generator) -> Split:
    """100 classes of 12 train and 8 test rows; 7 % of the train rows were enrolled under another name."""
    vectors, true = clouds(rng, 100, 20, 40, 0.75)
    split = np.tile(np.repeat(["train", "test"], [12, 8]), 100)
    labels = np.where(split == "train", _mislabelled(rng, true, 0.07), true)
    return Split(unit(vectors), labels, split)


def _healthy_few_wrong(rng: np.random.Generator) -> Split:
    """250 classes of 10; one label in 200 is wrong, as in any set made by people, and does no harm."""
    vectors, true = clouds(rng, 250, 10, 40, 0.65)
    return Split(unit(vectors), _mislabelled(rng, true, 0.005))


def _healthy_spectrum(rng: np.random.Generator) -> Split:
    """160 classes of 8, as a principal component analysis leaves them: the wide columns tell the classes
    apart, the narrow ones are mostly noise, and rightly say little."""
    centres = rng.standard_normal((160, 64)) * (1 + np.arange(64)) ** -0.5
    labels = np.repeat(np.arange(160), 8)
    return Split(around(rng, centres, labels, 0.22), labels)


def _unscaled_columns(rng: np.random.Generator) -> Split:
    """120 classes of 12 in 40 columns that tell them apart, beside 4 that do not, 2.5 times as wide."""
    telling, labels = clouds(rng, 120, 12, 40, 0.8)
    return Split(np.hstack([telling, 3.2 * rng.standard_normal((1440, 4))]), labels)


def _needs_cosine(rng: np.random.Generator) -> Split:
    """120 classes of 12 told apart by their directions; how long a vector is says nothing about its class."""
    vectors, labels = clouds(rng, 120, 12, 40, 0.8)
    return Split(unit(vectors) * np.exp(0.5 * rng.standard_normal((1440, 1))), labels)


def _blurred(rng: np.random.Generator, noise: float, left: float) -> tuple[Reals, Ints]:
    """Rows about the origin: 120 classes of 12, of which one row in a hundred is blurred. In many dimensions
    the middle of a cloud is nearer to its rows than most of them are to one another.

    noise: standard deviation of a row about its class in each dimension, in that of the classes.
    left: how much a blurred row keeps of what tells it from the middle.
    """
    vectors, labels = clouds(rng, 120, 12, HUB_DIMENSIONS, noise)
    vectors[rng.choice(1440, 14, replace=False)] *= left
    return vectors, labels


def _hubs(rng: np.random.Generator) -> Split:
    """Classes of six families; 14 blurred rows, of which little but the family is left, take a tenth of all
    queries. The families have middles of their own, so that no centring and no cosine mends it.
    """
    vectors, labels = _blurred(rng, 1.5, 0.3)
    families = np.sqrt(2) * rng.standard_normal((6, HUB_DIMENSIONS))
    return Split(unit(vectors + families[labels % 6]), labels)


def _healthy_hubs(rng: np.random.Generator) -> Split:
    """A cone of directions whose 14 blurred rows are hubs, a skewness of 8; classes are tight enough to come
    first, and next to nothing is lost.
    """
    vectors, labels = _blurred(rng, 0.8, 0.4)
    shared = unit(rng.standard_normal((1, HUB_DIMENSIONS)))
    return Split(unit(vectors + 38 * shared), labels)


def _look_alikes_to_come(rng: np.random.Generator) -> Split:
    """240 classes of 6, of which most have room enough; five times as many are to be enrolled. Of the 600
    families of look-alikes that classes come from, most have one member here, and several by then.
    """
    families = 1.1 * rng.standard_normal((600, 32))
    centres = families[rng.integers(0, 600, 240)] + 0.2 * rng.standard_normal((240, 32))
    labels = np.repeat(np.arange(240), 6)
    return Split(around(rng, centres, labels, 0.38), labels, expected_classes=1200)


def _healthy_to_come(rng: np.random.Generator) -> Split:
    """400 classes of 8 with room for many more, in 32 dimensions; three times as many are to be enrolled."""
    return Split(*clouds(rng, 400, 8, 32, 0.4), expected_classes=1200)


def _spent_triplets(rng: np.random.Generator) -> Split:
    """180 classes of 10 in families of three that look alike, as trained with random triplets.

    A random negative is of the family twice in 179 draws: next to all triplets are satisfied with the
    margin to spare, and one row in twelve is nearest to a row of another class of its family.
    """
    centres = np.repeat(rng.standard_normal((60, 32)), 3, axis=0)
    centres += 0.36 * rng.standard_normal(centres.shape)
    labels = np.repeat(np.arange(180), 10)
    return Split(unit(around(rng, centres, labels, 0.5)), labels, margin=0.2)


HEALTHY = by_name(_healthy_few_wrong, _healthy_spectrum, _healthy_hubs, _healthy_to_come)
_NAMES: dict[str, tuple[Maker, ...]] = {
    "label_noise": (_wrong_labels, _swapped_labels, _wrong_enrolled),
    "metric_choice": (_unscaled_columns, _needs_cosine),
    "hubness": (_hubs,),
    "gallery_growth": (_look_alikes_to_come,),
    "triplet_census": (_spent_triplets,),
}
FLAWS = by_name(*(make for makers in _NAMES.values() for make in makers))
NAMED_BY = {name: code for code, makers in _NAMES.items() for name in by_name(*makers)}
