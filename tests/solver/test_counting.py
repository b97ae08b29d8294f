"""Clashes shown by counting hubs and money: true by enumeration, told at once and in a few words."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of
from support.instances.random_questions import every_block, every_rule, some_changes, some_pairs

import hubplanner as hp
from hubplanner.model import Floor, MaxCoverage, MaxHubs, MinHubs, Question
from hubplanner.problem import Conflict, SiteStatus
from hubplanner.solver.infeasibility import conflicts as search
from hubplanner.solver.infeasibility.conflicts import find_conflict, in_words
from hubplanner.solver.infeasibility.counting import counted_conflict

if TYPE_CHECKING:
    from hubplanner.problem import Problem

CASES = [*every_block(50), *every_block(51), *every_rule(50), *some_pairs(150, 9000), *some_changes(40, 9500)]


def country(seed: int = 0) -> tuple[Problem, list[MinHubs], np.ndarray]:
    """Return 156 districts of one to three towns, the least of one hub in each, and the province of each town."""
    rng = np.random.default_rng(seed)
    district = np.repeat(np.arange(156), rng.integers(1, 4, 156))
    count = len(district)
    place = rng.uniform(0, 1000, (count, 2))
    problem = hp.Problem.from_points(place, rng.uniform(1, 9, count), place, rng.integers(20, 60, count) * 1e6, 30)
    least = [
        MinHubs(count=1, sites=tuple(np.flatnonzero(district == d).tolist()), name=f"district D{d}", group="district")
        for d in range(156)
    ]
    return problem, least, np.where(district < 36, "Balochistan", "others")


@pytest.fixture
def without_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no solver be asked."""

    def refuse(*_: Any) -> None:
        message = "a solver is asked"
        raise AssertionError(message)

    monkeypatch.setattr("hubplanner.solver.mip.program_search.attempt", refuse)
    monkeypatch.setattr("hubplanner.solver.mip.bounds.relaxation.relax", refuse)


@pytest.mark.usefixtures("without_solver")
def test_a_hub_in_each_district_costs_more_than_there_is() -> None:
    problem, least, _ = country()
    cheapest = math.fsum(problem.option_cost[list(constraint.sites or ())].min() for constraint in least)
    budget = cheapest - 1e6
    found = hp.solve_problem(problem, MaxCoverage(budget=budget, constraints=tuple(least)))
    assert found.status == hp.Status.INFEASIBLE
    assert found.clash is not None
    assert list(found.clashes) == [
        (
            f"the budget of {budget:,.12g} and min_hubs = 1 in each of 156 districts cannot be met together: "
            f"the 156 hubs that are asked for cost at least {math.floor(cheapest):,}"
        ),
        f"the least budget that meets all demands is {math.ceil(cheapest):,}",
    ]
    assert found.clash.least_budget == pytest.approx(cheapest, rel=1e-12)
    assert len(found.clash.demands) == 157


def test_with_the_money_that_is_said_there_is_a_plan() -> None:
    problem, least, _ = country()
    cheapest = math.fsum(problem.option_cost[list(constraint.sites or ())].min() for constraint in least)
    options = hp.SolverOptions(gap=0.01)
    enough = hp.solve_problem(problem, MaxCoverage(budget=cheapest, constraints=tuple(least)), options)
    assert enough.evaluation is not None


@pytest.mark.usefixtures("without_solver")
def test_more_districts_than_their_province_may_have_hubs() -> None:
    problem, least, province = country()
    shared = {"Balochistan": 6, "others": 100}
    most = [
        MaxHubs(
            count=count,
            sites=tuple(np.flatnonzero(province == name).tolist()),
            name=f"province {name}",
            group="province",
        )
        for name, count in shared.items()
    ]
    found = hp.solve_problem(problem, MaxCoverage(budget=1e12, constraints=(*most, *least)))
    assert list(found.clashes) == [
        (
            "max_hubs = 6 in province Balochistan and min_hubs = 1 in each of 36 districts cannot be met together: "
            "6 are allowed, 36 are asked for"
        ),
        (
            "max_hubs = 100 in province others and min_hubs = 1 in each of 120 districts cannot be met together: "
            "100 are allowed, 120 are asked for"
        ),
        "no budget meets all demands",
    ]
    assert found.clash is not None
    assert found.clash.least_budget == math.inf
    for clash in (found.clash, *found.clash.others):
        most, *asked = clash.demands
        assert isinstance(most, MaxHubs)
        assert sum(one.count for one in asked if isinstance(one, MinHubs)) > most.count


@pytest.mark.usefixtures("without_solver")
@pytest.mark.parametrize(
    ("constraints", "words"),
    [
        (
            (MinHubs(count=4, sites=(0, 1, 2), name="province East"),),
            "min_hubs = 4 in province East cannot be met: 3 new hubs have a place there, 4 are asked for",
        ),
        (
            (MinHubs(count=5), MaxHubs(count=4)),
            "max_hubs = 4 and min_hubs = 5 cannot be met together: 4 are allowed, 5 are asked for",
        ),
        (
            (hp.HubsPerSite(count=2), MinHubs(count=7, sites=(0, 1, 2), name="province East")),
            "min_hubs = 7 in province East cannot be met: 6 new hubs have a place there, 7 are asked for",
        ),
    ],
)
def test_places_are_counted(constraints: tuple[Any, ...], words: str) -> None:
    problem, _, _ = country()
    assert list(hp.solve_problem(problem, MaxCoverage(constraints=constraints)).clashes) == [words]


@pytest.mark.usefixtures("without_solver")
def test_required_sites_are_counted_with_least_numbers() -> None:
    """Within the three sites of East the two required ones are of the three hubs asked for; the fourth is elsewhere."""
    problem, _, _ = country()
    status = np.array(problem.site_status)
    status[[0, 1, 9]] = SiteStatus.REQUIRED
    pinned = replace(problem, site_status=status)
    constraints = (MinHubs(count=3, sites=(0, 1, 2), name="province East"), MaxHubs(count=3))
    [clash] = hp.solve_problem(pinned, MaxCoverage(constraints=constraints)).clashes
    assert clash == (
        "max_hubs = 3, min_hubs = 3 in province East and a hub at site 9 cannot be met together: "
        "3 are allowed, 4 are asked for"
    )


def test_what_counting_shows_is_true() -> None:
    shown = 0
    for case in CASES:
        problem = case.query.town.problem()
        clash = counted_conflict(problem, case.query.objective)
        if clash is None:
            continue
        shown += 1
        assert case.best is None, case
        known = find_conflict(
            Question.of(problem, case.query.objective), hp.SolverOptions(threads=1), hp.SolverOptions().deadline
        )
        assert len(known.demands) <= len(clash.demands), case
        if math.isfinite(clash.least_budget):
            assert known.least_budget == pytest.approx(clash.least_budget, rel=1e-6, abs=1e-9), case
        elif math.isfinite(known.least_budget) and math.isfinite(clash.too_little):
            assert known.least_budget >= clash.too_little * (1 - 1e-6), case
    assert shown >= 8, shown


@pytest.mark.parametrize("seed", one_of(4, range(40)))
def test_counts_and_costs_are_the_least_of_all_choices(seed: int) -> None:
    """Nested and separate sets of seven sites: what counting says is exactly what an enumeration of hubs finds."""
    rng = np.random.default_rng(seed)
    place = np.zeros((7, 2))
    problem = hp.Problem.from_points(place, np.ones(7), place, rng.integers(1, 9, 7), 1)
    halves = [tuple(range(3)), tuple(range(3, 7)), tuple(range(7)), (0,), (3, 4), (1, 2)]
    sets = [halves[number] for number in np.flatnonzero(rng.random(6) < 0.6)]
    least = [MinHubs(count=int(rng.integers(1, len(sites) + 1)), sites=sites) for sites in sets]
    every = chain.from_iterable(combinations(range(7), size) for size in range(8))
    fits = [
        hubs
        for hubs in every
        if all(len(set(hubs) & set(constraint.sites or ())) >= constraint.count for constraint in least)
    ]
    fewest = min(map(len, fits))
    cheapest = min(math.fsum(problem.option_cost[list(hubs)]) for hubs in fits)
    for count in (fewest - 1, fewest):
        if count >= 0:
            clash = counted_conflict(problem, MaxCoverage(max_hubs=count, constraints=tuple(least)))
            assert (clash is None) == (count == fewest), (count, sets)
    for money in (cheapest - 0.5, cheapest):
        if money >= 0:
            clash = counted_conflict(problem, MaxCoverage(budget=money, constraints=tuple(least)))
            assert (clash is None) == (money == cheapest), (money, sets)
            assert clash is None or clash.least_budget == pytest.approx(cheapest)


def test_like_limits_are_one_demand_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floors no counting knows: of twenty alike the search tells not each, but all at once."""
    rng = np.random.default_rng(3)
    place = np.column_stack([np.arange(20) * 100.0, np.zeros(20)])
    problem = hp.Problem.from_points(place, rng.integers(1, 9, 20), place, np.full(20, 5.0), 1)
    floors = [
        Floor(
            weight=np.where(np.arange(20) == d, problem.need, 0.0), share=1.0, name=f"district D{d}", group="district"
        )
        for d in range(20)
    ]
    asked, real = list[frozenset[int]](), search._ConflictFinder._met

    def counted(self: Any, numbers: frozenset[int]) -> Any:
        asked.append(numbers)
        return real(self, numbers)

    monkeypatch.setattr(search._ConflictFinder, "_met", counted)
    found = hp.solve_problem(problem, MaxCoverage(budget=95, constraints=tuple(floors)))
    assert list(found.clashes) == [
        "the budget of 95 and 100 % of each of 20 districts covered cannot be met together",
        "the least budget that meets all demands is 100",
    ]
    assert len(asked) <= 6


def test_few_like_limits_are_named() -> None:
    problem, least, _ = country()
    clash = Conflict(demands=tuple(least[:3]), is_smallest=True, least_budget=math.nan)
    named = ", ".join(f"min_hubs = 1 in {constraint.name}" for constraint in least[:2])
    assert in_words(clash) == [f"{named} and min_hubs = 1 in {least[2].name} cannot be met together"]
    assert Question.of(problem, MaxCoverage(constraints=tuple(least))).constraints


def test_a_scenario_with_a_hub_in_each_district_says_what_it_costs() -> None:
    scenario = Path(__file__).resolve().parents[2] / "scenarios" / "examples" / "base.yaml"
    settings = {"sites.groups": ["province", "district"], "model.hub_limits": [{"group": "district", "min": 1}]}
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(hp.read_scenario(scenario, settings={**settings, "model.budget": 1e8}))
    clash, least = caught.value.clashes
    assert clash.startswith("the budget of 100,000,000 and min_hubs = 1 in each of ")
    assert " districts cannot be met together: the " in clash
    assert least.startswith("the least budget that meets all demands is ")
    assert caught.value.least_budget is not None
    plan = hp.solve(hp.read_scenario(scenario, settings={**settings, "model.budget": caught.value.least_budget * 1.1}))
    assert plan.summary()["cost"]["total"] >= caught.value.least_budget * (1 - 1e-9)
