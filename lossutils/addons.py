"""The losses of TensorFlow Addons 0.23: its names, arguments and values.

`from lossutils import addons as tfa_losses` stands in for
`tensorflow_addons.losses`. What differs on purpose, for every loss:

- Classes give the mean over the batch by default, also where those of
  TensorFlow Addons did not reduce; `"auto"` means the same.
- `reduction` is an argument of every class. Unknown arguments are refused,
  and so are shapes that would broadcast.
- Losses that look at the whole batch have one value per sample, whose mean is
  the loss, so that sample weights and replicas work. The functions return that
  mean.
- Half precision and integers are computed in float32, and returned so.

Train with the classes: Keras 3 rounds the labels of a function to float32.
"""

import tensorflow as tf

from lossutils import classification, detection, embeddings, regression

# `lifted_struct_loss` of TensorFlow Addons has an argument `embeddings`.
from lossutils.embeddings import lifted_struct_loss as lifted_struct_terms
from lossutils.inputs import choice, number
from lossutils.keras_loss import KerasLoss

# A package of its own, since the families register some of these names too.
register = tf.keras.utils.register_keras_serializable(
    package="lossutils.addons"
)


def _mean(values):
    """Returns the mean of the values of a batch, 0 for an empty one."""
    count = tf.cast(tf.size(values), values.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(values), count)


def _reduction(reduction):
    """Returns a reduction that Keras 3 knows too."""
    return "sum_over_batch_size" if reduction == "auto" else reduction


@register
def contrastive_loss(y_true, y_pred, margin=1.0):
    """Returns `embeddings.contrastive_loss`; a label of 1 means the same class.

    >>> contrastive_loss([1, 0], [0.5, 0.25]).numpy().tolist()
    [0.25, 0.5625]
    """
    return embeddings.contrastive_loss(y_true, y_pred, margin=margin)


@register
class ContrastiveLoss(embeddings.ContrastiveLoss):
    """Keras loss of `contrastive_loss`."""

    def __init__(
        self,
        margin=1.0,
        reduction="sum_over_batch_size",
        name="contrastive_loss",
    ):
        """See the class."""
        super().__init__(margin, _reduction(reduction), name)


@register
def giou_loss(y_true, y_pred, mode="giou"):
    """Returns `detection.giou_loss` or, for `mode="iou"`, `iou_loss`.

    No axis of length 1 gets lost, and a collapsed or inverted box has a slope.

    >>> giou_loss([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 1.0, 2.0]]).numpy()
    array([0.5], dtype=float32)
    """
    if choice("mode", mode, ("giou", "iou")) == "iou":
        return detection.iou_loss(y_true, y_pred)
    return detection.giou_loss(y_true, y_pred)


@register
class GIoULoss(KerasLoss):
    """Keras loss of `giou_loss`."""

    def __init__(
        self, mode="giou", reduction="sum_over_batch_size", name="giou_loss"
    ):
        """See the class."""
        mode = choice("mode", mode, ("giou", "iou"))
        super().__init__(giou_loss, _reduction(reduction), name, mode=mode)


@register
def lifted_struct_loss(labels, embeddings, margin=1.0):
    """Returns the mean of `embeddings.lifted_struct_loss`, a scalar.

    It is finite for any batch: a pair without a negative does not count.
    """
    return _mean(lifted_struct_terms(labels, embeddings, margin=margin))


@register
class LiftedStructLoss(embeddings.LiftedStructLoss):
    """Keras loss of `lifted_struct_loss`."""

    def __init__(
        self, margin=1.0, name=None, *, reduction="sum_over_batch_size"
    ):
        """See the class."""
        super().__init__(margin, _reduction(reduction), name)


@register
def npairs_loss(y_true, y_pred):
    """Returns the mean of `embeddings.npairs_loss`, a scalar.

    Labels may be of any type and of shape `(batch, 1)`, as Keras 2 hands them
    on.

    >>> similarities = [[4.0, 0.0], [0.0, 4.0]]
    >>> round(float(npairs_loss([16777216, 16777217], similarities)), 6)
    0.01815
    """
    return _mean(embeddings.npairs_loss(y_true, y_pred))


@register
class NpairsLoss(embeddings.NpairsLoss):
    """Keras loss of `npairs_loss`; unlike the original it can be loaded."""

    def __init__(self, name="npairs_loss", *, reduction="sum_over_batch_size"):
        """See the class."""
        super().__init__(_reduction(reduction), name)


@register
def npairs_multilabel_loss(y_true, y_pred):
    """Returns the mean of `embeddings.npairs_multilabel_loss`, a scalar.

    A row without a label does not count, and gives no NaN.
    """
    return _mean(embeddings.npairs_multilabel_loss(y_true, y_pred))


@register
class NpairsMultilabelLoss(embeddings.NpairsMultilabelLoss):
    """Keras loss of `npairs_multilabel_loss`; it too can be loaded."""

    def __init__(
        self,
        name="npairs_multilabel_loss",
        *,
        reduction="sum_over_batch_size",
    ):
        """See the class."""
        super().__init__(_reduction(reduction), name)


@register
def pinball_loss(y_true, y_pred, tau=0.5):
    """Returns `regression.pinball_loss`; a level outside (0, 1) is refused.

    As in TensorFlow Addons the last axis is averaged even where it is the
    only one.

    >>> labels, predictions = [0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0]
    >>> round(float(pinball_loss(labels, predictions, tau=0.1)), 6)
    0.475
    """
    y_pred = tf.convert_to_tensor(y_pred)
    values = regression.pinball_loss(y_true, y_pred, tau=tau)
    return _mean(values) if y_pred.shape.rank == 1 else values


@register
class PinballLoss(regression.PinballLoss):
    """Keras loss of `regression.pinball_loss`, one value per sample."""

    def __init__(
        self, tau=0.5, reduction="sum_over_batch_size", name="pinball_loss"
    ):
        """See the class."""
        super().__init__(tau, _reduction(reduction), name)


def _outputs(y_pred, dtype):
    """Returns the length of the last axis, 1 if there is only the batch."""
    shape = tf.shape(y_pred)
    return tf.cast(tf.reduce_prod(shape[1:][-1:]), dtype)


@register
def sigmoid_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False
):
    """Returns `detection.sigmoid_focal_loss`, but the sum of the last axis.

    An `alpha` of 0 is used; `None` weighs all labels alike.

    >>> values = sigmoid_focal_crossentropy([[1.0, 1.0]], [[0.5, 0.5]])
    >>> round(float(values[0]), 6)
    0.086643
    """
    values = detection.sigmoid_focal_loss(
        y_true, y_pred, alpha=alpha, gamma=gamma, from_logits=from_logits
    )
    return _outputs(y_pred, values.dtype) * values


@register
class SigmoidFocalCrossEntropy(detection.SigmoidFocalLoss):
    """Keras loss of `sigmoid_focal_crossentropy`."""

    def __init__(
        self,
        from_logits=False,
        alpha=0.25,
        gamma=2.0,
        reduction="sum_over_batch_size",
        name="sigmoid_focal_crossentropy",
    ):
        """See the class."""
        super().__init__(alpha, gamma, from_logits, _reduction(reduction), name)

    def call(self, y_true, y_pred):
        """Returns the sum over the last axis, one value per sample."""
        values = super().call(y_true, y_pred)
        return _outputs(y_pred, values.dtype) * values


@register
def sparsemax_loss(logits, sparsemax, labels, name=None):
    """Returns `classification.sparsemax_loss(labels, logits)`.

    `sparsemax` follows from the logits, so it is not read; where it is still
    needed, `classification.sparsemax` gives it. `name` is not read either.

    >>> sparsemax_loss([[0.0, 3.0]], [[0.0, 1.0]], [[1.0, 0.0]]).numpy()
    array([3.], dtype=float32)
    """
    return classification.sparsemax_loss(labels, logits)


@register
class SparsemaxLoss(classification.SparsemaxLoss):
    """Keras loss of `classification.sparsemax_loss`, from logits only.

    Classes are on the last axis; labels may be integers.
    """

    def __init__(
        self,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="sparsemax_loss",
    ):
        """See the class."""
        if from_logits is not True:
            raise ValueError(
                f"from_logits must be True, received {from_logits!r}"
            )
        super().__init__(_reduction(reduction), name)

    def get_config(self):
        """Returns the arguments that make this loss again."""
        return {**super().get_config(), "from_logits": True}


@register
def triplet_hard_loss(
    y_true, y_pred, margin=1.0, soft=False, distance_metric="L2"
):
    """Returns the mean of `embeddings.triplet_hard_loss`, a scalar.

    It is the mean over the samples that have both a positive and a negative.
    """
    return _mean(
        embeddings.triplet_hard_loss(
            y_true,
            y_pred,
            margin=margin,
            soft=soft,
            distance_metric=distance_metric,
        )
    )


@register
class TripletHardLoss(embeddings.TripletHardLoss):
    """Keras loss of `triplet_hard_loss`."""

    def __init__(
        self,
        margin=1.0,
        soft=False,
        distance_metric="L2",
        name=None,
        *,
        reduction="sum_over_batch_size",
    ):
        """See the class."""
        super().__init__(
            margin, soft, distance_metric, _reduction(reduction), name
        )


@register
def triplet_semihard_loss(y_true, y_pred, margin=1.0, distance_metric="L2"):
    """Returns the mean of `embeddings.triplet_semihard_loss`, a scalar.

    A pair whose sample has no negative does not count; without any pair the
    loss is 0.

    >>> vectors = [[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]]
    >>> float(triplet_semihard_loss([7, 7, 8], vectors, margin=1.5))
    0.25
    """
    return _mean(
        embeddings.triplet_semihard_loss(
            y_true, y_pred, margin=margin, distance_metric=distance_metric
        )
    )


@register
class TripletSemiHardLoss(embeddings.TripletSemiHardLoss):
    """Keras loss of `triplet_semihard_loss`."""

    def __init__(
        self,
        margin=1.0,
        distance_metric="L2",
        name=None,
        *,
        reduction="sum_over_batch_size",
    ):
        """See the class."""
        super().__init__(margin, distance_metric, _reduction(reduction), name)


@register
class WeightedKappaLoss(classification.WeightedKappaLoss):
    """Keras loss of `classification.weighted_kappa_loss`.

    `num_classes` is checked against the predictions. An `epsilon` of 0 or
    `None` means that of Keras, 1e-7.
    """

    def __init__(
        self,
        num_classes,
        weightage="quadratic",
        name="cohen_kappa_loss",
        epsilon=1e-6,
        reduction="sum_over_batch_size",
    ):
        """See the class."""
        self.num_classes = int(number("num_classes", num_classes, low=0))
        if self.num_classes != num_classes:
            raise ValueError(
                f"num_classes must be a whole number, received {num_classes!r}"
            )
        epsilon = epsilon or tf.keras.backend.epsilon()
        super().__init__(weightage, epsilon, _reduction(reduction), name)

    def call(self, y_true, y_pred):
        """Returns one value per sample, whose mean is the loss."""
        y_pred = tf.convert_to_tensor(y_pred)
        if not y_pred.shape[-1:].is_compatible_with([self.num_classes]):
            raise ValueError(
                f"expected num_classes={self.num_classes} on the last axis, "
                f"received y_pred.shape={y_pred.shape}"
            )
        return super().call(y_true, y_pred)

    def get_config(self):
        """Returns the arguments that make this loss again."""
        return {**super().get_config(), "num_classes": self.num_classes}
