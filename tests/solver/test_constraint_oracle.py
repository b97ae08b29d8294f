"""Every objective under every constraint that goes with it, and under pairs, against an enumeration of all plans."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import SLOW, one_of
from support.instances.random_questions import (
    CONSTRAINTS,
    KINDS,
    RULES,
    Case,
    every_block,
    every_rule,
    goes,
    some_changes,
    some_pairs,
)
from support.oracles.assignment import sought
from support.oracles.questions import recheck, years_of

import hubplanner as hp
from hubplanner.problem import Status
from hubplanner.solver import SolverOptions, found_solvers, solve_problem
from hubplanner.solver.mip import search as optimise
from hubplanner.solver.mip.bounds import relaxation as screening

if TYPE_CHECKING:
    from support.oracles.questions import Query

    from hubplanner.problem import Evaluation

SOLVERS = ("highs", "cbc")
OTHERS = tuple(name for name in found_solvers() if name not in SOLVERS)
EVERY = 8
"""One in so many instances is also solved by all other solvers."""
CASES = [
    *every_block(0),
    *every_rule(0),
    *one_of(5, [case for seed in range(1, 3) for case in every_block(seed)]),
    *one_of(5, [case for seed in range(3, 7) for case in every_block(seed) if "periods" in case.names[0]]),
    *one_of(5, some_pairs(170, 1000)),
    *one_of(5, some_changes(80, 3000)),
]
LEAST = 8 if SLOW else 2
"""How many of each kind there are among them."""
BATCH = 12
SAME = 1e-6


def solvers_of(number: int) -> tuple[str, ...]:
    """Return who solves an instance: HiGHS each, by default CBC one of two, since both are given the same rows."""
    return SOLVERS[: 2 if SLOW or number % 2 == 0 else 1] + OTHERS * (number % EVERY == 0)


@pytest.mark.parametrize("first", range(0, len(CASES), BATCH))
def test_every_solver_finds_the_figures_that_enumeration_finds(first: int) -> None:
    for number, case in enumerate(CASES[first : first + BATCH], first):
        for name in solvers_of(number):
            query = case.query
            options = SolverOptions(name=name, gap=0, threads=1, ties=False)
            solution = solve_problem(query.town.problem(), query.objective, options)
            if case.best is None:
                assert solution.status == Status.INFEASIBLE, (case, name)
                assert solution.clashes, (case, name)
            else:
                check(case, solution, case.best, name)


@pytest.mark.parametrize("screen", [1e-9, 6e-4, 0.2])
def test_a_search_near_the_bound_first_finds_the_same(monkeypatch: pytest.MonkeyPatch, screen: float) -> None:
    """As it goes with many options, where nearly all plans are left out at first."""
    monkeypatch.setattr(optimise, "FEW_OPTIONS", 0)
    monkeypatch.setattr(optimise, "SCREENS", (screen,))
    monkeypatch.setattr(optimise, "SHARP_SCREENS", (screen,))
    for case in one_of(2, every_block(7)):
        if case.best is not None:
            options = SolverOptions(gap=0, threads=1, ties=False)
            check(case, solve_problem(case.query.town.problem(), case.query.objective, options), case.best, "highs")


@pytest.mark.parametrize("ordered", [False, True])
def test_chains_that_begin_too_short_are_deepened(monkeypatch: pytest.MonkeyPatch, *, ordered: bool) -> None:
    monkeypatch.setattr(screening, "FIRST_DEPTH", 1)
    for case in one_of(4 if ordered else 2, [*every_block(8), *every_rule(8)]):
        if case.best is not None and (ordered or case.kind.startswith("p_")):
            for name in SOLVERS:
                options = SolverOptions(name=name, gap=0, threads=1, ties=ordered)
                check(case, solve_problem(case.query.town.problem(), case.query.objective, options), case.best, name)


def check(case: Case, solution: hp.Solution, best: list[float], name: str) -> None:
    """Hold a solution's figures, bounds and plan to the oracle's."""
    label = (case, name)
    assert solution.evaluation is not None, (*label, solution.clashes)
    assert [goal.value for goal in solution.goals] == pytest.approx(best, rel=SAME, abs=SAME), label
    senses = [goal.sense for goal in sought(case.query.objective)]
    for goal, figure, sense in zip(solution.goals, best, senses, strict=True):
        slack = SAME * max(1.0, abs(figure))
        assert sense * goal.bound >= sense * figure - slack, label
        assert sense * goal.bound >= sense * goal.value, label
    assert solution.value in {goal.value for goal in solution.goals}, label
    if name in SOLVERS:
        assert solution.gap <= SAME, label
    if name == "highs":
        assert solution.status == Status.OPTIMAL, (label, solution.gap)
    check_plan(case.query, solution)


def check_plan(query: Query, solution: hp.Solution) -> None:
    """Recompute the figures of the plan, or of all its years, by the oracle's rules alone."""
    periods = query.constraint("Periods")
    if periods is None:
        found = recheck(query, *hubs(query, solution.evaluation))
        assert found == pytest.approx([goal.value for goal in solution.goals], rel=SAME, abs=SAME)
        return
    plans = [hubs(query, year.evaluation) for year in solution.periods]
    figures = [recheck(year, *plan)[0] for year, plan in zip(years_of(query), plans, strict=True)]
    worth = sum(figure * (1 + periods.discount_rate) ** -year for year, figure in enumerate(figures))
    assert solution.value == pytest.approx(worth, rel=SAME, abs=SAME)
    spent = [float(query.town.cost(plan[None])[0]) for plan, _ in plans]
    money = np.cumsum(periods.budgets).tolist()
    assert all(cost <= limit * (1 + 1e-9) + 1e-9 for cost, limit in zip(spent, money, strict=True))
    if periods.nested:
        assert all((later[0] >= earlier[0]).all() for earlier, later in pairwise(plans))
    if periods.nested and not periods.carry_over:
        yearly = np.diff([0.0, *spent]).tolist()
        assert all(cost <= limit + 1e-9 for cost, limit in zip(yearly, periods.budgets, strict=True))


def hubs(query: Query, plan: Evaluation | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return hubs (o,) of each option of a plan, and the shares (n, o) they serve where people are assigned."""
    assert plan is not None
    counts = np.zeros(len(query.town.options), dtype=np.intp)
    counts[plan.options] = plan.counts
    if query.capacity is None:
        return counts, None
    shares = np.zeros((len(query.town.points), len(counts)))
    shares[:, plan.options] = plan.assigned.toarray()
    return counts, shares


def test_the_random_questions_hold_everything_that_can_be_asked() -> None:
    found: Counter[str] = Counter()
    for case in CASES:
        town, objective = case.query.town, case.query.objective
        best = case.best
        found["infeasible" if best is None else "feasible"] += 1
        found[case.rule] += 1
        if best is not None:
            found.update([case.kind, *case.names])
        found["two tiers"] += len(town.reaches) > 1
        found["ways missing"] += bool(town.no_way)
        found["upgrades"] += bool(town.upgrades)
        found["upgrades that free money"] += any(cost < 0 for cost in town.costs.values())
        found["closing"] += bool(town.savings)
        found["max_hubs"] += objective.max_hubs is not None
        found.update(status.name for status in set(town.statuses))
    assert set(KINDS) | set(CONSTRAINTS) | set(RULES) <= set(found)
    assert min(found.values()) >= LEAST, found


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_go_together_is_refused(kind: str) -> None:
    refused = 0
    for names, rule in product([(), *((name,) for name in CONSTRAINTS)], RULES):
        if not goes(kind, names, rule):
            query = Case(kind=kind, names=names, rule=rule).query
            with pytest.raises(hp.ScenarioError, match="does not go with"):
                solve_problem(query.town.problem(), query.objective)
            refused += 1
    assert refused
