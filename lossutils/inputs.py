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
        tf.errors.InvalidArgumentError: one of them is NaN or infinite. XLA
            drops the check; there NaN spreads.
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
    if tensor.dtype.is_floating:
        # six times as fast as tf.debugging.check_numerics
        insist(
            tf.reduce_all(tf.math.is_finite(tensor)),
            f"{name} holds NaN or infinity",
        )
    if dtype is None:
        dtype = tf.float64 if tensor.dtype == tf.float64 else tf.float32
    return tf.cast(tensor, dtype)


def mean_of_outputs(values):
    """Returns the mean over the last axis.

    Args:
        values: one per output, `(batch, ..., outputs)`.

    Returns:
        `(batch, ...)`.
    """
    # The slope of a mean asks for a dozen shapes when the graph runs.
    if values.shape[-1] == 1:
        return tf.squeeze(values, -1)
    return tf.reduce_mean(values, -1)


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
        ValueError: the shapes differ, or `y_pred` is a lone number or has
            no outputs.
    """
    y_pred = to_float(y_pred, "y_pred")
    y_true = to_float(y_true, "y_true", y_pred.dtype)
    given = y_pred.shape if given is None else given
    given = f"y_true.shape={y_true.shape}, y_pred.shape={given}"
    if y_pred.shape.rank == 0:
        raise ValueError(f"expected one value per sample, received {given}")
    if y_pred.shape.rank == 1:
        y_pred = y_pred[:, tf.newaxis]
    if y_pred.shape.rank is not None and y_pred.shape[-1] == 0:
        raise ValueError(f"expected one output at least, received {given}")
    if y_true.shape.rank is not None and y_pred.shape.rank is not None:
        if y_true.shape.rank == y_pred.shape.rank - 1:
            y_true = y_true[..., tf.newaxis]
        if repeat_labels and y_true.shape[-1:] == [1]:
            outputs = tf.shape(y_pred)[-1]
            y_true = tf.repeat(y_true, outputs, axis=-1)
            y_true.set_shape(y_true.shape[:-1] + y_pred.shape[-1:])
    return _same_shape(y_true, y_pred, given), y_pred


def align_vectors(y_true, y_pred, length=None):
    """Brings in labels and predictions whose last axis is one whole.

    A box, or the scores of all classes of a sample. Nothing is reshaped.

    Args:
        y_true: labels, `(batch, ..., length)`.
        y_pred: predictions of the same shape.
        length: the numbers on the last axis; by default any but none.

    Returns:
        Both as floating tensors of the same shape.

    Raises:
        TypeError: an argument does not hold real numbers.
        ValueError: the shapes differ, or the last axis does not fit.
    """
    y_pred = to_float(y_pred, "y_pred")
    y_true = to_float(y_true, "y_true", y_pred.dtype)
    given = f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
    columns = y_pred.shape[-1] if y_pred.shape.rank else y_pred.shape.rank
    if columns == 0 or None not in (length, columns) and columns != length:
        wanted = (
            "at least one number" if length is None else f"{length} numbers"
        )
        raise ValueError(
            f"expected {wanted} on the last axis, received {given}"
        )
    return _same_shape(y_true, y_pred, given), y_pred


def class_ids(y_true, y_pred):
    """Brings in the class of each sample, and the samples' vectors.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type that can be
            compared: numbers, booleans, strings.
        y_pred: vectors, `(batch, length)`.

    Returns:
        The classes as int32 `(batch,)`, numbered in order of appearance; and
        the vectors as a floating tensor.

    Raises:
        TypeError: `y_pred` does not hold real numbers.
        ValueError: the shapes do not fit.
    """
    y_pred = to_float(y_pred, "y_pred")
    y_true = tf.convert_to_tensor(y_true)
    given = f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
    if y_pred.shape.rank not in (2, None):
        raise ValueError(f"expected one vector per sample, received {given}")
    batch = y_pred.shape[0] if y_pred.shape.rank else None
    fits = y_true.shape.is_compatible_with([batch])
    if not fits and not y_true.shape.is_compatible_with([batch, 1]):
        raise ValueError(f"expected one class per sample, received {given}")
    return class_numbers(_rows(y_true, y_pred, given)), y_pred


def insist(condition, message):
    """Raises InvalidArgumentError when the graph runs, unless it is so.

    `tf.debugging` would branch first, which takes longer than a small loss.
    XLA drops the check.

    Args:
        condition: a boolean tensor.
        message: what the error says.
    """
    tf.raw_ops.Assert(condition=condition, data=[message])


def _rows(y_true, y_pred, given):
    """Returns labels as `(batch,)`, if there is one per row of y_pred."""
    if not (
        y_true.shape.is_fully_defined() and y_pred.shape[:1].is_fully_defined()
    ):
        insist(
            tf.equal(tf.size(y_true), tf.shape(y_pred)[0]),
            f"expected one class per sample, received {given}",
        )
    return tf.reshape(y_true, tf.shape(y_pred)[:1])


def class_numbers(labels):
    """Returns the number of each label's class, in order of appearance.

    So labels of any type become integers that float32 keeps apart.

    Args:
        labels: `(batch,)`; in XLA no strings.

    Returns:
        int32, `(batch,)`.

    >>> class_numbers(["b", "a", "b"]).numpy().tolist()
    [0, 1, 0]
    """
    return tf.unique(tf.convert_to_tensor(labels)).idx


def _same_shape(y_true, y_pred, given):
    """Returns y_true if it has the shape of y_pred; else raises."""
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
        insist(
            tf.reduce_all(tf.equal(extent(y_true), extent(y_pred))),
            f"y_true and y_pred must have the same shape, received {given}",
        )
    return tf.reshape(y_true, tf.shape(y_pred))


def number(name, value, low=-math.inf, high=math.inf, closed=False):
    """Returns a hyperparameter as a float between two bounds.

    Args:
        name: what to call it in an error.
        value: the number given. While a graph is traced over it, it is a
            tensor without a value; it stays one, and nothing is checked.
        low: it must be greater than this.
        high: it must be less than this.
        closed: whether the bounds themselves are allowed; infinity is not.

    Raises:
        TypeError: `value` is not a number.
        ValueError: it is not between the bounds.
    """
    if tf.is_tensor(value) and tf.get_static_value(value) is None:
        return value
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{name} must be a number, received {value!r}"
        ) from None
    inside = low <= result <= high if closed else low < result < high
    if not inside or math.isinf(result):
        raise ValueError(
            f"{name} must be between {low:g} and {high:g}, received {value!r}"
        )
    return result


def choice(name, value, allowed):
    """Returns a hyperparameter that is one of several words.

    Args:
        name: what to call it in an error.
        value: the word given.
        allowed: the words.

    Raises:
        ValueError: `value` is none of them.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, allowed))}, "
            f"received {value!r}"
        )
    return value


def flag(name, value):
    """Returns a hyperparameter that is True or False.

    Args:
        name: what to call it in an error.
        value: what was given.

    Raises:
        ValueError: `value` is neither.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, received {value!r}")
    return value
