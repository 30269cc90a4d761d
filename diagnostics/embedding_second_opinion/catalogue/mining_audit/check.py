"""Are the triplets that the model was trained on what they should be?"""

from __future__ import annotations

from embedding_second_opinion.findings.check import Answer, NotApplicable
from embedding_second_opinion.findings.finding import Verdict
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Inputs

from . import CHECK
from .charts import charts_of
from .numbers import Audit, audit

WRONG = {
    "positive_is_anchor": "have the anchor as positive",
    "positive_of_other_class": "have a positive of another class",
    "negative_of_own_class": "have a negative of the anchor's class",
}


@CHECK
def mining_audit(
    space: Geometry, inputs: Inputs | None = None, *, tolerance: float = 0.02
) -> Answer | NotApplicable:
    """Audit the user's own triplets (``inputs.triplets``): labels, hardness, and which code draws such.

    The harm is the larger of two shares of the triplets. Wrong: the anchor is its own positive, the
    positive is of another class, or the negative of the anchor's. Easy beyond chance: the positive is
    in the nearer half and the negative in the farthest tenth of what the batch (or the set) offered,
    and farther; 0 is how often drawn ones are so, 1 is always.

    Interval: jackknife over batches where there are ten, else over classes, a class going as anchor,
    positive and negative; over anchors (Clopper-Pearson) where no unit changes anything. A batch keeps its
    rows when triplets are deleted: how a choice stood in it is a fact of that triplet. Bugs are named from
    traces that right code cannot leave; see ``benchmarks/signatures.md``.

    Not applicable without triplets, and where there are distances only.
    """
    triplets = (inputs or Inputs()).triplets
    if triplets is None:
        return NotApplicable(
            "Needs the triplets of training (--triplets): a file with the columns anchor, positive, negative "
            "and, if known, batch, which hold row numbers of this set, counted from 0."
        )
    if not space.has_vectors:
        return NotApplicable("Needs the vectors to see how hard the triplets are.")
    seen = audit(space, triplets, inputs.margin if inputs else None)
    return Answer(
        explanation=_explanation(seen),
        estimates=seen.estimates,
        harm=seen.harm,
        interval=seen.interval,
        meaning=lambda verdict: _meaning(seen, verdict),
        ignore_when="Rows are augmented anew each time they are drawn, or labels differ on purpose.",
        remedy=lambda verdict: _remedy(seen, verdict),
        caveats=_caveats(seen),
        charts=charts_of(space, seen),
        parameters={"triplets": triplets.name, "margin": inputs.margin if inputs else None},
    )


def _explanation(seen: Audit) -> str:
    e = seen.estimates
    listed = [f"{e[name].text()} {words}" for name, words in WRONG.items() if e[name].value > 0]
    said = listed
    if len(listed) != 1:
        more = f" ({', '.join(listed)})" if listed else ""
        said = [f"{e['wrong_triplets'].text()} are wrong by their labels{more}"]
    if len(seen.hardness.easy.where):
        easy = e["mined_to_be_easy"].text()
        said.append(f"{easy} beyond chance have a near positive and a far negative")
    else:
        said.append("how hard they are cannot be told, as too few rows of each batch are named")
    name, words = seen.mining
    looks = words if name == "unclear" else f"they look like {words}"
    said += [bug.says for bug in seen.bugs] or [looks]
    if "active_triplets" in e:
        said.append(f"{e['active_triplets'].text()} still have a loss at this margin")
    return f"Of {number(len(seen.facts.wrong), 'triplet')} {'; '.join(said)}."


def _meaning(seen: Audit, verdict: Verdict) -> str:
    names = {bug.name for bug in seen.bugs}
    if not verdict.loud:
        if names:
            return "The trace of a bug is there; its harm is tolerable, or cannot be told."
        if verdict is Verdict.OK:
            return "The triplets have the right labels, and are not easier than drawn ones."
        return "With so few triplets, batches and classes it cannot be told whether they are right."
    if seen.worst == "easy":
        return "The triplets are right and teach nothing: a low loss says nothing here."
    if names & {"own_positive", "always_own_positive"} and not seen.facts.wrong_p.any():
        return "Accuracy on triplets of an anchor with itself is too high, as they cannot be wrong."
    if names:
        return "What the model learns from these triplets, it learns in spite of them."
    return "These triplets teach what the labels here deny; no bug known here draws them so."


def _remedy(seen: Audit, verdict: Verdict) -> str:
    if seen.bugs:
        return f"{' '.join(dict.fromkeys(bug.remedy for bug in seen.bugs))} Then train again."
    if verdict.loud:
        return "Compare the labels listed with those of training, and test the miner on ten rows."
    if verdict is Verdict.OK:
        return "Nothing here."
    return "Save more triplets, with the batch of each: ten batches or more."


def _caveats(seen: Audit) -> tuple[str, ...]:
    members, triplets = seen.members, seen.triplets
    notes = [*triplets.notes]
    if not members.batched:
        notes.append(
            "Choices are compared with all rows of the splits named: a wrong index looks like rows drawn "
            "blindly. Add a column batch."
        )
    notes.append("Hardness is by these vectors, not by those that the triplets were mined with.")
    if len(members.chosen) < len(triplets.anchor):
        drawn = number(len(members.chosen), "triplet")
        notes.append(f"Hardness is of {drawn} of anchors drawn at random, labels are of all.")
    return tuple(notes)
