"""Make README's pictures of the app, the report and the frontier: `make picture`.

The national plan is solved in the app as a planner would do it; minutes.
"""

from __future__ import annotations

import io
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright
from support.browser.server import Serving, start, stop
from support.browser.visit import Visit, launch, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "scenarios"
MOST_BYTES = 400_000
HOUR_MS = 3_600_000
TALL: ViewportSize = {"width": 1120, "height": 1500}


def main() -> None:
    """Solve, draw and keep."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        browser = launch(playwright)
        with served(Path(name)) as app, visiting(browser) as visit:
            visit.page.set_default_timeout(HOUR_MS)
            expect.set_options(timeout=HOUR_MS)
            visit.open(f"{app.origin}/#pakistan")
            visit.solve(HOUR_MS)
            visit.settle()
            keep(visit.page, "app")
            draw_report(visit, app)
            draw_frontier(visit)
        browser.close()


@contextmanager
def served(folder: Path) -> Iterator[Serving]:
    """Serve the repo's scenarios; runs land in a folder that is thrown away."""
    app = start(PLACE, "--runs", str(folder / "runs"))
    try:
        yield app
    finally:
        stop(app)
        app.errors.unlink(missing_ok=True)


def draw_report(visit: Visit, app: Serving) -> None:
    """Keep the beginning of the plan's report."""
    run = app.get("/api/runs")[0]["id"]
    page = visit.page.context.new_page()
    page.set_viewport_size(TALL)
    answer = page.goto(f"{app.origin}/api/runs/{run}/report")
    if answer is None or not answer.ok:
        message = "the run has no report to draw"
        raise SystemExit(message)
    page.wait_for_load_state("networkidle")
    keep(page, "report")
    page.close()


def draw_frontier(visit: Visit) -> None:
    """Keep the curve of what each budget puts within reach."""
    page = visit.page
    page.select_option("#scenario", "most-need")
    expect(page.locator("#loading")).to_be_hidden()
    page.click("#fold-variants summary")
    page.locator("#fold-variants label", has_text="within reach").locator("input").check()
    page.click("#tab-budgets")
    page.click("#draw-curve")
    expect(page.locator(".curve")).to_be_visible()
    page.locator(".curve .point").nth(3).click()
    visit.settle()
    page.wait_for_timeout(1000)
    keep(page, "frontier")


def keep(page: Page, name: str) -> None:
    """Write what a page shows, packed as well as can be, since the repo stays small: in 256 colours, rare ones too."""
    path = PLACE / f"{name}.png"
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(256, kmeans=2).save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        message = f"{path} has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are wanted"
        raise SystemExit(message)


if __name__ == "__main__":
    main()
