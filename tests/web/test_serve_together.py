"""Several files taken at once: guessed as `init --from` guesses, names without a partner shown and completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, expect
from support.browser import chromium as shared, server as serving
from support.browser.visit import visiting

if TYPE_CHECKING:
    from support.browser.server import Serving

app, browser = serving.app, shared.plain_browser
VILLAGES = "code,name,district,lon,lat,population\n" + "".join(
    f"V{at},Village {at},{district},{67 + at / 20},{30 + at / 30},{500 + 37 * at}\n"
    for at, district in enumerate(["Quetta", "Pishin", "Kalat City", "Ziarat", "Sibi", "Zhob"])
)
SCHOOLS = "school_id,lon,lat\n" + "".join(f"S{at},{67 + at / 20},{30.01 + at / 30}\n" for at in range(6))
ONLINE = "district,internet users (%)\nQuetta,40\nPishin,20\nKalat,10\nZiarat,15\nSibi,12\nZhob,8\n"
FILES = {"villages.csv": VILLAGES, "schools.csv": SCHOOLS, "online by district.csv": ONLINE}


def drafted(app: Serving) -> Any:
    kept = [{"upload": app.upload(name, text, "any")["upload"]} for name, text in FILES.items()]
    return app.post("/api/projects", {"title": "My districts", "files": kept}, 201)


def test_files_are_guessed_and_names_completed(app: Serving) -> None:
    made = drafted(app)
    assert {use["file"]: use["role"] for use in made["uses"]} == {
        "villages.csv": "demand",
        "schools.csv": "sites",
        "online by district.csv": "joined to demand",
    }
    [join] = made["joins"]
    assert (join["matched"], join["rows"]) == (5, 6)
    assert list(join["unmatched"]) == ["Kalat City"]
    assert join["unused"] == ["Kalat"]
    shown = app.get(f"/api/scenarios/{made['id']}")
    assert shown["title"] == "My districts"
    whole = sum(500 + 37 * at for at in range(6))
    assert shown["totals"]["people"] == whole - 574  # Kalat City is left out, which a question tells
    assert any("574 people" in question for question in made["questions"])
    told = app.post(f"/api/projects/{made['id']}/aliases", {"chosen": {join["key"]: {"Kalat City": "Kalat"}}}, 200)
    assert told["joins"][0]["matched"] == 6
    assert told["joins"][0]["unmatched"] == {}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"demand.join.7": {"Kalat City": "Kalat"}}, "demand.join.7"),
        ({"demand.join.0": {"Kalat City": "Nowhere"}}, "Nowhere"),
    ],
)
def test_names_that_are_not_there_change_nothing(app: Serving, chosen: dict[str, Any], said: str) -> None:
    made = drafted(app)
    refused = app.post(f"/api/projects/{made['id']}/aliases", {"chosen": chosen}, 422)
    assert said in str(refused)
    assert str(app.folder.parent) not in str(refused)
    told = app.post(f"/api/projects/{made['id']}/aliases", {"chosen": {}}, 200)
    assert told["joins"] == made["joins"]


@pytest.mark.parametrize(
    ("tree", "status"),
    [
        ({"title": "A", "files": []}, 400),
        ({"title": "", "files": [{"upload": "x"}]}, 400),
        ({"title": "A", "files": [{"upload": "x"}]}, 404),
        ({"title": "A", "files": [{"upload": "x", "role": "boss"}]}, 400),
        ({"title": "A", "files": ["x"]}, 400),
    ],
)
def test_odd_requests_are_refused(app: Serving, tree: dict[str, Any], status: int) -> None:
    assert "error" in app.post("/api/projects", tree, status)


def test_files_that_are_no_plan_are_refused_with_the_reason(app: Serving) -> None:
    kept = [{"upload": app.upload("online.csv", ONLINE, "any")["upload"]}]
    before = app.listing()
    refused = app.post("/api/projects", {"title": "A", "files": kept}, 422)
    assert "no file says where anything is" in str(refused)
    assert app.listing() == before


def test_files_are_dropped_together_in_the_page(app: Serving, browser: Browser) -> None:
    files: list[Any] = [{"name": name, "mimeType": "text/csv", "buffer": text.encode()} for name, text in FILES.items()]
    with visiting(browser) as visit:
        visit.open(f"{app.origin}/#scenario")
        page = visit.page
        page.click("#own-data")
        page.set_input_files("#file-together", files)
        expect(page.locator("#uses li")).to_have_count(3)
        expect(page.locator(".partners")).to_contain_text("5 of 6")
        visit.shoot("together")
        page.get_by_label("Partner of Kalat City").select_option("Kalat")
        page.get_by_role("button", name="Use these names").click()
        expect(page.locator("#found-together")).to_contain_text("6 of 6")
        page.click("#together-open")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("#about")).to_contain_text("My plan")
