"""What tests of connected hubs share: the files of a small network, its prices, and what an audit says of a plan."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.audit.audit import audit_run, recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger
from hubplanner.problem import annuity
from hubplanner.runs.load import read_solution

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

NODES = """\
name,lon,lat,medium
N1,67.11,30.13,fibre
N2,60.00,20.00,microwave
"""
NODE_FILE = {"path": "nodes.csv", "id": "name", "x": "lon", "y": "lat", "where": {"medium": "fibre"}}
FIBRE = {"cost_per_km": 2.0, "site_cost": 5.0, "upkeep_per_km_year": 0.5}
DISH = {"site_cost": 60.0, "per_line_year": 10.0}
WORTH = annuity(0.25, 2)
PER_KM = 2.0 + 0.5 * WORTH
DEGREE = 2 * math.pi * 6371.0088 / 360
"""Kilometres of a degree of latitude."""


def backhaul(**parts: Any) -> dict[str, Any]:
    both = {"fibre": FIBRE, "satellite": DISH}
    return {"backhaul": {"nodes": NODE_FILE, "detour": 1.5, "technologies": both, "existing_connected": False} | parts}


def planned(project: Project, **settings: Any) -> hp.Plan:
    return hp.solve(project.read({"solver.gap": 0.0} | settings))


def audited(plan: hp.Plan, folder: Path) -> list[str]:
    """Return what an audit of the written plan finds wrong, but for the bound."""
    return found_wrong(plan.write(folder))


def found_wrong(run: Path) -> list[str]:
    """Return what an audit of a run finds wrong, but for the bound."""
    ledger = Ledger()
    recompute(open_run(run), ledger)
    return [finding.item for finding in ledger.findings]


def passes_and_reads_back(run: Path) -> None:
    """Assert that an audit passes a run, and that it reads back as a plan of the cost that it states."""
    found = audit_run(run, seconds=20)
    assert (found.verdict, found.findings) == ("pass", ())
    _, solution = read_solution(run)
    stated = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert solution.evaluation is not None
    assert solution.evaluation.cost == pytest.approx(stated["cost"]["total"], abs=0.01)
