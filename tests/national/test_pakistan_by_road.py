"""The national scenario by road, as `--set travel.roads.path=...` asks for it: here on roads that are invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import Delaunay

import hubplanner as hp
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.scenario.travel_spec import NetworkSpec

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write roads between neighbouring tehsils of the whole country."""
    demand = pd.read_csv(ROOT / "data/pakistan/demand.csv").drop_duplicates(["lon", "lat"]).reset_index(drop=True)
    places = demand[["lon", "lat"]].to_numpy()
    corners = Delaunay(places).simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    ids = demand["demand_id"].to_numpy()
    table = pd.DataFrame({"from": ids[pairs[:, 0]], "to": ids[pairs[:, 1]]})
    for end, column in (("from", 0), ("to", 1)):
        table[f"{end}_x"], table[f"{end}_y"] = places[pairs[:, column]].T
    file = tmp_path_factory.mktemp("roads") / "roads.csv"
    table.assign(**{"class": np.where(np.arange(len(table)) % 3, "secondary", "tertiary")}).to_csv(file, index=False)
    return file


def test_pakistan_is_planned_along_the_roads_of_a_file(roads: Path) -> None:
    settings = {"travel.method": "network", "travel.roads.path": str(roads)}
    inputs = hp.read_inputs(hp.read_scenario(ROOT / "scenarios/pakistan.yaml", settings=settings))
    assert inputs.unit == "km"
    assert inputs.searched is not None
    facts = inputs.searched.facts
    assert facts["parts"] == 1
    assert facts["people_beyond_access"] < 0.6 * inputs.demand.point_people.sum()
    spec, draw = inputs.scenario.travel, np.random.default_rng(1)
    assert isinstance(spec, NetworkSpec)
    assert spec.detour == 1.3
    point = draw.choice(inputs.n_points, 60, replace=False)
    sites = draw.choice(len(inputs.sites.frame), 3, replace=False)
    ways = RoadWays(spec, inputs.demand.points[point], inputs.sites.lonlat, in_minutes=False)
    for site in sites.tolist():
        found = inputs.searched.travel.from_site(site)[point]
        np.testing.assert_allclose(found, ways.to_site(site), rtol=1e-9)
        assert np.isfinite(found).any()
    problem = hp.build_problem(inputs)
    near = problem.travel.pairs(0, problem.n_points, float(problem.tier_reach.max()))
    assert len(np.unique(near[0])) > 1000
