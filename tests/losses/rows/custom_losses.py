"""Rows of the losses that are made to measure."""

from losses.case import NOT_NUMBERS, Case, binary, probabilities, real

from lossutils import custom_losses

REALS = [0.0, 1e-30, -1e-30, 1.0, -1.0, 1e10, -1e10]

CASES = [
    Case(
        function=custom_losses.f_beta_loss,
        loss_class=custom_losses.FBetaLoss,
        labels=binary,
        predictions=probabilities,
        activation="sigmoid",
        kind="batch",
        outputs=2,
        columns=2,
        changed={"beta": 2.0},
        refused={"beta": [0, -1, *NOT_NUMBERS]},
        extremes=[
            # all right; all wrong; no positives; none predicted; neither
            ([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]),
            ([[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]),
            ([[0.0, 0.0], [0.0, 0.0]], [[0.5, 1.0], [0.25, 1e-30]]),
            ([[1.0, 1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
            ([[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
            # next to none; one sample; soft labels
            ([[0.0, 0.0], [0.0, 0.0]], [[1e-30, 0.0], [0.0, 1e-30]]),
            ([[1.0, 0.0]], [[0.5, 0.5]]),
            ([[0.5, 0.25], [0.0, 1.0]], [[0.5, 0.25], [1e-30, 1.0]]),
        ],
        brink=({"beta": 1e-30}, {"beta": 1e30}, {"beta": 1e200}),
    ),
    Case(
        function=custom_losses.hybrid_loss,
        loss_class=custom_losses.HybridLoss,
        labels=real,
        predictions=real,
        plain={"losses": ["mse", "mae"]},
        changed={"losses": ["mae", "mse"], "weights": [0.25, 2.0]},
        refused={
            "losses": [
                [],
                ["mse", "no such loss"],
                ["mse", 3.0],
                ["mse", None],
                "mse",
                None,
            ]
        },
        brink=({"losses": ["mse"], "weights": [0.0]},),
        extremes=(REALS, [[v] for v in REALS]),
        far=1e3,
    ),
]
