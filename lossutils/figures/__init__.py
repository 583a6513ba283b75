"""Figures that the reader moves.

Each is one call at the end of a cell. What they draw are the graphs that
TensorFlow traced of the losses and of their gradients, as plain arithmetic
(see `tracing`), so the page that shows a figure needs no TensorFlow, no
server and no other library. Where scripts do not run, a still picture of the
same numbers remains.
"""

from lossutils.figures.boxes import boxes as boxes
from lossutils.figures.curves import curves as curves
from lossutils.figures.points import line as line
from lossutils.figures.points import points as points
