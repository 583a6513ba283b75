"""The losses once more, as the formula reads: lists, loops and `math`.

Slow, and written apart from the TensorFlow functions, so that a slip in one
shows against the other. A loss takes a list of labels and a list of
predictions, one item per sample, each a number or a list of numbers, and
returns a list with one value per sample. Where these hang together, as in
a batch whose pairs are compared, the loss is their mean.
"""

import math

# Small parts


def _row(sample):
    """Returns one sample as a list of numbers."""
    return list(sample) if isinstance(sample, (list, tuple)) else [sample]


def _flat(sample):
    """Returns a list of numbers from lists of any depth."""
    if not isinstance(sample, (list, tuple)):
        return [sample]
    return [number for part in sample for number in _flat(part)]


def _mean_per_sample(term, y_true, y_pred):
    """Returns the mean of term(y, prediction) over each sample's outputs."""
    losses = []
    for label, prediction in zip(y_true, y_pred):
        pairs = list(zip(_row(label), _row(prediction)))
        losses.append(sum(term(y, p) for y, p in pairs) / len(pairs))
    return losses


def _clip(x, low, high):
    """Returns x, or the bound that it lies beyond."""
    return min(max(x, low), high)


def _log1p(x):
    """Returns log(1 + x), also of small x. MicroPython has no math.log1p."""
    u = 1.0 + x
    # what rounding did to u it does to u - 1 as well
    return x if u == 1.0 else math.log(u) * x / (u - 1.0)


def _softplus(x):
    """Returns log(1 + e^x)."""
    return max(x, 0.0) + _log1p(math.exp(-abs(x)))


def _sigmoid(x):
    """Returns 1 / (1 + e^-x)."""
    if x < 0:
        return math.exp(x) / (1.0 + math.exp(x))
    return 1.0 / (1.0 + math.exp(-x))


def _log_sum_exp(values):
    """Returns log(e^v + e^w + ...), minus infinity of no values."""
    if not values:
        return float("-inf")
    top = max(values)
    return top + math.log(sum(math.exp(v - top) for v in values))


def _log_odds(scores):
    """Returns log(p / (1 - p)) of each class, where p = softmax(scores)."""
    return [
        scores[c] - _log_sum_exp(scores[:c] + scores[c + 1 :])
        for c in range(len(scores))
    ]


def _cross_entropy(labels, scores):
    """Returns the sum of -y log(p), where p = softmax(scores)."""
    odds = _log_odds(scores)
    return sum(y * _softplus(-z) for y, z in zip(labels, odds))


# Regression


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


# Detection. A box is two opposite corners: x1, y1, x2, y2, or y before x.


def _corners(box):
    """Returns the lower corner, then the upper; any two opposite will do."""
    a, b, c, d = box
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _area(box):
    """Returns the area of a box, 0 if its corners have changed places."""
    a, b, c, d = box
    return max(c - a, 0.0) * max(d - b, 0.0)


def _overlap(box, other):
    """Returns the area that two boxes share."""
    (a, b, c, d), (e, f, g, h) = box, other
    return _area((max(a, e), max(b, f), min(c, g), min(d, h)))


def _union(box, other):
    """Returns the area that two boxes cover together."""
    return _area(box) + _area(other) - _overlap(box, other)


def _enclosing(box, other):
    """Returns the smallest box around two boxes."""
    (a, b, c, d), (e, f, g, h) = box, other
    return min(a, e), min(b, f), max(c, g), max(d, h)


def _iou(box, other):
    """Returns overlap / union; of nothing, whether the boxes are the same."""
    if _union(box, other) == 0:
        return 1.0 if box == other else 0.0
    return _overlap(box, other) / _union(box, other)


def _center_distance(box, other):
    """Returns the squared distance of the centers over that of the corners."""
    a, b, c, d = _enclosing(box, other)
    diagonal = (c - a) ** 2 + (d - b) ** 2
    across = (box[0] - other[0] + box[2] - other[2]) / 2
    along = (box[1] - other[1] + box[3] - other[3]) / 2
    return (across**2 + along**2) / diagonal if diagonal > 0 else 0.0


def _angle(box):
    """Returns the angle whose tangent is the first side over the second.

    A point counts as a square.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    return math.atan2(width, height) if width or height else math.pi / 4


def _angle_difference(box, other):
    """Returns the squared difference of two boxes' angles, at most 1."""
    return 4 / math.pi**2 * (_angle(box) - _angle(other)) ** 2


def _per_box(term, y_true, y_pred):
    """Returns term(box, predicted box) for each sample."""
    return [term(_corners(y), _corners(p)) for y, p in zip(y_true, y_pred)]


def iou_loss(y_true, y_pred):
    """The share of the union that the boxes do not share.

    >>> iou_loss([[0.0, 0.0, 4.0, 2.0]], [[0.0, 0.0, 3.0, 2.0]])
    [0.25]
    """
    return _per_box(lambda y, p: 1 - _iou(y, p), y_true, y_pred)


def giou_loss(y_true, y_pred):
    """The IoU loss, and the share of the enclosing box that is in neither.

    >>> giou_loss([[0.0, 0.0, 1.0, 1.0]], [[3.0, 0.0, 4.0, 1.0]])
    [1.5]
    """

    def term(y, p):
        around = _area(_enclosing(y, p))
        empty = (around - _union(y, p)) / around if around > 0 else 0.0
        return 1 - _iou(y, p) + empty

    return _per_box(term, y_true, y_pred)


def diou_loss(y_true, y_pred):
    """The IoU loss, and how far apart the centers are.

    The distance is squared and counted in diagonals of the enclosing box.

    >>> diou_loss([[0.0, 0.0, 1.0, 1.0]], [[1.0, 1.0, 2.0, 2.0]])
    [1.25]
    """
    return _per_box(
        lambda y, p: 1 - _iou(y, p) + _center_distance(y, p), y_true, y_pred
    )


def ciou_loss(y_true, y_pred, weights_at=None):
    """The DIoU loss, and alpha times how much the boxes' shapes differ.

    The weight alpha has no slope. It is taken at the predictions
    `weights_at`, which are `y_pred` unless others are given.

    >>> ciou_loss([[0.0, 0.0, 1.0, 1.0]], [[0.0, 0.0, 0.0, 1.0]])
    [1.175]
    """

    def alpha(y, p):
        v = _angle_difference(y, p)
        return v / (1 - _iou(y, p) + v) if v > 0 else 0.0

    weights = _per_box(
        alpha, y_true, y_pred if weights_at is None else weights_at
    )
    shapes = _per_box(_angle_difference, y_true, y_pred)
    return [
        loss + weight * shape
        for loss, weight, shape in zip(
            diou_loss(y_true, y_pred), weights, shapes
        )
    ]


def smooth_l1_loss(y_true, y_pred, beta=1.0):
    """Half the squared error over `beta`; a line from an error of `beta` on.

    >>> smooth_l1_loss([0.0, 0.0], [1.0, 3.0], beta=2.0)
    [0.25, 2.0]
    """

    def term(y, p):
        error = abs(y - p)
        return error**2 / (2 * beta) if error < beta else error - beta / 2

    return _mean_per_sample(term, y_true, y_pred)


def sigmoid_focal_loss(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False
):
    """Binary cross-entropy times the missing probability to the `gamma`.

    A label of 1 weighs `alpha`, a label of 0 the rest of 1. Probabilities are
    clipped as Keras 2 does in single precision.

    >>> loss = sigmoid_focal_loss([1.0], [0.0], from_logits=True)
    >>> round(loss[0] * 16, 6)  # 0.25 * (1 - 1/2)^2 * log(2), 16 times
    0.693147
    """

    def term(y, p):
        if from_logits:
            entropy = y * _softplus(-p) + (1 - y) * _softplus(p)
            missing = y * _sigmoid(-p) + (1 - y) * _sigmoid(p)
        else:
            q = _clip(p, 1e-7, 1 - 2**-23)
            entropy = -y * math.log(q + 1e-7)
            entropy -= (1 - y) * math.log(1 - q + 1e-7)
            missing = y * (1 - p) + (1 - y) * p
        weight = 1.0 if alpha is None else y * alpha + (1 - y) * (1 - alpha)
        return weight * missing**gamma * entropy

    return _mean_per_sample(term, y_true, y_pred)


def categorical_focal_loss(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False
):
    """Cross-entropy times `alpha` and the missing probability to the `gamma`.

    >>> loss = categorical_focal_loss([[1.0, 0.0]], [[3.0, 1.0]], alpha=16.0)
    >>> round(loss[0], 6)  # 16 * (1 - 3/4)^2 * log(4/3)
    0.287682
    """
    losses = []
    for labels, scores in zip(y_true, y_pred):
        if from_logits:
            odds = _log_odds(scores)
            missing = [_sigmoid(-z) for z in odds]
            surprise = [_softplus(-z) for z in odds]
        else:
            total = sum(scores) or 1.0
            p = [_clip(score / total, 1e-7, 1 - 1e-7) for score in scores]
            missing = [1 - each for each in p]
            surprise = [-math.log(each) for each in p]
        loss = 0.0
        for c, y in enumerate(labels):
            weight = alpha[c] if isinstance(alpha, (list, tuple)) else alpha
            loss += weight * y * missing[c] ** gamma * surprise[c]
        losses.append(loss)
    return losses


# Classification


def _log_probabilities(scores, from_logits):
    """Returns log(p) of each class; a probability is at least 1e-7."""
    if from_logits:
        return [-_softplus(-z) for z in _log_odds(scores)]
    return [math.log(max(p, 1e-7)) for p in scores]


def generalized_cross_entropy_loss(y_true, y_pred, q=0.7, from_logits=False):
    """(1 - p^q) / q, where p is the label's probability.

    >>> generalized_cross_entropy_loss([[0.0, 1.0]], [[0.5, 0.5]], q=1.0)
    [0.5]
    """
    losses = []
    for labels, scores in zip(y_true, y_pred):
        logs = _log_probabilities(scores, from_logits)
        losses.append(
            sum(-y * math.expm1(q * log) / q for y, log in zip(labels, logs))
        )
    return losses


def poly1_loss(y_true, y_pred, epsilon=1.0, from_logits=False):
    """Cross-entropy, and `epsilon` times the label's missing probability.

    >>> loss = poly1_loss([[0.0, 1.0]], [[0.0, 0.0]], 2.0, from_logits=True)
    >>> round(loss[0], 6)  # log(2) + 2 * (1 - 1/2)
    1.693147
    """
    losses = []
    for labels, scores in zip(y_true, y_pred):
        logs = _log_probabilities(scores, from_logits)
        entropy = -sum(y * log for y, log in zip(labels, logs))
        p_t = sum(y * math.exp(log) for y, log in zip(labels, logs))
        losses.append(entropy + epsilon * (1 - p_t))
    return losses


def _counts(labels, predictions, from_logits):
    """Returns true and false positives and false negatives, all soft."""
    p = _flat(predictions)
    if from_logits:
        p = [_sigmoid(x) for x in p]
    pairs = list(zip(_flat(labels), p))
    hits = sum(y * p for y, p in pairs)
    alarms = sum((1 - y) * p for y, p in pairs)
    misses = sum(y * (1 - p) for y, p in pairs)
    return hits, alarms, misses


def dice_loss(y_true, y_pred, smooth=1.0, from_logits=False):
    """One minus twice the common area over the sum of the areas.

    `smooth` is added above and below. Two empty images lose nothing.

    >>> dice_loss([[1.0, 1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]])
    [0.25]
    """
    losses = []
    for labels, predictions in zip(y_true, y_pred):
        hits, alarms, misses = _counts(labels, predictions, from_logits)
        areas = (hits + misses) + (hits + alarms) + smooth
        losses.append(1 - (2 * hits + smooth) / areas if areas > 0 else 0.0)
    return losses


def tversky_loss(
    y_true, y_pred, alpha=0.3, beta=0.7, smooth=1.0, from_logits=False
):
    """One minus hits over hits, `alpha` false alarms and `beta` misses.

    `smooth` is added above and below. Where nothing counts, the loss is 0.

    >>> tversky_loss([[1.0, 0.0]], [[1.0, 1.0]], alpha=2.0, beta=1.0)
    [0.5]
    """
    losses = []
    for labels, predictions in zip(y_true, y_pred):
        hits, alarms, misses = _counts(labels, predictions, from_logits)
        total = hits + alpha * alarms + beta * misses + smooth
        losses.append(1 - (hits + smooth) / total if total > 0 else 0.0)
    return losses


def asymmetric_loss(
    y_true,
    y_pred,
    gamma_positive=0.0,
    gamma_negative=4.0,
    shift=0.05,
    from_logits=False,
):
    """Binary cross-entropy that forgets the negatives told apart with ease.

    A label of 1 costs (1 - p)^gamma_positive * -log(p), a label of 0 costs
    m^gamma_negative * -log(1 - m), where m is p less `shift`, at least 0.
    A probability below 1e-7 has the logarithm of 1e-7.

    >>> asymmetric_loss([0.0, 1.0], [0.04, 1.0])
    [0.0, 0.0]
    >>> loss = asymmetric_loss([0.0], [0.75], gamma_negative=1.0, shift=0.25)
    >>> round(loss[0] * 2, 6)  # (3/4 - 1/4) * log(2)
    0.693147
    """

    def term(y, x):
        p, rest = (_sigmoid(x), _sigmoid(-x)) if from_logits else (x, 1 - x)
        if from_logits:
            log_p, log_rest = -_softplus(-x), -_softplus(x)
        else:
            log_p, log_rest = (math.log(max(v, 1e-7)) for v in (p, rest))
        if shift > 0:
            log_rest = math.log(min(rest + shift, 1.0))
        positive = -(rest**gamma_positive) * log_p
        negative = -(max(p - shift, 0.0) ** gamma_negative) * log_rest
        return y * positive + (1 - y) * negative

    return _mean_per_sample(term, y_true, y_pred)


def sparsemax_loss(y_true, y_pred):
    """Half the scores above the threshold squared, less the label's score.

    The threshold is what makes the scores' heights above it sum to 1; it is
    squared too and taken off each. The labels sum to 1, so that scores may be
    counted from the greatest.

    >>> sparsemax_loss([[1.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 0.0]])
    [0.25, 1.0]
    """
    losses = []
    for labels, scores in zip(y_true, y_pred):
        top = max(scores)
        z = sorted([score - top for score in scores], reverse=True)
        k = 1
        while k < len(z) and 1 + (k + 1) * z[k] > sum(z[: k + 1]):
            k += 1
        threshold = (sum(z[:k]) - 1) / k
        loss = 0.5 * sum(v**2 - threshold**2 for v in z[:k])
        for y, score in zip(labels, scores):
            loss += 0.5 * y**2 - y * (score - top)
        losses.append(loss)
    return losses


def weighted_kappa_loss(y_true, y_pred, weightage="quadratic", epsilon=1e-6):
    """The logarithm of 1 - kappa: disagreement, over that of chance.

    Each sample adds what its share of the disagreement is above 1 / n, times
    n; these sum to 0 and only tell the samples apart.

    >>> chance = weighted_kappa_loss([[1, 0], [0, 1]], [[0.5, 0.5]] * 2)
    >>> [round(v, 6) for v in chance]  # log(1 + 1e-6)
    [1e-06, 1e-06]
    """

    def weight(i, j):
        return (i - j) ** 2 if weightage == "quadratic" else abs(i - j)

    n = len(y_true)
    # what each sample predicts, times how far that is from its label
    parts = []
    for labels, p in zip(y_true, y_pred):
        label = sum(c * y for c, y in enumerate(labels))
        parts.append(sum(weight(label, c) * p[c] for c in range(len(p))))
    # the same for every label with every sample's prediction
    chance = 0.0
    for labels in y_true:
        for p in y_pred:
            for i, y in enumerate(labels):
                chance += sum(y * weight(i, j) * p[j] for j in range(len(p)))
    total = sum(parts)
    ratio = total / (chance / n) if chance > 0 else 0.0
    return [
        math.log(ratio + epsilon) + (n * part / total - 1 if total > 0 else 0)
        for part in parts
    ]


# Embeddings. Batch losses find their pairs among the samples themselves; a
# sample bears what it is the anchor of.


def _dot(a, b):
    """Returns the sum of the products."""
    return sum(x * y for x, y in zip(a, b))


def _unit(vector):
    """Returns a vector of length 1 in the same direction; 0 stays."""
    top = max(abs(x) for x in vector)
    if top == 0:
        return vector
    vector = [x / top for x in vector]
    length = math.sqrt(_dot(vector, vector))
    return [x / length for x in vector]


def _cosine(a, b):
    """Returns the cosine of the angle between two vectors, 0 if one is 0."""
    return _dot(_unit(a), _unit(b))


def _squared_distance(a, b):
    """Returns the squared length of the difference."""
    return sum((x - y) ** 2 for x, y in zip(a, b))


def _distance(a, b, metric="L2"):
    """Returns the distance of two vectors."""
    if metric == "angular":
        return max(1 - _cosine(a, b), 0.0)
    squared = _squared_distance(a, b)
    return squared if metric == "squared-L2" else math.sqrt(squared)


def _distances(embeddings, metric):
    """Returns the distance of each from each; `metric` may be a function."""
    if not isinstance(metric, str):
        return metric(embeddings)
    return [[_distance(a, b, metric) for b in embeddings] for a in embeddings]


def _cosines(embeddings):
    """Returns the cosine of each with each."""
    units = [_unit(embedding) for embedding in embeddings]
    return [[_dot(a, b) for b in units] for a in units]


def _ids(y_true):
    """Returns the class of each sample, given as id or [id]."""
    return [_row(label)[0] for label in y_true]


def _positives(ids, i):
    """Returns the places of the others of the same class."""
    return [k for k in range(len(ids)) if ids[k] == ids[i] and k != i]


def _negatives(ids, i):
    """Returns the places of those of other classes."""
    return [k for k in range(len(ids)) if ids[k] != ids[i]]


def _shares(totals, count):
    """Returns each sample's share of sum(totals) / count, times the batch."""
    return [len(totals) * t / count if count else 0.0 for t in totals]


def _anchors(term, ids):
    """Returns term(anchor, positives, negatives), 0 if any lack; how many."""
    totals, count = [0.0] * len(ids), 0
    for a in range(len(ids)):
        positives, negatives = _positives(ids, a), _negatives(ids, a)
        if positives and negatives:
            totals[a] = term(a, positives, negatives)
            count += 1
    return totals, count


def contrastive_loss(y_true, y_pred, margin=1.0):
    """The distance of a pair, of strangers what it lacks of `margin`; squared.

    >>> contrastive_loss([1.0, 0.0, 0.0], [0.5, 0.5, 2.0])
    [0.25, 0.25, 0.0]
    """
    return _mean_per_sample(
        lambda y, d: y * d**2 + (1 - y) * max(margin - d, 0.0) ** 2,
        y_true,
        y_pred,
    )


def triplet_semihard_loss(y_true, y_pred, margin=1.0, distance_metric="L2"):
    """`margin` and d(a, p), less d(a, n), over all pairs of a class.

    The negative is the nearest that is farther than the positive, else the
    farthest.

    >>> triplet_semihard_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    [0.75, 2.25, 0.0]
    """
    ids, d = _ids(y_true), _distances(y_pred, distance_metric)
    totals, pairs = [0.0] * len(ids), 0
    for a in range(len(ids)):
        away = [d[a][n] for n in _negatives(ids, a)]
        for p in _positives(ids, a):
            if away:
                farther = [far for far in away if far > d[a][p]]
                negative = min(farther) if farther else max(away)
                totals[a] += max(margin + d[a][p] - negative, 0.0)
                pairs += 1
    return _shares(totals, pairs)


def triplet_hard_loss(
    y_true, y_pred, margin=1.0, soft=False, distance_metric="L2"
):
    """`margin` and the greatest d(a, p), less the smallest d(a, n).

    If `soft`, log(1 + e^x) of the difference.

    >>> triplet_hard_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    [0.75, 2.25, 0.0]
    """
    ids, d = _ids(y_true), _distances(y_pred, distance_metric)

    def term(a, positives, negatives):
        x = max(d[a][p] for p in positives) - min(d[a][n] for n in negatives)
        return _softplus(x) if soft else max(margin + x, 0.0)

    return _shares(*_anchors(term, ids))


def triplet_batch_all_loss(
    y_true, y_pred, margin=1.0, soft=False, distance_metric="L2"
):
    """`margin` and d(a, p), less d(a, n), over the triplets above 0.

    If `soft`, log(1 + e^x) of the difference, over all triplets.

    >>> triplet_batch_all_loss([0, 0, 1, 1], [[0.0], [1.0], [4.0], [4.0]])
    [0.0, 0.0, 0.0, 0.0]
    >>> triplet_batch_all_loss([0, 0, 1], [[0.0], [1.0], [1.5]])
    [0.75, 2.25, 0.0]
    """
    ids, d = _ids(y_true), _distances(y_pred, distance_metric)
    totals, active = [0.0] * len(ids), 0
    for a in range(len(ids)):
        for p in _positives(ids, a):
            for n in _negatives(ids, a):
                x = d[a][p] - d[a][n]
                loss = _softplus(x) if soft else margin + x
                if soft or loss > 0:
                    totals[a] += loss
                    active += 1
    return _shares(totals, active)


def _points(sample, count):
    """Returns the embeddings in a sample, given one after another."""
    numbers = _flat(sample)
    size = len(numbers) // count
    return [numbers[k * size : (k + 1) * size] for k in range(count)]


def quadruplet_loss(y_true, y_pred, margin_1=1.0, margin_2=0.5):
    """Two margins, each with d(a, p)^2, less d(a, n)^2 and d(n, m)^2.

    >>> quadruplet_loss([0], [[[0.0], [1.0], [1.0], [2.0]]])
    [1.5]
    """
    losses = []
    for sample in y_pred:
        anchor, positive, n, m = _points(sample, 4)
        near = _squared_distance(anchor, positive)
        losses.append(
            max(near - _squared_distance(anchor, n) + margin_1, 0.0)
            + max(near - _squared_distance(n, m) + margin_2, 0.0)
        )
    return losses


def triplet_loss(y_true, y_pred, margin=1.0, distance_metric="L2"):
    """`margin` and d(a, p), less d(a, n), of given triplets.

    >>> triplet_loss([0], [[[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]])
    [2.0]
    """
    losses = []
    for sample in y_pred:
        a, p, n = _points(sample, 3)
        near = _distance(a, p, distance_metric)
        far = _distance(a, n, distance_metric)
        losses.append(max(margin + near - far, 0.0))
    return losses


def lifted_struct_loss(y_true, y_pred, margin=1.0):
    """Half the squared log-sum-exp of a pair's negatives and its distance.

    A negative at distance D from either of the pair adds e^(margin - D).

    >>> loss = lifted_struct_loss([0, 0, 1], [[0.0], [0.0], [1.0]])
    >>> [round(v, 6) for v in loss]  # 3 * log(2)^2 / 4
    [0.36034, 0.36034, 0.0]
    """
    ids, d = _ids(y_true), _distances(y_pred, "L2")
    totals, pairs = [0.0] * len(ids), 0
    for i in range(len(ids)):
        for j in range(i):
            away = [d[i][k] for k in _negatives(ids, i)]
            away += [d[j][k] for k in _negatives(ids, j)]
            if ids[i] == ids[j] and away:
                lifted = d[i][j] + _log_sum_exp([margin - far for far in away])
                loss = max(lifted, 0.0) ** 2 / 2
                totals[i] += loss / 2
                totals[j] += loss / 2
                pairs += 1
    return _shares(totals, pairs)


def npairs_loss(y_true, y_pred):
    """Cross-entropy of each row of similarities, shared by its class.

    >>> loss = npairs_loss([0, 1], [[0.0, 0.0], [0.0, 0.0]])
    >>> [round(v, 6) for v in loss]
    [0.693147, 0.693147]
    """
    ids, losses = _ids(y_true), []
    for i, scores in enumerate(y_pred):
        same = [1.0 if label == ids[i] else 0.0 for label in ids]
        losses.append(_cross_entropy(same, scores) / sum(same))
    return losses


def npairs_multilabel_loss(y_true, y_pred):
    """Cross-entropy of each row of similarities, shared by common labels.

    A sample without a label does not count.

    >>> loss = npairs_multilabel_loss([[1, 1], [0, 0]], [[0.0, 0.0]] * 2)
    >>> [round(v, 6) for v in loss]
    [1.386294, 0.0]
    """
    totals, count = [0.0] * len(y_true), 0
    for i, scores in enumerate(y_pred):
        common = [_dot(y_true[i], other) for other in y_true]
        if sum(common) > 0:
            totals[i] = _cross_entropy(common, scores) / sum(common)
            count += 1
    return _shares(totals, count)


def nt_xent_loss(y_true, y_pred, temperature=0.1):
    """-log of a positive's share of e^(cosine / T) among the negatives.

    Mean over an anchor's positives, then over the anchors that have one.

    >>> same = nt_xent_loss([0, 0, 1], [[1.0, 0.0]] * 3)
    >>> [round(v, 6) for v in same]  # log(2), of two anchors
    [1.039721, 1.039721, 0.0]
    """
    ids, cosines = _ids(y_true), _cosines(y_pred)
    totals, count = [0.0] * len(ids), 0
    for a in range(len(ids)):
        s = [cosine / temperature for cosine in cosines[a]]
        positives = _positives(ids, a)
        others = _log_sum_exp([s[n] for n in _negatives(ids, a)])
        if positives:
            # -log(e^s / (e^s + e^others))
            losses = [_softplus(others - s[p]) for p in positives]
            totals[a] = sum(losses) / len(losses)
            count += 1
    return _shares(totals, count)


def supervised_contrastive_loss(y_true, y_pred, temperature=0.1):
    """-log of a positive's share of e^(cosine / T) among all others.

    Mean over an anchor's positives, then over the anchors that have one.

    >>> same = supervised_contrastive_loss([0, 0, 1], [[1.0, 0.0]] * 3)
    >>> [round(v, 6) for v in same]  # log(2), of two anchors
    [1.039721, 1.039721, 0.0]
    """
    ids, cosines = _ids(y_true), _cosines(y_pred)
    totals, count = [0.0] * len(ids), 0
    for a in range(len(ids)):
        s = [cosine / temperature for cosine in cosines[a]]
        positives = _positives(ids, a)
        everyone = _log_sum_exp(s[:a] + s[a + 1 :])
        if positives:
            losses = [everyone - s[p] for p in positives]
            totals[a] = sum(losses) / len(losses)
            count += 1
    return _shares(totals, count)


def multi_similarity_loss(
    y_true, y_pred, alpha=2.0, beta=50.0, base=0.5, epsilon=0.1
):
    """log(1 + the sum of e^x) of hard positives, and of hard negatives.

    A positive adds x = -alpha (s - base), a negative x = beta (s - base), s
    being the cosine; the logarithms are divided by alpha and beta. Hard is
    a positive that some negative passes or comes within `epsilon` of, and
    such a negative.

    >>> same = multi_similarity_loss([0, 1, 0], [[1.0]] * 3, 1.0, 1.0, 1.0)
    >>> [round(v, 6) for v in same]  # 2 log(2); the middle one has no pair
    [1.386294, 0.0, 1.386294]
    """
    ids, cosines = _ids(y_true), _cosines(y_pred)

    def term(a, positives, negatives):
        s = cosines[a]
        weakest = min(s[p] for p in positives)
        strongest = max(s[n] for n in negatives)
        near = [s[p] for p in positives if s[p] < strongest + epsilon]
        far = [s[n] for n in negatives if s[n] > weakest - epsilon]
        pull = _log_sum_exp([-alpha * (x - base) for x in near])
        push = _log_sum_exp([beta * (x - base) for x in far])
        return _softplus(pull) / alpha + _softplus(push) / beta

    return _anchors(term, ids)[0]


def circle_loss(y_true, y_pred, margin=0.4, gamma=80.0, weights_at=None):
    """log(1 + the negatives' sum of e^x times that of the positives).

    A negative of cosine s adds x = gamma a (s - margin), a = s + margin; a
    positive x = -gamma a (s - (1 - margin)), a = 1 + margin - s. The weights
    a are at least 0 and have no slope. They are taken at the predictions
    `weights_at`, which are `y_pred` unless others are given.

    >>> loss = circle_loss([0, 0, 1], [[1, 0], [1, 0], [0, 1]], 0.5, 4.0)
    >>> [round(v, 6) for v in loss]  # 1.5 * log(1 + e^(-1 - 1))
    [0.190392, 0.190392, 0.0]
    """
    ids, cosines = _ids(y_true), _cosines(y_pred)
    held = cosines if weights_at is None else _cosines(weights_at)

    def term(a, positives, negatives):
        pull, push = [], []
        for p in positives:
            weight = max(1 + margin - held[a][p], 0.0)
            pull.append(-gamma * weight * (cosines[a][p] - (1 - margin)))
        for n in negatives:
            weight = max(held[a][n] + margin, 0.0)
            push.append(gamma * weight * (cosines[a][n] - margin))
        return _softplus(_log_sum_exp(push) + _log_sum_exp(pull))

    return _shares(*_anchors(term, ids))


def _margin_softmax(y_true, y_pred, lower, scale):
    """Returns cross-entropy, the label's own cosine lowered by lower()."""
    losses = []
    for labels, cosines in zip(y_true, y_pred):
        scores = []
        for y, cosine in zip(labels, cosines):
            cosine = _clip(cosine, -1.0, 1.0)
            scores.append(scale * (y * lower(cosine) + (1 - y) * cosine))
        losses.append(_cross_entropy(labels, scores))
    return losses


def arcface_loss(y_true, y_pred, margin=0.5, scale=64.0):
    """Cross-entropy of cosines, the label's own angle greater by `margin`.

    Past half a turn the cosine is lowered by margin * sin(margin) instead.

    >>> loss = arcface_loss([[1, 0]], [[1, 0]], margin=math.pi / 2, scale=1.0)
    >>> round(loss[0], 6)  # both cosines are 0
    0.693147
    """

    def lower(cosine):
        angle = math.acos(cosine) + margin
        if angle > math.pi:
            return cosine - margin * math.sin(margin)
        return math.cos(angle)

    return _margin_softmax(y_true, y_pred, lower, scale)


def cosface_loss(y_true, y_pred, margin=0.35, scale=64.0):
    """Cross-entropy of cosines, the label's own lower by `margin`.

    >>> loss = cosface_loss([[1, 0]], [[0.75, 0.5]], margin=0.25)
    >>> round(loss[0], 6)
    0.693147
    """
    return _margin_softmax(y_true, y_pred, lambda c: c - margin, scale)


def adaptive_triplet_loss(y_true, y_pred, margin=0.2, semantic_scale=0.25):
    """Batch-all triplets, the margin greater for negatives of other meaning.

    A label is the class, then the vector of a text. Embeddings and texts are
    brought to length 1, distances are squared.

    >>> labels = [[0, 1, 0], [0, 1, 0], [1, 0, 1]]
    >>> loss = adaptive_triplet_loss(labels, [[1, 0], [0, 1], [0, 1]], 0.5)
    >>> [round(v, 6) for v in loss]  # 1.5 * (2 - 2 + 1), 1.5 * (2 - 0 + 1)
    [1.5, 4.5, 0.0]
    """
    ids = _ids(y_true)
    texts = [_unit(_row(label)[1:]) for label in y_true]
    points = [_unit(embedding) for embedding in y_pred]
    totals, active = [0.0] * len(ids), 0
    for a in range(len(ids)):
        for p in _positives(ids, a):
            for n in _negatives(ids, a):
                loss = margin + _squared_distance(points[a], points[p])
                loss -= _squared_distance(points[a], points[n])
                apart = _squared_distance(texts[a], texts[n])
                loss += semantic_scale * apart
                if loss > 0:
                    totals[a] += loss
                    active += 1
    return _shares(totals, active)


# Custom losses


def f_beta_loss(y_true, y_pred, beta=1.0):
    """One minus F-beta of the whole batch's soft counts, mean of the classes.

    Each sample bears its own false alarms and misses.

    >>> f_beta_loss([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 1.0, 0.0])
    [0.0, 1.0, 1.0, 0.0]
    """
    labels = [_row(y) for y in y_true]
    predictions = [_row(p) for p in y_pred]
    n = len(labels)
    losses = [0.0] * n
    for c in range(len(labels[0]) if labels else 0):
        y = [row[c] for row in labels]
        p = [row[c] for row in predictions]
        wrong = [
            beta**2 * y[i] * (1 - p[i]) + (1 - y[i]) * p[i] for i in range(n)
        ]
        hits = sum(y[i] * p[i] for i in range(n))
        total = (1 + beta**2) * hits + sum(wrong)
        for i in range(n):
            if total > 0:
                losses[i] += n * wrong[i] / total / len(labels[0])
    return losses


def _squared_error(y_true, y_pred):
    """Returns the mean squared error of each sample."""
    return _mean_per_sample(lambda y, p: (y - p) ** 2, y_true, y_pred)


def _absolute_error(y_true, y_pred):
    """Returns the mean absolute error of each sample."""
    return _mean_per_sample(lambda y, p: abs(y - p), y_true, y_pred)


def _log_cosh(y_true, y_pred):
    """Returns the mean log(cosh(error)) of each sample."""

    def term(y, p):
        error = abs(y - p)
        return error + _log1p(math.exp(-2 * error)) - math.log(2)

    return _mean_per_sample(term, y_true, y_pred)


# A few of Keras' own losses, for `hybrid_loss`.
_KERAS_LOSSES = {
    "mse": _squared_error,
    "mean_squared_error": _squared_error,
    "mae": _absolute_error,
    "mean_absolute_error": _absolute_error,
    "huber": smooth_l1_loss,
    "log_cosh": _log_cosh,
}


def hybrid_loss(y_true, y_pred, losses, weights=None):
    """The weighted sum of other losses, each a function of here or a name.

    >>> hybrid_loss([0.0], [3.0], ["mse", "mae"], weights=[1.0, 2.0])
    [15.0]
    """
    weights = [1.0] * len(losses) if weights is None else weights
    totals = [0.0] * len(y_pred)
    for loss, weight in zip(losses, weights):
        function = _KERAS_LOSSES[loss] if isinstance(loss, str) else loss
        for i, value in enumerate(function(y_true, y_pred)):
            totals[i] += weight * value
    return totals
