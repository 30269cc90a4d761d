"""The loss that was logged is told from the vectors; the two slips are named, and no loss as meant is."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue.training_curves.which_loss import which_loss
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.training_log import TrainingLog
from embedding_second_opinion.samples.planted_curves import LOSSES, logged_loss

NAMES = {
    "triplet": "triplet loss on distances",
    "triplet_over_active": "triplet loss on distances, mean over the active ones",
    "triplet_squared": "triplet loss on squared distances",
    "contrastive": "contrastive loss",
    "contrastive_single": "contrastive loss on single coordinates",
}


def looked_at(kind, seed, scale=None):
    made = logged_loss(kind, seed)
    log = made.log
    if scale is not None:
        log = TrainingLog(log.step, scale(dict(log.curves)), log.called)
    return which_loss(
        Geometry(EmbeddingSet.from_arrays(made.vectors, made.labels)), log, made.margin
    )


@pytest.mark.parametrize("kind", LOSSES)
def test_the_loss_is_recognised_and_slips_are_named(kind):
    found = [looked_at(kind, seed) for seed in range(6)]
    nearest = [f.fits[0].name if f.fits else "" for f in found]
    assert nearest.count(NAMES[kind]) >= 5
    named = [f.named.name for f in found if f.named is not None]
    if kind in ("triplet_squared", "contrastive_single"):
        assert named.count(NAMES[kind]) >= 5
    else:
        assert not named


def test_a_loss_of_mined_triplets_is_not_taken_for_a_slip():
    """Hard triplets have more loss and more of them are active: no candidate fits both."""
    for seed in range(3):
        for harder in (1.2, 1.5, 2.0, 4.0):
            found = looked_at(
                "triplet",
                seed,
                lambda c, h=harder: (
                    c | {"loss": h * c["loss"], "active_share": h * c["active_share"]}
                ),
            )
            assert found.named is None


def test_without_shares_beside_it_a_squared_loss_is_only_said_to_fit():
    for seed in range(3):
        found = looked_at("triplet_squared", seed, lambda c: {"loss": c["loss"]})
        assert found.fits
        assert found.named is None


def test_a_share_that_satisfies_the_margin_serves_as_well_as_the_active_one():
    def satisfied(curves):
        return {"loss": curves["loss"], "satisfaction": 1 - curves["active_share"]}

    for kind in ("triplet", "triplet_squared"):
        found = looked_at(kind, 0, satisfied)
        assert found.fits[0].name == NAMES[kind]


def test_what_cannot_be_compared_says_why():
    made = logged_loss("triplet", 0)
    data = EmbeddingSet.from_arrays(made.vectors, made.labels)
    empty = TrainingLog(np.arange(5.0), {"loss": np.zeros(5)})
    assert "no training loss above 0" in which_loss(Geometry(data), empty, 0.2)
    distances = np.linalg.norm(made.vectors[:, None] - made.vectors[None], axis=-1)
    apart = Geometry.from_distances(distances, made.labels)
    assert "distances only" in which_loss(apart, made.log, 0.2)


def test_train_rows_are_those_compared():
    made = logged_loss("triplet", 1)
    rng = np.random.default_rng(0)
    noise = made.vectors + 0.5 * rng.standard_normal(made.vectors.shape)
    data = EmbeddingSet.from_arrays(
        np.vstack([made.vectors, noise]),
        np.tile(made.labels, 2),
        split=np.repeat(["train", "test"], len(made.labels)),
    )
    alone = looked_at("triplet", 1)
    both = which_loss(Geometry(data), made.log, 0.2)
    assert both.about.startswith("train: 800 rows")
    assert [c.loss for c in both.candidates] == pytest.approx([c.loss for c in alone.candidates])
