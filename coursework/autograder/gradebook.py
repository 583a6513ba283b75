"""Brings marks into nbgrader's gradebook, by nbgrader's own way.

nbgrader runs a notebook and reads the marks off the outputs of its test
cells. Here the step that runs is replaced by one that writes these outputs
from marks made elsewhere; what follows, from manual grading to feedback, late
days and CSV, is nbgrader's.
"""

import json
from pathlib import Path

from nbformat.v4 import new_output
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution
from traitlets import Float, Unicode

SECONDS_A_DAY = 24 * 60 * 60


class WriteMarks(NbGraderPreprocessor):
    """Writes marks and their reasons below the test cells."""

    results = Unicode(
        "results", help="Folder with the marks that `grade.py` made."
    ).tag(config=True)

    def preprocess(self, nb, resources):
        """Finds the marks of this submission, then goes through the cells."""
        course = resources["nbgrader"]
        path = Path(self.results, course["student"], course["assignment"])
        try:
            found = json.loads(path.with_suffix(".json").read_text())
        except FileNotFoundError:
            raise FileNotFoundError(
                f"no marks for {course['student']}: grade with grade.py, "
                "which runs nbgrader's autograde by itself"
            ) from None
        self.marks = found["marks"]
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        """Gives a test cell the outputs from which nbgrader reads a mark."""
        if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
            return cell, resources
        points, _, lines = self.marks[cell.metadata.nbgrader["grade_id"]]
        text = "".join(f"{line}\n" for line in lines)
        mark = {"text/plain": str(float(points))}
        cell.outputs = [
            new_output("stream", name="stdout", text=text),
            new_output("execute_result", data=mark, execution_count=1),
        ]
        cell.execution_count = 1
        return cell, resources


class LateDays(LateSubmissionPlugin):
    """Takes a share of the score for each day begun after the due date."""

    share_per_day = Float(0.1, help="The share a day costs.").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Returns how many points the delay costs."""
        days = -(-total_seconds_late // SECONDS_A_DAY)
        return min(score, score * self.share_per_day * days)
