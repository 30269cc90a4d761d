"""Which sets come with the project? Real, made and planted ones, by name."""

from __future__ import annotations

from embedding_second_opinion.data.embeddings import EmbeddingSet, InputError

# Three models of the same rows, to be compared.
PAIR = ("pair:old", "pair:new", "pair:other")


def names() -> tuple[str, ...]:
    """Every name that ``sample`` knows."""
    from .planted import FLAWS, HEALTHY

    return ("glyphs", "digits", *PAIR, *(f"planted:{name}" for name in (*HEALTHY, *FLAWS)))


def sample(name: str) -> EmbeddingSet:
    """A bundled set by name. Raises InputError for a name that is not in ``names()``."""
    if name == "glyphs":
        from .glyphs import glyphs

        return glyphs()
    if name == "digits":
        from .digits import digits

        return digits()
    if name in PAIR:
        from .planted_pair import paired_model

        return paired_model(name.partition(":")[2])
    kind, _, flaw = name.partition(":")
    if kind == "planted" and name in names():
        from .planted import planted

        return planted(flaw)
    raise InputError(f"there is no sample {name!r}; the samples are {', '.join(names())}.")
