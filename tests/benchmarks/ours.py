"""hubplanner as a contender: arrays, streams and the p-median."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.figures import Clock, figures
from benchmarks.instances import Clocked, covering, graph

if TYPE_CHECKING:
    from benchmarks.instances import Covering

FAR = 1e9
"""A reach beyond all distances."""


def record(solution: Any, seconds: float, gap: float, scale: float = 1.0, **more: Any) -> dict[str, Any]:
    """Return a solution's figures with its own status; its value times a scale."""
    found = figures(solution.value * scale, solution.bound * scale, seconds, gap, **more)
    return found | {"status": str(solution.status)}


def options(limit: float, gap: float) -> Any:
    """Return solver options for one thread; which of several equal plans is no matter."""
    import hubplanner as hp

    return hp.SolverOptions(gap=gap, time_limit_s=limit, ties=False, threads=1)


def limits(instance: Covering) -> Any:
    """Return the objective of a covering instance."""
    import hubplanner as hp

    return hp.MaxCoverage(budget=instance.budget, max_hubs=instance.max_hubs)


def arrays(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve a covering instance from its arrays."""
    import hubplanner as hp

    instance, how = covering(given), options(limit, gap)
    places, need = instance.points()
    objective, solve = limits(instance), hp.solve_problem
    clock = Clock()
    problem = hp.Problem.from_points(places, need, instance.site_xy, instance.site_cost, instance.reach)
    solution = solve(problem, objective, how)
    return record(solution, clock.seconds(), gap)


def streamed(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve a covering instance from chunks that are made as they are read, and say how long making them took."""
    import hubplanner as hp

    instance, how = covering(given), options(limit, gap)
    objective, solve = limits(instance), hp.solve_problem
    chunks = Clocked(instance.chunks)
    clock = Clock()
    problem = hp.Problem.from_stream(chunks, instance.site_xy, instance.site_cost, instance.reach)
    solution = solve(problem, objective, how)
    return record(solution, clock.seconds(), gap, making=chunks.seconds, passes=chunks.passes)


def median(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve a p-median instance; its value is the sum of distances, as others count."""
    import hubplanner as hp

    distance, hubs = graph(given["name"])
    nodes, how, solve = len(distance), options(limit, gap), hp.solve_problem
    objective = hp.PMedian(max_hubs=hubs)
    clock = Clock()
    problem = hp.Problem.from_matrix(distance, np.ones(nodes), np.ones(nodes), FAR)
    solution = solve(problem, objective, how)
    return record(solution, clock.seconds(), gap, scale=nodes)


RUNS = {
    ("covering", "hubplanner"): arrays,
    ("streamed", "hubplanner"): streamed,
    ("median", "hubplanner"): median,
}
