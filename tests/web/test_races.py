"""Answers that come late, or in another order than asked: each is tied to what it was asked for, or dropped."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from csv import DictReader
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect
from support.browser import chromium as shared
from support.browser.server import PATIENCE_S, Serving, start, stop, write_hard
from support.browser.visit import Visit, visiting
from support.project import DEMAND, SCENARIO, SITES

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser

BAD = DEMAND.replace("D2,67.10,30.05,500,", "D2,67.10,30.05,-5,")
LATE_MS = 150
"""Time that a page has to do something wrong with an answer that came late."""
DRAWN = """
async () => {
  if (window.drawn) return;
  window.drawn = {};
  const { prototype } = (await import("/static/plainsource.js")).PlainSource;
  const own = prototype.setData;
  prototype.setData = function (data, ...more) {
    window.drawn[this.id] = data;
    return own.call(this, data, ...more);
  };
}
"""
"""Notes what each layer of the map was given last."""


def square(row: dict[str, str], lon: float, lat: float) -> dict[str, Any]:
    """Return a row of demand as a polygon around its place: areas are drawn where they are known."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ring = [[lon + east / 200, lat + north / 200] for east, north in corners]
    return {"type": "Feature", "properties": row, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Two scenarios of other places, and one that takes minutes; two plans of the first, one of the second."""
    folder = tmp_path_factory.mktemp("races") / "project"
    folder.mkdir()
    for name, shift in (("alpha", ""), ("beta", "1")):
        text = SCENARIO.replace("name: small", f"name: {name}\ndescription: {name.title()} Land")
        text = text.replace("demand.csv", f"{name}-d.geojson").replace("  x: lon\n  y: lat\n  people", "  people")
        (folder / f"{name}.yaml").write_text(text.replace("sites.csv", f"{name}-s.csv"), encoding="utf-8")
        rows = DictReader(DEMAND.replace("D", f"{name[0]}{shift}D").splitlines())
        squares = [square(row, float(row["lon"]), float(row["lat"])) for row in rows]
        (folder / f"{name}-d.geojson").write_text(
            json.dumps({"type": "FeatureCollection", "features": squares}), encoding="utf-8"
        )
        (folder / f"{name}-s.csv").write_text(SITES.replace("Quetta", f"{name.title()} town"), encoding="utf-8")
    write_hard(folder)
    server = start(folder)
    server.done(kind="solve", scenario="alpha", settings={"model.budget": 700})
    server.done(kind="solve", scenario="alpha", settings={"model.budget": 600})
    server.done(kind="solve", scenario="beta", settings={"model.budget": 700})
    server.done(kind="frontier", scenario="alpha", points=3)
    yield server
    for job in server.get("/api/jobs"):
        server.post(f"/api/jobs/{job['job']}/cancel", {}, 200)
    stop(server)


class Held:
    """Requests kept back until a test lets them go on, or whose answers, got at once, are kept back."""

    def __init__(self, page: Page, pattern: str, *, answers: bool = True, most: int = 1) -> None:
        self.page, self.answers, self.most = page, answers, most
        self.kept: list[tuple[Route, APIResponse | None]] = []
        page.route(pattern, self._take)

    def _take(self, route: Route) -> None:
        if len(self.kept) >= self.most:
            route.continue_()
            return
        self.kept.append((route, route.fetch() if self.answers else None))

    def wait(self, number: int = 1) -> None:
        end = time.monotonic() + PATIENCE_S
        while len(self.kept) < number:
            assert time.monotonic() < end, self.kept
            self.page.wait_for_timeout(10)

    def release(self, at: int = 0) -> None:
        """Let an answer come, and the page do with it what it does."""
        route, response = self.kept[at]
        if response is None:
            route.continue_()
        else:
            route.fulfill(response=response)
        self.page.wait_for_timeout(LATE_MS)


@pytest.fixture(scope="module")
def opened(browser: Browser, app: Serving) -> Iterator[Visit]:
    """Return a visit that tests share: to open a page takes three seconds of processor time, to begin anew a tenth."""
    with visiting(browser) as visit:
        visit.open(f"{app.origin}/#alpha")
        visit.leave()
        yield visit


@contextmanager
def at(visit: Visit, scenario: str = "alpha") -> Iterator[tuple[Visit, Page]]:
    page = visit.page
    page.evaluate(DRAWN)
    with visit.anew(scenario):
        page.evaluate("window.drawn = {}")
        shows(page, scenario)
        yield visit, page


def choose(page: Page, scenario: str) -> None:
    page.select_option("#scenario", scenario)
    shows(page, scenario)


def shows(page: Page, scenario: str) -> None:
    """Assert that title, list and panel are of one scenario."""
    expect(page.locator("#about")).to_have_text(f"{scenario.title()} Land" if scenario != "hard" else "hard")
    expect(page.locator("#scenario")).to_be_enabled()
    expect(page.locator("#scenario")).to_have_value(scenario)
    expect(page.locator("#loading")).to_be_hidden()


def drawn(page: Page, layer: str) -> Any:
    """Return the ids of what a layer was given last."""
    found = page.evaluate("(layer) => window.drawn[layer]", layer)
    return found if isinstance(found, str | None) else [row["properties"] for row in found["features"]]


def draws_people_of(page: Page, address: str) -> None:
    """Wait until the places where people live are those of an address."""
    page.wait_for_function("(address) => String(window.drawn.demand).includes(address)", arg=address)


def has_no_plan(page: Page) -> None:
    expect(page.locator("#headline")).to_be_hidden()
    expect(page.locator("#result")).to_contain_text("No plan yet")
    assert drawn(page, "hubs") == []


def opens_saved(page: Page, at: int) -> None:
    """Press Open beside a saved plan, the newest first."""
    page.click("#tab-saved")
    page.locator(".run").nth(at).get_by_text("Open").click()


def test_what_goes_wrong_on_a_shared_page_is_told_and_is_no_other_tests_concern(opened: Visit) -> None:
    opened.page.evaluate("console.error('between two tests')")
    with pytest.raises(AssertionError, match="between two tests"), at(opened):
        pass

    def fail() -> None:
        with at(opened) as (_, page):
            page.route("**/api/runs", lambda route: route.abort())
            page.evaluate("fetch('/api/runs').catch(() => console.error('within a test'))")

    with pytest.raises(AssertionError, match="within a test"):
        fail()
    with at(opened) as (_, page):
        assert page.evaluate("fetch('/api/runs').then((answer) => answer.status)") == 200


def test_a_plan_that_comes_under_another_scenario_says_whose_it_is(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#solve")
        held.wait()
        choose(page, "beta")
        expect(page.locator("#job-title")).to_have_text("Finding the best plan for Alpha Land")
        held.release()
        expect(page.locator(".toast")).to_contain_text("A plan was found for Alpha Land.")
        shows(page, "beta")
        has_no_plan(page)
        page.get_by_text("Open it").click()
        shows(page, "alpha")
        expect(page.locator("#headline")).to_be_visible()
        expect(page.locator("#headline .of")).to_have_count(0)
        expect(page.locator("#result")).to_contain_text("Sibi")


def test_a_plans_figures_that_come_under_another_scenario_are_not_shown(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = Held(page, "**/api/runs/*")
        page.click("#solve")
        held.wait()
        choose(page, "beta")
        held.release()
        has_no_plan(page)
        expect(page.locator(".toast")).to_contain_text("Alpha Land")


def test_a_failure_that_comes_under_another_scenario_says_whose_it_is(opened: Visit) -> None:
    with at(opened) as (_, page):
        page.fill("#budget-field", "1")
        page.locator("#budget-field").blur()
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#solve")
        held.wait()
        choose(page, "beta")
        before = page.locator("#budget-field").input_value()
        held.release()
        expect(page.locator(".toast.error")).to_contain_text("Alpha Land: no plan is possible")
        expect(page.locator(".toast .link")).to_have_count(0)  # no sum is offered for the other one
        assert page.locator("#budget-field").input_value() == before


def test_settings_that_change_during_a_search_are_told_from_those_asked(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#solve")
        held.wait()
        page.fill("#budget-field", "650")
        page.locator("#budget-field").blur()
        held.release()
        expect(page.locator("#headline .changed")).to_be_visible()


@pytest.mark.parametrize(
    "what", ["**/api/scenarios/beta", "**/api/scenarios/beta/map", "**/api/scenarios/beta/map/areas"]
)
def test_searching_and_choosing_wait_for_data(opened: Visit, what: str) -> None:
    with at(opened) as (_, page):
        page.click("#solve")
        expect(page.locator("#headline")).to_be_visible()
        held = Held(page, what)
        page.select_option("#scenario", "beta")
        held.wait()
        for name in ("#solve", "#scenario"):
            expect(page.locator(name)).to_be_disabled()
        assert page.locator("#panel-body").evaluate("(node) => node.inert")
        expect(page.locator("#loading")).to_be_visible()
        expect(page.locator("#headline")).to_be_hidden()
        held.release()
        shows(page, "beta")
        expect(page.locator("#solve")).to_be_enabled()
        has_no_plan(page)
        assert {row["site_id"] for row in drawn(page, "sites")} == {"S1", "S2", "S3", "S4", "S5"}
        assert str(drawn(page, "demand")).endswith("/api/scenarios/beta/map/demand")


def test_data_that_cannot_be_loaded_leave_what_was_there(opened: Visit) -> None:
    with at(opened) as (visit, page):
        visit.expected.append("422")
        page.route(
            "**/api/scenarios/beta/map", lambda route: route.fulfill(status=422, json={"error": "Row 7 is bad."})
        )
        page.select_option("#scenario", "beta")
        expect(page.locator(".toast.error")).to_contain_text("Row 7 is bad.")
        shows(page, "alpha")
        page.click("#solve")
        expect(page.locator("#headline")).to_be_visible()


def test_a_scenario_that_comes_after_another_plan_was_opened_is_dropped(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#solve")
        held.wait()
        maps = Held(page, "**/api/scenarios/beta/map")
        page.select_option("#scenario", "beta")
        maps.wait()
        held.release()
        page.get_by_text("Open it").click()
        shows(page, "alpha")
        expect(page.locator("#headline")).to_be_visible()
        maps.release()
        shows(page, "alpha")
        expect(page.locator("#headline")).to_be_visible()
        draws_people_of(page, "/api/runs/alpha")


def test_the_last_variants_chosen_count(opened: Visit) -> None:
    with at(opened) as (visit, page):
        page.click("#fold-variants summary")
        held = Held(page, "**/api/scenarios/alpha?override=*", most=2)
        page.get_by_label("lean").check()
        expect(page.locator("#solve")).to_be_disabled()
        page.get_by_label("wide").check()
        held.wait(2)
        held.release(1)
        expect(page.locator("#budget-field")).to_have_value("900")
        held.release(0)
        expect(page.locator("#budget-field")).to_have_value("900")
        expect(page.locator("#sum-variants")).to_have_text("lean, wide")
        expect(page.locator("#solve")).to_be_enabled()
        visit.expected.append("422")
        page.route("**/api/scenarios/alpha?*", lambda route: route.fulfill(status=422, json={"error": "Not together."}))
        page.get_by_label("lean").uncheck()
        expect(page.locator(".toast.error")).to_contain_text("Not together.")
        expect(page.get_by_label("lean")).to_be_checked()
        expect(page.locator("#sum-variants")).to_have_text("lean, wide")


def test_variants_that_come_under_another_scenario_are_dropped(opened: Visit) -> None:
    with at(opened) as (_, page):
        page.click("#fold-variants summary")
        held = Held(page, "**/api/scenarios/alpha?override=*")
        page.get_by_label("lean").check()
        held.wait()
        choose(page, "beta")
        held.release()
        shows(page, "beta")
        expect(page.locator("#budget-field")).to_have_value("500")
        expect(page.locator("#sum-variants")).to_have_text("none")


def test_the_last_saved_plan_opened_is_shown(app: Serving, opened: Visit) -> None:
    newest, before = (row["id"] for row in app.get("/api/runs")[:2])
    with at(opened) as (_, page):
        held = Held(page, f"**/api/runs/{newest}")
        opens_saved(page, 0)
        held.wait()
        opens_saved(page, 1)
        expect(page.locator(".run.now")).to_have_count(1)
        draws_people_of(page, before)
        held.release()
        draws_people_of(page, before)
        page.click("#tab-saved")
        expect(page.locator(".run").nth(1)).to_have_class("run now")


def test_a_saved_plan_that_comes_under_another_scenario_is_dropped(app: Serving, opened: Visit) -> None:
    with at(opened) as (_, page):
        page.click("#tab-saved")
        mine = next(at for at, row in enumerate(app.get("/api/runs")) if row["scenario"] == "alpha")
        held = Held(page, "**/api/runs/alpha*")
        opens_saved(page, mine)
        held.wait()
        choose(page, "beta")
        held.release()
        shows(page, "beta")
        has_no_plan(page)


@pytest.mark.parametrize("layer", ["hubs", "areas"])
def test_layers_that_come_under_another_scenario_are_not_drawn(opened: Visit, layer: str) -> None:
    with at(opened) as (_, page):
        held = Held(page, f"**/api/runs/*/layers/{layer}")
        page.click("#solve")
        held.wait()
        choose(page, "beta")
        held.release()
        assert drawn(page, "hubs") == []
        assert {row["demand_id"] for row in drawn(page, "areas")} == {f"b1D{number}" for number in range(1, 5)}
        assert not any("covered_share" in row for row in drawn(page, "areas"))
        assert str(drawn(page, "demand")).endswith("/api/scenarios/beta/map/demand")


def test_a_plan_of_nobody_knows_where_says_so(app: Serving, opened: Visit) -> None:
    with at(opened, "beta") as (_, page):
        mine = next(at for at, row in enumerate(app.get("/api/runs")) if row["scenario"] == "alpha")

        def foreign(route: Route) -> None:
            plan = route.fetch().json()
            route.fulfill(json=plan | {"scenario": None, "settings": None, "title": "alpha-0123"})

        page.route("**/api/runs/alpha*", foreign)
        opens_saved(page, mine)
        expect(page.locator("#headline")).to_contain_text("alpha-0123: not made in the app")
        shows(page, "beta")


def new_hub(page: Page) -> Locator:
    """Return the plan's first hub that does not stand yet."""
    return page.locator("#result .hubs tbody tr").filter(has_not_text="standing").locator(".name").first


def reasons_held(page: Page) -> Held:
    """Solve, and ask why the plan has its first new hub; the answer waits to be let go."""
    page.click("#solve")
    expect(page.locator("#headline")).to_be_visible()
    new_hub(page).click()
    held = Held(page, "**/api/jobs/*/events", answers=False)
    page.click("#why")
    held.wait()
    return held


def test_reasons_that_come_under_another_scenario_wait_to_be_read(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = reasons_held(page)
        choose(page, "beta")
        held.release()
        expect(page.locator(".toast")).to_contain_text("Alpha Land, is found.")
        expect(page.locator("#dialog")).to_be_hidden()
        page.get_by_text("Read it").click()
        expect(page.locator("#dialog")).to_contain_text("Alpha Land")


def test_reasons_do_not_take_the_place_of_another_dialog(opened: Visit) -> None:
    with at(opened) as (_, page):
        held = reasons_held(page)
        page.click("#own-data")
        held.release()
        expect(page.locator("#dialog-title")).to_have_text("Use your own data")
        expect(page.locator(".toast")).to_contain_text("Alpha Land, is found.")
        page.keyboard.press("Escape")
        page.get_by_text("Read it").click()
        expect(page.locator("#dialog-title")).to_contain_text("this site?")


def test_a_curve_that_comes_under_another_scenario_says_whose_it_is(opened: Visit) -> None:
    with at(opened) as (_, page):
        page.click("#tab-budgets")
        page.select_option("#points", "6")
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#draw-curve")
        held.wait()
        choose(page, "beta")
        held.release()
        expect(page.locator(".toast")).to_contain_text("A curve was drawn for Alpha Land.")
        expect(page.locator(".curve")).to_have_count(0)
        has_no_plan(page)
        page.get_by_text("Open it").click()
        shows(page, "alpha")
        expect(page.locator(".curve")).to_be_visible()


@pytest.mark.parametrize("what", ["**/api/frontiers/*", "**/api/frontiers/*/layers", "**/api/frontiers"])
def test_a_curve_drawn_before_that_comes_under_another_scenario_is_dropped(opened: Visit, what: str) -> None:
    with at(opened) as (_, page):
        held = Held(page, what)
        page.click("#tab-budgets")
        if what.endswith("frontiers"):
            held.wait()
        else:
            page.locator("#earlier .link").first.click()
            held.wait()
        choose(page, "beta")
        held.release()
        expect(page.locator(".curve")).to_have_count(0)
        expect(page.locator("#earlier .link")).to_have_count(0)
        has_no_plan(page)


def test_a_point_saved_under_another_scenario_says_whose_it_is(opened: Visit) -> None:
    with at(opened) as (_, page):
        page.click("#tab-budgets")
        page.locator("#earlier .link").first.click()
        expect(page.locator(".curve")).to_be_visible()
        held = Held(page, "**/api/jobs/*/events", answers=False)
        page.click("#keep-point")
        held.wait()
        choose(page, "beta")
        held.release()
        expect(page.locator(".toast")).to_contain_text("A plan was found for Alpha Land.")
        has_no_plan(page)


@pytest.mark.parametrize("what", ["**/api/compare*", "**/api/runs/*/layers/areas", "**/api/runs/*/layers/hubs"])
def test_a_comparison_that_comes_under_another_scenario_is_dropped(opened: Visit, what: str) -> None:
    with at(opened) as (_, page):
        page.click("#tab-compare")
        held = Held(page, what, most=4)
        page.click("#do-compare")
        held.wait()
        choose(page, "beta")
        for number in range(len(held.kept)):
            held.release(number)
        expect(page.locator("#pane-b")).to_be_hidden()
        shows(page, "beta")
        has_no_plan(page)
        assert {row["demand_id"][:2] for row in drawn(page, "areas")} == {"b1"}


def test_plans_of_the_scenario_that_is_open_are_offered_for_comparison(app: Serving, opened: Visit) -> None:
    own = [app.done(kind="solve", scenario="beta", settings={"model.budget": budget})["run"] for budget in (776, 777)]
    app.done(kind="solve", scenario="alpha", settings={"model.budget": 775})
    of = {row["id"]: row["scenario"] for row in app.get("/api/runs")}
    with at(opened) as (_, page):
        page.click("#tab-saved")
        at_ = [row["id"] for row in app.get("/api/runs")].index(own[0])
        page.locator(".run").nth(at_).get_by_text("Open").click()
        expect(page.locator("#headline")).to_be_visible()  # the plan comes after its scenario
        shows(page, "beta")
        page.click("#tab-compare")
        chosen = [page.locator("#view-compare select").nth(number).input_value() for number in (0, 1)]
        assert chosen[1] == own[0]
        assert [of[run] for run in chosen] == ["beta", "beta"]
        assert chosen[0] != chosen[1]


def test_plans_of_other_scenarios_are_named_in_a_comparison(app: Serving, opened: Visit) -> None:
    with at(opened) as (_, page):
        runs = app.get("/api/runs")
        a, b = (next(row["id"] for row in runs if row["scenario"] == name) for name in ("alpha", "beta"))
        page.click("#tab-compare")
        page.locator("#view-compare select").first.select_option(a)
        page.locator("#view-compare select").last.select_option(b)
        page.click("#do-compare")
        expect(page.locator("#caption-b")).to_contain_text("Beta Land")
        expect(page.locator("#caption-a")).not_to_contain_text("Land")


def test_a_plan_that_is_renamed_stays_open_and_compared(app: Serving, opened: Visit) -> None:
    run = app.done(kind="solve", scenario="beta", settings={"model.budget": 778})["run"]
    with at(opened, "beta") as (visit, page):
        visit.expected.append("422")  # of the first name
        page.click("#tab-saved")
        page.locator(".run").first.get_by_text("Open").click()
        expect(page.locator("#result h2").first).to_have_text("The plan")
        page.locator("#result").get_by_role("button", name="Rename").click()
        expect(page.locator("#plan-name")).to_be_focused()
        page.keyboard.type("a/b")
        page.keyboard.press("Enter")
        expect(page.locator("#plan-name-fault")).to_contain_text("a name without /")
        expect(page.locator("#plan-name")).to_have_value("a/b")
        page.fill("#plan-name", "Plan for Sindh")
        page.keyboard.press("Enter")
        expect(page.locator("#result h2").first).to_have_text("Plan for Sindh")
        expect(page.locator("#result").get_by_role("button", name="Rename")).to_be_focused()
        page.click("#tab-compare")
        page.locator("#view-compare select").first.select_option("Plan for Sindh")
        page.locator("#view-compare select").last.select_option(index=1)
        page.click("#do-compare")
        expect(page.locator("#pane-b")).to_be_visible()
        page.click("#tab-saved")
        page.locator(".run").first.get_by_text("Rename").click()
        page.fill("#plan-name", "Sindh, later")
        page.locator("#dialog").get_by_text("Rename", exact=True).click()
        expect(page.locator(".run strong").first).to_have_text("Sindh, later")
        page.click("#tab-compare")
        expect(page.locator("#view-compare select").first).to_have_value("Sindh, later")
        expect(page.locator("#view-compare option").first).to_contain_text("Sindh, later · budget")
        opened.settle()  # else the maps may still ask for what is deleted next
    app.known.clear()
    assert run not in {row["id"] for row in app.get("/api/runs")}
    assert app.client.delete("/api/runs/Sindh, later").status_code == 204


def test_the_newest_list_of_plans_counts(app: Serving, opened: Visit) -> None:
    run = app.done(kind="solve", scenario="beta", settings={"model.budget": 777})["run"]
    number = len(app.get("/api/runs"))
    with at(opened, "beta") as (_, page):
        held = Held(page, "**/api/runs")
        opens_saved(page, 1)
        held.wait()  # a list with all of them
        draws_people_of(page, "/api/runs/")
        opened.settle(kept_back=1)  # else the map may still ask for what is deleted next
        page.click("#tab-saved")
        page.locator(".run").first.get_by_text("Delete").click()
        page.locator("#dialog").get_by_text("Delete", exact=True).click()
        expect(page.locator(".run")).to_have_count(number - 1)
        held.release()
        expect(page.locator(".run")).to_have_count(number - 1)
    app.known.clear()
    assert run not in {row["id"] for row in app.get("/api/runs")}


def test_the_last_files_asked_for_are_shown(app: Serving, opened: Visit) -> None:
    first, second = (row["id"] for row in app.get("/api/runs")[:2])
    with at(opened) as (_, page):
        page.click("#tab-saved")
        held = Held(page, f"**/api/runs/{first}/files")
        page.locator(".run").nth(0).get_by_text("Files").click()
        held.wait()
        page.locator(".run").nth(1).get_by_text("Files").click()
        expect(page.locator("#dialog a").first).to_be_visible()
        held.release()
        assert f"/{second}/" in (page.locator("#dialog a").first.get_attribute("href") or "")


def csv(name: str, text: str) -> Any:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def test_faults_of_an_earlier_file_do_not_show_under_a_later_one(opened: Visit) -> None:
    with at(opened) as (visit, page):
        visit.expected += ["422", "ERR_ABORTED"]
        page.click("#own-data")
        held = Held(page, "**/api/uploads*")
        page.set_input_files("#file-demand", csv("bad.csv", BAD))
        held.wait()
        page.set_input_files("#file-demand", csv("good.csv", DEMAND))
        expect(page.locator("#found-demand")).to_contain_text("4 rows, all good")
        held.release()
        expect(page.locator("#found-demand")).to_contain_text("4 rows, all good")
        expect(page.locator(".faults")).to_have_count(0)


def test_an_earlier_good_file_does_not_stand_for_a_later_bad_one(opened: Visit) -> None:
    with at(opened) as (visit, page):
        visit.expected += ["422", "ERR_ABORTED"]
        page.click("#own-data")
        page.set_input_files("#file-sites", csv("sites.csv", SITES))
        expect(page.locator("#found-sites")).to_contain_text("all good")
        held = Held(page, "**/api/uploads*")
        page.set_input_files("#file-demand", csv("good.csv", DEMAND))
        held.wait()
        page.set_input_files("#file-demand", csv("bad.csv", BAD))
        expect(page.locator(".faults")).to_be_visible()
        held.release()
        expect(page.locator(".faults")).to_be_visible()
        expect(page.locator("#own-form")).to_be_hidden()


def test_files_of_a_dialog_that_was_closed_are_forgotten(opened: Visit) -> None:
    with at(opened) as (visit, page):
        visit.expected.append("ERR_ABORTED")
        page.click("#own-data")
        held = Held(page, "**/api/uploads*")
        page.set_input_files("#file-demand", csv("good.csv", DEMAND))
        held.wait()
        page.keyboard.press("Escape")
        page.click("#own-data")
        page.set_input_files("#file-sites", csv("sites.csv", SITES))
        expect(page.locator("#found-sites")).to_contain_text("all good")
        held.release()
        expect(page.locator("#found-demand")).to_be_empty()
        expect(page.locator("#own-form")).to_be_hidden()


@pytest.mark.parametrize("wanted", [False, True])
def test_a_scenario_that_was_made_opens_only_if_still_wanted(opened: Visit, wanted: bool) -> None:  # noqa: FBT001
    with at(opened) as (_, page):
        page.click("#own-data")
        page.set_input_files("#file-demand", csv("good.csv", DEMAND))
        page.set_input_files("#file-sites", csv("sites.csv", SITES))
        expect(page.locator("#own-form")).to_be_visible()
        page.fill("#own-title", f"Own {wanted} Land")
        held = Held(page, "**/api/scenarios")
        page.click("#own-make")
        held.wait()
        expect(page.locator("#own-make")).to_be_disabled()
        if not wanted:
            page.keyboard.press("Escape")
        held.release()
        if wanted:
            expect(page.locator("#about")).to_have_text("Own True Land")
        else:
            expect(page.locator(".toast")).to_contain_text("Own False Land is in the list of scenarios.")
            shows(page, "alpha")


def test_a_search_is_cancelled_before_it_has_a_name(app: Serving, opened: Visit) -> None:
    with at(opened, "hard") as (_, page):
        held = Held(page, "**/api/jobs", answers=False)
        page.click("#solve")
        held.wait()
        page.click("#cancel")
        held.release()
        expect(page.locator(".toast")).to_contain_text("Cancelled")
        assert app.get("/api/jobs")[0]["state"] == "cancelled"
        shows(page, "hard")


def test_a_stream_that_begins_anew_tells_nothing_twice(opened: Visit) -> None:
    def told(*values: int) -> str:
        steps = [{"seconds": value, "value": value, "bound": 90 - value, "goal": "x"} for value in values]
        return "retry: 100\n\n" + "".join(f"event: progress\ndata: {json.dumps(step)}\n\n" for step in steps)

    with at(opened, "hard") as (_, page):
        bodies = [told(1, 2, 3), told(1, 2)]

        def stream(route: Route) -> None:
            if bodies:
                route.fulfill(content_type="text/event-stream", body=bodies.pop(0))
            else:
                route.continue_()

        page.route("**/api/jobs/*/events", stream)
        page.evaluate("""() => {
            window.paths = [];
            new MutationObserver(() => {
                const path = document.querySelector(".chart .found[d]")?.getAttribute("d");
                const steps = (path?.match(/[MV]/g) || []).length;
                // Words beside the curve change too: only a curve that differs counts.
                if (steps && steps !== window.paths.at(-1)) window.paths.push(steps);
            }).observe(document.getElementById("actions"), {childList: true, subtree: true});
        }""")
        page.click("#solve")
        page.wait_for_function("() => window.paths.length >= 3")
        page.wait_for_timeout(LATE_MS)
        assert page.evaluate("() => window.paths.slice(0, 3)") == [2, 3, 2]
        page.click("#cancel")
        expect(page.locator(".toast")).to_contain_text("Cancelled")


def test_after_a_reload_a_search_goes_on_with_what_it_was_asked(app: Serving, opened: Visit) -> None:
    with at(opened, "hard") as (_, page):
        page.fill("#budget-field", "800")
        page.locator("#budget-field").blur()
        with page.expect_response(lambda answer: answer.url.endswith("/events")):  # the search is known by its name
            page.click("#solve")
        expect(page.locator("#cancel")).to_be_visible()
        page.goto("about:blank")
        page.goto(f"{app.origin}/#beta")
        shows(page, "hard")
        expect(page.locator("#budget-field")).to_have_value("800")
        page.click("#cancel")
        expect(page.locator(".toast")).to_contain_text("Cancelled")


def test_a_search_found_after_a_reload_does_not_take_the_page_back(app: Serving, browser: Browser) -> None:
    job = app.ask(kind="solve", scenario="hard")
    with visiting(browser) as visit:
        page = visit.page
        held = Held(page, "**/api/jobs")
        visit.open(f"{app.origin}/#alpha")
        held.wait()
        choose(page, "beta")
        held.release()
        shows(page, "beta")
    app.post(f"/api/jobs/{job}/cancel", {}, 200)
