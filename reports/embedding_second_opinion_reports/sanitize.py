"""How does what a user wrote get onto the page without becoming a part of it?"""

from __future__ import annotations

import base64
import binascii
import re

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from embedding_second_opinion.findings.inert import without_spans

from .collect import Addition

# html off: a tag in Markdown is text. nh3 cleans what is left, links for example.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_HEADING = re.compile(r"<(/?)h[1-6]>")


def on_page(addition: Addition, rank: int) -> Markup:
    """An addition as HTML without scripts, styles, handlers and anything from the network.

    rank: of its headings, one below the heading it stands under; the page has one h1.
    """
    if addition.kind == "markdown":
        return _clean(_MARKDOWN.render(without_spans(addition.content)), rank)
    if addition.kind == "html":
        return _clean(addition.content, rank)
    if addition.kind == "png":
        return _image(addition)
    return Markup("<pre>{}</pre>").format(addition.content)


def _clean(html: str, rank: int) -> Markup:
    safe = nh3.clean(
        html,
        clean_content_tags={"script", "style", "template", "noscript"},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )
    return Markup(_HEADING.sub(rf"<\1h{rank}>", safe))


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Only pictures that are in the page, only links that lead out of it; no relative address."""
    if name in ("src", "cite"):
        inside = re.match(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*$", value)
        return value if tag == "img" and inside else None
    if name == "href":
        return value if re.match(r"(https?:|mailto:|#)", value, re.IGNORECASE) else None
    return value


def _image(addition: Addition) -> Markup:
    try:
        content = base64.b64decode(re.sub(r"\s", "", addition.content), validate=True)
    except binascii.Error:
        content = b""
    if not content.startswith(b"\x89PNG"):
        return Markup("<p>A picture that could not be read.</p>")
    text = base64.b64encode(content).decode("ascii")
    alt = escape(f"Figure added in cell {addition.cell} of the notebook")
    return Markup(f'<img src="data:image/png;base64,{text}" alt="{alt}">')
