"""Every figure of an explanation against an enumeration of all plans, over objectives and constraints."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.instances.random_questions import Case, every_block, every_rule, some_changes, some_pairs
from support.oracles.assignment import free_ways, mean_distance, sought
from support.oracles.questions import Query, best

import hubplanner as hp
from hubplanner.analysis.explain.explain import Explanation, explain_plan
from hubplanner.analysis.explain.sites import Reason
from hubplanner.errors import InfeasibleError, ScenarioError
from hubplanner.model import Budget, MaxCoverage
from hubplanner.problem import SiteStatus
from hubplanner.solver import SolverOptions, solve_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.oracles.town import Town

    from hubplanner.analysis.explain.resolve import Counterfactual
    from hubplanner.analysis.explain.shadow_prices import Price, Shadow

EXACT = SolverOptions(gap=0.0, threads=1, ties=False)
CASES = [*every_block(21)[::2], *every_rule(22)[::3], *some_pairs(20, 5000), *some_changes(12, 6000)]
BATCH = 12


def explained(case: Case) -> Explanation | None:
    """Return the explanation of a case's best plan, None where it has no plan or nothing to build."""
    query = case.query
    if case.best is None:
        return None
    problem = query.town.problem()
    plan = solve_problem(problem, query.objective, EXACT)

    def lift(site: int) -> hp.Problem:
        return freed(query.town, site).problem()

    return explain_plan(problem, query.objective, EXACT, plan=plan, sites=99, lift=lift)


def with_status(town: Town, site: int, status: SiteStatus) -> Town:
    """Return a town with another status of a site; one that is ruled out has no options."""
    statuses = tuple(status if at == site else known for at, known in enumerate(town.statuses))
    costs = {pair: cost for pair, cost in town.costs.items() if status != SiteStatus.EXCLUDED or pair[0] != site}
    return replace(town, statuses=statuses, costs=costs)


def freed(town: Town, site: int) -> Town:
    """Return a town with a banned site free: one tier, for some money."""
    town = with_status(town, site, SiteStatus.CANDIDATE)
    return replace(town, costs={**town.costs, (site, 0): 1.25})


def oracle(query: Query, town: Town | None = None, objective: Any = None) -> list[float] | None:
    """Return the best figures of a changed question."""
    asked = objective or query.objective
    changed = Query(town=town or query.town, objective=asked, constraints=asked.all_constraints)
    if not changed.town.costs:
        return None
    return best(changed)


def main(query: Query, figures: list[float]) -> float:
    """Return the objective's own figure among those of all goals."""
    if len(figures) == 1:
        return figures[0]
    names = [goal.name for goal in sought(query.objective)]
    own = {
        "max_coverage": "covered need",
        "min_cost": "cost",
        "p_median": "mean distance",
        "p_center": "worst distance",
    }
    return figures[names.index(own[query.objective.name])]


def agrees(query: Query, found: Explanation, change: Counterfactual, figures: list[float] | None, what: object) -> None:
    """Hold a change against the best figures of the changed question."""
    if figures is None:
        assert change.is_impossible, what
        assert change.least == math.inf, what
        return
    sense, wanted = found.asked.sense, main(query, figures)
    worse = sense * (found.asked.plan.value - wanted)
    slack = 2e-6 * max(1.0, abs(wanted))
    assert change.value == pytest.approx(wanted, rel=1e-6, abs=1e-6), what
    assert change.least - slack <= worse <= change.most + slack, what
    assert change.most - change.least <= 2 * slack, what


def changes(query: Query, found: Explanation) -> Iterator[tuple[Counterfactual | None, list[float] | None, object]]:
    """Yield every change with the best figures of its question."""
    town = query.town
    for hub in found.hubs:
        yield hub.change, oracle(query, with_status(town, hub.site, SiteStatus.EXCLUDED)), ("hub", hub.site)
    for one in found.rejected:
        pinned = freed(town, one.site) if one.option is None else with_status(town, one.site, SiteStatus.REQUIRED)
        yield one.change, oracle(query, pinned), ("rejected", one.site)
    for price in found.prices:
        yield price.change, _without_demand(query, price), price.kind
    for shadow in found.shadows:
        yield from _scarce(query, shadow)


def _without_demand(query: Query, price: Price) -> list[float] | None:
    if price.site is not None:
        change = freed if price.kind == "ban" else _unpinned
        return oracle(query, change(query.town, price.site))
    rest = tuple(constraint for constraint in query.objective.constraints if constraint is not price.constraint)
    return oracle(query, objective=replace(query.objective, constraints=rest))


def _unpinned(town: Town, site: int) -> Town:
    return with_status(town, site, SiteStatus.CANDIDATE)


def _scarce(query: Query, shadow: Shadow) -> Iterator[tuple[Counterfactual, list[float] | None, object]]:
    sign = -1 if shadow.kind == "target_share" else 1
    for change, step in ((shadow.looser, sign * shadow.step), (shadow.tighter, -sign * shadow.step)):
        if change is None or (shadow.kind == "budget" and query.constraint("Periods") is not None):
            continue
        amount = (int if shadow.kind == "max_hubs" else float)(min(shadow.amount + step, 99))
        own = richer(query.objective, step) if shadow.kind == "budget" else None
        yield change, oracle(query, objective=own or replace(query.objective, **{shadow.kind: amount})), shadow.kind


def richer(objective: Any, money: float) -> Any:
    """Return an objective with more money."""
    constraints = [
        replace(constraint, amount=constraint.amount + money) if isinstance(constraint, Budget) else constraint
        for constraint in objective.constraints
    ]
    return replace(objective, constraints=tuple(constraints))


@pytest.mark.parametrize("first", range(0, len(CASES), BATCH))
def test_every_new_solve_equals_enumeration(first: int) -> None:
    for case in CASES[first : first + BATCH]:
        found = explained(case)
        if found is None:
            continue
        for change, figures, what in changes(case.query, found):
            assert change is not None, (case, what)
            agrees(case.query, found, change, figures, (case, what))


def figure_of(query: Query, ways: Any) -> float:
    """Return the objective's distance of one plan where hubs have room for all."""
    worst = np.where(ways.town.wants, ways.distance[0], 0.0).max(initial=0.0)
    return float(worst if query.objective.name == "p_center" else mean_distance(ways)[0])


def test_figures_without_a_new_solve_equal_those_of_the_changed_plan() -> None:
    seen = 0
    for case in CASES:
        query = case.query
        if case.best is None or query.capacity is not None:
            continue
        periods = query.constraint("Periods")
        town = query.town if periods is None else query.town.grown(periods.growth, len(periods.budgets) - 1)
        problem = query.town.problem()
        plan = solve_problem(problem, query.objective, EXACT)
        found = explain_plan(problem, query.objective, EXACT, plan=plan, sites=0, time_limit_s=1e-9)
        assert found.solved["hubs"][0] == 0
        counts = np.zeros(len(town.options), dtype=np.intp)
        assert plan.evaluation is not None
        counts[plan.evaluation.options] = plan.evaluation.counts
        before = free_ways(town, counts[None])
        for hub in found.hubs:
            gone = counts.copy()
            gone[town.at(hub.site)] = 0
            after = free_ways(town, gone[None])
            for weight, stated in ((town.needs, hub.need), (town.people, hub.people)):
                assert stated == pytest.approx((before.covered - after.covered)[0] @ weight, abs=1e-9), case
            assert hub.cost == pytest.approx(counts @ _costs(town) - gone @ _costs(town)), case
            _same_figure(query, hub.figure, after)
            seen += 1
        for one in found.rejected:
            if one.option is None:
                assert Reason.BANNED in found.reasons[found.rejected.index(one)]
                continue
            more = counts.copy()
            more[one.option] += 1
            after = free_ways(town, more[None])
            for weight, stated in ((town.needs, one.need), (town.people, one.people)):
                assert stated == pytest.approx((after.covered - before.covered)[0] @ weight, abs=1e-9), case
            near = town.share[:, one.option] > 0
            assert one.near_people == pytest.approx(town.people[near].sum()), case
            assert one.covered_people == pytest.approx((before.covered[0] * town.people)[near].sum()), case
            _same_figure(query, one.figure, after)
            seen += 1
    assert seen > 100


def _costs(town: Town) -> Any:
    return np.array([town.costs[option] for option in town.options])


def _same_figure(query: Query, stated: float, ways: Any) -> None:
    if query.objective.name in {"max_coverage", "min_cost"}:
        assert math.isnan(stated)
        return
    far = np.where(ways.town.wants, ways.distance[0], 0.0)
    if np.isfinite(far).all():
        assert stated == pytest.approx(figure_of(query, ways))
    else:
        assert stated == math.inf


def test_a_plan_with_an_open_gap_gives_ranges_that_hold() -> None:
    line = hp.Problem.from_points([[0, 0], [9, 0], [20, 0]], [3, 4, 5], [[1, 0], [8, 0], [20, 0]], [1, 1, 1], reach=5)
    best_plan = solve_problem(line, MaxCoverage(max_hubs=1), EXACT)
    loose = replace(best_plan, bound=best_plan.value + 2)
    found = explain_plan(line, MaxCoverage(max_hubs=1), EXACT, plan=loose)
    dropped = found.hubs[0].change
    assert dropped is not None
    assert (dropped.least, dropped.most) == (1.0, 1.0)  # the other solve is proven, whatever the plan's gap
    shadow = found.shadows[0]
    assert shadow.looser is not None
    assert shadow.looser.most == -2.0  # one more hub adds 4, of which 2 may be the plan's gap
    assert shadow.looser.least == -4.0


def test_a_site_alone_is_quick_and_others_are_refused() -> None:
    line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    asked = MaxCoverage(max_hubs=1)
    found = explain_plan(line, asked, EXACT, site=0)
    assert [one.site for one in found.rejected] == [0]
    assert not found.hubs
    assert not found.shadows
    assert found.reasons[0] == (Reason.DEAR, Reason.MONEY, Reason.BEATEN)
    status = np.array([SiteStatus.EXISTING, SiteStatus.CANDIDATE])
    standing = replace(line, site_status=status, option_cost=np.array([0.0, 1.0]))
    with pytest.raises(ScenarioError, match="there is an existing hub"):
        explain_plan(standing, asked, EXACT, site=0)


def test_a_plan_that_cannot_hold_a_site_is_no_start_for_one_that_must(caplog: pytest.LogCaptureFixture) -> None:
    line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    asked = MaxCoverage(max_hubs=1, constraints=(hp.Capacity(people=(9,)),))
    with caplog.at_level("INFO", "hubplanner"):
        found = explain_plan(line, asked, EXACT, site=0)
    assert found.rejected[0].change is not None
    assert found.rejected[0].change.most == 1.0
    assert "the plan to start from is not used" not in caplog.text


def test_a_demand_without_which_the_question_makes_no_sense_has_no_price() -> None:
    case = Case(kind="p_median", names=("tiers mixed", "floor"), rule="backup, linear", seed=9001)
    found = explained(case)
    assert found is not None
    assert [price.kind for price in found.prices if "backup does not change distances" in price.undefined] == ["floor"]
    assert found.complete


def test_no_plan_is_told_with_its_clash() -> None:
    line = hp.Problem.from_points([[0, 0]], [3], [[1, 0]], [5], reach=5)
    with pytest.raises(InfeasibleError, match="budget"):
        explain_plan(replace(line, site_status=np.array([SiteStatus.REQUIRED])), MaxCoverage(budget=1), EXACT)
