"""What the app's map names, so that those who know the country find their way on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, served
from support.browser.visit import NARROW, WIDE, visiting
from support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.browser
SCENARIO = """\
name: country
demand: {path: places.csv, id: id, x: lon, y: lat, people: people}
sites: {path: places.csv, id: id, x: lon, y: lat, name: name}
hubs: [{name: hub, capex: 1, reach_km: 20}]
model: {budget: 6}
"""
PLACES = """\
id,name,lon,lat,people
coast,Community centre of the harbour and of all its hills,61.9,25.1,10
delta,Badin,68.8,24.6,10
desert,Ziarat,67.7,30.4,10
north,Sost,74.8,36.7,10
east,Lahore,74.35,31.55,10
plain,Multan,71.5,30.2,10
"""
NAMED = """async (layer) => {
    const { views } = await import("/static/stage.js");
    const [{ map }] = views();
    return map.queryRenderedFeatures({ layers: [layer] }).map(({ properties }) => properties.name);
}"""


LARGEST = {"Karachi", "Lahore", "Islamabad", "Peshawar", "Quetta", "Multan", "Gwadar"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    project = Project(folder=tmp_path_factory.mktemp("towns") / "project")
    project.folder.mkdir()
    project.write("country.yaml", SCENARIO)
    project.write("places.csv", PLACES)
    with served(project.folder) as serving:
        yield serving


@pytest.mark.parametrize(
    ("size", "known"),
    [(WIDE, LARGEST | {"Hyderabad", "Faisalabad", "Gujranwala"}), (NARROW, LARGEST)],
    ids=["wide", "narrow"],
)
def test_the_largest_towns_of_a_country_are_named(
    app: Serving, browser: Browser, size: tuple[int, int], known: set[str]
) -> None:
    run = app.done(kind="solve", scenario="country")["run"]
    with visiting(browser, size) as visit:
        visit.open(app.origin)
        visit.settle()
        assert known <= set(visit.page.evaluate(NAMED, "towns"))
        visit.page.evaluate("run => import('/static/opening.js').then(({ openPlan }) => openPlan(run))", run)
        expect(visit.page.locator("#headline")).to_be_visible()
        visit.settle()
        towns, hubs = (visit.page.evaluate(NAMED, layer) for layer in ("towns", "labels"))
        visit.shoot(f"towns-{size[0]}")
    assert known <= {*towns, *hubs}
    assert len({*towns, *hubs}) == len(towns) + len(hubs)
    assert {"Ziarat", "Sost"} <= set(hubs) <= {"Ziarat", "Sost", "Badin"}
