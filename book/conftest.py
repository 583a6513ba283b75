"""Leaves out what this Python cannot run."""

import sys

# TensorFlow Addons ends with Python 3.11.
collect_ignore = (
    ["coming-from-addons.ipynb"] if sys.version_info >= (3, 12) else []
)
