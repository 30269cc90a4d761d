"""Which sets come with the project? Real, made and planted ones, by name."""

from __future__ import annotations

from diagnostics.embeddings import EmbeddingSet, InputError


def names() -> tuple[str, ...]:
    """Every name that ``sample`` knows."""
    from diagnostics.samples.planted import FLAWS, HEALTHY

    return ("glyphs", "digits", *(f"planted:{name}" for name in (*HEALTHY, *FLAWS)))


def sample(name: str) -> EmbeddingSet:
    """A bundled set by name. Raises InputError for a name that is not in ``names()``."""
    if name == "glyphs":
        from diagnostics.samples.glyphs import glyphs

        return glyphs()
    if name == "digits":
        from diagnostics.samples.digits import digits

        return digits()
    kind, _, flaw = name.partition(":")
    if kind == "planted" and name in names():
        from diagnostics.samples.planted import planted

        return planted(flaw)
    raise InputError(f"there is no sample {name!r}; the samples are {', '.join(names())}.")
