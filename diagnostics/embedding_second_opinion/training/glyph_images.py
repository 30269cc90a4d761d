"""What does a character look like? Letters and digits drawn from the fonts that matplotlib ships.

The same letter in sixteen faces is one identity seen sixteen ways. Latin A, Greek Alpha and
Cyrillic A are three identities and, in most fonts, one and the same picture: look-alikes that no
network can tell apart, as twins are for a face recogniser. They are kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from embedding_second_opinion.data.arrays import Reals

SIDE = 24  # pixels, height and width of an image
FONT_SIZE = 16  # pixels an em: room for the accents of a capital above and for tails below
BASELINE = 17  # pixels from the top; kept, since height above the line tells o from ° and 0
ROTATION = 2.0  # degrees, standard deviation
SHIFT = 0.3  # pixels, standard deviation along each axis
SCALE = 0.04  # share of the size, standard deviation
NOISE = 0.05  # standard deviation for ink 1 on paper 0

# By family, in files of matplotlib's font folder without their ".ttf". The faces left out hold
# symbols, mathematics or a handful of letters.
_SLANTED = ("", "-Bold", "-Oblique", "-BoldOblique")
FAMILIES: tuple[tuple[str, ...], ...] = (
    tuple(f"DejaVuSans{style}" for style in _SLANTED),
    tuple(f"DejaVuSansMono{style}" for style in _SLANTED),
    tuple(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    tuple(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
)


def characters() -> tuple[str, ...]:
    """Letters (Unicode L*) and decimal digits (Nd) that all sixteen faces hold, by code point.

    588 with the fonts of matplotlib 3.11: Latin, Greek, Cyrillic, phonetic and modifier letters.
    """
    held = [set(FT2Font(_file(face)).get_charmap()) for family in FAMILIES for face in family]
    shared = (chr(code) for code in sorted(set.intersection(*held)))
    return tuple(c for c in shared if unicodedata.category(c)[0] == "L" or c.isdecimal())


def label(character: str) -> str:
    """A name that tells look-alikes apart: ``'A U+0041'``, ``'Α U+0391'``."""
    return f"{character} U+{ord(character):04X}"


def character(name: str) -> str:
    """The character that :func:`label` named."""
    return chr(int(name.rpartition("U+")[2], 16))


def render(
    drawn: Sequence[str], faces: Sequence[str], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(n, 24, 24) pictures of ``drawn[i]`` in ``faces[i]``, jittered: ink 0, paper 255.

    The jitter of row i depends on ``rng`` and on i alone, not on what is drawn.
    """
    n = len(drawn)
    angles = np.deg2rad(rng.normal(0.0, ROTATION, n))
    scales = rng.normal(1.0, SCALE, n)
    shifts = rng.normal(0.0, SHIFT, (n, 2))
    noise = rng.standard_normal((n, SIDE, SIDE), dtype=np.float32)

    fonts = {face: _font(face) for face in set(faces)}
    clean: dict[tuple[str, str], Image.Image] = {}
    ink = np.empty((n, SIDE, SIDE), dtype=np.float32)
    for i, key in enumerate(zip(drawn, faces, strict=True)):
        if key not in clean:
            clean[key] = _draw(key[0], fonts[key[1]])
        ink[i] = np.asarray(_move(clean[key], float(angles[i]), float(scales[i]), shifts[i]))
    # One call over all rows: 8,000 calls on single pictures take longer than the drawing.
    paper = np.float32(1.0) - ink / np.float32(255.0) + np.float32(NOISE) * noise
    return np.rint(np.clip(paper, 0.0, 1.0) * np.float32(255.0)).astype(np.uint8)


def _file(face: str) -> str:
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf")


def _font(face: str) -> ImageFont.FreeTypeFont:
    # The basic layout is in every build of Pillow; the default one depends on an optional library.
    return ImageFont.truetype(_file(face), FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)


def _draw(character: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    image = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(image).text((SIDE / 2, BASELINE), character, fill=255, font=font, anchor="ms")
    return image


def _move(image: Image.Image, angle: float, scale: float, shift: Reals) -> Image.Image:
    """Turn (radians) and scale about the middle, then shift (pixels)."""
    # Pillow asks where each pixel of the result comes from: the inverse of the movement.
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    middle = SIDE / 2
    x, y = middle + shift[0], middle + shift[1]
    inverse = (cos, sin, middle - cos * x - sin * y, -sin, cos, middle + sin * x - cos * y)
    return image.transform(
        image.size, Image.Transform.AFFINE, inverse, resample=Image.Resampling.BICUBIC
    )
