"""Imported where commands are forked from: plans once, so that none of them loads fonts, templates and drivers anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hubplanner as hp
from support.project import DEMAND, SCENARIO, SITES, Project

with tempfile.TemporaryDirectory() as folder:
    small = Project(folder=Path(folder))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        small.write(name, text)
    hp.solve(small.read()).write(Path(folder) / "run")
