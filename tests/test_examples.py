"""Every public name says what goes in, what comes out and what is refused, and its example runs."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest

import embedding_second_opinion as so

PUBLIC = {name: getattr(so, name) for name in so.__all__ if name != "__version__"} | {
    f"checks.{code}": getattr(so.checks, code) for code in dir(so.checks)
}


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_runs_as_it_stands(name):
    thing = PUBLIC[name]
    examples = doctest.DocTestFinder(recurse=False).find(thing, name, globs={})
    (example,) = [each for each in examples if each.examples]
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    failed, tried = runner.run(example, out=told.append)
    assert tried
    assert not failed, "".join(told)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "checks"])
def test_the_sections_of_numpydoc_are_there(name):
    thing = PUBLIC[name]
    text = inspect.getdoc(thing)
    assert text
    lines = text.splitlines()
    assert lines[0].endswith((".", "?"))
    assert not lines[1:2] or lines[1] == ""
    sections = re.findall(r"^(\w+)\n-+$", text, flags=re.M)
    wanted = ["Parameters", "Returns", "Raises", "Examples"]
    if inspect.isclass(thing):  # what it is made of; its methods say what they give
        wanted = ["Examples"] if issubclass(thing, Exception) else ["Parameters", "Examples"]
    if name == "save_remedy":
        wanted.remove("Returns")
    assert [each for each in sections if each in wanted] == wanted
    if inspect.isfunction(thing) and not name.startswith("checks."):
        for parameter in inspect.signature(thing).parameters:
            assert re.search(rf"^(\w+, )*{parameter}\b", text, flags=re.M), parameter
