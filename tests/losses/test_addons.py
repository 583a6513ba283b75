"""The losses that TensorFlow Addons has give its values, and its slopes."""

import sys

import numpy as np
import pytest
import tensorflow as tf
from losses.cases import CASES

LEVELS = [0.01, 0.3, 0.5, 0.9]


@pytest.fixture(scope="module")
def addons():
    if sys.version_info >= (3, 12):
        pytest.skip("TensorFlow Addons ends with Python 3.11")
    import tensorflow_addons

    return tensorflow_addons.losses


@pytest.fixture(params=[c for c in CASES if c.addons], ids=str)
def case(request):
    return request.param


def value_and_gradient(function, labels, predictions):
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = function(labels, predictions)
    return value, tape.gradient(value, predictions)


def settings(case):
    """The row's hyperparameters, and each level of a single one."""
    several = [{"tau": tau} for tau in LEVELS] if not case.plain else []
    return [case.plain, case.changed, *several]


def test_function(case, addons):
    theirs = getattr(addons, case.addons[0])
    for seed in range(100):
        labels, predictions = (
            tf.constant(array, tf.float32)
            for array in case.sample(7, seed=seed)
        )
        for hyper in settings(case):
            for ours_is, theirs_is in zip(
                value_and_gradient(
                    lambda y, p, h=hyper: case.function(y, p, **h),
                    labels,
                    predictions,
                ),
                value_and_gradient(
                    lambda y, p, h=hyper: theirs(y, p, **h),
                    labels,
                    predictions,
                ),
                strict=True,
            ):
                np.testing.assert_allclose(
                    ours_is, theirs_is, rtol=1e-6, atol=1e-6
                )


def test_class(case, addons):
    theirs = getattr(addons, case.addons[1])
    labels, predictions = case.sample(32)
    labels, predictions = labels.astype("f"), predictions.astype("f")
    for hyper in settings(case):
        np.testing.assert_allclose(
            case.loss_class(**hyper)(labels, predictions),
            theirs(**hyper)(labels, predictions),
            rtol=1e-6,
        )
