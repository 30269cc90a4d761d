"""Text from the data shows itself in Markdown, and does nothing: asked of two readers of Markdown."""

from __future__ import annotations

import random
import re
from functools import cache
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from embedding_second_opinion.findings.inert import code, inert, inert_plain, without_spans

READERS = {
    "commonmark": MarkdownIt("commonmark", {"html": True}),
    "tables and strikethrough": MarkdownIt("commonmark", {"html": True}).enable(
        ["table", "strikethrough"]
    ),
}
# Where a sentence of the library's may stand: alone, in a heading, after a verdict, in a list, in a cell.
PLACES = ("{}", "## {}", "**alarm** · {}", "**{}**: 12 rows.", "- {}", "| a |\n|---|\n| {} |")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</code></pre><script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<!-- a comment -->",
    "<?php x ?>",
    "<![CDATA[x]]>",
    "<a href='javascript:alert(1)'>x</a>",
    "<javascript:alert(1)>",
    "<http://127.0.0.1/x>",
    "<a@b>",
    "<=a@b>",
    "a < b > c <b>",
    "d_ap <= d_an",
    "[x](javascript:alert(1))",
    "[x] (no link)",
    "![g](http://127.0.0.1/g.png)",
    "![g][x]",
    "[x][x]",
    "[x]",
    "[x]: http://127.0.0.1/",
    "[x]:http://127.0.0.1/ 'title'",
    "[^1]: a note",
    "[ ] to do",
    "[x](<a b>)",
    "[[x](http://a.b)](http://c.d)",
    "http://127.0.0.1/g.png",
    "https://example.org and ftp://example.org",
    "HTTP://EXAMPLE.ORG",
    "www.example.org",
    "WWW.EXAMPLE.ORG",
    "somebody@example.org",
    "recall@5",
    "@@0@@",
    "@@0@@b.c and @@1@@",
    "*x*",
    "**x**",
    "***",
    "a*b*c",
    "_x_",
    "__x__",
    "a_b",
    "a_b_c",
    "_a_b_",
    "é_é",
    "(_x_)",
    "~x~",
    "~~x~~",
    "~~~ python",
    "`x`",
    "``` python",
    "``x`",
    "\\",
    "\\\\",
    "\\`x`",
    "\\[x\\](y)",
    "\\(x\\)",
    "C:\\data\\set.npz",
    "$x$",
    "$$\\href{javascript:alert(1)}{x}$$",
    "\\begin{equation}x\\end{equation}",
    "costs 5$",
    "a | b",
    "|---|",
    "# x",
    "x #",
    "C#",
    "> x",
    "- x",
    "-",
    "---",
    "- - -",
    "===",
    "+ x",
    "* x",
    "1. x",
    "12) x",
    "98.9 % [98.1, 99.4]",
    "[98.1, 99.4]",
    ": x",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "&amp; & &x",
    "Efron & Tibshirani",
    "a\nb",
    "a\n\n# b",
    "a  \nb",
    "    indented",
    "\ttab",
    "a\r\n- b",
    "a\u2028b",
    "\x00\x1b[31m",
    "{{ 7 * 7 }} {% raw %}",
    "אבג שלום عربى",
    "A(1,1)",
    "open_set",
    "x" * 300,
)
ALPHABET = "<>[]()!*_`|\\#~$&@:/.-+=1 a\nwé\"'{}^;x"


class Reader(HTMLParser):
    """What a browser makes of it: text and elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = [""]
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.pieces.append("")
        assert not attrs, (tag, attrs)

    def handle_endtag(self, tag):
        self.pieces.append("")

    def handle_data(self, data):
        self.pieces[-1] += data

    def handle_comment(self, data):
        self.tags.append("comment")

    def handle_decl(self, decl):
        self.tags.append("declaration")

    def handle_pi(self, data):
        self.tags.append("instruction")

    unknown_decl = handle_decl


def read(reader: str, markdown: str) -> tuple[str, list[str], list[str]]:
    """Text, elements other than the spans of ours, and the pieces of text between elements."""
    found = Reader()
    found.feed(READERS[reader].render(markdown))
    found.close()
    tags = [tag for tag in found.tags if tag != "span"]
    return re.sub(r"\s+", " ", "".join(found.pieces)).strip(), tags, found.pieces


@cache
def plain_word(reader: str, place: str) -> tuple[str, list[str], list[str]]:
    return read(reader, place.format("word"))


def shown(text: str) -> str:
    """In one line, and with control characters written out."""
    line = re.sub(r"[ \t\n\r\u2028]+", " ", text).strip()
    return line.replace("\x00", "\\x00").replace("\x1b", "\\x1b")


def check(reader: str, text: str) -> None:
    for place in PLACES:
        said, tags, pieces = read(reader, place.format(inert(text)))
        plain, expected, _ = plain_word(reader, place)
        assert said == plain.replace("word", shown(text)), (place, inert(text))
        assert tags == expected, (place, inert(text))
        # A dollar sign or a backslash is alone in its element, or MathJax would read on from it.
        for piece in pieces:
            assert piece in ("$", "\\") or not re.search(r"[$\\]", piece), (place, inert(text))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_shows_itself_and_nothing_else(reader, text):
    check(reader, text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("seed", range(10))
def test_so_does_any_text(reader, seed):
    chosen = random.Random(seed)
    for _ in range(150):
        text = "".join(chosen.choices(ALPHABET, k=chosen.randint(1, 24)))
        if shown(text):
            check(reader, text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_address_is_left_that_a_reader_could_make_a_link_of(text):
    """What GitHub and JupyterLab (marked) look for beyond CommonMark, in their own patterns."""
    written = inert(text)
    assert not re.search(r"(https?|ftp)://|www\.", written, re.IGNORECASE)
    assert not re.search(r"[\w.+-]+@[\w-]+(\.[\w-]*[^\W_])+", written)


@pytest.mark.parametrize(
    "text",
    [
        "98.9 % [98.1, 99.4] of 3,760 test queries (470 classes) - no more",
        "A lead of 98.1 points [96.1, 98.7]: no more.",
        "A(1,1), open_set and é: d_ap < d_an, d_ap <= d_an; recall@5 & MAP@R",
        "group 'STIXGeneralItalic' a.npz",
        "12 rows of 3 classes, each against all others",
        "--gallery-split was not given: 'train' is taken.",
        "Musgrave et al., ECCV 2020; arXiv:1911.12528.",
    ],
)
def test_ordinary_sentences_stay_as_they_are(text):
    assert inert(text) == text


def test_a_number_is_named_as_code_only_where_it_is_a_name():
    assert code("closed_set_of_all rows") == "`closed_set_of_all rows`"
    for hostile in ("`", "a|b", "<b>", "$x$", "a\nb", "", " x"):
        assert code(hostile) == inert(hostile)


def test_the_page_takes_the_same_words_without_spans():
    reader = MarkdownIt("commonmark", {"html": False})
    for text in ("C:\\data", "5$ or $x$"):
        assert reader.renderInline(without_spans(inert(text))) == text


@pytest.mark.parametrize(
    "text", ["http://x.org/a.png", "see HTTPS://x.org", "www.x.org", "plain 18 % [a]"]
)
def test_plain_text_holds_no_address_and_reads_the_same(text):
    made = inert_plain(f"class {text} lies near")
    assert not re.search(r"https?://|www\.", made, re.IGNORECASE)
    assert made.replace("\u2060", "") == f"class {text} lies near"
