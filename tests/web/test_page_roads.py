"""A plan along roads, on the page: reach by road, ways, roads apart and gaps, drawn, told and switched off and on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, expect
from shapely.ops import substring
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import NARROW, WIDE, project, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

browser = shared.browser
BY_ROAD = """\
extends: scenario.yaml
name: roads
hubs:
  - {name: centre, capex: 8.0e+6, reach_minutes: 60}
  - {name: park, capex: 3.0e+7, reach_minutes: 240}
travel:
  {method: network, roads: {path: data/roads.gpkg}, access_max_km: 100, access_kmh: 20, walk_straight: false}
"""
GAP = 0.01
"""Degrees, about a kilometre, by which the roads fall into two parts."""


def write_roads(data: Path) -> None:
    """Write a road from site to site, from west to east, with a gap in the middle."""
    sites = pd.read_csv(data / "sites.csv").sort_values("lon")
    places = list(zip(sites["lon"], sites["lat"], strict=True))
    lines = [shapely.LineString(ends) for ends in pairwise(places)]
    middle = lines.pop(len(lines) // 2)
    half = middle.length / 2
    lines += [substring(middle, 0, half - GAP / 2), substring(middle, half + GAP / 2, middle.length)]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * len(lines)}, geometry=lines, crs="EPSG:4326")
    frame.to_file(data / "roads.gpkg")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = project(tmp_path_factory.mktemp("by-road") / "project")
    write_roads(folder / "data")
    (folder / "roads.yaml").write_text(BY_ROAD, encoding="utf-8")
    serving = start(folder)
    yield serving
    stop(serving)


DRAWN = """async ([layer, key]) => {
    const { views } = await import("/static/stage.js");
    const found = views()[0].map.queryRenderedFeatures({ layers: [layer] });
    return [...new Set(found.map(({ properties }) => properties[key]))].sort();
}"""


def test_roads_are_drawn_told_and_switched_on(app: Serving, browser: Browser) -> None:
    with visiting(browser, WIDE) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#roads")
        assert page.locator("#by-road").count() == 0
        visit.solve()
        run = app.get("/api/runs")[0]["id"]
        told = app.get(f"/api/runs/{run}")
        tiers = sorted({hub["tier"] for hub in told["hubs"]})
        visit.settle()
        assert page.evaluate(DRAWN, ["reach", "tier"]) == tiers
        assert page.evaluate(DRAWN, ["islands", "part"]) == [1]
        assert page.evaluate(DRAWN, ["ways", "site_id"]) == []
        page.locator("#by-road summary").click()
        expect(page.locator("#by-road p")).to_contain_text("km of road in 2 parts")
        gains = [row for row in told["travel"]["closing"] if row["people"] > 0]
        assert {row["what"] for row in gains} == {"gap", "hub"}
        expect(page.locator("#gaps tbody tr")).to_have_count(len(gains))
        at = [row["what"] for row in gains].index("gap")
        expect(page.locator("#gaps tbody tr").nth(at)).to_contain_text("1 km of road")
        expect(page.locator("#legend")).to_contain_text("Roads apart")
        visit.check("by road")
        visit.shoot("by-road")
        page.locator("#legend-layers summary").click()
        page.get_by_label("Ways along roads").check()
        page.get_by_label("Roads apart from the others").uncheck()
        visit.settle()
        serving = sorted({hub["site_id"] for hub in told["hubs"]})
        assert page.evaluate(DRAWN, ["ways", "site_id"]) == serving
        assert page.evaluate(DRAWN, ["islands", "part"]) == []
        # A mean way is told in minutes, on a narrow page too.
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        page.evaluate("""async () => {
            const { set, state } = await import("/static/store.js");
            set({ plan: { ...state.plan, objective: "p_median" } });
        }""")
        expect(page.locator("#headline .says")).to_contain_text("minutes from people on average")
        visit.shoot("by-road-narrow")
