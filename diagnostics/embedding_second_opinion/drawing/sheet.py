"""What does a notebook show below the words? All drawings of a finding, as one SVG that stands alone."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from PIL import Image

from .inline_svg import element, png_uri
from .lettering import clean

# A viewer may show the picture by itself, where no font of a page reaches it. The first is what the
# drawings were measured with; the others are as wide.
_FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
_MARGIN = 8  # points: words begin at the very edge of a drawing
_SHOWN = 660  # pixels: the width of a cell in a window of 1,100; JupyterLab does not shrink an SVG
_SHADES = 64  # of a map, whose dots are drawn in pixels: ten colours and their edges need no more
_OF_A_SAMPLE = 64 * 64  # pixels that a sample's picture has at most
_FRACTION = re.compile(r"(\d+\.\d\d)\d+")


def stacked(documents: Sequence[str], name: str, title: str, words: Sequence[str]) -> str:
    """Matplotlib's SVG files, one below the other on white: it must read on a dark page too.

    name: begins every id. title, words: what is told of it to those who do not see it.
    The same files always give the same text.
    """
    name = re.sub(r"[^A-Za-z0-9_-]", "-", name) or "figure"
    drawings = [element(each, f"{name}-{place}") for place, each in enumerate(documents)]
    sizes = [tuple(map(float, each.attrib["viewBox"].split()))[2:] for each in drawings]
    wide = max(size[0] for size in sizes) + 2 * _MARGIN
    tall = sum(size[1] for size in sizes) + 2 * _MARGIN
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": f"{_SHOWN}",
            "height": f"{_SHOWN * tall / wide:.0f}",
            "viewBox": f"0 0 {wide:g} {tall:g}",
            "role": "img",
            "font-family": _FONTS,
            "style": "max-width: 100%; height: auto; background: white",
        },
    )
    ElementTree.SubElement(root, "title").text = clean(title)
    ElementTree.SubElement(root, "desc").text = clean(" ".join(words))
    ElementTree.SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    y = float(_MARGIN)
    for drawing, size in zip(drawings, sizes, strict=True):
        for key, value in {"x": _MARGIN, "y": y, "width": size[0], "height": size[1]}.items():
            drawing.set(key, f"{value:g}")
        _thin(drawing)
        root.append(drawing)
        y += size[1]
    return ElementTree.tostring(root, encoding="unicode")


def _thin(drawing: ElementTree.Element) -> None:
    """Without what nobody sees: names nothing refers to, thousandths of a pixel, line breaks."""
    used = set(_referred(drawing))
    for each in drawing.iter():
        if each.get("id") not in used:
            each.attrib.pop("id", None)
        for key, value in each.attrib.items():
            if value.startswith("data:image/png"):
                each.set(key, _small(value))
            elif key in ("d", "x", "y", "width", "height", "transform"):
                # A transform may hold a scale, whose digits are multiplied.
                exact = key == "transform" and ("matrix" in value or "scale" in value)
                each.set(key, value if exact else _FRACTION.sub(r"\1", " ".join(value.split())))
        if each.tag != "text" and not (each.text or "").strip():
            each.text = None
        if not (each.tail or "").strip():
            each.tail = None


def _referred(drawing: ElementTree.Element) -> Iterator[str]:
    for each in drawing.iter():
        for value in each.attrib.values():
            yield from re.findall(r"url\(#([^)]+)\)", value)
        if (link := each.get("href", "")).startswith("#"):
            yield link[1:]


def _small(uri: str) -> str:
    """A picture in fewer bytes: of a sample the same pixels, of a map its dots in a palette."""
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        if image.width * image.height > _OF_A_SAMPLE:
            kept = image.convert("RGBA").quantize(
                _SHADES, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
            )
        else:
            kept = image.convert("RGB")
            grey = kept.convert("L")
            kept = grey if grey.convert("RGB").tobytes() == kept.tobytes() else kept
    return png_uri(kept)
