"""What all tests share: real sets, and the promises that every refusal keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from diagnostics.embeddings import InputError
from diagnostics.load import load


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real embedding sets; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not beside this repository")
    return folder


@pytest.fixture(scope="session")
def refusal() -> Callable[..., str]:
    """Loads a bad file, and gives the sentence that it is refused with."""

    def refuse(path: str | Path, **options: str) -> str:
        with pytest.raises(InputError) as error:
            load(path, **options)  # type: ignore[arg-type]
        text = str(error.value)
        assert "\n" not in text
        assert "Traceback" not in text
        assert text.endswith((".", "?"))
        assert len(text) < 700
        return text

    return refuse
