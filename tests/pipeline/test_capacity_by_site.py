"""Room for people that each site has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.io import sha256

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

TIER = {"capex": 10.0, "reach_km": 6.0}


def write_places(folder: Path, seed: int) -> list[int]:
    """Write random towns and sites on a line of 20 km; return the room of each site."""
    draw = np.random.default_rng(seed)
    towns, places = draw.uniform(0, 0.2, (12, 2)), draw.uniform(0, 0.2, (5, 2))
    seats = draw.choice([120, 300, 700], 5)
    people = pd.DataFrame({"id": [f"D{n}" for n in range(12)], "lon": 67 + towns[:, 0], "lat": towns[:, 1]})
    people.assign(people=draw.integers(50, 400, 12)).to_csv(folder / "people.csv", index=False)
    sites = pd.DataFrame({"id": [f"S{n}" for n in range(5)], "lon": 67 + places[:, 0], "lat": places[:, 1]})
    status = ["existing", *["candidate"] * 4]
    sites.assign(status=status, seats=seats, tier=[f"of {n}" for n in seats]).to_csv(folder / "towns.csv", index=False)
    return sorted(set(seats.tolist()))


def scenario(folder: Path, hubs: list[dict[str, Any]], **more: Any) -> hp.Scenario:
    place = {"x": "lon", "y": "lat", "id": "id"}
    tree = {
        "name": "room",
        "demand": {"path": str(folder / "people.csv"), "people": "people", **place},
        "sites": {"path": str(folder / "towns.csv"), "status": "status", **place, **more},
        "hubs": hubs,
        "model": {"max_hubs": 2},
        "solver": {"gap": 0.0},
    }
    return hp.Scenario.model_validate(tree)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("assignment", ["split", "single"])
def test_room_by_site_is_that_of_a_tier_for_each_room(tmp_path: Path, seed: int, assignment: str) -> None:
    rooms = write_places(tmp_path, seed)
    by_tier = scenario(tmp_path, [TIER | {"name": f"of {n}", "capacity": n} for n in rooms], tier="tier")
    by_site = scenario(tmp_path, [TIER | {"name": "hub", "capacity": "seats"}])
    model = by_site.model.model_copy(update={"assignment": assignment})
    expected, found = (hp.solve(one.model_copy(update={"model": model})) for one in (by_tier, by_site))
    assert found.summary()["status"] == expected.summary()["status"] == "optimal"
    assert found.summary()["need"] == pytest.approx(expected.summary()["need"])
    same = ["site_id", "capacity", "status"]
    assert found.hubs[same].equals(expected.hubs[same])
    assert (found.hubs["load"] <= found.hubs["capacity"] + 1e-6).all()


def test_the_audit_reads_the_room_of_each_site_itself(project: Project) -> None:
    table = pd.read_csv(project.folder / "sites.csv")
    table.assign(seats=[400, 90, 500, 300, 10]).to_csv(project.folder / "sites.csv", index=False)
    plan = hp.solve(project.read({"hubs.0.capacity": "seats", "hubs.1.capacity": 900, "model.budget": 900}))
    plan.write(project.folder / "run")
    before = sha256(project.folder / "sites.csv")
    assert audit_run(project.folder / "run").verdict == "pass"
    table.assign(seats=[400, 90, 500, 299, 10]).to_csv(project.folder / "sites.csv", index=False)
    (project.folder / "run" / "manifest.json").write_text(
        (project.folder / "run" / "manifest.json").read_text().replace(before, sha256(project.folder / "sites.csv"))
    )
    assert "S4 centre, capacity" in {finding.item for finding in audit_run(project.folder / "run").findings}


@pytest.mark.parametrize(("cell", "shown"), [("0", "'0'"), ("", "blank"), ("-3", "'-3'"), ("many", "'many'")])
def test_a_site_without_room_is_named(project: Project, cell: str, shown: str) -> None:
    table = pd.read_csv(project.folder / "sites.csv")
    table.assign(seats=["400", cell, "500", "300", "10"]).to_csv(project.folder / "sites.csv", index=False)
    [message] = project.messages({"hubs.0.capacity": "seats"})
    assert message.startswith(f"sites.csv, row 3, seats: {shown} found; allowed: ")


def test_a_larger_hub_is_told_by_the_room_at_its_site(project: Project) -> None:
    table = pd.read_csv(project.folder / "sites.csv")
    settings = {"hubs.0.capacity": "seats", "hubs.1.capacity": 900, "model.existing.upgrade": True}
    for seats, upgrades in ((400, True), (2000, False)):
        table.assign(seats=[400, seats, 500, 300, 10]).to_csv(project.folder / "sites.csv", index=False)
        assert project.inputs(settings).sites.upgrade.any() == upgrades
