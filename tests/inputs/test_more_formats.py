"""Every format read back is the CSV file that it was made of, and a file that is not what its name says is refused."""

from __future__ import annotations

import gzip
import json
import shutil
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from support.project import DEMAND, SITES

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.audit.data.places import read_rows
from hubplanner.formats.tables.json_table import keyed_rows, read_json_table
from hubplanner.formats.tables.place_cells import read_place_cells
from hubplanner.inputs import build_problem
from hubplanner.inputs.guesses.look import look_at_file
from hubplanner.inputs.readers import csv as csv_files

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

COLUMNS = ("people", "internet", "weight")


def cells(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.folder / "demand.csv")


def layer(project: Project) -> gpd.GeoDataFrame:
    table = cells(project)
    places = gpd.points_from_xy(table["lon"], table["lat"])
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=places, crs="EPSG:4326")


def told(path: Path, *, coordinates: bool = False, **more: Any) -> dict[str, Any]:
    plain = {} if coordinates else {"demand.x": None, "demand.y": None}
    return {"demand.path": str(path)} | plain | {f"demand.{key}": value for key, value in more.items()}


def check_same(project: Project, settings: dict[str, Any]) -> None:
    """Check that demand and what the audit reads of it are those of the CSV file."""
    expected, found = project.inputs(), project.inputs(settings)
    assert found.demand.frame["demand_id"].tolist() == expected.demand.frame["demand_id"].tolist()
    assert found.demand.frame["province"].tolist() == expected.demand.frame["province"].tolist()
    assert build_problem(found).need.tolist() == build_problem(expected).need.tolist()
    assert np.allclose(found.demand.points, expected.demand.points, rtol=0, atol=1e-9)
    rows = read_rows(project.read(settings).demand, {"demand_id", "people", "internet", "weight", "province"})
    ours = read_rows(project.read().demand, {"demand_id", "people", "internet", "weight", "province"})
    rows = rows.sort_values(settings.get("demand.id", "demand_id"), ignore_index=True)
    ours = ours.sort_values("demand_id", ignore_index=True)
    for name in COLUMNS:
        assert rows[name].astype(float).tolist() == ours[name].astype(float).tolist(), name
    assert np.allclose(rows.geometry.x, ours.geometry.x, rtol=0, atol=1e-9)


# --- tables


@pytest.mark.parametrize("suffix", ["xlsx", "ods"])
def test_a_spreadsheet_is_its_csv_file(project: Project, suffix: str) -> None:
    pytest.importorskip("python_calamine")
    path = project.folder / f"a.{suffix}"
    pytest.importorskip({"xlsx": "openpyxl", "ods": "odf"}[suffix])
    with pd.ExcelWriter(str(path)) as book:
        cells(project).to_excel(book, sheet_name="people", index=False, startrow=3)
        pd.DataFrame().to_excel(book, sheet_name="empty")
    check_same(project, told(path, coordinates=True))
    check_same(project, told(path, coordinates=True, sheet="people"))
    check_same(project, told(path, coordinates=True, sheet=1))
    [fault] = project.messages(told(path, coordinates=True, sheet="poeple"))
    assert fault.startswith(f"a.{suffix}, sheet: 'poeple' found; allowed: one of people")


def test_a_parquet_table_is_its_csv_file(project: Project) -> None:
    path, table = project.folder / "a.parquet", cells(project)
    table.to_parquet(path)
    check_same(project, told(path, coordinates=True))
    places = gpd.GeoSeries.from_xy(table["lon"], table["lat"]).to_wkt()
    table.drop(columns=["lon", "lat"]).assign(place=places).to_parquet(path)
    check_same(project, told(path, geometry={"wkt": "place"}))


def test_parquet_with_places_of_its_own_is_asked_for_no_others(project: Project) -> None:
    path = project.folder / "a.parquet"
    layer(project).to_parquet(path)
    check_same(project, told(path))
    [fault] = project.messages(told(path, coordinates=True))
    assert fault == "a.parquet, x, y: none for a file that carries its own geometry"


def test_a_run_on_a_parquet_table_is_audited(project: Project) -> None:
    cells(project).to_parquet(project.folder / "a.parquet")
    plan = hp.solve(project.read({"demand.path": "a.parquet"}))
    assert audit_run(plan.write(project.folder / "run")).verdict == "pass"


def partitions(project: Project, table: pd.DataFrame) -> Path:
    """Write a table as a folder of Parquet files, a folder for each province."""
    path = project.folder / "people"
    for province, rows in table.groupby("province"):
        part = path / f"province={province}"
        part.mkdir(parents=True)
        rows.drop(columns="province").to_parquet(part / "part-0.parquet")
    (path / "_SUCCESS").touch()
    return path


@pytest.mark.parametrize("kind", ["table", "places"])
@pytest.mark.parametrize("merge", [False, True])
def test_a_folder_of_parquet_files_is_one_table(project: Project, kind: str, *, merge: bool) -> None:
    path = partitions(project, cells(project) if kind == "table" else layer(project))
    settings = told(path, coordinates=kind == "table", merge=merge)
    if not merge:
        order = project.inputs().demand.frame["demand_id"].tolist()
        assert sorted(project.inputs(settings).demand.frame["demand_id"]) == sorted(order)
    ours, found = (build_problem(project.inputs(own)) for own in ({"demand.merge": merge}, settings))
    assert sorted(found.need.tolist()) == pytest.approx(sorted(ours.need.tolist()))
    plan = hp.solve(project.read(settings))
    groups = hp.solve(project.read()).summary()["groups"]["province"]
    assert plan.summary()["groups"]["province"].keys() == groups.keys()
    for name, figures in groups.items():
        assert plan.summary()["groups"]["province"][name] == pytest.approx(figures)
    folder = plan.write(project.folder / "run")
    assert audit_run(folder).verdict == "pass"
    digests = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert sum(name.endswith(".parquet") for name in digests) == cells(project)["province"].nunique()


def test_a_folder_that_holds_anything_but_parquet_files_is_refused(project: Project) -> None:
    path = partitions(project, cells(project))
    for name in ("about.txt", "province=Zhob/readme.txt"):  # first and last of all
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text("People by province", encoding="utf-8")
        [fault] = project.messages(told(path, coordinates=True))
        assert fault.startswith(
            f"people, demand.path: cannot be read as a Parquet file: {name} is none; leave nothing else"
        )
        (path / name).unlink()
    (project.folder / "tables").mkdir()
    (project.folder / "tables" / "a.csv").write_text("id,people", encoding="utf-8")
    [fault] = project.messages(told(project.folder / "tables", coordinates=True))
    assert fault.endswith("cannot be read as a Parquet file: a folder without any; name a file in it, such as a.csv")
    (project.folder / "nothing").mkdir()
    [fault] = project.messages(told(project.folder / "nothing", coordinates=True))
    assert fault == "nothing, demand.path: cannot be read as a Parquet file: a folder without any"


def workbook(path: Path, rows: list[list[Any]], merged: tuple[str, ...] = ()) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells_of in merged:
        book.active.merge_cells(cells_of)
    book.save(path)
    return path


def sheet_rows(project: Project) -> list[list[Any]]:
    table = cells(project)
    return [list(table.columns), *table.astype(object).to_numpy().tolist()]


def test_rows_above_the_header_are_named_and_skipped_on_request(project: Project) -> None:
    rows = [["Table 2: people and internet"], [], *sheet_rows(project)]
    path = workbook(project.folder / "a.xlsx", rows)
    [fault] = project.messages(told(path, coordinates=True))
    assert fault == (
        "a.xlsx, row 1, demand.path: 'Table 2: people and internet' found; allowed: the names of the columns; if they "
        "stand in row 3, add skip_rows: 2"
    )
    check_same(project, told(path, coordinates=True, skip_rows=2))
    rows[4][3] = "many"
    path = workbook(project.folder / "b.xlsx", rows)
    [fault] = project.messages(told(path, coordinates=True, skip_rows=2))
    assert fault.startswith("b.xlsx, row 5, people: 'many' found")


def test_merged_cells_of_a_header_name_all_their_columns(project: Project) -> None:
    rows = sheet_rows(project)
    above = ["", "place", "", "2024", "", "", "", ""]
    path = workbook(project.folder / "a.xlsx", [above, *rows], ("B1:C1", "D1:F1"))
    names = {"x": "place lon", "y": "place lat", "people": "2024 people", "connected_share": "2024 internet"}
    settings = told(path, coordinates=True, header_rows=2, priority="weight", **names)
    found, expected = project.inputs(settings), project.inputs()
    assert build_problem(found).need.tolist() == build_problem(expected).need.tolist()


def test_a_table_that_gzip_packed_is_the_table(project: Project) -> None:
    plain = (project.folder / "demand.csv").read_bytes()
    path = project.folder / "a.csv.gz"
    path.write_bytes(gzip.compress(plain))
    check_same(project, told(path, coordinates=True))
    merged, expected = project.inputs(told(path, coordinates=True, merge=True)), project.inputs({"demand.merge": True})
    assert build_problem(merged).need.tolist() == build_problem(expected).need.tolist()
    [look] = look_at_file(path)
    assert look.columns.one["people"].column == "people"
    sites, kept = project.folder / "sites.csv", (project.folder / "sites.csv").read_bytes()
    (project.folder / "sites.tsv.gz").write_bytes(gzip.compress(kept.replace(b",", b"\t")))
    settings = told(path, coordinates=True) | {"sites.path": str(sites.with_suffix(".tsv.gz"))}
    plan = hp.solve(project.read(settings))
    assert plan.summary()["need"] == hp.solve(project.read()).summary()["need"]
    assert audit_run(plan.write(project.folder / "run")).verdict == "pass"


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "fgb"])
def test_a_layer_that_gzip_packed_is_the_layer(project: Project, suffix: str) -> None:
    layer(project).to_file(project.folder / f"a.{suffix}", engine="pyogrio")
    path = project.folder / f"a.{suffix}.gz"
    whole = gzip.compress((project.folder / f"a.{suffix}").read_bytes())
    path.write_bytes(whole)
    check_same(project, told(path))
    path.write_bytes(whole[:-20])
    [fault] = project.messages(told(path))
    assert fault.startswith(f"a.{suffix}.gz, demand.path: cannot be unpacked: ")
    assert fault.endswith("it may be cut short: fetch it again")
    path.write_bytes(b"torn")
    assert project.messages(told(path)) == [
        f"a.{suffix}.gz, demand.path: cannot be unpacked: Not a gzipped file (b'to')"
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (gzip.compress(b"demand_id,lon\n" * 99)[:-20], "is cut short, so that it cannot be unpacked; fetch it again"),
        (b"demand_id,lon,lat\n", "cannot be read: Not a gzipped file"),
        (gzip.compress(b"")[:10] + b"\xff" * 40, "cannot be unpacked: "),
        (gzip.compress(b""), "is empty"),
        (gzip.compress(b"a,b\n1\n"), "row 2"),
    ],
)
def test_what_gzip_did_not_pack_well_is_told(project: Project, content: bytes, fault: str) -> None:
    path = project.folder / "a.csv.gz"
    path.write_bytes(content)
    assert fault in project.messages(told(path, coordinates=True))[0]


def test_no_more_is_unpacked_than_the_limit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "MOST_UNPACKED", 1000)
    path = project.folder / "a.csv.gz"
    path.write_bytes(gzip.compress((project.folder / "demand.csv").read_bytes() + b"\n" * 2000))
    [fault] = project.messages(told(path, coordinates=True))
    assert fault == "a.csv.gz, demand.path: at most 1,000 bytes unpacked; unpack it first"


def test_several_sheets_are_asked_about(project: Project) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    path = project.folder / "a.xlsx"
    with pd.ExcelWriter(str(path)) as book:
        for name in ("one", "two"):
            cells(project).to_excel(book, sheet_name=name, index=False)
    [fault] = project.messages(told(path, coordinates=True))
    assert fault == "a.xlsx, sheet: is required, such as sheet: 'one'; one of one, two"
    with pd.ExcelWriter(str(path)) as book:
        pd.DataFrame({"Notes": ["the census"]}).to_excel(book, sheet_name="Read me", index=False)
        for name in ("one", "two"):
            cells(project).to_excel(book, sheet_name=name, index=False)
    [fault] = project.messages(told(path, coordinates=True))
    assert fault == "a.xlsx, sheet: is required, such as sheet: 'one'; one of Read me, one, two"
    check_same(project, told(path, coordinates=True, sheet="two"))


def test_a_sheet_of_notes_is_no_table_beside_one_that_is(project: Project) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    path = project.folder / "a.xlsx"
    with pd.ExcelWriter(str(path)) as book:
        pd.DataFrame({"Notes": ["of 2017", "of 2019"]}).to_excel(book, sheet_name="notes", index=False, startcol=2)
        cells(project).to_excel(book, sheet_name="people", index=False)
        pd.DataFrame(columns=["by", "whom"]).to_excel(book, sheet_name="signed", index=False)
    check_same(project, told(path, coordinates=True))
    [fault] = project.messages(told(path, coordinates=True, sheet="other"))
    assert fault == "a.xlsx, sheet: 'other' found; allowed: one of notes, people, signed"


def test_a_sheet_of_one_column_is_read(project: Project) -> None:
    pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    path = project.folder / "names.xlsx"
    pd.DataFrame({"name": ["Quetta", "Sibi"]}).to_excel(str(path), index=False)
    assert project.messages(told(path, coordinates=True))[0].startswith("names.xlsx, demand_id: is missing")
    with pd.ExcelWriter(str(path)) as book:
        for name in ("one", "two"):
            pd.DataFrame({"name": ["Quetta", "Sibi"]}).to_excel(book, sheet_name=name, index=False)
    [look, other] = look_at_file(path)
    assert [str(each.keys[0].value) for each in (look, other)] == ["one", "two"]
    assert look.count == other.count == 2


def test_json_records_under_ids_are_its_csv_file(project: Project) -> None:
    table = cells(project).rename(columns={"demand_id": "id"}).set_index("id")
    by_id = {"records": table.to_json(orient="index"), "columns": table.to_json(orient="columns")}
    for name, text in by_id.items():
        tree = json.loads(text)
        if name == "records":
            assert set(tree) == {"D1", "D2", "D3", "D4"}
            del tree["D2"]["area"]  # what a record does not have is blank
        for number, held in enumerate((tree, {"places": tree}, {"data": {"places": tree}})):
            path = project.write(f"{name}-{number}.json", json.dumps(held))
            check_same(project, told(path, coordinates=True, id="id"))
    same = {"D1": {"id": "x", "people": 1}, "D2": {"id": "y", "people": 2}}
    found = read_json_table(project.write("own.json", json.dumps(same)))
    assert {name: list(column) for name, column in found.items()} == {
        "key": ["D1", "D2"],
        "id": ["x", "y"],
        "people": [1, 2],
    }


@pytest.mark.parametrize("axis", ["index", "columns"])
@given(cells=st.lists(st.tuples(st.integers(), st.integers()), min_size=3, max_size=9))
def test_records_and_columns_of_numbers_are_told_apart_by_their_number(cells: list[Any], axis: Any) -> None:
    frame = pd.DataFrame(cells, columns=["a", "b"], dtype=object)
    frame.index = pd.Index([f"r{number}" for number in range(len(cells))])
    tree = frame.T.to_dict() if axis == "index" else frame.to_dict()
    rows = keyed_rows(tree)
    assert rows == [{"id": f"r{number}", "a": a, "b": b} for number, (a, b) in enumerate(cells)]


EXPORTED = '{"type": "table", "name": "villages", "database": "plan", "data": []}'
"""A table as phpMyAdmin exports it, but for its rows."""


@pytest.mark.parametrize("shape", ["records", "nested", "cols", "columns", "split", "pandas", "phpMyAdmin"])
def test_json_that_holds_a_table_is_its_csv_file(project: Project, shape: str) -> None:
    table = cells(project)
    records, rows = json.loads(table.to_json(orient="records")), json.loads(table.to_json(orient="values"))
    trees: dict[str, Any] = {
        "records": records,
        "phpMyAdmin": [{"type": "header", "version": "4.8.5"}, {**json.loads(EXPORTED), "data": records}],
        "nested": {"version": 2, "places": records},
        "cols": {"cols": list(table.columns), "rows": rows},
        "columns": {"columns": [{"name": name} for name in table.columns], "data": rows},
        "split": json.loads(table.to_json(orient="split", index=False)),
        "pandas": json.loads(table.to_json()),
    }
    path = project.folder / "a.json"
    path.write_text(json.dumps(trees[shape], indent=1 if shape == "records" else None), encoding="utf-8")
    check_same(project, told(path, coordinates=True))
    [fault] = project.messages(told(path))
    assert fault.startswith("a.json, x, y: is required: name columns with x and y, or with geometry: {wkt: COLUMN}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[{"a": 1}, "Adamawa"]', "a.json, row 2, demand.path: cannot be read as a table"),
        ('["Abia", "Adamawa"]', "a.json, demand_id: is missing; the file's columns are value"),
        (f"[{EXPORTED}, {EXPORTED}]", "a.json, demand.path: cannot be read as a table"),
        ('{"cols": ["a", "b"], "rows": [[1, 2], [3]]}', "a.json, row 2, demand.path: cannot be read as a table"),
        ('{"cols": ["a", "a"], "rows": [[1, 2]]}', "a.json, demand.path: cannot be read as a table"),
        ('[{"a": 1},', "a.json, demand.path: cannot be read as a table"),
    ],
)
def test_json_that_is_no_table_is_told(project: Project, text: str, fault: str) -> None:
    path = project.folder / "a.json"
    path.write_text(text, encoding="utf-8")
    assert project.messages(told(path, coordinates=True))[0].startswith(fault)


@pytest.mark.parametrize(
    ("mark", "line", "encoding"),
    [(";", "", "utf-8"), ("\t", "", "utf-16"), ("|", "sep={}\n", "utf-8-sig"), (",", '"sep={}"\n', "utf-16")],
)
@pytest.mark.parametrize("merge", [False, True])
def test_separators_and_marks_of_encodings_are_seen(
    project: Project, mark: str, line: str, encoding: str, *, merge: bool
) -> None:
    expected = build_problem(project.inputs({"demand.merge": merge})).need.tolist()
    text = line.format(mark) + DEMAND.replace(",", mark).replace("Balochistan", '"Balo, chi|stan; east"')
    project.write("a.txt", text.encode(encoding))
    settings = told(project.folder / "a.txt", coordinates=True, merge=merge)
    assert build_problem(project.inputs(settings)).need.tolist() == expected
    assert set(project.inputs(settings).demand.frame["province"]) == {"Balo, chi|stan; east", "Punjab"}
    assert read_rows(project.read(settings).demand, set())["people"].astype(float).sum() == 4300


def test_row_numbers_stay_those_of_the_file(project: Project) -> None:
    text = "a title\n\nsep=;\n" + DEMAND.replace(",", ";").replace("2000", "x")
    project.write("a.csv", text)
    [fault] = project.messages(told(project.folder / "a.csv", coordinates=True, skip_rows=2))
    assert fault.startswith("a.csv, row 7, people: 'x' found")


# --- columns of places


def test_columns_of_well_known_text_are_places(project: Project) -> None:
    table = cells(project)
    table["geom"] = [f"SRID=4326;POINT Z ({x} {y} 5)" for x, y in zip(table["lon"], table["lat"], strict=True)]
    path = project.folder / "a.csv"
    table.drop(columns=["lon", "lat"]).to_csv(path, index=False)
    check_same(project, told(path, geometry={"wkt": "geom"}))
    project.write("a.csv", path.read_text().replace("POINT Z (67.1 ", "PIONT ("))
    [fault] = project.messages(told(path, geometry={"wkt": "geom"}))
    assert fault.startswith("a.csv, row 3, geom: 'SRID=4326;PIONT (")
    assert "exactly one of wkt, h3 and quadkey" in project.refusal(told(path, geometry={"wkt": "a", "h3": "b"}))[0]


def test_h3_cells_and_quadkeys_hold_the_places_they_were_made_of(project: Project) -> None:
    h3 = pytest.importorskip("h3")
    table = cells(project)
    table["cell"] = [h3.latlng_to_cell(y, x, 7) for x, y in zip(table["lon"], table["lat"], strict=True)]
    table["tile"] = [quadkey(x, y, 14) for x, y in zip(table["lon"], table["lat"], strict=True)]
    path = project.folder / "a.csv"
    table.to_csv(path, index=False)
    for kind, name in (("h3", "cell"), ("quadkey", "tile")):
        found = project.inputs(told(path, geometry={kind: name})).demand.frame
        assert found.geometry.contains(gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs=4326)).all()
    [fault] = project.messages(told(path, geometry={"quadkey": "tile"}, crs="EPSG:32642"))
    assert "allowed: EPSG:4326 with quadkey" in fault
    _, wrong = read_place_cells("h3", ["8429a1bffffffff", "nonsense", None])
    assert wrong.tolist() == [False, True, False]


def quadkey(lon: float, lat: float, level: int) -> str:
    """Return the tile of a place by halving the world, apart from the code under test."""
    low, high = np.array([-np.pi, -np.pi]), np.array([np.pi, np.pi])
    at = np.array([np.radians(lon), np.arctanh(np.sin(np.radians(lat)))])
    digits = ""
    for _ in range(level):
        middle = (low + high) / 2
        east, north = at >= middle
        digits += str(int(east) + 2 * int(not north))
        low, high = np.where([east, north], middle, low), np.where([east, north], high, middle)
    return digits


# --- layers


def written(project: Project, suffix: str) -> Path:
    path = project.folder / f"a.{suffix}"
    frame = layer(project)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if suffix == "zip":
            frame.to_file(project.folder / "shape.shp")
            with zipfile.ZipFile(path, "w") as archive:
                for part in project.folder.glob("shape.*"):
                    archive.write(part, f"folder/{part.name}")
                archive.writestr("__MACOSX/folder/._shape.shp", b"")
        elif suffix == "gdb.zip":
            frame.to_file(project.folder / "b.gdb", driver="OpenFileGDB")
            shutil.make_archive(str(path.with_suffix("")), "zip", project.folder, "b.gdb")
        elif suffix == "kmz":
            frame.to_file(project.folder / "doc.kml", driver="KML")
            with zipfile.ZipFile(path, "w") as archive:
                archive.write(project.folder / "doc.kml", "doc.kml")
        elif suffix in {"topojson", "json"}:
            path.write_text(json.dumps(topology(project)), encoding="utf-8")
        else:
            driver = {"kml": "KML", "fgb": "FlatGeobuf", "gdb": "OpenFileGDB"}[suffix]
            options = {"TARGET_ARCGIS_VERSION": "ALL"} if suffix == "gdb" else {}
            frame.to_file(path, driver=driver, **options)
    return path


def topology(project: Project) -> dict[str, Any]:
    points = [
        {"type": "Point", "coordinates": [shape.x, shape.y], "properties": row}
        for shape, row in zip(
            layer(project).geometry, layer(project).drop(columns="geometry").to_dict("records"), strict=True
        )
    ]
    return {"type": "Topology", "arcs": [], "objects": {"places": {"type": "GeometryCollection", "geometries": points}}}


@pytest.mark.parametrize("suffix", ["kml", "kmz", "fgb", "gdb", "gdb.zip", "zip", "topojson", "json"])
def test_a_layer_is_its_csv_file(project: Project, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(project, suffix)
    capfd.readouterr()
    check_same(project, told(path))
    assert capfd.readouterr() == ("", "")
    assert project.inputs(told(path)).digests.keys() >= {"sites.csv"}
    assert any(name.startswith(("a.", "a0")) for name in project.inputs(told(path)).digests)


VRT = "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"


@pytest.mark.parametrize("suffix", ["kml", "fgb", "topojson", "gdb"])
@pytest.mark.parametrize("kind", ["pointer", "hidden", "other", "torn"])
def test_a_file_that_is_not_what_its_name_says_is_refused(project: Project, suffix: str, kind: str) -> None:
    layer(project).to_file(project.folder / "secret.geojson")
    pointer = VRT.format(project.folder / "secret.geojson")
    texts = {
        "pointer": pointer.encode(),
        "hidden": f'<?xml version="1.0"?><!-- {pointer} --><kml/>{{"Topology"'.encode(),
        "other": (project.folder / "secret.geojson").read_bytes(),
    }
    path = project.folder / f"a.{suffix}"
    if suffix == "gdb":
        path.mkdir()
        (path / ("a00000001.gdbtable" if kind == "torn" else "a.vrt")).write_bytes(texts.get(kind, b"torn"))
    else:
        path.write_bytes(texts[kind] if kind != "torn" else written(project, suffix).read_bytes()[:-20])
    [fault] = project.messages(told(path))
    assert fault.startswith(f"a.{suffix}, demand.path: cannot be read as ")


def test_a_web_page_by_the_name_of_a_spreadsheet_is_told(project: Project) -> None:
    pytest.importorskip("python_calamine")
    path = project.folder / "a.xlsx"
    path.write_text("<html><table><tr><td>people</td></tr></table></html>", encoding="utf-8")
    [fault] = project.messages(told(path, coordinates=True))
    assert fault.endswith("it is text or a web page by another name: open it in a spreadsheet and save it as .xlsx")
    path.write_bytes(b"PK\x03\x04" + bytes(40))
    assert "web page" not in project.messages(told(path, coordinates=True))[0]


def test_archives_say_what_they_hold(project: Project) -> None:
    path = project.folder / "a.zip"
    layer(project).to_file(project.folder / "one.geojson")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.docx", b"")
    [fault] = project.messages(told(path))
    assert fault.startswith("a.zip, demand.path: holds no file ending in one of .geojson")
    assert fault.endswith(", but readme.docx")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.csv", "a,b\n")
    [fault] = project.messages(told(path))
    assert fault.endswith(
        "but people.csv; tables and rasters are not read out of an archive: unpack it and name the file itself"
    )
    assert project.refusal(told(path, coordinates=True, x="lon"))[0].endswith("unpack a table and name it itself")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert project.messages(told(path))[0].endswith("it may be cut short: fetch it again")
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("one.geojson", "two.geojson", "../three.geojson"):
            archive.write(project.folder / "one.geojson", name)
    assert project.messages(told(path)) == [
        "a.zip, layer: holds several files; set layer to one of ../three.geojson, one.geojson, two.geojson"
    ]
    check_same(project, told(path, layer="two"))
    check_same(project, told(path, layer="three.geojson"))
    assert not (project.folder.parent / "three.geojson").exists()
    path.write_bytes(path.read_bytes()[:200])
    assert project.messages(told(path))[0].startswith("a.zip, demand.path: cannot be unpacked")


# --- shapes and ids


def test_a_polygon_that_crosses_itself_is_repaired_and_said(project: Project) -> None:
    bow = "POLYGON ((67 30, 67.02 30.02, 67.02 30, 67 30.02, 67 30))"
    table = cells(project)
    table["geom"] = [bow, *(f"POINT ({x} {y})" for x, y in zip(table["lon"][1:], table["lat"][1:], strict=True))]
    path = project.folder / "a.csv"
    table.drop(columns=["lon", "lat"]).to_csv(path, index=False)
    inputs = project.inputs(told(path, geometry={"wkt": "geom"}))
    [warning] = [each for each in inputs.warnings if each.code == "repaired_shape"]
    assert (warning.row, warning.file) == (2, "a.csv")
    shape = inputs.demand.frame.geometry[0]
    assert shape.is_valid
    assert shape.area == pytest.approx(0.02 * 0.01)
    assert read_rows(project.read(told(path, geometry={"wkt": "geom"})).demand, set()).geometry[0].equals(shape)


def test_rows_without_an_id_are_called_by_their_numbers(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("D2,", "\nD2,"))
    project.write("sites.csv", SITES)
    inputs = project.inputs({"demand.id": None, "sites.id": None})
    assert inputs.demand.frame["demand_id"].tolist() == ["2", "4", "5", "6"]
    assert inputs.sites.frame["site_id"].tolist() == ["2", "3", "4", "5", "6"]
    assert [each.file for each in inputs.warnings if each.code == "row_numbers"] == ["demand.csv", "sites.csv"]
    assert read_rows(project.read({"demand.id": None}).demand, set())["\0row"].tolist() == ["2", "4", "5", "6"]


# --- DuckDB


def database(project: Project, *more: str) -> Path:
    """Write the demand as a table of a database."""
    duckdb = pytest.importorskip("duckdb")
    path = project.folder / "demand.duckdb"
    frame = pd.read_csv(project.folder / "demand.csv")
    with duckdb.connect(str(path)) as base:
        base.register("rows", frame)
        base.execute("CREATE TABLE people AS SELECT * REPLACE (people::DECIMAL(12, 1) AS people) FROM rows")
        for command in more:
            base.execute(command)
    return path


def test_a_table_of_a_duckdb_database_is_read_and_audited(project: Project) -> None:
    plain = project.inputs()
    settings = {"demand.path": str(database(project))}
    found = project.inputs(settings)
    assert found.demand.frame["need"].tolist() == plain.demand.frame["need"].tolist()
    run = hp.solve(project.read(settings)).write(project.folder / "run")
    assert audit_run(run).verdict == "pass"


def test_of_several_tables_one_is_named_and_views_are_none(project: Project) -> None:
    outside = f"CREATE VIEW spy AS FROM read_csv('{project.folder / 'sites.csv'}')"
    path = database(project, "CREATE TABLE other (a INTEGER)", outside)
    [fault] = project.messages({"demand.path": str(path)})
    assert (
        fault.endswith("demand.duckdb, layer: is required; one of its tables: other, people")
        or "other, people" in fault
    )
    [fault] = project.messages({"demand.path": str(path), "demand.layer": "spy"})
    assert "'spy' found; allowed: one of its tables: other, people" in fault
    inputs = project.inputs({"demand.path": str(path), "demand.layer": "people"})
    assert len(inputs.demand.frame) == 4


def test_what_is_no_database_is_refused(project: Project) -> None:
    pytest.importorskip("duckdb")
    path = project.write("demand.duckdb", "id,lon\n")
    [fault] = project.messages({"demand.path": str(path)})
    assert "demand.duckdb, demand.path: is not a readable DuckDB database" in fault
