"""The checks that notebook cells rely on must be able to fail."""

import numpy as np
import pytest
import tensorflow as tf

from lossutils import checks

SQUARE = tf.keras.losses.MeanSquaredError()


def test_assert_close():
    checks.assert_close(1 + 1e-6, 1.0)
    checks.assert_close([1.0, 2.0], tf.constant([1.0, 2.0]))
    for wrong in (1 + 1e-5, 1 - 1e-5, -1.0, np.nan, np.inf):
        with pytest.raises(AssertionError):
            checks.assert_close(wrong, 1.0)
    with pytest.raises(AssertionError, match="2.5"):
        checks.assert_close(2.5, 2.0)


def test_assert_close_refuses_other_shapes():
    with pytest.raises(AssertionError):
        checks.assert_close([1.0, 1.0], [1.0])


def test_assert_close_obeys_its_tolerances():
    checks.assert_close(1.01, 1.0, rtol=0.02)
    checks.assert_close(0.01, 0.0, atol=0.02)
    with pytest.raises(AssertionError):
        checks.assert_close(1.03, 1.0, rtol=0.02)


def test_per_sample():
    labels, predictions = tf.zeros((2, 1)), tf.constant([[1.0], [2.0]])
    values = checks.per_sample(SQUARE)(labels, predictions)
    assert values.numpy().tolist() == [1.0, 4.0]
    function = tf.keras.losses.get("mse")
    assert checks.per_sample(function) is function


def test_gradient():
    slope = checks.gradient(lambda x: x**3, [1.0, 2.0])
    assert slope.tolist() == [3.0, 12.0]
    assert slope.dtype == np.float32


def test_difference_quotient():
    slope = checks.difference_quotient(
        lambda x: x[0, 0] ** 2 * x[0, 1], [[3.0, 2.0]]
    )
    np.testing.assert_allclose(slope, [[12.0, 9.0]], rtol=1e-8)
    # of the third order: h^2 f''' / 6 = h^2
    slope = checks.difference_quotient(lambda x: x**3, 0.0, step=0.1)
    np.testing.assert_allclose(slope, 0.01, rtol=1e-9)


def test_mean_loss_of_constants():
    values = checks.mean_loss_of_constants(SQUARE, [0.0, 1.0, 5.0], [0.0, 2.0])
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, [26 / 3, 14 / 3], rtol=1e-6)


def test_best_constants_of_known_losses():
    labels = [0.0, 1.0, 2.0, 3.0, 14.0]
    candidates = np.linspace(0, 14, 141)
    for loss, expected in (
        (SQUARE, np.mean(labels)),
        (tf.keras.losses.MeanAbsoluteError(), np.median(labels)),
    ):
        best = checks.best_constant(loss, labels, candidates)
        np.testing.assert_allclose(best, expected)
