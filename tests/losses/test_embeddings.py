"""What is peculiar to one loss of the family."""

import math

import numpy as np
import pytest
import tensorflow as tf

from lossutils import embeddings
from lossutils.embeddings import (
    AdaptiveTripletLoss,
    ArcFaceLoss,
    CircleLoss,
    CosineHead,
    LiftedStructLoss,
    MultiSimilarityLoss,
    NpairsLoss,
    NpairsMultilabelLoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
    TripletBatchAllLoss,
    TripletHardLoss,
    TripletSemiHardLoss,
    adaptive_triplet_loss,
    arcface_loss,
    circle_loss,
    contrastive_loss,
    cosface_loss,
    lifted_struct_loss,
    multi_similarity_loss,
    npairs_loss,
    npairs_multilabel_loss,
    nt_xent_loss,
    quadruplet_loss,
    supervised_contrastive_loss,
    triplet_batch_all_loss,
    triplet_hard_loss,
    triplet_loss,
    triplet_semihard_loss,
)

# Losses that take classes and embeddings, each with its class.
OF_CLASSES = {
    triplet_semihard_loss: TripletSemiHardLoss,
    triplet_hard_loss: TripletHardLoss,
    triplet_batch_all_loss: TripletBatchAllLoss,
    lifted_struct_loss: LiftedStructLoss,
    nt_xent_loss: NTXentLoss,
    supervised_contrastive_loss: SupervisedContrastiveLoss,
    multi_similarity_loss: MultiSimilarityLoss,
    circle_loss: CircleLoss,
}
MINED = [triplet_semihard_loss, triplet_hard_loss, triplet_batch_all_loss]
each = pytest.mark.parametrize("function", OF_CLASSES, ids=lambda f: f.__name__)
each_mined = pytest.mark.parametrize(
    "function", MINED, ids=lambda f: f.__name__
)

# Eight vectors, no two of them alike.
POINTS = np.random.RandomState(0).normal(size=(8, 4)).astype(np.float32)
IDS = [0, 0, 1, 1, 2, 2, 0, 1]


def column(numbers):
    """Returns points on a line."""
    return np.reshape(np.float32(numbers), (-1, 1))


def at_angles(*degrees):
    """Returns points on a circle."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def gradient(function, labels, predictions, **hyper):
    """Returns the slope of the mean loss."""
    predictions = tf.constant(predictions, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = tf.reduce_mean(function(labels, predictions, **hyper))
    slope = tape.gradient(value, predictions)
    return tf.convert_to_tensor(slope).numpy()


def assert_values(actual, expected, rtol=1e-5):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-6)


# Pairs


def test_contrastive_label_1_means_the_same_class():
    # 0.5^2, and (2 - 0.5)^2
    value = contrastive_loss([1, 0], [0.5, 0.5], margin=2.0)
    assert_values(value, [0.25, 2.25])


# Explicit triplets and quadruplets


def test_triplet_by_hand():
    # the right triangle 3-4-5, distances 5 and 4
    triplet = [[[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]]
    assert_values(triplet_loss([0], triplet), [1 + 5 - 4])
    value = triplet_loss([0], triplet, distance_metric="squared-L2")
    assert_values(value, [1 + 25 - 16])
    # angles of 90 and 60 degrees
    turned = [[[1.0, 0.0], [0.0, 2.0], [0.5, math.sqrt(0.75)]]]
    value = triplet_loss([0], turned, distance_metric="angular")
    assert_values(value, [1 + 1 - 0.5])


def test_quadruplet_by_hand():
    # distances 2, 3 and 1
    value = quadruplet_loss([0], [[[0.0], [2.0], [3.0], [4.0]]], margin_1=6.0)
    assert_values(value, [(4 - 9 + 6) + (4 - 1 + 0.5)])


@pytest.mark.parametrize(
    ("function", "count"), [(triplet_loss, 3), (quadruplet_loss, 4)]
)
def test_the_number_of_embeddings_is_checked(function, count):
    for shape in [(2, count), (2, count - 1, 5), (2, count, 5, 1)]:
        with pytest.raises(ValueError) as refusal:
            function([0, 0], np.zeros(shape))
        assert f"{count} embeddings per sample" in str(refusal.value)
        assert str(shape) in str(refusal.value)


def test_equal_embeddings_of_a_triplet_have_no_slope():
    for metric in ("L2", "squared-L2", "angular"):
        slope = gradient(
            triplet_loss, [0], np.ones((1, 3, 2)), distance_metric=metric
        )
        np.testing.assert_allclose(slope, 0, atol=1e-6)


# Mined triplets


def test_semihard_by_hand():
    # of 0 and 1, and negatives at 0.5, 1.5 and 4: the nearest beyond the
    # positive; of 4, 0.5 and 1.5 the nearest beyond, or else the farthest
    value = triplet_semihard_loss(
        [0, 0, 1, 1, 1], column([0, 1, 0.5, 1.5, 4]), margin=2.0
    )
    expected = [
        2 + 1 - 1.5,
        2 + 1 - 3,
        (2 + 1 - 0.5) + (2 + 3.5 - 0.5),
        (2 + 1 - 1.5) + (2 + 2.5 - 1.5),
        (2 + 3.5 - 4) + (2 + 2.5 - 3),
    ]
    assert_values(value, 5 * np.array(expected) / 8)


def test_semihard_negatives_are_strictly_farther():
    # both at distance 1 from 0: the negative at 3 is the next beyond
    value = triplet_semihard_loss([0, 0, 1, 1], column([0, 1, -1, 3]))
    # pairs 0 and 1: 1 + 1 - 3, 1 + 1 - 2; pairs -1 and 3: the farthest
    assert_values(value, [0, 0, 4 * (1 + 4 - 2) / 4, 4 * (1 + 4 - 3) / 4])


def test_hard_by_hand():
    # farthest positive, nearest negative: 3 and 1, 2 and 2, 3 and 1; the
    # class 1 has no positive and does not count
    points = column([0, 1, 3, -1])
    value = triplet_hard_loss([0, 0, 0, 1], points)
    assert_values(value, 4 * np.array([1 + 2, 1 + 0, 1 + 3 - 4, 0]) / 3)
    value = triplet_hard_loss([0, 0, 0, 1], points, soft=True)
    softplus = np.log1p(np.exp([2, 0, -1]))
    assert_values(value, [*4 * softplus / 3, 0])


def test_batch_all_by_hand():
    # with margin 1, of (0, 1) and (0, 3) at distances 1 and 3, and a negative
    # at distance 1 from 0, 2 from 1 and 4 from 3
    value = triplet_batch_all_loss([0, 0, 0, 1], column([0, 1, 3, -1]))
    # active: 1 and 3 of the first, 1 of the second; 0 does not count
    assert_values(value, 4 * np.array([1 + 3, 1, 0, 0]) / 3)


def test_soft_margins_do_not_overflow():
    points = 1e4 * POINTS
    for function in (triplet_hard_loss, triplet_batch_all_loss):
        assert np.isfinite(function(IDS, points, soft=True)).all()
        assert np.isfinite(gradient(function, IDS, points, soft=True)).all()


@each_mined
def test_near_duplicates_have_a_slope_of_one(function):
    # a pair 1e-4 apart along x, ten from the origin, and a negative along y
    points = [[10, 10], [10.0001, 10], [10, 13]]
    slope = gradient(function, [0, 0, 1], points, margin=5.0)
    # each of the pair is pulled by both of its triplets, half of the mean
    np.testing.assert_allclose(slope[:2, 0], [-1, 1], rtol=1e-4)


def test_near_duplicates_of_an_explicit_triplet_have_a_slope_of_one():
    triplet = [[[10, 10], [10.0001, 10], [10, 13]]]
    slope = gradient(triplet_loss, [0], triplet, margin=5.0)
    np.testing.assert_allclose(slope[0, :2, 0], [-1, 1], rtol=1e-6)


def city_block(points):
    return tf.reduce_sum(tf.abs(points[:, tf.newaxis] - points), -1)


@each_mined
def test_distances_may_be_a_function(function):
    on_a_line = column(POINTS[:, 0])
    # on a line the city block distance is the usual one
    np.testing.assert_allclose(
        function(IDS, on_a_line, distance_metric=city_block),
        function(IDS, on_a_line),
        rtol=1e-5,
        atol=1e-6,
    )


register = tf.keras.utils.register_keras_serializable(package="tests")


@pytest.mark.parametrize(
    "loss_class", [OF_CLASSES[f] for f in MINED], ids=lambda c: c.__name__
)
def test_a_function_for_distances_is_saved(loss_class):
    loss = loss_class(distance_metric=register(city_block))
    again = loss_class.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    np.testing.assert_array_equal(again(IDS, POINTS), loss(IDS, POINTS))


def test_adaptive_by_hand():
    # squared distances of directions 2, 0; of texts 2; margin 0.5 + 0.25 * 2
    labels = [[5, 3, 0], [5, 3, 0], [6, 0, 2]]
    points = [[7.0, 0.0], [0.0, 0.1], [0.0, 1.0]]
    value = adaptive_triplet_loss(labels, points, margin=0.5)
    assert_values(value, 3 * np.array([1 + 2 - 2, 1 + 2 - 0, 0]) / 2)


def test_adaptive_without_texts_is_batch_all():
    texts = np.random.RandomState(1).normal(size=(8, 3))
    labels = np.concatenate([np.transpose([IDS]), texts], axis=1)
    directions = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
    np.testing.assert_allclose(
        adaptive_triplet_loss(labels, POINTS, semantic_scale=0),
        triplet_batch_all_loss(
            IDS, directions, margin=0.2, distance_metric="squared-L2"
        ),
        rtol=1e-5,
        atol=1e-6,
    )


def test_adaptive_needs_a_text():
    for labels in (np.zeros((8, 1)), np.zeros(8), np.zeros((7, 4))):
        for loss in (adaptive_triplet_loss, AdaptiveTripletLoss()):
            with pytest.raises(ValueError) as refusal:
                loss(labels, POINTS)
            assert str(labels.shape) in str(refusal.value)


# Lifted structure


def test_lifted_by_hand():
    # one pair at distance 0, each with one negative at distance 1: log(2 e^0)
    value = lifted_struct_loss([0, 0, 1], column([0, 0, 1]))
    assert_values(value, [3 * math.log(2) ** 2 / 4] * 2 + [0])


def test_lifted_near_duplicates_have_the_slope_of_their_hinge():
    points = [[10, 10], [10.0001, 10], [10, 13]]
    slope = gradient(lifted_struct_loss, [0, 0, 1], points, margin=5.0)
    # J^2 / 2 has the slope J
    hinge = 5 - 3 + math.log(2)
    np.testing.assert_allclose(slope[:2, 0], [-hinge, hinge], rtol=1e-3)


# Similarities


def test_npairs_by_hand():
    scores = np.log([[1.0, 1.0, 2.0], [1.0, 3.0, 4.0], [1.0, 1.0, 2.0]])
    value = npairs_loss([4, 4, 9], scores)
    # of the first class two columns each, of the other one
    expected = [math.log(4), math.log(64 / 3) / 2, math.log(2)]
    assert_values(value, expected)


def test_npairs_of_all_classes_different_is_cross_entropy():
    scores = np.random.RandomState(0).normal(size=(5, 5))
    sparse = tf.keras.losses.sparse_categorical_crossentropy
    np.testing.assert_allclose(
        npairs_loss(["a", "b", "c", "d", "e"], scores),
        sparse(np.arange(5), scores, from_logits=True),
        rtol=1e-6,
    )


def test_npairs_tells_classes_apart_that_float32_cannot():
    labels, scores = [2**24, 2**24 + 1], [[4.0, 0.0], [0.0, 4.0]]
    for given in (labels, np.reshape(labels, (2, 1))):
        for value in (
            npairs_loss(given, scores),
            [NpairsLoss()(given, scores)],
        ):
            assert_values(value, math.log1p(math.exp(-4)))


def test_similarities_must_be_square():
    for function, labels in (
        (npairs_loss, [0, 1]),
        (npairs_multilabel_loss, [[0], [1]]),
    ):
        for columns in (1, 3):
            with pytest.raises(ValueError, match="each sample to each"):
                function(labels, np.zeros((2, columns)))
        signature = [
            tf.TensorSpec([None] * np.ndim(labels)),
            tf.TensorSpec([None, None]),
        ]
        graph = tf.function(function, input_signature=signature)
        assert graph(np.float32(labels), np.zeros((2, 2), "f")).shape == (2,)
        with pytest.raises(tf.errors.InvalidArgumentError):
            graph(np.float32(labels), np.zeros((2, 1), "f"))


LABELS = [[1, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 0]]
SCORES = np.random.RandomState(0).normal(size=(4, 4)).astype(np.float32)


def test_multilabel_by_hand():
    # labels in common: 2, 1, 0, 0 of the first row
    value = npairs_multilabel_loss(LABELS, np.zeros((4, 4)))
    # three rows count, of equal scores
    assert_values(value, [4 / 3 * math.log(4)] * 3 + [0])
    logs = SCORES - np.log(np.exp(SCORES).sum(axis=1, keepdims=True))
    value = npairs_multilabel_loss(LABELS, SCORES)
    assert_values(value[0], -4 / 3 * (2 * logs[0, 0] + logs[0, 1]) / 3)


def test_multilabel_with_one_label_is_npairs():
    np.testing.assert_allclose(
        npairs_multilabel_loss(np.eye(3)[[0, 2, 0, 1]], SCORES),
        npairs_loss([0, 2, 0, 1], SCORES),
        rtol=1e-6,
    )


@pytest.mark.parametrize("dtype", [tf.int64, tf.float32, tf.bool])
def test_multilabel_takes_sparse_labels(dtype):
    dense = tf.cast(LABELS, dtype)
    sparse = tf.sparse.from_dense(dense)
    for loss in (npairs_multilabel_loss, NpairsMultilabelLoss()):
        np.testing.assert_array_equal(loss(sparse, SCORES), loss(dense, SCORES))


def test_a_row_without_labels_has_no_slope():
    slope = gradient(npairs_multilabel_loss, LABELS, SCORES)
    assert np.abs(slope[:3]).max() > 0.01
    assert not slope[3].any()


# Cosines


def test_nt_xent_by_hand():
    # cosines of 0: 1/2 with its positive, 0 with the negative
    value = nt_xent_loss([0, 0, 1], at_angles(0, 60, 90), temperature=0.5)
    half_to_0 = math.log1p(math.exp(-1))
    half_to_cosine_30 = math.log1p(math.exp(2 * math.sqrt(0.75) - 1))
    assert_values(value, [1.5 * half_to_0, 1.5 * half_to_cosine_30, 0])


def test_nt_xent_counts_anchors_without_a_negative_as_0():
    assert_values(nt_xent_loss([0, 0, 0], POINTS[:3]), [0, 0, 0])


def test_nt_xent_of_two_views_is_supervised_contrastive():
    ids = [0, 1, 2, 3, 0, 1, 2, 3]
    np.testing.assert_allclose(
        nt_xent_loss(ids, POINTS),
        supervised_contrastive_loss(ids, POINTS),
        rtol=1e-5,
    )


def test_supervised_contrastive_by_hand():
    value = supervised_contrastive_loss(
        [0, 0, 0], at_angles(0, 60, 90), temperature=1.0
    )
    # log(e^s + e^t) - (s + t) / 2 of the two others
    s, t = np.array([[0.5, 0.5, 0], [0, math.sqrt(0.75), math.sqrt(0.75)]])
    assert_values(value, np.logaddexp(s, t) - (s + t) / 2)


def test_multi_similarity_by_hand():
    # cosines with the first: 1/2, of its class, and 0 and -1
    points = at_angles(0, 60, 90, 180)
    hyper = {"alpha": 1.0, "beta": 2.0, "base": 0.25}
    value = multi_similarity_loss([0, 0, 1, 1], points, epsilon=3.0, **hyper)
    expected = math.log1p(math.exp(-0.25)) + 0.5 * math.log(
        1 + math.exp(2 * -0.25) + math.exp(2 * -1.25)
    )
    assert_values(value[0], expected)
    # the negative of -1 is left out, being more than 1 below the positive
    value = multi_similarity_loss([0, 0, 1, 1], points, epsilon=1.0, **hyper)
    expected = math.log1p(math.exp(-0.25)) + 0.5 * math.log1p(math.exp(-0.5))
    assert_values(value[0], expected)
    # and all are, with a narrower epsilon
    value = multi_similarity_loss([0, 0, 1, 1], points, epsilon=0.4, **hyper)
    assert_values(value[0], 0)


def test_circle_by_hand():
    # cosines 1/2 and 0; weights 1 + m - s = 1 and s + m = 1/2
    value = circle_loss([0, 0, 1], at_angles(0, 60, 90), margin=0.5, gamma=4.0)
    expected = math.log1p(math.exp(4 * -(0.5 - 0.5) + 4 * 0.5 * -0.5))
    assert_values(value[0], 1.5 * expected)


@pytest.mark.skipif(
    not hasattr(tf.keras.losses, "Circle"), reason="Keras 2 has none"
)
@pytest.mark.parametrize("hyper", [{}, {"margin": 0.25, "gamma": 16.0}])
def test_circle_has_the_values_of_keras(hyper):
    directions = POINTS / np.linalg.norm(POINTS, axis=1, keepdims=True)
    theirs = tf.keras.losses.Circle(**hyper, reduction=None)
    np.testing.assert_allclose(
        circle_loss(IDS, 3 * directions, **hyper),
        theirs(np.array(IDS), directions),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    "function",
    [
        nt_xent_loss,
        supervised_contrastive_loss,
        multi_similarity_loss,
        circle_loss,
    ],
)
def test_the_length_of_an_embedding_does_not_matter(function):
    lengths = 10 ** np.linspace(-20, 18, len(POINTS))
    np.testing.assert_allclose(
        function(IDS, POINTS * np.float32(lengths)[:, np.newaxis]),
        function(IDS, POINTS),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    "function",
    [
        nt_xent_loss,
        supervised_contrastive_loss,
        multi_similarity_loss,
        circle_loss,
        npairs_loss,
    ],
)
def test_no_tensor_is_larger_than_all_pairs(function):
    n, length = 37, 37 if function is npairs_loss else 5
    graph = (
        tf.function(lambda y, p: gradient_tensor(function, y, p))
        .get_concrete_function(
            tf.TensorSpec([n], tf.int32), tf.TensorSpec([n, length])
        )
        .graph
    )
    tensors = [output for op in graph.get_operations() for output in op.outputs]
    assert max(t.shape.num_elements() or 0 for t in tensors) == n * n


def gradient_tensor(function, labels, predictions):
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = tf.reduce_mean(function(labels, predictions))
    return tape.gradient(value, predictions)


# Margins on the angle to a class


def test_without_a_margin_it_is_cross_entropy():
    cosines = np.random.RandomState(0).uniform(-1, 1, size=(6, 4))
    labels = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    expected = tf.keras.losses.categorical_crossentropy(
        labels, 10 * cosines, from_logits=True
    )
    for function in (arcface_loss, cosface_loss):
        value = function(labels, cosines, margin=0, scale=10)
        np.testing.assert_allclose(value, expected, rtol=1e-6)


def true_class_score(function, cosine, **hyper):
    """Returns what stands for the true class's cosine, against one of 0."""
    value = function([[1.0, 0.0]], [[cosine, 0.0]], scale=1.0, **hyper)
    return -math.log(math.expm1(float(value[0])))


@pytest.mark.parametrize("degrees", [0, 30, 90, 149, 151, 180])
def test_arcface_turns_the_true_class(degrees):
    cosine, margin = math.cos(math.radians(degrees)), math.radians(30)
    expected = math.cos(math.radians(degrees + 30))
    if degrees > 150:
        expected = cosine - margin * math.sin(margin)
    score = true_class_score(arcface_loss, cosine, margin=margin)
    np.testing.assert_allclose(score, expected, atol=2e-6)


def test_cosface_lowers_the_true_class():
    score = true_class_score(cosface_loss, 0.75, margin=0.5)
    np.testing.assert_allclose(score, 0.25, atol=1e-6)


def test_cosines_at_and_beyond_their_bounds():
    labels = np.eye(2)[[0, 0, 1, 1]]
    exact = np.float32([[1, -1], [-1, 1], [1, -1], [-1, 1]])
    for function in (arcface_loss, cosface_loss):
        beyond = np.float32(1.0000002) * exact
        np.testing.assert_array_equal(
            function(labels, beyond), function(labels, exact)
        )
        for cosines in (exact, beyond, np.float32(0.9999999) * exact):
            assert np.isfinite(gradient(function, labels, cosines)).all()


def head(classes, dimensions, **settings):
    model = tf.keras.Sequential(
        [tf.keras.Input((dimensions,)), CosineHead(classes, **settings)]
    )
    weights = np.random.RandomState(1).normal(size=(dimensions, classes))
    model.set_weights([weights])
    return model, weights


def test_cosine_head_gives_cosines():
    model, weights = head(3, 4)
    lengths = np.outer(
        np.linalg.norm(POINTS, axis=1), np.linalg.norm(weights, axis=0)
    )
    np.testing.assert_allclose(
        model.predict(POINTS, verbose=0),
        POINTS @ weights / lengths,
        rtol=1e-5,
        atol=1e-6,
    )
    assert model.output_shape == (None, 3)
    assert not model.predict(np.zeros((2, 4)), verbose=0).any()


def test_cosine_head_takes_more_axes():
    layer = CosineHead(3)
    assert layer(tf.ones([2, 5, 4])).shape == (2, 5, 3)
    assert layer.compute_output_shape((None, 5, 4)) == (None, 5, 3)


def test_cosine_head_computes_in_single_precision():
    model, _ = head(3, 4, dtype="mixed_float16")
    exact, _ = head(3, 4)
    assert model(POINTS).dtype == tf.float32
    np.testing.assert_allclose(model(POINTS), exact(POINTS), atol=2e-3)
    double = CosineHead(3, dtype="float64")
    assert double(POINTS.astype(np.float64)).dtype == tf.float64


@pytest.mark.parametrize("classes", [0, -1, 2.5, "many", None, math.nan])
def test_cosine_head_needs_classes(classes):
    with pytest.raises((ValueError, TypeError), match="classes must"):
        CosineHead(classes)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_cosine_head_saves_and_loads(tmp_path, suffix):
    model, _ = head(3, 4, name="cosines")
    model.compile("sgd", ArcFaceLoss(margin=0.3, scale=8.0))
    path = f"{tmp_path / 'model'}.{suffix}"
    model.save(path)
    again = tf.keras.models.load_model(path)
    layer = again.layers[-1]
    assert isinstance(layer, CosineHead)
    assert layer.name == "cosines"
    assert layer.classes == 3
    np.testing.assert_array_equal(
        again.predict(POINTS, verbose=0), model.predict(POINTS, verbose=0)
    )
    labels = np.eye(3)[IDS]
    np.testing.assert_allclose(
        again.evaluate(POINTS, labels, verbose=0),
        np.mean(arcface_loss(labels, model(POINTS), margin=0.3, scale=8.0)),
        rtol=1e-5,
    )


# Batches from which little or nothing can be learnt


@each
@pytest.mark.parametrize("ids", [[5], [1, 2, 3, 4]], ids=["one", "different"])
def test_without_a_positive_there_is_nothing(function, ids):
    points = POINTS[: len(ids)]
    assert function(ids, points).numpy().tolist() == [0] * len(ids)
    assert not gradient(function, ids, points).any()


@each
def test_without_a_negative_there_is_nothing(function):
    value = function([7, 7, 7, 7], POINTS[:4])
    if function is supervised_contrastive_loss:
        # there the positives are told apart from each other
        assert np.all(value > 0)
    else:
        assert value.numpy().tolist() == [0] * 4
        assert not gradient(function, [7, 7, 7, 7], POINTS[:4]).any()


@each
def test_duplicates(function):
    for ids in ([0, 0, 1, 1], [0, 1, 2, 2], [3, 3, 3, 3]):
        for points in (np.ones((4, 3)), np.zeros((4, 3))):
            assert np.isfinite(function(ids, points)).all()
            assert np.isfinite(gradient(function, ids, points)).all()


# Classes of any kind


@each
def test_classes_may_be_words(function):
    words = np.array(["cat", "dog", "owl"])[IDS]
    expected = function(IDS, POINTS)
    for labels in (
        words,
        words.tolist(),
        words[:, np.newaxis],
        tf.constant(words),
    ):
        np.testing.assert_array_equal(function(labels, POINTS), expected)
    loss = OF_CLASSES[function]()
    np.testing.assert_array_equal(loss(words, POINTS), loss(IDS, POINTS))


def in_fit(loss, labels, points):
    """Returns the loss that `fit` reports of predicting the points."""
    width = points.shape[1]
    layer = tf.keras.layers.Dense(width, use_bias=False)
    model = tf.keras.Sequential([tf.keras.Input((width,)), layer])
    model.set_weights([np.eye(width)])
    model.compile(tf.keras.optimizers.SGD(0.0), loss)
    settings = {"batch_size": len(points), "shuffle": False, "verbose": 0}
    return model.fit(points, labels, **settings).history["loss"][0]


@pytest.mark.parametrize(
    ("function", "loss_class"),
    [*OF_CLASSES.items(), (npairs_loss, NpairsLoss)],
    ids=lambda thing: thing.__name__,
)
def test_fit_tells_classes_apart_that_float32_cannot(function, loss_class):
    # as float32 the first two classes are one
    ids = np.array([2**24, 2**24 + 1, 5, 2**24, 2**24 + 1, 5, 5, 2**24 + 1])
    merged = ids.astype(np.float32)
    points = POINTS @ POINTS.T if function is npairs_loss else POINTS
    expected = np.mean(function(ids, points))
    assert abs(expected - np.mean(function(merged, points))) > 1e-2
    for labels in (ids, ids[:, np.newaxis]):
        value = in_fit(loss_class(), labels, points)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_adaptive_tells_classes_apart_that_float32_cannot():
    ids = np.array([2**24, 2**24 + 1] * 4, np.float64)
    labels = np.concatenate([ids[:, np.newaxis], POINTS], axis=1)
    for given in (labels, (1e3 * labels).astype(np.int64)):
        np.testing.assert_allclose(
            AdaptiveTripletLoss()(given, POINTS),
            np.mean(adaptive_triplet_loss(given, POINTS)),
            rtol=1e-5,
        )
    labels = labels.astype(np.float32)
    assert not adaptive_triplet_loss(labels, POINTS).numpy().any()


# Training


def blobs(random, n, classes=4):
    """Returns noisy points of some classes, hidden among other numbers."""
    ids = np.arange(n) % classes
    noise = random.normal(size=(n, 8))
    noise[:, :2] = 0.2 * noise[:, :2] + at_angles(*range(0, 360, 90))[ids]
    return noise.astype(np.float32), ids


def nearest_is_of_the_class(points, ids):
    """Returns for how many the nearest other point is of their class."""
    squares = np.square(points[:, np.newaxis] - points).sum(-1)
    np.fill_diagonal(squares, np.inf)
    return np.mean(ids[squares.argmin(axis=1)] == ids)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_semihard_trains_an_embedding_that_saves_and_loads(tmp_path, suffix):
    tf.keras.utils.set_random_seed(0)
    x, ids = blobs(np.random.RandomState(0), 256)
    model = tf.keras.Sequential(
        [tf.keras.Input((8,)), tf.keras.layers.Dense(2, use_bias=False)]
    )
    model.compile(
        tf.keras.optimizers.Adam(0.05), TripletSemiHardLoss(margin=0.5)
    )
    before = nearest_is_of_the_class(model.predict(x, verbose=0), ids)
    losses = model.fit(x, ids, batch_size=64, epochs=8, verbose=0).history
    after = nearest_is_of_the_class(model.predict(x, verbose=0), ids)
    assert losses["loss"][-1] < losses["loss"][0] / 2
    assert before < 0.7
    assert after > 0.9

    path = f"{tmp_path / 'model'}.{suffix}"
    model.save(path)
    again = tf.keras.models.load_model(path)
    assert isinstance(again.loss, TripletSemiHardLoss)
    assert again.loss.get_config() == model.loss.get_config()
    np.testing.assert_array_equal(
        again.predict(x, verbose=0), model.predict(x, verbose=0)
    )


@pytest.mark.parametrize("loss", ["ArcFaceLoss", "CosFaceLoss"])
def test_margins_train_a_classifier(loss):
    tf.keras.utils.set_random_seed(0)
    x, ids = blobs(np.random.RandomState(0), 256)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((8,)),
            tf.keras.layers.Dense(4, use_bias=False),
            CosineHead(4),
        ]
    )
    model.compile(
        tf.keras.optimizers.Adam(0.05), getattr(embeddings, loss)(scale=8.0)
    )
    model.fit(x, np.eye(4)[ids], batch_size=64, epochs=16, verbose=0)
    found = model.predict(x, verbose=0).argmax(axis=1)
    assert np.mean(found == ids) > 0.9
