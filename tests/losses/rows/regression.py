"""Rows of the regression losses."""

from losses.case import NOT_NUMBERS, Case, real

from lossutils import regression


def amounts(random, shape):
    """Zero or more; about a third are exactly zero."""
    some = random.uniform(size=shape) > 0.3
    return some * random.gamma(2.0, size=shape)


def positive(random, shape):
    return random.uniform(0.5, 4, size=shape)


NOT_LEVELS = [0, 1, 1.5, -0.1, *NOT_NUMBERS]
REALS = [0.0, 1e-30, -1e-30, 1.0, -1.0, 1e10, -1e10]
AMOUNTS = [0.0, 1e-40, 1e-30, 1e-7, 1.0, 1e10]
TWEEDIE = {
    "function": regression.tweedie_loss,
    "loss_class": regression.TweedieLoss,
    "labels": amounts,
    "predictions": positive,
    "activation": "exponential",
    "far": 1e3,
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
        far=1e3,
        extremes=(REALS, [[v] for v in REALS]),
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
        far=1e3,
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
        far=1e3,
    ),
    Case(
        function=regression.charbonnier_loss,
        loss_class=regression.CharbonnierLoss,
        labels=real,
        predictions=real,
        changed={"epsilon": 0.7},
        refused={"epsilon": [0, -1, *NOT_NUMBERS]},
        brink=({"epsilon": 1e-30}, {"epsilon": 1e-12}),
        far=1e3,
        extremes=(REALS, [[v] for v in REALS]),
    ),
    Case(**TWEEDIE, changed={"power": 1.2}),
    Case(**TWEEDIE, changed={"power": 1.0}, variant="of counts"),
    Case(**TWEEDIE, changed={"power": 1.9}, variant="of amounts"),
]
