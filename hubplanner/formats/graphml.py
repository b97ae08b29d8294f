"""Roads in GraphML, as osmnx saves them, read by networkx."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import geopandas as gpd
import networkx as nx
import pandas as pd
import shapely

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import regular
from hubplanner.translation import gettext as _

SUFFIXES = (".graphml",)


def read_graphml(path: Path, tags: Collection[str]) -> gpd.GeoDataFrame:
    """Return a graph's edges as lines in degrees, with some of their attributes as text, blank where there is none.

    Nodes say where they are by ``x`` and ``y``. An edge follows its ``geometry``, well-known text, or else a straight
    line. In a directed graph each edge is one-way; of values that are lists, as where osmnx joined ways, all are kept,
    parted by semicolons, but of ``highway`` the first.

    Raises
    ------
    DataError
        Where the file is no GraphML, or its nodes have no places.
    """
    regular(path)
    try:
        graph: Any = nx.read_graphml(path)
    except (ParseError, nx.NetworkXError, ValueError, KeyError, TypeError) as error:
        raise DataError(Fault(file=path.name, allowed=_("cannot be read as GraphML: {error}", error=error))) from error
    shapes, rows = [], []
    try:
        spots = {node: (float(about["x"]), float(about["y"])) for node, about in graph.nodes(data=True)}
        for tail, head, about in graph.edges(data=True):
            own = about.get("geometry")
            shapes.append(shapely.LineString([spots[tail], spots[head]]) if own is None else shapely.from_wkt(str(own)))
            row = {tag: _plain(about.get(tag), first=tag == "highway") for tag in tags}
            rows.append(row | ({"oneway": "yes"} if graph.is_directed() else {}))
    except (KeyError, ValueError, shapely.errors.ShapelyError) as error:
        allowed = _(
            "cannot be used: nodes need x and y in degrees, and edges a geometry of well-known text or none ({error})",
            error=error,
        )
        raise DataError(Fault(file=path.name, allowed=allowed)) from error
    columns = sorted({*tags, "oneway"})
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns).fillna(""), geometry=shapes, crs="EPSG:4326")


def _plain(value: object, *, first: bool) -> str:
    """Return an attribute as text.

    >>> _plain("['50', '30']", first=False), _plain(None, first=True), _plain("['primary', 'road']", first=True)
    ('50;30', '', 'primary')
    """
    text = "" if value is None else str(value)
    if not text.startswith("["):
        return text
    try:
        parts = [str(part) for part in ast.literal_eval(text)]
    except (ValueError, SyntaxError, TypeError):
        return text
    return parts[0] if first and parts else ";".join(parts)
