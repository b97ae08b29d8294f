"""How hubs are connected, on the page: a table by technology, lines and dishes on the map, and switched off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import project, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.browser
LINKS = """\
extends: scenario.yaml
name: linked
backhaul:
  nodes: {path: data/sites.csv, id: site_id, x: lon, y: lat, where: {name: [Pasni]}}
  technologies:
    fibre: {cost_per_km: 100000}
    satellite: {site_cost: 220000, per_line_year: 2500000}
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = project(tmp_path_factory.mktemp("connected") / "project")
    (folder / "linked.yaml").write_text(LINKS, encoding="utf-8")
    serving = start(folder)
    yield serving
    stop(serving)


def test_links_and_lines_are_told_drawn_and_switched_off(app: Serving, browser: Browser) -> None:
    with visiting(browser) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#linked")
        assert page.locator("#by-technology").count() == 0
        visit.solve()
        run = app.get("/api/runs")[0]["id"]
        told = app.get(f"/api/runs/{run}")["backhaul"]["by_technology"]
        rows = page.locator("#by-technology tbody tr")
        expect(rows).to_have_count(2)
        for at, (name, one) in enumerate(told.items()):
            expect(rows.nth(at)).to_contain_text(name.capitalize())
            expect(rows.nth(at).locator("td").first).to_have_text(str(one["hubs"]))
        assert told["fibre"]["km"] > 0
        assert told["satellite"]["hubs"] > 0
        lines = app.get(f"/api/runs/{run}/layers/backhaul")["features"]
        assert len(lines) > 0
        visit.settle()
        drawn = """async ([layer, key]) => {
            const { views } = await import("/static/stage.js");
            const found = views()[0].map.queryRenderedFeatures({ layers: [layer] });
            return [...new Set(found.map(({ properties }) => properties[key]))].sort();
        }"""
        assert page.evaluate(drawn, ["backhaul", "edge_id"]) == sorted(line["properties"]["edge_id"] for line in lines)
        hubs = app.get(f"/api/runs/{run}/layers/hubs")["features"]
        alone = sorted({hub["properties"]["site_id"] for hub in hubs if hub["properties"]["link"] == "satellite"})
        assert page.evaluate(drawn, ["dishes", "site_id"]) == alone
        expect(page.locator("#legend")).to_contain_text("New line")
        visit.check("connected")
        visit.shoot("connected")
        page.locator("#legend-layers summary").click()
        page.get_by_label("Lines and dishes that connect hubs").uncheck()
        visit.settle()
        assert page.evaluate(drawn, ["backhaul", "edge_id"]) == page.evaluate(drawn, ["dishes", "site_id"]) == []
