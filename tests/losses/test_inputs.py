"""The door: what comes in, in which type and shape, and what does not."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lossutils.inputs import (
    align,
    align_vectors,
    choice,
    class_ids,
    class_numbers,
    flag,
    number,
    to_float,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tf.float16, tf.float32),
        (tf.bfloat16, tf.float32),
        (tf.float32, tf.float32),
        (tf.float64, tf.float64),
        (tf.int64, tf.float32),
        (tf.uint8, tf.float32),
        (tf.bool, tf.float32),
    ],
    ids=lambda dtype: dtype.name,
)
def test_type(given, expected):
    tensor = to_float(tf.cast([0, 1], given), "y_pred")
    assert tensor.dtype == expected
    assert tensor.numpy().tolist() == [0.0, 1.0]


def test_type_asked_for():
    assert to_float([1], "y_true", tf.float64).dtype == tf.float64


def test_lists_and_numbers_become_single_precision():
    assert to_float([[1.5], [2.5]], "y_pred").dtype == tf.float32
    assert to_float(1, "y_pred").dtype == tf.float32


@pytest.mark.parametrize("values", [["a"], [1j], np.array(["a"])])
def test_what_is_no_real_number_is_refused(values):
    with pytest.raises(TypeError, match="labels must hold real numbers"):
        to_float(values, "labels")


@pytest.mark.parametrize(
    ("labels", "predictions", "aligned"),
    [
        ((4,), (4,), (4, 1)),
        ((4,), (4, 1), (4, 1)),
        ((4, 1), (4,), (4, 1)),
        ((4, 1), (4, 1), (4, 1)),
        ((4, 3), (4, 3), (4, 3)),
        ((4, 3), (4, 3, 1), (4, 3, 1)),
        ((4, 3, 2), (4, 3, 2), (4, 3, 2)),
        ((1,), (1,), (1, 1)),
        ((0,), (0, 1), (0, 1)),
        ((0, 2), (0, 2), (0, 2)),
    ],
)
def test_shapes_that_fit(labels, predictions, aligned):
    y_true = np.arange(math.prod(labels), dtype=float).reshape(labels)
    outputs = align(y_true, np.zeros(predictions))
    assert [output.shape for output in outputs] == [aligned, aligned]
    assert np.ravel(outputs[0]).tolist() == y_true.ravel().tolist()


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ((4,), (4, 3)),
        ((4, 1), (4, 3)),
        ((4, 3), (4,)),
        ((4, 3), (4, 1)),
        ((4, 3), (3, 4)),
        ((4,), (3,)),
        ((1,), (4,)),
        ((1, 3), (4, 3)),
        ((3,), (4, 3)),
        ((4, 1, 1), (4, 1)),
        ((4, 3, 1), (4, 3)),
        ((4, 1, 4), (4, 1)),
        ((), (4,)),
        ((4,), ()),
        ((), ()),
    ],
)
def test_shapes_that_do_not_fit(labels, predictions):
    with pytest.raises(ValueError) as refusal:
        align(np.zeros(labels), np.zeros(predictions))
    assert f"y_true.shape={labels}" in str(refusal.value)
    assert f"y_pred.shape={predictions}" in str(refusal.value)


@pytest.mark.parametrize("labels", [(2,), (2, 1)])
def test_one_label_may_be_repeated(labels):
    y_true, y_pred = align(
        np.reshape([5.0, 6.0], labels), np.zeros((2, 3)), repeat_labels=True
    )
    assert y_true.numpy().tolist() == [[5.0] * 3, [6.0] * 3]
    assert y_pred.shape == (2, 3)


@pytest.mark.parametrize("labels", [(), (1,), (3,), (2, 2), (1, 1), (1, 3)])
def test_other_labels_may_not_be_repeated(labels):
    with pytest.raises(ValueError, match="must have the same shape"):
        align(np.zeros(labels), np.zeros((2, 3)), repeat_labels=True)


def test_labels_take_the_type_of_the_predictions():
    for labels in (np.float64, np.int64, np.float16):
        for predictions, expected in (
            (np.float32, "float32"),
            (np.float64, "float64"),
            (np.float16, "float32"),
        ):
            outputs = align(np.ones(2, labels), np.ones(2, predictions))
            assert [o.dtype.name for o in outputs] == [expected] * 2


def spec(*shape):
    return tf.TensorSpec(shape, tf.float32)


@pytest.mark.parametrize(
    "signature",
    [
        [spec(None), spec(None, 1)],
        [spec(None, None), spec(None, None)],
        [tf.TensorSpec(None), tf.TensorSpec(None)],
        [tf.TensorSpec(None), spec(None, 1)],
        [spec(None, 1), tf.TensorSpec(None)],
    ],
    ids=str,
)
def test_lengths_known_only_when_the_graph_runs(signature):
    graph = tf.function(align, input_signature=signature)
    rank = signature[0].shape.rank
    labels = tf.constant([1.0, 2.0] if rank == 1 else [[1.0], [2.0]])
    y_true, y_pred = graph(labels, tf.zeros((2, 1)))
    assert y_true.numpy().tolist() == [[1.0], [2.0]]
    assert y_pred.shape == (2, 1)
    # what would broadcast is refused then, too
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(labels[:1], tf.zeros((2, 1)))


def test_repeating_where_the_batch_is_unknown():
    graph = tf.function(
        lambda y_true, y_pred: align(y_true, y_pred, repeat_labels=True),
        input_signature=[spec(None, 1), spec(None, 3)],
    )
    y_true, _ = graph(tf.ones((2, 1)), tf.zeros((2, 3)))
    assert y_true.numpy().tolist() == [[1.0] * 3] * 2


@pytest.mark.parametrize("value", [1, 1.0, "1", np.float32(1), np.array(1)])
def test_number(value):
    result = number("margin", value)
    assert type(result) is float
    assert result == 1.0


@pytest.mark.parametrize("value", [-1, 0, 1, 2, math.nan, math.inf])
def test_a_number_out_of_bounds_is_refused(value):
    with pytest.raises(ValueError) as refusal:
        number("tau", value, 0, 1)
    assert str(refusal.value) == (
        f"tau must be between 0 and 1, received {value!r}"
    )


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_an_endless_number_is_refused(value):
    with pytest.raises(ValueError, match="must be between -inf and inf"):
        number("margin", value)


@pytest.mark.parametrize("value", ["much", None, [1, 2], {}])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError) as refusal:
        number("tau", value)
    assert str(refusal.value) == f"tau must be a number, received {value!r}"


def test_unknown_axes_may_not_trade_places():
    signature = [tf.TensorSpec([None, None])] * 2
    graph = tf.function(align, input_signature=signature)
    assert graph(tf.ones([2, 3]), tf.ones([2, 3]))[0].shape == (2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="same shape"):
        graph(tf.ones([2, 3]), tf.ones([3, 2]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
def test_nan_and_infinity_are_refused(value, dtype):
    given = tf.constant([1.0, value], dtype)
    for convert in (to_float, tf.function(to_float)):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="labels holds NaN or infinity"
        ):
            convert(given, "labels")


def test_the_check_leaves_the_slope_alone():
    with tf.GradientTape() as tape:
        x = tf.constant([1.0, 2.0])
        tape.watch(x)
        y = tf.reduce_sum(to_float(x, "y_pred") * [3.0, math.inf])
    assert tape.gradient(y, x).numpy().tolist() == [3.0, math.inf]


@pytest.mark.parametrize("shape", [(4,), (2, 4), (2, 3, 4), (0, 4)])
def test_vectors_keep_their_shape(shape):
    labels, predictions = align_vectors(tf.ones(shape), tf.zeros(shape), 4)
    assert labels.shape == predictions.shape == shape


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ((4,), (1, 4)),
        ((2, 4), (1, 4)),
        ((2, 3), (2, 3)),
        ((2, 5), (2, 5)),
        ((2, 4), (2, 3)),
        ((), ()),
        ((2, 0), (2, 0)),
        ((3, 4), (4, 3)),
    ],
)
def test_vectors_of_other_shapes_are_refused(labels, predictions):
    with pytest.raises(ValueError) as refusal:
        align_vectors(tf.ones(labels), tf.ones(predictions), 4)
    assert str(labels) in str(refusal.value)
    assert str(predictions) in str(refusal.value)


def test_vectors_may_have_any_length_but_none():
    align_vectors(tf.ones((2, 7)), tf.ones((2, 7)))
    with pytest.raises(ValueError, match="at least one number"):
        align_vectors(tf.ones((2, 0)), tf.ones((2, 0)))


@pytest.mark.parametrize(
    "labels",
    [
        [7, 3, 7],
        [[7], [3], [7]],
        np.array([7, 3, 7], np.uint8),
        [2.5, 0.1, 2.5],
        ["b", "a", "b"],
        [True, False, True],
        # one and the same number in float32
        np.array([2**24 + 1, 2**24, 2**24 + 1]),
    ],
    ids=str,
)
def test_classes_of_any_type(labels):
    ids, vectors = class_ids(labels, tf.zeros((3, 2), tf.float16))
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == [0, 1, 0]
    assert vectors.dtype == tf.float32


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ((2,), (3, 2)),
        ((3, 2), (3, 2)),
        ((1, 3), (3, 2)),
        ((), (3, 2)),
        ((3,), (3,)),
        ((3,), (3, 2, 2)),
        ((1,), (3, 2)),
        ((3, 1, 1), (3, 2)),
    ],
)
def test_classes_of_other_shapes_are_refused(labels, predictions):
    with pytest.raises(ValueError) as refusal:
        class_ids(tf.ones(labels, tf.int32), tf.ones(predictions))
    assert str(labels) in str(refusal.value)
    assert str(predictions) in str(refusal.value)


def test_no_outputs_are_refused():
    with pytest.raises(ValueError, match=r"one output at least.*\(2, 0\)"):
        align(tf.ones((2, 0)), tf.ones((2, 0)))


def test_classes_of_an_empty_batch():
    ids, _ = class_ids(tf.zeros((0,), tf.int64), tf.zeros((0, 2)))
    assert ids.shape == (0,)


def test_classes_are_numbered_as_they_appear():
    assert class_numbers([5, -1, 5, 0, -1]).numpy().tolist() == [0, 1, 0, 2, 1]


def test_closed_bounds():
    assert number("alpha", 1, 0, 1, closed=True) == 1.0
    assert number("gamma", 0, 0, closed=True) == 0.0
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1, received"):
            number("alpha", value, 0, 1, closed=True)
    with pytest.raises(ValueError, match="received inf"):
        number("gamma", math.inf, 0, closed=True)


def test_choice():
    assert choice("mode", "a", ("a", "b")) == "a"
    assert choice("mode", np.array("a"), ("a", "b")) == "a"
    for value in ("c", "", None, 1, ["a"]):
        with pytest.raises(ValueError, match="mode must be one of 'a', 'b'"):
            choice("mode", value, ("a", "b"))


def test_flag():
    assert flag("soft", True) is True
    assert flag("soft", np.bool_(False)) is False
    for value in (1, 0.0, "yes", None):
        with pytest.raises(ValueError, match=f"received {value!r}"):
            flag("soft", value)
