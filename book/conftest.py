"""Leaves out what this Python cannot run; on Colab's, runs as Colab does."""

import sys

import pytest
from nbval_tolerance import TolerantFile

# TensorFlow Addons ends with Python 3.11.
collect_ignore = (
    ["coming-from-addons.ipynb"] if sys.version_info >= (3, 12) else []
)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Puts the simulation in the place of nbval, in Colab's lane."""
    from colab.simulation import RUNTIME

    collectors = yield
    if sys.version_info[:2] != (3, 13) or not (RUNTIME / "ready").exists():
        return collectors
    from colab.notebooks import SimulatedFile

    return [
        SimulatedFile.from_parent(parent, path=file_path)
        if type(collector) is TolerantFile
        else collector
        for collector in collectors
    ]
