"""Who is looked up, in what? Queries, gallery, strangers and the rows left out, all counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from embedding_second_opinion.data.arrays import Rows
from embedding_second_opinion.findings.inert import inert
from embedding_second_opinion.findings.wording import number

from .embeddings import Codes, EmbeddingSet, FloatMatrix, InputError, sizes
from .selection import as_names, chosen_splits, counted, in_split, named_rows

WHOLE = "all rows"
VALIDATION = ("val", "valid", "validation", "dev")  # splits of these names


@dataclass(frozen=True)
class Exclusion:
    """Rows that no number is about: why, and how many."""

    reason: str
    count: int


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Each row of a set has one part: query, gallery, stranger, or left out and counted.

    Made by ``arrange``.

    Parameters
    ----------
    codes : array of shape (n,), int64
        Class codes of all rows.
    classes : tuple of str
        The names of the classes.
    queries : array of int64
        Rows that are looked up, ascending; only rows whose class is enrolled.
    gallery : array of int64, optional
        Enrolled rows, ascending; None: the queries are the gallery too, each left out in turn.
    strangers : array of int64
        Rows whose class is not enrolled, ascending; they take part in rejection only.
    exclusions : tuple of Exclusion
        Rows that take no part, with the reasons.
    query_name, gallery_name : str
        Their words on the page: "test", "train"; "all rows" without a split.
    name : str
        Of the set.
    data : EmbeddingSet, optional
        The set that was arranged, None for a distance matrix.
    notes : tuple of str
        What was chosen by convention, in sentences.

    Raises
    ------
    InputError
        Where nothing can be confused: fewer than two classes enrolled, or leave-one-out with one
        row in every class.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    >>> evaluation = so.arrange(data)
    >>> evaluation.leave_one_out, evaluation.queries.tolist()
    (True, [0, 1, 2, 3])
    """

    codes: Codes
    classes: tuple[str, ...]
    queries: Rows
    gallery: Rows | None
    strangers: Rows
    exclusions: tuple[Exclusion, ...]
    query_name: str
    gallery_name: str
    name: str
    data: EmbeddingSet | None
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for rows in (self.codes, self.queries, self.gallery, self.strangers):
            if rows is not None:
                rows.setflags(write=False)
        counts = self._sizes
        where = f"of {self.name}" if self.gallery_name == WHOLE else f"of '{self.gallery_name}'"
        if np.count_nonzero(counts) < 2:
            raise InputError(
                f"the gallery must hold at least two classes; all {len(self.enrolled):,} rows "
                f"{where} are of one, {self.classes[int(counts.argmax())]!r}. Give other classes too."
            )
        if self.leave_one_out and counts.max() < 2:
            raise InputError(
                f"every class has one row: none of the {len(self.enrolled):,} rows {where} has another "
                "to be found by. Give a gallery (--gallery FILE, or --split with --gallery-split)."
            )

    @property
    def leave_one_out(self) -> bool:
        """Whether the queries are looked up among themselves."""
        return self.gallery is None

    @property
    def enrolled(self) -> Rows:
        """Rows of the gallery."""
        return self.queries if self.gallery is None else self.gallery

    @property
    def singletons(self) -> int:
        """Enrolled rows that are the only one of their class: in leave-one-out never a query."""
        return int(np.count_nonzero(self._sizes == 1))

    @property
    def called(self) -> str:
        """What stands before a count of queries: "test ", or "" where these are all rows."""
        return "" if self.query_name.startswith("all") else f"{self.query_name} "

    def validation(self) -> dict[str, Rows]:
        """By split: rows of enrolled classes set apart for validation, neither looked up nor enrolled."""
        if self.data is None or self.data.split is None:
            return {}
        free = np.isin(self.codes, self.codes[self.enrolled])
        for rows in (self.queries, self.enrolled, self.strangers):
            free[rows] = False
        split = self.data.split
        names = [name for name in np.unique(split[free]).tolist() if name.lower() in VALIDATION]
        return {name: np.flatnonzero(free & (split == name)) for name in names}

    @property
    def _sizes(self) -> Codes:
        return sizes(self.codes[self.enrolled], len(self.classes))

    def of_classes(self, classes: Codes) -> Evaluation:
        """The same queries and gallery, but only those of these classes, numbered as they are here.

        Raises InputError as the whole does.
        """
        kept = np.isin(self.codes, classes)
        return replace(
            self,
            queries=self.queries[kept[self.queries]],
            gallery=None if self.gallery is None else self.gallery[kept[self.gallery]],
            strangers=self.strangers[:0],
            exclusions=(),
        )

    def about(self) -> str:
        """Which queries, which gallery and how many left out, as a clause for the page."""
        of = f"of {np.count_nonzero(self._sizes):,} classes"  # never one: see __post_init__
        word = "" if self.query_name in (WHOLE, "all", "query") else f"{self.query_name} "
        if self.leave_one_out:
            text = f"{len(self.queries):,} {word}rows {of}, each against all others"
            if self.singletons:
                text += f" ({number(self.singletons)} alone in their class, never looked up)"
        else:
            text = (
                f"{len(self.queries):,} {word}queries against "
                f"{len(self.enrolled):,} {self.gallery_name} rows {of}"
            )
        if len(self.strangers):
            text += f"; judged apart: {number(len(self.strangers), 'stranger')}"
        left = [f"{number(e.count)} {e.reason}" for e in self.exclusions[:4]]
        if more := self.exclusions[4:]:
            rows = number(sum(e.count for e in more))
            left.append(f"{rows} for {number(len(more), 'more reason')}")
        return text + (f"; left out: {', '.join(left)}" if left else "")

    def __repr__(self) -> str:
        return f"{self.name}: {self.about()}"

    def _repr_markdown_(self) -> str:
        """Who is looked up in what, and what was chosen, for a notebook."""
        notes = [f"- {inert(note)}" for note in self.notes]
        return "\n".join([f"**{inert(self.name)}**: {inert(self.about() + '.')}", "", *notes])


def arrange(
    data: EmbeddingSet,
    *,
    gallery_split: str | None = None,
    query_split: Sequence[str] = (),
    strangers: Sequence[str] = (),
) -> Evaluation:
    """Give every row of a set its part. Nothing is guessed; defaults taken are in ``notes``.

    Parameters
    ----------
    data : EmbeddingSet
        The set.
    gallery_split : str, optional
        The split value that is enrolled.
    query_split : sequence of str
        Those that are looked up. Defaults: "train" and "test" where the set has both, else
        leave-one-out over all rows. One value for both: leave-one-out inside it.
    strangers : sequence of str
        Class names or split values. A class name stands for its rows in the query splits and in
        splits that hold nothing but strangers.

    Returns
    -------
    Evaluation
        Who is looked up in what; it prints as a sentence with the counts.

    Raises
    ------
    InputError
        For names that do not exist, or where nothing is left to look up.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> rows, names = [[0, 0], [9, 9], [0, 1], [9, 8]], ["a", "b", "a", "b"]
    >>> data = so.EmbeddingSet.from_arrays(rows, names, split=["train", "train", "test", "test"])
    >>> so.arrange(data)
    embeddings: 2 test queries against 2 train rows of 2 classes
    """
    gallery_name, query_names, notes = chosen_splits(data, gallery_split, as_names(query_split))
    in_gallery, in_queries = in_split(data, gallery_name), in_split(data, *query_names)
    named = named_rows(data, as_names(strangers), {gallery_name, *query_names}, notes)
    pure = np.ones(data.n, dtype=np.bool_)
    if data.split is not None:
        pure = ~np.isin(data.split, data.split[~named])
    unknown = named & (in_queries | (pure & ~in_gallery))

    # A named class is not enrolled; its rows in the gallery split, which the model has most often
    # learnt from, would be no fair strangers either.
    barred = int(np.count_nonzero(named & in_gallery & ~in_queries))
    exclusions = (
        [Exclusion(f"of split '{gallery_name}' named as strangers", barred)] if barred else []
    )
    for value, count in counted(data.split, ~(in_gallery | in_queries | unknown)):
        exclusions.append(Exclusion(f"of split '{value}' (not selected)", count))

    alone = gallery_name is None or query_names == (gallery_name,)
    in_gallery, in_queries = in_gallery & ~named, in_queries & ~named
    for part, rows in (("enrol", in_gallery), ("look up", in_queries)):
        if not rows.any():
            raise InputError(
                f"no row is left to {part}: all {data.n:,} are named as strangers or not selected. "
                "Name fewer strangers, or other splits."
            )
    lacking = in_queries & ~np.isin(data.codes, data.codes[in_gallery])
    if lacking.any():
        classes = number(len(np.unique(data.codes[lacking])), "class")
        some = f"{number(np.count_nonzero(lacking))} of {' + '.join(query_names)}"
        notes.append(f"{some} are of {classes} that the gallery lacks: they count as strangers.")
    queries = np.flatnonzero(in_queries & ~lacking)
    single = np.count_nonzero(sizes(data.codes[queries], len(data.classes)) == 1)
    copies = 0 if alone else repeated(data.vectors[queries], data.vectors[in_gallery])
    if copies:
        notes.append(
            f"{copies:,} of {len(queries):,} queries have an identical vector in the gallery."
        )
    if alone and single:
        notes.append(f"Alone in their class: {number(single)}, enrolled but never looked up.")
    return Evaluation(
        codes=data.codes,
        classes=data.classes,
        queries=queries,
        gallery=None if alone else np.flatnonzero(in_gallery),
        strangers=np.flatnonzero(unknown | lacking),
        exclusions=tuple(exclusions),
        query_name=" + ".join(query_names) or WHOLE,
        gallery_name=gallery_name or WHOLE,
        name=data.name,
        data=data,
        notes=(*data.notes, *notes),
    )


def repeated(queries: FloatMatrix, gallery: FloatMatrix) -> int:
    """How many queries have a vector that the gallery holds too, number for number."""
    row = np.dtype((np.void, queries.itemsize * queries.shape[1]))
    # + 0: minus zero and zero are one number of two patterns.
    looked_up, enrolled = (
        np.ascontiguousarray(m + np.float32(0)).view(row)[:, 0] for m in (queries, gallery)
    )
    return int(np.count_nonzero(np.isin(looked_up, enrolled)))
