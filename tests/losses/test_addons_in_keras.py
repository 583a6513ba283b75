"""`lossutils.addons` inside Keras, in every lane: made, saved and trained."""

import json

import numpy as np
import pytest
import tensorflow as tf

from lossutils import addons, classification, data, regression

IDS = np.array([3, 3, 4, 4, 9, 9, 9, 5])
POINTS = np.random.RandomState(0).normal(size=(8, 4)).astype(np.float32)
HOT = np.eye(4, dtype=np.float32)[IDS % 4]
BOXES = np.abs(POINTS).cumsum(axis=1)
UNIT = np.float32(0.1) + np.float32(0.8) / (1 + np.exp(-POINTS))
SQUARE = POINTS @ POINTS.T

# By class: settings that are no default, other settings to be refused, labels
# and predictions, and the name by default. `None` leaves the name to Keras.
CLASSES = {
    "ContrastiveLoss": (
        {"margin": 0.7},
        [{"margin": -1.0}],
        (np.float32(IDS > 4), UNIT[:, 0]),
        "contrastive_loss",
    ),
    "GIoULoss": (
        {"mode": "iou"},
        [{"mode": "ciou"}],
        (BOXES, BOXES[::-1] + 1),
        "giou_loss",
    ),
    "LiftedStructLoss": (
        {"margin": 0.7},
        [{"margin": "a"}],
        (IDS, POINTS),
        None,
    ),
    "NpairsLoss": ({}, [], (IDS, SQUARE), "npairs_loss"),
    "NpairsMultilabelLoss": (
        {},
        [],
        (np.float32(UNIT > 0.4), SQUARE),
        "npairs_multilabel_loss",
    ),
    "PinballLoss": (
        {"tau": 0.8},
        [{"tau": 1.5}, {"tau": -1}],
        (UNIT, POINTS),
        "pinball_loss",
    ),
    "SigmoidFocalCrossEntropy": (
        {"alpha": 0.4, "gamma": 1.0, "from_logits": True},
        [{"gamma": -1.0}, {"alpha": 2.0}, {"from_logits": 3}],
        (np.float32(POINTS > 0), POINTS),
        "sigmoid_focal_crossentropy",
    ),
    "SparsemaxLoss": (
        {},
        [{"from_logits": False}, {"from_logits": 1}],
        (HOT, POINTS),
        "sparsemax_loss",
    ),
    "TripletHardLoss": (
        {"margin": 0.7, "soft": True, "distance_metric": "angular"},
        [{"soft": 2}, {"distance_metric": "L3"}],
        (IDS, POINTS),
        None,
    ),
    "TripletSemiHardLoss": (
        {"margin": 0.7, "distance_metric": "squared-L2"},
        [{"margin": "a"}, {"distance_metric": "L3"}],
        (IDS, POINTS),
        None,
    ),
    "WeightedKappaLoss": (
        {"num_classes": 4, "weightage": "linear", "epsilon": 0.01},
        [
            {"num_classes": 2.5},
            {"num_classes": 0},
            {"num_classes": 4, "weightage": "cubic"},
        ],
        (HOT, UNIT / UNIT.sum(1, keepdims=True)),
        "cohen_kappa_loss",
    ),
}

each_class = pytest.mark.parametrize("name", CLASSES)


def plain(name):
    """Returns a loss with no setting but those that it must have."""
    settings = {"num_classes": 4} if name == "WeightedKappaLoss" else {}
    return getattr(addons, name)(**settings)


def changed(which, **settings):
    return getattr(addons, which)(**CLASSES[which][0], **settings)


@each_class
def test_name(name):
    expected = CLASSES[name][-1]
    loss = plain(name)
    if expected:
        assert loss.name == expected
    else:  # none in Keras 2; Keras 3 makes one of the class, and counts
        words = (loss.name or name).replace("_", "").rstrip("0123456789")
        assert words.lower() == name.lower()
    assert changed(name, name="mine").name == "mine"


@each_class
def test_configuration(name):
    loss = changed(name, name="mine", reduction="sum")
    config = json.loads(json.dumps(loss.get_config()))
    assert {
        **CLASSES[name][0],
        "name": "mine",
        "reduction": "sum",
    }.items() <= config.items()
    again = type(loss).from_config(config)
    assert again.get_config() == loss.get_config()
    inputs = CLASSES[name][2]
    np.testing.assert_array_equal(again(*inputs), loss(*inputs))


@each_class
def test_settings_are_used(name):
    inputs = CLASSES[name][2]
    value = np.asarray(changed(name)(*inputs))
    assert value.shape == ()
    assert 0.01 < abs(value) < 10
    if CLASSES[name][0]:
        assert abs(value - plain(name)(*inputs)) > 1e-3


@each_class
def test_reductions(name):
    inputs = CLASSES[name][2]
    values = changed(name, reduction="none")(*inputs)
    assert values.shape == (8,)
    for reduction, expected in (
        ("auto", np.mean(values)),
        ("sum_over_batch_size", np.mean(values)),
        ("sum", np.sum(values)),
    ):
        value = changed(name, reduction=reduction)(*inputs)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


@each_class
def test_what_is_refused(name):
    with pytest.raises(TypeError, match="typo"):
        changed(name, typo=1)
    for wrong in CLASSES[name][1]:
        (argument,) = set(wrong) - {"num_classes"} or wrong
        with pytest.raises((TypeError, ValueError), match=f"{argument} must"):
            getattr(addons, name)(**wrong)


def test_kappa_checks_the_number_of_classes():
    loss = addons.WeightedKappaLoss(5)
    with pytest.raises(ValueError, match="num_classes=5.*(8, 4)"):
        loss(*CLASSES["WeightedKappaLoss"][2])


@pytest.mark.parametrize("epsilon", [0, None])
def test_kappa_without_epsilon_takes_that_of_keras(epsilon):
    value = addons.WeightedKappaLoss(4, epsilon=epsilon)(HOT, HOT)
    np.testing.assert_allclose(value, np.log(1e-7), rtol=1e-6)


def test_families_and_addons_are_registered_apart():
    for thing, package in (
        (addons.PinballLoss, "lossutils.addons"),
        (addons.pinball_loss, "lossutils.addons"),
        (regression.PinballLoss, "lossutils"),
    ):
        name = tf.keras.utils.get_registered_name(thing)
        assert name == f"{package}>{thing.__name__}"


def test_sparsemax_loss_reads_the_logits_alone():
    logits = tf.constant(POINTS)
    probabilities = classification.sparsemax(logits)
    value = addons.sparsemax_loss(logits, probabilities, HOT, "a name")
    np.testing.assert_array_equal(
        value, classification.sparsemax_loss(HOT, logits)
    )


def test_several_labels_may_be_sparse():
    labels, similarities = CLASSES["NpairsMultilabelLoss"][2]
    sparse = tf.sparse.from_dense(labels)
    for loss in (addons.npairs_multilabel_loss, addons.NpairsMultilabelLoss()):
        np.testing.assert_array_equal(
            loss(sparse, similarities), loss(labels, similarities)
        )


FUNCTIONS = {
    "ContrastiveLoss": addons.contrastive_loss,
    "GIoULoss": addons.giou_loss,
    "LiftedStructLoss": addons.lifted_struct_loss,
    "NpairsLoss": addons.npairs_loss,
    "NpairsMultilabelLoss": addons.npairs_multilabel_loss,
    "PinballLoss": addons.pinball_loss,
    "SigmoidFocalCrossEntropy": addons.sigmoid_focal_crossentropy,
    "TripletHardLoss": addons.triplet_hard_loss,
    "TripletSemiHardLoss": addons.triplet_semihard_loss,
}


def saved_and_loaded(model, path):
    model.save(path)
    return tf.keras.models.load_model(path)


@each_class
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("kind", ["class", "function"])
def test_a_saved_model_loads_compiled(name, kind, suffix, tmp_path):
    if kind == "function" and name not in FUNCTIONS:
        pytest.skip("no function of labels and predictions")
    labels, predictions = CLASSES[name][2]
    predictions = predictions.reshape(8, -1)
    if name == "SigmoidFocalCrossEntropy" and kind == "function":
        predictions = UNIT  # not from logits
    loss = changed(name) if kind == "class" else FUNCTIONS[name]
    model = tf.keras.Sequential(
        [
            tf.keras.Input(predictions.shape[1:]),
            tf.keras.layers.Activation("linear"),
        ]
    )
    model.compile(loss=loss)
    expected = np.mean(loss(labels, predictions))
    again = saved_and_loaded(model, f"{tmp_path / f'model.{suffix}'}")
    for each in (model, again):
        value = each.evaluate(predictions, labels, batch_size=8, verbose=0)
        np.testing.assert_allclose(value, expected, rtol=1e-5)
    if kind == "class":
        assert again.loss.get_config() == loss.get_config()
        assert type(again.loss) is type(loss)


def nearest_neighbour_accuracy(vectors, labels):
    """Returns how often the nearest other vector is of the same class."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -1)
    return np.mean(labels[products.argmax(axis=1)] == labels)


def test_semi_hard_triplets_embed_digits(tmp_path):
    images, labels = data.digits()
    order = np.random.RandomState(0).permutation(5000)[:1600]
    x = (images[order].reshape(-1, 784) / 255).astype(np.float32)
    labels = labels[order]
    random = np.random.RandomState(1)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((784,)),
            tf.keras.layers.Dense(32, "relu"),
            tf.keras.layers.Dense(8),
            tf.keras.layers.UnitNormalization(),
        ]
    )
    model.set_weights(
        [0.05 * random.normal(size=each.shape) for each in model.get_weights()]
    )
    model.compile("adam", addons.TripletSemiHardLoss(margin=0.5))
    test = x[1200:], labels[1200:]
    before = nearest_neighbour_accuracy(
        model.predict(test[0], verbose=0), test[1]
    )
    history = model.fit(
        x[:1200],
        labels[:1200],
        batch_size=100,
        epochs=8,
        shuffle=False,
        verbose=0,
    )
    vectors = model.predict(test[0], verbose=0)
    after = nearest_neighbour_accuracy(vectors, test[1])
    losses = history.history["loss"]
    print(f"accuracy {before:.3f} to {after:.3f}, loss", losses[0], losses[-1])
    assert losses[-1] < 0.6 * losses[0]
    assert after > before + 0.1
    assert after > 0.8
    for suffix in ("keras", "h5"):
        again = saved_and_loaded(model, f"{tmp_path / f'digits.{suffix}'}")
        np.testing.assert_array_equal(
            again.predict(test[0], verbose=0), vectors
        )
        assert isinstance(again.loss, addons.TripletSemiHardLoss)
        np.testing.assert_allclose(
            again.evaluate(*test, batch_size=100, verbose=0),
            model.evaluate(*test, batch_size=100, verbose=0),
            rtol=1e-6,
        )
