"""Which triplets did the user train on?"""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from embedding_second_opinion.data.embeddings import Codes, EmbeddingSet, InputError
from embedding_second_opinion.data.labels import as_numpy
from embedding_second_opinion.data.sources import Source, open_source
from embedding_second_opinion.findings.wording import number

from .listed_rows import named_column, named_parts, needed_column, row_numbers

ANCHOR = ("anchor", "anchors", "a")
POSITIVE = ("positive", "positives", "pos", "p")
NEGATIVE = ("negative", "negatives", "neg", "n")
BATCH = ("batch", "batches", "batch_id", "step")


@dataclass(frozen=True, eq=False)
class Triplets:
    """Triplets of rows, as a sampler drew them. Build it with ``read_triplets`` or ``Triplets.of``.

    anchor, positive, negative: (t,) row numbers of the set, from 0. batch: (t,) number of the batch
    each was mined in, from 0, or None. notes: what was chosen or is odd, in sentences. Triplets that
    are wrong (a positive of another class, an anchor as its own positive) are kept: ``mining_audit``
    judges them.
    """

    anchor: Codes
    positive: Codes
    negative: Codes
    batch: Codes | None = None
    name: str = "triplets"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        data: EmbeddingSet,
        anchor: ArrayLike,
        positive: ArrayLike,
        negative: ArrayLike,
        batch: ArrayLike | None = None,
        name: str = "triplets",
    ) -> Triplets:
        """Check and freeze arrays, in the order in which they were drawn.

        batch: any name or number of the batch of each. Raises InputError for row numbers that do not
        exist, columns of different lengths, or a batch that is missing.
        """
        columns = {"anchor": anchor, "positive": positive, "negative": negative}
        rows = {c: row_numbers(values, c, "triplets", data.n) for c, values in columns.items()}
        lengths = {column: len(found) for column, found in rows.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{length:,} in '{c}'" for c, length in lengths.items())
            raise InputError(
                f"{name} has columns of different lengths: {listed}. Give one row of each."
            )
        count = lengths["anchor"]
        batches, text = None, ""
        if batch is not None:
            names, batches = named_parts(batch, "batch", name, "triplets", count)
            text = f" in {len(names):,} {'batch' if len(names) == 1 else 'batches'}"
            batches.setflags(write=False)
        for array in rows.values():
            array.setflags(write=False)
        notes = (f"{name}: {number(count, 'triplet')}{text}.",)
        return cls(rows["anchor"], rows["positive"], rows["negative"], batches, name, notes)


def read_triplets(path: str | Source, data: EmbeddingSet) -> Triplets:
    """Read triplets from any file that embeddings are read from; see ``Triplets.of`` for what is refused.

    Keys or columns: "anchor", "positive" and "negative" (also anchors, a, pos, p, neg, n), and where
    there is, "batch" (batches, batch_id, step); or one array of three columns, in that order.
    """
    source = path if isinstance(path, Source) else open_source(path, None)
    entries = list(source.entries.values())
    if len(entries) == 1 and entries[0].shape[1:] == (3,):
        anchor, positive, negative = as_numpy(entries[0].read(), source.path.name).T
        return Triplets.of(data, anchor, positive, negative, name=source.path.name)
    needed = (
        "A triplets file holds the row numbers of each triplet under 'anchor', 'positive' and "
        "'negative', or is one array of these three columns."
    )
    a, p, n = (needed_column(source, names, needed) for names in (ANCHOR, POSITIVE, NEGATIVE))
    return Triplets.of(data, a, p, n, named_column(source, BATCH), source.path.name)
