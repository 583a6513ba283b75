"""The reference stands on its own, and on values from elsewhere."""

import ast
import inspect
import math

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial import distance
from sklearn import metrics

from lossutils import reference

LOG_4_3 = math.log(4 / 3)
LINES = [12, 20, 29, 60], [14, 18, 27, 55]


def test_it_imports_nothing_but_math():
    tree = ast.parse(inspect.getsource(reference))
    imports = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert imports == ["import math"]


def test_it_uses_the_math_that_micropython_has():
    # 1.27, compiled for the browser: neither log1p nor hypot, dist or fsum
    known = """
        acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees
        e erf erfc exp expm1 fabs factorial floor fmod frexp gamma inf isclose
        isfinite isinf isnan ldexp lgamma log log10 log2 modf nan pi pow
        radians sin sinh sqrt tan tanh tau trunc
    """.split()
    used = {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(reference)))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "math"
    }
    assert used <= {*known}


def test_it_is_not_what_it_checks(case):
    assert getattr(reference, case.name) is not case.function


# Regression


@pytest.mark.parametrize("tau", [0.05, 0.5, 0.9])
def test_pinball_as_in_scikit_learn(tau):
    labels, predictions = np.random.RandomState(0).normal(size=(2, 50))
    np.testing.assert_allclose(
        np.mean(reference.pinball_loss(labels, predictions, tau=tau)),
        metrics.mean_pinball_loss(labels, predictions, alpha=tau),
        rtol=1e-12,
    )


def test_pinball_by_hand():
    # too low by 2: 0.75 * 2; too high by 2: 0.25 * 2; met: 0
    values = reference.pinball_loss([[10, 10, 10]], [[8, 12, 10]], tau=0.75)
    assert values == [(1.5 + 0.5 + 0) / 3]
    # at levels 0.25 and 0.75: 0.25 * 4 and 0.25 * 4
    values = reference.pinball_loss([[4]], [[0, 8]], tau=[0.25, 0.75])
    assert values == [(1 + 1) / 2]


def test_gaussian_as_in_scipy():
    labels, means, log_variances = np.random.RandomState(0).normal(size=(3, 50))
    values = reference.gaussian_nll_loss(
        labels.tolist(), np.stack([means, log_variances], axis=1).tolist()
    )
    density = stats.norm.logpdf(labels, means, np.exp(log_variances / 2))
    np.testing.assert_allclose(
        np.array(values) + math.log(2 * math.pi) / 2, -density, rtol=1e-12
    )


def test_gaussian_by_hand():
    # two outputs, variances 1 and 4: (2^2 / 1 + 0 + 2^2 / 4 + log 4) / 2 / 2
    values = reference.gaussian_nll_loss(
        [[3, 5]], [[1, 3, 0, math.log(4)]], min_variance=1e-6
    )
    np.testing.assert_allclose(values, [(5 + math.log(4)) / 4])
    # a variance of 1 where at least 4 is asked for: (2^2 / 4 + log 4) / 2
    values = reference.gaussian_nll_loss([3], [[1, 0]], min_variance=4)
    np.testing.assert_allclose(values, [(1 + math.log(4)) / 2])


def test_charbonnier_by_hand():
    # the right triangles 3-4-5, 5-12-13 and 8-15-17
    assert reference.charbonnier_loss([4.0], [0.0], epsilon=3) == [5]
    assert reference.charbonnier_loss([7.0], [12.0], epsilon=12) == [13]
    values = reference.charbonnier_loss([[15, 0]], [[0, 0]], epsilon=8)
    assert values == [(17 + 8) / 2]


@pytest.mark.parametrize("power", [1, 1.2, 1.5, 1.9])
def test_tweedie_as_in_scikit_learn(power):
    random = np.random.RandomState(0)
    labels = random.poisson(1.5, size=50).astype(float)
    means = random.uniform(0.5, 4, size=50)
    assert 0 in labels
    np.testing.assert_allclose(
        2 * np.mean(reference.tweedie_loss(labels, means, power=power)),
        metrics.mean_tweedie_deviance(labels, means, power=power),
        rtol=1e-12,
    )


def test_tweedie_by_hand():
    # power 1.5: 2 / -0.25 - 4 / (-0.5 * 3) + 3 / 0.5 = 2/3 at y=4, mean=9
    np.testing.assert_allclose(reference.tweedie_loss([4], [9]), [2 / 3])
    # power 1: 2 log 2 - 2 + 1, and the mean itself at y=0
    np.testing.assert_allclose(
        reference.tweedie_loss([[2, 0]], [[1, 3]], power=1),
        [(2 * math.log(2) - 1 + 3) / 2],
    )


# Detection


BOXES = (
    [[4.0, 3.0, 7.0, 5.0], [5.0, 6.0, 10.0, 7.0]],
    [[3.0, 4.0, 6.0, 8.0], [14.0, 14.0, 15.0, 15.0]],
)
BOX_LOSSES = ["iou_loss", "giou_loss", "diou_loss", "ciou_loss"]


def random_boxes(random, n):
    """Boxes of whole numbers from 0 to 9, with an area."""
    low = random.randint(0, 7, size=(n, 2))
    return np.concatenate([low, low + random.randint(1, 4, size=(n, 2))], 1)


def mask(box):
    """The pixels of a box in a picture of 10 by 10."""
    picture = np.zeros((10, 10), int)
    picture[box[0] : box[2], box[1] : box[3]] = 1
    return picture.ravel()


def test_iou_as_the_jaccard_index_of_pixels():
    random = np.random.RandomState(0)
    labels, predictions = random_boxes(random, 60), random_boxes(random, 60)
    expected = [
        1 - metrics.jaccard_score(mask(y), mask(p))
        for y, p in zip(labels, predictions, strict=True)
    ]
    assert 5 < np.sum(np.array(expected) < 1) < 55
    values = reference.iou_loss(labels.tolist(), predictions.tolist())
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_giou_as_published():
    # the example of tensorflow_addons 0.23: [1.075, 1.9333334] by box
    values = reference.giou_loss(*BOXES)
    np.testing.assert_allclose(np.mean(values), 1.5041667, rtol=1e-7)
    # 1 - 2 / 16 + (20 - 16) / 20 and 1 - 0 + (90 - 6) / 90
    np.testing.assert_allclose(values, [1.075, 1 + 84 / 90], rtol=1e-12)
    # giou_loss(..., mode="iou") gives [0.875, 1]
    assert reference.iou_loss(*BOXES) == [0.875, 1]


def test_diou_by_hand():
    # centers (5.5, 4) and (4.5, 6), around them 4 by 5;
    # centers (7.5, 6.5) and (14.5, 14.5), around them 10 by 9
    np.testing.assert_allclose(
        reference.diou_loss(*BOXES),
        [0.875 + (1 + 4) / (16 + 25), 1 + (49 + 64) / (100 + 81)],
        rtol=1e-12,
    )


def test_ciou_by_hand():
    # the angles are 45 and 0 degrees, so v = 1/4; alpha = v / (1 - 1/2 + v)
    values = reference.ciou_loss([[0, 0, 2, 2]], [[0, 0, 0, 2]])
    np.testing.assert_allclose(values, [1 + 1 / 8 + 1 / 4 / 5], rtol=1e-12)
    # 45 degrees and that of 1/2, one square of a box of two
    v = 4 / math.pi**2 * (math.pi / 4 - math.atan(0.5)) ** 2
    values = reference.ciou_loss([[0, 0, 2, 2]], [[0, 0, 1, 2]])
    np.testing.assert_allclose(
        values, [0.5 + 0.25 / 8 + v * v / (0.5 + v)], rtol=1e-12
    )


def test_ciou_as_in_keras():
    random = np.random.RandomState(2)
    labels, predictions = np.sort(
        random.uniform(0, 5, size=(2, 4, 2, 2)), axis=2
    ).reshape(2, 4, 4)
    # 1 - keras.utils.bounding_boxes.compute_ciou(labels, predictions, "xyxy")
    # of Keras 3.15.1, float32
    expected = [1.332958, 1.4632901, 1.2016037, 1.4509503]
    values = reference.ciou_loss(labels.tolist(), predictions.tolist())
    np.testing.assert_allclose(values, expected, rtol=2e-6)


def test_ciou_weights_may_be_taken_elsewhere():
    # v = 1/4 by the prediction, alpha = 1/5 of where it is taken
    square, line = [[0, 0, 2, 2]], [[0, 0, 0, 2]]
    plain = reference.diou_loss(square, square)[0]
    assert reference.ciou_loss(square, square, line) == [plain]
    plain = reference.diou_loss(square, line)[0]
    assert reference.ciou_loss(square, line, square) == [plain]
    with_weight = reference.ciou_loss(square, line, line)[0]
    np.testing.assert_allclose(with_weight, plain + 1 / 20)


@pytest.mark.parametrize("name", BOX_LOSSES)
def test_boxes_may_be_turned(name):
    loss = getattr(reference, name)
    random = np.random.RandomState(0)
    labels, predictions = random_boxes(random, 9), random_boxes(random, 9)
    expected = loss(labels.tolist(), predictions.tolist())
    # y before x; the upper corner first; the other two corners
    for order in ([1, 0, 3, 2], [2, 3, 0, 1], [0, 3, 2, 1]):
        turned = predictions[:, order].tolist()
        if order == [1, 0, 3, 2]:
            values = loss(labels[:, order].tolist(), turned)
        else:
            values = loss(labels.tolist(), turned)
        np.testing.assert_allclose(values, expected, rtol=1e-12)


@pytest.mark.parametrize("name", BOX_LOSSES)
def test_boxes_have_no_unit(name):
    loss = getattr(reference, name)
    for scale in (1e-6, 1e6):
        smaller = [(scale * np.array(boxes)).tolist() for boxes in BOXES]
        np.testing.assert_allclose(loss(*smaller), loss(*BOXES), rtol=1e-9)


@pytest.mark.parametrize("name", BOX_LOSSES)
def test_boxes_without_area(name):
    point, other = [1.0, 1.0, 1.0, 1.0], [3.0, 1.0, 3.0, 1.0]
    box = [0.0, 0.0, 2.0, 2.0]
    loss = getattr(reference, name)
    assert loss([point, box], [point, box]) == [0, 0]
    # nothing in common; the centers are as far apart as the corners
    apart = {"iou_loss": 1, "giou_loss": 1, "diou_loss": 2, "ciou_loss": 2}
    assert loss([point], [other]) == [apart[name]]


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_smooth_l1_as_huber_in_scipy(beta):
    labels, predictions = np.random.RandomState(0).normal(size=(2, 50)) * 3
    np.testing.assert_allclose(
        reference.smooth_l1_loss(labels, predictions, beta=beta),
        special.huber(beta, labels - predictions) / beta,
        rtol=1e-12,
    )


def test_smooth_l1_by_hand():
    # 0.5 * 1 / 2, where both parts meet, and 5 - 2 / 2
    values = reference.smooth_l1_loss([[0, 0, 0]], [[1, -2, 5]], beta=2)
    np.testing.assert_allclose(values, [(0.25 + 1 + 4) / 3], rtol=1e-12)


def logits_and_classes():
    """Four rows of scores of five classes, in single precision, and labels."""
    scores = np.random.RandomState(1).normal(scale=2, size=(4, 5))
    labels = np.eye(5)[[0, 3, 1, 4]]
    return labels.tolist(), scores.astype("f").astype(float)


def test_sigmoid_focal_as_published():
    values = reference.sigmoid_focal_loss(
        [[0.97], [0.91], [0.03]], [[1.0], [1.0], [0.0]]
    )
    np.testing.assert_allclose(
        values, [0.00010971, 0.00329749, 0.00030611], rtol=5e-5
    )


def test_sigmoid_focal_as_in_addons():
    labels, scores = logits_and_classes()
    # sigmoid_focal_crossentropy(labels, scores, alpha=0.4, gamma=1.5,
    # from_logits=True) / 5 of tensorflow_addons 0.23, float32
    np.testing.assert_allclose(
        reference.sigmoid_focal_loss(
            labels, scores.tolist(), 0.4, 1.5, from_logits=True
        ),
        [0.18646842, 0.4256614, 0.91652936, 0.054384798],
        rtol=1e-6,
    )
    # the same from tf.sigmoid(scores)
    np.testing.assert_allclose(
        reference.sigmoid_focal_loss(
            labels, special.expit(scores).tolist(), 0.4, 1.5
        ),
        [0.18646833, 0.42566103, 0.9165286, 0.05438478],
        rtol=1e-6,
    )


def test_sigmoid_focal_by_hand():
    # log 4 of a label of 1 at p = 1/4, and 3 log(4/3) of none
    for label, entropy, weight in ((1, math.log(4), 0.3), (0, LOG_4_3, 0.7)):
        missing = 0.75 if label else 0.25
        for gamma in (0, 0.5, 2):
            expected = entropy * missing**gamma
            values = [
                reference.sigmoid_focal_loss([label], [p], alpha, gamma, logits)
                for alpha in (None, 0.3)
                for p, logits in ((0.25, False), (-math.log(3), True))
            ]
            np.testing.assert_allclose(
                np.ravel(values),
                expected * np.array([1, 1, weight, weight]),
                rtol=1e-6,
            )
    assert reference.sigmoid_focal_loss([1], [0.0], 0, 2, True) == [0]


def test_categorical_focal_as_in_keras():
    labels, scores = logits_and_classes()
    # CategoricalFocalCrossentropy(alpha=0.3, gamma=1.5, from_logits=True)
    # of Keras 2.15, float32; twice the softmax gives it the same
    expected = [0.005919485, 0.8100648, 2.2472858, 0.036990546]
    np.testing.assert_allclose(
        reference.categorical_focal_loss(
            labels, scores.tolist(), 0.3, 1.5, from_logits=True
        ),
        expected,
        rtol=2e-6,
    )
    twice = (2 * special.softmax(scores, axis=1)).tolist()
    np.testing.assert_allclose(
        reference.categorical_focal_loss(labels, twice, 0.3, 1.5),
        expected,
        rtol=2e-6,
    )


def test_categorical_focal_as_cross_entropy_in_scipy():
    _, scores = logits_and_classes()
    labels = special.softmax(scores[::-1], axis=1)
    weights = np.array([1, 2, 3, 4, 5])
    expected = -np.sum(
        weights * labels * special.log_softmax(scores, axis=1), axis=1
    )
    np.testing.assert_allclose(
        reference.categorical_focal_loss(
            labels.tolist(), scores.tolist(), weights.tolist(), 0, True
        ),
        expected,
        rtol=1e-12,
    )


def test_categorical_focal_by_hand():
    # a gap of 1000 costs 1000, whatever gamma; one of -40 costs e^-40 cubed
    for gap, expected in ((1000, 1000), (-40, math.exp(-120))):
        values = reference.categorical_focal_loss(
            [[0, 1]], [[gap, 0]], 1, 2, from_logits=True
        )
        np.testing.assert_allclose(values, [expected], rtol=1e-12)
    # a row of zeros is clipped to 1e-7
    values = reference.categorical_focal_loss([[0, 1]], [[0, 0]], 1, 0)
    np.testing.assert_allclose(values, [-math.log(1e-7)], rtol=1e-12)
    # and one that is sure to 1 - 1e-7
    values = reference.categorical_focal_loss([[0, 1]], [[0, 1]], 1, 0)
    np.testing.assert_allclose(values, [1e-7], rtol=1e-6)


# Classification


def test_generalized_cross_entropy_as_in_keras():
    labels, scores = logits_and_classes()
    # CategoricalGeneralizedCrossEntropy(q=0.7) of Keras 3.15.1, float32
    expected = [0.20565782, 1.2450423, 1.4210602, 0.42173624]
    np.testing.assert_allclose(
        reference.generalized_cross_entropy_loss(
            labels, scores.tolist(), from_logits=True
        ),
        expected,
        rtol=2e-6,
    )
    p = special.softmax(scores, axis=1).tolist()
    np.testing.assert_allclose(
        reference.generalized_cross_entropy_loss(labels, p), expected, rtol=2e-6
    )


def test_generalized_cross_entropy_as_in_scikit_learn():
    labels, scores = logits_and_classes()
    p = special.softmax(scores, axis=1)
    # q = 1 is half the absolute error, and q = 0 the log loss
    np.testing.assert_allclose(
        reference.generalized_cross_entropy_loss(labels, p.tolist(), 1),
        np.sum(np.abs(labels - p), axis=1) / 2,
        rtol=1e-12,
    )
    values = reference.generalized_cross_entropy_loss(labels, p.tolist(), 1e-12)
    np.testing.assert_allclose(
        np.mean(values), metrics.log_loss(labels, p), rtol=1e-9
    )


def test_generalized_cross_entropy_by_hand():
    # (1 - sqrt(1/4)) / (1/2), and of a probability of 0, clipped to 1e-7
    values = reference.generalized_cross_entropy_loss(
        [[0, 1], [0, 1]], [[0.75, 0.25], [1, 0]], q=0.5
    )
    expected = [1, 2 * (1 - math.sqrt(1e-7))]
    np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_poly1_as_in_scikit_learn():
    labels, scores = logits_and_classes()
    p = special.softmax(scores, axis=1)
    expected = metrics.log_loss(labels, p) + 3 * np.mean(
        1 - np.sum(labels * p, axis=1)
    )
    for predictions, from_logits in ((p, False), (scores, True)):
        values = reference.poly1_loss(
            labels, predictions.tolist(), 3, from_logits
        )
        np.testing.assert_allclose(np.mean(values), expected, rtol=1e-12)


def test_poly1_by_hand():
    # -log(1/4) / 2 - log(1/2) / 2, and 1 - 1/8 - 1/4
    values = reference.poly1_loss([[0.5, 0.5, 0]], [[0.25, 0.5, 0.25]])
    np.testing.assert_allclose(values, [1.5 * math.log(2) + 5 / 8], rtol=1e-12)


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_overlaps_as_scores_in_scikit_learn(beta):
    labels, predictions = np.random.RandomState(0).randint(0, 2, (2, 8, 30))
    expected = [
        1 - metrics.fbeta_score(y, p, beta=beta)
        for y, p in zip(labels, predictions, strict=True)
    ]
    values = reference.tversky_loss(
        labels.tolist(),
        predictions.tolist(),
        alpha=1 / (1 + beta**2),
        beta=beta**2 / (1 + beta**2),
        smooth=0,
    )
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    if beta == 1:
        values = reference.dice_loss(
            labels.tolist(), predictions.tolist(), smooth=0
        )
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_dice_by_hand():
    # two rows of pixels: 1 - (2 * 1.5 + 1) / (2 + 2 + 1)
    values = reference.dice_loss([[[1, 1], [0, 0]]], [[[1, 0.5], [0.5, 0]]])
    np.testing.assert_allclose(values, [1 / 5], rtol=1e-12)
    # logits of 0 are probabilities of 1/2: 1 - (2 * 1 + 3) / (2 + 2 + 3)
    values = reference.dice_loss([[1, 1, 0, 0]], [[0] * 4], 3, True)
    np.testing.assert_allclose(values, [2 / 7], rtol=1e-12)


def test_tversky_by_hand():
    # hits 1, false positives 1/2, misses 1: 1 - (1 + 1) / (1 + 1 + 4 + 1)
    values = reference.tversky_loss([[1, 1, 0]], [[1, 0, 0.5]], 2, 4)
    np.testing.assert_allclose(values, [5 / 7], rtol=1e-12)
    # hits, false positives and misses are 1/2 each
    values = reference.tversky_loss([[1, 0]], [[0, 0]], 2, 4, 0, True)
    np.testing.assert_allclose(values, [6 / 7], rtol=1e-12)


def test_empty_images():
    empty, full = [0, 0], [1, 1]
    for loss in (reference.dice_loss, reference.tversky_loss):
        assert loss([empty], [empty]) == [0]
        assert loss([empty, full], [empty, full], smooth=0) == [0, 0]
        assert loss([empty, full], [full, empty], smooth=0) == [1, 1]
        assert loss([empty], [[0, 0.25]], smooth=0) == [1]
        assert loss([empty], [[0, 1]])[0] > 0


def test_asymmetric_as_in_scikit_learn():
    random = np.random.RandomState(0)
    labels = random.randint(0, 2, size=50)
    scores = random.normal(scale=2, size=50)
    p = special.expit(scores)
    for predictions, from_logits in ((p, False), (scores, True)):
        values = reference.asymmetric_loss(
            labels, predictions, 0, 0, 0, from_logits
        )
        np.testing.assert_allclose(
            np.mean(values), metrics.log_loss(labels, p), rtol=1e-12
        )


def test_asymmetric_by_hand():
    # p = 3/4: a positive costs (1/4)^2 log(4/3), a negative, shifted to 1/2,
    # (1/2)^3 log 2
    for p, from_logits in ((0.75, False), (math.log(3), True)):
        values = reference.asymmetric_loss(
            [[1, 0], [1, 1], [0.5, 0.5]], [[p, p]] * 3, 2, 3, 0.25, from_logits
        )
        positive, negative = LOG_4_3 / 16, math.log(2) / 8
        both = (positive + negative) / 2
        np.testing.assert_allclose(values, [both, positive, both], rtol=1e-12)
    # without a shift and a power a logit of -1000 or 1000 costs 1000
    values = reference.asymmetric_loss([1, 0], [-1000, 1000], 1, 1, 0, True)
    np.testing.assert_allclose(values, [1000, 1000], rtol=1e-12)
    # and a probability of 0 what one of 1e-7 does; the shift bounds the other
    values = reference.asymmetric_loss([1, 0, 0], [0, 1, 0], 1, 1)
    np.testing.assert_allclose(
        values, [-math.log(1e-7), -0.95 * math.log(0.05), 0], rtol=1e-12
    )
    # below the shift nothing is lost, not even without a power
    assert reference.asymmetric_loss([0], [0.04], 0, 0) == [0]


def test_sparsemax_as_in_addons():
    labels, scores = logits_and_classes()
    soft = [
        [0.1, 0.2, 0.3, 0.4, 0],
        [0, 0, 0.5, 0.5, 0],
        [0.2] * 5,
        [1, 0, 0, 0, 0],
    ]
    # SparsemaxLoss(reduction="none") of tensorflow_addons 0.23, float32
    np.testing.assert_allclose(
        reference.sparsemax_loss(labels, scores.tolist()),
        [0, 2.8515453, 7.073965, 0],
        rtol=2e-6,
    )
    np.testing.assert_allclose(
        reference.sparsemax_loss(soft, scores.tolist()),
        [3.9938025, 3.6817913, 2.6219778, 3.3654132],
        rtol=2e-6,
    )


def test_sparsemax_of_two_classes():
    # Martins and Astudillo 2016, equation 21, of the label's lead t
    for t in (-3, -1, -0.25, 0, 0.5, 1, 7):
        expected = 0 if t >= 1 else -t if t <= -1 else (t - 1) ** 2 / 4
        for at in (0, 1e4, -1e4):
            values = reference.sparsemax_loss([[0, 1]], [[at, at + t]])
            np.testing.assert_allclose(values, [expected], atol=1e-12)


def test_sparsemax_as_the_best_of_all_supports():
    labels, scores = logits_and_classes()
    for label, z in zip(labels, scores, strict=True):
        best = -math.inf
        for support in range(1, 32):
            inside = np.array([support >> c & 1 for c in range(5)], bool)
            p = np.where(inside, z - (z[inside].sum() - 1) / inside.sum(), 0)
            if p.min() >= 0:
                best = max(best, p @ z - p @ p / 2)
        value = reference.sparsemax_loss([label], [z.tolist()])[0]
        np.testing.assert_allclose(
            value, best + 0.5 - np.dot(label, z), atol=1e-12
        )


def test_weighted_kappa_as_in_addons():
    # the example in the docstring of tensorflow_addons 0.23
    values = reference.weighted_kappa_loss(
        [[0, 0, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]],
        [
            [0.1, 0.2, 0.6, 0.1],
            [0.1, 0.5, 0.3, 0.1],
            [0.8, 0.05, 0.05, 0.1],
            [0.01, 0.09, 0.1, 0.8],
        ],
    )
    np.testing.assert_allclose(np.mean(values), -1.1611925, rtol=1e-6)
    labels, scores = logits_and_classes()
    p = special.softmax(scores, axis=1).tolist()
    # WeightedKappaLoss(5) of tensorflow_addons 0.23, float32
    values = reference.weighted_kappa_loss(labels, p)
    np.testing.assert_allclose(np.mean(values), -0.5776764, rtol=1e-6)
    # and WeightedKappaLoss(5, weightage="linear", epsilon=0.1)
    values = reference.weighted_kappa_loss(labels, p, "linear", 0.1)
    np.testing.assert_allclose(np.mean(values), -0.23341857, rtol=1e-6)


@pytest.mark.parametrize("weightage", ["linear", "quadratic"])
def test_weighted_kappa_as_in_scikit_learn(weightage):
    labels, predictions = np.random.RandomState(0).randint(0, 4, size=(2, 40))
    kappa = metrics.cohen_kappa_score(labels, predictions, weights=weightage)
    values = reference.weighted_kappa_loss(
        np.eye(4)[labels].tolist(),
        np.eye(4)[predictions].tolist(),
        weightage,
        epsilon=0.01,
    )
    np.testing.assert_allclose(
        np.mean(values), math.log(1 - kappa + 0.01), rtol=1e-12
    )
    # a sample stands above another by n times its share of what is wrong
    wrong = np.abs(labels - predictions) ** (1 + (weightage == "quadratic"))
    np.testing.assert_allclose(
        np.array(values) - values[0],
        40 * (wrong - wrong[0]) / wrong.sum(),
        atol=1e-12,
    )


def test_weighted_kappa_by_hand():
    # small disagreement: 0.1 and 0.3, half of which is 0.2; by chance 1/2
    values = reference.weighted_kappa_loss(
        [[1, 0], [0, 1]], [[0.9, 0.1], [0.3, 0.7]], epsilon=0.1
    )
    ratio = 0.4 / ((0.1 + 0.7 + 0.9 + 0.3) / 2)
    np.testing.assert_allclose(
        values,
        np.log(ratio + 0.1) + np.array([2 * 0.1, 2 * 0.3]) / 0.4 - 1,
        rtol=1e-12,
    )
    # one sample alone disagrees as by chance
    values = reference.weighted_kappa_loss([[1, 0]], [[0.75, 0.25]])
    np.testing.assert_allclose(values, [math.log(1 + 1e-6)], rtol=1e-9)


def test_weighted_kappa_without_disagreement():
    for labels in ([[1, 0], [0, 1]], [[1, 0], [1, 0]]):
        values = reference.weighted_kappa_loss(labels, labels)
        np.testing.assert_allclose(values, [math.log(1e-6)] * 2, rtol=1e-12)


# Embeddings

CLASSES = np.array([0, 0, 1, 1, 2, 2, 2, 1])


def embeddings():
    """Eight in three dimensions, in single precision."""
    points = np.random.RandomState(0).normal(size=(8, 3))
    return points.astype("f").astype(float)


def pairs_of(ids):
    """Two masks: pairs of one class, and pairs of two."""
    same = ids[:, None] == ids
    return same & ~np.eye(len(ids), dtype=bool), ~same


def per_anchor(terms, counted):
    """Sums by anchor, scaled so that their mean is that of the counted."""
    terms = np.where(counted, terms, 0).reshape(len(terms), -1).sum(axis=1)
    return terms * len(terms) / np.sum(counted)


SCIPY_METRICS = {
    "L2": "euclidean",
    "squared-L2": "sqeuclidean",
    "angular": "cosine",
}


@pytest.fixture(params=SCIPY_METRICS)
def metric(request):
    return request.param


@pytest.fixture
def distances(metric):
    points = embeddings()
    return distance.cdist(points, points, SCIPY_METRICS[metric])


def test_contrastive_as_in_addons():
    # contrastive_loss([1, 0, 0], [0.5, 0.25, 2.0]) of tensorflow_addons 0.23
    values = reference.contrastive_loss([1, 0, 0], [0.5, 0.25, 2.0])
    assert values == [0.25, 0.5625, 0]


def test_contrastive_by_hand():
    # 3^2, (4 - 3)^2 and 0
    values = reference.contrastive_loss([[1, 0, 0]], [[3, 3, 5]], margin=4)
    np.testing.assert_allclose(values, [10 / 3], rtol=1e-12)


# triplet_semihard_loss(CLASSES, embeddings(), margin, metric) at margins 1
# and 0.3, and triplet_hard_loss(CLASSES, embeddings(), distance_metric=metric)
# without and with soft=True, of tensorflow_addons 0.23, float32
TRIPLETS_IN_ADDONS = {
    "L2": [0.74278712, 0.22418122, 2.42800093, 1.67464244],
    "squared-L2": [1.00411344, 0.70466846, 6.42156363, 5.44635582],
    "angular": [0.93864131, 0.27032548, 1.86359978, 1.22930861],
}


def test_triplets_as_in_addons(metric):
    points = embeddings().tolist()
    values = [
        reference.triplet_semihard_loss(CLASSES, points, 1, metric),
        reference.triplet_semihard_loss(CLASSES, points, 0.3, metric),
        reference.triplet_hard_loss(CLASSES, points, 1, False, metric),
        reference.triplet_hard_loss(CLASSES, points, 1, True, metric),
    ]
    np.testing.assert_allclose(
        np.mean(values, axis=1), TRIPLETS_IN_ADDONS[metric], rtol=2e-6
    )


def test_semihard_as_in_scipy(metric, distances):
    positive, negative = pairs_of(CLASSES)
    near, far = distances[:, :, None], distances[:, None, :]
    beyond = np.where(negative[:, None, :] & (far > near), far, np.inf).min(2)
    last = np.where(negative, distances, -np.inf).max(1, keepdims=True)
    chosen = np.where(np.isfinite(beyond), beyond, last)
    assert (beyond > last)[positive].any()
    terms = np.maximum(0.5 + distances - chosen, 0)
    np.testing.assert_allclose(
        reference.triplet_semihard_loss(
            CLASSES, embeddings().tolist(), 0.5, metric
        ),
        per_anchor(terms, positive),
        rtol=1e-12,
    )


def test_hard_as_in_scipy(metric, distances):
    positive, negative = pairs_of(CLASSES)
    x = np.where(positive, distances, -np.inf).max(1)
    x -= np.where(negative, distances, np.inf).min(1)
    points = embeddings().tolist()
    np.testing.assert_allclose(
        reference.triplet_hard_loss(
            CLASSES, points, 0.5, distance_metric=metric
        ),
        np.maximum(0.5 + x, 0),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        reference.triplet_hard_loss(
            CLASSES, points, soft=True, distance_metric=metric
        ),
        np.logaddexp(0, x),
        rtol=1e-12,
    )


def test_batch_all_as_in_scipy(metric, distances):
    positive, negative = pairs_of(CLASSES)
    triplets = positive[:, :, None] & negative[:, None, :]
    x = distances[:, :, None] - distances[:, None, :]
    points = embeddings().tolist()
    active = triplets & (x > -0.5)
    assert active.sum() < triplets.sum()
    np.testing.assert_allclose(
        reference.triplet_batch_all_loss(
            CLASSES, points, 0.5, distance_metric=metric
        ),
        per_anchor(0.5 + x, active),
        rtol=1e-12,
    )
    np.testing.assert_allclose(
        reference.triplet_batch_all_loss(
            CLASSES, points, soft=True, distance_metric=metric
        ),
        per_anchor(np.logaddexp(0, x), triplets),
        rtol=1e-12,
    )


def test_mined_triplets_by_hand():
    # on a line: the classes a, a, b, c at 0, 2, 3, 10
    ids, points = ["a", "a", "b", "c"], [[0.0], [2.0], [3.0], [10.0]]
    # from 0: 1 + 2 - 3; from 2: 1 + 2 - 8, as 3 is nearer than 0
    semihard = reference.triplet_semihard_loss(ids, points)
    assert semihard == [0, 0, 0, 0]
    semihard = reference.triplet_semihard_loss(ids, points, margin=7)
    assert semihard == [2 * 6, 2 * 1, 0, 0]
    # from 2 the nearest is 3: 1 + 2 - 1
    assert reference.triplet_hard_loss(ids, points) == [0, 2 * 2, 0, 0]
    # the only active one is that; with margin 7 also 7 + 2 - 3, 7 + 2 - 8
    assert reference.triplet_batch_all_loss(ids, points) == [0, 4 * 2, 0, 0]
    assert reference.triplet_batch_all_loss(ids, points, margin=7) == [
        4 * 6 / 3,
        4 * (8 + 1) / 3,
        0,
        0,
    ]


def test_far_classes_lose_nothing():
    ids, points = [0, 0, 1, 1], [[0.0], [1.0], [10.0], [11.0]]
    for loss in (
        reference.triplet_semihard_loss,
        reference.triplet_hard_loss,
        reference.triplet_batch_all_loss,
        reference.lifted_struct_loss,
    ):
        assert loss(ids, points) == [0, 0, 0, 0]


def test_semihard_is_strictly_farther():
    # from 0 the negative at -2 is as far as the positive, so that at 3 counts;
    # from 2 no negative is farther than 0 but that at -2
    values = reference.triplet_semihard_loss(
        [0, 0, 1, 2], [[0.0], [2.0], [-2.0], [3.0]], margin=4
    )
    assert values == [4 * (4 + 2 - 3) / 2, 4 * (4 + 2 - 4) / 2, 0, 0]


def test_angles_of_any_length():
    for length in (1e-200, 1e-30, 1e10, 1e200):
        values = reference.triplet_hard_loss(
            [0, 0, 1], [[length, 0], [0, 1], [-length, 0]], 2, False, "angular"
        )
        # 2 + 1 - 2 from the first, 2 + 1 - 1 from the second
        np.testing.assert_allclose(values, [1.5, 3, 0], rtol=1e-12)


def test_distances_may_be_a_function():
    def city_block(points):
        return distance.cdist(points, points, "cityblock").tolist()

    ids, points = [0, 0, 1], [[0.0, 0.0], [1.0, 1.0], [3.0, 0.0]]
    for loss in (
        reference.triplet_semihard_loss,
        reference.triplet_hard_loss,
        reference.triplet_batch_all_loss,
    ):
        # 2 + 2 - 3 from either
        values = loss(ids, points, margin=2, distance_metric=city_block)
        assert values == [1.5, 1.5, 0]


def test_quadruplets_as_in_scipy():
    samples = np.random.RandomState(0).normal(size=(20, 4, 3))
    expected = [
        max(distance.sqeuclidean(a, p) - distance.sqeuclidean(a, n) + 0.7, 0)
        + max(distance.sqeuclidean(a, p) - distance.sqeuclidean(n, m) + 0.2, 0)
        for a, p, n, m in samples
    ]
    for shape in ((20, 4, 3), (20, 12)):
        values = reference.quadruplet_loss(
            [0] * 20, samples.reshape(shape).tolist(), 0.7, 0.2
        )
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_quadruplets_by_hand():
    # 4 - 9 + 6, and 4 - (3 + 2)^2 + 22
    values = reference.quadruplet_loss([0], [[0, 2, 3, -2]], 6, 22)
    assert values == [1 + 1]
    assert reference.quadruplet_loss([0], [[0, 2, 3, -2]], 5, 21) == [0]


def test_triplets_as_in_scipy(metric):
    samples = np.random.RandomState(0).normal(size=(20, 3, 4))
    between = getattr(distance, SCIPY_METRICS[metric])
    expected = [
        max(0.5 + between(a, p) - between(a, n), 0) for a, p, n in samples
    ]
    assert 0 in expected
    for shape in ((20, 3, 4), (20, 12)):
        values = reference.triplet_loss(
            [0] * 20, samples.reshape(shape).tolist(), 0.5, metric
        )
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_lifted_as_in_addons():
    points = embeddings().tolist()
    # lifted_struct_loss(CLASSES, embeddings(), margin) of tensorflow_addons
    # 0.23 at margins 1 and 0.3, float32
    for margin, expected in ((1, 7.43328524), (0.3, 5.01014185)):
        values = reference.lifted_struct_loss(CLASSES, points, margin)
        np.testing.assert_allclose(np.mean(values), expected, rtol=2e-6)


def test_lifted_as_in_scipy():
    d = distance.cdist(embeddings(), embeddings())
    positive, negative = pairs_of(CLASSES)
    rows = special.logsumexp(0.5 - d, b=negative, axis=1)
    terms = np.maximum(np.logaddexp(rows[:, None], rows) + d, 0) ** 2 / 2
    np.testing.assert_allclose(
        reference.lifted_struct_loss(CLASSES, embeddings().tolist(), 0.5),
        per_anchor(terms, positive),
        rtol=1e-12,
    )


def test_npairs_as_in_addons():
    points = embeddings()
    similarities = (points @ points.T).tolist()
    # npairs_loss(CLASSES, similarities) of tensorflow_addons 0.23, float32
    values = reference.npairs_loss(CLASSES, similarities)
    np.testing.assert_allclose(np.mean(values), 3.06224942, rtol=2e-6)


LABEL_SETS = [
    [1, 0, 0, 0],
    [0, 0, 1, 1],
    [0, 0, 0, 1],
    [1, 0, 1, 0],
    [0, 1, 0, 1],
    [1, 1, 1, 1],
    [1, 0, 1, 1],
    [0, 0, 1, 0],
]


def test_npairs_multilabel_as_in_addons():
    points = embeddings()
    similarities = (points @ points.T).tolist()
    # npairs_multilabel_loss(LABEL_SETS, similarities) of tensorflow_addons
    # 0.23, float32
    values = reference.npairs_multilabel_loss(LABEL_SETS, similarities)
    np.testing.assert_allclose(np.mean(values), 3.68967772, rtol=2e-6)


def test_npairs_as_in_scipy():
    scores = np.random.RandomState(3).normal(size=(8, 8)) * 3
    same = CLASSES[:, None] == CLASSES
    common = np.array(LABEL_SETS) @ np.transpose(LABEL_SETS)
    for loss, labels, targets in (
        (reference.npairs_loss, CLASSES, same),
        (reference.npairs_multilabel_loss, LABEL_SETS, common),
    ):
        targets = targets / targets.sum(axis=1, keepdims=True)
        expected = -np.sum(targets * special.log_softmax(scores, axis=1), 1)
        np.testing.assert_allclose(
            loss(labels, scores.tolist()), expected, rtol=1e-12
        )


def test_npairs_multilabel_of_one_class_each():
    scores = np.random.RandomState(3).normal(size=(8, 8)).tolist()
    np.testing.assert_allclose(
        reference.npairs_multilabel_loss(np.eye(3)[CLASSES].tolist(), scores),
        reference.npairs_loss(CLASSES, scores),
        rtol=1e-12,
    )


def test_npairs_multilabel_by_hand():
    # the first shares a label with itself and the third, the second with
    # none; the last has no label and does not count
    labels = [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 0, 0]]
    scores = [[0, 0, 0, math.log(2)]] * 4
    # 1/5 of each of the first three, as e^0 of 1 + 1 + 1 + 2
    values = reference.npairs_multilabel_loss(labels, scores)
    expected = math.log(5) * 4 / 3
    np.testing.assert_allclose(
        values, [expected, expected, expected, 0], rtol=1e-12
    )


def cosines(points):
    return 1 - distance.cdist(points, points, "cosine")


def mean_of_positives(terms):
    """Mean over each anchor's positives, all anchors having some."""
    positive, _ = pairs_of(CLASSES)
    return np.sum(np.where(positive, terms, 0), 1) / positive.sum(1)


def test_nt_xent_as_in_scipy():
    _, negative = pairs_of(CLASSES)
    s = cosines(embeddings()) / 0.2
    others = special.logsumexp(s, b=negative, axis=1, keepdims=True)
    np.testing.assert_allclose(
        reference.nt_xent_loss(CLASSES, embeddings().tolist(), 0.2),
        mean_of_positives(np.logaddexp(s, others) - s),
        rtol=1e-12,
    )


def test_supervised_contrastive_as_in_scipy():
    s = cosines(embeddings()) / 0.2
    np.fill_diagonal(s, -np.inf)
    np.testing.assert_allclose(
        reference.supervised_contrastive_loss(
            CLASSES, embeddings().tolist(), 0.2
        ),
        mean_of_positives(-special.log_softmax(s, axis=1)),
        rtol=1e-12,
    )


def test_contrasts_by_hand():
    # two views of two pictures, at right angles: e^1 / (e^1 + 1 + 1)
    ids, views = [5, 5, 7, 7], [[2, 0], [1, 0], [0, 3], [0, 1]]
    expected = [math.log(1 + 2 / math.e)] * 4
    np.testing.assert_allclose(
        reference.nt_xent_loss(ids, views, 1), expected, rtol=1e-12
    )
    np.testing.assert_allclose(
        reference.supervised_contrastive_loss(ids, views, 1),
        expected,
        rtol=1e-12,
    )
    # with a third view of the first picture the two differ
    ids, views = [5, *ids], [[1, 0], *views]
    np.testing.assert_allclose(
        reference.nt_xent_loss(ids, views, 1)[:3], expected[:3], rtol=1e-12
    )
    np.testing.assert_allclose(
        reference.supervised_contrastive_loss(ids, views, 1)[:3],
        [math.log(2 + 2 / math.e)] * 3,
        rtol=1e-12,
    )
    # a class on its own does not count; no negative costs nothing
    values = reference.nt_xent_loss([5, 5, 7], [[1, 0], [1, 0], [0, 1]], 1)
    expected = 1.5 * math.log(1 + 1 / math.e)
    np.testing.assert_allclose(values, [expected, expected, 0], rtol=1e-12)
    assert reference.nt_xent_loss([5, 5], [[1, 0], [0, 1]]) == [0, 0]
    values = reference.supervised_contrastive_loss(
        [5, 5, 7], [[1, 0], [1, 0], [0, 1]], 1
    )
    np.testing.assert_allclose(values, [expected, expected, 0], rtol=1e-12)


def test_multi_similarity_as_in_scipy():
    positive, negative = pairs_of(CLASSES)
    points = embeddings() + 1.5 * np.eye(3)[CLASSES]
    s = cosines(points)
    highest = np.where(negative, s, -np.inf).max(1, keepdims=True)
    lowest = np.where(positive, s, np.inf).min(1, keepdims=True)
    hard = positive & (s < highest + 0.05), negative & (s > lowest - 0.05)
    assert 0 < hard[0].sum() < positive.sum()
    assert 0 < hard[1].sum() < negative.sum()
    pull = np.log1p(np.sum(np.exp(-3 * (s - 0.4)), 1, where=hard[0])) / 3
    push = np.log1p(np.sum(np.exp(20 * (s - 0.4)), 1, where=hard[1])) / 20
    np.testing.assert_allclose(
        reference.multi_similarity_loss(
            CLASSES, points.tolist(), 3, 20, 0.4, 0.05
        ),
        pull + push,
        rtol=1e-12,
    )


def test_multi_similarity_by_hand():
    # cosines of the first: 0 with its own, 1 with the other class; of the
    # second: 0 and 0, within epsilon
    points = [[1, 0], [0, 1], [1, 0]]
    values = reference.multi_similarity_loss([0, 0, 1], points)
    pull = math.log(1 + math.e) / 2
    expected = [
        pull + math.log(1 + math.exp(25)) / 50,
        pull + math.log(1 + math.exp(-25)) / 50,
        0,
    ]
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    # without epsilon the second has nothing hard
    values = reference.multi_similarity_loss([0, 0, 1], points, epsilon=0)
    np.testing.assert_allclose(values, [expected[0], 0, 0], rtol=1e-12)


def test_circle_as_in_keras():
    points = embeddings().tolist()
    # Circle(margin=margin, gamma=gamma) of Keras 3.15.1, of CLASSES and
    # embeddings of length 1, float32
    for margin, gamma, expected in (
        (0.4, 80, 131.694),
        (0.25, 4, 8.08295822),
    ):
        values = reference.circle_loss(CLASSES, points, margin, gamma)
        np.testing.assert_allclose(np.mean(values), expected, rtol=2e-6)


def test_circle_as_in_scipy():
    positive, negative = pairs_of(CLASSES)
    s = cosines(embeddings())
    pull = -5 * np.maximum(1.3 - s, 0) * (s - 0.7)
    push = 5 * np.maximum(s + 0.3, 0) * (s - 0.3)
    np.testing.assert_allclose(
        reference.circle_loss(CLASSES, embeddings().tolist(), 0.3, 5),
        np.logaddexp(
            0,
            special.logsumexp(pull, b=positive, axis=1)
            + special.logsumexp(push, b=negative, axis=1),
        ),
        rtol=1e-12,
    )


def test_circle_weights_may_be_taken_elsewhere():
    ids, points = [0, 0, 1], [[1, 0], [1, 0], [0, 1]]
    # all in one place: weights 0.5 and 1.5, cosines 1 and 0:
    # 1 + e^(4 * 1.5 * (0 - 0.5)) e^(-4 * 0.5 * (1 - 0.5))
    values = reference.circle_loss(ids, points, 0.5, 4, [[1, 0]] * 3)
    expected = 1.5 * math.log(1 + math.exp(-3 - 1))
    np.testing.assert_allclose(values, [expected, expected, 0], rtol=1e-12)


def test_margins_of_angles_as_in_scipy():
    cosine = np.random.RandomState(0).uniform(-0.85, 1, size=(20, 4))
    labels = np.eye(4)[np.random.RandomState(1).randint(0, 4, size=20)]
    # the cosine of a sum, without the angle itself
    turned = cosine * math.cos(0.5) - np.sqrt(1 - cosine**2) * math.sin(0.5)
    for loss, own in (
        (reference.arcface_loss, turned),
        (reference.cosface_loss, cosine - 0.5),
    ):
        scores = 8 * np.where(labels, own, cosine)
        expected = -np.sum(labels * special.log_softmax(scores, axis=1), 1)
        np.testing.assert_allclose(
            loss(labels.tolist(), cosine.tolist(), 0.5, 8),
            expected,
            rtol=1e-12,
        )


def test_arcface_by_hand():
    # a cosine of 1/2, 60 degrees, becomes 90 degrees by 30 more
    values = reference.arcface_loss([[1, 0]], [[0.5, 0]], math.pi / 6, 64)
    np.testing.assert_allclose(values, [math.log(2)], rtol=1e-12)
    # half a turn, and past it: -1 less pi / 2 times the sine of a right angle
    values = reference.arcface_loss([[1, 0]], [[-1, -1]], math.pi / 2, 1)
    expected = math.log(1 + math.exp(math.pi / 2))
    np.testing.assert_allclose(values, [expected], rtol=1e-12)
    # 180 degrees and 2 radians: -1 - 2 sin 2
    values = reference.arcface_loss([[1, 0]], [[-1, -1]], 2, 1)
    expected = math.log(1 + math.exp(2 * math.sin(2)))
    np.testing.assert_allclose(values, [expected], rtol=1e-12)
    # a cosine is at most 1
    values = reference.arcface_loss([[1, 0]], [[1.5, 0]], math.pi / 2, 1)
    np.testing.assert_allclose(values, [math.log(2)], rtol=1e-12)


def test_cosface_by_hand():
    # 3 - 2, 1 and 1 are alike; 64 * 0.35 is a long way behind
    values = reference.cosface_loss([[1, 0, 0]], [[0.75, 0.25, 0.25]], 0.5)
    np.testing.assert_allclose(values, [math.log(3)], rtol=1e-12)
    values = reference.cosface_loss([[0, 1]], [[0.5, 0.5]])
    np.testing.assert_allclose(values, [64 * 0.35], rtol=1e-9)


def test_adaptive_triplets_as_in_scipy():
    texts = np.random.RandomState(5).normal(size=(8, 2))
    labels = np.column_stack([CLASSES, texts])
    positive, negative = pairs_of(CLASSES)
    units = (
        x / np.linalg.norm(x, axis=1)[:, None] for x in (embeddings(), texts)
    )
    d, apart = (distance.cdist(u, u, "sqeuclidean") for u in units)
    x = 0.1 + d[:, :, None] - d[:, None, :] + 0.5 * apart[:, None, :]
    triplets = positive[:, :, None] & negative[:, None, :]
    active = triplets & (x > 0)
    assert active.sum() < triplets.sum()
    np.testing.assert_allclose(
        reference.adaptive_triplet_loss(
            labels.tolist(), embeddings().tolist(), 0.1, 0.5
        ),
        per_anchor(x, active),
        rtol=1e-12,
    )


def test_adaptive_triplets_are_triplets_without_a_scale():
    labels = [[id, 1.0, id] for id in CLASSES.tolist()]
    points = embeddings()
    units = points / np.linalg.norm(points, axis=1, keepdims=True)
    np.testing.assert_allclose(
        reference.adaptive_triplet_loss(labels, points.tolist(), 0.2, 0),
        reference.triplet_batch_all_loss(
            CLASSES, units.tolist(), 0.2, distance_metric="squared-L2"
        ),
        rtol=1e-12,
    )


MINING = [
    "triplet_semihard_loss",
    "triplet_hard_loss",
    "triplet_batch_all_loss",
    "lifted_struct_loss",
    "nt_xent_loss",
    "supervised_contrastive_loss",
    "multi_similarity_loss",
    "circle_loss",
]


@pytest.mark.parametrize("name", MINING)
def test_nothing_to_compare(name):
    loss = getattr(reference, name)
    points = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    # nothing alike; a sample alone
    assert loss([0, 1, 2], points) == [0, 0, 0]
    assert loss([0], points[:1]) == [0]
    # nothing else, which is to be told from only for this one
    if name != "supervised_contrastive_loss":
        assert loss([0, 0, 0], points) == [0, 0, 0]


@pytest.mark.parametrize("name", MINING)
def test_classes_are_compared_only(name):
    loss = getattr(reference, name)
    points = embeddings().tolist()
    expected = loss(CLASSES.tolist(), points)
    assert loss([[label] for label in CLASSES.tolist()], points) == expected
    assert loss([f"class {label}" for label in CLASSES], points) == expected


# Custom losses


@pytest.mark.parametrize("beta", [0.5, 1, 2])
def test_f_beta_as_in_scikit_learn(beta):
    labels, predictions = np.random.RandomState(0).randint(0, 2, (2, 30, 4))
    values = reference.f_beta_loss(labels.tolist(), predictions.tolist(), beta)
    expected = 1 - metrics.fbeta_score(
        labels, predictions, beta=beta, average="macro"
    )
    np.testing.assert_allclose(np.mean(values), expected, rtol=1e-12)
    values = reference.f_beta_loss(
        labels[:, 0].tolist(), predictions[:, 0].tolist(), beta
    )
    expected = 1 - metrics.fbeta_score(
        labels[:, 0], predictions[:, 0], beta=beta
    )
    np.testing.assert_allclose(np.mean(values), expected, rtol=1e-12)


def test_f_beta_by_hand():
    # hits 1/2, a miss of 1/2, an alarm of 1/4: 4 * 1/2 and 1/4 of 5/2 + 9/4
    values = reference.f_beta_loss([1, 0], [0.5, 0.25], beta=2)
    total = 5 / 2 + 9 / 4
    np.testing.assert_allclose(
        values, [2 * 2 / total, 2 * 0.25 / total], rtol=1e-12
    )
    # a class that nobody has, and nobody predicts
    assert reference.f_beta_loss([[1, 0]], [[0, 0]]) == [0.5]


def test_hybrid_by_hand():
    # 2 * (3^2 + 1^2) / 2 + 10 * (3 + 1) / 2 + 4 * (5/2 + 1/2) / 2
    values = reference.hybrid_loss(
        [[0, 0]],
        [[3, -1]],
        ["mse", reference._absolute_error, reference.smooth_l1_loss],
        weights=[2, 10, 4],
    )
    assert values == [10 + 20 + 6]
    values = reference.hybrid_loss([0, 0], [3, 1], ["mse", "mae"])
    assert values == [12, 2]


def test_hybrid_names_as_published():
    # as three tutorials print them
    for names, labels, predictions, expected in (
        (["mse", "mean_squared_error"], *LINES, 9.25),
        (["mae", "mean_absolute_error"], [1, 0], [2, 3], 2),
        (["huber"], *LINES, 2.25),
        (["log_cosh"], [[12, 20], [29, 60]], [[14, 18], [27, 55]], 2.0704765),
    ):
        for name in names:
            values = reference.hybrid_loss(labels, predictions, [name])
            np.testing.assert_allclose(np.mean(values), expected, rtol=1e-7)


# All of them

LOSSES = sorted(name for name in vars(reference) if name.endswith("_loss"))
HUGE_LOGITS = [[-1e4, 1e4], [1e4, -1e4], [1e4, 1e4], [0, 1e-30], [1e10, 0]]
HUGE_BOXES = [
    [0, 0, 0, 0],
    [1e10, 1e10, -1e10, -1e10],
    [-1e10, 0, -1e10, 1],
    [1e10, 1e10, 1e10, 1e10],
    [0, 0, 1e-30, 1e-30],
]
HUGE_POINTS = [
    [0, 0],
    [0, 0],
    [1e10, -1e10],
    [1e10, 1e10],
    [1e-30, 0],
    [-1e10, 1e-30],
]
HUGE_IDS = [0, 0, 1, 1, 0, 1]
SURE = [[0, 1], [1, 0], [0, 0], [1, 1]]
LOGITS = {"from_logits": True}


def each_with_each(labels, predictions):
    pairs = [(y, p) for y in labels for p in predictions]
    return [y for y, _ in pairs], [p for _, p in pairs]


BINARY = [
    (*each_with_each(SURE, SURE), {}),
    (*each_with_each(SURE, HUGE_LOGITS), LOGITS),
]
ONE_HOT = [
    (*each_with_each(SURE[:2], SURE), {}),
    (*each_with_each(SURE[:2], HUGE_LOGITS), LOGITS),
]
REALS = [0.0, 1e-30, -1e-30, 1.0, -1e10, 1e10]
NUMBERS = [(*each_with_each(REALS, REALS), {})]
MINED = [(HUGE_IDS, HUGE_POINTS, {})]
METRICS = [
    (HUGE_IDS, HUGE_POINTS, {"distance_metric": m}) for m in SCIPY_METRICS
]
COSINES = [(*each_with_each(SURE[:2], [[1, -1], [-1, 1], [1, 1], [2, -2]]), {})]
EXTREMES = {
    "pinball_loss": NUMBERS,
    "gaussian_nll_loss": [
        ([0.0, 1e10], [[1e10, -1e10], [-1e10, 1e3]], {}),
    ],
    "charbonnier_loss": NUMBERS,
    "tweedie_loss": [(*each_with_each([0.0, 1e10], REALS), {})],
    "iou_loss": [(*each_with_each(HUGE_BOXES, HUGE_BOXES), {})],
    "giou_loss": [(*each_with_each(HUGE_BOXES, HUGE_BOXES), {})],
    "diou_loss": [(*each_with_each(HUGE_BOXES, HUGE_BOXES), {})],
    "ciou_loss": [(*each_with_each(HUGE_BOXES, HUGE_BOXES), {})],
    "smooth_l1_loss": NUMBERS,
    "sigmoid_focal_loss": [
        (labels, predictions, {**hyper, "gamma": gamma})
        for labels, predictions, hyper in BINARY
        for gamma in (0, 0.5, 2)
    ],
    "categorical_focal_loss": [
        (labels, predictions, {**hyper, "gamma": gamma})
        for labels, predictions, hyper in ONE_HOT
        for gamma in (0, 0.5, 2)
    ],
    "generalized_cross_entropy_loss": ONE_HOT,
    "poly1_loss": ONE_HOT,
    "dice_loss": BINARY,
    "tversky_loss": BINARY,
    "asymmetric_loss": [
        (labels, predictions, {**hyper, "shift": shift})
        for labels, predictions, hyper in BINARY
        for shift in (0, 0.05)
    ],
    "sparsemax_loss": [(*each_with_each(SURE[:2], HUGE_LOGITS), {})],
    "weighted_kappa_loss": [(SURE[:2] * 2, SURE, {})],
    "contrastive_loss": [(*each_with_each([0, 1], REALS), {})],
    "triplet_semihard_loss": METRICS,
    "triplet_hard_loss": METRICS + [(HUGE_IDS, HUGE_POINTS, {"soft": True})],
    "triplet_batch_all_loss": METRICS
    + [(HUGE_IDS, HUGE_POINTS, {"soft": True})],
    "quadruplet_loss": [
        ([0] * 3, [HUGE_POINTS[i : i + 4] for i in range(3)], {})
    ],
    "triplet_loss": [
        ([0] * 4, [HUGE_POINTS[i : i + 3] for i in range(4)], hyper)
        for _, _, hyper in METRICS
    ],
    "lifted_struct_loss": MINED,
    "npairs_loss": [([0, 1, 0], [[1e10, -1e10, 0]] * 3, {})],
    "npairs_multilabel_loss": [
        ([[0, 0], [1, 1], [1, 0]], [[1e10, -1e10, 0]] * 3, {}),
    ],
    "nt_xent_loss": [(HUGE_IDS, HUGE_POINTS, {"temperature": 1e-6})],
    "supervised_contrastive_loss": [
        (HUGE_IDS, HUGE_POINTS, {"temperature": 1e-6})
    ],
    "multi_similarity_loss": [(HUGE_IDS, HUGE_POINTS, {"beta": 1e6})],
    "circle_loss": [(HUGE_IDS, HUGE_POINTS, {"gamma": 1e6})],
    "arcface_loss": COSINES,
    "cosface_loss": COSINES,
    "adaptive_triplet_loss": [
        (
            [[i, *p] for i, p in zip(HUGE_IDS, HUGE_POINTS, strict=True)],
            HUGE_POINTS,
            {},
        )
    ],
    "f_beta_loss": [(SURE, SURE[::-1], {}), ([[0, 0]], [[0, 0]], {})],
    "hybrid_loss": [
        (
            *each_with_each(REALS, REALS),
            {"losses": ["mse", "huber", "log_cosh"]},
        )
    ],
}


@pytest.mark.parametrize("name", LOSSES)
def test_extremes(name):
    for labels, predictions, hyper in EXTREMES[name]:
        values = getattr(reference, name)(labels, predictions, **hyper)
        assert len(values) == len(predictions)
        for value in values:
            assert isinstance(value, (int, float)) and math.isfinite(value)


# as the papers or, for the losses it has, tensorflow_addons have them
DEFAULTS = {
    "pinball_loss": {"tau": 0.5},
    "gaussian_nll_loss": {"min_variance": 1e-6},
    "charbonnier_loss": {"epsilon": 1e-3},
    "tweedie_loss": {"power": 1.5},
    "ciou_loss": {"weights_at": None},
    "smooth_l1_loss": {"beta": 1.0},
    "sigmoid_focal_loss": {"alpha": 0.25, "gamma": 2.0, "from_logits": False},
    "categorical_focal_loss": {
        "alpha": 0.25,
        "gamma": 2.0,
        "from_logits": False,
    },
    "generalized_cross_entropy_loss": {"q": 0.7, "from_logits": False},
    "poly1_loss": {"epsilon": 1.0, "from_logits": False},
    "dice_loss": {"smooth": 1.0, "from_logits": False},
    "tversky_loss": {
        "alpha": 0.3,
        "beta": 0.7,
        "smooth": 1.0,
        "from_logits": False,
    },
    "asymmetric_loss": {
        "gamma_positive": 0.0,
        "gamma_negative": 4.0,
        "shift": 0.05,
        "from_logits": False,
    },
    "weighted_kappa_loss": {"weightage": "quadratic", "epsilon": 1e-6},
    "contrastive_loss": {"margin": 1.0},
    "triplet_semihard_loss": {"margin": 1.0, "distance_metric": "L2"},
    "triplet_hard_loss": {
        "margin": 1.0,
        "soft": False,
        "distance_metric": "L2",
    },
    "triplet_batch_all_loss": {
        "margin": 1.0,
        "soft": False,
        "distance_metric": "L2",
    },
    "quadruplet_loss": {"margin_1": 1.0, "margin_2": 0.5},
    "triplet_loss": {"margin": 1.0, "distance_metric": "L2"},
    "lifted_struct_loss": {"margin": 1.0},
    "nt_xent_loss": {"temperature": 0.1},
    "supervised_contrastive_loss": {"temperature": 0.1},
    "multi_similarity_loss": {
        "alpha": 2.0,
        "beta": 50.0,
        "base": 0.5,
        "epsilon": 0.1,
    },
    "circle_loss": {"margin": 0.4, "gamma": 80.0, "weights_at": None},
    "arcface_loss": {"margin": 0.5, "scale": 64.0},
    "cosface_loss": {"margin": 0.35, "scale": 64.0},
    "adaptive_triplet_loss": {"margin": 0.2, "semantic_scale": 0.25},
    "f_beta_loss": {"beta": 1.0},
    "hybrid_loss": {"weights": None},
}


@pytest.mark.parametrize("name", LOSSES)
def test_defaults(name):
    parameters = inspect.signature(getattr(reference, name)).parameters
    defaults = {
        parameter.name: parameter.default
        for parameter in parameters.values()
        if parameter.default is not parameter.empty
    }
    assert defaults == DEFAULTS.get(name, {})


@pytest.mark.parametrize("name", LOSSES)
def test_no_samples(name):
    hyper = {"losses": ["mse"]} if name == "hybrid_loss" else {}
    assert getattr(reference, name)([], [], **hyper) == []
