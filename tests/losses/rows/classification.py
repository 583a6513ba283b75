"""Rows of the classification losses."""

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

from lossutils import classification

NEGATIVE = [-1, -1e-9, *NOT_NUMBERS]

# Of one sample, all of whose classes are one whole.
ROWS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]]
CERTAIN = [
    [1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0],
    [1e-30, 1.0, 1e-30],
    [1e-7, 0.5, 0.5],
    [0.0, 0.0, 0.0],
]
LOGITS = [
    [0.0, 0.0, 0.0],
    [1e4, -1e4, 0.0],
    [-1e4, 0.0, 1e4],
    [1e10, 1e10, -1e10],
    [-1e10, -1e10, 1e10],
    [1e-30, -1e-30, 0.0],
    [1e4, 1e4 - 0.5, 1e4 - 2],
]
OF_PROBABILITIES = {
    "labels": one_hot,
    "predictions": distributions,
    "activation": "softmax",
    "kind": "vectors",
    "outputs": 3,
    "extremes": (ROWS, CERTAIN),
}
OF_LOGITS = {
    "variant": "of logits",
    "labels": one_hot,
    "predictions": real,
    "kind": "vectors",
    "outputs": 3,
    "extremes": (ROWS, LOGITS),
}
GENERALIZED = {
    "function": classification.generalized_cross_entropy_loss,
    "loss_class": classification.GeneralizedCrossEntropyLoss,
    "refused": {
        "q": [0, -0.1, 1.1, *NOT_NUMBERS],
        "from_logits": NOT_FLAGS,
    },
    "brink": ({"q": 1e-12}, {"q": 1e-30}, {"q": 1}),
}
POLY1 = {
    "function": classification.poly1_loss,
    "loss_class": classification.Poly1Loss,
    "refused": {
        "epsilon": [-1.1, *NOT_NUMBERS],
        "from_logits": NOT_FLAGS,
    },
    "brink": ({"epsilon": -1}, {"epsilon": 1e10}),
}

# Of one image of four pixels.
MASKS = [[0.0] * 4, [1.0] * 4, [1.0, 0.0, 0.0, 1.0], [0.5, 0.0, 1.0, 0.25]]
PIXELS = [
    [0.0] * 4,
    [1.0] * 4,
    [1.0, 0.0, 0.0, 1.0],
    [1e-30] * 4,
    [0.0, 0.0, 0.0, 1e-30],
    [0.5, 1.0, 1.0 - 1e-7, 0.0],
]
PIXEL_LOGITS = [
    [0.0] * 4,
    [1e4] * 4,
    [-1e4] * 4,
    [1e10, -1e10, 1e10, -1e10],
    [-20.0, 20.0, 1e-30, -100.0],
]
OF_PIXELS = {
    "labels": binary,
    "predictions": probabilities,
    "activation": "sigmoid",
    "kind": "images",
    "outputs": 4,
    "extremes": (MASKS, PIXELS),
}
OF_PIXEL_LOGITS = {
    "variant": "of logits",
    "labels": binary,
    "predictions": real,
    "kind": "images",
    "outputs": 4,
    "extremes": (MASKS, PIXEL_LOGITS),
    "plain": {"from_logits": True},
}
DICE = {
    "function": classification.dice_loss,
    "loss_class": classification.DiceLoss,
    "refused": {"smooth": NEGATIVE, "from_logits": NOT_FLAGS},
    "brink": ({"smooth": 0}, {"smooth": 1e-300}, {"smooth": 1e30}),
}
TVERSKY = {
    "function": classification.tversky_loss,
    "loss_class": classification.TverskyLoss,
    "refused": {
        "alpha": NEGATIVE,
        "beta": NEGATIVE,
        "smooth": NEGATIVE,
        "from_logits": NOT_FLAGS,
    },
    "brink": (
        {"alpha": 0, "beta": 0, "smooth": 0},
        {"alpha": 1e10, "smooth": 0},
        {"beta": 1e-30, "smooth": 0},
    ),
}

ASYMMETRIC = {
    "function": classification.asymmetric_loss,
    "loss_class": classification.AsymmetricLoss,
    "labels": binary,
    "refused": {
        "gamma_positive": NEGATIVE,
        "gamma_negative": NEGATIVE,
        "shift": [-0.1, 1.1, *NOT_NUMBERS],
        "from_logits": NOT_FLAGS,
    },
    "brink": (
        {"gamma_positive": 1e-12, "gamma_negative": 1e-12},
        {"gamma_positive": 1e10, "gamma_negative": 1e10, "shift": 0},
        {"gamma_negative": 0, "shift": 1},
        {"gamma_negative": 0.5, "shift": 1e-12},
    ),
}
ASYMMETRIC_OF_PROBABILITIES = {
    **ASYMMETRIC,
    "predictions": probabilities,
    "activation": "sigmoid",
    "extremes": (
        [0.0, 1.0, 0.3],
        [[p] for p in [0.0, 1e-30, 1e-7, 0.05, 0.5, 1.0 - 1e-6, 1.0]],
    ),
}
ASYMMETRIC_OF_LOGITS = {
    **ASYMMETRIC,
    "predictions": real,
    "plain": {"from_logits": True},
    "extremes": (
        [0.0, 1.0, 0.3],
        [[z] for z in [0.0, 1e-30, 30, -30, 200, 1e4, -1e4, 1e10, -1e10]],
    ),
}

# Whole batches of labels and probabilities of three ordered classes.
FIRST, SECOND, LAST = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
BATCHES = [
    # all right; all wrong; one class, right and wrong; a single sample
    ([FIRST, SECOND, LAST], [FIRST, SECOND, LAST]),
    ([FIRST, LAST], [LAST, FIRST]),
    ([FIRST, FIRST], [FIRST, FIRST]),
    ([FIRST, FIRST], [LAST, SECOND]),
    ([SECOND], [SECOND]),
    ([SECOND], [[0.2, 0.5, 0.3]]),
    # all alike; next to nothing in the wrong class; nothing at all
    ([FIRST, SECOND, LAST], [[0.2, 0.5, 0.3]] * 3),
    ([FIRST, LAST], [[1.0, 1e-7, 1e-30], [1e-30, 0.0, 1.0]]),
    ([FIRST, LAST], [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
]

KAPPA = {
    "function": classification.weighted_kappa_loss,
    "loss_class": classification.WeightedKappaLoss,
    "labels": one_hot,
    "predictions": distributions,
    "activation": "softmax",
    "kind": "batch",
    "refused": {
        "weightage": ["cubic", None, 2.0],
        "epsilon": [0, -1e-6, *NOT_NUMBERS],
    },
    "extremes": BATCHES,
    "brink": ({"epsilon": 1e-15}, {"epsilon": 1e-30}, {"epsilon": 1e10}),
}

CASES = [
    Case(
        **GENERALIZED,
        **OF_PROBABILITIES,
        changed={"q": 0.25, "from_logits": False},
    ),
    Case(
        **GENERALIZED,
        **OF_LOGITS,
        plain={"from_logits": True},
        changed={"q": 1.0, "from_logits": True},
    ),
    Case(
        **POLY1,
        **OF_PROBABILITIES,
        changed={"epsilon": -0.5, "from_logits": False},
    ),
    Case(
        **POLY1,
        **OF_LOGITS,
        plain={"from_logits": True},
        changed={"epsilon": 3.0, "from_logits": True},
    ),
    Case(**DICE, **OF_PIXELS, changed={"smooth": 0.0, "from_logits": False}),
    Case(
        **DICE, **OF_PIXEL_LOGITS, changed={"smooth": 0.1, "from_logits": True}
    ),
    Case(
        **TVERSKY,
        **OF_PIXELS,
        changed={
            "alpha": 0.9,
            "beta": 0.2,
            "smooth": 0.0,
            "from_logits": False,
        },
    ),
    Case(
        **TVERSKY,
        **OF_PIXEL_LOGITS,
        changed={
            "alpha": 0.9,
            "beta": 0.2,
            "smooth": 0.1,
            "from_logits": True,
        },
    ),
    Case(
        **ASYMMETRIC_OF_PROBABILITIES,
        changed={
            "gamma_positive": 0.5,
            "gamma_negative": 0.5,
            "shift": 0.2,
            "from_logits": False,
        },
    ),
    Case(
        **ASYMMETRIC_OF_PROBABILITIES,
        variant="without shift",
        changed={
            "gamma_positive": 1.0,
            "gamma_negative": 0.0,
            "shift": 0.0,
            "from_logits": False,
        },
    ),
    Case(
        **ASYMMETRIC_OF_LOGITS,
        variant="of logits",
        changed={
            "gamma_positive": 0.5,
            "gamma_negative": 0.5,
            "shift": 0.2,
            "from_logits": True,
        },
    ),
    Case(
        **ASYMMETRIC_OF_LOGITS,
        variant="of logits without shift",
        changed={
            "gamma_positive": 2.0,
            "gamma_negative": 0.5,
            "shift": 0.0,
            "from_logits": True,
        },
    ),
    Case(
        function=classification.sparsemax_loss,
        loss_class=classification.SparsemaxLoss,
        labels=one_hot,
        predictions=real,
        kind="vectors",
        outputs=4,
        changed={},
        refused={},
        extremes=(
            [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]],
            LOGITS,
        ),
    ),
    Case(
        **KAPPA,
        outputs=2,
        columns=2,
        changed={"weightage": "linear", "epsilon": 0.1},
    ),
    Case(
        **KAPPA,
        variant="of four classes",
        outputs=4,
        columns=4,
        # An untrained model has a kappa of about 0, and log(1) has few digits.
        plain={"epsilon": 0.5},
        changed={"weightage": "linear", "epsilon": 1.0},
    ),
]
