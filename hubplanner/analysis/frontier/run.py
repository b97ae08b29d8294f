"""A scenario to its frontier."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hubplanner.analysis.frontier.nested import trace_nested
from hubplanner.analysis.frontier.points import STOPPED, FrontierTrace
from hubplanner.analysis.frontier.result import Frontier
from hubplanner.analysis.frontier.trace import check_traceable, trace, trace_all
from hubplanner.analysis.frontier.trade_offs import trace_distance, trace_fairness, trace_worst_group
from hubplanner.analysis.requests import ALPHAS, COST, DISTANCE, FAIRNESS, WORST_GROUP, FrontierRequest
from hubplanner.errors import ScenarioError, SolverError, StoppedError
from hubplanner.folders import FRONTIER_MARKS, HASH_LENGTH, RUNS
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.inputs.groups import fair_groups
from hubplanner.model import MaxMin
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import infeasible, options_of
from hubplanner.problem import Problem
from hubplanner.runs.naming import default_folder, read_for
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import MAX_MIN, FairnessSpec
from hubplanner.solver import solve_problem
from hubplanner.stopping import searching
from hubplanner.translation import gettext as _, joined

log = logging.getLogger(__name__)

UP_TO = 2.0
"""Times the scenario's budget up to which points go."""


def frontier(  # noqa: PLR0913 - one argument an option
    scenario: Scenario,
    *,
    points: int = FrontierRequest.points,
    budgets: Sequence[float] | None = None,
    trade: str = FrontierRequest.trade,
    group: str | None = None,
    nested: bool = False,
    every: bool = False,
    alphas: Sequence[float] | None = None,
) -> Frontier:
    """Return the plans of which none beats another, each with its bound.

    Parameters
    ----------
    scenario
        A question of objective ``max_coverage``, with all its limits.
    points, budgets, trade, group, nested, every, alphas
        As in `FrontierRequest`.

    Raises
    ------
    ScenarioError, DataError, CrsError
        When something asked for or read cannot be used.
    InfeasibleError
        When no plan meets everything that is asked within any of the budgets.
    SolverError
        When the solver fails, or finds no plan at all in time.
    """
    money = None if budgets is None else tuple(map(float, budgets))
    fair = None if alphas is None else tuple(map(float, alphas))
    ask = FrontierRequest(
        points=points, budgets=money, trade=trade, group=group, nested=nested, every=every, alphas=fair
    )
    return frontier_of(read_inputs(scenario).tell(), ask)


def run_frontier(
    scenario: Scenario, ask: FrontierRequest, folder: Path | None = None, *, runs: Path = RUNS, overwrite: bool = False
) -> tuple[Frontier, Path]:
    """Find a scenario's frontier, write its folder, ``runs/NAME-frontier-HASH`` if left out, and return both."""
    inputs, target = read_for(
        scenario, folder, FRONTIER_MARKS, lambda known: _default_folder(known, ask, runs), overwrite=overwrite
    )
    found = frontier_of(inputs, ask)
    log.info(_("write the files"), extra={"folder": str(target)})
    return found, found.write(target, overwrite=overwrite)


def _default_folder(inputs: Inputs, ask: FrontierRequest, runs: Path) -> Path:
    parts = [default_folder(inputs).name, repr(ask)]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return runs / f"{inputs.scenario.name}-frontier-{digest[:HASH_LENGTH]}"


def frontier_of(inputs: Inputs, ask: FrontierRequest) -> Frontier:
    """Return the frontier of data that is read already; raise as `frontier` does."""
    problem, began = build_problem(inputs), time.perf_counter()
    fair = ask.against == FAIRNESS
    check_traceable(problem, objective_of(inputs), by_budgets=ask.against == COST and not ask.nested, fairness=fair)
    with searching():
        found = _WAYS[ask.against](inputs, problem, ask)
    if not found.points:
        _raise_missing(inputs, found)
    asked: dict[str, Any] = {"trade": ask.trade, "all": ask.every, "nested": ask.nested}
    asked |= {"group": _group(inputs, ask)} if ask.against in {WORST_GROUP, FAIRNESS} else {}
    groups = _groups(inputs, ask) if fair else None
    seconds = time.perf_counter() - began
    return Frontier(inputs=inputs, problem=problem, trace=found, asked=asked, seconds=seconds, groups=groups)


def _by_cost(inputs: Inputs, problem: Problem, ask: FrontierRequest) -> FrontierTrace:
    objective, options = objective_of(inputs), options_of(inputs.scenario)
    if ask.every:
        return trace_all(problem, objective, options)
    budgets = ask.budgets or _even_budgets(inputs, problem, ask.points)
    return (trace_nested if ask.nested else trace)(problem, objective, budgets, options)


def _even_budgets(inputs: Inputs, problem: Problem, points: int) -> tuple[float, ...]:
    """Return budgets in even steps, the scenario's among them where their number is even."""
    top = inputs.scenario.model.budget
    if top is None:
        log.info(_("solve without a budget, to see what the most coverage costs"))
        free = solve_problem(problem, objective_of(inputs), options_of(inputs.scenario))
        if free.evaluation is None:
            late = StoppedError(_STOPPED) if free.stopped else SolverError(_LATE)
            raise infeasible(inputs, free.clash) if free.clash else late
        top = free.evaluation.cost / UP_TO
    return tuple(float(money) for money in np.linspace(0, UP_TO * max(top, 0.0), points + 1)[1:])


def _by_distance(inputs: Inputs, problem: Problem, ask: FrontierRequest) -> FrontierTrace:
    points = None if ask.every else ask.points
    return trace_distance(problem, objective_of(inputs), points, options_of(inputs.scenario))


def _by_worst(inputs: Inputs, problem: Problem, ask: FrontierRequest) -> FrontierTrace:
    points = None if ask.every else ask.points
    return trace_worst_group(problem, objective_of(inputs), _groups(inputs, ask), points, options_of(inputs.scenario))


def _groups(inputs: Inputs, ask: FrontierRequest) -> MaxMin:
    """Return the need of each of the groups that are compared with each other."""
    group = _group(inputs, ask)
    values = inputs.demand.values(group)
    weights = np.array([inputs.demand.group_need(group=group, value=value) for value in values])
    return MaxMin(weights=weights, names=tuple(f"{group} {value}" for value in values))


def _by_fairness(inputs: Inputs, problem: Problem, ask: FrontierRequest) -> FrontierTrace:
    alphas = sorted(ask.alphas or ALPHAS)
    asked = {alpha: objective_of(_weighed(inputs, alpha, _group(inputs, ask))) for alpha in alphas}
    return trace_fairness(problem, asked, options_of(inputs.scenario))


def _weighed(inputs: Inputs, alpha: float, group: str) -> Inputs:
    """Return the same question with another aversion to unequal shares, and everything else as the scenario has it."""
    model = inputs.scenario.model
    own = model.fairness if model.alpha else None
    fairness = None
    if alpha:
        fairness = FairnessSpec(alpha=MAX_MIN if alpha == math.inf else alpha, group=group)
        if own is not None and alpha < math.inf:
            fairness = own.model_copy(update={"alpha": alpha, "group": group})
    changed = {"fairness": fairness, "fairness_group": None, "fairness_goal": "main"}
    scenario = inputs.scenario.model_copy(update={"model": model.model_copy(update=changed)})
    return replace(inputs, scenario=scenario)


_WAYS = {COST: _by_cost, DISTANCE: _by_distance, WORST_GROUP: _by_worst, FAIRNESS: _by_fairness}


def _group(inputs: Inputs, ask: FrontierRequest) -> str:
    known = inputs.scenario.demand.groups
    own = inputs.scenario.model.fairness
    if ask.group is None and ask.against == FAIRNESS and own is not None:
        return fair_groups(inputs).column
    group = ask.group or next(iter(known), None)
    if group is None or group not in known:
        message = _(
            "--group: {group!r} found; allowed: one of demand.groups ({known})",
            group=group,
            known=joined(known, ", ") or "none is set",
        )
        raise ScenarioError(message)
    return group


_STOPPED = "stopped by you before any plan was found"
_LATE = "no plan was found within the time limit of any point; raise solver.time_limit_s"


def _raise_missing(inputs: Inputs, found: FrontierTrace) -> None:
    """Raise for what kept every point from being found: the clash of the largest budget."""
    clash = next((missing.clash for missing in reversed(found.missing) if missing.clash is not None), None)
    if clash is None:
        raise StoppedError(_STOPPED) if any(one.status == STOPPED for one in found.missing) else SolverError(_LATE)
    raise infeasible(inputs, clash)
