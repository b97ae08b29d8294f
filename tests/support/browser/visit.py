"""A planner at the page: a server of its own, a browser that reports what it asks for and what goes wrong."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from support.browser.chromium import CHROMIUM, FLAGS, SLOW_COPY
from support.browser.server import PATIENCE_S, write_hard
from support.command import run
from support.draws import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "app"
WIDE, NARROW = (1280, 800), (390, 844)
OWN = {"127.0.0.1", "localhost"}
PATIENCE_MS = 1000 * PATIENCE_S
DOTS = 1.0 if SLOW else 0.25
"""Dots to a pixel of CSS: software draws here, and where nobody looks at a picture fewer dots cost less."""
expect.set_options(timeout=PATIENCE_MS)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Lets a page draw twice: what an answer or a click leads to has begun by then."""
ANEW = """
async (scenario) => {
  document.getElementById("dialog").close();
  for (const fold of document.querySelectorAll("#panel details[open]")) fold.open = false;
  const [{ openScenario }, { loadRuns }, { openTab }] = await Promise.all(
    ["opening", "saved", "tabs"].map((name) => import(`/static/${name}.js`)),
  );
  openTab("plan");
  await loadRuns();
  await openScenario(scenario);
}
"""
"""Brings an open page to where a new one begins."""


class Visit:
    """A page with a record of everything it asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.expected: list[str] = []
        self.awaited: set[Request] = set()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", self._request)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)
        if not request.url.endswith("/events"):  # open for as long as a search lasts
            self.awaited.add(request)

    def _ended(self, request: Request) -> None:
        self.awaited.discard(request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and SLOW_COPY not in message.text:
            self.wrong.append(f"{message.text} {message.location.get('url', '')}")

    def open(self, address: str) -> None:
        """Open the page and wait for its map."""
        self.page.goto(address)
        self._loaded()

    def _loaded(self) -> None:
        expect(self.page.locator("#loading")).to_be_hidden(timeout=PATIENCE_MS)

    def _forget(self) -> None:
        for told in (self.asked, self.wrong, self.expected):
            told.clear()
        self.awaited.clear()

    @contextmanager
    def anew(self, scenario: str) -> Iterator[Self]:
        """Bring a page that tests share to where a new one begins: that costs a twentieth of opening one.

        What the page complained of since the last test is told first. What goes wrong within is no other test's
        concern: the page is opened again.
        """
        try:
            self.leave()
        finally:
            self._forget()
        try:
            self.page.evaluate(ANEW, scenario)
            yield self
            self._unroute()
            self.leave()
        except BaseException:
            self._unroute()
            self.page.reload()
            self._loaded()
            self._forget()
            raise

    def _unroute(self) -> None:
        self.page.unroute_all(behavior="ignoreErrors")

    def solve(self, patience_ms: float = PATIENCE_MS) -> str:
        """Find a plan and return what the page says of it."""
        with self.page.expect_response(_names_a_job):  # the search may be over before anybody sees it at work
            self.page.click("#solve")  # it is hidden at once
        expect(self.page.locator("#solve")).to_be_visible(timeout=patience_ms)
        expect(self.page.locator("#headline")).to_be_visible()
        expect(self.page.locator("#headline .changed")).to_have_count(0)
        return self.page.locator("#headline .says").inner_text().replace("\u00a0", " ")

    def shoot(self, name: str) -> None:
        """Keep a picture of what is drawn in the end, where somebody may look at pictures."""
        if not SLOW:
            return
        self.settle()
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")

    def settle(self, kept_back: int = 0) -> None:
        """Wait until every answer has come, but for those that a test keeps back, and the maps have drawn them."""
        end = time.monotonic() + PATIENCE_MS / 1000
        settled = False
        while not settled:
            assert time.monotonic() < end, [request.url for request in self.awaited]
            settled = len(self.awaited) <= kept_back
            self.page.evaluate(FRAMES)
            settled = settled and len(self.awaited) <= kept_back
        expect(self.page.locator(".map[aria-busy=true]:visible")).to_have_count(0)

    def check(self, name: str) -> None:
        """Assert that axe finds nothing amiss."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found]
        assert told == [], f"{name}: {told}"

    def leave(self) -> None:
        """Assert that the page asked nobody but its server, and that nothing went wrong."""
        foreign = [
            url for url in self.asked if not url.startswith(("blob:", "data:")) and urlsplit(url).hostname not in OWN
        ]
        wrong = [fault for fault in self.wrong if not any(part in fault for part in self.expected)]
        assert foreign + wrong == [], (foreign, wrong)


def _names_a_job(answer: Response) -> bool:
    return answer.request.method == "POST" and answer.url.endswith("/api/jobs")


@contextmanager
def visiting(
    browser: Browser, size: tuple[int, int] = WIDE, scheme: Any = "light", *, dots: float = DOTS
) -> Iterator[Visit]:
    """Yield a visit in a window of its own; its record is checked in the end."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        device_scale_factor=dots,
        reduced_motion="reduce",
        bypass_csp=False,
        accept_downloads=True,
    )
    try:
        visit = Visit(context.new_page())
        yield visit
        visit.leave()
    finally:
        context.close()


def project(folder: Path) -> Path:
    """Make a small project, an Urdu name among its sites, with a question that takes minutes, and return its folder."""
    assert run("init", folder).returncode == 0
    write_hard(folder)
    sites = folder / "data" / "sites.csv"
    sites.write_text(sites.read_text(encoding="utf-8").replace("Gwadar", "گوادر", 1), encoding="utf-8")
    return folder


def note(name: str, figures: dict[str, Any]) -> None:
    """Keep figures that were measured."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    (ARTEFACTS / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def launch(playwright: Any) -> Browser:
    """Start the browser outside of tests, as they have it."""
    browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    return browser
