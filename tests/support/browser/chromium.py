"""A real browser without a network, for pages; tests that ask for it are skipped, visibly, where there is none."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
)
"""A software renderer for the app's map, which needs WebGL: test machines have no GPU. Without compositing by it pages
take a fifth less time, but pictures of narrow ones lack a strip of the map."""
PLAIN_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-3d-apis")
"""No WebGL, as on a remote desktop: the app draws a plain map."""
SLOW_COPY = "GPU stall due to ReadPixels"
"""Said by the renderer where it is one of software."""


@contextmanager
def launched(*kinds: tuple[str, ...]) -> Iterator[list[Browser]]:
    """Yield a Chromium for each set of flags."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as running:
        browsers = [running.chromium.launch(executable_path=CHROMIUM, args=list(flags)) for flags in kinds]
        yield browsers
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a module: Playwright keeps an event loop running, which other modules cannot do with."""
    with launched(FLAGS) as (browser,):
        yield browser


@pytest.fixture(scope="module")
def plain_browser() -> Iterator[Browser]:
    """Chromium without WebGL, for tests of all but the map: MapLibre by software takes half of their time."""
    with launched(PLAIN_FLAGS) as (browser,):
        yield browser


@pytest.fixture(scope="module")
def both_browsers() -> Iterator[list[Browser]]:
    """Chromium with WebGL and without, for modules in which some tests are about the map."""
    with launched(FLAGS, PLAIN_FLAGS) as both:
        yield both


class Sheet:
    """A page opened from a file in a browser whose network is cut, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, **settings: Any) -> None:
        # Without motion: a page that still scrolls moves away from under the pointer.
        still = {"viewport": WIDE, "reduced_motion": "reduce"}
        self.context = browser.new_context(offline=True, **{**still, **settings})
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: Path) -> Sheet:
        self.page.goto(path.absolute().as_uri())
        return self

    def close(self) -> None:
        self.context.close()


def violations(page: Any) -> list[str]:
    """What axe-core, which its package carries, finds wrong with a page: rule, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
