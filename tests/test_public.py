"""The public face: what is there, however often and in whatever order it is asked for."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import embedding_second_opinion as so

SLOW = {
    *(
        "numpy",
        "pydantic",
        "pandas",
        "sklearn",
        "scipy",
        "numba",
        "torch",
        "matplotlib",
        "papermill",
    ),
    "IPython",
}
DATA = so.EmbeddingSet.from_arrays(
    np.random.default_rng(0).normal(size=(24, 3)) + np.repeat(np.eye(3) * 2, 8, axis=0),
    np.repeat(["a", "b", "c"], 8),
)


def alone(code: str) -> str:
    """What the code prints in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_import_is_quick_and_loads_nothing_slow():
    loaded = alone("import sys, embedding_second_opinion; print(*sys.modules)").split()
    assert not {name.partition(".")[0] for name in loaded} & SLOW


def test_a_set_and_a_check_load_neither_torch_nor_matplotlib():
    code = (
        "import sys, embedding_second_opinion as so\n"
        "data = so.EmbeddingSet.from_arrays([[0], [1], [8], [9]], [0, 0, 1, 1])\n"
        "so.checks.retrieval(data)\nprint(*sys.modules)"
    )
    loaded = {name.partition(".")[0] for name in alone(code).split()}
    assert not loaded & {"torch", "matplotlib", "papermill"}


def test_a_finding_shows_its_figures_however_it_was_imported():
    code = (
        "from embedding_second_opinion.findings import illustrator\n"
        "from embedding_second_opinion.findings.finding import Finding\nprint(callable(illustrator.draw))"
    )
    assert alone(code).strip() == "True"


def test_no_public_name_is_that_of_a_module_beside_it():
    """Importing the module would put it in the place of the function."""
    beside = {module.name for module in pkgutil.iter_modules(so.__path__)}
    assert beside & set(so.__all__) == {"checks"}
    assert inspect.ismodule(so.checks)
    assert not hasattr(so.checks, "__path__")


@pytest.mark.parametrize("order", ["backward", "modules first"])
def test_every_name_is_the_same_at_the_second_asking(order):
    code = f"""
import importlib, pkgutil
import embedding_second_opinion as so
names = sorted(so.__all__, reverse={order == "backward"})
if {order == "modules first"}:
    for found in pkgutil.iter_modules(so.__path__, "embedding_second_opinion."):
        importlib.import_module(found.name) if "__main__" not in found.name else None
first = {{name: getattr(so, name) for name in names}}
so.diagnose("sample:planted:healthy", only=["retrieval"])
so.checks.retrieval(so.load.__globals__ and so.EmbeddingSet.from_arrays([[0], [1], [8], [9]], [0, 0, 1, 1]))
assert all(getattr(so, name) is first[name] for name in names if name != "__version__")
for code in dir(so.checks):
    assert getattr(so.checks, code) is getattr(so.checks, code)
assert callable(so.compare) and callable(so.diagnose) and callable(so.checks.hubness)
from embedding_second_opinion import checks, diagnose, load
assert diagnose is so.diagnose and checks is so.checks and load is so.load
print("good")
"""
    assert alone(code).strip() == "good"


def test_each_function_can_be_called_twice():
    for _ in range(2):
        assert so.arrange(DATA).leave_one_out
        assert so.checks.retrieval(DATA).code == "retrieval"
        assert so.compare(DATA, so.Geometry(DATA, metric="cosine")).code == "comparison"
        assert len(so.diagnose(DATA, only="retrieval")) == 1
        assert so.fit_remedy(DATA, "centroid").predict(DATA.vectors[:1]).tolist() == ["a"]


def test_dir_and_version():
    assert dir(so) == sorted(so.__all__)
    assert so.__version__
    with pytest.raises(AttributeError, match="has no attribute 'diagnoze'"):
        so.diagnoze  # noqa: B018
    with pytest.raises(AttributeError, match="no diagnostic 'hubnes'"):
        so.checks.hubnes  # noqa: B018


def test_the_module_answers_for_its_version():
    done = subprocess.run(
        [sys.executable, "-m", "embedding_second_opinion", "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[0] == "embedding-second-opinion"


@pytest.mark.parametrize(
    ("given", "kind", "way"),
    [
        (np.eye(3), "numpy ndarray", "so.EmbeddingSet.from_arrays(X, y)"),
        (pd.DataFrame(np.eye(3)), "pandas DataFrame", "so.EmbeddingSet.from_arrays(X, y)"),
        ([[0.0]], "list", "so.EmbeddingSet.from_arrays(X, y)"),
        ("mine.npz", "str", "so.load('mine.npz')"),
        (None, "NoneType", "so.EmbeddingSet.from_arrays(X, y)"),
    ],
)
def test_a_check_says_in_one_sentence_what_it_takes(given, kind, way):
    for code in ("hubness", "training_curves"):
        with pytest.raises(so.InputError) as error:
            getattr(so.checks, code)(given)
        assert f"was given a {kind}; write so.checks.{code}({way})." in str(error.value)
    with pytest.raises(so.InputError, match=r"so\.fit_remedy takes an EmbeddingSet"):
        so.fit_remedy(given, "cosine")


def test_a_check_takes_a_set_an_evaluation_and_a_geometry_alike():
    space = so.Geometry(DATA)
    told = [so.checks.hubness(each).model_dump() for each in (DATA, so.arrange(DATA), space)]
    assert told[0] == told[1] == told[2]
    assert so.checks.hubness(DATA, tolerance=0.5).tolerance == 0.5
    assert "tolerance: 'float' = 0.02" in so.checks.hubness.__doc__
    assert so.checks.hubness.__name__ == "hubness"


def test_what_is_shown_of_a_record_is_a_line():
    space = so.Geometry(DATA)
    finding = so.checks.triplet_versus_closed_set(space)
    shown = [finding, finding.charts[0], finding.harm, DATA, space, space.evaluation, space.ranks,
             space.neighbors(2), so.diagnose(space, only="retrieval").summary]  # fmt: skip
    for each in shown:
        for text in (repr(each), str(each)):
            assert "\n" not in text
            assert len(text) <= 300
    assert repr(finding).startswith("Finding(triplet_versus_closed_set: ")
    assert str(finding.harm).startswith("Estimate(")


def test_a_refused_record_does_not_print_what_it_was_given():
    wrong = {"code": "x" * 40_000, "title": "secret words", "charts": [1]}
    with pytest.raises(ValueError) as error:
        so.Finding.model_validate(wrong)
    assert "secret words" not in str(error.value)
    assert len(str(error.value)) < 2000
