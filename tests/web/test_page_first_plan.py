"""Someone who has never seen the app plans a state from raw files of other people, with nothing read before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, served
from support.browser.visit import NARROW, WIDE, note, project, visiting
from support.draws import patience
from support.instances.published import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser
MISSISSIPPI = SHARED / "real" / "mississippi"
pytestmark = pytest.mark.skipif(
    not MISSISSIPPI.is_dir(), reason="the raw files of Mississippi are not here: set HUBPLANNER_SHARED"
)
COUNTED = "window.clicks = 0; addEventListener('click', ({isTrusted}) => (window.clicks += isTrusted), true)"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with served(project(tmp_path_factory.mktemp("first") / "project")) as serving:
        yield serving


@pytest.mark.parametrize("size", [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="narrow", marks=patience)])
def test_mississippi_is_planned_with_four_clicks(app: Serving, browser: Browser, size: tuple[int, int]) -> None:
    with visiting(browser, size) as visit:
        page = visit.page
        page.add_init_script(COUNTED)
        visit.open(app.origin)
        page.click("#own-data")
        with page.expect_file_chooser() as chosen:
            page.click("#file-together")
        chosen.value.set_files(sorted(MISSISSIPPI.iterdir()))
        expect(page.locator("#together-open")).to_be_in_viewport()
        uses = dict(line.split(": ", 1) for line in page.locator("#uses li").all_inner_texts())
        assert set(uses) == {"counties.shp", "acs_race.csv", "bb.csv", "libraries.json"}
        assert uses["counties.shp"].startswith("where people live; 82 polygons")
        assert uses["libraries.json"].startswith("where hubs could stand; 53 points")
        told = page.locator("#found-together").text_content() or ""
        assert "counties.zip" not in told  # packed on the way
        assert "counties.geojson" not in told
        expect(page.locator("#found-together .ok")).to_have_count(2)
        visit.check(f"files {size[0]}")
        visit.shoot(f"mississippi-{size[0]}-files")
        page.click("#together-open")
        expect(page.locator("#about")).to_have_text("My plan" if size == WIDE else "My plan 2")
        said = visit.solve()
        assert said.startswith("Reaches ")
        clicks = page.evaluate("window.clicks")
        assert clicks == 4  # Your data, Choose Files, Open on the map, Find the best plan
        note(f"mississippi-{size[0]}", {"clicks": clicks, "said": said})
        visit.shoot(f"mississippi-{size[0]}-plan")
        made = app.get("/api/runs")[0]
        assert app.get(f"/api/runs/{made['id']}")["people"]["total"] == pytest.approx(2_954_324, rel=0.01)
        assert made["hubs"] > 0
