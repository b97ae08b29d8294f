"""Files from strangers: what is in one reaches no address and no other file, whatever it is."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine
from support.instances.demand_files import write_raster
from support.project import DEMAND

from hubplanner.audit.data.places import read_rows
from hubplanner.errors import DataError, ScenarioError
from hubplanner.scenario import read_scenario
from hubplanner.web.uploads.inspect import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.project import Project

CANARY = "CANARY-4711"
SECRET = DEMAND.replace("D1,", f"{CANARY},")
"""A file that a stranger would like to have read."""


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """Listen on this machine: the address, and the paths that were asked for."""
    heard: list[str] = []

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(404)
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name that is called

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write what lies outside the project: places and a raster that are fit to be planned for."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret.csv").write_text(SECRET, encoding="utf-8")
    write_raster(folder / "secret.tif", np.full((2, 2), 4711.0), Affine(0.5, 0, 67, 0, -0.5, 31), CRS.from_epsg(4326))
    return folder


def places_of(source: str, layer: str = "secret") -> str:
    """Return a file that only points at places elsewhere."""
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{layer}"><SrcDataSource>{source}</SrcDataSource>'
        f"<SrcLayer>{layer}</SrcLayer><GeometryType>wkbPoint</GeometryType><LayerSRS>EPSG:4326</LayerSRS>"
        '<GeometryField encoding="PointFromColumns" x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
    )


def raster_of(source: str) -> str:
    """Return a file that only points at a raster elsewhere."""
    return (
        '<VRTDataset rasterXSize="2" rasterYSize="2"><SRS>EPSG:4326</SRS>'
        "<GeoTransform>67,0.5,0,31,0,-0.5</GeoTransform>"
        f'<VRTRasterBand dataType="Float64" band="1"><SimpleSource><SourceFilename>{source}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )


def places(project: Project, name: str) -> dict[str, Any]:
    return {"demand.path": str(project.folder / name), "demand.x": None, "demand.y": None}


def cells(project: Project, name: str) -> dict[str, Any]:
    empty = {f"demand.{key}": None for key in ("id", "x", "y", "people", "groups", "connected_share", "priority")}
    return {**empty, "demand.path": str(project.folder / name)}


def frame() -> gpd.GeoDataFrame:
    table = pd.DataFrame({"demand_id": ["a", "b"], "people": [1, 2], "internet": [0, 0], "weight": 1, "province": "P"})
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy([67, 67.1], [30, 30.1]), crs="EPSG:4326")


@pytest.mark.parametrize("name", ["a.geojson", "a.json", "a.gpkg", "a.shp", "a.parquet"])
def test_places_that_lie_elsewhere_are_not_fetched(
    project: Project, outside: Path, asked: tuple[str, list[str]], name: str
) -> None:
    address, heard = asked
    sources = [str(outside / "secret.csv"), f"/vsicurl/{address}/a.csv", f"{address}/a.geojson"]
    texts = [places_of(source) for source in sources]
    texts += [f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>", raster_of(f"/vsicurl/{address}/a.tif")]
    project.write("bait.vrt", texts[0])
    assert CANARY in set(pyogrio.read_dataframe(project.folder / "bait.vrt")["demand_id"])  # the bait works
    for text in texts:
        project.write(name, text)
        if name == "a.shp":
            for end in ("shx", "dbf"):
                project.write(f"a.{end}", text)
        told = project.messages(places(project, name))
        assert told
        assert not any(CANARY in message for message in told)
        spec = project.read(places(project, name)).demand
        with pytest.raises((DataError, ValueError)):
            read_rows(spec, set())
    assert heard == []


@pytest.mark.parametrize("layer", [False, True])
def test_json_that_holds_a_link_as_text_is_only_text(
    project: Project, outside: Path, asked: tuple[str, list[str]], *, layer: bool
) -> None:
    address, heard = asked
    bait = places_of(str(outside / "secret.csv")).replace('"', "'")
    text = frame().assign(province=bait).to_json()
    project.write("a.geojson", text.replace('{"type"', f'{{"name": "{bait}", "type"', 1) if layer else text)
    assert project.inputs(places(project, "a.geojson")).demand.frame["demand_id"].tolist() == ["a", "b"]
    assert read_rows(project.read(places(project, "a.geojson")).demand, set())["demand_id"].tolist() == ["a", "b"]
    link = f'"crs": {{"type": "link", "properties": {{"href": "{address}/crs"}}}}, "features"'
    project.write("b.geojson", frame().to_json(drop_id=True).replace('"features"', link, 1))
    assert "links are not followed" in project.messages(places(project, "b.geojson"))[0]
    assert heard == []


@pytest.mark.parametrize("name", ["a.tif", "a.tiff"])
def test_rasters_that_lie_elsewhere_are_not_fetched(
    project: Project, outside: Path, asked: tuple[str, list[str]], name: str
) -> None:
    address, heard = asked
    for source in (str(outside / "secret.tif"), f"/vsicurl/{address}/a.tif"):
        project.write(name, raster_of(source))
        [told] = project.messages(cells(project, name))
        assert told.startswith(f"{name}, demand.path: cannot be read as a raster: ")
    project.write("bait.vrt", raster_of(str(outside / "secret.tif")))
    with rasterio.open(project.folder / "bait.vrt") as bait:  # the bait works
        assert bait.read(1).max() == 4711
    assert heard == []


def test_files_beside_a_raster_change_nothing(project: Project, outside: Path, asked: tuple[str, list[str]]) -> None:
    address, heard = asked
    transform, crs = Affine(0.5, 0, 67, 0, -0.5, 31), CRS.from_epsg(4326)
    write_raster(project.folder / "a.tif", np.ones((2, 2)), transform, crs)
    expected = project.inputs(cells(project, "a.tif")).demand.frame["people"].sum()
    assert expected == 4
    for source in (str(outside / "secret.tif"), f"/vsicurl/{address}/a.tif"):
        project.write("a.tif.ovr", raster_of(source))
        project.write("a.tif.msk", raster_of(source))
        overview = f'<MDI key="OVERVIEW_FILE">{source}</MDI>'
        pam = f'<PAMDataset><Metadata domain="OVERVIEWS">{overview}</Metadata></PAMDataset>'
        project.write("a.tif.aux.xml", pam)
        assert project.inputs(cells(project, "a.tif")).demand.frame["people"].sum() == expected
    with rasterio.open(project.folder / "a.tif", "r+") as raster:
        raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=f"/vsicurl/{address}/a.tif")
    for end in ("ovr", "msk", "aux.xml"):
        (project.folder / f"a.tif.{end}").unlink(missing_ok=True)
    heard.clear()
    assert project.inputs(cells(project, "a.tif")).demand.frame["people"].sum() == expected
    assert heard == []


@pytest.mark.parametrize(
    "path", ["https://example.org/a.csv", "/vsicurl/http://127.0.0.1/a.csv", "/vsizip/a.zip/a.csv", "s3://a/b.csv"]
)
def test_addresses_are_no_paths(project: Project, path: str) -> None:
    for key in ("demand.path", "sites.path", "travel.path"):
        [fault] = project.refusal(
            {key: path, "travel.method": "matrix"} | ({} if "travel" in key else {"travel.path": "a"})
        )
        assert "the path of a file on this computer, not an address" in fault
    project.edit("scenario.yaml", "path: demand.csv", f"path: {path}")
    [fault] = project.refusal()
    assert fault.startswith("scenario.yaml, demand.path: ")
    assert "not an address" in fault
    project.write("child.yaml", f"extends: {path}\n")
    with pytest.raises(ScenarioError, match="the name of one scenario file"):
        read_scenario(project.folder / "child.yaml")


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as base:
        for statement in statements:
            base.execute(statement)
        base.commit()


def test_a_geopackage_only_gives_rows_of_plain_tables(project: Project) -> None:
    path = project.folder / "a.gpkg"
    frame().to_file(path, layer="places")
    changed(
        path,
        "CREATE TRIGGER t AFTER UPDATE ON places BEGIN DELETE FROM places; END",
        "CREATE VIEW spy AS SELECT * FROM places",
        "CREATE VIRTUAL TABLE rtree_other USING fts5(x)",
    )
    assert len(project.inputs(places(project, "a.gpkg")).demand.frame) == 2
    changed(path, "ALTER TABLE places RENAME TO behind", "CREATE VIEW places AS SELECT * FROM behind")
    changed(
        path, "UPDATE gpkg_contents SET table_name = 'places'", "UPDATE gpkg_geometry_columns SET table_name = 'places'"
    )
    [told] = project.messages(places(project, "a.gpkg"))
    assert (
        told == "a.gpkg, demand.path: cannot be read as a GeoPackage: its layer places is not a plain table; "
        "export it into a new GeoPackage"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIRTUAL TABLE rtree_other USING fts5(x)",
        'CREATE VIRTUAL TABLE "rtree" USING fts5(x)',
        "CREATE VIRTUAL TABLE other USING fts5(rtree)",
        "CREATE VIEW spy AS SELECT * FROM places",
    ],
)
def test_an_upload_holds_no_virtual_table(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "a.gpkg"
    frame().to_file(path, layer="places")
    look = look_at(path, "demand", tmp_path / "kept", 1000)
    assert look.kept
    assert not look.faults
    changed(path, statement)
    look = look_at(path, "demand", tmp_path / "other", 1000)
    assert not look.kept
    assert look.faults[0].value in {"a virtual table", "a view"}


def test_a_computed_column_is_not_computed(project: Project) -> None:
    path = project.folder / "a.gpkg"
    frame().to_file(path, layer="places")
    changed(path, "ALTER TABLE places ADD COLUMN more TEXT GENERATED ALWAYS AS (hex(people)) VIRTUAL")
    found = project.inputs(places(project, "a.gpkg") | {"demand.groups": ["province"]})
    assert len(found.demand.frame) == 2
    assert "more: is missing" in project.messages(places(project, "a.gpkg") | {"demand.groups": ["more"]})[0]


def test_pages_that_point_at_each_other_end(project: Project) -> None:
    path = project.folder / "a.gpkg"
    many = pd.concat([frame()] * 400, ignore_index=True)
    many["demand_id"] = [f"D{number:050}" for number in range(len(many))]
    many.to_file(path, layer="places")
    with closing(sqlite3.connect(path)) as base:
        [(root,)] = base.execute("SELECT rootpage FROM sqlite_master WHERE name = 'places'")
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    page = (root - 1) * size
    assert data[page] == 5  # an inner page
    count = int.from_bytes(data[page + 3 : page + 5], "big")
    cells_at = [int.from_bytes(data[page + 12 + 2 * n : page + 14 + 2 * n], "big") for n in range(count)]
    for at in cells_at:  # every child is the first one
        data[page + at : page + at + 4] = data[page + cells_at[0] : page + cells_at[0] + 4]
    path.write_bytes(data)
    assert "its rows are out of order" in project.messages(places(project, "a.gpkg"))[0]


def test_changes_yet_to_be_saved_are_told(project: Project) -> None:
    frame().to_file(project.folder / "a.gpkg", layer="places")
    project.write("a.gpkg-wal", b"x" * 40)
    assert "a.gpkg-wal holds changes yet to be saved" in project.messages(places(project, "a.gpkg"))[0]


def test_a_system_that_names_a_file_of_grids_is_refused(project: Project, outside: Path) -> None:
    crs = f"+proj=longlat +ellps=intl +nadgrids={outside / 'secret.csv'} +type=crs"
    [told] = project.messages({"demand.crs": crs})
    assert "names no file of grids" in told
