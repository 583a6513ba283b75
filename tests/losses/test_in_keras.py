"""What holds for every loss inside Keras: its class, and its training."""

import importlib.metadata
import inspect
import json
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from losses.case import holds_functions
from losses.cases import CASES

from lossutils.checks import difference_quotient

KERAS_2 = importlib.metadata.version("keras").startswith("2.")
FEATURES = 2
RATE = 0.1


def softmax(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


LAST_STEPS = {
    "linear": lambda x: x,
    "exponential": np.exp,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": softmax,
}


def data(case, n, outputs=None):
    """Returns inputs and labels, float32, to train a model with."""
    x = np.random.RandomState(1).uniform(-1, 1, size=(n, FEATURES))
    labels, _ = case.sample(n, outputs=outputs)
    return x.astype(np.float32), labels.astype(np.float32)


def network(case, n, outputs=None):
    """Returns one dense layer with fixed weights, for batches of n."""
    layer = tf.keras.layers.Dense(case.width(n, outputs), case.activation)
    model = tf.keras.Sequential([tf.keras.Input((FEATURES,)), layer])
    if case.kind == "explicit":
        model.add(tf.keras.layers.Reshape(case.columns))
    random = np.random.RandomState(2)
    weights = [random.uniform(-1, 1, w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    return model


def as_vector(weights):
    return np.concatenate([np.ravel(w) for w in weights]).astype(np.float64)


def outputs_of(case, vector, x):
    """Returns the network's predictions, in NumPy."""
    matrix = np.reshape(vector, (FEATURES + 1, -1))
    return LAST_STEPS[case.activation](x @ matrix[:-1] + matrix[-1])


def mean_loss(case, vector, x, labels, hyper, sample_weight=1.0, **settings):
    """Returns the mean loss of the network, in NumPy and the reference."""
    predictions = outputs_of(case, vector, x)
    values = case.reference(labels, predictions, **hyper, **settings)
    return np.mean(sample_weight * values)


def step(case, vector, x, *arguments, **settings):
    """Returns the weights after a step of gradient descent, by hand."""
    held = case.held(outputs_of(case, vector, x))
    slope = difference_quotient(
        lambda v: mean_loss(case, v, x, *arguments, **settings, **held),
        vector,
        case.step,
    )
    return vector - RATE * slope


def compiled(case, loss, n, **settings):
    model = network(case, n, **settings)
    model.compile(tf.keras.optimizers.SGD(RATE), loss)
    return model


def fit(model, x, labels, **settings):
    """Trains one step on one batch, and returns the loss it reports."""
    settings = {"batch_size": len(x), "shuffle": False, **settings}
    return model.fit(x, labels, verbose=0, **settings).history["loss"][0]


@pytest.fixture(params=["class", "function"])
def loss_and_hyper(request, case):
    """The loss as `compile` takes it, and its hyperparameters."""
    if request.param == "class":
        return case.loss_class(**case.changed), case.changed
    if case.plain:
        pytest.skip("a function has its defaults only, the row needs others")
    return case.function, {}


def test_arguments_are_those_of_the_function(case):
    def named(function, kind):
        return {
            parameter.name: parameter.default
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind == kind
        }

    arguments = named(case.loss_class, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    assert arguments.pop("reduction") == "sum_over_batch_size"
    assert arguments.pop("name") == case.name
    expected = named(case.function, inspect.Parameter.KEYWORD_ONLY)
    assert arguments == expected
    assert set(case.changed) | set(case.plain) == set(expected)


def test_reductions(case, hyper):
    inputs = [array.astype(np.float32) for array in case.sample(8)]
    expected = case.reference(*inputs, **hyper)
    for reduction, reduced in (
        ("none", expected),
        ("sum", expected.sum()),
        ("sum_over_batch_size", expected.mean()),
    ):
        loss = case.loss_class(**hyper, reduction=reduction)
        value = np.asarray(loss(*inputs))
        assert value.shape == np.shape(reduced)
        np.testing.assert_allclose(value, reduced, rtol=2e-5, atol=1e-6)


def test_sample_weights(case, hyper):
    inputs = [array.astype(np.float32) for array in case.sample(8)]
    weights = np.arange(8, dtype=np.float32)
    value = case.loss_class(**hyper)(*inputs, sample_weight=weights)
    expected = np.mean(weights * case.reference(*inputs, **hyper))
    np.testing.assert_allclose(value, expected, rtol=2e-5)


@pytest.mark.parametrize(
    "dtype", [tf.float16, tf.bfloat16, tf.float64], ids=lambda d: d.name
)
def test_other_precisions(case, dtype):
    inputs = [tf.cast(array, dtype) for array in case.sample(8)]
    value = case.loss_class(**case.changed)(*inputs)
    assert value.dtype in (tf.float32, tf.float64)
    as_doubles = [tf.cast(array, tf.float64) for array in inputs]
    expected = case.reference(*as_doubles, **case.changed).mean()
    np.testing.assert_allclose(value, expected, rtol=2e-5)


def test_empty_batch(case):
    labels, predictions = (array.astype(np.float32) for array in case.sample(0))
    inputs = labels, predictions
    value = np.asarray(case.loss_class(**case.plain)(*inputs))
    # Keras 2 returns a mean of 0, Keras 3 no value at all; neither is NaN.
    assert value.shape == (() if KERAS_2 else (0,))
    assert value.sum() == 0


def test_configuration(case):
    loss = case.loss_class(**case.changed, reduction="sum", name="mine")
    config = json.loads(json.dumps(loss.get_config()))
    assert {
        **case.changed,
        "reduction": "sum",
        "name": "mine",
    }.items() <= config.items()
    again = case.loss_class.from_config(config)
    assert again.get_config() == loss.get_config()
    inputs = [array.astype(np.float32) for array in case.sample(4)]
    np.testing.assert_array_equal(again(*inputs), loss(*inputs))


def test_numpy_hyperparameters_reach_the_configuration(case):
    if holds_functions(case.changed):
        pytest.skip("functions are no arrays")
    hyper = {name: np.array(value) for name, value in case.changed.items()}
    config = json.dumps(case.loss_class(**hyper).get_config())
    assert config == json.dumps(case.loss_class(**case.changed).get_config())


def test_unknown_arguments_are_refused(case):
    with pytest.raises(TypeError, match="typo"):
        case.loss_class(**case.plain, typo=1)


def test_shapes_that_would_broadcast_are_refused(case):
    if case.kind == "explicit":
        pytest.skip("labels are not used")
    labels, predictions = case.sample(4)
    loss = case.loss_class(**case.changed)
    message = "one class per sample" if case.has_classes else "the same shape"
    for wrong in (labels[:1], np.stack([labels, labels], axis=1)):
        with pytest.raises(ValueError, match=message):
            loss(wrong, predictions)


def test_evaluate_reports_the_mean(case, loss_and_hyper):
    loss, hyper = loss_and_hyper
    settings = {"outputs": 1} if case.kind == "elements" else {}
    x, labels = data(case, 8, **settings)
    # 3 + 3 + 2 samples: the last batch must count for less
    size = 8 if case.square else 3
    for given in (
        (labels, labels[:, 0]) if case.kind == "elements" else (labels,)
    ):
        model = compiled(case, loss, 8, **settings)
        vector = as_vector(model.get_weights())
        expected = mean_loss(case, vector, x, labels, hyper, batch_size=size)
        value = model.evaluate(x, given, batch_size=size, verbose=0)
        np.testing.assert_allclose(value, expected, rtol=2e-5)


def test_fit_steps_down_the_mean(case, loss_and_hyper):
    loss, hyper = loss_and_hyper
    x, labels = data(case, 32)
    model = compiled(case, loss, len(x))
    before = as_vector(model.get_weights())
    value = fit(model, x, labels)
    np.testing.assert_allclose(
        value, mean_loss(case, before, x, labels, hyper), rtol=2e-5
    )
    expected = step(case, before, x, labels, hyper)
    assert np.abs(expected - before).max() > 1e-3
    np.testing.assert_allclose(
        as_vector(model.get_weights()), expected, rtol=1e-5, atol=1e-6
    )


def test_fit_with_sample_weights(case):
    x, labels = data(case, 32)
    sample_weight = np.linspace(0, 3, len(x), dtype=np.float32)
    model = compiled(case, case.loss_class(**case.changed), len(x))
    before = as_vector(model.get_weights())
    fit(model, x, labels, sample_weight=sample_weight)
    expected = step(case, before, x, labels, case.changed, sample_weight)
    np.testing.assert_allclose(
        as_vector(model.get_weights()), expected, rtol=1e-5, atol=1e-6
    )


def test_fit_with_labels_of_one_axis(case):
    if case.kind != "elements":
        pytest.skip("there is always a last axis, or never")
    x, labels = data(case, 32, outputs=1)
    model = compiled(case, case.loss_class(**case.changed), 32, outputs=1)
    before = as_vector(model.get_weights())
    fit(model, x, labels[:, 0])
    expected = step(case, before, x, labels, case.changed)
    np.testing.assert_allclose(
        as_vector(model.get_weights()), expected, rtol=1e-5, atol=1e-6
    )


def test_two_replicas_step_as_one(case, two_replicas):
    if case.square:
        pytest.skip("a matrix of similarities cannot be split")
    x, labels = data(case, 8)
    with two_replicas.scope():
        model = compiled(case, case.loss_class(**case.changed), len(x))
    before = as_vector(model.get_weights())
    value = fit(model, x, labels)
    # a batch that hangs together is two batches of four, one a replica
    arguments = case, before, x, labels, case.changed
    np.testing.assert_allclose(
        value, mean_loss(*arguments, batch_size=4), rtol=2e-5
    )
    np.testing.assert_allclose(
        as_vector(model.get_weights()),
        step(*arguments, batch_size=4),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.fixture
def mixed_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


def test_fit_in_mixed_precision(case, mixed_precision):
    x, labels = data(case, 32)
    model = compiled(case, case.loss_class(**case.changed), len(x))
    assert model.layers[0].compute_dtype == "float16"
    before = as_vector(model.get_weights())
    # errors of a thousand, say, whose squares exceed float16
    value = fit(model, x, labels + case.far)
    expected = mean_loss(case, before, x, labels + case.far, case.changed)
    np.testing.assert_allclose(value, expected, rtol=1e-2)
    assert np.isfinite(as_vector(model.get_weights())).all()


LOAD = """
import json, sys
import numpy as np
import tensorflow as tf
import lossutils

loaded = {}
for path in sys.argv[2:]:
    model = tf.keras.models.load_model(path)
    model.run_eagerly = True  # quicker, for so few samples
    data = np.load(path + ".npz")
    loaded[path] = {
        "loss": model.evaluate(data["x"], data["labels"], verbose=0),
        "config": getattr(model.loss, "get_config", dict)(),
    }
with open(sys.argv[1], "w") as file:
    json.dump(loaded, file)
"""


def saved_models(folder):
    """Saves models with each loss; yields path, case, loss and its value."""
    for number, case in enumerate(CASES):
        losses = [(case.loss_class(**case.changed), case.changed)]
        if not case.plain:
            losses.append((case.function, {}))
        for kind, (loss, hyper) in enumerate(losses):
            x, labels = data(case, 8)
            model = compiled(case, loss, len(x))
            vector = as_vector(model.get_weights())
            value = mean_loss(case, vector, x, labels, hyper)
            for suffix in ("keras", "h5"):
                path = f"{folder / f'{number}-{kind}.{suffix}'}"
                model.save(path)
                np.savez(path + ".npz", x=x, labels=labels)
                yield path, case, loss, value


@pytest.fixture(scope="module")
def saved_and_loaded(tmp_path_factory):
    """Models, saved here and loaded by a Python that knows only lossutils."""
    folder = tmp_path_factory.mktemp("models")
    saved = list(saved_models(folder))
    answer = folder / "loaded.json"
    paths = [path for path, *_ in saved]
    subprocess.run(
        [sys.executable, "-c", LOAD, answer, *paths],
        check=True,
        cwd=pathlib.Path(__file__).parents[2],
    )
    loaded = json.loads(answer.read_text())
    return [(*model, loaded[model[0]]) for model in saved]


def test_a_saved_model_loads_compiled(case, saved_and_loaded):
    models = [model for model in saved_and_loaded if model[1] is case]
    assert len(models) == (2 if case.plain else 4)
    for _, _, loss, value, loaded in models:
        assert math.isclose(loaded["loss"], value, rel_tol=1e-5)
        if isinstance(loss, case.loss_class):
            assert loaded["config"] == loss.get_config()
