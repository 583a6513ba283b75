"""The base class, with a loss of its own."""

import numpy as np
import pytest
import tensorflow as tf

from lossutils.inputs import align
from lossutils.keras_loss import KerasLoss, register


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
