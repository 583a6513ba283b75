"""Every number, word and output that the book saves is truly checked.

The saved outputs stand for a fresh run; the saved copy is changed in one place
at a time, and the comparison must notice. No kernel is needed.
"""

import copy
import math
import random
import re
import warnings
from functools import partial, reduce
from operator import getitem

import nbformat
import notebook_lint
import pytest
from nbval_tolerance import (
    FIGURE_DATA,
    NUMBER,
    PICTURES,
    TolerantCell,
    TolerantFile,
)

# So many changes of one notebook are tried, drawn with this seed.
TRIED, SEED = 300, 0

# What nbval leaves out of the comparison, and a reader never sees.
UNSEEN = {"execution_count", "metadata", "name", "output_type"} | PICTURES


def leaves(value, place=()):
    """Yields every text, number and curve of decimals, and where it is."""
    if isinstance(value, dict):
        for key in sorted(value.keys() - UNSEEN):
            yield from leaves(value[key], (*place, key))
    elif isinstance(value, list) and not any(map(is_decimal, value)):
        for i, item in enumerate(value):
            yield from leaves(item, (*place, i))
    else:
        yield place, value


def is_decimal(value):
    return isinstance(value, float)


def faults_of_leaf(outputs, place, value, tolerance):
    """Yields what one leaf may be changed into, one thing at a time."""
    if isinstance(value, str):
        for match in re.finditer(rf"(?P<number>{NUMBER})|[^\W_]+", value):
            other = other_word(match, tolerance)
            told = f"{place}: {match[0]} -> {other}"
            yield told, partial(splice, outputs, place, match.span(), other)
        return
    share = max(1e-3, 2 * tolerance.rtol)
    if isinstance(value, list):
        # One value near zero may drift, but no curve may move as a whole.
        other = [it * (1 + share) if is_decimal(it) else it for it in value]
    elif is_decimal(value):
        other = value * (1 + share) + 2 * tolerance.atol
    else:
        other = value + 1
    if other == value:
        other = [1e-3] * len(value) if isinstance(value, list) else 1e-3
    yield f"{place}: {value} -> {other}", partial(put, outputs, place, other)


def other_word(match, tolerance):
    """Returns what stands for another number or word in a text."""
    if match["number"]:
        return move(match[0], tolerance)
    if match[0].isdecimal():
        return str(int(match[0]) + 1)
    return match[0] + "x"


def move(text, tolerance):
    """Moves a printed number by 1e-3 of it, or what just shows.

    The number keeps its digits where they can show the change.
    """
    number = float(text)
    if not math.isfinite(number):
        return "0.5"
    share = max(1e-3, 2 * tolerance.rtol)
    moved = number * (1 + share) + 2 * tolerance.atol
    digits, letter, _ = text.lower().partition("e")
    decimals = len(digits.partition(".")[2])
    short = f"{moved:.{decimals}{letter or 'f'}}"
    if float(short) != number and decimals:
        return short
    return repr(moved) if moved else f"{10.0**-decimals:.{decimals}f}"


def put(outputs, place, value):
    """Returns a copy of outputs with another value in one place."""
    outputs = copy.deepcopy(outputs)
    *path, last = place
    reduce(getitem, path, outputs)[last] = value
    return outputs


def splice(outputs, place, span, word):
    """Returns a copy of outputs with another word in one text."""
    text = reduce(getitem, place, outputs)
    return put(outputs, place, text[: span[0]] + word + text[span[1] :])


def without(outputs, place):
    """Returns a copy of outputs without what is in one place."""
    *path, last = place
    holder = copy.copy(reduce(getitem, path, outputs))
    del holder[last]
    return put(outputs, path, holder) if path else holder


def faults(outputs, tolerance):
    """Yields one fault at a time: what it is, and what makes the outputs."""
    gone = [(i,) for i in range(len(outputs))]
    for i, output in enumerate(outputs):
        data = output.get("data", {})
        gone += [(i, "data", mime) for mime in data]
        for j, axes in enumerate(data.get(FIGURE_DATA, {}).get("axes", [])):
            place = (i, "data", FIGURE_DATA, "axes", j, "drawn")
            gone += [(*place, k) for k in range(len(axes.get("drawn", [])))]
    for place in gone:
        yield f"{place} deleted", partial(without, outputs, place)
    for place, value in leaves(outputs):
        yield from faults_of_leaf(outputs, place, value, tolerance)


def escapes(path, session):
    """Tries faults in a notebook; returns those tried and those unnoticed."""
    tried = []
    for cell in TolerantFile.from_parent(session, path=path).collect():
        outputs = cell.cell.outputs
        where = f"{path.name}, {cell.name}"
        if not cell.options["check"] or cell.options["skip"]:
            warnings.warn(f"{where} is not compared", stacklevel=1)
            continue
        was_run = cell.cell.execution_count is not None
        assert was_run or not cell.cell.source, f"{where} was never run"
        assert cell.compare_outputs(outputs, outputs), where
        tried += [
            (f"{where}: {told}", cell, make)
            for told, make in faults(outputs, cell.tolerance)
        ]
    tried = random.Random(SEED).sample(tried, min(TRIED, len(tried)))
    return len(tried), [
        told
        for told, cell, make in tried
        if cell.compare_outputs(cell.cell.outputs, make())
    ]


@pytest.fixture(autouse=True)
def no_reports(monkeypatch):
    """Saves the time that nbval takes to draw up a long difference."""
    monkeypatch.setattr(
        TolerantCell, "format_output_compare", lambda *arguments: None
    )


@pytest.mark.parametrize(
    "path", notebook_lint.notebooks(), ids=notebook_lint.page_name
)
def test_no_change_of_the_saved_outputs_escapes(path, request):
    tried, escaped = escapes(path, request.session)
    assert not escaped, f"{len(escaped)} of {tried} escaped:\n" + "\n".join(
        escaped
    )


def test_the_changes_themselves(tmp_path, request):
    """Tries them on outputs of every kind, and on one no check can see."""
    output = nbformat.v4.new_output
    figure = {
        "axes": [
            {
                "drawn": [{"kind": "Line2D", "n": 4, "y": [0.5, 0.0, 1.0]}],
                "title": "Loss",
            }
        ]
    }
    outputs = [
        output("stream", name="stdout", text="loss 0.001234 of 3, (2, 1)\n"),
        output("display_data", {"text/html": "<b>0.85</b>, 0.000000, nan"}),
        output("execute_result", {"text/plain": "[1. 0.5] 1.2e-13 v1.2.3"}),
        output(
            "display_data",
            {
                "image/png": "iVBORw0KGgo=",
                "text/plain": "<Figure size 640x480 with 1 Axes>",
                FIGURE_DATA: figure,
            },
        ),
        output(
            "error",
            ename="ValueError",
            evalue="delta is -1.0",
            traceback=["ValueError: delta is -1.0"],
        ),
    ]
    path = write(tmp_path / "every.ipynb", outputs)
    tried, escaped = escapes(path, request.session)
    assert tried > 40
    assert not escaped, "\n".join(escaped)


def test_what_escapes_is_named(tmp_path, request, monkeypatch):
    monkeypatch.setattr(TolerantCell, "compare_outputs", lambda *_: True)
    output = nbformat.v4.new_output("stream", text="loss 0.500000 of 3")
    path = write(tmp_path / "lenient.ipynb", [output])
    tried, escaped = escapes(path, request.session)
    assert tried == len(escaped) == 5
    assert "0.500000 -> 0.500500" in " ".join(escaped)
    assert "loss -> lossx" in " ".join(escaped)
    assert "3 -> 4" in " ".join(escaped)


def write(path, outputs):
    cell = nbformat.v4.new_code_cell("1", outputs=outputs, execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path
