"""The planted sets that every check's own tests run over: one of each shape.

``make calibrate`` judges all of them by all diagnostics; sets that differ only in what comes with the
vectors, or that one room planted for itself, are tested in that room and in the one table (verdicts).
"""

from __future__ import annotations

from embedding_second_opinion.samples import planted
from embedding_second_opinion.samples.planted import OWN, PARTS

_LATER = {name for part in (*PARTS[1:], *OWN.values()) for name in (*part.FLAWS, *part.HEALTHY)}

FLAWS = {name: make for name, make in planted.FLAWS.items() if name not in _LATER}
HEALTHY = {name: make for name, make in planted.HEALTHY.items() if name not in _LATER}
