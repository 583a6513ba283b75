"""Class weights by counts, and learnt weights of losses."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from lossutils.loss_weights import UncertaintyWeights, effective_number_weights

# Class weights


def test_effective_numbers_by_hand():
    # beta 0.5: E is 1, 1.5, 1.75; one over it 1, 2/3, 4/7, the mean 47/63
    weights = effective_number_weights([1, 2, 3], beta=0.5)
    expected = np.array([1, 2 / 3, 4 / 7]) * 63 / 47
    np.testing.assert_allclose(weights, expected, rtol=1e-14)
    assert weights.dtype == np.float64


def test_effective_numbers_are_the_sum_of_a_geometric_series():
    counts = [3, 50, 1200]
    series = [sum(0.99**j for j in range(n)) for n in counts]
    expected = 1 / np.array(series)
    weights = effective_number_weights(counts, beta=0.99)
    np.testing.assert_allclose(weights, expected / expected.mean(), rtol=1e-10)


def test_beta_of_0_and_1_are_the_limits():
    counts = np.array([10, 1000, 5])
    np.testing.assert_array_equal(effective_number_weights(counts, 0), 1)
    inverse = 1 / counts / np.mean(1 / counts)
    for beta, rtol in ((1, 1e-14), (1 - 1e-9, 1e-5)):
        weights = effective_number_weights(counts, beta)
        np.testing.assert_allclose(weights, inverse, rtol=rtol)
    near_zero = effective_number_weights(counts, 1e-300)
    np.testing.assert_allclose(near_zero, 1)


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999, 1.0])
def test_weights_have_a_mean_of_1_and_fall_with_the_count(beta):
    weights = effective_number_weights([1, 10, 100, 10**9], beta)
    np.testing.assert_allclose(weights.mean(), 1, rtol=1e-14)
    assert (np.diff(weights) <= 0).all()


@pytest.mark.parametrize(
    ("counts", "beta", "error", "message"),
    [
        ([0, 3], 0.9, ValueError, r"counts must be 1 or more.*\[0.0, 3.0\]"),
        ([2, np.nan], 0.9, ValueError, "counts must be 1 or more.*nan"),
        ([2, np.inf], 0.9, ValueError, "counts must be 1 or more.*inf"),
        ([], 0.9, ValueError, r"one number per class.*\[\]"),
        ([[1, 2]], 0.9, ValueError, "one number per class"),
        (3, 0.9, ValueError, "one number per class"),
        (["many"], 0.9, TypeError, "counts must be numbers.*many"),
        ([1, 2], 1.1, ValueError, "beta must be between 0 and 1.*1.1"),
        ([1, 2], -0.1, ValueError, "beta must be between 0 and 1.*-0.1"),
        ([1, 2], np.nan, ValueError, "beta must be between 0 and 1.*nan"),
        ([1, 2], "high", TypeError, "beta must be a number.*high"),
    ],
)
def test_bad_counts_and_betas_are_refused(counts, beta, error, message):
    with pytest.raises(error, match=message):
        effective_number_weights(counts, beta)


# Learnt weights


def test_total_by_hand():
    weigh = UncertaintyWeights(2)
    losses = [tf.constant(4.0), tf.constant(0.5)]
    assert float(weigh(losses)) == 4.5
    weigh.set_weights([np.log([4.0, 0.25])])
    # 4 / 4 + log 4 + 0.5 / 0.25 + log 0.25 = 1 + 2 + 0
    np.testing.assert_allclose(weigh(losses), 3.0, rtol=1e-6)
    np.testing.assert_allclose(weigh.factors, [0.25, 4.0], rtol=1e-6)


def test_values_per_sample_have_the_total_of_their_means():
    weigh = UncertaintyWeights(3)
    weigh.set_weights([np.array([0.3, -1.2, 2.0])])
    values = list(np.random.RandomState(0).uniform(size=(3, 5)).astype("f"))
    total = weigh(values)
    assert total.shape == (5,)
    of_means = weigh([tf.reduce_mean(value) for value in values])
    np.testing.assert_allclose(np.mean(total), of_means, rtol=1e-6)


def test_slopes_and_optimum():
    losses = np.array([4.0, 0.5])
    weigh = UncertaintyWeights(2, dtype="float64")
    s = [0.5, -1.0]
    for value, expected in (
        (s, 1 - np.exp(-np.array(s)) * losses),
        (np.log(losses), [0, 0]),
    ):
        weigh.set_weights([np.array(value)])
        with tf.GradientTape() as tape:
            total = weigh([tf.constant(loss) for loss in losses])
        slope = tape.gradient(total, weigh.trainable_variables)
        np.testing.assert_allclose(slope[0], expected, rtol=1e-12, atol=1e-12)
    # there, the sum of 1 + log L
    np.testing.assert_allclose(total, 2 + np.log(2.0), rtol=1e-12)
    assert total.dtype == tf.float64


def test_under_mixed_precision_it_computes_in_float32():
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        weigh = UncertaintyWeights(2)
        losses = [tf.constant(70000.0), tf.constant(1e-9)]
        np.testing.assert_allclose(weigh(losses), 70000, rtol=1e-6)
        weigh.set_weights([np.log([70000, 1e-9])])
        total = weigh(losses)
        again = UncertaintyWeights.from_config(weigh.get_config())
        told = UncertaintyWeights(1, dtype="float16")
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert total.dtype == again(losses).dtype == tf.float32
    # 1 + log 70000 + 1 + log 1e-9; in float16 it is not finite
    np.testing.assert_allclose(total, 2 + np.log(7e-5), rtol=1e-5)
    assert told([tf.constant(1.0)]).dtype == tf.float16


def test_weights_are_there_before_any_call():
    variables = UncertaintyWeights(3).trainable_variables
    assert [tuple(variable.shape) for variable in variables] == [(3,)]


@pytest.mark.parametrize(
    ("count", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), (True, TypeError)],
)
def test_bad_counts_of_losses_are_refused(count, error):
    with pytest.raises(error, match=f"count must .*{count}"):
        UncertaintyWeights(count)


@pytest.mark.parametrize(
    "losses",
    [
        [tf.ones(())],
        [tf.ones(())] * 3,
        [tf.ones(2), tf.ones(3)],
        [tf.ones(2), tf.ones(())],
    ],
    ids=["one", "three", "lengths", "ranks"],
)
def test_other_losses_than_announced_are_refused(losses):
    with pytest.raises(ValueError, match="2 losses of one shape, received"):
        UncertaintyWeights(2)(losses)


def test_the_same_in_a_graph_and_in_xla():
    weigh = UncertaintyWeights(2)
    weigh.set_weights([np.array([0.7, -0.2])])
    losses = [tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])]
    for settings in ({}, {"jit_compile": True}):
        total = tf.function(weigh, **settings)(losses)
        np.testing.assert_allclose(total, weigh(losses), rtol=1e-6)


@tf.keras.utils.register_keras_serializable(package="tests")
class Taught(tf.keras.layers.Layer):
    """Two predictions of one input, which learn from it by `add_loss`."""

    def __init__(self, **layer):
        super().__init__(**layer)
        self.large = tf.keras.layers.Dense(1)
        self.small = tf.keras.layers.Dense(1)
        self.weigh = UncertaintyWeights(2)

    def build(self, input_shape):
        self.large.build((None, 1))
        self.small.build((None, 1))
        self.built = True

    def call(self, inputs):
        x, large, small = inputs
        errors = [self.large(x) - large, self.small(x) - small]
        means = [tf.reduce_mean(tf.square(error)) for error in errors]
        self.add_loss(self.weigh(means))
        return self.large(x)


def taught(seed=0):
    """Returns a model that takes its labels as inputs, and data for it."""
    random = np.random.RandomState(seed)
    x = random.uniform(-1, 1, (64, 1))
    noise = random.normal(size=(2, 64, 1))
    data = [x, 3 * x + 2 * noise[0], x + 0.1 * noise[1]]
    inputs = [tf.keras.Input((1,)) for _ in data]
    model = tf.keras.Model(inputs, Taught()(inputs))
    return model, [each.astype("f") for each in data]


def test_fit_finds_the_noise_of_each_task():
    model, data = taught()
    model.compile(tf.keras.optimizers.Adam(0.05))
    history = model.fit(data, epochs=400, batch_size=64, verbose=0).history
    x = np.c_[data[0], np.ones(64)]
    least = [np.linalg.lstsq(x, y, rcond=None)[1][0] / 64 for y in data[1:]]
    weigh = model.layers[-1].weigh
    np.testing.assert_allclose(1 / weigh.factors, least, rtol=0.02)
    assert history["loss"][-1] < history["loss"][0]
    np.testing.assert_allclose(
        history["loss"][-1], 2 + np.log(least).sum(), atol=0.01
    )


LOAD = """
import sys
import tensorflow as tf
import lossutils.loss_weights

model = tf.keras.models.load_model(sys.argv[1])
print("total", float(model.predict([tf.constant([4.0]), tf.constant([0.5])],
                                   verbose=0)[0]))
print("type", type(model.layers[-1]).__name__, model.layers[-1].name)
"""


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_model_with_it_is_saved(suffix, tmp_path):
    inputs = [tf.keras.Input(()), tf.keras.Input(())]
    weigh = UncertaintyWeights(2, name="mine")
    model = tf.keras.Model(inputs, weigh(inputs))
    weigh.set_weights([np.array([1.0, -1.0])])
    expected = 4 * np.exp(-1) + 0.5 * np.exp(1)
    path = tmp_path / f"model.{suffix}"
    model.save(f"{path}")
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, path],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    total = float(answer.split("total ")[1].split()[0])
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    assert "type UncertaintyWeights mine" in answer


def test_it_is_made_again_from_its_configuration():
    weigh = UncertaintyWeights(3, name="mine", dtype="float64")
    again = UncertaintyWeights.from_config(weigh.get_config())
    assert (again.count, again.name) == (3, "mine")
    assert again.log_variances.dtype == weigh.log_variances.dtype


def test_a_trained_model_with_add_loss_is_saved(tmp_path):
    model, data = taught()
    model.compile("sgd")
    model.fit(data, verbose=0)
    value = model.evaluate(data, verbose=0)
    model.save(f"{tmp_path / 'model.keras'}")
    again = tf.keras.models.load_model(f"{tmp_path / 'model.keras'}")
    np.testing.assert_allclose(
        again.evaluate(data, verbose=0), value, rtol=1e-6
    )
    np.testing.assert_array_equal(
        again.layers[-1].weigh.factors, model.layers[-1].weigh.factors
    )
