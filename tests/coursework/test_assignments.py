"""Each assignment marks right, empty and wrong answers as a teacher would."""

import pytest
from coursework.classroom import (
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


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(request, tmp_path_factory):
    """An assignment, and what came of all its submissions."""
    name = request.param
    course = new_course(tmp_path_factory.mktemp(name) / "course", name)
    hand_in(course, "model", name, solved(name))
    hand_in(course, "untouched", name, read("release", name))
    for number, (_, cells) in enumerate(wrong_submissions(name).values()):
        hand_in(course, f"wrong-{number}", name, solved(name, cells))
    return name, course, grade(course, name)


def test_marks(graded):
    """Every part of every submission, with what the grader said of it."""
    name, course, results = graded
    most = {part: mark[1] for part, mark in results["model"]["marks"].items()}
    assert sum(most.values()) == CODE
    assert points(results["model"]) == most
    assert results["model"]["remarks"] == results["model"]["errors"] == []
    assert points(results["untouched"]) == dict.fromkeys(most, 0)
    differing = []
    for number, (title, (lost, _)) in enumerate(
        wrong_submissions(name).items()
    ):
        assert lost.keys() <= most.keys(), title
        result = results[f"wrong-{number}"]
        got, fair = points(result), most | lost
        for part in most:
            if abs(got[part] - fair[part]) > 0.01:
                said = f"{title}: {part} got {got[part]}, not {fair[part]}"
                differing += [said, *result["marks"][part][2]]
    assert not differing, "\n".join(differing)
    assert len(wrong_submissions(name)) >= FEWEST_WRONG
    rows = exported(course)
    for student, result in results.items():
        total = sum(points(result).values())
        assert float(rows[student]["raw_score"]) == pytest.approx(total)
        assert float(rows[student]["max_score"]) == CODE + WRITTEN
