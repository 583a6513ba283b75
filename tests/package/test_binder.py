"""Binder builds what the button asks for from what is here already."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each would be read in place of requirements.txt.
FIRST = [".binder", "binder", "Dockerfile", "environment.yml", "Pipfile"]


def test_python_is_that_of_today():
    lanes = (ROOT / "Makefile").read_text()
    [python] = re.findall(r"current=python(\S+)", lanes)
    assert (ROOT / "runtime.txt").read_text() == f"python-{python}\n"


def test_nothing_stands_before_the_requirements():
    assert not [name for name in FIRST if (ROOT / name).exists()]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert {"-e .[data]", "jupyterlab"} <= {*lines}
