"""Published instances and their known optima; third-party files, used where present."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hubplanner as hp

SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDER = SHARED / "benchmarks"
EXACT = hp.SolverOptions(gap=0.0)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"published instances are not at {FOLDER}")


def expected(name: str) -> dict[str, Any]:
    optima: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return optima[name]


def sjc(name: str, reach: float) -> hp.Problem:
    x, y, need = np.loadtxt(FOLDER / "mclp_sjc" / f"{name}.txt", skiprows=1).T
    places = np.column_stack([x, y])
    return hp.Problem.from_points(places, need, places, np.ones(len(places)), reach)


@pytest.mark.parametrize("reach", [800, 1200, 1600])
@pytest.mark.parametrize("name", ["SJC324", "SJC402"])
def test_sao_jose_dos_campos_is_covered_as_published(name: str, reach: int) -> None:
    problem = sjc(name, reach)
    optima = expected("mclp_sjc")[name][f"S{reach}"]["MCLP"]
    assert optima
    for hubs, value in optima.items():
        solution = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=int(hubs)), EXACT)
        assert (solution.status, solution.value) == ("optimal", value), f"{hubs} hubs"


def san_francisco(*, join: bool) -> hp.Problem:
    folder = FOLDER / "spopt_sf"
    with (folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    with (folder / "SF_demand_205_centroid_uniform_weight.csv").open(encoding="utf-8") as file:
        tracts = {row["NAME"]: float(row["POP2000"]) for row in csv.DictReader(file)}
    stores = sorted({row["name"] for row in table})
    order = sorted({row["DestinationName"] for row in table})
    distance = np.full((len(order), len(stores)), np.inf)
    for row in table:
        distance[order.index(row["DestinationName"]), stores.index(row["name"])] = float(row["distance"])
    people = [tracts[name] for name in order] if join else list(tracts.values())
    return hp.Problem.from_matrix(distance, people, np.ones(len(stores)), expected("spopt_sf")["radius_m"])


@pytest.mark.parametrize("hubs", range(1, 9))
@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_san_francisco_is_covered_as_published(hubs: int, solver: str) -> None:
    options = hp.SolverOptions(name=solver, gap=0.0)
    solution = hp.solve_problem(san_francisco(join=True), hp.MaxCoverage(max_hubs=hubs), options)
    assert solution.value == expected("spopt_sf")["MCLP"][str(hubs)]
    assert solution.bound == pytest.approx(solution.value, rel=1e-9)


def test_rows_joined_by_position_give_another_optimum() -> None:
    solution = hp.solve_problem(san_francisco(join=False), hp.MaxCoverage(max_hubs=4), EXACT)
    assert solution.value == expected("spopt_sf")["misaligned_rows_give"]["MCLP4"]
