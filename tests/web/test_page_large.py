"""The page with a country's worth of points: 100,000 places, by default a quarter of them, and 5,000 sites."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import Visit, note, visiting
from support.draws import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.browser

POINTS, SITES = 100_000 if SLOW else 25_000, 5_000
"""More than 20,000 are drawn together where they crowd: both are."""
SCENARIO = """\
name: large
description: As many places as a country has
currency: PKR
demand: {path: demand.csv, id: id, x: lon, y: lat, people: people}
sites: {path: sites.csv, id: id, x: lon, y: lat}
hubs: [{name: hub, capex: 10, reach_km: 20}]
model: {budget: 400}
"""
FRAMES = """
() => {
  window.frames_ = [];
  let last = performance.now();
  const tick = (now) => { window.frames_.push(now - last); last = now; window.ticking = requestAnimationFrame(tick); };
  window.ticking = requestAnimationFrame(tick);
}
"""
"""Notes how long each frame takes while the map is dragged."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("large") / "project"
    folder.mkdir()
    (folder / "large.yaml").write_text(SCENARIO, encoding="utf-8")
    rng = np.random.default_rng(5)
    for name, rows in (("demand", POINTS), ("sites", SITES)):
        places = zip(rng.normal(70, 3, rows), rng.normal(30, 2, rows), rng.integers(50, 5000, rows), strict=True)
        lines = (f"{name[0]}{row},{lon:.4f},{lat:.4f},{people}" for row, (lon, lat, people) in enumerate(places))
        (folder / f"{name}.csv").write_text("\n".join(["id,lon,lat,people", *lines]) + "\n", encoding="utf-8")
    serving = start(folder)
    yield serving
    stop(serving)


def test_a_country_s_points_are_drawn_and_dragged(large: Serving, browser: Browser) -> None:
    large.get("/api/scenarios/large/map")  # the server reads the data now
    with visiting(browser) as visit:
        figures = {"first_map_s": _opened(visit, large.address), **_dragged(visit)}
        visit.shoot("large")
    note("large", {"points": POINTS, "sites": SITES, **figures})


def _opened(visit: Visit, address: str) -> float:
    """Open the page and return the seconds until it is there."""
    began = time.perf_counter()
    visit.open(address)
    seconds = time.perf_counter() - began
    assert address in visit.page.url
    visit.page.click("#fold-sites summary")
    expect(visit.page.locator("#sum-sites")).to_have_text(f"{SITES:,} open to choice")
    expect(visit.page.locator("#site-rest")).to_have_text("and 4,940 more; search to find them")
    assert visit.page.locator("body *").count() < 1500  # no element for a point or a site
    visit.page.click("#fold-sites summary")
    visit.settle()
    return round(seconds, 2)


def _dragged(visit: Visit) -> dict[str, float]:
    """Drag the map about, which must move, and return how long its frames took."""
    page = visit.page
    before = page.screenshot()
    page.evaluate(FRAMES)
    page.mouse.move(800, 400)
    page.mouse.down()
    for step in range(16):
        page.mouse.move(800 - 15 * step, 400 + 7 * step)
        page.wait_for_timeout(30)
    page.mouse.up()
    frames = sorted(page.evaluate("() => (cancelAnimationFrame(window.ticking), window.frames_.slice(1))"))
    assert page.screenshot() != before
    return {
        "frames": len(frames),
        "median_frame_ms": round(frames[len(frames) // 2]),
        "p95_frame_ms": round(frames[int(len(frames) * 0.95)]),
    }
