"""What students hand in to break or to cheat the grader gets its honest mark.

All attacks lie in one folder beside honest work, and are graded in one run.
"""

from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from grader.classroom import (
    exported,
    grade,
    grade_id,
    hand_in,
    need_grader,
    new_course,
    points,
    solved,
)

need_grader()

NAME = "gradient"
# The cell that attacks write into, and the part that its answer earns.
CELL, PART = "squared_error", "squared_error_values"
RIGHT = solved(NAME).cells
WRONG = "def squared_error(y_true, y_pred):\n    return np.zeros(len(y_pred))\n"
LIMITS = ["--seconds=12", "--cell-seconds=2", "--mebibytes=512"]

ALL, NONE, BUT_ONE = "all", "none", "all but one part"


class Attack(NamedTuple):
    """What is handed in, which parts it deserves, and what is said of it."""

    notebook: object  # a notebook, a text, or None
    deserves: str
    says: str = ""


def right_and(code):
    """Returns right answers, and then a cell of code."""
    notebook = solved(NAME)
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    return notebook


def wrong_and(code):
    """Returns one wrong answer, the rest right, and first a cell of code."""
    notebook = solved(NAME, {CELL: WRONG})
    place = [grade_id(it) for it in notebook.cells].index("imports") + 1
    notebook.cells.insert(place, nbformat.v4.new_code_cell(code))
    return notebook


def changed(change, cells=None):
    """Returns right answers, but for some, after a change of the notebook."""
    notebook = solved(NAME, cells)
    notebook.cells = [*change(notebook.cells)]
    return notebook


def with_source(name, source):
    """Returns a change that gives one cell another text."""

    def change(cells):
        for cell in cells:
            if grade_id(cell) == name:
                cell.source = source
            yield cell

    return change


def stripped(cells):
    """Yields cells without metadata, with new ids, as some editors save."""
    for cell in cells:
        yield getattr(nbformat.v4, f"new_{cell.cell_type}_cell")(cell.source)


def doubled(cells):
    """Yields a wrong copy before each answer, as copy and paste leaves it."""
    for cell in cells:
        if grade_id(cell) == CELL:
            copy = nbformat.from_dict(dict(cell))
            copy.source, copy.id = WRONG, "copy"
            yield copy
        yield cell


def greedy(cells):
    """Yields cells with more points in their metadata."""
    for cell in cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            cell.metadata.nbgrader.points = 100
        yield cell


def muddled(cells):
    """Yields cells with metadata that nbgrader cannot read."""
    for cell in cells:
        if grade_id(cell) == PART:
            cell.metadata["nbgrader"] = {"grade": "yes", "points": "many"}
        elif grade_id(cell) == "descend_path":
            cell.metadata["nbgrader"] = ["grade"]
        yield cell


def without_tests(cells):
    """Yields cells but the graded tests."""
    return (
        it for it in cells if not it.metadata.get("nbgrader", {}).get("grade")
    )


ATTACKS = {
    # Ends of a process.
    "a crash": Attack(right_and("raise RuntimeError('no')"), ALL),
    "no Python": Attack(right_and("def ("), ALL),
    "an exit": Attack(
        right_and("import os; os._exit(0)"), NONE, "ended the interpreter"
    ),
    "a soft exit": Attack(right_and("import sys; sys.exit(0)"), ALL),
    "a fault of memory": Attack(
        right_and("import ctypes; ctypes.string_at(0)"), NONE, "SIGSEGV"
    ),
    "the end of the grader": Attack(
        right_and("import os; os.kill(os.getppid(), 9)"),
        NONE,
        "ended the grader's own process",
    ),
    # Too much.
    "an endless loop": Attack(right_and("while True:\n    pass"), ALL),
    "an endless loop in an answer": Attack(
        solved(
            NAME,
            {
                CELL: "def squared_error(y_true, y_pred):\n"
                "    while True:\n        pass\n"
            },
        ),
        BUT_ONE,
    ),
    "a loop that swallows the end": Attack(
        right_and(
            "while True:\n    try:\n        while True:\n            pass\n"
            "    except BaseException:\n        pass"
        ),
        NONE,
        "ran for more than 12 s",
    ),
    "a hog of memory": Attack(right_and("x = np.ones(10**10)"), ALL),
    "hogs of memory": Attack(
        right_and(
            "import os, time\nfor _ in range(6):\n    if not os.fork():\n"
            "        x = np.ones(3 * 10**7)\n        time.sleep(60)\n"
            "while True:\n    try:\n        time.sleep(60)\n"
            "    except BaseException:\n        pass"
        ),
        NONE,
        "more than 512 MiB of memory",
    ),
    "a swarm": Attack(
        # Bounded, should the sandbox fail.
        right_and(
            "import os, time\nfor _ in range(7):\n    os.fork()\ntime.sleep(20)"
        ),
        NONE,
        "more than 32 processes",
    ),
    "a process that stays": Attack(
        right_and(
            "import subprocess\n"
            "subprocess.Popen(['sleep', '987654'], start_new_session=True)"
        ),
        ALL,
    ),
    "a huge output": Attack(
        right_and("for _ in range(10**4):\n    print('x' * 10**5)"), ALL
    ),
    "a huge file": Attack(
        right_and("open('/scratch/x', 'wb').write(b'x' * 10**8)"), ALL
    ),
    "a huge answer": Attack(
        solved(
            NAME,
            {
                CELL: "def squared_error(y_true, y_pred):\n"
                "    return np.zeros(10**7)\n"
            },
        ),
        BUT_ONE,
    ),
    # Cheating.
    "a patched isclose": Attack(
        wrong_and(
            "np.isclose = np.allclose = lambda *_, **__: True\n"
            "np.testing.assert_allclose = lambda *_, **__: None"
        ),
        BUT_ONE,
    ),
    "no assert by a hook": Attack(
        wrong_and(
            "import ast\nclass NoAssert(ast.NodeTransformer):\n"
            "    def visit_Assert(self, node):\n        return ast.Pass()\n"
            "get_ipython().ast_transformers.append(NoAssert())"
        ),
        BUT_ONE,
    ),
    "a check bound anew": Attack(
        wrong_and(
            "answers.check = checks.gradient = lambda *_, **__: None\n"
            "answers.complaint = lambda *_, **__: ''"
        ),
        BUT_ONE,
    ),
    "words of its own": Attack(
        # Into every pipe that is open, what the grader's worker would say.
        wrong_and(
            "import json, os\nfor stream in range(3, 64):\n    try:\n"
            "        os.write(stream, json.dumps({'end': '', 'clean': True,"
            " 'seconds': 0, 'mebibytes': 0, 'done': True}).encode()"
            " + b'\\n')\n    except OSError:\n        pass"
        ),
        BUT_ONE,
    ),
    "a flood of words": Attack(
        wrong_and(
            "import json, os\nflood = {'cell': 1, 'error': 'x' * 10**6}\n"
            "line = json.dumps(flood).encode() + bytes([10])\n"
            "for stream in range(3, 64):\n    for _ in range(20):\n"
            "        try:\n            os.write(stream, line)\n"
            "        except BaseException:\n            pass"
        ),
        NONE,
        "sent back more than 16 MiB",
    ),
    "tests edited": Attack(
        changed(with_source(PART, "print('right')"), {CELL: WRONG}),
        BUT_ONE,
        f"'{PART}' was changed",
    ),
    "tests deleted": Attack(
        changed(without_tests, {CELL: WRONG}), BUT_ONE, "was missing"
    ),
    "points added": Attack(changed(greedy, {CELL: WRONG}), BUT_ONE),
    "the forbidden call": Attack(
        solved(
            NAME,
            {
                "mean_gradient": (
                    "def mean_gradient(weights, bias, x, y):\n"
                    "    with tf.GradientTape() as tape:\n        pass\n"
                )
            },
        ),
        "all but mean_gradient_values",
    ),
    # Accidents.
    "cells doubled": Attack(changed(doubled), ALL, "more than once"),
    "metadata lost": Attack(changed(stripped), ALL, "metadata"),
    "metadata lost and answer wrong": Attack(
        changed(stripped, {CELL: WRONG}), BUT_ONE, "metadata"
    ),
    "metadata muddled": Attack(changed(muddled), ALL),
    "no JSON": Attack("It is in my other file.", NONE, "cannot be read"),
    # Too deep for Python's own parser, or for who walks through its tree.
    "a deep tree": Attack(right_and("x = " + "+".join(["1"] * 9000)), ALL),
    "a deep nest": Attack(right_and("x = " + "[" * 5000), ALL),
    "deep JSON": Attack("[" * 10**5, NONE, "cannot be read"),
    "no notebook": Attack('{"cells": [1, {}], "nbformat": 4}', NONE, "cannot"),
    "nothing": Attack(None, NONE, "is missing"),
    "empty": Attack("", NONE, "cannot be read"),
    # Beyond the sandbox.
    "the network": Attack(
        right_and(
            "import urllib.request\n"
            "urllib.request.urlopen('http://127.0.0.1:80', timeout=1)"
        ),
        ALL,
    ),
    "honest": Attack(solved(NAME), ALL),
    "honest too": Attack(solved(NAME), ALL),
}


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """The course after grading, its results, and a folder to be left alone."""
    folder = tmp_path_factory.mktemp("attacks")
    outside = folder / "outside"
    outside.mkdir()
    course = new_course(folder / "course", NAME)
    for student, attack in ATTACKS.items():
        hand_in(course, student, NAME, attack.notebook)
    places = [outside, course, course / "source" / NAME, Path.home(), Path("/")]
    write = right_and(
        "from pathlib import Path\n"
        f"for place in {list(map(str, places))}:\n    try:\n"
        "        Path(place).mkdir(parents=True, exist_ok=True)\n"
        "        Path(place, 'written').write_text('x')\n"
        "    except OSError:\n        pass"
    )
    hand_in(course, "a writer", NAME, write)
    source = course / "source" / NAME / f"{NAME}.ipynb"
    thief = wrong_and(
        f"import json\ncells = json.load(open({str(source)!r}))['cells']\n"
        "for cell in cells:\n    exec(''.join(cell['source']))"
    )
    hand_in(course, "a thief", NAME, thief)
    link = hand_in(course, "a link", NAME, None)
    link.symlink_to(source)
    folder = course / "submitted" / "a linked folder"
    folder.mkdir()
    (folder / NAME).symlink_to(source.parent)
    before = snapshot(course)
    graded = grade(course, [NAME], *LIMITS)[NAME]
    return course, graded, places, before


def snapshot(course):
    """Returns what a course holds, but what grading makes."""
    made = {"autograded", "mended", "release", "results", "gradebook.db"}
    return {
        path: path.read_bytes() if path.is_file() else None
        for top in course.iterdir()
        if top.name not in made
        for path in [top, *top.rglob("*")]
    }


def deserved(deserves, marks):
    """Returns the points of each part that somebody deserves."""
    full = {part: mark[1] for part, mark in marks.items()}
    lost = {
        ALL: [],
        NONE: [*full],
        BUT_ONE: [PART],
    }.get(deserves) or deserves.split()[2:]
    return full | dict.fromkeys(lost if deserves != ALL else [], 0)


@pytest.mark.parametrize("student", ATTACKS)
def test_each_gets_its_honest_mark_and_a_reason(student, classroom):
    _, graded, _, _ = classroom
    attack, result = ATTACKS[student], graded[student]
    assert points(result) == deserved(attack.deserves, result["marks"]), result
    assert attack.says in "; ".join(result["remarks"]), result["remarks"]
    assert not result["failure"]
    for got, most, lines in result["marks"].values():
        assert lines and all(lines)
        assert got == most or not all(it.startswith("right:") for it in lines)


def test_errors_of_cells_are_told(classroom):
    _, graded, _, _ = classroom
    for student, words in {
        "a crash": "RuntimeError: no",
        "no Python": "SyntaxError",
        "an endless loop": "OutOfTime",
        "a hog of memory": "MemoryError",
        "a huge file": "OSError",
        "the network": "URLError",
    }.items():
        assert words in "; ".join(graded[student]["errors"]), student


def test_nothing_is_written_outside(classroom):
    course, graded, places, before = classroom
    full = deserved(ALL, graded["honest"]["marks"])
    assert points(graded["a writer"]) == full
    assert not [it for it in places if (it / "written").exists()]
    assert snapshot(course) == before


def test_the_model_solution_cannot_be_seen(classroom):
    _, graded, _, _ = classroom
    thief = graded["a thief"]
    assert "FileNotFoundError" in "; ".join(thief["errors"])
    assert points(thief) == deserved(BUT_ONE, thief["marks"])
    for link in (graded["a link"], graded["a linked folder"]):
        assert points(link) == deserved(NONE, link["marks"])
        assert "is a link" in "; ".join(link["remarks"])


def test_no_process_stays(classroom):
    running = [
        path.read_bytes()
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    ]
    assert not [it for it in running if b"987654" in it]


def test_nbgrader_has_the_same_marks(classroom):
    course, graded, _, _ = classroom
    rows = exported(course)
    assert rows.keys() == {(NAME, student) for student in graded}
    for student, result in graded.items():
        total = sum(points(result).values())
        assert float(rows[NAME, student]["raw_score"]) == pytest.approx(total)


def test_answers_that_were_lost_are_read_by_the_teacher(classroom):
    """The written answer is somewhere in the notebook: no zero unseen."""
    course, _, _, _ = classroom
    path = course / "autograded" / "metadata lost" / NAME / f"{NAME}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    [answer] = [it for it in cells if grade_id(it) == "explain"]
    assert "look for it in other cells" in answer.source
