"""Files as other programs write them: read without need of more, or refused with the cause and what to do."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import time
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import MultiPoint
from support.project import DEMAND, MATRIX

from hubplanner.audit.data.places import read_rows
from hubplanner.errors import DataError, HubplannerError
from hubplanner.formats.read import read_layer
from hubplanner.inputs import build_problem
from hubplanner.inputs.readers.csv import read_csv
from hubplanner.outputs.writers import write_geopackage
from hubplanner.web.uploads.inspect import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

IDS = ["D1", "D2", "D3", "D4"]


def table(project: Project) -> pd.DataFrame:
    return pd.read_csv(project.folder / "demand.csv")


def places(project: Project, shapes: Any = None, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    cells = table(project)
    shapes = gpd.points_from_xy(cells["lon"], cells["lat"]) if shapes is None else shapes
    return gpd.GeoDataFrame(cells.drop(columns=["lon", "lat"]), geometry=shapes, crs=crs)


def demand(path: Path, **more: Any) -> dict[str, Any]:
    return {"demand.path": str(path), "demand.x": None, "demand.y": None} | {
        f"demand.{key}": value for key, value in more.items()
    }


def write(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing system, a cut name: the file is wrong on purpose
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path, **options)
    return path


# --- rows


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("blank", [",,,,,,,", " , ,,,,,,", "", "  ", '"",,,,,,,'])
def test_blank_rows_are_skipped_and_counted(project: Project, blank: str, *, merge: bool) -> None:
    expected = build_problem(project.inputs({"demand.merge": merge})).need
    lines = DEMAND.splitlines()
    text = "\n".join([blank, lines[0], blank, *lines[1:3], blank, blank, *lines[3:], blank]) + "\n"
    project.write("demand.csv", text)
    assert build_problem(project.inputs({"demand.merge": merge})).need.tolist() == expected.tolist()
    assert read_rows(project.read().demand, set())["demand_id"].tolist() == IDS
    project.write("demand.csv", text.replace("2000", "x"))
    assert project.messages({"demand.merge": merge})[0].startswith("demand.csv, row 8, people: 'x' found")
    project.write("travel.csv", MATRIX.replace("D2,", ",,,\n\nD2,"))
    matrix = {"travel.method": "matrix", "travel.path": str(project.folder / "travel.csv")}
    project.write("demand.csv", DEMAND)
    assert len(project.inputs(matrix).pairs.point) == 4


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet"])
def test_blank_rows_of_other_files_are_skipped(project: Project, suffix: str) -> None:
    frame = places(project).astype({"people": float})
    nothing = gpd.GeoDataFrame(
        {name: [None] for name in frame.columns.drop("geometry")}, geometry=[None], crs=frame.crs
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pd.concat([frame[:2], nothing, frame[2:]], ignore_index=True)
    path = write(frame, project.folder / f"a.{suffix}")
    assert project.inputs(demand(path)).demand.frame["demand_id"].tolist() == IDS
    assert read_rows(project.read(demand(path)).demand, set())["demand_id"].tolist() == IDS
    path = write(frame.assign(people=[1, 2, None, -3, 4]), path)
    assert project.messages(demand(path))[0].startswith(f"a.{suffix}, row 4, people: '-3")


# --- shapes


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet"])
@pytest.mark.parametrize("kind", ["multi", "height", "measure", "both"])
def test_one_part_multipoints_heights_and_measures_are_points(
    project: Project, capfd: pytest.CaptureFixture[str], suffix: str, kind: str
) -> None:
    cells = table(project)
    x, y = cells["lon"], cells["lat"]
    words = {"multi": "MULTIPOINT (({} {}))", "height": "POINT Z ({} {} 9)", "measure": "POINT M ({} {} 9)"}
    word = words.get(kind, "POINT ZM ({} {} 9 8)")
    shapes = shapely.from_wkt([word.format(*at) for at in zip(x, y, strict=True)])
    path = project.folder / f"a.{suffix}"
    if kind in {"measure", "both"} and suffix in {
        "gpkg",
        "shp",
        "geojson",
    }:  # which GDAL writes from no shapely geometry
        measured(project, shapes, path)
    else:
        write(places(project, shapes), path)
    capfd.readouterr()
    expected = project.inputs().demand
    found = project.inputs(demand(path)).demand
    assert found.frame.geometry.geom_equals(expected.frame.geometry).all()
    assert np.array_equal(found.points, expected.points)
    rows = read_rows(project.read(demand(path)).demand, set())
    assert rows.geometry.geom_equals(expected.frame.geometry).all()
    if suffix == "parquet":
        assert project.inputs(demand(path, merge=True)).n_points == 4
    assert capfd.readouterr() == ("", "")


def measured(project: Project, shapes: Any, path: Path) -> None:
    """Write points with measures."""
    write(places(project), path)
    if path.suffix == ".geojson":
        tree = json.loads(path.read_text(encoding="utf-8"))
        for feature in tree["features"]:
            feature["geometry"]["coordinates"] += [9, 8]
        path.write_text(json.dumps(tree), encoding="utf-8")
    elif path.suffix == ".gpkg":
        with closing(sqlite3.connect(path)) as base:
            for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                base.execute(f"DROP TRIGGER {name}")
            for row, shape in enumerate(shapes, start=1):
                [(blob,)] = base.execute("SELECT geom FROM a WHERE fid = ?", (row,))
                packed = (
                    bytes([*blob[:3], blob[3] & 1])
                    + blob[4:8]
                    + shapely.to_wkb(shape, flavor="iso", output_dimension=4)
                )
                base.execute("UPDATE a SET geom = ? WHERE fid = ?", (packed, row))
            base.commit()
    else:
        shapes = shapely.force_2d(shapes)
        bodies = [struct.pack("<iddd", 21, shape.x, shape.y, 9.0) for shape in shapes]
        for end, entry in ((".shp", len(bodies[0]) + 8), (".shx", 8)):
            head = bytearray(path.with_suffix(end).read_bytes()[:100])
            head[24:28] = struct.pack(">i", (100 + entry * len(bodies)) // 2)
            head[32:36] = struct.pack("<i", 21)
            records = [
                struct.pack(">ii", number, len(body) // 2) + body
                if end == ".shp"
                else struct.pack(">ii", (100 + (number - 1) * (len(body) + 8)) // 2, len(body) // 2)
                for number, body in enumerate(bodies, start=1)
            ]
            path.with_suffix(end).write_bytes(bytes(head) + b"".join(records))


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet"])
def test_a_multipoint_of_several_is_no_place(project: Project, suffix: str) -> None:
    shapes = [MultiPoint([(67, 30), (68, 31)])] * 4
    path = write(places(project, shapes), project.folder / f"a.{suffix}")
    assert project.messages(demand(path))[0].startswith(
        f"a.{suffix}, row 1, geometry: 'MultiPoint' found; allowed: one of"
    )


def test_only_layers_with_geometry_count(project: Project) -> None:
    path = write(places(project), project.folder / "a.gpkg", layer="places")
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE layer_styles (id INTEGER PRIMARY KEY, styleQML TEXT)")
        base.execute("INSERT INTO gpkg_contents (table_name, data_type) VALUES ('layer_styles', 'attributes')")
        base.commit()
    assert project.inputs(demand(path)).demand.frame["demand_id"].tolist() == IDS
    [told] = project.messages(demand(path, layer="layer_styles"))
    assert told == "a.gpkg, layer: 'layer_styles' found; allowed: one of places"


@pytest.mark.parametrize("own", [[7, 7, 7, 7], ["n/1", "n/2", "n/3", "n/4"], [1, "b", None, 4]])
def test_ids_of_features_may_repeat_and_are_a_column(project: Project, own: list[Any]) -> None:
    tree = json.loads(places(project).to_json(drop_id=True))
    for feature, number in zip(tree["features"], own, strict=True):
        feature["id"] = number
    project.write("a.geojson", json.dumps(tree))
    path = project.folder / "a.geojson"
    assert project.inputs(demand(path)).demand.frame["demand_id"].tolist() == IDS
    if len(set(own)) == 4 and None not in own:
        found = project.inputs(demand(path, id="id")).demand.frame
        assert found["demand_id"].tolist() == sorted(map(str, own))


# --- systems and encodings


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp", "parquet"])
def test_the_key_crs_stands_in_for_a_system_that_is_missing(project: Project, suffix: str) -> None:
    expected = project.inputs().demand.points
    metres = places(project).to_crs("EPSG:32642")
    path = write(metres.set_crs(None, allow_override=True), project.folder / f"a.{suffix}")
    if suffix == "geojson":  # as other programs write it, without a word on its system
        tree = json.loads(metres.to_json(drop_id=True))
        project.write("a.geojson", json.dumps({key: value for key, value in tree.items() if key != "crs"}))
    told = demand(path, crs="EPSG:32642")
    assert np.allclose(project.inputs(told).demand.points, expected, atol=1e-6)
    rows = read_rows(project.read(told).demand, set()).to_crs("EPSG:4326")
    assert np.allclose(np.column_stack([rows.geometry.x, rows.geometry.y]), expected, atol=1e-6)
    if suffix == "parquet":
        assert project.inputs(told | {"demand.merge": True}).n_points == 4
    advice = "set crs to a projected one" if suffix == "geojson" else "name it with the key crs"
    assert advice in project.messages(demand(path))[0]


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "parquet", "geojson"])
def test_the_key_crs_does_not_stand_above_what_a_file_names(project: Project, suffix: str) -> None:
    path = write(places(project).to_crs("EPSG:32642"), project.folder / f"a.{suffix}")
    assert len(project.inputs(demand(path, crs="EPSG:32642")).demand.frame) == 4
    [told] = project.messages(demand(path, crs="EPSG:32736"))
    assert told == (
        f"a.{suffix}, crs: 'EPSG:32736' found; allowed: WGS 84 / UTM zone 42N, which the file names itself; leave the "
        "key crs out"
    )


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "parquet"])
def test_no_check_forbids_what_another_advises(project: Project, suffix: str) -> None:
    wrong = places(project).set_crs("EPSG:32642", allow_override=True)
    told = project.messages(demand(write(wrong, project.folder / f"a.{suffix}")))
    assert told[0].endswith("these look like degrees, so save the file with EPSG:4326 as its system")
    wrong = places(project).to_crs("EPSG:32642").set_crs("EPSG:4326", allow_override=True)
    told = project.messages(demand(write(wrong, project.folder / f"b.{suffix}")))
    assert told[0].endswith("save it with the system they are in, for by the one that the file names they are degrees")


def named(project: Project) -> gpd.GeoDataFrame:
    return places(project).assign(province=["Séguéla", "Béoumi", "Daoukro", "Séguéla"])


@pytest.mark.parametrize(
    ("encoding", "cpg"), [("utf-8", None), ("cp1252", "1252"), ("cp1252", "ANSI 1252"), ("utf-8", "UTF-8")]
)
def test_the_text_of_a_shapefile_is_utf_8_unless_it_is_told(project: Project, encoding: str, cpg: str | None) -> None:
    path = write(named(project), project.folder / "a.shp", encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg:
        project.write("a.cpg", cpg)
    assert project.inputs(demand(path)).demand.frame["province"].tolist() == named(project)["province"].tolist()


def test_a_shapefile_in_another_encoding_is_told_and_the_key_reads_it(project: Project) -> None:
    path = write(named(project), project.folder / "a.shp", encoding="cp1252")
    path.with_suffix(".cpg").unlink()
    assert project.messages(demand(path)) == [
        (
            "a.dbf, row 1, province: 'byte 0xe9' found; allowed: utf-8 text, and there is no .cpg file that says "
            "otherwise; name the encoding with the key encoding: in cp1252, say, this cell reads 'Séguéla'"
        )
    ]
    told = demand(path, encoding="cp1252")
    assert project.inputs(told).demand.frame["province"].tolist() == named(project)["province"].tolist()
    assert read_rows(project.read(told).demand, set())["province"].tolist() == named(project)["province"].tolist()
    project.write("a.cpg", "klingon")
    assert project.messages(demand(path))[0].startswith(
        "a.cpg, demand.path: 'klingon' found; allowed: a known encoding; name it with"
    )


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8", "mac-roman"])
def test_a_csv_file_is_read_in_the_encoding_that_is_told(project: Project, encoding: str, *, merge: bool) -> None:
    text = DEMAND.replace("Balochistan", "Séguéla")
    project.write("demand.csv", text.encode(encoding))
    told = {"demand.encoding": encoding, "demand.merge": merge}
    assert set(project.inputs(told).demand.frame["province"]) == {"Séguéla", "Punjab"}
    assert set(read_rows(project.read(told).demand, set())["province"]) == {"Séguéla", "Punjab"}
    [fault] = project.refusal({"demand.encoding": "klingon"})
    assert fault.endswith(
        "'klingon' found; allowed: the name of an encoding, such as utf-8, cp1252, iso8859-15 or utf-16"
    )


def test_points_that_may_separate_thousands_are_asked_about(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("1000", "1.234").replace("2000", "12.345"))
    [warning] = [each for each in project.inputs().warnings if each.code == "point_in_people"]
    assert str(warning).startswith(
        "demand.csv, row 2: people 1.234 is a fraction of a person: every number with a point"
    )
    for people in ("1.2345", "0.234"):
        project.write("demand.csv", DEMAND.replace("1000", people).replace("2000", "12.345"))
        assert not [each for each in project.inputs().warnings if each.code == "point_in_people"]


@pytest.mark.parametrize(
    ("people", "asked"),
    [
        ((1.234, 500, 12.34, 8.008), True),
        ((1.234, 1500, 12.345, 8.008), False),
        ((1.5, 500, 12.34, 8.008), False),
        ((1.2345, 5, 12.345, 8.008), False),
    ],
)
def test_points_of_thousands_are_asked_about_in_numbers_too(
    project: Project, people: tuple[float, ...], *, asked: bool
) -> None:
    frame = pd.read_csv(project.folder / "demand.csv").assign(people=people)
    places = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    places.drop(columns=["lon", "lat"]).to_file(project.folder / "demand.gpkg")
    settings = {"demand.path": str(project.folder / "demand.gpkg"), "demand.x": None, "demand.y": None}
    found = [warning for warning in project.inputs(settings).warnings if warning.code == "point_in_people"]
    assert len(found) == asked


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "a.csv",
            DEMAND.replace("D1,", "#code,#lon,#lat,#pop,#a,#b,#adm1,#c\nD1,"),
            "row 2, demand.path: '#code' found; allowed: data; this",
        ),
        (
            "a.csv",
            DEMAND.replace("67.00", '"67,00"'),
            "row 2, lon: '67,00' found; allowed: a number, written like 67.5; if the comma marks decimals, add",
        ),
        ("a.xlsx", "PK", "cannot be read as a spreadsheet"),
        ("a.rar", "PK", "'.rar' found; allowed: a file name ending in one of .csv, .tsv, .tab, .txt, .xlsx"),
    ],
)
def test_the_cause_and_what_to_do_are_named(project: Project, name: str, content: str, told: str) -> None:
    project.write(name, content)
    message = project.messages({"demand.path": str(project.folder / name)})[0]
    assert message.startswith((f"{name}, {told}", f"{name}, demand.path: {told}"))
    assert any(word in message for word in ("remove it", "add decimal", "spreadsheet", "unpack"))


# --- sizes and figures


@pytest.mark.parametrize("people", ["1e308", "1.1e12", "1e400"])
@pytest.mark.parametrize("merge", [False, True])
def test_more_people_than_there_can_be_are_refused(project: Project, people: str, *, merge: bool) -> None:
    project.edit("demand.csv", "2000", people)
    [told] = project.messages({"demand.merge": merge})
    assert told.startswith(f"demand.csv, row 4, people: '{people}' found; allowed: a number of at least 0")
    project.write("demand.csv", DEMAND)
    project.edit("sites.csv", "S1,Quetta,67.01,30.01,candidate,,1,100", "S1,Quetta,67.01,30.01,candidate,,1e300,100")
    assert project.messages() == [
        "sites.csv, row 2, factor: '1e300' found; allowed: a number of at least 0 and at most 1e+06"
    ]


def test_a_site_file_of_thousands_of_columns_is_refused_and_of_a_thousand_written(
    project: Project, tmp_path: Path
) -> None:
    sites = pd.read_csv(project.folder / "sites.csv")
    more = pd.DataFrame({f"c{number}": np.ones(len(sites)) for number in range(5000)})
    pd.concat([sites, more], axis=1).to_csv(project.folder / "sites.csv", index=False)
    assert project.messages() == [
        "sites.csv, sites.path: '5,008 columns' found; allowed: at most 1,000: a plan's files hold them all"
    ]
    pd.concat([sites, more.iloc[:, :992]], axis=1).to_csv(project.folder / "sites.csv", index=False)
    frame = project.inputs().sites.frame
    write_geopackage({"hubs": frame}, tmp_path / "plan.gpkg")
    assert read_layer(tmp_path / "plan.gpkg").frame.shape == frame.shape


FLOODS = {
    "newlines": b"\n" * 8_000_000,
    "commas": b"a,b\n" + b",\n" * 4_000_000,
    "between": b"id,people\n" + b"a,1\n\n\n\n" * 1_000_000,
    "quoted": b'id,people\n"a",1\n' + b"\n" * 8_000_000,
    "returns": b"\r" * 8_000_000,
    "columns": b"a," * 4_000_000,
    "ragged": b'id,people\n"a",1\n' + b"a\n" * 4_000_000,
    "line": b"a" * 8_000_000,
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_lines_or_columns_is_soon_over(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(FLOODS[name])
    start = time.process_time()
    look_at(path, "demand", tmp_path / "kept", 1000)
    read_csv(path, []) if name != "between" else None
    assert time.process_time() - start < 100  # a second, where the square of lines would be hours


# --- what is no file


@pytest.mark.parametrize("name", ["a.csv", "a.geojson", "a.gpkg", "a.shp", "a.parquet", "a.tif"])
@pytest.mark.parametrize("what", ["folder", "pipe", "device", "link"])
def test_what_is_no_file_is_refused_at_once(project: Project, name: str, what: str) -> None:
    path = project.folder / name
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if what == "device" else "nowhere")
    settings = {f"demand.{key}": None for key in ("id", "x", "y", "people", "groups", "connected_share", "priority")}
    settings = settings if name == "a.tif" else {} if name == "a.csv" else {"demand.x": None, "demand.y": None}
    found = project.messages(settings | {"demand.path": str(path)})
    words = {"folder": "a folder", "pipe": "a pipe", "device": "a device"}
    gone = "No such file or directory; it is a link to a missing file"
    reason = gone if what == "link" else f"it is {words[what]}, not a file"
    if (name, what) == ("a.parquet", "folder"):  # which one of such files may be
        assert found == [f"{name}, demand.path: cannot be read as a Parquet file: a folder without any"]
        os.mkfifo(path / "b.parquet")
        found = project.messages(settings | {"demand.path": str(path)})
        name, reason = "a.parquet/b.parquet", "it is a pipe, not a file"
    key = ", demand.path" * (path.name == name)
    assert found == [f"{name}{key}: cannot be read: {reason}"]


@pytest.mark.parametrize("end", ["shx", "dbf", "prj", "cpg"])
def test_a_pipe_beside_a_shapefile_is_refused(project: Project, end: str) -> None:
    path = write(places(project), project.folder / "a.shp")
    path.with_suffix(f".{end}").unlink()
    os.mkfifo(path.with_suffix(f".{end}"))
    assert project.messages(demand(path)) == [f"a.{end}: cannot be read: it is a pipe, not a file"]


@pytest.mark.parametrize("name", ["demand.csv", "a.geojson", "a.gpkg", "a.shp", "a.parquet", "travel.csv"])
def test_a_file_that_vanishes_between_two_readings_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = project.folder / name
    settings: dict[str, Any] = demand(path) if name.startswith("a.") else {}
    if name.startswith("a."):
        write(places(project), path)
    if name == "travel.csv":
        settings = {"travel.method": "matrix", "travel.path": str(path)}
    from hubplanner.inputs import travel_matrix as matrix  # noqa: PLC0415
    from hubplanner.inputs.readers import tables  # noqa: PLC0415

    for module in (tables, matrix):
        seen = module.can_read

        def gone(at: Path, *rest: Any, seen: Any = seen) -> bool:
            found = seen(at, *rest)
            if at == path:
                path.unlink(missing_ok=True)
            return bool(found)

        monkeypatch.setattr(module, "can_read", gone)
    told = project.messages(settings)
    gone = ("o such file", "has changed while it was read")
    assert any(words in message and name in message for message in told for words in gone), told


def test_a_demand_file_that_vanishes_before_the_second_look_is_told(project: Project) -> None:
    import hubplanner as hp  # noqa: PLC0415

    scenario = project.read({"demand.merge": True})
    inputs = project.inputs({"demand.merge": True})
    (project.folder / "demand.csv").unlink()
    from hubplanner.inputs.demand.aggregation import measure  # noqa: PLC0415

    with pytest.raises(DataError, match=r"demand\.csv: cannot be read: No such file"):
        measure(scenario, inputs.merged, np.array([0]), np.array([1.0]))
    with pytest.raises(HubplannerError):
        hp.solve(scenario)


@pytest.mark.parametrize("path", ["a\0b.csv", "a\nb.csv", "a" * 5000 + ".csv", "a" * 5000])
def test_a_path_that_is_none_is_refused(project: Project, path: str) -> None:
    with pytest.raises(HubplannerError):
        project.inputs({"demand.path": path})
