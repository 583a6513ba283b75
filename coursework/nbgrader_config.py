"""nbgrader's settings for the course: `nbgrader` reads them in this folder."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor  # noqa: E402
from nbgrader.preprocessors import (  # noqa: E402
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    GetGrades,
    LimitOutput,
    SaveAutoGrades,
)

from autograder.gradebook import LateDays, WriteMarks  # noqa: E402

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "lossbook"
c.CourseDirectory.root = str(HERE)

# What students get in the place of a solution.
c.ClearSolutions.code_stub = {
    "python": 'raise NotImplementedError("Your code here.")'
}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# grade.py runs students' code, nbgrader never does.
c.Autograde.autograde_preprocessors = [
    WriteMarks,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.AssignLatePenalties.plugin_class = LateDays

# Feedback would show the hidden tests.
c.GenerateFeedback.preprocessors = [
    GetGrades,
    ClearHiddenTests,
    CSSHTMLHeaderPreprocessor,
]
