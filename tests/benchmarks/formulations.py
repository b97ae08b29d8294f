"""Formulations side by side: the textbook one of each family, and the one hubplanner builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.figures import Clock, by_pulp
from benchmarks.national import inputs
from benchmarks.ours import options, record

if TYPE_CHECKING:
    from collections.abc import Callable

FREE = ("within_reach",)
HUBS = 12


def solve(question: tuple[Any, Any], limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner as it is, or as a case has changed it."""
    import hubplanner as hp

    problem, objective = question
    run, how = hp.solve_problem, options(limit, gap)
    clock = Clock()
    solution = run(problem, objective, how)
    return record(solution, clock.seconds(), gap)


def town(seed: int) -> Any:
    """Return 400 points and 150 sites in a square."""
    import hubplanner as hp

    rng = np.random.default_rng(seed)
    points, sites = rng.uniform(0, 1e5, (400, 2)), rng.uniform(0, 1e5, (150, 2))
    return hp.Problem.from_points(points, rng.integers(1, 1000, 400), sites, np.ones(150), 1e4)


def classic_median(limit: float, gap: float, seed: int) -> dict[str, Any]:
    """Solve the classic p-median, one variable a pair, with PuLP and HiGHS."""
    import pulp

    problem = town(seed)
    clock = Clock()
    distance = np.column_stack([problem.travel.from_site(site) for site in range(problem.n_sites)])
    weight = problem.need / problem.need.sum()
    program = pulp.LpProblem("median", pulp.LpMinimize)
    built = [program.add_variable(f"y{site}", cat="Binary") for site in range(problem.n_sites)]
    cost = []
    for point in range(problem.n_points):
        served = [program.add_variable(f"x{point}_{site}", 0, 1) for site in range(problem.n_sites)]
        cost += zip(served, (weight[point] * distance[point]).tolist(), strict=True)
        program += pulp.LpAffineExpression([(x, 1) for x in served]) == 1
        for x, y in zip(served, built, strict=True):
            program += pulp.LpAffineExpression([(x, 1), (y, -1)]) <= 0
    program += pulp.LpAffineExpression([(y, 1) for y in built]) <= HUBS
    program.setObjective(pulp.LpAffineExpression(cost))
    return by_pulp(program, "HiGHS", clock, limit, gap)


def chained_median(limit: float, gap: float, seed: int) -> dict[str, Any]:
    """Solve the same p-median with chains of distances that deepen where they must."""
    import hubplanner as hp

    return solve((town(seed), hp.PMedian(max_hubs=HUBS)), limit, gap)


def halved_backup(limit: float, gap: float) -> dict[str, Any]:
    """Ask for a second hub with half of each: 2 z <= sum of y, z whole."""
    from pulp import LpConstraintLE

    from hubplanner.model.lp import once_for_each_model
    from hubplanner.model.variables import coverage as cover

    @once_for_each_model
    def rows_covered(model: Any) -> list[Any]:
        rows, made = model.instance.cover_rows, []
        for row, times in enumerate(rows.times.tolist()):
            near = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
            made.append(model.variable(f"covered_{row}", 0, 1, whole=times > 1))
            terms = [(made[-1], float(times)), *model.opened(near, np.full(len(near), -1.0))]
            model.add(f"cover_{row}", terms, LpConstraintLE, 0)
        return made

    cover.rows_covered = rows_covered
    return backup(limit, gap)


def backup(limit: float, gap: float) -> dict[str, Any]:
    """Ask for a second hub that counts 30 %."""
    return solve(inputs(*FREE, coverage__backup=2, coverage__backup_weight=0.3), limit, gap)


def plain_seats(limit: float, gap: float) -> dict[str, Any]:
    """Solve the national plan with seats in one search over all options."""
    from hubplanner.solver.mip import search as optimise

    optimise.FEW_OPTIONS = 10**9
    return seats(limit, gap)


def seats(limit: float, gap: float) -> dict[str, Any]:
    """Solve the national plan with seats, near the relaxation's bound first."""
    return solve(inputs(), limit, gap)


PAIRS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, Any]]]] = {
    "median": (classic_median, chained_median),
    "backup": (halved_backup, backup),
    "seats": (plain_seats, seats),
}


def textbook(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with the textbook's formulation."""
    return _run(0, given, limit, gap)


def ours(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner's formulation."""
    return _run(1, given, limit, gap)


def _run(which: int, given: dict[str, Any], limit: float, gap: float) -> dict[str, Any]:
    rest = dict(given)
    found: dict[str, Any] = PAIRS[rest.pop("family")][which](limit, gap, **rest)
    return found


RUNS = {("formulations", "textbook"): textbook, ("formulations", "ours"): ours}
