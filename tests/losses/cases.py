"""The table of losses: the rows of every family."""

import importlib
import importlib.util

# The modules of lossutils that hold losses, each with a chapter of its name.
FAMILIES = [
    family
    for family in (
        "classification",
        "regression",
        "detection",
        "embeddings",
        "custom_losses",
        "loss_weights",
    )
    if importlib.util.find_spec(f"lossutils.{family}")
]

CASES = [
    case
    for family in FAMILIES
    if importlib.util.find_spec(f"losses.rows.{family}")
    for case in importlib.import_module(f"losses.rows.{family}").CASES
]
