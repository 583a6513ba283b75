"""The simulation of Colab finds what would go wrong there.

The book's own notebooks run in it where they are collected: book/conftest.py.
"""

import os
import sys
import urllib.request
import zipfile
from pathlib import Path

import chromium
import nbformat
import notebook_lint
import pytest
from colab.notebooks import SimulatedFile, published, without_native_log
from colab.simulation import (
    ROOT,
    RUNTIME,
    Run,
    complaints,
    copy_source,
    publish,
    simulate,
)
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.plugin import NbCellError

if sys.version_info[:2] != (3, 13):
    pytest.skip("Colab has Python 3.13", allow_module_level=True)
if not (RUNTIME / "ready").exists() and not os.environ.get("CI"):
    pytest.skip(f"no {RUNTIME}: `make test`", allow_module_level=True)


def session(*sources):
    """Returns a notebook with the setup cell and more code."""
    sources = [notebook_lint.setup_source(), *sources]
    return new_notebook(cells=[new_code_cell(source) for source in sources])


@pytest.fixture
def tree(tmp_path):
    """A copy of the package's source, to be changed."""
    copy_source(ROOT, tmp_path / "tree")
    return tmp_path / "tree"


@pytest.fixture
def shelf(tmp_path):
    """An empty folder, in which a changed package is published."""
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


@pytest.fixture
def run(tmp_path):
    """A function that simulates, in an empty folder."""

    def run(notebook, offer=None):
        folder = tmp_path / "run"
        folder.mkdir()
        return simulate(notebook, folder, offer or published())

    return run


def test_a_module_that_the_wheel_lacks(tree, shelf, run):
    (tree / "lossutils" / "pairs.py").unlink()
    result = run(session("import lossutils"), publish(tree, shelf))
    [complaint] = complaints(result)
    assert "cannot import name 'pairs'" in complaint


@pytest.mark.parametrize("there_is_one", [True, False])
def test_a_limit_that_would_replace_numpy(tree, shelf, run, there_is_one):
    metadata = tree / "pyproject.toml"
    limited = metadata.read_text().replace('"numpy"', '"numpy>=2.2"')
    metadata.write_text(limited)
    offer = publish(tree, shelf)
    if there_is_one:
        write_wheel(shelf, "numpy", "2.2.0")
    found = "\n".join(complaints(run(session(), offer)))
    if there_is_one:
        assert "'numpy==2.2.0'] for ['numpy==2.1.3']" in found
    else:
        assert "lossutils was not installed: pip says why" in found
        assert "pip freeze: [] for []" in found
        assert "numpy>=2.2" in found  # pip's own words, for the reader


def write_wheel(folder, name, version):
    """Writes a wheel with nothing in it."""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", head)
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tag)
        wheel.writestr(f"{info}/RECORD", "")


def test_a_file_beside_the_notebook(tmp_path, run):
    (tmp_path / "beside.csv").write_text("1,2\n")
    result = run(session("open('beside.csv').read()"))
    [complaint] = complaints(result)
    assert "FileNotFoundError" in complaint


def test_a_file_left_in_the_folder(run):
    result = run(session("open('left.txt', 'w').close()"))
    assert [*complaints(result)] == ["it left files: ['left.txt']"]


def test_a_download(tmp_path, run):
    (tmp_path / "data.csv").write_text("1,2\n")
    with chromium.serve(tmp_path) as address:
        source = f"urllib.request.urlopen('{address}data.csv').read()"
        namespace = {"urllib": urllib}
        assert eval(source, namespace) == b"1,2\n"
        notebook = session(f"import urllib.request\n{source}")
        [complaint] = complaints(run(notebook))
    assert "URLError" in complaint


def test_a_setup_cell_that_talks(run):
    notebook = session()
    notebook.cells[0].source += "\nprint('Ready.')"
    [complaint] = complaints(run(notebook))
    assert "Ready." in complaint


def test_a_chapter_that_installs_from_git(run):
    notebook = nbformat.read(ROOT / "book" / "fundamentals.ipynb", 4)
    _, setup = notebook_lint.numbered(notebook, ["code"])[0]
    setup.source = notebook_lint.setup_source(notebook_lint.FROM_GIT)
    result = run(notebook)
    assert not [*complaints(result)]
    assert result.new[0].startswith("lossutils @ git+https://github.com/")


def test_a_page_that_cannot_run_there_stops_politely(run):
    path = ROOT / "book" / "coming-from-addons.ipynb"
    result = run(nbformat.read(path, 4))
    assert (result.new, result.gone, result.files) == ([], [], [])
    [output] = result.cells[0].outputs
    [message] = output.traceback
    assert "needs TensorFlow Addons 0.23, and so Python 3.11" in message
    assert not [cell for cell in result.cells[1:] if cell.outputs]


def test_outputs_are_compared_with_the_saved_ones(tmp_path, request):
    def shown(number):
        return [new_output("execute_result", {"text/plain": f"{number}"})]

    notebook = session("1 / 3")
    notebook.cells[1].update(outputs=shown(0.333333), execution_count=2)
    path = tmp_path / "saved.ipynb"
    nbformat.write(notebook, path)
    file = SimulatedFile.from_parent(request.session, path=path)
    setup, cell = file.collect()
    ran = notebook.cells
    for number, agrees in [(0.3333331, True), (0.3343, False)]:
        ran[1].outputs = shown(number)
        file.run = Run(ran, "", ["lossutils==1"], [], [])
        setup.runtest()
        if agrees:
            cell.runtest()
        else:
            with pytest.raises(NbCellError):
                cell.runtest()
    file.run = file.run._replace(new=[])
    with pytest.raises(NbCellError, match="pip freeze"):
        setup.runtest()


def test_of_native_logs_only_known_lines_are_left_out():
    known = "I0000 00:00:1.2  3 a.h:196] Compiled cluster using XLA!  Once.\n"
    other = "W0000 00:00:1.2  3 a.cc:1] The numbers may be wrong.\n"
    for text, left in [(known, []), (known + other, [other.strip()])]:
        outputs = [new_output("stream", name="stderr", text=text)]
        assert [it.text for it in without_native_log(outputs)] == left


def test_the_wheel_holds_every_file_of_the_package():
    folder = published()["PIP_FIND_LINKS"].split()[0]
    [wheel] = Path(folder).glob("*.whl")
    assert wheel.stat().st_size < 300_000
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name for name in archive.namelist() if "dist-info" not in name
        }
    files = (path for path in (ROOT / "lossutils").rglob("*") if path.is_file())
    source = {path.relative_to(ROOT).as_posix() for path in files}
    assert packed == {name for name in source if "__pycache__" not in name}
