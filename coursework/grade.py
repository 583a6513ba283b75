"""Grades all submissions of assignments, and puts the marks into nbgrader.

    .venv/grader/bin/python coursework/grade.py giou

Submissions are read from `submitted/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb` of
the course, as nbgrader collects them, and are not changed. What is graded
already is not graded again; after an interruption, start it once more.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from autograder.course import Course, Grading
from autograder.sandbox import Limits, NoSandbox

HERE = Path(__file__).resolve().parent


def main(arguments=None):
    """Grades; returns the exit code."""
    options = parse(arguments)
    # Of nbgrader's own use of its database.
    warnings.filterwarnings("ignore", "Object of type", module="nbgrader")
    try:
        course = Course(
            options.course, options.kernel, options.limits, options.submitted
        )
        gradings = [Grading(course, name) for name in options.assignments]
        todo = [(it, student) for it in gradings for student in it.todo()]
        graded = course.grade(todo, options.workers)
        for _ in tqdm(graded, total=len(todo), unit="submission"):
            pass
    except (FileNotFoundError, NoSandbox, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    failed = False
    for grading in gradings:
        results = grading.results()
        print(grading.name, table(results), sep="\n")
        failed = failed or any(it["failure"] for it in results.values())
    return 1 if failed else 0


def parse(arguments):
    """Returns the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("assignments", nargs="+", help="their names, such as giou")
    add("--course", type=Path, default=HERE, help="the course directory")
    add("--submitted", type=Path, help="the folder, if not in the course")
    add("--kernel", default="lossbook-current", help="whose Python runs code")
    add("--workers", type=int, default=os.cpu_count(), help="side by side")
    for name, default in Limits()._asdict().items():
        flag = "--" + name.replace("_", "-")
        help = f"limit for a submission, {default} unless told"
        add(flag, type=int, default=default, help=help)
    options = parser.parse_args(arguments)
    options.limits = Limits(*(getattr(options, it) for it in Limits._fields))
    return options


def table(results):
    """Returns a line for each student: points, time, and what was remarked."""
    lines = []
    for student, result in sorted(results.items()):
        points = sum(mark[0] for mark in result["marks"].values())
        most = sum(mark[1] for mark in result["marks"].values())
        words = "; ".join(filter(None, [*result["remarks"], result["failure"]]))
        lines.append(
            f"{student:20} {points:6.2f} of {most:g}"
            f"  {result['seconds']:6.1f} s {result['mebibytes']:5} MiB  {words}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
