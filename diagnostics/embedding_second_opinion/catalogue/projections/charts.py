"""Which pictures and tables show what of a map is true? Chart specifications from the maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embedding_second_opinion.data.arrays import Ints, Reals
from embedding_second_opinion.findings.charts import (
    Curve,
    Packed,
    Panel,
    Points,
    Role,
    Series,
    Table,
)
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import round_numbers

from .made import Kind, Maps
from .numbers import MAPS, NAMES, company

PAIRS_SHOWN = 10
FACTS = (
    ("trustworthiness", "trustworthiness"),
    ("own class misstated", "misplaced"),
    ("neighbours shared by two seeds", "seed_agreement"),
)
PAIR_MATTERS = 0.1  # of the two classes' neighbours: less is a few points on a border


def points_chart(
    space: Geometry, maps: Maps, estimates: Mapping[str, Estimate], title: str
) -> Points:
    """t-SNE, UMAP and PCA of the first seed, with what of each can be believed."""
    drawn = maps.drawn
    queries, codes = space.evaluation.queries[drawn.positions], space.evaluation.codes
    answers = space.neighbors(1).rows[drawn.positions, 0]
    wrong = (answers >= 0) & (codes[answers] != drawn.codes)
    shown, dense = np.unique(drawn.codes, return_inverse=True)
    panels = []
    for kind in ("tsne", "umap", "pca"):
        picture = maps.maps[kind]
        distortion = np.round(255 * picture.faithful[0].distortion).astype(np.int64)
        facts = tuple(
            (word, estimates[f"{name}_{kind}"].text().split(" [")[0])
            for word, name in FACTS
            if f"{name}_{kind}" in estimates
        )
        panels.append(
            Panel(
                name=NAMES[kind],
                places=Packed.of(_on_one_scale(picture.places[0]), "uint16"),
                distortion=Packed.of(distortion, "uint8"),
                facts=facts,
            )
        )
    told = "; ".join(f"{p.name}: " + ", ".join(" ".join(f) for f in p.facts) for p in panels)
    return Points(
        title=title,
        alt=(
            f"{len(queries):,} rows of {len(shown):,} classes as three pictures. {told}. "
            f"{int(wrong.sum()):,} of them have a row of another class as their nearest in the gallery."
        ),
        panels=tuple(panels),
        classes=tuple(space.evaluation.classes[c] for c in shown),
        codes=Packed.of(dense, "uint32"),
        rows=Packed.of(queries, "uint32"),
        wrong=Packed.of(wrong.astype(np.int64), "uint8"),
    )


def quality_chart(maps: Maps) -> Curve:
    """R_NX(k) of every map: what it keeps of the k nearest, over chance."""
    # Beyond half of all rows every map comes to nothing: a neighbourhood of everyone is always kept.
    grid = round_numbers(1, max(1, len(maps.drawn.codes) // 2 - 1))
    roles: dict[str, Role] = {"tsne": "main", "umap": "second"}
    lines = []
    for kind, picture in maps.maps.items():
        kept = np.mean([f.quality for f in picture.faithful], axis=0)
        lines.append(Series.of(NAMES[kind], grid, kept[grid - 1], roles.get(kind, "context")))
    at = int(np.flatnonzero(grid <= maps.k)[-1])
    best = max(lines[:2], key=lambda line: line.y[at])
    return Curve(
        title=(
            f"Of each row's {grid[at]} nearest, {best.name} keeps {100 * best.y[at]:.0f} %, chance taken off"
        ),
        alt="; ".join(
            f"{s.name}: {100 * s.y[0]:.0f} % of the nearest kept, {100 * s.y[at]:.0f} % of {grid[at]}"
            for s in lines
        )
        + ".",
        x_label="neighbours counted",
        y_label="share kept, above chance (R_NX)",
        series=tuple(lines),
        x_scale="log",
    )


def pairs_table(space: Geometry, maps: Maps, better: Kind) -> tuple[Table, ...]:
    """The classes that the better map shows apart though they are mixed in the space, and the reverse."""
    shown, dense = np.unique(maps.drawn.codes, return_inverse=True)
    size = company(maps, better).size
    within = np.bincount(dense, size, minlength=len(shown)).astype(np.float64)
    tables = {"in the space": _mixed(maps.near, dense, size, within)}
    for kind in MAPS:
        tables[NAMES[kind]] = _mixed(maps.maps[kind].faithful[0].neighbors, dense, size, within)
    keys = np.unique(np.concatenate([keys for keys, _ in tables.values()]))
    share = {name: _looked_up(keys, *found) for name, found in tables.items()}
    gap = share["in the space"] - share[NAMES[better]]
    names = np.array([space.evaluation.classes[c] for c in shown], dtype=object)
    one, two = names[keys // len(shown)], names[keys % len(shown)]
    of, how = "neighbours that are of the other class", f"{NAMES[better]} shows them"
    rows = []
    for side, words in ((gap, "apart, though mixed"), (-gap, "mixed, though apart")):
        order = sorted(range(len(keys)), key=lambda i: (-side[i], str(one[i]), str(two[i])))
        rows += [
            {of: f"{one[i]} and {two[i]}"}
            | {name: f"{100 * share[name][i]:.0f} %" for name in tables}
            | {how: words}
            for i in order[:PAIRS_SHOWN]
            if side[i] >= PAIR_MATTERS
        ]
    if not rows:
        return ()
    apart, mixed = int((gap >= PAIR_MATTERS).sum()), int((-gap >= PAIR_MATTERS).sum())
    alt = (
        f"{NAMES[better]} shows {number(apart, 'pair')} of classes apart that are mixed in the space, and "
        f"{mixed:,} mixed that are apart, by a tenth of their nearest neighbours or more; the largest first."
    )
    title = f"Classes whose nearness {NAMES[better]} misstates"
    return (Table.of(title, alt, rows, words=(of, how)),)


def _mixed(neighbors: Ints, codes: Ints, size: Ints, within: Reals) -> tuple[Ints, Reals]:
    """Pairs of classes (a K + b, a < b) with the share of their company that is of the other."""
    near = np.arange(neighbors.shape[1])[None, :] < size[:, None]
    one, two = np.broadcast_to(codes[:, None], near.shape)[near], codes[neighbors][near]
    other = one != two
    low, high = np.minimum(one, two)[other], np.maximum(one, two)[other]
    keys, counts = np.unique(low * len(within) + high, return_counts=True)
    return keys, counts / (within[keys // len(within)] + within[keys % len(within)])


def _looked_up(keys: Ints, known: Ints, values: Reals) -> Reals:
    found = np.zeros(len(keys))
    found[np.searchsorted(keys, known)] = values
    return found


def _on_one_scale(places: Reals) -> Ints:
    """(n, 2) whole numbers from 0 to 65535; the longer axis fills them, the other stands in the middle."""
    low, high = places.min(axis=0), places.max(axis=0)
    extent = float((high - low).max()) or 1.0
    scaled = np.round(32767.5 + 65535 * (places - (low + high) / 2) / extent)
    return np.asarray(scaled.clip(0, 65535), dtype=np.int64)
