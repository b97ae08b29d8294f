"""What a map shows: the world behind it, need, and names."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from hubplanner.outputs.html.map import WORDS
from hubplanner.outputs.map.geography import LEAST_SPAN_KM, Geography, geography
from hubplanner.outputs.map.labels import Label, PlacedLabel, Sheet, place_labels
from hubplanner.outputs.map.need import DemandPoints, area_layer, level_note, need_layer
from hubplanner.outputs.map.projection import MapProjection
from hubplanner.outputs.map.scene import Hubs, build_scene

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
COUNTRIES = {
    "Pakistan": (61.0, 24.0, 75.0, 37.0),
    "Nigeria": (3.0, 5.0, 14.0, 13.5),
    "Burundi": (29.2, -4.2, 30.6, -2.5),
    "Mississippi": (-91.0, 30.5, -88.3, 34.8),
    "Fiji": (177.3, -18.2, 180.5, -16.3),
}
TOWNS = {
    "Pakistan": ("Lahore", 74.35, 31.56),
    "Nigeria": ("Kano", 8.52, 12.00),
    "Burundi": ("Gitega", 29.92, -3.43),
    "Mississippi": ("Jackson", -90.18, 32.30),
    "Fiji": ("Suva", 178.44, -18.14),
}
BUILD = Path(__file__).parents[2] / "data" / "geography" / "build.py"


def around(country: str) -> tuple[MapProjection, Geography]:
    """Return the geography of a map of places all over a rectangle."""
    west, south, east, north = COUNTRIES[country]
    grid = np.stack(np.meshgrid(np.linspace(west, east, 20), np.linspace(south, north, 20)), axis=-1).reshape(-1, 2)
    projection = MapProjection.around(grid)
    km = projection.km(grid)
    return projection, geography(projection, 1.3 * float(np.abs(km).max()), km)


@pytest.mark.parametrize("country", COUNTRIES)
def test_towns_stand_where_they_are_and_at_home(country: str) -> None:
    projection, behind = around(country)
    name, lon, lat = TOWNS[country]
    town = next(town for town in behind.towns if town.name == name)
    assert town.home
    assert np.hypot(*(projection.km(np.array([[lon, lat]]))[0] - town.place)) < 10


def test_kashmir_is_drawn_as_disputed_and_the_durand_line_is_not() -> None:
    projection, behind = around("Pakistan")
    control, frontier = shapely.points(projection.km(np.array([[74.1, 34.0], [66.9, 31.3]])))
    assert shapely.distance(behind.disputed, control).min() < 60
    assert shapely.distance(behind.disputed, frontier).min() > 500
    assert shapely.distance(behind.borders, frontier).min() < 60


def test_the_tribal_areas_are_a_part_of_their_province() -> None:
    projection, behind = around("Pakistan")
    merged, punjab = shapely.points(projection.km(np.array([[70.5, 33.3], [71.4, 32.5]])))
    assert shapely.distance(behind.provinces, merged).min() > 50
    assert shapely.distance(behind.provinces, punjab).min() < 20


def test_a_country_without_sea_has_a_lake_and_no_coast() -> None:
    _, behind = around("Burundi")
    assert len(behind.lakes) > 0
    assert len(behind.coast) == 0 or shapely.length(behind.coast).sum() == 0


def test_islands_across_the_antimeridian_are_one_map() -> None:
    _, behind = around("Fiji")
    east = shapely.get_coordinates(behind.home)[:, 0]
    assert east.min() < 0 < east.max()
    assert shapely.area(behind.home).sum() == pytest.approx(16_000, rel=0.25)


def test_a_small_map_has_no_coarse_geography() -> None:
    lonlat = np.array([[67.0, 30.0], [67.0 + LEAST_SPAN_KM / 200, 30.0]])
    points = DemandPoints(lonlat=lonlat, need=np.ones(2), covered_share=np.zeros(2))
    assert build_scene(points, Hubs(lonlat=np.zeros((0, 2)), radius=np.zeros(0)), {}).geography is None


def test_degrees_come_back_from_kilometres() -> None:
    projection = MapProjection(middle=(179.0, -17.0))
    lonlat = np.array([[178.0, -16.0], [-179.5, -18.0]])
    assert projection.lonlat(projection.km(lonlat)) == pytest.approx(lonlat)


def test_the_geography_is_small_and_made_by_its_script(tmp_path: Path) -> None:
    stored = Path(str(files("hubplanner.outputs.map") / "geography.npz"))
    assert stored.stat().st_size < 500_000
    packages = os.environ.get("HUBPLANNER_GEOGRAPHY")
    if not packages:
        pytest.skip("HUBPLANNER_GEOGRAPHY does not name the folder of packages that data/geography/build.py reads")
    code = f"import runpy, pathlib; made = runpy.run_path({str(BUILD)!r}); made['main'].__globals__['TARGET'] = "
    code += f"pathlib.Path({str(tmp_path / 'made.npz')!r}); made['main'](pathlib.Path({packages!r}))"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert sha256((tmp_path / "made.npz").read_bytes()).digest() == sha256(stored.read_bytes()).digest()


def areas(reached: Any) -> Any:
    """Return two squares of 10 km beside each other, the first of which is covered."""
    km = np.array([[5.0, 5.0], [15.0, 5.0]])
    points = DemandPoints(lonlat=km, need=np.array([100.0, 50.0]), covered_share=np.array([1.0, 0.0]))
    squares = shapely.box([0.0, 10.0], 0.0, [10.0, 20.0], 10.0)
    return area_layer(need_layer(points, km, 1.0, gathered=False), squares, reached)


def test_a_polygon_is_blue_only_where_a_hub_reaches() -> None:
    disc = shapely.buffer(shapely.Point(5, 5), 3.0)
    layer = areas(disc)
    blue = shapely.union_all(layer.faces[layer.face_level == 2])
    assert shapely.area(shapely.difference(blue, disc)) == pytest.approx(0, abs=1e-9)
    assert shapely.area(layer.faces).sum() == pytest.approx(200)
    assert layer.need[layer.of[layer.face_level == 2]].tolist() == [100.0]


def test_a_polygon_is_blue_as_a_whole_where_reach_is_no_circle() -> None:
    layer = areas(None)
    assert shapely.area(layer.faces[layer.face_level == 2]).sum() == pytest.approx(100)


def test_names_of_groups_that_lie_together_are_written_and_no_border_is_invented() -> None:
    grid = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2) / 10 + 30
    points = DemandPoints(lonlat=grid, need=np.ones(64), covered_share=np.zeros(64), row=np.arange(64))
    mixed = ["rural" if (at % 8 + at // 8) % 2 else "urban" for at in range(64)]
    halves = ["west" if at % 8 < 4 else "east" for at in range(64)]
    nowhere = Hubs(lonlat=np.zeros((0, 2)), radius=np.zeros(0))
    scene = build_scene(points, nowhere, {"area": mixed, "side": halves})
    assert {name.text for name in scene.names} == {"west", "east"}
    assert len(scene.borders) == 0
    assert build_scene(points, nowhere, {"area": mixed}).names == ()


def test_names_keep_clear_of_each_other_and_of_hubs() -> None:
    random = np.random.default_rng(4)
    places = random.uniform(-100, 100, (60, 2))
    labels = [Label(kind="town", text=f"Town {number}", places=place[None]) for number, place in enumerate(places)]
    marks = random.uniform(-100, 100, (20, 2))
    sheet = Sheet(
        units=lambda km: km, size=(-100, -100, 100, 100), width=lambda text, _: 2.0 * len(text), line=4.0, mark=2.0
    )
    placed = place_labels(labels, marks, sheet)
    boxes = shapely.box(
        [label.x for label in placed],
        [label.y - 2 for label in placed],
        [label.x + label.wide for label in placed],
        [label.y + 2 for label in placed],
    )
    assert len(placed) > 8
    assert shapely.area(shapely.union_all(boxes)) == pytest.approx(shapely.area(boxes).sum())
    assert not shapely.intersects_xy(shapely.union_all(boxes), marks).any()


def test_the_best_known_towns_are_named_though_others_so_near_are_not() -> None:
    sheet = Sheet(
        units=lambda km: km, size=(-100, -100, 100, 100), width=lambda text, _: 2.0 * len(text), line=4.0, mark=2.0
    )
    places = np.array([[0.0, 0.0], [0.0, 15.0]])  # less than four lines apart
    for must in (True, False):
        labels = [
            Label(kind="town", text=name, places=at[None], must=must, large=must)
            for name, at in zip("AB", places, strict=True)
        ]
        written = {label.text for label in place_labels(labels, np.zeros((0, 2)), sheet)}
        assert written == ({"A", "B"} if must else {"A"})


def test_a_line_leads_to_the_name_of_a_large_town_among_hubs_and_keeps_clear_of_them() -> None:
    sheet = Sheet(
        units=lambda km: km, size=(-100, -100, 100, 100), width=lambda text, _: 2.0 * len(text), line=4.0, mark=1.0
    )
    crowd = np.stack(np.meshgrid(np.arange(-9.0, 10, 3), np.arange(-9.0, 10, 3)), axis=-1).reshape(-1, 2)
    town = Label(kind="town", text="City", places=np.zeros((1, 2)))
    assert place_labels([town], crowd, sheet) == []
    (led,) = place_labels([replace(town, large=True)], crowd, sheet)
    assert led.lead is not None
    assert led.at == (0.0, 0.0)
    box = shapely.box(led.x, led.y - 2 * led.size, led.x + led.wide, led.y + 2 * led.size)
    assert shapely.distance(box, shapely.Point(led.lead)) == pytest.approx(0, abs=1e-9)
    assert not shapely.intersects_xy(box, crowd).any()
    (beside,) = place_labels([replace(town, large=True)], crowd[:0], sheet)
    assert beside.lead is None


@pytest.mark.parametrize("upwards", [True, False], ids=["paper", "page"])
def test_the_name_of_an_area_stands_within_it_in_two_lines_where_one_would_reach_over(*, upwards: bool) -> None:
    sheet = Sheet(
        units=lambda km: km,
        size=(-100, -100, 100, 100),
        width=lambda text, _: 2.0 * len(text),
        line=4.0,
        mark=2.0,
        upwards=upwards,
    )
    ground = np.stack(np.meshgrid(np.arange(-60.0, 61, 2), np.arange(-60.0, 61, 2)), axis=-1).reshape(-1, 2)
    ground = ground[np.argsort(np.hypot(*ground.T), kind="stable")]

    def written(half: float) -> dict[str, PlacedLabel]:
        west, east = ground[:, 0] < -half, ground[:, 0] > half
        parts = {"Khyber Pakhtunkhwa": ~west & ~east, "West": west, "East": east}
        labels = [Label(kind="area", text=name, places=ground[own], ground=ground[own]) for name, own in parts.items()]
        return {line.text: line for line in place_labels(labels, np.zeros((0, 2)), sheet)}

    lines = written(13)
    assert set(lines) == {"Khyber", "Pakhtunkhwa", "West", "East"}
    assert (lines["Khyber"].y > lines["Pakhtunkhwa"].y) is upwards
    for text in ("Khyber", "Pakhtunkhwa"):
        assert -14 < lines[text].x < lines[text].x + lines[text].wide < 14
    assert set(written(31)) == {"Khyber Pakhtunkhwa", "West", "East"}
    # Where it would reach far over the border, it is left out.
    assert set(written(3)) == {"West", "East"}


def test_a_long_name_of_a_hub_is_broken_and_whole() -> None:
    sheet = Sheet(
        units=lambda km: km, size=(-100, -100, 100, 100), width=lambda text, _: 2.0 * len(text), line=4.0, mark=2.0
    )
    hub = Label(kind="hub", text="Jackson-George Regional Library System", places=np.zeros((1, 2)))
    lines = place_labels([hub], np.zeros((1, 2)), sheet)
    assert [line.text for line in lines] == ["Jackson-George", "Regional Library System"]
    assert lines[0].x == lines[1].x  # beside the hub, both begin there
    assert lines[0].y - lines[1].y == pytest.approx(4.0)


def test_towns_of_the_plan_come_before_better_known_ones_around() -> None:
    mississippi = np.stack(np.meshgrid(np.linspace(-91, -88.5, 30), np.linspace(30.5, 35, 30)), axis=-1).reshape(-1, 2)
    projection = MapProjection.around(mississippi)
    towns = [town.name for town in geography(projection, 500, projection.km(mississippi)).towns]
    assert towns.index("Jackson") < towns.index("Nashville")
    assert towns.index("Hattiesburg") < towns.index("Birmingham")


@pytest.mark.parametrize(("away", "named"), [(8.0, []), (40.0, ["Village"])])
def test_no_village_is_named_where_the_city_beside_it_finds_no_room(away: float, named: list[str]) -> None:
    sheet = Sheet(
        units=lambda km: km, size=(-100, -100, 100, 100), width=lambda text, _: 2.0 * len(text), line=4.0, mark=2.0
    )
    crowd = np.stack(np.meshgrid(np.arange(-12.0, 13, 3), np.arange(-12.0, 13, 3)), axis=-1).reshape(-1, 2)
    marks = crowd[crowd[:, 0] < 5]  # hubs about the city, and left of the village
    labels = [
        Label(kind="town", text=name, places=np.array([[x, 0.0]])) for name, x in (("City", 0.0), ("Village", away))
    ]
    alone = place_labels(labels[1:], marks, sheet)
    assert [label.text for label in alone] == ["Village"]
    assert [label.text for label in place_labels(labels, marks, sheet)] == named


@pytest.mark.parametrize(
    ("share", "words", "note"),
    [
        (0.0, {"not covered"}, "Nowhere is as much as 10 % of the need covered."),
        (0.3, {"not covered", "partly covered"}, "Partly: 10 % to 50 % of the need is covered."),
        (1.0, {"not covered", "covered"}, ""),
    ],
)
def test_the_key_explains_what_is_painted_alone(share: float, words: set[str], note: str) -> None:
    points = DemandPoints(
        lonlat=np.array([[30.0, 30.0], [31.0, 31.0]]),
        need=np.ones(2),
        covered_share=np.array([share, 0.0]),
        row=np.arange(2),
    )
    layer = build_scene(points, Hubs(lonlat=np.zeros((0, 2)), radius=np.zeros(0)), {}).need
    assert {WORDS[level] for level in layer.seen} == words
    assert level_note(layer.seen) == note.removesuffix(".")
