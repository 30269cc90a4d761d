"""The conda environment and pyproject.toml say the same."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

ROOT = Path(__file__).resolve().parent.parent
CONDA_NAMES = {
    "torch": "pytorch",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
NOT_ON_CONDA = {"axe-playwright-python"}

ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements() -> list[Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [Requirement(line) for line in itertools.chain.from_iterable(groups)]


def required() -> dict[str, SpecifierSet]:
    found = {}
    for requirement in requirements():
        if requirement.name not in NOT_ON_CONDA:
            found[CONDA_NAMES.get(requirement.name, requirement.name)] = requirement.specifier
    return found


def test_every_dependency_has_its_line_with_the_same_bounds():
    lines = dict(
        re.fullmatch(r"([\w.-]+)(.*)", line).groups()
        for line in ENVIRONMENT["dependencies"]
        if isinstance(line, str)
    )
    assert SpecifierSet(lines.pop("python")) == SpecifierSet(PROJECT["requires-python"])
    lines.pop("pip")
    assert {name: SpecifierSet(bounds) for name, bounds in lines.items()} == required()


def test_nothing_is_left_to_pip_and_the_channels_are_named():
    assert all(isinstance(line, str) for line in ENVIRONMENT["dependencies"])
    assert ENVIRONMENT["channels"] == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("line", ENVIRONMENT["dependencies"])
def test_conda_can_read_the_line(line):
    assert MatchSpec(line, strict=True).name.normalized == re.match(r"[\w.-]+", line)[0]


def test_constraints_pin_every_dependency_exactly():
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, version = line.split("==")
        assert "+" not in version, line  # a local build tag is not to be had elsewhere
        pins[name.lower().replace("_", "-")] = version
    for requirement in requirements():
        assert requirement.specifier.contains(pins[requirement.name.lower()]), requirement
    assert pins["torch"] == "2.13.0"
