"""Makes of whatever a student handed in a notebook that nbgrader can grade.

nbgrader knows a cell by metadata that students lose, double and edit. Here
each cell is recognised by its name there, its id, its text or what it defines.
What is locked is put back, and what is missing is added. The student's own
words and code stay as they are, in their order.
"""

import copy
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder.assignment import bound_names, code, setting, statements

LARGEST = 64 * 2**20
NEW = {
    "code": new_code_cell,
    "markdown": new_markdown_cell,
    "raw": new_raw_cell,
}
LOST = "*This answer was not where it belongs: look for it in other cells.*"


class Mended(NamedTuple):
    """A notebook for nbgrader, and what had to be done to it."""

    notebook: nbformat.NotebookNode
    code: list  # what to run: (number, source)
    remarks: list[str]


def mend(path, release):
    """Returns the `Mended` notebook of a submission.

    Args:
        path: the file that was handed in; an absolute path.
        release: the notebook that students got.
    """
    try:
        cells = read_cells(path)
    except Exception as error:  # it may be anything
        words = f"{type(error).__name__}: {error}"[:200]
        remark = f"the notebook cannot be read, so it counts as empty: {words}"
        return Mended(copy.deepcopy(release), [], [remark])
    remarks = []
    graded = [it for it in release.cells if setting(it, "grade_id")]
    carriers = find_carriers(cells, graded, remarks)
    for number, cell in enumerate(cells):
        cell.metadata = nbformat.NotebookNode()
        cell.id = f"student-{number}"
    for cell in graded:
        if (carrier := carriers.get(cell.id)) is not None:
            restore(carrier, cell, remarks)
    stubs = insert_missing(cells, graded, carriers, remarks)
    notebook = copy.deepcopy(release)
    notebook.cells = cells
    to_run = [
        (number, source)
        for number, source in code(notebook)
        if cells[number - 1].id not in stubs
    ]
    return Mended(notebook, to_run, remarks)


def read_cells(path):
    """Reads the cells of a notebook, without outputs."""
    if not path.is_file():
        raise ValueError("it is missing")
    if path.resolve() != path:
        raise ValueError("it is a link")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    cells = []
    for found in notebook.cells:
        cell = NEW[found.cell_type](str(found.source))
        if isinstance(found.get("metadata"), dict):
            cell.metadata = found.metadata
        if isinstance(found.get("id"), str):
            cell.id = found.id
        if isinstance(found.get("attachments"), dict):
            cell.attachments = found.attachments
        cells.append(cell)
    return cells


def find_carriers(cells, graded, remarks):
    """Returns the student's cell for each graded one: a dict by its id.

    Of several the one that is recognised by the surest sign is taken, and of
    these the last, since a later definition replaces an earlier one.
    """
    carriers, ranks = {}, {}
    for cell in cells:
        rank, wanted = recognise(cell, graded)
        if wanted is None:
            continue
        if ranks.get(wanted.id) == rank == 0:
            name = setting(wanted, "grade_id")
            remarks.append(f"cell {name!r} is there more than once")
        if rank <= ranks.get(wanted.id, rank):
            carriers[wanted.id], ranks[wanted.id] = cell, rank
    if ranks and all(ranks.values()):
        remarks.append("the metadata by which nbgrader knows cells were lost")
    return carriers


def recognise(cell, graded):
    """Returns which graded cell one is, and by which sign, surest first."""
    names = {name for it in definitions(cell) for name in it}
    signs = [
        lambda it: setting(it, "grade_id") == setting(cell, "grade_id"),
        lambda it: it.id == cell.id,
        lambda it: it.source.strip() == cell.source.strip(),
        lambda it: (
            setting(it, "solution")
            and bool(names & {name for it in definitions(it) for name in it})
        ),
    ]
    for rank, sign in enumerate(signs):
        for wanted in graded:
            if sign(wanted):
                return rank, wanted
    return len(signs), None


def definitions(cell):
    """Returns the names that each statement of a code cell binds."""
    if cell.cell_type != "code":
        return []
    return [[*bound_names(node)] for node in statements(cell.source)]


def restore(carrier, cell, remarks):
    """Gives a student's cell the release's metadata, and what is locked."""
    carrier.metadata = copy.deepcopy(cell.metadata)
    carrier.id = cell.id
    locked = not setting(cell, "solution")
    if locked and carrier.source.strip() != cell.source.strip():
        name = setting(cell, "grade_id")
        remarks.append(f"cell {name!r} was changed, and has been put back")
        carrier.source = cell.source


def insert_missing(cells, graded, carriers, remarks):
    """Adds the cells that are missing; returns the ids of empty answers."""
    stubs, place = set(), 0
    for cell in graded:
        if (carrier := carriers.get(cell.id)) is not None:
            place = next(i for i, it in enumerate(cells) if it is carrier) + 1
            continue
        name = setting(cell, "grade_id")
        remarks.append(f"cell {name!r} was missing, and has been added")
        added = copy.deepcopy(cell)
        if setting(cell, "solution"):
            stubs.add(added.id)
            if cell.cell_type == "markdown":
                added.source = LOST
        cells.insert(place, added)
        place += 1
    return stubs
