"""What is peculiar to one loss of the family."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lossutils.regression import (
    gaussian_nll_loss,
    pinball_loss,
    tweedie_loss,
)


def test_pinball_levels_may_have_a_label_each():
    value = pinball_loss([[1.0, 2.0]], [[0.0, 4.0]], tau=[0.9, 0.1])
    # (0.9 * 1 + 0.9 * 2) / 2
    np.testing.assert_allclose(value, [1.35], rtol=1e-6)


def test_pinball_needs_a_column_per_level():
    with pytest.raises(ValueError, match=r"0\.1, 0\.9.*\(1, 3\)"):
        pinball_loss([[1.0]], [[0.0, 0.0, 0.0]], tau=[0.1, 0.9])
    with pytest.raises(ValueError, match=r"0\.1, 0\.9.*\(2, 1\)"):
        pinball_loss([1.0, 1.0], [0.0, 0.0], tau=[0.1, 0.9])


def test_pinball_takes_a_list_of_one_level():
    inputs = [[1.0, 2.0]], [[0.0, 4.0]]
    np.testing.assert_array_equal(
        pinball_loss(*inputs, tau=[0.9]), pinball_loss(*inputs, tau=0.9)
    )


def test_gaussian_needs_two_columns_per_output():
    for predictions in ([0.0, 0.0], [[0.0]], [[0.0, 0.0, 0.0]]):
        with pytest.raises(ValueError, match="a mean and a log-variance"):
            gaussian_nll_loss([0.0, 0.0], predictions)


def test_gaussian_loss_is_bounded_below():
    value = gaussian_nll_loss([1.0], [[1.0, -1e10]], min_variance=0.01)
    np.testing.assert_allclose(value, [math.log(0.01) / 2], rtol=1e-6)


def test_tweedie_refuses_negative_amounts():
    with pytest.raises(tf.errors.InvalidArgumentError, match="tweedie_loss"):
        tweedie_loss([-1.0], [1.0])


def test_tweedie_takes_a_mean_of_zero_as_the_smallest():
    for mean in (0.0, -3.0, 1e-9):
        # 1^0.5 / (-0.5 * 0.5) - 1 * m^-0.5 / -0.5 + m^0.5 / 0.5, m = 1e-7
        np.testing.assert_allclose(
            tweedie_loss([1.0], [mean]), [6320.555953], rtol=1e-6
        )


def test_tweedie_keeps_the_digits_near_its_minimum():
    # e^2 / 2 / mean^1.5, of which the three terms' float32 keeps nothing
    value = tweedie_loss([1.001], [1.0])
    np.testing.assert_allclose(value, [4.9975e-7], rtol=2e-3)
