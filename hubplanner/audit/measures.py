"""Measures beside hubs: whom a run says they reach, checked against whom they may reach and what hubs leave."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.data.money import annuity, exact
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger

FILE = "demand.csv"
ROUNDING = 1e-6
"""Share of a row's people that is a solver's rounding."""


def stated_people(world: AuditData, stated: pd.DataFrame, ledger: Ledger) -> dict[str, Array]:
    """Return the people (n,) of each row whom each measure reaches, as a run states them; note what cannot be."""
    ids, found = world.people.frame["demand_id"], {}
    for name in world.scenario.beside:
        there = {name, "demand_id"} <= set(stated)
        ledger.holds(FILE, f"column {name}", true=there, stated="missing", recomputed="people by row")
        people = np.zeros(len(ids))
        if there:
            # Tables make ids safe for spreadsheets by an apostrophe.
            key = stated["demand_id"].map(str).str.replace(r"^'(?=[=+\-@\t\r\n])", "", regex=True)
            given = pd.Series(pd.to_numeric(stated[name], errors="coerce").to_numpy(dtype=np.float64), index=key)
            people = given[~given.index.duplicated()].reindex(ids).to_numpy()
        known = np.isfinite(people)
        ledger.holds(FILE, f"people by {name}", true=bool(known.all()), stated="blank", recomputed="a number a row")
        found[name] = np.where(known, people, 0.0)
    return found


def measures_money(world: AuditData) -> dict[str, Fraction]:
    """Return the money that each measure takes."""
    return {name: exact(math.fsum(people)) * _each(world, name) for name, people in world.beside.items()}


def _each(world: AuditData, name: str) -> Fraction:
    """Return the money for a person over the horizon."""
    spec = world.scenario.beside[name]
    return exact(spec.cost) + exact(spec.cost_per_year) * annuity(world.scenario)


def covered_beside(world: AuditData) -> Array:
    """Return the share (n,) of each row's need that measures cover."""
    covered, offline = np.zeros(len(world.people.frame)), world.people.offline
    for name, people in world.beside.items():
        part = np.divide(people, offline, out=np.zeros(len(people)), where=offline > 0)
        covered += world.scenario.beside[name].benefit * part
    return covered


def check_measures(world: AuditData, links: pd.DataFrame, ledger: Ledger) -> None:
    """Note rows of which a measure reaches more people than it may, or that are served more than once over.

    Parameters
    ----------
    links
        row and share of each link to a hub.
    """
    offline, size = world.people.offline, len(world.people.frame)
    served: Array = np.bincount(links["row"].astype(int), weights=links["share"], minlength=size).astype(np.float64)
    for name, people in world.beside.items():
        may, spec = world.people.may[name], world.scenario.beside[name]
        slack = ROUNDING * np.maximum(offline, 1.0)
        for row in range(size):
            label = f"{world.people.frame['demand_id'].iloc[row]}, {name}"
            fine = -slack[row] <= people[row] <= may[row] + slack[row]
            ledger.holds(FILE, label, true=bool(fine), stated=people[row], recomputed=f"0 to {may[row]:,.6f}")
        part = np.divide(people, offline, out=np.zeros(size), where=offline > 0)
        served = served + max(spec.benefit, 1.0) * part
    for row in np.flatnonzero(served > 1 + ROUNDING * (1 + len(world.beside))).tolist():
        label = f"{world.people.frame['demand_id'].iloc[row]}, hubs and measures"
        ledger.holds(FILE, label, true=False, stated=f"{served[row]:.6f} of the people", recomputed="at most all")


def expected_measures(world: AuditData) -> dict[str, Any]:
    """Return what plan.json must say of measures."""
    found, money = {}, measures_money(world)
    offline, need = world.people.offline, world.people.weight("need", 0)
    for name, people in world.beside.items():
        part = np.divide(people, offline, out=np.zeros(len(people)), where=offline > 0)
        benefit, total = world.scenario.beside[name].benefit, math.fsum(people)
        found[name] = {
            "people": total,
            "may_reach": math.fsum(world.people.may[name]),
            "users": benefit * total,
            "cost": float(money[name]),
            "covered": benefit * math.fsum(need * part),
            "cost_per_person": float(_each(world, name)),
            "benefit": benefit,
        }
    return found
