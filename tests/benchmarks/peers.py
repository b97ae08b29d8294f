"""The contenders beside hubplanner: spopt, the textbook model in plain PuLP, and the same with its rows merged."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
from scipy.spatial import KDTree

from benchmarks.figures import Clock, by_pulp
from benchmarks.instances import Clocked, covering, graph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.instances import Covering, Floats


def plain(given: dict[str, Any], *, limit: float, gap: float, solver: str) -> dict[str, Any]:
    """Solve the textbook model with a row for each customer."""
    instance = covering(given)
    places, need = instance.points()
    clock = Clock()
    return by_pulp(textbook(instance, places, need), solver, clock, limit, gap)


def textbook(instance: Covering, places: Floats, need: Floats) -> Any:
    """Return the textbook model as a PuLP program."""
    return _program(instance, KDTree(instance.site_xy).query_ball_point(places, instance.reach), need)


def _program(instance: Covering, near: Iterable[Iterable[int]], need: Floats) -> Any:
    """Return the program with a row for each list of sites, of which one has to be open."""
    program = pulp.LpProblem("covering", pulp.LpMaximize)
    built = [program.add_variable(f"y{site}", cat="Binary") for site in range(len(instance.site_xy))]
    covered = [program.add_variable(f"z{customer}", 0, 1) for customer in range(len(need))]
    program.setObjective(pulp.LpAffineExpression(zip(covered, need.tolist(), strict=True)))
    for variable, sites in zip(covered, near, strict=True):
        program += pulp.LpAffineExpression([(variable, 1), *((built[site], -1) for site in sites)]) <= 0
    if instance.max_hubs is not None:
        program += pulp.LpAffineExpression([(one, 1) for one in built]) <= instance.max_hubs
    if instance.budget is not None:
        spent = zip(built, instance.site_cost.tolist(), strict=True)
        program += pulp.LpAffineExpression(spent) <= instance.budget
    return program


def merged(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the textbook model with one row for all customers that the same sites cover."""
    instance = covering(given)
    points = instance.points()
    clock = Clock()
    return by_pulp(_program(instance, *_merged(instance, [points])), "HiGHS", clock, limit, gap)


def merged_stream(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the merged model of customers that come in chunks, and say how long making them took."""
    instance = covering(given)
    chunks, clock = Clocked(instance.chunks), Clock()
    program = _program(instance, *_merged(instance, chunks))
    return by_pulp(program, "HiGHS", clock, limit, gap) | {"making": chunks.seconds}


def _merged(instance: Covering, chunks: Iterable[tuple[Floats, Floats]]) -> tuple[list[list[int]], Floats]:
    """Return the different lists of sites that cover customers, and the demand of each."""
    tree, total = KDTree(instance.site_xy), dict[bytes, float]()
    for places, need in chunks:
        near = tree.query_ball_point(places, instance.reach, return_sorted=True)
        length = np.fromiter(map(len, near), np.int64, len(near))
        flat = np.fromiter(chain.from_iterable(near), np.int32, length.sum()).tobytes()
        ends = 4 * np.cumsum(length)
        for start, end, weight in zip((ends - 4 * length).tolist(), ends.tolist(), need.tolist(), strict=True):
            key = flat[start:end]
            total[key] = total.get(key, 0.0) + weight
    return [np.frombuffer(key, np.int32).tolist() for key in total], np.array(list(total.values()))


def spopt(given: dict[str, Any], *, limit: float, gap: float, solver: str) -> dict[str, Any]:
    """Solve spopt's maximal covering model."""
    from scipy.spatial.distance import cdist
    from spopt.locate import MCLP

    instance = covering(given)
    places, need = instance.points()
    clock = Clock()
    distance = cdist(places, instance.site_xy)
    hubs = len(instance.site_xy) if instance.max_hubs is None else instance.max_hubs
    model = MCLP.from_cost_matrix(distance, need, instance.reach, p_facilities=hubs)
    if instance.budget is not None:
        _ask_for_budget(model, instance)
    return by_pulp(model.problem, solver, clock, limit, gap)


def _ask_for_budget(model: Any, instance: Covering) -> None:
    """Turn spopt's last row, the number of hubs, into a budget, which spopt does not offer."""
    row = list(model.problem.constraints.values())[-1]
    assert len(row) == len(instance.site_xy)
    more = zip(model.fac_vars, (instance.site_cost - 1).tolist(), strict=True)
    row.addInPlace(pulp.LpAffineExpression(more))
    row.sense = pulp.LpConstraintLE
    row.changeRHS(instance.budget)


def spopt_median(given: dict[str, Any], *, limit: float, gap: float, solver: str) -> dict[str, Any]:
    """Solve spopt's p-median model."""
    from spopt.locate import PMedian

    distance, hubs = graph(given["name"])
    clock = Clock()
    weight: Floats = distance[0] * 0 + 1
    model = PMedian.from_cost_matrix(distance, weight, p_facilities=hubs)
    return by_pulp(model.problem, solver, clock, limit, gap)


RUNS = {
    ("covering", "spopt + CBC"): partial(spopt, solver="CBC"),
    ("covering", "spopt + HiGHS"): partial(spopt, solver="HiGHS"),
    ("covering", "PuLP + CBC"): partial(plain, solver="CBC"),
    ("covering", "PuLP + HiGHS"): partial(plain, solver="HiGHS"),
    ("covering", "merged rows + HiGHS"): merged,
    ("streamed", "merged rows + HiGHS"): merged_stream,
    ("median", "spopt + CBC"): partial(spopt_median, solver="CBC"),
}
