"""Projections keep distances, take any width, and have a name that fits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from embedding_second_opinion.catalogue.controls.contenders import (
    controls,
    plain_name,
    project,
    projected,
)
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.controls import Control
from embedding_second_opinion.samples.planted import planted


def rng():
    return np.random.default_rng(3)


@pytest.mark.parametrize("centred", [True, False])
def test_squared_distances_are_kept_on_average(centred):
    vectors = (np.random.default_rng(0).standard_normal((60, 3000)) + 5).astype(np.float32)
    found = project(vectors, 400, rng(), centred=centred)
    ratio = pairwise_distances(found) / np.where(
        np.eye(60, dtype=bool), 1, pairwise_distances(vectors)
    )
    # One scale for all, and a spread of about 1 / sqrt(2 k) (Johnson & Lindenstrauss).
    ratio = ratio[~np.eye(60, dtype=bool)]
    assert ratio.mean() == pytest.approx(1 / np.abs(vectors).max(), rel=0.03)
    assert ratio.std() / ratio.mean() == pytest.approx(1 / np.sqrt(800), rel=0.4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_no_scale_is_too_small_or_too_large(scale):
    vectors = np.random.default_rng(0).standard_normal((30, 8)).astype(np.float32)
    plain, scaled = (
        project(v.astype(np.float32), 4, rng(), centred=True)
        for v in (vectors, vectors * np.float32(scale))
    )
    assert np.isfinite(scaled).all()
    assert scaled == pytest.approx(plain, rel=1e-3, abs=1e-4)


def test_rows_in_another_order_are_the_same_rows():
    vectors = np.random.default_rng(0).standard_normal((200, 50)).astype(np.float32)
    order = np.random.default_rng(1).permutation(200)
    one, two = (project(v, 25, rng(), centred=True) for v in (vectors, vectors[order]))
    assert two == pytest.approx(one[order], abs=1e-6)


def test_half_of_the_dimensions_and_never_too_many():
    data = planted("healthy")
    space = Geometry(data)
    assert projected(space, ()).dimensions == 16
    names = np.array(data.classes)[data.codes]
    wide = EmbeddingSet.from_arrays(np.random.default_rng(0).standard_normal((data.n, 3000)), names)
    raw = projected(space, (Control("pixels", wide),))
    assert raw.dimensions == 1024
    assert raw.words == "a random projection of the raw input"
    assert projected(space, (Control("other", wide),)).dimensions == 16
    line = EmbeddingSet.from_arrays(data.vectors[:, :1], names)
    assert projected(Geometry(line), ()).dimensions == 1


def test_a_control_that_cannot_be_looked_up_says_why():
    data = planted("healthy")
    blank = np.array(data.vectors)
    blank[5] = 0
    names = np.array(data.classes)[data.codes]
    given = (Control("raw", EmbeddingSet.from_arrays(blank, names)),)
    found, refused = controls(Geometry(data, metric="cosine"), given)
    assert not found
    assert refused[0].startswith("the raw input was left out: vectors must not be zero")
    # The projection of a blank row is blank too: then the embedding is projected.
    shadow = projected(Geometry(data, metric="cosine"), given)
    assert shadow.words == "a random projection of the embedding"
    assert len(controls(Geometry(data), given)[0]) == 1


def test_names_can_end_an_estimate():
    assert plain_name("raw", []) == "raw"
    assert plain_name("Raw Input!", ["raw_input"]) == "raw_input_2"
    assert plain_name("random projection", []) == "random_projection_2"
    assert plain_name("|||", []) == "control"
