"""What a row says of a loss: the inputs and settings to check it with.

To add a loss, add a row to `rows/FAMILY.py`; the tests here do the rest.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from lossutils import reference

# How labels, predictions and values belong together.
# elements: each label has a prediction (or `columns`); the value of a sample
#   is the mean over its last axis, `(batch, ..., outputs)` -> `(batch, ...)`
# vectors: the last axis is one whole, a box or the scores of all classes
# images: all axes but the first are one whole, `(batch, ...)` -> `(batch,)`
# batch: the values of a batch hang together; their mean is the loss.
#   With `outputs=0` labels are classes, `(batch,)` or `(batch, 1)`
# explicit: a sample is a triplet or such, `(batch, *columns)`; no labels
KINDS = ("elements", "vectors", "images", "batch", "explicit")

NOT_NUMBERS = ["high", None, math.nan, math.inf]
NOT_FLAGS = ["yes", None, 1, 0.5]


@dataclasses.dataclass(frozen=True)
class Case:
    """A loss and what is needed to check it.

    `labels` and `predictions` are drawn by `draw(random, shape)`, in float64,
    classes as integers.
    """

    function: Callable
    loss_class: type
    labels: Callable
    predictions: Callable
    # Hyperparameters that differ from the defaults.
    changed: dict
    # By hyperparameter, the values that must be refused. The error repeats
    # the value or, if it is a list, its last item.
    refused: dict
    # Elements, vectors, images: two lists, of labels and of rows of
    # predictions; each of the one meets each of the other. Batch, explicit:
    # a list of pairs (labels, predictions), each a whole batch.
    extremes: tuple | list
    # Allowed hyperparameters at the brink: finite, or a clear error.
    brink: tuple = ()
    # The plain hyperparameters, where the row cannot do with the defaults.
    plain: dict = dataclasses.field(default_factory=dict)
    kind: str = "elements"
    # Labels of a sample; 0 in a batch whose labels are classes.
    outputs: int = 2
    # Elements, vectors, images: predictions for each label. Batch: numbers of
    # a sample's prediction, or "batch" for one per sample of the batch.
    # Explicit: the shape of a sample's prediction.
    columns: int | str | tuple = 1
    # The last layer of a model whose predictions are allowed.
    activation: str = "linear"
    # Added to the labels to see whether half precision overflows.
    far: float = 0.0
    # Whether labels may have any number of columns.
    free_columns: bool = False
    # Whether the reference takes `weights_at`: weights without a gradient.
    detached: bool = False
    # The step of the difference quotient; smaller for steeper losses.
    step: float = 1e-4
    # Tells the rows of one loss apart.
    variant: str = ""

    def __post_init__(self):
        assert self.kind in KINDS

    def __str__(self):
        return " ".join([self.name, self.variant]).strip()

    @property
    def name(self):
        return self.function.__name__

    @property
    def has_classes(self):
        """Whether the labels are classes, of any type."""
        return self.kind == "batch" and self.outputs == 0

    @property
    def square(self):
        """Whether a prediction has as many numbers as the batch samples."""
        return self.columns == "batch"

    def width(self, n, outputs=None):
        """Returns how many numbers a model must predict for a sample."""
        outputs = outputs or self.outputs
        if self.kind in ("elements", "vectors", "images"):
            return outputs * self.columns
        columns = self.columns if self.kind == "explicit" else (self.columns,)
        return n if self.square else math.prod(columns)

    def sample(self, *axes, outputs=None, seed=0):
        """Returns labels and predictions of shape `axes` + last axes."""
        outputs = outputs or self.outputs
        random = np.random.RandomState(seed)
        labelled = (*axes, outputs) if outputs else axes
        if self.kind == "explicit":
            labelled, predicted = axes, (*axes, *self.columns)
        else:
            predicted = (*axes, self.width(axes[0], outputs))
        labels = self.labels(random, labelled)
        return labels, self.predictions(random, predicted)

    def extreme_samples(self):
        """Returns pairs of labels and predictions, each a batch."""
        if self.kind in ("batch", "explicit"):
            return [
                (np.array(labels), np.array(predictions, np.float64))
                for labels, predictions in self.extremes
            ]
        labels, predictions = self.extremes
        pairs = [(y, p) for y in labels for p in predictions]
        return [
            (
                np.array([np.atleast_1d(y) for y, _ in pairs], np.float64),
                np.array([p for _, p in pairs], np.float64),
            )
        ]

    def reference(self, labels, predictions, batch_size=None, **hyper):
        """Returns the value per sample, from the pure Python reference.

        With a `batch_size`, of one batch after another.
        """
        labels, predictions = np.asarray(labels), np.asarray(predictions)
        axes = predictions.shape[:1]
        if self.kind in ("elements", "vectors"):
            axes = predictions.shape[:-1] or axes
        n = math.prod(axes)
        batch_size = n if batch_size is None else batch_size
        samples = [
            array.astype(float).reshape(n, -1 if n else 0).tolist()
            for array in (labels, predictions)
        ]
        held = hyper.pop("weights_at", None)
        if held is not None:
            held = np.asarray(held).astype(float).reshape(n, -1).tolist()
        values = []
        for i in range(0, n, batch_size or 1):
            batch = slice(i, i + batch_size)
            if held is not None:
                hyper["weights_at"] = held[batch]
            values += getattr(reference, self.name)(
                *(each[batch] for each in samples), **hyper
            )
        return np.array(values).reshape(axes)

    def held(self, predictions):
        """Returns the arguments that hold detached weights where they are."""
        return {"weights_at": predictions} if self.detached else {}


def real(random, shape):
    return random.normal(scale=2, size=shape)


def probabilities(random, shape):
    return random.uniform(0.02, 0.98, size=shape)


def binary(random, shape):
    return random.randint(0, 2, size=shape).astype(float)


def one_hot(random, shape):
    return np.eye(shape[-1])[random.randint(0, shape[-1], size=shape[:-1])]


def distributions(random, shape):
    """Positive numbers that add up to 1 along the last axis."""
    scores = random.gamma(1.0, size=shape) + 0.02
    return scores / scores.sum(axis=-1, keepdims=True)


def classes(random, shape):
    """Three classes, of which each has company in a batch of a few."""
    return random.permutation(np.arange(shape[0]) % 3)


def holds_functions(hyper):
    """Returns whether hyperparameters hold a function, alone or in a list."""
    return any(
        callable(item)
        for value in hyper.values()
        for item in (value if isinstance(value, list) else [value])
    )
