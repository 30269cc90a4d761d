"""The diagnostics as functions: ``so.checks.hubness(space)``. Each is imported when it is first named.

``dir(so.checks)`` lists them; ``help(so.checks.hubness)`` says what one measures and needs.

Examples
--------
>>> import embedding_second_opinion as so
>>> data = so.EmbeddingSet.from_arrays([[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]], [0, 0, 0, 1, 1, 1])
>>> so.checks.retrieval(data).code
'retrieval'
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

from .catalogue import registry
from .data.embeddings import EmbeddingSet
from .data.roles import Evaluation
from .findings.finding import Finding
from .geometry.geometry import Geometry
from .geometry.opened import opened
from .inputs.inputs import Inputs

_DOC = """{question}

{measured}

Parameters
----------
space : Geometry, EmbeddingSet or Evaluation
    What is judged; of the latter two a Geometry is made (euclidean, seed 0).
inputs : Inputs, optional
    What else was brought: a claim, pairs, controls, triplets, a log.
**options
    Of this diagnostic, in the unit of its harm: {options}.

Returns
-------
Finding
    A verdict, the sentence with the numbers, and every estimate with its interval. Where this
    diagnostic lacks its input, the verdict is "not-applicable" and the sentence says what is lacking.

Raises
------
InputError
    Where ``space`` is neither of the three.

Examples
--------
>>> import embedding_second_opinion as so
>>> rows = [[0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [8, 9]]
>>> finding = so.checks.{code}(so.EmbeddingSet.from_arrays(rows, [0, 0, 0, 1, 1, 1]))
>>> finding.code
'{code}'
"""


def __getattr__(name: str) -> Callable[..., Finding]:
    if name in registry.codes():
        return _opening(name)
    raise AttributeError(
        f"there is no diagnostic {name!r}; there are {', '.join(registry.codes())}"
    )


def __dir__() -> list[str]:
    return list(registry.codes())


@functools.cache
def _opening(code: str) -> Callable[..., Finding]:
    """The diagnostic with a door before it: a set or an evaluation is made a geometry."""
    measure: Callable[..., Finding] = registry.check(code)

    @functools.wraps(measure)
    def checked(
        space: Geometry | EmbeddingSet | Evaluation, inputs: Inputs | None = None, **options: object
    ) -> Finding:
        return measure(opened(space, f"so.checks.{code}"), inputs, **options)

    named = list(inspect.signature(measure).parameters.values())[2:]
    checked.__doc__ = _DOC.format(
        code=code,
        question=registry.question(code),
        measured=inspect.getdoc(measure) or "",
        options=", ".join(str(parameter) for parameter in named) or "none",
    )
    return checked
