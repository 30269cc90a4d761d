"""How is a share written in a table?"""

from __future__ import annotations

from scipy.stats import binomtest


def share(hits: int, total: int) -> str:
    """As a percentage with its 95 % interval (Wilson 1927)."""
    bounds = binomtest(hits, total).proportion_ci(method="wilson")
    return f"{100 * hits / total:.1f} % [{100 * bounds.low:.0f}, {100 * bounds.high:.0f}]"
