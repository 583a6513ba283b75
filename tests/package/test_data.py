"""The data sets: their shapes, their first values, and no network."""

import socket

import numpy as np
import pytest

from lossutils import data


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("data must not be downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_digits():
    data._digits.cache_clear()  # read anew, without the network
    images, labels = data.digits()
    assert images.shape == (5000, 28, 28)
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    assert np.bincount(labels).tolist() == [500] * 10
    assert (np.diff(labels) >= 0).all()
    assert (int(images[0].sum()), int(images.max())) == (31095, 255)


def test_digits_are_a_fresh_copy():
    images, labels = data.digits()
    images[:], labels[:] = 0, 7
    images, labels = data.digits()
    assert images.any()
    assert labels[0] == 0


def test_digits_on_canvas():
    canvases, boxes, labels = data.digits_on_canvas(n=200, size=40)
    assert canvases.shape == (200, 40, 40)
    assert (canvases.dtype, boxes.dtype) == (np.uint8, np.float32)
    # the pixels in the box, and no others, bear ink, up to its very edges
    for canvas, (x1, y1, x2, y2) in zip(
        canvases, boxes.astype(int), strict=True
    ):
        inside = canvas[y1:y2, x1:x2]
        assert inside.any(0)[[0, -1]].all() and inside.any(1)[[0, -1]].all()
        assert inside.sum() == canvas.sum() > 0
    sides = boxes[:, 2:] - boxes[:, :2]
    assert sides.min() >= 1 and sides.max() <= 24
    # frozen: numpy keeps the stream of RandomState
    assert boxes[1].tolist() != boxes[0].tolist()
    again = data.digits_on_canvas(n=200, size=40)
    np.testing.assert_array_equal(canvases, again[0])
    other = data.digits_on_canvas(n=200, size=40, seed=1)
    assert not np.array_equal(boxes, other[1])
    assert set(labels.tolist()) == set(range(10))


def test_digits_on_canvas_as_they_are():
    images, labels = data.digits()
    canvases, _, chosen = data.digits_on_canvas(n=5, sides=(28, 28))
    for canvas, label in zip(canvases, chosen, strict=True):
        assert (images[labels == label] == canvas).all((1, 2)).sum() == 1


def test_no_digit_vanishes():
    for side in (7, 8, 13):
        canvases, _, _ = data.digits_on_canvas(n=3000, sides=(side, side))
        assert canvases.any((1, 2)).all()


def test_digits_on_canvas_refuses_nonsense():
    for sides in ((6, 7), (9, 8), (7, 29)):
        with pytest.raises(ValueError, match=r"received \("):
            data.digits_on_canvas(n=1, sides=sides)
    with pytest.raises(ValueError, match="between 7 and 20"):
        data.digits_on_canvas(n=1, size=20)


def test_food_spending():
    income, spending = data.food_spending()
    assert income.shape == spending.shape == (235,)
    # The first and the last household as R's quantreg prints them.
    np.testing.assert_allclose(income[[0, -1]], [420.1577, 1057.6767], 1e-6)
    np.testing.assert_allclose(spending[[0, -1]], [255.8394, 750.3202], 1e-6)


def test_doctor_visits():
    features, visits = data.doctor_visits()
    assert features.shape == (20190, 9)
    assert visits.dtype == np.int64
    assert visits[:8].tolist() == [0, 2, 0, 0, 0, 0, 0, 1]
    assert visits.sum() == 57752
    np.testing.assert_allclose(
        features[0], [4.61512, 1, 6.907755, 0, 0, 13.73189, 1, 0, 0]
    )


def test_state_crime():
    single, murders, names = data.state_crime()
    assert single.shape == murders.shape == (51,)
    assert (names[0], names[-1]) == ("Alabama", "Wyoming")
    assert (single[0], murders[0]) == (29.0, 7.1)


def test_diabetes():
    features, progression = data.diabetes()
    assert features.shape == (442, 10)
    assert progression[:3].tolist() == [151.0, 75.0, 141.0]
    np.testing.assert_allclose(features.sum(0), 0, atol=1e-10)
    np.testing.assert_allclose((features**2).sum(0), 1)


def test_quadratic_points():
    x, y = data.quadratic_points()
    assert x.shape == y.shape == (60,)
    assert x.dtype == y.dtype == np.float32
    assert (x[0], x[-1]) == (-1, 2)
    # numpy's RandomState(0) begins with 1.764052; 4.5 + 0.3 * 1.764052
    np.testing.assert_allclose(y[0], 5.029216, rtol=1e-6)
    np.testing.assert_array_equal(y, data.quadratic_points()[1])
    assert not np.array_equal(y, data.quadratic_points(seed=1)[1])
    np.testing.assert_allclose(
        y - data.quadratic_points(noise=0)[1],
        2 * (data.quadratic_points(noise=0.15)[1] - (1 - 2 * x + 1.5 * x**2)),
        atol=1e-5,
    )


def test_split():
    first = np.arange(6)
    parts = data.split(first, first * 10, test_share=1 / 3, seed=1)
    # frozen: numpy keeps the stream of RandomState
    assert [part.tolist() for part in parts] == [
        [2, 1, 4, 0],
        [3, 5],
        [20, 10, 40, 0],
        [30, 50],
    ]
    again = data.split(first, first * 10, test_share=1 / 3, seed=1)
    for one, other in zip(parts, again, strict=True):
        np.testing.assert_array_equal(one, other)
    other_seed = data.split(first, test_share=1 / 3, seed=2)
    assert other_seed[1].tolist() != [3, 5]


def test_split_refuses_nonsense():
    for share in (0, 1, -0.5, 2):
        with pytest.raises(ValueError, match=f"received {share}"):
            data.split(np.arange(4), test_share=share)
    with pytest.raises(ValueError, match=r"received \[4, 3\]"):
        data.split(np.arange(4), np.arange(3))


def test_standardise():
    train = np.random.RandomState(0).normal(5, [1, 10], size=(50, 2))
    scaled, other = data.standardise(train, train[:5])
    assert scaled.dtype == other.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-6)
    # the others are scaled by the mean and deviation of the first
    np.testing.assert_array_equal(other, scaled[:5])
