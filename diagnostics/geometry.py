"""One set under one metric: the results of the three passes, computed once and shared by all checks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from diagnostics.embeddings import EmbeddingSet
from diagnostics.evaluation import Evaluation, arrange
from diagnostics.given_distances import given_distances
from diagnostics.metric import Metric, prepared
from diagnostics.passes import tally
from diagnostics.passes.classes import ClassStats, class_statistics
from diagnostics.passes.ranks import ALL, LARGE_CLASS, Ints, RankPlan, Reals, round_numbers
from diagnostics.passes.silhouettes import Silhouettes, silhouettes
from diagnostics.passes.source import Floats, MatrixSource, Rows, Source, VectorSource
from diagnostics.passes.tally import Ranks

NEIGHBORS = 50  # wide enough for every check, and made in the same sweep as the ranks


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The k nearest enrolled rows of each query, itself left out by index.

    rows: (q, k) row numbers, nearest first, ties by row number; -1 where fewer are enrolled.
    distances: (q, k), NaN where there is no row.
    """

    rows: Rows
    distances: Reals


class Geometry:
    """Queries against a gallery under one metric. Every number of a report comes from here.

    subject: an EmbeddingSet (arranged by the defaults of ``arrange``) or an Evaluation.
    metric: "euclidean" on the vectors as given, or "cosine" (distance 1 - cos).
    seed: all random numbers of all checks derive from it.

    Raises InputError for a zero vector under cosine.
    """

    def __init__(
        self, subject: EmbeddingSet | Evaluation, *, metric: Metric = "euclidean", seed: int = 0
    ) -> None:
        self.evaluation = arrange(subject) if isinstance(subject, EmbeddingSet) else subject
        self.metric = metric
        self.seed = seed
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
        return space

    @cached_property
    def ranks(self) -> Ranks:
        """The rank pass of the queries against the gallery."""
        return self._sweep(NEIGHBORS)

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
            self.__dict__["ranks"] = self._sweep(max(widest, NEIGHBORS))
        elif self._neighbors.rows.shape[1] < widest:
            self._sweep(widest)
        return Neighbors(self._neighbors.rows[:, :k], self._neighbors.distances[:, :k])

    @cached_property
    def strangers(self) -> Neighbors:
        """The nearest enrolled rows of every stranger, in the order of ``evaluation.strangers``.

        Raises ValueError where there are distances only.
        """
        if self._vectors is None:
            raise ValueError("distances of strangers to the gallery were not given.")
        strangers, enrolled = self.evaluation.strangers, self.evaluation.enrolled
        if not len(strangers):
            return Neighbors(np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)))
        return self._run(strangers, enrolled, min(NEIGHBORS, len(enrolled)), "strangers")[1]

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

    def rearranged(self, data: EmbeddingSet) -> Geometry:
        """The same queries and gallery under other vectors of the same rows."""
        old = self.evaluation
        return self._arranged(old.queries, old.gallery, old.query_name, old.gallery_name, data)

    def _arranged(
        self,
        queries: Rows,
        gallery: Rows | None,
        query_name: str,
        gallery_name: str,
        data: EmbeddingSet | None,
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
        return Geometry(arranged, metric=metric, seed=self.seed)

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
        """Sort queries and gallery by class, and sweep."""
        codes = self.evaluation.codes
        class_ids, gallery_codes = np.unique(codes[gallery], return_inverse=True)
        if not np.isin(codes[queries], class_ids).all():
            # Strangers: of one more class, which has no rows.
            class_ids = np.append(class_ids, len(self.evaluation.classes))
            query_codes = np.full(len(queries), len(class_ids) - 1)
        else:
            query_codes = np.searchsorted(class_ids, codes[queries])
        order = np.argsort(query_codes, kind="stable")
        placed = np.argsort(gallery_codes, kind="stable")
        rows = gallery[placed]
        place_of = np.full(len(codes), -1, dtype=np.int64)
        place_of[rows] = np.arange(len(rows))
        sizes = np.bincount(gallery_codes, minlength=len(class_ids))
        plan = RankPlan(
            query_codes=query_codes[order].astype(np.int64),
            self_at=place_of[queries[order]],
            class_start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            class_of=gallery_codes[placed].astype(np.int64),
            rows=rows,
            grid=np.append(round_numbers(1, max(len(rows) - int(sizes.min()), 1)), ALL),
            id_grid=round_numbers(2, len(class_ids)),
            k=k,
        )
        source = self._source(queries[order], rows, precise=tally.needs_precision(plan))
        ranks, found, distances = tally.run(plan, source, order, class_ids, what)
        for array in (found, distances):
            array.setflags(write=False)
        return ranks, Neighbors(found, distances)

    def _source(self, queries: Rows, gallery: Rows, *, precise: bool) -> Source:
        if self._vectors is not None:
            return VectorSource.of(
                self._vectors[queries],
                self._vectors[gallery],
                precise=precise,
                cosine=self.metric == "cosine",
            )
        assert self._matrix is not None
        columns = gallery if self.evaluation.leave_one_out else gallery - len(self._matrix)
        return MatrixSource.of(self._matrix[np.ix_(queries, columns)])
