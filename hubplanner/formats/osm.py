"""Roads and ferries of OpenStreetMap, by GDAL's driver: given the bytes alone, which must begin as its files do."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import regular
from hubplanner.translation import gettext as _

SUFFIXES = (".pbf", ".osm")
_HEAD = 2000
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_ROADS = 'highway IS NOT NULL OR other_tags LIKE \'%"route"=>"ferry"%\''


def read_osm(path: Path, tags: Collection[str]) -> gpd.GeoDataFrame:
    """Return the ways that are roads or ferries, in degrees: osm_id, highway and some tags, blank where there is none.

    Raises
    ------
    DataError
        Where the file is not what its name says, or it is not whole.
    """
    regular(path)
    data = path.read_bytes()
    head = data[:_HEAD]
    if re.match(rb"\s*<(!doctype\s+)?html\b", head, re.IGNORECASE):
        raise _unreadable(path, _("it is a web page, so its download failed; open it in a browser to see why"))
    if b"OSMHeader" not in head[:64] and not re.match(
        rb"\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*<osm\b", head, re.DOTALL
    ):
        raise _unreadable(path, _("it does not start like one") if data else _("it is empty; download it again"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL on ways whose nodes lie outside the extract, which are cut there
            if pyogrio.read_info(data, layer="lines")["driver"] != "OSM":
                raise _unreadable(path, _("it is something else"))
            columns = ["osm_id", "highway", "other_tags"]
            frame = pyogrio.read_dataframe(data, layer="lines", columns=columns, where=_ROADS)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        what = _("it is damaged, or cut short; download it again and compare its size with what the source states")
        raise _unreadable(path, what) from error
    found: dict[str, list[str]] = {tag: [""] * len(frame) for tag in tags if tag not in {"highway", "osm_id"}}
    for at, text in enumerate(frame["other_tags"].tolist()):
        for tag, value in _TAG.findall(text) if isinstance(text, str) else ():
            if tag in found:
                found[tag][at] = value
    own = {"osm_id": frame["osm_id"].astype(str), "highway": frame["highway"].fillna("").astype(str)}
    tagged = pd.DataFrame({**own, **found}, index=frame.index).astype(object)
    return gpd.GeoDataFrame(tagged, geometry=frame.geometry.array, crs="EPSG:4326")


def _unreadable(path: Path, what: str) -> DataError:
    return DataError(Fault(file=path.name, allowed=_("cannot be read as an OpenStreetMap file: {what}", what=what)))
