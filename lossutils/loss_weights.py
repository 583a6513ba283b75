"""Weights that Keras lacks: of classes, by their counts; of losses, learnt."""

import math

import numpy as np
import tensorflow as tf

from lossutils.inputs import number
from lossutils.keras_loss import register


def effective_number_weights(counts, beta=0.999):
    r"""Returns class weights that level off for classes with many samples.

    $$ w_c = \frac{1 - \beta}{1 - \beta^{n_c}} \Big/
    \frac1C \sum_k \frac{1 - \beta}{1 - \beta^{n_k}} $$

    The more samples a class has, the less is new in one more of them. So of
    n samples only $E_n = (1 - \beta^n) / (1 - \beta)$ count, at most
    $1 / (1 - \beta)$; a class weighs $1 / E_n$. The weights are scaled to a
    mean of 1 over the classes, not over the samples.

    Args:
        counts: samples of each class, each at least 1, `(classes,)`.
        beta: between 0 and 1, both allowed.

    Returns:
        `(classes,)`, in float64, greater than 0.

    Raises:
        TypeError: an argument is not made of numbers.
        ValueError: `beta` is out of range, or `counts` holds no class, or a
            count that is less than 1 or not finite.

    Special case:
        `beta=0` gives ones; `beta=1`, the limit, 1 / counts up to the scale,
        as scikit-learn's "balanced" does.

    Reference:
        Cui et al. 2019, doi 10.1109/CVPR.2019.00949.

    >>> effective_number_weights([1, 2, 2], beta=0.5).tolist()
    [1.2857142857142858, 0.8571428571428572, 0.8571428571428572]
    """
    beta = number("beta", beta, low=0, high=1, closed=True)
    try:
        counts = np.asarray(counts, np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"counts must be numbers, received {counts!r}"
        ) from None
    if counts.ndim != 1 or not counts.size:
        raise ValueError(
            f"counts must be one number per class, received {counts.tolist()}"
        )
    if not (np.isfinite(counts) & (counts >= 1)).all():
        raise ValueError(
            f"counts must be 1 or more for each class, received "
            f"{counts.tolist()}"
        )
    # (1 - beta) E_n = 1 - beta^n; the factor is lost in the scale
    if beta == 0:
        effective = np.ones_like(counts)
    elif beta == 1:
        effective = counts
    else:
        effective = -np.expm1(counts * math.log(beta))
    weights = 1 / effective
    return weights / weights.mean()


@register
class UncertaintyWeights(tf.keras.layers.Layer):
    r"""Adds up several losses by weights that are learnt with the model.

    $$ L = \sum_i e^{-s_i} L_i + s_i $$

    Each loss has one trainable number, $s_i = \log \sigma_i^2$, at first 0.
    A large $s_i$ makes its loss count less, but costs $s_i$ itself. The paper
    halves both terms for a regression, and the second one for a
    classification; without that, the best $s_i$ is $\log L_i$ for each, where
    the total is $\sum_i 1 + \log L_i$. It may be negative.

    Call it on the losses in your own training step, and let the optimiser
    move its `trainable_variables` as well as the model's; or inside a layer,
    and give the total to that layer's `add_loss`.

    Args:
        count: how many losses, at least 1.
        **layer: `name` and `dtype`, as every Keras layer takes them. Without
            a `dtype`, that of the variables of the global policy: float32
            under mixed precision, since float16 has no room for large weights.

    Raises:
        TypeError: `count` is not a whole number.
        ValueError: `count` is less than 1; or, when called, the losses are
            not as many, or differ in shape.

    Special case:
        As it starts, the plain sum. One loss: its logarithm, as far as the
        minimum is concerned.

    Reference:
        Kendall, Gal and Cipolla 2018, doi 10.1109/CVPR.2018.00781.

    >>> float(UncertaintyWeights(2)([tf.constant(4.0), tf.constant(0.5)]))
    4.5
    """

    def __init__(self, count, **layer):
        """See the class."""
        if layer.get("dtype") is None:
            policy = tf.keras.mixed_precision.global_policy()
            layer["dtype"] = policy.variable_dtype
        super().__init__(**layer)
        if isinstance(count, bool) or not hasattr(count, "__index__"):
            raise TypeError(f"count must be a whole number, received {count!r}")
        self.count = int(count)
        if self.count < 1:
            raise ValueError(f"count must be 1 or more, received {count!r}")
        # here rather than in `build`: an optimiser may ask before any call
        self.log_variances = self.add_weight(
            name="log_variances", shape=(self.count,), initializer="zeros"
        )

    def call(self, losses):
        """Returns the weighted total.

        Args:
            losses: a list of `count` tensors of one shape: the losses' means,
                or their values per sample, `(batch,)`.

        Returns:
            A tensor of that shape.
        """
        shapes = [tf.convert_to_tensor(loss).shape for loss in losses]
        alike = all(shape.is_compatible_with(shapes[0]) for shape in shapes)
        if len(shapes) != self.count or not alike:
            raise ValueError(
                f"expected {self.count} losses of one shape, received shapes "
                f"{[tuple(shape) for shape in shapes]}"
            )
        s = tf.convert_to_tensor(self.log_variances)
        # exp(-s_1) L_1 + s_1 + exp(-s_2) L_2 + s_2 + ...
        return tf.add_n(
            [
                tf.exp(-s[i]) * tf.cast(loss, s.dtype) + s[i]
                for i, loss in enumerate(losses)
            ]
        )

    def compute_output_shape(self, input_shape):
        """Returns the shape of each loss."""
        return input_shape[0]

    @property
    def factors(self):
        """The present factor of each loss, exp(-s), of shape `(count,)`."""
        return np.exp(-self.log_variances.numpy())

    def get_config(self):
        """Returns the arguments that make this layer again."""
        return {**super().get_config(), "count": self.count}
