"""One row a loss: the inputs and settings its properties are checked with.

To add a loss, add a row; the tests beside this file do the rest.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from lossutils import reference, regression

# The modules of lossutils that hold losses, each with a chapter of its name.
FAMILIES = {
    "classification",
    "regression",
    "detection",
    "embeddings",
    "custom_losses",
    "loss_weights",
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A loss and what is needed to check it.

    `labels` and `predictions` are drawn by `draw(random, shape)`. A sample
    has `outputs` labels and, for each of these, `columns` predictions.
    """

    function: Callable
    loss_class: type
    labels: Callable
    predictions: Callable
    # Hyperparameters that differ from the defaults.
    changed: dict
    # By hyperparameter, the values that must be refused.
    refused: dict
    # Labels and rows of predictions; each of the one meets each of the other.
    extremes: tuple
    # Allowed hyperparameters at the brink: finite, or a clear error.
    brink: tuple = ()
    # The plain hyperparameters, where the row cannot do with the defaults.
    plain: dict = dataclasses.field(default_factory=dict)
    outputs: int = 2
    columns: int = 1
    # The last layer of a model whose predictions are allowed.
    activation: str = "linear"
    # Names of the function and the class in tensorflow_addons.
    addons: tuple = ()
    # Tells the rows of one loss apart.
    variant: str = ""

    def __str__(self):
        return " ".join([self.name, self.variant]).strip()

    @property
    def name(self):
        return self.function.__name__

    def sample(self, *axes, outputs=None, seed=0):
        """Returns labels and predictions of shape `axes` + last axis."""
        outputs = outputs or self.outputs
        random = np.random.RandomState(seed)
        labels = self.labels(random, (*axes, outputs))
        return labels, self.predictions(random, (*axes, outputs * self.columns))

    def extreme_sample(self):
        """Returns each extreme label with each extreme prediction."""
        labels, predictions = self.extremes
        pairs = [(y, p) for y in labels for p in predictions]
        return (
            np.array([[y] for y, _ in pairs], np.float64),
            np.array([p for _, p in pairs], np.float64),
        )

    def reference(self, labels, predictions, **hyper):
        """Returns the value per sample, from the pure Python reference."""
        labels, predictions = np.asarray(labels), np.asarray(predictions)
        axes = predictions.shape[:-1] or predictions.shape
        samples = [
            array.astype(float).reshape(math.prod(axes), -1).tolist()
            for array in (labels, predictions)
        ]
        values = getattr(reference, self.name)(*samples, **hyper)
        return np.array(values).reshape(axes)


def real(random, shape):
    return random.normal(scale=2, size=shape)


def amounts(random, shape):
    """Zero or more; about a third are exactly zero."""
    some = random.uniform(size=shape) > 0.3
    return some * random.gamma(2.0, size=shape)


def positive(random, shape):
    return random.uniform(0.5, 4, size=shape)


NOT_NUMBERS = ["high", None, math.nan, math.inf]
NOT_LEVELS = [0, 1, 1.5, -0.1, *NOT_NUMBERS]
REALS = [0.0, 1e-30, -1e-30, 1.0, -1.0, 1e10, -1e10]
AMOUNTS = [0.0, 1e-40, 1e-30, 1e-7, 1.0, 1e10]
TWEEDIE = {
    "function": regression.tweedie_loss,
    "loss_class": regression.TweedieLoss,
    "labels": amounts,
    "predictions": positive,
    "activation": "exponential",
    "refused": {"power": [0.99, 2, 3, -1.5, *NOT_NUMBERS]},
    "brink": ({"power": 1 + 1e-12}, {"power": 2 - 1e-9}),
    # A mean of 0 or less is outside the domain, but a linear model's first
    # guess; it must not end the training.
    "extremes": (AMOUNTS, [[v] for v in [-1e10, -1.0, *AMOUNTS]]),
}

CASES = [
    Case(
        function=regression.pinball_loss,
        loss_class=regression.PinballLoss,
        labels=real,
        predictions=real,
        changed={"tau": 0.9},
        refused={"tau": [*NOT_LEVELS, [], [[0.5]]]},
        brink=({"tau": 1e-12}, {"tau": 1 - 1e-12}),
        extremes=(REALS, [[v] for v in REALS]),
        addons=("pinball_loss", "PinballLoss"),
    ),
    Case(
        variant="at several levels",
        function=regression.pinball_loss,
        loss_class=regression.PinballLoss,
        labels=real,
        predictions=real,
        plain={"tau": [0.25, 0.5, 0.75]},
        changed={"tau": [0.1, 0.6, 0.95]},
        refused={"tau": [[0.5, v] for v in NOT_LEVELS]},
        brink=({"tau": [1e-12, 0.5, 1 - 1e-12]},),
        extremes=(REALS, [[v, -v, 0.0] for v in REALS]),
        outputs=1,
        columns=3,
        addons=("pinball_loss", "PinballLoss"),
    ),
    Case(
        function=regression.gaussian_nll_loss,
        loss_class=regression.GaussianNLLLoss,
        labels=real,
        predictions=real,
        changed={"min_variance": 0.5},
        refused={"min_variance": [0, -1, *NOT_NUMBERS]},
        brink=({"min_variance": 1e-50}, {"min_variance": 1e-18}),
        extremes=(
            REALS,
            [[m, s] for m in REALS for s in [0.0, 100, -100, 1000, -1000]],
        ),
        columns=2,
    ),
    Case(
        function=regression.charbonnier_loss,
        loss_class=regression.CharbonnierLoss,
        labels=real,
        predictions=real,
        changed={"epsilon": 0.7},
        refused={"epsilon": [0, -1, *NOT_NUMBERS]},
        brink=({"epsilon": 1e-30}, {"epsilon": 1e-12}),
        extremes=(REALS, [[v] for v in REALS]),
    ),
    Case(**TWEEDIE, changed={"power": 1.2}),
    Case(**TWEEDIE, changed={"power": 1.0}, variant="of counts"),
    Case(**TWEEDIE, changed={"power": 1.9}, variant="of amounts"),
]
