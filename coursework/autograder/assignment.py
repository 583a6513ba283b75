"""Reads an assignment: its one source, and what nbgrader made of it."""

import ast
import re
import threading
from pathlib import Path
from typing import NamedTuple

import nbformat

# Of Python 3.11 two threads that parse at a time disturb each other.
PARSER = threading.Lock()

HIDDEN = re.compile(
    r"^### BEGIN HIDDEN TESTS\n(.*?)^### END HIDDEN TESTS", re.M | re.S
)


class Part(NamedTuple):
    """A graded test cell."""

    name: str
    points: float
    hidden: str  # the source of its hidden tests
    forbidden: frozenset  # words that the student's answer may not hold


class Assignment(NamedTuple):
    """What the grader needs to know of an assignment."""

    name: str
    cells: list  # the code of the model solution: (number, source)
    imports: str  # the source of the cell that imports
    parts: list[Part]
    release: nbformat.NotebookNode  # the notebook that students get


def read(course, name):
    """Reads an assignment of a course directory.

    Args:
        course: the folder with `source` and `release`.
        name: the assignment's name, and that of its one notebook.
    """
    paths = [
        Path(course, step, name, f"{name}.ipynb")
        for step in ("source", "release")
    ]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"assignment {name!r} has no {path}; "
                "`nbgrader generate_assignment` makes releases of sources"
            )
    source, release = (nbformat.read(path, as_version=4) for path in paths)
    parts = [
        part(cell) for cell in source.cells if setting(cell, "grade") and
        cell.cell_type == "code"
    ]  # fmt: skip
    imports = [
        it for it in source.cells if setting(it, "grade_id") == "imports"
    ]
    if len(imports) != 1 or not parts:
        raise ValueError(
            f"{paths[0]} needs one cell with the grade_id 'imports', found "
            f"{len(imports)}, and graded code cells, found {len(parts)}"
        )
    return Assignment(name, code(source), imports[0].source, parts, release)


def setting(cell, key):
    """Returns what nbgrader's metadata say of a cell, or None."""
    found = cell.metadata.get("nbgrader")
    return found.get(key) if isinstance(found, dict) else None


def is_run(cell):
    """Tells whether the grader runs a cell.

    Not tests, which prove nothing when they run beside a student's code; nor
    given cells that only show something, and bear the tag `demonstration`.
    """
    return (
        cell.cell_type == "code"
        and not setting(cell, "grade")
        and "demonstration" not in cell.metadata.get("tags", [])
    )


def code(notebook):
    """Returns the code that the grader runs: (number, source)."""
    cells = enumerate(notebook.cells, 1)
    return [(number, cell.source) for number, cell in cells if is_run(cell)]


def part(cell):
    """Returns the part that a graded test cell describes."""
    name = setting(cell, "grade_id")
    found = HIDDEN.search(cell.source)
    if not found:
        raise ValueError(f"cell {name!r} has no hidden tests")
    forbidden = {
        word.rpartition(".")[2]
        for node in parse(found[1]).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "forbidden"
        for word in ast.literal_eval(node.value).split()
    }
    return Part(name, setting(cell, "points"), found[1], frozenset(forbidden))


def forbidden_words(part, cells, release):
    """Returns which forbidden words an answer holds, sorted.

    Looked at are the definitions that are asked for and that the part tests,
    and those that they use in turn, in cells which the student wrote or
    changed. What is merely tried in another cell is no answer.
    """
    given = {cell.source.strip() for cell in release.cells}
    definitions = {}
    for source in [it for _, it in cells if it.strip() not in given]:
        for node in statements(source):
            for name in bound_names(node):
                definitions.setdefault(name, []).append(node)
    asked = {
        name
        for cell in release.cells
        if setting(cell, "solution")
        for node in statements(cell.source)
        for name in bound_names(node)
    }
    todo = [*(asked & {*words(parse(part.hidden))})]
    used, seen = set(), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in definitions.get(name, []):
            used.update(words(node))
            todo += free_names(node)
    return sorted(used & part.forbidden)


def parse(source):
    """Returns the syntax tree of code."""
    with PARSER:
        return ast.parse(source)


def statements(source):
    """Returns the statements of a cell; none, if it is no Python."""
    magic = re.compile(r"^(\s*)[%!].*", re.M)
    try:
        return parse(magic.sub(r"\1pass", source)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def bound_names(node):
    """Yields the names that a statement binds in the notebook."""
    todo = [node]
    while todo:
        it = todo.pop()
        if isinstance(it, (ast.FunctionDef, ast.ClassDef)):
            yield it.name
        elif isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store):
            yield it.id
        elif isinstance(it, ast.alias):
            yield (it.asname or it.name).split(".")[0]
        # What is inside of a function is its own.
        if not isinstance(it, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(it)


def free_names(node):
    """Returns the names that a statement takes from the notebook."""
    bound, used = set(), set()
    for it in ast.walk(node):
        if isinstance(it, ast.arg):
            bound.add(it.arg)
        elif isinstance(it, ast.Name):
            (used if isinstance(it.ctx, ast.Load) else bound).add(it.id)
    return used - bound


def words(node):
    """Yields all names in code: of variables, attributes, modules, strings."""
    for it in ast.walk(node):
        if isinstance(it, ast.Name):
            yield it.id
        elif isinstance(it, ast.Attribute):
            yield it.attr
        elif isinstance(it, ast.alias):
            yield from it.name.split(".")
        elif isinstance(it, ast.ImportFrom):
            yield from (it.module or "").split(".")
        elif isinstance(it, ast.keyword) and it.arg:
            yield it.arg
        elif isinstance(it, ast.Constant) and isinstance(it.value, str):
            yield it.value
