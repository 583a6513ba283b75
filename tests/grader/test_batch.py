"""A whole class is graded at one go, also after an interruption."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from grader.classroom import (
    GRADER,
    exported,
    grade,
    grade_command,
    hand_in,
    nbgrader,
    need_grader,
    new_course,
    points,
    results,
    solved,
    wrong_submissions,
)

need_grader()

NAME = "gradient"
CLASS = [f"s{number:02}" for number in range(40)]
DUE = "2026-11-23 12:00:00 UTC"
HANDED_IN = {"s00": "2026-11-23 11:59:59 UTC", "s04": "2026-11-24 12:00:01 UTC"}

# Reads the teacher's marks for the written answer, or gives one.
WRITTEN = """
import sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for student in sys.argv[2:]:
        grade = book.find_grade("explain", sys.argv[1], sys.argv[1], student)
        grade.manual_score, grade.needs_manual_grade = 3, False
    book.db.commit()
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Forty mixed submissions; their grading was ended by force, and resumed.

    With them comes what had been graded at the interruption.
    """
    course = new_course(tmp_path_factory.mktemp("batch") / "course", NAME)
    wrong = [cells for _, cells in wrong_submissions(NAME).values()]
    for number, student in enumerate(CLASS):
        if number % 4 == 0:
            notebook = solved(NAME)
        elif number % 13 == 5:
            notebook = "no notebook"
        else:
            notebook = solved(NAME, wrong[number % len(wrong)])
        path = hand_in(course, student, NAME, notebook)
        if when := HANDED_IN.get(student):
            (path.parent / "timestamp.txt").write_text(when)
    nbgrader(course, "db", "assignment", "add", NAME, f"--duedate={DUE}")
    return course


@pytest.fixture(scope="module")
def resumed(course):
    """The course, graded in two goes, and what there was after the first.

    The second finds what was handed in elsewhere.
    """
    command = grade_command(course, [NAME], "--workers=2")
    first = subprocess.Popen(command, start_new_session=True)
    while len(results(course, NAME)) < len(CLASS) // 3:
        assert first.poll() is None
        time.sleep(0.05)
    started = descendants(first.pid)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    wait_for_the_end_of(started)
    before = written(course)
    elsewhere = course.with_name("elsewhere")
    (course / "submitted").rename(elsewhere)
    grade(course, [NAME], "--workers=2", f"--submitted={elsewhere}")
    elsewhere.rename(course / "submitted")
    return course, before


def descendants(process):
    """Returns all processes that one has started, and those in turn."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = path.read_text().rpartition(")")[2].split()[1]
            parents.setdefault(int(parent), []).append(int(path.parent.name))
    found = [process]
    for it in found:
        found += parents.get(it, [])
    return found[1:]


def wait_for_the_end_of(processes):
    """Returns when none of some processes is left; soon, or fails."""
    assert len(processes) > 2
    for _ in range(100):
        if not [it for it in processes if Path(f"/proc/{it}").exists()]:
            return
        time.sleep(0.1)
    raise AssertionError("students' code runs on when its grader has ended")


def written(course):
    """Returns when each result was written, by student."""
    return {
        path.parent.name: path.stat().st_mtime_ns
        for path in course.glob("results/*/*.json")
    }


def rows(course, question):
    """Returns what the gradebook's database answers."""
    with sqlite3.connect(course / "gradebook.db") as database:
        return database.execute(question).fetchall()


def test_no_mark_is_lost_or_doubled(resumed):
    course, before = resumed
    graded = results(course, NAME)
    assert sorted(graded) == CLASS
    # At most the one that was being recorded is graded once more.
    after = written(course)
    again = [it for it in before if after[it] != before[it]]
    assert len(before) >= len(CLASS) // 3 and len(again) <= 1
    in_csv = exported(course)
    assert sorted(in_csv) == [(NAME, student) for student in CLASS]
    for student in CLASS:
        total = sum(points(graded[student]).values())
        assert float(in_csv[NAME, student]["raw_score"]) == pytest.approx(total)
    wrong = [lost for lost, _ in wrong_submissions(NAME).values()]
    most = points(graded["s00"])
    for number, student in enumerate(CLASS):
        if number % 4 == 0:
            fair = most
        elif number % 13 == 5:
            fair = dict.fromkeys(most, 0)
        else:
            fair = most | wrong[number % len(wrong)]
        assert points(graded[student]) == pytest.approx(fair, abs=0.01)
    assert rows(course, "select count(*) from submitted_assignment") == [(40,)]
    assert rows(course, "select count(*) from grade") == [
        (len(CLASS) * (len(most) + 1),)
    ]


def test_a_second_run_changes_nothing(resumed):
    course, _ = resumed
    before, marks = written(course), rows(course, "select * from grade")
    grade(course, [NAME])
    assert written(course) == before
    assert rows(course, "select * from grade") == marks


def test_what_is_handed_in_anew_is_graded_anew_and_nothing_else(resumed):
    """The teacher's marks stay, and that of a new answer is asked for again."""
    course, _ = resumed
    give = [GRADER / "python", "-c", WRITTEN, NAME, "s01", "s02"]
    subprocess.run(give, cwd=course, check=True)
    before = written(course)
    hand_in(course, "s01", NAME, solved(NAME))
    graded = grade(course, [NAME])[NAME]
    after = written(course)
    assert [it for it in CLASS if after[it] != before[it]] == ["s01"]
    assert points(graded["s01"]) == points(graded["s00"])
    question = """
        select student.id, grade.manual_score, grade.needs_manual_grade
        from grade
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment
            on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id
        where grade.manual_score is not null order by student.id
    """
    assert rows(course, question) == [("s01", 3, 1), ("s02", 3, 0)]


def test_days_begun_cost_a_tenth_each(resumed):
    course, _ = resumed
    in_csv = exported(course)
    for student, share in {"s00": 0, "s04": 0.2, "s08": 0}.items():
        penalty = float(in_csv[NAME, student]["late_submission_penalty"] or 0)
        assert penalty == pytest.approx(16 * share)


def test_feedback_gives_reasons_and_keeps_the_hidden_tests(resumed):
    course, _ = resumed
    nbgrader(course, "generate_feedback", NAME, "--student=s02")
    page = (course / "feedback" / "s02" / NAME / f"{NAME}.html").read_text()
    assert "HIDDEN TESTS" not in page and "hidden(random)" not in page
    text = re.sub(r"<[^>]+>", "", page)
    marks = results(course, NAME)["s02"]["marks"].values()
    lines = [line for mark in marks for line in mark[2]]
    assert any(not line.startswith("right:") for line in lines)
    assert [line for line in lines if line.split(":")[0] not in text] == []
