"""How hubs are connected, on the page: a table by technology, lines and dishes on MapLibre's map, which answers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import Visit, project, visiting

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
        page.locator("#legend-layers summary").click()
        _answers_a_click(visit)
        _moves_beside_another(visit, app, run)


def _answers_a_click(visit: Visit) -> None:
    """Choose a hub by its name, which brings it to the middle of the map: a click there changes it."""
    page = visit.page
    page.locator("#result .hubs tbody tr").filter(has_not_text="standing").locator(".name").first.click()
    expect(page.locator("#mark-free")).to_be_checked()
    visit.settle()
    box = page.locator("#map-a").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#mark-required")).to_be_checked()
    page.check("#mark-free")


def _moves_beside_another(visit: Visit, app: Serving, run: str) -> None:
    """Compare two plans on two maps, of which one follows the other."""
    page = visit.page
    shutil.copytree(app.folder / "runs" / run, app.folder / "runs" / "other")
    page.evaluate("import('/static/saved.js').then(({ loadRuns }) => loadRuns())")
    page.click("#tab-compare")
    page.click("#do-compare")
    expect(page.locator("#pane-b")).to_be_visible()
    expect(page.locator("#view-compare")).to_contain_text("From A to B")
    visit.settle()
    zooms = """async () => {
        const { views } = await import("/static/stage.js");
        return views().map(({ map }) => map.getZoom());
    }"""
    before = page.evaluate(zooms)[0]
    box = page.locator("#map-b").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -150)
    page.wait_for_function(f"async before => (await ({zooms})())[0] > before", arg=before)  # not at once: it glides
    first, second = page.evaluate(zooms)
    assert first == pytest.approx(second)
