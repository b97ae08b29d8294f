"""Styles in the GeoPackage: what they say of each feature, by readers of our own."""

from __future__ import annotations

import math
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.instances.hostile_names import odd_plan, tree

import hubplanner as hp
from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED, PARTLY, mark_area
from hubplanner.outputs.map.hub_symbols import NEW

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from support.project import Project

SE, OGC = "{http://www.opengis.net/se}", "{http://www.opengis.net/ogc}"
Row = dict[str, Any]


def styles(path: Path) -> dict[str, tuple[ET.Element, ET.Element]]:
    """QML and SLD by layer, as QGIS looks for them."""
    query = (
        "SELECT f_table_name, styleQML, styleSLD FROM layer_styles JOIN gpkg_geometry_columns"
        " ON f_table_name = table_name AND f_geometry_column = column_name"
        " WHERE f_table_schema = '' AND useAsDefault = 1"
    )
    with closing(sqlite3.connect(path)) as base:
        return {name: (tree(qml), tree(sld)) for name, qml, sld in base.execute(query)}


def options(layer: ET.Element) -> dict[str, str]:
    return {option.attrib["name"]: option.attrib["value"] for option in layer.findall("Option/Option")}


def qml_symbols(qml: ET.Element) -> dict[str, dict[str, str]]:
    return {symbol.attrib["name"]: options(symbol[0]) for symbol in qml.findall("renderer-v2/symbols/symbol")}


def sld_rules(sld: ET.Element, row: Row) -> list[ET.Element]:
    return [rule for rule in sld.iter(f"{SE}Rule") if matches(rule.find(f"{OGC}Filter/{OGC}And"), row)]


def matches(both: ET.Element | None, row: Row) -> bool:
    """What the filter of a rule says of a row."""
    if both is None:
        return True
    assert len(both) > 1  # the standard wants two
    tests = {
        "PropertyIsEqualTo": lambda has, asked: str(has) == asked,
        "PropertyIsNotEqualTo": lambda has, asked: str(has) != asked,
        "PropertyIsGreaterThanOrEqualTo": lambda has, asked: float(has) >= float(asked),
        "PropertyIsLessThan": lambda has, asked: float(has) < float(asked),
    }
    return all(tests[part.tag.removeprefix(OGC)](row[part[0].text], part[1].text) for part in both)


def fill_of(rule: ET.Element) -> str | None:
    return rule.findtext(f".//{SE}Fill/{SE}SvgParameter")


def rgba(color: str) -> str:
    return ",".join(map(str, (*bytes.fromhex(color[1:]), 255)))


@pytest.fixture
def plan(project: Project) -> hp.Plan:
    project.edit("scenario.yaml", "{name: park,", '{name: "o\'park <b>",')
    return odd_plan(project, {"sites.tier": None, "model.budget": 2000})


def test_every_hub_has_its_tiers_mark_filled_when_new(plan: hp.Plan, tmp_path: Path) -> None:
    qml, sld = styles(plan.write(tmp_path / "run") / "plan.gpkg")["hubs"]
    symbols = qml_symbols(qml)
    by_value = {part.attrib["value"]: symbols[part.attrib["symbol"]] for part in qml.iter("category")}
    assert qml.find("renderer-v2").attrib["attr"].startswith('"tier" || CASE WHEN "status" = \'existing\'')  # type: ignore[union-attr]
    assert set(plan.hubs["status"]) == {"new", "existing"}
    for hub in plan.hubs.to_dict("records"):
        stands = hub["status"] == "existing"
        symbol = by_value[f"{hub['tier']}, stands already" if stands else hub["tier"]]
        (rule,) = sld_rules(sld, hub)
        assert symbol["color"] == rgba("#ffffff" if stands else NEW)
        assert symbol["outline_color"] == rgba(NEW if stands else "#ffffff")
        assert rgba(str(fill_of(rule))) == symbol["color"]
    assert {part.attrib["label"] for part in qml.iter("category")} >= {"centre", "o'park <b>"}


def test_demand_is_coloured_by_cover_and_sized_by_need(plan: hp.Plan, tmp_path: Path) -> None:
    qml, sld = styles(plan.write(tmp_path / "run") / "plan.gpkg")["demand"]
    symbols, most = qml_symbols(qml), float(plan.demand["need"].max())
    for share in (0.0, 0.0999, 0.1, 0.4999, 0.5, 1.0, 1.0000000002):
        ranges = [part.attrib for part in qml.iter("range")]
        first = next(part for part in ranges if float(part["lower"]) <= share <= float(part["upper"]))
        (rule,) = sld_rules(sld, {"covered_share": share})
        wanted = COVERED[2] if share >= 0.5 else PARTLY[3] if share >= 0.1 else NOT_COVERED[4]
        assert symbols[first["symbol"]]["color"] == rgba(wanted) == rgba(str(fill_of(rule)))
    expression = next(part for part in qml.iter("Option") if part.get("name") == "expression").attrib["value"]
    assert re.fullmatch(r'max\([\d.]+, [\d.]+ \* sqrt\("need" / [\d.]+\)\)', expression)
    for need in (0.0, most / 7, most):
        size = eval(expression.replace('"need"', repr(need)), {"max": max, "sqrt": math.sqrt})  # noqa: S307 - checked above
        assert size**2 == pytest.approx(mark_area(np.array([need]), most)[0], rel=1e-4)


def test_the_table_is_one_that_geopackages_may_hold(plan: hp.Plan, tmp_path: Path) -> None:
    path = plan.write(tmp_path / "run") / "plan.gpkg"
    assert list(styles(path)) == ["hubs", "demand", "links"]
    with closing(sqlite3.connect(path)) as base:
        names = [row[1] for row in base.execute("PRAGMA table_info(layer_styles)")]
        kind = base.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchone()
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert names[:5] == ["id", "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column"]
    assert names[5:] == [
        "styleName",
        "styleQML",
        "styleSLD",
        "useAsDefault",
        "description",
        "owner",
        "ui",
        "update_time",
    ]
    assert kind == ("attributes",)


def test_a_plan_without_hubs_or_need_has_styles_too(project: Project, tmp_path: Path) -> None:
    settings = {"model.budget": 0, "sites.status": None, "demand.connected_share": 1.0}
    path = hp.solve(project.read(settings)).write(tmp_path / "run") / "plan.gpkg"
    found = styles(path)
    assert len(found) == 3
    assert list(found["demand"][0].iter("data_defined_properties")) == []
