"""The report in a real browser: from a file, with the network cut, by keyboard, on a phone and on paper."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import product
from typing import TYPE_CHECKING

import pytest
from support.browser import chromium as shared
from support.browser.chromium import NARROW, Sheet, violations
from support.draws import patience
from support.instances.hostile_names import URDU, odd_result
from support.project import DEMAND, SCENARIO, SITES, Project

import hubplanner as hp
from hubplanner.outputs import run_folder
from hubplanner.outputs.html.render import Extras, write_page
from hubplanner.outputs.map.scene import scene_of_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

browser = shared.plain_browser  # the report needs no WebGL


@pytest.fixture(scope="module", autouse=True)
def no_map() -> Iterator[None]:
    """Leave out map.png, which takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_folder, "draw_map", lambda _, __, path: path.write_bytes(b"picture"))
        yield


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a report that tests look at and none changes."""
    project = Project(folder=tmp_path_factory.mktemp("reported"))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        project.write(name, text)
    settings = {"model.floors": [{"group": "province", "value": "Punjab", "share": 0.1}]}
    return hp.solve(project.read(settings)).write(project.folder / "runs" / "small") / "report.html"


@pytest.fixture
def sheet(browser: Browser) -> Iterator[Sheet]:
    sheet = Sheet(browser)
    yield sheet
    sheet.close()


def test_it_opens_without_a_network_and_asks_for_nothing(sheet: Sheet, report: Path) -> None:
    sheet.open(report)
    assert [url for url in sheet.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in sheet.requests if url.startswith("file:")]) == 1
    assert sheet.complaints == []
    assert sheet.page.locator("#map-picture .area").count() == 4


@pytest.mark.parametrize(
    ("narrow", "scheme"),
    [
        (False, "light"),
        (True, "dark"),
        pytest.param(False, "dark", marks=patience),
        pytest.param(True, "light", marks=patience),
    ],
)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser,
    report: Path,
    scheme: str,
    *,
    narrow: bool,
) -> None:
    sheet = Sheet(browser, color_scheme=scheme, **({"viewport": NARROW} if narrow else {})).open(report)
    sheet.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert violations(sheet.page) == []
    wide = sheet.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    sheet.close()


def test_tables_sort_by_keyboard(sheet: Sheet, report: Path) -> None:
    page = sheet.open(report).page
    cost = page.locator("#hubs-table thead th", has_text="Cost")
    for order in ("descending", "ascending"):
        cost.locator("button").focus()
        page.keyboard.press("Enter")
        assert cost.get_attribute("aria-sort") == order
        keys = [
            float(key)
            for key in page.locator("#hubs-table tbody td:nth-child(6)").evaluate_all(
                "cells => cells.map((cell) => cell.dataset.key)"
            )
        ]
        assert keys == sorted(keys, reverse=order == "descending")
    assert len(keys) > 1


def test_layers_tiers_and_zoom_change_the_map(sheet: Sheet, report: Path) -> None:
    page = sheet.open(report).page
    assert page.locator('[data-of="hubs"]').is_visible()
    page.get_by_label("Hubs", exact=True).uncheck()
    assert not page.locator('[data-of="hubs"]').is_visible()
    page.get_by_label("Hubs", exact=True).check()
    hubs = page.locator("#map-picture .hub")
    page.locator(".tiers button").last.press("Space")
    assert hubs.count() > 0
    assert page.locator("#map-picture .hub.away").count() == hubs.count()  # none of them is a park
    page.locator(".tiers button").first.press("Space")
    assert page.locator("#map-picture .hub.away").count() == 0
    page.locator("#map-picture .area").first.hover(force=True)
    page.locator(".readout", has_text="people").wait_for(state="attached")
    before = page.locator("#map-picture").get_attribute("viewBox")
    page.get_by_role("button", name="Closer").click()
    assert page.locator("#map-picture").get_attribute("viewBox") != before


def test_dark_is_the_same_chosen_as_by_the_system(browser: Browser) -> None:
    style = (files("hubplanner.outputs.html") / "page" / "tokens.css").read_text("utf-8")
    names = sorted(set(re.findall(r"--hp-[a-z0-9-]+(?=: var)", style)))
    script = "names => names.map((name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    found = {}
    page = browser.new_page()
    for scheme, theme in product(("light", "dark"), ("light", "dark", "")):
        page.emulate_media(color_scheme=scheme)
        page.set_content(f"<html data-theme='{theme}'><style>{style}</style></html>")
        found[scheme, theme] = page.evaluate(script, names)
    page.close()
    light, dark = found["light", "light"], found["dark", "dark"]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in light + dark)
    assert all(one != other for one, other in zip(light, dark, strict=True))
    assert found["dark", "light"] == found["light", ""] == light
    assert found["light", "dark"] == found["dark", ""] == dark


def test_it_prints(sheet: Sheet, report: Path) -> None:
    paper = sheet.open(report).page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert len(paper) > 20_000


def test_urdu_names_stand_in_their_own_direction(sheet: Sheet, project: Project, tmp_path: Path) -> None:
    odd = odd_result(project, with_sites=False)
    write_page(odd, tmp_path / "odd.html", scene_of_run(odd), Extras())
    page = sheet.open(tmp_path / "odd.html").page
    name = page.locator("#hubs-table th[scope=row] bdi", has_text=URDU)
    assert name.count() == 1
    assert page.locator("#hubs-table th i, #hubs-table script").count() == 0
    assert sheet.complaints == []
    assert violations(page) == []
