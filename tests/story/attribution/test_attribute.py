"""The waterfall as a whole: sums, intervals, invariance, what is missing, and which finding explains it."""

from __future__ import annotations

import numpy as np
import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.roles import arrange
from embedding_second_opinion.findings.finding import Estimate, Finding, Verdict
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.inputs.inputs import Believed, Inputs
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.story.attribution.attribute import attribute
from embedding_second_opinion.story.attribution.explained import explained
from embedding_second_opinion.story.summary import summarise
from tests.story.attribution.test_cells import drawn, spaces

CLAIMED = Inputs(claim=Believed(value=0.97))


def opened(name="healthy_strangers", seed=1, claim=0.99):
    space = Geometry(planted(name, seed), seed=seed)
    inputs = Inputs(claim=Believed(value=claim), map_points=0)
    return space, [registry.run_one("open_set", space, inputs)], inputs


@pytest.mark.parametrize("name", ["look_alikes", "starved_tail", "healthy_strangers", "let_in"])
def test_steps_and_shares_lead_from_start_to_end(name):
    space, findings, inputs = opened(name)
    found = attribute(space, findings, inputs)
    assert found is not None
    places = [found.start.value, *(step.after for step in found.steps)]
    for step, before, after in zip(found.steps, places, places[1:], strict=False):
        assert step.before == before
        assert step.change.value == pytest.approx(after - before, abs=1e-7)
        assert step.least - 1e-7 <= step.shapley <= step.most + 1e-7
        if step.change.low is not None and step.change.high is not None:
            assert step.change.low <= step.change.value <= step.change.high
    gap = found.end.value - found.start.value
    assert places[-1] == pytest.approx(found.end.value, abs=1e-7)
    assert sum(step.change.value for step in found.steps) == pytest.approx(gap, abs=1e-7)
    assert sum(step.shapley for step in found.steps) == pytest.approx(gap, abs=1e-7)
    assert [s.letter for s in found.steps] == [
        x for x in "BGPNWSCO" if x in {s.letter for s in found.steps}
    ]
    assert {s.letter for s in found.steps} | {m.letter for m in found.missing} == set("BGPNWSCO")


def test_the_numbers_are_those_of_the_diagnostics():
    space, findings, inputs = opened()
    first = registry.run_one(registry.first(), space, inputs).estimates
    found = attribute(space, findings, inputs)
    after = {step.letter: step.after for step in found.steps}
    assert after["B"] == pytest.approx(first["triplet_accuracy"].value, abs=1e-7)
    assert after["N"] == pytest.approx(first["closed_set_accuracy"].value, abs=1e-7)
    assert after["W"] == pytest.approx(first["closed_set_accuracy_macro"].value, abs=1e-7)
    exact = next(step for step in found.steps if step.letter == "B").change
    assert exact.low == pytest.approx(first["triplet_accuracy"].low - 0.99, abs=1e-7)


def test_interval_of_a_step_is_the_jackknife_of_really_deleted_classes():
    vectors, labels, split = drawn(11)
    found = attribute(spaces(vectors, labels, split), (), None)
    step = next(s for s in found.steps if s.letter == "P")
    left = []
    for c in np.unique(labels):
        kept = labels != c
        rest = attribute(spaces(vectors[kept], labels[kept], split[kept]), (), None)
        left.append(next(s for s in rest.steps if s.letter == "P").change.value)
    k = len(left)
    error = np.sqrt((k - 1) / k * ((np.array(left) - np.mean(left)) ** 2).sum())
    from scipy.stats import t

    assert step.change.high - step.change.value == pytest.approx(
        t.ppf(0.975, k - 1) * error, abs=1e-7
    )


def test_rows_and_names_in_another_order_change_nothing():
    vectors, labels, split = drawn(12)
    rng = np.random.default_rng(0)
    order, names = rng.permutation(len(labels)), rng.permutation(12)
    one = attribute(spaces(vectors, labels, split), (), CLAIMED)
    renamed = np.array([f"class {names[c]:02d}" for c in labels])
    two = attribute(spaces(vectors[order], renamed[order], split[order]), (), CLAIMED)
    assert [s.letter for s in one.steps] == [s.letter for s in two.steps]
    for a, b in zip(one.steps, two.steps, strict=True):
        for x, y in (
            (a.before, b.before),
            (a.after, b.after),
            (a.shapley, b.shapley),
            (a.least, b.least),
        ):
            assert x == pytest.approx(y, abs=1e-9)
        assert a.change.low == (
            None if b.change.low is None else pytest.approx(b.change.low, abs=1e-9)
        )


def test_what_is_missing_says_what_it_needs():
    alone = Geometry(planted("healthy", 1))
    found = attribute(alone, (), None)
    needs = {m.letter: m.needs for m in found.missing}
    assert set(needs) == {"B", "G", "S", "C", "O"}
    assert "--claimed" in needs["B"]
    assert "--gallery-split" in needs["G"]
    assert "--strangers" in needs["O"]
    assert (
        attribute(alone, (), Inputs(claim=Believed(value=0.9, metric="pair"))).start_name
        == "triplet accuracy"
    )


def test_few_classes_have_no_intervals():
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(6), 8)
    vectors = rng.standard_normal((6, 4))[labels] + 0.5 * rng.standard_normal((48, 4))
    found = attribute(Geometry(EmbeddingSet.from_arrays(vectors, labels)), (), CLAIMED)
    for step in found.steps:
        assert step.change.low is None
        assert "too few" in step.change.method


def test_no_query_no_way():
    data = EmbeddingSet.from_arrays(
        np.eye(6, dtype=np.float32), [0, 0, 1, 1, 2, 2], split=["train"] * 4 + ["test"] * 2
    )
    space = Geometry(arrange(data, gallery_split="train", query_split="test"))
    assert attribute(space) is None


def test_an_interaction_is_seen():
    # One positive a class is far: among all negatives it helps to have both, against one it hardly does.
    space = Geometry(planted("healthy_several_modes", 1))
    found = attribute(space)
    assert any(step.least < step.most - 0.01 for step in found.steps)


def finding(code, verdict=Verdict.ALARM, low=0.1):
    harm = Estimate(value=low + 0.05, low=low, high=low + 0.1, quantity="accuracy points")
    return Finding(
        code=code, title=code, question="", verdict=verdict, explanation="It costs; much.",
        harm=harm, tolerance=0.02,
    )  # fmt: skip


def test_only_what_is_loud_and_can_explain_a_loss_does():
    space, findings, inputs = opened("look_alikes")
    found = attribute(space, findings, inputs)
    ranked = [
        finding("class_imbalance"),
        finding("cluster_proximity"),
        finding("hubness", Verdict.OK),
    ]
    told = explained(found, ranked, {"N": ("hubness", "cluster_proximity"), "W": ()})
    step = next(s for s in told.steps if s.letter == "N")
    harm = next(f.harm for f in ranked if f.code == "cluster_proximity")
    words = f"cluster_proximity: {harm.text()}."
    assert (step.cause, step.because) == ("cluster_proximity", words)
    none = explained(found, ranked[2:], {"N": ("hubness",)})
    assert (
        next(s for s in none.steps if s.letter == "N").because
        == "No diagnostic explains this loss."
    )
    assert told.largest is not None
    assert told.largest.letter == "N"


def test_of_two_sure_causes_the_one_that_gives_back_more_explains_a_loss():
    space, findings, inputs = opened("look_alikes")
    found = attribute(space, findings, inputs)
    wide = Estimate(value=0.3, low=0.05, high=0.55, quantity="accuracy points")
    shifted = finding("shift", Verdict.WATCH).model_copy(update={"harm": wide})
    surer, unsure = finding("hubness", low=0.1), finding("metric_choice", Verdict.UNSURE, low=0.4)
    ranked = [unsure, surer, shifted]
    able = {"N": tuple(f.code for f in ranked)}

    def cause(ranked):
        return next(s.cause for s in explained(found, ranked, able).steps if s.letter == "N")

    assert cause(ranked) == cause(ranked[::-1]) == "shift"
    assert cause([unsure, surer]) == "hubness"
    twin = surer.model_copy(update={"code": "shift"})
    assert cause([surer, twin]) == "hubness"
    assert cause([twin, surer]) == "shift"


@pytest.mark.parametrize(("share", "told"), [(0.9, True), (0.51, True), (0.49, False)])
def test_where_no_cause_is_sure_one_that_gives_back_half_is_named_as_perhaps(share, told):
    space, findings, inputs = opened("look_alikes")
    step = attribute(space, findings, inputs).largest
    way = attribute(space, findings, inputs).model_copy(update={"steps": (step,)})
    wide = Estimate(
        value=-share * step.change.value, low=-0.1, high=0.5, quantity="accuracy points"
    )
    doubtful = finding("shift", Verdict.UNSURE).model_copy(update={"harm": wide})
    small = finding("hubness", Verdict.UNSURE).model_copy(
        update={"harm": wide.model_copy(update={"value": 0.001})}
    )
    found = explained(way, [small, doubtful], {step.letter: ("shift", "hubness")}).steps[0]
    if told:
        assert (found.cause, found.because) == ("shift", f"shift, perhaps: {wide.text()}.")
    else:
        assert (found.cause, found.because) == ("", "No diagnostic explains this loss.")


def test_the_part_of_a_finding_that_concerns_a_loss_is_what_counts():
    space, findings, inputs = opened("look_alikes")
    found = attribute(space, findings, inputs)
    part = Estimate(value=0.15, low=0.12, high=0.2, quantity="accuracy points")
    gap = finding("generalisation_gap", low=0.3).model_copy(
        update={"estimates": {"held_out_gap": part}}
    )
    near = finding("cluster_proximity", low=0.15)
    able = {"N": ("cluster_proximity", "generalisation_gap")}
    parts = {("N", "generalisation_gap"): "held_out_gap"}

    def cause(ranked, parts):
        told = explained(found, ranked, able, parts)
        return next((s.cause, s.because) for s in told.steps if s.letter == "N")

    assert (
        cause([gap, near], {})[0] == "generalisation_gap"
    )  # by its harm, of classes nobody looks up
    assert cause([gap, near], parts)[0] == "cluster_proximity"
    words = "generalisation_gap: 15.0 points [12.0, 20.0]."
    assert cause([gap], parts) == ("generalisation_gap", words)
    quiet = gap.model_copy(update={"estimates": {}})
    assert cause([quiet], parts)[0] == ""


def test_small_classes_that_are_only_enrolled_less_are_said_to_be_so():
    space, findings, inputs = opened("look_alikes")
    step = attribute(space, findings, inputs).largest.model_copy(update={"letter": "W"})
    way = attribute(space, findings, inputs).model_copy(update={"steps": (step,)})
    gap = Estimate(value=-0.011, low=-0.02, high=0.0, quantity="accuracy points")
    size = finding("class_imbalance", Verdict.OK).model_copy(
        update={"estimates": {"micro_macro_gap_common_enrolment": gap}}
    )
    told = explained(way, [size], {"W": ("class_imbalance",)})
    assert told.steps[0].cause == ""
    assert told.steps[0].because == (
        "small classes are not embedded worse: the gap at equal enrolment is -1.1 points [-2.0, 0.0]."
    )
    unsure = size.model_copy(update={"verdict": Verdict.UNSURE})
    open_ = explained(way, [unsure], {"W": ("class_imbalance",)})
    assert open_.steps[0].because == f"class_imbalance, perhaps: {size.harm.text()}."


def test_a_loss_that_may_be_none_is_said_to_be_so():
    space, findings, inputs = opened("look_alikes")
    found = attribute(space, findings, inputs)
    step = found.largest
    open_ = step.model_copy(update={"change": step.change.model_copy(update={"high": 0.01})})
    told = explained(found.model_copy(update={"steps": (open_,)}), (), {})
    assert told.steps[0].because == "the interval holds 0: it may be that nothing is lost here."


def test_every_cause_can_explain_some_step_but_the_maps():
    able = {code for codes in registry.explains().values() for code in codes}
    causes = {code for code in registry.codes() if registry.kind(code) == "cause"}
    assert causes - able == {"projections"}


def test_the_summary_carries_it_and_shows_it():
    space, findings, inputs = opened("look_alikes")
    findings = [
        registry.run_one(c, space, inputs) for c in (registry.first(), "cluster_proximity")
    ] + findings
    made = summarise(space, findings, inputs)
    assert made.attribution is not None
    assert next(s for s in made.attribution.steps if s.letter == "N").cause == "cluster_proximity"
    assert "| all negatives compete |" in made.markdown()
    assert summarise(space, findings[1:], inputs).attribution is None
