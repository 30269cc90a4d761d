"""The verdict rule, the records and the summary."""

from __future__ import annotations

import json
import re

import numpy as np
import pydantic
import pytest

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.data.embeddings import InputError
from embedding_second_opinion.findings.charts import Bar, Bars, Table, Thumbnail
from embedding_second_opinion.findings.finding import (
    FINDING_MIME,
    LOOKS,
    TAIL,
    Estimate,
    Finding,
    Verdict,
    judge,
)
from embedding_second_opinion.geometry.geometry import Geometry
from embedding_second_opinion.request import Request
from embedding_second_opinion.samples.planted import planted
from embedding_second_opinion.story import summary


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.021, 0.10, Verdict.ALARM),
        (0.020, 0.10, Verdict.WATCH),  # at the tolerance is not above it
        (-0.01, 0.020, Verdict.OK),
        (0.001, 0.020, Verdict.OK),  # ok comes before watch
        (0.001, 0.021, Verdict.WATCH),
        (-0.01, 0.021, Verdict.UNSURE),
        (0.0, 0.021, Verdict.UNSURE),
        (-0.20, -0.10, Verdict.OK),
        (None, None, Verdict.UNSURE),
    ],
)
def test_the_one_verdict_rule(low, high, verdict):
    assert judge(Estimate(value=0.02, low=low, high=high), 0.02) is verdict


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_estimate_is_infinite_or_nan(value):
    with pytest.raises(pydantic.ValidationError):
        Estimate(value=value)


def test_unknown_fields_are_refused():
    with pytest.raises(pydantic.ValidationError):
        Estimate.model_validate({"value": 1, "hihg": 2})


def test_estimates_read_well():
    assert Estimate(value=0.989, low=0.981, high=0.994).text() == "98.9 % [98.1, 99.4]"
    points = Estimate(value=0.123, low=0.1, high=0.15, quantity="accuracy points")
    assert points.text() == "12.3 points [10.0, 15.0]"
    assert Estimate(value=0.5).text() == "50.0 %"


def finding(code, p=None, verdict=Verdict.ALARM):
    return Finding(code=code, title=code, question="?", verdict=verdict, explanation=".", p_value=p)


def test_the_display_carries_its_own_json_and_a_figure():
    bars = Bars(title="t", alt="a", value_label="v", bars=(Bar(label="one | two", value=0.5),))
    shown = finding("x").model_copy(update={"charts": (bars,)})
    bundle = shown._repr_mimebundle_()
    assert Finding.model_validate(json.loads(json.dumps(bundle[FINDING_MIME]))) == shown
    assert "### x" in bundle["text/markdown"]


def test_a_notebook_shows_words_and_then_the_figure(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda what, raw=False: shown.append(what))
    bars = Bars(title="t", alt="a", value_label="v", bars=(Bar(label="one", value=0.5),))
    finding("x").model_copy(update={"charts": (bars,)})._ipython_display_()
    finding("y")._ipython_display_()
    words, figure, alone = shown
    assert set(words) == {"text/markdown", "text/plain", FINDING_MIME}
    assert set(figure) == {"image/svg+xml", "text/plain"}
    assert figure["image/svg+xml"].startswith("<svg")
    assert "<title>x</title>" in figure["image/svg+xml"]
    assert figure["text/plain"] == "t: a"  # where a notebook is not trusted, this is shown
    assert alone[FINDING_MIME]["code"] == "y"


def test_what_has_no_picture_shows_words_alone(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda what, raw=False: shown.append(what))
    table = Table(title="t", alt="a", columns=("a",), rows=(("1",),))
    finding("x").model_copy(update={"charts": (table,)})._ipython_display_()
    assert len(shown) == 1


def test_one_look_among_many_must_be_surer_and_a_finding_without_a_p_value_is_spared():
    harm = Estimate(value=0.5, low=0.4, high=0.6)
    assert judge(harm, 0.1) is Verdict.ALARM
    assert judge(harm, 0.1, TAIL / LOOKS) is Verdict.ALARM
    assert judge(harm, 0.1, 1.01 * TAIL / LOOKS) is Verdict.WATCH
    assert judge(harm, 0.6, 0.9) is Verdict.OK


def test_the_verdicts_of_the_summary_are_those_of_the_findings_whatever_else_was_run():
    space = Geometry(planted("healthy"))
    found = [finding("a", 0.001), finding("b", 0.02), finding("c", 0.9, Verdict.OK)]
    for some in (found, found[:1], found[1:]):
        made = summary.summarise(space, some)
        assert dict(made.verdicts) == {f.code: f.verdict for f in some}


def test_the_summary_ranks_and_is_json_both_ways():
    space = Geometry(planted("look_alikes"))
    inputs = Request(claimed=0.99).inputs()
    found = [
        finding("quiet", verdict=Verdict.OK),
        finding("loud").model_copy(
            update={"harm": Estimate(value=0.5, low=0.4, high=0.6), "tolerance": 0.1}
        ),
        finding("louder").model_copy(
            update={"harm": Estimate(value=0.5, low=0.4, high=0.6), "tolerance": 0.05}
        ),
    ]
    made = summary.summarise(space, found, inputs)
    assert [cause.code for cause in made.causes] == ["louder", "loud", "quiet"]
    assert [cause.loudness for cause in made.causes] == [8, 4, None]
    assert summary.Summary.model_validate_json(made.model_dump_json()) == made
    assert made.subject.n == space.evaluation.data.n
    assert made.claimed.value == 0.99


def test_what_happens_in_use_and_in_training_is_no_cause():
    space = Geometry(planted("healthy"))
    codes = ("open_set", "triplet_census", "collapse")
    found = [*map(finding, codes), finding(registry.first(), verdict=Verdict.OK)]
    made = summary.summarise(space, found)
    assert [each.code for each in made.in_use] == ["open_set"]
    assert [each.code for each in made.in_training] == ["triplet_census"]
    assert "**In training**" in made.markdown()
    assert [each.code for each in made.causes] == ["collapse"]
    assert "**In use**" in made.markdown()
    assert made.trust == ""


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (
            ("ok", "ok", "not-applicable"),
            "The number can be trusted. Of 2 diagnostics that could be run",
        ),
        (("ok", "unsure", "ok"), "as far as this set can tell. Of 3 .*; 1 cannot tell\\."),
        (("ok", "unsure", "unsure"), "2 cannot tell\\."),
        (("ok", "watch", "ok"), "^$"),
        (("ok", "ok", "alarm"), "^$"),
        (("unsure", "ok", "ok"), "^$"),
        (("alarm", "ok", "ok"), "^$"),
        (("not-applicable", "ok", "ok"), "^$"),
    ],
)
def test_good_news_is_said_where_nothing_speaks_against_it(verdicts, sentence):
    codes = (registry.first(), "retrieval", "collapse")
    found = [finding(c, verdict=Verdict(v)) for c, v in zip(codes, verdicts, strict=True)]
    made = summary.summarise(Geometry(planted("healthy")), found)
    assert re.search(sentence, made.trust)
    assert (made.trust in made.markdown()) or not made.trust


def test_without_the_first_diagnostic_the_loudest_speaks():
    found = [finding("quiet", verdict=Verdict.OK), finding("loud")]
    made = summary.summarise(Geometry(planted("healthy")), found)
    assert made.headline == found[1].explanation
    assert made.trust == ""


@pytest.mark.parametrize(
    ("claimed", "metric", "sentence"),
    [
        (1.2, "triplet", "write 1.2% if you mean it"),
        ("no", "triplet", "must be a share such as 0.99"),
        (True, "triplet", "must be a share"),
        (float("nan"), "triplet", "from 0 to 100 %"),
        (0.9, "tripet", "one of triplet, closed-set, pair, other"),
    ],
)
def test_a_claim_that_is_no_share_is_refused(claimed, metric, sentence):
    with pytest.raises(InputError, match=sentence):
        Request(claimed=claimed, claimed_metric=metric)


@pytest.mark.parametrize("shape", [(5, 7), (100, 60), (8, 8, 3), (49, 49, 3)])
def test_thumbnails_are_pixels_of_the_image(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    small = Thumbnail.of(image).array()
    step = -(-max(shape[:2]) // 48)
    assert (small == image[::step, ::step]).all()
    assert max(small.shape[:2]) <= 48
