"""Losses over the pairs of a batch: fast, and in memory of n squared.

Each function takes `embeddings (n, length)` and `ids (n,)`, the classes as
integers, and returns `(n,)`: the share of each sample as an anchor, scaled so
that the mean is the loss. Where there is nothing to compare, all shares are 0.

Three thoughts make them fast. A triplet loss asks at most one negative of
each positive pair, so the pairs can be walked through class mate by class
mate, and no tensor of n cubed is needed. A pair loss is a sum of distances
with coefficients, so its gradient needs one product with the matrix of these
coefficients. And only the distances that count are computed again by
subtraction, which keeps the digits that `|a|^2 - 2 a.b + |b|^2` cancels.
"""

import numpy as np
import tensorflow as tf

# A vector whose largest number is smaller than this counts as zero.
SHORTEST = 1e-31

METRICS = ("L2", "squared-L2", "angular")

# With more class mates than this, sorting all negatives once is cheaper than
# searching them for each mate. Measured from 128 to 4096 samples, as was the
# number of rows whose distances are worked on at a time, in the cache.
FEW_MATES = 32
ROWS = 64


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
    """Returns `|a - b|^2` of all pairs, 0 or more, `(n, n)`.

    >>> squared_distances(tf.constant([[0.0], [3.0]])).numpy().tolist()
    [[0.0, 9.0], [9.0, 0.0]]
    """
    points = _centred(points)
    squares = tf.reduce_sum(tf.square(points), 1)
    return _squared_distances(points, squares, points, squares)


def _squared_distances(a, a_squares, b, b_squares):
    # |a|^2 - 2 a.b + |b|^2
    products = tf.matmul(-2 * a, b, transpose_b=True)
    return tf.maximum(products + b_squares + a_squares[:, tf.newaxis], 0)


def directions(vectors, axis=-1):
    """Returns vectors of length 1 in the same direction; 0 stays.

    A vector of zeros has the slope of a vector of length 1.

    >>> directions(tf.constant([[3.0, 4.0], [0.0, 0.0]])).numpy().tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    largest = tf.reduce_max(tf.abs(vectors), axis, keepdims=True)
    # squares of vectors / scale neither overflow nor vanish
    scale = tf.where(largest > SHORTEST, largest, 1)
    vectors = vectors / tf.stop_gradient(scale)
    squares = tf.reduce_sum(tf.square(vectors), axis, keepdims=True)
    return vectors * tf.math.rsqrt(tf.maximum(squares, 1))


def cosines(points):
    """Returns the cosine of the angle between all pairs, `(n, n)`.

    A vector of zeros is taken to be at right angles to all.

    >>> cosines(tf.constant([[2.0, 0.0], [0.0, 3.0]])).numpy().tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    points = directions(points)
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
        self.squares = tf.reduce_sum(tf.square(self.source), 1)
        self.squared = metric == "squared-L2"

    def order(self, rows):
        """Returns numbers that grow with the distances, for some rows."""
        return _squared_distances(
            tf.gather(self.source, rows),
            tf.gather(self.squares, rows),
            self.source,
            self.squares,
        )

    def matrix(self, order):
        """Returns the distances of that order, and their slopes."""
        if self.squared:
            return order, tf.cast(2, order.dtype)
        return tf.sqrt(order), _one_over_root(order)

    def to(self, rows, partners):
        """Returns the distances of rows to partners, and their slopes.

        `rows (m,)`, `partners (m, k)`; by subtraction.
        """
        difference = tf.gather(self.source, rows)[:, tf.newaxis] - tf.gather(
            self.source, partners
        )
        square = tf.reduce_sum(tf.square(difference), -1)
        if self.squared:
            return square, 2 * tf.ones_like(square)
        slope = _one_over_root(square)
        apart = slope > 0
        root = tf.sqrt(tf.where(apart, square, 1))
        return tf.where(apart, root, 0), slope

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

    def order(self, rows):
        return tf.gather(self.source, rows)

    def matrix(self, order):
        return order, tf.cast(1, order.dtype)

    def to(self, rows, partners):
        distances = tf.gather(self.order(rows), partners, batch_dims=1)
        return distances, tf.ones_like(distances)

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

    def walk(self, step, state, rows, width=1):
        """Returns state after `state = step(state, mates, valid)` for all.

        The mates come `width` at a time, `(m, width)`; where a sample has no
        more of them they are not valid.
        """
        start, size, rank = (
            tf.gather(numbers, rows)[:, tf.newaxis]
            for numbers in (self.start, self.size, self.rank)
        )

        def body(k, *state):
            turn = k + tf.range(width)
            mates = tf.gather(self.sorted, start + (rank + turn) % size)
            return k + width, *step(state, mates, turn < size)

        return tf.while_loop(
            lambda k, *state: k < self.largest,
            body,
            (tf.constant(1), *state),
            # one step at a time, since each may need much memory
            parallel_iterations=1,
        )[1:]


def _add_at(matrix, columns, values):
    """Adds some values to each row of a matrix, at the given columns."""
    rows = tf.broadcast_to(
        tf.range(tf.shape(columns)[0])[:, tf.newaxis], tf.shape(columns)
    )
    return tf.tensor_scatter_nd_add(
        matrix, tf.stack([rows, columns], 2), values
    )


def _scale(n, count, dtype):
    """Returns n / count, or 0 where there is nothing to count."""
    return tf.math.divide_no_nan(tf.cast(n, dtype), tf.cast(count, dtype))


def _pair_count(mates):
    """Returns how many pairs of anchor and positive have a negative."""
    some = mates.largest < tf.size(mates.size)
    return tf.where(some, tf.reduce_sum(mates.size - 1), 0)


def _in_blocks(n, block, dtype, parts=2):
    """Returns `block(rows)`, so many tensors by row, for all rows.

    Some rows at a time, so that what they need stays in the cache.
    """
    size = tf.minimum(n, ROWS)
    count = (n + size - 1) // size

    def body(i, *arrays):
        # the last block repeats the last row until it is full
        tensors = block(tf.minimum(i * size + tf.range(size), n - 1))
        return i + 1, *(
            array.write(i, tensor)
            for array, tensor in zip(arrays, tensors, strict=True)
        )

    arrays = tf.while_loop(
        lambda i, *arrays: i < count,
        body,
        (tf.constant(0), *(tf.TensorArray(dtype, count) for _ in range(parts))),
        parallel_iterations=1,
    )[1:]
    return [array.concat()[:n] for array in arrays]


def _missing(ids):
    return tf.cast(tf.equal(tf.size(ids), 0), tf.int32)


def _at_least_one(embeddings, ids):
    """Returns them with a lone sample, if the batch is empty."""
    missing = _missing(ids)
    return tf.pad(embeddings, [[0, missing], [0, 0]]), tf.pad(
        ids, [[0, missing]]
    )


def semihard_triplets(embeddings, ids, margin, distance_metric):
    """Mean over all positive pairs of the semi-hard triplet loss.

    The negative is the nearest one that is farther than the positive, or the
    farthest if none is. Of equally far negatives one gets the slope.
    """
    samples = tf.size(ids)
    embeddings, ids = _at_least_one(embeddings, ids)
    source, distances_of = _distances(embeddings, distance_metric)

    @tf.custom_gradient
    def shares(source):
        n = tf.size(ids)
        distances = distances_of(source)
        mates = _Mates(ids)
        infinity = tf.constant(float("inf"), source.dtype)

        def walk(rows, order, negative_beyond, width):
            """Returns the losses of some anchors, and their coefficients."""

            def step(state, positives, valid):
                total, coefficients = state
                limits = tf.gather(order, positives, batch_dims=1)
                negatives = negative_beyond(limits)
                near, near_slope = distances.to(rows, positives)
                away, away_slope = distances.to(rows, negatives)
                # max(0, m + d(a, p) - d(a, n))
                loss = margin + near - away
                active = tf.logical_and(valid, loss > 0)
                total += tf.reduce_sum(tf.where(active, loss, 0), 1)
                for partners, slope in (
                    (positives, near_slope),
                    (negatives, -away_slope),
                ):
                    coefficients = _add_at(
                        coefficients, partners, tf.where(active, slope, 0)
                    )
                return total, coefficients

            state = tf.zeros_like(order[:, 0]), tf.zeros_like(order)
            return mates.walk(step, state, rows, width)

        def rows_of(rows):
            """Returns what both ways need to know of some anchors."""
            order = distances.order(rows)
            same = tf.equal(tf.gather(ids, rows)[:, tf.newaxis], ids)
            far = tf.where(same, infinity, order)
            farthest = tf.argmax(
                tf.where(same, -infinity, order), 1, output_type=tf.int32
            )
            return order, far, farthest[:, tf.newaxis]

        def search(rows):
            order, far, farthest = rows_of(rows)

            def negative_beyond(limits):
                beyond = tf.where(far > limits, far, infinity)
                nearest = tf.argmin(beyond, 1, output_type=tf.int32)
                nearest = nearest[:, tf.newaxis]
                found = tf.gather(beyond, nearest, batch_dims=1) < infinity
                return tf.where(found, nearest, farthest)

            return walk(rows, order, negative_beyond, 1)

        def sort(rows):
            order, far, farthest = rows_of(rows)
            # one call that gives both, unlike tf.sort and tf.argsort
            values, columns = tf.math.top_k(-far, n)
            count = n - tf.gather(mates.size, rows)[:, tf.newaxis]

            def negative_beyond(limits):
                place = tf.searchsorted(-values, limits, "right")
                nearest = tf.minimum(place, n - 1)
                nearest = tf.gather(columns, nearest, batch_dims=1)
                return tf.where(place < count, nearest, farthest)

            return walk(rows, order, negative_beyond, FEW_MATES)

        total, coefficients = tf.cond(
            mates.largest > FEW_MATES,
            lambda: _in_blocks(n, sort, source.dtype),
            lambda: _in_blocks(n, search, source.dtype),
        )
        scale = _scale(samples, _pair_count(mates), source.dtype)

        def gradient(upstream):
            rows = (scale * upstream)[:, tf.newaxis]
            return distances.gradient(rows * coefficients)

        return scale * total, gradient

    return shares(source)[:samples]


def hardest_triplets(embeddings, ids, margin, soft, distance_metric):
    """Mean over anchors of their farthest positive and nearest negative.

    Anchors without a positive or without a negative do not count.
    """
    samples = tf.size(ids)
    embeddings, ids = _at_least_one(embeddings, ids)
    source, distances_of = _distances(embeddings, distance_metric)
    positives, negatives = positives_and_negatives(ids)
    distances = distances_of(source)
    rows = tf.range(tf.size(ids))
    order = tf.stop_gradient(distances.order(rows))
    infinity = tf.constant(float("inf"), order.dtype)
    farthest = tf.argmax(
        tf.where(positives, order, -infinity), 1, output_type=tf.int32
    )
    nearest = tf.argmin(
        tf.where(negatives, order, infinity), 1, output_type=tf.int32
    )
    partners = tf.stack([farthest, nearest], 1)
    near, away = tf.unstack(distances.to(rows, partners)[0], num=2, axis=1)
    counts = tf.logical_and(
        tf.reduce_any(positives, 1), tf.reduce_any(negatives, 1)
    )
    loss = (
        tf.nn.softplus(near - away)
        if soft
        else tf.nn.relu(margin + near - away)
    )
    scale = _scale(samples, tf.math.count_nonzero(counts), order.dtype)
    return (scale * tf.where(counts, loss, 0))[:samples]


def all_triplets(embeddings, ids, margin, soft, distance_metric):
    """Mean over all triplets that are active, or over all if soft.

    `margin` may be a matrix, by anchor and negative.
    """
    samples = tf.size(ids)
    margins = tf.convert_to_tensor(margin, embeddings.dtype)
    by_pair = margins.shape.rank == 2
    if by_pair:
        margins = tf.pad(margins, tf.fill([2, 2], _missing(ids)) * [[0, 1]])
    embeddings, ids = _at_least_one(embeddings, ids)
    source, distances_of = _distances(embeddings, distance_metric)

    @tf.custom_gradient
    def shares(source):
        n = tf.size(ids)
        distances = distances_of(source)
        mates = _Mates(ids)

        def margin_of(rows):
            return tf.gather(margins, rows) if by_pair else margins

        def block(rows):
            away, away_slope = distances.matrix(distances.order(rows))
            same = tf.equal(tf.gather(ids, rows)[:, tf.newaxis], ids)
            # m - d(a, n), and nothing where n is no negative
            room = tf.where(
                same,
                tf.constant(-float("inf"), source.dtype),
                -away if soft else margin_of(rows) - away,
            )
            negatives = tf.cast(tf.logical_not(same), source.dtype)

            def step(state, positives, valid):
                total, active, coefficients = state
                valid = tf.cast(valid, source.dtype)
                near, near_slope = distances.to(rows, positives)
                loss = room + near
                pull = (
                    tf.sigmoid(loss) if soft else tf.cast(loss > 0, loss.dtype)
                )
                loss = tf.nn.softplus(loss) if soft else tf.nn.relu(loss)
                # soft triplets count in any case
                counted = tf.reduce_sum(negatives if soft else pull, 1)
                pull *= valid
                push = tf.reduce_sum(pull, 1, keepdims=True)
                coefficients = _add_at(
                    coefficients - pull * away_slope,
                    positives,
                    push * near_slope,
                )
                return (
                    total + valid[:, 0] * tf.reduce_sum(loss, 1),
                    active + valid[:, 0] * counted,
                    coefficients,
                )

            zeros = tf.zeros_like(room)
            return mates.walk(step, (zeros[:, 0], zeros[:, 0], zeros), rows)

        total, active, coefficients = _in_blocks(n, block, source.dtype, 3)
        scale = _scale(samples, tf.reduce_sum(active), source.dtype)

        def gradient(upstream):
            rows = (scale * upstream)[:, tf.newaxis]
            return distances.gradient(rows * coefficients)

        return scale * total, gradient

    return shares(source)[:samples]


def lifted_structure(embeddings, ids, margin):
    """Half the mean over positive pairs of the squared, lifted hinge.

    The n cubed terms exp(m - d) of the formula are sums over the rows of one
    matrix, so each pair needs only the logarithms of two of them.
    """

    @tf.custom_gradient
    def shares(points):
        distances = _Euclidean(points, "L2")
        mates = _Mates(ids)
        rows = tf.range(tf.size(ids))
        matrix, slopes = distances.matrix(distances.order(rows))
        same = tf.equal(ids[:, tf.newaxis], ids)
        infinity = tf.constant(float("inf"), matrix.dtype)
        room = tf.where(same, -infinity, margin - matrix)
        greatest = tf.reduce_max(room, 1, keepdims=True)
        greatest = tf.where(greatest > -infinity, greatest, 0)
        powers = tf.exp(room - greatest)
        sums = tf.reduce_sum(powers, 1, keepdims=True)
        any_negative = sums > 0
        # log of the sum of exp(m - d) over the negatives of each sample
        crowd = greatest + tf.math.log(tf.where(any_negative, sums, 1))

        def hinge(mates, valid):
            near, slope = distances.to(rows, mates)
            theirs = tf.gather(crowd[:, 0], mates)
            # log(exp(crowd) + exp(theirs))
            both = tf.maximum(crowd, theirs) + tf.nn.softplus(
                -tf.abs(crowd - theirs)
            )
            valid = tf.logical_and(valid, any_negative)
            return tf.where(valid, tf.nn.relu(both + near), 0), both, slope

        def losses(state, mates, valid):
            return (state[0] + tf.square(hinge(mates, valid)[0]),)

        (total,) = mates.walk(losses, (tf.zeros_like(crowd),), rows)
        scale = _scale(tf.size(ids), 2 * _pair_count(mates), matrix.dtype)

        def gradient(upstream):
            upstream = scale * upstream

            def slopes_of(state, mates, valid):
                coefficients, crowd_slope = state
                loss, both, slope = hinge(mates, valid)
                # a pair is met twice, once from either side
                weight = upstream[:, tf.newaxis] + tf.gather(upstream, mates)
                pull = 2 * weight * loss
                crowd_slope += pull * tf.exp(crowd - both)
                coefficients = _add_at(coefficients, mates, pull * slope / 2)
                return coefficients, crowd_slope

            coefficients, crowd_slope = mates.walk(
                slopes_of, (tf.zeros_like(matrix), tf.zeros_like(crowd)), rows
            )
            share = tf.where(any_negative, crowd_slope / sums, 0)
            return distances.gradient(coefficients - share * powers * slopes)

        return scale * total[:, 0], gradient

    return shares(embeddings)
