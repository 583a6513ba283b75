"""Draws the interactive figures of the notebooks anew: make figures.

Each is the one call of its cell, which needs nothing of the others. So a new
line in the script of all figures need not train all models again.
"""

import re
import sys
from pathlib import Path

import nbformat
from run_notebook import shrink

from lossutils import figures


def is_figure(source):
    """Tells whether a cell is one call of `figures`.

    >>> is_figure("figures.boxes(alt='Two boxes.')"), is_figure("1 + 1")
    (True, False)
    """
    return re.match(r"figures\.\w+\(", source) is not None


def redraw(path):
    """Draws the figures of one notebook; returns how many."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    count = 0
    for number, cell in enumerate(cells, 1):
        if cell.execution_count != number:
            raise SystemExit(f"{path}: run it whole first (make run)")
        if is_figure(cell.source):
            figure = eval(cell.source, {"figures": figures})
            data = figure._repr_mimebundle_()
            data["image/png"] = shrink(data["image/png"])
            cell.outputs[0].data = nbformat.from_dict(data)
            count += 1
    text = nbformat.writes(notebook) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return count


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {redraw(Path(name))} figures")
