from nbval_tolerance import fix_environment

# Before TensorFlow starts: the same digits on every machine, and no chatter.
fix_environment()

import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
from losses.cases import CASES  # noqa: E402

# Two processors, real or not, for the two replicas of a MirroredStrategy.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)


@pytest.fixture(params=CASES, ids=str)
def case(request):
    """Each row of the table in turn."""
    return request.param


@pytest.fixture(params=["plain", "changed"])
def hyper(request, case):
    """The row's hyperparameters: first the plain ones, then others."""
    return getattr(case, request.param)


@pytest.fixture(scope="session")
def two_replicas():
    """Two replicas, whose slopes the first adds up.

    By default they meet in numbered collective operations. In one process
    the numbers of two models may coincide, and a shape then not fit.
    """
    strategy = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"],
        cross_device_ops=tf.distribute.ReductionToOneDevice(),
    )
    assert strategy.num_replicas_in_sync == 2
    return strategy
