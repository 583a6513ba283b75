"""The only door by which labels, predictions and hyperparameters come in."""

import math

import tensorflow as tf


def to_float(values, name, dtype=None):
    """Converts values to a floating tensor that is safe to compute in.

    Half precision overflows at 65,504, which a squared error of 256 reaches.
    So float16, bfloat16 and integers become float32; float64 stays.

    Args:
        values: numbers, an array or a tensor.
        name: what to call them in an error.
        dtype: the type to convert to, instead of the rule above.

    Returns:
        A tensor of `dtype`, else float32 or float64.

    Raises:
        TypeError: the values are not real numbers.
    """
    tensor = tf.convert_to_tensor(values)
    if not (
        tensor.dtype.is_floating
        or tensor.dtype.is_integer
        or tensor.dtype.is_bool
    ):
        raise TypeError(
            f"{name} must hold real numbers, received {tensor.dtype.name}"
        )
    if dtype is None:
        dtype = tf.float64 if tensor.dtype == tf.float64 else tf.float32
    return tf.cast(tensor, dtype)


def align(y_true, y_pred, *, repeat_labels=False, given=None):
    """Brings labels and predictions to one shape, or says why it cannot.

    A missing or extra last axis of length 1 is a matter of bookkeeping:
    Keras 2.15 hands labels on as `(batch, 1)`, Keras 3 as `(batch,)`. Any
    other difference would broadcast in silence, so it raises. One value per
    sample, `(batch,)`, is taken as one output per sample, `(batch, 1)`.

    Args:
        y_true: labels.
        y_pred: predictions, `(batch,)` or `(batch, ..., outputs)`.
        repeat_labels: whether one label may stand against several outputs.
        given: the shape to report in an error, if not that of `y_pred`.

    Returns:
        Both as floating tensors of the shape of `y_pred`, with at least two
        axes.

    Raises:
        TypeError: an argument does not hold real numbers.
        ValueError: the shapes differ, or `y_pred` is a lone number.
    """
    y_pred = to_float(y_pred, "y_pred")
    y_true = to_float(y_true, "y_true", y_pred.dtype)
    given = y_pred.shape if given is None else given
    given = f"y_true.shape={y_true.shape}, y_pred.shape={given}"
    if y_pred.shape.rank == 0:
        raise ValueError(f"expected one value per sample, received {given}")
    if y_pred.shape.rank == 1:
        y_pred = y_pred[:, tf.newaxis]
    if y_true.shape.rank is not None and y_pred.shape.rank is not None:
        if y_true.shape.rank == y_pred.shape.rank - 1:
            y_true = y_true[..., tf.newaxis]
        if repeat_labels and y_true.shape[-1:] == [1]:
            outputs = tf.shape(y_pred)[-1]
            y_true = tf.repeat(y_true, outputs, axis=-1)
            y_true.set_shape(y_true.shape[:-1] + y_pred.shape[-1:])
    if not y_true.shape.is_compatible_with(y_pred.shape):
        raise ValueError(
            f"y_true and y_pred must have the same shape, received {given}"
        )
    # Where a length is known only when the graph runs, nothing may broadcast
    # then either. The reshape alone does not refuse: Grappler takes it out
    # where it believes that it changes nothing.
    if not (
        y_true.shape.is_fully_defined() and y_pred.shape.is_fully_defined()
    ):
        ranks_known = None not in (y_true.shape.rank, y_pred.shape.rank)
        extent = tf.shape if ranks_known else tf.size
        tf.debugging.assert_equal(
            extent(y_true),
            extent(y_pred),
            f"y_true and y_pred must have the same shape, received {given}",
        )
    return tf.reshape(y_true, tf.shape(y_pred)), y_pred


def number(name, value, low=-math.inf, high=math.inf):
    """Returns a hyperparameter as a float strictly between two bounds.

    Args:
        name: what to call it in an error.
        value: the number given.
        low: it must be greater than this.
        high: it must be less than this.

    Raises:
        TypeError: `value` is not a number.
        ValueError: it is not between the bounds.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number, received {value!r}"
        ) from None
    if not low < result < high:
        raise ValueError(
            f"{name} must be between {low:g} and {high:g}, received {value!r}"
        )
    return result
