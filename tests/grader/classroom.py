"""A course with students in it, for the tests of the grader."""

import copy
import csv
import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
COURSEWORK = ROOT / "coursework"
GRADER = ROOT / ".venv" / "grader" / "bin"

LANES = {11: "addons", 12: "current"}
KERNEL = f"lossbook-{LANES.get(sys.version_info.minor)}"

ASSIGNMENTS = [
    "gradient",
    "stable_cross_entropy",
    "quantile_regression",
    "giou",
    "triplet_mining",
    "weighted_loss",
]


def need_grader():
    """Skips a module where students' code cannot be graded."""
    if sys.version_info.minor not in LANES:
        reason = "coursework is graded in the lanes addons and current"
        pytest.skip(reason, allow_module_level=True)
    missing = [
        name
        for name, is_there in {
            ".venv/grader (make test)": (GRADER / "nbgrader").exists(),
            "bubblewrap (apt-get install bubblewrap)": shutil.which("bwrap"),
        }.items()
        if not is_there
    ]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"missing: {missing}", allow_module_level=True)


def new_course(folder, *names):
    """Makes a course directory with some assignments, and returns it."""
    folder.mkdir(exist_ok=True)
    shutil.copy(COURSEWORK / "nbgrader_config.py", folder)
    (folder / "autograder").symlink_to(COURSEWORK / "autograder")
    (folder / "seed.txt").write_text("20261123\n")
    for name in names:
        shutil.copytree(COURSEWORK / "source" / name, folder / "source" / name)
    return folder


def read(step, name):
    """Returns an assignment's notebook: its `source`, or its `release`."""
    path = COURSEWORK / step / name / f"{name}.ipynb"
    return nbformat.read(path, as_version=4)


def grade_id(cell):
    """Returns the name by which nbgrader knows a cell, or ""."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def solved(name, cells=None):
    """Returns a student's notebook: all is right, but for some cells.

    Args:
        name: the assignment.
        cells: source by grade_id, in the place of the model solution.
    """
    model = {grade_id(it): it.source for it in read("source", name).cells}
    notebook = read("release", name)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = (cells or {}).get(
                grade_id(cell), model[grade_id(cell)]
            )
    return notebook


def hand_in(course, student, name, notebook):
    """Puts a notebook, or any text, where nbgrader collects it."""
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    if isinstance(notebook, str):
        path.write_text(notebook)
    elif notebook is not None:
        nbformat.write(copy.deepcopy(notebook), path)
    return path


def grade_command(course, names, *options):
    """Returns the command that grades assignments, in this lane."""
    command = [str(GRADER / "python"), str(COURSEWORK / "grade.py"), *names]
    return [*command, f"--course={course}", f"--kernel={KERNEL}", *options]


def grade(course, names, *options):
    """Grades all submissions; returns what came of each, by assignment."""
    done = subprocess.run(
        grade_command(course, names, "--workers=1", *options),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: results(course, name) for name in names}


def results(course, name):
    """Returns what came of each submission, by student."""
    return {
        path.parent.name: json.loads(path.read_text())
        for path in course.glob(f"results/*/{name}.json")
    }


def points(result):
    """Returns the points of each part."""
    return {part: mark[0] for part, mark in result["marks"].items()}


def nbgrader(course, *arguments):
    """Runs nbgrader in a course, as a teacher does."""
    path = os.pathsep.join([str(GRADER), os.environ["PATH"]])
    done = subprocess.run(
        [str(GRADER / "nbgrader"), *arguments],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # It goes on without settings that it cannot read.
    assert "loading config" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def exported(course):
    """Returns nbgrader's CSV: a row for each assignment and student."""
    nbgrader(course, "export", "--to=grades.csv")
    with open(course / "grades.csv") as file:
        rows = csv.DictReader(file)
        return {(row["assignment"], row["student_id"]): row for row in rows}


def wrong_submissions(name):
    """Returns the wrong answers to an assignment, with their marks."""
    return importlib.import_module(f"grader.wrong.{name}").SUBMISSIONS
