"""Wrong answers to weighted_loss, each with the marks of a fair teacher."""

# For each: the marks of the graded cells that lose some, and the solution
# cells that differ from the model solution.
SUBMISSIONS = {
    # All weights are C times too large; their ratios are right.
    "the number of classes is forgotten": (
        {"balanced_weights_value": 1},
        {
            "balanced_weights": """
def balanced_weights(counts):
    counts = np.asarray(counts, np.float64)
    occurs = counts > 0
    return np.where(occurs, counts.sum() / np.where(occurs, counts, 1), 0)
"""
        },
    ),
    "absent classes count": (
        {"balanced_weights_value": 2},
        {
            "balanced_weights": """
def balanced_weights(counts):
    counts = np.asarray(counts, np.float64)
    weights = counts.sum() / (len(counts) * np.maximum(counts, 1))
    return np.where(counts > 0, weights, 0)
"""
        },
    ),
    "an absent class has an infinite weight": (
        {"balanced_weights_value": 2},
        {
            "balanced_weights": """
def balanced_weights(counts):
    counts = np.asarray(counts, np.float64)
    return counts.sum() / (np.sum(counts > 0) * counts)
"""
        },
    ),
    # In the type of the counts, C times n overflows for many pixels.
    "the counts keep their type": (
        {"balanced_weights_value": 2},
        {
            "balanced_weights": """
def balanced_weights(counts):
    counts = np.asarray(counts)
    occurs = counts > 0
    shares = len(counts[occurs]) * counts
    return np.where(occurs, counts.sum() / np.where(occurs, shares, 1), 0)
"""
        },
    ),
    "whole-number division": (
        {"balanced_weights_value": 0},
        {
            "balanced_weights": """
def balanced_weights(counts):
    counts = np.asarray(counts).astype("int64")
    occurs = counts > 0
    return counts.sum() // (occurs.sum() * np.maximum(counts, 1)) * occurs
"""
        },
    ),
    # Right in all but the sure logits, where the slope is 0 or NaN.
    "the logarithm of a sigmoid": (
        {"weighted_bce_value": 3},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    q = tf.sigmoid(logits)
    yes = -weights[1] * y * tf.math.log(q)
    no = -weights[0] * (1 - y) * tf.math.log(1 - q)
    return tf.reduce_mean(yes + no, axis=-1)
"""
        },
    ),
    "a clipped sigmoid": (
        {"weighted_bce_value": 3},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    q = tf.clip_by_value(tf.sigmoid(logits), 1e-7, 1 - 1e-7)
    yes = -weights[1] * y * tf.math.log(q)
    no = -weights[0] * (1 - y) * tf.math.log(1 - q)
    return tf.reduce_mean(yes + no, axis=-1)
"""
        },
    ),
    # (N,) against (N, 1) is a table; all else is right.
    "labels keep their shape": (
        {"weighted_bce_value": 3},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(y_true, logits.dtype)
    yes = weights[1] * y * tf.nn.softplus(-logits)
    no = weights[0] * (1 - y) * tf.nn.softplus(logits)
    return tf.reduce_mean(yes + no, axis=-1)
"""
        },
    ),
    # Fails for labels of whole numbers and for logits of float64.
    "labels keep their type": (
        {"weighted_bce_value": 2},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    y = tf.reshape(y_true, tf.shape(logits))
    yes = weights[1] * y * tf.nn.softplus(-logits)
    no = weights[0] * (1 - y) * tf.nn.softplus(logits)
    return tf.reduce_mean(yes + no, axis=-1)
"""
        },
    ),
    # A table of losses; only the slope of one output does not tell.
    "no mean over the outputs": (
        {"weighted_bce_value": 1},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    yes = weights[1] * y * tf.nn.softplus(-logits)
    no = weights[0] * (1 - y) * tf.nn.softplus(logits)
    return yes + no
"""
        },
    ),
    # The class, which takes them from here, is marked with a right part 2.
    "the weights are swapped": (
        {"weighted_bce_value": 0},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    yes = weights[0] * y * tf.nn.softplus(-logits)
    no = weights[1] * (1 - y) * tf.nn.softplus(logits)
    return tf.reduce_mean(yes + no, axis=-1)
"""
        },
    ),
    # The class goes its own way, by Keras' cross-entropy, and is right.
    "the sign of the logit is swapped": (
        {"weighted_bce_value": 0},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    yes = weights[1] * y * tf.nn.softplus(logits)
    no = weights[0] * (1 - y) * tf.nn.softplus(-logits)
    return tf.reduce_mean(yes + no, axis=-1)
""",
            "weighted_bce_class": """
@tf.keras.utils.register_keras_serializable(package="coursework")
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, name="weighted_bce", **settings):
        super().__init__(name=name, **settings)
        self.no, self.yes = no, yes

    def call(self, y_true, y_pred):
        plain = tf.keras.losses.binary_crossentropy
        y = tf.cast(y_true, y_pred.dtype)[:, 0]
        weights = self.no + (self.yes - self.no) * y
        return weights * plain(y_true, y_pred, from_logits=True)

    def get_config(self):
        return {**super().get_config(), "no": self.no, "yes": self.yes}
""",
        },
    ),
    # Not allowed, though the numbers agree.
    "TensorFlow's weighted cross-entropy": (
        {"weighted_bce_value": 0},
        {
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    logits = tf.convert_to_tensor(logits)
    y = tf.cast(tf.reshape(y_true, tf.shape(logits)), logits.dtype)
    values = tf.nn.weighted_cross_entropy_with_logits(
        y, logits, weights[1] / weights[0]
    )
    return tf.reduce_mean(weights[0] * values, axis=-1)
"""
        },
    ),
    # Made again without its weights: 1 and 1. Two of four values tell.
    "the configuration forgets the weights": (
        {"weighted_bce_class_value": 2},
        {
            "weighted_bce_class": """
@tf.keras.utils.register_keras_serializable(package="coursework")
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, name="weighted_bce", **settings):
        super().__init__(name=name, **settings)
        self.no, self.yes = no, yes

    def call(self, y_true, y_pred):
        return weighted_bce(y_true, y_pred, (self.no, self.yes))
"""
        },
    ),
    "not registered": (
        {"weighted_bce_class_value": 3},
        {
            "weighted_bce_class": """
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, name="weighted_bce", **settings):
        super().__init__(name=name, **settings)
        self.no, self.yes = no, yes

    def call(self, y_true, y_pred):
        return weighted_bce(y_true, y_pred, (self.no, self.yes))

    def get_config(self):
        return {**super().get_config(), "no": self.no, "yes": self.yes}
"""
        },
    ),
    # No reduction can be chosen, so none can be restored either.
    "the settings of Keras are not handed on": (
        {"weighted_bce_class_value": 1},
        {
            "weighted_bce_class": """
@tf.keras.utils.register_keras_serializable(package="coursework")
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0):
        super().__init__()
        self.no, self.yes = no, yes

    def call(self, y_true, y_pred):
        return weighted_bce(y_true, y_pred, (self.no, self.yes))

    def get_config(self):
        return {**super().get_config(), "no": self.no, "yes": self.yes}
"""
        },
    ),
    # The mean is right only where no sample is weighed: in two values.
    "call takes the mean of the batch": (
        {"weighted_bce_class_value": 2},
        {
            "weighted_bce_class": """
@tf.keras.utils.register_keras_serializable(package="coursework")
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, name="weighted_bce", **settings):
        super().__init__(name=name, **settings)
        self.no, self.yes = no, yes

    def call(self, y_true, y_pred):
        values = weighted_bce(y_true, y_pred, (self.no, self.yes))
        return tf.reduce_mean(values)

    def get_config(self):
        return {**super().get_config(), "no": self.no, "yes": self.yes}
"""
        },
    ),
    # Predictions come back, the loss does not.
    "loaded without its loss": (
        {"save_and_load_value": 1},
        {
            "save_and_load": """
def save_and_load(model):
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        return tf.keras.models.load_model(
            f"{folder}/model.keras", compile=False
        )
"""
        },
    ),
    "nothing is saved": (
        {"save_and_load_value": 0},
        {
            "save_and_load": """
def save_and_load(model):
    return model
"""
        },
    ),
    # The folder is gone before the file is read.
    "loaded after the folder is gone": (
        {"save_and_load_value": 0},
        {
            "save_and_load": """
def save_and_load(model):
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
    return tf.keras.models.load_model(f"{folder}/model.keras")
"""
        },
    ),
    "rows and columns make a table": (
        {"precision_recall_value": 2},
        {
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    yes, called = np.asarray(y_true) > 0.5, np.asarray(logits) > threshold
    hits = np.sum(yes & called)
    return hits / np.maximum([np.sum(called), np.sum(yes)], 1)
"""
        },
    ),
    "zero divided by zero": (
        {"precision_recall_value": 2},
        {
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    yes, called = np.ravel(y_true) > 0.5, np.ravel(logits) > threshold
    hits = np.sum(yes & called)
    return np.array([hits / np.sum(called), hits / np.sum(yes)])
"""
        },
    ),
    # The numbers are right; one value does not look at their order.
    "recall before precision": (
        {"precision_recall_value": 1},
        {
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    yes, called = np.ravel(y_true) > 0.5, np.ravel(logits) > threshold
    hits = np.sum(yes & called)
    return hits / np.maximum([np.sum(yes), np.sum(called)], 1)
"""
        },
    ),
    # Right at the default threshold only, and no value asks for it alone.
    "the threshold is ignored": (
        {"precision_recall_value": 0},
        {
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    yes, called = np.ravel(y_true) > 0.5, np.ravel(logits) > 0
    hits = np.sum(yes & called)
    return hits / np.maximum([np.sum(called), np.sum(yes)], 1)
"""
        },
    ),
    "the visible answers by heart": (
        {
            "balanced_weights_value": 0,
            "weighted_bce_value": 0,
            "weighted_bce_class_value": 0,
            "save_and_load_value": 0,
            "precision_recall_value": 0,
        },
        {
            "balanced_weights": """
def balanced_weights(counts):
    return [0.625, 2.5] if len(counts) == 2 else [0.625, 0, 2.5]
""",
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    return tf.constant([2.0794415, 0.3465736])
""",
            "weighted_bce_class": """
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, **settings):
        super().__init__(**settings)

    def call(self, y_true, y_pred):
        return tf.constant([2.0794415, 0.3465736])
""",
            "save_and_load": """
def save_and_load(model):
    return tf.keras.models.clone_model(model)
""",
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    return np.array({0.0: [0.5, 0.5], -1.5: [2 / 3, 1]}.get(threshold, [0, 0]))
""",
        },
    ),
    "zeros": (
        {
            "balanced_weights_value": 0,
            "weighted_bce_value": 0,
            "weighted_bce_class_value": 0,
            "precision_recall_value": 0,
        },
        {
            "balanced_weights": """
def balanced_weights(counts):
    return np.zeros(len(counts))
""",
            "weighted_bce": """
def weighted_bce(y_true, logits, weights):
    return 0 * tf.reduce_mean(logits, axis=-1)
""",
            "weighted_bce_class": """
class WeightedBCE(tf.keras.losses.Loss):
    def __init__(self, no=1.0, yes=1.0, **settings):
        super().__init__(**settings)

    def call(self, y_true, y_pred):
        return 0 * tf.reduce_mean(y_pred, axis=-1)
""",
            "precision_recall": """
def precision_recall(y_true, logits, threshold=0.0):
    return np.zeros(2)
""",
        },
    ),
}
