"""What would a closed-set accuracy be under each convention? From the ranks of the queries in the gallery."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.stats import surface

from .claimed import Reading
from .conventions import Convention
from .strict import searched, within
from .words import called

LENGTHS = (5, 10)  # of the answers that recall is told of
VOTERS = 5  # a common library's default


def search_conventions(space: Geometry) -> list[Convention]:
    """Ties, weights, recall at more than one, the query among the answers, votes, triplets told as this."""
    ranks, about = space.ranks, searched(space)
    given = {
        "closed_set_ties_half": surface.closed_set_accuracy(ranks, "random"),
        "closed_set_ties_right": surface.closed_set_accuracy(ranks, "lenient"),
        "closed_set_class_mean": surface.closed_set_accuracy_macro(ranks),
        "self_dropped_from_positives": 0.0,
    }
    found = [called(code, value, about) for code, value in given.items()]
    found.append(self_match(ranks, about))
    for k in LENGTHS:
        code, gives = f"recall_at_{k}", f"a match anywhere among the first {k} (recall at {k})"
        found.append(Convention(code, gives, hits(ranks, k), about, "other number"))
        gives = f"recall at {k} with the query's own row taking the first place (recall at {k - 1})"
        found.append(Convention(f"{code}_self_first", gives, hits(ranks, k - 1), about, "fault"))
    found += [*votes(space, about), *_triplets(space)]
    if not space.evaluation.leave_one_out and space.within is not None:
        among = space.within
        if len(among.anchors):
            rows = f"{len(among.anchors):,} {space.evaluation.query_name} rows"
            value = surface.closed_set_accuracy(among)
            found.append(
                called("closed_set_within_queries", value, f"{rows}, each against the others")
            )
    return found


def self_match(ranks: Ranks, about: str) -> Convention:
    """Each query is its own nearest row; of other classes only a row exactly there can come first."""
    touched = float((ranks.nearest_negative_distance <= 0).mean())
    return called("self_match", 1 - touched / 2, about, (1 - touched, 1.0))


def hits(ranks: Ranks, k: int) -> float:
    """Share of queries with a match among the first k; a positive stands behind what ties with it."""
    a = ranks.anchors
    return float((ranks.nearer_first[a] + ranks.tied_first[a] < k).mean())


def votes(space: Geometry, about: str) -> list[Convention]:
    """The majority of the five nearest; ties are broken by the names of classes, so they open a range."""
    ranks = space.ranks
    found = []
    for own in (0, 1):
        rows = space.neighbors(VOTERS - own).rows[ranks.anchors]
        classes = np.where(rows >= 0, space.evaluation.codes[rows], -1)
        mine = space.codes[ranks.anchors]
        counts = np.where(classes >= 0, (classes[:, :, None] == classes[:, None, :]).sum(axis=2), 0)
        is_mine = classes == mine[:, None]
        agreed = is_mine.sum(axis=1) + own
        rival = np.where(is_mine, 0, counts).max(axis=1)
        low, high = float((agreed > rival).mean()), float((agreed >= rival).mean())
        code = "votes_with_own_row" if own else "votes_of_five"
        found.append(called(code, (low + high) / 2, about, (low, high)))
    return found


def smaller_gallery(ranks: Ranks, claim: Reading, about: str) -> Convention | None:
    """Among how many classes the curve A_id(g) gives the claim; None where it gives it nowhere.

    One number that is free to choose explains almost any claim, so this is no evidence: it is shown.
    """
    grid, curve = ranks.id_grid, surface.identity_curve(ranks)
    if len(grid) < 2 or not curve[-1] + claim.half < claim.value <= curve[0] + claim.half:
        return None
    # The curve falls; np.interp wants what rises.
    identities = float(np.exp(np.interp(-claim.value, -curve, np.log(grid))))
    return Convention(
        code="smaller_gallery",
        gives=f"looking rows up among about {identities:,.0f} classes instead of {ranks.classes:,}",
        value=claim.value,
        about=f"{about}; everything of that many classes enrolled",
        kind="variant",
    )


def _triplets(space: Geometry) -> list[Convention]:
    every = [("triplets_told_as_closed_set", within(space), "")]
    if within(space) is not space.ranks:
        every.append(("triplets_against_gallery", space.ranks, " against the gallery"))
    return [
        Convention(
            code=code,
            gives=f"the triplet accuracy{words} told as a closed-set accuracy",
            value=surface.triplet_accuracy(ranks),
            about=f"all triplets of {number(len(ranks.anchors), 'anchor')}{words}",
            kind="other number",
            family="triplets",
            drawn=True,
        )
        for code, ranks, words in every
    ]
