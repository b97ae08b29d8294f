"""What the app's map names, so that those who know the country find their way on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.browser import chromium as shared
from support.browser.server import served
from support.browser.visit import NARROW, WIDE, visiting
from support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

browser = shared.browser
SCENARIO = """\
name: country
demand: {path: places.csv, id: id, x: lon, y: lat, people: people}
sites: {path: places.csv, id: id, x: lon, y: lat}
hubs: [{name: hub, capex: 1, reach_km: 20}]
model: {budget: 2}
"""
PLACES = """\
id,lon,lat,people
coast,61.9,25.1,10
delta,70.8,24.5,10
desert,66.9,30.2,10
north,74.3,36.2,10
east,74.9,32.3,10
plain,71.5,30.2,10
"""
NAMED = """async () => {
    const { views } = await import("/static/stage.js");
    const [{ map }] = views();
    return map.queryRenderedFeatures({ layers: ["towns"] }).map(({ properties }) => properties.name);
}"""


LARGEST = {"Karachi", "Lahore", "Islamabad", "Peshawar", "Quetta", "Multan", "Hyderabad", "Gwadar"}


@pytest.mark.parametrize(
    ("size", "known"), [(WIDE, LARGEST | {"Faisalabad", "Gujranwala"}), (NARROW, LARGEST)], ids=["wide", "narrow"]
)
def test_the_largest_towns_of_a_country_are_named(
    tmp_path: Path, browser: Browser, size: tuple[int, int], known: set[str]
) -> None:
    project = Project(folder=tmp_path / "project")
    project.folder.mkdir()
    project.write("country.yaml", SCENARIO)
    project.write("places.csv", PLACES)
    with served(project.folder) as app, visiting(browser, size) as visit:
        visit.open(app.origin)
        visit.settle()
        named = set(visit.page.evaluate(NAMED))
        visit.shoot(f"towns-{size[0]}")
    assert known <= named
