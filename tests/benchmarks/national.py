"""The national scenario: PuLP and HiGHS alone on merged rows beside hubplanner, and hubplanner with seats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.figures import Clock, by_pulp
from benchmarks.ours import options, record

UNIT = 1e6
"""Need that the plain model counts as one."""
SCENARIO = Path(__file__).resolve().parents[2] / "scenarios/most_need.yaml"


def inputs(*overrides: str, **settings: Any) -> tuple[Any, Any]:
    """Return the national problem and its objective."""
    import hubplanner as hp
    from hubplanner.pipeline.objective import objective_of

    keys = {key.replace("__", "."): value for key, value in settings.items()}
    data = hp.read_inputs(hp.read_scenario(SCENARIO, overrides=overrides, settings=keys))
    return hp.build_problem(data), objective_of(data)


def plain(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the textbook model with PuLP and HiGHS: merged rows, nothing else."""
    problem, _ = inputs("within_reach")
    clock = Clock()
    return by_pulp(textbook(problem, given["budget"]), "HiGHS", clock, limit, gap)


def textbook(problem: Any, budget: float) -> Any:
    """Return the textbook model on merged rows as a PuLP program, with need in millions."""
    import pulp

    from hubplanner.problem import merge_demand

    rows = merge_demand(problem)
    program = pulp.LpProblem("plain", pulp.LpMaximize)
    built = [program.add_variable(f"y{option}", cat="Binary") for option in range(problem.n_options)]
    covered = [program.add_variable(f"z{row}", 0, 1) for row in range(len(rows.need))]
    program.setObjective(pulp.LpAffineExpression(zip(covered, (rows.need / UNIT).tolist(), strict=True)))
    for row, variable in enumerate(covered):
        near = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
        program += pulp.LpAffineExpression([(variable, 1), *((built[option], -1) for option in near)]) <= 0
    for site in range(problem.n_sites):
        program += pulp.lpSum(built[option] for option in (problem.option_site == site).nonzero()[0]) <= 1
    spent = zip(built, (problem.option_cost / 1e7).tolist(), strict=True)
    program += pulp.LpAffineExpression(spent) <= budget / 1e7
    return program


def hubplanner(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner."""
    import hubplanner as hp

    problem, objective = inputs(*given["overrides"], model__budget=given["budget"])
    solve, how = hp.solve_problem, options(limit, gap)
    clock = Clock()
    solution = solve(problem, objective, how)
    return record(solution, clock.seconds(), gap, scale=given.get("scale", 1.0))


def in_millions(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner and count in millions, as the plain model does."""
    return hubplanner({**given, "overrides": ["within_reach"], "scale": 1 / UNIT}, limit=limit, gap=gap)


RUNS = {
    ("national", "PuLP + HiGHS"): plain,
    ("national", "hubplanner"): in_millions,
    ("seats", "hubplanner"): hubplanner,
}
