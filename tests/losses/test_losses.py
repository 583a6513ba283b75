"""What holds for every loss function, checked row by row."""

import math

import numpy as np
import pytest
import tensorflow as tf
from losses.case import holds_functions

from lossutils.checks import difference_quotient

HALF = [tf.float16, tf.bfloat16]


def tensors(*arrays, dtype=tf.float32):
    return [tf.cast(array, dtype) for array in arrays]


def value_and_gradient(case, labels, predictions, hyper):
    """Returns a loss and its gradient by the predictions, as tensors."""
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = case.function(labels, predictions, **hyper)
    return value, tape.gradient(value, predictions)


def test_value(case, hyper):
    labels, predictions = case.sample(32)
    value = case.function(*tensors(labels, predictions), **hyper)
    assert value.dtype == tf.float32
    expected = case.reference(*tensors(labels, predictions), **hyper)
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_value_in_double_precision(case, hyper):
    labels, predictions = case.sample(32)
    value = case.function(labels, predictions, **hyper)
    assert value.dtype == tf.float64
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", HALF, ids=lambda dtype: dtype.name)
def test_value_in_half_precision(case, dtype):
    inputs = tensors(*case.sample(32), dtype=dtype)
    value = case.function(*inputs, **case.changed)
    assert value.dtype == tf.float32
    expected = case.reference(
        *tensors(*inputs, dtype=tf.float64), **case.changed
    )
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", HALF, ids=lambda dtype: dtype.name)
def test_extremes_in_half_precision(case, hyper, dtype):
    for sample in case.extreme_samples():
        # 65,504 is the greatest number of float16
        extremes = [np.clip(array, -6e4, 6e4) for array in sample]
        inputs = tensors(*extremes, dtype=dtype)
        value, _ = value_and_gradient(case, *inputs, hyper)
        assert np.isfinite(value).all()


def test_gradient(case, hyper):
    labels, predictions = case.sample(6)
    _, gradient = value_and_gradient(
        case, *tensors(labels, predictions, dtype=tf.float64), hyper
    )
    held = case.held(predictions)
    expected = difference_quotient(
        lambda p: case.reference(labels, p, **hyper, **held).sum(),
        predictions,
        case.step,
    )
    assert gradient.dtype == tf.float64
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_extremes(case, hyper):
    for sample in case.extreme_samples():
        labels, predictions = tensors(*sample)
        value, gradient = value_and_gradient(case, labels, predictions, hyper)
        assert np.isfinite(gradient).all()
        expected = case.reference(labels, predictions, **hyper)
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_labels_met_exactly(case, hyper):
    if case.kind in ("batch", "explicit"):
        pytest.skip("labels are no predictions")
    labels, predictions = case.sample(8)
    if case.columns == 1:
        predictions[:] = np.maximum(labels, 1e-3)
    labels, predictions = tensors(labels, predictions)
    value, gradient = value_and_gradient(case, labels, predictions, hyper)
    assert np.isfinite(gradient).all()
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_hyperparameters_at_the_brink(case):
    for hyper in case.brink:
        for sample in case.extreme_samples():
            inputs = tensors(*(np.clip(array, -1e3, 1e3) for array in sample))
            try:
                outputs = value_and_gradient(case, *inputs, hyper)
            except ValueError as error:
                assert next(iter(hyper)) in str(error)
            else:
                for output in outputs:
                    assert np.isfinite(output).all(), hyper


def test_empty_batch(case, hyper):
    labels, predictions = tensors(*case.sample(0))
    value, gradient = value_and_gradient(case, labels, predictions, hyper)
    assert value.shape == (0,)
    assert gradient.shape == predictions.shape


def test_eager_graph_and_xla_agree(case):
    inputs = tensors(*case.sample(5))

    def run(labels, predictions):
        return value_and_gradient(case, labels, predictions, case.changed)

    eager = run(*inputs)
    batch_unknown = [tf.TensorSpec([None, *x.shape[1:]]) for x in inputs]
    all_unknown = [tf.TensorSpec([None, None])] * 2
    functions = [
        tf.function(run),
        tf.function(run, input_signature=batch_unknown),
        tf.function(run, jit_compile=True),
    ]
    # one column per level can be checked only where the columns are known
    several = isinstance(case.changed.get("tau"), list)
    if case.kind == "elements" and not several:
        functions.append(tf.function(run, input_signature=all_unknown))
    for function in functions:
        for actual, expected in zip(function(*inputs), eager, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_extremes_in_xla(case):
    @tf.function(jit_compile=True)
    def run(labels, predictions):
        return value_and_gradient(case, labels, predictions, case.plain)

    for sample in case.extreme_samples():
        for output in run(*tensors(*sample)):
            assert np.isfinite(output).all()


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_unknown_batches_do_not_broadcast(case, xla):
    if case.kind == "explicit":
        pytest.skip("labels are not used")
    labels, predictions = tensors(*case.sample(4))
    signature = [
        tf.TensorSpec([None, *array.shape[1:]])
        for array in (labels, predictions)
    ]

    @tf.function(input_signature=signature, jit_compile=xla)
    def run(labels, predictions):
        return case.function(labels, predictions, **case.plain)

    assert run(labels, predictions).shape == (4,)
    for wrong in (labels[:1], labels[:3]):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            run(wrong, predictions)


def test_hyperparameters_are_used(case):
    if not case.changed:
        pytest.skip("there are none")
    labels, predictions = case.sample(32)
    plain = case.function(labels, predictions, **case.plain)
    changed = case.function(labels, predictions, **case.changed)
    assert np.mean(np.abs(plain - changed) > 1e-3) > 0.3


def test_random_inputs_vary(case, hyper):
    value = case.function(*case.sample(32), **hyper)
    assert len(np.unique(np.round(value, 6))) > 20


@pytest.mark.parametrize("axes", [(2, 3), (2, 3, 2)], ids=str)
def test_more_axes(case, hyper, axes):
    if case.kind in ("batch", "explicit"):
        pytest.skip("a batch has one axis of samples")
    labels, predictions = case.sample(*axes)
    value = case.function(labels, predictions, **hyper)
    assert value.shape == (axes[:1] if case.kind == "images" else axes)
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


def test_one_output_needs_no_last_axis(case, hyper):
    if case.kind != "elements":
        pytest.skip("there is always a last axis, or never")
    labels, predictions = case.sample(8, outputs=1)
    expected = case.reference(labels, predictions, **hyper)
    allowed = [(labels[:, 0], predictions)]
    if case.columns == 1:
        allowed.append((labels, predictions[:, 0]))
        allowed.append((labels[:, 0], predictions[:, 0]))
    for inputs in allowed:
        value = case.function(*inputs, **hyper)
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


def test_shapes_that_would_broadcast_are_refused(case, hyper):
    if case.kind == "explicit":
        pytest.skip("labels are not used")
    labels, predictions = case.sample(4)
    if case.has_classes:
        labels = labels[:, np.newaxis]
    wrong_labels = [
        labels[:1],
        labels[:3],
        labels[:1, :1],
        labels[np.newaxis],
        np.concatenate([labels, labels], axis=1),
        labels[:, :0],
        labels[0, 0],
    ]
    if case.outputs > 1:
        wrong_labels += [labels[:, 0], labels[:, :1]]
    if case.free_columns:
        wrong_labels = [y for y in wrong_labels if y.shape[:1] != (4,)]
    for wrong in wrong_labels:
        with pytest.raises(ValueError) as refusal:
            case.function(wrong, predictions, **hyper)
        for shape in (wrong.shape, predictions.shape):
            assert str(shape) in str(refusal.value), wrong.shape


def test_a_lone_number_is_refused(case, hyper):
    with pytest.raises(ValueError, match=r"\(\)"):
        case.function(1.0, 1.0, **hyper)


def test_words_are_refused(case, hyper):
    labels, predictions = case.sample(2)
    if not case.has_classes and case.kind != "explicit":
        with pytest.raises(TypeError, match="y_true must hold real numbers"):
            case.function(labels.astype(str), predictions, **hyper)
    with pytest.raises(TypeError, match="y_pred must hold real numbers"):
        case.function(labels, predictions.astype(str), **hyper)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, bool])
def test_whole_numbers_as_labels(case, hyper, dtype):
    labels, predictions = case.sample(16)
    labels = np.abs(np.round(labels)).astype(dtype)
    expected = case.reference(labels, predictions, **hyper)
    for precision, rtol in ((np.float32, 2e-5), (np.float64, 1e-12)):
        value = case.function(labels, predictions.astype(precision), **hyper)
        assert value.dtype == precision
        np.testing.assert_allclose(value, expected, rtol=rtol, atol=1e-6)


def test_precision_follows_the_predictions(case):
    labels, predictions = case.sample(2)
    value = case.function(labels, predictions.astype(np.float32), **case.plain)
    assert value.dtype == tf.float32
    value = case.function(labels.astype(np.float32), predictions, **case.plain)
    assert value.dtype == tf.float64


def test_lists(case, hyper):
    labels, predictions = case.sample(4)
    value = case.function(labels.tolist(), predictions.tolist(), **hyper)
    expected = case.function(*tensors(labels, predictions), **hyper)
    np.testing.assert_array_equal(value, expected)


def test_bad_hyperparameters_are_refused(case):
    labels, predictions = case.sample(2)
    for name, values in case.refused.items():
        for value in values:
            # of a list, the error repeats the item that is wrong
            wrong = value[-1] if isinstance(value, list) and value else value
            for build in (
                lambda **hyper: case.function(labels, predictions, **hyper),
                case.loss_class,
            ):
                with pytest.raises((ValueError, TypeError)) as refusal:
                    build(**{name: value})
                assert f"{name} must" in str(refusal.value)
                assert f"received {wrong!r}" in str(refusal.value)


def test_unknown_hyperparameters_are_refused(case):
    with pytest.raises(TypeError, match="typo"):
        case.function(*case.sample(2), typo=1)


def test_hyperparameters_are_named_at_each_call(case):
    with pytest.raises(TypeError, match="positional"):
        case.function(*case.sample(2), *case.plain.values(), 0.5)


def test_nan_and_infinity_are_refused(case, hyper):
    for place in (0, 1):
        if place == 0 and (case.has_classes or case.kind == "explicit"):
            continue
        for value in (math.nan, math.inf, -math.inf):
            inputs = [array.copy() for array in case.sample(4)]
            inputs[place][(-1,) * inputs[place].ndim] = value
            for run in (case.function, tf.function(case.function)):
                with pytest.raises(
                    tf.errors.InvalidArgumentError,
                    match=f"{('y_true', 'y_pred')[place]} holds NaN",
                ):
                    run(*inputs, **hyper)


def test_numpy_hyperparameters(case, hyper):
    hyper = hyper or case.changed
    if holds_functions(hyper):
        pytest.skip("functions are no arrays")
    inputs = case.sample(4)
    as_arrays = {name: np.array(value) for name, value in hyper.items()}
    np.testing.assert_array_equal(
        case.function(*inputs, **as_arrays), case.function(*inputs, **hyper)
    )
