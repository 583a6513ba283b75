"""What is peculiar to one loss of the family."""

import math
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from lossutils.checks import difference_quotient
from lossutils.classification import DiceLoss, asymmetric_loss, dice_loss
from lossutils.custom_losses import (
    FBetaLoss,
    HybridLoss,
    f_beta_loss,
    hybrid_loss,
)
from lossutils.regression import PinballLoss, pinball_loss

RANDOM = np.random.RandomState(0)
LABELS = RANDOM.randint(2, size=(50, 3)).astype(float)
DECISIONS = RANDOM.randint(2, size=(50, 3)).astype(float)
PROBABILITIES = RANDOM.uniform(size=(50, 3))

# F-beta


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_f_beta_as_in_scikit_learn(beta):
    expected = metrics.fbeta_score(LABELS, DECISIONS, beta=beta, average=None)
    value = f_beta_loss(LABELS, DECISIONS, beta=beta)
    np.testing.assert_allclose(np.mean(value), 1 - expected.mean(), rtol=1e-9)
    for c in range(3):
        for inputs in (
            (LABELS[:, c], DECISIONS[:, c]),
            (LABELS[:, c], DECISIONS[:, c : c + 1]),
        ):
            value = f_beta_loss(*inputs, beta=beta)
            assert value.shape == (50,)
            np.testing.assert_allclose(
                np.mean(value), 1 - expected[c], rtol=1e-9
            )


def test_f_beta_between_precision_and_recall():
    inputs = LABELS[:, 0], DECISIONS[:, 0]
    for beta, score in (
        (1e-6, metrics.precision_score),
        (1e-200, metrics.precision_score),
        (1e6, metrics.recall_score),
        (1e200, metrics.recall_score),
    ):
        value = np.mean(f_beta_loss(*inputs, beta=beta))
        np.testing.assert_allclose(value, 1 - score(*inputs), rtol=1e-6)


def test_f_beta_by_hand():
    # misses 0.5 and 0.25, alarms 0.25: 4 * 3 * 0.75 / (4 * 2 + 1.5), ...
    value = f_beta_loss([1.0, 1.0, 0.0], [0.5, 0.75, 0.25], beta=2)
    wrong = np.array([4 * 0.5, 4 * 0.25, 0.25])
    np.testing.assert_allclose(value, 3 * wrong / (4 * 2 + 1.5), rtol=1e-6)


def test_f1_is_the_dice_loss_of_a_class():
    value = np.mean(f_beta_loss(LABELS[:, 0], PROBABILITIES[:, 0]))
    image = dice_loss(LABELS[None, :, 0], PROBABILITIES[None, :, 0], smooth=0)
    np.testing.assert_allclose(value, image[0], rtol=1e-9)


def test_f_beta_without_positives():
    # none predicted: 0. Some predicted: 1, and no slope can help it.
    labels = np.zeros((4, 2))
    predictions = np.stack([np.zeros(4), np.linspace(0, 0.9, 4)], axis=1)
    predictions = tf.Variable(predictions)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(f_beta_loss(labels, predictions))
    np.testing.assert_allclose(value, 0.5, rtol=1e-9)
    slope = tape.gradient(value, predictions)
    np.testing.assert_allclose(slope, np.zeros((4, 2)), atol=1e-9)


def test_f_beta_weighs_samples():
    weights = np.linspace(0, 2, 50)
    loss = FBetaLoss(beta=2)
    value = loss(LABELS, PROBABILITIES, sample_weight=weights)
    terms = f_beta_loss(LABELS, PROBABILITIES, beta=2)
    np.testing.assert_allclose(value, np.mean(weights * terms), rtol=1e-5)

    def weighted(predictions):
        return tf.reduce_sum(weights * f_beta_loss(LABELS, predictions))

    predictions = tf.Variable(PROBABILITIES)
    with tf.GradientTape() as tape:
        value = weighted(predictions)
    np.testing.assert_allclose(
        tape.gradient(value, predictions),
        difference_quotient(weighted, PROBABILITIES),
        rtol=1e-6,
        atol=1e-7,
    )


def test_f_beta_needs_rows():
    with pytest.raises(ValueError, match=r"\(batch, classes\).*\(1, 2, 3\)"):
        f_beta_loss(np.ones((1, 2, 3)), np.ones((1, 2, 3)))


# Hybrids


def absolute_error(y_true, y_pred):
    """Such as a reader may write it: in want of labels of the same shape."""
    return tf.reduce_mean(tf.abs(y_true - y_pred), -1)


def test_hybrid_by_hand():
    # errors 2 and 4: (4 + 16) / 2 + 3 * (2 + 4) / 2
    value = hybrid_loss(
        [[0.0, 0.0]], [[2.0, 4.0]], losses=["mse", "mae"], weights=[1, 3]
    )
    assert value.numpy().tolist() == [19.0]


@pytest.mark.parametrize(
    "loss",
    [
        "mae",
        "MeanAbsoluteError",
        absolute_error,
        tf.keras.losses.MeanAbsoluteError(),
        tf.keras.losses.MeanAbsoluteError(reduction="sum"),
        HybridLoss(["mae"]),
    ],
    ids=["name", "class name", "function", "loss", "reduced", "hybrid"],
)
def test_hybrid_takes_each_kind_of_loss(loss):
    labels, predictions = LABELS.astype("f"), PROBABILITIES.astype("f")
    value = hybrid_loss(
        labels, predictions, losses=[loss, pinball_loss], weights=(2, 1)
    )
    # pinball at its default is half of the absolute error
    expected = 2.5 * np.abs(labels - predictions).mean(axis=1)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_hybrid_of_one_loss_is_that_loss():
    value = hybrid_loss(LABELS, PROBABILITIES, losses=[asymmetric_loss])
    expected = asymmetric_loss(LABELS, PROBABILITIES)
    np.testing.assert_array_equal(value, expected)


def test_hybrid_of_an_image_and_its_pixels():
    masks = RANDOM.randint(2, size=(3, 4, 5, 1)).astype(float)
    areas = RANDOM.uniform(size=(3, 4, 5, 1))
    value = hybrid_loss(
        masks, areas, losses=["binary_crossentropy", DiceLoss()]
    )
    pixels = tf.keras.losses.binary_crossentropy(masks, areas)
    expected = np.mean(pixels, axis=(1, 2)) + dice_loss(masks, areas)
    assert value.shape == (3,)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_hybrid_of_losses_of_classes():
    classes = RANDOM.randint(3, size=50)
    scores = RANDOM.normal(size=(50, 3))
    sparse = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def entropy(y_true, y_pred):
        return -tf.reduce_sum(tf.nn.softmax(y_pred) * tf.nn.log_softmax(y_pred))

    def entropies(y_true, y_pred):
        p = tf.nn.softmax(y_pred)
        return -tf.reduce_sum(p * tf.nn.log_softmax(y_pred), -1)

    value = hybrid_loss(classes, scores, losses=[sparse, entropies])
    expected = sparse.call(classes, scores) + entropies(None, scores)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    with pytest.raises(ValueError, match="one value per sample.*entropy"):
        hybrid_loss(classes, scores, losses=[sparse, entropy])


def test_hybrid_does_not_broadcast():
    # (3,) against (3, 1) in a function that does not care
    labels, predictions = np.float32([1, 2, 3]), np.float32([[2], [4], [6]])
    for losses in (["mae"], [absolute_error]):
        for inputs in (
            (labels, predictions),
            (labels[:, np.newaxis], predictions[:, 0]),
            (labels, predictions[:, 0]),
        ):
            value = hybrid_loss(*inputs, losses=losses)
            assert value.numpy().tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="the same shape"):
        hybrid_loss(labels, np.zeros((3, 3)), losses=["mae", absolute_error])


def test_hybrid_computes_half_precision_in_full():
    for losses in (["mse"], [tf.keras.losses.MeanSquaredError()]):
        value = hybrid_loss(
            np.float16([[300.0, 0.0]]), np.float16([[0.0, 0.0]]), losses=losses
        )
        assert value.dtype == tf.float32
        assert value.numpy().tolist() == [45000.0]


@pytest.mark.parametrize(
    ("weights", "wrong"),
    [
        ([1.0], "[1.0]"),
        ([1.0, 2.0, 3.0], "[1.0, 2.0, 3.0]"),
        (2.0, "2.0"),
        ([1.0, -1.0], "-1.0"),
        ([1.0, "much"], "'much'"),
        ([1.0, math.nan], "nan"),
        ([1.0, math.inf], "inf"),
        ([], "[]"),
    ],
    ids=str,
)
def test_hybrid_refuses_weights(weights, wrong):
    losses = ["mse", "mae"]
    for build in (
        lambda: HybridLoss(losses, weights=weights),
        lambda: hybrid_loss([0.0], [1.0], losses=losses, weights=weights),
    ):
        with pytest.raises((TypeError, ValueError)) as refusal:
            build()
        assert "weights must" in str(refusal.value)
        assert f"received {wrong}" in str(refusal.value)


def test_hybrid_refuses_a_class_in_place_of_a_loss():
    with pytest.raises(ValueError, match="losses must.*DiceLoss"):
        HybridLoss([DiceLoss])


def test_hybrid_of_weight_zero():
    value = hybrid_loss(LABELS, PROBABILITIES, losses=["mse"], weights=[0])
    assert not np.any(value)


@tf.keras.utils.register_keras_serializable(package="tests")
def registered(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred) ** 1.5, -1)


NESTED = {
    "losses": [
        "mse",
        PinballLoss(tau=0.9),
        HybridLoss([DiceLoss(smooth=2.0), asymmetric_loss], weights=[1, 2]),
        # not Huber: Keras 3.15 saves it without its delta
        tf.keras.losses.BinaryCrossentropy(label_smoothing=0.2),
        registered,
    ],
    "weights": [1, 2, 3, 4, 5],
}
LOAD = """
import sys
import numpy as np
import tensorflow as tf
import lossutils.classification, lossutils.custom_losses, lossutils.regression

@tf.keras.utils.register_keras_serializable(package="tests")
def registered(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred) ** 1.5, -1)

model = tf.keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
value = model.evaluate(data["x"], data["y"], verbose=0)
print("loss", value, model.loss.get_config()["weights"])
"""


def test_hybrid_is_made_again_from_its_configuration():
    loss = HybridLoss(**NESTED, reduction="sum", name="mine")
    config = loss.get_config()
    assert config["weights"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    for again in (
        HybridLoss.from_config(config),
        tf.keras.losses.deserialize(tf.keras.losses.serialize(loss)),
    ):
        assert isinstance(again, HybridLoss)
        # Keras 2 itself adds the function's name to a loss that it made again
        for name in ("weights", "reduction", "name"):
            assert again.get_config()[name] == config[name]
        np.testing.assert_array_equal(
            again(LABELS, PROBABILITIES), loss(LABELS, PROBABILITIES)
        )


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_model_with_a_nested_hybrid_is_saved(suffix, tmp_path):
    layer = tf.keras.layers.Dense(3, "sigmoid")
    model = tf.keras.Sequential([tf.keras.Input((3,)), layer])
    model.compile("sgd", HybridLoss(**NESTED))
    x, y = PROBABILITIES.astype("f"), LABELS.astype("f")
    value = model.evaluate(x, y, verbose=0)
    path, data = tmp_path / f"model.{suffix}", tmp_path / "data.npz"
    model.save(f"{path}")
    np.savez(data, x=x, y=y)
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, path, data],
        check=True,
        capture_output=True,
        text=True,
    )
    words = answer.stdout.split("loss ")[1].split(" ", 1)
    np.testing.assert_allclose(float(words[0]), value, rtol=1e-6)
    assert words[1].strip() == "[1.0, 2.0, 3.0, 4.0, 5.0]"


def test_hybrid_in_a_graph_and_in_xla():
    def run(labels, predictions):
        return hybrid_loss(labels, predictions, **NESTED)

    inputs = LABELS.astype("f"), PROBABILITIES.astype("f")
    expected = run(*inputs)
    for settings in ({}, {"jit_compile": True}):
        value = tf.function(run, **settings)(*inputs)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
