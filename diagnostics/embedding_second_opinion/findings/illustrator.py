"""Who draws the figures of a finding? Set by the public face, so that no finding need know matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Takes the charts, a name for the ids and the title; gives an SVG, "" where nothing is drawn.
draw: Callable[[tuple[Any, ...], str, str], str] | None = None
