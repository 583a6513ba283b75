"""Rows of the detection losses."""

import numpy as np
from losses.case import (
    NOT_FLAGS,
    NOT_NUMBERS,
    Case,
    binary,
    distributions,
    one_hot,
    probabilities,
    real,
)

from lossutils import detection


def boxes(random, shape):
    """Boxes near the origin; of whole numbers they are boxes too."""
    corners = (*shape[:-1], 2)
    start = random.uniform(0.01, 0.45, size=corners)
    end = random.uniform(0.6, 3, size=corners)
    return np.concatenate([start, end], axis=-1)


def any_corners(random, shape):
    """Boxes around these; of half of the sides the end comes first."""
    corners = (*shape[:-1], 2)
    start = random.uniform(-1, 1, size=corners)
    end = random.uniform(0.5, 3, size=corners)
    inverted = random.uniform(size=corners) < 0.5
    return np.concatenate(
        [np.where(inverted, end, start), np.where(inverted, start, end)],
        axis=-1,
    )


UNIT = [0.0, 0.0, 1.0, 1.0]
BOXES = [
    UNIT,
    # the same box, its corners the other way round
    [1.0, 1.0, 0.0, 0.0],
    [1.0, 0.0, 0.0, 1.0],
    # touching it at a side, at a corner; within it, around it
    [1.0, 0.0, 2.0, 1.0],
    [1.0, 1.0, 2.0, 2.0],
    [0.25, 0.0, 0.5, 1.0],
    [-3.0, -3.0, 3.0, 3.0],
    # lines
    [0.0, 0.0, 0.0, 1.0],
    [0.5, 0.5, 2.0, 0.5],
    # large and small ones, near and far
    [-1e10, -1e10, 1e10, 1e10],
    [1e10, 1e10, 1e10, 2e10],
    [0.0, 0.0, 1e-30, 1e-30],
    [0.0, 1e-30, 2e-30, 4e-30],
    [-1e-30, 0.0, 1e10, 1e-30],
]
POINTS = [[0.0] * 4, [1.0] * 4, [0.5] * 4, [1e10] * 4, [-1e10, 0.0] * 2]

OF_BOXES = {
    "labels": boxes,
    "predictions": any_corners,
    "kind": "vectors",
    "outputs": 4,
    "far": 1e3,
    "changed": {},
    "refused": {},
    "extremes": (BOXES + POINTS, BOXES + POINTS),
}

REALS = [0.0, 1e-30, -1e-30, 1.0, -1.0, 1e10, -1e10]
GAMMAS = [-1, -1e-9, *NOT_NUMBERS]

SIGMOID = {
    "function": detection.sigmoid_focal_loss,
    "loss_class": detection.SigmoidFocalLoss,
    "labels": binary,
    "refused": {
        # None is allowed
        "alpha": [-0.1, 1.1, *(each for each in NOT_NUMBERS if each)],
        "gamma": GAMMAS,
        "from_logits": NOT_FLAGS,
    },
    "brink": (
        {"alpha": 0},
        {"alpha": 1},
        {"alpha": 1e-30},
        {"gamma": 1e-12},
        {"gamma": 1e-30},
        {"gamma": 1e10},
    ),
}
SIGMOID_OF_PROBABILITIES = {
    **SIGMOID,
    "predictions": probabilities,
    "activation": "sigmoid",
    "extremes": (
        [0.0, 1.0, 0.5, 0.97, 1e-30],
        [[p] for p in [0.0, 1e-30, 1e-8, 1e-7, 0.5, 1 - 1e-6, 1 - 2**-24, 1.0]],
    ),
}
SIGMOID_OF_LOGITS = {
    **SIGMOID,
    "predictions": real,
    "plain": {"from_logits": True},
    "extremes": (
        [0.0, 1.0, 0.5, 0.97, 1e-30],
        [
            [sign * size]
            for size in [0.0, 1e-30, 1.0, 17.0, 40.0, 90.0, 104.0, 1e4, 1e10]
            for sign in [1, -1]
        ],
    ),
}

ROWS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]]
CATEGORICAL = {
    "function": detection.categorical_focal_loss,
    "loss_class": detection.CategoricalFocalLoss,
    "labels": one_hot,
    "kind": "vectors",
    "outputs": 3,
    "refused": {
        "alpha": [
            0,
            -0.1,
            [],
            [[0.5]],
            *NOT_NUMBERS,
            *([1.0, each] for each in [0, -0.1, *NOT_NUMBERS]),
        ],
        "gamma": GAMMAS,
        "from_logits": NOT_FLAGS,
    },
    "brink": (
        {"alpha": 1e-30},
        {"alpha": 1e5},
        {"gamma": 1e-12},
        {"gamma": 1e-30},
        {"gamma": 1e10},
    ),
}
CATEGORICAL_OF_PROBABILITIES = {
    **CATEGORICAL,
    "predictions": distributions,
    "activation": "softmax",
    "extremes": (
        ROWS,
        [
            [1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0],
            [1e-30, 1.0, 1e-30],
            [1e-30, 1e-30, 1e-30],
            [1e-40, 0.0, 1e-40],
            [1e-7, 0.5, 0.5],
            [1e10, 1e10, 0.0],
            [0.0, 0.0, 0.0],
        ],
    ),
}
CATEGORICAL_OF_LOGITS = {
    **CATEGORICAL,
    "predictions": real,
    "plain": {"from_logits": True},
    "extremes": (
        ROWS,
        [
            [0.0, 0.0, 0.0],
            [9.0, -9.0, 0.0],
            [50.0, -50.0, 0.0],
            [1e4, -1e4, 0.0],
            [-1e4, 0.0, 1e4],
            [1e10, 1e10, -1e10],
            [-1e10, -1e10, 1e10],
            [1e-30, -1e-30, 0.0],
        ],
    ),
}

CASES = [
    Case(
        **OF_BOXES,
        function=detection.iou_loss,
        loss_class=detection.IoULoss,
    ),
    Case(
        **OF_BOXES,
        function=detection.giou_loss,
        loss_class=detection.GIoULoss,
    ),
    Case(
        **OF_BOXES,
        function=detection.diou_loss,
        loss_class=detection.DIoULoss,
    ),
    Case(
        **OF_BOXES,
        function=detection.ciou_loss,
        loss_class=detection.CIoULoss,
        detached=True,
    ),
    Case(
        function=detection.smooth_l1_loss,
        loss_class=detection.SmoothL1Loss,
        labels=real,
        predictions=real,
        changed={"beta": 2.5},
        refused={"beta": [0, -1, 1e-40, *NOT_NUMBERS]},
        brink=({"beta": 1.1e-30}, {"beta": 1e-12}, {"beta": 1e10}),
        far=1e3,
        extremes=(REALS, [[v] for v in REALS]),
    ),
    Case(
        **SIGMOID_OF_PROBABILITIES,
        changed={"alpha": 0.6, "gamma": 0.5, "from_logits": False},
    ),
    Case(
        **SIGMOID_OF_PROBABILITIES,
        variant="without focus",
        changed={"alpha": None, "gamma": 0.0, "from_logits": False},
    ),
    Case(
        **SIGMOID_OF_LOGITS,
        variant="of logits",
        changed={"alpha": 0.6, "gamma": 0.5, "from_logits": True},
    ),
    Case(
        **SIGMOID_OF_LOGITS,
        variant="of logits without balance",
        changed={"alpha": None, "gamma": 3.0, "from_logits": True},
    ),
    Case(
        **CATEGORICAL_OF_PROBABILITIES,
        changed={"alpha": 1.0, "gamma": 0.5, "from_logits": False},
    ),
    Case(
        **CATEGORICAL_OF_LOGITS,
        variant="of logits",
        changed={"alpha": 1.0, "gamma": 0.5, "from_logits": True},
    ),
    Case(
        **CATEGORICAL_OF_PROBABILITIES,
        variant="with a weight per class",
        plain={"gamma": 0.0, "from_logits": False},
        changed={"alpha": [0.5, 1.0, 2.0]},
    ),
]
