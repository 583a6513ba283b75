"""The mined losses again, where the table has too few samples."""

import numpy as np
import pytest
import tensorflow as tf

from lossutils import pairs, reference

MINED = {
    "triplet_semihard_loss": lambda x, ids: pairs.semihard_triplets(
        x, ids, 0.5, "L2"
    ),
    "triplet_hard_loss": lambda x, ids: pairs.hardest_triplets(
        x, ids, 0.5, False, "L2"
    ),
    "triplet_batch_all_loss": lambda x, ids: pairs.all_triplets(
        x, ids, 0.5, False, "L2"
    ),
    "lifted_struct_loss": lambda x, ids: pairs.lifted_structure(x, ids, 0.5),
}
each_loss = pytest.mark.parametrize("name", MINED)


def batch(n, classes, seed=0):
    random = np.random.RandomState(seed)
    return random.normal(size=(n, 3)), random.randint(0, classes, size=n)


def shares(name, points, ids, weights):
    """Returns the shares, and the slope of their weighted sum."""
    points = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(points)
        values = MINED[name](points, tf.constant(ids, tf.int32))
        total = tf.reduce_sum(values * weights)
    return values.numpy(), tape.gradient(total, points).numpy()


@each_loss
@pytest.mark.parametrize("n", [1, 4, 5, 9])
def test_rows_in_several_blocks(name, n, monkeypatch):
    points, ids = batch(n, 2)
    weights = np.linspace(0.5, 2, n)
    whole = shares(name, points, ids, weights)
    monkeypatch.setattr(pairs, "ROWS", 4)
    for one, other in zip(
        whole, shares(name, points, ids, weights), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


@each_loss
@pytest.mark.parametrize("classes", [1, 2, 3, 20])
def test_many_class_mates(name, classes, monkeypatch):
    # with equal points among others, also of another class
    points, ids = batch(20, classes)
    points[3:6] = points[0]
    weights = np.linspace(0.5, 2, 20)
    few = shares(name, points, ids, weights)
    monkeypatch.setattr(pairs, "FEW_MATES", 2)
    for one, other in zip(few, shares(name, points, ids, weights), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    expected = getattr(reference, name)(
        ids.tolist(), points.tolist(), margin=0.5
    )
    np.testing.assert_allclose(few[0], expected, rtol=1e-9, atol=1e-12)


@each_loss
@pytest.mark.parametrize("n", [0, 1, 6])
def test_the_number_of_samples_may_be_unknown(name, n):
    points, ids = batch(n, 2)
    function = tf.function(
        MINED[name],
        input_signature=[
            tf.TensorSpec([None, None], tf.float64),
            tf.TensorSpec([None], tf.int32),
        ],
    )
    values = function(points, ids)
    assert values.shape == (n,)
    np.testing.assert_allclose(values, MINED[name](points, ids), rtol=1e-12)


@each_loss
def test_near_duplicates_are_told_apart(name):
    """Where |a|^2 - 2 a.b + |b|^2 keeps no digit, subtraction does."""
    points = np.array([[0.6, 0.8], [0.6, 0.8 + 1e-4], [-1.0, 0.0]], np.float32)
    double = points.astype(np.float64)
    ids, weights = [0, 0, 1], np.ones(3)
    value, slope = shares(name, points, ids, weights.astype(np.float32))
    expected, expected_slope = shares(name, double, ids, weights)
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_allclose(slope, expected_slope, rtol=2e-3, atol=1e-4)


@each_loss
def test_far_from_the_origin(name):
    points, ids = batch(12, 3)
    points = points.astype(np.float32)
    weights = np.ones(12, np.float32)
    near, _ = shares(name, points, ids, weights)
    # powers of two, so that moving the points loses few of their own digits
    far, _ = shares(
        name, np.round(points * 2**10) / 2**10 + 2**10, ids, weights
    )
    np.testing.assert_allclose(far, near, rtol=5e-3)


@each_loss
def test_memory_does_not_grow_with_the_cube(name):
    """No tensor of the traced graph is larger than n squared, or n by k."""
    n = 200
    points, ids = batch(n, 50)
    traced = tf.function(MINED[name]).get_concrete_function(
        tf.constant(points), tf.constant(ids, tf.int32)
    )
    graphs = [traced.graph]
    graphs += [
        f.graph for f in traced.graph._functions.values() if hasattr(f, "graph")
    ]
    sizes = [
        tensor.shape.num_elements() or 0
        for graph in graphs
        for op in graph.get_operations()
        for tensor in op.outputs
    ]
    assert max(sizes) <= n * n


def test_cosines_of_nothing_are_zero():
    values = pairs.cosines(tf.constant([[0.0, 0.0], [1.0, 0.0]]))
    assert values.numpy().tolist() == [[0.0, 0.0], [0.0, 1.0]]
