"""Loads our pytest plugin, so that plain `pytest` checks the notebooks."""

pytest_plugins = ["nbval_tolerance"]
