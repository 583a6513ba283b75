"""Where `lossutils.addons` gives other results than TensorFlow Addons, and why.

One test a fault: what is right, in every lane, and beside it what TensorFlow
Addons 0.23 gives, where it installs.
"""

import sys

import numpy as np
import pytest
import tensorflow as tf

from lossutils import addons as ours

in_addons_lane = pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="TensorFlow Addons ends with Python 3.11",
)


@pytest.fixture(scope="module")
def theirs():
    import tensorflow_addons

    return tensorflow_addons.losses


RANDOM = np.random.RandomState(0)
E = RANDOM.normal(size=(8, 16)).astype(np.float32)
UNIT = E / np.linalg.norm(E, axis=1, keepdims=True)
PAIRS = np.array([0, 0, 1, 1, 2, 2, 3, 3])
# Batches in which nothing can be compared: no positive, or no negative.
ALONE = [
    pytest.param(np.arange(8), UNIT, id="all distinct"),
    pytest.param(np.zeros(8, int), UNIT, id="one class"),
    pytest.param(np.array([5]), UNIT[:1], id="one sample"),
]
nothing_to_compare = pytest.mark.parametrize(("labels", "vectors"), ALONE)


def value_and_gradient(function, labels, predictions):
    predictions = tf.convert_to_tensor(predictions)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = function(labels, predictions)
    return np.asarray(value), np.asarray(tape.gradient(value, predictions))


def distances(vectors):
    """Returns all distances, in double precision and by subtraction."""
    vectors = vectors.astype(np.float64)
    differences = vectors[:, np.newaxis] - vectors[np.newaxis]
    return np.sqrt(np.sum(differences**2, axis=-1))


def hard_differences(labels, vectors):
    """Returns farthest positive less nearest negative, where both exist."""
    found = []
    for i, row in enumerate(distances(vectors)):
        positives = (labels == labels[i]) & (np.arange(len(labels)) != i)
        negatives = labels != labels[i]
        if positives.any() and negatives.any():
            found.append(row[positives].max() - row[negatives].min())
    return np.array(found)


def step(loss, x, labels, outputs, sample_weight=None, **layer):
    """Returns by how much a step of gradient descent moves the weights."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input((x.shape[1],)),
            tf.keras.layers.Dense(outputs, use_bias=False, **layer),
        ]
    )
    random = np.random.RandomState(1)
    before = random.normal(size=(x.shape[1], outputs)).astype(np.float32)
    model.set_weights([before])
    model.compile(tf.keras.optimizers.SGD(1.0), loss)
    model.fit(
        x,
        labels,
        sample_weight=sample_weight,
        batch_size=len(x),
        shuffle=False,
        verbose=0,
    )
    return before - model.get_weights()[0]


# 1. A batch without a pair, or without a negative, trained towards NaN.


@nothing_to_compare
def test_01_semi_hard_triplets_with_nothing_to_compare(labels, vectors):
    for loss in (ours.triplet_semihard_loss, ours.TripletSemiHardLoss()):
        value, gradient = value_and_gradient(loss, labels, vectors)
        assert value == 0
        assert not gradient.any()


@in_addons_lane
@nothing_to_compare
def test_01_in_addons(labels, vectors, theirs):
    value, gradient = value_and_gradient(
        theirs.triplet_semihard_loss, labels, vectors
    )
    if len(vectors) > 1 and not labels.any():
        # of one class, it pulls the anchors to themselves
        np.testing.assert_allclose(value, 2.450588, rtol=1e-5)
        assert gradient.any()
    else:
        assert np.isnan(value)
        assert np.isnan(gradient).any()


# 2. The same of hard triplets: a false number.


@nothing_to_compare
def test_02_hard_triplets_with_nothing_to_compare(labels, vectors):
    for loss in (ours.triplet_hard_loss, ours.TripletHardLoss()):
        value, gradient = value_and_gradient(loss, labels, vectors / 2)
        assert value == 0
        assert not gradient.any()


@in_addons_lane
@nothing_to_compare
def test_02_in_addons(labels, vectors, theirs):
    value, gradient = value_and_gradient(
        theirs.triplet_hard_loss, labels, vectors / 2
    )
    assert value > 0.3
    assert gradient.any() == (np.ptp(labels) > 0)


# 3. Anchors without a positive count in the mean of hard triplets.

SINGLES = np.array([0, 0, 1, 1, 2, 3])


def test_03_only_anchors_with_a_positive_count():
    expected = np.maximum(hard_differences(SINGLES, UNIT[:6]) + 1, 0)
    assert len(expected) == 4
    for loss in (ours.triplet_hard_loss, ours.TripletHardLoss()):
        value, _ = value_and_gradient(loss, SINGLES, UNIT[:6])
        np.testing.assert_allclose(value, expected.mean(), rtol=1e-6)


@in_addons_lane
def test_03_in_addons(theirs):
    expected = np.maximum(hard_differences(SINGLES, UNIT[:6]) + 1, 0)
    value = theirs.triplet_hard_loss(SINGLES, UNIT[:6])
    assert value < 0.75 * expected.mean()


# 4. Lifted structure with nothing to compare: NaN.


@nothing_to_compare
def test_04_lifted_structure_with_nothing_to_compare(labels, vectors):
    for loss in (ours.lifted_struct_loss, ours.LiftedStructLoss()):
        value, gradient = value_and_gradient(loss, labels, vectors)
        assert value == 0
        assert not gradient.any()


@in_addons_lane
@nothing_to_compare
def test_04_in_addons(labels, vectors, theirs):
    value, gradient = value_and_gradient(
        theirs.lifted_struct_loss, labels, tf.constant(vectors)
    )
    assert np.isnan(value)
    assert np.isnan(gradient).any()


# 5. Double precision is refused.

MINING = ["triplet_semihard_loss", "triplet_hard_loss", "lifted_struct_loss"]
each_mining_loss = pytest.mark.parametrize("name", MINING)


@each_mining_loss
def test_05_double_precision(name):
    loss = getattr(ours, name)
    value, gradient = value_and_gradient(loss, PAIRS, UNIT.astype(np.float64))
    assert value.dtype == gradient.dtype == np.float64
    single, _ = value_and_gradient(loss, PAIRS, UNIT)
    np.testing.assert_allclose(single, value, rtol=1e-5)


@in_addons_lane
@each_mining_loss
def test_05_in_addons(name, theirs):
    with pytest.raises(TypeError):
        getattr(theirs, name)(PAIRS, tf.constant(UNIT, tf.float64))


# 6. Lists are refused by one loss of the three.


@each_mining_loss
def test_06_lists(name):
    loss = getattr(ours, name)
    value = loss(PAIRS.tolist(), UNIT.tolist())
    np.testing.assert_array_equal(value, loss(PAIRS, tf.constant(UNIT)))


@in_addons_lane
def test_06_in_addons(theirs):
    with pytest.raises(AttributeError):
        theirs.lifted_struct_loss(PAIRS.tolist(), UNIT.tolist())


# 7. The soft margin overflows: log1p(exp(x)).


def test_07_soft_margin_of_great_distances():
    for loss in (
        lambda y, x: ours.triplet_hard_loss(y, x, soft=True),
        ours.TripletHardLoss(soft=True),
    ):
        value, gradient = value_and_gradient(loss, PAIRS, 100 * E)
        expected = np.mean(np.logaddexp(0, hard_differences(PAIRS, 100 * E)))
        np.testing.assert_allclose(value, expected, rtol=1e-6)
        assert np.isfinite(gradient).all()
        assert gradient.any()


@in_addons_lane
def test_07_in_addons(theirs):
    value, gradient = value_and_gradient(
        lambda y, x: theirs.triplet_hard_loss(y, x, soft=True), PAIRS, 100 * E
    )
    assert np.isinf(value)
    assert np.isnan(gradient).any()


# 8. Near duplicates: |a|^2 - 2 ab + |b|^2 keeps no digit of their distance.


def near_duplicates(gap):
    """Returns an anchor, a positive `gap` away, and the anchor once more."""
    vectors = np.stack([UNIT[0]] * 3)
    vectors[1, 0] += gap
    return np.array([0, 0, 1]), vectors


@pytest.mark.parametrize("gap", [0.0, 1e-4, 1e-3])
def test_08_near_duplicates(gap):
    labels, vectors = near_duplicates(gap)
    value, gradient = value_and_gradient(
        lambda y, x: ours.triplet_semihard_loss(y, x, margin=0.0),
        labels,
        vectors,
    )
    # the pair of the anchor costs the gap; that of the positive nothing
    expected = distances(vectors)[0, 1] / 2
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    # a slope of 1, halved; and none at distance 0
    slope = np.linalg.norm(gradient[1])
    np.testing.assert_allclose(slope, 0.5 if gap else 0, rtol=1e-6)


@in_addons_lane
@pytest.mark.parametrize("gap", [1e-4, 1e-3])
def test_08_in_addons(gap, theirs):
    from tensorflow_addons.losses.metric_learning import pairwise_distance

    _, vectors = near_duplicates(gap)
    value, gradient = value_and_gradient(
        lambda _, x: pairwise_distance(x)[0, 1], None, vectors
    )
    assert abs(value / distances(vectors)[0, 1] - 1) > 0.02
    assert abs(np.linalg.norm(gradient[0]) - 1) > 0.02


# 9. Vectors far from the origin lose the same digits.


@pytest.mark.parametrize("offset", [0, 10, 100, 1000])
def test_09_vectors_far_from_the_origin(offset):
    vectors = E + np.float32(offset)
    expected = np.mean(np.maximum(hard_differences(PAIRS, vectors) + 1, 0))
    value = ours.triplet_hard_loss(PAIRS, vectors)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@in_addons_lane
def test_09_in_addons(theirs):
    vectors = E + np.float32(1000)
    expected = np.mean(np.maximum(hard_differences(PAIRS, vectors) + 1, 0))
    value = theirs.triplet_hard_loss(PAIRS, vectors)
    assert abs(value / expected - 1) > 0.02


# 10. N-pairs: NaN for labels in a column, which is how Keras 2 hands them on.

SIMILARITIES = UNIT @ UNIT.T


@tf.keras.utils.register_keras_serializable(package="tests")
class Similarities(tf.keras.layers.Layer):
    """The products of all pairs of a batch."""

    def call(self, vectors):
        return tf.matmul(vectors, vectors, transpose_b=True)


def trained_on_pairs(loss):
    """Returns the losses of three steps."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input((16,)),
            tf.keras.layers.Dense(4),
            Similarities(),
        ]
    )
    weights = 0.3 * np.random.RandomState(6).normal(size=(16, 4))
    model.set_weights([weights, np.zeros(4)])
    model.compile(tf.keras.optimizers.SGD(0.1), loss)
    history = model.fit(E, PAIRS, batch_size=8, epochs=3, verbose=0)
    return history.history["loss"]


def test_10_labels_in_a_column():
    expected = ours.npairs_loss(PAIRS, SIMILARITIES)
    # log of the row's sum, less the mean of the class' similarities
    same = PAIRS[:, np.newaxis] == PAIRS
    rows = np.log(np.exp(SIMILARITIES).sum(1)) - SIMILARITIES[same].reshape(
        8, 2
    ).mean(1)
    np.testing.assert_allclose(expected, rows.mean(), rtol=1e-6)
    for loss in (ours.npairs_loss, ours.NpairsLoss()):
        value = loss(PAIRS[:, np.newaxis], SIMILARITIES)
        np.testing.assert_allclose(value, expected, rtol=1e-6)
    losses = trained_on_pairs(ours.NpairsLoss())
    assert losses[2] < losses[1] < losses[0] < np.inf


@in_addons_lane
def test_10_in_addons(theirs):
    assert np.isnan(theirs.npairs_loss(PAIRS[:, np.newaxis], SIMILARITIES))
    assert np.isnan(trained_on_pairs(theirs.NpairsLoss())).all()


# 11. N-pairs: labels are rounded to the type of the predictions.

TWO = np.array([[4, 0], [0, 4]])


@pytest.mark.parametrize(
    ("label", "dtype"), [(2048, np.float16), (2**24, np.float32)]
)
def test_11_labels_that_round_to_one_number(label, dtype):
    labels = np.array([label, label + 1])
    for loss in (ours.npairs_loss, ours.NpairsLoss()):
        value = loss(labels, TWO.astype(dtype))
        # log(1 + exp(-4))
        np.testing.assert_allclose(value, 0.01814993, rtol=1e-5)


@in_addons_lane
def test_11_in_addons(theirs):
    for label, dtype in ((2048, np.float16), (2**24, np.float32)):
        labels = np.array([label, label + 1])
        value = theirs.npairs_loss(labels, TWO.astype(dtype))
        np.testing.assert_allclose(value, 2.018, rtol=1e-3)


# 12. N-pairs of several labels: 0 / 0 for a sample without any.

LABELS = np.array([[1, 0], [0, 1], [0, 0]])
THREE = np.array([[4, 0, 0], [0, 4, 0], [1, 2, 3]], np.float32)


def test_12_a_sample_without_label():
    for loss in (ours.npairs_multilabel_loss, ours.NpairsMultilabelLoss()):
        value, gradient = value_and_gradient(loss, LABELS, THREE)
        # the mean of the other two rows, log(1 + 2 exp(-4))
        np.testing.assert_allclose(value, 0.035976, rtol=1e-4)
        assert gradient[:2].all()
        assert not gradient[2].any()


@in_addons_lane
def test_12_in_addons(theirs):
    assert np.isnan(theirs.npairs_multilabel_loss(LABELS, THREE))


# 13. Focal loss is not reduced: `fit` follows the sum, 32 times the slope.

X = np.random.RandomState(2).normal(size=(32, 8)).astype(np.float32)
Y = np.random.RandomState(3).randint(2, size=(32, 1)).astype(np.float32)
FOCAL = {"outputs": 1, "activation": "sigmoid"}


def test_13_focal_loss_follows_the_mean():
    moved = step(ours.SigmoidFocalCrossEntropy(), X, Y, **FOCAL)
    mean = step(ours.SigmoidFocalCrossEntropy(reduction="sum"), X, Y, **FOCAL)
    np.testing.assert_allclose(32 * moved, mean, rtol=1e-4)


@in_addons_lane
def test_13_in_addons(theirs):
    moved = step(theirs.SigmoidFocalCrossEntropy(), X, Y, **FOCAL)
    mean = step(ours.SigmoidFocalCrossEntropy(), X, Y, **FOCAL)
    np.testing.assert_allclose(moved, 32 * mean, rtol=1e-4)


# 14. Focal loss: an alpha of 0 is not used; gamma may not be a tensor.


def test_14_alpha_of_zero_and_gamma_of_a_tensor():
    for loss in (
        lambda y, p, **hyper: ours.sigmoid_focal_crossentropy(y, p, **hyper),
        lambda y, p, **hyper: ours.SigmoidFocalCrossEntropy(**hyper)(y, p),
    ):
        assert loss([[1.0]], [[0.5]], alpha=0.0) == 0
        # (1/4) (1/2)^2 log 2
        np.testing.assert_allclose(
            loss([[1.0]], [[0.5]], gamma=tf.constant(2.0)),
            np.log(2) / 16,
            rtol=1e-5,
        )


@in_addons_lane
def test_14_in_addons(theirs):
    value = theirs.sigmoid_focal_crossentropy([[1.0]], [[0.5]], alpha=0.0)
    np.testing.assert_allclose(value, np.log(2) / 4, rtol=1e-5)
    with pytest.raises(TypeError):
        theirs.sigmoid_focal_crossentropy(
            [[1.0]], [[0.5]], gamma=tf.constant(2.0)
        )


# 15. Focal loss: shapes broadcast, and one axis sums over the batch.

FOUR_LABELS = np.float32([1, 0, 1, 0])
FOUR = np.float32([0.9, 0.2, 0.6, 0.4])
FOUR_VALUES = [0.0002634, 0.0066943, 0.0204330, 0.0612990]


def test_15_each_label_meets_its_own_prediction():
    for labels in (FOUR_LABELS, FOUR_LABELS[:, np.newaxis]):
        for predictions in (FOUR, FOUR[:, np.newaxis]):
            for loss in (
                ours.sigmoid_focal_crossentropy,
                ours.SigmoidFocalCrossEntropy(reduction="none"),
            ):
                value = loss(labels, predictions)
                np.testing.assert_allclose(value, FOUR_VALUES, rtol=1e-4)


@in_addons_lane
def test_15_in_addons(theirs):
    loss = theirs.sigmoid_focal_crossentropy
    right = loss(FOUR_LABELS[:, np.newaxis], FOUR[:, np.newaxis])
    np.testing.assert_allclose(right, FOUR_VALUES, rtol=1e-4)
    crossed = loss(FOUR_LABELS, FOUR[:, np.newaxis])
    np.testing.assert_allclose(
        crossed, [2.798166, 0.528409, 0.535663, 0.287530], rtol=1e-4
    )
    np.testing.assert_allclose(
        loss(FOUR_LABELS, FOUR), sum(FOUR_VALUES), rtol=1e-4
    )


# 16. Sample weights: a weight of 1 each trains 32 times as fast, and a direct
# call raises.

CLASSES = np.arange(32) % 8


def test_16_sample_weights():
    loss = ours.TripletSemiHardLoss()
    plain = step(loss, X, CLASSES, 4)
    ones = step(loss, X, CLASSES, 4, sample_weight=np.ones(32))
    np.testing.assert_allclose(ones, plain, rtol=1e-4, atol=1e-7)
    twos = step(loss, X, CLASSES, 4, sample_weight=np.full(32, 2.0))
    np.testing.assert_allclose(twos, 2 * plain, rtol=1e-4, atol=1e-7)
    weights = np.linspace(0, 2, 32).astype(np.float32)
    values = ours.TripletSemiHardLoss(reduction="none")(CLASSES, X)
    np.testing.assert_allclose(
        loss(CLASSES, X, sample_weight=weights),
        np.mean(values * weights),
        rtol=1e-5,
    )


@in_addons_lane
def test_16_in_addons(theirs):
    loss = theirs.TripletSemiHardLoss()
    plain = step(loss, X, CLASSES, 4)
    ones = step(loss, X, CLASSES, 4, sample_weight=np.ones(32))
    np.testing.assert_allclose(ones, 32 * plain, rtol=1e-4, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        loss(CLASSES, X, sample_weight=np.ones(32, np.float32))


# 17. Two replicas: slopes are added up, not averaged. Each mines its own half.


def step_of_two(loss, two_replicas):
    with two_replicas.scope():
        return step(loss, X, CLASSES, 4)


@pytest.fixture(scope="module")
def step_of_halves():
    """The mean of the steps on each half of the batch."""
    loss = ours.TripletSemiHardLoss()
    halves = slice(16), slice(16, 32)
    return sum(step(loss, X[half], CLASSES[half], 4) for half in halves) / 2


def test_17_two_replicas(step_of_halves, two_replicas):
    moved = step_of_two(ours.TripletSemiHardLoss(), two_replicas)
    np.testing.assert_allclose(moved, step_of_halves, rtol=1e-4, atol=1e-6)


@in_addons_lane
def test_17_in_addons(step_of_halves, theirs, two_replicas):
    moved = step_of_two(theirs.TripletSemiHardLoss(), two_replicas)
    np.testing.assert_allclose(moved, 2 * step_of_halves, rtol=1e-4, atol=1e-6)


# 18. Boxes in half precision: an area of 300 x 300 is infinite.

BOX, OTHER_BOX = [[0.0, 0, 300, 300]], [[10.0, 10, 300, 300]]


def test_18_great_boxes_in_half_precision():
    for loss in (ours.giou_loss, ours.GIoULoss()):
        value, gradient = value_and_gradient(
            loss, np.float16(BOX), np.float16(OTHER_BOX)
        )
        # 1 - 290^2 / 300^2
        np.testing.assert_allclose(value, 0.065556, rtol=1e-4)
        assert np.isfinite(gradient).all()
        assert gradient.any()


@in_addons_lane
def test_18_in_addons(theirs):
    value, gradient = value_and_gradient(
        theirs.giou_loss, np.float16(BOX), np.float16(OTHER_BOX)
    )
    assert np.isnan(value)
    assert np.isnan(gradient).any()


# 19. An inverted or collapsed box has no slope, and so stays as it is.

TARGET = np.float32([[0, 0, 10, 10]])
each_dead_box = pytest.mark.parametrize(
    "box", [[6, 6, 4, 4], [5, 2, 5, 8]], ids=["inverted", "collapsed"]
)
each_mode = pytest.mark.parametrize("mode", ["giou", "iou"])


@each_dead_box
@each_mode
def test_19_dead_boxes_can_grow(box, mode):
    loss = ours.GIoULoss(mode)
    value, gradient = value_and_gradient(loss, TARGET, np.float32([box]))
    assert gradient.any()
    # a step downhill makes the loss less
    after = loss(TARGET, box - 0.1 * gradient / np.abs(gradient).max())
    assert after < value


@each_mode
def test_19_a_point_has_no_slope(mode):
    """The area of a point, 0 times 0, does not grow with one side."""
    value, gradient = value_and_gradient(
        ours.GIoULoss(mode), TARGET, np.float32([[5, 5, 5, 5]])
    )
    assert value == 1
    assert not gradient.any()


@in_addons_lane
@each_dead_box
@each_mode
def test_19_in_addons(box, mode, theirs):
    value, gradient = value_and_gradient(
        theirs.GIoULoss(mode), TARGET, np.float32([box])
    )
    np.testing.assert_array_equal(value, 1)
    assert not gradient.any()


# 20. Two identical boxes without an area: the loss is 1.

POINT = np.float32([[5, 5, 5, 5]])


@each_mode
def test_20_identical_points(mode):
    value, gradient = value_and_gradient(ours.GIoULoss(mode), POINT, POINT)
    assert value == 0
    assert np.isfinite(gradient).all()


@in_addons_lane
def test_20_in_addons(theirs):
    np.testing.assert_array_equal(theirs.giou_loss(POINT, POINT), 1)


# 21. Axes of length 1 are dropped.

BOX_SHAPES = [(1, 5, 4), (5, 1, 4), (1, 4), (4,)]


def some_boxes(shape):
    return np.broadcast_to(np.float32([0, 0, 2, 3]), shape)


@pytest.mark.parametrize("shape", BOX_SHAPES, ids=str)
def test_21_every_box_keeps_its_place(shape):
    boxes = some_boxes(shape)
    assert ours.giou_loss(boxes, boxes).shape == shape[:-1]
    assert ours.giou_loss(boxes, boxes, "iou").shape == shape[:-1]


@in_addons_lane
def test_21_in_addons(theirs):
    found = [
        theirs.giou_loss(some_boxes(shape), some_boxes(shape)).shape
        for shape in BOX_SHAPES
    ]
    assert found == [(5,), (5,), (), ()]


# 22. Labels (4,) and predictions (4, 1) become 16 values.

GAPS = np.float32([0.2, 0.9, 0.5, 1.4])
SOME = np.float32([1, 2, 3, 4]), np.float32([1.5, 1, 3.5, 2])


def test_22_labels_and_predictions_do_not_broadcast():
    for labels in (FOUR_LABELS, FOUR_LABELS[:, np.newaxis]):
        value = ours.ContrastiveLoss()(labels, GAPS[:, np.newaxis])
        # (0.2^2 + 0.1^2 + 0.5^2 + 0) / 4
        np.testing.assert_allclose(value, 0.075, rtol=1e-5)
    for labels in (SOME[0], SOME[0][:, np.newaxis]):
        value = ours.PinballLoss(0.9)(labels, SOME[1][:, np.newaxis])
        # (0.05 + 0.9 + 0.05 + 1.8) / 4
        np.testing.assert_allclose(value, 0.7, rtol=1e-5)


@in_addons_lane
def test_22_in_addons(theirs):
    value = theirs.ContrastiveLoss()(
        tf.constant(FOUR_LABELS), tf.constant(GAPS[:, np.newaxis])
    )
    np.testing.assert_allclose(value, 0.495, rtol=1e-5)
    value = theirs.PinballLoss(0.9)(
        tf.constant(SOME[0]), tf.constant(SOME[1][:, np.newaxis])
    )
    np.testing.assert_allclose(value, 0.825, rtol=1e-5)


# 23. A quantile above 1: the loss has no lower bound.


def test_23_a_level_must_lie_between_0_and_1():
    with pytest.raises(ValueError, match="tau must be between 0 and 1"):
        ours.PinballLoss(1.5)
    with pytest.raises(ValueError, match="tau must be between 0 and 1"):
        ours.pinball_loss([[0.0]], [[4.0]], 1.5)


@in_addons_lane
def test_23_in_addons(theirs):
    value = theirs.PinballLoss(1.5)(tf.constant([[0.0]]), tf.constant([[4.0]]))
    np.testing.assert_allclose(value, -2)


# 24. Sparsemax: integer labels and half precision raise, more axes are wrong.

SCORES = np.random.RandomState(4).normal(size=(2, 5, 4)).astype(np.float32)
HOT = np.eye(4, dtype=np.float32)[
    np.random.RandomState(5).randint(4, size=(2, 5))
]
FLAT = HOT.reshape(-1, 4), SCORES.reshape(-1, 4)


def test_24_sparsemax_of_integers_half_precision_and_more_axes():
    loss = ours.SparsemaxLoss()
    expected = float(loss(*FLAT))
    value = loss(FLAT[0].astype(int), FLAT[1])
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    value = loss(*(np.float16(array) for array in FLAT))
    np.testing.assert_allclose(value, expected, rtol=1e-2)
    np.testing.assert_allclose(loss(HOT, SCORES), expected, rtol=1e-6)
    values = ours.SparsemaxLoss(reduction="none")(HOT, SCORES)
    assert values.shape == (2, 5)
    # class numbers are no distribution
    with pytest.raises(ValueError, match="must have the same shape"):
        loss(FLAT[0].argmax(1), FLAT[1])


@in_addons_lane
def test_24_in_addons(theirs):
    loss = theirs.SparsemaxLoss()
    for labels in (FLAT[0].astype(int), FLAT[0].argmax(1)):
        with pytest.raises(TypeError):
            loss(tf.constant(labels), tf.constant(FLAT[1]))
    with pytest.raises(ValueError):
        loss(*(tf.constant(array, tf.float16) for array in FLAT))
    expected = float(loss(*map(tf.constant, FLAT)))
    np.testing.assert_allclose(expected, ours.SparsemaxLoss()(*FLAT), rtol=1e-5)
    value = float(loss(tf.constant(HOT), tf.constant(SCORES)))
    # the sum over 5 x 4 of a sample, of which the mean is over 2 x 4
    np.testing.assert_allclose(value, 10 / 8 * expected, rtol=1e-5)
    none = theirs.SparsemaxLoss(reduction="none")
    assert none(tf.constant(HOT), tf.constant(SCORES)).shape == (2, 4)


# 25. Kappa takes no sample weights. Its slope of up to 1 / epsilon where all
# is right belongs to its logarithm, and is here too.

KAPPA_LABELS = np.eye(3, dtype=np.float32)
KAPPA = np.float32([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])


def test_25_kappa_takes_sample_weights():
    loss = ours.WeightedKappaLoss(num_classes=3)
    value, gradient = value_and_gradient(loss, KAPPA_LABELS, KAPPA_LABELS)
    np.testing.assert_allclose(value, np.log(1e-6), rtol=1e-5)
    assert np.isfinite(gradient).all()
    plain, slope = value_and_gradient(loss, KAPPA_LABELS, KAPPA)
    for weight in (1.0, 2.0):
        weights = np.full(3, weight, np.float32)
        value, gradient = value_and_gradient(
            lambda y, p, w=weights: loss(y, p, sample_weight=w),
            KAPPA_LABELS,
            KAPPA,
        )
        np.testing.assert_allclose(value, weight * plain, rtol=1e-5)
        np.testing.assert_allclose(gradient, weight * slope, rtol=1e-4)


@in_addons_lane
def test_25_in_addons(theirs):
    loss = theirs.WeightedKappaLoss(num_classes=3)
    value, gradient = value_and_gradient(loss, KAPPA_LABELS, KAPPA_LABELS)
    np.testing.assert_allclose(value, np.log(1e-6), rtol=1e-5)
    assert np.abs(gradient).max() > 1e5
    with pytest.raises(tf.errors.InvalidArgumentError):
        loss(KAPPA_LABELS, KAPPA, sample_weight=np.ones(3, np.float32))


# 26. Contrastive labels: 1 is the same class, the reverse of the paper. That
# is kept, and said.


def test_26_a_label_of_1_means_the_same_class():
    value = ours.contrastive_loss([1, 0], [0.25, 0.25])
    np.testing.assert_allclose(value, [0.0625, 0.5625], rtol=1e-6)
    assert "1 means the same class" in ours.contrastive_loss.__doc__


@in_addons_lane
def test_26_in_addons(theirs):
    value = theirs.contrastive_loss([1, 0], [0.25, 0.25])
    np.testing.assert_allclose(value, [0.0625, 0.5625], rtol=1e-6)


# 27. Both N-pairs losses cannot be made from their own configuration.

NPAIRS = ["NpairsLoss", "NpairsMultilabelLoss"]


@pytest.mark.parametrize("name", NPAIRS)
def test_27_a_configuration_makes_the_loss_again(name):
    loss_class = getattr(ours, name)
    loss = loss_class("mine", reduction="sum")
    again = loss_class.from_config(loss.get_config())
    assert (again.name, again.reduction) == ("mine", "sum")


@in_addons_lane
@pytest.mark.parametrize("name", NPAIRS)
def test_27_in_addons(name, theirs):
    loss_class = getattr(theirs, name)
    with pytest.raises(TypeError, match="reduction"):
        loss_class.from_config(loss_class().get_config())


# 28. Three losses swallow a reduction, and any other argument.

SWALLOWING = ["TripletSemiHardLoss", "TripletHardLoss", "LiftedStructLoss"]


@pytest.mark.parametrize("name", SWALLOWING)
def test_28_reductions_are_heard_and_typos_refused(name):
    loss_class = getattr(ours, name)
    value = float(loss_class()(PAIRS, UNIT))
    total = loss_class(reduction="sum")(PAIRS, UNIT)
    np.testing.assert_allclose(total, 8 * value, rtol=1e-5)
    with pytest.raises(TypeError, match="typo"):
        loss_class(typo=3)


@in_addons_lane
@pytest.mark.parametrize("name", SWALLOWING)
def test_28_in_addons(name, theirs):
    loss = getattr(theirs, name)(reduction="sum", typo=3)
    assert loss.reduction == "none"


# 29. By default seven classes of eleven do not reduce, so that `fit` follows a
# sum, or a scalar that Keras cannot share out.

REDUCTIONS = {
    "ContrastiveLoss": "sum_over_batch_size",
    "GIoULoss": "auto",
    "LiftedStructLoss": "none",
    "NpairsLoss": "none",
    "NpairsMultilabelLoss": "none",
    "PinballLoss": "auto",
    "SigmoidFocalCrossEntropy": "none",
    "SparsemaxLoss": "sum_over_batch_size",
    "TripletHardLoss": "none",
    "TripletSemiHardLoss": "none",
    "WeightedKappaLoss": "none",
}


def made(module, name, **settings):
    if name == "WeightedKappaLoss":
        settings["num_classes"] = 3
    return getattr(module, name)(**settings)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_29_the_mean_is_the_default(name):
    for settings in ({}, {"reduction": "auto"}):
        assert made(ours, name, **settings).reduction == "sum_over_batch_size"


@in_addons_lane
@pytest.mark.parametrize("name", REDUCTIONS)
def test_29_in_addons(name, theirs):
    assert made(theirs, name).reduction == REDUCTIONS[name]
