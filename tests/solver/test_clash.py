"""Why there is no plan: the demands named clash, every smaller set can be met, and the money named is the least."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of
from support.instances.random_questions import Case, every_block, some_changes, some_pairs
from support.instances.tiny import two_islands
from support.oracles.questions import Query, best

import hubplanner as hp
from hubplanner.model import (
    AtMostOne,
    Budget,
    Capacity,
    Floor,
    FullService,
    MaxCoverage,
    MaxHubs,
    MinCost,
    MinHubs,
    MinSeparation,
    OnlyWith,
    Periods,
    PMedian,
    RequiredSites,
)
from hubplanner.problem import Conflict
from hubplanner.solver.infeasibility import conflicts
from hubplanner.solver.infeasibility.conflicts import in_words
from hubplanner.solver.infeasibility.limit_costs import LimitCosts
from hubplanner.solver.mip.heuristics import first_plan

if TYPE_CHECKING:
    from hubplanner.model import Objective

NAMES = ("highs", "cbc")
PARTS = 6


@cache
def cases() -> list[Case]:
    """Return the questions; a function, for the oracle takes seconds that collecting tests need not."""
    drawn = [*every_block(0), *one_of(2, some_pairs(110, 5000)), *one_of(3, [*every_block(1), *some_changes(30, 6000)])]
    return [case for case in drawn if case.best is None and "periods not nested" not in case.names]


@cache
def demands(case: Case) -> tuple[Any, ...]:
    """Return all that a question demands, as the oracle reads it."""
    town, found = case.query.town, []
    for constraint in case.query.objective.all_constraints:
        if isinstance(constraint, RequiredSites):
            found += [RequiredSites(site=site) for site, status in enumerate(town.statuses) if status == 2]
        elif type(constraint).__name__ != "HubsPerSite" and not has_room(constraint):
            found.append(constraint)
    share = getattr(case.query.objective, "target_share", None)
    return (*found, *(() if share is None else (Floor(weight=town.needs, share=share),)))


def has_room(constraint: Any) -> bool:
    """Tell whether a constraint is a capacity for all: no demand, but it assigns people."""
    return isinstance(constraint, Capacity) and all(map(math.isinf, constraint.people))


def can_be_met(case: Case, wanted: tuple[Any, ...]) -> bool:
    """Tell whether any plan meets some demands and what the sites allow, whatever it is worth."""
    query = _neutral(case, wanted)
    if query.capacity is None or query.single or query.constraint("Periods") is not None:
        return best(query) is not None
    plans = query.hubs()  # of people who may be split each takes a program: those with most hubs serve most
    most_first = plans[np.argsort(-plans.sum(axis=1), kind="stable")]
    return any(best(query, plan[None]) is not None for plan in most_first)


def _neutral(case: Case, wanted: tuple[Any, ...]) -> Query:
    per_site = tuple(constraint for constraint in case.query.constraints if type(constraint).__name__ == "HubsPerSite")
    # With a cost of travel, or room for all, people are assigned in any case: only within reach.
    assigned = "travel" in case.kind or any(has_room(constraint) for constraint in case.query.constraints)
    everyone = Capacity(people=(math.inf,) * len(case.query.town.reaches))
    room = (everyone,) if assigned and not any(isinstance(constraint, Capacity) for constraint in wanted) else ()
    return Query(town=case.query.town, objective=MaxCoverage(), constraints=(*per_site, *room, *wanted))


@pytest.mark.parametrize("part", range(PARTS))
def test_the_named_demands_clash_and_no_smaller_set_does(part: int) -> None:
    for case in cases()[part::PARTS]:
        sizes = set()
        for name in NAMES:
            clash = found(case, name)
            assert clash.is_smallest, (case, name)
            assert not can_be_met(case, clash.demands), (case, name)
            sizes.add(len(clash.demands))
        for smaller in combinations(demands(case), max(sizes) - 1):
            assert can_be_met(case, smaller), (case, smaller)


@cache
def found(case: Case, name: str = "highs", *, is_large: bool = False) -> Conflict:
    """Return the clash a solver finds, as of a program of any size or as of a large one."""
    options = hp.SolverOptions(name=name, threads=1)
    with pytest.MonkeyPatch.context() as patch:
        if is_large:
            patch.setattr(conflicts, "LARGE_ENTRIES", -1)
            patch.setattr(first_plan, "MOST_TRIES", 60)  # of a thousand: as many are shown to be smallest
        clash = hp.solve_problem(case.query.town.problem(), case.query.objective, options).clash
    assert clash is not None, case
    return clash


@pytest.mark.parametrize("part", range(PARTS))
def test_the_least_budget_is_the_cheapest_plan_that_meets_all_else(part: int) -> None:
    for case in cases()[part::PARTS]:
        if any(isinstance(constraint, Periods) for constraint in demands(case)):
            continue
        clash = found(case)
        if has_budget(case):
            assert clash.least_budget == pytest.approx(least_cost(case), rel=1e-6, abs=1e-9), case
        else:
            assert math.isnan(clash.least_budget), case


@pytest.mark.parametrize("part", range(PARTS))
def test_of_large_programs_money_that_suffices_and_money_that_does_not_are_told(part: int) -> None:
    for case in cases()[part::PARTS]:
        if not has_budget(case) or any(isinstance(constraint, Periods) for constraint in demands(case)):
            continue
        clash, least = found(case, is_large=True), least_cost(case)
        assert clash.too_little <= least * (1 + 1e-6) + 1e-9, case
        assert clash.least_budget >= least * (1 - 1e-6) - 1e-9, case
        assert math.isfinite(clash.least_budget) == math.isfinite(least), case


@pytest.mark.parametrize("part", range(PARTS))
def test_of_large_programs_the_named_demands_clash_and_none_of_them_may_be_missing(part: int) -> None:
    for case in cases()[part::PARTS]:
        clash = found(case, is_large=True)
        assert not can_be_met(case, clash.demands), case
        for number in range(len(clash.demands)) if clash.is_smallest else ():
            assert can_be_met(case, clash.demands[:number] + clash.demands[number + 1 :]), (case, number)


def test_of_a_large_programme_with_rooms_one_program_of_its_last_year_tells_what_clashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve towns of 10 in three groups, hubs of cost 1 with 5 seats: half of all takes 12 hubs, four a group."""
    places, need = np.column_stack([np.arange(12) * 10.0, np.zeros(12)]), np.full(12, 10.0)
    problem = hp.Problem.from_points(places, need, places, np.ones(12), reach=1)
    floors = tuple(
        Floor(weight=np.where(np.arange(12) % 3 == group, need, 0.0), share=0.5, name=f"group {group}", group="group")
        for group in range(3)
    )
    years = Periods(budgets=(3.0, 3.0, 3.0))
    made, real = list[frozenset[int]](), LimitCosts._made

    def counted(self: LimitCosts, task: Any, numbers: frozenset[int]) -> Any:
        assert len(task.question.problems) == 1
        made.append(numbers)
        return real(self, task, numbers)

    def searched(*_: Any) -> Any:
        message = "a search was begun"
        raise AssertionError(message)

    monkeypatch.setattr(conflicts, "LARGE_ENTRIES", -1)
    monkeypatch.setattr(conflicts, "optimise", searched)
    monkeypatch.setattr(LimitCosts, "_made", counted)
    asked = MaxCoverage(constraints=(*floors, Capacity(people=(5.0,)), years))
    clash = hp.solve_problem(problem, asked, hp.SolverOptions(threads=1)).clash
    assert clash is not None
    assert clash.is_smallest
    assert {one.key for one in clash.demands} == {"floor", "capacity", "periods"}
    assert (clash.least_budget, clash.too_little) == (12, pytest.approx(12))
    assert len(made) <= 2  # with rooms, and without


def has_budget(case: Case) -> bool:
    return any(isinstance(constraint, Budget) for constraint in demands(case))


@cache
def least_cost(case: Case) -> float:
    """Return the cost of the cheapest plan that meets all demands but the budget; infinite where none does."""
    query = _neutral(case, tuple(constraint for constraint in demands(case) if not isinstance(constraint, Budget)))
    town, plans = case.query.town, query.hubs()
    for plan in plans[np.argsort(town.cost(plans), kind="stable")]:
        if best(query, plan[None]) is not None:
            return float(town.cost(plan[None])[0])
    return math.inf


def test_clashes_of_every_size_and_kind_are_among_the_cases() -> None:
    counted: Counter[str] = Counter()
    for case in cases():
        clash = found(case)
        counted[f"{len(clash.demands)} demands"] += 1
        counted.update({type(constraint).__name__ for constraint in clash.demands})
        counted["money helps"] += math.isfinite(clash.least_budget)
    assert {"1 demands", "2 demands", "3 demands"} <= set(counted), counted
    kinds = {"Budget", "MaxHubs", "MinHubs", "Floor", "Capacity", "RequiredSites", "FullService"}
    assert kinds <= set(counted), counted
    assert counted["money helps"] >= 3, counted


WORDS: list[tuple[Any, str]] = [
    (Budget(amount=1234567.5), "the budget of 1,234,567.5"),
    (Periods(budgets=(5, 1500.25)), "the yearly budgets of 5, 1,500.25"),
    (MaxHubs(count=2), "max_hubs = 2"),
    (MaxHubs(count=2, sites=(1,), name="province East"), "max_hubs = 2 in province East"),
    (MinHubs(count=3, sites=(1,), name="province East"), "min_hubs = 3 in province East"),
    (Floor(weight=np.ones(4), share=0.125, name="province East"), "12.5 % of province East covered"),
    (Floor(weight=np.ones(4), share=1 / 3), "33.3333 % of a group covered"),
    (Capacity(people=(500, 12000)), "capacities of 500, 12,000 people"),
    (MinSeparation(distance=12.5), "a separation of 12.5"),
    (AtMostOne(sites=(0, 2)), "at most one of sites S0, S2"),
    (OnlyWith(site=1, needs=0), "site S1 only with site S0"),
    (RequiredSites(), "the required sites"),
    (RequiredSites(site=2), "a hub at site S2"),
    (FullService(distance=3), "a hub for every point"),
]


@pytest.mark.parametrize(("demand", "words"), WORDS)
def test_each_demand_has_its_words(demand: Any, words: str) -> None:
    clash = Conflict(demands=(demand,), is_smallest=True, least_budget=math.nan)
    assert in_words(clash, lambda site: f"S{site}") == [f"{words} cannot be met"]


@pytest.mark.parametrize(
    ("least", "sentence"),
    [
        (7.0, "the least budget that meets all demands is 7"),
        (1234567.89, "the least budget that meets all demands is 1,234,568"),
        (1 / 3, "the least budget that meets all demands is 0.333333333334"),
        (0.0, "the least budget that meets all demands is 0"),
        (math.inf, "no budget meets all demands"),
    ],
)
def test_the_least_budget_is_said_so_that_it_suffices(least: float, sentence: str) -> None:
    clash = Conflict(
        demands=(RequiredSites(site=1), MaxHubs(count=1), Budget(amount=1)), is_smallest=False, least_budget=least
    )
    together = "a hub at site 1, max_hubs = 1 and the budget of 1 cannot be met together"
    assert in_words(clash) == [f"{together} (a smaller set may clash already)", sentence]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("objective", "clashes"),
    [
        (MinCost(0.9, max_hubs=1), ["max_hubs = 1 and 90 % of all need covered cannot be met together"]),
        (
            MinCost(0.9, budget=4, max_hubs=2),
            [
                "the budget of 4 and 90 % of all need covered cannot be met together",
                "the least budget that meets all demands is 7",
            ],
        ),
        (MaxCoverage(constraints=(MinHubs(count=3),)), ["min_hubs = 3 cannot be met"]),
        (
            MaxCoverage(constraints=(OnlyWith(site=2, needs=1), MaxHubs(count=1))),
            ["a hub at site 2, site 2 only with site 1 and max_hubs = 1 cannot be met together"],
        ),
        (
            PMedian(constraints=(FullService(distance=3),)),
            ["a hub for every point cannot be met"],
        ),
        (
            MaxCoverage(constraints=(Periods(budgets=(1.0, 1.0)),)),
            [
                "a hub at site 2 and the yearly budgets of 1, 1 cannot be met together",
                "the least budget that meets all demands is 3",
            ],
        ),
    ],
)
def test_two_islands_clash_as_can_be_seen(objective: Objective, clashes: list[str], name: str) -> None:
    solution = hp.solve_problem(two_islands(), objective, hp.SolverOptions(name=name))
    assert solution.status == hp.Status.INFEASIBLE
    assert list(solution.clashes) == clashes


def test_least_money_of_a_programme_is_for_the_need_as_it_will_have_grown() -> None:
    """D0, settled by the standing hub, stays; D3 grows fourfold, so that half of all need takes the dear hub at S2."""
    growth = np.array([0.0, 0.0, 0.0, 3.0])
    floor = Floor(weight=two_islands().need, share=0.6)
    periods = Periods(budgets=(1.0, 1.0), growth=growth)
    solution = hp.solve_problem(two_islands(), MaxCoverage(constraints=(floor, periods)))
    assert solution.clash is not None
    assert solution.clash.least_budget == 5


def test_years_are_part_of_a_clash_that_no_money_helps_against_where_only_grown_need_is_too_much() -> None:
    """Three villages of 10, each with a site and 15 seats: all are served today, not when they are twice as many."""
    places, need = [[0, 0], [10, 0], [20, 0]], np.full(3, 10.0)
    problem = hp.Problem.from_points(places, need, places, [1, 1, 1], reach=2)
    floor, rooms = Floor(weight=need, share=1.0), Capacity(people=(15.0,))
    years = Periods(budgets=(9.0, 9.0), growth=np.ones(3))
    assert hp.solve_problem(problem, MaxCoverage(constraints=(floor, rooms))).status == hp.Status.OPTIMAL
    found = hp.solve_problem(problem, MaxCoverage(constraints=(floor, rooms, years))).clash
    assert found is not None
    assert found.is_smallest
    assert found.least_budget == math.inf
    assert {constraint.key for constraint in found.demands} == {floor.key, rooms.key, years.key}
