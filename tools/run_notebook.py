"""Runs notebooks and saves their outputs, the same way each time.

    python tools/run_notebook.py book/detection.ipynb ...

What a machine, an editor or a clock would leave in the file is taken out, so
that a second run changes nothing. A notebook with an error or with anything on
stderr is not saved.
"""

import argparse
import base64
import contextlib
import io
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent

# All that a notebook says of itself; the site takes its highlighting from it.
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}

# What editors and Colab write into a cell.
FOREIGN = {"ExecuteTime", "colab", "execution", "id", "outputId", "vscode"}

CELL_SECONDS = 600

# Colours to a picture: enough for a plot, in a third of the bytes.
COLOURS = 128


def main(arguments=None):
    """Runs every notebook that is named; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    notebooks = parser.parse_args(arguments).notebooks
    resemble_pytest()
    return max([run(path) for path in notebooks])


def resemble_pytest():
    """Gives kernels the environment in which pytest checks notebooks."""
    sys.path.insert(0, str(ROOT / "tests"))
    from nbval_tolerance import fix_environment

    fix_environment()
    # ipykernel leaves alone what a library writes past Python when it takes
    # the run for a test, as it is when pytest checks the outputs. TensorFlow
    # writes its start-up notes so.
    os.environ["PYTEST_CURRENT_TEST"] = "run_notebook"


def run(path):
    """Runs one notebook in its folder and saves it; returns the exit code."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    # The error is in the outputs of its cell, where `complaints` finds it.
    with contextlib.suppress(CellExecutionError):
        client.execute()
    complaints = list(find_complaints(notebook))
    for complaint in complaints:
        print(f"{path}: {complaint}", file=sys.stderr)
    if complaints:
        return 1
    make_canonical(notebook)
    text = nbformat.writes(notebook) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{path}: saved")
    return 0


def find_complaints(notebook):
    """Yields a line for each cell that failed or wrote to stderr."""
    code_cells = [it for it in notebook.cells if it.cell_type == "code"]
    for number, cell in enumerate(code_cells):
        first_line = cell.source.strip().partition("\n")[0]
        where = f"code cell {number} ({first_line})"
        may_raise = "raises-exception" in cell.metadata.get("tags", [])
        for output in cell.outputs:
            if output.get("name") == "stderr":
                yield f"{where} wrote to stderr:\n{output.text}"
            if output.output_type == "error" and not may_raise:
                yield f"{where} raised {output.ename}: {output.evalue}"


def make_canonical(notebook):
    """Removes what depends on the machine, the editor or the hour."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for name in FOREIGN & cell.metadata.keys():
            del cell.metadata[name]
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                # A whole traceback names folders of this machine.
                output.traceback = [f"{output.ename}: {output.evalue}"]
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = shrink(output.data["image/png"])


def shrink(png):
    """Returns a picture with few colours; both are PNG in base 64."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(COLOURS).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    sys.exit(main())
