"""What shows a collapse? The spectrum against what it could be, the costs, and every number judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embedding_second_opinion.data.arrays import Reals
from embedding_second_opinion.findings.charts import Bar, Bars, Curve, Role, Series, Table
from embedding_second_opinion.findings.finding import Estimate
from embedding_second_opinion.geometry.passes.ranks import round_numbers

from .costs import Cost
from .numbers import LABELS, Numbers
from .spectra import gaussian, power_law

MOST = 0.9  # of the variance: how many components hold that much is said in words


def spectrum_chart(numbers: Numbers) -> tuple[Curve, ...]:
    """Share of the variance that the first components hold; nothing where nothing varies.

    The second half of the components is left out: there all lines run to 100 %.
    """
    own = numbers.variances
    d = numbers.dimensions
    if not own.sum() > 0 or d < 4:
        return ()
    shares = {
        "these vectors": own / own.sum(),
        "falling as 1 / i": power_law(d),
        "even in all directions": gaussian(numbers.rows, d),
    }
    roles: tuple[Role, ...] = ("main", "second", "context")
    needed = {name: components(share) for name, share in shares.items()}
    few = needed["these vectors"]
    x = round_numbers(1, d // 2)
    return (
        Curve(
            title=(
                f"{few:,} of {d:,} {'component holds' if few == 1 else 'components hold'} "
                f"{100 * MOST:.0f} % of the variance"
            ),
            alt=(
                f"Share of the variance held by the first components. {100 * MOST:.0f} % is held by "
                + "; ".join(f"{count:,} components ({name})" for name, count in needed.items())
                + f". The first component alone holds {100 * shares['these vectors'][0]:.1f} %."
            ),
            x_label=f"principal components, most variance first (half of {d:,})",
            y_label="share of the variance they hold",
            series=tuple(
                Series.of(name, x, np.minimum(np.cumsum(share)[x - 1], 1), role)
                for (name, share), role in zip(shares.items(), roles, strict=True)
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


def costs_chart(found: Sequence[Cost], loss: Estimate, tolerance: float) -> Bars:
    """Each kind of collapse, and what is lost in all."""
    bars = [Bar.of(f"Lost to {c.name}", c.interval.estimate(c.value, "")) for c in found]
    bars.append(Bar.of("Lost in all", loss, "context"))
    worst = max(found, key=lambda c: c.value)
    title = "No kind of collapse costs what a user would notice"
    if worst.value > tolerance:
        title = f"Of the three kinds of collapse, {_WORST[worst.name]} most"
    return Bars.of(title, "share of queries lost", bars)


_WORST = {
    "ties": "ties cost",
    "one point": "lying at one point costs",
    "few dimensions": "few dimensions cost",
}


def numbers_table(numbers: Numbers) -> Table:
    """Every number with the value that a healthy embedding has."""
    n, d, k = numbers.rows, numbers.dimensions, numbers.classes
    good = _good(n, d, k)
    rows = [
        {"number": LABELS[name], "here": e.text(), "what good looks like": good[name]}
        for name, e in numbers.estimates.items()
    ]
    return Table.of(
        "What each number is, and what good looks like",
        f"{len(rows)} numbers of {n:,} rows in {d:,} dimensions, each beside its healthy value.",
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
