"""The losses of the figures, as functions of the numbers a reader moves.

Each is the real loss, of Keras or of this package, on a sample or two. A
figure differentiates it by its positional arguments; those by keyword have a
slider, or are moved by hand. A name tells the shape, `()` unless in `SHAPES`.
"""

import tensorflow as tf

from lossutils import (
    classification,
    custom_losses,
    detection,
    embeddings,
    regression,
)

SHAPES = {
    "box": (4,),
    "target": (4,),
    "triplet": (3, 2),
    "pair": (2, 2),
    "points": (6, 2),
    "weights": (2,),
}

# By these names each version of Keras finds its functions.
_mse, _mae, _huber, _log_cosh = map(
    tf.keras.losses.get, ["mse", "mae", "huber", "log_cosh"]
)
_binary_crossentropy, _categorical_crossentropy = map(
    tf.keras.losses.get, ["binary_crossentropy", "categorical_crossentropy"]
)


def _of_one(loss, y_true, y_pred, **settings):
    """Returns the loss of one sample with one output."""
    y_true, y_pred = (tf.reshape(y, [1, 1]) for y in (y_true, y_pred))
    return loss(y_true, y_pred, **settings)[0]


def _of_vector(loss, y_true, y_pred, **settings):
    """Returns the loss of one sample that is a vector."""
    y_true, y_pred = (tf.expand_dims(y, 0) for y in (y_true, y_pred))
    return loss(y_true, y_pred, **settings)[0]


# Regression: of the error, which is prediction minus label.


def squared_error(error):
    """Squared error."""
    return _of_one(_mse, 0.0, error)


def absolute_error(error):
    """Absolute error."""
    return _of_one(_mae, 0.0, error)


def huber(error, *, delta):
    """Huber."""
    return _of_one(_huber, 0.0, error, delta=delta)


def log_cosh(error):
    """Log-cosh."""
    return _of_one(_log_cosh, 0.0, error)


def charbonnier(error, *, epsilon):
    """Charbonnier."""
    return _of_one(regression.charbonnier_loss, 0.0, error, epsilon=epsilon)


def pinball(error, *, tau):
    """Pinball."""
    return _of_one(regression.pinball_loss, 0.0, error, tau=tau)


# Regression: the mean loss of a constant over five labels. One is moved.


def _of_constant(loss, constant, outlier, **settings):
    labels = tf.stack([1.0, 1.5, 2.0, 2.5, outlier])[:, tf.newaxis]
    predictions = tf.fill([5, 1], constant)
    return tf.reduce_mean(loss(labels, predictions, **settings))


def mean_squared_error(constant, *, outlier):
    """Squared error."""
    return _of_constant(_mse, constant, outlier)


def mean_absolute_error(constant, *, outlier):
    """Absolute error."""
    return _of_constant(_mae, constant, outlier)


def mean_huber(constant, *, outlier, delta):
    """Huber."""
    return _of_constant(_huber, constant, outlier, delta=delta)


def mean_pinball(constant, *, outlier, tau):
    """Pinball."""
    return _of_constant(regression.pinball_loss, constant, outlier, tau=tau)


# Classification: of a probability or a logit.


def binary_crossentropy(probability, *, label):
    """Cross-entropy."""
    return _of_one(_binary_crossentropy, label, probability)


def focal(probability, *, label, alpha, gamma):
    """Focal."""
    return _of_one(
        detection.sigmoid_focal_loss,
        label,
        probability,
        alpha=alpha,
        gamma=gamma,
    )


def crossentropy_of_logit(logit, *, label):
    """From logits."""
    return _of_one(_binary_crossentropy, label, logit, from_logits=True)


def crossentropy_of_sigmoid(logit, *, label):
    """From probabilities."""
    return _of_one(_binary_crossentropy, label, tf.sigmoid(logit))


# Classification: of the logit of the true class; those of the others are 0.


def _of_classes(count, loss, logit, smoothing=0.0, **settings):
    labels = classification.smooth_labels(tf.one_hot(0, count), smoothing)
    logits = tf.concat([[logit], tf.zeros(count - 1)], 0)
    return _of_vector(loss, labels, logits, from_logits=True, **settings)


def ten_classes(logit):
    """Cross-entropy."""
    return _of_classes(10, _categorical_crossentropy, logit)


def ten_classes_smoothed(logit, *, alpha):
    """Smoothed labels."""
    return _of_classes(10, _categorical_crossentropy, logit, alpha)


def three_classes(logit):
    """Cross-entropy."""
    return _of_classes(3, _categorical_crossentropy, logit)


def three_classes_focal(logit, *, gamma):
    """Focal."""
    return _of_classes(
        3,
        detection.categorical_focal_loss,
        logit,
        alpha=1.0,
        gamma=gamma,
    )


# Detection: of a predicted box and the true one.


def iou(box, *, target):
    """IoU."""
    return _of_vector(detection.iou_loss, target, box)


def giou(box, *, target):
    """GIoU."""
    return _of_vector(detection.giou_loss, target, box)


def diou(box, *, target):
    """DIoU."""
    return _of_vector(detection.diou_loss, target, box)


def ciou(box, *, target):
    """CIoU."""
    return _of_vector(detection.ciou_loss, target, box)


# Embeddings in the plane.


def triplet(triplet, *, margin):
    """Triplet."""
    return _of_vector(
        embeddings.triplet_loss, tf.zeros([]), triplet, margin=margin
    )


def contrastive(pair, *, same, margin):
    """Contrastive."""
    # as in `embeddings`: two equal points have no direction
    square = tf.reduce_sum(tf.square(pair[0] - pair[1]))
    apart = square > 0
    distance = tf.where(apart, tf.sqrt(tf.where(apart, square, 1)), 0)
    return _of_one(embeddings.contrastive_loss, same, distance, margin=margin)


def nt_xent(points, *, temperature):
    """NT-Xent."""
    return tf.reduce_mean(
        embeddings.nt_xent_loss(
            [0, 0, 1, 1, 2, 2], points, temperature=temperature
        )
    )


# Fundamentals: a line through five points, of its slope and its height.

X = [-2.0, -1.0, 0.0, 1.0, 2.0]
Y = [-1.0, 0.5, 0.0, 1.5, 1.5]


def _of_line(loss, weights):
    line = weights[0] * tf.constant(X) + weights[1]
    labels = tf.constant(Y)[:, tf.newaxis]
    return tf.reduce_mean(loss(labels, line[:, tf.newaxis]))


def squared_error_of_line(weights):
    """Squared error."""
    return _of_line(_mse, weights)


def absolute_error_of_line(weights):
    """Absolute error."""
    return _of_line(_mae, weights)


# Custom losses: ten samples, of which those above a threshold are positive.

_LOGITS = [-3.0, -2.25, -1.5, -1.0, -0.25, 0.25, 0.5, 1.25, 2.0, 3.0]
_LABELS = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0]


def soft_f_beta(threshold, *, beta):
    """F-beta loss."""
    p = tf.sigmoid(tf.constant(_LOGITS) - threshold)
    return tf.reduce_mean(custom_losses.f_beta_loss(_LABELS, p, beta=beta))


def hard_f_beta(threshold, *, beta):
    """1 - F-beta."""
    decisions = tf.cast(tf.constant(_LOGITS) > threshold, tf.float32)
    losses = custom_losses.f_beta_loss(_LABELS, decisions, beta=beta)
    return tf.reduce_mean(losses)


# Loss weights: one weight of a model, which two outputs pull to 0 and to 1.


def first_output(theta, *, first):
    """First, weighted."""
    return first * _of_one(_mse, 0.0, theta)


def second_output(theta, *, second):
    """Second, weighted."""
    return second * _of_one(_mse, 1.0, theta)


def both_outputs(theta, *, first, second):
    """Their sum."""
    return first_output(theta, first=first) + second_output(
        theta, second=second
    )
