"""What an audit knows of a few points and sites, made without files."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.world import AuditData, AuditPeople
from hubplanner.scenario import Scenario

SMALL = {"name": "centre", "reach_km": 5.0, "capex": 1.0}
LARGE = {"name": "park", "reach_km": 9.0, "capex": 2.0}
SEATS = [SMALL | {"capacity": 10}, LARGE | {"capacity": 30}]


def world(
    table: Any,
    tiers: Any = None,
    *,
    row: Any = None,
    parts: Any = None,
    room: Any = None,
    status: Any = None,
    laid: Any = (),
    **more: Any,
) -> AuditData:
    """Return points at given distances (p, m) from sites; each a row of 10 people and 4 need, unless rows are given.

    Rows grow by half a year; closing the hub of site j saves j + 1. ``more`` are keys of the scenario.
    """
    place = {"path": "places.csv", "x": "lon", "y": "lat", "id": "id"}
    demand = {**place, "people": 1, **more.pop("demand", {})}
    model = {"max_hubs": 9, **more.pop("model", {})}
    tree = {"name": "audited", "demand": demand, "sites": place, "hubs": tiers or [SMALL, LARGE], "model": model}
    given = np.array(table, dtype=float)
    rows = np.arange(len(given)) if row is None else np.array(row)
    n, m = int(rows.max()) + 1, given.shape[1]
    ids = [f"S{at}" for at in range(m)]
    frame = pd.DataFrame({"demand_id": [f"D{at}" for at in range(n)], "people": 10.0, "need": 4.0, "growth": 0.5})
    people = AuditPeople(
        frame=frame.assign(seats=frame["need"]),
        points=np.zeros((len(given), 2)),
        row=rows,
        share=np.ones(len(given)) if parts is None else np.array(parts),
        other={},
        crs="EPSG:4326",
        offline=np.full(n, 4.0),
    )
    sites: Any = SimpleNamespace(
        frame=pd.DataFrame({"site_id": ids}),
        position={name: at for at, name in enumerate(ids)},
        room=np.tile([10.0, 30.0], (m, 1)) if room is None else np.array(room),
        status=status or ["candidate"] * m,
        saving=[Fraction(at + 1) for at in range(m)],
    )
    scenario = Scenario.model_validate(tree | more)
    return AuditData(scenario=scenario, people=people, sites=sites, table=given, unit="km", laid=tuple(laid))


def hub(site: int, tier: int = 0, count: int = 1, **more: Any) -> AuditHub:
    """Return hubs of a tier at a site that cost nothing, unless it is said."""
    own = {"status": "new", "capex": Fraction(), "opex": Fraction(), **more}
    return AuditHub(site=site, tier=tier, count=count, **own)
