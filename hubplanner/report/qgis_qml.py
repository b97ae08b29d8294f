"""A style in QML, the language of QGIS 3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from hubplanner.report.qgis_look import Marker, Stroke, Style, StyleRule

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
