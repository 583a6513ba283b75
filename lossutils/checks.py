"""What a notebook cell asserts: values, slopes and minimisers."""

import numpy as np
import tensorflow as tf


def assert_close(actual, expected, rtol=2e-6, atol=1e-7):
    """Raises unless two numbers, or arrays of one shape, agree.

    Args:
        actual: what was computed.
        expected: what it should be.
        rtol: the difference allowed, relative to `expected`.
        atol: the difference allowed on top of that.

    Raises:
        AssertionError: they differ; the message holds both.

    >>> assert_close(2.0000001, 2.0)
    """
    np.testing.assert_allclose(
        np.asarray(actual, float), np.asarray(expected, float), rtol, atol
    )


def per_sample(loss):
    """Returns a loss as a function with one value per sample.

    Args:
        loss: such a function already, or a Keras `Loss`.
    """
    return loss.call if isinstance(loss, tf.keras.losses.Loss) else loss


def gradient(function, x):
    """Returns the slope of a function at each x, from `GradientTape`.

    Args:
        function: takes a tensor shaped like `x`. If it returns several
            values, the gradient is that of their sum.
        x: a number or an array.

    Returns:
        A NumPy array shaped like `x`.

    >>> float(gradient(tf.square, 3.0))
    6.0
    """
    x = tf.convert_to_tensor(x, dtype=tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x).numpy()


def difference_quotient(function, x, step=1e-4):
    """Returns the slope of a function at x, from two of its values.

    The central difference (f(x + h) - f(x - h)) / 2h, one element of `x` at
    a time, in double precision: an independent check of a gradient.

    Args:
        function: takes an array shaped like `x`, returns one number.
        x: a number or an array.
        step: the step h.

    Returns:
        A NumPy array shaped like `x`.

    >>> round(float(difference_quotient(lambda x: x**2, 3.0)), 6)
    6.0
    """
    x = np.array(x, dtype=np.float64)
    slope = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[index] = step
        rise = float(function(x + shift)) - float(function(x - shift))
        slope[index] = rise / (2 * step)
    return slope


def mean_loss_of_constants(loss, y, candidates):
    """Returns the mean loss of predicting each constant for every label.

    Args:
        loss: a function with one value per sample, or a Keras `Loss`.
        y: labels, `(n,)`.
        candidates: constants to try, `(m,)`.

    Returns:
        `(m,)`, in float64.

    >>> loss = tf.keras.losses.MeanSquaredError()
    >>> mean_loss_of_constants(loss, [0.0, 2.0], [0.0, 1.0]).tolist()
    [2.0, 1.0]
    """
    y = np.asarray(y, np.float32)
    candidates = np.asarray(candidates, np.float32)
    y_true = np.tile(y, len(candidates))[:, np.newaxis]
    y_pred = np.repeat(candidates, len(y))[:, np.newaxis]
    values = np.asarray(per_sample(loss)(y_true, y_pred), np.float64)
    return values.reshape(len(candidates), len(y)).mean(axis=1)


def best_constant(loss, y, candidates):
    """Returns the candidate with the least mean loss.

    Args:
        loss: a function with one value per sample, or a Keras `Loss`.
        y: labels, `(n,)`.
        candidates: constants to try, `(m,)`.

    >>> loss = tf.keras.losses.MeanSquaredError()
    >>> float(best_constant(loss, [0.0, 1.0, 5.0], [0.0, 1.0, 2.0, 3.0]))
    2.0
    """
    values = mean_loss_of_constants(loss, y, candidates)
    return np.asarray(candidates)[values.argmin()]
