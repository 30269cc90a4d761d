"""What does the user mean by X? Arrays, a frame, a file, a set or a geometry, as one geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from .data.embeddings import EmbeddingSet, InputError
from .data.roles import Evaluation, arrange
from .geometry.geometry import Geometry
from .request import open_evaluation

Subject = ArrayLike | EmbeddingSet | Evaluation | Geometry | str | Path


def space_of(subject: Subject, given: Mapping[str, Any]) -> Geometry:
    """The geometry that is meant. given: options of ``diagnose`` by their names, y among them.

    Raises InputError for options that do not go with this kind of subject.
    """
    metric, seed = given["metric"], given["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed must be a whole number from 0 up; it is {seed!r}.")

    def these(*names: str, default: object = "") -> dict[str, Any]:
        return {name: given.get(name, default) for name in names}

    in_file, columns = these("labels", "key", "gallery"), these("split", "groups")
    reading = these("flatten", "drop_invalid", default=False)
    brought = these("y", "images", default=None)
    roles = these("gallery_split") | {n: texts(given[n]) for n in ("query_split", "strangers")}
    if isinstance(subject, Geometry):
        _refuse("a Geometry", brought | in_file | columns | reading | roles)
        chosen = {"metric": metric if metric != "euclidean" else "", "seed": seed or ""}
        _refuse(
            "a Geometry", {k: v for k, v in chosen.items() if v not in ("", getattr(subject, k))}
        )
        return subject
    if isinstance(subject, Evaluation):
        _refuse("an Evaluation", brought | in_file | columns | reading | roles)
        evaluation = subject
    elif isinstance(subject, EmbeddingSet):
        _refuse("an EmbeddingSet", brought | in_file | columns | reading)
        evaluation = _arranged(subject, roles)
    elif isinstance(subject, str | Path):
        _refuse("a file", brought)
        for option, value in columns.items():
            if not isinstance(value, str):
                raise InputError(
                    f"{option} of a file is the name of its key or column; it is of type "
                    f"{type(value).__name__}. Arrays go with arrays: so.diagnose(X, y, {option}=...)."
                )
        paths: dict[str, Any] = {option: str(value) for option, value in in_file.items()}
        evaluation = open_evaluation(str(subject), **paths, **columns, **reading, **roles)
    else:
        _refuse("arrays", in_file)
        evaluation = _arranged(_set_of(subject, given), roles)
    return Geometry(evaluation, metric=metric, seed=seed)


def described(given: object) -> str:
    """How it stands among the parameters of a report: paths as they are, arrays by their shape."""
    if given is None or isinstance(given, str | Path):
        return str(given or "")
    shape = getattr(given, "shape", None)
    if isinstance(shape, tuple):
        return f"{type(given).__name__} of {' x '.join(map(str, shape))}"
    return given.__repr__() if isinstance(given, EmbeddingSet) else type(given).__name__


def texts(given: Sequence[object] | str) -> tuple[str, ...]:
    """Codes, split values and classes as text: a class 7 is called "7"."""
    if isinstance(given, str):
        return (given,) if given else ()
    return tuple(str(each) for each in given)


def _set_of(vectors: ArrayLike, given: Mapping[str, Any]) -> EmbeddingSet:
    if hasattr(vectors, "parameters") and callable(vectors):
        raise InputError(
            "X is a model; give its embeddings: so.diagnose(so.embed(model, loader)), with a loader of "
            "batches (x, y)."
        )
    if given["y"] is None:
        raise InputError(
            "the labels are missing. Give one a row, in the same order: so.diagnose(X, y)."
        )
    _refuse_text(vectors)
    names = ("split", "groups", "images")
    columns: dict[str, Any] = {n: v for n in names if _is_given(v := given.get(n))}
    return EmbeddingSet.from_arrays(
        vectors,
        given["y"],
        name=given["name"],
        flatten=given["flatten"],
        on_invalid="drop" if given.get("drop_invalid") else "raise",
        **columns,
    )


def _refuse_text(frame: Any) -> None:
    """A frame is often given whole, with the labels among its columns."""
    if not hasattr(frame, "columns") or not hasattr(frame, "dtypes"):
        return
    kinds = [getattr(kind, "kind", "O") for kind in frame.dtypes]
    text = [str(c) for c, kind in zip(frame.columns, kinds, strict=True) if kind not in "fiub"]
    if text:
        raise InputError(
            f"X must hold numbers only; {len(text)} of its {len(kinds)} columns do not (first: {text[0]!r}). "
            f"Take them out: so.diagnose(X.drop(columns={text[:3]!r}), y)."
        )


def _arranged(data: EmbeddingSet, roles: dict[str, Any]) -> Evaluation:
    return arrange(data, **{**roles, "gallery_split": roles["gallery_split"] or None})


def _refuse(kind: str, options: dict[str, Any]) -> None:
    given = [option for option, value in options.items() if _is_given(value)]
    if not given:
        return
    way = {
        "a Geometry": "It has them already; give them where it is made",
        "an Evaluation": "It has them already; give them to so.load, so.EmbeddingSet or so.arrange",
        "an EmbeddingSet": "It has them already; give them to so.load or so.EmbeddingSet.from_arrays",
        "a file": "They go with arrays; in a file name the labels with labels=",
        "arrays": "They go with a file; arrays take so.diagnose(X, y, split=...)",
    }[kind]
    raise InputError(f"{' and '.join(given)} cannot be given with {kind}. {way}.")


def _is_given(value: object) -> bool:
    if value is None or value is False:
        return False
    return not (isinstance(value, str | tuple | list) and len(value) == 0)
