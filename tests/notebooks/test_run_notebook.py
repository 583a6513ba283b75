"""Tests of the tool that runs a notebook and saves it."""

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbval_tolerance import ENVIRONMENT
from PIL import Image

TOOL = Path(__file__).resolve().parents[2] / "tools" / "run_notebook.py"

SOURCES = [
    "import os\n_ = os.write(2, b'a note past Python')",
    "for part in 'abc':\n    print(part, flush=True)",
    f"{{name: os.environ.get(name) for name in {sorted(ENVIRONMENT)}}}",
    "print(os.path.exists('beside.txt'), os.environ.get('MPLBACKEND'))",
    "",
    "raise ValueError('delta must be positive')",
    "0.5",
]


def write(path, sources, **metadata):
    """Writes a notebook as an editor might leave it."""
    cells = [nbformat.v4.new_markdown_cell("# Title")]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        if cell.source.startswith("raise ValueError"):
            cell.metadata["tags"] = ["raises-exception"]
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def run(*paths):
    return subprocess.run(
        [sys.executable, TOOL, *paths],
        env={
            name: value
            for name, value in os.environ.items()
            if name not in ENVIRONMENT and not name.startswith("PYTEST")
        }
        | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Runs one notebook and returns its path and what was saved."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "beside.txt").touch()
    path = folder / "saved.ipynb"
    write(
        path,
        SOURCES,
        kernelspec={"name": "lane-3.11", "display_name": "Lane"},
        language_info={"name": "python", "version": "3.11.7"},
        vscode={"interpreter": "some hash"},
    )
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["metadata"] = {
        "ExecuteTime": {"start_time": "today"},
        "colab": {"height": 17},
        "tags": ["hide-input"],
    }
    path.write_text(json.dumps(notebook))
    result = run(path)
    assert result.returncode == 0, result.stderr
    return path, path.read_bytes()


def test_a_second_run_changes_no_byte(saved):
    path, first = saved
    assert run(path).returncode == 0
    assert path.read_bytes() == first


def test_the_file_is_canonical(saved):
    text = saved[1].decode()
    notebook = json.loads(text)
    assert (
        text
        == json.dumps(notebook, sort_keys=True, indent=1, ensure_ascii=False)
        + "\n"
    )
    assert notebook["metadata"] == {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    cells = notebook["cells"]
    assert [cell["id"] for cell in cells] == [
        f"cell-{number}" for number in range(len(SOURCES) + 1)
    ]
    assert cells[1]["metadata"] == {"tags": ["hide-input"]}
    assert not any(
        cell["metadata"] for cell in cells if "tags" not in cell["metadata"]
    )


def test_every_cell_with_source_is_run_and_counted(saved):
    cells = json.loads(saved[1])["cells"][1:]
    counts = [cell["execution_count"] for cell in cells]
    assert counts == [1, 2, 3, 4, None, 5, 6]


def test_outputs_do_not_depend_on_time_or_machine(saved):
    path, text = saved
    cells = json.loads(text)["cells"][1:]
    (stream,) = cells[1]["outputs"]
    assert stream["text"] == ["a\n", "b\n", "c\n"]
    (environment,) = cells[2]["outputs"]
    shown = "".join(environment["data"]["text/plain"])
    assert eval(shown) == ENVIRONMENT
    assert cells[3]["outputs"][0]["text"] == [
        "True module://matplotlib_inline.backend_inline\n"
    ]
    (error,) = cells[5]["outputs"]
    assert error["traceback"] == ["ValueError: delta must be positive"]
    assert str(path.parent).encode() not in text


def test_errors_and_stderr_are_told_and_not_saved(tmp_path):
    noisy, failing = tmp_path / "noisy.ipynb", tmp_path / "failing.ipynb"
    write(noisy, ["1", "import sys\nprint('oh', file=sys.stderr)"])
    write(failing, ["1", "2", "1 / 0", "print('not reached')"])
    before = noisy.read_bytes(), failing.read_bytes()
    fine = tmp_path / "fine.ipynb"
    write(fine, ["1 + 1"])
    result = run(noisy, failing, fine)
    assert result.returncode == 1
    assert (
        f"{noisy}: code cell 1 (import sys) wrote to stderr:\noh"
        in result.stderr
    )
    assert (
        f"{failing}: code cell 2 (1 / 0) raised ZeroDivisionError:"
        " division by zero" in result.stderr
    )
    assert (noisy.read_bytes(), failing.read_bytes()) == before
    assert json.loads(fine.read_bytes())["cells"][1]["outputs"]


def test_pictures_lose_colours_and_nothing_else():
    sys.path.insert(0, str(TOOL.parent))
    from run_notebook import COLOURS, shrink

    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = np.mgrid[:64, :64] * 4
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    small = base64.b64decode(shrink(base64.b64encode(file.getvalue())))
    picture = Image.open(io.BytesIO(small))
    assert picture.size == (64, 64)
    assert len(picture.getcolors()) <= COLOURS
    moved = np.abs(np.asarray(picture.convert("RGB"), int) - pixels)
    assert moved.mean() < 8
