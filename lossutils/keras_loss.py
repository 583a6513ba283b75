"""The one base that turns a loss function into a Keras `Loss`."""

import tensorflow as tf

from lossutils.inputs import class_numbers

# Registered names let `load_model` find a loss again without being told.
register = tf.keras.utils.register_keras_serializable(package="lossutils")


class KerasLoss(tf.keras.losses.Loss):
    """A function of labels and predictions, with its hyperparameters.

    A subclass names its hyperparameters in its own signature, so that a
    misspelt one is refused, and hands them on; here they are stored, passed
    to the function at each call and written to the configuration.

    Args:
        function: `function(y_true, y_pred, **hyperparameters)`, one value
            per sample.
        reduction: how Keras makes one number of those values:
            `"sum_over_batch_size"` (their mean), `"sum"` or `"none"`.
        name: name of the loss in logs.
        **hyperparameters: numbers, words, lists of these; or functions and
            losses that Keras can save, by name or registration.
    """

    def __init__(self, function, reduction, name, **hyperparameters):
        """Stores the function and its hyperparameters."""
        super().__init__(reduction=reduction, name=name)
        self._function = function
        self._hyperparameters = hyperparameters

    def call(self, y_true, y_pred):
        """Returns one value per sample, before weights and reduction."""
        return self._function(y_true, y_pred, **self._hyperparameters)

    def get_config(self):
        """Returns the arguments that make this loss again."""
        settings = {k: _saved(v) for k, v in self._hyperparameters.items()}
        return {**super().get_config(), **settings}

    @classmethod
    def from_config(cls, config):
        """Makes a loss from what `get_config` returned."""
        return cls(**{name: _restored(value) for name, value in config.items()})


def _saved(value):
    """Returns a hyperparameter as plain data; what can be called, by name."""
    if isinstance(value, (list, tuple)):
        return [_saved(item) for item in value]
    if isinstance(value, tf.keras.losses.Loss):
        name = tf.keras.utils.get_registered_name(type(value))
        config = value.get_config()
        if hasattr(tf.keras.losses, name):
            config.pop("fn", None)  # Keras 2 adds it, and may not take it
        return {"class_name": name, "config": config}
    if callable(value):
        return {"function_name": tf.keras.utils.get_registered_name(value)}
    return value


def _restored(value):
    """Returns the hyperparameter that `_saved` made plain data of."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict) and "function_name" in value:
        return _found(value["function_name"])
    if isinstance(value, dict):
        return _found(value["class_name"]).from_config(value["config"])
    return value


def _found(name):
    """Returns what is registered under a name, or is a loss of Keras."""
    found = tf.keras.utils.get_registered_object(name)
    if found is None:
        found = getattr(tf.keras.losses, name, None)
    if found is None:
        raise ValueError(
            f"{name} is not known; register it with "
            "tf.keras.utils.register_keras_serializable before loading"
        )
    return found


class BatchLoss(KerasLoss):
    """A `KerasLoss` whose labels are the classes of the samples of a batch.

    Keras 3 casts labels to float32 before it calls a loss, where 16777216
    and 16777217 are one number. So classes are numbered anew before that.
    """

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the reduced loss; see `KerasLoss`."""
        y_true = tf.convert_to_tensor(y_true)
        if y_true.shape.rank == 2 and y_true.shape[1] == 1:
            y_true = y_true[:, 0]
        if y_true.shape.rank == 1:
            y_true = class_numbers(y_true)
        return super().__call__(y_true, y_pred, sample_weight)
