"""The wheel's notebooks: without outputs, which a user makes anew and which weigh ten times the code."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSIDE = "embedding_second_opinion_reports/_notebooks"


class StrippedNotebooks(BuildHookInterface):  # type: ignore[type-arg]
    """Puts stripped copies into the publisher; an editable install reads ``notebooks/`` itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the copies, and name them to the builder."""
        if version == "editable":
            return
        source, self.made = Path(self.root) / "notebooks", Path(tempfile.mkdtemp())
        for path in sorted(source.rglob("*.ipynb")):
            inside = path.relative_to(source)
            if any(part.startswith(".") for part in inside.parts):  # JupyterLab's checkpoints
                continue
            target = self.made / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(stripped(path.read_text(encoding="utf-8")), encoding="utf-8")
            build_data["force_include"][str(target)] = f"{INSIDE}/{inside.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the copies."""
        if version != "editable":
            shutil.rmtree(self.made, ignore_errors=True)


def stripped(text: str) -> str:
    """A notebook as it was before it was run."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
