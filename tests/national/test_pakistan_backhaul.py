"""Pakistan's hubs with their lines: within the gap that was asked, audited, and with its assumption told first."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from support.draws import patience

import hubplanner as hp
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("override", [None, pytest.param("fibre_only", marks=patience)])
def test_it_is_proven_audited_and_tells_where_fibre_is_taken_to_end(override: str | None, tmp_path: Path) -> None:
    names = [] if override is None else [override]
    scenario = hp.read_scenario(ROOT / "scenarios/pakistan_backhaul.yaml", overrides=names)
    run = hp.solve(scenario).write(tmp_path / "run")
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    assert plan["gap"] <= scenario.solver.gap
    assert plan["cost"]["total"] <= plan["budget"]
    lines = pd.read_csv(run / "backhaul.csv", encoding="utf-8-sig")
    assert len(lines) > 0
    links = {hub["link"] for hub in plan["hubs"]}
    assert links == ({"fibre", "satellite"} if override is None else {"fibre"})
    assert scenario.backhaul is not None
    first = (run / "report.html").read_text(encoding="utf-8").partition('<section id="hubs"')[0]
    assert scenario.backhaul.note in first
    [cities] = re.findall(r"the (\d+) cities", scenario.backhaul.note)
    spots = pd.read_csv(ROOT / "data/pakistan/existing_hubs.csv")[["lon", "lat"]].drop_duplicates()
    assert len(spots) == int(cities)
    ledger = Ledger()
    recompute(open_run(run), ledger)
    assert not ledger.findings
