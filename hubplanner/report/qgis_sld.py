"""A style in SLD 1.1, the language of styles of the Open Geospatial Consortium, for programs beside QGIS.

Sizes are fixed here: programs differ in the expressions they know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from hubplanner.report.qgis_look import Marker, Style, StyleRule

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
    root = ET.Element("StyledLayerDescriptor", {"version": "1.1.0"} | _declarations())
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


def _declarations() -> dict[str, str]:
    return {f"xmlns:{prefix}" if prefix else "xmlns": address for prefix, address in _NAMESPACES.items()}


def _rule(rules: ET.Element, look: StyleRule, style: Style) -> None:
    rule = ET.SubElement(rules, "se:Rule")
    ET.SubElement(rule, "se:Name").text = look.label
    _filter(rule, look, style)
    if look.marker:
        _point(rule, look.marker)
    if look.stroke:
        line = ET.SubElement(rule, "se:LineSymbolizer")
        _stroke(line, look.stroke.color, look.stroke.width)


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
    _stroke(mark, marker.edge, marker.edge_width)
    size = marker.size / 2**0.5 if diamond else marker.size
    ET.SubElement(graphic, "se:Size").text = f"{size * _PIXELS_PER_POINT:.3g}"
    if diamond:
        ET.SubElement(graphic, "se:Rotation").text = _QUARTER


def _stroke(parent: ET.Element, color: str, width: float) -> None:
    stroke = ET.SubElement(parent, "se:Stroke")
    ET.SubElement(stroke, "se:SvgParameter", name="stroke").text = color
    ET.SubElement(stroke, "se:SvgParameter", name="stroke-width").text = f"{width * _PIXELS_PER_POINT:.3g}"
