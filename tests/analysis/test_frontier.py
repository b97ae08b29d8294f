"""Frontiers against an enumeration of all plans."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of
from support.instances.tiny import line_of_five, random_town, two_islands

import hubplanner as hp
from hubplanner.analysis.frontier import trace as frontier_trace
from hubplanner.analysis.frontier.nested import trace_nested
from hubplanner.analysis.frontier.points import FrontierPoint, knee, nondominated, tightened
from hubplanner.analysis.frontier.trace import trace, trace_all
from hubplanner.analysis.frontier.trade_offs import SharesOfGroups, trace_distance, trace_fairness, trace_worst_group
from hubplanner.analysis.requests import COST
from hubplanner.model import FixedHubs
from hubplanner.problem import SiteStatus, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.project import Project

    from hubplanner.problem import Evaluation, Problem

EXACT = hp.SolverOptions(gap=0.0)
CLOSE = 1e-6
FAIR = {"model.fairness": {"alpha": 1, "group": "province"}}


def town(seed: int) -> Problem:
    """Eight sites whose plans can all be tried; one stands, one is required, whole needs and costs."""
    rng = np.random.default_rng(seed)
    need, cost = rng.integers(1, 40, 25).astype(float), rng.integers(1, 12, 8).astype(float)
    places = rng.uniform(0, 100, (25, 2)), rng.uniform(0, 100, (8, 2))
    problem = hp.Problem.from_points(places[0], need, places[1], cost, reach=24)
    status, cost = problem.site_status.copy(), cost.copy()
    status[:2], cost[0] = (SiteStatus.EXISTING, SiteStatus.REQUIRED), 0.0
    return replace(problem, site_status=status, option_cost=cost) if seed % 2 else problem


def plans(problem: Problem) -> Iterator[Evaluation]:
    """All plans of a problem with one option a site."""
    pinned = np.flatnonzero(problem.site_status > SiteStatus.CANDIDATE)
    assert problem.n_options == problem.n_sites
    for size in range(problem.n_options + 1):
        for chosen in itertools.combinations(range(problem.n_options), size):
            if np.isin(pinned, chosen).all():
                yield evaluate(problem, chosen)


def pareto(pairs: set[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pairs (less is better, more is better) that no other one equals or beats in both."""
    return sorted(one for one in pairs if not any(o != one and o[0] <= one[0] and o[1] >= one[1] for o in pairs))


def pairs_of(points: tuple[FrontierPoint, ...], sign: float = 1.0) -> list[tuple[float, float]]:
    return sorted((round(sign * point.other, 6), round(point.covered, 6)) for point in points)


def mean_distance(problem: Problem, plan: Evaluation) -> float:
    return math.fsum(problem.need * plan.nearest_distance) / math.fsum(problem.need)


@pytest.mark.parametrize("seed", range(4))
def test_all_points_are_the_enumerated_ones(seed: int) -> None:
    problem = town(seed)
    found = trace_all(problem, hp.MaxCoverage())
    assert found.complete
    assert found.proven
    assert pairs_of(found.points) == pareto({(plan.cost, plan.covered_need) for plan in plans(problem)})


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("ties", [True, False])
def test_points_of_budgets_lie_on_the_enumerated_frontier(seed: int, ties: bool) -> None:  # noqa: FBT001
    problem = town(seed)
    best = pareto({(plan.cost, plan.covered_need) for plan in plans(problem)})
    found = trace(problem, hp.MaxCoverage(), [30, 2, 8, 14, 40, 60], replace(EXACT, ties=ties))
    assert set(pairs_of(found.points)) <= set(best)
    for point in found.solved:
        assert point.covered == max(covered for cost, covered in best if cost <= point.limit)
        assert point.covered <= point.covered_bound <= point.covered * (1 + CLOSE)
        assert point.other_bound == pytest.approx(point.other, rel=CLOSE)


def test_limits_hold_along_the_frontier() -> None:
    problem = town(2)
    north = np.where(np.arange(problem.n_points) % 2, problem.need, 0.0)
    floor = hp.Floor(weight=north, share=0.5, name="north")
    constraints = (floor, hp.AtMostOne(sites=(0, 3)), hp.MinHubs(count=2))

    def allowed(plan: Evaluation) -> bool:
        sites = set(plan.options.tolist())
        share = math.fsum(north * plan.covered_share) / math.fsum(north)
        return share >= 0.5 and not {0, 3} <= sites and 2 <= len(sites) <= 5

    best = pareto({(plan.cost, plan.covered_need) for plan in plans(problem) if allowed(plan)})
    assert len(best) > 2
    assert pairs_of(trace_all(problem, hp.MaxCoverage(max_hubs=5, constraints=constraints)).points) == best


@pytest.mark.parametrize("seed", range(3))
def test_coverage_against_distance_is_the_enumerated_one(seed: int) -> None:
    problem, most = town(seed), 20.0
    found = trace_distance(problem, hp.MaxCoverage(budget=most), None)
    pairs = {
        (round(mean_distance(problem, plan), 6), plan.covered_need)
        for plan in plans(problem)
        if plan.cost <= most and len(plan.options)
    }
    assert found.complete
    assert pairs_of(found.points) == pareto(pairs)
    some = trace_distance(problem, hp.MaxCoverage(budget=most), 4, EXACT)
    assert set(pairs_of(some.points)) <= set(pareto(pairs))


@pytest.mark.parametrize("seed", range(3))
def test_coverage_against_the_worst_group_is_the_enumerated_one(seed: int) -> None:
    problem, most = town(seed), 20.0
    member = np.arange(problem.n_points) % 3
    weights = np.array([np.where(member == group, problem.need, 0.0) for group in range(3)])

    def worst(plan: Evaluation) -> float:
        return min(math.fsum(weight * plan.covered_share) / math.fsum(weight) for weight in weights)

    every = [plan for plan in plans(problem) if plan.cost <= most]
    best = pareto({(round(-worst(plan), 6), plan.covered_need) for plan in every})
    groups = hp.MaxMin(weights=weights, names=("a", "b", "c"))
    found = trace_worst_group(problem, hp.MaxCoverage(budget=most), groups, None)
    assert found.complete
    assert pairs_of(found.points, -1.0) == best
    some = trace_worst_group(problem, hp.MaxCoverage(budget=most), groups, 5, EXACT)
    assert set(pairs_of(some.points, -1.0)) <= set(best)
    assert max(point.other for point in some.points) == pytest.approx(max(map(worst, every)))


def equal_to(shares: np.ndarray, need: np.ndarray, alpha: float, low: float) -> float:
    """The share that is as good in every group as these, by the textbook's utility and its tangent below a share."""
    if alpha == 0:
        return float(np.average(shares, weights=need))
    if alpha == math.inf:
        return float(shares.min())
    kept = np.maximum(shares, low)
    bent = np.log(kept / low) if alpha == 1 else ((kept / low) ** (1 - alpha) - 1) / (1 - alpha)
    mean = float(np.average(bent + np.minimum(shares - low, 0) / low, weights=need))
    if mean <= 0:
        return low * (1 + mean)
    return low * (math.exp(mean) if alpha == 1 else (1 + (1 - alpha) * mean) ** (1 / (1 - alpha)))


@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_fairness_is_that_of_the_best_plan_by_each_alpha(seed: int) -> None:
    problem, most, low = town(seed), 14.0, 0.05
    member = np.arange(problem.n_points) % 3
    weights = np.array([np.where(member == group, problem.need, 0.0) for group in range(3)])
    need = weights.sum(axis=1)
    asked = {0.0: hp.MaxCoverage(budget=most)}
    for alpha in (0.5, 1.0, 2.0):
        fair = hp.AlphaFair(weights=weights, alpha=alpha, linear_below=low)
        asked[alpha] = replace(asked[0.0], fairness=fair)
    asked[math.inf] = replace(asked[0.0], fairness=hp.MaxMin(weights=weights))
    every = [plan for plan in plans(problem) if plan.cost <= most]
    shares = [np.array([weight @ plan.covered_share for weight in weights]) / need for plan in every]
    found = trace_fairness(problem, asked, EXACT)
    assert found.proven
    assert [point.limit for point in found.points] == list(asked)
    groups = SharesOfGroups(groups=hp.MaxMin(weights=weights))
    covered = max(plan.covered_need for plan in every)
    for point in found.points:
        best = max(equal_to(own, need, point.limit, low) for own in shares)
        own = np.array([weight @ point.plan.covered_share for weight in weights]) / need
        assert point.other == pytest.approx(best, rel=CLOSE)
        assert equal_to(own, need, point.limit, low) == pytest.approx(best, rel=CLOSE)
        assert best * (1 - CLOSE) <= point.other_bound <= best * (1 + 1e-4)
        told = groups.told(point, found.points[0])
        assert told["price"] == pytest.approx(1 - need @ own / covered, abs=CLOSE)
        assert told["price_at_most"] == pytest.approx(told["price"], abs=1e-4)
        assert (told["least_share"], told["median_share"]) == pytest.approx((own.min(), np.median(own)))
        assert (told["groups_served"], told["groups"]) == ((own > 0).sum(), 3)


@pytest.mark.parametrize(("seed", "alpha"), one_of(4, [*itertools.product(range(3), [0.5, 1.0, 2.0])]))
def test_within_each_budget_the_fairest_plan_is_the_enumerated_one(seed: int, alpha: float) -> None:
    problem, low = town(seed), 0.05
    member = np.arange(problem.n_points) % 3
    weights = np.array([np.where(member == group, problem.need, 0.0) for group in range(3)])
    need = weights.sum(axis=1)
    every = [
        (plan.cost, equal_to(np.array([weight @ plan.covered_share for weight in weights]) / need, need, alpha, low))
        for plan in plans(problem)
    ]
    fair = hp.AlphaFair(weights=weights, alpha=alpha, linear_below=low)
    found = trace(problem, hp.MaxCoverage(fairness=fair), [30, 2, 8, 14, 40, 60], EXACT)
    assert found.proven
    assert len(found.points) > 2
    for one in found.solved:
        best = max(share for cost, share in every if cost <= one.limit)
        assert one.covered == pytest.approx(best * need.sum(), rel=CLOSE)
        assert one.covered * (1 - CLOSE) <= one.covered_bound <= one.covered * (1 + 1e-4)
        # No plan as good is cheaper than is said.
        assert one.other_bound <= min(cost for cost, share in every if share >= best * (1 - CLOSE)) * (1 + CLOSE)
    with pytest.raises(hp.ScenarioError, match="ask for --points or --budgets"):
        trace_all(problem, hp.MaxCoverage(fairness=fair))


def test_what_more_money_brings_to_a_fair_plan_is_told_by_its_equivalent_share(project: Project) -> None:
    scenario = project.read({**FAIR, "model.budget": 130})
    found = hp.frontier(scenario, budgets=[130, 260, 600])
    for told in found.summary()["points"]:
        own = hp.solve(
            project.read({"model.fairness": {"alpha": 1, "group": "province"}, "model.budget": told["budget"]})
        )
        assert told["equivalent_share"] == pytest.approx(own.summary()["fairness"]["equivalent_share"], rel=1e-4)
        assert told["equivalent_share"] <= told["bound"] == pytest.approx(own.summary()["bound"], rel=1e-3)
        assert told["people"] == own.summary()["people"]["reached"]


def test_without_any_need_more_money_brings_no_fairer_plan(project: Project) -> None:
    found = hp.frontier(project.read({**FAIR, "demand.people": 0}), budgets=[130, 260])
    assert [told["equivalent_share"] for told in found.summary()["points"]] == [0.0]


@pytest.mark.parametrize(
    ("make", "constraints"),
    [
        (lambda seed: random_town(seed, points=120, sites=40), ()),
        (town, (hp.HubsPerSite(count=2, mixed=True), hp.Capacity(people=(60,)))),
    ],
)
def test_nested_plans_grow_and_are_never_above_free_ones(
    make: Callable[[int], Problem], constraints: tuple[object]
) -> None:
    problem = make(4)
    found = trace_nested(problem, hp.MaxCoverage(constraints=constraints), [5, 10, 20, 30], hp.SolverOptions(gap=0.01))
    assert len(found.solved) == 4
    assert found.free is not None
    held = np.zeros(problem.n_options, dtype=np.intp)
    for own, free in zip(found.solved, found.free.solved, strict=True):
        now = np.zeros(problem.n_options, dtype=np.intp)
        now[own.plan.options] = own.plan.counts
        assert (now >= held).all()
        assert own.covered <= free.covered <= free.covered_bound * (1 + CLOSE)
        assert own.other <= own.limit * (1 + CLOSE)
        held = now


def test_each_nested_step_is_the_best_that_keeps_the_last_plan() -> None:
    problem = town(6)
    found, kept = trace_nested(problem, hp.MaxCoverage(), [6, 12, 18, 24], EXACT), set[int]()
    assert found.free is not None
    for point in found.solved:
        fits = [plan for plan in plans(problem) if plan.cost <= point.limit and kept <= set(plan.options.tolist())]
        assert point.covered == max(plan.covered_need for plan in fits)
        kept = set(point.plan.options.tolist())


def test_keeping_a_tier_is_told_from_keeping_a_site() -> None:
    problem = two_islands()
    small = FixedHubs(options=(3,), counts=(1,))
    kept = hp.solve_problem(problem, hp.MaxCoverage(budget=5, constraints=(small,)), EXACT)
    assert kept.open_options.tolist() == [0, 1, 3]
    assert hp.solve_problem(problem, hp.MaxCoverage(budget=5), EXACT).value > kept.value
    nested = trace_nested(problem, hp.MaxCoverage(), [3, 5, 7], EXACT)
    assert [point.covered for point in nested.solved] == [6, 9, 9]
    assert nested.free is not None
    assert [point.covered for point in nested.free.solved] == [6, 12, 15]


def test_a_loose_gap_keeps_the_frontier_monotone_and_bracketed() -> None:
    problem = random_town(3, points=200, sites=80)
    exact = trace(problem, hp.MaxCoverage(), [10, 20, 30], EXACT)
    loose = trace(problem, hp.MaxCoverage(), [10, 20, 30], hp.SolverOptions(gap=0.2))
    bounds = [point.covered_bound for point in loose.solved]
    assert bounds == sorted(bounds)
    for best, point in zip(exact.solved, loose.solved, strict=True):
        assert point.covered <= best.covered * (1 + CLOSE)
        assert best.covered <= point.covered_bound * (1 + CLOSE)
        assert point.other_bound <= best.other * (1 + CLOSE)
    costs, covered = zip(*pairs_of(loose.points), strict=True)
    assert all(np.diff(costs) > 0)
    assert all(np.diff(covered) > 0)


def test_small_budgets_that_meet_no_floor_are_missing() -> None:
    problem = line_of_five()
    floor = hp.Floor(weight=problem.need, share=0.9, name="all need")
    found = trace(problem, hp.MaxCoverage(constraints=(floor,)), [0.5, 1, 2, 4, 5], EXACT)
    assert [(missing.limit, missing.status) for missing in found.left_out] == [
        (0.5, "infeasible"),
        (1, "infeasible"),
        (5, "dominated"),
    ]
    assert [missing.too_little for missing in found.missing[:2]] == [2.0, 2.0]
    assert pairs_of(found.points) == [(2, 15), (4, 16)]


def test_one_clash_that_tells_what_is_too_little_serves_all_smaller_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is not told in time what is too little."""
    problem, asked, real = line_of_five(), list[float](), hp.solve_problem
    floor = hp.Floor(weight=problem.need, share=0.9, name="all need")

    def solved(town: hp.Problem, objective: hp.MaxCoverage, *args: Any, **known: Any) -> hp.Solution:
        asked.append(objective.budget or 0.0)
        found = real(town, objective, *args, **known)
        if len(asked) == 1 and found.clash is not None:
            return replace(found, clash=replace(found.clash, too_little=math.nan))
        return found

    monkeypatch.setattr(frontier_trace, "solve_problem", solved)
    found = trace(problem, hp.MaxCoverage(constraints=(floor,)), [0.5, 1, 1.5, 1.8, 2], EXACT)
    assert [missing.limit for missing in found.missing] == [0.5, 1, 1.5, 1.8]
    assert asked == [0.5, 1, 2]


def test_only_coverage_is_traded_and_only_small_problems_enumerated() -> None:
    problem = line_of_five()
    fair = hp.MaxMin(weights=problem.need[None])
    for objective, word in [
        (hp.PMedian(max_hubs=1), "max_coverage, not p_median"),
        (hp.MaxCoverage(fairness=fair), "fairness"),
        (hp.MaxCoverage(constraints=(hp.Periods(budgets=(1.0, 1.0)),)), "periods"),
    ]:
        with pytest.raises(hp.ScenarioError, match=word):
            trace(problem, objective, [1.0])
    with pytest.raises(hp.ScenarioError, match="at most 100 options"):
        trace_all(random_town(1, sites=101), hp.MaxCoverage())


def point(cost: float, covered: float, bound: float = math.inf, limit: float = 0.0) -> FrontierPoint:
    problem = line_of_five()
    plan = evaluate(problem, [])
    known = {"covered_bound": bound, "other": cost, "other_bound": math.nan, "proven": True, "seconds": 0.0}
    return FrontierPoint(limit=limit or cost, problem=problem, plan=plan, covered=covered, **known)  # type: ignore[arg-type]


def test_equals_and_the_beaten_go() -> None:
    points = [point(1, 5), point(2, 5), point(2, 4), point(3, 9), point(3, 9), point(4, 8)]
    assert pairs_of(nondominated(points)) == [(1, 5), (3, 9)]
    assert pairs_of(nondominated(points, rises=True)) == [(3, 9), (4, 8)]


def test_bounds_of_other_budgets_are_proofs_too() -> None:
    first, second, third = tightened([point(1, 5, 9), point(3, 8, 12, limit=4), point(5, 11, 11, limit=6)])
    assert (first.covered_bound, second.covered_bound, third.covered_bound) == (9, 11, 11)
    assert (second.other_bound, third.other_bound) == (0.0, 1.0)


def test_the_knee_is_the_farthest_from_the_chord() -> None:
    assert knee([point(0, 0), point(1, 6), point(2, 8), point(10, 10)]) == 2
    assert knee([point(0, 0), point(1, 1), point(2, 2)]) is None
    assert knee([point(0, 0), point(1, 0.5), point(2, 2)]) is None
    assert knee([point(0, 0), point(1, 1)]) is None
    assert trace(line_of_five(), hp.MaxCoverage(), [1.0]).against == COST
