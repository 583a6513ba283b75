"""Wrong answers to quantile_regression, each with a fair teacher's marks."""

NOTHING = {
    "huber_check": 0,
    "robust_line_check": 0,
    "pinball_check": 0,
    "coverage_check": 0,
    "uncross_check": 0,
}

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    # The formula is right, and so is the mean of a batch.
    "huber: no mean over the columns": (
        {"huber_check": 2},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    size = tf.abs(y_pred - tf.cast(y_true, y_pred.dtype))
    near, far = tf.square(size) / 2, delta * (size - delta / 2)
    return tf.where(size <= delta, near, far)
"""
        },
    ),
    # The formula is right, but samples can no longer be weighted.
    "huber: one number for the batch": (
        {"huber_check": 1.5},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    size = tf.abs(y_pred - tf.cast(y_true, y_pred.dtype))
    near, far = tf.square(size) / 2, delta * (size - delta / 2)
    return tf.reduce_mean(tf.where(size <= delta, near, far))
"""
        },
    ),
    # Right numbers of a loss that no model can be trained on.
    "huber: in NumPy, without a gradient": (
        {"huber_check": 2},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    size = np.abs(np.asarray(y_pred) - np.asarray(y_true))
    large = size > delta
    loss = size**2 / 2
    loss[large] = delta * (size[large] - delta / 2)
    return loss.mean(axis=-1).astype(np.asarray(y_pred).dtype)
"""
        },
    ),
    "huber: times a mask, NaN where the square overflows": (
        {"huber_check": 3.5},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    size = tf.abs(y_pred - tf.cast(y_true, y_pred.dtype))
    small = tf.cast(size <= delta, y_pred.dtype)
    loss = small * size**2 / 2 + (1 - small) * delta * (size - delta / 2)
    return tf.reduce_mean(loss, axis=-1)
"""
        },
    ),
    "huber: all in float32": (
        {"huber_check": 3.5},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    size = tf.abs(tf.cast(y_pred, "float32") - tf.cast(y_true, "float32"))
    near, far = size**2 / 2, delta * (size - delta / 2)
    return tf.reduce_mean(tf.where(size <= delta, near, far), axis=-1)
"""
        },
    ),
    "huber: delta is not used": (
        {"huber_check": 1},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    size = tf.abs(y_pred - tf.cast(y_true, y_pred.dtype))
    loss = tf.where(size <= 1, size**2 / 2, size - 0.5)
    return tf.reduce_mean(loss, axis=-1)
"""
        },
    ),
    # Both formulas are right, and so are batches of errors that are all small
    # or all large.
    "huber: a Python if, once for the batch": (
        {"huber_check": 0.5},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    size = tf.abs(y_pred - tf.cast(y_true, y_pred.dtype))
    if tf.reduce_max(size) <= delta:
        return tf.reduce_mean(size**2 / 2, axis=-1)
    return tf.reduce_mean(delta * (size - delta / 2), axis=-1)
"""
        },
    ),
    "huber: the visible answers by heart": (
        {"huber_check": 0},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    return tf.constant([1.3125 if delta == 1 else 2.0625])
"""
        },
    ),
    "huber: Keras' function": (
        {"huber_check": 0},
        {
            "huber_values": """
def huber_values(y_true, y_pred, delta=1.0):
    y_pred = tf.convert_to_tensor(y_pred)
    y_true = tf.cast(y_true, y_pred.dtype)
    return tf.keras.losses.huber(y_true, y_pred, delta=delta)
"""
        },
    ),
    # The fit is right with the weights that it was given.
    "weights: a negative error has weight 1": (
        {"robust_line_check": 3},
        {
            "huber_weights": """
def huber_weights(error, delta):
    return delta / np.maximum(error, delta)
"""
        },
    ),
    "line: the roots of the weights forgotten": (
        {"robust_line_check": 2},
        {
            "robust_line": """
def robust_line(x, y, weigh, rounds):
    weights = np.ones(len(x))
    for _ in range(rounds):
        line = np.polyfit(x, y, 1, w=weights)
        weights = weigh(np.polyval(line, x) - y)
    return line
"""
        },
    ),
    "line: one round too many": (
        {"robust_line_check": 3},
        {
            "robust_line": """
def robust_line(x, y, weigh, rounds):
    line = np.polyfit(x, y, 1)
    for _ in range(rounds):
        weights = weigh(np.polyval(line, x) - y)
        line = np.polyfit(x, y, 1, w=np.sqrt(weights))
    return line
"""
        },
    ),
    "line: normal equations in float32": (
        {"robust_line_check": 3},
        {
            "robust_line": """
def robust_line(x, y, weigh, rounds):
    design = np.stack([x, np.ones_like(x)], axis=1).astype(np.float32)
    label = np.asarray(y, np.float32)
    weights = np.ones(len(x), np.float32)
    for _ in range(rounds):
        left = design.T @ (weights[:, None] * design)
        line = np.linalg.solve(left, design.T @ (weights * label))
        weights = weigh(design @ line - label).astype(np.float32)
    return line
"""
        },
    ),
    # Least squares, whatever is asked for.
    "line: never reweighted": (
        {"robust_line_check": 2},
        {
            "robust_line": """
def robust_line(x, y, weigh, rounds):
    return np.polyfit(x, y, 1)
"""
        },
    ),
    # As with Huber, the mean of a batch is right.
    "pinball: no mean over the columns": (
        {"pinball_check": 2},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    y_pred = tf.convert_to_tensor(y_pred)
    y_true = tf.reshape(tf.cast(y_true, y_pred.dtype), [-1, 1])
    tau = tf.constant(tau, y_pred.dtype)
    gap = y_true - y_pred
    return tf.maximum(tau * gap, (tau - 1) * gap)
"""
        },
    ),
    "pinball: the sum of the columns": (
        {"pinball_check": 0.5},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    y_pred = tf.convert_to_tensor(y_pred)
    y_true = tf.reshape(tf.cast(y_true, y_pred.dtype), [-1, 1])
    tau = tf.constant(tau, y_pred.dtype)
    gap = y_true - y_pred
    return tf.reduce_sum(tf.maximum(tau * gap, (tau - 1) * gap), axis=-1)
"""
        },
    ),
    "pinball: the sides exchanged": (
        {"pinball_check": 0},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    y_pred = tf.convert_to_tensor(y_pred)
    y_true = tf.reshape(tf.cast(y_true, y_pred.dtype), [-1, 1])
    tau = tf.constant(tau, y_pred.dtype)
    gap = y_pred - y_true
    return tf.reduce_mean(tf.maximum(tau * gap, (tau - 1) * gap), axis=-1)
"""
        },
    ),
    "pinball: labels (batch,) are no column": (
        {"pinball_check": 2.5},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    y_pred = tf.convert_to_tensor(y_pred)
    tau = tf.constant(tau, y_pred.dtype)
    gap = tf.cast(y_true, y_pred.dtype) - y_pred
    return tf.reduce_mean(tf.maximum(tau * gap, (tau - 1) * gap), axis=-1)
"""
        },
    ),
    "pinball: tau in float32, whatever the predictions are": (
        {"pinball_check": 3.5},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    y_pred = tf.convert_to_tensor(y_pred)
    y_true = tf.reshape(tf.cast(y_true, y_pred.dtype), [-1, 1])
    gap = y_true - y_pred
    tau = tf.constant(tau)
    return tf.reduce_mean(tf.maximum(tau * gap, (tau - 1) * gap), axis=-1)
"""
        },
    ),
    "pinball: from lossutils": (
        {"pinball_check": 0},
        {
            "pinball_values": """
def pinball_values(y_true, y_pred, tau):
    from lossutils import regression

    return regression.pinball_loss(y_true, y_pred, tau=tau)
"""
        },
    ),
    "coverage: a label on the line does not count": (
        {"coverage_check": 1.5},
        {
            "coverage": """
def coverage(y, lines):
    return np.mean(np.reshape(y, (-1, 1)) < lines, axis=0)
"""
        },
    ),
    "coverage: labels (n,) are no column": (
        {"coverage_check": 1},
        {
            "coverage": """
def coverage(y, lines):
    return (np.asarray(y) <= lines).mean(axis=0)
"""
        },
    ),
    "coverage: the mean over the lines": (
        {"coverage_check": 0},
        {
            "coverage": """
def coverage(y, lines):
    return np.mean(np.reshape(y, (-1, 1)) <= lines, axis=1)
"""
        },
    ),
    "crossings: pairs are counted, not rows": (
        {"uncross_check": 1},
        {
            "crossing_rows": """
def crossing_rows(lines):
    return int((np.diff(lines) < 0).sum())
"""
        },
    ),
    "crossings: equal lines cross": (
        {"uncross_check": 1.5},
        {
            "crossing_rows": """
def crossing_rows(lines):
    return int((np.diff(lines) <= 0).any(axis=1).sum())
"""
        },
    ),
    "repair: sorted in place": (
        {"uncross_check": 1.5},
        {
            "uncross": """
def uncross(lines):
    lines.sort(axis=1)
    return lines
"""
        },
    ),
    "repair: each line sorted along the samples": (
        {"uncross_check": 1},
        {
            "uncross": """
def uncross(lines):
    return np.sort(lines, axis=0)
"""
        },
    ),
    "everything is zero": (
        NOTHING,
        {
            "huber_values": "def huber_values(y_true, y_pred, delta=1.0):\n"
            "    return tf.zeros(len(y_pred))",
            "huber_weights": "def huber_weights(error, delta):\n"
            "    return np.zeros_like(error)",
            "robust_line": "def robust_line(x, y, weigh, rounds):\n"
            "    return np.zeros(2)",
            "pinball_values": "def pinball_values(y_true, y_pred, tau):\n"
            "    return tf.zeros(len(y_pred))",
            "coverage": "def coverage(y, lines):\n"
            "    return np.zeros(lines.shape[1])",
            "crossing_rows": "def crossing_rows(lines):\n    return 0",
            "uncross": "def uncross(lines):\n    return 0 * lines",
        },
    ),
    "what came in goes out": (
        NOTHING,
        {
            "huber_values": "def huber_values(y_true, y_pred, delta=1.0):\n"
            "    return y_pred",
            "huber_weights": "def huber_weights(error, delta):\n"
            "    return error",
            "robust_line": "def robust_line(x, y, weigh, rounds):\n"
            "    return x",
            "pinball_values": "def pinball_values(y_true, y_pred, tau):\n"
            "    return y_pred",
            "coverage": "def coverage(y, lines):\n    return lines",
            "crossing_rows": "def crossing_rows(lines):\n    return lines",
            "uncross": "def uncross(lines):\n    return lines",
        },
    ),
}
