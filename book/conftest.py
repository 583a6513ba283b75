"""Leaves out what this Python cannot run; on Colab's, runs as Colab does."""

import sys

import pytest
from colab.notebooks import in_colab

# TensorFlow Addons ends with Python 3.11.
collect_ignore = (
    ["coming-from-addons.ipynb"] if sys.version_info >= (3, 12) else []
)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Puts the simulation in the place of nbval, in Colab's lane."""
    return in_colab((yield), file_path, parent)
