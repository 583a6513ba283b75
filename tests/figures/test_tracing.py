"""The formulas of the figures against the TensorFlow code they come from."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from lossutils.figures import cores, figure, formulas, tracing

CORES = {
    name: core
    for name, core in vars(cores).items()
    if inspect.isfunction(core) and not name.startswith("_")
}
POINTS = 100
# Keras 2 has 1e-7 inside logarithms too: near 0 and 1 it differs from Keras 3.
RANGES = {"probability": (0.05, 0.95), "constant": (0, 8), "theta": (-1, 2)}
# Where slopes jump, or formulas branch.
KINKS = {
    "absolute_error": {"error": 0.0},
    "huber": {"error": 1.0, "delta": 1.0},
    "pinball": {"error": 0.0, "tau": 0.25},
    "charbonnier": {"error": 0.0, "epsilon": 0.5},
    "mean_absolute_error": {"constant": 2.0, "outlier": 2.0},
    "mean_huber": {"constant": 2.0, "outlier": 3.0, "delta": 1.0},
    "mean_pinball": {"constant": 1.5, "outlier": 6.0, "tau": 0.5},
    "focal": {"probability": 0.5, "label": 1.0, "alpha": 1.0, "gamma": 0.0},
    "crossentropy_of_logit": {"logit": 0.0, "label": 0.5},
    "crossentropy_of_sigmoid": {"logit": -40.0, "label": 1.0},
    "iou": {"box": [0, 0, 1, 1], "target": [1, 0, 2, 1]},
    "giou": {"box": [0, 0, 1, 1], "target": [0, 0, 1, 1]},
    "diou": {"box": [1, 1, 1, 1], "target": [1, 1, 1, 1]},
    "ciou": {"box": [2, 2, 1, 1], "target": [0, 0, 3, 3]},
    "triplet": {"triplet": [[0, 0], [3, 4], [6, 0]], "margin": 1.0},
    "contrastive": {"pair": [[1, 1], [1, 1]], "same": 0.0, "margin": 1.0},
    "nt_xent": {"points": [[0, 0]] + [[1, 0]] * 5, "temperature": 0.5},
    "absolute_error_of_line": {"weights": [1.5, 0.0]},
    "hard_f_beta": {"threshold": 0.25, "beta": 1.0},
}


def random_arguments(core, count):
    """Draws arguments in the ranges of the sliders and pictures."""
    generator = np.random.default_rng(0)
    arguments = {}
    for name in inspect.signature(core).parameters:
        low, high = RANGES.get(name, figure.SLIDERS.get(name, (-3, 3))[:2])
        if name == "same":
            low, high = 0, 1
        shape = (count, *tracing.shape_of(name))
        draws = generator.uniform(low, high, shape)
        arguments[name] = draws.astype(np.float32)
    return arguments


def by_tensorflow(core, arguments):
    """Returns the loss and its slopes at each point, `(results, points)`."""
    names = list(arguments)

    @tf.function(autograph=False)
    def each(*columns):
        def one(values):
            call = dict(zip(names, values, strict=True))
            results = tracing.with_gradient(core)(**call)
            return tf.concat([tf.reshape(r, [-1]) for r in results], 0)

        return tf.map_fn(one, columns, fn_output_signature=tf.float32)

    columns = [tf.constant(column, tf.float32) for column in arguments.values()]
    return each(*columns).numpy().T


def by_formula(formula, arguments):
    """Returns the same from a formula."""
    flat = {}
    for name, column in arguments.items():
        parts = np.asarray(column, np.float32).reshape(len(column), -1).T
        flat |= dict(zip(tracing.flat_names(name), parts, strict=True))
    results = formulas.evaluate(formula, flat)
    return np.broadcast_to(results, (len(results), len(column)))


def assert_same(actual, expected):
    """As close as float32 can tell, of numbers around 1."""
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_every_core_is_stored():
    assert list(formulas.stored()) == list(CORES)


@pytest.mark.parametrize("name", CORES)
def test_formula_is_what_tensorflow_computes(name):
    arguments = random_arguments(CORES[name], POINTS)
    for kink in [KINKS[name]] if name in KINKS else []:
        arguments = {
            key: np.concatenate([column, [np.float32(kink[key])]])
            for key, column in arguments.items()
        }
    expected = by_tensorflow(CORES[name], arguments)
    assert np.isfinite(expected).all()
    traced = by_formula(tracing.trace(CORES[name]), arguments)
    assert_same(traced, expected)


@pytest.mark.parametrize("name", CORES)
def test_stored_formula_is_what_is_traced_now(name):
    arguments = random_arguments(CORES[name], POINTS)
    formula = tracing.trace(CORES[name])
    stored = formulas.find(name)
    assert stored["arguments"] == formula["arguments"]
    assert stored["label"] == formula["label"]
    assert_same(by_formula(stored, arguments), by_formula(formula, arguments))


def test_a_wrong_number_shows():
    formula = formulas.find("huber")
    arguments = random_arguments(cores.huber, POINTS)
    steps = [
        [it * 1.0001 if it == 0.5 else it for it in step]
        for step in formula["steps"]
    ]
    assert steps != formula["steps"]
    with pytest.raises(AssertionError):
        assert_same(
            by_formula({**formula, "steps": steps}, arguments),
            by_formula(formula, arguments),
        )


def test_unknown_operation_is_named():
    def core(error):
        return tf.math.erf(error)

    with pytest.raises(NotImplementedError, match="'Erf'"):
        tracing.trace(core)


def test_slope_at_a_kink_is_that_of_the_tape():
    x = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = cores.pinball(x, tau=0.25)
    _, slope = formulas.evaluate(
        formulas.find("pinball"), {"error": 0.0, "tau": 0.25}
    )
    assert slope == float(tape.gradient(loss, x))


@pytest.mark.parametrize("name", CORES)
def test_every_hyperparameter_has_a_slider_or_is_moved(name):
    core = inspect.signature(CORES[name])
    settings = {
        p.name for p in core.parameters.values() if p.kind is p.KEYWORD_ONLY
    }
    assert settings <= figure.SLIDERS.keys() | {"same", "target"}
