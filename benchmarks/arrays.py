"""The same arrays for every library, from a seed."""

import numpy as np
from cells import DIMENSION, FEW_CLASSES


def unit_rows(array):
    """Returns the rows, each divided by its length."""
    return array / np.linalg.norm(array, axis=-1, keepdims=True)


def embeddings(random, n, classes):
    """Returns ids and embeddings that lie about the centres of classes.

    So spread that a class mate is nearer than most other samples but not
    than all: there are semi-hard triplets and hard ones.
    """
    ids = random.permutation(np.arange(n) % classes)
    centres = random.standard_normal((classes, DIMENSION))
    spread = random.standard_normal((n, DIMENSION))
    return ids, unit_rows(centres[ids] + 1.5 * spread)


def make(inputs, n, classes):
    """Returns labels, and the arrays that the loss is differentiated by.

    Args:
        inputs: "ids", "similarities" or "pairs" (embeddings with class ids),
            "multilabels" (embeddings with several labels each), "cosines"
            (embeddings and the weights of a head), "distances", "numbers",
            "logits", "one_hot", "boxes" or "probabilities".
        n: size of the batch.
        classes: how many classes it has, where it has ids.
    """
    random = np.random.default_rng(0)
    if inputs in {"ids", "similarities", "pairs", "cosines"}:
        labels, points = embeddings(random, n, classes)
        arrays = [points]
        if inputs == "cosines":
            arrays.append(random.standard_normal((DIMENSION, classes)))
    elif inputs == "multilabels":
        labels = (random.random((n, 32)) < 0.1).astype("float32")
        labels[np.arange(n), random.integers(0, 32, n)] = 1
        arrays = [unit_rows(random.standard_normal((n, DIMENSION)))]
    elif inputs == "distances":
        labels = random.integers(0, 2, n).astype("float32")
        arrays = [2 * random.random(n)]
    elif inputs == "numbers":
        labels = random.standard_normal((n, DIMENSION)).astype("float32")
        arrays = [random.standard_normal((n, DIMENSION))]
    elif inputs == "logits":
        labels = (random.random((n, DIMENSION)) < 0.1).astype("float32")
        arrays = [random.standard_normal((n, DIMENSION))]
    elif inputs == "one_hot":
        labels = np.eye(DIMENSION, dtype="float32")[
            random.integers(0, DIMENSION, n)
        ]
        arrays = [random.standard_normal((n, DIMENSION))]
    elif inputs == "boxes":
        corners = random.random((2, n, DIMENSION, 2))
        sides = 0.05 + 0.4 * random.random((2, n, DIMENSION, 2))
        boxes = np.concatenate([corners, corners + sides], axis=-1)
        labels, arrays = boxes[0].astype("float32"), [boxes[1]]
    elif inputs == "probabilities":
        labels = np.eye(FEW_CLASSES, dtype="float32")[
            random.integers(0, FEW_CLASSES, n)
        ]
        powers = np.exp(random.standard_normal((n, FEW_CLASSES)))
        arrays = [powers / powers.sum(axis=1, keepdims=True)]
    else:
        raise ValueError(f"unknown inputs {inputs!r}")
    return labels, [array.astype("float32") for array in arrays]
