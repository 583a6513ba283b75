"""Derives what students get, `release/`, from the assignments in `source/`.

    .venv/grader/bin/python coursework/derive.py

nbgrader takes out the solutions and the hidden tests, and enters each
assignment in its gradebook.
"""

import argparse
import sys
from pathlib import Path

from autograder.course import check, open_nbgrader

HERE = Path(__file__).resolve().parent


def main(arguments=None):
    """Derives the releases of all assignments of a course."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--course", type=Path, default=HERE, help="the course directory"
    )
    course = parser.parse_args(arguments).course.resolve()
    nbgrader = open_nbgrader(course)
    for path in sorted(course.glob("source/*/*.ipynb")):
        check(nbgrader.generate_assignment(path.parent.name))
        print(course / "release" / path.parent.name / path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
