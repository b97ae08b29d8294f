"""The objective's value, its goals, and what the stated bound, gap and status must say of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hubplanner.audit.constraints import FILE, spent
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.fairness import (
    CATCHMENT,
    GOAL,
    LEAST,
    catchment,
    check_alternatives,
    check_fairness,
    equivalent,
    fair_column,
    is_weighed,
)
from hubplanner.audit.ledger import ABSOLUTE, Ledger
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import is_assigned

ROUNDING = 1e-7
"""Relative gap that is a solver's rounding."""
AGREED = 1e-6
"""Relative difference between a value and its bound that is rounding."""
GOALS = {"max_coverage": "covered need", "min_cost": "cost", "p_median": "mean distance", "p_center": "worst distance"}
MORE_IS_BETTER = ("covered need", "smallest share", "sum of the years", GOAL, CATCHMENT)


def is_more(world: AuditData, name: str) -> bool:
    """Tell whether more of a goal is better."""
    if name == "over futures":
        return world.scenario.model.objective == "max_coverage" and world.scenario.model.under != "regret"
    if name == "sum of the years":
        return world.scenario.model.objective == "max_coverage"
    return name in MORE_IS_BETTER or name.endswith("smallest shares")


def goal_value(
    world: AuditData, plan: dict[str, Any], name: str, years: Sequence[tuple[list[AuditHub], AuditOutcome]]
) -> float | None:
    """Return a goal's figure of the plan of each year; None where the run does not store what it takes."""
    hubs, last = years[-1]
    rate = world.scenario.model.periods.discount_rate
    worth = [(1.0 + rate) ** -number for number in range(len(years))]
    if name in {"covered need", "sum of the years"} and world.scenario.model.objective != "p_median":
        return math.fsum(part * _covered(world, outcome) for part, (_, outcome) in zip(worth, years, strict=True))
    if name in {"mean distance", "sum of the years"}:
        means = [_mean_distance(world, outcome) for _, outcome in years]
        if None in means:
            return None
        return math.fsum(part * (mean or 0.0) for part, mean in zip(worth, means, strict=True))
    if name == "cost":
        return _cost(world, hubs, last)
    if name in {GOAL, CATCHMENT}:
        return _fair_goal(world, plan, name, hubs, last)
    number = 1 if name == "smallest share" else int(name.partition(" ")[0]) if name.endswith("shares") else 0
    return _smallest(world, last, number) if number else _worst(world, last)


def _fair_goal(
    world: AuditData, plan: dict[str, Any], name: str, hubs: list[AuditHub], last: AuditOutcome
) -> float | None:
    if name == CATCHMENT:
        return catchment(world, hubs, last.year)
    return equivalent(world, last, plan["fairness"]) if isinstance(plan.get("fairness"), dict) else None


def _covered(world: AuditData, outcome: AuditOutcome) -> float:
    return math.fsum(world.people.weight("need", outcome.year) * outcome.covered)


def _cost(world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome) -> float | None:
    rate = world.scenario.model.travel_cost_per_km
    if not rate:
        return float(spent(world, hubs))
    if not outcome.known:
        return None
    return float(spent(world, hubs)) + rate * math.fsum(outcome.links["need"] * outcome.links["distance"])


def ways(world: AuditData) -> tuple[Array, float]:
    """Return which points have a way to some site, and the longest way there is."""
    found, longest = np.zeros(len(world.people.points), dtype=bool), 0.0
    points = np.arange(len(world.people.points))
    for site, status in enumerate(world.sites.status):
        if status == "excluded":
            continue
        far = world.apart(points, np.array([site]))[:, 0]
        found |= np.isfinite(far)
        longest = max(longest, float(far[np.isfinite(far)].max(initial=0.0)))
    return found, longest


def _mean_distance(world: AuditData, outcome: AuditOutcome) -> float | None:
    need = world.people.at_points(world.people.weight("need", outcome.year))
    way, longest = ways(world)
    counted = (need > 0) & way
    total = math.fsum(need[counted])
    if total <= 0:
        return 0.0
    if not is_assigned(world):
        return math.fsum(need[counted] * np.minimum(outcome.service.nearest, longest)[counted]) / total
    if not outcome.known:
        return None
    some = np.bincount(world.people.row, weights=counted, minlength=len(world.people.frame)) > 0
    rows = outcome.links["row"].to_numpy(dtype=int)
    return math.fsum((outcome.links["need"] * outcome.links["distance"])[some[rows]]) / total


def _worst(world: AuditData, outcome: AuditOutcome) -> float | None:
    need = world.people.at_points(world.people.weight("need", outcome.year))
    counted = (need > 0) & ways(world)[0]
    if not is_assigned(world):
        return float(outcome.service.nearest[counted].max(initial=0.0))
    if not outcome.exact:
        return outcome.farthest
    links = outcome.links
    some = counted[links["row"].to_numpy(dtype=int)] & (links["share"] > ROUNDING / 100).to_numpy()
    return float(links["distance"].to_numpy()[some].max(initial=0.0))


def _smallest(world: AuditData, outcome: AuditOutcome, count: int) -> float:
    """Return the sum of the smallest covered shares."""
    values = world.people.frame[fair_column(world)].to_numpy()
    need = world.people.weight("need", 0)
    shares = [
        math.fsum(need[values == value] * outcome.covered[values == value]) / math.fsum(need[values == value])
        for value in sorted(set(values))
        if math.fsum(need[values == value]) > 0
    ]
    return math.fsum(sorted(shares)[:count])


def expected_goals(world: AuditData) -> list[str]:
    """Return the goals that the scenario asks for, in their order."""
    model = world.scenario.model
    if model.periods.years and not model.periods.nested:
        return ["sum of the years"]
    own = [GOALS[model.objective]] + (["mean distance"] if model.objective == "p_center" else [])
    if is_weighed(world):
        largest = None if model.fairness is None else model.fairness.prefer_largest_of
        return [GOAL] if largest is None else [GOAL, CATCHMENT]
    if model.fairness is None or model.fairness.alpha == 0:
        return own
    values = world.people.frame[fair_column(world)].to_numpy()
    need = world.people.weight("need", 0)
    with_need = sum(bool(need[values == value].sum() > 0) for value in set(values))
    fair = ["smallest share", *(f"{count} smallest shares" for count in range(2, with_need + 1))][:with_need]
    return [*fair, *own] if model.fairness_goal == "main" else [*own, *fair]


def check_goals(
    world: AuditData, plan: dict[str, Any], years: Sequence[tuple[list[AuditHub], AuditOutcome]] | None, ledger: Ledger
) -> None:
    """Compare objective value, goals, gap and status; without years the values are left unaudited."""
    main = expected_goals(world)
    main_name = main[0] if main[0] in {"sum of the years", GOAL} else GOALS[world.scenario.model.objective]
    stated = [goal.get("name") for goal in plan.get("goals", [])]
    if stated != main and not (stated == main[: len(stated)] and plan.get("status") == "feasible"):
        ledger.holds(FILE, "goals", true=False, stated=stated, recomputed=main)
    for goal in plan.get("goals", []):
        if goal.get("name") in main:
            _check_goal(world, plan, goal, years, ledger)
    if years is not None and (value := goal_value(world, plan, main_name, years)) is not None:
        ledger.same(FILE, "objective_value", plan.get("objective_value"), value)
    own: dict[str, Any] = next((goal for goal in plan.get("goals", []) if goal.get("name") == main_name), {})
    ledger.same(FILE, "bound, against its goal's", plan.get("bound"), own.get("bound"))
    if years is not None:
        check_fairness(world, years[-1][1], plan, ledger)
        check_alternatives(world, years[-1][0], plan, years[-1][1].year, ledger)
    check_proof(world, plan, main_name, ledger)


def _check_goal(
    world: AuditData,
    plan: dict[str, Any],
    goal: dict[str, Any],
    years: Sequence[tuple[list[AuditHub], AuditOutcome]] | None,
    ledger: Ledger,
) -> None:
    name = str(goal["name"])
    if years is not None:
        value = goal_value(world, plan, name, years)
        if value is None:
            ledger.skip(f"plan.json, goal {name} and what is made of it: links of spread rows do not determine it")
        else:
            ledger.same(FILE, f"goal {name}", goal.get("value"), value)
    brackets(world, name, goal.get("value"), goal.get("bound"), ledger, f"goal {name}, bound")


def brackets(world: AuditData, name: str, value: Any, bound: Any, ledger: Ledger, item: str) -> None:  # noqa: PLR0913, PLR0917
    """Note a bound on the wrong side of its value."""
    sense = 1.0 if is_more(world, name) else -1.0
    fine = sense * (bound - value) >= -AGREED * _size(name, value)
    side = "at least" if sense > 0 else "at most"
    ledger.holds(FILE, item, true=fine, stated=bound, recomputed=f"{side} the value, {value}")


def _size(name: str, *figures: float) -> float:
    """Return what a gap is relative to: the smallest figure, or 1 where it is less, but for shares, which all are."""
    return max(LEAST if name == GOAL else 1.0, min(map(abs, figures)))


def check_proof(world: AuditData, plan: dict[str, Any], name: str, ledger: Ledger) -> None:
    """Compare gap and status with what value and bound make of them."""
    value, bound = plan["objective_value"], plan["bound"]
    brackets(world, name, value, bound, ledger, "bound")
    gap = abs(bound - value) / _size(name, value, bound)
    ledger.same(FILE, "gap", plan.get("gap"), gap, absolute=ABSOLUTE * 1e-6)
    goals = ((str(goal["name"]), goal["value"], goal["bound"]) for goal in plan.get("goals", []))
    gaps = [gap]
    if name != GOALS["p_center"]:  # there the worst distance speaks for the plan: the mean within it has its own bound
        gaps += [abs(most - own) / _size(goal, own, most) for goal, own, most in goals]
    total = plan["need"]["total"]
    if name == GOALS["max_coverage"] and not (plan.get("periods") or plan.get("futures")):
        fine = bound <= total * (1 + AGREED)
        ledger.holds(FILE, "bound, against all need", true=fine, stated=bound, recomputed=f"at most {total}")
    asked = world.scenario.solver.gap + ROUNDING
    proven, alone = max(gaps) <= asked, len(plan["goals"]) == 1
    # Where time was too short for a later goal, a plan is not optimal however near its first bound is.
    allowed = ["optimal"] * proven + ["feasible"] * (not proven or not alone)
    words = f"{' or '.join(allowed)}, at a gap of {max(gaps):.3g}"
    ledger.holds(FILE, "status", true=plan.get("status") in allowed, stated=plan.get("status"), recomputed=words)
