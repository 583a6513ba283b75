"""What is peculiar to one loss of the family, and calibration."""

import math

import numpy as np
import pytest
import tensorflow as tf
from sklearn import metrics

from lossutils import reference
from lossutils.checks import difference_quotient
from lossutils.classification import (
    DiceLoss,
    ExpectedCalibrationError,
    Poly1Loss,
    SparsemaxLoss,
    WeightedKappaLoss,
    asymmetric_loss,
    dice_loss,
    expected_calibration_error,
    generalized_cross_entropy_loss,
    poly1_loss,
    smooth_labels,
    sparsemax,
    sparsemax_loss,
    tversky_loss,
    weighted_kappa_loss,
)

RANDOM = np.random.RandomState(0)
CLASSES = RANDOM.randint(5, size=40)
ONE_HOT = np.eye(5)[CLASSES]
LOGITS = RANDOM.normal(scale=3, size=(40, 5))
PROBABILITIES = tf.nn.softmax(LOGITS).numpy()


def value_and_gradient(function, labels, predictions, **hyper):
    labels = tf.convert_to_tensor(labels)
    predictions = tf.convert_to_tensor(predictions)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = function(labels, predictions, **hyper)
    return value, tape.gradient(value, predictions)


# Generalised cross-entropy and poly-1


def test_generalized_cross_entropy_by_hand():
    # (1 - 0.25^0.5) / 0.5, and of three labels at half a probability each
    for labels, predictions, expected in (
        ([[0.0, 1.0]], [[0.75, 0.25]], 1.0),
        ([[0.5, 0.5]], [[0.25, 0.25]], 1.0),
        ([[1.0, 0.0]], [[1.0, 0.0]], 0.0),
    ):
        value = generalized_cross_entropy_loss(labels, predictions, q=0.5)
        np.testing.assert_allclose(value, [expected], rtol=1e-6)


def test_generalized_cross_entropy_between_its_limits():
    expected = -np.log(PROBABILITIES[range(40), CLASSES])
    value = generalized_cross_entropy_loss(ONE_HOT, PROBABILITIES, q=1e-12)
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    value = generalized_cross_entropy_loss(ONE_HOT, PROBABILITIES, q=1)
    expected = np.abs(ONE_HOT - PROBABILITIES).sum(axis=1) / 2
    np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_generalized_cross_entropy_refuses_classes():
    # Keras 3.15 takes them, but its value for (batch, 1) is wrong.
    probabilities = PROBABILITIES[:3]
    for labels in (CLASSES[:3], CLASSES[:3, np.newaxis]):
        with pytest.raises(ValueError, match="the same shape"):
            generalized_cross_entropy_loss(labels, probabilities)


def test_generalized_cross_entropy_of_probability_zero():
    # Keras 3.15 has a slope of NaN there
    value, gradient = value_and_gradient(
        generalized_cross_entropy_loss, [[0.0, 1.0]], [[1.0, 0.0]], q=0.5
    )
    np.testing.assert_allclose(value, [2 * (1 - 1e-7**0.5)], rtol=1e-6)
    assert gradient.numpy().tolist() == [[0.0, 0.0]]


def test_generalized_cross_entropy_keeps_small_digits():
    # q log(p), of which 1 - p^q keeps nothing in float32
    value = generalized_cross_entropy_loss(
        np.float32([[1, 0]]), np.float32([[10, -10]]), q=0.5, from_logits=True
    )
    np.testing.assert_allclose(value, [2.0611537e-9], rtol=1e-2, atol=3e-9)


@pytest.mark.parametrize("from_logits", [True, False])
def test_poly1_without_epsilon_is_cross_entropy(from_logits):
    scores = LOGITS if from_logits else PROBABILITIES
    np.testing.assert_allclose(
        poly1_loss(ONE_HOT, scores, epsilon=0, from_logits=from_logits),
        tf.keras.losses.categorical_crossentropy(
            ONE_HOT, scores, from_logits=from_logits
        ),
        rtol=1e-6,
    )


def test_poly1_by_hand():
    # log(4) + 2 * (1 - 1/4); labels of two classes count both
    value = poly1_loss([[0.0, 1.0]], [[0.75, 0.25]], epsilon=2)
    np.testing.assert_allclose(value, [math.log(4) + 1.5], rtol=1e-6)
    value = poly1_loss([[0.5, 0.5]], [[0.75, 0.25]], epsilon=2)
    expected = 0.5 * math.log(4) - 0.5 * math.log(0.75) + 2 * (1 - 0.5)
    np.testing.assert_allclose(value, [expected], rtol=1e-6)


def test_poly1_pulls_at_any_gap():
    _, gradient = value_and_gradient(
        poly1_loss, [[1.0, 0.0]], [[-1e4, 1e4]], from_logits=True
    )
    np.testing.assert_allclose(gradient, [[-1.0, 1.0]])


# Dice and Tversky


MASKS = RANDOM.randint(2, size=(6, 4, 5, 1)).astype(float)
AREAS = RANDOM.randint(2, size=(6, 4, 5, 1)).astype(float)


def test_dice_of_hard_masks_is_1_less_f1():
    expected = [
        1 - metrics.f1_score(mask.ravel(), area.ravel())
        for mask, area in zip(MASKS, AREAS, strict=True)
    ]
    value = dice_loss(MASKS, AREAS, smooth=0)
    assert value.shape == (6,)
    np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_dice_by_hand():
    # TP 0.5, FP 0.25, FN 0.5: (0.75 + 0) / (1 + 0.75 + 2)
    value = dice_loss([[1.0, 0.0]], [[0.5, 0.25]], smooth=2)
    np.testing.assert_allclose(value, [0.75 / 3.75], rtol=1e-6)
    value = dice_loss([[1.0, 0.0]], [[0.0, 0.0]], from_logits=True, smooth=0)
    # sigmoid(0): TP 0.5, FP 0.5, FN 0.5
    np.testing.assert_allclose(value, [0.5], rtol=1e-6)


@pytest.mark.parametrize("smooth", [0, 1])
def test_nothing_rightly_predicted_costs_nothing(smooth):
    # Keras 3.15 gives the greatest loss, 1
    empty = np.zeros((2, 4, 4))
    for function in (dice_loss, tversky_loss):
        value, gradient = value_and_gradient(
            function, empty, empty, smooth=smooth
        )
        assert value.numpy().tolist() == [0.0, 0.0]
        assert np.isfinite(gradient).all()


def test_each_image_has_its_own_dice():
    # Keras 3.15 pools them: 1 - 2 * 4 / (5 + 5)
    masks = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    areas = [[0.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    value = dice_loss(masks, areas, smooth=0)
    assert value.numpy().tolist() == [1.0, 0.0]


def test_masks_may_lack_the_last_axis():
    expected = dice_loss(MASKS, AREAS)
    value = dice_loss(MASKS[..., 0], AREAS)
    np.testing.assert_array_equal(value, expected)
    loss = DiceLoss(reduction="none")
    np.testing.assert_allclose(loss(MASKS[..., 0], AREAS), expected, rtol=1e-6)


def test_images_of_unknown_shape():
    for spec in (tf.TensorSpec(None), tf.TensorSpec([None] * 4)):
        for xla in (False, True):
            if xla and spec.shape.rank is None:
                continue
            graph = tf.function(
                dice_loss, input_signature=[spec] * 2, jit_compile=xla
            )
            value = graph(MASKS.astype("f"), AREAS.astype("f"))
            np.testing.assert_allclose(
                value, dice_loss(MASKS, AREAS), rtol=1e-6
            )


def test_tversky_knows_false_positives_from_false_negatives():
    # In Keras 3.15 they have changed places.
    missed = [[1.0, 1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0, 0.0]]
    alarmed = [[1.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0, 1.0]]
    for inputs, alpha, beta, expected in (
        (missed, 1, 0, 0.0),
        (missed, 0, 1, 0.75),
        (alarmed, 1, 0, 0.75),
        (alarmed, 0, 1, 0.0),
        # 0.2 * 3 / (1 + 0.2 * 3)
        (missed, 0.5, 0.2, 0.375),
    ):
        value = tversky_loss(*inputs, alpha=alpha, beta=beta, smooth=0)
        np.testing.assert_allclose(value, [expected], rtol=1e-6)


def test_tversky_in_between():
    areas = RANDOM.uniform(size=MASKS.shape)
    np.testing.assert_allclose(
        tversky_loss(MASKS, areas, alpha=0.5, beta=0.5, smooth=0.5),
        dice_loss(MASKS, areas, smooth=1),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        tversky_loss(MASKS, AREAS, alpha=1, beta=1, smooth=0),
        [
            1 - metrics.jaccard_score(mask.ravel(), area.ravel())
            for mask, area in zip(MASKS, AREAS, strict=True)
        ],
        rtol=1e-12,
    )


# Asymmetric loss


@pytest.mark.parametrize("from_logits", [True, False])
def test_asymmetric_without_asymmetry_is_cross_entropy(from_logits):
    labels = RANDOM.randint(2, size=LOGITS.shape).astype(float)
    scores = LOGITS if from_logits else tf.sigmoid(LOGITS).numpy()
    np.testing.assert_allclose(
        asymmetric_loss(
            labels,
            scores,
            gamma_positive=0,
            gamma_negative=0,
            shift=0,
            from_logits=from_logits,
        ),
        tf.keras.losses.binary_crossentropy(
            labels, scores, from_logits=from_logits
        ),
        rtol=1e-4,
    )


@pytest.mark.parametrize("from_logits", [True, False])
def test_asymmetric_by_hand(from_logits):
    hyper = {
        "gamma_positive": 2,
        "gamma_negative": 1,
        "shift": 0.25,
        "from_logits": from_logits,
    }
    for label, p, expected in (
        (1.0, 0.5, 0.25 * math.log(2)),
        (0.0, 0.75, 0.5 * math.log(2)),
        (0.0, 0.25, 0.0),
        (0.0, 0.125, 0.0),
        (0.5, 0.5, 0.125 * math.log(2) - 0.125 * math.log(0.75)),
    ):
        score = math.log(p / (1 - p)) if from_logits else p
        value = asymmetric_loss([label], [score], **hyper)
        np.testing.assert_allclose(value, [expected], rtol=1e-6, atol=1e-9)


def test_asymmetric_forgets_easy_negatives():
    _, gradient = value_and_gradient(
        asymmetric_loss, [0.0, 0.0, 1.0], [0.01, 0.04, 0.01]
    )
    assert gradient.numpy()[:2].tolist() == [0.0, 0.0]
    assert gradient.numpy()[2] < -1


def test_asymmetric_pulls_at_any_logit():
    _, gradient = value_and_gradient(
        asymmetric_loss, [1.0, 0.0], [-1e4, 1e4], shift=0, from_logits=True
    )
    np.testing.assert_allclose(gradient, [-1.0, 1.0])


def test_asymmetric_at_certain_probabilities():
    # the limits of the slopes at p = 1 and at p = 0
    _, gradient = value_and_gradient(
        asymmetric_loss, [1.0, 0.0], [1.0, 0.0], gamma_negative=0, shift=0
    )
    np.testing.assert_allclose(gradient, [-1.0, 1.0])
    _, gradient = value_and_gradient(
        asymmetric_loss,
        [1.0, 0.0],
        [1.0, 0.0],
        gamma_positive=0.5,
        gamma_negative=0.5,
        shift=0,
    )
    np.testing.assert_allclose(gradient, [0.0, 0.0], atol=1e-6)


def test_asymmetric_beyond_the_domain():
    value, gradient = value_and_gradient(
        asymmetric_loss, [1.0, 0.0, 1.0, 0.0], [-1e10, -1e10, 1e10, 1e10]
    )
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


# Sparsemax


def projections(scores):
    """Returns the nearest distributions, by bisection for the threshold."""
    low, high = scores.min(axis=1) - 1, scores.max(axis=1)
    for _ in range(100):
        middle = (low + high) / 2
        heights = np.maximum(scores - middle[:, np.newaxis], 0).sum(axis=1)
        low = np.where(heights > 1, middle, low)
        high = np.where(heights > 1, high, middle)
    return np.maximum(scores - low[:, np.newaxis], 0)


@pytest.mark.parametrize("scale", [0.01, 1, 100])
def test_sparsemax_is_the_nearest_distribution(scale):
    scores = scale * RANDOM.normal(size=(1000, 7))
    np.testing.assert_allclose(
        sparsemax(scores), projections(scores), atol=1e-12
    )
    # of Keras 3.15 every seventh row sums to 1
    sums = tf.reduce_sum(sparsemax(tf.cast(scores, tf.float32)), -1)
    np.testing.assert_allclose(sums, np.ones(1000), rtol=1e-5)


def test_sparsemax_by_hand():
    for scores, expected in (
        ([0.0, 0.5, 1.0], [0.0, 0.25, 0.75]),
        ([2.0, 2.0, 2.0, 2.0], [0.25, 0.25, 0.25, 0.25]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([-1e10, 1e10, 1e10], [0.0, 0.5, 0.5]),
        ([3.0], [1.0]),
    ):
        assert sparsemax(scores).numpy().tolist() == expected


def test_sparsemax_of_more_axes_and_none():
    scores = LOGITS.reshape(4, 2, 5, 5)
    np.testing.assert_array_equal(
        sparsemax(scores), tf.reshape(sparsemax(LOGITS), scores.shape)
    )
    assert sparsemax(LOGITS[:0]).shape == (0, 5)
    for refused in (1.0, np.zeros((2, 0))):
        with pytest.raises(ValueError, match=r"logits\.shape="):
            sparsemax(refused)


def test_sparsemax_has_its_slope():
    weights = RANDOM.normal(size=LOGITS.shape)

    def weighted(logits):
        return tf.reduce_sum(weights * sparsemax(logits))

    with tf.GradientTape() as tape:
        logits = tf.Variable(LOGITS)
        value = weighted(logits)
    np.testing.assert_allclose(
        tape.gradient(value, logits),
        difference_quotient(weighted, LOGITS, step=1e-6),
        atol=1e-7,
    )


def test_sparsemax_in_a_graph_and_in_xla():
    expected = sparsemax(LOGITS)
    for settings in ({}, {"jit_compile": True}):
        graph = tf.function(sparsemax, **settings)
        np.testing.assert_allclose(graph(LOGITS), expected, atol=1e-12)
    spec = tf.TensorSpec([None, None], tf.float64)
    graph = tf.function(sparsemax, input_signature=[spec])
    np.testing.assert_allclose(graph(LOGITS), expected, atol=1e-12)


def test_a_model_that_ends_in_sparsemax_is_saved(tmp_path):
    layer = tf.keras.layers.Dense(5, activation=sparsemax)
    model = tf.keras.Sequential([tf.keras.Input((5,)), layer])
    expected = model.predict(LOGITS, verbose=0)
    np.testing.assert_allclose(expected.sum(axis=1), np.ones(40), rtol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(LOGITS, verbose=0), expected)


def test_sparsemax_loss_by_hand():
    # two classes: 0 from a margin of 1, (1 - margin)^2 / 4, then -margin
    for margin, expected in ((2, 0), (1, 0), (0.5, 1 / 16), (-1, 1), (-3, 3)):
        value = sparsemax_loss([[1.0, 0.0]], [[margin / 2, -margin / 2]])
        np.testing.assert_allclose(value, [expected], rtol=1e-6)


@pytest.mark.parametrize("labels", [ONE_HOT, PROBABILITIES], ids=str)
def test_sparsemax_loss_of_distributions(labels):
    value, gradient = value_and_gradient(sparsemax_loss, labels, LOGITS)
    expected = reference.sparsemax_loss(labels.tolist(), LOGITS.tolist())
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        gradient, sparsemax(LOGITS) - labels, rtol=1e-12, atol=1e-12
    )


def test_sparsemax_loss_has_a_slope_by_the_labels():
    labels = tf.Variable(PROBABILITIES)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(sparsemax_loss(tf.nn.softmax(labels), LOGITS))
    # through a softmax, so that the labels sum to 1 beside them too
    expected = difference_quotient(
        lambda labels: tf.reduce_sum(
            sparsemax_loss(tf.nn.softmax(labels), LOGITS)
        ),
        PROBABILITIES,
    )
    np.testing.assert_allclose(
        tape.gradient(value, labels), expected, rtol=1e-6, atol=1e-7
    )


def test_sparsemax_loss_has_a_second_slope():
    logits = tf.Variable([[0.2, 0.1, -3.0]])
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = sparsemax_loss([[1.0, 0.0, 0.0]], logits)
        gradient = inner.gradient(value, logits)
    # two classes are above 0: 1 - 1/2 and -1/2
    second = outer.jacobian(gradient, logits)[0, :, 0]
    np.testing.assert_allclose(
        second, [[0.5, -0.5, 0.0], [-0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]
    )


def test_sparsemax_loss_takes_what_tensorflow_addons_does_not():
    expected = sparsemax_loss(ONE_HOT, LOGITS)
    # whole numbers, half precision, more axes, large logits
    value = sparsemax_loss(ONE_HOT.astype(int), LOGITS)
    np.testing.assert_array_equal(value, expected)
    half = sparsemax_loss(ONE_HOT, LOGITS.astype(np.float16))
    np.testing.assert_allclose(half, expected, rtol=1e-2, atol=1e-3)
    more = sparsemax_loss(ONE_HOT.reshape(8, 5, 5), LOGITS.reshape(8, 5, 5))
    np.testing.assert_array_equal(more, tf.reshape(expected, (8, 5)))
    far = sparsemax_loss(ONE_HOT, (2**20 + LOGITS).astype(np.float32))
    np.testing.assert_allclose(far, expected, atol=1)
    far = sparsemax_loss([[0.0, 1.0]], [[2.0**20, 2.0**20 + 0.5]])
    np.testing.assert_allclose(far, [1 / 16], rtol=1e-6)


def test_sparsemax_loss_is_never_negative():
    labels = tf.cast(sparsemax(LOGITS), tf.float32)
    value = sparsemax_loss(labels, LOGITS.astype(np.float32))
    assert np.min(value) >= 0
    np.testing.assert_allclose(value, np.zeros(40), atol=1e-12)
    assert SparsemaxLoss()(np.eye(3), 2 * np.eye(3)) == 0


# Weighted kappa


@pytest.mark.parametrize("weightage", ["linear", "quadratic"])
def test_kappa_of_hard_predictions(weightage):
    predicted = (CLASSES + RANDOM.randint(2, size=40)) % 5
    value = weighted_kappa_loss(
        ONE_HOT, np.eye(5)[predicted], weightage=weightage
    )
    kappa = metrics.cohen_kappa_score(CLASSES, predicted, weights=weightage)
    np.testing.assert_allclose(
        np.mean(value), math.log(1 - kappa + 1e-6), rtol=1e-9
    )


def test_kappa_as_documented_by_tensorflow_addons():
    labels = np.eye(4)[[2, 1, 0, 3]]
    predictions = [
        [0.1, 0.2, 0.6, 0.1],
        [0.1, 0.5, 0.3, 0.1],
        [0.8, 0.05, 0.05, 0.1],
        [0.01, 0.09, 0.1, 0.8],
    ]
    value = WeightedKappaLoss()(labels, predictions)
    np.testing.assert_allclose(value, -1.1611925, rtol=1e-6)


def test_kappa_shares_by_hand():
    # N = 0.25 + 0.75 and n D = 1.5 + 0.5: log(1 / 1) + 2 * N_i / 1 - 1
    labels = [[1.0, 0.0], [0.0, 1.0]]
    predictions = [[0.75, 0.25], [0.75, 0.25]]
    value = weighted_kappa_loss(labels, predictions)
    np.testing.assert_allclose(value, [-0.5, 0.5], atol=2e-6)


def test_kappa_of_soft_labels():
    # a label is where its distribution has its mean, as in TensorFlow Addons
    for weightage in ("linear", "quadratic"):
        value = weighted_kappa_loss(
            PROBABILITIES, PROBABILITIES[::-1], weightage=weightage
        )
        expected = reference.weighted_kappa_loss(
            PROBABILITIES.tolist(), PROBABILITIES[::-1].tolist(), weightage
        )
        np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_kappa_has_no_slope_where_there_is_nothing_to_learn():
    first, last = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
    for labels, predictions, expected in (
        # one class, predicted; one class, not predicted
        ([first, first], [first, first], math.log(1e-6)),
        ([first, first], [last, [0.2, 0.5, 0.3]], math.log(1 + 1e-6)),
    ):
        value, gradient = value_and_gradient(
            weighted_kappa_loss, labels, predictions
        )
        np.testing.assert_allclose(np.mean(value), expected, atol=1e-6)
        np.testing.assert_allclose(gradient, np.zeros((2, 3)), atol=1e-6)


def test_kappa_weighs_samples():
    # of a sample that counts twice, its own disagreement counts twice
    weights = np.linspace(0, 2, 40)

    def weighted(predictions):
        values = weighted_kappa_loss(ONE_HOT, predictions)
        return tf.reduce_sum(weights * values)

    predictions = tf.Variable(PROBABILITIES)
    with tf.GradientTape() as tape:
        value = weighted(predictions)
    np.testing.assert_allclose(
        tape.gradient(value, predictions),
        difference_quotient(weighted, PROBABILITIES),
        rtol=1e-6,
        atol=1e-7,
    )


def test_kappa_has_a_second_slope():
    def slope(predictions):
        predictions = tf.convert_to_tensor(predictions)
        _, gradient = value_and_gradient(
            weighted_kappa_loss, ONE_HOT[:4], predictions
        )
        return tf.reduce_sum(gradient[:, :2])

    predictions = tf.Variable(PROBABILITIES[:4])
    with tf.GradientTape() as tape:
        value = slope(predictions)
    np.testing.assert_allclose(
        tape.gradient(value, predictions),
        difference_quotient(slope, PROBABILITIES[:4]),
        rtol=1e-5,
        atol=1e-6,
    )


def test_kappa_needs_rows_of_classes():
    with pytest.raises(ValueError, match=r"\(batch, classes\).*\(1, 2, 3\)"):
        weighted_kappa_loss(np.ones((1, 2, 3)), np.ones((1, 2, 3)))


# Soft labels


def test_smooth_labels_as_in_keras():
    loss = tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.2)
    plain = tf.keras.losses.CategoricalCrossentropy()
    np.testing.assert_allclose(
        plain(smooth_labels(ONE_HOT, 0.2), PROBABILITIES),
        loss(ONE_HOT, PROBABILITIES),
        rtol=1e-6,
    )
    assert smooth_labels([[0, 1]], 0.0).numpy().tolist() == [[0.0, 1.0]]
    assert smooth_labels([0, 1], 1.0).numpy().tolist() == [0.5, 0.5]
    np.testing.assert_allclose(
        Poly1Loss()(smooth_labels(ONE_HOT, 0.2), PROBABILITIES),
        poly1_loss(0.8 * ONE_HOT + 0.04, PROBABILITIES).numpy().mean(),
        rtol=1e-6,
    )


def test_smooth_labels_refuses():
    for alpha in (-0.1, 1.1, None, math.nan):
        with pytest.raises((TypeError, ValueError), match="alpha must"):
            smooth_labels(ONE_HOT, alpha)
    with pytest.raises(ValueError, match="classes on the last axis"):
        smooth_labels(1.0, 0.1)


# Calibration


def calibration_error(labels, probabilities, bins, weights=None):
    """Returns the expected calibration error, sample by sample."""
    weights = np.ones(len(labels)) if weights is None else weights
    total = 0
    for k in range(bins):
        hits = confidences = 0
        for label, row, weight in zip(
            labels, probabilities, weights, strict=True
        ):
            confidence = max(row)
            low = -1 if k == 0 else k / bins
            if low < confidence <= (k + 1) / bins:
                hits += weight * (list(row).index(confidence) == label)
                confidences += weight * confidence
        total += abs(hits - confidences)
    return total / sum(weights)


@pytest.mark.parametrize("bins", [1, 2, 10, 15])
def test_calibration_error_sample_by_sample(bins):
    expected = calibration_error(CLASSES, PROBABILITIES, bins)
    assert expected > 0.01
    for labels in (CLASSES, CLASSES[:, np.newaxis], ONE_HOT, 1.0 * CLASSES):
        value = expected_calibration_error(labels, PROBABILITIES, bins=bins)
        assert value.shape == ()
        np.testing.assert_allclose(value, expected, rtol=1e-12)
        metric = ExpectedCalibrationError(bins=bins)
        for part in (slice(7), slice(7, 8), slice(8, None)):
            metric.update_state(labels[part], PROBABILITIES[part])
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


def test_calibration_error_of_edges():
    # a confidence of 0.2 belongs to (0, 0.2], with 0.1; 0.4 to the next
    rows = np.float32([[0.1] * 10, [0.2] * 5 + [0] * 5, [0.4, 0.4] + [0] * 8])
    value = expected_calibration_error([0, 1, 0], rows, bins=5)
    np.testing.assert_allclose(value, (abs(1 - 0.3) + 0.6) / 3, rtol=1e-6)
    # one hit at each edge, and a miss a little below or above
    for k in range(1, 15):
        edge = np.float32(k / 15)
        for other, expected in (
            (np.nextafter(edge, np.float32(0)), abs(1 - 2 * edge) / 2),
            (np.nextafter(edge, np.float32(1)), 0.5),
        ):
            rows = [[edge, np.float32(0)], [other, np.float32(0)]]
            value = expected_calibration_error([0, 1], np.float32(rows))
            np.testing.assert_allclose(value, expected, atol=1e-6)


def test_calibration_error_of_two_classes():
    p = RANDOM.uniform(size=40)
    labels = RANDOM.randint(2, size=40)
    rows = np.stack([1 - p, p], axis=1)
    expected = calibration_error(labels, rows, 15)
    for given in (p, p[:, np.newaxis], rows):
        for classes in (labels, labels[:, np.newaxis]):
            value = expected_calibration_error(classes, given)
            np.testing.assert_allclose(value, expected, rtol=1e-12)
    # 0.5 predicts class 0
    assert float(expected_calibration_error([0, 1], [0.5, 0.5])) == 0
    assert float(expected_calibration_error([1], [0.5])) == 0.5


def test_calibration_error_of_nothing():
    assert float(expected_calibration_error([], np.zeros((0, 3)))) == 0
    assert float(ExpectedCalibrationError().result()) == 0


def test_calibration_error_refuses():
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 1"):
        expected_calibration_error(CLASSES, LOGITS)
    for labels, predictions in (
        (CLASSES[:3], PROBABILITIES),
        (ONE_HOT[:, :3], PROBABILITIES),
        (CLASSES, PROBABILITIES[np.newaxis]),
        (1, 0.5),
    ):
        with pytest.raises(ValueError, match=r"y_true\.shape=.*y_pred\.shape"):
            expected_calibration_error(labels, predictions)
    for bins in (0, -1, 1.5, "many", None, math.inf):
        with pytest.raises((TypeError, ValueError), match="bins must"):
            expected_calibration_error(CLASSES, PROBABILITIES, bins=bins)
        with pytest.raises((TypeError, ValueError), match="bins must"):
            ExpectedCalibrationError(bins=bins)


def test_calibration_error_in_a_graph_and_in_xla():
    expected = calibration_error(CLASSES, PROBABILITIES, 15)
    for settings in ({}, {"jit_compile": True}):
        graph = tf.function(expected_calibration_error, **settings)
        value = graph(CLASSES, tf.constant(PROBABILITIES))
        np.testing.assert_allclose(value, expected, rtol=1e-12)
    graph = tf.function(
        expected_calibration_error,
        input_signature=[
            tf.TensorSpec([None], tf.int64),
            tf.TensorSpec([None, None], tf.float64),
        ],
    )
    value = graph(CLASSES, PROBABILITIES)
    np.testing.assert_allclose(value, expected, rtol=1e-12)


def test_calibration_metric_with_weights():
    weights = RANDOM.uniform(size=40)
    expected = calibration_error(CLASSES, PROBABILITIES, 15, weights)
    for given in (weights, weights[:, np.newaxis]):
        metric = ExpectedCalibrationError()
        metric.update_state(CLASSES, PROBABILITIES, sample_weight=given)
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)
    metric.reset_state()
    assert float(metric.result()) == 0


def test_calibration_metric_is_made_again_from_its_configuration():
    metric = ExpectedCalibrationError(bins=7, name="mine")
    config = metric.get_config()
    assert {"bins": 7, "name": "mine"}.items() <= config.items()
    again = ExpectedCalibrationError.from_config(config)
    assert again.get_config() == config
    text = tf.keras.metrics.serialize(metric)
    again = tf.keras.metrics.deserialize(text)
    assert isinstance(again, ExpectedCalibrationError)
    assert again.get_config() == config


def classifier(outputs, loss, **settings):
    """Returns a compiled model of one layer, which reports calibration."""
    activation = "softmax" if outputs > 1 else "sigmoid"
    layer = tf.keras.layers.Dense(outputs, activation)
    model = tf.keras.Sequential([tf.keras.Input((5,)), layer])
    model.set_weights(
        [RANDOM.normal(size=w.shape) for w in model.get_weights()]
    )
    metric = ExpectedCalibrationError(name="calibration")
    model.compile(
        tf.keras.optimizers.SGD(0.1), loss, metrics=[metric], **settings
    )
    return model


@pytest.mark.parametrize(
    ("outputs", "loss", "labels"),
    [
        (5, "sparse_categorical_crossentropy", CLASSES),
        (5, Poly1Loss(), ONE_HOT),
        (1, "binary_crossentropy", CLASSES % 2),
        (1, "binary_crossentropy", CLASSES[:, np.newaxis] % 2),
    ],
    ids=["classes", "one-hot", "binary", "binary in a column"],
)
def test_calibration_metric_in_training(outputs, loss, labels, tmp_path):
    model = classifier(outputs, loss)
    probabilities = model.predict(LOGITS, verbose=0)
    if outputs == 1:
        probabilities = np.concatenate([1 - probabilities, probabilities], 1)
    classes = CLASSES % 2 if outputs == 1 else CLASSES
    expected = calibration_error(classes, probabilities, 15)
    # the batches of an epoch are one set of samples
    results = model.evaluate(
        LOGITS, labels, batch_size=7, verbose=0, return_dict=True
    )
    np.testing.assert_allclose(results["calibration"], expected, rtol=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = tf.keras.models.load_model(tmp_path / "model.keras")
    again = loaded.evaluate(
        LOGITS, labels, batch_size=40, verbose=0, return_dict=True
    )
    np.testing.assert_allclose(again["calibration"], expected, rtol=1e-4)
    history = model.fit(LOGITS, labels, epochs=2, verbose=0).history
    assert len(set(history["calibration"])) == 2
    assert all(0 < value < 1 for value in history["calibration"])


def test_calibration_metric_on_two_replicas(two_replicas):
    with two_replicas.scope():
        model = classifier(5, "sparse_categorical_crossentropy")
    probabilities = model.predict(LOGITS, batch_size=8, verbose=0)
    expected = calibration_error(CLASSES, probabilities, 15)
    results = model.evaluate(
        LOGITS, CLASSES, batch_size=8, verbose=0, return_dict=True
    )
    np.testing.assert_allclose(results["calibration"], expected, rtol=1e-4)
