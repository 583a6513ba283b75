"""What holds for every loss function, checked row by row."""

import math

import numpy as np
import pytest
import tensorflow as tf

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
    # 65,504 is the greatest number of float16
    extremes = [np.clip(array, -6e4, 6e4) for array in case.extreme_sample()]
    value, _ = value_and_gradient(case, *tensors(*extremes, dtype=dtype), hyper)
    assert np.isfinite(value).all()


def test_gradient(case, hyper):
    labels, predictions = case.sample(6)
    _, gradient = value_and_gradient(
        case, *tensors(labels, predictions, dtype=tf.float64), hyper
    )
    expected = difference_quotient(
        lambda p: case.reference(labels, p, **hyper).sum(), predictions
    )
    assert gradient.dtype == tf.float64
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_extremes(case, hyper):
    labels, predictions = tensors(*case.extreme_sample())
    value, gradient = value_and_gradient(case, labels, predictions, hyper)
    assert np.isfinite(gradient).all()
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_labels_met_exactly(case, hyper):
    labels, predictions = case.sample(8)
    if case.columns == 1:
        predictions[:] = np.maximum(labels, 1e-3)
    labels, predictions = tensors(labels, predictions)
    value, gradient = value_and_gradient(case, labels, predictions, hyper)
    assert np.isfinite(gradient).all()
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-6)


def test_hyperparameters_at_the_brink(case):
    inputs = [np.clip(array, -1e3, 1e3) for array in case.extreme_sample()]
    for hyper in case.brink:
        try:
            value, gradient = value_and_gradient(case, *tensors(*inputs), hyper)
        except ValueError as error:
            assert next(iter(hyper)) in str(error)
        else:
            assert np.isfinite(value).all(), hyper
            assert np.isfinite(gradient).all(), hyper


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
    if not isinstance(case.changed.get("tau"), list):
        functions.append(tf.function(run, input_signature=all_unknown))
    for function in functions:
        for actual, expected in zip(function(*inputs), eager, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


def test_extremes_in_xla(case):
    inputs = tensors(*case.extreme_sample())

    @tf.function(jit_compile=True)
    def run(labels, predictions):
        return value_and_gradient(case, labels, predictions, case.plain)

    for output in run(*inputs):
        assert np.isfinite(output).all()


@pytest.mark.parametrize("xla", [False, True], ids=["graph", "xla"])
def test_unknown_batches_do_not_broadcast(case, xla):
    labels, predictions = tensors(*case.sample(4))
    signature = [
        tf.TensorSpec([None, labels.shape[1]]),
        tf.TensorSpec([None, predictions.shape[1]]),
    ]

    @tf.function(input_signature=signature, jit_compile=xla)
    def run(labels, predictions):
        return case.function(labels, predictions, **case.plain)

    assert run(labels, predictions).shape == (4,)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        run(labels[:1], predictions)


def test_hyperparameters_are_used(case):
    labels, predictions = case.sample(32)
    plain = case.function(labels, predictions, **case.plain)
    changed = case.function(labels, predictions, **case.changed)
    assert np.mean(np.abs(plain - changed) > 1e-3) > 0.3


def test_random_inputs_vary(case, hyper):
    value = case.function(*case.sample(32), **hyper)
    assert len(np.unique(np.round(value, 6))) > 20


@pytest.mark.parametrize("axes", [(2, 3), (2, 3, 2)], ids=str)
def test_more_axes(case, hyper, axes):
    labels, predictions = case.sample(*axes)
    value = case.function(labels, predictions, **hyper)
    assert value.shape == axes
    expected = case.reference(labels, predictions, **hyper)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)


def test_one_output_needs_no_last_axis(case, hyper):
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
    labels, predictions = case.sample(4)
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
            # of a list, the error repeats the level that is wrong
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


def test_numpy_hyperparameters(case, hyper):
    hyper = hyper or case.changed
    inputs = case.sample(4)
    as_arrays = {name: np.array(value) for name, value in hyper.items()}
    np.testing.assert_array_equal(
        case.function(*inputs, **as_arrays), case.function(*inputs, **hyper)
    )


# What is peculiar to one loss.


def test_pinball_levels_may_have_a_label_each():
    from lossutils.regression import pinball_loss

    value = pinball_loss([[1.0, 2.0]], [[0.0, 4.0]], tau=[0.9, 0.1])
    # (0.9 * 1 + 0.9 * 2) / 2
    np.testing.assert_allclose(value, [1.35], rtol=1e-6)


def test_pinball_needs_a_column_per_level():
    from lossutils.regression import pinball_loss

    with pytest.raises(ValueError, match=r"0\.1, 0\.9.*\(1, 3\)"):
        pinball_loss([[1.0]], [[0.0, 0.0, 0.0]], tau=[0.1, 0.9])
    with pytest.raises(ValueError, match=r"0\.1, 0\.9.*\(2, 1\)"):
        pinball_loss([1.0, 1.0], [0.0, 0.0], tau=[0.1, 0.9])


def test_pinball_takes_a_list_of_one_level():
    from lossutils.regression import pinball_loss

    inputs = [[1.0, 2.0]], [[0.0, 4.0]]
    np.testing.assert_array_equal(
        pinball_loss(*inputs, tau=[0.9]), pinball_loss(*inputs, tau=0.9)
    )


def test_gaussian_needs_two_columns_per_output():
    from lossutils.regression import gaussian_nll_loss

    for predictions in ([0.0, 0.0], [[0.0]], [[0.0, 0.0, 0.0]]):
        with pytest.raises(ValueError, match="a mean and a log-variance"):
            gaussian_nll_loss([0.0, 0.0], predictions)


def test_gaussian_loss_is_bounded_below():
    from lossutils.regression import gaussian_nll_loss

    value = gaussian_nll_loss([1.0], [[1.0, -1e10]], min_variance=0.01)
    np.testing.assert_allclose(value, [math.log(0.01) / 2], rtol=1e-6)


def test_tweedie_refuses_negative_amounts():
    from lossutils.regression import tweedie_loss

    with pytest.raises(tf.errors.InvalidArgumentError, match="tweedie_loss"):
        tweedie_loss([-1.0], [1.0])


def test_tweedie_takes_a_mean_of_zero_as_the_smallest():
    from lossutils.regression import tweedie_loss

    for mean in (0.0, -3.0, 1e-9):
        # 1^0.5 / (-0.5 * 0.5) - 1 * m^-0.5 / -0.5 + m^0.5 / 0.5, m = 1e-7
        np.testing.assert_allclose(
            tweedie_loss([1.0], [mean]), [6320.555953], rtol=1e-6
        )


def test_tweedie_keeps_the_digits_near_its_minimum():
    from lossutils.regression import tweedie_loss

    # e^2 / 2 / mean^1.5, of which the three terms' float32 keeps nothing
    value = tweedie_loss([1.001], [1.0])
    np.testing.assert_allclose(value, [4.9975e-7], rtol=2e-3)
