"""No loss without a row, a reference, a class and a section in the book."""

import importlib
import inspect
import json
import pathlib
import re

import pytest
from losses.cases import CASES, FAMILIES

from lossutils import reference
from lossutils.keras_loss import KerasLoss

BOOK = pathlib.Path(__file__).parents[2] / "book"
LOSSES = [
    getattr(module, name)
    for module in (
        importlib.import_module(f"lossutils.{family}") for family in FAMILIES
    )
    for name in vars(module)
    if name.endswith("_loss") and not name.startswith("_")
]
each_loss = pytest.mark.parametrize(
    "function", LOSSES, ids=lambda function: function.__name__
)
PARTS = [
    "$$",
    "Args:",
    "Returns:",
    "Raises:",
    "Special case:",
    "Reference:",
    ">>> ",
]


def test_there_are_losses():
    assert {"pinball_loss", "tweedie_loss"} <= {f.__name__ for f in LOSSES}


@each_loss
def test_it_has_a_row(function):
    assert function in [case.function for case in CASES]


@each_loss
def test_it_has_a_reference_with_the_same_arguments(function):
    twin = getattr(reference, function.__name__)
    rows = [case for case in CASES if case.function is function]
    # which weights to hold while the predictions move, for their slope
    held = {"weights_at"} if any(case.detached for case in rows) else set()
    assert [
        (parameter.name, parameter.default)
        for parameter in inspect.signature(twin).parameters.values()
        if parameter.name not in held
    ] == [
        (parameter.name, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
    ]


def class_beside(function):
    """Returns the class of the same module and words as a function."""
    words = function.__name__.replace("_", "")
    things = vars(inspect.getmodule(function)).items()
    classes = [thing for name, thing in things if name.lower() == words]
    assert len(classes) == 1
    return classes[0]


@each_loss
def test_it_has_a_class_beside_it(function):
    beside = class_beside(function)
    assert issubclass(beside, KerasLoss)
    rows = [case for case in CASES if case.function is function]
    assert {case.loss_class for case in rows} == {beside}


@each_loss
def test_its_docstring_has_every_part_in_order(function):
    text = inspect.getdoc(function)
    places = [text.find(part) for part in PARTS]
    assert -1 not in places
    assert places == sorted(places)


def read(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))


@each_loss
def test_the_book_has_a_section_on_it(function):
    """A section of its family's chapter shows the function and the class."""
    family = function.__module__.rpartition(".")[2]
    pages = [*BOOK.glob(f"{family}.ipynb"), *BOOK.glob(f"{family}/*.ipynb")]
    if not pages:
        pytest.skip(f"the chapter on {family} is not written yet")
    cells = [cell for page in pages for cell in read(page)["cells"]]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    names = {function.__name__, class_beside(function).__name__}
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert any(names <= set(re.findall(r"\w+", each)) for each in sections)
