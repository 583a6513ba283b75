"""Losses of object detection that Keras lacks: of boxes, of rare classes."""

import collections
import math

import tensorflow as tf

from lossutils.inputs import (
    align,
    align_vectors,
    choice,
    flag,
    mean_of_outputs,
    number,
    to_float,
)
from lossutils.keras_loss import KerasLoss, register

# Ways to write a box: two corners, x or y first; or centre, width and height.
FORMATS = ("xyxy", "yxyx", "cxcywh")

# Below this, float32 could not hold 1 / side.
SMALLEST_SIDE = 1e-37

# Below this, float32 could not hold 1 / beta.
SMALLEST_BETA = 1e-30

# Below this, float32 could not hold the slope of a power less than 1.
SMALLEST_BASE = 1e-37

# Below this, the sum of a row of probabilities counts as 0.
SMALLEST_TOTAL = 1e-30

# Focal losses of probabilities take them between these; as in Keras 2, where
# 1 - 1e-7 is rounded to float32.
SMALLEST_PROBABILITY = 1e-7
GREATEST_PROBABILITY = 1 - 2**-23

# How two boxes lie along x, or along y: the side of each, the side that they
# share (less than 0: the gap between them), the side of the smallest box
# around both, and the distance of the centres.
_Axis = collections.namedtuple(
    "_Axis", "side_1 side_2 shared enclosing distance"
)


@tf.custom_gradient
def _low_high(start, end):
    """Returns the lower and the higher end of a side, whichever comes first.

    For the slope, ends that coincide are start and end, so that a side of
    length 0 can grow.
    """
    inverted = start > end

    def gradient(low, high):
        return tf.where(inverted, high, low), tf.where(inverted, low, high)

    return (tf.minimum(start, end), tf.maximum(start, end)), gradient


@tf.custom_gradient
def _shared(low_1, high_1, low_2, high_2):
    """Returns the length that two sides share, less than 0 across a gap.

    Where two ends coincide the slope is halfway between those on either side,
    so that it is 0 where two boxes are the same. That of `tf.minimum` is not.
    """

    def gradient(upstream):
        half = upstream / 2
        low = -half - half * tf.sign(low_1 - low_2)
        high = half - half * tf.sign(high_1 - high_2)
        return low, high, -upstream - low, upstream - high

    shared = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    return shared, gradient


@tf.custom_gradient
def _ratio(part, whole):
    """Returns part / whole, and 0 without a slope where whole is 0."""
    ratio = tf.math.divide_no_nan(part, whole)

    def gradient(upstream):
        share = tf.math.divide_no_nan(upstream, whole)
        return share, -share * ratio

    return ratio, gradient


def _axis(start_1, end_1, start_2, end_2):
    """Returns how two boxes lie along one axis."""
    low_1, high_1 = _low_high(start_1, end_1)
    low_2, high_2 = _low_high(start_2, end_2)
    side_1, side_2 = high_1 - low_1, high_2 - low_2
    shared = _shared(low_1, high_1, low_2, high_2)
    return _Axis(
        side_1,
        side_2,
        shared,
        enclosing=side_1 + side_2 - shared,
        distance=((low_1 - low_2) + (high_1 - high_2)) / 2,
    )


def _coordinates(boxes):
    """Returns the four coordinates of boxes, one axis each."""
    rows = tf.reshape(boxes, [-1, tf.shape(boxes)[-1]])
    # transposed as a whole, since slices of the last axis are slow
    return tf.unstack(tf.transpose(rows), num=4)


def _axes(boxes_1, boxes_2):
    """Returns how boxes lie along the one and along the other axis."""
    a_1, b_1, c_1, d_1 = _coordinates(boxes_1)
    a_2, b_2, c_2, d_2 = _coordinates(boxes_2)
    return _axis(a_1, c_1, a_2, c_2), _axis(b_1, d_1, b_2, d_2)


def _areas(x, y):
    """Returns the areas of intersection, union and enclosing box.

    Only their ratios count. So lengths along x are told in enclosing sides,
    lest the area of a large box overflows, or that of a small one vanishes.
    The unit cancels, and so does its slope.
    """
    unit = 1 / tf.maximum(tf.stop_gradient(x.enclosing), SMALLEST_SIDE)
    # at 0, where boxes touch, maximum has a slope and relu has none
    intersection = unit * tf.maximum(x.shared, 0) * tf.maximum(y.shared, 0)
    area_1 = unit * x.side_1 * y.side_1
    area_2 = unit * x.side_2 * y.side_2
    return (
        intersection,
        area_1 + area_2 - intersection,
        unit * x.enclosing * y.enclosing,
    )


def _iou(x, y, intersection, union):
    """Returns intersection over union; of nothing, 1 for the same boxes."""
    same = (
        tf.equal(union, 0)
        & tf.equal(x.shared, x.enclosing)
        & tf.equal(y.shared, y.enclosing)
    )
    return _ratio(intersection, union) + tf.cast(same, union.dtype)


def _centre_term(x, y):
    """Returns the squared distance of centres, in enclosing diagonals."""
    longer = tf.stop_gradient(tf.maximum(x.enclosing, y.enclosing))
    # as for areas: no square may overflow or vanish
    unit = 1 / tf.maximum(longer, SMALLEST_SIDE)
    return _ratio(
        tf.square(unit * x.distance) + tf.square(unit * y.distance),
        tf.square(unit * x.enclosing) + tf.square(unit * y.enclosing),
    )


def _shape_angle(width, height):
    """Returns the angle between height and diagonal, less 45 degrees."""
    # atan(w / h) - pi / 4 = atan((w - h) / (w + h)), finite for each box
    return tf.atan(_ratio(width - height, width + height))


def _per_box(values, boxes):
    """Returns one value per box, in the shape that the boxes came in."""
    return tf.reshape(values, tf.shape(boxes)[:-1])


@register
def iou_loss(y_true, y_pred):
    r"""Minimising it makes boxes cover the same area; it needs an overlap.

    $$ L = 1 - \frac{|A \cap B|}{|A \cup B|} $$

    Boxes apart from each other have a loss of 1 and no slope, so that
    nothing is learnt from them; `giou_loss` and the others mend that.

    Args:
        y_true: boxes as two opposite corners, `(x1, y1, x2, y2)` or
            `(y1, x1, y2, x2)`, of shape `(..., 4)`.
        y_pred: predicted boxes of the same shape.

    Returns:
        Between 0 and 1, of shape `(...)`. Of two boxes without any area the
        loss is 0 if they are the same, else 1.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes differ, or the last axis has not 4 numbers.

    Special case:
        For boxes of one height and one place it compares lengths.

    Reference:
        Yu et al. 2016, doi 10.1145/2964284.2967274, who take -log IoU.

    >>> loss = iou_loss([[0.0, 0.0, 4.0, 2.0]], [[0.0, 0.0, 3.0, 2.0]])
    >>> float(loss[0])
    0.25
    """
    y_true, y_pred = align_vectors(y_true, y_pred, 4)
    x, y = _axes(y_true, y_pred)
    intersection, union, _ = _areas(x, y)
    # 1 - |A and B| / |A or B|
    return _per_box(1 - _iou(x, y, intersection, union), y_pred)


@register
class IoULoss(KerasLoss):
    """Keras loss of `iou_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = IoULoss()
    >>> float(loss([[0.0, 0.0, 4.0, 2.0]], [[0.0, 0.0, 3.0, 2.0]]))
    0.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="iou_loss"):
        """See the class."""
        super().__init__(iou_loss, reduction, name)


@register
def giou_loss(y_true, y_pred):
    r"""Minimising it makes boxes meet, and then cover the same area.

    $$ L = 1 - \frac{|A \cap B|}{|A \cup B|}
         + \frac{|C| - |A \cup B|}{|C|} $$

    C is the smallest box around both. The last term is the share of it that
    neither box covers.

    Args:
        y_true: boxes as two opposite corners, `(x1, y1, x2, y2)` or
            `(y1, x1, y2, x2)`, of shape `(..., 4)`.
        y_pred: predicted boxes of the same shape.

    Returns:
        Between 0 and 2, of shape `(...)`. The last term is 0 where C has no
        area.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes differ, or the last axis has not 4 numbers.

    Special case:
        Where one box lies inside the other it is `iou_loss`.

    Reference:
        Rezatofighi et al. 2019, doi 10.1109/CVPR.2019.00075.

    >>> loss = giou_loss([[0.0, 0.0, 1.0, 1.0]], [[3.0, 0.0, 4.0, 1.0]])
    >>> float(loss[0])
    1.5
    """
    y_true, y_pred = align_vectors(y_true, y_pred, 4)
    x, y = _axes(y_true, y_pred)
    intersection, union, enclosing = _areas(x, y)
    # 1 - IoU + (|C| - |A or B|) / |C|
    empty = _ratio(enclosing - union, enclosing)
    return _per_box(1 - _iou(x, y, intersection, union) + empty, y_pred)


@register
class GIoULoss(KerasLoss):
    """Keras loss of `giou_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = GIoULoss()
    >>> float(loss([[0.0, 0.0, 1.0, 1.0]], [[3.0, 0.0, 4.0, 1.0]]))
    1.5
    """

    def __init__(self, reduction="sum_over_batch_size", name="giou_loss"):
        """See the class."""
        super().__init__(giou_loss, reduction, name)


@register
def diou_loss(y_true, y_pred):
    r"""Minimising it pulls centres together until boxes cover each other.

    $$ L = 1 - \frac{|A \cap B|}{|A \cup B|} + \frac{\rho^2}{c^2} $$

    rho is the distance of the centres, c the diagonal of the smallest box
    around both.

    Args:
        y_true: boxes as two opposite corners, `(x1, y1, x2, y2)` or
            `(y1, x1, y2, x2)`, of shape `(..., 4)`.
        y_pred: predicted boxes of the same shape.

    Returns:
        Between 0 and 2, of shape `(...)`. The last term is 0 where both
        boxes are the same point.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes differ, or the last axis has not 4 numbers.

    Special case:
        For boxes with the same centre it is `iou_loss`.

    Reference:
        Zheng et al. 2020, doi 10.1609/aaai.v34i07.6999.

    >>> loss = diou_loss([[0.0, 0.0, 1.0, 1.0]], [[1.0, 1.0, 2.0, 2.0]])
    >>> float(loss[0])
    1.25
    """
    y_true, y_pred = align_vectors(y_true, y_pred, 4)
    x, y = _axes(y_true, y_pred)
    intersection, union, _ = _areas(x, y)
    # 1 - IoU + rho^2 / c^2
    iou = _iou(x, y, intersection, union)
    return _per_box(1 - iou + _centre_term(x, y), y_pred)


@register
class DIoULoss(KerasLoss):
    """Keras loss of `diou_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = DIoULoss()
    >>> float(loss([[0.0, 0.0, 1.0, 1.0]], [[1.0, 1.0, 2.0, 2.0]]))
    1.25
    """

    def __init__(self, reduction="sum_over_batch_size", name="diou_loss"):
        """See the class."""
        super().__init__(diou_loss, reduction, name)


@register
def ciou_loss(y_true, y_pred):
    r"""Minimising it brings together centres, areas and shapes of boxes.

    $$ \begin{aligned}
    L &= 1 - \mathrm{IoU} + \frac{\rho^2}{c^2} + \alpha v, \qquad
    \alpha = \frac{v}{1 - \mathrm{IoU} + v} \\
    v &= \frac{4}{\pi^2} \Bigl(\arctan\frac{w}{h}
         - \arctan\frac{\hat w}{\hat h}\Bigr)^2
    \end{aligned} $$

    To the loss of `diou_loss` it adds how much the ratios of width to height
    differ. The weight alpha has no gradient of its own.

    Args:
        y_true: boxes as two opposite corners, `(x1, y1, x2, y2)` or
            `(y1, x1, y2, x2)`, of shape `(..., 4)`.
        y_pred: predicted boxes of the same shape.

    Returns:
        At least 0, of shape `(...)`. A point has the shape of a square.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes differ, or the last axis has not 4 numbers.

    Special case:
        For boxes of the same ratio it is `diou_loss`.

    Reference:
        Zheng et al. 2020, doi 10.1609/aaai.v34i07.6999.

    >>> loss = ciou_loss([[0.0, 0.0, 1.0, 1.0]], [[0.0, 0.0, 0.0, 1.0]])
    >>> round(float(loss[0]), 6)
    1.175
    """
    y_true, y_pred = align_vectors(y_true, y_pred, 4)
    x, y = _axes(y_true, y_pred)
    intersection, union, _ = _areas(x, y)
    iou = _iou(x, y, intersection, union)
    # v = (4 / pi^2) (atan(w / h) - atan(w' / h'))^2
    turn = _shape_angle(x.side_1, y.side_1) - _shape_angle(x.side_2, y.side_2)
    v = 4 / math.pi**2 * tf.square(turn)
    # alpha = v / (1 - IoU + v)
    alpha = tf.stop_gradient(tf.math.divide_no_nan(v, 1 - iou + v))
    # 1 - IoU + rho^2 / c^2 + alpha v
    return _per_box(1 - iou + _centre_term(x, y) + alpha * v, y_pred)


@register
class CIoULoss(KerasLoss):
    """Keras loss of `ciou_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = CIoULoss()
    >>> value = loss([[0.0, 0.0, 1.0, 1.0]], [[0.0, 0.0, 0.0, 1.0]])
    >>> round(float(value), 6)
    1.175
    """

    def __init__(self, reduction="sum_over_batch_size", name="ciou_loss"):
        """See the class."""
        super().__init__(ciou_loss, reduction, name)


def _boxes(values, name, dtype=None):
    """Returns boxes as a floating tensor whose last axis has 4 numbers."""
    boxes = to_float(values, name, dtype)
    if boxes.shape.rank == 0 or boxes.shape[-1:] not in ([4], [None]):
        raise ValueError(
            f"{name} needs 4 numbers on its last axis, received "
            f"{name}.shape={boxes.shape}"
        )
    return boxes


def box_iou(boxes_1, boxes_2):
    """Returns the intersection over union of boxes, each with its partner.

    Args:
        boxes_1: boxes as two opposite corners, `(x1, y1, x2, y2)` or
            `(y1, x1, y2, x2)`, of shape `(..., 4)`.
        boxes_2: as many boxes. Shapes broadcast, so `boxes_1[:, None]` and
            `boxes_2[None]` give every pair.

    Returns:
        Between 0 and 1, of shape `(...)`. Of two boxes without any area it is
        1 if they are the same, else 0.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes do not fit.

    >>> float(box_iou([0.0, 0.0, 4.0, 2.0], [0.0, 0.0, 3.0, 2.0]))
    0.75
    """
    boxes_1 = _boxes(boxes_1, "boxes_1")
    boxes_2 = _boxes(boxes_2, "boxes_2", boxes_1.dtype)
    tf.broadcast_static_shape(boxes_1.shape, boxes_2.shape)
    shape = tf.broadcast_dynamic_shape(tf.shape(boxes_1), tf.shape(boxes_2))
    boxes_1 = tf.broadcast_to(boxes_1, shape)
    x, y = _axes(boxes_1, tf.broadcast_to(boxes_2, shape))
    intersection, union, _ = _areas(x, y)
    return _per_box(_iou(x, y, intersection, union), boxes_1)


def convert_boxes(boxes, source, target):
    """Writes boxes in another way.

    Args:
        boxes: `(..., 4)`.
        source: how they are written, `"xyxy"` (two corners), `"yxyx"` (the
            same, y first) or `"cxcywh"` (centre, width, height).
        target: how to write them, one of the same words.

    Returns:
        The same boxes, `(..., 4)`. The way back undoes it, up to rounding,
        also for corners that have changed places.

    Raises:
        TypeError: `boxes` does not hold numbers.
        ValueError: a word is unknown, or the last axis has not 4 numbers.

    >>> convert_boxes([1.0, 2.0, 5.0, 4.0], "xyxy", "cxcywh").numpy()
    array([3., 3., 4., 2.], dtype=float32)
    """
    source = choice("source", source, FORMATS)
    target = choice("target", target, FORMATS)
    boxes = _boxes(boxes, "boxes")
    if source == target:
        return boxes
    a, b, c, d = tf.unstack(boxes, num=4, axis=-1)
    if source == "cxcywh":
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    if "yxyx" in (source, target):
        a, b, c, d = b, a, d, c
    if target == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return tf.stack([a, b, c, d], axis=-1)


def _threshold(beta):
    """Returns beta as a float that is not too small."""
    return number("beta", beta, low=SMALLEST_BETA)


@register
def smooth_l1_loss(y_true, y_pred, *, beta=1.0):
    r"""Minimising it comes close to the median, and is smooth at the end.

    $$ L = \begin{cases}
    (y - \hat y)^2 / (2 \beta) & |y - \hat y| < \beta \\
    |y - \hat y| - \beta / 2 & \text{else}
    \end{cases} $$

    Args:
        y_true: labels, `(batch,)` or `(batch, ..., outputs)`.
        y_pred: predictions of the same shape.
        beta: the error from which on the slope is 1, greater than 1e-30, in
            the unit of the labels.

    Returns:
        The mean over the last axis, at least 0, of shape `(batch,)`, or
        `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `beta` is too small, or shapes differ.

    Special case:
        `beta=1` is Keras' Huber loss. As `beta` goes to 0 it becomes the
        absolute error.

    Reference:
        Girshick 2015, doi 10.1109/ICCV.2015.169.

    >>> loss = smooth_l1_loss([0.0, 0.0], [1.0, 3.0], beta=2.0)
    >>> [round(float(v), 6) for v in loss]
    [0.25, 2.0]
    """
    beta = _threshold(beta)
    y_true, y_pred = align(y_true, y_pred)
    error = y_true - y_pred
    # with c = e between -beta and beta: (c / beta) (e - c / 2)
    clipped = tf.clip_by_value(error, -beta, beta)
    return mean_of_outputs(clipped / beta * (error - clipped / 2))


@register
class SmoothL1Loss(KerasLoss):
    """Keras loss of `smooth_l1_loss`; see there.

    Args:
        beta: the error from which on the slope is 1.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = SmoothL1Loss(beta=2.0)
    >>> float(loss([0.0, 0.0], [1.0, 3.0]))
    1.125
    """

    def __init__(
        self,
        beta=1.0,
        reduction="sum_over_batch_size",
        name="smooth_l1_loss",
    ):
        """See the class."""
        super().__init__(smooth_l1_loss, reduction, name, beta=_threshold(beta))


def _focus(gamma):
    """Returns gamma as a float of at least 0."""
    return number("gamma", gamma, low=0, closed=True)


def _balance(alpha):
    """Returns alpha as None or a float in [0, 1]."""
    if hasattr(alpha, "tolist"):
        alpha = alpha.tolist()
    if alpha is None:
        return None
    return number("alpha", alpha, 0, 1, closed=True)


def _parts_of_logits(y, z):
    """Returns cross-entropy and 1 - p_t of logits, and their slopes."""
    size, sign = tf.abs(z), tf.sign(z)
    decay = tf.exp(-size)
    # p of the side that z is not on: sigmoid(-|z|)
    p = decay / (1 + decay)
    # y of that side
    lean = y - 0.5
    label = 0.5 - sign * lean
    # softplus(-|z|) + |z| label
    entropy = tf.math.log1p(decay) + size * label
    # (1 - label) p + label (1 - p)
    missing = p + label * (1 - 2 * p)
    entropy_slope = sign * (0.5 - p) - lean
    missing_slope = -2 * lean * p * (1 - p)
    return entropy, missing, entropy_slope, missing_slope


def _parts_of_probabilities(y, p):
    """Returns cross-entropy and 1 - p_t, and their slopes.

    Beyond a bound the slope is that at the bound. So a wrong prediction of
    exactly 0 or 1 still learns.
    """
    not_y = 1 - y
    clipped = tf.clip_by_value(p, SMALLEST_PROBABILITY, GREATEST_PROBABILITY)
    hit = clipped + SMALLEST_PROBABILITY
    miss = 1 - clipped + SMALLEST_PROBABILITY
    # -(y log(p + 1e-7) + (1 - y) log(1 - p + 1e-7))
    entropy = -(y * tf.math.log(hit) + not_y * tf.math.log(miss))
    # y (1 - p) + (1 - y) p; only what is no probability gets clipped
    missing = tf.clip_by_value(y * (1 - p) + not_y * p, 0, 1)
    return entropy, missing, not_y / miss - y / hit, not_y - y


@register
def sigmoid_focal_loss(
    y_true, y_pred, *, alpha=0.25, gamma=2.0, from_logits=False
):
    r"""Minimising it fits the rare class among easy examples of the other.

    $$ \begin{aligned}
    L &= -\bigl(\alpha y + (1 - \alpha)(1 - y)\bigr)\,
         (1 - p_t)^{\gamma}\,
         \bigl(y \log p + (1 - y) \log(1 - p)\bigr) \\
    p_t &= y\,p + (1 - y)(1 - p)
    \end{aligned} $$

    `1 - p_t` is the probability that is missing. Its power makes examples
    that are right by far count for next to nothing.

    Args:
        y_true: labels, 0 or 1 or between, `(batch,)` or
            `(batch, ..., outputs)`. No gradient reaches them.
        y_pred: probabilities of the same shape, or logits. The cross-entropy
            takes probabilities to lie between 1e-7 and 1 - 1.2e-7, as Keras 2
            does, but keeps its slope beyond. Logits are exact.
        alpha: the weight of label 1, where label 0 has `1 - alpha`, between 0
            and 1; or None, to weigh all alike.
        gamma: the power, at least 0.
        from_logits: whether `y_pred` holds logits.

    Returns:
        The mean over the last axis, at least 0, of shape `(batch,)`, or
        `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of its range, or shapes differ.

    Special case:
        `alpha=None, gamma=0` is binary cross-entropy.

    Reference:
        Lin et al. 2017, doi 10.1109/ICCV.2017.324.

    >>> loss = sigmoid_focal_loss([1.0, 0.0], [0.5, 0.5])
    >>> [round(float(v), 6) for v in loss]
    [0.043322, 0.129965]
    """
    alpha, gamma = _balance(alpha), _focus(gamma)
    from_logits = flag("from_logits", from_logits)
    y_true, y_pred = align(y_true, y_pred)
    y = tf.clip_by_value(y_true, 0, 1)
    balance = 1 if alpha is None else alpha * y + (1 - alpha) * (1 - y)
    parts = _parts_of_logits if from_logits else _parts_of_probabilities

    # Its slope is written out: the tape's takes longer, and is NaN where
    # 1 - p_t is 0 and gamma less than 1.
    @tf.custom_gradient
    def terms(y_pred):
        entropy, missing, entropy_slope, missing_slope = parts(y, y_pred)
        weight = balance * missing**gamma

        def gradient(upstream):
            # (w m^gamma H)' = w m^gamma (gamma m' H / m + H')
            relative = tf.math.divide_no_nan(entropy, missing)
            slope = gamma * missing_slope * relative + entropy_slope
            return upstream * weight * slope

        # (alpha y + (1 - alpha)(1 - y)) (1 - p_t)^gamma H(y, p)
        return weight * entropy, gradient

    return mean_of_outputs(terms(y_pred))


@register
class SigmoidFocalLoss(KerasLoss):
    """Keras loss of `sigmoid_focal_loss`; see there.

    Args:
        alpha: the weight of label 1, between 0 and 1, or None.
        gamma: the power, at least 0.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = SigmoidFocalLoss()
    >>> round(float(loss([1.0, 0.0], [0.5, 0.5])), 6)
    0.086643
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="sigmoid_focal_loss",
    ):
        """See the class."""
        super().__init__(
            sigmoid_focal_loss,
            reduction,
            name,
            alpha=_balance(alpha),
            gamma=_focus(gamma),
            from_logits=flag("from_logits", from_logits),
        )


def _weights(alpha):
    """Returns alpha as a float, or as a list of floats, greater than 0."""
    if hasattr(alpha, "tolist"):
        alpha = alpha.tolist()
    if isinstance(alpha, (list, tuple)) and alpha:
        return [number("alpha", weight, low=0) for weight in alpha]
    return number("alpha", alpha, low=0)


def _surprise(y_pred, from_logits):
    """Returns -log(p) and 1 - p of each class."""
    if from_logits:
        log_p = tf.nn.log_softmax(y_pred)
        # 1 - p to the last digit
        return -log_p, -tf.math.expm1(log_p)
    total = tf.reduce_sum(y_pred, -1, keepdims=True)
    total = tf.where(tf.abs(total) > SMALLEST_TOTAL, total, 0)
    p = tf.math.divide_no_nan(y_pred, total)
    clipped = tf.clip_by_value(
        p, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY
    )
    # with the slope of p: a wrong prediction of exactly 0 still learns
    p = tf.stop_gradient(clipped) + (p - tf.stop_gradient(p))
    return -tf.math.log(p), 1 - p


@register
def categorical_focal_loss(
    y_true, y_pred, *, alpha=0.25, gamma=2.0, from_logits=False
):
    r"""Minimising it fits the classes, hard examples before easy ones.

    $$ L = -\sum_c \alpha_c\, y_c\, (1 - p_c)^{\gamma} \log p_c $$

    Args:
        y_true: one-hot labels, or distributions, `(batch, ..., classes)`.
        y_pred: probabilities of the same shape, or logits. As in Keras,
            probabilities are divided by their sum and taken to lie between
            1e-7 and 1 - 1e-7, but keep their slope beyond.
        alpha: a weight greater than 0; or a list of them, one per class.
        gamma: the power, at least 0.
        from_logits: whether `y_pred` holds logits.

    Returns:
        The sum over the classes, at least 0, of shape `(batch,)`, or
        `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of its range, or shapes differ.

    Special case:
        `alpha=1, gamma=0` is categorical cross-entropy.

    Reference:
        Lin et al. 2017, doi 10.1109/ICCV.2017.324.

    >>> labels = [[0.0, 1.0], [1.0, 0.0]]
    >>> probabilities = [[0.5, 0.5], [0.75, 0.25]]
    >>> loss = categorical_focal_loss(labels, probabilities)
    >>> [round(float(v), 6) for v in loss]
    [0.043322, 0.004495]
    """
    alpha, gamma = _weights(alpha), _focus(gamma)
    from_logits = flag("from_logits", from_logits)
    y_true, y_pred = align_vectors(y_true, y_pred)
    if isinstance(alpha, list) and y_pred.shape[-1] != len(alpha):
        raise ValueError(
            f"alpha must have one weight per class, received {alpha!r}, "
            f"y_pred.shape={y_pred.shape}"
        )
    entropy, missing = _surprise(y_pred, from_logits)
    # a power less than 1 has no slope at 0
    focus = tf.maximum(missing, SMALLEST_BASE) ** gamma
    # alpha y (1 - p)^gamma (-log p)
    weight = tf.constant(alpha, y_pred.dtype) * y_true
    return tf.reduce_sum(weight * focus * entropy, -1)


@register
class CategoricalFocalLoss(KerasLoss):
    """Keras loss of `categorical_focal_loss`; see there.

    Args:
        alpha: a weight greater than 0; or a list of them, one per class.
        gamma: the power, at least 0.
        from_logits: whether predictions are logits.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = CategoricalFocalLoss(alpha=[1.0, 2.0], gamma=0.0)
    >>> round(float(loss([[0.0, 1.0]], [[0.5, 0.5]])), 6)
    1.386294
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        reduction="sum_over_batch_size",
        name="categorical_focal_loss",
    ):
        """See the class."""
        super().__init__(
            categorical_focal_loss,
            reduction,
            name,
            alpha=_weights(alpha),
            gamma=_focus(gamma),
            from_logits=flag("from_logits", from_logits),
        )
