"""A set whose every name would do something, were it taken for Markdown, HTML or TeX."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FILE = '<img src=x onerror="window.pwned=1"> [a](javascript:window.pwned=1) $x$.npz'  # no slash
RUNS = "window.pwned=1"


def class_names(address: str) -> list[str]:
    """address: of a server that nobody should ask. Whichever is named: each would ask it."""
    named = [
        f'<img src=x onerror="{RUNS}">',
        f"<script>{RUNS}</script>",
        f"[x](javascript:{RUNS})",
        f"![g]({address}/class.png)",
        f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
        f"$\\href{{javascript:{RUNS}}}{{x}}$ and $x^2$",
        f"\\(\\href{{{address}/tex}}{{x}}\\)",
        f"{address}/address www.example.org a@example.org",
        f'<img src="{address}/class2.png"> | `a` | **b** | _c_',
        "@@0@@ ~~struck~~ &lt;b&gt;",
    ]
    return [f"{name} ![g]({address}/class{i}.png)" for i, name in enumerate(named)]


def group_names(address: str) -> list[str]:
    names = [f"<script>{RUNS}</script>", f'<img src=x onerror="{RUNS}"> | `x`', "_g_ \\(x\\)"]
    return [f"{name} ![g]({address}/group{i}.png)" for i, name in enumerate(names)]


def split_names(address: str) -> tuple[str, str, str]:
    """Enrolled, looked up, left out."""
    return f'<img src=x onerror="{RUNS}">', f"![t]({address}/split.png)", "*l* <b>left</b>"


def write(folder: Path, address: str, rows: int = 12) -> Path:
    """The set as a file with such a name, ``rows`` of each class in each of two splits."""
    names = class_names(address)
    rng = np.random.default_rng(0)
    codes = np.tile(np.repeat(np.arange(len(names)), rows), 2)
    vectors = rng.standard_normal((len(names), 6))[codes] + 0.9 * rng.standard_normal(
        (len(codes), 6)
    )
    gallery, queries, left = split_names(address)
    split = np.repeat([gallery, queries], len(codes) // 2).astype(object)
    split[:: rows + 1] = left
    groups = np.array(group_names(address), dtype=object)[rng.integers(0, 3, len(codes))]
    path = folder / FILE
    np.savez(
        path,
        embeddings=vectors.astype(np.float32),
        labels=np.array(names)[codes],
        split=split.astype(str),
        groups=groups.astype(str),
    )
    return path


def parameters(path: Path | str, address: str) -> dict[str, object]:
    """What the overview is told of it. The last class is not enrolled."""
    gallery, queries, _ = split_names(address)
    return {
        "data": str(path),
        "labels": "labels",
        "split": "split",
        "groups": "groups",
        "gallery_split": gallery,
        "query_split": [queries],
        "strangers": [class_names(address)[-1]],
        "claimed": 0.99,
        "map_points": 0,
    }
