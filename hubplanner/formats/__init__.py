"""Files of places decoded by code that opens nothing but the file itself: no drivers, links, views or addresses."""

from hubplanner.formats.layer import Layer, read_layer, regular

__all__ = ["Layer", "read_layer", "regular"]
