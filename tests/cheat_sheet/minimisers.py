"""Checks what the cheat sheet says of each row's minimiser.

A check is a function of the loss, as `mean(labels, predictions)`, that raises
an AssertionError. Its name in `CHECKS` is what the sheet says.
"""

import numpy as np
import tensorflow as tf
from scipy.optimize import minimize_scalar

from lossutils.classification import sparsemax

LABELS = np.round(np.random.RandomState(0).gamma(1.5, 2.0, 101), 2) + 0.1
# Of ten samples, seven are of the first class.
SEVEN = np.eye(2)[[0] * 7 + [1] * 3]


def column(values):
    return np.reshape(values, (-1, 1)).astype(float)


def is_least(mean, labels, best, others):
    """Asserts that no other predictions have a smaller loss than the best."""
    least = mean(labels, best)
    for other in others:
        assert mean(labels, other) >= least - 1e-6, other


def random_like(best):
    """Returns 80 predictions, near to the best and far from it."""
    random = np.random.RandomState(1)
    best = np.asarray(best, float)
    for scale in np.repeat([0.01, 0.1, 1.0, 10.0], 20):
        yield best + random.normal(scale=scale, size=best.shape)


def lowest(function, low, high):
    """Returns where a function that falls and then rises is lowest."""
    return minimize_scalar(function, bounds=(low, high), method="bounded").x


def best_constant(mean, labels=LABELS, **hyper):
    """Returns the constant with the least loss."""

    def loss(constant):
        return float(
            mean(column(labels), column(constant + 0 * labels), **hyper)
        )

    return lowest(loss, labels.min(), labels.max())


def constant(statistic):
    def check(mean):
        assert abs(best_constant(mean) - statistic(LABELS)) < 0.011

    return check


def median_to_mean(hyper):
    """As a hyperparameter grows."""

    def check(mean):
        best = best_constant(mean, **{hyper: 0.01})
        assert abs(best - np.median(LABELS)) < 0.02
        best = best_constant(mean, **{hyper: 100.0})
        assert abs(best - LABELS.mean()) < 0.02

    return check


def mean_of_small_median_of_large(mean):
    for unit, statistic in [(0.01, np.mean), (100, np.median)]:
        best = best_constant(mean, unit * LABELS) / unit
        assert abs(best - statistic(LABELS)) < 0.02


def weighted_median(y):
    order = np.argsort(y, kind="stable")
    share = np.cumsum(1 / y[order]) / np.sum(1 / y)
    return y[order][np.searchsorted(share, 0.5)]


def between(mean):
    assert np.median(LABELS) - 0.01 < best_constant(mean) < LABELS.mean() + 0.01


def near_median(mean):
    assert abs(best_constant(mean) - np.median(LABELS)) < 0.1


def mean_and_variance(mean):
    best = [LABELS.mean(), np.log(LABELS.var())]
    others = random_like(np.tile(best, (1, 1)))
    is_least(
        mean,
        column(LABELS),
        np.tile(best, (len(LABELS), 1)),
        (np.tile(other, (len(LABELS), 1)) for other in others),
    )


def same_direction(mean):
    best = [[2.0, 4.0]]
    is_least(mean, [[1.0, 2.0]], best, random_like(best))


# Classes. The loss takes logits or probabilities; each check says which.


def best_share(mean, takes):
    """Returns the probability with the least loss, where 0.7 is true."""
    binary = column(SEVEN[:, 0])

    def loss(p):
        z = np.log(p / (1 - p))
        if takes == "scores":
            return float(mean(SEVEN, np.tile([z, 0.0], (10, 1))))
        return float(mean(binary, column([z if takes == "logit" else p] * 10)))

    return lowest(loss, 1e-3, 1 - 1e-3)


def share(takes, low, high):
    def check(mean):
        assert low <= best_share(mean, takes) <= high

    return check


def true_share(takes):
    return share(takes, 0.699, 0.701)


def true_shares_sparsemax(mean):
    truth = np.array([0.5, 0.3, 0.2])
    labels = np.eye(3)[[0] * 5 + [1] * 3 + [2] * 2]
    scores = np.tile(truth, (10, 1))
    np.testing.assert_allclose(sparsemax(scores), scores)
    others = (np.tile(z, (10, 1)) for z in random_like(truth))
    is_least(mean, labels, scores, others)


def true_shares_by_number(mean):
    numbers = SEVEN.argmax(axis=1)
    return true_share("scores")(lambda labels, scores: mean(numbers, scores))


def distribution(mean):
    best = [[0.2, 0.3, 0.5]]
    others = np.random.RandomState(1).dirichlet([1, 1, 1], size=(80, 1))
    is_least(mean, best, best, others)


def score(best):
    """The score of labels that are -1 or 1, seven tenths of them 1."""

    def check(mean):
        labels = column(2 * SEVEN[:, 0] - 1)
        others = (np.tile(z, (10, 1)) for z in random_like([best]))
        is_least(mean, labels, np.full((10, 1), best), others)

    return check


def ahead_by_one(mean):
    best = np.array([1.0, 0.0, -1.0])
    labels = np.eye(3)[[0] * 6 + [1] * 3 + [2]]
    others = (np.tile(z, (10, 1)) for z in random_like(best))
    is_least(mean, labels, np.tile([1.0, 0.0, 0.0], (10, 1)), others)


def focal_binary(mean):
    # alpha weighs the label 0 thrice, so that a balanced p falls below half
    assert best_share(mean, "logit") < 0.5
    halves = column([0, 1])

    def loss(p):
        return float(mean(halves, column([np.log(p / (1 - p))] * 2)))

    assert lowest(loss, 1e-3, 1 - 1e-3) > 0.25 + 0.01


def labels_themselves(*shape, classes=0):
    """Predictions equal to labels, of masks or of classes."""

    def check(mean):
        random = np.random.RandomState(1)
        labels = random.randint(2, size=shape).astype(float)
        if classes:
            labels = np.eye(classes)[random.randint(classes, size=shape)]
        is_least(mean, labels, labels, random.uniform(size=(80, *labels.shape)))

    return check


def same_box(mean):
    box = np.array([[1.0, 2.0, 5.0, 4.0]])
    is_least(mean, box, box, random_like(box))
    assert mean(box, box) < mean(box, box + 0.1)


# Embeddings.


def zero_exactly_where(labels, fits, too_near):
    """The loss is 0 where all fits, and greater a little before."""

    def check(mean):
        assert abs(mean(labels, fits)) < 1e-6
        assert mean(labels, too_near) > 1e-3

    return check


def line(*x):
    return [[each, 0.0] for each in x]


def turned(cosine):
    return [cosine, np.sqrt(1 - cosine**2)]


def least_of_vectors(labels, best):
    def check(mean):
        is_least(mean, labels, best, random_like(best))

    return check


def pairs_alike(mean):
    both = zero_exactly_where([[1], [0]], [[0.0], [1.0]], [[0.0], [0.9]])
    both(mean)
    assert mean([[1]], [[0.1]]) > 1e-3


def softmax_of_scores(mean):
    labels = [[1, 1], [1, 0], [0, 1]]
    shares = np.array([[2, 1, 1], [1, 1, 1e-9], [1, 1e-9, 1]])
    best = np.log(shares / shares.sum(axis=1, keepdims=True))
    is_least(mean, labels, best, random_like(best))


def circle(mean):
    """Its weights are held, so that slopes say more than the value."""

    def slopes(s_p, s_n):
        a, p, n = (
            tf.Variable(turned(s), dtype=tf.float64) for s in (1.0, s_p, s_n)
        )
        with tf.GradientTape() as tape:
            loss = mean([0, 0, 1, 1], tf.stack([a, p, n, n]))
        return tape.gradient(loss, [p, n])

    pulls, pushes = slopes(0.9, 0.5)
    assert tf.norm(pulls) > 1 and tf.norm(pushes) > 1
    _, pushes = slopes(0.9, -0.5)
    assert tf.norm(pushes) < 1e-6


def far_above(mean):
    scores = 50.0 * np.eye(3)
    assert mean([0, 1, 2], scores) < 1e-6 < mean([0, 1, 2], scores / 10)


def true_cosine_one(mean):
    best = [[1.0, -1.0, -1.0]]
    others = np.random.RandomState(1).uniform(-1, 1, size=(80, 1, 3))
    is_least(mean, [[1, 0, 0]], best, others)


FOUR = [0, 0, 1, 1]
LIKE = [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]]
TEXTS = [[0, 1, 0], [0, 1, 0], [1, 0, 1]]

CHECKS = {
    "Squared error": {"mean": constant(np.mean)},
    "Absolute error": {"median": constant(np.median)},
    "Percentage error": {
        r"median, weighted by $\frac{1}{|y|}$": constant(weighted_median)
    },
    "Squared log error": {
        r"mean, by $\log(1 + y)$": constant(
            lambda y: np.expm1(np.log1p(y).mean())
        )
    },
    "Huber": {r"median to mean, as $\delta$ grows": median_to_mean("delta")},
    "Log-cosh": {
        "mean of small errors, median of large": mean_of_small_median_of_large
    },
    "Smooth L1": {r"median to mean, as $\beta$ grows": median_to_mean("beta")},
    "Charbonnier": {"near the median": near_median},
    "Cosine similarity": {"the same direction": same_direction},
    "Poisson": {"mean": constant(np.mean)},
    "Tweedie": {"mean": constant(np.mean)},
    "Pinball": {r"$\tau$-quantile": constant(lambda y: np.quantile(y, 0.9))},
    "Gaussian likelihood": {"mean, and log of the variance": mean_and_variance},
    "Binary cross-entropy": {"$p = P(1)$": true_share("logit")},
    "Cross-entropy": {"$p = P$": true_share("scores")},
    "Sparse cross-entropy": {"$p = P$": true_shares_by_number},
    "KL divergence": {"$p = P$": distribution},
    "Hinge": {"$z$ = the commoner label": score(1.0)},
    "Squared hinge": {"$z = 2 P(1) - 1$": score(0.4)},
    "Categorical hinge": {"the commoner class ahead by 1": ahead_by_one},
    "Sparsemax": {"$p = P$": true_shares_sparsemax},
    "Poly-1": {"more extreme than $P$": share("scores", 0.71, 0.999)},
    "Generalized cross-entropy": {
        # 0.7 and 0.3 to the power 1/0.3, scaled to a sum of 1
        "$p$ ∝ $P^{1 / (1 - q)}$": share("scores", 0.943, 0.945)
    },
    "Dice": {"$p = y$": labels_themselves(1, 20)},
    "Tversky": {"$p = y$": labels_themselves(1, 20)},
    "Asymmetric": {"above $P(1)$": share("probability", 0.71, 0.999)},
    "Weighted kappa": {"$p = y$": labels_themselves(20, classes=3)},
    "Focal, binary": {
        r"$\gamma$ pulls $p$ to ½, $\alpha$ = ¼ to 0": focal_binary
    },
    "Focal, categorical": {
        r"$\gamma$ pulls $p$ together": share("scores", 0.51, 0.69)
    },
    "IoU": {"the same box": same_box},
    "GIoU": {"the same box": same_box},
    "DIoU": {"the same box": same_box},
    "CIoU": {"the same box": same_box},
    "Contrastive": {r"$d = 0$ if alike, else $d \ge m$": pairs_alike},
    "Triplet": {
        r"$d_n \ge d_p + m$": zero_exactly_where(
            [0], [line(0, 2, 3)], [line(0, 2, 2.9)]
        )
    },
    "Quadruplet": {
        "both terms 0": zero_exactly_where(
            [0], [line(0, 0, 1, 1.8)], [line(0, 0, 1, 1.7)]
        )
    },
    "Triplet, batch-all": {
        r"every $n_j \ge p_j + m$": zero_exactly_where(
            FOUR, line(0, 1, 3, 4), line(0, 1, 2.9, 4)
        )
    },
    "Triplet, hardest": {
        r"$d_n \ge d_p + m$": zero_exactly_where(
            FOUR, line(0, 1, 3, 4), line(0, 1, 2.9, 4)
        )
    },
    "Triplet, semi-hard": {
        r"$d_n \ge d_p + m$": zero_exactly_where(
            FOUR, line(0, 1, 3, 4), line(0, 1, 2.9, 4)
        )
    },
    "Adaptive triplet": {
        # 0.2 + 0.25 * 2 = 0.7 = 2 - 2 * 0.65
        r"every $n_j \ge p_j + m + \lambda t_j$": zero_exactly_where(
            TEXTS,
            [turned(1.0), turned(1.0), turned(0.649)],
            [turned(1.0), turned(1.0), turned(0.7)],
        )
    },
    "Lifted structure": {
        "$d_p$ small, every $d_j$ large": zero_exactly_where(
            FOUR, line(0, 0.1, 9, 9.1), line(0, 5, 9, 14)
        )
    },
    "N-pairs": {"$s_p$ far above the others": far_above},
    "N-pairs, multilabel": {"softmax of $s$ = $y$": softmax_of_scores},
    "NT-Xent": {"$s_p = 1$, every $s_j = -1$": least_of_vectors(FOUR, LIKE)},
    "Supervised contrastive": {
        "positives alike, classes apart": least_of_vectors(
            [0, 0, 0, 1, 1, 1], np.repeat(LIKE[1:3], 3, axis=0)
        )
    },
    "Multi-similarity": {
        "every $s_p$ above every $s_j$": zero_exactly_where(
            FOUR,
            [turned(1.0), turned(0.9), turned(-0.9), turned(-1.0)],
            [turned(1.0), turned(0.0), turned(0.1), turned(-1.0)],
        )
    },
    "Circle": {r"$s_p = 1$, every $s_j \le -m$": circle},
    "ArcFace": {r"$\theta = 0$, every $c_j = -1$": true_cosine_one},
    "CosFace": {"$c_t = 1$, every $c_j = -1$": true_cosine_one},
    "F-beta": {"$p = y$": labels_themselves(20, 1)},
    "Hybrid": {"between those of its parts": between},
}
