"""What a diagnosis gives: a sentence, a mapping, tables, JSON that is a report's, and the page."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import FrozenInstanceError

import jsonschema
import numpy as np
import pandas as pd
import pytest
import torch

import embedding_second_opinion as so
from embedding_second_opinion.inputs.pairs import Pairs
from embedding_second_opinion_reports.outcome import schema
from embedding_second_opinion_reports.publish import publish
from tests import hostile

CODES = ["triplet_versus_closed_set", "retrieval", "hubness"]


def arrays(classes=12, rows=8):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), rows)
    return rng.normal(size=(classes, 6))[y] + 0.6 * rng.normal(size=(len(y), 6)), y


X, Y = arrays()


@pytest.fixture(scope="module")
def result():
    return so.diagnose(X, Y, claimed=0.99, only=CODES)


def test_it_prints_as_one_sentence_with_counts(result):
    assert re.fullmatch(
        r"99\.0 % triplet accuracy was claimed .* of queries are recognised .*\. 3 diagnostics: .*\.",
        repr(result),
    )
    assert "\n" not in str(result)


def test_it_is_a_frozen_mapping_by_code(result):
    assert list(result) == CODES
    assert result["hubness"] is result.findings[2]
    assert "hubness" in result
    assert len(result) == 3
    assert result.get("leakage") is None
    assert result.verdicts == {code: v.value for code, v in result.summary.verdicts.items()}
    with pytest.raises(KeyError, match="did you mean hubness"):
        result["hubnes"]
    with pytest.raises(FrozenInstanceError):
        result.findings = ()
    assert repr(pickle.loads(pickle.dumps(result))) == repr(result)  # noqa: S301


def test_findings_as_a_frame(result):
    frame = result.to_frame()
    assert len(frame) == 3
    row = frame.set_index("code").loc["triplet_versus_closed_set"]
    finding = result["triplet_versus_closed_set"]
    assert (row["harm"], row["low"], row["high"]) == (
        finding.harm.value, finding.harm.low, finding.harm.high,
    )  # fmt: skip
    assert row["tolerance"] == 0.02
    assert row["verdict"] == "alarm"
    assert row["kind"] == "in use"
    assert row["explanation"] == finding.explanation
    assert frame["verdict"].tolist()[0] == "alarm"  # loudest first


def test_estimates_as_a_frame(result):
    frame = result.to_frame("estimates")
    assert len(frame) == sum(len(finding.estimates) for finding in result.findings)
    found = frame.set_index(["code", "name"]).loc[
        ("triplet_versus_closed_set", "closed_set_accuracy")
    ]
    assert found["low"] < found["value"] < found["high"]
    with pytest.raises(so.InputError, match="rows must be"):
        result.to_frame("numbers")


def test_json_keeps_the_schema_of_a_report(result):
    jsonschema.validate(result.to_dict(), json.loads(schema()))
    assert json.loads(result.to_json()) == result.to_dict()
    assert result.to_dict()["parameters"]["data"] == "ndarray of 96 x 6"


@pytest.mark.parametrize(
    "given",
    [
        (pd.DataFrame(X), pd.Series(Y)),
        (torch.from_numpy(X).requires_grad_(), torch.from_numpy(Y)),
        (X.tolist(), Y.tolist()),
        (so.EmbeddingSet.from_arrays(X, Y),),
        (so.arrange(so.EmbeddingSet.from_arrays(X, Y)),),
        (so.Geometry(so.EmbeddingSet.from_arrays(X, Y)),),
    ],
    ids=["frame", "tensor", "list", "set", "evaluation", "geometry"],
)
def test_the_same_set_in_any_form_gives_the_same(given, result):
    other = so.diagnose(*given, claimed=0.99, only=CODES)
    one, two = ({**each.to_dict(), "parameters": {}} for each in (other, result))
    assert one == two


def test_everything_in_named_as_the_command_names_it(tmp_path):
    """Findings from Python are those of the command, to the byte, parameters aside."""
    split = np.tile(["train", "test"], len(Y) // 2)
    path = tmp_path / "mine.npz"
    np.savez(path, embeddings=X.astype(np.float32), labels=Y, part=split)
    told = {"split": "part", "claimed": 0.99, "only": CODES, "metric": "cosine", "seed": 3}
    told |= {"strangers": ["11"]}
    made = publish(
        tmp_path / "command", {"data": str(path), "map_points": 0, **told}, progress=False
    )
    ours = so.diagnose(path, **told)
    texts = [made.outcome.text(), ours.to_json()]
    one, two = (
        re.sub(r'\n  "parameters": \{\n.*?\n  \},\n', "\n", text, flags=re.S) for text in texts
    )
    assert len(one) < len(texts[0])
    assert one == two
    told |= {"split": split, "strangers": [11], "name": "mine.npz"}
    again = so.diagnose(X.astype(np.float32), Y, **told)
    lacking = {"parameters": {}, "notes": []}
    assert {**again.to_dict(), **lacking} == {**ours.to_dict(), **lacking}


def test_the_page_and_the_numbers_stand_in_a_folder_whole(result, tmp_path, this_tree_installed):
    page = result.report(tmp_path / "out")
    assert page == tmp_path / "out" / "report.html"
    assert sorted(path.name for path in page.parent.iterdir()) == ["findings.json", "report.html"]
    assert (page.parent / "findings.json").read_text("utf-8") == result.to_json()
    text = page.read_text("utf-8")
    assert "Made from Python" in text
    assert "report.ipynb" not in text
    assert "embedding-second-opinion report" not in text
    before = text
    assert result.report(page.parent).read_text("utf-8") == before  # ours, so it is replaced
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_somebody_else_stays(result, tmp_path, this_tree_installed):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(so.InputError, match=r"was not made by this command.* with out=") as error:
        result.report(tmp_path / "out")
    assert "--" not in str(error.value)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_without_a_publisher_it_says_so(result, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **wanted: ())
    with pytest.raises(so.InputError, match="not installed"):
        result.report(tmp_path / "out")


def test_names_from_the_data_are_text(tmp_path):
    names = hostile.class_names("http://127.0.0.1:9")
    told = so.diagnose(
        X[:80], np.array(names)[Y[:80]], name=hostile.FILE, only=[*CODES, "cluster_proximity"]
    )
    html = told._repr_html_()
    assert set(re.findall(r"<(\w+)", html)) <= {
        "p",
        "strong",
        "table",
        "tbody",
        "tr",
        "td",
        "code",
        "span",
    }
    pieces = re.split(r"<[^>]*>", html)
    assert all(piece in ("&#36;", "&#92;") or not {"$", "\\"} & set(piece) for piece in pieces)
    assert "&lt;img" in html
    assert len(html) < 20_000
    assert told._repr_markdown_() == told.summary.markdown()
    assert "\n" not in repr(told)


def test_maps_are_drawn_when_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "embedding_second_opinion.catalogue.registry.run",
        lambda space, inputs, codes: asked.append((inputs.map_points, inputs.map_seeds)) or [],
    )
    so.diagnose(X, Y)
    so.diagnose(X, Y, maps=True)
    so.diagnose(X, Y, maps=True, map_points=500, map_seeds=3)
    assert asked == [(0, 2), (2000, 2), (500, 3)]


def test_what_else_is_brought_may_be_arrays(tmp_path):
    pairs = {"first": [0, 1, 2, 3], "second": [1, 9, 3, 11], "same": [1, 0, 1, 0]}
    np.savez(tmp_path / "pairs.npz", **pairs)
    data = so.EmbeddingSet.from_arrays(X, Y)
    forms = [
        str(tmp_path / "pairs.npz"), tmp_path / "pairs.npz", pairs, pd.DataFrame(pairs),
        np.array(list(pairs.values())).T, Pairs.of(data, *pairs.values()),
    ]  # fmt: skip
    told = [
        so.diagnose(data, pairs=form, only="pair_verification")["pair_verification"]
        for form in forms
    ]
    assert len({repr(sorted(each.estimates.items())) for each in told}) == 1
    assert told[0].verdict.value != "not-applicable"
    raw = so.diagnose(X, Y, controls={"raw": X + 1}, only="controls")["controls"]
    assert "raw" in raw.explanation
    drawn = {"anchor": [0, 8, 16], "positive": [1, 9, 17], "negative": [8, 16, 0]}
    audit = so.diagnose(X, Y, triplets=drawn, only="mining_audit")["mining_audit"]
    assert audit.verdict.value != "not-applicable"
    for option, wrong in (("controls", X), ("pairs", X), ("log", {"loss": [1.0]}), ("triplets", 3)):
        with pytest.raises(so.InputError, match=option):
            so.diagnose(X, Y, **{option: wrong})


@pytest.mark.parametrize(
    ("given", "told", "words"),
    [
        ((X,), {}, "Give one a row, in the same order: so.diagnose(X, y)."),
        ((X, Y[:-1]), {}, "there are 95 labels for 96 rows"),
        (
            (pd.DataFrame({"a": [1.0, 2.0], "kind": ["x", "y"]}), ["x", "y"]),
            {},
            "X.drop(columns=['kind'])",
        ),
        ((torch.nn.Linear(2, 2), Y), {}, "so.embed(model, loader)"),
        ((X, Y), {"labels": "y"}, "labels cannot be given with arrays"),
        (("mine.npz", Y), {}, "y cannot be given with a file"),
        (("mine.npz",), {"split": Y}, "so.diagnose(X, y, split=...)"),
        ((so.EmbeddingSet.from_arrays(X, Y), Y), {}, "y cannot be given with an EmbeddingSet"),
        (
            (so.Geometry(so.EmbeddingSet.from_arrays(X, Y)),),
            {"metric": "cosine"},
            "metric cannot be given",
        ),
        ((X, Y), {"metric": "l1"}, "metric must be one of euclidean, cosine"),
        ((X, Y), {"seed": -1}, "seed must be a whole number"),
        ((X, Y), {"only": "hubnes"}, "only names 'hubnes'"),
        ((X * np.inf, Y), {}, "drop_invalid=True"),
        ((X * 0, Y), {"metric": "cosine"}, "use metric='euclidean'"),
        ((X, Y), {"gallery_split": "train"}, "Name the column with split=."),
        ((X, Y), {"claimed": 250}, "claimed must be a share"),
    ],
)
def test_refusals_speak_of_keywords(given, told, words):
    with np.errstate(invalid="ignore"), pytest.raises(so.InputError) as error:
        so.diagnose(*given, **told)
    assert words in str(error.value)
    assert not re.search(r"--\w", str(error.value))
    assert "\n" not in str(error.value)


def test_compare_takes_arrays_sets_and_files(tmp_path):
    noise = np.random.default_rng(1).normal(size=X.shape)
    np.savez(tmp_path / "old.npz", embeddings=X, labels=Y)
    one = so.compare(X, X + noise, Y)
    two = so.compare(tmp_path / "old.npz", so.EmbeddingSet.from_arrays(X + noise, Y))
    assert one.harm == two.harm
    assert one.harm.value > 0
    assert so.compare(X, X, Y, other_metric="cosine").code == "comparison"
    with pytest.raises(so.InputError, match="y goes with arrays"):
        so.compare(tmp_path / "old.npz", tmp_path / "old.npz", Y)
