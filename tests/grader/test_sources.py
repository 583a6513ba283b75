"""The six assignments have one form, and what is derived from them agrees."""

import subprocess

import notebook_lint
import pytest
from grader.classroom import (
    ASSIGNMENTS,
    COURSEWORK,
    GRADER,
    grade_id,
    need_grader,
    new_course,
    read,
)

NOTEBOOK_RULES = [
    notebook_lint.file_metadata,
    notebook_lint.headings,
    notebook_lint.imports,
    notebook_lint.in_order,
    notebook_lint.setup_cell,
    notebook_lint.tolerances,
    notebook_lint.unique_ids,
]
CELL_RULES = {
    "code": [
        notebook_lint.clean_outputs,
        notebook_lint.figures,
        notebook_lint.no_download,
        notebook_lint.no_nbval_comment,
        notebook_lint.plain_python,
        notebook_lint.quiet,
        notebook_lint.same_everywhere,
    ],
    "markdown": [
        notebook_lint.details,
        notebook_lint.no_underlined_heading,
        notebook_lint.pictures_in_text,
    ],
}
ANY_CELL_RULES = [
    notebook_lint.known_tags,
    notebook_lint.no_latin,
    notebook_lint.no_path,
    notebook_lint.not_empty,
]

CODE, WRITTEN = 16, 4
FEWEST_VALUES = 2


@pytest.fixture(params=ASSIGNMENTS)
def name(request):
    return request.param


def graded(notebook, kind):
    """Returns the graded cells of a kind."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == kind
        and cell.metadata.get("nbgrader", {}).get("grade")
    ]


def test_all_are_known():
    found = [path.stem for path in notebook_lint.assignments()]
    assert found == sorted(ASSIGNMENTS)


def test_they_keep_the_rules_of_notebooks(name):
    source = read("source", name)
    path = COURSEWORK / "source" / name / f"{name}.ipynb"
    assert not [*notebook_lint.valid(source)]
    found = [it for rule in NOTEBOOK_RULES for it in rule(source, path)]
    for number, cell in notebook_lint.numbered(source, ["code", "markdown"]):
        # The setup cell has a rule of its own.
        if "hide-cell" in notebook_lint.tags(cell):
            continue
        for rule in CELL_RULES[cell.cell_type] + ANY_CELL_RULES:
            found += [(number, it) for it in rule(cell)]
    assert not found


def test_each_has_the_same_parts(name):
    source = read("source", name)
    [written] = graded(source, "markdown")
    assert written.metadata.nbgrader.points == WRITTEN
    assert written.metadata.nbgrader.solution
    code = graded(source, "code")
    assert sum(it.metadata.nbgrader.points for it in code) == CODE
    assert 3 <= len(code) <= 5
    names = [grade_id(cell) for cell in source.cells if grade_id(cell)]
    assert len(names) == len({*names})
    [imports] = [it for it in source.cells if grade_id(it) == "imports"]
    assert imports.metadata.nbgrader.locked
    for cell in code:
        visible, hidden = cell.source.split("### BEGIN HIDDEN TESTS\n")
        assert "answers.check(" in visible
        assert hidden.count("    yield ") >= FEWEST_VALUES
    # The picture, and the task beyond, which gives no points.
    assert any("image" in it.metadata.get("mystnb", {}) for it in source.cells)
    last = source.cells[-1]
    assert "answers.check(" in last.source and not last.metadata.nbgrader.grade


def test_students_get_neither_answers_nor_hidden_tests(name):
    source, release = read("source", name), read("release", name)
    assert len(source.cells) == len(release.cells)
    for mine, theirs in zip(source.cells, release.cells, strict=True):
        assert grade_id(mine) == grade_id(theirs)
        assert not theirs.get("outputs")
        if mine.metadata.get("nbgrader", {}).get("solution"):
            assert "NotImplementedError" in theirs.source or (
                theirs.source == "YOUR ANSWER HERE"
            )
        elif "HIDDEN TESTS" not in mine.source:
            assert mine.source == theirs.source
    text = "".join(cell.source for cell in release.cells)
    assert "SOLUTION" not in text and "HIDDEN" not in text
    link = f"/blob/main/coursework/release/{name}/{name}.ipynb"
    assert link in release.cells[0].source


def test_releases_are_what_nbgrader_derives(tmp_path):
    need_grader()
    course = new_course(tmp_path / "course", *ASSIGNMENTS)
    command = [GRADER / "python", COURSEWORK / "derive.py"]
    subprocess.run([*command, "--course", course], check=True)
    for name in ASSIGNMENTS:
        step = f"release/{name}/{name}.ipynb"
        derived = (course / step).read_text()
        assert (COURSEWORK / step).read_text() == derived, "make release"
