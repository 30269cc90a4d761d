"""How was ``sample:glyphs`` made? ``python -m embedding_second_opinion.training.make_glyphs`` makes it again.

Characters are the identities and faces are the conditions they are seen under. A fifth of the
characters is never trained on; half of the faces is never trained on. What is kept is what such
a network would be used on: the training faces as the gallery, the other faces as the queries.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from embedding_second_opinion.data.arrays import Ints

from .glyph_images import FAMILIES, characters, label, render
from .triplet_network import ITERATIONS, embed, one_thread, train, validation_triplet_accuracy

SEED = 0
UNKNOWN = 0.2  # share of the characters that training never sees
TRAINING_RENDERS = 4  # of each known character in each training face, jittered anew


@dataclass(frozen=True)
class GlyphRun:
    """One run: every character of a part of the split, once in each face of that part.

    embeddings: (n, 32) float16, unit vectors up to rounding.
    labels: (n,) the character and its code point, ``'A U+0041'``.
    split: (n,) "train" (known characters, faces of training), "test" (known characters, the
        other faces) or "unknown" (the other characters, every face).
    groups: (n,) the face, as matplotlib names its file.
    validation_triplet_accuracy: as a validation loop samples it over the test rows, 0 to 1.
    render_seed: draws the pictures again, in the order of the rows.
    """

    embeddings: NDArray[np.float16]
    labels: NDArray[np.str_]
    split: NDArray[np.str_]
    groups: NDArray[np.str_]
    validation_triplet_accuracy: float
    render_seed: int


def make_glyphs(seed: int = SEED, *, on_iteration: Callable[[], object] = lambda: None) -> GlyphRun:
    """Render, train and embed: about a minute on one core.

    The same for the same seed and the same versions of torch, Pillow, matplotlib and NumPy.
    """
    rng = np.random.default_rng(seed)
    everyone = rng.permutation(np.array(characters()))
    known, unknown = np.split(everyone, [round(len(everyone) * (1 - UNKNOWN))])
    # Two faces of every family on either side, so that no side lacks the serifs or the slant.
    drawn_lots = np.array([rng.permutation(np.array(family)) for family in FAMILIES])
    trained, other = drawn_lots[:, :2].ravel(), drawn_lots[:, 2:].ravel()
    render_seed, further_seed = (int(s) for s in rng.integers(2**31, size=2))

    everyface = np.concatenate(FAMILIES)
    parts = {"train": (known, trained), "test": (known, other), "unknown": (unknown, everyface)}
    drawn = np.concatenate([np.repeat(np.sort(c), len(f)) for c, f in parts.values()])
    groups = np.concatenate([np.tile(np.sort(f), len(c)) for c, f in parts.values()])
    split = np.repeat(list(parts), [len(c) * len(f) for c, f in parts.values()])
    images = render(drawn.tolist(), groups.tolist(), np.random.default_rng(render_seed))

    # The training pictures that are kept are a part of those that the network is trained on.
    row, copies = split == "train", TRAINING_RENDERS - 1
    further = render(
        np.tile(drawn[row], copies).tolist(),
        np.tile(groups[row], copies).tolist(),
        np.random.default_rng(further_seed),
    )
    with one_thread():
        network = train(
            np.concatenate([images[row], further]),
            _codes(np.tile(drawn[row], TRAINING_RENDERS)),
            rng,
            on_iteration=on_iteration,
        )
        vectors = embed(network, images)
    row = split == "test"
    return GlyphRun(
        embeddings=vectors.astype(np.float16),
        labels=np.array([label(character) for character in drawn]),
        split=split,
        groups=groups,
        validation_triplet_accuracy=validation_triplet_accuracy(
            vectors[row], _codes(drawn[row]), rng
        ),
        render_seed=render_seed,
    )


def write(run: GlyphRun, path: Path) -> None:
    """Write the run as .npz, whole or not at all."""
    path = path.absolute()
    mode = path.stat().st_mode if path.exists() else 0o644
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, **asdict(run))
        Path(temporary).chmod(mode)  # mkstemp keeps the file to its owner
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def _codes(names: NDArray[np.str_]) -> Ints:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def main(arguments: list[str] | None = None) -> None:
    bundled = resources.files("embedding_second_opinion.samples") / "glyphs.npz"
    parser = argparse.ArgumentParser(
        prog="python -m embedding_second_opinion.training.make_glyphs",
        description="Draw characters, train a triplet network on them and keep its embeddings.",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s")
    parser.add_argument(
        "--out", type=Path, default=Path(str(bundled)), help="default: the bundled file, replaced"
    )
    options = parser.parse_args(arguments)
    with tqdm(total=ITERATIONS, unit="iteration") as bar:
        run = make_glyphs(options.seed, on_iteration=bar.update)
    write(run, options.out)
    print(
        f"{options.out}: {len(run.labels)} rows, {options.out.stat().st_size / 1000:.0f} kB, "
        f"validation triplet accuracy {run.validation_triplet_accuracy:.4f}"
    )


if __name__ == "__main__":
    main()
