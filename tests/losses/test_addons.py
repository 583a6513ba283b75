"""`lossutils.addons` against TensorFlow Addons itself, where it installs.

Every class and function, in value and gradient, on a thousand random inputs
or more each. Run with `-rP` to see the largest differences.
"""

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from lossutils import addons as ours

if sys.version_info >= (3, 12):
    pytest.skip(
        "TensorFlow Addons ends with Python 3.11", allow_module_level=True
    )

import tensorflow_addons  # noqa: E402
from losses.case import classes, one_hot  # noqa: E402
from tensorflow_addons.losses import metric_learning  # noqa: E402

theirs = tensorflow_addons.losses
NAMES = [name for name in dir(theirs) if callable(getattr(theirs, name))]

# How far results may lie apart: values relative to TFA's, gradients relative
# to the length of TFA's. What comes in half precision stays so in TFA.
TOLERANCE = {tf.float32: 1e-5, tf.float16: 1e-2}


def apart(actual, expected, rows):
    """Returns the largest distance of two rows, relative to the second.

    To the length of a row a part of the usual length is added, because terms
    that cancel leave their rounding: in float32 1e-6 of it are allowed.
    """
    part = 1 if expected.dtype == np.float16 else 0.1
    actual, expected = (
        np.reshape(tf.cast(array, tf.float64), (rows, -1))
        for array in (actual, expected)
    )
    lengths = np.linalg.norm(expected, axis=1)
    usual = np.sqrt(np.mean(lengths**2)) or 1.0
    distances = np.linalg.norm(actual - expected, axis=1)
    return np.max(distances / (lengths + part * usual))


def value_and_gradient(function, labels, predictions):
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = function(labels, predictions)
    return value, tf.convert_to_tensor(tape.gradient(value, predictions))


def arguments(thing):
    """Returns names and defaults of what may be given by position."""
    return [
        (each.name, each.default)
        for each in inspect.signature(thing).parameters.values()
        if each.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_are_the_same_in_the_same_order(name):
    # but for the reductions, of which TFA has three
    mean = "sum_over_batch_size"
    expected = [
        (argument, mean if argument == "reduction" else default)
        for argument, default in arguments(getattr(theirs, name))
    ]
    assert arguments(getattr(ours, name)) == expected


def test_all_11_classes_and_10_functions_are_compared():
    tested = {case.function for case in (*SAMPLES, *BATCHES)}
    tested |= {case.loss_class for case in (*SAMPLES, *BATCHES)}
    assert tested - {None} == set(NAMES)
    assert len(NAMES) == 21


# Losses that look at one sample: a thousand samples are a thousand inputs.


@dataclasses.dataclass(frozen=True)
class Samples:
    """A loss of each sample, and how to draw labels and predictions."""

    function: str
    loss_class: str
    labels: Callable
    predictions: Callable
    shapes: tuple
    settings: tuple = ({},)
    dtypes: tuple = (tf.float32, tf.float16)

    def by_function(self, module, setting):
        if self.function == "sparsemax_loss":
            # TFA has its arguments the other way round
            return lambda y, z: module.sparsemax_loss(z, sparsemax(z), y)
        return functools.partial(getattr(module, self.function), **setting)

    def by_class(self, module, setting, reduction="none"):
        loss_class = getattr(module, self.loss_class)
        return loss_class(**setting, reduction=reduction)

    def by_mean(self, module, setting):
        return self.by_class(module, setting, "sum_over_batch_size")


sparsemax = tensorflow_addons.activations.sparsemax


def binary(random, shape):
    return random.randint(2, size=shape)


def normal(random, shape):
    return random.normal(scale=2, size=shape)


def uniform(random, shape):
    return random.uniform(0.01, 0.99, size=shape)


def logits(random, shape):
    """Numbers for which 1 - sigmoid keeps its digits in TFA."""
    return random.uniform(-4, 4, size=shape)


def boxes(random, shape):
    """Corners of boxes, some of which meet and some do not."""
    low = random.randint(0, 400, size=(*shape[:-1], 2))
    sides = random.randint(30, 400, size=(*shape[:-1], 2))
    return np.concatenate([low, low + sides], axis=-1) / 128


def other_boxes(random, shape):
    """Boxes on other lines: on the same ones, slopes are a matter of taste."""
    return boxes(random, shape) + 1 / 256


SHAPES = ((1200, 1), (1200, 5), (40, 30, 3))
PINBALL = "pinball_loss", "PinballLoss", normal, normal
FOCAL = "sigmoid_focal_crossentropy", "SigmoidFocalCrossEntropy", binary
FOCAL_SETTINGS = {}, {"alpha": 0.6, "gamma": 0.0}, {"gamma": 1.5}
SAMPLES = [
    Samples(
        "contrastive_loss",
        "ContrastiveLoss",
        binary,
        uniform,
        ((1200,),),
        ({}, {"margin": 0.3}),
    ),
    Samples(
        "giou_loss",
        "GIoULoss",
        boxes,
        other_boxes,
        ((1200, 4), (40, 30, 4)),
        ({}, {"mode": "iou"}),
    ),
    Samples(*PINBALL, SHAPES, ({}, {"tau": 0.01}, {"tau": 0.9})),
    Samples(*PINBALL, ((1200, 3),), ({"tau": [0.1, 0.5, 0.9]},)),
    Samples(*FOCAL, uniform, SHAPES, FOCAL_SETTINGS),
    Samples(
        *FOCAL,
        logits,
        SHAPES,
        tuple({**each, "from_logits": True} for each in FOCAL_SETTINGS),
    ),
    Samples(
        "sparsemax_loss",
        "SparsemaxLoss",
        one_hot,
        lambda random, shape: random.normal(size=shape),
        ((1200, 2), (1200, 10)),
        dtypes=(tf.float32,),
    ),
]


@pytest.mark.parametrize("way", ["by_function", "by_class", "by_mean"])
@pytest.mark.parametrize(
    ("case", "dtype"),
    [(case, dtype) for case in SAMPLES for dtype in case.dtypes],
    ids=lambda value: getattr(value, "name", None) or value.function,
)
def test_losses_of_samples(case, dtype, way, record_property):
    found = []
    for seed, shape in enumerate(case.shapes):
        random = np.random.RandomState(seed)
        labels = tf.cast(case.labels(random, shape), dtype)
        predictions = tf.cast(case.predictions(random, shape), dtype)
        for setting in case.settings:
            (value, slope), (value_expected, slope_expected) = (
                value_and_gradient(
                    getattr(case, way)(module, setting), labels, predictions
                )
                for module in (ours, theirs)
            )
            assert value.shape == value_expected.shape
            found.append(
                (
                    apart(value, value_expected, np.size(value)),
                    apart(slope, slope_expected, np.prod(shape[:-1] or shape)),
                )
            )
    largest = np.max(found, axis=0)
    record_property("largest_differences", largest.tolist())
    print(f"{case.function} {dtype.name} {way}: %.1e, slope %.1e" % (*largest,))
    assert largest.max() < TOLERANCE[dtype]


def test_pinball_loss_of_one_axis():
    """Of one axis, TFA's function gives the mean, and so does ours."""
    random = np.random.RandomState(0)
    labels, predictions = tf.constant(normal(random, (2, 1200)), tf.float32)
    for way in (
        lambda module: functools.partial(module.pinball_loss, tau=0.3),
        lambda module: module.PinballLoss(0.3),
    ):
        for actual, expected in zip(
            value_and_gradient(way(ours), labels, predictions),
            value_and_gradient(way(theirs), labels, predictions),
            strict=True,
        ):
            assert actual.shape == expected.shape
            assert apart(actual, expected, np.size(expected)) < 1e-5


# Losses that look at the whole batch: a thousand batches.


@dataclasses.dataclass(frozen=True)
class Batches:
    """A loss of a whole batch, and how to draw one."""

    function: str | None
    loss_class: str
    # Returns labels and predictions of a batch.
    draw: Callable
    # Samples, numbers of a prediction, settings.
    variants: tuple
    # Whether it chooses among distances.
    mines: bool = False

    def losses(self, module, setting):
        yield getattr(module, self.loss_class)(**setting)
        if self.function:
            yield functools.partial(getattr(module, self.function), **setting)


def ids(random, n):
    """Returns classes, more than one of them, and a pair."""
    found = random.randint(0, n // 3 + 1, size=n)
    found[:3] = [0, 0, 1]
    return random.permutation(found)


def unit(random, *shape):
    """Returns vectors of length 1."""
    vectors = random.normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def vectors(random, n, length):
    return ids(random, n), unit(random, n, length)


def vectors_with_company(random, n, length):
    return classes(random, (n,)), unit(random, n, length)


def similarities(random, n, columns):
    return ids(random, n), normal(random, (n, columns))


def similarities_of_several(random, n, columns):
    labels = random.randint(2, size=(n, 5))
    labels[range(n), random.randint(5, size=n)] = 1
    return labels, normal(random, (n, columns))


def good_guesses(random, n, columns):
    """Returns classes, and probabilities that favour them."""
    labels = one_hot(random, (n, columns))
    powers = np.exp(random.normal(size=(n, columns)) + 2 * labels)
    return labels, powers / powers.sum(axis=1, keepdims=True)


def city_block(embeddings):
    differences = embeddings[:, tf.newaxis] - embeddings[tf.newaxis]
    return tf.reduce_sum(tf.abs(differences), axis=-1)


def distances(embeddings, distance_metric="L2", **_):
    """Returns the matrix from which TFA chooses its triplets."""
    if callable(distance_metric):
        return distance_metric(embeddings)
    if distance_metric == "angular":
        return metric_learning.angular_distance(embeddings)
    return metric_learning.pairwise_distance(
        embeddings, squared=distance_metric == "squared-L2"
    )


def is_near_tie(matrix, margin=1.0, **_):
    """Whether rounding may decide what is chosen, or whether it counts.

    That is where two distances from a sample are the same to a millionth of
    the largest, or differ by the margin.
    """
    n = len(matrix)
    others = matrix[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    gaps = others[:, :, np.newaxis] - others[:, np.newaxis]
    to_margin = np.min(np.abs(gaps + margin))
    gaps[:, range(n - 1), range(n - 1)] = np.inf
    return min(np.min(np.abs(gaps)), to_margin) <= 1e-6 * matrix.max()


TRIPLETS = (
    (8, 16, {}),
    (16, 8, {"margin": 0.2, "distance_metric": "squared-L2"}),
    (24, 8, {"margin": 0.5, "distance_metric": "angular"}),
    (12, 4, {"margin": 3.0, "distance_metric": city_block}),
)
SQUARES = (8, 8, {}), (12, 12, {}), (24, 24, {})
BATCHES = [
    Batches(
        "triplet_semihard_loss",
        "TripletSemiHardLoss",
        vectors,
        TRIPLETS,
        mines=True,
    ),
    Batches(
        "triplet_hard_loss",
        "TripletHardLoss",
        vectors_with_company,
        (*TRIPLETS, (16, 8, {"soft": True})),
        mines=True,
    ),
    Batches(
        "lifted_struct_loss",
        "LiftedStructLoss",
        vectors,
        ((8, 4, {}), (16, 8, {"margin": 0.2}), (24, 16, {"margin": 3.0})),
    ),
    Batches("npairs_loss", "NpairsLoss", similarities, SQUARES),
    Batches(
        "npairs_multilabel_loss",
        "NpairsMultilabelLoss",
        similarities_of_several,
        SQUARES,
    ),
    Batches(
        None,
        "WeightedKappaLoss",
        good_guesses,
        (
            (32, 4, {"num_classes": 4}),
            (16, 2, {"num_classes": 2, "epsilon": 0.01}),
            (64, 6, {"num_classes": 6, "weightage": "linear"}),
        ),
    ),
]


BATCHES_OF = {tf.float32: 1000, tf.float16: 100}


def in_pairs(results):
    """Yields all values of ours and theirs, then all gradients, and so on."""
    for ways in (0, 1)[: len(results[0]) // 2]:
        for part in (0, 1):
            yield tuple(
                np.stack([result[way][part] for result in results])
                for way in (ways, ways + len(results[0]) // 2)
            )


@pytest.mark.parametrize("dtype", BATCHES_OF, ids=lambda dtype: dtype.name)
@pytest.mark.parametrize("case", BATCHES, ids=lambda case: case.loss_class)
def test_losses_of_batches(case, dtype, record_property):
    found, left_out, seed = [], 0, 0
    # TFA makes float32 of half precision, so one variant shows it
    variants = case.variants if dtype == tf.float32 else case.variants[:1]
    for n, columns, setting in variants:

        @tf.function
        def run(labels, predictions, setting=setting):
            exact = tf.cast(predictions, tf.float32)
            matrix = distances(exact, **setting) if case.mines else exact
            return matrix, [
                value_and_gradient(loss, labels, predictions)
                for module in (ours, theirs)
                for loss in case.losses(module, setting)
            ]

        results = []
        while len(results) < BATCHES_OF[dtype] / len(variants):
            seed += 1
            random = np.random.RandomState(seed)
            labels, predictions = case.draw(random, n, columns)
            matrix, result = run(
                tf.constant(labels), tf.cast(predictions, dtype)
            )
            if case.mines and is_near_tie(matrix.numpy(), **setting):
                left_out += 1
            else:
                results.append(result)
        for actual, expected in in_pairs(results):
            assert actual.shape == expected.shape
            found.append(apart(actual, expected, len(results)))
    largest = np.max(np.reshape(found, (-1, 2)), axis=0)
    record_property("largest_differences", largest.tolist())
    record_property("near_ties_left_out", left_out)
    print(
        f"{case.loss_class} {dtype.name}: %.1e, slope %.1e;" % (*largest,),
        f"{left_out} of {seed} batches left out",
    )
    assert largest.max() < TOLERANCE[dtype]
    assert left_out < 0.03 * seed
