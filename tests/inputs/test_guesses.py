"""What is guessed of files that nobody described: whatever the order and the spelling of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from shapely import Point, box

from hubplanner.errors import DataError
from hubplanner.inputs.guesses.columns import compact, guess_columns, guess_notation
from hubplanner.inputs.guesses.keys import match_keys
from hubplanner.inputs.guesses.look import FileLook, look_at_files
from hubplanner.inputs.guesses.region import of_one_region
from hubplanner.inputs.guesses.roles import assign_roles
from hubplanner.inputs.readers.tables import InputTable

if TYPE_CHECKING:
    from pathlib import Path

PLACES = pd.DataFrame(
    {
        "code": [f"V{number}" for number in range(8)],
        "lon": np.linspace(30, 31, 8),
        "lat": np.linspace(-3, -2, 8),
        "population": [1200, 900, 450, 80, 3000, 770, 610, 95],
        "households": [240, 180, 90, 16, 600, 154, 122, 19],
        "internet_share": [0.11, 0.2, 0.05, 0.0, 0.42, 0.3, 0.07, 0.01],
        "internet_speed": [3.0, 5.0, 2.0, 1.0, 20.0, 8.0, 3.0, 1.0],
        "province": ["North", "North", "South", "South", "North", "South", "North", "South"],
        "status": ["Operational", "planned", "planned", "", "planned", "planned", "planned", "planned"],
    }
)
MEANT = {"id": "code", "x": "lon", "y": "lat", "people": "population", "status": "status"}


def guessed(frame: pd.DataFrame) -> dict[str, str]:
    found = guess_columns(InputTable(name="places.csv", frame=frame))
    named = {key: guess.column for key, guess in found.one.items()}
    named |= {guess.key: guess.column for guess in found.online}
    return named | {"groups": ", ".join(guess.column for guess in found.groups)}


def test_columns_are_taken_for_what_they_hold() -> None:
    assert guessed(PLACES) == MEANT | {"connected_share": "internet_share", "groups": "province"}
    assert guess_columns(InputTable(name="a.csv", frame=PLACES)).status_words == {
        "Operational": "existing",
        "planned": "candidate",
    }


@settings(max_examples=25)
@given(order=st.permutations(list(PLACES.columns)))
def test_the_order_of_columns_changes_nothing(order: list[str]) -> None:
    assert guessed(PLACES[order]) == guessed(PLACES)


@settings(max_examples=25)
@given(
    style=st.sampled_from(
        [str.upper, str.title, lambda name: name.replace("_", " "), lambda name: name.replace("_", "-")]
    ),
    rows=st.permutations(range(len(PLACES))),
)
def test_spelling_and_the_order_of_rows_change_nothing(style, rows: list[int]) -> None:  # noqa: ANN001
    spelled = PLACES.rename(columns=style).iloc[list(rows)].reset_index(drop=True)
    found = {key: ", ".join(map(compact, name.split(", "))) for key, name in guessed(spelled).items()}
    assert found == {key: ", ".join(map(compact, name.split(", "))) for key, name in guessed(PLACES).items()}


@settings(max_examples=25)
@given(
    shares=st.lists(st.integers(0, 100), min_size=2, max_size=20).filter(lambda shares: max(shares) > 2),
    sign=st.booleans(),
)
def test_per_cent_and_shares_are_told_apart_and_mean_the_same(shares: list[int], *, sign: bool) -> None:
    ids = [f"V{number}" for number in range(len(shares))]
    percent = pd.DataFrame({"id": ids, "online": [f"{share}{' %' if sign else ''}" for share in shares]})
    plain = pd.DataFrame({"id": ids, "online": [str(share / 100) for share in shares]})
    first, second = (guess_columns(InputTable(name="a.csv", frame=frame)).online[0] for frame in (percent, plain))
    assert (first.column, first.key, first.percent) == ("online", "connected_share", True)
    assert (second.column, second.key, second.percent) == ("online", "connected_share", False)


@pytest.mark.parametrize(
    ("name", "values", "key"),
    [
        ("internet_users", [120, 40, 3000], "connected_people"),
        ("people offline", [120, 40, 3000], "offline_people"),
        ("BROADBAND USAGE", [0.1, 0.4, 1.0], "connected_share"),
        ("users online", [12, 40, 30], "connected_people"),
    ],
)
def test_counts_and_shares_of_who_is_online(name: str, values: list[float], key: str) -> None:
    found = guess_columns(InputTable(name="a.csv", frame=pd.DataFrame({"id": ["a", "b", "c"], name: values})))
    assert [(guess.column, guess.key) for guess in found.online] == [(name, key)]


@pytest.mark.parametrize(
    "name", ["Margin of Error!!Total:", "population_density", "male", "households", "year", "popularity"]
)
def test_what_speaks_of_people_but_does_not_count_all_is_not_taken(name: str) -> None:
    found = guess_columns(InputTable(name="a.csv", frame=pd.DataFrame({"id": ["a", "b"], name: [10, 20]})))
    assert found.column("people") is None


def test_of_several_years_the_latest_is_taken_and_the_others_are_asked_about() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "pop_2020": [11, 21], "pop_2015": [10, 20]})
    people = guess_columns(InputTable(name="a.csv", frame=frame)).one["people"]
    assert people.column == "pop_2020"
    assert "pop_2015" in people.doubt


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        (["1,5", "2,25"], {"decimal": ","}),
        (["1.234", "1.234.567"], {"decimal": ",", "thousands": "."}),
        (["1,234", "12,345"], {"thousands": ","}),
        (["1.5", "2"], {}),
        (["Quetta", "Sibi"], {}),
    ],
)
def test_marks_of_numbers(cells: list[str], marks: dict[str, str]) -> None:
    found = guess_notation(pd.DataFrame({"a": cells}))
    assert found.get("decimal", ".") == marks.get("decimal", ".")
    assert found.get("thousands", "") == marks.get("thousands", "")


# -- files -------------------------------------------------------------------------------------------------------------


def look(path: Path, text: str | bytes) -> FileLook:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return look_at_files([("", path)])[0]


def keys(found: FileLook) -> dict[str, object]:
    return {key.key: key.value for key in found.keys}


def test_titles_headers_and_totals_are_found(tmp_path: Path) -> None:
    text = "Table 1: people\nname,pop\nName of place,Number\nA,10\nB,20\nTotal,30\n"
    found = look(tmp_path / "a.csv", text)
    assert keys(found) == {"skip_rows": 1, "header_rows": 2, "total_rows": "drop"}
    assert found.count == 2


def test_a_place_that_is_called_total_is_none(tmp_path: Path) -> None:
    found = look(tmp_path / "a.csv", "id,lon,lat,people\nA,1,1,10\nTotal,2,2,7\nB,3,3,20\n")
    assert keys(found) == {}
    assert found.count == 3


def test_names_are_those_by_which_most_rows_differ(tmp_path: Path) -> None:
    text = "province_name,town,lon,lat,people\nP,Abo,1,1,10\nP,Ebo,2,2,7\nP,Ibo,3,3,20\n"
    assert look(tmp_path / "a.csv", text).columns.column("name") == "town"
    parts = gpd.GeoDataFrame({"id": [1, 2], "DISTRICT": ["Jhapa", "Ilam"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)])
    parts.set_crs("EPSG:4326").to_file(tmp_path / "a.geojson")
    assert look_at_files([("", tmp_path / "a.geojson")])[0].columns.column("name") == "DISTRICT"


def world(rng: np.random.Generator) -> pd.DataFrame:
    """Return towns of four countries of 10 degrees each, side by side, in any order."""
    country = rng.permutation(np.repeat(["AA", "BB", "CC", "DD"], 25))
    west = np.array([10.0 * "ABCD".index(each[0]) for each in country])
    places = {"lon": west + rng.uniform(1, 9, 100), "lat": rng.uniform(1, 9, 100)}
    names = {"town": [f"T{number}" for number in range(100)], "zone": [each.lower() + "/x" for each in country]}
    return pd.DataFrame({**names, "country": country, **places, "population": rng.integers(1, 900, 100)})


@pytest.mark.parametrize("seed", range(5))
def test_a_file_of_the_world_is_narrowed_to_the_polygons_beside_it(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    towns = world(rng)
    # The third country, without its rim, and with a strip of the second, as borders of other maps have them.
    parts = gpd.GeoDataFrame({"district": ["S", "N"]}, geometry=[box(19.8, 1.5, 29.5, 5), box(19.8, 5, 29.5, 8.7)])
    parts.set_crs("EPSG:4326").to_file(tmp_path / "parts.geojson")
    towns.to_csv(tmp_path / "towns.csv", index=False)
    paths = [("", tmp_path / name) for name in ("towns.csv", "parts.geojson")]
    own, other = of_one_region(look_at_files(paths))
    assert keys(own) == {"where": {"country": "CC"}}, "of columns that are alike the first by name"
    assert own.keys[0].doubt
    assert own.count == 25
    assert own.box is not None
    assert own.box[0] == pytest.approx(towns["lon"][towns["country"] == "CC"].min())
    assert keys(other) == {}


def test_a_file_that_no_column_narrows_stays_whole(tmp_path: Path) -> None:
    towns = world(np.random.default_rng(0)).drop(columns=["country", "zone"])
    towns.to_csv(tmp_path / "towns.csv", index=False)
    parts = gpd.GeoDataFrame({"district": ["S"]}, geometry=[box(20, 0, 30, 10)], crs="EPSG:4326")
    parts.to_file(tmp_path / "parts.geojson")
    looks = look_at_files([("", tmp_path / "towns.csv"), ("", tmp_path / "parts.geojson")])
    assert [keys(found) for found in of_one_region(looks)] == [{}, {}]
    alone = of_one_region(look_at_files([("", tmp_path / "towns.csv")]))
    assert alone[0].count == 100


def test_text_that_is_no_utf8_is_asked_about(tmp_path: Path) -> None:
    found = look(tmp_path / "a.csv", "id,lon,lat,people\nBéziers,3.2,43.3,10\n".encode("cp1252"))
    assert keys(found) == {"encoding": "cp1252"}
    assert "Béziers" in found.keys[0].doubt


def test_lon_and_lat_that_are_swapped_are_taken_the_other_way_and_asked_about(tmp_path: Path) -> None:
    found = look(tmp_path / "a.csv", "id,lat,lon,people\na,167.1,-20,5\nb,168.2,-21,6\n")
    assert (found.columns.column("x"), found.columns.column("y")) == ("lat", "lon")
    assert found.columns.one["x"].doubt


@pytest.mark.parametrize(("names", "exchanged"), [("lat,lon", False), ("y,x", True)])
def test_places_that_lie_among_the_others_only_if_exchanged_are_asked_about(
    tmp_path: Path, names: str, *, exchanged: bool
) -> None:
    rows = "\n".join(f"{number},{-1 - number / 10},{12 + number / 10},5" for number in range(9))
    (tmp_path / "a.csv").write_text(f"id,{names},people\n{rows}\n")
    parts = gpd.GeoDataFrame({"district": ["S"]}, geometry=[box(-3, 11, 0, 14)], crs="EPSG:4326")
    parts.to_file(tmp_path / "b.geojson")
    found = look_at_files([("", tmp_path / "a.csv"), ("", tmp_path / "b.geojson")])[0]
    y, x = names.split(",")
    assert (found.columns.column("x"), found.columns.column("y")) == ((y, x) if exchanged else (x, y))
    assert found.columns.one["x"].doubt
    alone = look_at_files([("", tmp_path / "a.csv")])[0]
    assert (alone.columns.column("x"), alone.columns.one["x"].doubt) == (x, "")


def test_cells_of_a_header_that_are_merged_name_the_columns_below(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    rows = [
        ["Recensement 2024"],
        ["Localité", None, "Coordonnées", None, "Population", None],
        ["N°", "Nom", "Longitude", "Latitude", "Total", "% connectés"],
        *(
            [f"{number}", f"V{number}", "-1,25", f"12,{number}", f"{number}\u202f200", "10,5 %"]
            for number in range(1, 9)
        ),
        ["TOTAL", None, None, None, "37\u202f600", None],
    ]
    for row in rows:
        sheet.append(row)
    for cells in ("A2:B2", "C2:D2", "E2:F2"):
        sheet.merge_cells(cells)
    book.save(tmp_path / "a.xlsx")
    found = look_at_files([("", tmp_path / "a.xlsx")])[0]
    said = {"skip_rows": 1, "header_rows": 2, "total_rows": "drop", "decimal": ",", "thousands": " "}
    assert keys(found) == said
    assert {key: found.columns.column(key) for key in ("x", "y", "people", "name")} == {
        "x": "Coordonnées Longitude",
        "y": "Coordonnées Latitude",
        "people": "Population Total",
        "name": "Localité Nom",
    }
    assert [(guess.column, guess.percent) for guess in found.columns.online] == [("Population % connectés", True)]


def test_a_name_that_stands_twice_over_data_is_still_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="appears twice"):
        look(tmp_path / "a.csv", "id,lon,lat,people,people\na,1,1,10,11\nb,2,2,7,8\n")


def test_text_of_two_encodings_is_told(tmp_path: Path) -> None:
    rows = [f"{number},Béni,3.2,43.3,10\n".encode("cp1252" if number % 2 else "utf-8") for number in range(6)]
    found = look(tmp_path / "a.csv", b"id,name,lon,lat,people\n" + b"".join(rows))
    assert "mixes encodings: 3 of its cells" in found.keys[0].doubt


def test_metres_without_a_system_are_placed_by_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "demand.csv").write_text("id,lon,lat,people\na,67.0,30.0,5\nb,67.9,30.9,6\n")
    metres = gpd.GeoSeries([Point(67.2, 30.2), Point(67.5, 30.5)], crs="EPSG:4326").to_crs("EPSG:32642")
    rows = "\n".join(f"s{number},{point.x:.0f},{point.y:.0f}" for number, point in enumerate(metres))
    (tmp_path / "sites.csv").write_text(f"id,x,y\n{rows}\n")
    both = look_at_files([("", tmp_path / "demand.csv"), ("", tmp_path / "sites.csv")])
    assert keys(both[1]) == {"crs": "EPSG:32642"}
    assert both[1].keys[0].doubt
    with pytest.raises(DataError, match="--crs"):
        look_at_files([("", tmp_path / "sites.csv")])
    assert keys(look_at_files([("", tmp_path / "sites.csv")], "EPSG:32643")[0]) == {"crs": "EPSG:32643"}


def test_each_layer_and_each_sheet_is_looked_at(tmp_path: Path) -> None:
    places = gpd.GeoDataFrame(
        {"id": ["a", "b"], "people": [1, 2]}, geometry=[Point(1, 1), Point(2, 2)], crs="EPSG:4326"
    )
    places.to_file(tmp_path / "all.gpkg", layer="villages")
    places.drop(columns="people").to_file(tmp_path / "all.gpkg", layer="schools")
    found = look_at_files([("", tmp_path / "all.gpkg")])
    assert sorted(each.name for each in found) == ["all.gpkg (schools)", "all.gpkg (villages)"]
    roles = assign_roles(found)
    assert (roles.demand.name, roles.sites.name) == ("all.gpkg (villages)", "all.gpkg (schools)")


@pytest.mark.parametrize(
    ("here", "there", "on"),
    [
        (
            {"district": ["Sibi", "Quetta City"], "n": ["1", "2"]},
            {"County": ["SIBI", "Quetta-City"], "k": ["1", "2"]},
            ("district", "County"),
        ),
        ({"fips": ["01001", "01003"]}, {"COUNTY ID": ["1001", "1003"]}, ("fips", "COUNTY ID")),
    ],
)
def test_keys_are_found_by_their_values(
    tmp_path: Path, here: dict[str, list[str]], there: dict[str, list[str]], on: tuple[str, str]
) -> None:
    looks = []
    for name, cells in (("here", here), ("there", there)):
        pd.DataFrame(cells).to_csv(tmp_path / f"{name}.csv", index=False)
        looks += look_at_files([("", tmp_path / f"{name}.csv")])
    match = match_keys(*looks)
    assert match is not None
    assert (match.on, match.share, match.unique) == ((on,), 1.0, True)


def test_rows_that_are_numbered_are_no_key_and_names_that_repeat_need_another_column(tmp_path: Path) -> None:
    one = look(tmp_path / "one.csv", "fid,state,county\n1,A,Lee\n2,A,Clay\n3,B,Lee\n4,B,Clay\n")
    other = look(tmp_path / "other.csv", "row,st,name,online\n1,B,Lee,0.1\n2,A,Lee,0.2\n3,A,Clay,0.3\n4,B,Clay,0.4\n")
    match = match_keys(one, other)
    assert match is not None
    assert sorted(match.on) == [("county", "name"), ("state", "st")]
    assert match.matched == 4


VILLAGES = "id,lon,lat,people\na,67.0,30.0,500\nb,67.3,30.2,600\n"
SITES = "id,lon,lat\ns,67.1,30.1\nt,67.3,30.2\n"


def roles_of(folder: Path, **files: str) -> tuple[str, str]:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    roles = assign_roles(look_at_files([("", folder / f"{name}.csv") for name in files]))
    return roles.demand.name, roles.sites.name


def test_demand_and_sites_are_told_apart(tmp_path: Path) -> None:
    assert roles_of(tmp_path, a=VILLAGES, b=SITES) == ("a.csv", "b.csv")
    assert roles_of(tmp_path, villages=VILLAGES, schools=VILLAGES) == ("villages.csv", "schools.csv")
    assert roles_of(tmp_path, only=VILLAGES) == ("only.csv", "only.csv")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a": VILLAGES, "b": VILLAGES}, "demand=FILE"),
        ({"v": VILLAGES, "clinics": SITES, "schools": SITES}, "sites=FILE"),
        ({"a": SITES}, "no file says how many people live where"),
        ({"a": "district,people\nx,5\ny,6\n"}, "no file says where anything is"),
        ({"a": SITES, "b": "district,people\nx,5\ny,6\n"}, "no column of it is a key"),
        ({"a": "id,lon,lat,people\n"}, "no rows"),
        ({"a": ""}, "empty"),
    ],
)
def test_files_that_make_no_plan_are_refused_with_the_reason(tmp_path: Path, files: dict[str, str], told: str) -> None:
    with pytest.raises(DataError, match=told):
        roles_of(tmp_path, **files)


def test_every_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)one\.csv.*two\.tif"):
        look_at_files([("", tmp_path / "one.csv"), ("", tmp_path / "two.tif")])


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(["areas.geojson", "counts.csv", "online.csv", "hubs.csv"]))
def test_the_order_of_files_changes_nothing(tmp_path: Path, order: list[str]) -> None:
    names = [f"Area {letter}" for letter in "ABCD"]
    areas = gpd.GeoDataFrame(
        {"NAME": names}, geometry=[box(at, 30, at + 1, 31) for at in range(67, 71)], crs="EPSG:4326"
    )
    areas.to_file(tmp_path / "areas.geojson")
    pd.DataFrame({"area": names[::-1], "population": [4, 3, 2, 10]}).to_csv(tmp_path / "counts.csv", index=False)
    pd.DataFrame({"where": names, "internet": [10, 20, 30, 40]}).to_csv(tmp_path / "online.csv", index=False)
    (tmp_path / "hubs.csv").write_text(SITES)
    roles = assign_roles(look_at_files([("", tmp_path / name) for name in order]))
    assert (roles.demand.name, roles.sites.name) == ("areas.geojson", "hubs.csv")
    assert [(table.name, part, match.on) for table, part, match in roles.tables] == [
        ("counts.csv", "demand", (("NAME", "area"),)),
        ("online.csv", "demand", (("NAME", "where"),)),
    ]
