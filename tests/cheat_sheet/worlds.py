"""How the letters of each row of the cheat sheet become labels and predictions.

A `World` draws numbers for a row's variables, builds from them the batch that
the loss is given, and says what the formula's other letters are worth. A
letter is a number, or a list where the formula has an index.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from lossutils.classification import sparsemax


def first(values):
    return values[0]


def average(values):
    return sum(values) / len(values)


def constant(values):
    return tf.constant(values, tf.float64)


class World(NamedTuple):
    """A row's letters as tensors."""

    # random -> the variables, as numbers and lists
    draw: Callable
    # the variables as tensors -> labels, predictions
    batch: Callable
    # the variables, the hyperparameters -> the other letters
    letters: Callable = lambda v, hyper: {}
    # a batch near the lower and one near the upper end of the range, each
    # with hyperparameters of its own, if need be
    low: tuple = ()
    high: tuple = ()
    # the values of the batch -> what the formula says
    pick: Callable = first
    # hyperparameters that the row does not show
    hyper: dict = {}


def column(*values):
    """Returns one sample that holds the values."""
    return tf.stack([tf.cast(value, tf.float64) for value in values])[None]


def batch(labels, predictions, **hyper):
    """Returns an end of a range."""
    return labels, predictions, hyper


# Numbers.


def error(v, hyper):
    return dict(r=v["h"] - v["y"])


def two_normal(random):
    return dict(y=random.normal(scale=2), h=random.normal(scale=2))


def two_positive(random):
    return dict(y=random.gamma(2.0) + 0.1, h=random.gamma(2.0) + 0.1)


def label_and_prediction(v):
    return column(v["y"]), column(v["h"])


def numbers(draw=two_normal, low=([[1.0]], [[1.0]]), high=([[1.0]], [[1e3]])):
    return World(draw, label_and_prediction, error, batch(*low), batch(*high))


WORLDS = {
    "Squared error": numbers(),
    "Absolute error": numbers(),
    "Percentage error": numbers(),
    "Squared log error": numbers(two_positive, high=([[0.0]], [[1e9]])),
    "Huber": numbers(),
    "Log-cosh": numbers(),
    "Charbonnier": numbers(),
    "Poisson": numbers(two_positive, ([[1e3]], [[1e3]]), ([[0.0]], [[1e3]])),
    "Tweedie": numbers(two_positive),
    "Pinball": numbers(),
    "Smooth L1": numbers(),
    "Cosine similarity": World(
        lambda random: dict(theta=random.uniform(0.1, 3.0)),
        lambda v: (
            column(1, 0),
            2 * column(tf.cos(v["theta"]), tf.sin(v["theta"])),
        ),
        low=batch([[1, 2]], [[2, 4]]),
        high=batch([[1, 2]], [[-2, -4]]),
    ),
    "Gaussian likelihood": World(
        lambda random: {**two_normal(random), "s": random.normal()},
        lambda v: (column(v["y"]), column(v["h"], v["s"])),
        error,
        batch([[1.0]], [[1.0, -50.0]]),
        batch([[1.0]], [[9.0, 0.0]]),
    ),
    "Hybrid": World(
        two_normal,
        label_and_prediction,
        lambda v, hyper: dict(
            w_k=hyper["weights"],
            L_k=[(v["h"] - v["y"]) ** 2, abs(v["h"] - v["y"])],
            g_k=[2 * (v["h"] - v["y"]), np.sign(v["h"] - v["y"])],
        ),
        batch([[1.0]], [[1.0]]),
        batch([[1.0]], [[9.0]]),
    ),
}


# Classes.


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def softmax(z):
    powers = np.exp(z)
    return (powers / powers.sum()).tolist()


def one_of_three(random):
    return np.eye(3)[random.randint(3)].tolist()


def scores(random):
    return dict(y_k=one_of_three(random), z_k=random.normal(size=3).tolist())


def chances(v, hyper):
    p = softmax(v["z_k"])
    return dict(p_k=p, p_t=float(np.dot(p, v["y_k"])))


def labels_and_scores(v):
    return v["y_k"][None], v["z_k"][None]


RIGHT = batch([[1, 0, 0]], [[60, 0, 0]])
WRONG = batch([[1, 0, 0]], [[0, 60, 0]])
SCORES = World(scores, labels_and_scores, chances, RIGHT, WRONG)


def margins(low, high):
    return World(
        lambda random: dict(y=random.choice([-1, 1]), z=random.normal()),
        lambda v: (column(v["y"]), column(v["z"])),
        low=low,
        high=high,
    )


AHEAD = batch([[1]], [[2.0]]), batch([[1]], [[-40.0]])


def yes_or_no(random):
    return dict(y=float(random.randint(2)), z=random.normal())


def pixels(random):
    labels = (random.uniform(size=4) < 0.5).astype(float)
    return dict(y_k=labels.tolist(), p_k=random.uniform(0.1, 0.9, 4).tolist())


def counts(v, hyper):
    y, p = np.array(v["y_k"]), np.array(v["p_k"])
    return dict(
        TP=(y * p).sum(), FP=((1 - y) * p).sum(), FN=(y * (1 - p)).sum()
    )


MASK = np.arange(2000)[None] % 2
AREAS = World(
    pixels,
    lambda v: (v["y_k"][None], v["p_k"][None]),
    counts,
    batch(MASK, MASK),
    batch(MASK, 1 - MASK),
)


def far_squared(labels):
    """Returns the squared distance of each label to each of 3 classes."""
    return (np.array(labels)[:, None] - np.arange(3)) ** 2


def disorder(v, hyper):
    w = far_squared([0, 2, 1])
    p = np.array([v["p_k"], *v["others"]])
    return dict(
        N=(w * p).sum(),
        D=w.mean(axis=0) @ p.sum(axis=0),
        w_k=w[0].tolist(),
        v_k=w.mean(axis=0).tolist(),
    )


def disordered(random):
    p = random.dirichlet([1, 1, 1], size=3)
    return dict(p_k=p[0].tolist(), others=p[1:].tolist())


WORLDS |= {
    "Binary cross-entropy": World(
        yes_or_no,
        lambda v: (column(v["y"]), column(v["z"])),
        lambda v, hyper: dict(p=sigmoid(v["z"])),
        batch([[1]], [[60.0]]),
        batch([[1]], [[-60.0]]),
    ),
    "Cross-entropy": SCORES,
    "Sparse cross-entropy": SCORES._replace(
        batch=lambda v: (tf.argmax(v["y_k"])[None], v["z_k"][None]),
        low=batch([0], [[60, 0, 0]]),
        high=batch([0], [[0, 60, 0]]),
    ),
    "Sparsemax": SCORES._replace(
        letters=lambda v, hyper: dict(
            p_k=sparsemax(constant(v["z_k"])).numpy().tolist()
        ),
    ),
    "Poly-1": SCORES,
    "Generalized cross-entropy": SCORES,
    "Focal, categorical": SCORES._replace(
        high=batch([[1, 0, 0]], [[0, 60, 0]], alpha=1.0)
    ),
    "KL divergence": World(
        lambda random: dict(
            y_k=random.dirichlet([1, 1, 1]).tolist(),
            p_k=random.dirichlet([1, 1, 1]).tolist(),
        ),
        lambda v: (v["y_k"][None], v["p_k"][None]),
        low=batch([[0.2, 0.8]], [[0.2, 0.8]]),
        high=batch([[0.0, 1.0]], [[1.0, 0.0]]),
    ),
    "Hinge": margins(*AHEAD),
    "Squared hinge": margins(*AHEAD),
    "Categorical hinge": World(
        lambda random: dict(z_t=random.normal(), other=random.normal()),
        lambda v: (
            column(0, 1, 0),
            column(v["other"] - 1, v["z_t"], v["other"]),
        ),
        lambda v, hyper: dict(z_n=max(v["other"], 0)),
        low=RIGHT,
        high=WRONG,
    ),
    "Dice": AREAS,
    "Tversky": AREAS,
    "F-beta": AREAS._replace(
        batch=lambda v: (v["y_k"], v["p_k"]),
        low=batch(MASK[0], MASK[0]),
        high=batch(MASK[0], 1 - MASK[0]),
        pick=average,
    ),
    "Asymmetric": World(
        lambda random: dict(
            y=float(random.randint(2)), p=random.uniform(0.1, 0.9)
        ),
        lambda v: (column(v["y"]), column(v["p"])),
        lambda v, hyper: dict(p_m=max(v["p"] - hyper["shift"], 0)),
        batch([[1]], [[1.0]]),
        batch([[1]], [[0.0]]),
    ),
    "Weighted kappa": World(
        disordered,
        lambda v: (
            constant(np.eye(3)[[0, 2, 1]]),
            tf.concat([v["p_k"][None], v["others"]], axis=0),
        ),
        disorder,
        batch([[1, 0], [0, 1]], [[1, 0], [0, 1]]),
        batch([[1, 0], [0, 1]], [[0, 1], [1, 0]]),
        pick=average,
    ),
    "Focal, binary": World(
        yes_or_no,
        lambda v: (column(v["y"]), column(v["z"])),
        lambda v, hyper: dict(
            p_t=sigmoid(v["z"] if v["y"] else -v["z"]),
            alpha_t=hyper["alpha"] if v["y"] else 1 - hyper["alpha"],
        ),
        batch([[1]], [[60.0]]),
        batch([[1]], [[-60.0]]),
    ),
}


# Boxes. The target is 4 wide; what moves, moves along x.

APART = batch([[0, 0, 1, 1]], [[1e5, 1e5, 1e5 + 1, 1e5 + 1]])
SAME = batch([[0, 0, 4, 3]], [[0, 0, 4, 3]])


def one_in_sixteen(**letters):
    """Returns letters of a box of area 1 within one of 4 x 4."""
    return dict(I=1, U=16, c=math.sqrt(32), rho=0, v=0, alpha=0) | letters


def shifted(x):
    """Returns a box of 4 x 3, and the same box shifted by x."""
    return column(0, 0, 4, 3), column(x, 0, 4 + x, 3)


def box_of_shape(v):
    """Returns a box of area 1, amid one of 4 x 4, whose shape gives v."""
    ratio = tf.tan(math.pi / 4 + math.pi / 2 * tf.sqrt(v["v"]))
    width = tf.sqrt(ratio)
    x, y = width / 2, 1 / width / 2
    return column(0, 0, 4, 4), column(2 - x, 2 - y, 2 + x, 2 + y)


WORLDS |= {
    "IoU": World(
        lambda random: dict(I=random.uniform(0.5, 11.5)),
        lambda v: shifted(4 - v["I"] / 3),
        lambda v, hyper: dict(U=24 - v["I"]),
        SAME,
        APART,
    ),
    "GIoU": World(
        lambda random: dict(C=random.uniform(25, 60)),
        lambda v: shifted(v["C"] / 3 - 4),
        lambda v, hyper: dict(I=0, U=24),
        SAME,
        APART,
    ),
    "DIoU": World(
        lambda random: dict(rho=random.uniform(0.1, 1.4)),
        lambda v: (
            column(0, 0, 4, 4),
            column(1.5 + v["rho"], 1.5, 2.5 + v["rho"], 2.5),
        ),
        lambda v, hyper: one_in_sixteen(**v),
        SAME,
        APART,
    ),
    "CIoU": World(
        lambda random: dict(v=random.uniform(0.01, 0.15)),
        box_of_shape,
        lambda v, hyper: one_in_sixteen(
            **v, alpha=v["v"] / (1 - 1 / 16 + v["v"])
        ),
        SAME,
        batch([[0, 0, 1, 1e-5]], [[1e5, 1e5, 1e5 + 1e-5, 1e5 + 1]]),
    ),
}


# Embeddings, built from the distances or cosines that the formula names.


def points(squares):
    """Returns points with the given squared distances, the first at 0."""
    squares = tf.stack([tf.stack(row) for row in squares])
    to_first = squares[0, 1:]
    products = (to_first[:, None] + to_first[None] - squares[1:, 1:]) / 2
    return tf.pad(tf.linalg.cholesky(products), [[1, 0], [0, 0]])


def unit_vectors(cosines):
    """Returns unit vectors with the given cosines."""
    return tf.linalg.cholesky(tf.stack([tf.stack(row) for row in cosines]))


def some_cosines(random, n):
    """Returns the cosines of n random unit vectors."""
    vectors = random.normal(size=(n, n))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


# no tensors: other tests set up devices, which the first tensor would fix
ONE, ZERO = np.float64(1), np.float64(0)


def two_and_two(random):
    """Returns cosines of an anchor, its positive, and two negatives."""
    s = some_cosines(random, 4)
    rest = [*s[1, 2:], s[2, 3]]
    return dict(s_p=s[0, 1], s_j=s[0, 2:].tolist(), rest=rest)


def two_and_two_vectors(v):
    s, (a, b), (c, d, e) = v["s_p"], tf.unstack(v["s_j"]), v["rest"]
    vectors = unit_vectors(
        [[ONE, s, a, b], [s, ONE, c, d], [a, c, ONE, e], [b, d, e, ONE]]
    )
    return constant([0, 0, 1, 1]), vectors


HERE, THERE = [1.0, 0.0], [-1.0, 0.0]
LIKE, UNLIKE = [HERE, HERE, THERE, THERE], [HERE, THERE, HERE, THERE]
PAIRS = World(
    two_and_two,
    two_and_two_vectors,
    low=batch([0, 0, 1, 1], LIKE),
    high=batch([0, 0, 1, 1], UNLIKE),
)


def near_and_far(random):
    return dict(d_p=random.gamma(2.0) + 0.1, d_n=random.gamma(2.0) + 0.1)


def triplet(v):
    corners = [[ZERO, ZERO], [v["d_p"], ZERO], [ZERO, v["d_n"]]]
    return constant([0]), tf.stack([tf.stack(c) for c in corners])[None]


def quadruplet(v):
    d_p, d_n, d_k = v["d_p"], v["d_n"], v["d_k"]
    corners = [[ZERO, ZERO], [d_p, ZERO], [ZERO, d_n], [d_k, d_n]]
    return constant([0]), tf.stack([tf.stack(c) for c in corners])[None]


def lines(*x):
    """Returns points on a line."""
    return [[float(each), 0.0] for each in x]


def from_anchor(labels, distances):
    """Returns a batch whose predictions are all distances; see `GIVEN`."""
    n = len(labels)
    rest = np.abs(np.arange(1, n)[:, None] - np.arange(n)) + 1.0
    return constant(labels), tf.concat([column(*distances), rest], axis=0)


# A metric may be a function; this one takes the predictions as distances.
GIVEN = dict(distance_metric=lambda distances: distances)
TWO_CLASSES = dict(
    low=batch([0, 0, 1, 1], lines(0, 0, 50, 50), distance_metric="L2"),
    high=batch([0, 0, 1, 1], lines(0, 500, 1, 2), distance_metric="L2"),
)


def hardest(v):
    near, far = v["d_p"] / 2, v["d_n"] + 1
    return from_anchor([0, 0, 0, 1, 1], [0, near, v["d_p"], far, v["d_n"]])


def semihard(v):
    # the other negative is nearer than the positive, or nearer still
    other = tf.minimum(v["d_p"], v["d_n"]) - 0.1
    return from_anchor([0, 0, 1, 1], [0, v["d_p"], other, v["d_n"]])


def active(v, hyper):
    """Returns the letters of two triplets."""
    m = hyper["margin"] + hyper.get("semantic_scale", 0) * v.get("t", 0)
    terms = m + np.array(v["p_j"]) - np.array(v["n_j"])
    return dict(A=max((terms > 0).sum(), 1), t_j=[v.get("t", 0)] * 2)


def two_triplets(v):
    (p_1, p_2), (n_1, n_2) = tf.unstack(v["p_j"]), tf.unstack(v["n_j"])
    rows = [[ZERO, p_1, n_1], [p_2, ZERO, n_2], [ONE, ONE, ZERO]]
    return constant([0, 0, 1]), tf.stack([tf.stack(row) for row in rows])


def described(random):
    """Returns squared distances of a pair and a stranger, and of their texts.

    Two triplets share the distance of the pair.
    """
    s = some_cosines(random, 3)
    return dict(
        p_j=[2 - 2 * s[0, 1]] * 2,
        n_j=(2 - 2 * s[:2, 2]).tolist(),
        t=random.uniform(0.5, 3.5),
    )


def described_vectors(v):
    p, (n_1, n_2) = 1 - v["p_j"][0] / 2, tf.unstack(1 - v["n_j"] / 2)
    vectors = unit_vectors([[ONE, p, n_1], [p, ONE, n_2], [n_1, n_2, ONE]])
    cosine = 1 - v["t"] / 2
    there = tf.stack([ONE, cosine, tf.sqrt(1 - cosine**2)])
    here = constant([0, 1, 0])
    return tf.stack([here, here, there]), vectors


TEXTS = [[0, 1, 0], [0, 1, 0], [1, 0, 1]]


def four_points(random):
    places = random.normal(size=(4, 3))
    d = np.linalg.norm(places[:, None] - places, axis=-1)
    return dict(d_p=d[0, 1], d_j=[*d[0, 2:], *d[1, 2:]], rest=[d[2, 3]])


def four_places(v):
    p, (a, b, c, d), e = v["d_p"], tf.unstack(v["d_j"]), v["rest"][0]
    distances = [[ZERO, p, a, b], [p, ZERO, c, d], [a, c, ZERO, e]]
    distances.append([b, d, e, ZERO])
    squares = [[x**2 for x in row] for row in distances]
    return constant([0, 0, 1, 1]), points(squares)


def row_of_scores(labels):
    """Returns how scores of the first sample become a batch."""

    def batch(v):
        scores = tf.concat([v["s_p"][None], v["others"]], axis=0)
        return constant(labels), tf.stack([scores, scores + 1, scores - 1])

    return batch


def three_scores(random):
    return dict(s_p=random.normal(), others=random.normal(size=2).tolist())


def all_scores(v, hyper):
    return dict(s_k=[v["s_p"], *v["others"]])


SHARED = [[1, 1], [1, 0], [0, 1]]


def three_and_one(random):
    """Returns cosines of an anchor, two positives and a negative."""
    s = some_cosines(random, 4)
    rest = [*s[1, 2:], s[2, 3]]
    return dict(s_p=s[0, 1:3].tolist(), s_j=[s[0, 3]], rest=rest)


def three_and_one_vectors(v):
    (a, b), (c,), (d, e, f) = (tf.unstack(v[k]) for k in ("s_p", "s_j", "rest"))
    vectors = unit_vectors(
        [[ONE, a, b, c], [a, ONE, d, e], [b, d, ONE, f], [c, e, f, ONE]]
    )
    return constant([0, 0, 0, 1]), vectors


def turned(random):
    return dict(
        theta=random.uniform(0.2, 2.5), c_j=random.uniform(-1, 1, 2).tolist()
    )


WORLDS |= {
    "Contrastive": World(
        lambda random: dict(y=float(random.randint(2)), d=random.uniform(0, 2)),
        lambda v: (column(v["y"]), column(v["d"])),
        low=batch([[1]], [[0.0]]),
        high=batch([[1]], [[9.0]]),
    ),
    "Triplet": World(
        near_and_far,
        triplet,
        low=batch([0], [lines(0, 0, 9)]),
        high=batch([0], [lines(0, 99, 0)]),
    ),
    "Quadruplet": World(
        lambda random: {**near_and_far(random), "d_k": random.gamma(2.0)},
        quadruplet,
        low=batch([0], [lines(0, 0, 9, 99)]),
        high=batch([0], [lines(0, 99, 0, 0)]),
    ),
    "Triplet, batch-all": World(
        lambda random: dict(
            p_j=random.gamma(2.0, size=2).tolist(),
            n_j=random.gamma(2.0, size=2).tolist(),
        ),
        two_triplets,
        active,
        pick=average,
        hyper=GIVEN,
        **TWO_CLASSES,
    ),
    "Triplet, hardest": World(
        near_and_far, hardest, hyper=GIVEN, **TWO_CLASSES
    ),
    "Triplet, semi-hard": World(
        near_and_far, semihard, hyper=GIVEN, **TWO_CLASSES
    ),
    "Adaptive triplet": World(
        described,
        described_vectors,
        active,
        batch(TEXTS, [[1, 0], [1, 0], [-1, 0]]),
        batch(TEXTS, [[1, 0], [1, 0], [1, 0]], margin=99.0),
        pick=average,
    ),
    "Lifted structure": World(
        four_points,
        four_places,
        low=batch([0, 0, 1, 1], lines(0, 0, 50, 50)),
        high=batch([0, 0, 1, 1], lines(0, 50, 0, 50)),
        # half of a pair's loss is with each of its ends
        pick=lambda values: average(values[:2]),
    ),
    "N-pairs": World(
        three_scores,
        row_of_scores([0, 1, 2]),
        all_scores,
        batch([0, 1], [[60, 0], [0, 60]]),
        batch([0, 1], [[0, 60], [60, 0]]),
    ),
    "N-pairs, multilabel": World(
        three_scores,
        row_of_scores(SHARED),
        lambda v, hyper: (
            all_scores(v, hyper) | dict(y_k=[0.5, 0.25, 0.25], y_p=0.5)
        ),
        batch([[1, 0], [0, 1]], [[60, 0], [0, 60]]),
        batch([[1, 0], [0, 1]], [[0, 60], [60, 0]]),
    ),
    "NT-Xent": PAIRS,
    "Circle": PAIRS._replace(
        letters=lambda v, hyper: dict(
            a_p=max(1 + hyper["margin"] - v["s_p"], 0),
            a_j=[max(s + hyper["margin"], 0) for s in v["s_j"]],
        ),
    ),
    "Supervised contrastive": World(
        three_and_one,
        three_and_one_vectors,
        lambda v, hyper: dict(P=2, s_k=[*v["s_p"], *v["s_j"]]),
        batch([0, 0, 0, 1, 1, 1], [HERE] * 3 + [THERE] * 3),
        batch([0, 0, 0, 1, 1, 1], [HERE, THERE, THERE] * 2),
        # of four samples three have a positive
        pick=lambda values: values[0] * 3 / 4,
    ),
    "Multi-similarity": World(
        three_and_one,
        three_and_one_vectors,
        lambda v, hyper: dict(P=2),
        batch([0, 0, 1, 1], LIKE, epsilon=0.1),
        batch([0, 0, 1, 1], UNLIKE, alpha=0.05),
        hyper=dict(epsilon=3.0),  # takes all pairs
    ),
    "ArcFace": World(
        turned,
        lambda v: (
            column(1, 0, 0),
            tf.concat([tf.cos(v["theta"])[None], v["c_j"]], axis=0)[None],
        ),
        low=batch([[1, 0]], [[1.0, -1.0]]),
        high=batch([[1, 0]], [[-1.0, 1.0]]),
    ),
    "CosFace": World(
        lambda random: dict(
            c_t=random.uniform(-1, 1), c_j=random.uniform(-1, 1, 2).tolist()
        ),
        lambda v: (
            column(1, 0, 0),
            tf.concat([v["c_t"][None], v["c_j"]], axis=0)[None],
        ),
        low=batch([[1, 0]], [[1.0, -1.0]]),
        high=batch([[1, 0]], [[-1.0, 1.0]]),
    ),
}
