from nbval_tolerance import fix_environment

# Before TensorFlow starts: the same digits on every machine, and no chatter.
fix_environment()

import tensorflow as tf  # noqa: E402
from keras_3.page import PAGE  # noqa: E402

# The page says how to make two devices of one processor. The tests of the
# losses, in the same process, may have done so before.
cpu = tf.config.list_physical_devices("CPU")[0]
if tf.config.get_logical_device_configuration(cpu) is None:
    exec(PAGE.preamble + PAGE.devices)
