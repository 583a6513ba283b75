"""What is wrong with an answer is said in words that help."""

import numpy as np
import pytest
import tensorflow as tf

from lossutils.answers import check, complaint


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (2, 2.0),
        (True, 1),
        (np.float32(1 / 3), 1 / 3),
        (tf.constant([1, 2]), [1.0, 2.0]),
        (tf.Variable(1.0), 1),
        (tf.constant([0.5], tf.bfloat16), [0.5]),
        ([np.nan, np.inf], [np.nan, np.inf]),
        ([], []),
    ],
)
def test_right_answers(actual, expected):
    assert complaint(actual, expected) == ""


@pytest.mark.parametrize(
    ("actual", "expected", "says"),
    [
        (None, 1, "does the function end with `return`?"),
        ("two", 2, "no number, and no array of numbers: 'two'"),
        ([1, [2, 3]], 1, "no number"),
        (1 + 1j, 1, "no number"),
        ([[1], [2]], [1, 2], "its shape is (2, 1), and should be (2,)"),
        (1.5, [1.5], "its shape is (), and should be (1,)"),
        (-2, 2, "the sign is wrong: it is -2, and should be 2."),
        ([1, 2], [3, 6], "all is 0.3333 times what it should be"),
        ([1, np.nan], [1, 2], "there is a NaN: at [1] it is nan"),
        ([1, np.inf], [1, 2], "there is an infinite number: at [1] it is inf"),
        ([1, 2], [1, np.nan], "at [1] it is 2, and should be nan"),
        ([[1, 2], [3, 4]], [[1, 2], [3.5, 4]], "at [1, 0] it is 3, and"),
        ([0, 0], [0, 5], "at [1] it is 0, and should be 5"),
        (1.001, 1.0, "it is 1.001, and should be 1."),
    ],
)
def test_wrong_answers(actual, expected, says):
    assert says in complaint(actual, expected)


def test_tolerances():
    assert complaint(1.001, 1.0, rtol=0.01) == ""
    assert complaint(0.001, 0.0, atol=0.01) == ""
    assert complaint(1.00005, 1.0) == "" != complaint(1.0002, 1.0)


def test_check_names_the_answer_and_adds_the_hint(capsys):
    check("the mean", 2.0, 2)
    assert capsys.readouterr().out == "right: the mean\n"
    with pytest.raises(AssertionError, match=r"^the mean: .* be 2\. Divide\.$"):
        check("the mean", 4.0, 2, hint="Divide.")
