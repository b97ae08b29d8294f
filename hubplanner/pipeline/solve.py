"""Scenario -> Inputs -> Problem -> Formulation -> Solution -> Plan."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import Any, cast

import numpy as np

from hubplanner.errors import InfeasibleError, ScenarioError, SolverError, StoppedError
from hubplanner.inputs import Inputs, build_problem, read_inputs
from hubplanner.inputs.demand.aggregation import Remeasurement, measure
from hubplanner.inputs.sites import enough_thinning
from hubplanner.model import MOST_PAIRS, TooManyPairsError
from hubplanner.model.constraints.base import Constraint
from hubplanner.outputs.plan import Plan
from hubplanner.outputs.rounding import finite
from hubplanner.pipeline.earlier_plan import surveyed_plan
from hubplanner.pipeline.objective import fair_terms, objective_of, proposal_of
from hubplanner.pipeline.repair import NEVER, mend
from hubplanner.problem import Conflict, CoverageRule, Evaluation, Problem, SiteStatus, Solution, evaluate
from hubplanner.scenario import Scenario, assumptions
from hubplanner.solver import SolverOptions, in_words, lacking, remedies, solve_problem
from hubplanner.solver.infeasibility.repair import least_repair
from hubplanner.solver.value_of_information import value_of_information
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _, joined

log = logging.getLogger(__name__)
LEAST_CHANGE_S = 10.0
"""Seconds that the least change of limits is looked for, unasked, where demands clash. For 250 centres in 156
districts, and for a hub in each of 129, it is known after 4 s of processor time, reading included."""


def solve(scenario: Scenario, *, repair: bool = False) -> Plan:
    """Read a scenario's data, choose the hubs and return the plan.

    Parameters
    ----------
    repair
        Whether a scenario that allows no plan is mended by the least change of its hub numbers, and of its budget where
        that is not enough; the plan tells what was changed, `hubplanner.repair` finds it without planning.

    Raises
    ------
    ScenarioError, DataError, CrsError
        When something asked for or read cannot be used; every fault at once.
    InfeasibleError
        When no plan meets everything that is asked.
    SolverError
        When the solver fails or finds no plan in time.
    """
    given: object = scenario
    if not isinstance(given, Scenario):
        message = _("a scenario is to be solved, not {given!r}; hubplanner.read_scenario(path) reads one", given=given)
        raise ScenarioError(message)
    options_of(scenario)  # a solver that is not there is told before large files are read
    return solve_inputs(read_inputs(scenario).tell(), repair=repair)


def solve_inputs(inputs: Inputs, *, repair: bool = False, seek_change: bool = True) -> Plan:
    """Choose the hubs for data that is read already; take and raise what `solve` does.

    Parameters
    ----------
    seek_change
        Whether the error of hub numbers that clash tells the least change that helps: looking for it takes seconds.
    """
    problem = build_problem(inputs)
    objective, options = objective_of(inputs), options_of(inputs.scenario)
    try:
        solution = solve_problem(problem, objective, options, start=surveyed_plan(inputs, problem, objective))
    except TooManyPairsError as error:
        thinning = enough_thinning(inputs.scenario, inputs.sites, error.by_site, MOST_PAIRS)
        raise ScenarioError(joined((str(error), thinning), ". ")) from error
    if repair and solution.clash is not None:
        return _repaired(inputs, solution.clash)
    evaluation = _plan_found(inputs, solution, seek_change=seek_change)
    again = remeasure(inputs, solution.problem, evaluation)
    futures = inputs.scenario.futures
    worth = (
        value_of_information(problem, objective, solution, options)
        if futures is not None and futures.information
        else None
    )
    fair = fair_terms(inputs, objective)
    return Plan(
        inputs=inputs,
        solution=solution,
        evaluation=evaluation,
        again=again,
        worth=worth,
        fair=fair,
        proposal=proposal_of(inputs, objective, evaluation),
    )


def _repaired(inputs: Inputs, clash: Conflict) -> Plan:
    """Return the plan after the least change of limits that makes one possible."""
    log.info(_("find the least change of limits that makes a plan possible"))
    mended = mend(inputs, options_of(inputs.scenario))
    if mended is None:
        raise infeasible(inputs, clash, change=_(NEVER))
    log.warning(_("As asked, {reason}", reason=str(infeasible(inputs, clash, change=""))))
    log.warning(joined((_("Now {change}", change=str(mended)), *mended.as_settings), "\n"))
    return replace(solve_inputs(mended.inputs), mended=mended.as_dict())


def options_of(scenario: Scenario) -> SolverOptions:
    """Return the scenario's solver options.

    Raises
    ------
    ScenarioError
        When its solver is not on this machine.
    """
    options = SolverOptions(**scenario.solver.model_dump())
    allowed = None if options.is_heuristic else lacking(options.name)
    if allowed is not None:
        fault = scenario.fault("solver.name", options.name, allowed)
        raise ScenarioError(fault)
    return options


def infeasible(inputs: Inputs, clash: Conflict, *, change: str | None = None) -> InfeasibleError:
    """Return the error of demands that clash, with what would help.

    Parameters
    ----------
    change
        The least change of hub numbers and budget in words, nothing if it is not to be told; looked for if None.
    """
    ids = inputs.sites.frame["site_id"].tolist()
    change = _least_change(inputs, clash) if change is None else change
    advice = joined((change, remedies(clash, within_repair=change != _(NEVER))), "; ")
    return InfeasibleError(in_words(clash, ids.__getitem__), finite(clash.least_budget), advice)


def _least_change(inputs: Inputs, clash: Conflict) -> str:
    """Return the least change of limits that makes a plan possible, in words; nothing where it is not found soon."""
    demands = cast("list[Constraint]", [demand for one in (clash, *clash.others) for demand in one.demands])
    counted = any(demand.can_move and demand.money is None for demand in demands)
    if not counted or inputs.scenario.futures is not None:
        return ""
    options = options_of(inputs.scenario)
    soon = replace(options, time_limit_s=min(options.time_limit_s, LEAST_CHANGE_S))
    try:
        found = least_repair(build_problem(inputs), objective_of(inputs), soon)
    except SolverError:  # not in this time; how much longer it takes nobody knows
        return ""
    if found is None:
        return _(NEVER)
    if not found.changes:
        return ""
    changes = joined(map(str, found.changes), ", ")
    return _("the least change that makes one possible (solve --repair) is {changes}", changes=changes)


def _plan_found(inputs: Inputs, solution: Solution, *, seek_change: bool) -> Evaluation:
    """Return the plan's figures, or raise for what kept it from being found."""
    if solution.clash is not None:
        raise infeasible(inputs, solution.clash, change=None if seek_change else "")
    if solution.evaluation is None and solution.stopped:
        message = _("stopped by you before any plan was found")
        raise StoppedError(message)
    if solution.evaluation is None:
        tried = f" ({solution.method})" if solution.method else ""
        message = _(
            "{solver} found no plan within the time limit{tried}; raise solver.time_limit_s",
            solver=solution.solver,
            tried=tried,
        )
        raise SolverError(message)
    return solution.evaluation


def overview(inputs: Inputs) -> dict[str, Any]:
    """Return counts and totals, what existing hubs cover, and what hubs of the widest reach at all sites could."""
    problem = build_problem(inputs)
    fair = fair_terms(inputs, objective_of(inputs)) if inputs.scenario.model.alpha else None
    need, people = math.fsum(problem.need), math.fsum(problem.people)
    parts = {"existing": np.flatnonzero(problem.existing), "all_sites": _widest(problem)}
    return (
        {
            "demand_rows": len(inputs.demand.frame),
            "demand_points": inputs.n_points,
            "people": people,
            "need": need,
            "sites": {code.name.lower(): int((inputs.sites.status == code).sum()) for code in SiteStatus},
            "tiers": [tier.name for tier in inputs.scenario.hubs],
            "options": problem.n_options,
            "coverable": {name: _coverable(problem, options, need) for name, options in parts.items()},
            **_beside(problem),
            "warnings": [warning.as_dict() for warning in inputs.warnings],
            "assumptions": assumptions(inputs.scenario),
        }
        | ({} if fair is None else {"fairness": fair})
        | ({} if inputs.searched is None else {"travel": inputs.searched.facts})
        | _links(inputs)
    )


def _beside(problem: Problem) -> dict[str, Any]:
    """Return whom measures beside hubs may reach, and for how much; nothing without any."""
    found = {
        measure.name: {
            "may_reach": math.fsum(measure.offline * measure.most),
            "cost_per_person": measure.cost,
            "benefit": measure.benefit,
        }
        for measure in problem.measures
    }
    return {"measures": found} if found else {}


def _links(inputs: Inputs) -> dict[str, Any]:
    """Return what may connect hubs; nothing without backhaul."""
    spec, links = inputs.scenario.backhaul, inputs.links
    if spec is None or links is None:
        return {}
    open_to = inputs.sites.allowed.any(axis=1)
    linked = open_to & ((inputs.sites.status == SiteStatus.EXISTING) | links.has_link.any(axis=1))
    return {
        "backhaul": {
            "technologies": list(spec.technologies.named),
            "sites": int(open_to.sum()),
            "sites_with_link": int(linked.sum()),
            "lines": len(links.edges[links.edges["technology"] != ""].groupby(["technology", "from", "to"]).size()),
        }
    }


def _widest(problem: Problem) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Return the option of the widest reach at each site."""
    order = np.lexsort((-problem.option_reach, problem.option_site))
    first = np.unique(problem.option_site[order], return_index=True)[1]
    return order[first]


def _coverable(
    problem: Problem, options: np.ndarray[tuple[int, ...], np.dtype[np.intp]], need: float
) -> dict[str, float]:
    plan = evaluate(problem, options)
    people = math.fsum(problem.people * plan.covered_share)
    share = plan.covered_need / need if need else 0.0
    return {"hubs": len(options), "people": people, "need": plan.covered_need, "share": share}


def remeasure(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> Remeasurement | None:
    """Return what the open hubs achieve for each point that was read; None where no points were merged.

    Raises
    ------
    DataError
        When a file is no longer what the plan was made from.
    SolverError
        When need or people within reach of a hub differ from those of the merged rows by more than 1e-6.
    """
    merged = inputs.merged
    if merged is None:
        return None
    log.info(_("measure from every point"))
    options = evaluation.options
    again = measure(inputs.scenario, merged, problem.option_site[options], problem.option_reach[options])
    inputs.sources.check()
    near = evaluate(replace(problem, rule=CoverageRule()), options).covered_share
    rows, need_of = inputs.demand.frame, inputs.demand.need_of
    weights = {"need": rows["need"], "people": rows["people"], "people offline": inputs.demand.offline}
    weights |= {f"need of {name}": need_of[name] for name in need_of}
    for (name, weight), found in zip(weights.items(), again.measured.covered, strict=True):
        told = math.fsum(np.asarray(weight) * near)
        if not abs(told - found) <= AGREEMENT * max(1.0, abs(told)):
            message = _(
                "{name} within reach is {told:,.6f} by merged rows, {found:,.6f} by the points themselves",
                name=name,
                told=told,
                found=found,
            )
            raise SolverError(message)
    return again
