"""The sources are tested as the book's notebooks are, and nothing else here."""

import pytest
from colab.notebooks import in_colab

collect_ignore_glob = [
    "*.py",
    "autograded/*",
    "mended/*",
    "release/*",
    "submitted/*",
]


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Puts the simulation in the place of nbval, in Colab's lane."""
    return in_colab((yield), file_path, parent)
