"""The losses once more, as the formula reads: lists, loops and `math`.

Slow, and written apart from the TensorFlow functions, so that a slip in one
shows against the other. A loss takes a list of labels and a list of
predictions, one item per sample, each a number or a list of numbers, and
returns a list with one value per sample.
"""

import math


def _row(sample):
    """Returns one sample as a list of numbers."""
    return list(sample) if isinstance(sample, (list, tuple)) else [sample]


def _mean_per_sample(term, y_true, y_pred):
    """Returns the mean of term(y, prediction) over each sample's outputs."""
    losses = []
    for label, prediction in zip(y_true, y_pred):
        pairs = list(zip(_row(label), _row(prediction)))
        losses.append(sum(term(y, p) for y, p in pairs) / len(pairs))
    return losses


def pinball_loss(y_true, y_pred, tau=0.5):
    """Slope `tau` where the prediction is too low, `1 - tau` above.

    >>> pinball_loss([10.0, 10.0], [8.0, 12.0], tau=0.75)
    [1.5, 0.5]
    """
    losses = []
    for label, prediction in zip(y_true, y_pred):
        labels, predictions = _row(label), _row(prediction)
        total = 0.0
        for i, p in enumerate(predictions):
            y = labels[i] if len(labels) > 1 else labels[0]
            level = tau[i] if isinstance(tau, (list, tuple)) else tau
            total += level * (y - p) if y > p else (1 - level) * (p - y)
        losses.append(total / len(predictions))
    return losses


def gaussian_nll_loss(y_true, y_pred, min_variance=1e-6):
    """Minus the log of a normal density, without its constant.

    >>> gaussian_nll_loss([3.0], [[1.0, 0.0]])
    [2.0]
    """
    losses = []
    for label, prediction in zip(y_true, y_pred):
        labels, predictions = _row(label), _row(prediction)
        total = 0.0
        for i, y in enumerate(labels):
            mean = predictions[i]
            log_variance = predictions[len(labels) + i]
            if log_variance < math.log(min_variance):
                log_variance = math.log(min_variance)
            deviation = math.exp(log_variance / 2)
            z = (y - mean) / deviation
            total += z * z / 2 + math.log(deviation)
        losses.append(total / len(labels))
    return losses


def charbonnier_loss(y_true, y_pred, epsilon=1e-3):
    """The hypotenuse over the error and `epsilon`.

    >>> charbonnier_loss([4.0], [0.0], epsilon=3.0)
    [5.0]
    """
    return _mean_per_sample(
        lambda y, p: abs(complex(y - p, epsilon)), y_true, y_pred
    )


def tweedie_loss(y_true, y_pred, power=1.5):
    """Half the unit deviance, from its three terms.

    >>> tweedie_loss([0.0, 4.0], [1.0, 4.0])
    [2.0, 0.0]
    """

    def term(y, mean):
        mean = max(mean, 1e-7)
        if power == 1:
            return (y * math.log(y / mean) if y > 0 else 0.0) - y + mean
        a, b = 1 - power, 2 - power
        return y**b / (a * b) - y * mean**a / a + mean**b / b

    return _mean_per_sample(term, y_true, y_pred)
