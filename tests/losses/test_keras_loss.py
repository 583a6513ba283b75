"""The base class, with a loss of its own."""

import json

import numpy as np
import pytest
import tensorflow as tf

from lossutils.inputs import align
from lossutils.keras_loss import BatchLoss, KerasLoss, register


@register
def scaled_error(y_true, y_pred, *, scale=1.0, powers=(1.0,)):
    y_true, y_pred = align(y_true, y_pred)
    error = tf.abs(y_true - y_pred)
    return tf.reduce_sum(scale * error ** tf.constant(powers), -1)


@register
class ScaledError(KerasLoss):
    def __init__(
        self,
        scale=1.0,
        powers=(1.0,),
        reduction="sum_over_batch_size",
        name="scaled_error",
    ):
        super().__init__(
            scaled_error, reduction, name, scale=scale, powers=list(powers)
        )


LABELS, PREDICTIONS = np.float32([1, 2]), np.float32([[3], [5]])


def test_hyperparameters_reach_the_function():
    loss = ScaledError(scale=10.0, powers=[1.0, 2.0])
    assert loss.call(LABELS, PREDICTIONS).numpy().tolist() == [60.0, 120.0]
    assert float(loss(LABELS, PREDICTIONS)) == 90.0


def test_two_losses_keep_their_own_hyperparameters():
    one, two = ScaledError(scale=1.0), ScaledError(scale=2.0)
    assert float(one(LABELS, PREDICTIONS)) == 2.5
    assert float(two(LABELS, PREDICTIONS)) == 5.0


def test_configuration_holds_every_argument():
    loss = ScaledError(2.0, [1.0, 2.0], "sum", "mine")
    assert {
        "scale": 2.0,
        "powers": [1.0, 2.0],
        "reduction": "sum",
        "name": "mine",
    }.items() <= loss.get_config().items()
    again = ScaledError.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    assert again.name == "mine"


def test_keras_finds_it_by_its_name():
    text = tf.keras.losses.serialize(ScaledError(scale=3.0))
    again = tf.keras.losses.deserialize(text)
    assert isinstance(again, ScaledError)
    assert again.get_config()["scale"] == 3.0


def test_names_are_registered_for_this_package():
    name = tf.keras.utils.get_registered_name(ScaledError)
    assert name == "lossutils>ScaledError"
    name = tf.keras.utils.get_registered_name(scaled_error)
    assert name == "lossutils>scaled_error"


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="scael"):
        ScaledError(scael=1.0)


def test_unknown_reductions_are_refused():
    with pytest.raises(ValueError, match="average"):
        ScaledError(reduction="average")


def test_labels_of_one_axis_do_not_broadcast():
    # as Keras 3 hands them to a loss; 2 x 2 values would average 3 here
    assert float(ScaledError()(LABELS, PREDICTIONS)) == 2.5


@register
def applied(y_true, y_pred, *, functions=()):
    return sum(function(y_true, y_pred) for function in functions)


@register
class Applied(KerasLoss):
    def __init__(
        self, functions=(), reduction="sum_over_batch_size", name="applied"
    ):
        super().__init__(applied, reduction, name, functions=list(functions))


def test_functions_and_losses_are_saved_in_lists():
    loss = Applied([scaled_error, ScaledError(scale=3.0).call])
    assert float(loss(LABELS, PREDICTIONS)) == 10.0
    loss = Applied([scaled_error])
    again = Applied.from_config(json.loads(json.dumps(loss.get_config())))
    assert again.get_config() == loss.get_config()
    assert float(again(LABELS, PREDICTIONS)) == 2.5


@register
class CountClasses(BatchLoss):
    """How many classes there are, for each sample."""

    def __init__(self, reduction="sum_over_batch_size", name="count_classes"):
        super().__init__(self._count, reduction, name)

    @staticmethod
    def _count(y_true, y_pred):
        classes = tf.size(tf.unique(tf.reshape(y_true, [-1]))[0])
        return tf.fill([tf.shape(y_pred)[0]], tf.cast(classes, tf.float32))


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_great_classes_stay_apart(shape):
    labels = np.array([2**24, 2**24 + 1, 2**24 + 2]).reshape(shape)
    assert float(CountClasses()(labels, np.zeros((3, 1), np.float32))) == 3


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_great_classes_stay_apart_in_evaluation(shape):
    labels = np.array([2**24, 2**24 + 1, 2**24 + 2]).reshape(shape)
    model = tf.keras.Sequential(
        [tf.keras.Input((1,)), tf.keras.layers.Dense(1)]
    )
    model.compile(loss=CountClasses())
    assert model.evaluate(np.ones((3, 1)), labels, verbose=0) == 3


def test_words_may_be_classes():
    labels = np.array(["cat", "dog", "cat"])
    assert float(CountClasses()(labels, np.zeros((3, 1), np.float32))) == 2
