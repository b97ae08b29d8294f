"""Two runs held against each other: what the folders say, joined by ids."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import hubplanner as hp
from hubplanner.errors import DataError, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project


@pytest.fixture
def pair(project: Project) -> tuple[Path, Path]:
    """A plan of 500 and one of 250 with floors; their folders."""
    floors = {"model.floors": [{"group": "province", "share": 0.1}]}
    rich = hp.solve(project.read()).write(project.folder / "rich")
    poor = hp.solve(project.read({"model.budget": 250} | floors)).write(project.folder / "poor")
    return rich, poor


def plan_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "plan.json").read_text(encoding="utf-8")))


def covered(folder: Path) -> dict[str, float]:
    table = pd.read_csv(folder / "demand.csv", encoding="utf-8-sig")
    return dict(zip(table["demand_id"], table["covered_share"], strict=True))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_differences_are_those_of_the_folders(pair: tuple[Path, Path]) -> None:
    found = hp.compare(*pair)
    rich, poor = map(plan_of, pair)
    (difference,) = found.summary()["differences"]
    assert difference["cost"] == round(poor["cost"]["total"] - rich["cost"]["total"], 6)
    assert difference["people"] == poor["people"]["covered"] - rich["people"]["covered"] < 0
    sites = [{hub["site_id"] for hub in plan["hubs"]} for plan in (rich, poor)]
    assert difference["only_in_first"] == sorted(sites[0] - sites[1])
    assert difference["only_in_other"] == sorted(sites[1] - sites[0])
    shares = [covered(folder) for folder in pair]
    lose = {row for row in shares[0] if shares[1][row] < shares[0][row]}
    assert set(difference["lose"]["demand_ids"]) == lose != set()
    assert difference["gain"]["people"] - difference["lose"]["people"] == pytest.approx(difference["people"])
    assert found.summary()["notes"] == []
    assert found.summary()["floors"]["province Punjab"]["a"] is None
    assert found.summary()["floors"]["province Punjab"]["b"]["share"] == 0.1
    assert found.summary()["groups"]["province"]["Punjab"]["b"] == poor["groups"]["province"]["Punjab"]["share"]


def test_the_files_say_the_same(pair: tuple[Path, Path], tmp_path: Path) -> None:
    found = hp.compare(*pair)
    folder = found.write(tmp_path / "out")
    names = {"comparison.json", "comparison.csv", "comparison.geojson", "comparison.png", "manifest.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert json.loads((folder / "comparison.json").read_text(encoding="utf-8")) == found.summary()
    table = pd.read_csv(folder / "comparison.csv", encoding="utf-8-sig")
    row = table[table["figure"] == "people reached"].iloc[0]
    assert row["b"] - row["a"] == pytest.approx(row["difference_b"])
    features = json.loads((folder / "comparison.geojson").read_text(encoding="utf-8"))["features"]
    demand = [feature["properties"] for feature in features if feature["properties"]["kind"] == "demand"]
    hubs = [feature["properties"] for feature in features if feature["properties"]["kind"] == "hub"]
    shares = [covered(path) for path in pair]
    for row in demand:
        a, b = (share[row["demand_id"]] for share in shares)
        assert (row["share_a"], row["share_b"], row["difference_b"]) == pytest.approx((a, b, b - a))
    ids = [{hub["site_id"] for hub in plan_of(path)["hubs"]} for path in pair]
    assert {hub["site_id"]: (hub["in_a"], hub["in_b"]) for hub in hubs} == {
        site: (site in ids[0], site in ids[1]) for site in ids[0] | ids[1]
    }
    first = (folder / "comparison.png").read_bytes()
    found.write(folder)
    assert (folder / "comparison.png").read_bytes() == first


def test_a_plan_and_itself_differ_in_nothing(pair: tuple[Path, Path], tmp_path: Path) -> None:
    found = hp.compare(pair[0], pair[0], pair[0])
    for difference in found.summary()["differences"]:
        assert difference["cost"] == difference["people"] == 0
        assert difference["only_in_first"] == difference["only_in_other"] == difference["changed"] == []
        assert difference["gain"]["rows"] == difference["lose"]["rows"] == 0
    assert (found.write(tmp_path / "out") / "comparison.png").stat().st_size > 10_000


def test_a_change_of_tier_is_told(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = shutil.copytree(pair[0], tmp_path / "other")
    edit(other / "hubs.geojson", '"site_id": "S4", "tier": "centre"', '"site_id": "S4", "tier": "park"')
    (difference,) = hp.compare(pair[0], other).summary()["differences"]
    assert difference["changed"] == [{"site_id": "S4", "first": "centre", "other": "park"}]


def test_other_money_and_other_places_are_said(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = shutil.copytree(pair[1], tmp_path / "other")
    edit(other / "plan.json", '"currency": "PKR"', '"currency": "USD"')
    edit(other / "demand.geojson", '"D1"', '"E1"')
    found = hp.compare(pair[0], other)
    notes = " ".join(found.summary()["notes"])
    assert "'PKR' and 'USD': their costs are not compared" in notes
    assert "1 ids only in A, 1 only in B; gains and losses are those of the 3 in both" in notes
    assert found.summary()["differences"][0]["cost"] is None
    rows = found.demand.set_index("demand_id")
    assert math.isnan(rows.loc["E1", "share_a"])
    assert math.isnan(rows.loc["D1", "difference_b"])
    table = pd.read_csv(found.write(tmp_path / "out") / "comparison.csv", encoding="utf-8-sig")
    assert table.loc[table["figure"] == "cost", "difference_b"].isna().all()


def test_other_countries_are_said_first_and_runs_of_one_name_by_their_folders(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other = shutil.copytree(pair[1], tmp_path / "elsewhere/rich")
    text = (other / "demand.geojson").read_text(encoding="utf-8").replace('"demand_id": "D', '"demand_id": "E')
    (other / "demand.geojson").write_text(text, encoding="utf-8")
    edit(other / "plan.json", '"currency": "PKR"', '"currency": "USD"')
    found = hp.compare(pair[0], other).summary()
    assert [run["name"] for run in found["runs"]] == [f"{pair[0].parent.name}/rich", "elsewhere/rich"]
    told = "A and B share none of their 4 and 4 demand ids, so these are different countries or data"
    assert found["notes"][0].startswith(told)
    assert found["notes"][1].startswith("A and B count money differently")
    assert len(found["notes"]) == 2


def test_what_is_no_run_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not a run folder"):
        hp.compare(pair[0], tmp_path)
    with pytest.raises(ScenarioError, match="2 to 26"):
        hp.compare(pair[0])
    (pair[1] / "demand.geojson").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"demand.geojson: cannot be read"):
        hp.compare(*pair)
