"""A run folder back to the solution it was written from, every figure worked out again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hubplanner.errors import DataError, Fault, raise_faults
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.model import Objective, goals_of
from hubplanner.pipeline.earlier_plan import option_by_name, plan_of_hubs
from hubplanner.pipeline.objective import objective_of
from hubplanner.problem import Ints, Problem, Solution, Status
from hubplanner.runs.read import check_run, figures_of, read_manifest, scenario_of
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import N_, gettext as _


def read_solution(folder: Path, settings: Mapping[str, Any] | None = None) -> tuple[Inputs, Solution]:
    """Return a run's inputs and its plan.

    Parameters
    ----------
    settings
        Keys of its scenario to set, such as leave its plan as it is.

    Raises
    ------
    DataError
        When the folder is no run, an input has changed since, or the plan's figure is not what its hubs achieve.
    """
    check_run(folder)
    stated, manifest = figures_of(folder, ("objective_value", "bound", "status", "hubs")), read_manifest(folder)
    inputs = read_inputs(scenario_of(folder, settings))
    _check_unchanged(inputs, manifest.get("inputs") or {})
    problem, objective = build_problem(inputs), objective_of(inputs)
    options, counts = options_of(inputs, problem, stated, folder / "plan.json")
    edges = _edges(inputs, stated, folder / "plan.json")
    found = plan_of_hubs(problem, objective, options, counts, edges)
    if found.evaluation is None:
        raise DataError(Fault(file="plan.json", column="hubs", allowed=_("hubs that keep to the scenario's limits")))
    _check_figure(found, objective, stated, folder / "plan.json")
    bound, status = math.nan if stated["bound"] is None else float(stated["bound"]), Status(stated["status"])
    sense = _sense(objective)
    bound = sense * max(sense * bound, sense * found.value)  # a plan within rounding above its bound
    return inputs, replace(found, bound=bound, status=status)


def _sense(objective: Objective) -> int:
    return next(goal.sense for goal in goals_of(objective) if goal.name == objective.main)


def _check_unchanged(inputs: Inputs, known: Mapping[str, str]) -> None:
    """Raise for every input that differs from the one the plan was made from."""
    allowed = N_("SHA-256 {digest}, of the file the plan was made from; solve the scenario again")
    raise_faults(
        [
            Fault(file=name, value=digest, allowed=_(allowed, digest=known.get(name, _("in manifest.json"))))
            for name, digest in inputs.digests.items()
            if known.get(name) != digest
        ]
    )


def options_of(inputs: Inputs, problem: Problem, stated: Mapping[str, Any], file: Path) -> tuple[Ints, Ints]:
    """Return the open options and how many hubs of each, as plan.json lists them; raise where the data have no such."""
    number, faults, found = option_by_name(inputs, problem), list[Fault](), dict[int, int]()
    for row, hub in enumerate(stated["hubs"]):
        site, tier, count = str(hub.get("site_id")), str(hub.get("tier")), hub.get("hubs", 1)
        option = number.get((site, tier))
        if option is None or not isinstance(count, int) or count < 1:
            allowed = _("a site and a tier of the scenario's data, and a whole number of hubs")
            value = f"{site}, {tier}, {count}"
            faults.append(Fault(file=str(file), column=f"hubs.{row}", value=value, allowed=allowed))
        else:
            found[option] = count
    raise_faults(faults)
    options = np.array(sorted(found), dtype=np.intp)
    return options, np.array([found[option] for option in options.tolist()], dtype=np.intp)


def _edges(inputs: Inputs, stated: dict[str, Any], file: Path) -> Ints:
    """Return the lines that are built, as plan.json lists them; none without backhaul."""
    listed = stated.get("backhaul", {}).get("edges", [])
    listed = listed if isinstance(listed, list) else [listed]
    known = [] if inputs.links is None else inputs.links.edges["edge_id"].tolist()
    allowed = _("numbers of lines that may be built, as edges of backhaul")
    raise_faults(
        [
            Fault(file=str(file), column="backhaul.edges", value=str(edge), allowed=allowed)
            for edge in listed
            if edge not in known
        ]
    )
    return np.array([known.index(edge) for edge in listed], dtype=np.intp)


def _check_figure(found: Solution, objective: Objective, stated: dict[str, Any], file: Path) -> None:
    """Raise where the hubs achieve less than is stated, or, where all follows from them, anything else."""
    value = float(stated["objective_value"])
    short = _sense(objective) * (value - found.value)
    wrong = short if found.periods or (found.evaluation is not None and found.evaluation.is_assigned) else abs(short)
    if wrong > AGREEMENT * max(1.0, abs(value)):
        allowed = _("{value:,.6f}, which its hubs achieve; look at the run with hubplanner audit", value=found.value)
        raise DataError(Fault(file=str(file), column="objective_value", value=value, allowed=allowed))
