"""Numbers that three published tutorials print are in the book, and right."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tensorflow as tf

from lossutils import addons

HERE = Path(__file__).parent
BOOK = HERE.parents[1] / "book"
PUBLISHED = json.loads((HERE / "published_values.json").read_text())
KERAS_CALL = re.compile(r"[A-Z]\w+\([^)]*\)$")


def params(wanted):
    """Returns the published cases for which wanted(case) is true."""
    return [
        pytest.param(case, id=case["id"])
        for case in PUBLISHED["cases"]
        if wanted(case)
    ]


def pages(case):
    """Returns the notebooks of a case's chapter: one, and any sub-pages."""
    name = case["chapter"].replace("-", "_")
    return [*BOOK.glob(f"{name}.ipynb"), *BOOK.glob(f"{name}/*.ipynb")]


def shown_numbers(paths):
    """Returns every number in the saved output of notebooks, as text."""
    books = [nbformat.read(path, as_version=4) for path in paths]
    cells = [cell for book in books for cell in book.cells]
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    texts = [out.get("text", "") for out in outputs]
    texts += [out.get("data", {}).get("text/plain", "") for out in outputs]
    return re.findall(r"(?<![\w.])-?\d+\.?\d*", "\n".join(texts))


def is_shown(value, numbers):
    """Whether one of the printed numbers is the value, rounded.

    Before rounding it may differ as much as the published file allows.
    """
    for text in numbers:
        decimals = len(text.partition(".")[2])
        exact = isinstance(value, int) and float(text) == value
        allowed = 10**-decimals / 2 + PUBLISHED["rtol"] * abs(value)
        close = abs(float(text) - value) <= allowed
        if exact or (decimals >= 6 and close):
            return True
    return False


@pytest.mark.parametrize(
    "case", params(lambda case: KERAS_CALL.match(case["loss"]))
)
def test_keras_gives_the_published_value(case):
    check(case, eval("losses." + case["loss"], {"losses": tf.keras.losses}))


@pytest.mark.parametrize(
    "case", params(lambda case: "tensorflow_addons" in case["loss"])
)
def test_ours_give_what_addons_printed(case):
    name = case["loss"].partition("(")[0]
    reduction = "none" if np.ndim(case["value"]) else "sum_over_batch_size"
    check(case, getattr(addons, name)(reduction=reduction))


def check(case, loss):
    """Raises unless a loss gives the published value."""
    weights = case.get("sample_weight")
    value = loss(
        np.asarray(case["y_true"], np.float32),
        np.asarray(case["y_pred"], np.float32),
        sample_weight=None if weights is None else np.asarray(weights, "f4"),
    )
    rtol = case.get("rtol", PUBLISHED["rtol"])
    np.testing.assert_allclose(value, case["value"], rtol=rtol)


@pytest.mark.parametrize("case", params(pages))
def test_the_chapter_shows_the_published_value(case):
    numbers = shown_numbers(pages(case))
    for value in np.atleast_1d(case["value"]).tolist():
        assert is_shown(value, numbers), (value, "is not in", pages(case))


def test_a_wrong_number_is_not_taken_for_the_published_one():
    assert is_shown(9.25, ["9.250000"])
    assert not is_shown(9.25, ["9.25", "9.251000", "9", "9.250030"])
    assert is_shown(66790, ["66790"]) and not is_shown(66790, ["66791"])
