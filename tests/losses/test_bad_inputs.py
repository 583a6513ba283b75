"""Whatever comes in: a clear error, or a finite value and gradient."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from losses.cases import CASES

NUMBERS = st.sampled_from(
    [math.nan, math.inf, -math.inf, 0.0, -1.0, 0.5, 1.0, 2.0, 1e-30, 1e6, -1e10]
)
# What may happen to an array, besides a number of it being replaced.
SHAPES = {
    "as it is": lambda array: array,
    "one axis less": lambda array: array[0] if len(array) else array,
    "one axis more": lambda array: array[np.newaxis],
    "a last axis": lambda array: array[..., np.newaxis],
    "turned": np.transpose,
    "one sample more": lambda array: np.concatenate([array, array[:1]]),
    "the first of all": lambda array: np.broadcast_to(array[:1], array.shape),
    "backwards": lambda array: array[..., ::-1],
    "all different": lambda array: np.arange(array.size).reshape(array.shape),
}
WORDS = ("received", "holds NaN or infinity", "needs")


def damaged(draw, array):
    """Returns the array with up to two numbers replaced, and reshaped."""
    array = np.array(array, np.float64)
    for _ in range(draw(st.integers(0, 2))):
        if array.size:
            place = draw(st.integers(0, array.size - 1))
            array.flat[place] = draw(NUMBERS)
    return SHAPES[draw(st.sampled_from(sorted(SHAPES)))](array)


@pytest.mark.parametrize("case", CASES, ids=str)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(data=st.data())
def test_a_clear_error_or_finite_numbers(case, data):
    n = data.draw(st.sampled_from([0, 1, 2, 5]))
    labels, predictions = (
        tf.constant(damaged(data.draw, array), tf.float32)
        for array in case.sample(n)
    )
    hyper = data.draw(st.sampled_from([case.plain, case.changed]))
    try:
        with tf.GradientTape() as tape:
            tape.watch(predictions)
            value = case.function(labels, predictions, **hyper)
        gradient = tape.gradient(value, predictions)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        assert any(word in str(error) for word in WORDS), str(error)
    else:
        assert np.isfinite(value).all(), (labels, predictions)
        assert np.isfinite(gradient).all(), (labels, predictions)
