"""The book's notebooks as tests: each runs in Colab, cell by cell as saved."""

import atexit
import functools
import re
import shutil
import sys
import tempfile
from pathlib import Path

from colab.simulation import ROOT, RUNTIME, complaints, publish, simulate
from nbval.plugin import coalesce_streams
from nbval_tolerance import TolerantCell, TolerantFile


@functools.cache
def published():
    """Publishes the package once; returns where, as `publish` does."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return publish(ROOT, folder)


# What TensorFlow's C++ part logs past Python, at any level. Some kernels show
# it below the cell; those that save and check the notebooks do not.
NATIVE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\) .*\n"
    r"|I\d{4} .*Compiled cluster using XLA!.*\n"
    r"|E\d{4} .*topological sort failed with message.*\n"
)


def without_native_log(outputs):
    """Returns outputs without the known lines of TensorFlow's own log."""
    for output in outputs:
        if output.get("name") == "stderr":
            output.text = NATIVE.sub("", output.text).strip("\n")
    return [output for output in outputs if output.get("text") != ""]


class SimulatedCell(TolerantCell):
    """A cell that has run in Colab, to be compared with what was saved."""

    def runtest(self):
        """Compares; the setup cell answers for the notebook as a whole."""
        run = self.parent.run
        if self.cell_num == 0:
            if found := [*complaints(run)]:
                self.raise_cell_error("\n".join(found))
            return
        outputs = run.cells[self.cell_num].outputs
        outputs = without_native_log(coalesce_streams(outputs))
        if not self.compare_outputs(
            outputs, coalesce_streams(self.cell.outputs)
        ):
            told = [*self.comparison_traceback]
            told += [it.text for it in outputs if it.get("name") == "stderr"]
            self.raise_cell_error("Cell outputs differ", "\n".join(told))


class SimulatedFile(TolerantFile):
    """A notebook that runs in Colab before its cells are compared."""

    cell_class = SimulatedCell

    def setup(self):
        """Runs the notebook."""
        with tempfile.TemporaryDirectory() as folder:
            self.run = simulate(self.nb, Path(folder), published())


def in_colab(collectors, file_path, parent):
    """Returns pytest's collectors of a file; in Colab's lane, simulated ones.

    For the hook `pytest_collect_file` of folders with notebooks.
    """
    if sys.version_info[:2] != (3, 13) or not (RUNTIME / "ready").exists():
        return collectors
    return [
        SimulatedFile.from_parent(parent, path=file_path)
        if type(collector) is TolerantFile
        else collector
        for collector in collectors
    ]
