"""Twenty budgets: as a frontier, as one list, one by one, and one by one with PuLP and HiGHS alone."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks import national, peers
from benchmarks.figures import Clock, by_pulp, figures
from benchmarks.instances import covering
from benchmarks.ours import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.instances import Covering

    Asked = tuple[Any, Any, list[float]]

POINTS = 20


def asked(given: dict[str, Any]) -> Asked:
    """Return a problem, its objective without a budget, and the budgets in even steps up to the most."""
    import hubplanner as hp

    budgets = _budgets(given)
    if given["make"] == "national":
        return *national.inputs("within_reach"), budgets
    instance = _town(given)
    places, need = instance.points()
    problem = hp.Problem.from_points(places, need, instance.site_xy, instance.site_cost, instance.reach)
    return problem, hp.MaxCoverage(), budgets


def _budgets(given: dict[str, Any]) -> list[float]:
    """Return the budgets in even steps up to the most, which is money or a share of all sites' cost."""
    most = given["most"] if given["make"] == "national" else given["most"] * float(_town(given).site_cost.sum())
    return [most * step / POINTS for step in range(1, POINTS + 1)]


def _town(given: dict[str, Any], budget: float | None = None) -> Covering:
    from dataclasses import replace

    return replace(covering({key: value for key, value in given.items() if key != "most"}), budget=budget)


def one_by_one(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve for each budget on its own."""
    from dataclasses import replace

    import hubplanner as hp

    (problem, objective, budgets), solve, how = asked(given), hp.solve_problem, options(limit, gap)
    clock, found, times = Clock(), list[Any](), list[float]()
    for money in budgets:
        own = Clock()
        found.append(solve(problem, replace(objective, budget=money), how))
        times.append(own.seconds())
    return _record([(one.value, one.bound) for one in found], clock.seconds(), gap, max(times))


def as_list(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve for all budgets with what they share done once."""
    from dataclasses import replace

    import hubplanner as hp

    (problem, objective, budgets), solve, how = asked(given), hp.solve_many, options(limit, gap)
    clock = Clock()
    found = solve(problem, [replace(objective, budget=money) for money in budgets], how)
    return _record([(one.value, one.bound) for one in found], clock.seconds(), gap)


def as_frontier(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Trace the frontier: what a list shares, and the least cost of each point."""
    from hubplanner.analysis.frontier.trace import trace

    problem, objective, budgets = asked(given)
    clock = Clock()
    found = trace(problem, objective, budgets, options(limit, gap))
    seconds = clock.seconds()
    points = {point.limit: (point.covered, point.covered_bound) for point in found.solved}
    # A budget beyond what covers everything has no point of its own.
    pairs = [points.get(money, (found.solved[-1].covered, found.solved[-1].covered_bound)) for money in budgets]
    loose = max(1 - point.other_bound / point.other for point in found.solved)
    return _record(pairs, seconds, gap) | {"together": True, "cost_gap": loose}


def plain(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the textbook model with PuLP and HiGHS for each budget, as many as the limit allows."""
    program = _programs(given)
    clock, found = Clock(), list[dict[str, Any]]()
    for money in _budgets(given):
        if clock.wall() >= limit:
            break
        own = Clock()
        found.append(by_pulp(program(money), "HiGHS", own, limit - clock.wall(), gap))
    seconds = clock.seconds()
    proven = [one for one in found if one["status"] == "optimal"]
    if len(proven) == POINTS:
        unit = national.UNIT if given["make"] == "national" else 1.0
        return _record([(one["value"] * unit, one["bound"] * unit) for one in found], seconds, gap)
    none = figures(math.nan, math.nan, seconds, gap)
    return none | {"status": "feasible", "points": len(proven), "of": POINTS}


def _programs(given: dict[str, Any]) -> Callable[[float], Any]:
    """Return what makes the textbook program of a budget."""
    if given["make"] == "national":
        problem, _ = national.inputs("within_reach")
        return partial(national.textbook, problem)
    places, need = _town(given).points()
    return lambda money: peers.textbook(_town(given, money), places, need)


def _record(pairs: list[tuple[float, float]], seconds: float, gap: float, slowest: float = 0.0) -> dict[str, Any]:
    """Return the sums of values and bounds as figures."""
    values = [value for value, _ in pairs]
    more = {"slowest": slowest} if slowest else {}
    return figures(sum(values), sum(bound for _, bound in pairs), seconds, gap, values=values, **more)


RUNS = {
    ("frontier", "PuLP + HiGHS"): plain,
    ("frontier", "one by one"): one_by_one,
    ("frontier", "solve_many"): as_list,
    ("frontier", "frontier"): as_frontier,
}
