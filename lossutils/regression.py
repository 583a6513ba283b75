"""Regression losses that Keras lacks."""

import math

import tensorflow as tf

from lossutils.inputs import align, mean_of_outputs, number, to_float
from lossutils.keras_loss import KerasLoss, register

# Below these, float32 could not hold 1 / variance and epsilon squared.
SMALLEST_VARIANCE = 1e-30
SMALLEST_EPSILON = 1e-18

# The smallest mean that `tweedie_loss` takes as it is; as in Keras' Poisson.
SMALLEST_MEAN = 1e-7


def _levels(tau):
    """Returns tau as a float, or as a list of floats, each in (0, 1)."""
    if hasattr(tau, "tolist"):
        tau = tau.tolist()
    if isinstance(tau, (list, tuple)) and tau:
        return [number("tau", level, 0, 1) for level in tau]
    return number("tau", tau, 0, 1)


@register
def pinball_loss(y_true, y_pred, *, tau=0.5):
    r"""Minimising it makes `y_pred` the `tau`-quantile of `y_true`.

    $$ L = \max\bigl(\tau (y - \hat y),\; (\tau - 1)(y - \hat y)\bigr) $$

    An error costs `tau` per unit where the prediction is too low and
    `1 - tau` where it is too high.

    Args:
        y_true: labels, `(batch,)` or `(batch, ..., outputs)`.
        y_pred: predictions of the same shape; with several `tau`, one column
            per `tau`, and `y_true` may then be a single column.
        tau: the quantile, between 0 and 1; or a list of them.

    Returns:
        The mean over the last axis, at least 0, of shape
        `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a `tau` lies outside (0, 1), or shapes differ.

    Special case:
        `tau=0.5` is half the absolute error.

    Reference:
        Koenker and Bassett 1978, doi 10.2307/1913643.

    >>> loss = pinball_loss([10.0, 10.0], [8.0, 12.0], tau=0.9)
    >>> [round(float(v), 6) for v in loss]
    [1.8, 0.2]
    """
    tau = _levels(tau)
    several = isinstance(tau, list) and len(tau) > 1
    y_true, y_pred = align(y_true, y_pred, repeat_labels=several)
    if several and y_pred.shape[-1] != len(tau):
        raise ValueError(
            f"y_pred needs one column per tau, received tau={tau}, "
            f"y_pred.shape={y_pred.shape}"
        )
    tau = tf.convert_to_tensor(tau, y_pred.dtype)
    excess = y_pred - y_true
    # max(tau e, (tau - 1) e) with e = -excess
    return mean_of_outputs(tf.nn.relu(excess) - tau * excess)


@register
class PinballLoss(KerasLoss):
    """Keras loss of `pinball_loss`; see there.

    Args:
        tau: the quantile, between 0 and 1; or a list of them, one per column
            of the prediction.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = PinballLoss(tau=0.9)
    >>> round(float(loss([10.0, 10.0], [8.0, 12.0])), 6)
    1.0
    """

    def __init__(
        self, tau=0.5, reduction="sum_over_batch_size", name="pinball_loss"
    ):
        """See the class."""
        super().__init__(pinball_loss, reduction, name, tau=_levels(tau))


@register
def gaussian_nll_loss(y_true, y_pred, *, min_variance=1e-6):
    r"""Minimising it gives the mean and the variance of `y_true`.

    $$ L = \tfrac12 \Bigl(s + \frac{(y - \mu)^2}{e^{s}}\Bigr),
       \qquad s = \log \sigma^2 $$

    This is the negative log-likelihood of a normal distribution without its
    constant, log(2 pi) / 2 = 0.918939.

    Args:
        y_true: labels, `(batch,)` or `(batch, ..., outputs)`.
        y_pred: `(batch, ..., 2 * outputs)`: first the means, then the
            logarithms of the variances. Any real number is allowed.
        min_variance: the variance is taken to be at least this, greater
            than 1e-30; it bounds the loss from below.

    Returns:
        The mean over the outputs, at least `log(min_variance) / 2`, of
        shape `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `min_variance` is too small, or shapes do not fit.

    Special case:
        A log-variance of 0 is half the squared error.

    Reference:
        Nix and Weigend 1994, doi 10.1109/ICNN.1994.374138.

    >>> loss = gaussian_nll_loss([3.0], [[1.0, 0.0]])
    >>> round(float(loss[0]), 6)
    2.0
    """
    min_variance = number("min_variance", min_variance, low=SMALLEST_VARIANCE)
    y_pred = to_float(y_pred, "y_pred")
    if y_pred.shape.rank in (0, 1) or (y_pred.shape[-1] or 0) % 2:
        raise ValueError(
            "y_pred needs a mean and a log-variance per output, received "
            f"y_pred.shape={y_pred.shape}"
        )
    mean, log_variance = tf.split(y_pred, 2, axis=-1)
    y_true, mean = align(y_true, mean, given=y_pred.shape)
    # s, bounded so that exp(-s) stays finite
    s = tf.maximum(log_variance, math.log(min_variance))
    # (s + (y - mu)^2 / exp(s)) / 2
    terms = 0.5 * (s + tf.square(y_true - mean) * tf.exp(-s))
    return mean_of_outputs(terms)


@register
class GaussianNLLLoss(KerasLoss):
    """Keras loss of `gaussian_nll_loss`; see there.

    Args:
        min_variance: the variance is taken to be at least this.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = GaussianNLLLoss()
    >>> round(float(loss([3.0], [[1.0, 0.0]])), 6)
    2.0
    """

    def __init__(
        self,
        min_variance=1e-6,
        reduction="sum_over_batch_size",
        name="gaussian_nll_loss",
    ):
        """See the class."""
        min_variance = number(
            "min_variance", min_variance, low=SMALLEST_VARIANCE
        )
        super().__init__(
            gaussian_nll_loss, reduction, name, min_variance=min_variance
        )


@register
def charbonnier_loss(y_true, y_pred, *, epsilon=1e-3):
    r"""Minimising it comes close to the median, with a slope everywhere.

    $$ L = \sqrt{(y - \hat y)^2 + \varepsilon^2} $$

    Args:
        y_true: labels, `(batch,)` or `(batch, ..., outputs)`.
        y_pred: predictions of the same shape.
        epsilon: the error at which the square turns into the absolute
            value, greater than 1e-18, in the unit of the labels.

    Returns:
        The mean over the last axis, at least `epsilon`, of shape
        `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `epsilon` is too small, or shapes differ.

    Special case:
        As `epsilon` goes to 0 it becomes the absolute error.

    Reference:
        Charbonnier et al. 1994, doi 10.1109/ICIP.1994.413553.

    >>> loss = charbonnier_loss([4.0, 1.0], [0.0, 1.0], epsilon=3.0)
    >>> [round(float(v), 6) for v in loss]
    [5.0, 3.0]
    """
    epsilon = number("epsilon", epsilon, low=SMALLEST_EPSILON)
    y_true, y_pred = align(y_true, y_pred)
    # sqrt(e^2 + epsilon^2)
    terms = tf.sqrt(tf.square(y_true - y_pred) + epsilon**2)
    return mean_of_outputs(terms)


@register
class CharbonnierLoss(KerasLoss):
    """Keras loss of `charbonnier_loss`; see there.

    Args:
        epsilon: the error at which the square turns into the absolute value.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = CharbonnierLoss(epsilon=3.0)
    >>> round(float(loss([4.0, 1.0], [0.0, 1.0])), 6)
    4.0
    """

    def __init__(
        self,
        epsilon=1e-3,
        reduction="sum_over_batch_size",
        name="charbonnier_loss",
    ):
        """See the class."""
        epsilon = number("epsilon", epsilon, low=SMALLEST_EPSILON)
        super().__init__(charbonnier_loss, reduction, name, epsilon=epsilon)


def _power(power):
    """Returns the Tweedie power as a float in [1, 2)."""
    if power == 1:
        return 1.0
    return number("power", power, 1, 2)


def _box_cox_difference(log_ratio, mean, exponent):
    """Returns (y^q - mu^q) / q, given log(y / mu); its limit for q = 0."""
    if exponent == 0:
        return log_ratio
    # expm1 keeps the digits that y^q - mu^q loses where y is close to mu
    return mean**exponent * tf.math.expm1(exponent * log_ratio) / exponent


@register
def tweedie_loss(y_true, y_pred, *, power=1.5):
    r"""Minimising it gives the mean of amounts that are often exactly 0.

    $$ L = \frac{y^{2-p}}{(1-p)(2-p)} - \frac{y\,\mu^{1-p}}{1-p}
         + \frac{\mu^{2-p}}{2-p} $$

    This is half the unit deviance of a Tweedie distribution, whose variance
    grows as the `power`-th power of its mean. Twice its mean is
    `mean_tweedie_deviance` of scikit-learn.

    Args:
        y_true: amounts, 0 or more, `(batch,)` or `(batch, ..., outputs)`.
        y_pred: predicted means of the same shape, greater than 0; end the
            model with `activation="exponential"` or `"softplus"`. A mean
            below 1e-7 is taken as 1e-7, without a gradient.
        power: p, at least 1 and less than 2.

    Returns:
        The mean over the last axis, at least 0, and 0 where both agree, of
        shape `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `power` lies outside [1, 2), or shapes differ.
        tf.errors.InvalidArgumentError: an amount is negative. XLA drops the
            check; there the loss is NaN.

    Special case:
        `power=1` has the gradient of Keras' Poisson loss.

    Reference:
        Jorgensen 1987, doi 10.1111/j.2517-6161.1987.tb01685.x.

    >>> loss = tweedie_loss([0.0, 4.0], [1.0, 4.0])
    >>> [round(float(v), 6) for v in loss]
    [2.0, 0.0]
    """
    power = _power(power)
    y_true, y_pred = align(y_true, y_pred)
    tf.debugging.assert_non_negative(
        y_true, "tweedie_loss needs amounts of 0 or more in y_true"
    )
    mean = tf.maximum(y_pred, tf.constant(SMALLEST_MEAN, y_pred.dtype))
    zero = tf.equal(y_true, 0)
    # y / mu itself may underflow
    log_ratio = tf.math.log(tf.where(zero, mean, y_true)) - tf.math.log(mean)
    # y (y^(1-p) - mu^(1-p)) / (1-p) - (y^(2-p) - mu^(2-p)) / (2-p)
    positive = y_true * _box_cox_difference(
        log_ratio, mean, 1 - power
    ) - _box_cox_difference(log_ratio, mean, 2 - power)
    at_zero = mean ** (2 - power) / (2 - power)
    return mean_of_outputs(tf.where(zero, at_zero, positive))


@register
class TweedieLoss(KerasLoss):
    """Keras loss of `tweedie_loss`; see there.

    Args:
        power: how fast the variance grows with the mean, in [1, 2).
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TweedieLoss(power=1.5)
    >>> round(float(loss([0.0, 4.0], [1.0, 4.0])), 6)
    1.0
    """

    def __init__(
        self,
        power=1.5,
        reduction="sum_over_batch_size",
        name="tweedie_loss",
    ):
        """See the class."""
        super().__init__(tweedie_loss, reduction, name, power=_power(power))
