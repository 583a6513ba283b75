"""Rows of the losses of embeddings."""

import math

import numpy as np
from losses.case import NOT_FLAGS, NOT_NUMBERS, Case, binary, classes, one_hot

from lossutils import embeddings

NEGATIVE = [-1, -1e-9, *NOT_NUMBERS]
NOT_POSITIVE = [0, *NEGATIVE]
NOT_COSINES = [-1.01, 1.01, *NOT_NUMBERS]
NOT_METRICS = ["L1", "l2", "", None, 1, math.nan]
MARGINS = ({"margin": 0.0}, {"margin": 1e18}, {"margin": 1e50})


def vectors(random, shape):
    return random.normal(size=shape)


def distances(random, shape):
    return random.uniform(0, 2, size=shape)


def cosines(random, shape):
    return random.uniform(-1, 1, size=shape)


def classes_and_texts(random, shape):
    """A class and a text vector in each row."""
    texts = random.normal(size=(*shape[:-1], shape[-1] - 1))
    ids = classes(random, shape[:-1])
    return np.concatenate([ids[..., np.newaxis], texts], axis=-1)


def some_labels(random, shape):
    """Several labels in each row, or none in a row or two."""
    labels = binary(random, shape)
    labels[1:2] = 0
    return labels


# Batches of two numbers: equal, zero, tiny, huge; of one class, of as many
# classes as samples, of one sample; and a class without company.
POINTS = [
    [[1.0, 2.0]] * 4,
    [[0.0, 0.0]] * 4,
    [[1.0, 2.0], [1.0, 2.0], [3.0, -1.0], [3.0, -1.0]],
    [[0.0, 0.0], [1e-30, 0.0], [0.0, 1e-30], [-1e-30, 1e-30]],
    [[1e10, 0.0], [-1e10, 1e9], [0.0, 1e10], [3e10, 5e10]],
    [[0.0, 0.0], [1e-30, 0.0], [1.0, 2.0], [-1e2, 1e2]],
]
CLASSES = [[0, 0, 1, 1], [0, 0, 0, 1], [2, 2, 2, 2], [0, 1, 2, 3]]
BATCHES = [(ids, points) for ids in CLASSES for points in POINTS]
BATCHES += [([3], [[0.5, 1.0]]), ([3], [[0.0, 0.0]])]

SCORES = [
    np.zeros((4, 4)),
    np.full((4, 4), 1e-30),
    np.full((4, 4), -1e10),
    1e10 * np.eye(4),
    -1e4 * np.eye(4),
    [[1e10, -1e10, 0.0, 1.0]] * 4,
]
LABELS = [
    np.eye(4),
    np.ones((4, 3)),
    np.zeros((4, 2)),
    [[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]],
]

COSINES = [
    [1.0, 1.0, 1.0],
    [-1.0, -1.0, -1.0],
    [1.0, -1.0, 0.0],
    [0.0, 1e-30, -1e-30],
    [1 + 1e-7, -1 - 1e-7, 1 - 1e-7],
    [1e10, -1e10, 1.0],
]
ONE_HOT = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]

OF_CLASSES = {
    "labels": classes,
    "predictions": vectors,
    "kind": "batch",
    "outputs": 0,
    "columns": 4,
    "extremes": BATCHES,
}
MINED = {
    **OF_CLASSES,
    "brink": MARGINS,
    "refused": {"margin": NEGATIVE, "distance_metric": NOT_METRICS},
}
SOFT_OR_NOT = {
    **MINED,
    "refused": {**MINED["refused"], "soft": NOT_FLAGS},
}
ANGULAR = {
    "function": embeddings.arcface_loss,
    "loss_class": embeddings.ArcFaceLoss,
    "labels": one_hot,
    "predictions": cosines,
    "kind": "vectors",
    "outputs": 3,
    "activation": "tanh",
    "extremes": (ONE_HOT, COSINES),
    "step": 1e-6,
}

CASES = [
    Case(
        function=embeddings.contrastive_loss,
        loss_class=embeddings.ContrastiveLoss,
        labels=binary,
        predictions=distances,
        changed={"margin": 1.7},
        refused={"margin": NEGATIVE},
        brink=MARGINS,
        activation="exponential",
        extremes=(
            [0.0, 1.0],
            [[v] for v in [0.0, 1e-30, 1.0, 1e10, -1.0, -1e10]],
        ),
    ),
    Case(
        function=embeddings.triplet_loss,
        loss_class=embeddings.TripletLoss,
        labels=classes,
        predictions=vectors,
        changed={"margin": 3.0, "distance_metric": "squared-L2"},
        refused={
            "margin": NEGATIVE,
            "distance_metric": [*NOT_METRICS, math.dist],
        },
        brink=MARGINS,
        kind="explicit",
        columns=(3, 4),
        extremes=[(np.zeros(4), [points[:3]] * 4) for points in POINTS],
    ),
    Case(
        variant="by angle",
        function=embeddings.triplet_loss,
        loss_class=embeddings.TripletLoss,
        labels=classes,
        predictions=vectors,
        plain={"distance_metric": "angular"},
        changed={"margin": 0.3, "distance_metric": "angular"},
        refused={},
        kind="explicit",
        columns=(3, 4),
        extremes=[(np.zeros(4), [points[:3]] * 4) for points in POINTS],
    ),
    Case(
        function=embeddings.quadruplet_loss,
        loss_class=embeddings.QuadrupletLoss,
        labels=classes,
        predictions=vectors,
        changed={"margin_1": 0.3, "margin_2": 2.0},
        refused={"margin_1": NEGATIVE, "margin_2": NEGATIVE},
        brink=({"margin_1": 0.0}, {"margin_2": 1e18}, {"margin_2": 1e50}),
        kind="explicit",
        columns=(4, 3),
        extremes=[(np.zeros(4), [points] * 4) for points in POINTS],
    ),
    Case(
        **MINED,
        function=embeddings.triplet_semihard_loss,
        loss_class=embeddings.TripletSemiHardLoss,
        changed={"margin": 0.3, "distance_metric": "squared-L2"},
    ),
    Case(
        **MINED,
        variant="by angle",
        function=embeddings.triplet_semihard_loss,
        loss_class=embeddings.TripletSemiHardLoss,
        plain={"distance_metric": "angular"},
        changed={"margin": 0.2, "distance_metric": "angular"},
    ),
    Case(
        **SOFT_OR_NOT,
        function=embeddings.triplet_hard_loss,
        loss_class=embeddings.TripletHardLoss,
        changed={"margin": 0.3, "soft": True, "distance_metric": "squared-L2"},
    ),
    Case(
        **SOFT_OR_NOT,
        variant="by angle",
        function=embeddings.triplet_hard_loss,
        loss_class=embeddings.TripletHardLoss,
        plain={"distance_metric": "angular"},
        changed={"margin": 0.2, "soft": False, "distance_metric": "angular"},
    ),
    Case(
        **SOFT_OR_NOT,
        function=embeddings.triplet_batch_all_loss,
        loss_class=embeddings.TripletBatchAllLoss,
        changed={"margin": 0.3, "soft": True, "distance_metric": "squared-L2"},
    ),
    Case(
        **SOFT_OR_NOT,
        variant="by angle",
        function=embeddings.triplet_batch_all_loss,
        loss_class=embeddings.TripletBatchAllLoss,
        plain={"distance_metric": "angular"},
        changed={"margin": 0.2, "soft": False, "distance_metric": "angular"},
    ),
    Case(
        function=embeddings.adaptive_triplet_loss,
        loss_class=embeddings.AdaptiveTripletLoss,
        free_columns=True,
        labels=classes_and_texts,
        predictions=vectors,
        changed={"margin": 0.5, "semantic_scale": 1.0},
        refused={"margin": NEGATIVE, "semantic_scale": NEGATIVE},
        brink=(*MARGINS, {"semantic_scale": 0.0}, {"semantic_scale": 1e18}),
        kind="batch",
        outputs=4,
        columns=3,
        extremes=[
            (np.concatenate([np.transpose([ids]), text], axis=1), points)
            for ids, points in BATCHES[:-2]
            for text in POINTS
        ],
    ),
    Case(
        **OF_CLASSES,
        function=embeddings.lifted_struct_loss,
        loss_class=embeddings.LiftedStructLoss,
        changed={"margin": 0.3},
        refused={"margin": NEGATIVE},
        brink=MARGINS,
    ),
    Case(
        **{
            **OF_CLASSES,
            "columns": "batch",
            "extremes": [(ids, s) for ids in CLASSES for s in SCORES]
            + [([3], [[5.0]])],
        },
        function=embeddings.npairs_loss,
        loss_class=embeddings.NpairsLoss,
        changed={},
        refused={},
    ),
    Case(
        function=embeddings.npairs_multilabel_loss,
        loss_class=embeddings.NpairsMultilabelLoss,
        free_columns=True,
        labels=some_labels,
        predictions=vectors,
        changed={},
        refused={},
        kind="batch",
        outputs=3,
        columns="batch",
        extremes=[(labels, s) for labels in LABELS for s in SCORES],
    ),
    Case(
        **OF_CLASSES,
        function=embeddings.nt_xent_loss,
        loss_class=embeddings.NTXentLoss,
        changed={"temperature": 0.5},
        refused={"temperature": NOT_POSITIVE},
        brink=({"temperature": 1e-50}, {"temperature": 1.1e-6}),
        step=1e-6,
    ),
    Case(
        **OF_CLASSES,
        function=embeddings.supervised_contrastive_loss,
        loss_class=embeddings.SupervisedContrastiveLoss,
        changed={"temperature": 0.5},
        refused={"temperature": NOT_POSITIVE},
        brink=({"temperature": 1e-50}, {"temperature": 1.1e-6}),
        step=1e-6,
    ),
    Case(
        **OF_CLASSES,
        function=embeddings.multi_similarity_loss,
        loss_class=embeddings.MultiSimilarityLoss,
        changed={"alpha": 1.0, "beta": 10.0, "base": 0.3, "epsilon": 0.5},
        refused={
            "alpha": NOT_POSITIVE,
            "beta": NOT_POSITIVE,
            "base": NOT_COSINES,
            "epsilon": NEGATIVE,
        },
        brink=(
            {"alpha": 1e-17},
            {"alpha": 1e17},
            {"beta": 1e-17},
            {"beta": 1e17},
            {"base": -1.0},
            {"epsilon": 1e18},
        ),
        step=1e-6,
    ),
    Case(
        **OF_CLASSES,
        function=embeddings.circle_loss,
        loss_class=embeddings.CircleLoss,
        changed={"margin": 0.25, "gamma": 2.0},
        refused={"margin": NOT_COSINES, "gamma": NOT_POSITIVE},
        brink=(
            {"margin": -1.0},
            {"margin": 1.0},
            {"gamma": 9e5},
            {"gamma": 1e7},
        ),
        detached=True,
        step=1e-6,
    ),
    Case(
        **ANGULAR,
        changed={"margin": 0.3, "scale": 8.0},
        refused={"margin": [3.15, *NEGATIVE], "scale": NOT_POSITIVE},
        brink=({"margin": math.pi}, {"margin": 0.0}, {"scale": 1e17}),
    ),
    Case(
        **{
            **ANGULAR,
            "function": embeddings.cosface_loss,
            "loss_class": embeddings.CosFaceLoss,
        },
        changed={"margin": 0.1, "scale": 8.0},
        refused={"margin": NEGATIVE, "scale": NOT_POSITIVE},
        brink=(*MARGINS, {"scale": 1e17}),
    ),
]
