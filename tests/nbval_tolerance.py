"""A pytest plugin over nbval: decimals are compared to a tolerance.

nbval runs each notebook and compares its outputs with the saved ones, sign by
sign. The last digits of a float32 differ between processors and versions of
TensorFlow, so that cannot work here. Before nbval compares, this plugin writes
every new decimal that agrees with the saved one as it was saved; then nbval
compares as ever, and its report shows only what really differs.

It also fails what nbval lets through: a cell that was never run, a picture
without the data drawn in it, a saved traceback other than the error itself.

A cell that needs another tolerance bears a tag such as `nbval-rtol=5e-3` or
`nbval-atol=1e-6`.
"""

import copy
import math
import os
import re
from collections import defaultdict
from typing import NamedTuple

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, metadata_tags

# The relative tolerance of every decimal, and the absolute one, which is zero:
# a small number has as much right to be checked as a large one.
RTOL, ATOL = 1e-5, 0.0

# A number that is printed may be rounded the other way. One unit of its last
# digit is forgiven, but only if that unit is as fine as this share of the
# number: 0.123456 may become 0.123457; 0.85 must never become 0.86.
FINE_UNIT = 1e-4

# Drawn data is also forgiven this share of the largest value beside it: near
# a zero of a curve, float32 leaves fewer digits and no eye sees them.
DRAWN_SHARE = 1e-6

# nbval waits 5 s for each message of a kernel, which a busy machine exceeds.
MESSAGE_SECONDS = 60

# What a kernel needs for the same numbers on every machine: no choice of
# kernels by processor, no sum whose order depends on threads, no log lines.
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}

FIGURE_DATA = "application/vnd.figdata+json"
PICTURES = {"image/jpeg", "image/png"}

# A decimal has a point or an exponent, and is no part of a name or version.
NUMBER = (
    r"(?<![\w.])[-+]?"
    r"(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?(?!\d|\.\d)"
    r"|\d+[eE][-+]?\d+(?![\w.])"
    r"|(?:nan|inf)(?!\w))"
)


class Tolerance(NamedTuple):
    """How far a decimal may lie from the saved one."""

    rtol: float = RTOL
    atol: float = ATOL
    drawn_share: float = 0.0


def cell_tolerance(tags):
    """Reads the tolerance of a cell from its tags.

    Raises:
        ValueError: For a tag of ours or nbval's that cannot be understood.
    """
    found = {}
    for tag in tags:
        name, _, value = tag.partition("=")
        if name in ("nbval-rtol", "nbval-atol"):
            found[name.removeprefix("nbval-")] = _share(tag, value)
        elif tag.startswith("nbval-") and tag not in metadata_tags:
            raise ValueError(f"unknown tag {tag!r}")
    return Tolerance(**found)


def _share(tag, value):
    try:
        share = float(value)
    except ValueError:
        raise ValueError(f"no number in the tag {tag!r}") from None
    if not 0 <= share < 1:
        raise ValueError(f"a tolerance must lie in [0, 1): {tag!r}")
    return share


def is_close(saved, new, tolerance):
    """Tells whether two printed numbers agree."""
    x, y = float(saved), float(new)
    if x == y or (math.isnan(x) and math.isnan(y)):
        return True
    if not math.isfinite(x - y) or (_is_whole(saved) and _is_whole(new)):
        return False
    # Some prints drop the zeros at the end: the finer number tells the unit.
    unit = min(_unit(saved), _unit(new))
    slack = unit if unit <= FINE_UNIT * abs(x) else 0.0
    allowed = max(tolerance.atol, tolerance.rtol * abs(x), slack)
    # The difference of two decimals is itself rounded.
    return abs(x - y) <= allowed * (1 + 1e-6)


def _is_whole(text):
    """Tells whether a number has no digit after its point: `3.`."""
    return text.endswith(".")


def _unit(text):
    """Returns one unit of the last digit of a number as it is printed."""
    digits, _, exponent = text.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def settle(saved, new, tolerance, moved):
    """Returns `new` with every number that agrees written as in `saved`.

    Args:
        saved: A saved output: text, or JSON of any depth.
        new: The same output, computed anew.
        tolerance: What is forgiven.
        moved: A list that receives one line for every number that does not
            agree.
    """
    if isinstance(saved, str) and isinstance(new, str):
        return _settle_text(saved, new, tolerance, moved)
    if isinstance(saved, dict) and isinstance(new, dict):
        return {
            key: settle(saved.get(key), value, tolerance, moved)
            for key, value in new.items()
        }
    if isinstance(saved, list) and isinstance(new, list):
        tolerance = _among(saved, tolerance)
        pairs = zip(saved, new, strict=False)
        settled = [settle(a, b, tolerance, moved) for a, b in pairs]
        return settled + new[len(settled) :]
    # Counts in JSON are integers and stay exact.
    if {type(saved), type(new)} in ({float}, {float, int}):
        agrees = _agree(repr(saved), repr(new), tolerance, moved)
        return saved if agrees else new
    return new


def _among(values, tolerance):
    """Adds what drawn data is forgiven, by the largest value in its list."""
    sizes = [abs(value) for value in values if isinstance(value, float)]
    drawn = tolerance.drawn_share * max(sizes, default=0.0)
    return tolerance._replace(atol=max(tolerance.atol, drawn))


def _settle_text(saved, new, tolerance, moved):
    if _words(saved) != _words(new):
        return new
    pairs = zip(re.findall(NUMBER, saved), re.findall(NUMBER, new), strict=True)
    written = [a if _agree(a, b, tolerance, moved) else b for a, b in pairs]
    # A number's width moves the blanks about it: those are as saved, too.
    rest = iter(written)
    return re.sub(NUMBER, lambda match: next(rest), saved)


def _words(text):
    """Returns the text without its numbers and the blanks they may move."""
    return re.sub(r"[ \t]+", " ", re.sub(rf"\s*{NUMBER}\s*", "\0", text))


def _agree(saved, new, tolerance, moved):
    agrees = is_close(saved, new, tolerance)
    if not agrees:
        by = abs(float(new) - float(saved))
        share = by / abs(float(saved)) if float(saved) else math.inf
        moved.append(
            f"saved {saved}, now {new}: moved by {by:.3g},"
            f" {share:.2g} of the saved number"
        )
    return agrees


def _places(outputs):
    """Lists the values that nbval compares, by the name it gives them.

    Returns:
        A dictionary from name to a list of pairs: what holds the value, and
        under which key.
    """
    places = defaultdict(list)
    for output in outputs:
        if output.output_type == "stream":
            places[output.name].append((output, "text"))
        elif output.output_type == "error":
            places["evalue"].append((output, "evalue"))
        else:
            for mime in output.data:
                places[mime].append((output.data, mime))
    return places


def unchecked_parts(outputs):
    """Names what readers see of saved outputs, but nbval cannot compare."""
    for output in outputs:
        data = output.get("data", {})
        # Beside an interactive figure, the numbers are in its HTML.
        interactive = "loss-figure" in data.get("text/html", "")
        if (
            PICTURES & data.keys()
            and FIGURE_DATA not in data
            and not interactive
        ):
            yield (
                "a picture was saved without its data: call"
                " lossutils.figure_data.register() in the first cell"
            )
        if FIGURE_DATA in data and not PICTURES & data.keys():
            yield "the data of a picture was saved without the picture"
        if output.output_type == "error" and output.traceback != [
            f"{output.ename}: {output.evalue}"
        ]:
            yield "a traceback was not saved by tools/run_notebook.py"


class TolerantCell(IPyNbCell):
    """A cell whose decimals are compared to its tolerance."""

    def __init__(self, *args, **kwargs):
        """Reads the tolerance from the cell's tags."""
        super().__init__(*args, **kwargs)
        self.output_timeout = MESSAGE_SECONDS
        self.tolerance = cell_tolerance(self.cell.metadata.get("tags", []))

    def runtest(self):
        """Runs the cell and compares it, and fails if it was never run."""
        super().runtest()
        if self.cell.source.strip() and self.cell.execution_count is None:
            self.raise_cell_error("This cell was saved without being run")

    def compare_outputs(self, test, ref, skip_compare=None):
        """Settles the numbers that agree, then compares as nbval does."""
        test, moved = self._settled(test, ref)
        faults = list(unchecked_parts(ref))
        if not super().compare_outputs(test, ref, skip_compare):
            faults += moved
        elif not faults:
            return True
        self.comparison_traceback.extend(faults)
        return False

    def _settled(self, test, ref):
        """Returns the new outputs with numbers as saved, and what moved."""
        test, moved = copy.deepcopy(test), []
        new_places = _places(test)
        for name, saved_places in _places(ref).items():
            drawn_share = DRAWN_SHARE if name == FIGURE_DATA else 0.0
            tolerance = self.tolerance._replace(drawn_share=drawn_share)
            pairs = zip(saved_places, new_places[name], strict=False)
            for (saved, saved_key), (new, new_key) in pairs:
                new[new_key] = settle(
                    saved[saved_key], new[new_key], tolerance, moved
                )
        return test, moved


class TolerantFile(IPyNbFile):
    """A notebook whose cells are compared to a tolerance."""

    cell_class = TolerantCell

    def collect(self):
        """Yields nbval's cells as ours."""
        for cell in super().collect():
            try:
                yield self.cell_class.from_parent(
                    self,
                    name=cell.name,
                    cell_num=cell.cell_num,
                    cell=cell.cell,
                    options=cell.options,
                )
            except ValueError as error:
                raise self.CollectError(f"{cell.name}: {error}") from error


def fix_environment():
    """Fixes the environment, which every kernel inherits."""
    os.environ.update(ENVIRONMENT)
    # Set, it would keep kernels from showing figures inline.
    os.environ.pop("MPLBACKEND", None)


def pytest_configure():
    """Fixes the environment before any notebook is run."""
    fix_environment()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Puts our notebook in the place of nbval's."""
    return [
        TolerantFile.from_parent(parent, path=file_path)
        if type(collector) is IPyNbFile
        else collector
        for collector in (yield)
    ]


def pytest_terminal_summary(terminalreporter):
    """Says how many cells of notebooks passed and failed."""

    def count(*outcomes):
        reports = sum(map(terminalreporter.getreports, outcomes), [])
        return sum(".ipynb::" in report.nodeid for report in reports)

    # nbval expects the cells after one that timed out to fail.
    terminalreporter.write_line(
        f"notebook cells: {count('passed')} passed,"
        f" {count('failed', 'error', 'xfailed')} failed,"
        f" {count('skipped')} skipped"
    )
