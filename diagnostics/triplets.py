"""Which triplets did the user train on?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.embeddings import Codes


@dataclass(frozen=True, eq=False)
class Triplets:
    """Triplets of rows, as a sampler drew them.

    anchor, positive, negative: (t,) row numbers of the set, from 0. batch: (t,) number of the batch
    each was mined in, from 0, or None. notes: what was chosen or is odd, in sentences.
    """

    anchor: Codes
    positive: Codes
    negative: Codes
    batch: Codes | None = None
    name: str = "triplets"
    notes: tuple[str, ...] = ()
