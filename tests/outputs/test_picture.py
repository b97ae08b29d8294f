"""The picture of a plan, by its pixels."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import hubplanner as hp
from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED, PARTLY
from hubplanner.outputs.map.draw import _headline, _sources, _titles, draw_map
from hubplanner.outputs.map.fonts import drawable, shorten, width, wrap
from hubplanner.outputs.map.ground import draw_names
from hubplanner.outputs.map.hub_symbols import NEW, REACH
from hubplanner.outputs.map.layout import A4, DPI, View, view_of
from hubplanner.outputs.map.legend import INK, bar_km, legend_rows
from hubplanner.outputs.map.need import HALF, SOME, DemandPoints, class_limits, need_layer
from hubplanner.outputs.map.projection import MapProjection
from hubplanner.outputs.map.scene import scene_of

Maker = Callable[..., hp.Plan]
Pixels = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
PORTRAIT, LANDSCAPE = tuple(int(side * DPI) for side in A4), tuple(int(side * DPI) for side in A4[::-1])
SCENARIO = """
name: town
description: {description}
currency: PKR
demand: {{path: demand.csv, id: id, x: x, y: y, crs: "{crs}", people: people}}
sites: {{path: sites.csv, id: id, x: x, y: y, crs: "{crs}", status: status}}
hubs:
  - {{name: kiosk, capex: 5, reach_km: 0.6}}
  - {{name: "{tier}", capex: 12, reach_km: 1.5}}
travel: {{method: {method}}}
model: {{objective: max_coverage, budget: {budget}}}
"""
DEFAULTS = {"crs": "EPSG:32642", "method": "planar", "budget": 24, "tier": "centre", "description": "Hubs for a town"}


def made(folder: Path, places: Pixels, people: Pixels, statuses: list[str], **words: Any) -> hp.Plan:
    """Solve a scenario whose first places are also its sites."""
    folder.mkdir(exist_ok=True)
    points = [f"d{number},{x},{y},{count}" for number, ((x, y), count) in enumerate(zip(places, people, strict=True))]
    pairs = zip(places, statuses, strict=False)
    sites = [f"s{number},{x},{y},{status},Place {number}" for number, ((x, y), status) in enumerate(pairs)]
    (folder / "demand.csv").write_text("\n".join(["id,x,y,people", *points, ""]), encoding="utf-8")
    (folder / "sites.csv").write_text("\n".join(["id,x,y,status,name", *sites, ""]), encoding="utf-8")
    (folder / "scenario.yaml").write_text(SCENARIO.format(**(DEFAULTS | words)), encoding="utf-8")
    return hp.solve(hp.read_scenario(folder / "scenario.yaml"))


@pytest.fixture
def town(tmp_path: Path) -> Maker:
    """Make plans for random wards, 9.6 by 6 km in the metres of UTM zone 42 unless told."""

    def make(count: int = 40, statuses: tuple[str, ...] = ("existing", *["candidate"] * 9), **words: Any) -> hp.Plan:
        random = np.random.default_rng(7)
        size = np.array(words.pop("size", (9600.0, 6000.0)))
        places = random.uniform(0, 1, (count, 2)) * size + [400_000, 3_400_000]
        people = random.lognormal(6, 1, count).round() * words.pop("people", 1.0)
        return made(tmp_path / "town", places, people, list(statuses), **words)

    return make


def view_of_plan(plan: hp.Plan) -> View:
    scene = scene_of(plan)
    return view_of(scene.projection, scene.extent, legend_rows(plan))


def view_around(lonlat: Pixels) -> View:
    projection = MapProjection.around(lonlat)
    return view_of(projection, projection.km(lonlat), rows=3)


def drawn(plan: hp.Plan, path: Path) -> Pixels:
    draw_map(plan, scene_of(plan), path)
    return np.asarray(imread(path), dtype=np.float64)[..., :3]


def count(image: Pixels, *colors: str) -> int:
    """Count the pixels of exactly these colours."""
    return sum(int(is_color(image, color).sum()) for color in colors)


def is_color(image: Pixels, color: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.abs(image - np.array(to_rgb(color))).max(axis=-1) < 1.5 / 255)


def on_map(image: Pixels, view: View) -> Pixels:
    """Cut the map out, so that the legend's colours do not count."""
    left, bottom, wide, high = (side * DPI for side in view.sheet.map_box)
    top = image.shape[0] - bottom - high
    return image[int(top) : int(top + high), int(left) : int(left + wide)]


@pytest.mark.parametrize(("size", "paper"), [((9000.0, 3000.0), LANDSCAPE), ((3000.0, 9000.0), PORTRAIT)])
def test_page_is_a4_turned_to_the_data(
    town: Maker, tmp_path: Path, size: tuple[float, float], paper: tuple[int, int]
) -> None:
    image = drawn(town(size=size), tmp_path / "map.png")
    assert image.shape[1::-1] == paper


def test_same_plan_same_bytes_whatever_the_user_set(town: Maker, tmp_path: Path) -> None:
    plan = town()
    draw_map(plan, scene_of(plan), tmp_path / "one.png")
    own: Any = {"font.size": 31, "savefig.bbox": "tight", "figure.facecolor": "red", "axes.xmargin": 0.4}
    with mpl.rc_context(own):
        before = dict(mpl.rcParams)
        draw_map(plan, scene_of(plan), tmp_path / "two.png")
        assert dict(mpl.rcParams) == before
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_no_pyplot() -> None:
    code = "import sys, hubplanner.outputs.map.draw; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("wards", "colors"), [(40, (COVERED[2],)), (1600, COVERED)])
def test_more_coverage_more_blue(town: Maker, tmp_path: Path, wards: int, colors: tuple[str, ...]) -> None:
    plans = [town(count=wards, budget=budget) for budget in (0, 12, 48)]
    blue = [count(on_map(drawn(plan, tmp_path / "map.png"), view_of_plan(plan)), *colors) for plan in plans]
    assert 0 < blue[0] < blue[1] < blue[2]


def test_new_hubs_are_filled_and_existing_ones_hollow(town: Maker, tmp_path: Path) -> None:
    plan = town(budget=36)
    view, image = view_of_plan(plan), drawn(plan, tmp_path / "map.png")
    assert set(plan.hubs["status"]) == {"new", "existing"}
    for status, point in zip(plan.hubs["status"], plan.hubs.geometry, strict=True):
        row, column = view.pixel(point.x, point.y)
        assert is_color(image[row, column], NEW if status == "new" else "white")
        assert count(image[row - 16 : row + 17, column - 16 : column + 17], NEW) > 30


def test_larger_tier_has_larger_mark(town: Maker, tmp_path: Path) -> None:
    plan = town(budget=17, statuses=("candidate",) * 10)
    view, image = view_of_plan(plan), drawn(plan, tmp_path / "map.png")
    area = {
        tier: count(image[row - 20 : row + 21, column - 20 : column + 21], NEW)
        for tier, point in zip(plan.hubs["tier"], plan.hubs.geometry, strict=True)
        for row, column in [view.pixel(point.x, point.y)]
    }
    assert area["centre"] > 1.3 * area["kiosk"] > 0


def test_reach_is_drawn_to_scale(town: Maker, tmp_path: Path) -> None:
    plan = town(budget=0)
    view, image = view_of_plan(plan), drawn(plan, tmp_path / "map.png")
    radius = 0.6 / view.km_per_inch * DPI
    discs = is_color(on_map(image, view), str(REACH["facecolor"]))
    rows, columns = (np.flatnonzero(discs.any(axis=axis)) for axis in (1, 0))
    assert [np.ptp(rows), np.ptp(columns)] == pytest.approx([2 * radius] * 2, abs=6)


def test_scale_bar_measures_the_map(town: Maker, tmp_path: Path) -> None:
    plan = town()
    view, image = view_of_plan(plan), drawn(plan, tmp_path / "map.png")
    left, top = view.sheet.legend_corners[2]
    ink = is_color(image[int((view.sheet.size[1] - top) * DPI) :, int(left * DPI) - 5 :], INK)
    half = max(int(row.sum()) for row in ink[:120])
    lon, lat = view.projection.middle
    # A degree of latitude is 111.195 km on the sphere that travel is measured on.
    degree = abs(view.pixel(lon, lat + 1)[0] - view.pixel(lon, lat)[0])
    assert 2 * half * 111.195 / degree == pytest.approx(bar_km(view.km_per_inch), rel=0.04)


def test_kilometre_is_as_long_eastwards_as_northwards() -> None:
    view = view_around(np.array([[66.0, 29.0], [68.0, 31.0]]))
    middle = view.pixel(*view.projection.middle)
    east, north = view.pixel(67 + 1 / np.cos(np.radians(30)), 30), view.pixel(67, 31)
    assert east[1] - middle[1] == pytest.approx(middle[0] - north[0], abs=2)


def test_islands_across_the_antimeridian_are_neighbours() -> None:
    view = view_around(np.array([[179.0, -17.0], [-179.0, -17.0]]))
    assert np.ptp(view.projection.km(np.array([[179.0, -17.0], [-179.0, -17.0]]))[:, 0]) == pytest.approx(212.7, abs=1)
    assert view.km_per_inch < 40


def test_covered_is_darkest_in_black_and_white() -> None:
    grey = [[np.dot(to_rgb(color), [0.299, 0.587, 0.114]) for color in ramp] for ramp in (COVERED, PARTLY, NOT_COVERED)]
    assert max(grey[0]) < min(grey[1] + grey[2])
    assert all(np.diff(ramp).max() < -0.03 for ramp in grey)


EDGES: dict[str, dict[str, object]] = {
    "no hubs": {"budget": 0, "statuses": ("candidate",) * 3},
    "one demand point": {"count": 1, "statuses": ("candidate",)},
    "no need": {"people": 0.0},
    "no need in hexagons": {"people": 0.0, "count": 1600},
    "existing only": {"budget": 0, "statuses": ("existing",) * 10},
    "one street": {"size": (300.0, 2.0)},
    "reach beyond the map": {"size": (50.0, 50.0)},
    "urdu": {"description": "پاکستان کے لیے آئی ٹی مراکز", "tier": "مرکز"},
    "mathematics and markup": {"description": r"Hubs at $5 to $9 \alpha_{x^", "tier": "$x_"},
    "endless words": {"description": "endless " * 60, "tier": "w" * 90},
    "no words": {"description": "''"},
}


@pytest.mark.parametrize("edge", EDGES)
def test_edges_are_drawn_without_warnings(town: Maker, tmp_path: Path, edge: str) -> None:
    image = drawn(town(**EDGES[edge]), tmp_path / "map.png")
    assert image.shape[1::-1] in {PORTRAIT, LANDSCAPE}
    margin = int(0.4 * DPI)
    assert (image[:, -margin:] == 1).all()


def test_matrix_travel_has_no_circles(tmp_path: Path, town: Maker) -> None:
    town()
    folder = tmp_path / "town"
    rows = [f"d{point},s{site},{abs(point - site) / 10}" for point in range(40) for site in range(10)]
    (folder / "matrix.csv").write_text("\n".join(["demand_id,site_id,km", *rows, ""]), encoding="utf-8")
    words = SCENARIO.replace("method: {method}", "method: matrix, path: matrix.csv")
    text = words.format(crs="EPSG:32642", budget=12, tier="centre", description="By table")
    (folder / "scenario.yaml").write_text(text, encoding="utf-8")
    plan = hp.solve(hp.read_scenario(folder / "scenario.yaml"))
    image = on_map(drawn(plan, tmp_path / "map.png"), view_of_plan(plan))
    assert count(image, NEW) > 0
    assert count(image, str(REACH["facecolor"])) == 0


def test_hexagons_keep_need_and_tell_coverage_apart() -> None:
    random = np.random.default_rng(3)
    places, need = random.uniform(0, 90, (5000, 2)), random.uniform(0, 9, 5000)
    covered = (places[:, 0] < 30).astype(float)
    points = DemandPoints(lonlat=places, need=need, covered_share=covered)
    cells = need_layer(points, places, 10.0, gathered=True)
    assert cells.need.sum() == pytest.approx(need.sum())
    west, east = cells.places[:, 0] < 25, cells.places[:, 0] > 35
    assert (cells.level[west] == 2).all()
    assert (cells.level[east] == 0).all()
    # No place is further from its centre than a corner, so that every place has one near.
    distance = np.hypot(*(places[:, None] - cells.places).transpose(2, 0, 1)).min(axis=1)
    assert distance.max() <= 10 / np.sqrt(3) + 1e-6


@pytest.mark.parametrize(("share", "coverage"), [(0, 0), (SOME / 2, 0), (SOME, 1), (HALF - 0.01, 1), (HALF, 2), (1, 2)])
def test_hexagon_is_partly_covered_between_limits(share: float, coverage: int) -> None:
    points = DemandPoints(lonlat=np.zeros((1, 2)), need=np.ones(1), covered_share=np.array([share]))
    assert need_layer(points, np.zeros((1, 2)), 1.0, gathered=True).level.tolist() == [coverage]


def test_classes_are_round_and_no_more_than_the_colours() -> None:
    limits = class_limits(np.random.default_rng(1).lognormal(3, 2, 3000))
    assert len(limits) < len(COVERED)
    assert all(f"{limit:e}"[0] in "125" for limit in limits)
    assert not len(class_limits(np.zeros(5)))


def test_title_gives_way_to_the_name_where_the_font_lacks_letters(town: Maker) -> None:
    assert _titles(town(description="Hubs für Łódź"))[1] == "Hubs für Łódź"
    assert _titles(town(description="پاکستان"))[1] == "Plan of IT hubs: town"
    assert not drawable("हिन्दी")


def test_figures_are_the_summary(town: Maker) -> None:
    plan = town(budget=36)
    figures = dict(zip(("hubs", "people", "need", "cost", "gap"), _headline(plan), strict=True))
    new = int((plan.hubs["status"] == "new").sum())
    assert figures["hubs"] == (f"{new}", f"new {'hub' if new == 1 else 'hubs'}")
    assert figures["need"][0] == f"{100 * plan.summary()['need']['share']:.1f} %"
    assert figures["cost"] == (f"{plan.evaluation.cost:g}", "PKR over 5 years, of a budget of 36")
    assert figures["gap"][0] == "Best"


def test_sources_name_files_and_the_readme_beside_them(town: Maker, tmp_path: Path) -> None:
    plan = town()
    assert _sources(plan) == "Data: demand.csv, sites.csv."
    (tmp_path / "town" / "README.md").write_text("Census", encoding="utf-8")
    assert "README.md" in _sources(plan)


def test_names_stand_clear_of_hubs_and_of_each_other(town: Maker) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 - only here

    plan = town(statuses=("existing",) * 30, budget=0)
    scene, view = scene_of(plan), view_of_plan(plan)
    axes = Figure(figsize=view.sheet.map_box[2:]).add_axes((0, 0, 1, 1), xlim=view.limits[0], ylim=view.limits[1])
    draw_names(axes, scene, view)
    boxes = [text.get_window_extent() for text in axes.texts]
    hubs = axes.transData.transform(scene.hubs)
    assert 3 <= len(boxes) <= 8
    assert not any(one.overlaps(other) for one in boxes for other in boxes if one is not other)
    assert not any(box.contains(*hub) for box in boxes for hub in hubs)


def test_lines_fit_and_lose_no_word() -> None:
    words = "IT hubs for the people of Balochistan who are not yet online"
    lines = wrap(words, 17, 5.0, 3, bold=True)
    assert " ".join(lines) == words
    assert max(width(line, 17, bold=True) for line in lines) <= 5
    assert wrap(words, 17, 3.0, 2, bold=True)[1].endswith("…")
    assert width(shorten("W" * 500, 9, 2.0), 9) <= 2
