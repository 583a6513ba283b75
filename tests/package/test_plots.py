"""The arrays behind the pictures, and the axes they are drawn on."""

import matplotlib
import numpy as np
import pytest
import tensorflow as tf

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402

from lossutils import plots  # noqa: E402

X = np.linspace(-2, 2, 9)
SQUARE = tf.keras.losses.MeanSquaredError()
ABSOLUTE = tf.keras.losses.get("mae")


@pytest.fixture(autouse=True)
def closed_figures():
    with plt.rc_context():
        yield
    plt.close("all")


def test_loss_and_slope_of_a_class():
    values, slopes = plots.loss_and_slope(SQUARE, 1.0, X)
    assert values.shape == slopes.shape == X.shape
    np.testing.assert_allclose(values, (X - 1) ** 2, rtol=1e-6)
    np.testing.assert_allclose(slopes, 2 * (X - 1), rtol=1e-6)


def test_loss_and_slope_of_a_function():
    labels = np.linspace(3, 4, 9)
    values, slopes = plots.loss_and_slope(ABSOLUTE, labels, X)
    np.testing.assert_allclose(values, labels - X, rtol=1e-6)
    np.testing.assert_array_equal(slopes, -np.ones(9))


def test_plot_losses_draws_what_was_computed():
    axes = plots.plot_losses({"square": SQUARE, "absolute": ABSOLUTE}, X)
    assert [line.get_label() for line in axes[0].lines] == [
        "square",
        "absolute",
    ]
    left, right = (ax.lines[0].get_xydata() for ax in axes)
    np.testing.assert_allclose(left, np.stack([X, X**2], 1), rtol=1e-6)
    np.testing.assert_allclose(right, np.stack([X, 2 * X], 1), rtol=1e-6)
    assert [ax.get_title() for ax in axes] == ["Loss", "Slope"]
    assert axes[1].get_xlabel() == "prediction (label 0)"


def test_plot_losses_draws_on_the_axes_given():
    _, given = plt.subplots(1, 2)
    axes = plots.plot_losses({"square": SQUARE}, X, xlabel="guess", axes=given)
    assert axes is given
    assert given[0].get_xlabel() == given[1].get_xlabel() == "guess"
    assert len(plt.get_fignums()) == 1


def test_plot_histories():
    histories = {"a": {"loss": [3.0, 2.0]}, "b": {"loss": [4.0, 1.0, 0.5]}}
    _, given = plt.subplots()
    axes = plots.plot_histories(histories, axes=given)
    assert axes is given
    assert axes.lines[1].get_xydata().tolist() == [[1, 4], [2, 1], [3, 0.5]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert len(plt.get_fignums()) == 1
    own = plots.plot_histories({"a": {"mae": [1.0]}}, measure="mae")
    assert own is not given
    assert own.get_ylabel() == "mae"


def test_style():
    plots.use_style()
    assert plt.rcParams["axes.grid"]
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert len(cycle) == len(plots.COLOURS) == len(plots.LINES)
    assert cycle[0] == {"color": "#0072B2", "linestyle": "-"}
