"""An audit of a run folder: every figure recomputed from the inputs, and the bound proven again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hubplanner.audit.backhaul import connect, expected_backhaul
from hubplanner.audit.bound import BoundCheck, prove
from hubplanner.audit.constraints import check_limits
from hubplanner.audit.data.aggregation import merge
from hubplanner.audit.data.hubs import stated_hubs
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.audit.data.run_files import LAYERS, RunFiles, check_digests, files_of, open_run
from hubplanner.audit.data.world import read_world
from hubplanner.audit.figures import check_figures, compare
from hubplanner.audit.files.layers import check_layers
from hubplanner.audit.files.roads import check_roads
from hubplanner.audit.files.stability import check_stability
from hubplanner.audit.futures import check_futures
from hubplanner.audit.goals import check_goals
from hubplanner.audit.ledger import Finding, Ledger
from hubplanner.audit.measures import FILE as STATED, stated_people
from hubplanner.audit.multi_period import check_years, years_of
from hubplanner.audit.outcome import outcome_of
from hubplanner.audit.service import serve
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

OUTSIDE = ("map.png", "seconds", "versions", "ties", "nested_value", "futures.vss", "futures.evpi", "best of a future")
"""What an audit does not look at: a picture, and what only the run itself knew."""
OUTSIDE_ROADS = ("polygons of reach.geojson", "which hub brings most in gaps.csv")
"""What it does not look at either where people travel along roads."""
FIGURES = ("plan.json", "manifest.json")
"""Files beside the layers of which figures must have been compared."""
DEFAULT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    findings
        What is wrong.
    checked
        Figures compared, by file.
    not_audited
        What could not be checked, and why.
    proof
        How sure the bound is.
    outside
        What an audit does not look at.
    """

    findings: tuple[Finding, ...]
    checked: dict[str, int]
    not_audited: tuple[str, ...]
    proof: BoundCheck
    outside: tuple[str, ...] = OUTSIDE

    @property
    def verdict(self) -> str:
        """``fail`` with findings, ``incomplete`` where nothing is wrong but not all was audited, ``pass`` else."""
        return "fail" if self.findings else "incomplete" if self.not_audited else "pass"

    def as_dict(self) -> dict[str, Any]:
        """Return the audit as a JSON object."""
        return {
            "verdict": self.verdict,
            "findings": [finding.as_dict() for finding in self.findings],
            "checked": self.checked,
            "not_audited": list(self.not_audited),
            "outside": list(self.outside),
            "proof": self.proof.as_dict(),
        }


def audit_run(folder: Path, solver: str | None = None, seconds: float = DEFAULT_SECONDS) -> Audit:
    """Audit a run folder.

    Parameters
    ----------
    folder
        The run folder.
    solver
        Who proves the bound anew; another one than the run's if left out.
    seconds
        Time for that.

    Raises
    ------
    DataError
        When a file is missing, or an input differs from the one the plan was made from.
    """
    log.info(_("read the run and its inputs"))
    run, ledger = open_run(folder), Ledger()
    inputs = read_inputs(run.scenario)  # says in words what is wrong, before the plain reading trusts it
    recompute(run, ledger)
    for file in (*FIGURES, *(name for layer in LAYERS for name in files_of(layer))):
        some = ledger.checked.get(file, 0) > 0
        ledger.holds(file, "figures compared", true=some, stated=0, recomputed="at least one")
    check_digests(run)  # once more: what was read is what was looked at
    log.info(_("re-prove the bound"))
    proof = _prove(run, inputs, solver, seconds, ledger)
    return Audit(
        findings=tuple(ledger.findings),
        checked=ledger.checked,
        not_audited=tuple(ledger.not_audited),
        proof=proof,
        outside=(*OUTSIDE, *(OUTSIDE_ROADS if isinstance(run.scenario.travel, NetworkSpec) else ())),
    )


def recompute(run: RunFiles, ledger: Ledger) -> None:
    """Compare all that can be recomputed, which is everything but the bound."""
    points = read_world(run.scenario)
    world = merge(points) if run.scenario.demand.is_merged else points
    counts = {"rows": len(world.people.frame), "points": len(points.people.points)}
    compare(run.manifest.get("demand"), counts, "demand", ledger, "manifest.json")
    compare(run.manifest.get("solver"), run.plan.get("solver", {}), "solver", ledger, "manifest.json")
    world, hubs, network = connect(run, world, stated_hubs(world, run.plan, ledger), ledger)
    if run.scenario.backhaul is not None:
        compare(run.plan.get("backhaul"), expected_backhaul(world, hubs, network), "backhaul", ledger)
    if run.scenario.beside:
        stated = next(table for name, table in run.tables("demand") if name == STATED)
        world = replace(world, beside=stated_people(world, stated, ledger))
    check_limits(world, hubs, ledger)
    links = next(run.tables("links"))[1]
    year = max(len(run.scenario.model.periods.years) - 1, 0)
    outcome = outcome_of(world, hubs, links, year, ledger)
    every = None if world is points else (points, serve(points, hubs))
    check_figures(world, hubs, outcome, run.plan, ledger, every)
    years = years_of(world, hubs, outcome, links, ledger)
    check_years(world, years, run.plan, ledger)
    if run.scenario.futures is None:
        check_goals(world, run.plan, years, ledger)
    else:
        check_futures(run, world, hubs, outcome, ledger)
    check_layers(run, world, hubs, outcome, network, ledger)
    if isinstance(world.searched, RoadWays):
        check_roads(run, world, world.searched, hubs, ledger)
    check_stability(run, world, hubs, ledger)


def _prove(run: RunFiles, inputs: Inputs, solver: str | None, seconds: float, ledger: Ledger) -> BoundCheck:
    """Prove the bound anew; a contradiction is a finding, too little time is said."""
    proof = prove(inputs, run.plan, solver, seconds)
    if proof.outcome == "contradicted":
        bound = run.plan["bound"]
        ledger.holds("plan.json", "bound, proven anew", true=False, stated=bound, recomputed=proof.words)
    if proof.outcome == "not reproven":
        ledger.skip("the bound as tight as it is stated: no second proof came as far in the time")
    return proof
