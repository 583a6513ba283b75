"""Losses made to measure: of a score, and of other losses."""

import tensorflow as tf

from lossutils.inputs import align, mean_of_outputs, number, to_float
from lossutils.keras_loss import KerasLoss, register

# Below this a divisor counts as 0: float32 could not hold the slope.
SMALLEST_DIVISOR = 1e-32


def _beta(beta):
    """Returns beta as a float greater than 0."""
    return number("beta", beta, low=0)


@register
def f_beta_loss(y_true, y_pred, *, beta=1.0):
    r"""Minimising it raises F-beta: precision and recall of a class at once.

    $$ \begin{aligned}
    L_i &= \frac1C \sum_c n\,
    \frac{\beta^2\, y_{ic} (1 - p_{ic}) + (1 - y_{ic})\, p_{ic}}
         {\beta^2 \sum_j y_{jc} + \sum_j p_{jc}}, \\
    \frac1n \sum_i L_i &= \frac1C \sum_c \Bigl(1 -
    \frac{(1 + \beta^2)\, TP_c}
         {(1 + \beta^2)\, TP_c + \beta^2 FN_c + FP_c}\Bigr)
    \end{aligned} $$

    Positives are counted softly, by probability, over the whole batch. So
    the mean of the values is the loss, and each sample bears its own misses
    and false alarms. Small batches have few positives; make them large.

    Args:
        y_true: labels between 0 and 1, `(batch,)` or `(batch, classes)`.
        y_pred: probabilities of the same shape.
        beta: how many times as much recall counts as precision, greater
            than 0.

    Returns:
        One value per sample, at least 0, of shape `(batch,)`. Their mean is
        between 0 and 1.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `beta` is not greater than 0, or shapes do not fit.

    Special case:
        `beta=1` weighs both alike, as `dice_loss` without `smooth` does over
        the pixels of an image. A class without positives, of which none is
        predicted, costs 0.

    Reference:
        Pastor-Pellicer et al. 2013, doi 10.1007/978-3-642-38679-4_37.

    >>> loss = f_beta_loss([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0])
    >>> loss.numpy().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    beta = _beta(beta)
    y_true, y_pred = align(y_true, y_pred)
    if y_pred.shape.rank not in (2, None):
        raise ValueError(
            "expected labels and predictions of shape (batch,) or "
            f"(batch, classes), received y_pred.shape={y_pred.shape}"
        )
    # of 1: what a false alarm counts, so that beta^2 cannot overflow
    alarm = 1 / (1 + beta * beta)
    miss = 1 - alarm
    both = y_true * y_pred
    # beta^2 y (1 - p) + (1 - y) p
    wrong = miss * (y_true - both) + alarm * (y_pred - both)
    # beta^2 sum(y) + sum(p) = (1 + beta^2) TP + beta^2 FN + FP
    total = tf.reduce_sum(miss * y_true + alarm * y_pred, 0)
    total = tf.where(total > SMALLEST_DIVISOR, total, 0)
    batch = tf.cast(tf.shape(y_pred)[0], y_pred.dtype)
    return mean_of_outputs(tf.math.divide_no_nan(batch * wrong, total))


@register
class FBetaLoss(KerasLoss):
    """Keras loss of `f_beta_loss`; see there.

    Args:
        beta: how many times as much recall counts as precision.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> float(FBetaLoss()([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0]))
    0.5
    """

    def __init__(
        self, beta=1.0, reduction="sum_over_batch_size", name="f_beta_loss"
    ):
        """See the class."""
        super().__init__(f_beta_loss, reduction, name, beta=_beta(beta))


def _as_list(values):
    """Returns a tuple or an array as a list, anything else as it is."""
    if hasattr(values, "tolist"):
        return values.tolist()
    return list(values) if isinstance(values, tuple) else values


def _function(loss):
    """Returns the function of labels and predictions behind a loss."""
    if isinstance(loss, str):
        loss = tf.keras.losses.get(loss)
    return loss.call if isinstance(loss, tf.keras.losses.Loss) else loss


def _losses(losses):
    """Returns a list of losses, each of which can be called."""
    losses = _as_list(losses)
    if not isinstance(losses, list) or not losses:
        raise ValueError(
            f"losses must be a list of at least one, received {losses!r}"
        )
    for loss in losses:
        try:
            known = callable(_function(loss)) and not isinstance(loss, type)
        except ValueError:
            known = False
        if not known:
            raise ValueError(
                "losses must be names of Keras losses, functions or Keras "
                f"losses, received {loss!r}"
            )
    return losses


def _weights(weights, losses):
    """Returns one weight of at least 0 per loss; None stays."""
    weights = _as_list(weights)
    if weights is None:
        return None
    if not isinstance(weights, list) or len(weights) != len(losses):
        raise ValueError(
            f"weights must be a list of {len(losses)}, one per loss, received "
            f"{weights!r}"
        )
    return [number("weights", w, low=0, closed=True) for w in weights]


def _values(loss, y_true, y_pred):
    """Returns the values of one loss, in the type of the predictions."""
    values = tf.convert_to_tensor(_function(loss)(y_true, y_pred))
    if values.shape.rank == 0:
        raise ValueError(
            f"losses must return one value per sample, received {loss!r}, "
            "which returns one number"
        )
    return tf.cast(values, y_pred.dtype)


def _to_rank(values, rank):
    """Returns the mean over the last axes, so that `rank` axes remain."""
    last = list(range(rank, values.shape.rank))
    return tf.reduce_mean(values, last) if last else values


@register
def hybrid_loss(y_true, y_pred, *, losses, weights=None):
    r"""Minimising it makes several losses small, each as much as it weighs.

    $$ L = \sum_k w_k L_k $$

    Args:
        y_true: labels, as each of the losses takes them.
        y_pred: predictions, as each of the losses takes them.
        losses: a list. Of names of Keras losses whose labels have the shape
            of the predictions, such as `"mse"`; of functions with one value
            per sample; of Keras losses, whose own `reduction` does not
            count.
        weights: a list of as many numbers, at least 0; without, 1 each.

    Returns:
        The weighted sum per sample, of shape `(batch,)`, or `(batch, ...)`
        for more axes. Where one loss leaves more axes than another, as
        cross-entropy of an image beside `dice_loss`, it is averaged over
        them.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: the weights do not fit the losses, a loss is unknown or
            returns a lone number, or shapes differ.

    Special case:
        One loss with a weight of 1 is that loss.

    Reference:
        For instance Dice with cross-entropy, Isensee et al. 2021,
        doi 10.1038/s41592-020-01008-z.

    >>> loss = hybrid_loss(
    ...     [0.0, 1.0], [3.0, 1.0], losses=["mse", "mae"], weights=[1.0, 2.0]
    ... )
    >>> loss.numpy().tolist()
    [15.0, 0.0]
    """
    losses = _losses(losses)
    weights = _weights(weights, losses) or [1.0] * len(losses)
    y_pred = to_float(y_pred, "y_pred")
    y_true = tf.convert_to_tensor(y_true)
    # Losses of classes take labels of another shape. But Keras' own losses
    # and many a function of one output broadcast these in silence.
    named = any(isinstance(loss, str) for loss in losses)
    if named or (y_pred.shape.rank or 0) < 2 or y_pred.shape[-1] == 1:
        y_true, y_pred = align(y_true, y_pred)
    values = [_values(loss, y_true, y_pred) for loss in losses]
    rank = min(each.shape.rank for each in values)
    # w_1 L_1 + w_2 L_2 + ...
    return tf.add_n(
        [w * _to_rank(v, rank) for w, v in zip(weights, values, strict=True)]
    )


@register
class HybridLoss(KerasLoss):
    """Keras loss of `hybrid_loss`; see there.

    It is saved with its losses, if Keras can save these: by name, as Keras
    losses, or as registered functions.

    Args:
        losses: a list of names, functions and Keras losses.
        weights: a list of as many numbers, at least 0; without, 1 each.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`; those of the
            losses do not count.
        name: name of the loss.

    >>> loss = HybridLoss(["mse", "mae"], weights=[1.0, 2.0])
    >>> float(loss([0.0, 1.0], [3.0, 1.0]))
    7.5
    """

    def __init__(
        self,
        losses,
        weights=None,
        reduction="sum_over_batch_size",
        name="hybrid_loss",
    ):
        """See the class."""
        losses = _losses(losses)
        super().__init__(
            hybrid_loss,
            reduction,
            name,
            losses=losses,
            weights=_weights(weights, losses),
        )
