"""Measures lossutils, TensorFlow Addons and the floor in TensorFlow."""

import importlib

import tensorflow as tf
import tensorflow_addons
from cells import FEW_CLASSES, FLOOR, LOSSES
from measure import serve

# Arguments without which a class of TensorFlow Addons is not the loss meant.
ARGUMENTS = {
    "sigmoid_focal": {"from_logits": True},
    "weighted_kappa": {"num_classes": FEW_CLASSES},
}


def pairwise_product(labels, points):
    """Returns the sum of squares of all products of two rows."""
    return tf.reduce_sum(tf.square(tf.matmul(points, points, transpose_b=True)))


def ours(name):
    """Returns a loss of lossutils."""
    module, function = LOSSES[name].ours.split(".")
    loss = getattr(importlib.import_module(f"lossutils.{module}"), function)
    if name == "sigmoid_focal":
        return lambda y_true, y_pred: loss(y_true, y_pred, from_logits=True)
    return loss


def addons(name):
    """Returns a loss of TensorFlow Addons, before Keras reduces it."""
    loss_class = getattr(tensorflow_addons.losses, LOSSES[name].addons)
    loss = loss_class(**ARGUMENTS.get(name, {})).call
    if name == "sigmoid_focal":  # which sums over the last axis
        return lambda y_true, y_pred: (
            loss(y_true, y_pred) / tf.cast(tf.shape(y_pred)[-1], tf.float32)
        )
    return loss


def distances(points):
    """Returns the distance between each two rows, zero on the diagonal."""
    squares = tf.reduce_sum(tf.square(points), axis=1)
    products = tf.matmul(points, points, transpose_b=True)
    squared = squares[:, tf.newaxis] - 2 * products + squares
    apart = squared > 1e-12
    return tf.where(apart, tf.sqrt(tf.where(apart, squared, 1.0)), 0.0)


def labels_and_predictions(inputs, labels, arrays):
    """Makes what the loss takes from embeddings: part of what is measured."""
    if inputs in {"similarities", "multilabels"}:
        return labels, tf.matmul(arrays[0], arrays[0], transpose_b=True)
    if inputs == "pairs":
        same = labels[:, tf.newaxis] == labels
        return tf.cast(same, tf.float32), distances(arrays[0])
    if inputs == "cosines":
        points, weights = arrays
        cosines = tf.matmul(
            tf.math.l2_normalize(points, axis=1),
            tf.math.l2_normalize(weights, axis=0),
        )
        return tf.one_hot(labels, tf.shape(weights)[1]), cosines
    return labels, arrays[0]


def signature(small, large):
    """Returns the signature of both: an axis is open where they differ.

    So a graph is laid out once, as in `fit`, where the last batch of an epoch
    may be smaller.
    """
    specs = []
    for one, other in zip(small, large, strict=True):
        axes = zip(one.shape, other.shape, strict=True)
        shape = [length if length == same else None for length, same in axes]
        specs.append(tf.TensorSpec(shape, one.dtype))
    return specs


def build(cell, *samples):
    """Returns, for each sample, what computes the loss and its gradient."""
    who, _, compiled = cell.implementation.partition(" ")
    if cell.loss == FLOOR:
        function = pairwise_product
    else:
        function = ours(cell.loss) if who == "lossutils" else addons(cell.loss)
    inputs = LOSSES[cell.loss].inputs

    @tf.function(jit_compile=bool(compiled))
    def step(labels, *arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            terms = function(*labels_and_predictions(inputs, labels, arrays))
            loss = tf.reduce_mean(terms)
        slopes = tape.gradient(loss, arrays)
        # Those of tf.gather are sparse: the layer before would densify them.
        return loss, *(tf.convert_to_tensor(slope) for slope in slopes)

    samples = [
        [tf.constant(array) for array in (labels, *arrays)]
        for labels, arrays in samples
    ]
    traced = step.get_concrete_function(*signature(*samples))
    return [lambda given=each: traced(*given)[:2] for each in samples]


if __name__ == "__main__":
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    serve(
        build,
        ["tensorflow", "keras", "tensorflow-addons", "numpy", "lossutils"],
    )
