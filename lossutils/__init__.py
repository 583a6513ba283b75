"""Losses that Keras lacks, with the plots, data and checks of the book.

Importing the package registers its losses, so that `load_model` finds them.
The modules that draw, load data or train are imported by name.
"""

from lossutils import addons as addons
from lossutils import classification as classification
from lossutils import custom_losses as custom_losses
from lossutils import detection as detection
from lossutils import embeddings as embeddings
from lossutils import loss_weights as loss_weights
from lossutils import regression as regression

__version__ = "0.1.0"
