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
            "Needs the triplets of training (--triplets): a file with the columns anchor, positive, "
            "negative and, "
            "if known, batch, which hold row numbers of this set, counted from 0."
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
        ignore_when=(
            "Every row is augmented anew each time it is drawn: then an anchor and itself are two "
            "views, and its "
            "own positive is right. Or the labels here are not those that training used, on purpose."
        ),
        remedy=lambda verdict: _remedy(seen, verdict),
        caveats=_caveats(seen),
        charts=charts_of(space, seen),
        parameters={"triplets": triplets.name, "margin": inputs.margin if inputs else None},
    )


def _explanation(seen: Audit) -> str:
    e, facts = seen.estimates, seen.facts
    count = number(len(facts.wrong), "triplet")
    if facts.wrong.any():
        kinds = (
            ("positive_is_anchor", "have the anchor as positive"),
            ("positive_of_other_class", "a positive of another class"),
            ("negative_of_own_class", "a negative of the anchor's class"),
        )
        listed = [f"{e[name].text()} {words}" for name, words in kinds if e[name].value > 0]
        if len(listed) > 1:
            text = f"Of {count} {e['wrong_triplets'].text()} are wrong ({', '.join(listed)})"
        else:
            verb = "" if listed[0].endswith("as positive") else "have "
            text = f"Of {count} {listed[0].replace('] ', f'] {verb}')}"
    else:
        text = f"None of {count} is wrong by its labels ({e['wrong_triplets'].text()})"
    if not len(seen.hardness.easy.where):
        text += "; how hard they are cannot be told, as too few rows of each batch are named"
    elif e["mined_to_be_easy"].value > 0:
        text += f"; {e['mined_to_be_easy'].text()} beyond chance have a near positive and a far negative"
    else:
        text += "; no more than by chance have a near positive and a far negative"
    if seen.bugs:
        text += f"; {'; '.join(bug.says for bug in seen.bugs)}"
    elif seen.mining[0] != "unclear":
        text += f"; they look like {seen.mining[1]}"
    if "active_triplets" in e:
        text += f"; {e['active_triplets'].text()} still have a loss at this margin"
    return f"{text}."


def _meaning(seen: Audit, verdict: Verdict) -> str:
    names = {bug.name for bug in seen.bugs}
    loud = verdict.loud
    if loud and seen.worst == "easy":
        text = (
            "The triplets are right and teach nothing: their loss falls to zero at once, while rows "
            "that are hard "
            "to tell apart are never shown together. A low loss says nothing here."
        )
    elif loud and names & {"own_positive", "always_own_positive"} and not seen.facts.wrong_p.any():
        text = (
            "An anchor with itself as positive has distance 0 and only pushes its negative away; and "
            "a triplet "
            "accuracy that is measured on such triplets is too high, as they cannot be wrong."
        )
    elif loud and names:
        text = (
            "These triplets pull rows of different classes together, or push rows of one class "
            "apart. What the "
            "model learns, it learns in spite of them."
        )
    elif loud:
        text = (
            "These triplets teach what the labels here deny. No bug that is known here draws them so: either "
            "the labels were changed since, or the code has a fault of its own."
        )
    elif names:
        text = (
            "The trace of a bug is there; how much harm it does is within the tolerance, or cannot "
            "be told from so "
            "few triplets. It will do more in larger batches of fewer classes."
            if "own_positive" not in names
            else "The trace of a bug is there; how much harm it does is within the tolerance, or cannot "
            "be told "
            "from so few triplets. It does more where classes have fewer rows."
        )
    elif verdict is Verdict.OK:
        text = "The triplets are what they should be: of the right labels, and not easier than drawn ones."
    else:
        text = "With so few triplets, batches and classes it cannot be told whether they are."
    if not seen.bugs and not loud:
        said = seen.mining[1]
        text += (
            f" {said[0].upper()}{said[1:]}."
            if seen.mining[0] == "unclear"
            else f" They look like {said}."
        )
    return text


def _remedy(seen: Audit, verdict: Verdict) -> str:
    if seen.bugs:
        first = " ".join(dict.fromkeys(bug.remedy for bug in seen.bugs))
        return (
            f"{first} Then train again: nothing that this model learnt shows what the right code would "
            "give."
        )
    if verdict.loud:
        return (
            "Look at the triplets listed, with their rows: compare the labels here with those of "
            "training, and test "
            "the miner on ten rows by hand."
        )
    if verdict is Verdict.OK:
        return "Nothing here."
    return "Save more triplets, with the batch of each: ten batches or more."


def _caveats(seen: Audit) -> tuple[str, ...]:
    members, triplets = seen.members, seen.triplets
    notes = list(triplets.notes)
    if members.batched:
        notes.append(
            "A batch is the rows that the file names in it; rows of the batch that are in no triplet "
            "are not known."
        )
    else:
        notes.append(
            "The file does not say in which batch a triplet was mined: choices are compared with all rows of "
            "the splits that it names, so that the best of a batch is only better than most, and a "
            "wrong index cannot "
            "be told from rows drawn blindly. Add a column batch."
        )
    notes.append(
        "Hardness is by these vectors. Where the triplets are older, choices that were the hardest then may "
        "not be now; labels and own positives do not change."
    )
    if len(members.chosen) < len(triplets.anchor):
        notes.append(
            f"Hardness is of {number(len(members.chosen), 'triplet')}, whose anchors were drawn at "
            "random; labels "
            "are of all."
        )
    notes.append("One extra pass: anchors against the rows of their batch.")
    return tuple(notes)
