"""Training is the same, bit for bit, from the same seed."""

import numpy as np
import pytest
import tensorflow as tf

from lossutils import training

X, Y = np.random.RandomState(0).normal(size=(2, 48, 1)).astype(np.float32)


def network(seed=0):
    return training.dense_network(1, hidden=[3], seed=seed)


def train(seed=0, **settings):
    settings = {"epochs": 2, "batch_size": 16, **settings}
    return training.train(network(seed), "mse", X, Y, **settings)


def test_dense_network():
    model = training.dense_network(3, 2, hidden=[4, 5], activation="softmax")
    shapes = [w.shape for w in model.get_weights()]
    assert shapes == [(3, 4), (4,), (4, 5), (5,), (5, 2), (2,)]
    activations = [layer.activation.__name__ for layer in model.layers]
    assert activations == ["relu", "relu", "softmax"]


def test_dense_network_in_double_precision():
    model = training.dense_network(3, 2, hidden=[4], dtype="float64")
    x = np.random.RandomState(0).normal(size=(5, 3))
    first, offset, second, other = model.get_weights()
    expected = np.maximum(x @ first + offset, 0) @ second + other
    assert model(x).dtype == "float64"
    np.testing.assert_allclose(model(x), expected, rtol=1e-14)


def test_starting_weights():
    matrix, zeros = training.dense_network(3, 2, seed=1).get_weights()
    # Glorot's limit for 3 inputs and 2 outputs; numpy's frozen stream
    expected = np.random.RandomState(1).uniform(
        -np.sqrt(6 / 5), np.sqrt(6 / 5), (3, 2)
    )
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)
    assert not zeros.any()


def test_starting_weights_of_convolutions():
    model = tf.keras.Sequential(
        [tf.keras.Input((8, 8, 1)), tf.keras.layers.Conv2D(400, 3)]
    )
    matrix, _ = training.seed_weights(model, 0).get_weights()
    # 9 pixels of 1 input and 400 outputs
    limit = np.sqrt(6 / (9 * (1 + 400)))
    assert np.abs(matrix).max() <= limit
    assert np.abs(matrix).max() > 0.99 * limit


def test_the_same_seed_gives_the_same_history():
    first, second, other = train(), train(), train(seed=1)
    assert first == second
    assert first != other
    assert len(first["loss"]) == 2


def test_train_steps_as_adam_does():
    model = training.dense_network(1)
    before = model.get_weights()[0].item()
    training.train(model, "mse", X, Y, epochs=1, batch_size=48)
    after = model.get_weights()[0].item()
    # Adam's first step has the length of its learning rate
    np.testing.assert_allclose(abs(after - before), 0.01, rtol=1e-3)


def test_train_hands_everything_on():
    history = train(validation_data=(X[:8], Y[:8]), metrics=["mae"])
    assert set(history) == {"loss", "mae", "val_loss", "val_mae"}
    weightless = train(sample_weight=np.zeros(len(X)))
    assert weightless["loss"] == [0.0, 0.0]


def test_descend_finds_the_minimum():
    x = np.linspace(-1, 1, 20, dtype=np.float32)[:, np.newaxis]
    model = training.dense_network(1)
    loss = tf.keras.losses.MeanSquaredError()
    values = training.descend(
        model, loss, x, 3 * x + 1, steps=300, learning_rate=0.1
    )
    assert values.shape == (300,)
    slope, offset = (w.item() for w in model.get_weights())
    np.testing.assert_allclose([slope, offset], [3, 1], atol=1e-3)
    assert values[-1] < 1e-4 * values[0]


def test_descend_takes_functions_and_repeats_itself():
    def run(loss):
        return training.descend(network(), loss, X, Y, steps=3)

    values = run(tf.keras.losses.get("mse"))
    assert values.tolist() == run(tf.keras.losses.MeanSquaredError()).tolist()
    start = network()(X)
    expected = np.mean((start - Y) ** 2)
    np.testing.assert_allclose(values[0], expected, rtol=1e-6)


@pytest.mark.parametrize("shuffled", [False, True])
def test_batches_are_taken_in_the_order_given(shuffled):
    order = np.arange(len(X))[:: -1 if shuffled else 1]
    model = network()
    training.train(model, "mse", X[order], Y[order], epochs=1, batch_size=16)
    by_hand = network()
    by_hand.compile(tf.keras.optimizers.Adam(0.01), "mse")
    for batch in np.split(order, 3):
        by_hand.train_on_batch(X[batch], Y[batch])
    for one, other in zip(
        model.get_weights(), by_hand.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 48, dtype="f4")])
def test_train_epochs_does_what_train_does(weights):
    settings = {"batch_size": 20, "sample_weight": weights}
    loss = tf.keras.losses.MeanSquaredError()
    one, other = network(), network()
    training.train(one, loss, X, Y, epochs=3, **settings)
    values = []
    for value in training.train_epochs(other, loss, X, Y, epochs=3, **settings):
        values.append((value, other.get_weights()))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    # it stopped after each epoch
    assert len({weights[0].tobytes() for _, weights in values}) == 3


def test_train_epochs_yields_the_mean_loss():
    loss = tf.keras.losses.MeanSquaredError()
    halves = training.train_epochs(
        network(), loss, X[:24], Y[:24], epochs=1, batch_size=12
    )
    other = network()
    first = float(loss(Y[:12], other(X[:12])))
    training.train(other, loss, X[:12], Y[:12], epochs=1, batch_size=12)
    second = float(loss(Y[12:24], other(X[12:24])))
    np.testing.assert_allclose(next(halves), (first + second) / 2, rtol=1e-6)
