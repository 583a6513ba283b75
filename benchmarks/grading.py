"""Measures what it takes to grade a class, and writes it for the guide.

    .venv/current/bin/python benchmarks/grading.py

For each assignment a class of forty hands in right, wrong, empty and broken
notebooks; two submissions run at a time.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from grader.classroom import (  # noqa: E402
    ASSIGNMENTS,
    grade_command,
    hand_in,
    new_course,
    read,
    results,
    solved,
    wrong_submissions,
)

STUDENTS, WORKERS, CLASS = 40, 2, 300
TABLE = ROOT / "benchmarks" / "results" / "grading.md"


def main():
    """Grades a class for each assignment, and writes the table."""
    rows = [measure(name) for name in ASSIGNMENTS]
    whole = sum(row["whole"] for row in rows)
    start = statistics.mean(row["start"] for row in rows)
    each = (whole - start * len(rows)) / STUDENTS / len(rows)
    minutes = [(start + CLASS * row["each"]) / 60 for row in rows]
    text = f"""\
A class of {STUDENTS}, of whom a quarter hand in right answers, some an empty
or a broken notebook, and the rest typical errors, on {os.cpu_count()} cores,
{WORKERS} submissions at a time:

| Assignment | Whole run | Each submission | In the sandbox | Peak memory |
| --- | --- | --- | --- | --- |
"""
    for name, row in zip(ASSIGNMENTS, rows, strict=True):
        text += (
            f"| `{name}` | {row['whole']:.0f} s | {row['each']:.2f} s"
            f" | {row['median']:.2f} s, at most {row['longest']:.1f} s"
            f" | {row['memory']} MiB |\n"
        )
    text += f"""
"Each submission" is the time that one more adds to the run; before the first,
nbgrader and TensorFlow take {start:.0f} s to start. Every submission has a
process of its own, forked from one that has imported TensorFlow, and the
memory is that of the largest. One more adds {each:.2f} s on average, so a
class of {CLASS} takes {min(minutes):.0f} to {max(minutes):.0f} minutes for an
assignment.
"""
    TABLE.write_text(text)
    print(text)


def measure(name):
    """Grades a class once; returns times in seconds, and memory."""
    with tempfile.TemporaryDirectory() as folder:
        course = new_course(Path(folder) / "course", name)
        wrong = [cells for _, cells in wrong_submissions(name).values()]
        for number in range(STUDENTS):
            if number % 4 == 0:
                notebook = solved(name)
            elif number % 13 == 5:
                notebook = read("release", name)
            elif number % 13 == 7:
                notebook = "no notebook"
            else:
                notebook = solved(name, wrong[number % len(wrong)])
            hand_in(course, f"s{number:02}", name, notebook)
        command = grade_command(course, [name], f"--workers={WORKERS}")
        began = time.time()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        ended = time.time()
        written = sorted(
            path.stat().st_mtime for path in course.glob("results/*/*.json")
        )
        graded = results(course, name).values()
    seconds = [it["seconds"] for it in graded]
    return {
        "whole": ended - began,
        "start": written[0] - began,
        "each": (ended - written[0]) / (STUDENTS - 1),
        "median": statistics.median(seconds),
        "longest": max(seconds),
        "memory": max(it["mebibytes"] for it in graded),
    }


if __name__ == "__main__":
    main()
