"""Raw files as planners have them, to a plan: no line written by hand, the figures recomputed by other libraries."""

from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from support.instances.burundi import people_inside, people_reached

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import DataError
from hubplanner.pipeline.new_project import new_project

SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
REAL = SHARED / "real"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REAL.is_dir(), reason="the shared files of others are not here: set HUBPLANNER_SHARED"),
]
LINES_BY_HAND = 0
"""Lines that a planner writes between raw files and a first plan; those marked EXAMPLE are to be replaced after it."""


def solved(folder: Path) -> dict[str, object]:
    """Return the figures of the scenario as it was written, audited."""
    assert len(list(folder.iterdir())) == 1, "nothing but the scenario, and nobody wrote in it"
    run = hp.solve(hp.read_scenario(folder / "scenario.yaml")).write(folder / "run")
    assert audit_run(run).verdict == "pass"
    plan: dict[str, object] = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    return plan


def test_mississippi_from_four_raw_files(tmp_path: Path) -> None:
    own = REAL / "mississippi"
    made = new_project(
        tmp_path / "ms", [str(own / name) for name in ("libraries.json", "bb.csv", "acs_race.csv", "counties.shp")]
    )
    assert made.faults == ()
    assert {use.file: use.role for use in made.draft.uses} == {
        "counties.shp": "demand",
        "acs_race.csv": "joined to demand",
        "bb.csv": "joined to demand",
        "libraries.json": "sites",
    }
    counties = gpd.read_file(own / "counties.shp")
    people = pd.read_csv(own / "acs_race.csv", skiprows=[1], encoding="utf-8-sig", index_col=False).set_index("GEO_ID")[
        "B02001_001E"
    ]
    online = pd.read_csv(own / "bb.csv").rename(columns=str.strip).set_index("COUNTY ID")["BROADBAND USAGE"].astype(str)
    counties["people"] = people.loc[counties["AFFGEOID"]].to_numpy()
    counties["online"] = pd.to_numeric(online.loc[counties["GEOID"].astype(int)]).to_numpy()
    plan = solved(tmp_path / "ms")
    assert plan["people"]["total"] == counties["people"].sum()  # type: ignore[index]
    need = counties["people"] * (1 - counties["online"])
    assert plan["need"]["total"] == pytest.approx(need.sum(), rel=1e-9)  # type: ignore[index]
    assert len(plan["hubs"]) == 10  # type: ignore[arg-type]
    asked = " ".join(question.text for question in made.draft.questions)
    assert "names no coordinate system" in asked
    assert "BROADBAND AVAILABILITY PER FCC" in asked


def test_burundi_from_three_raw_files(tmp_path: Path) -> None:
    own = REAL / "burundi"
    made = new_project(tmp_path / "bi", [str(path) for path in sorted(own.iterdir())])
    assert {use.file: use.role for use in made.draft.uses} == {
        "ghs_pop_250m.tif": "demand",
        "aoi.geojson": "zones",
        "towns.csv": "sites",
    }
    plan = solved(tmp_path / "bi")
    assert plan["people"]["total"] == pytest.approx(people_inside(own)["people"].sum(), rel=1e-9)  # type: ignore[index]
    covered = people_reached(own, plan["hubs"], 10 / 1.3)  # type: ignore[arg-type]
    assert plan["people"]["covered"] == pytest.approx(covered, rel=1e-9)  # type: ignore[index]


def test_nigeria_from_raw_files(tmp_path: Path) -> None:
    own = REAL / "nigeria"
    made = new_project(tmp_path / "ng", [str(path) for path in sorted(own.iterdir())])
    assert {use.file: use.role for use in made.draft.uses}["states.json"] == "not used"
    assert made.inputs is not None
    with rasterio.open(own / "nga_pop.tif") as raster:
        people = float(np.nansum(raster.read(1).astype(float)))
    assert float(made.inputs.demand.frame["people"].sum()) == pytest.approx(people, rel=1e-9)
    wards = json.loads((own / "wards.json").read_text(encoding="utf-8"))
    assert len(made.inputs.sites.frame) == len(wards)
    assert "groups: [State, LGA]" in made.draft.text


def test_kenya_has_fibre_but_no_people(tmp_path: Path) -> None:
    own = SHARED / "backhaul" / "kenya"
    with pytest.raises(DataError, match="no file says how many people live where"):
        new_project(tmp_path / "ke", [str(path) for path in sorted(own.glob("ofds_NOFBI*"))])
