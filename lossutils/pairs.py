"""Losses over the pairs of a batch: fast, and in memory of n squared.

Each function takes `embeddings (n, length)` and `ids (n,)`, the classes as
integers, and returns `(n,)`: the share of each sample as an anchor, scaled so
that the mean is the loss. Where there is nothing to compare, all shares are 0.

Three thoughts make them fast. A triplet loss asks at most one negative of
each positive pair, so the pairs can be walked through class mate by class
mate, and no tensor of n cubed is needed. A pair loss is a sum of distances
with coefficients, so its gradient needs one product with the matrix of these
coefficients. And only the distances that count are computed again by
subtraction, which keeps the digits that |a|^2 - 2 a.b + |b|^2 cancels.
"""

import numpy as np
import tensorflow as tf

METRICS = ("L2", "squared-L2", "angular")

# Among this many class mates, sorting all negatives once is cheaper than
# searching them for each mate (measured between 128 and 4096 samples).
FEW_MATES = 32


def positives_and_negatives(ids):
    """Returns which pairs share a class, without itself, and which do not.

    >>> positives, negatives = positives_and_negatives([0, 0, 1])
    >>> positives.numpy().astype(int).tolist()
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    >>> negatives.numpy().astype(int).tolist()
    [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    """
    ids = tf.convert_to_tensor(ids)
    same = tf.equal(ids[:, tf.newaxis], ids[tf.newaxis])
    none = tf.zeros_like(ids, tf.bool)
    return tf.linalg.set_diag(same, none), tf.logical_not(same)


def squared_distances(points):
    """Returns |a - b|^2 of all pairs, 0 or more, `(n, n)`.

    >>> squared_distances(tf.constant([[0.0], [3.0]])).numpy().tolist()
    [[0.0, 9.0], [9.0, 0.0]]
    """
    points = _centred(points)
    squares = tf.reduce_sum(tf.square(points), 1)
    products = tf.matmul(-2 * points, points, transpose_b=True)
    # |a|^2 - 2 a.b + |b|^2
    sums = products + squares + squares[:, tf.newaxis]
    return tf.maximum(sums, 0)


def cosines(points):
    """Returns the cosine of the angle between all pairs, `(n, n)`.

    A vector of zeros is taken to be at right angles to all.

    >>> cosines(tf.constant([[2.0, 0.0], [0.0, 3.0]])).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    points = tf.math.l2_normalize(points, 1)
    return tf.matmul(points, points, transpose_b=True)


def _angular_distances(points):
    return tf.maximum(1 - cosines(points), 0)


def _centred(points):
    """Returns points moved to their mean, where fewer digits cancel."""
    return points - tf.stop_gradient(tf.reduce_mean(points, 0))


def _one_over_root(square):
    """Returns 1 / sqrt(square), and 0 where that is too small a number."""
    large = square >= np.finfo(square.dtype.as_numpy_dtype).tiny
    return tf.where(large, tf.math.rsqrt(tf.where(large, square, 1)), 0)


class _Euclidean:
    """Distances between points, "L2" or "squared-L2", and their slopes.

    A slope is what stands before a - b in the gradient by a: 1 / |a - b|,
    taken as 0 between equal points, or 2.
    """

    def __init__(self, points, metric):
        self.source = _centred(points)
        self.squared = metric == "squared-L2"

    def order(self):
        """Returns numbers that grow with the distances, of all pairs."""
        return squared_distances(self.source)

    def matrix(self, order):
        """Returns the distances of all pairs, and their slopes."""
        if self.squared:
            return order, tf.cast(2, order.dtype)
        return tf.sqrt(order), _one_over_root(order)

    def to(self, partner):
        """Returns each sample's distance to its partner, and the slope."""
        difference = self.source - tf.gather(self.source, partner)
        square = tf.reduce_sum(tf.square(difference), 1)
        if self.squared:
            return square, tf.fill(tf.shape(square), tf.cast(2, square.dtype))
        return tf.sqrt(square), _one_over_root(square)

    def gradient(self, coefficients):
        """Returns the slope by the points of sum(coefficient * distance).

        The coefficients, `(n, n)`, are already multiplied by the slopes.
        """
        both = coefficients + tf.transpose(coefficients)
        # sum over b of both[a, b] (a - b)
        total = tf.reduce_sum(both, 1, keepdims=True)
        return total * self.source - tf.matmul(both, self.source)


class _Given:
    """Distances that are given as a matrix; each is its own variable."""

    def __init__(self, matrix):
        self.source = matrix

    def order(self):
        return self.source

    def matrix(self, order):
        return order, tf.cast(1, order.dtype)

    def to(self, partner):
        distance = tf.gather(self.source, partner, batch_dims=1)
        return distance, tf.ones_like(distance)

    def gradient(self, coefficients):
        return coefficients


def _distances(embeddings, metric):
    """Returns what the distances are functions of, and how."""
    if metric in ("L2", "squared-L2"):
        return embeddings, lambda points: _Euclidean(points, metric)
    if metric == "angular":
        return _angular_distances(embeddings), _Given
    return tf.convert_to_tensor(metric(embeddings)), _Given


class _Mates:
    """The class mates of each sample, one after another."""

    def __init__(self, ids):
        self.sorted = tf.argsort(ids)
        classes = tf.gather(ids, self.sorted)
        self.start = tf.searchsorted(classes, ids, "left")
        self.size = tf.searchsorted(classes, ids, "right") - self.start
        self.rank = tf.math.invert_permutation(self.sorted) - self.start
        self.largest = tf.reduce_max(self.size)

    def mate(self, k):
        """Returns each sample's k-th mate, and whether it has that many."""
        place = self.start + (self.rank + k) % self.size
        return tf.gather(self.sorted, place), k < self.size

    def walk(self, step, state):
        """Returns state after `state = step(state, mate, valid)` for all."""

        def body(k, *state):
            return k + 1, *step(state, *self.mate(k))

        return tf.while_loop(
            lambda k, *state: k < self.largest,
            body,
            (tf.constant(1), *state),
            # one step at a time: each needs memory of n squared
            parallel_iterations=1,
        )[1:]


def _add_at(matrix, columns, values):
    """Adds one value to each row of a matrix, at the given columns."""
    places = tf.stack([tf.range(tf.size(columns)), columns], 1)
    return tf.tensor_scatter_nd_add(matrix, places, values)


def _scale(n, count, dtype):
    """Returns n / count, or 0 where there is nothing to count."""
    return tf.math.divide_no_nan(tf.cast(n, dtype), tf.cast(count, dtype))


def _pair_count(mates, negatives):
    """Returns how many anchors have how many positives, if any a negative."""
    count = tf.reduce_sum(mates.size - 1)
    return tf.where(tf.reduce_any(negatives), count, 0)


def semihard_triplets(embeddings, ids, margin, distance_metric):
    """Mean over all positive pairs of the semi-hard triplet loss.

    The negative is the nearest one that is farther than the positive, or the
    farthest if none is. Of equally far negatives one gets the slope.
    """
    source, distances_of = _distances(embeddings, distance_metric)

    @tf.custom_gradient
    def shares(source):
        distances = distances_of(source)
        order = distances.order()
        mates = _Mates(ids)
        _, negatives = positives_and_negatives(ids)
        infinity = tf.constant(float("inf"), order.dtype)
        far = tf.where(negatives, order, infinity)
        farthest = tf.argmax(
            tf.where(negatives, order, -infinity), 1, output_type=tf.int32
        )

        def walk(negative_beyond):
            def step(state, positive, valid):
                total, coefficients = state
                limit = tf.gather(order, positive, batch_dims=1)
                negative = negative_beyond(limit)
                near, near_slope = distances.to(positive)
                away, away_slope = distances.to(negative)
                # max(0, m + d(a, p) - d(a, n))
                loss = margin + near - away
                active = tf.logical_and(valid, loss > 0)
                total += tf.where(active, loss, 0)
                for partner, slope in (
                    (positive, near_slope),
                    (negative, -away_slope),
                ):
                    coefficients = _add_at(
                        coefficients, partner, tf.where(active, slope, 0)
                    )
                return total, coefficients

            state = tf.zeros_like(order[:, 0]), tf.zeros_like(order)
            return mates.walk(step, state)

        def search():
            def negative_beyond(limit):
                beyond = far > limit[:, tf.newaxis]
                candidates = tf.where(beyond, far, infinity)
                nearest = tf.argmin(candidates, 1, output_type=tf.int32)
                found = tf.gather(candidates, nearest, batch_dims=1) < infinity
                return tf.where(found, nearest, farthest)

            return walk(negative_beyond)

        def sort():
            columns = tf.argsort(far)
            rows = tf.gather(far, columns, batch_dims=1)
            count = tf.reduce_sum(tf.cast(negatives, tf.int32), 1)

            def negative_beyond(limit):
                place = tf.searchsorted(rows, limit[:, tf.newaxis], "right")
                # beyond the last negative, the last
                place = tf.minimum(place[:, 0], tf.maximum(count, 1) - 1)
                return tf.gather(columns, place, batch_dims=1)

            return walk(negative_beyond)

        total, coefficients = tf.cond(mates.largest > FEW_MATES, sort, search)
        count = _pair_count(mates, negatives)
        scale = _scale(tf.size(ids), count, order.dtype)

        def gradient(upstream):
            rows = (scale * upstream)[:, tf.newaxis]
            return distances.gradient(rows * coefficients)

        return scale * total, gradient

    return shares(source)


def hardest_triplets(embeddings, ids, margin, soft, distance_metric):
    """Mean over anchors of their farthest positive and nearest negative.

    Anchors without a positive or without a negative do not count.
    """
    source, distances_of = _distances(embeddings, distance_metric)
    positives, negatives = positives_and_negatives(ids)
    distances = distances_of(source)
    order = tf.stop_gradient(distances.order())
    infinity = tf.constant(float("inf"), order.dtype)
    farthest = tf.argmax(
        tf.where(positives, order, -infinity), 1, output_type=tf.int32
    )
    nearest = tf.argmin(
        tf.where(negatives, order, infinity), 1, output_type=tf.int32
    )
    difference = distances.to(farthest)[0] - distances.to(nearest)[0]
    counts = tf.logical_and(
        tf.reduce_any(positives, 1), tf.reduce_any(negatives, 1)
    )
    loss = (
        tf.nn.softplus(difference) if soft else tf.nn.relu(margin + difference)
    )
    scale = _scale(tf.size(ids), tf.math.count_nonzero(counts), order.dtype)
    return scale * tf.where(counts, loss, 0)


def all_triplets(embeddings, ids, margin, soft, distance_metric):
    """Mean over all triplets that are active, or over all if soft.

    `margin` may be a matrix, by anchor and negative.
    """
    source, distances_of = _distances(embeddings, distance_metric)

    @tf.custom_gradient
    def shares(source):
        distances = distances_of(source)
        mates = _Mates(ids)
        _, negatives = positives_and_negatives(ids)
        matrix, slopes = distances.matrix(distances.order())
        infinity = tf.constant(float("inf"), matrix.dtype)
        # m - d(a, n), and nothing where n is no negative
        room = tf.where(
            negatives, -matrix if soft else margin - matrix, -infinity
        )

        def step(state, positive, valid):
            total, coefficients, count = state
            near, near_slope = distances.to(positive)
            loss = room + near[:, tf.newaxis]
            if soft:
                pull = tf.sigmoid(loss)
                loss = tf.nn.softplus(loss)
                active = negatives
            else:
                active = loss > 0
                pull = tf.cast(active, loss.dtype)
                loss = tf.nn.relu(loss)
            valid = tf.cast(valid, loss.dtype)
            actives = tf.reduce_sum(tf.cast(active, loss.dtype), 1)
            coefficients -= valid[:, tf.newaxis] * pull * slopes
            coefficients = _add_at(
                coefficients,
                positive,
                valid * tf.reduce_sum(pull, 1) * near_slope,
            )
            total += valid * tf.reduce_sum(loss, 1)
            return total, coefficients, count + tf.reduce_sum(valid * actives)

        zeros = tf.zeros_like(matrix)
        total, coefficients, count = mates.walk(
            step, (zeros[:, 0], zeros, tf.zeros([], matrix.dtype))
        )
        scale = _scale(tf.size(ids), count, matrix.dtype)

        def gradient(upstream):
            rows = (scale * upstream)[:, tf.newaxis]
            return distances.gradient(rows * coefficients)

        return scale * total, gradient

    return shares(source)


def lifted_structure(embeddings, ids, margin):
    """Half the mean over positive pairs of the squared, lifted hinge.

    The n cubed terms exp(m - d) of the formula are sums over the rows of one
    matrix, so each pair needs only the logarithms of two of them.
    """

    @tf.custom_gradient
    def shares(points):
        distances = _Euclidean(points, "L2")
        mates = _Mates(ids)
        _, negatives = positives_and_negatives(ids)
        matrix, slopes = distances.matrix(distances.order())
        infinity = tf.constant(float("inf"), matrix.dtype)
        room = tf.where(negatives, margin - matrix, -infinity)
        greatest = tf.reduce_max(room, 1, keepdims=True)
        greatest = tf.where(greatest > -infinity, greatest, 0)
        powers = tf.exp(room - greatest)
        sums = tf.reduce_sum(powers, 1)
        any_negative = sums > 0
        # log of the sum of exp(m - d) over the negatives of each sample
        crowd = greatest[:, 0] + tf.math.log(tf.where(any_negative, sums, 1))

        def hinge(mate, valid):
            near, slope = distances.to(mate)
            theirs = tf.gather(crowd, mate)
            valid = tf.logical_and(valid, any_negative)
            both = tf.maximum(crowd, theirs) + tf.nn.softplus(
                -tf.abs(crowd - theirs)
            )
            return tf.where(valid, tf.nn.relu(both + near), 0), both, slope

        def step(state, mate, valid):
            return (state[0] + tf.square(hinge(mate, valid)[0]),)

        (total,) = mates.walk(step, (tf.zeros_like(crowd),))
        count = _pair_count(mates, negatives)
        scale = _scale(tf.size(ids), 2 * count, matrix.dtype)

        def gradient(upstream):
            def step(state, mate, valid):
                coefficients, crowd_slope = state
                loss, both, slope = hinge(mate, valid)
                # the pair is the same seen from either side
                pull = 2 * scale * loss * (upstream + tf.gather(upstream, mate))
                crowd_slope += pull * tf.exp(crowd - both)
                coefficients = _add_at(coefficients, mate, pull * slope / 2)
                return coefficients, crowd_slope

            coefficients, crowd_slope = mates.walk(
                step, (tf.zeros_like(matrix), tf.zeros_like(crowd))
            )
            share = tf.where(any_negative, crowd_slope / sums, 0)
            coefficients -= share[:, tf.newaxis] * powers * slopes
            return distances.gradient(coefficients)

        return scale * total, gradient

    return shares(embeddings)
