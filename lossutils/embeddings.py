"""Losses that bring samples of a class together and keep others apart."""

import math

import tensorflow as tf

from lossutils import pairs
from lossutils.inputs import (
    align,
    align_vectors,
    choice,
    class_ids,
    class_numbers,
    flag,
    insist,
    mean_of_outputs,
    number,
    to_float,
)
from lossutils.keras_loss import BatchLoss, KerasLoss, register

# Between these, squares and products of hyperparameters fit into float32.
SMALLEST, LARGEST = 1e-18, 1e18

# Shorter vectors have no direction. Then 1 / length fits into float32, also
# times a factor on their cosines.
LARGEST_ON_COSINES = 1e6

# What stands for minus infinity under the logarithm of a sum of powers.
NEVER = -1e30


def _margin(value, name="margin"):
    """Returns a margin as a float, 0 or more."""
    return number(name, value, 0, LARGEST, closed=True)


def _factor(name, value):
    """Returns a factor as a float greater than 0."""
    return number(name, value, SMALLEST, LARGEST)


def _temperature(value):
    """Returns what cosines are divided by, as a float."""
    return number("temperature", value, 1 / LARGEST_ON_COSINES, LARGEST)


def _gamma(value):
    """Returns what cosines are multiplied by, as a float."""
    return number("gamma", value, SMALLEST, LARGEST_ON_COSINES)


def _metric(value):
    """Returns how distances are measured, a word or a function."""
    if callable(value):
        return value
    return choice("distance_metric", value, pairs.METRICS)


def _log_sum_exp(values, mask):
    """Returns log(sum(exp(values))) of each row, of those in the mask."""
    return tf.reduce_logsumexp(tf.where(mask, values, NEVER), 1)


def _mean(values, mask):
    """Returns the mean of each row, of those in the mask; 0 of none."""
    total = tf.reduce_sum(tf.where(mask, values, 0), 1)
    count = tf.math.count_nonzero(mask, 1, dtype=values.dtype)
    return tf.math.divide_no_nan(total, count)


def _shares(terms, counts):
    """Returns terms scaled so that their mean is that of those that count.

    Args:
        terms: one finite number per sample.
        counts: whether it counts; otherwise its share is 0.
    """
    counts = tf.cast(counts, terms.dtype)
    scale = tf.math.divide_no_nan(
        tf.cast(tf.size(terms), terms.dtype), tf.reduce_sum(counts)
    )
    return scale * counts * terms


def _tables(y_true, y_pred):
    """Brings in a row of labels and a row of predictions per sample.

    Returns:
        `y_true` of any type, `y_pred` floating; the first axis is the batch.
    """
    y_pred = to_float(y_pred, "y_pred")
    y_true = tf.convert_to_tensor(y_true)
    message = (
        "y_true and y_pred must have two axes, and the same shape but for the "
        f"last, received y_true.shape={y_true.shape}, "
        f"y_pred.shape={y_pred.shape}"
    )
    if y_true.shape.rank != 2 or y_pred.shape.rank != 2:
        raise ValueError(message)
    samples, batch = y_true.shape[0], y_pred.shape[0]
    if None in (samples, batch):
        same = tf.equal(tf.shape(y_true)[0], tf.shape(y_pred)[0])
        insist(same, message)
    elif samples != batch:
        raise ValueError(message)
    # XLA has no assertions, but refuses this
    shape = tf.concat([tf.shape(y_pred)[:1], tf.shape(y_true)[1:]], 0)
    return tf.reshape(y_true, shape), y_pred


def _square(similarities):
    """Returns similarities of all samples to all, or raises."""
    rows, columns = similarities.shape[0], similarities.shape[-1]
    message = (
        "y_pred must hold the similarity of each sample to each, received "
        f"y_pred.shape={similarities.shape}"
    )
    if None in (rows, columns):
        extent = tf.shape(similarities)
        insist(tf.equal(extent[0], extent[1]), message)
    elif rows != columns:
        raise ValueError(message)
    n = tf.shape(similarities)[0]
    return tf.reshape(similarities, [n, n])


@register
def contrastive_loss(y_true, y_pred, *, margin=1.0):
    r"""Minimising it brings like pairs together and unlike pairs apart.

    $$ L = y\,d^2 + (1 - y) \max(m - d,\, 0)^2 $$

    Args:
        y_true: 1 where both samples of a pair are of the same class, 0 where
            not, `(batch,)` or `(batch, ..., outputs)`. In the paper it is
            the other way round.
        y_pred: the distance of the two, 0 or more, of the same shape.
        margin: m, the distance from which on an unlike pair costs nothing;
            0 or more.

    Returns:
        The mean over the last axis, at least 0, of shape
        `(batch,)`, or `(batch, ...)` for more axes.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, or shapes differ.

    Special case:
        `margin=0` is the squared distance of the like pairs.

    Reference:
        Hadsell, Chopra and LeCun 2006, doi 10.1109/CVPR.2006.100.

    >>> loss = contrastive_loss([1.0, 0.0, 0.0], [0.5, 0.5, 2.0])
    >>> [round(float(v), 6) for v in loss]
    [0.25, 0.25, 0.0]
    """
    margin = _margin(margin)
    y_true, distance = align(y_true, y_pred)

    # Its slope is written out, since the tape's takes longer than the loss.
    @tf.custom_gradient
    def terms(distance):
        room = tf.nn.relu(margin - distance)
        near, far = y_true * distance, (1 - y_true) * room

        def gradient(upstream):
            return 2 * upstream * (near - far)

        # y d^2 + (1 - y) max(m - d, 0)^2
        return near * distance + far * room, gradient

    return mean_of_outputs(terms(distance))


@register
class ContrastiveLoss(KerasLoss):
    """Keras loss of `contrastive_loss`; see there.

    Args:
        margin: the distance from which on an unlike pair costs nothing.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = ContrastiveLoss(margin=2.0)
    >>> float(loss([1.0, 0.0], [0.5, 0.5]))
    1.25
    """

    def __init__(
        self,
        margin=1.0,
        reduction="sum_over_batch_size",
        name="contrastive_loss",
    ):
        """See the class."""
        super().__init__(
            contrastive_loss, reduction, name, margin=_margin(margin)
        )


@register
def triplet_loss(y_true, y_pred, *, margin=1.0, distance_metric="L2"):
    r"""Minimising it brings a positive nearer to its anchor than a negative.

    $$ L = \max(m + d(a, p) - d(a, n),\, 0) $$

    The triplets are given; `triplet_semihard_loss`, `triplet_hard_loss` and
    `triplet_batch_all_loss` find them in a batch.

    Args:
        y_true: not used, since a triplet says what belongs together.
        y_pred: the embeddings of an anchor, of a positive of its class and
            of a negative of another, `(batch, 3, length)`.
        margin: m, by how much the negative is to be farther; 0 or more.
        distance_metric: `"L2"`, `"squared-L2"` or `"angular"`, which is 1
            minus the cosine.

    Returns:
        The loss of each triplet, at least 0, of shape `(batch,)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, `distance_metric` is unknown, or a
            shape does not fit.

    Special case:
        `margin=0` asks only that the positive be the nearer one.

    Reference:
        Schroff, Kalenichenko and Philbin 2015, doi 10.1109/CVPR.2015.7298682.

    >>> loss = triplet_loss([0], [[[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]])
    >>> [round(float(v), 6) for v in loss]
    [2.0]
    """
    margin = _margin(margin)
    metric = choice("distance_metric", distance_metric, pairs.METRICS)
    anchor, positive, negative = _members(y_pred, 3)
    # m + d(a, p) - d(a, n)
    return tf.nn.relu(
        margin
        + _distance(anchor, positive, metric)
        - _distance(anchor, negative, metric)
    )


def _members(y_pred, count):
    """Returns the embeddings of a sample, `(batch, length)` each."""
    y_pred = to_float(y_pred, "y_pred")
    if not y_pred.shape.is_compatible_with([None, count, None]):
        raise ValueError(
            f"y_pred must hold {count} embeddings per sample, received "
            f"y_pred.shape={y_pred.shape}"
        )
    return tf.unstack(y_pred, count, axis=1)


def _squared_distance(a, b):
    """Returns |a - b|^2 of vectors."""
    return tf.reduce_sum(tf.square(a - b), -1)


def _distance(a, b, metric):
    """Returns the distance of vectors; its slope is 0 where they are equal."""
    if metric == "angular":
        return tf.nn.relu(
            1 - tf.reduce_sum(pairs.directions(a) * pairs.directions(b), -1)
        )
    square = _squared_distance(a, b)
    if metric == "squared-L2":
        return square
    apart = square > 0
    return tf.where(apart, tf.sqrt(tf.where(apart, square, 1)), 0)


@register
class TripletLoss(KerasLoss):
    """Keras loss of `triplet_loss`; see there.

    Args:
        margin: by how much the negative is to be farther.
        distance_metric: `"L2"`, `"squared-L2"` or `"angular"`.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TripletLoss(margin=0.5)
    >>> float(loss([0], [[[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]]))
    1.5
    """

    def __init__(
        self,
        margin=1.0,
        distance_metric="L2",
        reduction="sum_over_batch_size",
        name="triplet_loss",
    ):
        """See the class."""
        super().__init__(
            triplet_loss,
            reduction,
            name,
            margin=_margin(margin),
            distance_metric=choice(
                "distance_metric", distance_metric, pairs.METRICS
            ),
        )


@register
def quadruplet_loss(y_true, y_pred, *, margin_1=1.0, margin_2=0.5):
    r"""Minimising it makes classes narrower than the gaps between others.

    $$ L = \max(d_{ap}^2 - d_{an}^2 + m_1,\, 0)
         + \max(d_{ap}^2 - d_{nk}^2 + m_2,\, 0) $$

    Args:
        y_true: not used, since a quadruplet says what belongs together.
        y_pred: the embeddings of an anchor a, of a positive p of its class,
            and of two negatives n and k, of another and of a third class,
            `(batch, 4, length)`.
        margin_1: m1, by how much the squared distance to the negative is to
            be greater than that to the positive; 0 or more.
        margin_2: m2, the same for the distance of the two negatives.

    Returns:
        The loss of each quadruplet, at least 0, of shape `(batch,)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a margin is negative, or a shape does not fit.

    Special case:
        Where the two negatives are far apart it is `triplet_loss` with
        `distance_metric="squared-L2"`.

    Reference:
        Chen et al. 2017, arXiv 1704.01719.

    >>> loss = quadruplet_loss([0], [[[0.0], [1.0], [1.0], [2.0]]])
    >>> [round(float(v), 6) for v in loss]
    [1.5]
    """
    margin_1 = _margin(margin_1, "margin_1")
    margin_2 = _margin(margin_2, "margin_2")
    anchor, positive, negative, other = _members(y_pred, 4)
    near = _squared_distance(anchor, positive)
    # d(a, p)^2 - d(a, n)^2 + m1, and d(a, p)^2 - d(n, k)^2 + m2
    first = near - _squared_distance(anchor, negative) + margin_1
    second = near - _squared_distance(negative, other) + margin_2
    return tf.nn.relu(first) + tf.nn.relu(second)


@register
class QuadrupletLoss(KerasLoss):
    """Keras loss of `quadruplet_loss`; see there.

    Args:
        margin_1: by how much the negative is to be farther.
        margin_2: by how much the negatives are to be farther apart.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = QuadrupletLoss(margin_2=2.0)
    >>> float(loss([0], [[[0.0], [1.0], [1.0], [2.0]]]))
    3.0
    """

    def __init__(
        self,
        margin_1=1.0,
        margin_2=0.5,
        reduction="sum_over_batch_size",
        name="quadruplet_loss",
    ):
        """See the class."""
        super().__init__(
            quadruplet_loss,
            reduction,
            name,
            margin_1=_margin(margin_1, "margin_1"),
            margin_2=_margin(margin_2, "margin_2"),
        )


@register
def triplet_semihard_loss(y_true, y_pred, *, margin=1.0, distance_metric="L2"):
    r"""Minimising it moves each positive pair clear of a telling negative.

    $$ L = \frac{1}{|P|} \sum_{(a, p) \in P} \max(m + d_{ap} - d_{an},\, 0) $$

    P are all pairs of one class. The negative n is the nearest to the anchor
    that is farther than the positive or, where there is none, the farthest.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`.
        margin: m, by how much the negative is to be farther; 0 or more.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"`, which is 1
            minus the cosine; or a function that takes the embeddings and
            returns all distances, `(batch, batch)`.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is the formula.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, `distance_metric` is unknown, or
            shapes do not fit.

    Special case:
        In a batch of one class, or without a pair of one class, it is 0.

    Reference:
        Schroff, Kalenichenko and Philbin 2015, doi 10.1109/CVPR.2015.7298682.

    >>> loss = triplet_semihard_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    >>> [round(float(v), 6) for v in loss]
    [0.75, 2.25, 0.0]
    """
    margin, metric = _margin(margin), _metric(distance_metric)
    ids, embeddings = class_ids(y_true, y_pred)
    return pairs.semihard_triplets(embeddings, ids, margin, metric)


@register
class TripletSemiHardLoss(BatchLoss):
    """Keras loss of `triplet_semihard_loss`; see there.

    Args:
        margin: by how much the negative is to be farther.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"` or a function.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TripletSemiHardLoss(margin=1.0)
    >>> float(loss([0, 0, 1], [[0.0], [1.0], [1.5]]))
    1.0
    """

    def __init__(
        self,
        margin=1.0,
        distance_metric="L2",
        reduction="sum_over_batch_size",
        name="triplet_semihard_loss",
    ):
        """See the class."""
        super().__init__(
            triplet_semihard_loss,
            reduction,
            name,
            margin=_margin(margin),
            distance_metric=_metric(distance_metric),
        )


@register
def triplet_hard_loss(
    y_true, y_pred, *, margin=1.0, soft=False, distance_metric="L2"
):
    r"""Minimising it moves the nearest stranger beyond the farthest relative.

    $$ L = \frac{1}{|A|} \sum_{a \in A}
       \max\bigl(m + \max_p d_{ap} - \min_n d_{an},\, 0\bigr) $$

    A are the anchors that have both a positive p and a negative n.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`.
        margin: m, by how much the negative is to be farther; 0 or more.
        soft: whether to take log(1 + e^x) of the difference of the distances
            instead, which never stops pulling and has no margin.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"`, which is 1
            minus the cosine; or a function that takes the embeddings and
            returns all distances, `(batch, batch)`.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is the formula.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, `soft` is no flag,
            `distance_metric` is unknown, or shapes do not fit.

    Special case:
        With one positive and one negative per anchor it is `triplet_loss`.

    Reference:
        Hermans, Beyer and Leibe 2017, arXiv 1703.07737.

    >>> loss = triplet_hard_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    >>> [round(float(v), 6) for v in loss]
    [0.75, 2.25, 0.0]
    """
    margin, metric = _margin(margin), _metric(distance_metric)
    soft = flag("soft", soft)
    ids, embeddings = class_ids(y_true, y_pred)
    return pairs.hardest_triplets(embeddings, ids, margin, soft, metric)


@register
class TripletHardLoss(BatchLoss):
    """Keras loss of `triplet_hard_loss`; see there.

    Args:
        margin: by how much the negative is to be farther.
        soft: whether to take log(1 + e^x) instead of a margin.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"` or a function.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TripletHardLoss(margin=1.0)
    >>> float(loss([0, 0, 1], [[0.0], [1.0], [1.5]]))
    1.0
    """

    def __init__(
        self,
        margin=1.0,
        soft=False,
        distance_metric="L2",
        reduction="sum_over_batch_size",
        name="triplet_hard_loss",
    ):
        """See the class."""
        super().__init__(
            triplet_hard_loss,
            reduction,
            name,
            margin=_margin(margin),
            soft=flag("soft", soft),
            distance_metric=_metric(distance_metric),
        )


@register
def triplet_batch_all_loss(
    y_true, y_pred, *, margin=1.0, soft=False, distance_metric="L2"
):
    r"""Minimising it puts right every triplet of a batch that is wrong.

    $$ L = \frac{1}{|T|} \sum_{(a, p, n) \in T} (m + d_{ap} - d_{an}) $$

    T are the active triplets, those of which the term is greater than 0.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`.
        margin: m, by how much the negative is to be farther; 0 or more.
        soft: whether to take log(1 + e^x) of the difference of the distances
            instead, without a margin, and the mean over all triplets.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"`, which is 1
            minus the cosine; or a function that takes the embeddings and
            returns all distances, `(batch, batch)`.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is the formula.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, `soft` is no flag,
            `distance_metric` is unknown, or shapes do not fit.

    Special case:
        With one positive and one negative per anchor, all of them active, it
        is `triplet_hard_loss`.

    Reference:
        Hermans, Beyer and Leibe 2017, arXiv 1703.07737.

    >>> loss = triplet_batch_all_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    >>> [round(float(v), 6) for v in loss]
    [0.75, 2.25, 0.0]
    """
    margin, metric = _margin(margin), _metric(distance_metric)
    soft = flag("soft", soft)
    ids, embeddings = class_ids(y_true, y_pred)
    return pairs.all_triplets(embeddings, ids, margin, soft, metric)


@register
class TripletBatchAllLoss(BatchLoss):
    """Keras loss of `triplet_batch_all_loss`; see there.

    Args:
        margin: by how much the negative is to be farther.
        soft: whether to take log(1 + e^x) instead of a margin.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"` or a function.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = TripletBatchAllLoss(margin=1.0)
    >>> float(loss([0, 0, 1], [[0.0], [1.0], [1.5]]))
    1.0
    """

    def __init__(
        self,
        margin=1.0,
        soft=False,
        distance_metric="L2",
        reduction="sum_over_batch_size",
        name="triplet_batch_all_loss",
    ):
        """See the class."""
        super().__init__(
            triplet_batch_all_loss,
            reduction,
            name,
            margin=_margin(margin),
            soft=flag("soft", soft),
            distance_metric=_metric(distance_metric),
        )


@register
def adaptive_triplet_loss(y_true, y_pred, *, margin=0.2, semantic_scale=0.25):
    r"""Minimising it keeps classes as far apart as their meanings are.

    $$ \begin{aligned}
       L &= \frac{1}{|T|} \sum_{(a, p, n) \in T}
            \bigl(m_{an} + |a - p|^2 - |a - n|^2\bigr) \\
       m_{an} &= m + \lambda\,|t_a - t_n|^2
       \end{aligned} $$

    T are the active triplets, those of which the term is greater than 0.
    Embeddings and text vectors t are brought to length 1 first.

    Args:
        y_true: the class of a sample as a number, and then the vector of a
            text that describes it, `(batch, 1 + text length)`.
        y_pred: embeddings, `(batch, length)`.
        margin: m, by how much a negative of the same meaning is to be
            farther; 0 or more.
        semantic_scale: lambda, how much farther a negative of another
            meaning is to be; 0 or more.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is the formula.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` or `semantic_scale` is negative, or shapes do
            not fit.

    Special case:
        `semantic_scale=0` is `triplet_batch_all_loss` with
        `distance_metric="squared-L2"`, of embeddings of length 1.

    Reference:
        Zhao et al. 2019, doi 10.1109/ICCVW.2019.00393.

    >>> y_true = [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> y_pred = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    >>> loss = adaptive_triplet_loss(y_true, y_pred, margin=0.5)
    >>> [round(float(v), 6) for v in loss]
    [1.5, 4.5, 0.0]
    """
    margin = _margin(margin)
    semantic_scale = _margin(semantic_scale, "semantic_scale")
    ids, texts, embeddings = _ids_and_texts(y_true, y_pred)
    # m + lambda |t_a - t_n|^2, of all pairs
    margins = margin + semantic_scale * pairs.squared_distances(
        pairs.directions(texts)
    )
    return pairs.all_triplets(
        pairs.directions(embeddings), ids, margins, False, "squared-L2"
    )


def _ids_and_texts(y_true, y_pred):
    """Brings in classes and text vectors, and embeddings."""
    y_true, y_pred = _tables(y_true, y_pred)
    if y_true.shape[1] is not None and y_true.shape[1] < 2:
        raise ValueError(
            "y_true must hold a class and a text vector, received "
            f"y_true.shape={y_true.shape}, y_pred.shape={y_pred.shape}"
        )
    texts = to_float(y_true, "y_true", y_pred.dtype)[:, 1:]
    return class_numbers(y_true[:, 0]), texts, y_pred


@register
class AdaptiveTripletLoss(KerasLoss):
    """Keras loss of `adaptive_triplet_loss`; see there.

    Args:
        margin: by how much a negative of the same meaning is to be farther.
        semantic_scale: how much farther one of another meaning is to be.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> y_true = [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    >>> y_pred = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    >>> float(AdaptiveTripletLoss(margin=0.5)(y_true, y_pred))
    2.0
    """

    def __init__(
        self,
        margin=0.2,
        semantic_scale=0.25,
        reduction="sum_over_batch_size",
        name="adaptive_triplet_loss",
    ):
        """See the class."""
        super().__init__(
            adaptive_triplet_loss,
            reduction,
            name,
            margin=_margin(margin),
            semantic_scale=_margin(semantic_scale, "semantic_scale"),
        )

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the reduced loss; classes are numbered as in `BatchLoss`."""
        ids, texts, _ = _ids_and_texts(y_true, y_pred)
        ids = tf.cast(ids, texts.dtype)[:, tf.newaxis]
        y_true = tf.concat([ids, texts], 1)
        return super().__call__(y_true, y_pred, sample_weight)


@register
def lifted_struct_loss(y_true, y_pred, *, margin=1.0):
    r"""Minimising it pushes all strangers away from both ends of each pair.

    $$ \begin{aligned}
       L &= \frac{1}{2 |P|} \sum_{(i, j) \in P} \max(J_{ij},\, 0)^2 \\
       J_{ij} &= d_{ij} + \log \Bigl(\sum_{k} e^{m - d_{ik}}
                 + \sum_{l} e^{m - d_{jl}}\Bigr)
       \end{aligned} $$

    P are the pairs of one class, k the negatives of i, l those of j.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`, not brought to length 1.
        margin: m, 0 or more.

    Returns:
        The share of each sample, half of that of its pairs, at least 0, of
        shape `(batch,)`; their mean is the formula.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `margin` is negative, or shapes do not fit.

    Special case:
        In a batch of one class, or without a pair of one class, it is 0.

    Reference:
        Song et al. 2016, doi 10.1109/CVPR.2016.434.

    >>> loss = lifted_struct_loss([0, 0, 1], [[0.0], [0.0], [1.0]])
    >>> [round(float(v), 6) for v in loss]
    [0.36034, 0.36034, 0.0]
    """
    margin = _margin(margin)
    ids, embeddings = class_ids(y_true, y_pred)
    return pairs.lifted_structure(embeddings, ids, margin)


@register
class LiftedStructLoss(BatchLoss):
    """Keras loss of `lifted_struct_loss`; see there.

    Args:
        margin: m of the formula.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = LiftedStructLoss(margin=1.0)
    >>> round(float(loss([0, 0, 1], [[0.0], [0.0], [1.0]])), 6)
    0.240227
    """

    def __init__(
        self,
        margin=1.0,
        reduction="sum_over_batch_size",
        name="lifted_struct_loss",
    ):
        """See the class."""
        super().__init__(
            lifted_struct_loss, reduction, name, margin=_margin(margin)
        )


def _row_cross_entropy(targets, logits):
    """Returns the cross-entropy of rows that sum to 1 with softmax(logits).

    As `tf.nn.softmax_cross_entropy_with_logits`, which refuses no rows.
    """
    return tf.raw_ops.SoftmaxCrossEntropyWithLogits(
        features=logits, labels=targets
    ).loss


@register
def npairs_loss(y_true, y_pred):
    r"""Minimising it makes each sample most similar to those of its class.

    $$ L_i = -\frac{1}{|C_i|} \sum_{j \in C_i}
       \log \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}} $$

    C_i are the samples of the class of i, with i itself.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: the similarity s of each sample to each, `(batch, batch)`;
            mostly the product of the embeddings of anchors with those of
            their positives.

    Returns:
        The cross-entropy of each row, at least 0, of shape `(batch,)`.

    Raises:
        TypeError: `y_pred` is not made of numbers.
        ValueError: shapes do not fit.

    Special case:
        Where all classes differ it is Keras' `SparseCategoricalCrossentropy`
        from logits, with the number of the row as the class.

    Reference:
        Sohn 2016, Advances in Neural Information Processing Systems 29.

    >>> loss = npairs_loss([7, 8], [[3.0, 0.0], [0.0, 0.0]])
    >>> [round(float(v), 6) for v in loss]
    [0.048587, 0.693147]
    """
    _, similarities = class_ids(y_true, y_pred)
    similarities = _square(similarities)
    n = tf.shape(similarities)[0]
    # of all ways to number classes the fastest
    ids = tf.unique(tf.reshape(y_true, [n])).idx
    ones = tf.ones([n], similarities.dtype)
    count = tf.gather(tf.math.unsorted_segment_sum(ones, ids, n), ids)
    same = tf.equal(ids[:, tf.newaxis], ids[tf.newaxis])
    # each row sums to 1; column j may say by how much, as j is of i's class
    targets = tf.where(same, 1 / count, 0)
    return _row_cross_entropy(targets, similarities)


@register
class NpairsLoss(BatchLoss):
    """Keras loss of `npairs_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = NpairsLoss()
    >>> round(float(loss([7, 8], [[0.0, 0.0], [0.0, 0.0]])), 6)
    0.693147
    """

    def __init__(self, reduction="sum_over_batch_size", name="npairs_loss"):
        """See the class."""
        super().__init__(npairs_loss, reduction, name)


@register
def npairs_multilabel_loss(y_true, y_pred):
    r"""Minimising it makes samples similar that have labels in common.

    $$ L_i = -\frac{1}{\sum_k c_{ik}} \sum_j c_{ij}
       \log \frac{e^{s_{ij}}}{\sum_k e^{s_{ik}}} $$

    c are the numbers of labels that two samples have in common.

    Args:
        y_true: 1 where a sample has a label and 0 where not,
            `(batch, labels)`; also as a `tf.SparseTensor`.
        y_pred: the similarity s of each sample to each, `(batch, batch)`.

    Returns:
        The cross-entropy of each row, at least 0, of shape `(batch,)`. Rows
        without a label are 0 and the others larger by as much, so that the
        mean is that of the others.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: shapes do not fit.

    Special case:
        With one label per sample it is `npairs_loss`.

    Reference:
        Sohn 2016, Advances in Neural Information Processing Systems 29.

    >>> loss = npairs_multilabel_loss([[1, 1], [0, 0]], [[0.0, 0.0]] * 2)
    >>> [round(float(v), 6) for v in loss]
    [1.386294, 0.0]
    """
    if isinstance(y_true, tf.SparseTensor):
        y_true = tf.sparse.to_dense(y_true)
    labels, similarities = _tables(y_true, y_pred)
    labels = to_float(labels, "y_true", similarities.dtype)
    similarities = _square(similarities)
    # the sum over j of c_ij
    total = tf.linalg.matvec(labels, tf.reduce_sum(labels, 0))
    shares = tf.math.divide_no_nan(labels, total[:, tf.newaxis])
    targets = tf.matmul(shares, labels, transpose_b=True)
    terms = _row_cross_entropy(targets, similarities)
    return _shares(terms, total > 0)


@register
class NpairsMultilabelLoss(KerasLoss):
    """Keras loss of `npairs_multilabel_loss`; see there.

    Args:
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = NpairsMultilabelLoss()
    >>> round(float(loss([[1, 1], [0, 0]], [[0.0, 0.0]] * 2)), 6)
    0.693147
    """

    def __init__(
        self, reduction="sum_over_batch_size", name="npairs_multilabel_loss"
    ):
        """See the class."""
        super().__init__(npairs_multilabel_loss, reduction, name)


@register
def nt_xent_loss(y_true, y_pred, *, temperature=0.1):
    r"""Minimising it picks each positive out of the negatives of its anchor.

    $$ L_i = -\frac{1}{|P_i|} \sum_{p \in P_i} \log
       \frac{e^{s_{ip} / T}}{e^{s_{ip} / T} + \sum_{n} e^{s_{in} / T}} $$

    s is the cosine of two embeddings, P_i are the other samples of the class
    of i, n those of other classes. InfoNCE is another name of it.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type; for views of
            images without a class, the number of the image.
        y_pred: embeddings, `(batch, length)`, of any length.
        temperature: T, greater than 1e-6; the smaller, the more the nearest
            negatives count.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is that of L over the samples that have a
        positive.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `temperature` is too small, or shapes do not fit.

    Special case:
        With two views of each image it is the loss of SimCLR.

    Reference:
        Chen et al. 2020, arXiv 2002.05709.

    >>> loss = nt_xent_loss([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    >>> [round(float(v), 6) for v in loss]
    [1.039721, 1.039721, 0.0]
    """
    temperature = _temperature(temperature)
    ids, embeddings = class_ids(y_true, y_pred)
    positives, negatives = pairs.positives_and_negatives(ids)
    scores = pairs.cosines(embeddings) / temperature
    crowd = _log_sum_exp(scores, negatives)[:, tf.newaxis]
    # log(1 + sum(e^(s_in / T)) / e^(s_ip / T))
    terms = _mean(tf.nn.softplus(crowd - scores), positives)
    return _shares(terms, tf.reduce_any(positives, 1))


@register
class NTXentLoss(BatchLoss):
    """Keras loss of `nt_xent_loss`; see there.

    Args:
        temperature: the smaller, the more the nearest negatives count.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = NTXentLoss(temperature=0.5)
    >>> round(float(loss([0, 0, 1], [[1.0, 0.0]] * 3)), 6)
    0.693147
    """

    def __init__(
        self,
        temperature=0.1,
        reduction="sum_over_batch_size",
        name="nt_xent_loss",
    ):
        """See the class."""
        super().__init__(
            nt_xent_loss,
            reduction,
            name,
            temperature=_temperature(temperature),
        )


@register
def supervised_contrastive_loss(y_true, y_pred, *, temperature=0.1):
    r"""Minimising it picks the positives of an anchor out of all others.

    $$ L_i = -\frac{1}{|P_i|} \sum_{p \in P_i} \log
       \frac{e^{s_{ip} / T}}{\sum_{k \neq i} e^{s_{ik} / T}} $$

    s is the cosine of two embeddings, P_i are the other samples of the class
    of i.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`, of any length.
        temperature: T, greater than 1e-6; the smaller, the more the nearest
            samples count.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is that of L over the samples that have a
        positive.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `temperature` is too small, or shapes do not fit.

    Special case:
        With two samples of each class it is `nt_xent_loss`.

    Reference:
        Khosla et al. 2020, arXiv 2004.11362, equation 2.

    >>> loss = supervised_contrastive_loss([0, 0, 0], [[1.0, 0.0]] * 3)
    >>> [round(float(v), 6) for v in loss]
    [0.693147, 0.693147, 0.693147]
    """
    temperature = _temperature(temperature)
    ids, embeddings = class_ids(y_true, y_pred)
    positives, negatives = pairs.positives_and_negatives(ids)
    scores = pairs.cosines(embeddings) / temperature
    others = tf.logical_or(positives, negatives)
    # log(sum(e^(s_ik / T))) - mean(s_ip / T), of numbers near each other
    middle = _mean(scores, positives)[:, tf.newaxis]
    terms = _log_sum_exp(scores - middle, others)
    return _shares(terms, tf.reduce_any(positives, 1))


@register
class SupervisedContrastiveLoss(BatchLoss):
    """Keras loss of `supervised_contrastive_loss`; see there.

    Args:
        temperature: the smaller, the more the nearest samples count.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = SupervisedContrastiveLoss(temperature=0.5)
    >>> round(float(loss([0, 0, 0], [[1.0, 0.0]] * 3)), 6)
    0.693147
    """

    def __init__(
        self,
        temperature=0.1,
        reduction="sum_over_batch_size",
        name="supervised_contrastive_loss",
    ):
        """See the class."""
        super().__init__(
            supervised_contrastive_loss,
            reduction,
            name,
            temperature=_temperature(temperature),
        )


def _cosine_bound(name, value):
    """Returns a bound on cosines as a float from -1 to 1."""
    return number(name, value, -1, 1, closed=True)


@register
def multi_similarity_loss(
    y_true, y_pred, *, alpha=2.0, beta=50.0, base=0.5, epsilon=0.1
):
    r"""Minimising it sorts out the pairs that are hard for their neighbours.

    $$ L_i = \frac{1}{\alpha} \log \Bigl(1 + \sum_{p}
             e^{-\alpha (s_{ip} - \lambda)}\Bigr)
           + \frac{1}{\beta} \log \Bigl(1 + \sum_{n}
             e^{\beta (s_{in} - \lambda)}\Bigr) $$

    s is the cosine of two embeddings. Of the positives p of sample i only
    those less similar than its most similar negative, plus `epsilon`, are
    taken; of the negatives n those more similar than its least similar
    positive, minus `epsilon`.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`, of any length.
        alpha: the greater, the more the least similar positives count.
        beta: the greater, the more the most similar negatives count.
        base: lambda, the cosine that parts alike from unlike, from -1 to 1.
        epsilon: how clear of all others a pair must be to be left out; 0 or
            more.

    Returns:
        L of each sample, at least 0, of shape `(batch,)`. It is 0 where a
        sample has no positive or no negative; that counts in the mean.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of bounds, or shapes do not fit.

    Special case:
        An `epsilon` of more than 2 leaves no pair out.

    Reference:
        Wang et al. 2019, arXiv 1904.06627.

    >>> loss = multi_similarity_loss(
    ...     [0, 1, 0], [[1.0]] * 3, alpha=1.0, beta=1.0, base=1.0
    ... )
    >>> [round(float(v), 6) for v in loss]
    [1.386294, 0.0, 1.386294]
    """
    alpha, beta = _factor("alpha", alpha), _factor("beta", beta)
    base, epsilon = _cosine_bound("base", base), _margin(epsilon, "epsilon")
    ids, embeddings = class_ids(y_true, y_pred)
    positives, negatives = pairs.positives_and_negatives(ids)
    cosines = pairs.cosines(embeddings)
    # Without a negative no positive is hard, and the other way round.
    highest = tf.reduce_max(tf.where(negatives, cosines, NEVER), 1)
    lowest = tf.reduce_min(tf.where(positives, cosines, -NEVER), 1)
    near = cosines < highest[:, tf.newaxis] + epsilon
    far = cosines > lowest[:, tf.newaxis] - epsilon
    pull = _log_sum_exp(
        -alpha * (cosines - base), tf.logical_and(positives, near)
    )
    push = _log_sum_exp(beta * (cosines - base), tf.logical_and(negatives, far))
    # log(1 + sum(e^x)) is the softplus of log(sum(e^x))
    return tf.nn.softplus(pull) / alpha + tf.nn.softplus(push) / beta


@register
class MultiSimilarityLoss(BatchLoss):
    """Keras loss of `multi_similarity_loss`; see there.

    Args:
        alpha: the greater, the more the least similar positives count.
        beta: the greater, the more the most similar negatives count.
        base: the cosine that parts alike from unlike.
        epsilon: how clear of all others a pair must be to be left out.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = MultiSimilarityLoss(alpha=1.0, beta=1.0, base=1.0)
    >>> round(float(loss([0, 1, 0], [[1.0]] * 3)), 6)
    0.924196
    """

    def __init__(
        self,
        alpha=2.0,
        beta=50.0,
        base=0.5,
        epsilon=0.1,
        reduction="sum_over_batch_size",
        name="multi_similarity_loss",
    ):
        """See the class."""
        super().__init__(
            multi_similarity_loss,
            reduction,
            name,
            alpha=_factor("alpha", alpha),
            beta=_factor("beta", beta),
            base=_cosine_bound("base", base),
            epsilon=_margin(epsilon, "epsilon"),
        )


@register
def circle_loss(y_true, y_pred, *, margin=0.4, gamma=80.0):
    r"""Minimising it pulls hardest where a cosine is farthest from its goal.

    $$ \begin{aligned}
       L_i &= \log \Bigl(1 + \sum_{n} e^{\gamma a_n (s_{in} - m)}
              \sum_{p} e^{-\gamma a_p (s_{ip} - 1 + m)}\Bigr) \\
       a_n &= \max(s_{in} + m,\, 0), \qquad a_p = \max(1 + m - s_{ip},\, 0)
       \end{aligned} $$

    s is the cosine of two embeddings, p are the positives of sample i and n
    its negatives. The weights a are taken as constants, without a slope.

    Args:
        y_true: classes, `(batch,)` or `(batch, 1)`, of any type.
        y_pred: embeddings, `(batch, length)`, of any length.
        margin: m, from -1 to 1; positives are to have a cosine of more than
            1 - m, negatives one of less than m.
        gamma: the greater, the more the worst pairs count; greater than 0
            and less than 1e6.

    Returns:
        The share of each sample as an anchor, at least 0, of shape
        `(batch,)`; their mean is that of L over the samples that have both a
        positive and a negative.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of bounds, or shapes do not fit.

    Special case:
        Where every sample has both, the value is that of
        `keras.losses.Circle` of embeddings of length 1. There the weights
        have a slope.

    Reference:
        Sun et al. 2020, arXiv 2002.10857.

    >>> y_pred = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    >>> loss = circle_loss([0, 0, 1], y_pred, margin=0.5, gamma=4.0)
    >>> [round(float(v), 6) for v in loss]
    [0.190392, 0.190392, 0.0]
    """
    margin, gamma = _cosine_bound("margin", margin), _gamma(gamma)
    ids, embeddings = class_ids(y_true, y_pred)
    positives, negatives = pairs.positives_and_negatives(ids)
    cosines = pairs.cosines(embeddings)
    constant = tf.stop_gradient(cosines)
    # gamma a_p (1 - m - s), gamma a_n (s - m)
    pull = gamma * tf.nn.relu(1 + margin - constant) * (1 - margin - cosines)
    push = gamma * tf.nn.relu(constant + margin) * (cosines - margin)
    # log(e^pull + ...) + log(e^push + ...) is the logarithm of the product
    terms = tf.nn.softplus(
        _log_sum_exp(pull, positives) + _log_sum_exp(push, negatives)
    )
    both = tf.logical_and(
        tf.reduce_any(positives, 1), tf.reduce_any(negatives, 1)
    )
    return _shares(terms, both)


@register
class CircleLoss(BatchLoss):
    """Keras loss of `circle_loss`; see there.

    Args:
        margin: positives are to have a cosine of more than 1 minus this,
            negatives one of less than this.
        gamma: the greater, the more the worst pairs count.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = CircleLoss(margin=0.5, gamma=4.0)
    >>> y_pred = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    >>> round(float(loss([0, 0, 1], y_pred)), 6)
    0.126928
    """

    def __init__(
        self,
        margin=0.4,
        gamma=80.0,
        reduction="sum_over_batch_size",
        name="circle_loss",
    ):
        """See the class."""
        super().__init__(
            circle_loss,
            reduction,
            name,
            margin=_cosine_bound("margin", margin),
            gamma=_gamma(gamma),
        )


def _cross_entropy(labels, logits):
    """Returns the sum of -y log(softmax(logits)) over the last axis."""
    return -tf.reduce_sum(labels * tf.nn.log_softmax(logits), -1)


def _angle(value):
    """Returns a margin as a float from 0 to pi."""
    return number("margin", value, 0, math.pi, closed=True)


@register
def arcface_loss(y_true, y_pred, *, margin=0.5, scale=64.0):
    r"""Minimising it turns embeddings closer to their class by an angle.

    $$ L = -\log \frac{e^{s \cos(\theta_y + m)}}
       {e^{s \cos(\theta_y + m)} + \sum_{c \neq y} e^{s \cos \theta_c}} $$

    Where the angle would exceed half a turn, its cosine is taken to be
    cos(theta) - m sin(m), which goes on falling.

    Args:
        y_true: one-hot labels, `(batch, ..., classes)`.
        y_pred: the cosine of the angle theta between an embedding and each
            class, of the same shape, as `CosineHead` gives it; what lies
            outside of -1 to 1 is taken as that bound, without a gradient.
        margin: m, an angle from 0 to pi, in radians.
        scale: s, greater than 0; it stands in for the length that cosines
            lack.

    Returns:
        The cross-entropy, at least 0, of shape `(batch, ...)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of bounds, or shapes differ.

    Special case:
        `margin=0` is Keras' `CategoricalCrossentropy` from logits, of the
        cosines times `scale`.

    Reference:
        Deng et al. 2019, doi 10.1109/CVPR.2019.00482.

    >>> loss = arcface_loss([[1.0, 0.0]], [[0.6, 0.8]], scale=1.0)
    >>> [round(float(v), 6) for v in loss]
    [1.074654]
    """
    margin, scale = _angle(margin), _factor("scale", scale)
    y_true, cosine = align_vectors(y_true, y_pred)
    cosine = tf.clip_by_value(cosine, -1, 1)
    # sin(theta)^2; at 0 the slope of its root is left out, being infinite
    square = (1 - cosine) * (1 + cosine)
    turned = square > 0
    sine = tf.where(turned, tf.sqrt(tf.where(turned, square, 1)), 0)
    # cos(theta + m) = cos(theta) cos(m) - sin(theta) sin(m)
    moved = tf.where(
        cosine >= math.cos(math.pi - margin),
        cosine * math.cos(margin) - sine * math.sin(margin),
        cosine - margin * math.sin(margin),
    )
    return _cross_entropy(y_true, scale * (cosine + y_true * (moved - cosine)))


@register
class ArcFaceLoss(KerasLoss):
    """Keras loss of `arcface_loss`; see there.

    Args:
        margin: an angle in radians.
        scale: what the cosines are multiplied by.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = ArcFaceLoss(scale=1.0)
    >>> round(float(loss([[1.0, 0.0]], [[0.6, 0.8]])), 6)
    1.074654
    """

    def __init__(
        self,
        margin=0.5,
        scale=64.0,
        reduction="sum_over_batch_size",
        name="arcface_loss",
    ):
        """See the class."""
        super().__init__(
            arcface_loss,
            reduction,
            name,
            margin=_angle(margin),
            scale=_factor("scale", scale),
        )


@register
def cosface_loss(y_true, y_pred, *, margin=0.35, scale=64.0):
    r"""Minimising it turns embeddings closer to their class by a cosine.

    $$ L = -\log \frac{e^{s (\cos \theta_y - m)}}
       {e^{s (\cos \theta_y - m)} + \sum_{c \neq y} e^{s \cos \theta_c}} $$

    Args:
        y_true: one-hot labels, `(batch, ..., classes)`.
        y_pred: the cosine of the angle theta between an embedding and each
            class, of the same shape, as `CosineHead` gives it; what lies
            outside of -1 to 1 is taken as that bound, without a gradient.
        margin: m, by how much the cosine of the true class is lowered; 0 or
            more.
        scale: s, greater than 0; it stands in for the length that cosines
            lack.

    Returns:
        The cross-entropy, at least 0, of shape `(batch, ...)`.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: a hyperparameter is out of bounds, or shapes differ.

    Special case:
        `margin=0` is Keras' `CategoricalCrossentropy` from logits, of the
        cosines times `scale`.

    Reference:
        Wang et al. 2018, doi 10.1109/CVPR.2018.00552.

    >>> loss = cosface_loss([[1.0, 0.0]], [[0.75, 0.5]], margin=0.25)
    >>> [round(float(v), 6) for v in loss]
    [0.693147]
    """
    margin, scale = _margin(margin), _factor("scale", scale)
    y_true, cosine = align_vectors(y_true, y_pred)
    cosine = tf.clip_by_value(cosine, -1, 1)
    # cos(theta) - m for the true class
    return _cross_entropy(y_true, scale * (cosine - margin * y_true))


@register
class CosFaceLoss(KerasLoss):
    """Keras loss of `cosface_loss`; see there.

    Args:
        margin: by how much the cosine of the true class is lowered.
        scale: what the cosines are multiplied by.
        reduction: `"sum_over_batch_size"`, `"sum"` or `"none"`.
        name: name of the loss.

    >>> loss = CosFaceLoss(margin=0.25)
    >>> round(float(loss([[1.0, 0.0]], [[0.75, 0.5]])), 6)
    0.693147
    """

    def __init__(
        self,
        margin=0.35,
        scale=64.0,
        reduction="sum_over_batch_size",
        name="cosface_loss",
    ):
        """See the class."""
        super().__init__(
            cosface_loss,
            reduction,
            name,
            margin=_margin(margin),
            scale=_factor("scale", scale),
        )


def _whole(name, value):
    """Returns a whole number greater than 0, as an int."""
    whole = int(number(name, value, 0))
    if whole != value:
        raise ValueError(f"{name} must be a whole number, received {value!r}")
    return whole


@register
class CosineHead(tf.keras.layers.Layer):
    """A last layer for `arcface_loss` and `cosface_loss`.

    It gives the cosine of the angle between an embedding and a vector of
    each class, which is learnt. Computed and returned in float32 or better,
    since half precision cannot tell small angles apart.

    Args:
        classes: how many there are.
        **settings: those of any Keras layer, such as `name`.

    >>> CosineHead(5)(tf.ones([2, 3])).shape
    TensorShape([2, 5])
    """

    def __init__(self, classes, **settings):
        """See the class."""
        super().__init__(**settings)
        self.classes = _whole("classes", classes)

    def build(self, input_shape):
        """Makes a vector for each class."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.classes),
            initializer="glorot_uniform",
        )
        super().build(input_shape)

    def call(self, embeddings):
        """Returns the cosines, `(batch, ..., classes)`."""
        dtype = tf.float64 if self.compute_dtype == "float64" else tf.float32
        units = pairs.directions(tf.cast(embeddings, dtype))
        return tf.matmul(
            units, pairs.directions(tf.cast(self.kernel, dtype), 0)
        )

    def compute_output_shape(self, input_shape):
        """Returns the shape of the cosines."""
        return (*input_shape[:-1], self.classes)

    def get_config(self):
        """Returns the arguments that make this layer again."""
        return {**super().get_config(), "classes": self.classes}
