"""How many lines of code are there, by room, without docstrings, comments and blank lines?"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def lines(path: Path) -> int:
    """Lines of a Python file that hold code."""
    source = path.read_text(encoding="utf-8")
    held: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            held.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and ast.get_docstring(node, clean=False) is not None:
                held -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(held)


def main(roots: list[str]) -> None:
    """Print them for each folder below the roots, and in all."""
    rooms: Counter[str] = Counter()
    for root in map(Path, roots):
        for path in sorted(root.rglob("*.py")):
            inside = path.relative_to(root).parts
            rooms[f"{root.name}/{'/'.join(inside[: min(2, len(inside) - 1)])}"] += lines(path)
    for room, count in sorted(rooms.items()):
        print(f"{count:7,}  {room}")
    print(f"{rooms.total():7,}  in all")


if __name__ == "__main__":
    main(sys.argv[1:] or ["diagnostics", "reports"])
