"""Loads our pytest plugins, so that plain `pytest` checks the notebooks."""

pytest_plugins = ["browser", "nbval_tolerance"]
