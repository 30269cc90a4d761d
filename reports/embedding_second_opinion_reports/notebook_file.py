"""What stands in a notebook file? The few fields the report needs, read as plain JSON.

nbformat would do it too, but its cells are untyped, and reading needs no upgrade: Papermill has
already written the current format.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

Text = Annotated[str, BeforeValidator(lambda v: "".join(v) if isinstance(v, list) else v)]


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Metadata(_Loose):
    """Of a cell."""

    tags: tuple[str, ...] = ()


class Output(_Loose):
    """One output of a cell; ``data`` by MIME type for displays, ``ename`` for errors."""

    output_type: str
    data: Mapping[str, JsonValue] = {}
    text: Text = ""
    ename: str = ""
    evalue: str = ""

    def shown(self, mime: str) -> str:
        """The text under a MIME type, "" where there is none."""
        value = self.data.get(mime, "")
        if isinstance(value, list):
            return "".join(str(line) for line in value)
        return value if isinstance(value, str) else ""


class Cell(_Loose):
    """One cell. ``execution_count`` is None for a code cell that never ran."""

    cell_type: str
    source: Text = ""
    metadata: Metadata = Metadata()
    outputs: tuple[Output, ...] = ()
    execution_count: int | None = None

    def tagged(self, tag: str) -> bool:
        """Has the user (or Papermill) given it this tag?"""
        return tag in self.metadata.tags


class Notebook(_Loose):
    """The cells of a notebook, in order."""

    cells: tuple[Cell, ...]

    @classmethod
    def read(cls, path: Path) -> Notebook:
        """Read an .ipynb file."""
        return cls.model_validate_json(path.read_bytes())

    def parameters(self) -> dict[str, JsonValue]:
        """What the parameters were: the tagged defaults, overridden by what was injected."""
        found: dict[str, JsonValue] = {}
        for tag in ("parameters", "injected-parameters"):
            for cell in self.cells:
                if cell.cell_type == "code" and cell.tagged(tag):
                    found |= _assignments(cell.source)
        return found


def _assignments(source: str) -> dict[str, JsonValue]:
    """``name = literal`` lines; anything else in a parameters cell is no parameter."""
    found: dict[str, JsonValue] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign):
            targets: list[ast.expr] = [statement.target]
        elif isinstance(statement, ast.Assign):
            targets = statement.targets
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and statement.value is not None:
                with contextlib.suppress(ValueError):  # an expression is no parameter
                    found[target.id] = ast.literal_eval(statement.value)
    return found
