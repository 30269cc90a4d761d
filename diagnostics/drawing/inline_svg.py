"""How does a drawing become part of a page? An SVG file -> one element, in the page's colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree


def inline(document: str, prefix: str, variables: Mapping[str, str]) -> str:
    """Matplotlib's SVG file as one element for an HTML page.

    prefix: begins every id, so that several pictures on one page never share one.
    variables: colour as drawn ("#1b1f24") -> name of the CSS variable that replaces it.
    Text takes the font of the page; nothing in it styles anything outside it.
    """
    space = "{http://www.w3.org/2000/svg}"
    link = "{http://www.w3.org/1999/xlink}href"
    root = ElementTree.fromstring(document)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{space}metadata" or child.find(f"{space}style") is not None:
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(space)
        for name, value in list(element.attrib.items()):
            if name == "id":
                element.set("id", f"{prefix}-{value}")
            elif name == link:
                del element.attrib[name]
                element.set("href", f"#{prefix}-{value.removeprefix('#')}")
            elif name in ("style", "clip-path"):
                value = re.sub(r"url\(#", f"url(#{prefix}-", value)
                value = re.sub(r"font-family: [^;]*; ?", "", value)
                for colour, variable in variables.items():
                    value = value.replace(colour, f"var(--{variable})")
                element.set(name, value)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    root.set("aria-hidden", "true")  # the figure around it has the words
    root.set("focusable", "false")
    return ElementTree.tostring(root, encoding="unicode")
