"""Which pairs did the user bring, and what are they said to be?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from embedding_second_opinion.data.arrays import Bools
from embedding_second_opinion.data.embeddings import Codes, EmbeddingSet, InputError
from embedding_second_opinion.data.labels import as_numpy
from embedding_second_opinion.data.sources import Source, open_source

from .listed_rows import named_column, named_parts, needed_column, row_numbers

FIRST = ("first", "pair_a", "a", "left")
SECOND = ("second", "pair_b", "b", "right")
SAME = ("same", "pair_same", "is_same", "match")
FOLD = ("fold", "pair_fold", "folds")

# Labels and a flag of the right sense disagree in a few pairs; in nearly all, one is turned round.
_TURNED = 0.9

_YES = ("1", "true", "yes", "same", "match")
_NO = ("0", "false", "no", "different", "mismatch")


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows to verify. Build it with ``read_pairs`` or ``Pairs.of``, which check everything.

    first, second: (p,) row numbers of the set, from 0. same: (p,) whether both are of one class.
    fold: (p,) number of the part of each pair, from 0: a threshold is fitted on the other parts. Or None.
    turned: nearly all pairs contradict the labels, so that ``same`` probably says "different".
    notes: what was chosen or is odd, in sentences.
    """

    first: Codes
    second: Codes
    same: Bools
    fold: Codes | None = None
    name: str = "pairs"
    notes: tuple[str, ...] = ()
    turned: bool = False

    @classmethod
    def of(
        cls,
        data: EmbeddingSet,
        first: ArrayLike,
        second: ArrayLike,
        same: ArrayLike | None = None,
        fold: ArrayLike | None = None,
        name: str = "pairs",
    ) -> Pairs:
        """Check and freeze arrays. ``same`` follows from the labels where it is not given.

        Raises InputError for row numbers that do not exist, a row paired with itself, columns of
        different lengths, pairs of one kind only, a fold that lacks a name or a kind, or a pair that is
        in two folds or of both kinds.
        """
        one = row_numbers(first, "first", "pairs", data.n)
        two = row_numbers(second, "second", "pairs", data.n)
        if len(one) != len(two):
            raise InputError(f"{name} has {len(one):,} first rows and {len(two):,} second rows.")
        itself = np.flatnonzero(one == two)
        if len(itself):
            raise InputError(
                f"{name} pairs a row with itself in {len(itself):,} of {len(one):,} pairs (first: pair "
                f"{itself[0]}). Drop them."
            )
        labelled = data.codes[one] == data.codes[two]
        kinds = labelled if same is None else _kinds(same, len(one), name)
        folds, parts = _folds(fold, len(one), name)
        groups = [(name, kinds)]
        if parts is not None:
            groups += [(f"fold {f} of {name}", kinds[parts == i]) for i, f in enumerate(folds)]
        for where, group in groups:
            if group.all() or not group.any():
                word = "same-class" if group.all() else "different-class"
                raise InputError(f"{where} has {word} pairs only; verification needs both kinds.")
        notes = [f"{name}: {len(one):,} pairs, {int(kinds.sum()):,} of them of one class."]
        notes += _repeated(np.minimum(one, two) * data.n + np.maximum(one, two), kinds, parts, name)
        wrong = int((kinds != labelled).sum())
        turned = wrong >= _TURNED * len(one)
        if wrong:
            verb = "contradicts" if wrong == 1 else "contradict"
            text = f"{name}: {wrong:,} of {len(one):,} pairs {verb} the labels; the pairs are believed."
            flag = " 'same' is probably a distance flag (1 = different): turn it round."
            notes.append(text + flag * turned)
        for array in (one, two, kinds, parts):
            if array is not None:
                array.setflags(write=False)
        return cls(one, two, kinds, parts, name, tuple(notes), turned)


def read_pairs(path: str | Source, data: EmbeddingSet) -> Pairs:
    """Read pairs from any file that embeddings are read from; see ``Pairs.of`` for what is refused.

    Keys or columns: "first" and "second" (also pair_a and pair_b, a and b, left and right), and
    where there are, "same" (pair_same, is_same, match) and "fold" (pair_fold, folds).
    """
    source = path if isinstance(path, Source) else open_source(path, None)
    needed = "A pairs file holds the row numbers of each pair under 'first' and 'second'."
    first, second = (needed_column(source, names, needed) for names in (FIRST, SECOND))
    same, fold = (named_column(source, names) for names in (SAME, FOLD))
    return Pairs.of(data, first, second, same, fold, source.path.name)


def _kinds(values: ArrayLike, n: int, name: str) -> Bools:
    array = as_numpy(values, "same")
    if array.shape != (n,):
        raise InputError(f"'same' of {name} has the shape {array.shape}; there are {n:,} pairs.")
    texts = np.char.lower(np.char.strip(array.astype(np.str_)))
    texts = np.char.replace(np.char.replace(texts, "1.0", "1"), "0.0", "0")
    known = np.isin(texts, (*_YES, *_NO))
    if not known.all():
        bad = int(np.flatnonzero(~known)[0])
        raise InputError(
            f"'same' of {name} must be 1 or 0 (true or false); pair {bad} has {str(array[bad])[:40]!r}."
        )
    return np.isin(texts, _YES)


def _folds(values: ArrayLike | None, n: int, name: str) -> tuple[tuple[str, ...], Codes | None]:
    """The names of the folds, and the number of each pair's; named as classes are."""
    if values is None:
        return (), None
    names, parts = named_parts(values, "fold", name, "pairs", n)
    if len(names) < 2:
        raise InputError(f"'fold' of {name} names one fold only; leave it out, or give two.")
    return names, parts


def _repeated(keys: Codes, kinds: Bools, parts: Codes | None, name: str) -> tuple[str, ...]:
    """The sentence about pairs that are there more than once, either way round; keys: (p,) one a pair."""
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    source = first[back.reshape(-1)]
    again = np.flatnonzero(source != np.arange(len(keys)))
    if not len(again):
        return ()
    two_folds = "in more than one fold, so that a threshold would be judged on what set it"
    for column, what in ((kinds, "as the same and as different"), (parts, two_folds)):
        bad = [] if column is None else again[column[again] != column[source[again]]]
        if len(bad):
            raise InputError(
                f"{name} holds pairs {what}: {len(bad):,} of {len(keys):,}, either way round (first: "
                f"pair {bad[0]}, as pair {source[bad[0]]}). Drop one of each."
            )
    verb = "repeats an earlier one" if len(again) == 1 else "repeat earlier ones"
    return (
        f"{name}: {len(again):,} of {len(keys):,} pairs {verb}, either way round; each counts.",
    )
