"""Wrong answers to giou, each with the marks that a fair teacher gives."""

NOTHING = {
    "box_area_check": 0,
    "iou_check": 0,
    "all_pairs_check": 0,
    "giou_check": 0,
    "descend_check": 0,
}

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    "area: inverted boxes are negative": (
        {"box_area_check": 1},
        {
            "box_area": """
def box_area(boxes):
    x1, y1, x2, y2 = tf.unstack(tf.convert_to_tensor(boxes), axis=-1)
    return (x2 - x1) * (y2 - y1)
"""
        },
    ),
    "area: inverted boxes are empty": (
        {"box_area_check": 1},
        {
            "box_area": """
def box_area(boxes):
    boxes = tf.convert_to_tensor(boxes)
    boxes = boxes if boxes.dtype.is_floating else tf.cast(boxes, "float32")
    return rectangle(tf.maximum(boxes[..., 2:] - boxes[..., :2], 0))
"""
        },
    ),
    "area: whole pixels stay whole": (
        {"box_area_check": 1.5},
        {
            "box_area": """
def box_area(boxes):
    boxes = tf.convert_to_tensor(boxes)
    return rectangle(tf.abs(boxes[..., 2:] - boxes[..., :2]))
"""
        },
    ),
    "area: the first axis is taken for the last": (
        {"box_area_check": 0},
        {
            "box_area": """
def box_area(boxes):
    x1, y1, x2, y2 = boxes
    return tf.abs((x2 - x1) * (y2 - y1))
"""
        },
    ),
    # Right for boxes that overlap, which most values are about.
    "iou: boxes apart have an intersection": (
        {"iou_check": 2.5},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    shared = rectangle(tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    return tf.math.divide_no_nan(shared, union)
"""
        },
    ),
    "iou: the product is cut off, not each side": (
        {"iou_check": 2.5},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    shared = rectangle(tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2))
    shared = tf.nn.relu(shared)
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    return tf.math.divide_no_nan(shared, union)
"""
        },
    ),
    "iou: NaN where there is no area": (
        {"iou_check": 3},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    return shared / union
"""
        },
    ),
    # The value is finite, the slope is not.
    "iou: tf.where around a division by 0": (
        {"iou_check": 3.5},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    return tf.where(union > 0, shared / union, 0)
"""
        },
    ),
    # Another right way: small enough to change nothing.
    "iou: an epsilon in the denominator is no fault": (
        {},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    return shared / (union + 1e-7)
"""
        },
    ),
    "iou: inverted boxes are not put right": (
        {"iou_check": 3.5},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    def floats(boxes):
        boxes = tf.convert_to_tensor(boxes)
        whole = not boxes.dtype.is_floating
        return tf.cast(boxes, "float32") if whole else boxes

    one, other = floats(boxes_1), floats(boxes_2)
    low = tf.maximum(one[..., :2], other[..., :2])
    high = tf.minimum(one[..., 2:], other[..., 2:])
    shared = rectangle(tf.maximum(high - low, 0))
    union = rectangle(one[..., 2:] - one[..., :2]) - shared
    union += rectangle(other[..., 2:] - other[..., :2])
    return tf.math.divide_no_nan(shared, union)
"""
        },
    ),
    "iou: the intersection is counted twice": (
        {"iou_check": 0},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    low_1, high_1 = corners(boxes_1)
    low_2, high_2 = corners(boxes_2)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2)
    return tf.math.divide_no_nan(shared, union)
"""
        },
    ),
    "iou: the visible answers by heart": (
        {"iou_check": 0},
        {
            "iou": """
def iou(boxes_1, boxes_2):
    if len(np.shape(boxes_1)) == 2:
        return tf.constant([0.2])
    return tf.reduce_sum(boxes_2 * 0)
"""
        },
    ),
    "iou and giou: from lossutils": (
        {"iou_check": 0, "giou_check": 0},
        {
            "iou": """
from lossutils import detection


def iou(boxes_1, boxes_2):
    return detection.box_iou(boxes_1, boxes_2)
""",
            "giou_value": """
from lossutils.detection import giou_loss as giou_value
""",
        },
    ),
    # A right table, where both lengths are known and not 0.
    "pairs: two loops": (
        {"all_pairs_check": 1.5},
        {
            "all_pairs": """
def all_pairs(measure, boxes_1, boxes_2):
    rows = [[measure(one, other) for other in boxes_2] for one in boxes_1]
    return tf.convert_to_tensor(rows)
"""
        },
    ),
    "pairs: row by row": (
        {"all_pairs_check": 1.5},
        {
            "all_pairs": """
def all_pairs(measure, boxes_1, boxes_2):
    return tf.stack([measure(one, boxes_2) for one in boxes_1])
"""
        },
    ),
    "pairs: box i with box i only": (
        {"all_pairs_check": 0},
        {
            "all_pairs": """
def all_pairs(measure, boxes_1, boxes_2):
    return measure(boxes_1, boxes_2)
"""
        },
    ),
    "pairs: rows and columns exchanged": (
        {"all_pairs_check": 0},
        {
            "all_pairs": """
def all_pairs(measure, boxes_1, boxes_2):
    return measure(boxes_1[None], boxes_2[:, None])
"""
        },
    ),
    "pairs: all in float32": (
        {"all_pairs_check": 2.5},
        {
            "all_pairs": """
def all_pairs(measure, boxes_1, boxes_2):
    boxes_1, boxes_2 = tf.cast(boxes_1, "float32"), tf.cast(boxes_2, "float32")
    return measure(boxes_1[:, None], boxes_2[None])
"""
        },
    ),
    # The formula is right, but samples can no longer be weighted.
    "giou: one number for the batch": (
        {"giou_check": 1.5},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(y_true)
    low_2, high_2 = corners(y_pred)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    ratio = tf.math.divide_no_nan(shared, union)
    term = tf.math.divide_no_nan(hull - union, hull)
    return tf.reduce_mean(1 - ratio + term)
"""
        },
    ),
    # Right numbers of a loss that no model can be trained on.
    "giou: in NumPy, without a gradient": (
        {"giou_check": 2},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = (np.array(it) for it in corners(y_true))
    low_2, high_2 = (np.array(it) for it in corners(y_pred))
    sides = np.minimum(high_1, high_2) - np.maximum(low_1, low_2)
    sides[sides < 0] = 0
    shared = rectangle(sides)
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(np.maximum(high_1, high_2) - np.minimum(low_1, low_2))
    with np.errstate(all="ignore"):
        ratio = np.where(union > 0, shared / union, 0)
        return 1 - ratio + np.where(hull > 0, (hull - union) / hull, 0)
"""
        },
    ),
    "giou: NaN where there is no area": (
        {"giou_check": 3},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(y_true)
    low_2, high_2 = corners(y_pred)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    return 1 - shared / union + (hull - union) / hull
"""
        },
    ),
    "giou: tf.where around a division by 0": (
        {"giou_check": 3.5},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(y_true)
    low_2, high_2 = corners(y_pred)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    ratio = tf.where(union > 0, shared / union, 0)
    return 1 - ratio + tf.where(hull > 0, (hull - union) / hull, 0)
"""
        },
    ),
    "giou: 1 - IoU, without the enclosing box": (
        {"giou_check": 0},
        {"giou_value": "def giou_value(a, b):\n    return 1 - iou(a, b)"},
    ),
    "giou: the measure, not the loss": (
        {"giou_check": 0},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(y_true)
    low_2, high_2 = corners(y_pred)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    ratio = tf.math.divide_no_nan(shared, union)
    return ratio - tf.math.divide_no_nan(hull - union, hull)
"""
        },
    ),
    "giou: divided by U, not by C": (
        {"giou_check": 0},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(y_true)
    low_2, high_2 = corners(y_pred)
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    return 1 - tf.math.divide_no_nan(shared - hull + union, union)
"""
        },
    ),
    "giou: all in float32": (
        {"giou_check": 3.5},
        {
            "giou_value": """
def giou_value(y_true, y_pred):
    low_1, high_1 = corners(tf.cast(y_true, "float32"))
    low_2, high_2 = corners(tf.cast(y_pred, "float32"))
    sides = tf.minimum(high_1, high_2) - tf.maximum(low_1, low_2)
    shared = rectangle(tf.maximum(sides, 0))
    union = rectangle(high_1 - low_1) + rectangle(high_2 - low_2) - shared
    hull = rectangle(tf.maximum(high_1, high_2) - tf.minimum(low_1, low_2))
    ratio = tf.math.divide_no_nan(shared, union)
    return 1 - ratio + tf.math.divide_no_nan(hull - union, hull)
"""
        },
    ),
    # It ends where it should.
    "descend: the path lacks the start": (
        {"descend_check": 1},
        {
            "descend": """
def descend(loss, start, rate, steps):
    box, path = tf.convert_to_tensor(start), []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(box)
            value = loss(box)
        box = box - rate * tape.gradient(value, box)
        path.append(box)
    return tf.stack(path)
"""
        },
    ),
    "descend: up the slope": (
        {"descend_check": 0},
        {
            "descend": """
def descend(loss, start, rate, steps):
    path = [tf.convert_to_tensor(start)]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(path[-1])
            value = loss(path[-1])
        path.append(path[-1] + rate * tape.gradient(value, path[-1]))
    return tf.stack(path)
"""
        },
    ),
    "descend: the slope of the start, at each step": (
        {"descend_check": 0},
        {
            "descend": """
def descend(loss, start, rate, steps):
    start = tf.convert_to_tensor(start)
    with tf.GradientTape() as tape:
        tape.watch(start)
        value = loss(start)
    slope = tape.gradient(value, start)
    return tf.stack([start - n * rate * slope for n in range(steps + 1)])
"""
        },
    ),
    "descend: the tape is not told to watch": (
        {"descend_check": 0},
        {
            "descend": """
def descend(loss, start, rate, steps):
    path = [tf.convert_to_tensor(start)]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            value = loss(path[-1])
        path.append(path[-1] - rate * tape.gradient(value, path[-1]))
    return tf.stack(path)
"""
        },
    ),
    "descend: the start is changed in place": (
        {"descend_check": 2.5},
        {
            "descend": """
def descend(loss, start, rate, steps):
    path = [start.copy()]
    for _ in range(steps):
        box = tf.constant(start)
        with tf.GradientTape() as tape:
            tape.watch(box)
            value = loss(box)
        start -= rate * tape.gradient(value, box).numpy()
        path.append(start.copy())
    return np.stack(path)
"""
        },
    ),
    # Each box is slower, the more there are.
    "descend: the mean over the boxes": (
        {"descend_check": 2},
        {
            "descend": """
def descend(loss, start, rate, steps):
    path = [tf.convert_to_tensor(start)]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(path[-1])
            value = tf.reduce_mean(loss(path[-1]))
        path.append(path[-1] - rate * tape.gradient(value, path[-1]))
    return tf.stack(path)
"""
        },
    ),
    "everything is zero": (
        NOTHING,
        {
            "box_area": "def box_area(boxes):\n"
            "    return tf.zeros_like(boxes[..., 0])",
            "iou": "def iou(boxes_1, boxes_2):\n"
            "    return tf.zeros_like(boxes_2[..., 0])",
            "all_pairs": "def all_pairs(measure, boxes_1, boxes_2):\n"
            "    return tf.zeros((len(boxes_1), len(boxes_2)))",
            "giou_value": "def giou_value(y_true, y_pred):\n"
            "    return tf.zeros_like(y_pred[..., 0])",
            "descend": "def descend(loss, start, rate, steps):\n"
            "    return tf.zeros((steps + 1, *start.shape))",
        },
    ),
    "what came in goes out": (
        NOTHING,
        {
            "box_area": "def box_area(boxes):\n    return boxes",
            "iou": "def iou(boxes_1, boxes_2):\n    return boxes_1",
            "all_pairs": "def all_pairs(measure, boxes_1, boxes_2):\n"
            "    return boxes_1",
            "giou_value": "def giou_value(y_true, y_pred):\n    return y_pred",
            "descend": "def descend(loss, start, rate, steps):\n"
            "    return tf.stack([start] * (steps + 1))",
        },
    ),
}
