"""The plan for Google Earth: hubs by tier, and what each reaches, in one KML file that asks nothing of any host."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from hubplanner.formatting import in_words
from hubplanner.outputs.map.hub_symbols import NEW, REACH, TRENCH
from hubplanner.outputs.run_data import Result, on_one_line, plural
from hubplanner.problem import Floats
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from hubplanner.scenario.scenario import TierSpec

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_STANDS = "#5b6673"
"""Of pins for hubs that stand already: Google Earth has no hollow ones."""
_CORNERS = 48
"""Of the polygon that stands for a circle."""
_SMALLEST, _STEP = 0.8, 0.2
"""Size of the smallest tier's pin, and how much each larger one adds."""
_YEAR = re.compile(r"\d{4}")
_DECIMALS = 6
_TURN = 360.0


def write_kml(result: Result, path: Path) -> None:
    """Write KML 2.2 (OGC 07-147r2): a folder a tier, new and standing hubs apart, and a folder of what they reach.

    Where a programme's years are named such as 2027, Google Earth's time slider shows them.
    """
    root = ET.Element("kml", xmlns=_NAMESPACE)
    document = ET.SubElement(root, "Document")
    _text(document, "name", on_one_line(result.name))
    _text(document, "open", "1")
    _text(document, "description", _safe(_headline(result)))
    _styles(document, result)
    for number, tier in enumerate(result.scenario.hubs):
        _tier_folder(document, result, tier, number)
    _line_folder(document, result)
    _reach_folder(document, result)
    ET.indent(root, " ")
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _safe(text: str) -> str:
    """Return text that stays text where Google Earth reads HTML or fills in ``$[name]``."""
    return html.escape(text).replace("$", "&#36;")


def _headline(result: Result) -> str:
    """Return the plan in a sentence."""
    summary = result.summary
    hubs = int(result.hubs["hubs"].sum())
    money = f"{result.money} {in_words(summary['cost']['total'])}".strip()
    return f"{hubs:,} hub{'' if hubs == 1 else 's'} for {result.told_reached(in_words)}; cost: {money}"


def _styles(document: ET.Element, result: Result) -> None:
    speed = result.scenario.travel.speed_kmh
    order = np.argsort(np.argsort([tier.reach(speed) for tier in result.scenario.hubs], kind="stable"))
    for number in range(len(result.scenario.hubs)):
        for kind, color in (("new", NEW), ("stands", _STANDS)):
            style = ET.SubElement(document, "Style", id=f"{kind}{number}")
            icon = ET.SubElement(style, "IconStyle")
            _text(icon, "color", _color(color))
            _text(icon, "scale", f"{_SMALLEST + _STEP * order[number]:.1f}")
            _text(ET.SubElement(style, "LabelStyle"), "scale", "0.8")
            # The name is in the description, where it is harmless; by default it would be shown as HTML.
            _text(ET.SubElement(style, "BalloonStyle"), "text", "$[description]")
    if result.backhaul is not None:
        built = ET.SubElement(ET.SubElement(document, "Style", id="line"), "LineStyle")
        _text(built, "color", _color(TRENCH))
        _text(built, "width", "3")
    style = ET.SubElement(document, "Style", id="reach")
    line = ET.SubElement(style, "LineStyle")
    _text(line, "color", _color(str(REACH["edgecolor"])))
    _text(line, "width", "1.5")
    _text(ET.SubElement(style, "PolyStyle"), "color", _color(str(REACH["edgecolor"]), alpha=0x40))


def _color(color: str, alpha: int = 0xFF) -> str:
    """Return a colour as KML writes it: alpha, blue, green, red.

    >>> _color("#d9480f")
    'ff0f48d9'
    """
    return f"{alpha:02x}{color[5:7]}{color[3:5]}{color[1:3]}"


def _tier_folder(document: ET.Element, result: Result, tier: TierSpec, number: int) -> None:
    hubs = [hub for hub in result.hubs.to_dict("records") if hub["tier"] == tier.name]
    folder = ET.SubElement(document, "Folder")
    _text(folder, "name", f"{on_one_line(tier.name)} ({sum(int(hub['hubs']) for hub in hubs):,})")
    for hub in hubs:
        mark = ET.SubElement(folder, "Placemark")
        _text(mark, "name", result.name_of(hub))
        ET.SubElement(mark, "Snippet", maxLines="0")
        _text(mark, "description", _description(result, hub))
        if _YEAR.fullmatch(str(hub.get("period", ""))):
            _text(ET.SubElement(mark, "TimeSpan"), "begin", str(hub["period"]))
        kind = "stands" if hub["status"] == "existing" else "new"
        _text(mark, "styleUrl", f"#{kind}{number}")
        point = hub["geometry"]
        _text(ET.SubElement(mark, "Point"), "coordinates", _coordinates(np.array([[point.x, point.y]])))


def _description(result: Result, hub: dict[str, Any]) -> str:
    """Return a hub's facts as a small table of HTML, every word of the data escaped."""
    rows = "".join(
        f"<tr><td>{_safe(name)}</td><td><b>{_safe(value)}</b></td></tr>" for name, value in _facts(result, hub)
    )
    area = f"<p>{_safe(', '.join(result.area_of(hub)))}</p>" if result.area_of(hub) else ""
    return f"<h3>{_safe(result.name_of(hub))}</h3>{area}<table>{rows}</table>"


def _facts(result: Result, hub: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "What", f"{plural(on_one_line(hub['tier']), int(hub['hubs']))}, {hub['status']}"
    yield "Site", on_one_line(hub["site_id"])
    yield ("People served" if result.seated else "People covered"), f"{hub[result.scenario.column_of_reached]:,.0f}"
    if not pd.isna(hub.get("capacity")):
        yield "Room for", f"{hub['capacity']:,.0f} {result.scenario.seated}"
    if hub["status"] != "existing":
        yield "Cost", f"{result.money} {hub['cost']:,.0f}".strip()
    if on_one_line(hub.get("link")):
        yield "Link", on_one_line(hub["link"])
    if "period" in hub:
        yield "Opens in", on_one_line(hub["period"])


def _coordinates(lonlat: Floats) -> str:
    return " ".join(f"{lon:.{_DECIMALS}f},{lat:.{_DECIMALS}f}" for lon, lat in lonlat)


def _line_folder(document: ET.Element, result: Result) -> None:
    """Write the lines that connect hubs, if any."""
    if result.backhaul is None or not len(result.backhaul):
        return
    folder = ET.SubElement(document, "Folder")
    _text(folder, "name", f"lines to build ({result.backhaul['km'].sum():,.1f} km)")
    for line in result.backhaul.to_dict("records"):
        mark = ET.SubElement(folder, "Placemark")
        ends = f"{on_one_line(line['from'])} to {on_one_line(line['to'])}"
        _text(mark, "name", f"{ends}: {line['km']:,.1f} km of {on_one_line(line['technology'])}")
        ET.SubElement(mark, "Snippet", maxLines="0")
        _text(mark, "styleUrl", "#line")
        shape = ET.SubElement(mark, "LineString")
        _text(shape, "tessellate", "1")
        _text(shape, "coordinates", _coordinates(np.array(line["geometry"].coords)))


def _reach_folder(document: ET.Element, result: Result) -> None:
    """Write a circle about each hub, where reach is a distance in a straight line."""
    travel = result.scenario.travel
    if not travel.is_geometric or not len(result.hubs):
        return
    reach = {tier.name: travel.circle(tier.reach(travel.speed_kmh)) for tier in result.scenario.hubs}
    folder = ET.SubElement(document, "Folder")
    _text(folder, "name", "within reach")
    for hub in result.hubs.to_dict("records"):
        mark = ET.SubElement(folder, "Placemark")
        _text(mark, "name", result.name_of(hub))
        _text(mark, "styleUrl", "#reach")
        if _YEAR.fullmatch(str(hub.get("period", ""))):
            _text(ET.SubElement(mark, "TimeSpan"), "begin", str(hub["period"]))
        polygon = ET.SubElement(mark, "Polygon")
        _text(polygon, "tessellate", "1")
        ring = ET.SubElement(ET.SubElement(polygon, "outerBoundaryIs"), "LinearRing")
        _text(ring, "coordinates", _coordinates(circle(hub["geometry"].x, hub["geometry"].y, reach[hub["tier"]])))


def circle(lon: float, lat: float, radius_km: float) -> Floats:
    r"""Return the corners (49, 2) of a circle on the sphere, anticlockwise, the first again at the end.

    .. math:: \sin\varphi' = \sin\varphi\cos\delta + \cos\varphi\sin\delta\cos\theta, \quad \delta = r / R

    >>> north = circle(67.0, 30.0, 111.19508)[0]
    >>> [round(float(degrees), 3) for degrees in north]
    [67.0, 31.0]
    """
    bearing = -np.linspace(0.0, 2 * np.pi, _CORNERS + 1)
    bearing[-1] = 0.0
    delta, phi = radius_km / EARTH_RADIUS_KM, np.radians(lat)
    sine = np.clip(np.sin(phi) * np.cos(delta) + np.cos(phi) * np.sin(delta) * np.cos(bearing), -1.0, 1.0)
    east = np.arctan2(np.sin(bearing) * np.sin(delta) * np.cos(phi), np.cos(delta) - np.sin(phi) * sine)
    return np.column_stack([(lon + np.degrees(east) + _TURN / 2) % _TURN - _TURN / 2, np.degrees(np.arcsin(sine))])
