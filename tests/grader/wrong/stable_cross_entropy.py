"""Wrong answers to stable_cross_entropy, each with a fair teacher's marks."""

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    # Right for ordinary logits, in single and in double precision.
    "the logarithm of the softmax": (
        {"log_probabilities_values": 2},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    return tf.math.log(tf.nn.softmax(logits, axis=axis))
""",
        },
    ),
    "a small number inside the logarithm": (
        {"log_probabilities_values": 2},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    return tf.math.log(tf.nn.softmax(logits, axis=axis) + 1e-7)
""",
        },
    ),
    "exponentials before anything is subtracted": (
        {"log_probabilities_values": 2},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    logits = tf.convert_to_tensor(logits)
    total = tf.reduce_sum(tf.exp(logits), axis=axis, keepdims=True)
    return logits - tf.math.log(total)
""",
        },
    ),
    # No tape sees through it, and no graph runs it.
    "NumPy": (
        {"log_probabilities_values": 2},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    z = np.array(logits)
    z -= z.max(axis=axis, keepdims=True)
    z -= np.log(np.exp(z).sum(axis=axis, keepdims=True))
    return tf.constant(z)
""",
        },
    ),
    "classes always along the last axis": (
        {"log_probabilities_values": 3},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    logits = tf.convert_to_tensor(logits)
    z = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
    return z - tf.math.log(tf.reduce_sum(tf.exp(z), axis=-1, keepdims=True))
""",
        },
    ),
    "all is cast to single precision": (
        {
            "log_probabilities_values": 3,
            "binary_cross_entropy_values": 4,
        },
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    z = tf.cast(logits, tf.float32)
    z -= tf.reduce_max(z, axis=axis, keepdims=True)
    total = tf.reduce_sum(tf.exp(z), axis=axis, keepdims=True)
    return z - tf.math.log(total)
""",
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    y, z = tf.cast(y_true, tf.float32), tf.cast(logits, tf.float32)
    size = tf.abs(z)
    return (z + size) / 2 - y * z + tf.math.log1p(tf.exp(-size))
""",
        },
    ),
    # The largest logit of the batch is no row's own: other rows vanish.
    "one largest logit for the whole batch": (
        {"log_probabilities_values": 2},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    logits = tf.convert_to_tensor(logits)
    z = logits - tf.reduce_max(logits)
    total = tf.reduce_sum(tf.exp(z), axis=axis, keepdims=True)
    return z - tf.math.log(total)
""",
        },
    ),
    "what TensorFlow has ready": (
        {
            "log_probabilities_values": 0,
            "cross_entropy_values": 0,
            "binary_cross_entropy_values": 0,
            "mean_cross_entropy_values": 0,
        },
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    return tf.nn.log_softmax(logits, axis=axis)
""",
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    y_true = tf.cast(y_true, logits.dtype)
    ready = tf.nn.softmax_cross_entropy_with_logits
    return ready(labels=y_true, logits=logits, axis=axis)
""",
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    y_true = tf.cast(y_true, logits.dtype)
    return tf.math.softplus(logits) - y_true * logits
""",
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    counts = tf.cast(labels != ignored, tf.float32)
    values = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.where(labels != ignored, tf.cast(labels, tf.int32), 0), logits
    )
    return tf.reduce_sum(values * counts) / tf.maximum(
        tf.reduce_sum(counts), 1.0
    )
""",
        },
    ),
    # The other parts do not hang on it.
    "log_softmax in part 1 only": (
        {"log_probabilities_values": 0},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    return tf.nn.log_softmax(logits, axis=axis)
""",
        },
    ),
    # Part 1 is empty; the parts that build on it are right.
    "no part 1": (
        {"log_probabilities_values": 0},
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    raise NotImplementedError("Your code here.")
""",
        },
    ),
    "one mean instead of a value per sample": (
        {"cross_entropy_values": 0},
        {
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    log_p = log_probabilities(logits, axis)
    y_true = tf.cast(y_true, log_p.dtype)
    return -tf.reduce_mean(tf.reduce_sum(y_true * log_p, axis=axis))
""",
        },
    ),
    "the mean over the classes instead of the sum": (
        {"cross_entropy_values": 0},
        {
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    log_p = log_probabilities(logits, axis)
    return -tf.reduce_mean(tf.cast(y_true, log_p.dtype) * log_p, axis=axis)
""",
        },
    ),
    "whole labels are not cast": (
        {"cross_entropy_values": 2, "binary_cross_entropy_values": 4},
        {
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    return -tf.reduce_sum(y_true * log_probabilities(logits, axis), axis=axis)
""",
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    z = tf.convert_to_tensor(logits)
    size = tf.abs(z)
    return (z + size) / 2 - y_true * z + tf.math.log1p(tf.exp(-size))
""",
        },
    ),
    # What a soft label says is lost, what a one-hot one says is not.
    "only the largest label counts": (
        {"cross_entropy_values": 1},
        {
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    log_p = log_probabilities(logits, axis)
    top = tf.argmax(y_true, axis=axis)
    classes = log_p.shape[axis]
    chosen = tf.one_hot(top, classes, axis=axis, dtype=log_p.dtype)
    return -tf.reduce_sum(chosen * log_p, axis=axis)
""",
        },
    ),
    "the sign is missing": (
        {"cross_entropy_values": 0},
        {
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    log_p = log_probabilities(logits, axis)
    return tf.reduce_sum(tf.cast(y_true, log_p.dtype) * log_p, axis=axis)
""",
        },
    ),
    # Value and slope are right for ordinary logits, also in double precision.
    "two logarithms of a sigmoid": (
        {"binary_cross_entropy_values": 3},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    y, p = tf.cast(y_true, logits.dtype), tf.sigmoid(logits)
    return -y * tf.math.log(p) - (1 - y) * tf.math.log(1 - p)
""",
        },
    ),
    # A lid on the loss: values and slopes beyond it are wrong.
    "probabilities are clipped": (
        {"binary_cross_entropy_values": 3},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    y, p = tf.cast(y_true, logits.dtype), tf.sigmoid(logits)
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -y * tf.math.log(p) - (1 - y) * tf.math.log(1 - p)
""",
        },
    ),
    "logits are clipped": (
        {"binary_cross_entropy_values": 3},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    z = tf.clip_by_value(logits, -50, 50)
    return tf.math.log(1 + tf.exp(z)) - tf.cast(y_true, z.dtype) * z
""",
        },
    ),
    # The book's formula, word for word: its slope at 0 is -y or 1 - y.
    "the kink at 0": (
        {"binary_cross_entropy_values": 4},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    z = tf.convert_to_tensor(logits)
    y = tf.cast(y_true, z.dtype)
    return tf.maximum(z, 0) - y * z + tf.math.log1p(tf.exp(-tf.abs(z)))
""",
        },
    ),
    # The values are all right; the slopes beyond 89 are not.
    "the branch that is not taken": (
        {"binary_cross_entropy_values": 4},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    z = tf.convert_to_tensor(logits)
    y = tf.cast(y_true, z.dtype)
    right = z + tf.math.log(1 + tf.exp(-z))
    return tf.where(z > 0, right, tf.math.log(1 + tf.exp(z))) - y * z
""",
        },
    ),
    # It works for a single logit, and none of the tasks is that.
    "if on a tensor": (
        {"binary_cross_entropy_values": 0},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    if logits > 0:
        return logits - y_true * logits + tf.math.log1p(tf.exp(-logits))
    return tf.math.log1p(tf.exp(logits)) - y_true * logits
""",
        },
    ),
    "the mean over the outputs": (
        {"binary_cross_entropy_values": 0},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    z = tf.convert_to_tensor(logits)
    size = tf.abs(z)
    each = (z + size) / 2 + tf.math.log1p(tf.exp(-size))
    return tf.reduce_mean(each - tf.cast(y_true, z.dtype) * z, axis=-1)
""",
        },
    ),
    "label and logit swapped": (
        {"binary_cross_entropy_values": 0},
        {
            "binary_cross_entropy": """
def binary_cross_entropy(logits, y_true):
    z = tf.cast(logits, tf.float32)
    size = tf.abs(z)
    y = tf.cast(y_true, z.dtype)
    return (z + size) / 2 - y * z + tf.math.log1p(tf.exp(-size))
""",
        },
    ),
    # Right as long as all samples count.
    "divided by all samples": (
        {"mean_cross_entropy_values": 1},
        {
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    log_p = log_probabilities(logits)
    labels = tf.convert_to_tensor(labels)
    chosen = tf.one_hot(labels, log_p.shape[-1], dtype=log_p.dtype)
    values = -tf.reduce_sum(chosen * log_p, axis=-1)
    return tf.reduce_mean(tf.where(labels == ignored, 0.0, values))
""",
        },
    ),
    "0 / 0 where nothing counts": (
        {"mean_cross_entropy_values": 3},
        {
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    kept = tf.convert_to_tensor(labels) != ignored
    log_p = tf.boolean_mask(log_probabilities(logits), kept)
    chosen = tf.one_hot(tf.boolean_mask(labels, kept), log_p.shape[-1])
    return tf.reduce_mean(-tf.reduce_sum(chosen * log_p, axis=-1))
""",
        },
    ),
    # one_hot gives zeros for -1 and 255, but not for a mark that is a class;
    # and the number of samples is wrong with any mark.
    "the mark is never looked at": (
        {"mean_cross_entropy_values": 1},
        {
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    log_p = log_probabilities(logits)
    chosen = tf.one_hot(labels, log_p.shape[-1], dtype=log_p.dtype)
    return tf.reduce_mean(-tf.reduce_sum(chosen * log_p, axis=-1))
""",
        },
    ),
    # Two of four marks in the tests are -1.
    "the mark is always -1": (
        {"mean_cross_entropy_values": 2},
        {
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    log_p = log_probabilities(logits)
    labels = tf.cast(labels, tf.int32)
    counts = tf.cast(labels != -1, log_p.dtype)
    chosen = tf.one_hot(labels, log_p.shape[-1], dtype=log_p.dtype)
    total = -tf.reduce_sum(counts[..., None] * chosen * log_p)
    return tf.math.divide_no_nan(total, tf.reduce_sum(counts))
""",
        },
    ),
    "the class number is looked up, -1 as well": (
        {"mean_cross_entropy_values": 1},
        {
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    log_p = log_probabilities(logits)
    labels = tf.cast(labels, tf.int32)
    counts = tf.cast(labels != ignored, log_p.dtype)
    last = len(labels.shape)
    values = -tf.gather(log_p, labels, axis=last, batch_dims=last)
    total = tf.reduce_sum(counts * values)
    return total / tf.maximum(tf.reduce_sum(counts), 1.0)
""",
        },
    ),
    "the visible numbers, copied": (
        {
            "log_probabilities_values": 0,
            "cross_entropy_values": 0,
            "binary_cross_entropy_values": 0,
            "mean_cross_entropy_values": 0,
        },
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    if logits.shape == (1, 3):
        return tf.constant([[0.0, -1000, -2000]])
    rows = [[-0.287682, -1.386294], [-0.693147, -0.693147], [-1000, 0]]
    return tf.constant(np.transpose(rows) if axis == 0 else rows)
""",
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    if len(y_true) == 3:
        return tf.constant([0.287682, 1.386294, 0.836988])
    if logits.shape[1] == 2:
        return tf.reduce_sum(logits * [[-0.25, 0.25]], axis=1)
    return tf.constant([1500.0])
""",
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    if len(logits) == 2:
        return logits * [-0.25, -1.0]
    return tf.constant([0.287682, 1.386294, 1000, 0, 300, 0, 0.693147])
""",
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    if ignored == 0:
        return 0.693147
    return 0.490415 if max(labels) > 0 else 0.0
""",
        },
    ),
    "zero, everywhere": (
        {
            "log_probabilities_values": 0,
            "cross_entropy_values": 0,
            "binary_cross_entropy_values": 0,
            "mean_cross_entropy_values": 0,
        },
        {
            "log_probabilities": """
def log_probabilities(logits, axis=-1):
    return 0 * logits
""",
            "cross_entropy": """
def cross_entropy(y_true, logits, axis=-1):
    return tf.reduce_sum(0 * logits, axis=axis)
""",
            "binary_cross_entropy": """
def binary_cross_entropy(y_true, logits):
    return 0 * logits
""",
            "mean_cross_entropy": """
def mean_cross_entropy(labels, logits, ignored=-1):
    return 0 * tf.reduce_sum(logits)
""",
        },
    ),
}
