"""Which changes lead from the number that was believed to the accuracy in use, and how much is each?

The changes are made one at a time: B the claim measured exactly; G against the gallery instead of among the
queries; P all positives enrolled; N all negatives compete; W every class counts alike; S held-out rows
instead of rows trained on; C unseen classes; O strangers come too. It decomposes the gap between two
numbers; it is no statement about what caused it in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.finding import Estimate, Finding
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.geometry.passes.rank_results import Ranks
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.stats import jackknife
from embedding_second_opinion.stats.intervals import (
    FEWEST_CLASSES,
    Interval,
    combined_interval,
    difference_interval,
    few_classes,
    no_interval,
    share_interval,
)
from embedding_second_opinion.stats.rejection import STRANGER_RATE
from embedding_second_opinion.stats.surface import anchor_counts

from .cells import Cells, State, Strangers, by_class
from .orders import shares
from .stages import Attribution, Step
from .words import NAMES, missing


def attribute(
    space: Geometry, findings: Sequence[Finding] = (), inputs: Inputs | None = None
) -> Attribution | None:
    """The waterfall of one set; None where no query can be recognised at all.

    findings: the one about strangers gives the threshold and how many of them it lets in.
    """
    if not len(space.evaluation.queries) or not len(space.ranks.anchors):
        return None
    claim = (inputs or Inputs()).claim
    strangers = _strangers(space, findings)
    found = cells(space, claim, strangers)
    letters = found.letters
    shapley, orders = shares(letters, found.value)
    way = _Way(found)
    steps, on = [], frozenset[str]()
    for letter in letters:
        after = on | {letter}
        share = shapley[letter]
        steps.append(
            Step(
                letter=letter,
                name=NAMES[letter],
                before=found.value(on),
                after=found.value(after),
                change=_change(way, letter, on, strangers),
                shapley=share.mean,
                least=share.least,
                most=share.most,
                interaction=share.interaction,
            )
        )
        on = after
    return Attribution(
        start=_start(way, found.claim is not None),
        start_name=f"claimed {claim.words}" if claim and "B" in letters else "triplet accuracy",
        end=_end(way, on, strangers),
        end_name="accuracy in use",
        steps=tuple(steps),
        missing=missing(space, found, claim),
        orders=orders,
    )


def cells(space: Geometry, claim: Believed | None, strangers: Strangers | None) -> Cells:
    """What can be switched here. A claim of another kind than triplets or 1-NN is no cell."""
    evaluation, within = space.evaluation, space.within
    if within is space.ranks or (within is not None and not len(within.anchors)):
        within = None
    closed = claim is not None and claim.metric == "closed-set"
    measured = claim is not None and (closed or claim.metric == "triplet")
    trained: Ranks | None = None
    asked = claim is not None and measured and claim.split == "gallery"
    if asked and not evaluation.leave_one_out and evaluation.data is not None:
        trained = space.among(evaluation.enrolled, evaluation.gallery_name).ranks
        trained = trained if len(trained.anchors) else None
    return Cells(
        ranks=space.ranks,
        # A claim about 1-NN is about a gallery already.
        within=None if closed else within,
        trained=trained,
        claim=claim.value if claim is not None and measured else None,
        strangers=strangers,
        fixed=frozenset("PN") if closed else frozenset(),
    )


class _Way:
    """Cells with the classes that all of them are about, so that differences are paired."""

    def __init__(self, found: Cells) -> None:
        self.cells = found
        passes = (found.ranks, found.within, found.trained)
        self.class_ids = np.unique(np.concatenate([r.class_ids for r in passes if r is not None]))

    def without(self, on: State) -> Reals | None:
        """(K,) the cell without each of all classes."""
        values, ranks = self.cells.without(on), self.cells.pass_of(on)
        if values is None:
            return None
        return jackknife.spread_over(ranks, values, self.cells.value(on), self.class_ids)

    def units(self, *states: State) -> int:
        """The fewest classes that hold anchors."""
        return min(_units(self.cells.pass_of(on)) for on in states)

    def interval(self, on: State) -> Interval:
        """Of one cell; of a claim there is none."""
        if self.cells.claim is not None and "B" not in on:
            return no_interval("a claim is taken as it is")
        ranks, without = self.cells.pass_of(on), self.cells.without(on)
        assert without is not None
        found = on | self.cells.fixed
        value, units = self.cells.value(on), _units(ranks)
        if "N" not in found:
            weights = None if "P" in found else jackknife.triplet_weights(ranks)
            return share_interval(value, without, units, weights)
        pairs = jackknife.closed_set_macro_pairs if "W" in found else jackknife.closed_set_pairs
        return share_interval(value, without, units, pairs=pairs(ranks))


def _change(way: _Way, letter: str, on: State, strangers: Strangers | None) -> Estimate:
    after = on | {letter}
    value = way.cells.value(after) - way.cells.value(on)
    if letter == "O":
        assert strangers is not None
        interval = _with_strangers(way, strangers, less=True)[1]
    elif letter == "B":
        interval = _moved(way.interval(after), plus=-way.cells.value(on))
    else:
        one, two = way.without(on), way.without(after)
        assert one is not None
        assert two is not None
        interval = _paired(way, on, after, two - one)
    return interval.estimate(value, _rows(way.cells.pass_of(after)), "accuracy points")


def _paired(way: _Way, on: State, after: State, without: Reals) -> Interval:
    """Of a change; without: (K,) the change without each class."""
    before, then, units = way.cells.value(on), way.cells.value(after), way.units(on, after)
    if after - on == {"N"} and without.max() < 0 and 1 - before <= (1 - then) / 2:
        # Next to all wrong queries are wrong by few negatives: what is lost is next to their share, and as
        # skewed; errors between two classes are met at both.
        pairs = jackknife.closed_set_pairs(way.cells.pass_of(after))
        return _moved(share_interval(before - then, -without, units, pairs=pairs), times=-1)
    return difference_interval(then - before, without, units)


def _with_strangers(way: _Way, strangers: Strangers, *, less: bool) -> tuple[float, Interval]:
    """The accuracy where strangers come too (less: less the accuracy without them), and its interval.

    The known part is jackknifed over the queries' classes with the threshold and the gallery as they are;
    the strangers let in bring their own interval.
    """
    counts, named = way.cells.accepted()
    has = counts > 0
    known = (1 - strangers.rate) * named[has] / counts[has]
    if less:
        right = by_class(way.cells.ranks, every=True, against_all=True)[1]
        known = known - right[has] / counts[has]
    units, rate = len(known), strangers.rate
    part = float(known.mean())
    value = part + rate * (1 - strangers.accepted.value)
    if units < FEWEST_CLASSES:
        return value, few_classes(units)
    one = difference_interval(part, (known.sum() - known) / (units - 1), units)
    accepted = strangers.accepted
    let_in = Interval(accepted.low, accepted.high, accepted.method, accepted.unit)
    if accepted.low is None or accepted.high is None:
        let_in = no_interval("the share of strangers let in has none")
    shares = _moved(one, plus=rate), rate * accepted.value, _moved(let_in, times=rate)
    return value, combined_interval(part + rate, *shares)


def _moved(interval: Interval, times: float = 1.0, plus: float = 0.0) -> Interval:
    """That of so many times the number, plus so much."""
    if interval.low is None or interval.high is None:
        return interval
    low, high = sorted(times * end + plus for end in (interval.low, interval.high))
    return replace(interval, low=low, high=high, above=None)


def _strangers(space: Geometry, findings: Sequence[Finding]) -> Strangers | None:
    """True strangers only: a rehearsal says nothing of who else comes."""
    found = next((f for f in findings if f.code == "open_set"), None)
    if found is None or not len(space.evaluation.strangers):
        return None
    threshold = found.estimates.get("threshold_at_95")
    accepted = found.estimates.get("strangers_accepted_at_95")
    if threshold is None or accepted is None:
        return None
    return Strangers(STRANGER_RATE, threshold.value, accepted)


def _start(way: _Way, claimed: bool) -> Estimate:
    on: State = frozenset()
    about = "the claim" if claimed else _rows(way.cells.pass_of(on))
    return way.interval(on).estimate(way.cells.value(on), about)


def _end(way: _Way, on: State, strangers: Strangers | None) -> Estimate:
    if strangers is not None:
        value, interval = _with_strangers(way, strangers, less=False)
        return interval.estimate(value, f"{_rows(way.cells.ranks)}; {NAMES['O']}")
    return way.interval(on).estimate(way.cells.value(on), _rows(way.cells.pass_of(on)))


def _rows(ranks: Ranks) -> str:
    return (
        f"{len(ranks.anchors):,} rows of {number(_units(ranks), 'class')} against "
        f"{int(ranks.gallery_sizes.sum()):,} of {ranks.classes:,}"
    )


def _units(ranks: Ranks) -> int:
    return int(np.count_nonzero(anchor_counts(ranks)))
