"""A small evaluation, told by hand: what the reports package gets from the library."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from embedding_second_opinion.findings.charts import (
    Bar,
    Bars,
    Curve,
    Example,
    Examples,
    Level,
    Merge,
    Packed,
    Panel,
    Points,
    Sample,
    Series,
    Table,
    Thumbnail,
    Tree,
)
from embedding_second_opinion.findings.finding import FINDING_MIME, Estimate, Finding, Verdict
from embedding_second_opinion.inputs.inputs import Believed
from embedding_second_opinion.story.summary import SUMMARY_MIME, Cause, Subject, Summary
from embedding_second_opinion_reports.notebook_file import Notebook
from embedding_second_opinion_reports.parameters import DEFAULTS

HOSTILE = "<script>alert(1)</script>"
HOSTILE_NAMES = (
    HOSTILE,
    "x" * 300,
    "אבג שלום عربى",
    '"><img src=x onerror=alert(2)>',
    "</text></svg><script>alert(3)</script>",
    "$\\frac{1}{2}$ {{ 7 * 7 }} {% raw %}",
    "\x1b[31mred\x00",
)
ABOUT = "3,644 queries of the test split in a gallery of 3,652; 912 strangers excluded"


def a_thumbnail(seed: int) -> Thumbnail:
    """Noise of 24 by 24 pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 24), dtype=np.uint8)
    return Thumbnail.of(pixels)


def a_curve(name: str = "every sample enrolled") -> Curve:
    """Accuracy that falls with the number of candidates."""
    x = tuple(float(v) for v in np.unique(np.round(np.logspace(0, np.log10(459), 30))))
    y = tuple(0.991 / (1 + (v / 440) ** 0.6) for v in x)
    return Curve(
        title="The more candidates, the fewer queries find their class",
        alt="Accuracy falls from 99.1 % against one candidate to 49.6 % against all 459.",
        x_label="classes the query must beat",
        y_label="queries answered correctly",
        x_scale="log",
        series=(
            Series(
                name=name,
                x=x,
                y=y,
                low=tuple(max(0.0, v - 0.03) for v in y),
                high=tuple(min(1.0, v + 0.03) for v in y),
            ),
            Series(name="one sample a class", x=x, y=tuple(v - 0.06 for v in y), role="second"),
            Series(name="chance", x=x, y=tuple(1 / (1 + v) for v in x), role="context"),
        ),
        levels=(Level(name="claimed", y=0.99),),
    )


def a_finding(names: tuple[str, ...] = ("А", "Α", "l", "I")) -> Finding:
    """The first diagnostic, alarmed, with every kind of chart."""
    wrong = [
        Sample(row=i, label=n, distance=0.1 * (i + 1), match=False, image=a_thumbnail(i))
        for i, n in enumerate(names)
    ]
    right = Sample(row=99, label=names[0], distance=0.7, match=True)
    return Finding(
        code="triplet_accuracy",
        title="Triplet accuracy against closed-set accuracy",
        question="Does a right order of triplets mean a right class?",
        verdict=Verdict.ALARM,
        explanation="99.1 % of triplets are in order, yet 49.6 % of queries are recognised.",
        estimates={
            "triplet_accuracy": Estimate(value=0.991, low=0.987, high=0.994, about=ABOUT),
            "triplet_accuracy_all_triplets": Estimate(value=0.9903, low=0.986, high=0.994),
            "closed_set_accuracy": Estimate(
                value=0.496, low=0.46, high=0.531, about=ABOUT, method="class jackknife"
            ),
            "closed_set_accuracy_macro": Estimate(value=0.489, low=0.45, high=0.526, about=ABOUT),
        },
        harm=Estimate(value=0.495, low=0.46, high=0.53, quantity="accuracy points"),
        tolerance=0.02,
        headline="",
        meaning="A triplet asks one question; a classifier must win against every class at once.",
        ignore_when="When the model only ever compares two samples.",
        remedy="Report 1-NN accuracy beside the triplet accuracy, and mine hard negatives.",
        caveats=("The intervals resample classes, not fonts.",),
        charts=(
            a_curve(names[0]),
            Bars(
                title="What was claimed, and what holds",
                alt="Claimed 99.0 %, triplet 99.1 %, closed-set 49.6 %.",
                value_label="share correct",
                bars=(
                    Bar(label="claimed", value=0.99, role="context"),
                    Bar(label="triplet accuracy", value=0.991, low=0.987, high=0.994),
                    *(Bar(label=n, value=0.5, low=0.46, high=0.53, role="second") for n in names),
                ),
            ),
            Table(
                title="The classes that lose most",
                alt="Worst classes.",
                columns=("class", "queries", "right", "usual winner"),
                rows=tuple((n, "8", "0 %", names[0]) for n in names),
                numeric=(False, True, True, False),
            ),
            Examples(
                title="Single queries that lose",
                alt="Queries and their answers.",
                examples=(
                    Example(
                        query=Sample(row=7, label=names[0], image=a_thumbnail(50)),
                        answers=(*wrong, right),
                        note=f"The right class comes fifth. {names[0]}",
                    ),
                ),
            ),
        ),
        source="Schroff et al., CVPR 2015",
        parameters={"metric": "euclidean"},
        fingerprint="f" * 64,
    )


def a_tree(names: tuple[str, ...] = ("А", "Α", "l", "I")) -> Tree:
    """Each name joins all before it, a little higher."""
    n = len(names)
    joints = [
        Merge(first=0 if i == 1 else n + i - 2, second=i, height=0.8 * i) for i in range(1, n)
    ]
    return Tree(
        title="Who is hard to tell from whom",
        alt="The first two join at 0.8.",
        leaves=names,
        merges=tuple(joints),
        height_label="separation (d')",
        mark=Level(name="told apart", y=1.2),
    )


def a_map(n: int = 2000, names: tuple[str, ...] = (), classes: int = 40) -> Points:
    """Round groups in three pictures; a twelfth of the points lie nearest to another class."""
    rng = np.random.default_rng(7)
    names = (*names, *(f"class {i}" for i in range(len(names), classes)))
    codes = np.arange(n) % len(names)
    panels = []
    for method in ("t-SNE", "UMAP", "PCA"):
        places = 4 * rng.normal(size=(len(names), 2))[codes] + rng.normal(size=(n, 2)) / 2
        places = (places - places.min(axis=0)) / np.ptp(places, axis=0).max()
        trust = f"{90 + len(panels)}.1 %"
        panels.append(
            Panel(
                name=method,
                places=Packed.of(np.round(65535 * places).astype(np.int64), "uint16"),
                distortion=Packed.of((255 * rng.beta(2, 3, n)).astype(np.int64), "uint8"),
                facts=(("trustworthiness", trust), ("continuity", "95.0 %")),
            )
        )
    return Points(
        title="The same points in three pictures",
        alt=f"{n} points in round groups.",
        panels=tuple(panels),
        classes=names,
        codes=Packed.of(codes, "uint16"),
        rows=Packed.of(10 * np.arange(n), "uint32"),
        wrong=Packed.of((np.arange(n) % 12 == 5).astype(np.int64), "uint8"),
    )


def a_map_finding(names: tuple[str, ...] = (), n: int = 2000, classes: int = 40) -> Finding:
    """A finding with a map and a tree."""
    return Finding(
        code="projections",
        title="Maps of the space",
        question="Can a picture be trusted?",
        verdict=Verdict.OK,
        explanation="Most neighbours are kept.",
        charts=(a_map(n, names, classes), a_tree(names or ("А", "Α", "l", "I"))),
    )


def more_findings() -> tuple[Finding, ...]:
    """One of each quieter verdict."""
    return tuple(
        Finding(
            code=f"check_{verdict.value.replace('-', '_')}",
            title=f"A check that says {verdict.value}",
            question="Is there more?",
            verdict=verdict,
            explanation=f"This one is {verdict.value}.",
            estimates={"share": Estimate(value=0.1, low=0.0, high=0.2)},
        )
        for verdict in (Verdict.OK, Verdict.UNSURE, Verdict.NOT_APPLICABLE, Verdict.WATCH)
    )


def a_summary(finding: Finding | None = None) -> Summary:
    """The summary over :func:`a_finding`."""
    finding = finding or a_finding()
    return Summary(
        headline="99.0 % was claimed and 99.1 % of triplets are ordered correctly, yet the nearest "
        "of all 3,652 enrolled samples is of the right class for only 49.6 % of queries.",
        subject=Subject(
            name="glyphs", n=9120, d=32, classes=459, fingerprint="f" * 64, about=ABOUT + "."
        ),
        claimed=Believed(value=0.99, metric="triplet"),
        causes=(
            Cause(
                code=finding.code,
                title="One candidate against all",
                verdict=Verdict.ALARM,
                sentence="Of the gap, 49.5 points come from the number of candidates.",
                loudness=24.7,
            ),
        ),
        verdicts={finding.code: finding.verdict},
        notes=("labels: 'labels'; split: 'split'.", "912 strangers were left out."),
        parameters={**DEFAULTS, "claimed": 0.99},
        versions={"embedding-second-opinion": "0.1.0", "numpy": "2.0.0"},
        metric="euclidean",
        seed=0,
    )


def cell(source: str, *, tags: tuple[str, ...] = (), kind: str = "code") -> dict[str, object]:
    """A notebook cell as JSON."""
    made: dict[str, object] = {
        "cell_type": kind,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
    }
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def parameters_cell() -> str:
    """The parameters cell of the overview, with its defaults."""
    return "\n".join(f"{name} = {value!r}" for name, value in DEFAULTS.items())


def write_notebook(path: Path, cells: list[dict[str, object]]) -> Path:
    """An .ipynb file; cells are numbered here."""
    cells = [each | {"id": f"cell-{i}"} for i, each in enumerate(cells)]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    data = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


SHOW = f"""
from IPython.display import display
from embedding_second_opinion.findings.finding import Finding
from embedding_second_opinion.story.summary import Summary
summary = Summary.model_validate_json({a_summary().model_dump_json()!r})
display(Finding.model_validate_json({a_finding().model_dump_json()!r}))
"""


def executed(*outputs: dict[str, object]) -> Notebook:
    """A notebook of one executed code cell with these display outputs."""
    code = cell("show()") | {"execution_count": 1, "outputs": list(outputs)}
    return Notebook.model_validate({"cells": [code]})


def displayed(record: Finding | Summary) -> dict[str, object]:
    """A display output that carries a record."""
    mime = FINDING_MIME if isinstance(record, Finding) else SUMMARY_MIME
    return {"output_type": "display_data", "data": {mime: record.model_dump(mode="json")}}
