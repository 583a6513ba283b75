"""Wrong answers to triplet_mining, each with the marks of a fair teacher."""

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    # The values are right; both slopes are NaN, for the diagonal alone.
    "a bare norm": (
        {"distances_value": 3},
        {
            "distances": """
def distances(x):
    return tf.norm(x[:, tf.newaxis] - x[tf.newaxis], axis=-1)
"""
        },
    ),
    # All is right but the compiled slope.
    "the root is guarded on the outside only": (
        {"distances_value": 4},
        {
            "distances": """
def distances(x):
    x = tf.convert_to_tensor(x)
    square = tf.reduce_sum(tf.square(x[:, None] - x[None]), axis=-1)
    return tf.where(square > 0, tf.sqrt(square), 0)
"""
        },
    ),
    # Finite, but not 0 on the diagonal, and off where distances are tiny.
    "a small number under the root": (
        {"distances_value": 4},
        {
            "distances": """
def distances(x):
    x = tf.convert_to_tensor(x)
    square = tf.reduce_sum(tf.square(x[:, None] - x[None]), axis=-1)
    return tf.sqrt(square + 1e-12)
"""
        },
    ),
    # Fast, and the slope is guarded; far from the origin no digit is left.
    "distances by the product of all pairs": (
        {"distances_value": 4},
        {
            "distances": """
def distances(x):
    x = tf.convert_to_tensor(x)
    squares = tf.reduce_sum(tf.square(x), axis=1)
    products = tf.matmul(x, x, transpose_b=True)
    square = squares[:, None] - 2 * products + squares
    square = tf.linalg.set_diag(square, tf.zeros_like(squares))
    apart = square > 1e-12 if x.dtype == tf.float32 else square > 0
    return tf.where(apart, tf.sqrt(tf.where(apart, square, 1)), 0)
"""
        },
    ),
    "the root is forgotten": (
        {"distances_value": 0},
        {
            "distances": """
def distances(x):
    x = tf.convert_to_tensor(x)
    return tf.reduce_sum(tf.square(x[:, None] - x[None]), axis=-1)
"""
        },
    ),
    # Right where neither a slope nor a graph is asked for.
    "NumPy has no gradient": (
        {"distances_value": 2},
        {
            "distances": """
def distances(x):
    x = np.asarray(x)
    return np.linalg.norm(x[:, None] - x[None], axis=-1)
"""
        },
    ),
    "all is cast to float32": (
        {"distances_value": 4},
        {
            "distances": """
def distances(x):
    x = tf.cast(x, tf.float32)
    square = tf.reduce_sum(tf.square(x[:, None] - x[None]), axis=-1)
    apart = square > 0
    return tf.where(apart, tf.sqrt(tf.where(apart, square, 1)), 0)
"""
        },
    ),
    # The negatives are right.
    "an anchor is its own positive": (
        {"masks_value": 1.5},
        {
            "masks": """
def masks(labels):
    labels = tf.reshape(labels, [-1])
    same = labels[:, None] == labels[None]
    return same, ~same
"""
        },
    ),
    # The positives are right.
    "an anchor is its own negative": (
        {"masks_value": 1.5},
        {
            "masks": """
def masks(labels):
    labels = tf.reshape(labels, [-1])
    same = labels[:, None] == labels[None]
    positives = same & ~tf.eye(tf.size(labels), dtype=tf.bool)
    return positives, ~positives
"""
        },
    ),
    "a column of labels is not made flat": (
        {"masks_value": 2},
        {
            "masks": """
def masks(labels):
    labels = tf.convert_to_tensor(labels)
    same = labels[:, None] == labels[None]
    return same & ~tf.eye(tf.shape(labels)[0], dtype=tf.bool), ~same
"""
        },
    ),
    "the labels are cast to float32": (
        {"masks_value": 2},
        {
            "masks": """
def masks(labels):
    labels = tf.reshape(tf.cast(labels, tf.float32), [-1])
    same = labels[:, None] == labels[None]
    return same & ~tf.eye(tf.size(labels), dtype=tf.bool), ~same
"""
        },
    ),
    # len() of a batch of unknown size: fails in the graph only.
    "Python counts the batch": (
        {"masks_value": 2},
        {
            "masks": """
def masks(labels):
    labels = tf.reshape(labels, [-1])
    same = labels[:, None] == labels[None]
    others = np.ones((len(labels), len(labels)), bool)
    np.fill_diagonal(others, False)
    return same & others, ~same
"""
        },
    ),
    # 0 is always the least: no negative is ever found.
    "the nearest negative of zeroed distances": (
        {"batch_hard_value": 0},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(d * tf.cast(positives, d.dtype), axis=1)
    near = tf.reduce_min(d * tf.cast(negatives, d.dtype), axis=1)
    return tf.nn.relu(margin + far - near)
"""
        },
    ),
    "anchors without a positive count": (
        {"batch_hard_value": 3},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(tf.where(positives, d, 0), axis=1)
    near = tf.reduce_min(tf.where(negatives, d, np.inf), axis=1)
    return tf.nn.relu(margin + far - near)
"""
        },
    ),
    # Right where no term is cut: in two of four values, with large margins.
    "the maximum with 0 is missing": (
        {"batch_hard_value": 2},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(tf.where(positives, d, -1), axis=1)
    near = tf.reduce_min(tf.where(negatives, d, d.dtype.max), axis=1)
    valid = tf.reduce_any(positives, 1) & tf.reduce_any(negatives, 1)
    return tf.where(valid, margin + far - near, 0)
"""
        },
    ),
    # Only the slope, with the default margin, is right.
    "the margin is always 1": (
        {"batch_hard_value": 1},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(tf.where(positives, d, -1), axis=1)
    near = tf.reduce_min(tf.where(negatives, d, d.dtype.max), axis=1)
    valid = tf.reduce_any(positives, 1) & tf.reduce_any(negatives, 1)
    return tf.where(valid, tf.nn.relu(1.0 + far - near), 0)
"""
        },
    ),
    # One number for the batch: nothing is left that says what it was made of.
    "a mean over the anchors": (
        {"batch_hard_value": 0},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(tf.where(positives, d, -1), axis=1)
    near = tf.reduce_min(tf.where(negatives, d, d.dtype.max), axis=1)
    valid = tf.reduce_any(positives, 1) & tf.reduce_any(negatives, 1)
    losses = tf.where(valid, tf.nn.relu(margin + far - near), 0)
    return tf.reduce_mean(losses)
"""
        },
    ),
    "far and near are mixed up": (
        {"batch_hard_value": 0},
        {
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    far = tf.reduce_max(tf.where(positives, d, -1), axis=1)
    near = tf.reduce_min(tf.where(negatives, d, d.dtype.max), axis=1)
    valid = tf.reduce_any(positives, 1) & tf.reduce_any(negatives, 1)
    return tf.where(valid, tf.nn.relu(margin + near - far), 0)
"""
        },
    ),
    # A mean of nothing: NaN for batches without a triplet, the rest is right.
    "zero divided by zero": (
        {"semi_hard_value": 3},
        {
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    to_p, to_n = d[..., None], d[:, None]
    beyond = negatives[:, None] & (to_n > to_p)
    nearest = tf.reduce_min(tf.where(beyond, to_n, d.dtype.max), 2)
    farthest = tf.reduce_max(tf.where(negatives, d, -1), 1, keepdims=True)
    chosen = tf.where(tf.reduce_any(beyond, 2), nearest, farthest)
    pairs = positives & tf.reduce_any(negatives, 1, keepdims=True)
    terms = tf.boolean_mask(tf.nn.relu(margin + d - chosen), pairs)
    return tf.reduce_mean(terms)
"""
        },
    ),
    # Where classes are far apart the nearest negative is the semi-hard one.
    "the nearest of all negatives": (
        {"semi_hard_value": 3},
        {
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    nearest = tf.where(negatives, d, d.dtype.max)
    chosen = tf.reduce_min(nearest, 1, keepdims=True)
    pairs = positives & tf.reduce_any(negatives, 1, keepdims=True)
    terms = tf.where(pairs, tf.nn.relu(margin + d - chosen), 0)
    count = tf.math.count_nonzero(pairs, dtype=d.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(terms), count)
"""
        },
    ),
    # A pair without a negative beyond it is left out of the sum.
    "no way out without a farther negative": (
        {"semi_hard_value": 3},
        {
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    to_p, to_n = d[..., None], d[:, None]
    beyond = negatives[:, None] & (to_n > to_p)
    nearest = tf.reduce_min(tf.where(beyond, to_n, d.dtype.max), 2)
    pairs = positives & tf.reduce_any(negatives, 1, keepdims=True)
    terms = tf.where(pairs, tf.nn.relu(margin + d - nearest), 0)
    count = tf.math.count_nonzero(pairs, dtype=d.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(terms), count)
"""
        },
    ),
    # Right for classes of two samples, where there are as many pairs.
    "a mean over anchors, not pairs": (
        {"semi_hard_value": 1},
        {
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    to_p, to_n = d[..., None], d[:, None]
    beyond = negatives[:, None] & (to_n > to_p)
    nearest = tf.reduce_min(tf.where(beyond, to_n, d.dtype.max), 2)
    farthest = tf.reduce_max(tf.where(negatives, d, -1), 1, keepdims=True)
    chosen = tf.where(tf.reduce_any(beyond, 2), nearest, farthest)
    pairs = positives & tf.reduce_any(negatives, 1, keepdims=True)
    terms = tf.where(pairs, tf.nn.relu(margin + d - chosen), 0)
    return tf.reduce_sum(terms) / len(d)
"""
        },
    ),
    # Python loops and .numpy(): right step by step, without slope and graph.
    "loops over NumPy numbers": (
        {"semi_hard_value": 2},
        {
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    d, terms = np.asarray(d), []
    positives, negatives = np.asarray(positives), np.asarray(negatives)
    for a, p in np.argwhere(positives):
        away = d[a][negatives[a]]
        if len(away):
            beyond = away[away > d[a, p]]
            chosen = beyond.min() if len(beyond) else away.max()
            terms.append(max(margin + d[a, p] - chosen, 0))
    return np.mean(terms) if terms else 0.0
"""
        },
    ),
    "the visible answers by heart": (
        {
            "distances_value": 0,
            "masks_value": 0,
            "batch_hard_value": 0,
            "semi_hard_value": 0,
        },
        {
            "distances": """
def distances(x):
    return tf.constant([[0.0, 5, 5], [5, 0, 0], [5, 0, 0]])
""",
            "masks": """
def masks(labels):
    positives = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    return positives, [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
""",
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    if not tf.reduce_any(negatives):
        return tf.zeros(4)
    return tf.constant([0.5, 1.5, 3, 0.5] if margin == 1 else [0.5, 1, 2, 0])
""",
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    both = tf.reduce_any(positives) & tf.reduce_any(negatives)
    return 0.75 * tf.cast(both, tf.float32) + 0 * tf.reduce_sum(d)
""",
        },
    ),
    "zeros": (
        {
            "distances_value": 0,
            "masks_value": 0,
            "batch_hard_value": 0,
            "semi_hard_value": 0,
        },
        {
            "distances": """
def distances(x):
    return 0 * tf.matmul(x, x, transpose_b=True)
""",
            "masks": """
def masks(labels):
    none = tf.zeros([tf.size(labels)] * 2, tf.bool)
    return none, none
""",
            "batch_hard": """
def batch_hard(d, positives, negatives, margin=1.0):
    return tf.reduce_sum(0 * d, axis=1)
""",
            "semi_hard": """
def semi_hard(d, positives, negatives, margin=1.0):
    return tf.reduce_sum(0 * d)
""",
        },
    ),
    # The book's own function is not allowed; the numbers would agree.
    "the mask function of the book": (
        {"masks_value": 0},
        {
            "masks": """
from lossutils import pairs


def masks(labels):
    return pairs.positives_and_negatives(tf.reshape(labels, [-1]))
"""
        },
    ),
}
