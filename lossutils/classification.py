"""Classification losses that Keras lacks, and how far confidence is right."""

import tensorflow as tf

from lossutils.inputs import (
    align,
    align_vectors,
    choice,
    flag,
    insist,
    mean_of_outputs,
    number,
    to_float,
)
from lossutils.keras_loss import KerasLoss, register

# The smallest probability a logarithm is taken of; as in Keras.
SMALLEST_PROBABILITY = 1e-7

# Below this a divisor counts as 0: float32 could not hold the slope.
SMALLEST_DIVISOR = 1e-32

# Below this, float32 could not hold 1 / hyperparameter.
SMALLEST_HYPERPARAMETER = 1e-18


def _log_probabilities(y_pred, from_logits):
    """Returns log(p) of every class."""
    if from_logits:
        return tf.nn.log_softmax(y_pred)
    return tf.math.log(tf.maximum(y_pred, SMALLEST_PROBABILITY))


def _quotient(value, divisor):
    """Returns value / divisor, and 0 where the divisor is not above 0."""
    large = tf.where(divisor > SMALLEST_DIVISOR, divisor, 0)
    return tf.math.divide_no_nan(value, large)


def _exponent(q):
    """Returns q as a float in (0, 1]."""
    if q == 1:
        return 1.0
    return number("q", q, SMALLEST_HYPERPARAMETER, 1)


@register
def generalized_cross_entropy_loss(y_true, y_pred, *, q=0.7, from_logits=False):
    r"""Minimising it fits the classes, and forgives labels that are wrong.

    $$ L = \sum_c y_c \, \frac{1 - p_c^{\,q}}{q} $$

    The slope of cross-entropy is multiplied by p^q: what the model holds to
    be next to impossible, such as a wrong label, hardly pulls.

    Args:
        y_true: one-hot labels, or distributions, `(batch, ..., classes)`.
        y_pred: probabilities of the same shape, taken as they are, or
            logits. A probability below 1e-7 is taken as 1e-7, without a
            gradient.
        q: greater than 1e-18, and at most 1. The greater, the more is
            forgiven.
        from_logits: whether `y_pred` holds logits.

    Returns:
        The sum over the classes, between 0 and `1 / q` for probabilities,
        of shape `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `q` lies outside (0, 1], or shapes differ.

    Special case:
        As `q` goes to 0 it becomes cross-entropy. `q=1` is half the sum of
        the absolute errors.

    Reference:
        Zhang and Sabuncu 2018, arXiv 1805.07836.

    >>> labels = [[0.0, 1.0], [1.0, 0.0]]
    >>> probabilities = [[0.75, 0.25], [0.75, 0.25]]
    >>> loss = generalized_cross_entropy_loss(labels, probabilities, q=0.5)
    >>> [round(float(v), 6) for v in loss]
    [1.0, 0.267949]
    """
    q = _exponent(q)
    from_logits = flag("from_logits", from_logits)
    y_true, y_pred = align_vectors(y_true, y_pred)
    log_p = _log_probabilities(y_pred, from_logits)
    # y (1 - p^q) / q; expm1 keeps the digits where p is close to 1
    return tf.reduce_sum(-y_true * tf.math.expm1(q * log_p), -1) / q


@register
class GeneralizedCrossEntropyLoss(KerasLoss):
    """Keras loss of `generalized_cross_entropy_loss`; see there.

    Args:
        q: greater than 1e-18, and at most 1.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = GeneralizedCrossEntropyLoss(q=0.5)
    >>> float(loss([[0.0, 1.0]], [[0.75, 0.25]]))
    1.0
    """

    def __init__(
        self,
        q=0.7,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="generalized_cross_entropy_loss",
    ):
        """See the class."""
        super().__init__(
            generalized_cross_entropy_loss,
            reduction,
            name,
            q=_exponent(q),
            from_logits=flag("from_logits", from_logits),
        )


def _coefficient(epsilon):
    """Returns epsilon as a float of at least -1."""
    return number("epsilon", epsilon, low=-1, closed=True)


@register
def poly1_loss(y_true, y_pred, *, epsilon=1.0, from_logits=False):
    r"""Minimising it fits the classes, and pulls on after they are right.

    $$ L = -\sum_c y_c \log p_c
         + \varepsilon \Bigl(1 - \sum_c y_c\, p_c\Bigr) $$

    Cross-entropy is a series in 1 - p; here its first coefficient, 1, is
    raised by `epsilon`.

    Args:
        y_true: one-hot labels, or distributions, `(batch, ..., classes)`.
        y_pred: probabilities of the same shape, taken as they are, or
            logits. A probability below 1e-7 is taken as 1e-7, without a
            gradient.
        epsilon: what the first coefficient is raised by, at least -1.
        from_logits: whether `y_pred` holds logits.

    Returns:
        The sum over the classes, at least 0 for probabilities, of shape
        `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `epsilon` is below -1, or shapes differ.

    Special case:
        `epsilon=0` is cross-entropy.

    Reference:
        Leng et al. 2022, arXiv 2204.12511.

    >>> loss = poly1_loss([[0.0, 1.0]], [[0.5, 0.5]], epsilon=2.0)
    >>> round(float(loss[0]), 6)
    1.693147
    """
    epsilon = _coefficient(epsilon)
    from_logits = flag("from_logits", from_logits)
    y_true, y_pred = align_vectors(y_true, y_pred)
    log_p = _log_probabilities(y_pred, from_logits)
    # -sum(y log p) + epsilon (1 - sum(y p))
    terms = y_true * (log_p + epsilon * tf.exp(log_p))
    return epsilon - tf.reduce_sum(terms, -1)


@register
class Poly1Loss(KerasLoss):
    """Keras loss of `poly1_loss`; see there.

    Args:
        epsilon: what the first coefficient is raised by, at least -1.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = Poly1Loss(epsilon=2.0)
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 6)
    1.693147
    """

    def __init__(
        self,
        epsilon=1.0,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="poly1_loss",
    ):
        """See the class."""
        super().__init__(
            poly1_loss,
            reduction,
            name,
            epsilon=_coefficient(epsilon),
            from_logits=flag("from_logits", from_logits),
        )


def _soft_counts(y_true, y_pred, from_logits):
    """Returns true positives, false positives, false negatives per image."""
    y_true, y_pred = align(y_true, y_pred)
    p = tf.sigmoid(y_pred) if from_logits else y_pred
    both = y_true * p
    pixels = tf.range(1, tf.rank(p))
    return [
        tf.reduce_sum(each, pixels) for each in (both, p - both, y_true - both)
    ]


def _at_least_zero(name, value):
    """Returns a hyperparameter as a float of at least 0."""
    return number(name, value, low=0, closed=True)


@register
def dice_loss(y_true, y_pred, *, smooth=1.0, from_logits=False):
    r"""Minimising it makes two areas overlap, however small they are.

    $$ L = 1 - \frac{2 \sum_i y_i\, p_i + s}{\sum_i y_i + \sum_i p_i + s} $$

    All axes but the first are one image. The pixels that are rightly empty
    do not count.

    Args:
        y_true: masks, between 0 and 1, `(batch, ...)`.
        y_pred: probabilities of the same shape, or logits.
        smooth: s, at least 0. It bounds the slope of small areas.
        from_logits: whether `y_pred` holds logits.

    Returns:
        One value per image, between 0 and 1, of shape `(batch,)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `smooth` is negative, or shapes differ.

    Special case:
        An empty mask that is predicted empty costs 0, also for `smooth=0`.

    Reference:
        Dice 1945, doi 10.2307/1932409. As a loss, the sums below squared:
        Milletari et al. 2016, doi 10.1109/3DV.2016.79.

    >>> masks = [[[1.0, 1.0], [0.0, 0.0]]]
    >>> predictions = [[[1.0, 0.0], [0.0, 0.0]]]
    >>> float(dice_loss(masks, predictions, smooth=1.0)[0])
    0.25
    """
    smooth = _at_least_zero("smooth", smooth)
    from_logits = flag("from_logits", from_logits)
    hits, alarms, misses = _soft_counts(y_true, y_pred, from_logits)
    # 1 - (2 TP + s) / (2 TP + FP + FN + s)
    wrong = alarms + misses
    return _quotient(wrong, 2 * hits + wrong + smooth)


@register
class DiceLoss(KerasLoss):
    """Keras loss of `dice_loss`; see there.

    Args:
        smooth: s, at least 0.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = DiceLoss(smooth=1.0)
    >>> float(loss([[1.0, 1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]]))
    0.25
    """

    def __init__(
        self,
        smooth=1.0,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="dice_loss",
    ):
        """See the class."""
        super().__init__(
            dice_loss,
            reduction,
            name,
            smooth=_at_least_zero("smooth", smooth),
            from_logits=flag("from_logits", from_logits),
        )


@register
def tversky_loss(
    y_true, y_pred, *, alpha=0.3, beta=0.7, smooth=1.0, from_logits=False
):
    r"""Minimising it makes two areas overlap, and weighs the two mistakes.

    $$ \begin{aligned}
    L &= 1 - \frac{TP + s}{TP + \alpha\, FP + \beta\, FN + s}, \\
    TP &= \sum_i y_i\, p_i, \quad FP = \sum_i (1 - y_i)\, p_i, \quad
    FN = \sum_i y_i\, (1 - p_i)
    \end{aligned} $$

    All axes but the first are one image.

    Args:
        y_true: masks, between 0 and 1, `(batch, ...)`.
        y_pred: probabilities of the same shape, or logits.
        alpha: weight of the false positives, at least 0.
        beta: weight of the false negatives, at least 0.
        smooth: s, at least 0. It bounds the slope of small areas.
        from_logits: whether `y_pred` holds logits.

    Returns:
        One value per image, between 0 and 1, of shape `(batch,)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is negative, or shapes differ.

    Special case:
        `alpha=beta=0.5` is `dice_loss` with twice the `smooth`, and
        `alpha=beta=1` is 1 less the intersection over the union.

    Reference:
        Salehi et al. 2017, doi 10.1007/978-3-319-67389-9_44.

    >>> masks = [[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]]
    >>> predictions = [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    >>> loss = tversky_loss(masks, predictions, alpha=0.0, beta=1.0)
    >>> [round(float(v), 6) for v in loss]
    [0.6, 0.0]
    """
    alpha = _at_least_zero("alpha", alpha)
    beta = _at_least_zero("beta", beta)
    smooth = _at_least_zero("smooth", smooth)
    from_logits = flag("from_logits", from_logits)
    hits, alarms, misses = _soft_counts(y_true, y_pred, from_logits)
    # 1 - (TP + s) / (TP + alpha FP + beta FN + s)
    wrong = alpha * alarms + beta * misses
    return _quotient(wrong, hits + wrong + smooth)


@register
class TverskyLoss(KerasLoss):
    """Keras loss of `tversky_loss`; see there.

    Args:
        alpha: weight of the false positives, at least 0.
        beta: weight of the false negatives, at least 0.
        smooth: s, at least 0.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TverskyLoss(alpha=0.0, beta=1.0)
    >>> masks, predictions = [[1.0] * 4], [[1.0, 0.0, 0.0, 0.0]]
    >>> round(float(loss(masks, predictions)), 6)
    0.6
    """

    def __init__(
        self,
        alpha=0.3,
        beta=0.7,
        smooth=1.0,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="tversky_loss",
    ):
        """See the class."""
        super().__init__(
            tversky_loss,
            reduction,
            name,
            alpha=_at_least_zero("alpha", alpha),
            beta=_at_least_zero("beta", beta),
            smooth=_at_least_zero("smooth", smooth),
            from_logits=flag("from_logits", from_logits),
        )


def _power(base, exponent):
    """Returns a base of at least 0 to a power, its slope finite at 0."""
    if exponent == 0:
        return tf.ones_like(base)
    return tf.maximum(base, SMALLEST_DIVISOR) ** exponent


def _shift(shift):
    """Returns shift as a float in [0, 1]."""
    return number("shift", shift, 0, 1, closed=True)


@register
def asymmetric_loss(
    y_true,
    y_pred,
    *,
    gamma_positive=0.0,
    gamma_negative=4.0,
    shift=0.05,
    from_logits=False,
):
    r"""Minimising it finds the few labels that apply among many that do not.

    $$ \begin{aligned}
    L &= -y\, (1 - p)^{\gamma_+} \log p
         - (1 - y)\, p_m^{\gamma_-} \log(1 - p_m), \\
    p_m &= \max(p - m, 0)
    \end{aligned} $$

    A label that does not apply, and is predicted below the shift m, costs
    nothing.

    Args:
        y_true: labels between 0 and 1, `(batch,)` or
            `(batch, ..., outputs)`; several may apply.
        y_pred: probabilities of the same shape, or logits. The logarithm of
            less than 1e-7 is that of 1e-7, without a gradient.
        gamma_positive: the greater, the less an applying label costs that
            is nearly found; at least 0.
        gamma_negative: the same of labels that do not apply.
        shift: m, between 0 and 1.
        from_logits: whether `y_pred` holds logits.

    Returns:
        The mean over the last axis, at least 0, of shape
        `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of bounds, or shapes differ.

    Special case:
        With a `shift` of 0, both gammas alike, it is the focal loss without
        `alpha`; with both gammas 0 as well, binary cross-entropy.

    Reference:
        Ridnik et al. 2021, doi 10.1109/ICCV48922.2021.00015.

    >>> loss = asymmetric_loss(
    ...     [0.0, 0.0, 1.0], [0.05, 0.75, 0.5], gamma_negative=1.0, shift=0.25
    ... )
    >>> [round(float(v), 6) for v in loss]
    [0.0, 0.346574, 0.693147]
    """
    gamma_positive = _at_least_zero("gamma_positive", gamma_positive)
    gamma_negative = _at_least_zero("gamma_negative", gamma_negative)
    shift = _shift(shift)
    from_logits = flag("from_logits", from_logits)
    y_true, y_pred = align(y_true, y_pred)
    if from_logits:
        p, rest = tf.sigmoid(y_pred), tf.sigmoid(-y_pred)
        minus_log_p = tf.nn.softplus(-y_pred)
    else:
        p = tf.clip_by_value(y_pred, 0, 1)
        rest = 1 - p
        minus_log_p = -tf.math.log(tf.maximum(p, SMALLEST_PROBABILITY))
    if from_logits and shift == 0:
        minus_log_rest = tf.nn.softplus(y_pred)
    else:
        # 1 - p_m
        shifted = tf.clip_by_value(rest + shift, SMALLEST_PROBABILITY, 1)
        minus_log_rest = -tf.math.log(shifted)
    # (1 - p)^gamma+ (-log p)
    present = _power(rest, gamma_positive) * minus_log_p
    # p_m^gamma- (-log(1 - p_m))
    absent = _power(tf.maximum(p - shift, 0), gamma_negative) * minus_log_rest
    return mean_of_outputs(y_true * present + (1 - y_true) * absent)


@register
class AsymmetricLoss(KerasLoss):
    """Keras loss of `asymmetric_loss`; see there.

    Args:
        gamma_positive: of labels that apply, at least 0.
        gamma_negative: of labels that do not apply, at least 0.
        shift: m, between 0 and 1.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = AsymmetricLoss(gamma_negative=1.0, shift=0.25)
    >>> round(float(loss([[0.0, 1.0]], [[0.75, 1.0]])), 6)
    0.173287
    """

    def __init__(
        self,
        gamma_positive=0.0,
        gamma_negative=4.0,
        shift=0.05,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="asymmetric_loss",
    ):
        """See the class."""
        super().__init__(
            asymmetric_loss,
            reduction,
            name,
            gamma_positive=_at_least_zero("gamma_positive", gamma_positive),
            gamma_negative=_at_least_zero("gamma_negative", gamma_negative),
            shift=_shift(shift),
            from_logits=flag("from_logits", from_logits),
        )


def _counting(scores):
    """Returns 0, 1, 2, ... for the classes on the last axis."""
    classes = scores.shape[-1] or tf.shape(scores)[-1]
    return tf.cast(tf.range(classes), scores.dtype)


def _heights(logits):
    """Returns z - tau, of which the positive parts sum to 1."""
    # counted from the greatest, so that large logits keep their digits
    z = logits - tf.reduce_max(logits, -1, keepdims=True)
    # what lies 1 below the greatest has no part in tau
    descending = tf.sort(tf.maximum(z, -1), direction="DESCENDING")
    # tau = max over k of (z_1 + ... + z_k - 1) / k, greatest z first
    candidates = (tf.cumsum(descending, -1) - 1) / (_counting(z) + 1)
    return z - tf.reduce_max(candidates, -1, keepdims=True)


@tf.custom_gradient
def _projection(logits):
    """Returns max(z - tau, 0), and its gradient."""
    p = tf.nn.relu(_heights(logits))

    def gradient(upstream):
        support = tf.cast(p > 0, p.dtype)
        inside = support * upstream
        # less the mean over the support
        mean = tf.reduce_sum(inside, -1, keepdims=True) / tf.reduce_sum(
            support, -1, keepdims=True
        )
        return inside - support * mean

    return p, gradient


@register
def sparsemax(logits):
    r"""Returns probabilities, of which those far from the greatest are 0.

    $$ p_c = \max(z_c - \tau, 0), \qquad \sum_c p_c = 1 $$

    The distribution nearest to the logits z. It may end a model, in place
    of softmax, or weigh what an attention looks at.

    Args:
        logits: `(..., classes)`.

    Returns:
        Probabilities of the same shape; half precision and integers become
        float32.

    Raises:
        TypeError: the logits are not numbers.
        ValueError: there is no axis of classes.

    Reference:
        Martins and Astudillo 2016, arXiv 1602.02068.

    >>> sparsemax([[0.0, 0.5, 1.0], [0.0, 0.0, 3.0]]).numpy().tolist()
    [[0.0, 0.25, 0.75], [0.0, 0.0, 1.0]]
    """
    logits = to_float(logits, "logits")
    if logits.shape.rank == 0 or logits.shape[-1:] == [0]:
        raise ValueError(
            "expected at least one class on the last axis, received "
            f"logits.shape={logits.shape}"
        )
    return _projection(logits)


@tf.custom_gradient
def _sparsemax_loss(y_true, logits):
    """Returns the loss, and its gradients."""
    heights = _heights(logits)
    p = tf.nn.relu(heights)
    # (p - y)^2 / 2 + y max(tau - z, 0)
    terms = 0.5 * tf.square(p - y_true) + y_true * (p - heights)

    def gradient(upstream):
        upstream = upstream[..., tf.newaxis]
        return upstream * (y_true - heights), upstream * (p - y_true)

    return tf.reduce_sum(terms, -1), gradient


@register
def sparsemax_loss(y_true, y_pred):
    r"""Minimising it fits classes, until the others have probability 0.

    $$ \begin{aligned}
    L &= \sum_c \bigl(\tfrac12 (p_c - y_c)^2 + y_c \max(\tau - z_c, 0)\bigr),
    \\ p_c &= \max(z_c - \tau, 0) = \mathrm{sparsemax}(z)_c
    \end{aligned} $$

    Its gradient is sparsemax(z) - y, as that of cross-entropy is
    softmax(z) - y.

    Args:
        y_true: one-hot labels, or distributions, `(batch, ..., classes)`;
            they sum to 1.
        y_pred: logits z of the same shape.

    Returns:
        The sum over the classes, at least 0, of shape `(batch,)`, or
        `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: the shapes differ.

    Special case:
        It is 0 as soon as the logit of the label's class is 1 above all
        others. Of two classes it is the Huber loss of that margin.

    Reference:
        Martins and Astudillo 2016, arXiv 1602.02068.

    >>> labels = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    >>> logits = [[1.0, 0.0], [0.0, 0.0], [0.0, 3.0]]
    >>> [float(v) for v in sparsemax_loss(labels, logits)]
    [0.0, 0.25, 3.0]
    """
    return _sparsemax_loss(*align_vectors(y_true, y_pred))


@register
class SparsemaxLoss(KerasLoss):
    """Keras loss of `sparsemax_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> float(SparsemaxLoss()([[1.0, 0.0], [1.0, 0.0]], [[0.0, 0.0]] * 2))
    0.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="sparsemax_loss"):
        """See the class."""
        super().__init__(sparsemax_loss, reduction, name)


WEIGHTAGES = {
    "linear": lambda a, b: tf.abs(a - b),
    "quadratic": tf.math.squared_difference,
}

# What reciprocals are held to, so that products with them stay finite.
LARGEST_RECIPROCAL = 1e20


def _kappa_values(y_true, y_pred, distance, epsilon):
    """Returns log(N / D + epsilon) + n N_i / N - 1 of each sample.

    With the gradient by hand, which takes a third less time.
    """
    classes = _counting(y_pred)[:, tf.newaxis]
    label = tf.matmul(y_true, classes)
    # products with ones are quicker than sums over the first axis
    ones = tf.ones_like(label)
    batch = tf.reduce_sum(ones)
    # w(l_i, c), and its sum over i
    apart = distance(label, classes[:, 0])
    from_labels = tf.matmul(
        tf.matmul(ones, y_true, transpose_a=True),
        distance(classes, classes[:, 0]),
    )

    @tf.custom_gradient
    def values(y_pred):
        # N_i, N and n D; n / N and 1 / D, or 0
        parts = tf.reduce_sum(apart * y_pred, -1)
        total = tf.reduce_sum(parts)
        predicted = tf.matmul(ones, y_pred, transpose_a=True)
        chance = tf.reduce_sum(from_labels * predicted)
        by_total, by_chance = (
            tf.minimum(tf.math.divide_no_nan(batch, each), LARGEST_RECIPROCAL)
            for each in (total, chance)
        )
        shares = by_total * parts
        ratio = tf.maximum(by_chance * total, 0)
        bounded = ratio + epsilon

        def gradient(upstream):
            # of the logarithm by N; by n D it is -N / (n D) of that
            slope = tf.reduce_sum(upstream) * by_chance / bounded
            rest = upstream - tf.reduce_sum(upstream * shares) / batch
            of_parts = tf.expand_dims(slope + by_total * rest, 1)
            return of_parts * apart - slope * ratio / batch * from_labels

        level = tf.math.log(bounded) - by_total * total / batch
        return shares + level, gradient

    return values(y_pred)


def _kappa_settings(weightage, epsilon):
    """Returns the hyperparameters, checked."""
    return {
        "weightage": choice("weightage", weightage, WEIGHTAGES),
        "epsilon": number("epsilon", epsilon, low=SMALLEST_HYPERPARAMETER),
    }


@register
def weighted_kappa_loss(y_true, y_pred, *, weightage="quadratic", epsilon=1e-6):
    r"""Minimising it puts samples in the right of ordered classes, or near.

    $$ \begin{aligned}
    L_i &= \log\Bigl(\frac{N}{D} + \varepsilon\Bigr)
           + \frac{n N_i}{N} - 1, \qquad
    N_i = \sum_c w(l_i, c)\, p_{ic}, \qquad N = \sum_i N_i, \\
    D &= \frac1n \sum_{i, j} \sum_c w(l_i, c)\, p_{jc}, \qquad
    w(l, c) = (l - c)^2 \text{ or } |l - c|
    \end{aligned} $$

    N is how far predictions lie from their labels, D how far they would if
    samples were shuffled; 1 - N/D is Cohen's kappa. The loss hangs on the
    whole batch, so the mean of the values is the loss, and each sample bears
    its share of N: that is what a sample weight weighs.

    Args:
        y_true: one-hot labels l, `(batch, classes)`, the classes in order.
        y_pred: probabilities of the same shape.
        weightage: `"quadratic"` or `"linear"`, how w grows.
        epsilon: what bounds the logarithm, greater than 1e-18.

    Returns:
        One value per sample, of shape `(batch,)`. Their mean lies between
        `log(epsilon)`, where all is right, and `log(2 + epsilon)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is not allowed, or shapes do not fit.

    Special case:
        Predictions that are the same for every sample have a mean of
        `log(1 + epsilon)`, a kappa of 0. Where D is 0, N/D is taken as 0.

    Reference:
        de la Torre et al. 2018, doi 10.1016/j.patrec.2017.05.018.

    >>> labels = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> probabilities = [[0.75, 0.25, 0.0], [0.0, 0.25, 0.75]]
    >>> loss = weighted_kappa_loss(labels, probabilities)
    >>> [round(float(v), 6) for v in loss]  # log(0.5 / 3.5 + 1e-6)
    [-1.945903, -1.945903]
    """
    settings = _kappa_settings(weightage, epsilon)
    y_true, y_pred = align_vectors(y_true, y_pred)
    if y_pred.shape.rank not in (2, None):
        raise ValueError(
            "expected labels and predictions of shape (batch, classes), "
            f"received y_pred.shape={y_pred.shape}"
        )
    distance = WEIGHTAGES[settings["weightage"]]
    return _kappa_values(y_true, y_pred, distance, settings["epsilon"])


@register
class WeightedKappaLoss(KerasLoss):
    """Keras loss of `weighted_kappa_loss`; see there.

    Args:
        weightage: `"quadratic"` or `"linear"`.
        epsilon: what bounds the logarithm, greater than 1e-18.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = WeightedKappaLoss(weightage="linear")
    >>> labels = [[1.0, 0.0], [0.0, 1.0]]
    >>> round(float(loss(labels, [[0.75, 0.25], [0.25, 0.75]])), 6)
    -0.693145
    """

    def __init__(
        self,
        weightage="quadratic",
        epsilon=1e-6,
        reduction="sum_over_batch_size",
        name="weighted_kappa_loss",
    ):
        """See the class."""
        super().__init__(
            weighted_kappa_loss,
            reduction,
            name,
            **_kappa_settings(weightage, epsilon),
        )


def smooth_labels(labels, alpha):
    r"""Returns labels that are less sure of themselves.

    $$ (1 - \alpha)\, y_c + \frac{\alpha}{C} $$

    Args:
        labels: one-hot, or distributions, `(..., classes)`.
        alpha: the share that all C classes get alike, between 0 and 1.

    Returns:
        A floating tensor of the same shape.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `alpha` is out of bounds, or there is no axis of classes.

    Reference:
        Szegedy et al. 2016, doi 10.1109/CVPR.2016.308.

    >>> smooth_labels([[0.0, 1.0]], alpha=0.5).numpy().tolist()
    [[0.25, 0.75]]
    """
    alpha = number("alpha", alpha, 0, 1, closed=True)
    labels = to_float(labels, "labels")
    if labels.shape.rank == 0:
        raise ValueError(
            "expected classes on the last axis, received "
            f"labels.shape={labels.shape}"
        )
    # (1 - alpha) y + alpha / C
    classes = tf.cast(tf.shape(labels)[-1], labels.dtype)
    return (1 - alpha) * labels + alpha / classes


def _whole(name, value):
    """Returns a hyperparameter as an int of at least 1."""
    result = number(name, value, low=0)
    if result != int(result):
        raise ValueError(f"{name} must be a whole number, received {value!r}")
    return int(result)


def _predicted_classes(y_true, y_pred):
    """Returns each sample's label, `(batch,)`, and probabilities of classes."""
    y_pred = to_float(y_pred, "y_pred")
    y_true = to_float(y_true, "y_true", y_pred.dtype)
    given = f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
    if y_pred.shape.rank == 1:
        y_pred = y_pred[:, tf.newaxis]
    if y_pred.shape.rank != 2:
        raise ValueError(
            f"expected probabilities of each sample, received {given}"
        )
    if y_pred.shape[-1] == 1:
        # the second of two classes
        y_pred = tf.concat([1 - y_pred, y_pred], -1)
    elif y_true.shape.rank == 2 and y_true.shape[-1] == y_pred.shape[-1]:
        y_true = tf.cast(tf.argmax(y_true, -1), y_pred.dtype)
    samples = y_pred.shape[0]
    if not any(
        y_true.shape.is_compatible_with(shape)
        for shape in ([samples], [samples, 1])
    ):
        raise ValueError(f"expected one class per sample, received {given}")
    return tf.reshape(y_true, tf.shape(y_pred)[:1]), y_pred


def _calibration(y_true, y_pred, bins, sample_weight=None):
    """Returns per bin the hits less the confidence, and the total weight."""
    label, p = _predicted_classes(y_true, y_pred)
    confidence = tf.reduce_max(p, -1)
    # half precision may miss 1 by as much
    insist(
        tf.reduce_all(confidence <= 1.001),
        "expected probabilities in y_pred, received more than 1",
    )
    weight = tf.ones_like(confidence)
    if sample_weight is not None:
        sample_weight = to_float(sample_weight, "sample_weight", p.dtype)
        weight = tf.reshape(sample_weight, tf.shape(weight))
    hit = tf.cast(tf.equal(tf.cast(tf.argmax(p, -1), p.dtype), label), p.dtype)
    edges = tf.constant([k / bins for k in range(1, bins)], p.dtype)
    # the first bin whose right edge is not passed
    place = tf.searchsorted(edges, confidence)
    gaps = tf.math.unsorted_segment_sum(
        weight * (hit - confidence), place, bins
    )
    return gaps, tf.reduce_sum(weight)


def expected_calibration_error(y_true, y_pred, bins=15):
    r"""Returns how far confidence is from how often it is right.

    $$ \mathrm{ECE} = \sum_b \frac{|B_b|}{n}
       \bigl|\mathrm{acc}(B_b) - \mathrm{conf}(B_b)\bigr| $$

    The confidence of a sample is the probability of its most probable class.
    Samples are sorted by it into bins of equal width, each with its right
    edge; in a bin, the share of right predictions is compared with the mean
    confidence.

    Args:
        y_true: classes, whole numbers, `(batch,)` or `(batch, 1)`; or
            one-hot labels, `(batch, classes)`.
        y_pred: probabilities, `(batch, classes)`; or those of class 1 of two,
            `(batch,)` or `(batch, 1)`, where 0.5 is a prediction of class 0.
        bins: how many, at least 1.

    Returns:
        A number between 0 and 1, and 0 for an empty batch. It is no loss,
        since it has no useful slope.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `bins` is not a whole number, or shapes do not fit.
        tf.errors.InvalidArgumentError: a probability is more than 1.

    Reference:
        Guo et al. 2017, arXiv 1706.04599.

    >>> probabilities = [[0.75, 0.25], [0.75, 0.25]]
    >>> float(expected_calibration_error([0, 0], probabilities))
    0.25
    """
    bins = _whole("bins", bins)
    gaps, total = _calibration(y_true, y_pred, bins)
    return tf.math.divide_no_nan(tf.reduce_sum(tf.abs(gaps)), total)


@register
class ExpectedCalibrationError(tf.keras.metrics.Metric):
    """Keras metric of `expected_calibration_error`; see there.

    It holds the sums of each bin, so that after several batches it is that of
    all samples.

    Args:
        bins: how many, at least 1.
        name: name of the metric in logs.
        dtype: type of its sums.

    >>> metric = ExpectedCalibrationError()
    >>> metric.update_state([0], [[0.75, 0.25]])
    >>> metric.update_state([1], [[0.75, 0.25]])
    >>> float(metric.result())
    0.25
    """

    def __init__(self, bins=15, name="expected_calibration_error", dtype=None):
        """See the class."""
        super().__init__(name=name, dtype=dtype)
        self.bins = _whole("bins", bins)
        self.gaps = self.add_weight(
            name="gaps", shape=(self.bins,), initializer="zeros"
        )
        self.total = self.add_weight(
            name="total", shape=(), initializer="zeros"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch of samples."""
        gaps, total = _calibration(y_true, y_pred, self.bins, sample_weight)
        self.gaps.assign_add(tf.cast(gaps, self.gaps.dtype))
        self.total.assign_add(tf.cast(total, self.total.dtype))

    def result(self):
        """Returns the error of all samples so far."""
        gaps = tf.convert_to_tensor(self.gaps)
        total = tf.convert_to_tensor(self.total)
        return tf.math.divide_no_nan(tf.reduce_sum(tf.abs(gaps)), total)

    def reset_state(self):
        """Forgets all samples."""
        for sums in (self.gaps, self.total):
            sums.assign(tf.zeros(sums.shape, sums.dtype))

    def get_config(self):
        """Returns the arguments that make this metric again."""
        return {**super().get_config(), "bins": self.bins}
