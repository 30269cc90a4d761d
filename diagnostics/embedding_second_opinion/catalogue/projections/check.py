"""Can the picture be believed: do t-SNE and UMAP show what is near in the space?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.ranks import Ints
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import company_chart, pairs_table, points_chart, quality_chart
from .made import FEWEST, Kind, Maps, draw, make_maps
from .numbers import NAMES, company, estimate_maps, smaller

MAPS: tuple[Kind, ...] = ("tsne", "umap")


@CHECK
def projections(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.10
) -> Answer | NotApplicable:
    """Measure what t-SNE and UMAP keep of the space; the verdict is about the pictures only.

    A point's company is its r nearest, r = min(rows of its class in the map - 1, 12). It is misplaced
    where the share of its own class among them differs by more than half between the picture and the
    space: it seems at home and is not, or the reverse. Which of two mixed classes happens to be the very
    nearest is a toss-up in any picture, and does not count. The harm is the share of points misplaced by
    the better of the two maps, mean over seeds. All other numbers (shares, ratios up to 1, correlations)
    are estimates without a verdict.

    Not applicable without vectors, with maps switched off, with fewer than ten rows or no class of
    two among the queries. Source: see ``SOURCE``.
    """
    inputs = inputs or Inputs()
    reason = _why_not(space, inputs)
    drawn = None if reason else draw(space, inputs.map_points)
    if drawn is None or not _has_company(drawn.codes):
        return NotApplicable(reason or NO_COMPANY)
    maps = make_maps(space, drawn, inputs.map_seeds)
    sides = {kind: company(maps, kind) for kind in NAMES}
    estimates, harms = estimate_maps(space, maps, sides)
    better: Kind = min(MAPS, key=lambda kind: harms[kind][0])
    interval = smaller(harms["tsne"][1], harms["umap"][1])
    harm = interval.estimate(harms[better][0], estimates[f"misplaced_{better}"].about)
    return Answer(
        explanation=_explanation(estimates, harm, better, maps),
        estimates=estimates,
        harm=harm,
        interval=interval,
        meaning=lambda verdict: _meaning(estimates, better, verdict, tolerance),
        ignore_when=(
            "Nobody draws conclusions from a map. A map is never a measure of the model: judge that by the "
            "numbers of the other diagnostics, all of which are computed in the space itself."
        ),
        remedy=lambda verdict: _remedy(better, verdict),
        caveats=_caveats(maps, inputs.map_seeds),
        charts=lambda verdict: (
            points_chart(space, maps, estimates, _title(estimates, better, verdict)),
            company_chart(estimates),
            quality_chart(maps),
            *pairs_table(space, maps, better),
        ),
        parameters={
            "map_points": inputs.map_points,
            "map_seeds": inputs.map_seeds,
            "neighbours": maps.k,
        },
    )


NO_COMPANY = (
    "No two rows of one class are among the rows to draw, so a map could show no row among its own."
)


def _why_not(space: Geometry, inputs: Inputs) -> str:
    queries = len(space.evaluation.queries)
    if inputs.map_points == 0:
        return "Maps were switched off (map_points is 0)."
    if not space.has_vectors:
        return "A map needs the vectors; this geometry has distances only."
    if min(queries, inputs.map_points) < FEWEST:
        return (
            f"A map needs at least {FEWEST} rows; there are {queries:,} queries, of which map_points "
            f"lets at most {inputs.map_points:,} be drawn."
        )
    if not _has_company(space.codes):
        return NO_COMPANY
    return ""


def _has_company(codes: Ints) -> bool:
    return bool(np.unique(codes, return_counts=True)[1].max() > 1)


def _explanation(
    estimates: Mapping[str, Estimate], harm: Estimate, better: Kind, maps: Maps
) -> str:
    other: Kind = "umap" if better == "tsne" else "tsne"
    kept = 1 - float(maps.maps[better].mean("distortion").mean())
    return (
        f"{NAMES[better]}, the truer of the two maps, shows {harm.text()} of "
        f"{len(maps.drawn.codes):,} points in company that they do not have in the space ({NAMES[other]}: "
        f"{percent(estimates[f'misplaced_{other}'].value)}); {100 * kept:.0f} % of a point's {maps.k} "
        f"nearest in the picture are near it in the space, too (trustworthiness "
        f"{percent(estimates[f'trustworthiness_{better}'].value)})."
    )


def _title(estimates: Mapping[str, Estimate], better: Kind, verdict: Verdict) -> str:
    wrong, tidier = estimates[f"misplaced_{better}"], estimates[f"flattered_{better}"]
    if not verdict.loud:
        return (
            f"The truer map, {NAMES[better]}, misstates for {percent(wrong.value)} of the points whether "
            "they lie among their own class"
        )
    kind = "tidier" if 2 * tidier.value >= wrong.value else "more mixed"
    return f"The maps are {kind} than the space: {percent(wrong.value)} of the points are not where they seem"


def _meaning(
    estimates: Mapping[str, Estimate], better: Kind, verdict: Verdict, tolerance: float
) -> str:
    wrong, tidier = estimates[f"misplaced_{better}"], estimates[f"flattered_{better}"]
    other: Kind = "umap" if better == "tsne" else "tsne"
    text = ""
    if verdict.loud:
        lost = wrong.value - tidier.value
        text = f"{percent(wrong.value)} of the points stand elsewhere than the picture says: "
        text += (
            f"{'all' if lost == 0 else percent(tidier.value)} seem at home and are among strangers. The "
            "picture "
            "is tidier than the space: what looks like clean clusters is not what a search will find. "
            if tidier.value >= lost
            else f"{100 * lost:.1f} % seem among strangers and are at home. Two dimensions have no room for "
            "so many small groups; the space is in better order than the picture. "
        )
    elif verdict is Verdict.OK:
        text = f"Which points {NAMES[better]} shows among their own class, and which not, can be believed. "
        if estimates[f"misplaced_{other}"].value > tolerance:
            text += (
                f"{NAMES[other]} misplaces {percent(estimates[f'misplaced_{other}'].value)} here: read "
                "the other one. "
            )
    agreement = estimates[f"seed_agreement_{better}"]
    return text + (
        f"Two maps that differ by their start alone share {percent(agreement.value)} of a point's "
        "neighbours; "
        "what they do not share is an accident of the picture. Distances between clusters, their sizes and "
        "their densities mean nothing in either map, and neither does a gap: both methods pull neighbours "
        "together, push the rest apart and even out densities. In high dimensions everything has more "
        "neighbours than a plane has room for."
    )


def _remedy(better: Kind, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return (
            f"Nothing here. Show {NAMES[better]} together with its trustworthiness, and claim no more from "
            "it than which points are among their own."
        )
    return (
        "Show no map as evidence, or colour its points by their distortion. Take what you would have read "
        "from it from numbers: which classes mix from the class pairs below and the cluster proximity, how "
        "often a search is right from the closed-set accuracy. A larger sample, or another perplexity or "
        "number of neighbours, may help; trust it only if these numbers say so."
    )


def _caveats(maps: Maps, seeds: int) -> tuple[str, ...]:
    notes = [
        f"Numbers of t-SNE and UMAP are means of {seeds} maps that differ by a tenth of their start; the "
        "first is drawn.",
        "Intervals leave out each class as anchors only. They are about these maps of these rows: a map of "
        "other rows is another map.",
        "rank_correlation is Spearman's, of the distances from a point to all others, mean over points; "
        "neighbour_preservation is the area under R_NX over the logarithm of the neighbourhood (0: chance).",
        f"Distortion is the share of a point's {maps.k} nearest in the picture that are not among its "
        f"{min(3 * maps.k, len(maps.drawn.codes) - 2)} nearest in the space.",
    ]
    if maps.drawn.classes < maps.drawn.of_classes:
        notes.append(
            f"Only {maps.drawn.classes:,} of {maps.drawn.of_classes:,} classes are drawn, by chance: a class "
            "needs a few rows to be seen. With all of them on it the map would be more crowded."
        )
    return tuple(notes)
