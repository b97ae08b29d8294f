"""Files of places decoded by code that opens nothing but the file itself: no drivers, links, views or addresses."""

from hubplanner.formats.layer import Layer, regular
from hubplanner.formats.read import read_layer

__all__ = ["Layer", "read_layer", "regular"]
