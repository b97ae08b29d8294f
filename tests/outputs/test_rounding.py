"""No file holds the tails of binary fractions, and what is rounded adds up."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import yaml

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.outputs.formats.excel import costs, groups
from hubplanner.outputs.rounding import rounded, rounded_values
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIGITS = 12
OWN = {"gap", "bound", "seconds", "lon", "lat", "geometry"}
"""What is computed from written figures, or is the machine's."""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Return a scenario whose sums all end in tails: thirds of people, odd shares, discounted money, seats."""
    rng = np.random.default_rng(4)
    count = 30
    people = pd.DataFrame(
        {
            "demand_id": [f"D{number:02}" for number in range(count)],
            "x": rng.uniform(0, 30_000, count) + 400_000,
            "y": rng.uniform(0, 30_000, count) + 2_800_000,
            "population": rng.integers(1, 90_000, count) / 3,
            "internet": rng.choice([0.1, 0.3, 0.7], count),
            "district": rng.choice(["North", "South"], count),
        }
    )
    people.to_csv(tmp_path / "demand.csv", index=False)
    sites = people.iloc[::4][["x", "y"]].assign(site_id=[f"S{number}" for number in range(8)], factor=1.1)
    sites.to_csv(tmp_path / "sites.csv", index=False)
    tree = {
        "name": "tails",
        "currency": "PKR",
        "demand": {
            "path": "demand.csv",
            "id": "demand_id",
            "x": "x",
            "y": "y",
            "crs": "EPSG:32642",
            "people": "population",
            "connected_share": "internet",
            "groups": ["district"],
        },
        "sites": {
            "path": "sites.csv",
            "id": "site_id",
            "x": "x",
            "y": "y",
            "crs": "EPSG:32642",
            "cost_factor": "factor",
        },
        "hubs": [
            {"name": "small", "capex": 1000000.1, "opex_per_year": 33333.3, "reach_km": 9, "capacity": 50000},
            {"name": "large", "capex": 3000000.7, "opex_per_year": 77777.7, "reach_km": 15, "capacity": 120000},
        ],
        "horizon_years": 7,
        "discount_rate": 0.07,
        "travel": {"method": "planar", "detour": 1.3},
        "model": {"budget": 9000000, "floors": [{"group": "district", "share": 0.1}]},
    }
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return path


def has_tail(number: float) -> bool:
    """Tell whether a number is written with more digits than it has."""
    digits = re.sub(r"e[-+]\d+$", "", repr(abs(float(number)))).replace(".", "").strip("0")
    return len(digits) > DIGITS


def numbers(tree: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield all floats with their path."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from numbers(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from numbers(value, f"{path}.{number}")
    elif isinstance(tree, float):
        yield path, tree


def tails(tree: Any) -> list[str]:
    """Return the figures with tails."""
    return [
        f"{path} {number!r}" for path, number in numbers(tree) if has_tail(number) and not OWN & set(path.split("."))
    ]


@pytest.mark.parametrize(
    "settings", [{}, {"model.objective": "min_cost", "model.budget": None, "model.target_share": 0.5}]
)
def test_no_file_of_a_run_holds_a_tail(town: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    plan = hp.solve(hp.read_scenario(town, settings=settings))
    run = plan.write(tmp_path / "run")
    assert audit_run(run).findings == ()
    assert tails(json.loads((run / "plan.json").read_text(encoding="utf-8"))) == []
    for layer in ("hubs", "demand", "links"):
        found = json.loads((run / f"{layer}.geojson").read_text(encoding="utf-8"))["features"]
        own = {"x", "y", "factor"}
        rows = [{key: value for key, value in part["properties"].items() if key not in own} for part in found]
        assert tails(rows) == []
        table = pd.DataFrame(gpd.read_file(run / "plan.gpkg", layer=layer).drop(columns="geometry"))
        assert tails(table.drop(columns=[name for name in own if name in table]).to_dict("records")) == []
    for name in ("hubs", "demand"):
        with (run / f"{name}.csv").open(encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                own = {"x", "y", "lon", "lat", "factor"}
                cells = [cell for key, cell in row.items() if key not in own and re.fullmatch(r"-?[\d.]+", cell)]
                assert not [cell for cell in cells if has_tail(float(cell))]
    hubs = json.loads((run / "plan.json").read_text(encoding="utf-8"))["hubs"]
    assert all(hub["cost"] == round(hub["cost"], 2) for hub in hubs)


def test_a_workbook_a_frontier_and_a_comparison_hold_no_tail(town: Path, tmp_path: Path) -> None:
    one = hp.solve(hp.read_scenario(town)).write(tmp_path / "one")
    other = hp.solve(hp.read_scenario(town, settings={"model.budget": 5000000})).write(tmp_path / "other")
    assert tails(hp.compare(one, other).figures) == []
    result, _ = read_result(one)
    assert tails([costs(result).to_dict("records"), groups(result).to_dict("records")]) == []
    frontier = hp.frontier(hp.read_scenario(town), points=3)
    assert tails(frontier.summary() | {"seconds": 0}) == []


def test_loads_of_full_hubs_are_their_seats(town: Path) -> None:
    plan = hp.solve(hp.read_scenario(town, settings={"model.capacity_of": "people"}))
    full = plan.hubs[plan.hubs["utilisation"] > 1 - 1e-6]
    assert len(full)
    assert (full["load"] == full["capacity"]).all()
    assert (full["utilisation"] == 1).all()
    whole = plan.demand["covered_share"] > 1 - 1e-6
    assert (plan.demand.loc[whole, "covered_share"] == 1).all()


def test_rounding_keeps_order_and_whole_numbers() -> None:
    rng = np.random.default_rng(1)
    values = np.sort(rng.uniform(-1, 1, 2000) * 10.0 ** rng.integers(-9, 15, 2000))
    for money in (False, True):
        assert (np.diff(rounded_values(values, money=money)) >= 0).all()
    whole = np.array([0.0, 1.0, 123456789012345.0, 2.0**52])
    assert (rounded_values(whole) == whole).all()
    assert rounded([1, "a", None, True, float("nan")])[:4] == [1, "a", None, True]
    assert rounded_values(np.array([1e-30, np.inf]))[1] == np.inf
