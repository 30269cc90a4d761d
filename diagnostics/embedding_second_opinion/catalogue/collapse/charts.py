"""What shows a collapse? The spectrum against what it could be, and every number judged."""

from __future__ import annotations

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Curve, Role, Series, Table
from embedding_second_opinion.findings.wording import number
from embedding_second_opinion.geometry.passes.ranks import round_numbers

from .numbers import LABELS, Numbers
from .spectra import gaussian, power_law

MOST = 0.9  # of the variance: how many components hold that much is said in words


def spectrum_chart(numbers: Numbers) -> tuple[Curve, ...]:
    """Share of the variance that the first components hold; nothing where nothing varies.

    The second half of the components is left out: there all lines run to 100 %.
    """
    own, d = numbers.variances, numbers.dimensions
    if not own.sum() > 0 or d < 4:
        return ()
    shares: tuple[tuple[str, Reals, Role], ...] = (
        ("these vectors", own / own.sum(), "main"),
        ("falling as 1 / i", power_law(d), "second"),
        ("even in all directions", gaussian(numbers.rows, d), "context"),
    )
    held = "; ".join(
        f"{number(components(share), 'component')} ({name})" for name, share, _ in shares
    )
    few = components(own)
    x = round_numbers(1, d // 2)
    return (
        Curve(
            title=(
                f"{few:,} of {d:,} {'component holds' if few == 1 else 'components hold'} "
                f"{100 * MOST:.0f} % of the variance"
            ),
            alt=f"{100 * MOST:.0f} % of the variance is held by {held}.",
            x_label=f"principal components, most variance first (half of {d:,})",
            y_label="share of the variance they hold",
            series=tuple(
                Series.of(name, x, np.minimum(np.cumsum(share)[x - 1], 1), role)
                for name, share, role in shares
            ),
            x_scale="log",
        ),
    )


def components(variances: Reals) -> int:
    """How many of the largest it takes to hold ``MOST`` of the variance; 0 where nothing varies."""
    total = float(variances.sum())
    if total == 0:
        return 0
    return int(np.searchsorted(np.cumsum(variances) / total, MOST * (1 - 1e-9)) + 1)


def numbers_table(numbers: Numbers) -> Table:
    """Every number with the value that a healthy embedding has."""
    good = _good(numbers.rows, numbers.dimensions, numbers.classes)
    rows = [
        {"number": LABELS[name][0], "here": e.text(), "what good looks like": good[name]}
        for name, e in numbers.estimates.items()
    ]
    return Table.of(
        "What each number is, and what good looks like",
        f"{len(rows)} numbers, each beside its healthy value.",
        rows,
        ("number", "what good looks like"),
    )


def _good(n: int, d: int, k: int) -> dict[str, str]:
    enough = min(d, k - 1)
    return {
        "effective_rank": f"at most {min(d, n - 1):,}; {enough:,} are all that {k:,} classes need",
        "participation_ratio": f"{n * d / (n + d):.3g} for a Gaussian of as many rows",
        "mean_cosine": "0 for even directions; near 1 is a cone, harmless by itself",
        "tie_mass": "0 %",
        "mean_cosine_centred": "about 0",
        "spread": "about 1 for vectors around the origin; below 0.01 they are one point",
        "stable_rank": f"at most {d:,}; 1 where one direction rules",
        "numerical_rank": f"from {enough:,} up: behind that a fall to nothing is healthy",
        "spectrum_exponent": "about 1 or below; well above, few dimensions do the work",
        "intrinsic_dimension": "no fixed value; 1 or 2 with many classes is a thread or a sheet",
        "nc1_within_over_between": "towards 0 as a classifier trains on; compare only on the same data",
        "nc2_equinorm": "0 when fully trained: all class means as far out",
        "nc2_equiangular": "0 when fully trained: all class means at one angle",
        "nc3_self_duality": "0 when fully trained; at most 1.41",
        "nc4_nearest_mean_disagreement": "0 % when fully trained; more where classes have several modes",
    }
