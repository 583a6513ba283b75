"""Each assignment marks right, empty and wrong answers as a teacher would."""

import pytest
from grader.classroom import (
    ASSIGNMENTS,
    exported,
    grade,
    hand_in,
    need_grader,
    new_course,
    points,
    read,
    solved,
    wrong_submissions,
)

need_grader()

FEWEST_WRONG = 8
WRITTEN, CODE = 4, 16


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """What came of all submissions to all assignments, and nbgrader's CSV."""
    folder = tmp_path_factory.mktemp("assignments") / "course"
    course = new_course(folder, *ASSIGNMENTS)
    for name in ASSIGNMENTS:
        hand_in(course, "model", name, solved(name))
        hand_in(course, "untouched", name, read("release", name))
        for number, (_, cells) in enumerate(wrong_submissions(name).values()):
            hand_in(course, f"wrong-{number}", name, solved(name, cells))
    return grade(course, ASSIGNMENTS), exported(course)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_right_answers_earn_all_and_no_answers_nothing(name, graded):
    model, untouched = (graded[0][name][it] for it in ("model", "untouched"))
    most = {part: mark[1] for part, mark in model["marks"].items()}
    assert sum(most.values()) == CODE
    assert points(model) == most
    assert model["remarks"] == model["errors"] == []
    assert points(untouched) == dict.fromkeys(most, 0)


@pytest.mark.parametrize(
    ("name", "number", "title"),
    [
        (name, number, title)
        for name in ASSIGNMENTS
        for number, title in enumerate(wrong_submissions(name))
    ],
)
def test_wrong_answers_earn_what_is_fair(name, number, title, graded):
    lost, _ = wrong_submissions(name)[title]
    result = graded[0][name][f"wrong-{number}"]
    fair = points(graded[0][name]["model"])
    assert lost.keys() <= fair.keys()
    said = "\n".join(line for it in result["marks"].values() for line in it[2])
    assert points(result) == pytest.approx(fair | lost, abs=0.01), said


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_there_are_enough_wrong_answers(name):
    assert len(wrong_submissions(name)) >= FEWEST_WRONG


def test_nbgrader_has_the_same_marks(graded):
    results, rows = graded
    for name in ASSIGNMENTS:
        for student, result in results[name].items():
            row, total = rows[name, student], sum(points(result).values())
            assert float(row["raw_score"]) == pytest.approx(total)
            assert float(row["max_score"]) == CODE + WRITTEN
