"""Which share does the user mean? 0.99, 99% and 99 are the same."""

from __future__ import annotations

import math

# InputError is imported where it is raised: the command's help must not wait for NumPy.


def claimed_share(text: str) -> float | None:
    """0.99, 99% and 99 are the same share; "" is none. Raises InputError for anything else."""
    from embedding_second_opinion.data.embeddings import InputError

    if not text.strip():
        return None
    percent = text.strip().endswith("%")
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        number = math.nan
    if not percent and 1 < number < 2:
        raise InputError(
            f"--claimed {text.strip()} is more than all as a share and hardly anything as percent; "
            f"write {text.strip()}% if you mean it."
        )
    share = number / 100 if percent or number > 1 else number
    if not 0 <= share <= 1:
        raise InputError(
            f"--claimed must be a share such as 0.99, 99% or 99; {text!r} is none from 0 to 100 %."
        )
    return float(f"{share:.12g}")  # 99.1 / 100 is 0.991, not 0.9909999999999999
