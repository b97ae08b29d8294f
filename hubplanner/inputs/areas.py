"""Which of many polygons places lie in: the one look-up behind joins by place, zones, and people spread by a raster."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer

from hubplanner.problem import Floats, Ints

OUTSIDE = -1
"""Position of no polygon."""


class Areas:
    """Polygons that places are looked up in.

    >>> import geopandas as gpd
    >>> west, east = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    >>> areas = Areas(gpd.GeoSeries([west, east], crs="EPSG:4326"))
    >>> areas.at(np.array([[0.5, 0.5], [1.5, 0.5], [1.0, 0.5], [9.0, 9.0]]), areas.crs).tolist()
    [0, 1, 0, -1]
    """

    def __init__(self, shapes: gpd.GeoSeries) -> None:
        """Take polygons with their system; the first of several that hold a place is its own."""
        self.crs: CRS = shapes.crs
        self.shapes = shapes.to_numpy()
        self.doubled = 0
        shapely.prepare(self.shapes)
        self._boxes = shapely.STRtree(shapely.box(*shapes.bounds.to_numpy().T))

    def at(self, places: Floats, crs: CRS) -> Ints:
        """Return the position (k,) of the polygon that each place (k, 2) lies in, its border included; -1 outside.

        ``doubled`` counts the places so far that lie inside two polygons or more, which overlap there.
        """
        if not crs.equals(self.crs, ignore_axis_order=True):
            turned = Transformer.from_crs(crs, self.crs, always_xy=True).transform(places[:, 0], places[:, 1])
            places = np.column_stack(turned)
        found = np.full(len(places), len(self.shapes), dtype=np.intp)
        usable = np.flatnonzero(np.isfinite(places).all(axis=1))
        place, shape = self._boxes.query(shapely.points(places[usable]), predicate="intersects")
        place = usable[place]
        held = shapely.intersects_xy(self.shapes[shape], *places[place].T)
        place, shape = place[held], shape[held]
        np.minimum.at(found, place, shape)
        often = np.flatnonzero(np.bincount(place, minlength=1) > 1)
        if len(often):
            several = np.isin(place, often)
            inner = shapely.contains_xy(self.shapes[shape[several]], *places[place[several]].T)
            self.doubled += int((np.bincount(place[several][inner]) > 1).sum())
        return np.where(found < len(self.shapes), found, OUTSIDE)

    def nearest(self, places: Floats, crs: CRS) -> Ints:
        """Return the position (k,) of the polygon nearest to each place (k, 2), the first of equally near ones."""
        turned = Transformer.from_crs(crs, self.crs, always_xy=True).transform(places[:, 0], places[:, 1])
        place, shape = shapely.STRtree(self.shapes).query_nearest(shapely.points(np.column_stack(turned)))
        found = np.full(len(places), len(self.shapes), dtype=np.intp)
        np.minimum.at(found, place, shape)
        return found
