"""Every reader fed files that are cut short, flipped and spliced: data or a named fault, nothing else, and soon."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from rasterio.crs import CRS
from rasterio.transform import Affine
from shapely import MultiPolygon, Point, box
from support.draws import examples
from support.instances.demand_files import write_raster
from support.project import DEMAND, MATRIX, SCENARIO, SITES

from hubplanner.errors import HubplannerError
from hubplanner.inputs import read_inputs
from hubplanner.scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ["shp", "shx", "dbf", "prj", "cpg"]
KINDS = ["csv", "quoted.csv", "merged.csv", "geojson", "gpkg", *PARTS]
KINDS += ["parquet", "merged.parquet", "tif", "travel.csv", "travel.parquet"]
EXAMPLES = examples(60)
pytestmark = pytest.mark.slow


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw the bytes of a file with some of them cut off, changed, doubled or taken out."""
    place = st.integers(min_value=0, max_value=len(data) - 1)
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        at, kind = (
            draw(place) % max(len(data), 1),
            draw(st.sampled_from(["cut", "flip", "set", "double", "drop", "put"])),
        )
        size = draw(st.integers(min_value=1, max_value=64))
        if kind == "cut":
            data = data[: at + 1]
        elif kind == "flip":
            data = data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
        elif kind == "set":
            word = draw(
                st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"1e999", b"NaN"])
            )
            data = data[:at] + word + data[at + len(word) :]
        elif kind == "double":
            data = data[: at + size] + data[at:]
        elif kind == "drop":
            data = data[:at] + data[at + size :]
        else:
            data = data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]
        data = data or b"\0"
    return data


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a project with its demand in every format, all of it sound."""
    folder = tmp_path_factory.mktemp("sound")
    for name, text in (
        ("scenario.yaml", SCENARIO),
        ("places.csv", DEMAND),
        ("sites.csv", SITES),
        ("travel.csv", MATRIX),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "quoted.csv").write_text(DEMAND.replace("Punjab", '"Pun,jab"'), encoding="utf-8")
    (folder / "merged.csv").write_text(DEMAND, encoding="utf-8")
    table = pd.read_csv(folder / "places.csv")
    shapes = [Point(67, 30), Point(67.1, 30.05), box(68, 31, 68.1, 31.1), MultiPolygon([box(68, 30, 68.1, 30.1)])]
    frame = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=shapes, crs="EPSG:4326")
    points = frame.set_geometry(gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326"))
    for suffix in ("geojson", "gpkg"):
        frame.to_file(folder / f"places.{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.assign(geometry=frame.buffer(0.01)).to_file(folder / "places.shp")
    frame.to_parquet(folder / "places.parquet")
    points.to_parquet(folder / "merged.parquet")
    pd.read_csv(folder / "travel.csv").to_parquet(folder / "travel.parquet")
    write_raster(folder / "places.tif", [[1.0, 2.0], [3.0, 4.0]], Affine(0.5, 0, 67, 0, -0.5, 31), CRS.from_epsg(4326))
    return folder


def asked(kind: str, folder: Path) -> dict[str, Any]:
    """Return settings that read a kind of file from a folder."""
    name, _, suffix = kind.rpartition(".")
    if name == "travel":
        return {"travel.method": "matrix", "travel.path": str(folder / kind), "demand.path": str(folder / "places.csv")}
    path = folder / (f"places.{'shp' if suffix in PARTS else suffix}" if name in {"", "merged"} else kind)
    found: dict[str, Any] = {"demand.path": str(path)}
    if suffix != "csv":
        found |= {"demand.x": None, "demand.y": None}
    if name == "merged":
        found |= {"demand.merge": True, "demand.path": str(folder / kind)}
    if suffix == "tif":
        found |= {f"demand.{key}": None for key in ("id", "people", "groups", "connected_share", "priority")}
    if suffix in PARTS:
        found |= {"demand.connected_share": 0}  # its name is cut
    return found


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fail where anything is written to the terminal."""
    yield
    told = capfd.readouterr()
    assert (told.out, told.err) == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_the_sound_files_are_read(sound: Path, kind: str) -> None:
    read_inputs(read_scenario(sound / "scenario.yaml", (), asked(kind, sound)))


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_file_is_read_or_refused(sound: Path, tmp_path: Path, kind: str) -> None:
    wanted = asked(kind, tmp_path)
    for path in sound.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    victim = Path(wanted.get("travel.path", wanted.get("demand.path")))
    victim = victim.with_suffix(f".{kind}") if victim.suffix == ".shp" else victim
    original = victim.read_bytes()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(data=broken(original))
    def check(data: bytes) -> None:
        victim.write_bytes(data)
        try:
            read_inputs(read_scenario(tmp_path / "scenario.yaml", (), wanted))
        except HubplannerError as error:
            json.dumps([fault.as_dict() for fault in error.faults])  # type: ignore[attr-defined]

    check()
