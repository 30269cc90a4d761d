"""Execute the notebooks in place, so that they are committed with outputs that nbval can compare.

``--cells`` writes their cells of parameters from the record in ``request.py`` instead, and executes nothing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from embedding_second_opinion.request import Request
from embedding_second_opinion_reports.notebook_file import Notebook
from embedding_second_opinion_reports.parameters import cell as parameters_cell

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def execute(path: Path) -> None:
    """Run one notebook from its own folder and write it back without execution times."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)


def wanted(path: Path, record: type[Request] = Request) -> str:
    """The cell of parameters that a notebook should have: its own options and defaults, the overview all."""
    own = Notebook.read(path).parameters()
    return parameters_cell(None if path.stem == "overview" else own, own, record)


def write_cell(path: Path) -> None:
    """Put the cell of parameters in, and leave the rest as it is."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = wanted(path)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    os.environ |= {"TQDM_DISABLE": "1", "PYTHONSAFEPATH": "1"}
    named = [Path(name) for name in sys.argv[1:] if name != "--cells"]
    for path in named or sorted(NOTEBOOKS.rglob("*.ipynb")):
        if "--cells" in sys.argv:
            write_cell(path)
        else:
            print(f"executing {path.name}")
            execute(path)
