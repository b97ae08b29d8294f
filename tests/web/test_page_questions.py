"""Fairness, measures and how sure hubs are, each in its place on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import NARROW, WIDE, Visit, project, visiting
from support.draws import patience

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser
FUTURES = """
extends: scenario.yaml
name: futures
description: Two futures
futures:
  named: [{name: as planned, probability: 0.75}, {name: dear, probability: 0.25, cost: 1.5}]
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = project(tmp_path_factory.mktemp("questions") / "project")
    (folder / "futures.yaml").write_text(FUTURES, encoding="utf-8")
    serving = start(folder)
    yield serving
    stop(serving)


@pytest.fixture(scope="module")
def wide(app: Serving, browser: Browser) -> Iterator[Visit]:
    """Return a visit that tests share."""
    with visiting(browser) as visit:
        visit.open(f"{app.origin}/#scenario")
        visit.leave()
        yield visit


def opened(page: Page, *folds: str) -> None:
    for fold in folds:
        page.click(f"#fold-{fold} summary")


def open_saved(page: Page, app: Serving, run: str) -> None:
    page.click("#tab-saved")
    at = [row["id"] for row in app.get("/api/runs")].index(run)
    page.locator(".run").nth(at).get_by_label("Open ").click()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(WIDE, "light", id="wide"),
        pytest.param(NARROW, "dark", id="narrow-dark", marks=patience),  # what axe finds there, a journey looks at
    ],
)
def test_a_dial_of_fairness_with_its_price(app: Serving, browser: Browser, size: tuple[int, int], scheme: str) -> None:
    with visiting(browser, size, scheme) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#scenario")
        expect(page.locator("#sum-fairness")).to_have_text("most people")
        opened(page, "fairness")
        page.focus("#fairness-slider")
        page.keyboard.press("End")
        page.keyboard.press("Home")
        asked = page.evaluate("import('/static/choices.js').then((choices) => choices.question().settings)")
        assert asked == {}  # turned back, it is the same question
        page.keyboard.press("End")
        expect(page.locator("#fairness-slider")).to_be_focused()
        expect(page.locator("#sum-fairness")).to_have_text("worst first, each district")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.select_option("#fairness-group", "area_type")
        expect(page.locator("#sum-fairness")).to_have_text("proportional, each area type")
        page.click("#ask-prices")
        expect(page.locator("#prices tbody tr")).to_have_count(5)
        expect(page.locator("#prices tr.now")).to_contain_text("proportional")
        page.locator("#prices").get_by_role("button", name="strongly even").click()
        expect(page.locator("#sum-fairness")).to_have_text("strongly even, each area type")
        visit.check(f"{scheme}-{size[0]} price")
        visit.shoot(f"{scheme}-{size[0]}-fairness")
        visit.solve()
        expect(page.locator("#evenness")).to_contain_text("in every area type; no plan is above")
        opened(page, "sites")
        page.select_option("#scenario", "hard")  # without groups: no dial
        expect(page.locator("#solve")).to_be_enabled()
        expect(page.locator("#dial")).to_have_count(0)
        page.select_option("#scenario", "scenario")
        expect(page.locator("#sum-fairness")).to_have_text("most people")
        page.click("#tab-saved")
        page.locator(".run").first.get_by_label("Open ").click()
        expect(page.locator("#headline")).to_be_visible()  # with the question that it answers
        page.locator("#site-list select").first.select_option("excluded")  # the prices were of another question
        expect(page.locator("#ask-prices")).to_have_text("What does it cost?")
        visit.shoot(f"{scheme}-{size[0]}-evenness")


def test_measures_beside_hubs_and_what_each_reaches(app: Serving, wide: Visit) -> None:
    with wide.anew("scenario") as visit:
        page = visit.page
        opened(page, "measures")
        page.check("#measure-devices")
        expect(page.locator("#sum-measures")).to_have_text("devices, figures missing")
        page.fill("#devices-cost", "nothing")
        page.fill("#devices-benefit", "0.6")
        expect(page.locator("#devices-cost")).to_have_attribute("aria-invalid", "true")
        page.fill("#devices-cost", "1,500")
        page.fill("#devices-share", "10")
        page.press("#devices-share", "Enter")
        page.locator("#devices-share").blur()
        expect(page.locator("#sum-measures")).to_have_text("devices")
        visit.solve()
        rows = page.locator("#by-measure tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.nth(1)).to_contain_text("0.6 of a hub user each")
        run = app.get("/api/runs")[0]["id"]
        kept = app.get(f"/api/runs/{run}")
        assert kept["settings"]["measures"] == {
            "devices": {"cost": 1500, "cost_per_year": 0, "benefit": 0.6, "share": 0.1}
        }
        assert kept["measures"]["devices"]["people"] > 0
        visit.check("measures")
        visit.shoot("measures")
        page.click("#sure summary")
        expect(page.locator("#sure")).to_contain_text("Not known of this plan: whom measures reach")


def test_a_kept_plan_brings_its_question_back(app: Serving, wide: Visit) -> None:
    fairness = {"alpha": 2, "group": "district"}
    measures = {"courses": {"cost": 900, "cost_per_year": 0, "benefit": 0.2, "share": 0.05}}
    settings = {"model.fairness": fairness, "measures": measures, "hubs.0.reach_km": 6}
    run = app.done(kind="solve", scenario="scenario", settings=settings)["run"]
    at = [row["id"] for row in app.get("/api/runs")].index(run)
    with wide.anew("scenario") as visit:
        page = visit.page
        opened(page, "fairness", "measures", "tiers")
        page.click("#tab-saved")
        name = "strongly even among each district, courses, telecentre: reach 6\N{NO-BREAK SPACE}km"
        expect(page.locator(".run").nth(at).locator(".asked")).to_have_text(name)
        page.locator(".run").nth(at).get_by_label("Open ").click()
        expect(page.locator("#sum-fairness")).to_have_text("strongly even, each district")
        expect(page.locator("#sum-measures")).to_have_text("courses")
        expect(page.locator("#courses-benefit")).to_have_value("0.2")
        expect(page.locator("#fold-tiers").get_by_label("Reach, km").first).to_have_value("6")
        expect(page.locator("#headline .changed")).to_have_count(0)
        expect(page.locator("#actions")).not_to_contain_text("Your settings have changed")


def test_how_sure_the_hubs_of_a_plan_are(app: Serving, wide: Visit) -> None:
    run = app.done(kind="solve", scenario="scenario", settings={"model.budget": 60e6})["run"]
    with wide.anew("scenario") as visit:
        page = visit.page
        open_saved(page, app, run)
        page.click("#sure summary")
        page.click("#draw-surveys")
        expect(page.locator("#share-error")).to_be_focused()  # nobody knows it yet
        page.fill("#share-error", "5")
        page.select_option("#draws", "5")
        page.click("#draw-surveys")
        expect(page.locator("#sure .says")).to_be_visible()
        found = app.get(f"/api/runs/{run}")["stability"]
        hubs = found["levels"]["hub"]
        expect(page.locator("#sure .says")).to_contain_text(f"{hubs['in_nine_of_ten']} of {hubs['hubs']}\u00a0hub")
        hub = next(hub for hub in found["hubs"] if hub["hubs"])
        new = page.locator("#result .hubs tbody tr").filter(has_not_text="standing").first
        expect(new).to_contain_text("%")
        new.locator(".name").click()
        expect(page.locator("#site-card")).to_contain_text("of 5 surveys drawn")
        assert 0 <= hub["certainty"] <= 1
        visit.check("sure")
        visit.shoot("sure")


def test_other_plans_nearly_as_good_and_what_each_site_is_to_them(app: Serving, wide: Visit) -> None:
    run = app.done(kind="solve", scenario="scenario", settings={"model.budget": 60e6})["run"]
    with wide.anew("scenario") as visit:
        page = visit.page
        open_saved(page, app, run)
        expect(page.locator("#alike summary").first).to_contain_text("not asked yet")
        page.click("#alike summary")
        page.select_option("#alike-within", "0.05")
        with page.expect_request(
            lambda request: request.url.endswith("/api/jobs") and request.method == "POST"
        ) as asked:
            page.click("#find-alike")
        wanted = asked.value.post_data_json
        assert (wanted["kind"], wanted["within"], wanted["settings"]) == ("alternatives", 0.05, {"model.budget": 60e6})
        expect(page.locator("#alike .says")).to_be_visible()
        found = app.done(**wanted)["alternatives"]
        assert len(found["plans"]) == 1  # of five sites no two plans differ in five
        expect(page.locator("#alike .says")).to_have_text("No plan so different is at most 5\u00a0% worse")
        kinds = {row["site_id"]: row["class"] for row in found["sites"]}
        must = found["must_have"][0]
        page.locator("#alike .name").first.click()
        assert kinds[must] == "must_have"
        expect(page.locator("#site-card")).to_contain_text("Every plan nearly as good has a hub here.")
        # Two plans that differ, as they come of larger questions.
        other = next(site for site, kind in kinds.items() if kind not in {"must_have", "standing"})
        plans = [
            {"plan": 0, "objective_value": 100.0, "cost": 5e7, "sites": [must]},
            {"plan": 1, "objective_value": 98.5, "cost": 4e7, "sites": [other]},
        ]
        page.evaluate(
            "plans => import('/static/store.js').then(({ set, state }) => set({ alike: { ...state.alike, plans } }))",
            plans,
        )
        row = page.locator("#alike-plans > li")
        expect(row.locator("summary")).to_have_text("1.5\u00a0% worse, 1\u00a0other site")
        row.locator("summary").click()
        expect(row).to_contain_text("It costs PKR\u00a040\u00a0million.")
        row.locator(".name").first.click()
        said = {"possible": "Some plans", "never": "No plan"}[kinds[other]]
        expect(page.locator("#site-card")).to_contain_text(f"{said} nearly as good ha")
        visit.check("alike")
        visit.shoot("alike")


def test_a_plan_for_several_futures_says_what_it_comes_to_in_each(app: Serving, wide: Visit) -> None:
    run = app.done(kind="solve", scenario="futures")["run"]
    each = {row["name"]: row for row in app.get(f"/api/runs/{run}")["futures"]["each"]}
    with wide.anew("futures") as visit:
        page = visit.page
        open_saved(page, app, run)
        rows = page.locator("#by-future tbody tr")
        expect(rows).to_have_count(2)
        for name, chance in (("as planned", "75"), ("dear", "25")):
            row = rows.filter(has_text=name)
            expect(row).to_contain_text(f"{chance}\u00a0%")
            expect(row.locator("td").nth(1)).to_have_text(f"{100 * each[name]['share']:.0f}\u00a0%")
        visit.check("futures")
        visit.shoot("futures")


def test_a_site_s_card_names_the_places_nearly_as_good(app: Serving, wide: Visit) -> None:
    run = app.done(kind="solve", scenario="scenario", settings={"model.budget": 60e6})["run"]
    sites = [row["properties"] for row in app.get("/api/scenarios/scenario/map")["sites"]["features"]]
    names = {site["site_id"]: site.get("name") or site["site_id"] for site in sites}
    hubs = app.get(f"/api/runs/{run}")["hubs"]
    hub = next(hub["site_id"] for hub in hubs if hub["status"] == "new")
    other = next(site for site in names if site not in {hub["site_id"] for hub in hubs})

    def with_another(route: Route) -> None:
        response = route.fetch()
        plan = response.json()
        for own in plan["hubs"]:
            own["alternatives"] = [other] if own["site_id"] == hub else []
        route.fulfill(response=response, json=plan)

    with wide.anew("scenario") as visit:
        page = visit.page
        page.route(f"**/api/runs/{run}", with_another)
        open_saved(page, app, run)
        rows = page.locator("#result .hubs tbody tr").filter(has_text=names[hub])
        rows.first.locator(".name").click()
        expect(page.locator("#nearly")).to_have_text(f"Nearly as good: {names[other]}")
        page.locator("#nearly .name").click()
        expect(page.locator("#site-card h2")).to_have_text(names[other])
        expect(page.locator("#nearly")).to_have_text(f"Nearly as good as {names[hub]}")
        visit.check("nearly")


def test_a_budget_that_buys_no_hub_is_answered_at_once(app: Serving, wide: Visit) -> None:
    cheapest = app.get("/api/scenarios/scenario")["cheapest_hub"]
    with wide.anew("scenario") as visit:
        page = visit.page
        page.fill("#budget-field", str(int(cheapest) - 1))
        page.press("#budget-field", "Enter")
        expect(page.locator("#too-little")).to_contain_text("This buys no hub: the cheapest costs PKR")
        page.locator("#too-little button").click()
        expect(page.locator("#too-little")).to_be_empty()
        visit.solve()
        assert app.get("/api/runs")[0]["hubs"] >= 1


def test_all_sites_of_a_district_are_ruled_out_together(app: Serving, wide: Visit) -> None:
    sites = [row["properties"] for row in app.get("/api/scenarios/scenario/map")["sites"]["features"]]
    own = {site["site_id"] for site in sites if site["district"] == "Gwadar"}
    free = [site["site_id"] for site in sites if site["site_id"] in own and site["status"] != "existing"]
    assert 1 < len(free) < len(sites)
    with wide.anew("scenario") as visit:
        page = visit.page
        opened(page, "sites")
        page.fill("#site-search", "gwadar")
        page.select_option("#site-together", "excluded")
        expect(page.locator("#sum-sites")).to_have_text(f"0 must have, {len(free)} never")
        visit.check("district")
        visit.solve()
        run = app.get("/api/runs")[0]["id"]
        hubs = app.get(f"/api/runs/{run}")["hubs"]
        assert not {hub["site_id"] for hub in hubs if hub["status"] == "new"} & own
        page.select_option("#site-together", "free")
        expect(page.locator("#sum-sites")).to_contain_text("open to choice")


def _moved(row: dict[str, Any]) -> tuple[float, str]:
    """Return by how much a figure of a comparison changes, and its title on the page."""
    a, b = row["a"], row["b"]
    known = isinstance(a, int | float) and isinstance(b, int | float)
    name = "share of need" if row["figure"] == "need share" else row["figure"].replace("_", " ").replace(".", ", ")
    title = ": ".join(filter(None, (name, row["value"] or row["group"])))
    return abs(a - b) / max(abs(a), abs(b)) if known else 1.0, title


def _first(moved: tuple[float, str]) -> float:
    return -moved[0]


def test_a_comparison_shows_what_changes_the_most_first(app: Serving, wide: Visit) -> None:
    for budget in (60e6, 90e6):
        app.done(kind="solve", scenario="scenario", settings={"model.budget": budget})
    with wide.anew("scenario") as visit:
        page = visit.page
        page.click("#tab-compare")
        page.click("#do-compare")
        rows = page.locator("#changes tbody tr")
        expect(rows.first).to_be_visible()
        cells = rows.evaluate_all("rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))")
        found = page.evaluate("import('/static/store.js').then(({state}) => state.compare.table)")
        differ = [row for row in found if (row["a"] is not None or row["b"] is not None) and row["a"] != row["b"]]
        assert [cell for cell, *_ in cells] == [title for _, title in sorted(map(_moved, differ), key=_first)]
        assert len(differ) > 3
        visit.shoot("changes")
