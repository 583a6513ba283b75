"""Pictures of losses: one function computes, one draws."""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from cycler import cycler

from lossutils import figure_data
from lossutils.checks import gradient, per_sample

# Okabe and Ito's colours, told apart by colour-blind readers too; the line
# styles tell them apart in grey.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
LINES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]


def use_style():
    """Sets the book's figure style, and saves the data beside each figure."""
    plt.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.grid": True,
            "figure.figsize": (8, 3.2),
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "font.size": 11,
            "grid.alpha": 0.3,
            "legend.frameon": False,
            "lines.linewidth": 2,
        }
    )
    figure_data.register()


def loss_and_slope(loss, y_true, y_pred):
    """Computes a loss and its slope by the prediction, point by point.

    Args:
        loss: a function with one value per sample, or a Keras `Loss`.
        y_true: labels, a number or `(n,)`.
        y_pred: predictions, `(n,)`.

    Returns:
        The losses and the slopes, each `(n,)`.
    """
    y_pred = np.asarray(y_pred, np.float32)
    y_true = np.broadcast_to(np.asarray(y_true, np.float32), y_pred.shape)
    y_true, y_pred = y_true[:, np.newaxis], y_pred[:, np.newaxis]

    def values(prediction):
        return per_sample(loss)(tf.constant(y_true), prediction)

    return np.asarray(values(y_pred)), gradient(values, y_pred)[:, 0]


def plot_losses(losses, y_pred, y_true=0.0, xlabel=None, axes=None):
    """Draws losses on the left and their slopes on the right.

    Args:
        losses: a dict from a label to a loss, as for `loss_and_slope`.
        y_pred: predictions, `(n,)`.
        y_true: the label, or one per prediction.
        xlabel: what the horizontal axes show.
        axes: two matplotlib axes to draw on.

    Returns:
        The two axes.
    """
    if axes is None:
        _, axes = plt.subplots(1, 2)
    for label, loss in losses.items():
        values, slopes = loss_and_slope(loss, y_true, y_pred)
        axes[0].plot(y_pred, values, label=label)
        axes[1].plot(y_pred, slopes, label=label)
    axes[0].set(title="Loss", xlabel=xlabel or f"prediction (label {y_true:g})")
    axes[1].set(title="Slope", xlabel=axes[0].get_xlabel())
    axes[0].legend()
    return axes


def plot_histories(histories, measure="loss", axes=None):
    """Draws how a measure went over the epochs, one line a history.

    Args:
        histories: a dict from a label to what `training.train` returned.
        measure: a key of these.
        axes: matplotlib axes to draw on.

    Returns:
        The axes.
    """
    if axes is None:
        _, axes = plt.subplots(figsize=(5, 3.2))
    for label, history in histories.items():
        epochs = np.arange(1, len(history[measure]) + 1)
        axes.plot(epochs, history[measure], label=label)
    axes.set(xlabel="epoch", ylabel=measure)
    axes.legend()
    return axes
