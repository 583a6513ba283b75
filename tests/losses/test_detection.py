"""What is peculiar to one loss of the family."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lossutils.checks import difference_quotient
from lossutils.detection import (
    FORMATS,
    CategoricalFocalLoss,
    GIoULoss,
    SigmoidFocalLoss,
    box_iou,
    categorical_focal_loss,
    ciou_loss,
    convert_boxes,
    diou_loss,
    giou_loss,
    iou_loss,
    sigmoid_focal_loss,
    smooth_l1_loss,
)

BOX_LOSSES = [iou_loss, giou_loss, diou_loss, ciou_loss]
each_box_loss = pytest.mark.parametrize(
    "loss", BOX_LOSSES, ids=lambda loss: loss.__name__
)
UNIT = [0.0, 0.0, 1.0, 1.0]


def gradient(function, labels, predictions, dtype=tf.float32):
    predictions = tf.constant(predictions, dtype)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = function(tf.constant(labels, dtype), predictions)
    return tape.gradient(value, predictions).numpy()


def random_boxes(*axes, seed=0):
    random = np.random.RandomState(seed)
    return random.uniform(-2, 2, size=(*axes, 4))


# Boxes


def test_giou_published():
    """The example in the documentation of TensorFlow Addons."""
    labels = np.float32([[4, 3, 7, 5], [5, 6, 10, 7]])
    predictions = np.float32([[3, 4, 6, 8], [14, 14, 15, 15]])
    np.testing.assert_allclose(
        GIoULoss()(labels, predictions), 1.5041667, rtol=1e-7
    )
    # overlap 2, union 16 of 20; overlap 0, union 6 of 90
    np.testing.assert_allclose(
        giou_loss(labels, predictions),
        [1 - 2 / 16 + 4 / 20, 1 + 84 / 90],
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("prediction", "iou", "giou", "diou", "ciou"),
    [
        # the label itself
        ([-1, -1, 1, 1], 0, 0, 0, 0),
        # its upper right quarter: centres 1/2 apart each way, the diagonal
        # squared is 8
        ([0, 0, 1, 1], 3 / 4, 3 / 4, 3 / 4 + 0.5 / 8, 3 / 4 + 0.5 / 8),
        # on top of it, overlapping by nothing: union 5 of 6; the centre is
        # at (1/2, 3/2), the diagonal squared 4 + 9
        ([0, 1, 1, 2], 1, 1 + 1 / 6, 1 + 2.5 / 13, 1 + 2.5 / 13),
        # corner to corner: union 5 of 9; centres 3/2 apart each way
        ([1, 1, 2, 2], 1, 1 + 4 / 9, 1 + 4.5 / 18, 1 + 4.5 / 18),
        # its right half, w = h / 2: centres 1/2 apart
        (
            [0, -1, 1, 1],
            1 / 2,
            1 / 2,
            1 / 2 + 0.25 / 8,
            # v = 4 / pi^2 (atan 1 - atan 1/2)^2 = 0.041956,
            # alpha = v / (1/2 + v) = 0.077417
            1 / 2 + 0.25 / 8 + 0.0032481,
        ),
        # a line through the middle: v = 4 / pi^2 (pi / 4)^2 = 1/4
        ([0, -1, 0, 1], 1, 1, 1, 1 + 0.25 / (1 + 0.25) * 0.25),
    ],
)
def test_boxes_by_hand(prediction, iou, giou, diou, ciou):
    label = [-1.0, -1, 1, 1]
    values = [loss([label], [prediction])[0] for loss in BOX_LOSSES]
    np.testing.assert_allclose(values, [iou, giou, diou, ciou], rtol=1e-6)


@each_box_loss
def test_the_order_of_x_and_y_does_not_matter(loss):
    labels, predictions = random_boxes(2, 64)
    # with points and lines among them
    predictions[:8] = predictions[:8, [0, 1, 0, 1]]
    predictions[8:16] = predictions[8:16, [0, 1, 0, 3]]
    swapped = [boxes[:, [1, 0, 3, 2]] for boxes in (labels, predictions)]
    np.testing.assert_allclose(
        loss(*swapped), loss(labels, predictions), rtol=1e-12
    )


@each_box_loss
def test_any_two_opposite_corners_are_the_box(loss):
    labels, predictions = np.sort(random_boxes(2, 64).reshape(2, 64, 2, 2), 2)
    labels, predictions = labels.reshape(-1, 4), predictions.reshape(-1, 4)
    value = loss(labels, predictions)
    slope = gradient(loss, labels, predictions, tf.float64)
    for order in ([2, 3, 0, 1], [0, 3, 2, 1], [2, 1, 0, 3]):
        inverted = predictions[:, order]
        np.testing.assert_array_equal(loss(labels, inverted), value)
        np.testing.assert_array_equal(loss(labels[:, order], inverted), value)
        np.testing.assert_array_equal(
            gradient(loss, labels, inverted, tf.float64), slope[:, order]
        )


@each_box_loss
@pytest.mark.parametrize(
    "box", [[0.1, 0.2, 0.7, 1.3], [0.3, 0.3, 0.3, 0.9], [5.0] * 4], ids=str
)
def test_a_box_met_exactly_stays(loss, box):
    assert loss([box], [box]) == 0
    np.testing.assert_array_equal(gradient(loss, [box], [box]), [[0] * 4])


@each_box_loss
def test_boxes_without_an_area(loss):
    assert loss([[0.0, 0, 0, 1]], [[0.0, 1, 0, 0]]) == 0
    assert loss([[0.0, 0, 0, 1]], [[0.0, 0, 0, 2]]) >= 1
    assert loss([[0.0, 0, 0, 0]], [[1.0, 0, 1, 0]]) >= 1


def test_two_points_share_no_enclosing_area():
    np.testing.assert_array_equal(giou_loss([[0.0] * 4], [[0.0, 1, 0, 1]]), [1])
    np.testing.assert_array_equal(giou_loss([[0.0] * 4], [[1.0] * 4]), [2])


@each_box_loss
@pytest.mark.parametrize(
    "box",
    [[0.5, 0.2, 0.5, 0.8], [0.8, 0.8, 0.2, 0.2], [1.0, 0.0, 2.0, 1.0]],
    ids=["collapsed", "inverted", "touching"],
)
def test_a_step_downhill_helps(loss, box):
    slope = gradient(loss, [UNIT], [box])
    assert slope.any()
    after = np.float32([box]) - 0.01 * slope / np.abs(slope).max()
    assert loss([UNIT], after) < loss([UNIT], [box])


def test_boxes_apart_have_a_slope_except_for_iou():
    apart = [3.0, 0.5, 4.0, 2.0]
    assert not gradient(iou_loss, [UNIT], [apart]).any()
    for loss in (giou_loss, diou_loss, ciou_loss):
        slope = gradient(loss, [UNIT], [apart])
        # leftwards
        assert slope[0, 0] > 0 or slope[0, 2] > 0


@each_box_loss
@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e10, 1e30])
def test_boxes_of_any_size(loss, scale):
    labels, predictions = random_boxes(2, 16)
    value = loss(labels, predictions)
    slope = gradient(loss, labels, predictions)
    scaled = [np.float32(scale * boxes) for boxes in (labels, predictions)]
    np.testing.assert_allclose(loss(*scaled), value, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        scale * gradient(loss, *scaled).astype(np.float64),
        slope,
        rtol=1e-3,
        atol=1e-5,
    )


@each_box_loss
def test_labels_have_a_slope_too(loss):
    """As in self-training; the losses but CIoU do not tell boxes apart."""
    labels, predictions = random_boxes(2, 16)
    if loss is not ciou_loss:
        np.testing.assert_allclose(
            loss(labels, predictions), loss(predictions, labels), rtol=1e-12
        )
    y_true = tf.constant(labels)
    with tf.GradientTape() as tape:
        tape.watch(y_true)
        value = loss(y_true, predictions)
    np.testing.assert_allclose(
        tape.gradient(value, y_true),
        gradient(loss, predictions, labels, tf.float64),
        rtol=1e-9,
        atol=1e-12,
    )


@each_box_loss
def test_a_box_has_four_numbers(loss):
    for length in (0, 3, 5, 8):
        boxes = np.zeros((2, length), np.float32)
        with pytest.raises(ValueError, match=rf"4 numbers.*\(2, {length}\)"):
            loss(boxes, boxes)

    @tf.function(input_signature=[tf.TensorSpec([None, None])] * 2)
    def run(labels, predictions):
        return loss(labels, predictions)

    assert run(tf.zeros([2, 4]), tf.zeros([2, 4])).shape == (2,)
    for shape in ([2, 2], [2, 8], [4, 3]):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            run(tf.zeros(shape), tf.zeros(shape))


@pytest.mark.parametrize("loss", [iou_loss, giou_loss, diou_loss])
def test_slopes_of_slopes(loss):
    """Some slopes are written by hand; theirs follow."""
    labels, predictions = random_boxes(2, 4, seed=3)
    x = tf.constant(predictions)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = loss(labels, x)
        norm = tf.reduce_sum(tf.square(inner.gradient(value, x)))
    expected = difference_quotient(
        lambda p: np.square(gradient(loss, labels, p, tf.float64)).sum(),
        predictions,
        step=1e-6,
    )
    np.testing.assert_allclose(
        outer.gradient(norm, x), expected, rtol=1e-5, atol=1e-5
    )


def test_box_iou():
    boxes = np.float32([UNIT, [0, 0, 2, 1], [1, 1, 0, 0.5], [5, 5, 6, 6]])
    values = box_iou(boxes, [UNIT] * 4)
    np.testing.assert_allclose(values, [1, 0.5, 0.5, 0], rtol=1e-6)
    pairs = box_iou(boxes[:, np.newaxis], boxes[np.newaxis])
    assert pairs.shape == (4, 4)
    np.testing.assert_allclose(pairs[:, 0], values, rtol=1e-6)
    np.testing.assert_array_equal(pairs, tf.transpose(pairs))
    assert box_iou(UNIT, UNIT).shape == ()
    assert box_iou(np.float64(boxes), boxes).dtype == tf.float64
    assert box_iou(np.zeros((0, 4), np.float32), UNIT).shape == (0,)


def test_box_iou_has_a_slope():
    boxes = random_boxes(5)
    slope = gradient(box_iou, UNIT, boxes, tf.float64)
    expected = difference_quotient(
        lambda p: tf.reduce_sum(box_iou(p, UNIT)), boxes
    )
    np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)


def test_box_iou_refuses():
    with pytest.raises(ValueError, match=r"boxes_1 needs 4 .*\(3,\)"):
        box_iou([1.0, 2.0, 3.0], UNIT)
    with pytest.raises(ValueError, match=r"boxes_2 needs 4 .*\(\)"):
        box_iou(UNIT, 1.0)
    with pytest.raises(ValueError, match=r"\(2, 4\)"):
        box_iou(np.zeros((2, 4)), np.zeros((3, 4)))
    with pytest.raises(TypeError, match="boxes_2 must hold real numbers"):
        box_iou(UNIT, ["a"] * 4)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_conversion_and_back(source, target):
    # also of corners that have changed places
    boxes = random_boxes(2, 3, 5)
    there = convert_boxes(boxes, source, target)
    back = convert_boxes(there, target, source)
    np.testing.assert_allclose(back, boxes, rtol=1e-12, atol=1e-14)
    # eighths: nothing is rounded
    eighths = np.round(boxes.astype(np.float32) * 8) / 8
    there = convert_boxes(eighths, source, target)
    back = convert_boxes(there, target, source)
    assert back.dtype == tf.float32
    np.testing.assert_array_equal(back, eighths)


def test_conversion_by_hand():
    box = {
        "xyxy": [1.0, 2, 5, 4],
        "yxyx": [2.0, 1, 4, 5],
        "cxcywh": [3.0, 3, 4, 2],
    }
    for source, given in box.items():
        for target, expected in box.items():
            for boxes, wanted in (
                (given, expected),
                ([[given] * 3], [[expected] * 3]),
            ):
                value = convert_boxes(boxes, source, target)
                np.testing.assert_array_equal(value, wanted)


def test_conversion_has_a_slope():
    labels, predictions = np.abs(random_boxes(2, 8))
    slope = gradient(
        lambda y, p: giou_loss(y, convert_boxes(p, "cxcywh", "yxyx")),
        labels,
        predictions,
        tf.float64,
    )
    expected = difference_quotient(
        lambda p: tf.reduce_sum(
            giou_loss(labels, convert_boxes(p, "cxcywh", "yxyx"))
        ),
        predictions,
    )
    np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-7)


def test_conversion_refuses():
    with pytest.raises(ValueError, match="source must be one of 'xyxy'.*'xy'"):
        convert_boxes(UNIT, "xy", "xyxy")
    with pytest.raises(ValueError, match="target must be one of.*received 4"):
        convert_boxes(UNIT, "xyxy", 4)
    with pytest.raises(ValueError, match=r"boxes needs 4 numbers.*\(3,\)"):
        convert_boxes([0.0, 0.0, 1.0], "xyxy", "xyxy")


# Smooth L1


def test_smooth_l1_by_hand():
    # 0.5^2 / 4 below 2; 2 - 1 at 2; 3 - 1 above
    values = smooth_l1_loss([[0.0, 0, 0]], [[0.5, -2, 3]], beta=2.0)
    np.testing.assert_allclose(values, [(0.0625 + 1 + 2) / 3], rtol=1e-6)


@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_smooth_l1_is_huber_over_beta(beta):
    labels, predictions = np.random.RandomState(0).normal(size=(2, 5, 4))
    huber = tf.keras.losses.Huber(delta=beta)(labels, predictions)
    value = np.mean(smooth_l1_loss(labels, predictions, beta=beta))
    np.testing.assert_allclose(value, huber / beta, rtol=1e-6)


def test_smooth_l1_near_its_limit():
    labels, predictions = np.random.RandomState(0).normal(size=(2, 5))
    value = smooth_l1_loss(labels, predictions, beta=1e-12)
    np.testing.assert_allclose(value, np.abs(labels - predictions), rtol=1e-9)


# Focal losses


def test_sigmoid_focal_published():
    """The example and a test of TensorFlow Addons, in float32."""
    np.testing.assert_allclose(
        sigmoid_focal_loss([1.0, 1.0, 0.0], [0.97, 0.91, 0.03]),
        [6.8532745e-06, 1.9097870e-04, 2.0559824e-05],
        rtol=2e-6,
    )
    np.testing.assert_allclose(
        sigmoid_focal_loss([0.97, 0.91, 0.03], [1.0, 1.0, 0.0]),
        [0.00010971, 0.00329749, 0.00030611],
        rtol=5e-5,
    )


def test_sigmoid_focal_by_hand():
    quarter = [math.log(1 / 3)] * 2
    # y = 1: 0.25 (3/4)^2 log 4; y = 0: 0.75 (1/4)^2 log 4/3
    expected = [
        0.25 * 0.5625 * math.log(4),
        0.75 * 0.0625 * math.log(4 / 3),
    ]
    labels = [1.0, 0.0]
    values = sigmoid_focal_loss(labels, quarter, from_logits=True)
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    values = sigmoid_focal_loss(labels, [0.25, 0.25])
    np.testing.assert_allclose(values, expected, rtol=2e-6)
    # half a label: 1/2 (1/2)^3 log 2, whatever alpha
    values = sigmoid_focal_loss([0.5], [0.0], gamma=3.0, from_logits=True)
    np.testing.assert_allclose(values, [0.0625 * math.log(2)], rtol=1e-6)


def test_alpha_of_zero_is_used():
    assert sigmoid_focal_loss([1.0], [0.5], alpha=0.0) == 0
    assert sigmoid_focal_loss([0.0], [0.5], alpha=1.0) == 0
    tiny = sigmoid_focal_loss([1.0], [0.5], alpha=1e-9)
    np.testing.assert_allclose(tiny, [1e-9 * math.log(2) / 4], rtol=1e-5)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 3.0])
@pytest.mark.parametrize("alpha", [None, 0.25, 0.9])
def test_sigmoid_focal_as_in_keras(from_logits, gamma, alpha):
    random = np.random.RandomState(0)
    labels = random.randint(0, 2, size=(6, 4)).astype(np.float32)
    predictions = random.normal(size=(6, 4)).astype(np.float32)
    if not from_logits:
        predictions = 1 / (1 + np.exp(-predictions))
    keras = tf.keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=alpha is not None,
        alpha=alpha or 0.25,
        gamma=gamma,
        from_logits=from_logits,
    )
    loss = SigmoidFocalLoss(alpha, gamma, from_logits)
    np.testing.assert_allclose(
        loss(labels, predictions), keras(labels, predictions), rtol=1e-5
    )


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_saturated_logits_have_the_right_slope(gamma):
    def loss(labels, logits):
        return sigmoid_focal_loss(
            labels, logits, alpha=None, gamma=gamma, from_logits=True
        )

    # wrong by far: the loss is |z|
    for size in (40.0, 1e4):
        slope = gradient(loss, [1.0, 0.0], [-size, size])
        np.testing.assert_allclose(slope, [-1, 1], rtol=1e-6)
        # right by far: 0, where the tape of TensorFlow gives NaN
        slope = gradient(loss, [1.0, 0.0], [size, -size])
        np.testing.assert_allclose(slope, [0, 0], atol=1e-12)
    # the logit that every model starts from
    slope = gradient(loss, [1.0, 0.0], [0.0, 0.0])
    half = 0.5**gamma * (0.5 + 0.5 * gamma * math.log(2))
    np.testing.assert_allclose(slope, [-half, half], rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_certain_and_wrong_probabilities_still_learn(gamma):
    slope = gradient(
        lambda y, p: sigmoid_focal_loss(y, p, gamma=gamma),
        [1.0, 0.0],
        [0.0, 1.0],
    )
    assert slope[0] < -1e4
    assert slope[1] > 1e4
    slope = gradient(
        lambda y, p: categorical_focal_loss(y, p, gamma=gamma),
        [[1.0, 0.0]],
        [[0.0, 1.0]],
    )
    assert slope[0, 0] < -1e4


def test_what_is_no_label_or_probability_counts_as_the_nearest():
    for inputs in (([-1.0, 2.0], [0.3, 0.3]), ([0.0, 1.0], [-3.0, 1e10])):
        labels, predictions = np.float32(inputs)
        clipped = np.clip(labels, 0, 1), np.clip(predictions, 0, 1)
        for gamma in (0.5, 2.0):
            np.testing.assert_array_equal(
                sigmoid_focal_loss(labels, predictions, gamma=gamma),
                sigmoid_focal_loss(*clipped, gamma=gamma),
            )


@pytest.mark.parametrize("from_logits", [False, True])
def test_slopes_of_slopes_of_sigmoid_focal(from_logits):
    random = np.random.RandomState(0)
    labels, predictions = random.uniform(0.1, 0.9, size=(2, 6))

    def slope(p):
        x = tf.constant(p)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = sigmoid_focal_loss(labels, x, from_logits=from_logits)
        return tape.gradient(value, x)

    x = tf.constant(predictions)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = sigmoid_focal_loss(labels, x, from_logits=from_logits)
        first = inner.gradient(value, x)
    expected = difference_quotient(
        lambda p: np.sum(slope(p)), predictions, step=1e-6
    )
    np.testing.assert_allclose(
        outer.gradient(first, x), expected, rtol=1e-6, atol=1e-8
    )


def test_categorical_focal_by_hand():
    labels, probabilities = [[0.0, 1.0, 0.0]], [[0.25, 0.25, 0.5]]
    # 0.25 (3/4)^2 log 4
    expected = [0.25 * 0.5625 * math.log(4)]
    for scale in (1, 8):
        values = categorical_focal_loss(
            labels, scale * np.float32(probabilities)
        )
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    for shift in (0, 100):
        values = categorical_focal_loss(
            labels,
            np.log(probabilities).astype(np.float32) + shift,
            from_logits=True,
        )
        np.testing.assert_allclose(values, expected, rtol=2e-5)
    # a label of two halves: (2 (3/4)^2 log 4 + 4 (1/2)^2 log 2) / 2
    values = categorical_focal_loss(
        [[0.0, 0.5, 0.5]], probabilities, alpha=[1.0, 2.0, 4.0]
    )
    expected = 0.5625 * math.log(4) + 2 * 0.25 * math.log(2)
    np.testing.assert_allclose(values, [expected], rtol=1e-6)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 3.0])
@pytest.mark.parametrize("alpha", [0.25, [0.2, 1.0, 3.0]], ids=str)
def test_categorical_focal_as_in_keras(from_logits, gamma, alpha):
    random = np.random.RandomState(0)
    labels = np.eye(3, dtype=np.float32)[random.randint(3, size=6)]
    predictions = random.normal(size=(6, 3)).astype(np.float32)
    if not from_logits:
        predictions = np.exp(predictions)
    keras = tf.keras.losses.CategoricalFocalCrossentropy(
        alpha, gamma, from_logits=from_logits
    )
    loss = CategoricalFocalLoss(alpha, gamma, from_logits)
    np.testing.assert_allclose(
        loss(labels, predictions), keras(labels, predictions), rtol=1e-5
    )


@pytest.mark.parametrize("gap", [18.0, 100.0, 1e4])
def test_categorical_focal_learns_at_any_gap(gap):
    """From logits, Keras' loss has no slope once the gap exceeds 16."""
    slope = gradient(
        lambda y, z: categorical_focal_loss(y, z, alpha=1.0, from_logits=True),
        [[1.0, 0.0]],
        [[-gap / 2, gap / 2]],
    )
    np.testing.assert_allclose(slope, [[-1, 1]], rtol=1e-5)


def test_categorical_focal_needs_a_weight_per_class():
    labels, probabilities = [[1.0, 0.0, 0.0]], [[0.5, 0.25, 0.25]]
    for alpha in ([1.0], [1.0, 2.0], [1.0] * 4):
        with pytest.raises(ValueError, match=r"one weight per class.*\(1, 3\)"):
            categorical_focal_loss(labels, probabilities, alpha=alpha)
