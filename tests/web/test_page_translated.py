"""The app in a language that nobody speaks: what is shown in plain letters is data, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect
from support.browser import chromium as shared
from support.browser.server import Serving, served
from support.browser.visit import project, visiting
from support.pseudo import LANGUAGE, left_over, other, write_pseudo

if TYPE_CHECKING:
    from collections.abc import Iterator

browser = shared.plain_browser
TEXTS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === 3) {
      if (!node.parentElement.closest("script, style")) found.push(node.textContent);
    } else
      for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"])
        if (node.hasAttribute(name)) found.push(node.getAttribute(name));
  }
  return found;
}"""
NAMES = "hubplanner Excel CSV GeoJSON GeoPackage Shapefile"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    place = tmp_path_factory.mktemp("translated")
    catalogue = write_pseudo(place / f"{LANGUAGE}.po")
    with served(project(place / "project"), "--language", str(catalogue)) as serving:
        serving.done(kind="solve", scenario="scenario")
        serving.done(kind="solve", scenario="scenario", settings={"model.budget": 3e7})
        yield serving


def test_no_word_of_the_page_stays_as_it_was(app: Serving, browser: Browser) -> None:
    known = data_words(app)
    with visiting(browser) as visit:
        page = visit.page

        def looks(where: str) -> None:
            visit.settle()
            assert (where, left_over(page.evaluate(TEXTS), known)) == (where, set())

        visit.open(f"{app.origin}/#scenario")
        assert page.evaluate("document.documentElement.lang") == LANGUAGE
        expect(page.locator("#solve")).to_have_text(other("Find the best plan"))
        looks("first page")
        page.click("#tab-saved")
        looks("saved")
        page.locator(".run button").first.click()
        expect(page.locator("#headline")).to_be_visible()
        unfold(page)
        page.locator("#result .hubs .name").first.click()
        looks("plan")
        page.locator("#budget-field").fill(f"30,5 {other('million')}")
        page.locator("#budget-field").press("Enter")
        expect(page.locator("#budget-words")).to_have_text(re.compile(f"30,5.{other('million')}"))
        page.locator("#budget-field").fill("1")
        page.locator("#budget-field").press("Enter")
        expect(page.locator("#too-little")).not_to_be_empty()
        looks("too little money")
        page.click("#tab-budgets")
        looks("budgets")
        page.click("#tab-compare")
        page.click("#do-compare")
        expect(page.locator("#changes")).to_be_visible()
        looks("comparison")
        page.click("#own-data")
        looks("own data")
        visit.shoot("translated")


def unfold(page: Page) -> None:
    page.evaluate(
        "document.querySelectorAll('#rules details, #result details').forEach((part) => { part.open = true; })"
    )


def data_words(app: Serving) -> set[str]:
    """The words of the data, the scenarios and the files of a run."""
    files = [*app.folder.glob("*.yaml"), *app.folder.glob("data/*.csv")]
    names = [file["name"] for file in app.get(f"/api/runs/{app.get('/api/runs')[0]['id']}/files")]
    told = [*(file.read_text(encoding="utf-8") for file in files), *names, NAMES]
    return {word for text in told for word in re.findall(r"[A-Za-z]{3,}", text)}
