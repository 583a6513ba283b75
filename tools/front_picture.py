"""Draws the picture of the front page: python tools/front_picture.py."""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from lossutils import plots, regression

LOSSES = {
    "squared error": tf.keras.losses.MeanSquaredError(),
    "absolute error": tf.keras.losses.MeanAbsoluteError(),
    "Huber": tf.keras.losses.Huber(),
    "pinball, tau 0.9": regression.PinballLoss(0.9),
}

if __name__ == "__main__":
    plots.use_style()
    # Without these the file would differ each time.
    plt.rcParams["svg.hashsalt"] = "front"
    axes = plots.plot_losses(
        LOSSES, np.linspace(-2, 2, 81), xlabel="prediction minus label"
    )
    axes[0].set(ylim=(0, 4))
    axes[0].figure.savefig("book/_static/front.svg", metadata={"Date": None})
