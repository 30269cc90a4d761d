"""What can be asked from Python? A diagnosis of one set, and whether one model may replace another."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from numpy.typing import ArrayLike

from .catalogue import registry
from .data.embeddings import EmbeddingSet, InputError
from .data.python_terms import in_python_terms
from .data.roles import Evaluation
from .findings.finding import Finding
from .geometry.geometry import Geometry
from .inputs.given import is_path, with_given
from .request import REPORT, Request
from .story.comparison import compare as comparison
from .story.result import Result
from .story.summary import summarise
from .subject import Subject, described, space_of, texts

Distance = Literal["euclidean", "cosine"]
BROUGHT = ("pairs", "controls", "triplets", "log")  # files, or what is read from them


def diagnose(
    X: Subject,
    y: ArrayLike | None = None,
    *,
    labels: str | Path = "",
    key: str = "",
    split: ArrayLike | str = "",
    groups: ArrayLike | str = "",
    images: ArrayLike | None = None,
    gallery: str | Path = "",
    gallery_split: str = "",
    query_split: Sequence[object] | str = (),
    strangers: Sequence[object] | str = (),
    claimed: float | None = None,
    claimed_metric: str = "triplet",
    claimed_split: str = "query",
    pairs: object = "",
    controls: object = "",
    triplets: object = "",
    log: object = "",
    margin: float | None = None,
    expected_classes: int | None = None,
    only: Sequence[str] | str = (),
    skip: Sequence[str] | str = (),
    approximate: bool = False,
    metric: Distance = "euclidean",
    seed: int = 0,
    maps: bool = False,
    map_points: int = 2000,
    map_seeds: int = 2,
    flatten: bool = False,
    drop_invalid: bool = False,
    name: str = "embeddings",
) -> Result:
    """Say why the accuracy misleads, what causes it and which fix helps.

    The options are those of the command ``embedding-second-opinion report``, by the same names, defaults
    and meanings; only maps, which take longest, are drawn when asked for.

    Parameters
    ----------
    X : array, frame, tensor, list, str, Path, EmbeddingSet, Evaluation or Geometry
        (n, d) embeddings, one row a sample; or a file, or ``"sample:NAME"``; or a set that was made before.
    y : array of shape (n,), optional
        The class of each row, of any type. With arrays only, and then needed.
    labels, key : str, optional
        Of a file: key, column or file of the labels; key of the embeddings. See ``so.load``.
    split, groups : array of shape (n,), or of a file the name of its key or column, optional
        Which rows are train, test, ...; the session, recording or font of each row.
    images : array of shape (n, h, w) or (n, h, w, 3), uint8, optional
        Shown as thumbnails of examples.
    gallery : str or Path, optional
        Of a file: another one, whose rows are enrolled; those of ``X`` are looked up.
    gallery_split, query_split : str; str or sequence of str, optional
        The split value that is enrolled, those that are looked up; "train" and "test" where both are
        there, else every row against all others.
    strangers : sequence, optional
        Classes or split values that the gallery lacks, to see whether they are turned away.
    claimed : float, optional
        The accuracy that was believed, a share from 0 to 1.
    claimed_metric, claimed_split : str, optional
        What it was a share of: "triplet", "closed-set", "pair" or "other"; and on whose rows: "query" or
        "gallery".
    pairs, triplets : path, frame, mapping or array, optional
        Row numbers from 0. Pairs to verify: first, second, same, fold. Triplets trained on: anchor, positive,
        negative, batch.
    controls : path or mapping of arrays with n rows, optional
        Other vectors of the same rows: ``{"raw": X_raw, "untrained": X_0}``.
    log : path, optional
        The training log, a .csv of one row a step.
    margin : float, optional
        Of the loss, in the unit of the distance.
    expected_classes : int, optional
        Classes that the gallery will hold in use.
    only, skip : sequence of str, optional
        Codes of the diagnostics to run, or to leave out; ``dir(so.checks)`` lists them.
    approximate : bool
        Look up by an approximate index too, and show what it misses.
    metric : {"euclidean", "cosine"}
        The distance: on the vectors as given, or 1 - cos.
    seed : int
        All random numbers derive from it: the same seed gives the same result.
    maps : bool
        Whether to draw t-SNE and UMAP, of ``map_points`` rows and ``map_seeds`` times each.
    map_points, map_seeds : int
        Rows drawn in a map (0 draws none), and maps of each kind, to see whether they agree.
    flatten : bool
        Lay arrays of more than two dimensions out as one row a sample.
    drop_invalid : bool
        Leave out the rows that are not finite, and say so.
    name : str
        What arrays are called in the sentences.

    Returns
    -------
    Result
        Prints as one sentence; a mapping from codes to findings; ``.to_frame()``, ``.to_json()``,
        ``.report("folder")``.

    Raises
    ------
    InputError
        In one sentence, for everything that cannot be judged: what, where, how many, and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> import embedding_second_opinion as so
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.arange(8), 6)
    >>> X = rng.normal(size=(8, 4))[y] + 0.1 * rng.normal(size=(48, 4))
    >>> result = so.diagnose(X, y, only=["triplet_versus_closed_set", "retrieval"])
    >>> result["triplet_versus_closed_set"].estimates["closed_set_accuracy"].value
    1.0
    >>> sorted(result)
    ['retrieval', 'triplet_versus_closed_set']
    """
    given = dict(locals())
    brought = {what: given[what] for what in BROUGHT}
    with in_python_terms():
        asked = _request(given)
        codes = asked.codes()
        space = space_of(X, given)
        files: dict[str, Any] = {w: "" for w, what in brought.items() if not is_path(what)}
        inputs = dataclasses.replace(asked, **files).inputs(space)
        inputs = with_given(inputs, space.evaluation.data, **brought)
    parameters = {**asked.parameters(), "metric": space.metric, "seed": space.seed}
    findings = tuple(registry.run(space, inputs, codes))
    return Result(summarise(space, findings, inputs, parameters), findings, space)


def compare(
    first: Subject,
    second: Subject,
    y: ArrayLike | None = None,
    *,
    labels: str | Path = "",
    key: str = "",
    split: ArrayLike | str = "",
    gallery_split: str = "",
    query_split: Sequence[object] | str = (),
    strangers: Sequence[object] | str = (),
    metric: Distance = "euclidean",
    other_metric: Distance | None = None,
    seed: int = 0,
    flatten: bool = False,
    tolerance: float = 0.02,
) -> Finding:
    """Say whether the second model may replace the first, by paired differences on the same samples.

    Parameters
    ----------
    first, second : array, frame, tensor, list, str, Path, EmbeddingSet, Evaluation or Geometry
        Embeddings of the same rows in the same order, (n, d) and (n, d'); see ``so.diagnose``.
    y : array of shape (n,), optional
        The class of each row. For those of the two that are arrays, and then needed.
    labels, key, split, gallery_split, query_split, strangers, seed, flatten
        As in ``so.diagnose``, of both.
    metric, other_metric : {"euclidean", "cosine"}
        The distance, and the second model's where it is another.
    tolerance : float
        Accuracy (1-NN) that may be lost by the change, a share: 0.02 are two wrong answers in a hundred.

    Returns
    -------
    Finding
        Its harm is what is lost in closed-set accuracy; its estimates are the changes of every number.

    Raises
    ------
    InputError
        Where rows, labels or roles differ, where vectors do not, or no query can be recognised.

    Examples
    --------
    >>> import numpy as np
    >>> import embedding_second_opinion as so
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(np.arange(8), 6)
    >>> old = rng.normal(size=(8, 4))[y] + 0.1 * rng.normal(size=(48, 4))
    >>> finding = so.compare(old, old + rng.normal(size=(48, 4)), y)
    >>> finding.estimates["change_of_closed_set_accuracy"].value < 0
    True
    """
    given = dict(locals())
    sides = ((first, metric, "first"), (second, other_metric or metric, "second"))
    with in_python_terms():
        spaces = []
        for subject, distance, name in sides:
            own = {"y": None if _has_labels(subject) else y, "metric": distance, "name": name}
            spaces.append(space_of(subject, given | own))
        if y is not None and _has_labels(first) and _has_labels(second):
            raise InputError("y goes with arrays; both sets have their labels. Leave it out.")
        return comparison.compare(spaces[0], spaces[1], tolerance=tolerance)


def _request(given: Mapping[str, Any]) -> Request:
    """What is asked, as a report shows it: arrays by their shape, names as text."""
    asked = {"data": given["X"], **given}
    for each in Request.options(REPORT):
        if each.name in ("data", "labels", "split", "groups", "gallery", *BROUGHT):
            asked[each.name] = described(asked[each.name])
        elif each.kind == "texts":
            asked[each.name] = texts(asked[each.name])
    asked["labels"] = asked["labels"] or described(given["y"])
    asked["map_points"] = given["map_points"] if given["maps"] else 0
    return Request(**{each.name: asked[each.name] for each in Request.options(REPORT)})


def _has_labels(subject: object) -> bool:
    return isinstance(subject, str | Path | EmbeddingSet | Evaluation | Geometry)
