"""The one base that turns a loss function into a Keras `Loss`."""

import tensorflow as tf

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
        **hyperparameters: numbers, or lists of numbers.
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
        return {**super().get_config(), **self._hyperparameters}
