"""What the book needs of Sphinx and no setting gives."""

import os

from . import (
    accessibility,
    address,
    cheat_sheet,
    figures,
    formulas,
    icons,
    images,
    links,
    offline,
    run_here,
)

PARTS = (
    address,
    formulas,
    cheat_sheet,
    links,
    figures,
    images,
    accessibility,
    icons,
    run_here,
    offline,
)


def setup(app):
    """Connects what is here to Sphinx.

    Args:
        app: the Sphinx application.

    Returns:
        What Sphinx asks of an extension: pages may be read in parallel, but
        not written, since they share one Node.
    """
    # autodoc imports TensorFlow, whose start-up notes are no news here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
