"""What is asked? Every option once. The command, a notebook's parameters and the report read it from here."""

from __future__ import annotations

import ast
import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import JsonValue

from .data.faults import InputError
from .data.python_terms import in_python_terms
from .inputs.option import Option, option, options_of

if TYPE_CHECKING:  # the command's help reads the record and must not wait for NumPy
    from .data.embeddings import EmbeddingSet
    from .data.roles import Evaluation
    from .geometry.geometry import Geometry
    from .inputs.inputs import Inputs

SAMPLE = "sample:"
REPORT, COMPARE = "report", "compare"
BOTH = (REPORT, COMPARE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What one run is asked, read and checked: ``Request(data="mine.npz", claimed="99%").open()``.

    Empty text and None stand for "not given". A text where several may stand is one of them.

    Raises InputError, in one sentence, for a value that an option cannot have and for options that
    contradict each other; ``open`` and ``inputs`` raise it for what cannot be judged.
    """

    data: str = option("sample:glyphs", "a file, or sample:NAME", "[DATA]", commands=BOTH)
    other: str = option(
        "", "the second model's file, of the same rows in the same order", "B", commands=(COMPARE,)
    )
    labels: str = option("", "key, column or file of the labels", "NAME", commands=BOTH)
    key: str = option("", "key or column of the embeddings", "NAME", commands=BOTH)
    split: str = option("", "key or column of the split (train, test)", "NAME", commands=BOTH)
    groups: str = option("", "key or column of the groups (session, font)", "NAME")
    gallery: str = option("", "another file, whose rows are the gallery", "FILE")
    gallery_split: str = option("", "the split value that is the gallery", "VALUE", commands=BOTH)
    query_split: tuple[str, ...] = option(
        (), "split values that are looked up", "VALUE", commands=BOTH
    )
    strangers: tuple[str, ...] = option(
        (), "labels or split values that the gallery lacks", "VALUE", commands=BOTH
    )
    claimed: float | None = option(
        None, "the accuracy you believed: 0.99, 99% or 99", "SHARE", unit="share"
    )
    claimed_metric: str = option(
        "triplet", "what it was an accuracy of", among=("triplet", "closed-set", "pair", "other")
    )
    claimed_split: str = option(
        "query", "whose rows it was measured on", among=("query", "gallery")
    )
    pairs: str = option("", "pairs of rows to verify: first, second, same, fold", "FILE")
    controls: str = option("", "other vectors of the same rows: raw, untrained, ...", "FILE")
    triplets: str = option("", "triplets trained on: anchor, positive, negative, batch", "FILE")
    log: str = option("", "the training log, a .csv of one row a step", "FILE")
    margin: float | None = option(
        None, "the margin of the loss", "NUMBER", unit="in the unit of the distance"
    )
    expected_classes: int | None = option(
        None, "how many the gallery will hold in use", "N", unit="classes", least=2
    )
    only: tuple[str, ...] = option((), "diagnostics to run, such as open_set; none: all", "CODE")
    skip: tuple[str, ...] = option((), "diagnostics to leave out", "CODE")
    approximate: bool = option(False, "look up by an approximate index too")
    metric: str = option("euclidean", "the distance", among=("euclidean", "cosine"), commands=BOTH)
    other_metric: str = option(
        "",
        "the second model's distance, where it is another",
        among=("", "euclidean", "cosine"),
        commands=(COMPARE,),
    )
    seed: int = option(0, "of everything random", "N", least=0, commands=BOTH)
    map_points: int = option(
        2000, "how many are drawn in the maps; 0 draws none", "N", unit="rows", least=0
    )
    map_seeds: int = option(
        2, "how many of each kind, to see whether they agree", "N", unit="maps", least=2
    )
    flatten: bool = option(False, "lay arrays of more than two dimensions out flat", commands=BOTH)
    drop_invalid: bool = option(False, "leave out rows with NaN or infinity")

    @in_python_terms()
    def __post_init__(self) -> None:
        for each in self.options():
            object.__setattr__(self, each.name, each.read(getattr(self, each.name)))
        if not self.data.strip():
            raise InputError("data is empty. Give a path, or sample:NAME for a bundled set.")
        _refuse_combinations(self)

    @classmethod
    @cache
    def options(cls, command: str = "") -> tuple[Option, ...]:
        """All options, or those of ``report`` or ``compare``, in the order of the record."""
        return tuple(o for o in options_of(cls) if not command or command in o.commands)

    @classmethod
    def from_parameters(
        cls, given: Mapping[str, object], known: Sequence[str] | None = None
    ) -> Self:
        """The request that these names and values make; any other name is refused.

        known: the names that may stand, as a notebook lists them; all options where None.
        """
        known = [each.name for each in cls.options()] if known is None else known
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise InputError(
                    f"there is no parameter {name!r}."
                    + (f" Did you mean {near[0]}?" if near else f" There are {', '.join(known)}.")
                )
        return cls(**cast(Mapping[str, Any], given))

    @classmethod
    def of(cls, namespace: Mapping[str, object]) -> Self:
        """The parameters of a notebook: ``Request.of(globals())`` in the cell after them.

        Raises InputError for a name that Papermill was given (``-p dta FILE``) and that is none. What the
        author of a notebook adds to its cell of parameters is a parameter too, and no option.
        """
        options = [each.name for each in cls.options()]
        own, injected = _set_by_cells(namespace.get("In"), set(options))
        known = [name for name in options if name in own] or options
        given = {name: namespace[name] for name in known if name in namespace}
        strange = dict.fromkeys(sorted(injected - own - set(known)))
        return cls.from_parameters({**strange, **given}, known)

    @property
    def command(self) -> str:
        """The command that asks this: ``compare`` where there are two models."""
        return COMPARE if self.other else REPORT

    def parameters(self) -> dict[str, JsonValue]:
        """Names and values as JSON, and as a notebook takes them."""
        return {o.name: o.json(getattr(self, o.name)) for o in self.options(self.command)}

    def second(self) -> Self:
        """The request about the second model alone, the same in all but data and metric."""
        metric = self.other_metric or self.metric
        return dataclasses.replace(self, data=self.other, metric=metric, other="", other_metric="")

    @in_python_terms()
    def evaluation(self, subject: EmbeddingSet | None = None) -> Evaluation:
        """Load the data and give every row its part: query, gallery, stranger or left out.

        subject: vectors to take instead of those of ``data``, such as a model has just made.
        """
        from .data.joined import joined
        from .data.roles import arrange
        from .geometry.metric import check_metric
        from .samples import sample

        if subject is None and self.data.startswith(SAMPLE):
            subject = sample(self.data.removeprefix(SAMPLE))
        elif subject is None:
            subject = self._load(self.data)
            if self.gallery:
                subject = joined(subject, self._load(self.gallery), self.data, self.gallery)
        found = arrange(
            subject,
            gallery_split="gallery" if self.gallery else self.gallery_split or None,
            query_split=("query",) if self.gallery else self.query_split,
            strangers=self.strangers,
        )
        check_metric(found, cast(Any, self.metric))
        return found

    @in_python_terms()
    def open(self, subject: EmbeddingSet | None = None) -> Geometry:
        """The geometry that all diagnostics look at; subject: see ``evaluation``."""
        from .geometry.geometry import Geometry

        return Geometry(self.evaluation(subject), metric=cast(Any, self.metric), seed=self.seed)

    @in_python_terms()
    def inputs(self, about: Geometry | Evaluation | None = None) -> Inputs:
        """What else was brought. about: whose rows the files of pairs, controls and triplets number."""
        from .data.roles import Evaluation
        from .inputs.inputs import read_inputs

        evaluation = about if isinstance(about, Evaluation | None) else about.evaluation
        data = None if evaluation is None else evaluation.data
        return read_inputs({o.name: getattr(self, o.name) for o in self.options()}, data)

    @in_python_terms()
    def codes(self) -> tuple[str, ...]:
        """The codes of the diagnostics that are run."""
        from .catalogue.registry import chosen

        return chosen(self.only, self.skip)

    def _load(self, path: str) -> EmbeddingSet:
        from .data.load import load

        return load(
            path,
            labels=self.labels or None,
            key=self.key or None,
            split=self.split or None,
            groups=self.groups or None,
            flatten=self.flatten,
            on_invalid="drop" if self.drop_invalid else "raise",
        )


def open_evaluation(data: str, **options: Any) -> Evaluation:
    """Load a file, or a sample by ``sample:NAME``, and give every row its part; options: see ``Request``."""
    return Request(data=data, **options).evaluation()


def _refuse_combinations(asked: Request) -> None:
    """Before anything is loaded: options that contradict each other."""
    given = [each for each in asked.options() if getattr(asked, each.name)]
    for_files = _flags(given, "labels", "key", "split", "groups", "gallery")
    if asked.data.startswith(SAMPLE) and for_files:
        raise InputError(
            f"{asked.data} is a bundled set, whose parts are known, and {_listed(for_files)} for files "
            "only. Leave out the one or the other."
        )
    splits = _flags(given, "split", "gallery_split", "query_split")
    if asked.gallery and splits:
        raise InputError(
            f"--gallery names a file of all enrolled rows, and {_listed(splits)} to choose them "
            "by a split column. Give one or the other."
        )
    renumbering = _flags(given, "gallery", "drop_invalid")
    by_number = _flags(given, "pairs", "controls", "triplets")
    if renumbering and by_number:
        raise InputError(
            f"{by_number[0]} is about the rows of one file by their number, and {renumbering[0]} renumbers "
            "them. Leave out the one or the other."
        )
    if asked.gallery and "." in asked.labels:
        from .data.sources import is_file

        if is_file(asked.labels):
            raise InputError(
                f"--labels names the file {asked.labels}, which cannot hold the labels of both "
                f"{asked.data} and {asked.gallery}. Save the labels in each file, and name their key."
            )


def _flags(given: Sequence[Option], *names: str) -> list[str]:
    return [each.flag for each in given if each.name in names]


def _listed(flags: Sequence[str]) -> str:
    return f"{' and '.join(flags)} {'is' if len(flags) == 1 else 'are'}"


def _set_by_cells(inputs: object, names: set[str]) -> tuple[set[str], set[str]]:
    """What the last cell of parameters sets, and the last that Papermill put in, from IPython's ``In``.

    A cell of parameters sets ``data`` and does nothing but set literals. Papermill's begins with a comment.
    """
    own: set[str] = set()
    injected: set[str] = set()
    for source in inputs if isinstance(inputs, list) else ():
        found = _assigned(str(source))
        if str(source).startswith("# Parameters\n"):
            injected = found
        elif "data" in found and len(found & names) > 1:
            own = found
    return own, injected


def _assigned(source: str) -> set[str]:
    """The names that a cell sets, where it does nothing else; none where it does."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a line magic, or text that was never Python
        return set()
    found: set[str] = set()
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        if not targets or not all(isinstance(target, ast.Name) for target in targets):
            return set()
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found
