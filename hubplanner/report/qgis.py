"""Styles in a GeoPackage, so that QGIS opens the plan's layers looking like its map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyogrio

from hubplanner.report.files import check_geopackage, gdal_writes
from hubplanner.report.ground import COVERED, HALF, NOT_COVERED, PARTLY, SOME, mark_area
from hubplanner.report.hubmarks import NEW, REACH, mark_scale, tier_marks
from hubplanner.report.qgis_look import Marker, Stroke, Style, StyleRule
from hubplanner.report.qgis_qml import qml
from hubplanner.report.qgis_sld import sld

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.report.hubmarks import HubMark
    from hubplanner.report.plan import Plan

TABLE = "layer_styles"
_SHAPES = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle", "p": "pentagon", "h": "hexagon"}
_DIAGONAL = {"D": math.sqrt(2)}
"""The picture gives a diamond's side, QGIS wants the width of what it stands in."""
_STANDS = ", stands already"
_ALL = 1.000001
"""A share of one, however it was rounded."""
_RIM = 0.9
_RING = 1.4
"""Widths of the white rim of new hubs and of the ring of those that stand already, points."""


def write_styles(plan: Plan, path: Path) -> None:
    """Write the styles of a plan's layers into its GeoPackage, as QGIS itself keeps default styles.

    The table ``layer_styles`` is described in the documentation of QGIS, *Saving styles into a data source*.

    Parameters
    ----------
    plan
        The plan whose layers the GeoPackage holds.
    path
        The GeoPackage, with the layers hubs, demand and links in it.
    """
    styles = (_hubs(plan), _demand(plan), _links())
    table = pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": [style.layer for style in styles],
            "f_geometry_column": [_geometry_column(path, style.layer) for style in styles],
            "styleName": [f"hubplanner {style.layer}" for style in styles],
            "styleQML": [qml(style) for style in styles],
            "styleSLD": [sld(style) for style in styles],
            "useAsDefault": np.ones(len(styles), dtype=np.bool_),
            "description": "As on map.png",
            "owner": "",
            "ui": pd.Series([None] * len(styles), dtype=object),
            "update_time": pd.Timestamp.now(tz="UTC").floor("ms"),
        }
    )
    with gdal_writes(path):
        pyogrio.write_dataframe(table, path, layer=TABLE, driver="GPKG", append=True, FID="id")
        check_geopackage(path, {TABLE: len(table)})


def _geometry_column(path: Path, layer: str) -> str:
    return str(pyogrio.read_info(path, layer=layer)["geometry_name"])


def _hubs(plan: Plan) -> Style:
    """Return a look a tier: filled where new, hollow where hubs stand already; small marks over large ones."""
    marks, scale = tier_marks(plan), mark_scale(len(plan.hubs))
    stands = set(plan.hubs.loc[plan.hubs["status"] == "existing", "tier"])
    order = sorted(marks, key=lambda tier: -marks[tier].width)
    looks = []
    for tier in marks:
        wanted = {"tier": tier}
        marker = _marker(marks[tier], scale, new=True)
        looks.append(StyleRule(label=tier, value=tier, fields=wanted, marker=marker, rank=order.index(tier)))
        if tier in stands:
            hollow, words = _marker(marks[tier], scale, new=False), f"{tier}{_STANDS}"
            only = wanted | {"status": "existing"}
            looks.append(StyleRule(label=words, value=words, fields=only, marker=hollow, rank=order.index(tier)))
    attribute = f"\"tier\" || CASE WHEN \"status\" = 'existing' THEN '{_STANDS}' ELSE '' END"
    return Style(layer="hubs", kind="categories", attribute=attribute, looks=tuple(looks), name=_name_column(plan))


def _marker(mark: HubMark, scale: float, *, new: bool) -> Marker:
    size = mark.width * scale * _DIAGONAL.get(mark.shape, 1.0)
    fill, edge, width = (NEW, "#ffffff", _RIM) if new else ("#ffffff", NEW, _RING)
    return Marker(shape=_SHAPES[mark.shape], fill=fill, edge=edge, edge_width=width, size=size)


def _name_column(plan: Plan) -> str:
    return "name" if "name" in plan.hubs else "site_id"


def _demand(plan: Plan) -> Style:
    """Return circles whose area is the need, coloured by the share that is covered, with the map's two limits."""
    most = float(plan.demand["need"].max()) if len(plan.demand) else 0.0
    least, largest = (math.sqrt(area) for area in mark_area(np.array([0.0, most]), most))
    classes = (
        ("covered", HALF, _ALL, COVERED[2]),
        ("partly covered", SOME, HALF, PARTLY[3]),
        ("not covered", 0.0, SOME, NOT_COVERED[4]),
    )
    looks = [
        StyleRule(label=label, limits=(low, high), marker=_circle(color, (least + largest) / 4))
        for label, low, high, color in classes
    ]
    size = f'max({least:.4f}, {largest:.4f} * sqrt("need" / {most!r}))' if most > 0 else ""
    return Style(layer="demand", kind="ranges", attribute="covered_share", looks=tuple(looks), size=size, first="need")


def _circle(color: str, size: float) -> Marker:
    return Marker(shape="circle", fill=color, edge="#ffffff", edge_width=0.6, size=size)


def _links() -> Style:
    look = StyleRule(label="served by", stroke=Stroke(color=str(REACH["edgecolor"]), width=0.5))
    return Style(layer="links", kind="single", looks=(look,))
