"""The students' assignments start in Colab, up to the first answer asked for.

That the solved ones run there whole is tested where they are collected, in
coursework/conftest.py.
"""

import os
import sys

import pytest
from colab.notebooks import published
from colab.simulation import RUNTIME, complaints, simulate
from grader.classroom import ASSIGNMENTS, read

if sys.version_info[:2] != (3, 13):
    pytest.skip("Colab has Python 3.13", allow_module_level=True)
if not (RUNTIME / "ready").exists() and not os.environ.get("CI"):
    pytest.skip(f"no {RUNTIME}: `make test`", allow_module_level=True)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_it_runs_until_the_first_answer(name, tmp_path):
    run = simulate(read("release", name), tmp_path, published())
    [complaint] = complaints(run)
    assert complaint == run.error
    errors = {
        number: (output.ename, output.evalue)
        for number, cell in enumerate(run.cells)
        for output in cell.outputs
        if output.output_type == "error"
    }
    assert [*errors.values()] == [("NotImplementedError", "Your code here.")]
    # The setup cell, the imports and the first empty answer were run.
    assert min(errors) > 2
