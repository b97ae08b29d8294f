"""The page from right to left: the panel changes sides, the map does not, and nothing lies over anything else."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import NARROW, WIDE, Visit, project, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser
ON_THE_MAP = ("#headline", "#legend", ".maplibregl-ctrl-top-right", "#site-card")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = start(project(tmp_path_factory.mktemp("mirrored") / "project"))
    serving.done(kind="solve", scenario="scenario")
    yield serving
    stop(serving)


def test_the_page_reads_from_right_to_left(app: Serving, browser: Browser) -> None:
    with visiting(browser, NARROW) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#scenario")
        page.evaluate("document.documentElement.dir = 'rtl'")
        page.click("#tab-saved")
        page.locator(".run").first.get_by_label("Open ").click()
        expect(page.locator("#headline")).to_be_visible()
        page.locator("#result .hubs .name").first.click()
        expect(page.locator("#site-facts")).to_be_visible()
        for size in (NARROW, WIDE):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            _nothing_lies_over_another(visit, size)
            visit.check(f"mirrored {size[0]}")
            visit.shoot(f"mirrored-{size[0]}")


def _nothing_lies_over_another(visit: Visit, size: tuple[int, int]) -> None:
    page = visit.page
    visit.settle()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = {name: page.locator(name).first.bounding_box() for name in ON_THE_MAP}
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert a is not None
        assert b is not None
        across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
        along = a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]
        assert not (across and along), (one, a, other, b)
    panel, maps = page.locator("#panel").bounding_box(), page.locator("#maps").bounding_box()
    assert panel is not None
    assert maps is not None
    assert size == NARROW or maps["x"] < panel["x"]
