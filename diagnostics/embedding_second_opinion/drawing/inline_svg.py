"""How does a drawing become part of a page? An SVG file -> one element, in the page's colours."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from PIL import Image

_SPACE = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def inline(document: str, prefix: str, variables: Mapping[str, str]) -> str:
    """Matplotlib's SVG file as one element for an HTML page.

    prefix: begins every id, so that several pictures on one page never share one.
    variables: colour as drawn ("#1b1f24") -> name of the CSS variable that replaces it.
    Text takes the font of the page; nothing in it styles anything outside it.
    """
    root = element(document, prefix)
    for each in root.iter():
        for name in ("style", "clip-path"):
            if value := each.get(name):
                for colour, variable in variables.items():
                    value = value.replace(colour, f"var(--{variable})")
                each.set(name, value)
    root.set("aria-hidden", "true")  # the figure around it has the words
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")


def element(document: str, prefix: str) -> ElementTree.Element:
    """The same element, in the colours it was drawn in."""
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{_SPACE}metadata" or child.find(f"{_SPACE}style") is not None:
                parent.remove(child)
    for each in root.iter():
        each.tag = each.tag.removeprefix(_SPACE)
        for name, value in list(each.attrib.items()):
            if name == "id":
                each.set("id", f"{prefix}-{value}")
            elif name == _LINK:
                del each.attrib[name]
                each.set("href", value if value.startswith("data:") else f"#{prefix}-{value[1:]}")
            elif name in ("style", "clip-path"):
                value = re.sub(r"url\(#", f"url(#{prefix}-", value)
                each.set(name, re.sub(r"font-family: [^;]*; ?", "", value))
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    return root


def png_uri(image: Image.Image) -> str:
    """A picture as the address that stands for it."""
    target = io.BytesIO()
    image.save(target, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(target.getvalue()).decode("ascii")
