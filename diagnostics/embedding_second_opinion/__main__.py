"""Run the command as ``python -m embedding_second_opinion``, beside whatever else is installed."""

from __future__ import annotations

import sys
from importlib import metadata


def main() -> None:
    """Hand over to the installed publisher. It is named by its entry point, not imported."""
    found = metadata.entry_points(group="embedding_second_opinion.publishers", name="command")
    if not found:
        sys.exit("the command is not installed; pip install embedding-second-opinion")
    next(iter(found)).load()()


if __name__ == "__main__":
    main()
