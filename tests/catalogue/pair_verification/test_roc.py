"""Figures of a ROC against scikit-learn, torchmetrics and a published curve."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import auc, balanced_accuracy_score, det_curve, precision_score, roc_curve
from torchmetrics.functional.classification import binary_eer, binary_sensitivity_at_specificity

from embedding_second_opinion.catalogue.pair_verification import roc


def drawn(seed, ties=False):
    """(distance, whether genuine) of 400 pairs, and their points, one bin a distance."""
    rng = np.random.default_rng(seed)
    same = rng.random(400) < 0.3
    apart = rng.normal(np.where(same, 1.0, 2.0), 0.6)
    apart = np.round(apart, 1) if ties else apart
    levels, place = np.unique(apart, return_inverse=True)
    counts = [np.bincount(place[kind], minlength=len(levels)) for kind in (same, ~same)]
    return apart, same, *roc.points(*counts)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ties", [False, True])
def test_points_and_area_are_those_of_scikit_learn(seed, ties):
    apart, same, far, tar = drawn(seed, ties)
    expected_far, expected_tar, _ = roc_curve(same, -apart, drop_intermediate=False)
    assert far == pytest.approx(expected_far, abs=1e-12)
    assert tar == pytest.approx(expected_tar, abs=1e-12)
    assert float(roc.area(far, tar)) == pytest.approx(auc(expected_far, expected_tar), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_equal_errors_and_tar_at_far(seed):
    apart, same, far, tar = drawn(seed)
    scores = torch.from_numpy(-apart).double()
    # torchmetrics takes the mean of both errors at the point where they are nearest.
    nearest = float(binary_eer(torch.sigmoid(scores), torch.from_numpy(same.astype(int))))
    assert float(roc.equal_error(far, tar)) == pytest.approx(
        nearest, abs=0.5 / min(same.sum(), 280) + 1e-3
    )
    fpr, fnr, _ = det_curve(same, -apart)
    crossing = np.flatnonzero(fpr <= fnr)  # in scikit-learn FPR falls along the curve
    assert fpr[crossing[0]] - 1e-12 <= float(roc.equal_error(far, tar)) <= fnr[crossing[0]] + 1e-12
    for level in (0.01, 0.05, 0.2):
        sensitivity, _ = binary_sensitivity_at_specificity(
            torch.sigmoid(scores), torch.from_numpy(same.astype(int)), min_specificity=1 - level
        )
        assert float(roc.tar_at(far, tar, level)) == pytest.approx(float(sensitivity), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_threshold_and_precision(seed):
    apart, same, far, tar = drawn(seed)
    at = int(roc.best(far, tar, np.arange(len(far))))
    every = [balanced_accuracy_score(same, apart <= cut) for cut in np.sort(apart)]
    assert roc.balanced(far, tar)[at] == pytest.approx(max(every), abs=1e-12)
    cut = np.sort(apart)[at - 1]
    expected = precision_score(same, apart <= cut)
    assert float(roc.precision(far[at], tar[at], same.mean())) == pytest.approx(expected, abs=1e-12)


def test_a_flat_top_is_cut_in_its_middle():
    genuine, impostor = np.zeros(100, dtype=int), np.zeros(100, dtype=int)
    genuine[[10, 20]], impostor[[60, 90]] = 5, 7
    far, tar = roc.points(genuine, impostor)
    edges = np.arange(101.0)
    assert int(roc.best(far, tar, edges)) == 41  # flat from 21, worse at 61
    assert int(roc.best(far, tar, edges**2)) == 45  # 441 and 3,721: at most 2,081
    assert float(roc.equal_error(far, tar)) == 0
    assert float(roc.tar_at(far, tar, 1e-3)) == 1


def test_several_curves_at_once_are_each_their_own():
    parts = [drawn(seed, ties=True) for seed in range(3)]
    n = max(len(p[2]) for p in parts)
    far = np.array([np.pad(p[2], (0, n - len(p[2])), constant_values=1.0) for p in parts])
    tar = np.array([np.pad(p[3], (0, n - len(p[3])), constant_values=1.0) for p in parts])
    for figure in (roc.area, roc.equal_error, lambda a, b: roc.tar_at(a, b, 0.03)):
        single = [float(figure(p[2], p[3])) for p in parts]
        assert figure(far, tar) == pytest.approx(single, abs=1e-12)


def test_a_kind_without_pairs_has_no_figure():
    far, tar = roc.points(np.array([[1, 2, 0]]), np.array([[0, 0, 0]]))
    assert np.isnan(far).all()
    assert np.isnan(roc.area(far, tar)).all()
    assert np.isnan(
        roc.precision(np.zeros(1), np.zeros(1), 0.5)
    ).all()  # nothing is called the same


def test_the_published_curve_of_the_faces(shared_data):
    (path,) = (shared_data / "lfw_dlib").glob("*.npz")
    with np.load(path, allow_pickle=False) as arrays:
        tar, far = arrays["published_roc_tpr_fpr"].astype(np.float64).T
    assert roc.balanced(far, tar).max() == pytest.approx(0.99383, abs=5e-6)
    assert float(roc.area(far, tar)) == pytest.approx(0.99905, abs=5e-6)
    assert float(roc.equal_error(far, tar)) == pytest.approx(0.0070, abs=5e-5)
    assert float(roc.tar_at(far, tar, 1e-3)) == pytest.approx(0.9603, abs=5e-5)
