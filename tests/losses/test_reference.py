"""The reference stands on its own, and on values from elsewhere."""

import ast
import inspect
import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from lossutils import reference


def test_it_imports_nothing_but_math():
    tree = ast.parse(inspect.getsource(reference))
    imports = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert imports == ["import math"]


def test_it_is_not_what_it_checks(case):
    assert getattr(reference, case.name) is not case.function


@pytest.mark.parametrize("tau", [0.05, 0.5, 0.9])
def test_pinball_as_in_scikit_learn(tau):
    labels, predictions = np.random.RandomState(0).normal(size=(2, 50))
    np.testing.assert_allclose(
        np.mean(reference.pinball_loss(labels, predictions, tau=tau)),
        metrics.mean_pinball_loss(labels, predictions, alpha=tau),
        rtol=1e-12,
    )


def test_pinball_by_hand():
    # too low by 2: 0.75 * 2; too high by 2: 0.25 * 2; met: 0
    values = reference.pinball_loss([[10, 10, 10]], [[8, 12, 10]], tau=0.75)
    assert values == [(1.5 + 0.5 + 0) / 3]
    # at levels 0.25 and 0.75: 0.25 * 4 and 0.25 * 4
    values = reference.pinball_loss([[4]], [[0, 8]], tau=[0.25, 0.75])
    assert values == [(1 + 1) / 2]


def test_gaussian_as_in_scipy():
    labels, means, log_variances = np.random.RandomState(0).normal(size=(3, 50))
    values = reference.gaussian_nll_loss(
        labels.tolist(), np.stack([means, log_variances], axis=1).tolist()
    )
    density = stats.norm.logpdf(labels, means, np.exp(log_variances / 2))
    np.testing.assert_allclose(
        np.array(values) + math.log(2 * math.pi) / 2, -density, rtol=1e-12
    )


def test_gaussian_by_hand():
    # two outputs, variances 1 and 4: (2^2 / 1 + 0 + 2^2 / 4 + log 4) / 2 / 2
    values = reference.gaussian_nll_loss(
        [[3, 5]], [[1, 3, 0, math.log(4)]], min_variance=1e-6
    )
    np.testing.assert_allclose(values, [(5 + math.log(4)) / 4])
    # a variance of 1 where at least 4 is asked for: (2^2 / 4 + log 4) / 2
    values = reference.gaussian_nll_loss([3], [[1, 0]], min_variance=4)
    np.testing.assert_allclose(values, [(1 + math.log(4)) / 2])


def test_charbonnier_by_hand():
    # the right triangles 3-4-5, 5-12-13 and 8-15-17
    assert reference.charbonnier_loss([4.0], [0.0], epsilon=3) == [5]
    assert reference.charbonnier_loss([7.0], [12.0], epsilon=12) == [13]
    values = reference.charbonnier_loss([[15, 0]], [[0, 0]], epsilon=8)
    assert values == [(17 + 8) / 2]


@pytest.mark.parametrize("power", [1, 1.2, 1.5, 1.9])
def test_tweedie_as_in_scikit_learn(power):
    random = np.random.RandomState(0)
    labels = random.poisson(1.5, size=50).astype(float)
    means = random.uniform(0.5, 4, size=50)
    assert 0 in labels
    np.testing.assert_allclose(
        2 * np.mean(reference.tweedie_loss(labels, means, power=power)),
        metrics.mean_tweedie_deviance(labels, means, power=power),
        rtol=1e-12,
    )


def test_tweedie_by_hand():
    # power 1.5: 2 / -0.25 - 4 / (-0.5 * 3) + 3 / 0.5 = 2/3 at y=4, mean=9
    np.testing.assert_allclose(reference.tweedie_loss([4], [9]), [2 / 3])
    # power 1: 2 log 2 - 2 + 1, and the mean itself at y=0
    np.testing.assert_allclose(
        reference.tweedie_loss([[2, 0]], [[1, 3]], power=1),
        [(2 * math.log(2) - 1 + 3) / 2],
    )
