"""A planner's whole journey through the app, in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from support.browser import chromium as shared, visit as journey
from support.browser.server import Serving, served, start, stop
from support.browser.visit import NARROW, Visit, project, visiting
from support.draws import patience

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BAD = "id,lon,lat,people,online\nA,62.3,25.1,1200,0.2\nB,62.4,25.2,-5,0.1\nA,62.5,25.3,300,7\n"
DEMAND = 'id,lon,lat,people,online\nA,62.3,25.1,1200,0.2\nB,62.4,25.2,500,0.1\n"گوادر",62.5,25.3,300,0.7\n'
SITES = "id,lon,lat\nP,62.31,25.11\nQ,62.45,25.22\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = start(project(tmp_path_factory.mktemp("journey") / "project"))
    serving.done(kind="solve", scenario="scenario", settings={"model.budget": 60e6})
    yield serving
    stop(serving)


browser = shared.plain_browser  # how MapLibre's map answers, test_page_connected.py looks at


def _bars_have_one_scale(visit: Visit) -> None:
    shares, parts = visit.page.locator(".bars tbody tr").evaluate_all(
        "rows => [rows.map((row) => parseFloat(row.lastElementChild.textContent)),"
        " rows.map((row) => parseFloat(row.querySelector('.bar').style.getPropertyValue('--part')))]"
    )
    assert max(parts) == pytest.approx(100)
    assert parts == pytest.approx([100 * share / max(shares) for share in shares], abs=1.5)


@pytest.fixture
def csv(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.csv" for name in ("bad", "demand", "sites")}
    for name, text in (("bad", BAD), ("demand", DEMAND), ("sites", SITES)):
        paths[name].write_text(text, encoding="utf-8")
    return paths


def test_a_planners_whole_journey(app: Serving, browser: Browser, csv: dict[str, Path]) -> None:
    with visiting(browser) as visit:
        visit.open(f"{app.origin}/#scenario")
        visit.shoot("01-open")
        first = visit.solve()
        visit.shoot("02-plan")
        assert re.fullmatch(r"Reaches [\d.,]+( million)? people for PKR [\d.,]+ million", first)
        _bars_have_one_scale(visit)
        banned = _pins_and_bans(visit)
        again = visit.solve()
        visit.shoot("04-again")
        assert banned not in visit.page.locator("#result .hubs").inner_text()
        assert again != first
        _explains(visit)
        _walks_the_frontier(visit)
        _compares(visit)
        _cancels(visit)
        _uploads(visit, csv)
        _downloads(visit)


def _pins_and_bans(visit: Visit) -> str:
    """Ban the first hub of the plan and pin a site it left out, by the list and by the map."""
    page = visit.page
    new_hub(page).click()
    banned = page.locator("#site-card h2").inner_text()
    page.check("#mark-excluded")
    page.click("#fold-sites summary")
    row = page.locator("#site-list .free", has=page.locator("select")).last
    row.locator("select").select_option("required")
    expect(page.locator("#sum-sites")).to_have_text("1 must have, 1 never")
    expect(page.locator("#actions")).to_contain_text("Your settings have changed")
    visit.shoot("03-pins")
    page.click("#fold-sites summary")
    return banned


def new_hub(page: Page) -> Locator:
    """Return the name of the plan's first hub that does not stand yet."""
    return page.locator("#result .hubs tbody tr").filter(has_not_text="standing").locator(".name").first


def _clicks_a_site(page: Page) -> None:
    """Click where a site of the list was centred: once to choose it, once more to change it."""
    box = page.locator("#map-a").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*middle)


def _explains(visit: Visit) -> None:
    page = visit.page
    new_hub(page).click()
    visit.settle()
    marked = page.locator("#site-card input:checked").get_attribute("value")
    _clicks_a_site(page)  # the site is in the middle of the map: a click on it changes it
    order = ["free", "required", "excluded"]
    after = order[(order.index(marked or "") + 1) % 3]
    expect(page.locator("#site-card input:checked")).to_have_value(after)
    page.check(f"#mark-{marked}")
    page.click("#why")
    expect(page.locator("#dialog")).to_be_visible()
    expect(page.locator("#dialog-title")).to_have_text("Why this site?")
    visit.shoot("05-why")
    page.keyboard.press("Escape")


def _walks_the_frontier(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-budgets")
    page.select_option("#points", "6")
    page.click("#draw-curve")
    expect(page.locator(".curve")).to_be_visible()
    before = page.locator(".walked .says").inner_text()
    page.locator(".curve .point").last.click()
    expect(page.locator(".walked .says")).not_to_have_text(before)
    after = page.locator(".walked .says").inner_text()
    expect(page.locator("#headline .says")).to_contain_text("people for PKR")
    visit.shoot("06-frontier")
    page.focus("#walk")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".walked .says")).not_to_have_text(after)
    page.click("#keep-point")
    expect(page.locator("#tab-plan")).to_have_attribute("aria-selected", "true")


def _compares(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-compare")
    page.click("#do-compare")
    expect(page.locator("#pane-b")).to_be_visible()
    expect(page.locator("#view-compare")).to_contain_text("From A to B")
    visit.shoot("07-compare")
    page.click("#end-compare")
    expect(page.locator("#pane-b")).to_be_hidden()


def _cancels(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-plan")
    page.select_option("#scenario", "hard")
    expect(page.locator("#budget-field")).to_have_value("907")
    page.click("#solve")
    expect(page.locator(".chart")).to_be_visible()
    visit.shoot("08-running")
    page.click("#cancel")
    expect(page.locator(".toast")).to_contain_text("Cancelled")
    expect(page.locator("#solve")).to_be_visible()


def _uploads(visit: Visit, csv: dict[str, Path]) -> None:
    page = visit.page
    visit.expected.append("422")  # a browser notes every refusal in its console
    page.click("#own-data")
    page.set_input_files("#file-demand", csv["bad"])
    expect(page.locator(".faults tbody tr").first).to_be_visible()
    faults = page.locator(".faults").inner_text()
    assert "-5" in faults
    assert "people" in faults
    visit.shoot("09-bad-data")
    page.set_input_files("#file-demand", csv["demand"])
    expect(page.locator("#found-demand")).to_contain_text("all good")
    page.set_input_files("#file-sites", csv["sites"])
    expect(page.locator("#own-form")).to_be_visible()
    page.fill("#own-title", "میرا منصوبہ")
    page.fill("#own-budget", "12 million")
    visit.shoot("10-good-data")
    page.click("#own-make")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#about")).to_have_text("میرا منصوبہ")
    visit.solve()
    visit.shoot("11-own-plan")


def _downloads(visit: Visit) -> None:
    page = visit.page
    page.get_by_text("Download files").click()
    link = page.locator(".files a", has_text="hubs.csv")
    with page.expect_download() as download:
        link.click()
    path = download.value.path()
    assert "site_id" in path.read_text(encoding="utf-8-sig").splitlines()[0]
    page.click("#tab-saved")
    expect(page.locator(".run").first).to_contain_text("on the map")
    visit.shoot("12-saved")


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(journey.WIDE, "light", id="wide-light"),
        pytest.param(NARROW, "dark", id="narrow-dark"),
        pytest.param(journey.WIDE, "dark", id="wide-dark", marks=patience),
        pytest.param(NARROW, "light", id="narrow-light", marks=patience),
    ],
)
def test_axe_finds_nothing_anywhere(
    app: Serving, browser: Browser, csv: dict[str, Path], scheme: str, size: tuple[int, int]
) -> None:
    with visiting(browser, size, scheme) as visit:
        page, tag = visit.page, f"{scheme}-{size[0]}"
        visit.open(f"{app.origin}/#scenario")
        for fold in ("fairness", "measures", "tiers", "sites"):
            page.click(f"#fold-{fold} summary")
        page.get_by_text("Add a least share").click()
        page.check("#measure-devices")
        visit.check(f"{tag} rules")
        page.get_by_label("Remove least share 1").click()
        page.click("#tab-saved")
        page.get_by_label(re.compile("^Open ")).last.click()
        page.locator("#result .name").first.click()
        visit.check(f"{tag} plan")
        visit.shoot(f"{tag}-plan")
        page.get_by_label("Close", exact=True).first.click()
        for tab in ("budgets", "compare", "saved"):
            page.click(f"#tab-{tab}")
            visit.check(f"{tag} {tab}")
        visit.shoot(f"{tag}-saved")
        page.click("#own-data")
        visit.expected.append("422")
        page.set_input_files("#file-demand", csv["bad"])
        expect(page.locator(".faults")).to_be_visible()
        visit.check(f"{tag} upload")
        visit.shoot(f"{tag}-upload")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_printed_link_works_from_another_page_and_leaves_the_address_bar(tmp_path: Path, browser: Browser) -> None:
    with served(project(tmp_path / "project"), "--host", "127.0.0.2") as server:
        context = browser.new_context()
        page = context.new_page()
        link = f'<a href="{server.address}">the plan</a>'
        page.route("http://elsewhere.example/", lambda route: route.fulfill(content_type="text/html", body=link))
        for _ in range(2):  # the second time with the cookie
            page.goto("http://elsewhere.example/")
            page.click("a")
            expect(page.locator("#loading")).to_be_hidden()
            expect(page.locator("#solve")).to_be_enabled()
            assert page.url == f"{server.origin}/#hard"
            assert page.evaluate("document.referrer") == ""
        context.close()
