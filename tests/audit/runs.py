"""Small runs to audit, each made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import conftest

import hubplanner as hp
from hubplanner.audit import Audit, audit_run
from hubplanner.audit.audit import recompute
from hubplanner.audit.findings import Finding, Ledger
from hubplanner.audit.folder import open_run

SEATS = """\
  tight: {model: {budget: 240}}
  seats:
    hubs:
      - {name: centre, capex: capex, opex_per_year: 10, reach_km: 5, capacity: 900}
      - {name: park, capex: 400, reach_km: 20, capacity: 2500}
    model: {budget: 900}
  years:
    demand: {growth_per_year: 0.1}
    model: {budget: null, periods: {discount_rate: 0.1, years: [{name: a, budget: 300}, {name: b, budget: 500}]}}
"""


def project() -> Path:
    """Write the small scenario and its data into a folder of their own."""
    folder = Path(mkdtemp())
    (folder / "demand.csv").write_text(conftest.DEMAND, encoding="utf-8")
    (folder / "sites.csv").write_text(conftest.SITES, encoding="utf-8")
    (folder / "travel.csv").write_text(conftest.MATRIX, encoding="utf-8")
    (folder / "scenario.yaml").write_text(conftest.SCENARIO + SEATS, encoding="utf-8")
    return folder


@cache
def made(*overrides: str) -> Path:
    """Return the folder of a run, beside its inputs."""
    folder = project()
    scenario = hp.read_scenario(folder / "scenario.yaml", overrides=overrides)
    return hp.solve(scenario).write(folder / "run")


def audited(run: Path) -> Audit:
    return audit_run(run, seconds=10)


def findings_of(run: Path) -> list[Finding]:
    """Return what is wrong with all but the bound, which takes longest."""
    ledger = Ledger()
    recompute(open_run(run), ledger)
    return ledger.findings
