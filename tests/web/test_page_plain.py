"""The page in a browser without WebGL, as on a remote desktop: a plain map that looks and answers as MapLibre's."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect
from support.browser import chromium as shared
from support.browser.server import Serving, start, stop
from support.browser.visit import FRAMES as NEXT_FRAMES, NARROW, WIDE, Visit, note, project, visiting
from support.draws import SLOW

if TYPE_CHECKING:
    from collections.abc import Iterator

browsers = shared.both_browsers
PLAIN = "A plain map: this browser has no WebGL."
DATA = (Path(__file__).parent / "every_layer.js").read_text(encoding="utf-8")
"""Puts something into every layer of the map, and shows it."""
ALIKE, MOST_OTHER = 60, 0.01
"""Colours of 256 shades differ by so much in one pixel of a hundred at most: edges, which each softens in its way."""
LOOKS: dict[str, dict[str, Any]] = {
    "areas": {"zoom": 8.3, "areas": True},
    "difference": {"zoom": 7.6, "areas": True, "difference": True},
    "dark": {"zoom": 7.2, "theme": "dark"},
}
if SLOW:
    LOOKS |= {"areas-far": {"zoom": 5.1, "areas": True}, "dark-near": {"zoom": 9.4, "theme": "dark"}}
    LOOKS |= {"points": {"zoom": 7.2, "theme": "light"}}
MANY = """
async (number) => {
  const [view] = (await import("/static/stage.js")).views();
  const spread = (at, part) => ((at * part) % 1) - 0.5;
  const features = Array.from({ length: number }, (_, at) => ({
    type: "Feature",
    properties: { need: 1 + (at % 97), covered_share: at % 3 ? 0 : 0.7 },
    geometry: { type: "Point", coordinates: [63 + 4 * spread(at, 0.618034), 27 + 3 * spread(at, 0.754878)] },
  }));
  await view.dress({ mean: 49, count: number });
  await view.put("demand", { type: "FeatureCollection", features });
  view.fit([61, 25.5, 65, 28.5]);
}
"""
CHANGES = """
async ([east, closer, times]) => {
  const [{ map }] = (await import("/static/stage.js")).views();
  for (let at = 0; at < times; at += 1) {
    map.change((camera) => (camera.move(east, 0), camera.zoomAround({ x: 300, y: 300 }, camera.zoom + closer)));
    await new Promise((done) => map.once("idle", done));
  }
}
"""
"""Moves the map or zooms, and waits each time until it is drawn."""


PLACES, FRAMES, MOST_STROKES = 20_000, 10, 2.1
"""Places, changes of the view, and the calls of a canvas in each change for each place, at most."""
COUNT = """
() => {
  const context = CanvasRenderingContext2D.prototype;
  globalThis.strokes = 0;
  for (const name of Object.getOwnPropertyNames(context)) {
    const own = Object.getOwnPropertyDescriptor(context, name).value;
    if (typeof own !== "function") continue;
    context[name] = function (...given) {
      globalThis.strokes += 1;
      return own.apply(this, given);
    };
  }
}
"""
"""Counts each call of a canvas."""
HIDE = """
(visibility) => {
  const over = document.querySelectorAll("#maps > .card, #tip, #plain-map, .maplibregl-control-container");
  for (const node of over) node.style.visibility = visibility;
}
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = start(project(tmp_path_factory.mktemp("plain") / "project"))
    serving.done(kind="solve", scenario="scenario", settings={"model.budget": 60e6})
    yield serving
    stop(serving)


@pytest.fixture
def browser(browsers: list[Browser]) -> Browser:
    return browsers[1]


@pytest.fixture(scope="module")
def opened(app: Serving, browsers: list[Browser]) -> Iterator[Visit]:
    """Return a visit that tests share."""
    with visiting(browsers[1]) as visit:
        visit.open(f"{app.origin}/#scenario")
        visit.leave()
        yield visit


def centre(page: Page, name: str = "map-a") -> tuple[float, float]:
    box = page.locator(f"#{name}").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_planner_works_without_webgl(app: Serving, browser: Browser) -> None:
    with visiting(browser) as visit:
        page = visit.page
        visit.open(f"{app.origin}/#scenario")
        expect(page.locator("#plain-map")).to_have_text(PLAIN)
        expect(page.locator(".toast")).to_have_count(0)
        assert not any("maplibre-gl.js" in url for url in visit.asked)
        visit.solve()
        visit.shoot("plain-plan")
        _chooses_by_click(visit)
        _moves(visit)
        _switches_layers(visit)
        visit.check("plain plan")
        page.click("#theme")
        visit.settle()
        assert _ground(page) == (16, 22, 26)
        visit.shoot("plain-dark")
        visit.check("plain dark")
        _compares(visit)


def _chooses_by_click(visit: Visit) -> None:
    """Choose a hub by its name, then by a click on the map, and change it by another."""
    page = visit.page
    page.locator("#result .hubs tbody tr").filter(has_not_text="standing").locator(".name").first.click()
    visit.settle()
    name = page.locator("#site-card h2").inner_text()
    page.keyboard.press("Escape")
    expect(page.locator("#site-card")).to_be_hidden()
    page.mouse.click(*centre(page))  # where its name brought it
    expect(page.locator("#site-card h2")).to_have_text(name)
    page.mouse.click(*centre(page))
    expect(page.locator("#mark-required")).to_be_checked()
    visit.shoot("plain-chosen")
    page.check("#mark-free")
    x, y = centre(page)
    page.mouse.click(x + 45, y + 45)  # nothing stands there
    expect(page.locator("#site-card")).to_be_hidden()


def _moves(visit: Visit) -> None:
    """Move and zoom by wheel, drag, double click, buttons and keys; the pointer's tip names a place."""
    page = visit.page
    page.get_by_label("Show everything").first.click()
    first = _view(page)
    x, y = centre(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    assert _view(page)["zoom"] == pytest.approx(first["zoom"] + 1)
    page.mouse.dblclick(x, y)
    assert _view(page)["zoom"] == pytest.approx(first["zoom"] + 2)
    page.mouse.down()
    page.mouse.move(x + 80, y - 60, steps=4)
    page.mouse.up()
    moved = _view(page)
    assert moved["lng"] < first["lng"]
    assert moved["lat"] < first["lat"]
    expect(page.locator("#site-card")).to_be_hidden()  # a drag is no click
    page.focus("#map-a canvas")
    for key in ("ArrowRight", "ArrowDown", "-", "-"):
        page.keyboard.press(key)
    assert _view(page)["zoom"] == pytest.approx(first["zoom"])
    page.get_by_label("Zoom in").first.click()
    page.get_by_label("Zoom out").first.click()
    page.get_by_label("Show everything").first.click()
    assert _view(page) == pytest.approx(first)
    place = page.evaluate(
        "async () => { const [{ map }] = (await import('/static/stage.js')).views();"
        " return map.project(map.sources.demand.features[0].geometry.coordinates); }"
    )
    corner = page.locator("#map-a").bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + place["x"], corner["y"] + place["y"])
    expect(page.locator("#tip")).to_contain_text("not yet online")


def _view(page: Page) -> dict[str, float]:
    """Return what the map shows once it has heard of all that was done to it."""
    page.evaluate(NEXT_FRAMES)
    found: dict[str, float] = page.evaluate(
        "async () => { const [{ map }] = (await import('/static/stage.js')).views();"
        " return { ...map.getCenter(), zoom: map.getZoom() }; }"
    )
    return found


def _switches_layers(visit: Visit) -> None:
    page = visit.page
    before = picture(visit)
    page.click("#legend-layers summary")
    for name in ("Places where people live", "Reach of hubs", "Names", "Sites not chosen"):
        page.get_by_label(name).click()
    page.click("#legend-layers summary")
    assert differing(before, picture(visit)) > 0
    page.click("#legend-layers summary")
    for name in ("Places where people live", "Reach of hubs", "Names", "Sites not chosen"):
        page.get_by_label(name).click()
    page.click("#legend-layers summary")
    page.mouse.move(5, 5)
    assert differing(before, picture(visit)) == 0


def _ground(page: Page) -> tuple[int, ...]:
    """Return the colour in the map's upper left corner."""
    found: list[int] = page.evaluate(
        "[...document.querySelector('#map-a canvas').getContext('2d').getImageData(3, 3, 1, 1).data]"
    )
    return tuple(found[:3])


def _compares(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-compare")
    page.click("#do-compare")
    expect(page.locator("#pane-b")).to_be_visible()
    expect(page.locator("#view-compare")).to_contain_text("From A to B")
    visit.settle()
    expect(page.locator("#plain-map")).to_be_hidden()  # it was said once
    page.mouse.move(*centre(page, "map-b"))
    page.mouse.wheel(0, -150)
    both = page.evaluate(
        "async () => (await import('/static/stage.js')).views().map(({ map }) => [map.getZoom(), map.getCenter().lng])"
    )
    assert both[0] == pytest.approx(both[1])
    visit.shoot("plain-compared")
    visit.check("plain compared")
    page.click("#end-compare")
    expect(page.locator("#pane-b")).to_be_hidden()


def test_a_narrow_page_has_a_plain_map_too(app: Serving, browser: Browser) -> None:
    with visiting(browser, NARROW, "dark") as visit:
        visit.open(f"{app.origin}/#scenario")
        visit.page.click("#tab-saved")
        visit.page.locator(".run").first.get_by_label("Open ").click()
        expect(visit.page.locator("#headline")).to_be_visible()
        visit.check("plain narrow")
        visit.shoot("plain-narrow")
        visit.settle()
        note_box, legend = (visit.page.locator(name).bounding_box() for name in ("#plain-map", "#legend"))
        assert note_box is not None
        assert legend is not None
        assert note_box["x"] + note_box["width"] <= legend["x"]
        visit.page.click("#grip")
        expect(visit.page.locator("#panel")).to_have_attribute("data-size", "peek")
        visit.settle()
        folded, legend, panel = (
            visit.page.locator(name).bounding_box() for name in ("#plain-map", "#legend", "#panel")
        )
        assert folded is not None
        assert legend is not None
        assert panel is not None
        assert note_box["y"] < folded["y"] < panel["y"] - folded["height"]
        assert folded["x"] + folded["width"] <= legend["x"]
        visit.check("plain folded")
        visit.shoot("plain-folded")


def test_a_plain_map_is_as_sharp_as_the_screen_that_it_moves_to(opened: Visit) -> None:
    with opened.anew("scenario") as visit:
        page = visit.page
        own = page.evaluate(
            "Object.assign(document.querySelector('#map-a').style,"
            " { position: 'fixed', inset: '0 auto auto 0', width: '300px', height: '200px' }), devicePixelRatio"
        )
        screen = page.context.new_cdp_session(page)
        for density in (2, 1.5, own):
            # Chromium tells of another density where the window's size changes as well: not the map's, which stays.
            size = {"width": 1200 + int(10 * density), "height": 800}
            screen.send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": density, "mobile": False})
            page.wait_for_function(
                "width => document.querySelector('#map-a canvas').width === width", arg=round(300 * density)
            )
        page.evaluate("document.querySelector('#map-a').removeAttribute('style')")
        screen.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": WIDE[0], "height": WIDE[1], "deviceScaleFactor": own, "mobile": False},
        )
        screen.detach()


def test_a_plain_map_that_was_removed_draws_no_more(opened: Visit) -> None:
    with opened.anew("scenario") as visit:
        found = visit.page.evaluate("""async () => {
          const { MapView } = await import("/static/mapview.js");
          const node = document.createElement("div");
          node.style = "width: 300px; height: 200px";
          document.body.append(node);
          const { map, ready } = new MapView(node, { theme: "light" });
          await ready;
          let drawn = 0;
          map.on("idle", () => (drawn += 1));
          map.remove();
          await map.getSource("demand").setData({ type: "FeatureCollection", features: [] });
          for (let at = 0; at < 3; at += 1) await new Promise((done) => requestAnimationFrame(done));
          const left = [node.childElementCount, node.className, map.canvas.width, drawn];
          node.remove();
          return left;
        }""")
    assert found == [0, "", 0, 0]


def test_two_fingers_zoom_and_one_moves(opened: Visit) -> None:
    with opened.anew("scenario") as visit:
        page = visit.page
        visit.settle()
        first, (x, y) = _view(page), centre(page)
        touch = page.context.new_cdp_session(page)

        def fingers(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x + right, "y": y + down, "id": number} for number, (right, down) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        fingers("touchStart", (-40, 0), (40, 0))
        fingers("touchMove", (-80, 0), (80, 0))
        fingers("touchEnd")
        pinched = _view(page)
        assert pinched["zoom"] == pytest.approx(first["zoom"] + 1, abs=0.05)
        assert pinched["lng"] == pytest.approx(first["lng"], abs=0.05)
        fingers("touchStart", (0, 0))
        fingers("touchMove", (50, 0))
        fingers("touchEnd")
        assert _view(page)["lng"] < pinched["lng"]
        assert _view(page)["zoom"] == pinched["zoom"]


def test_a_base_map_that_cannot_be_shown_is_named(app: Serving, browser: Browser) -> None:
    def with_base(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "base_map": "https://tiles.example/style.json"})

    with visiting(browser) as visit:
        visit.page.route("**/api/state", with_base)
        visit.open(f"{app.origin}/#scenario")
        expect(visit.page.locator("#plain-map")).to_have_text(
            "A plain map, without the base map: this browser has no WebGL."
        )
        visit.page.click("#legend-layers summary")
        expect(visit.page.get_by_label("Coasts and borders")).to_be_visible()  # our own are drawn instead


def test_where_maplibre_fails_after_all_the_map_is_a_plain_one(app: Serving, browsers: list[Browser]) -> None:
    refused = """
        const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
          return this.isConnected && kind.startsWith("webgl") ? null : own.call(this, kind, ...more);
        };
    """
    with visiting(browsers[0]) as visit:
        visit.expected.append("webglcontextcreationerror")
        visit.expected.append("Failed to initialize WebGL")
        visit.page.add_init_script(refused)
        visit.open(f"{app.origin}/#scenario")
        expect(visit.page.locator("#plain-map")).to_have_text(PLAIN)
        expect(visit.page.locator(".toast")).to_have_count(0)
        expect(visit.page.locator("#map-a canvas")).to_have_count(1)


def test_many_places_are_drawn_at_once(app: Serving, browser: Browser) -> None:
    with visiting(browser, dots=1) as visit:
        visit.open(f"{app.origin}/#scenario")
        visit.page.evaluate(MANY, PLACES)
        visit.settle()
        visit.shoot("plain-many")
        visit.page.evaluate(COUNT)
        moved = _frame(visit, 3, 0)
        zoomed = _frame(visit, 0, 0.01)
    note("plain", {"places": PLACES, "moved": moved, "zoomed": zoomed})
    assert 0 < moved["strokes"] < MOST_STROKES * PLACES
    assert 0 < zoomed["strokes"] < MOST_STROKES * PLACES


def _frame(visit: Visit, east: float, closer: float) -> dict[str, float]:
    """Return the calls of a canvas, and the processor's milliseconds, that drawing a change of the view takes."""
    began, before = _browsing(), visit.page.evaluate("strokes")
    visit.page.evaluate(CHANGES, [east, closer, FRAMES])
    strokes, seconds = visit.page.evaluate("strokes") - before, _browsing() - began
    return {"strokes": strokes / FRAMES, "cpu_ms": 1000 * seconds / FRAMES}


def _browsing() -> float:
    browsing = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    return sum(one.cpu_times().user + one.cpu_times().system for one in browsing)


def test_places_too_many_stand_together_and_none_is_lost(opened: Visit) -> None:
    with opened.anew("scenario") as visit:
        levels = visit.page.evaluate("""async () => {
          const { PlainSource } = await import("/static/plainsource.js");
          const { style } = await import("/static/layers.js");
          const options = style({ theme: "light", limits: [], mean: 1, count: 3 }).sources.crowd;
          const source = new PlainSource("crowd", options, { began() {}, ended() {} });
          const place = (lon, need, covered_share) =>
            ({ properties: { need, covered_share }, geometry: { type: "Point", coordinates: [lon, 30] } });
          source.setData({ features: [place(70.001, 5, 1), place(70.002, 3, 0), place(75, 2)] });
          return [3, 5.5, 11].map((zoom) => source.at(zoom).map(({ properties }) => properties));
        }""")
    far, _, near = levels
    assert [place["need"] for place in near] == [5, 3, 2]
    assert far[0] == {"point_count": 2, "need": 8, "covered_need": 5, "change": 0}
    assert far[1]["need"] == 2


def test_a_plain_map_looks_as_maplibres(app: Serving, browsers: list[Browser]) -> None:
    pictures = []
    for name, browser in zip(("maplibre", "plain"), browsers, strict=True):
        with visiting(browser, dots=1) as visit:
            visit.open(f"{app.origin}/#scenario")
            pictures.append({})
            for look, settings in LOOKS.items():
                visit.page.evaluate(DATA, settings)
                pictures[-1][look] = picture(visit)
            visit.shoot(f"layers-{name}")
    shares = {look: differing(*(found[look] for found in pictures)) for look in LOOKS}
    note("layers", shares)
    assert max(shares.values()) < MOST_OTHER, shares


def picture(visit: Visit) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return the colours of the first map, without what lies over it."""
    visit.settle()
    visit.page.evaluate(HIDE, "hidden")
    png = visit.page.locator("#map-a").screenshot()
    visit.page.evaluate(HIDE, "visible")
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int16)


def differing(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return the share of pixels that are of another colour."""
    assert one.shape == other.shape
    return float((np.abs(one - other).max(axis=2) > ALIKE).mean())
