"""Can the picture be believed: do t-SNE and UMAP show what is near in the space?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embedding_second_opinion.data.arrays import Ints
from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Estimate, Verdict
from embedding_second_opinion.findings.wording import percent
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import pairs_table, points_chart, quality_chart
from .made import FEWEST, Kind, Maps, draw, make_maps
from .numbers import MAPS, NAMES, company, estimate_maps, smaller


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
        meaning=lambda verdict: _meaning(estimates, better, verdict),
        ignore_when="Nobody draws conclusions from a map, which is never a measure of the model.",
        remedy=lambda verdict: _remedy(better, verdict),
        caveats=_caveats(maps),
        charts=lambda verdict: (
            points_chart(space, maps, estimates, _title(estimates, better, verdict)),
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
    "No two rows of one class are among the rows to draw: no row could stand among its own."
)


def _why_not(space: Geometry, inputs: Inputs) -> str:
    queries = len(space.evaluation.queries)
    if inputs.map_points == 0:
        return "Maps were switched off (map_points is 0)."
    if not space.has_vectors:
        return "A map needs the vectors; this geometry has distances only."
    if min(queries, inputs.map_points) < FEWEST:
        return (
            f"A map needs at least {FEWEST} rows; there are {queries:,} queries, and map_points lets at most "
            f"{inputs.map_points:,} be drawn."
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
    of_other = percent(estimates[f"misplaced_{other}"].value)
    return (
        f"{NAMES[better]}, the truer of the two maps, shows {harm.text()} of {len(maps.drawn.codes):,} "
        f"points in company that they do not have in the space ({NAMES[other]}: {of_other}); "
        f"{100 * kept:.0f} % of a point's {maps.k} nearest in the picture are near it in the space, too "
        f"(trustworthiness {percent(estimates[f'trustworthiness_{better}'].value)})."
    )


def _title(estimates: Mapping[str, Estimate], better: Kind, verdict: Verdict) -> str:
    wrong, tidier = estimates[f"misplaced_{better}"], estimates[f"flattered_{better}"]
    wrong_share = f"{percent(wrong.value)} of the points"
    if not verdict.loud:
        return f"{NAMES[better]}, the truer map, misstates for {wrong_share} whether their own class is near"
    kind = "tidier" if 2 * tidier.value >= wrong.value else "more mixed"
    return f"The maps are {kind} than the space: {wrong_share} are not where they seem"


def _meaning(estimates: Mapping[str, Estimate], better: Kind, verdict: Verdict) -> str:
    wrong, tidier = estimates[f"misplaced_{better}"], estimates[f"flattered_{better}"]
    text = ""
    if verdict.loud:
        lost = wrong.value - tidier.value
        seem = (
            f"{percent(tidier.value)} of the points seem at home and are not: the picture is tidier"
            if tidier.value >= lost
            else f"{percent(lost)} of the points are at home and seem not: the picture is more mixed"
        )
        text = f"{seem} than the space. "
    elif verdict is Verdict.OK:
        text = f"Which points {NAMES[better]} shows among their own class, and which not, can be believed. "
    agreement = estimates[f"seed_agreement_{better}"]
    return (
        f"{text}Two maps that differ by their start alone share {percent(agreement.value)} of a point's "
        "neighbours. Distances between clusters, their sizes and gaps mean nothing in either map."
    )


def _remedy(better: Kind, verdict: Verdict) -> str:
    if verdict is Verdict.OK:
        return f"Nothing here. Show {NAMES[better]} together with its trustworthiness."
    return (
        "Show no map as evidence, or colour its points by their distortion; which classes mix, the pairs "
        "below and the cluster proximity tell."
    )


def _caveats(maps: Maps) -> tuple[str, ...]:
    notes = [
        "rank_correlation: Spearman's, of the distances from a point to all others; neighbour_preservation: "
        "the area under R_NX over the logarithm of the neighbourhood (0: chance).",
        f"Distortion is the share of a point's {maps.k} nearest in the picture that are not among its "
        f"{min(3 * maps.k, len(maps.drawn.codes) - 2)} nearest in the space.",
    ]
    if maps.drawn.classes < maps.drawn.of_classes:
        shown = f"{maps.drawn.classes:,} of {maps.drawn.of_classes:,} classes"
        notes.append(f"Only {shown} are drawn, by chance: all would crowd the map more.")
    return tuple(notes)
