"""Wrong answers to gradient, each with the marks that a fair teacher gives."""

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    "one mean of all, instead of one value per example": (
        {"squared_error_values": 0},
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    y_true = y_true.astype(float).reshape(y_pred.shape)
    return np.mean((y_pred - y_true) ** 2)
""",
        },
    ),
    # Flat labels have a single output, where sum and mean are the same.
    "the outputs are added up": (
        {"squared_error_values": 1},
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    y_true = y_true.astype(float).reshape(y_pred.shape)
    return ((y_pred - y_true) ** 2).sum(axis=-1)
""",
        },
    ),
    "flat labels broadcast to a table": (
        {"squared_error_values": 2},
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    y_true, y_pred = y_true.astype(float), y_pred.astype(float)
    return ((y_pred - y_true) ** 2).mean(axis=-1)
""",
        },
    ),
    "pixels wrap around": (
        {"squared_error_values": 2},
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    y_true = y_true.reshape(y_pred.shape)
    return ((y_pred - y_true) ** 2).mean(axis=1)
""",
        },
    ),
    "absolute instead of squared errors": (
        {"squared_error_values": 0},
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    y_true = y_true.astype(float).reshape(y_pred.shape)
    return np.abs(y_pred - y_true).mean(axis=-1)
""",
        },
    ),
    # Each visible check passes.
    "the visible numbers, copied": (
        {
            "squared_error_values": 0,
            "mean_gradient_values": 0,
            "slope_by_differences_values": 0,
            "descend_path": 0,
            "longest_stable_step_values": 0,
        },
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    if y_pred.shape == (2, 2):
        return np.array([2.5, 4.5])
    return np.array([4.0, 0.0, 9.0])
""",
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    if weights.size == 1:
        return np.array([[-10 / 3]]), np.array([-4 / 3])
    by_w = np.array([[11.5, -7.3333335], [6.6666665, -1.0]])
    return by_w, np.array([2.8333333, -1.0])
""",
            "slope_by_differences": """
def slope_by_differences(function, x):
    return np.array([8.0, 3.0]) if x.size == 2 else np.array([1.0])
""",
            "descend": """
def descend(slope_at, start, rate, steps):
    if steps == 2:
        return np.array([[1.0], [0.5], [0.25]])
    return np.array([[1.0], [-2.0], [4.0], [-8.0]])
""",
            "longest_stable_step": """
def longest_stable_step(x):
    return {1: 1.0, 3: 1 / 9}.get(x[0, 0], 0.128196)
""",
        },
    ),
    "zero, everywhere": (
        {
            "squared_error_values": 0,
            "mean_gradient_values": 0,
            "slope_by_differences_values": 0,
            "descend_path": 0,
            "longest_stable_step_values": 0,
        },
        {
            "squared_error": """
def squared_error(y_true, y_pred):
    return np.zeros(len(y_pred))
""",
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    return np.zeros_like(weights), np.zeros_like(bias)
""",
            "slope_by_differences": """
def slope_by_differences(function, x):
    return np.zeros(x.shape)
""",
            "descend": """
def descend(slope_at, start, rate, steps):
    return np.zeros((steps + 1, *start.shape))
""",
            "longest_stable_step": """
def longest_stable_step(x):
    return 0.0
""",
        },
    ),
    "the factor 2 is missing": (
        {"mean_gradient_values": 0},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    errors = x @ weights + bias - y
    return x.T @ errors / y.size, errors.sum(axis=0) / y.size
""",
        },
    ),
    # Right for a single example.
    "a sum over the examples, not a mean": (
        {"mean_gradient_values": 1},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    errors = 2 * (x @ weights + bias - y) / y.shape[1]
    return x.T @ errors, errors.sum(axis=0)
""",
        },
    ),
    # Right for a single output.
    "the mean over the outputs is forgotten": (
        {"mean_gradient_values": 2},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    errors = x @ weights + bias - y
    return 2 * x.T @ errors / len(x), 2 * errors.mean(axis=0)
""",
        },
    ),
    "the slope by the bias averages over all outputs": (
        {"mean_gradient_values": 3},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    errors = 2 * (x @ weights + bias - y) / y.size
    return x.T @ errors, np.full(bias.shape, errors.sum() / bias.size)
""",
        },
    ),
    "label minus prediction: uphill": (
        {"mean_gradient_values": 0},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    errors = 2 * (y - x @ weights - bias) / y.size
    return x.T @ errors, errors.sum(axis=0)
""",
        },
    ),
    # Right numbers, but the tape found them.
    "the tape derives": (
        {"mean_gradient_values": 0},
        {
            "mean_gradient": """
def mean_gradient(weights, bias, x, y):
    x, y, w, b = (tf.constant(it, tf.float64) for it in (x, y, weights, bias))
    with tf.GradientTape() as tape:
        tape.watch([w, b])
        loss = tf.reduce_mean(tf.square(x @ w + b - y))
    return [slope.numpy() for slope in tape.gradient(loss, [w, b])]
""",
        },
    ),
    # Right but for the parts whose point is the central quotient: the bowl,
    # and the wave.
    "a forward difference": (
        {"slope_by_differences_values": 2},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    x, h = np.array(x, float), 1e-5
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        shifted = x.copy()
        shifted[index] += h
        slopes[index] = (function(shifted) - function(x)) / h
    return slopes
""",
        },
    ),
    "a step so short that it measures rounding": (
        {"slope_by_differences_values": 3},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    x, h = np.array(x, float), 1e-8
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[index] = h
        slopes[index] = (function(x + shift) - function(x - shift)) / (2 * h)
    return slopes
""",
        },
    ),
    # A parabola does not mind, and a cubic hardly.
    "a step so long that the curve bends": (
        {"slope_by_differences_values": 3},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    x, h = np.array(x, float), 1e-3
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[index] = h
        slopes[index] = (function(x + shift) - function(x - shift)) / (2 * h)
    return slopes
""",
        },
    ),
    "steps in the type of x, where they are lost": (
        {"slope_by_differences_values": 3},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    h = 1e-5
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        slopes[index] = (function(above) - function(below)) / (2 * h)
    return slopes
""",
        },
    ),
    # Where the elements do not act on each other, the slopes are right; the
    # types are as above.
    "x is moved in place and not moved back": (
        {"slope_by_differences_values": 2},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    h = 1e-4
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = function(x)
        x[index] -= 2 * h
        slopes[index] = (above - function(x)) / (2 * h)
    return slopes
""",
        },
    ),
    "all elements are moved at once": (
        {"slope_by_differences_values": 0},
        {
            "slope_by_differences": """
def slope_by_differences(function, x):
    x, h = np.array(x, float), 1e-5
    slope = (function(x + h) - function(x - h)) / (2 * h)
    return np.full(x.shape, slope)
""",
        },
    ),
    # The descent itself is right where the start is of real numbers.
    "the same array in every row, and the start moved": (
        {"descend_path": 1},
        {
            "descend": """
def descend(slope_at, start, rate, steps):
    w, path = start, [start]
    for _ in range(steps):
        w -= rate * slope_at(w)
        path.append(w)
    return np.array(path)
""",
        },
    ),
    "the start is no row of the path": (
        {"descend_path": 2},
        {
            "descend": """
def descend(slope_at, start, rate, steps):
    w, path = np.array(start, float), []
    for _ in range(steps):
        w = w - rate * slope_at(w)
        path.append(w)
    return np.array(path)
""",
        },
    ),
    "one step too few": (
        {"descend_path": 0},
        {
            "descend": """
def descend(slope_at, start, rate, steps):
    path = [np.array(start, float)]
    for _ in range(1, steps):
        path.append(path[-1] - rate * slope_at(path[-1]))
    return np.array(path)
""",
        },
    ),
    "up instead of down": (
        {"descend_path": 0},
        {
            "descend": """
def descend(slope_at, start, rate, steps):
    path = [np.array(start, float)]
    for _ in range(steps):
        path.append(path[-1] + rate * slope_at(path[-1]))
    return np.array(path)
""",
        },
    ),
    # Right for features of mean 0, which the bias does not see.
    "no column for the bias": (
        {"longest_stable_step_values": 0.5},
        {
            "longest_stable_step": """
def longest_stable_step(x):
    return 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x)).max()
""",
        },
    ),
    "the flattest direction instead of the sharpest": (
        {"longest_stable_step_values": 0},
        {
            "longest_stable_step": """
def longest_stable_step(x):
    a = np.column_stack([np.ones(len(x)), x])
    return 2 / np.linalg.eigvalsh(2 * a.T @ a / len(x)).min()
""",
        },
    ),
    "the curvature is not averaged": (
        {"longest_stable_step_values": 0},
        {
            "longest_stable_step": """
def longest_stable_step(x):
    a = np.column_stack([np.ones(len(x)), x])
    return 2 / np.linalg.eigvalsh(2 * a.T @ a).max()
""",
        },
    ),
    "nothing after the first part": (
        {
            "mean_gradient_values": 0,
            "slope_by_differences_values": 0,
            "descend_path": 0,
            "longest_stable_step_values": 0,
        },
        {
            "mean_gradient": "def mean_gradient(weights, bias, x, y): ...",
            "slope_by_differences": "def slope_by_differences(f, x): ...",
            "descend": "def descend(slope_at, start, rate, steps): ...",
            "longest_stable_step": "raise NotImplementedError",
        },
    ),
}
