"""Styles in a GeoPackage, so that QGIS opens the plan's layers looking like its map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pyogrio

from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED, PARTLY, mark_area
from hubplanner.outputs.map.hub_symbols import LINES, NEW, REACH, HubMark, mark_scale, tier_marks
from hubplanner.outputs.map.need import HALF, SOME
from hubplanner.outputs.plan_data import PlanData
from hubplanner.outputs.writers import check_geopackage, gdal_writes

TABLE = "layer_styles"
_SHAPES = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle", "p": "pentagon", "h": "hexagon"}
_DIAGONAL = {"D": math.sqrt(2)}
"""The picture gives a diamond's side, QGIS wants the width of what it stands in."""
_STANDS = ", stands already"
ISLANDS = "#8f2d8b"
_ALL = 1.000001
"""A share of one, however it was rounded."""
_RIM = 0.9
_RING = 1.4
"""Widths of the white rim of new hubs and of the ring of those that stand already, points."""


def write_styles(plan: PlanData, path: Path) -> None:
    """Write the styles of a plan's layers into its GeoPackage, as QGIS itself keeps default styles.

    The table ``layer_styles`` is described in the documentation of QGIS, *Saving styles into a data source*.

    Parameters
    ----------
    plan
        The plan whose layers the GeoPackage holds.
    path
        The GeoPackage, with the layers hubs, demand and links in it.
    """
    styles = [_hubs(plan), _demand(plan), _links(), *([_islands()] if plan.follows_roads else [])]
    built = () if plan.inputs.links is None else plan.inputs.links.shared  # links that stand alone need no line
    styles += [_backhaul(built)] if built else []
    table = pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": [style.layer for style in styles],
            "f_geometry_column": [pyogrio.read_info(path, layer=style.layer)["geometry_name"] for style in styles],
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


def _hubs(plan: PlanData) -> Style:
    """Return a look a tier: filled where new, hollow where hubs stand already; small marks over large ones."""
    marks, scale = tier_marks(plan), mark_scale(len(plan.hubs))
    stands = set(plan.hubs.loc[plan.hubs["status"] == "existing", "tier"])
    order = sorted(marks, key=lambda tier: -marks[tier].width)
    looks = []
    for tier in marks:
        wanted = {"tier": tier}
        marker = _hub_marker(marks[tier], scale, new=True)
        looks.append(StyleRule(label=tier, value=tier, fields=wanted, marker=marker, rank=order.index(tier)))
        if tier in stands:
            hollow, words = _hub_marker(marks[tier], scale, new=False), f"{tier}{_STANDS}"
            only = wanted | {"status": "existing"}
            looks.append(StyleRule(label=words, value=words, fields=only, marker=hollow, rank=order.index(tier)))
    attribute = f"\"tier\" || CASE WHEN \"status\" = 'existing' THEN '{_STANDS}' ELSE '' END"
    name = "name" if "name" in plan.hubs else "site_id"
    return Style(layer="hubs", kind="categories", attribute=attribute, looks=tuple(looks), name=name)


def _hub_marker(mark: HubMark, scale: float, *, new: bool) -> Marker:
    size = mark.width * scale * _DIAGONAL.get(mark.shape, 1.0)
    fill, edge, width = (NEW, "#ffffff", _RIM) if new else ("#ffffff", NEW, _RING)
    return Marker(shape=_SHAPES[mark.shape], fill=fill, edge=edge, edge_width=width, size=size)


def _demand(plan: PlanData) -> Style:
    """Return circles whose area is the need, coloured by the share that is covered, with the map's two limits."""
    most = float(plan.demand["need"].max()) if len(plan.demand) else 0.0
    least, largest = (math.sqrt(area) for area in mark_area(np.array([0.0, most]), most))
    classes = (
        ("covered", HALF, _ALL, COVERED[2]),
        ("partly covered", SOME, HALF, PARTLY[3]),
        ("not covered", 0.0, SOME, NOT_COVERED[4]),
    )
    circle = partial(Marker, shape="circle", edge="#ffffff", edge_width=0.6, size=(least + largest) / 4)
    looks = [
        StyleRule(label=label, limits=(low, high), marker=circle(fill=color)) for label, low, high, color in classes
    ]
    size = f'max({least:.4f}, {largest:.4f} * sqrt("need" / {most!r}))' if most > 0 else ""
    return Style(layer="demand", kind="ranges", attribute="covered_share", looks=tuple(looks), size=size, first="need")


def _links() -> Style:
    look = StyleRule(label="served by", stroke=Stroke(color=str(REACH["edgecolor"]), width=0.5))
    return Style(layer="links", kind="single", looks=(look,))


def _backhaul(technologies: Sequence[str]) -> Style:
    """Return a colour a technology of lines to build."""
    looks = [
        StyleRule(
            label=f"{name} to build",
            stroke=Stroke(color=LINES[name], width=1.1),
            value=name,
            fields={"technology": name},
        )
        for name in technologies
    ]
    return Style(layer="backhaul", kind="categories", attribute="technology", looks=tuple(looks))


def _islands() -> Style:
    look = StyleRule(label="roads that none joins to the main network", stroke=Stroke(color=ISLANDS, width=1.2))
    return Style(layer="islands", kind="single", looks=(look,))


_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_VERSION = "3.28.0"
"""Of QGIS, from which on the elements below are as they are here."""
_RENDERERS = {"single": "singleSymbol", "categories": "categorizedSymbol", "ranges": "graduatedSymbol"}
_EXPRESSION = "3"
"""What QGIS calls a property that is an expression."""
_NAMES_FROM = "1000000"
"""Names are written on maps of this scale and larger ones."""


def qml(style: Style) -> str:
    """Return a style as QGIS keeps it."""
    categories = "Symbology|Labeling" if style.name else "Symbology"
    root = ET.Element("qgis", version=_VERSION, styleCategories=categories, labelsEnabled="1" if style.name else "0")
    _renderer(root, style)
    if style.name:
        _names(root, style.name)
    for tag in ("blendMode", "featureBlendMode"):
        ET.SubElement(root, tag).text = "0"
    ET.SubElement(root, "layerGeometryType").text = "1" if style.looks[0].stroke else "0"
    ET.indent(root, " ")
    return _HEAD + ET.tostring(root, encoding="unicode") + "\n"


def _renderer(root: ET.Element, style: Style) -> None:
    settings = {"type": _RENDERERS[style.kind], "forceraster": "0", "enableorderby": "1" if style.first else "0"}
    settings["symbollevels"] = "1" if style.kind == "categories" else "0"
    if style.attribute:
        settings["attr"] = style.attribute
    if style.kind == "ranges":
        settings["graduatedMethod"] = "GraduatedColor"
    renderer = ET.SubElement(root, "renderer-v2", settings)
    _classes(renderer, style)
    symbols = ET.SubElement(renderer, "symbols")
    for number, look in enumerate(style.looks):
        _symbol(symbols, str(number), look, style.size)
    if style.first:
        order = ET.SubElement(renderer, "orderby")
        ET.SubElement(order, "orderByClause", asc="0", nullsFirst="0").text = f'"{style.first}"'


def _classes(renderer: ET.Element, style: Style) -> None:
    """Write which features have which symbol."""
    if style.kind == "single":
        return
    parts = ET.SubElement(renderer, style.kind)
    for number, look in enumerate(style.looks):
        common = {"symbol": str(number), "label": look.label, "render": "true"}
        if look.limits is None:
            ET.SubElement(parts, "category", {"value": look.value, "type": "string"} | common)
        else:
            low, high = (f"{limit:.15f}" for limit in look.limits)
            ET.SubElement(parts, "range", {"lower": low, "upper": high} | common)


def _symbol(symbols: ET.Element, name: str, look: StyleRule, size: str) -> None:
    kind = "marker" if look.marker else "line"
    symbol = ET.SubElement(
        symbols, "symbol", {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    )
    settings = {"class": "SimpleMarker" if look.marker else "SimpleLine", "pass": str(look.rank)}
    layer = ET.SubElement(symbol, "layer", settings | {"enabled": "1", "locked": "0"})
    options = _marker(look.marker) if look.marker else _stroke(look.stroke) if look.stroke else {}
    holder = ET.SubElement(layer, "Option", type="Map")
    for key, value in options.items():
        ET.SubElement(holder, "Option", type="QString", name=key, value=value)
    if size:
        _property(layer, "size", size)


def _marker(marker: Marker) -> dict[str, str]:
    return {
        "name": marker.shape,
        "color": _rgba(marker.fill),
        "outline_color": _rgba(marker.edge),
        "outline_style": "solid",
        "outline_width": f"{marker.edge_width:g}",
        "outline_width_unit": "Point",
        "size": f"{marker.size:.4g}",
        "size_unit": "Point",
        "scale_method": "diameter",
        "joinstyle": "miter",
    }


def _stroke(stroke: Stroke) -> dict[str, str]:
    return {
        "line_color": _rgba(stroke.color),
        "line_style": "solid",
        "line_width": f"{stroke.width:g}",
        "line_width_unit": "Point",
        "capstyle": "round",
        "joinstyle": "round",
    }


def _rgba(color: str) -> str:
    """Return a colour as QGIS writes it.

    >>> _rgba("#d9480f")
    '217,72,15,255'
    """
    return ",".join(str(int(color[start : start + 2], 16)) for start in (1, 3, 5)) + ",255"


def _property(layer: ET.Element, name: str, expression: str) -> None:
    """Let an expression give a property of a symbol."""
    outer = ET.SubElement(ET.SubElement(layer, "data_defined_properties"), "Option", type="Map")
    ET.SubElement(outer, "Option", type="QString", name="name", value="")
    properties = ET.SubElement(outer, "Option", type="Map", name="properties")
    own = ET.SubElement(properties, "Option", type="Map", name=name)
    ET.SubElement(own, "Option", type="bool", name="active", value="true")
    ET.SubElement(own, "Option", type="QString", name="expression", value=expression)
    ET.SubElement(own, "Option", type="int", name="type", value=_EXPRESSION)
    ET.SubElement(outer, "Option", type="QString", name="type", value="collection")


def _names(root: ET.Element, column: str) -> None:
    """Write a column beside the features, where the map is large enough and there is room."""
    settings = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    text = {"fieldName": column, "isExpression": "0", "fontSize": "8.5", "fontSizeUnit": "Point"}
    style = ET.SubElement(settings, "text-style", text | {"textColor": "29,39,51,255", "textOpacity": "1"})
    buffer = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": "255,255,255,255"}
    ET.SubElement(style, "text-buffer", buffer | {"bufferOpacity": "0.85"})
    around = {"placement": "6", "dist": "1", "distUnits": "MM", "offsetType": "1"}
    ET.SubElement(settings, "placement", around)
    scales = {"scaleVisibility": "1", "scaleMin": _NAMES_FROM, "scaleMax": "0"}
    ET.SubElement(settings, "rendering", scales | {"obstacle": "1", "displayAll": "0"})


_PIXELS_PER_POINT = 25.4 / 72 / 0.28
"""The standard's pixel is 0.28 mm wide."""
_NAMESPACES = {
    "": "http://www.opengis.net/sld",
    "se": "http://www.opengis.net/se",
    "ogc": "http://www.opengis.net/ogc",
}
_QUARTER = "45"
"""Degrees that turn a square into a diamond, which the standard does not know."""


def sld(style: Style) -> str:
    """Return a style by the standard.

    References
    ----------
    OGC 05-077r4, Symbology Encoding 1.1; OGC 05-078r4, Styled Layer Descriptor profile 1.1.
    """
    declared = {f"xmlns:{prefix}" if prefix else "xmlns": address for prefix, address in _NAMESPACES.items()}
    root = ET.Element("StyledLayerDescriptor", {"version": "1.1.0"} | declared)
    layer = ET.SubElement(root, "NamedLayer")
    ET.SubElement(layer, "se:Name").text = style.layer
    user = ET.SubElement(layer, "UserStyle")
    ET.SubElement(user, "se:Name").text = f"hubplanner {style.layer}"
    rules = ET.SubElement(user, "se:FeatureTypeStyle")
    # What is drawn later lies on top.
    for look in sorted(style.looks, key=lambda look: look.rank):
        _rule(rules, look, style)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _rule(rules: ET.Element, look: StyleRule, style: Style) -> None:
    rule = ET.SubElement(rules, "se:Rule")
    ET.SubElement(rule, "se:Name").text = look.label
    _filter(rule, look, style)
    if look.marker:
        _point(rule, look.marker)
    if look.stroke:
        line = ET.SubElement(rule, "se:LineSymbolizer")
        _sld_stroke(line, look.stroke.color, look.stroke.width)


def _filter(rule: ET.Element, look: StyleRule, style: Style) -> None:
    """Write which features a rule is for: ranges are open at their upper end."""
    if look.limits is None and not look.fields:
        return
    both = ET.SubElement(ET.SubElement(rule, "ogc:Filter"), "ogc:And")
    if look.limits is None:
        # Two conditions at least: "existing" is asked for or ruled out.
        wanted = look.fields | ({} if "status" in look.fields else {"!status": "existing"})
        for name, value in wanted.items():
            operator = "ogc:PropertyIsNotEqualTo" if name.startswith("!") else "ogc:PropertyIsEqualTo"
            _compare(both, operator, name.removeprefix("!"), value)
        return
    low, high = look.limits
    _compare(both, "ogc:PropertyIsGreaterThanOrEqualTo", style.attribute, f"{low:.7g}")
    _compare(both, "ogc:PropertyIsLessThan", style.attribute, f"{high:.7g}")


def _compare(parent: ET.Element, operator: str, name: str, value: str) -> None:
    comparison = ET.SubElement(parent, operator)
    ET.SubElement(comparison, "ogc:PropertyName").text = name
    ET.SubElement(comparison, "ogc:Literal").text = value


def _point(rule: ET.Element, marker: Marker) -> None:
    graphic = ET.SubElement(ET.SubElement(rule, "se:PointSymbolizer"), "se:Graphic")
    mark = ET.SubElement(graphic, "se:Mark")
    diamond = marker.shape == "diamond"
    ET.SubElement(mark, "se:WellKnownName").text = "square" if diamond else marker.shape
    fill = ET.SubElement(mark, "se:Fill")
    ET.SubElement(fill, "se:SvgParameter", name="fill").text = marker.fill
    _sld_stroke(mark, marker.edge, marker.edge_width)
    size = marker.size / 2**0.5 if diamond else marker.size
    ET.SubElement(graphic, "se:Size").text = f"{size * _PIXELS_PER_POINT:.3g}"
    if diamond:
        ET.SubElement(graphic, "se:Rotation").text = _QUARTER


def _sld_stroke(parent: ET.Element, color: str, width: float) -> None:
    stroke = ET.SubElement(parent, "se:Stroke")
    ET.SubElement(stroke, "se:SvgParameter", name="stroke").text = color
    ET.SubElement(stroke, "se:SvgParameter", name="stroke-width").text = f"{width * _PIXELS_PER_POINT:.3g}"


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A point's mark: shape, colours as #rrggbb, width of the edge and of the whole in points of type."""

    shape: str
    fill: str
    edge: str
    edge_width: float
    size: float


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A line's colour as #rrggbb and width in points of type."""

    color: str
    width: float


@dataclass(frozen=True, kw_only=True)
class StyleRule:
    """What some features of a layer look like, and which ones.

    Parameters
    ----------
    label
        Words for the legend.
    marker, stroke
        One of both.
    value
        The value of the style's attribute, in a style by categories.
    fields
        The columns' values that mean the same.
    limits
        From and to, both inclusive, in a style by ranges; the first look that fits is taken.
    rank
        Higher ones are drawn over lower ones.
    """

    label: str
    marker: Marker | None = None
    stroke: Stroke | None = None
    value: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    limits: tuple[float, float] | None = None
    rank: int = 0


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer looks.

    Parameters
    ----------
    layer
        Its name.
    kind
        One look for all, by categories or by ranges of an attribute.
    looks
        In the order of the legend.
    attribute
        A column or an expression of QGIS.
    name
        Column to write beside each feature, none if left out.
    size
        Expression for a marker's width in points, that of its look if left out.
    first
        Column whose largest values are drawn first, below the others.
    """

    layer: str
    kind: Literal["single", "categories", "ranges"]
    looks: tuple[StyleRule, ...]
    attribute: str = ""
    name: str = ""
    size: str = ""
    first: str = ""
