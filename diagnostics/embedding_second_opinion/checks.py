"""The diagnostics as functions: ``checks.hubness(space)``. Each is imported when it is first named."""

from __future__ import annotations

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.catalogue.registry import Check


def __getattr__(name: str) -> Check:
    if name in registry.codes():
        return registry.check(name)
    raise AttributeError(
        f"there is no diagnostic {name!r}; there are {', '.join(registry.codes())}"
    )


def __dir__() -> list[str]:
    return list(registry.codes())
