"""Tests of the plugin that checks the notebooks, and of the figures' data."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbval_tolerance import (
    DRAWN_SHARE,
    ENVIRONMENT,
    FIGURE_DATA,
    MESSAGE_SECONDS,
    Tolerance,
    TolerantFile,
    cell_tolerance,
    settle,
)
from nbval_tolerance import RTOL as DEFAULT_RTOL

from lossutils import figure_data

ROOT = Path(__file__).resolve().parents[2]


def agrees(saved, new, **tolerance):
    """Tells whether nbval would find the two equal once they are settled."""
    return settle(saved, new, Tolerance(**tolerance), []) == saved


@pytest.mark.parametrize(
    ("saved", "new"),
    [
        ("loss 0.123456", "loss 0.123456"),
        # The last digits of a float32, and a rounding that goes the other way.
        ("0.2899091", "0.2899092"),
        ("loss 0.123456", "loss 0.123457"),
        ("0.012345", "0.012346"),
        ("12.345", "12.346"),
        ("1.2345e-07", "1.2346e-07"),
        ("0.1", "0.10000000149011612"),
        # The width of a number moves the blanks and the lines about it.
        ("[0.5        1.        ]", "[0.5        0.99999994]"),
        ("[1.        0.5       \n 2.5]", "[0.9999999 0.5\n 2.5 ]"),
        ("    loss\n0  1.0", "         loss\n0  0.9999999"),
        # There is one zero, and one NaN.
        ("-0.000000", "0.000000"),
        ("[ 0. -0.]", "[-0.  0.]"),
        ("nan and -inf", "nan and -inf"),
        ("(0.5,)", "(0.5000001,)"),
        ("x=.5, y=+1.5", "x=.5000001, y=+1.5000001"),
        ("<td>0.25</td>", "<td>0.2500001</td>"),
    ],
)
def test_the_same_number_passes(saved, new):
    assert agrees(saved, new)
    assert agrees(new, saved)


@pytest.mark.parametrize(
    ("saved", "new"),
    [
        ("accuracy 0.85", "accuracy 0.86"),
        ("0.123456", "0.123579"),
        ("0.123456", "0.123468"),
        ("12.345", "12.3459"),
        ("0.001234", "0.001235"),
        ("0.000000", "0.000001"),
        ("1e-16", "1e-15"),
        ("1.2e-13", "1.2012e-13"),
        ("[0.]", "[1.]"),
        ("200000.", "200001."),
        ("epoch 200000.", "epoch 200001."),
        ("0.5", "-0.5"),
        ("1.5e-07", "1.5e-08"),
        ("0.5", "nan"),
        ("nan", "0.5"),
        ("nan", "inf"),
        ("inf", "0.5"),
        ("inf", "-inf"),
        # Integers, shapes, versions and words are exact.
        ("907 of 1000", "908 of 1000"),
        ("shape (100000, 2)", "shape (100001, 2)"),
        ("100000", "100000.0"),
        ("version 3.1.0", "version 3.10.0"),
        ("v3.1", "v3.10"),
        ("on 22.11.2026", "on 23.11.2026"),
        ("float32 0.5", "float64 0.5"),
        ("a loss of 0.5", "a gain of 0.5"),
        ("0.5 0.5", "0.5"),
        ("0.5", "0.5 0.5"),
        ("0.5", "0.5\nmore"),
        ("", "0.5"),
    ],
)
def test_another_number_or_word_fails(saved, new):
    assert not agrees(saved, new)
    assert not agrees(new, saved)


def test_a_change_of_1e_3_fails_however_small_the_number():
    random = np.random.RandomState(0)
    for exponent in random.uniform(-12, 6, 2000).tolist():
        number = 10.0**exponent
        for form in ("{:.6f}", "{:.4f}", "{:.6g}", "{:.6e}", "{!r}"):
            saved, new = form.format(number), form.format(number * 1.001)
            exact = repr(float(saved) * 1.001)
            assert saved == new or not agrees(saved, new), (saved, new)
            assert not float(saved) or not agrees(saved, exact), saved


def test_what_is_forgiven_is_at_most_1e_4_of_the_number():
    random = np.random.RandomState(1)
    for exponent in random.uniform(-6, 6, 2000).tolist():
        number = 10.0**exponent
        for form in ("{:.1f}", "{:.3f}", "{:.6f}", "{:.5g}"):
            saved, new = form.format(number), form.format(number * 1.00011)
            if abs(float(new) - float(saved)) > 1.001e-4 * float(saved):
                assert not agrees(saved, new), (saved, new)


@pytest.mark.parametrize(
    ("saved", "new", "is_same"),
    [
        ({"a": [1.0, {"b": 2.0}]}, {"a": [1.0000001, {"b": 2.0000001}]}, True),
        ({"a": [1.0, {"b": 2.0}]}, {"a": [1.0, {"b": 2.002}]}, False),
        ({"a": 3}, {"a": 4}, False),
        ({"a": 100000}, {"a": 100001}, False),
        # A browser saves 1.0 as 1.
        ({"a": 1}, {"a": 1.0000001}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, False),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0}, False),
        ([1.0], [1.0, 1.0], False),
        ([1.0, 1.0], [1.0], False),
        ([1e-9, 1.0], [2e-9, 1.0], False),
        ("AP 0.5000001", "AP 0.5", True),
        (1e-05, 1.0000001e-05, True),
        (0.5, "nan", False),
        ([0.5], None, False),
    ],
)
def test_json_is_compared_leaf_by_leaf(saved, new, is_same):
    assert agrees(saved, new) == is_same


def test_a_failure_names_the_number_and_its_move():
    moved = []
    settle("0.500000 1.5 nan", "0.500500 1.5 nan", Tolerance(), moved)
    assert moved == [
        "saved 0.500000, now 0.500500: moved by 0.0005,"
        " 0.001 of the saved number"
    ]


def test_a_failure_shows_only_the_number_that_moved():
    settled = settle("0.1 0.2 a", "0.1000001 0.3 a", Tolerance(), [])
    assert settled == "0.1 0.3 a"


def test_tags_set_the_tolerance_of_a_cell():
    assert cell_tolerance([]) == Tolerance(rtol=DEFAULT_RTOL, atol=0.0)
    tags = ["hide-input", "nbval-rtol=5e-3", "nbval-atol=1e-6"]
    assert cell_tolerance(tags) == Tolerance(rtol=5e-3, atol=1e-6)
    assert cell_tolerance(["nbval-ignore-output"]) == Tolerance()
    assert agrees("0.5", "0.502", rtol=5e-3)
    assert not agrees("0.5", "0.503", rtol=5e-3)
    assert agrees("0.0", "1e-07", atol=1e-6)


@pytest.mark.parametrize(
    "tag",
    [
        "nbval-rtol",
        "nbval-rtol=",
        "nbval-rtol=small",
        "nbval-rtol=nan",
        "nbval-rtol=-1e-3",
        "nbval-atol=inf",
        "nbval-rtoll=1e-3",
        "nbval-ignore-outputs",
    ],
)
def test_a_tag_that_cannot_be_understood_is_an_error(tag, request, tmp_path):
    cell = nbformat.v4.new_code_cell("1", metadata={"tags": [tag]})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.write(notebook, tmp_path / "tagged.ipynb")
    file = TolerantFile.from_parent(
        request.session, path=tmp_path / "tagged.ipynb"
    )
    with pytest.raises(file.CollectError, match=rf"Cell 0: .*{tag}"):
        list(file.collect())


def test_the_plugin_is_loaded_and_sets_the_environment(request):
    assert request.config.pluginmanager.has_plugin("nbval_tolerance")
    assert ENVIRONMENT.items() <= os.environ.items()


# One notebook shows the whole chain. Each entry: what is done to the cell once
# it is saved, what must then become of the cell, and its source.

PASSED, FAILED, SKIPPED = "PASSED", "FAILED", "SKIPPED"


def swap(old, new):
    """Returns a fault: other text in the saved outputs."""

    def apply(cell):
        saved = json.dumps(cell.outputs)
        assert old in saved
        cell.outputs = nbformat.from_dict(json.loads(saved.replace(old, new)))

    return apply


def drop_outputs(cell):
    cell.outputs = []


def drop_all(cell):
    cell.outputs, cell.execution_count = [], None


def drop_data(mime):
    return lambda cell: cell.outputs[0].data.pop(mime)


def move_curve(by):
    def apply(cell):
        for line in cell.outputs[0].data[FIGURE_DATA]["axes"][0]["drawn"]:
            line["y"] = [value * (1 + by) for value in line["y"]]

    return apply


def tag(name):
    return lambda cell: cell.metadata.update(tags=[name])


def both(*faults):
    def apply(cell):
        for fault in faults:
            fault(cell)

    return apply


THIRD = "print(f'{1 / 3:.6f}')"
HTML = "from IPython.display import HTML, JSON\nHTML('<b>0.3333333</b>')"
PLOT = "_ = plt.plot([1.0, 2.0, 3.0])"
ERROR = "raise ValueError('delta must be positive')  # NBVAL_RAISES_EXCEPTION"
PRECISE_ERROR = ERROR.replace("positive", "above 0.333333")
INTERACTIVE = """\
import base64
import io
plt.ioff()
plt.savefig(png := io.BytesIO())
plt.close()
class Figure:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {
            "text/html": "<i class='loss-figure'></i><path d='M0,12.5L3,7.5'>",
            "image/png": base64.b64encode(png.getvalue()).decode(),
            "text/plain": "a figure",
        }
Figure()"""
SET_UP = """\
import os
import figure_data
import matplotlib.pyplot as plt
figure_data.register()"""
CELLS = {
    "nothing, set-up": (None, PASSED, SET_UP),
    "nothing, text": (None, PASSED, THIRD),
    "nothing, error": (None, PASSED, ERROR),
    "nothing, NaN": (None, PASSED, "float('nan')"),
    "nothing, no source": (None, PASSED, ""),
    "environment": (None, PASSED, "print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"),
    "2e-7": (swap("3333333", "33333337"), PASSED, "print(0.3333333)"),
    "1e-3": (swap("0.333333", "0.333666"), FAILED, THIRD),
    "1e-3, in HTML": (swap("0.3333333", "0.333666"), FAILED, HTML),
    "2e-7, in HTML": (swap("0.3333333", "0.33333337"), PASSED, HTML),
    "1e-3, in JSON": (swap("1e-09", "1.001e-09"), FAILED, "JSON([1e-9, 0.5])"),
    "2e-7, in JSON": (swap("0.5", "0.5000001"), PASSED, "JSON([1e-9, 0.5])"),
    "1e-3, tolerated": (
        both(swap("0.333333", "0.333666"), tag("nbval-rtol=5e-3")),
        PASSED,
        THIRD,
    ),
    "1e-3, ignored": (
        both(swap("0.333333", "0.333666"), tag("nbval-ignore-output")),
        PASSED,
        THIRD,
    ),
    "1e-3, skipped": (
        both(swap("0.333333", "0.333666"), tag("nbval-skip")),
        SKIPPED,
        THIRD,
    ),
    "word": (swap("loss", "gain"), FAILED, "print('loss 0.5')"),
    "integer": (swap("907", "908"), FAILED, "print('907 of 1000')"),
    "accuracy": (swap("0.85", "0.86"), FAILED, "print('accuracy 0.85')"),
    "NaN": (swap("0.333333", "nan"), FAILED, THIRD),
    "new output": (drop_outputs, FAILED, THIRD),
    "new NaN": (swap("nan", "0.5"), FAILED, "float('nan') "),
    "missing output": (
        lambda cell: cell.outputs.append(copy.deepcopy(cell.outputs[0])),
        FAILED,
        "0.5",
    ),
    "unrun": (drop_all, FAILED, THIRD),
    "unrun, no output": (drop_all, FAILED, "a = 1"),
    "error": (swap("positive", "negative"), FAILED, ERROR),
    "error, 2e-7": (swap("333333", "3333337"), PASSED, PRECISE_ERROR),
    "traceback": (swap('["ValueError', '["KeyError'), FAILED, ERROR),
    "curve, nothing": (None, PASSED, PLOT),
    "curve, 2e-7": (move_curve(2e-7), PASSED, PLOT),
    "curve, 1e-3": (move_curve(1e-3), FAILED, PLOT),
    "curve without data": (drop_data(FIGURE_DATA), FAILED, PLOT),
    "curve without picture": (drop_data("image/png"), FAILED, PLOT),
    "picture without data": (
        None,
        FAILED,
        "from IPython.display import Image\n"
        "import io\n"
        "plt.ioff(); plt.savefig(png := io.BytesIO()); plt.close()\n"
        "Image(png.getvalue())",
    ),
    "interactive, nothing": (None, PASSED, INTERACTIVE),
    "interactive, 1e-2": (swap("12.5", "12.6"), FAILED, INTERACTIVE),
}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """Saves the notebook, plants the faults, and runs pytest on it."""
    folder = tmp_path_factory.mktemp("checked")
    path = folder / "checked.ipynb"
    shutil.copy(figure_data.__file__, folder)
    cells = [nbformat.v4.new_code_cell(cell[2]) for cell in CELLS.values()]
    for cell in cells:
        if cell.source in (ERROR, PRECISE_ERROR):
            cell.metadata["tags"] = ["raises-exception"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    run = [sys.executable, ROOT / "tools/run_notebook.py", path]
    subprocess.run(run, check=True)

    notebook = nbformat.read(path, as_version=4)
    for cell, (fault, _, _) in zip(notebook.cells, CELLS.values(), strict=True):
        if fault:
            fault(cell)
    nbformat.write(notebook, path)
    # A test that is no cell must not be counted as one.
    other = folder / "test_other.py"
    other.write_text("def test_other(): pass")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ENVIRONMENT and not name.startswith("PYTEST")
    }
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "--color=no", "--nbval"]
        + ["-p", "nbval_tolerance", path, other],
        env=environment
        | {"PYTHONPATH": str(ROOT / "tests"), "MPLBACKEND": "agg"},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return result.stdout


def test_each_cell_fails_if_and_only_if_it_must(checked):
    outcomes = re.findall(r"::Cell \d+ ([A-Z]+)", checked)
    expected = {name: outcome for name, (_, outcome, _) in CELLS.items()}
    assert dict(zip(CELLS, outcomes, strict=True)) == expected, checked


def test_the_report_names_numbers_and_counts_cells(checked):
    outcomes = Counter(outcome for _, outcome, _ in CELLS.values())
    assert (
        f"notebook cells: {outcomes[PASSED]} passed,"
        f" {outcomes[FAILED]} failed, {outcomes[SKIPPED]} skipped\n"
    ) in checked
    assert "saved 0.333666, now 0.333333: moved by 0.000333" in checked
    assert "saved 2.002, now 2.0: moved by 0.002" in checked
    assert "This cell was saved without being run" in checked
    assert "a picture was saved without its data" in checked


@pytest.fixture
def cell(request, tmp_path):
    """A cell as the plugin collects it."""
    cell = nbformat.v4.new_code_cell("1")
    path = tmp_path / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    (cell,) = TolerantFile.from_parent(request.session, path=path).collect()
    return cell


def test_the_limit_for_messages_is_raised(cell):
    assert cell.output_timeout == MESSAGE_SECONDS


def test_a_comparison_changes_neither_side(cell):
    saved = [nbformat.v4.new_output("stream", text="0.3333333")]
    new = [nbformat.v4.new_output("stream", text="0.33333334")]
    before = copy.deepcopy([saved, new])
    assert cell.compare_outputs(new, saved)
    assert [saved, new] == before


# The data of figures.


def draw(scale=1.0, noise=0.0):
    """Draws one figure with something of every kind the book uses."""
    random = np.random.RandomState(0)

    def drift(values):
        values = np.asarray(values, dtype=float) * scale
        return values * (1 + noise * random.uniform(-1, 1, values.shape))

    figure = Figure()
    lines, bars, surface, digits, areas = figure.subplots(1, 5)
    x = np.linspace(-3, 3, 201)
    lines.plot(x, drift(x**2 / 2), label="squared")
    lines.plot(x, drift(np.abs(x)), label="absolute")
    lines.axhline(drift(0.5))
    lines.axline((0, 0), slope=drift(0.5))
    lines.scatter(x[::20], drift(x[::20]))
    lines.annotate("minimum", (0, drift(1)), (1, 1))
    lines.set(title="Loss", xlabel="residual", ylabel="loss", yscale="symlog")
    lines.legend(title="of the residual")
    bars.bar_label(bars.bar(["mse", "mae"], drift([1, 2])), ["one", "two"])
    x, y = np.meshgrid(np.linspace(-2, 2, 33), np.linspace(-1, 3, 33))
    z = (x - 1) ** 2 + 3 * (y - x) ** 2
    shades = surface.contourf(x, y, drift(z), levels=[0.3, 1, 3, 9, 27])
    surface.contour(x, y, drift(z), levels=[1, 3, 9])
    surface.quiver([0, 1], [0, 1], drift([1, 2]), drift([3, 4]))
    figure.colorbar(shades, label="loss")
    digits.imshow(drift(np.arange(784).reshape(28, 28)), cmap="gray")
    areas.fill_between([0, 1, 2], drift([1, 2, 3]))
    areas.pcolormesh(drift(np.eye(3) + 1))
    areas.add_patch(_circle(drift(1)))
    areas.errorbar([1, 2], drift([3, 4]), yerr=drift([0.1, 0.2]))
    areas.set_xlim(0, 2)
    figure.suptitle("Every kind")
    return figure


def _circle(radius):
    from matplotlib.patches import Circle

    return Circle((0, 0), radius)


def has_same_data(saved, new):
    """Compares figures as the plugin compares their data."""
    saved, new = figure_data.describe(saved), figure_data.describe(new)
    tolerance = Tolerance(drawn_share=DRAWN_SHARE)
    return settle(saved, new, tolerance, []) == saved


def test_figure_data_holds_still_under_drift_and_is_deterministic():
    assert figure_data.describe(draw()) == figure_data.describe(draw())
    assert has_same_data(draw(), draw(scale=1 + 1e-7))
    assert has_same_data(draw(), draw(noise=2e-7))


def artists(figure):
    """Lists the data of every artist, in all axes."""
    axes = figure_data.describe(figure)["axes"]
    return [artist for one in axes for artist in one.get("drawn", [])]


def test_figure_data_sees_every_artist_move():
    pairs = zip(artists(draw()), artists(draw(scale=1.001)), strict=True)
    kinds = set()
    for still, moved in pairs:
        tolerance = Tolerance(drawn_share=DRAWN_SHARE)
        assert settle(still, moved, tolerance, []) != still, still
        kinds.add(still["kind"])
    assert kinds == {
        "Annotation",
        "AxLine",
        "AxesImage",
        "Circle",
        "FillBetweenPolyCollection",
        "Line2D",
        "LineCollection",
        "PathCollection",
        "QuadContourSet",
        "QuadMesh",
        "Quiver",
        "Rectangle",
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda axes: axes.set_title("Other"),
        lambda axes: axes.set_xlabel("other"),
        lambda axes: axes.set_ylabel("other"),
        lambda axes: axes.set_yscale("linear"),
        lambda axes: axes.set_xlim(0, 1),
        lambda axes: axes.set_xticks([0, 1], ["zero", "one"]),
        lambda axes: axes.legend(["other", "absolute"]),
        lambda axes: axes.legend(title="other"),
        lambda axes: axes.texts[0].set_text("maximum"),
        lambda axes: axes.plot([0, 1], [0, 1]),
        lambda axes: axes.lines[0].remove(),
        lambda axes: axes.lines[0].set_ydata([np.nan, *np.ones(200)]),
        lambda axes: axes.figure.suptitle("Other"),
        lambda axes: axes.figure.axes[1].set_xticks([0, 1], ["mse", "rmse"]),
        lambda axes: axes.figure.axes[-1].set_ylabel("other"),
        lambda axes: axes.inset_axes([0, 0, 1, 1]).plot([0, 1]),
    ],
)
def test_figure_data_sees_what_the_author_changes(change):
    figure = draw()
    change(figure.axes[0])
    assert not has_same_data(draw(), figure)
    assert not has_same_data(figure, draw())


def test_figure_data_is_json_of_a_sensible_size():
    figure = Figure()
    for axes in figure.subplots(1, 2):
        for power in (1, 2, 3):
            axes.plot(np.linspace(-3, 3, 201) ** power, label=f"{power}")
        axes.set(title="A title", xlabel="residual", ylabel="loss")
        axes.legend()
    data = json.dumps(figure_data.describe(figure), allow_nan=False)
    assert 600 <= len(data) <= 1500


def test_figure_data_takes_gaps_and_nothing():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1, 2], [0.5, np.nan, np.inf])
    axes.plot([], [])
    gaps, nothing = figure_data.describe(figure)["axes"][0]["drawn"]
    assert gaps["n"] == 4
    assert gaps["y"] == [0.5, 0.5, "nan", "inf"]
    assert nothing["n"] == 0


def test_figure_data_leaves_out_what_matplotlib_chooses():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    (described,) = figure_data.describe(figure)["axes"]
    assert described.keys() == {"drawn"}
    axes.set_ylim(0, 2)
    (described,) = figure_data.describe(figure)["axes"]
    assert described.keys() == {"drawn", "y"}


def test_figure_data_refuses_what_it_cannot_read():
    from matplotlib.patches import FancyArrowPatch

    figure = Figure()
    figure.subplots().add_patch(FancyArrowPatch((0, 0), (1, 1)))
    with pytest.raises(TypeError, match="FancyArrowPatch"):
        figure_data.describe(figure)
    figure = Figure()
    axes = figure.subplots()
    axes.clabel(axes.contour(np.arange(12.0).reshape(3, 4)))
    with pytest.raises(TypeError, match="colour bar"):
        figure_data.describe(figure)


def test_register_does_nothing_outside_ipython_and_imports_little(tmp_path):
    code = (
        "import sys, figure_data; figure_data.register();"
        "print(sorted({'matplotlib', 'IPython'} & sys.modules.keys()))"
    )
    shutil.copy(figure_data.__file__, tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"
