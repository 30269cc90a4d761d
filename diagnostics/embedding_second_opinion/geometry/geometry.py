"""One set under one metric: the results of the three passes, computed once and shared by all checks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from embedding_second_opinion.data.arrays import Floats, Ints, Reals, Rows
from embedding_second_opinion.data.embeddings import EmbeddingSet
from embedding_second_opinion.data.precomputed import given_distances
from embedding_second_opinion.data.roles import Evaluation, arrange
from embedding_second_opinion.findings.wording import number, one_line

from .metric import Metric, prepared
from .passes import other_groups, rank_results
from .passes.classes import ClassStats, class_statistics
from .passes.classes_within import Reach, classes_within
from .passes.other_groups import OtherGroups
from .passes.pair_histograms import PairHistograms, all_pairs
from .passes.placed import place
from .passes.rank_results import Beaten, Ranks, Swept
from .passes.ranks import LARGE_CLASS
from .passes.silhouettes import Silhouettes, silhouettes
from .passes.source import MatrixSource, Source, VectorSource

NEIGHBORS = 50  # wide enough for every check, and made in the same sweep as the ranks


@dataclass(frozen=True, eq=False, repr=False)
class Neighbors:
    """The k nearest enrolled rows of each query, itself left out by index.

    rows: (q, k) row numbers, nearest first, ties by row number; -1 where fewer are enrolled.
    distances: (q, k), NaN where there is no row.
    """

    rows: Rows
    distances: Reals

    def __repr__(self) -> str:
        queries, k = self.rows.shape
        return f"Neighbors(the {k:,} nearest of {number(queries, 'query')})"


class Geometry:
    """Queries against a gallery under one metric. Every number of a report comes from here.

    Parameters
    ----------
    subject : EmbeddingSet or Evaluation
        A set is arranged by the defaults of ``arrange``.
    metric : {"euclidean", "cosine"}
        On the vectors as given, or 1 - cos.
    seed : int
        All random numbers of all checks derive from it.
    listed : int
        Neighbours that the rank pass lists on the way; more are found when they are asked for.

    Raises
    ------
    InputError
        For a zero vector under cosine.

    Examples
    --------
    >>> import embedding_second_opinion as so
    >>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [9, 9], [9, 8]], ["a", "a", "b", "b"])
    >>> space = so.Geometry(data, metric="euclidean")
    >>> space.neighbors(1).rows[:, 0].tolist()
    [1, 0, 3, 2]
    """

    def __init__(
        self,
        subject: EmbeddingSet | Evaluation,
        *,
        metric: Metric = "euclidean",
        seed: int = 0,
        listed: int = NEIGHBORS,
    ) -> None:
        self.evaluation = arrange(subject) if isinstance(subject, EmbeddingSet) else subject
        self.metric = metric
        self.seed = seed
        self._listed = listed
        self._matrix: Floats | None = None
        self._vectors: Floats | None = prepared(self.evaluation, metric)

    @classmethod
    def from_distances(
        cls,
        distances: ArrayLike,
        labels: ArrayLike,
        gallery_labels: ArrayLike | None = None,
        *,
        name: str = "distances",
        seed: int = 0,
    ) -> Geometry:
        """A geometry from (q, g) distances of queries (rows) to the gallery (columns).

        Without ``gallery_labels`` the matrix is square, its set judged leave-one-out. Smaller is
        nearer; nothing else is assumed. Raises InputError for a wrong shape or values not finite.
        """
        space = cls.__new__(cls)
        space.evaluation, space._matrix = given_distances(distances, labels, gallery_labels, name)
        space.metric, space.seed, space._vectors = "given", seed, None
        space._listed = NEIGHBORS
        return space

    def __repr__(self) -> str:
        return one_line(f"Geometry({self.metric}) of {self.evaluation!r}")

    @cached_property
    def ranks(self) -> Ranks:
        """The rank pass of the queries against the gallery."""
        return self._sweep(self._listed)

    @cached_property
    def beaten(self) -> Beaten:
        """What beats the nearest positives: the ranks where they are there, else by a lighter pass."""
        if "ranks" in self.__dict__:
            return self.ranks
        enrolled = self.evaluation.enrolled
        return self._swept(self.evaluation.queries, enrolled, 0, "nearest rows", every=False).beaten

    @cached_property
    def within(self) -> Ranks | None:
        """The rank pass of the queries among themselves; None where no such distances exist."""
        if self.evaluation.leave_one_out:
            return self.ranks
        if self._vectors is None:
            return None
        queries = self.evaluation.queries
        return self._run(queries, queries, 0, "ranks within the queries")[0]

    def neighbors(self, k: int) -> Neighbors:
        """The k nearest enrolled rows of every query; the widest k computed is kept and sliced."""
        if k < 1:
            raise ValueError(f"k must be at least 1; it is {k}.")
        widest = min(k, len(self.evaluation.enrolled))
        if "ranks" not in self.__dict__:
            self.__dict__["ranks"] = self._sweep(max(widest, self._listed))
        elif self._neighbors.rows.shape[1] < widest:
            self._sweep(widest)
        return Neighbors(self._neighbors.rows[:, :k], self._neighbors.distances[:, :k])

    @cached_property
    def strangers(self) -> Neighbors:
        """The nearest enrolled rows of every stranger, in the order of ``evaluation.strangers``.

        Raises ValueError where there are distances only.
        """
        return self.nearest_enrolled(self.evaluation.strangers)

    def nearest_enrolled(self, rows: Rows) -> Neighbors:
        """The nearest enrolled rows of any rows of the set, all of them of enrolled classes or none."""
        if self._vectors is None:
            raise ValueError("distances of these rows to the gallery were not given.")
        enrolled = self.evaluation.enrolled
        if not len(rows):
            return Neighbors(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)))
        k = min(NEIGHBORS, len(enrolled))
        return self._run(rows, enrolled, k, "neighbours of more rows")[1]

    def classes_within(self, rows: Rows, thresholds: Reals) -> Ints:
        """(r, T) enrolled classes, a row's own left out, with a row at most so far from each of ``rows``.

        A pass of its own. rows: one or more; of the queries, where there are distances only.
        """
        codes, enrolled = self.evaluation.codes, self.evaluation.enrolled
        class_ids, sizes = np.unique(codes[enrolled], return_counts=True)
        own = np.searchsorted(class_ids, codes[rows])
        own[class_ids[np.minimum(own, len(class_ids) - 1)] != codes[rows]] = -1
        gallery = enrolled[np.argsort(codes[enrolled], kind="stable")]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        large = bool(sizes.max() > LARGE_CLASS)
        source = self._source(rows, gallery, precise=large)
        return classes_within(Reach(own, starts, thresholds), source)

    def other_groups(self, groups: Ints) -> OtherGroups:
        """Every query looked up without the rows of its own group; groups: (n,) of all rows.

        A pass of its own over all pairs of queries and gallery.
        """
        queries, gallery = self.evaluation.queries, self.evaluation.enrolled
        placed = place(self.evaluation.codes, len(self.evaluation.classes), queries, gallery)
        plan, by_class = placed.plan, queries[placed.order]
        source = self._source(by_class, plan.rows, precise=rank_results.needs_precision(plan))
        return other_groups.run(plan, source, placed.order, groups[plan.rows], groups[by_class])

    @cached_property
    def silhouettes(self) -> Silhouettes:
        """Mean distance of every query to its own and to the nearest other class of queries.

        A pass of its own over all pairs of queries, made when a check asks for it.
        Raises ValueError where there are distances to a gallery only.
        """
        queries = self.evaluation.queries
        if self._vectors is None and not self.evaluation.leave_one_out:
            raise ValueError("distances among the queries were not given.")
        order = np.argsort(self.codes, kind="stable")
        codes = self.codes[order]
        large = bool((np.bincount(codes) > LARGE_CLASS).any())
        source = self._source(queries[order], queries[order], precise=large)
        return silhouettes(source, codes, order)

    def pair_histograms(self, groups: tuple[Rows, ...], part: Ints) -> tuple[PairHistograms, ...]:
        """All pairs among each of these groups of rows, counted; part: see ``all_pairs``."""
        given = self._vectors if self._vectors is not None else self._matrix
        assert given is not None
        return all_pairs(self._source, given, groups, self.evaluation.codes, part, self.metric)

    @cached_property
    def class_stats(self) -> ClassStats:
        """Moments of the queries, by class of the evaluation."""
        if self._vectors is None:
            raise ValueError("class statistics need vectors; this geometry has distances only.")
        rows = self.evaluation.queries
        return class_statistics(
            self._vectors[rows], self.evaluation.codes[rows], len(self.evaluation.classes)
        )

    @property
    def points(self) -> Floats:
        """(q, d) vectors of the queries as the metric sees them: unit length under cosine.

        Raises ValueError where there are distances only; see ``has_vectors``.
        """
        if self._vectors is None:
            raise ValueError("this geometry has distances only, no vectors.")
        return self._vectors[self.evaluation.queries]

    @property
    def enrolled_points(self) -> Floats:
        """(g, d) vectors of the gallery as the metric sees them; see ``points``."""
        if self._vectors is None:
            raise ValueError("this geometry has distances only, no vectors.")
        return self._vectors[self.evaluation.enrolled]

    @property
    def has_vectors(self) -> bool:
        """False for a geometry from distances."""
        return self._vectors is not None

    @property
    def codes(self) -> Ints:
        """(q,) class of each query, in the numbering of the evaluation."""
        return self.evaluation.codes[self.evaluation.queries]

    def sample(self, positions: Ints) -> Geometry:
        """Some of the queries (positions among them), each looked up in the others of the sample.

        Raises InputError where no two of one class are among them, or only one class.
        """
        if self.evaluation.data is None:
            raise ValueError("a sample needs vectors; this geometry has distances only.")
        rows = self.evaluation.queries[np.sort(positions)]
        return self.among(rows, f"{len(positions):,} of {self.evaluation.query_name}")

    def among(self, rows: Rows, name: str, data: EmbeddingSet | None = None) -> Geometry:
        """Any rows of the set, each looked up in the others; ``name`` is what they are called.

        data: the same rows under other vectors, such as a control. Raises InputError where no two of
        one class are among the rows, or only one class; ValueError where there are distances only.
        """
        return self._arranged(np.sort(rows), None, name, name, data)

    def rearranged(self, data: EmbeddingSet, listed: int = NEIGHBORS) -> Geometry:
        """The same queries and gallery under other vectors of the same rows."""
        old = self.evaluation
        names = old.query_name, old.gallery_name
        return self._arranged(old.queries, old.gallery, *names, data, listed)

    def looked_up(
        self,
        queries: Rows,
        gallery: Rows,
        data: EmbeddingSet | None = None,
        listed: int = NEIGHBORS,
    ) -> Geometry:
        """Any rows looked up in others, both ascending; data: the same rows under other vectors."""
        return self._arranged(queries, gallery, "rows looked up", "rows enrolled", data, listed)

    def _arranged(
        self,
        queries: Rows,
        gallery: Rows | None,
        query_name: str,
        gallery_name: str,
        data: EmbeddingSet | None,
        listed: int = NEIGHBORS,
    ) -> Geometry:
        if self.evaluation.data is None:
            raise ValueError("this geometry has distances only, no vectors to look up anew.")
        arranged = Evaluation(
            codes=self.evaluation.codes,
            classes=self.evaluation.classes,
            queries=queries,
            gallery=gallery,
            strangers=np.zeros(0, dtype=np.int64),
            exclusions=(),
            query_name=query_name,
            gallery_name=gallery_name,
            name=self.evaluation.name,
            data=data or self.evaluation.data,
            notes=(),
        )
        metric: Metric = "cosine" if self.metric == "cosine" else "euclidean"
        return Geometry(arranged, metric=metric, seed=self.seed, listed=listed)

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each purpose, the same in every run."""
        digest = hashlib.sha256(f"{self.seed}:{purpose}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))

    def _sweep(self, k: int) -> Ranks:
        enrolled = self.evaluation.enrolled
        k = min(k, len(enrolled))
        ranks, self._neighbors = self._run(
            self.evaluation.queries, enrolled, k, "ranks and neighbours"
        )
        return ranks

    def _run(self, queries: Rows, gallery: Rows, k: int, what: str) -> tuple[Ranks, Neighbors]:
        """The ranks of all positives, and the k nearest."""
        swept = self._swept(queries, gallery, k, what)
        assert isinstance(swept.beaten, Ranks)
        return swept.beaten, Neighbors(swept.neighbors, swept.neighbor_distances)

    def _swept(
        self, queries: Rows, gallery: Rows, k: int, what: str, *, every: bool = True
    ) -> Swept:
        """Sort queries and gallery by class, and sweep."""
        codes, classes = self.evaluation.codes, len(self.evaluation.classes)
        placed = place(codes, classes, queries, gallery, k, every=every)
        plan, order = placed.plan, placed.order
        source = self._source(queries[order], plan.rows, precise=rank_results.needs_precision(plan))
        return rank_results.run(plan, source, order, placed.class_ids, what)

    def source(self, queries: Rows, gallery: Rows, *, precise: bool) -> Source:
        """Where a pass of a check's own takes its distances from; both are row numbers."""
        return self._source(queries, gallery, precise=precise)

    def _source(self, queries: Rows, gallery: Rows, *, precise: bool) -> Source:
        if self._vectors is not None:
            left = self._vectors[queries]
            alike = np.array_equal(queries, gallery)  # then what is prepared is prepared once
            return VectorSource.of(
                left,
                left if alike else self._vectors[gallery],
                precise=precise,
                cosine=self.metric == "cosine",
            )
        assert self._matrix is not None
        columns = gallery if self.evaluation.leave_one_out else gallery - len(self._matrix)
        return MatrixSource.of(self._matrix[np.ix_(queries, columns)])
