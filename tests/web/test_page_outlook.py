"""What the page tells at once, before anything is solved: what a budget would roughly bring, and what a site is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import NARROW, WIDE, project, visiting
from support.draws import patience

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = start(project(tmp_path_factory.mktemp("outlook") / "project"))
    yield serving
    stop(serving)


def asked(app: Serving, **wanted: Any) -> dict[str, Any]:
    found: dict[str, Any] = app.post("/api/jobs/outlook", {"scenario": "scenario", **wanted}, 200)
    return found


def test_the_curve_follows_the_question_and_not_its_budget(app: Serving) -> None:
    own = asked(app)
    most = app.get("/api/scenarios/scenario")["budget"]["max"]
    assert own["curve"]["cost"][0] == 0
    assert max(own["curve"]["cost"]) <= most
    assert (
        asked(app, settings={"hubs.0.capex": 1e12, "hubs.1.capex": 1e12})["curve"]["people"] != own["curve"]["people"]
    )
    told = asked(app, required=["nowhere"])
    assert told["curve"] is None
    assert "nowhere" in told["why"]
    app.post("/api/jobs/outlook", {"scenario": "none"}, 404)


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(WIDE, "light", id="wide"),
        pytest.param(NARROW, "dark", id="narrow-dark", marks=patience),  # what axe finds there, a journey looks at
    ],
)
def test_a_budget_and_a_site_are_told_at_once(
    app: Serving, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    own, places = asked(app), app.get("/api/scenarios/scenario/map")["sites"]["features"]
    with visiting(browser, size, scheme) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#scenario")
        expect(page.locator("#budget-brings")).to_contain_text("Roughly")
        expect(page.locator("#budget-most")).to_contain_text("people")
        before = page.locator("#budget-brings").inner_text()
        page.focus("#budget-slider")
        page.keyboard.press("End")
        expect(page.locator("#budget-brings")).not_to_have_text(before)
        rough = float(f"{own['curve']['people'][-1]:.2g}")
        told = re.sub(r"[^\d.]", "", page.locator("#budget-most").inner_text().partition(": about")[2])
        assert float(told) == rough
        page.click("#fold-sites summary")
        page.locator("#site-list .name").get_by_text("Pasni", exact=True).click()
        (pasni,) = (site["properties"]["site_id"] for site in places if site["properties"]["name"] == "Pasni")
        rows = page.locator("#site-facts tbody tr")
        expect(rows).to_have_count(len(own["sites"][pasni]))
        expect(rows.first).to_contain_text(f"{own['sites'][pasni][0]['people']:,.0f}")
        expect(page.locator("#site-near")).to_contain_text("Turbat")
        visit.check(f"site {size[0]}")
        visit.shoot(f"{scheme}-{size[0]}-site")
        page.click("#fold-tiers summary")
        field = page.locator("#fold-tiers").get_by_label("Cost to build").first
        field.fill("1,000,000,000")
        field.press("Enter")
        expect(page.locator("#budget-brings")).to_be_empty()  # what was said is not said of another question
        expect(page.locator("#budget-brings")).to_contain_text("Roughly")
