"""Does the claim stand in the training log? Its last row, and its best."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.inputs.training_log import TrainingLog

from .conventions import Convention

WORDS = ("accuracy", "acc")


def logged_conventions(log: TrainingLog | None) -> list[Convention]:
    """The last and the largest value of each curve of accuracies, where all its values are shares."""
    found: list[Convention] = []
    if log is None:
        return found
    for role, curve in log.curves.items():
        name = log.called.get(role, role)
        seen = curve[np.isfinite(curve)]
        told = any(word in text.lower() for word in WORDS for text in (role, name))
        if not told or not len(seen) or seen.min() < 0 or seen.max() > 1:
            continue
        for when, value in (("last", float(seen[-1])), ("best", float(seen.max()))):
            code = "".join(c if c.isalnum() else "_" for c in f"log_{role}_{when}")
            found.append(
                Convention(
                    code=code.lower(),
                    label=f"Log: {when} {name[:30]}",
                    gives=f"the {when} row of '{name[:40]}' in the training log",
                    value=value,
                    about=f"'{name[:40]}' of {log.name}, {len(seen):,} rows",
                    kind="other rows",
                    family=f"log {role}",
                )
            )
    return found
