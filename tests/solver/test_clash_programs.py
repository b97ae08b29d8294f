"""Clashes of questions too large to enumerate, each checked by a plain program of its own: no module of the solver."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
import pytest
from support.draws import SLOW, one_of

import hubplanner as hp
from hubplanner.model import (
    Budget,
    Capacity,
    Floor,
    FullService,
    MaxCoverage,
    MaxHubs,
    MinHubs,
    Periods,
    Question,
    RequiredSites,
)
from hubplanner.problem import SiteStatus
from hubplanner.solver.infeasibility import conflicts
from hubplanner.solver.infeasibility.conflicts import find_conflict, in_words
from hubplanner.solver.mip.bounds.last_year import CostProgram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.problem import Conflict

SITES, POINTS, GROUPS = 16, 30, 3
TIERS = ((10.0, 1.0, 60.0), (22.0, 2.5, 200.0))
"""Reach, cost and seats of each: 32 options, more than are solved without a first plan."""
WAYS = [way for way in product([False, True], repeat=3) if SLOW or sum(way) % 2 == 0]
"""Whether a program counts as large, everyone has to be served, and money is kept: by default each pair of answers."""


def drawn(seed: int) -> tuple[hp.Problem, tuple[Any, ...]]:
    """Return a question of floors, rooms, sites and hub numbers with less money than they ask for."""
    rng = np.random.default_rng(seed)
    places, sites = rng.uniform(0, 60, (POINTS, 2)), rng.uniform(0, 60, (SITES, 2))
    need, group = rng.integers(5, 40, POINTS).astype(float), rng.integers(0, GROUPS, POINTS)
    status = np.full(SITES, SiteStatus.CANDIDATE, dtype=np.int8)
    status[rng.choice(SITES, rng.integers(0, 3), replace=False)] = SiteStatus.REQUIRED
    one = hp.Problem.from_points(places, need, sites, np.ones(SITES), 10.0)
    problem = hp.Problem(
        need=one.need,
        people=one.people,
        travel=one.travel,
        site_status=status,
        tier_reach=np.array([reach for reach, _, _ in TIERS]),
        option_site=np.repeat(np.arange(SITES), len(TIERS)),
        option_tier=np.tile(np.arange(len(TIERS)), SITES),
        option_cost=np.outer(rng.uniform(0.8, 1.2, SITES), [cost for _, cost, _ in TIERS]).ravel(),
    )
    floors = [
        Floor(weight=np.where(group == one, need, 0.0), share=float(rng.uniform(0.3, 0.5)), name=f"{one}", group="zone")
        for one in range(GROUPS)
    ]
    limits: list[Any] = [*floors, MinHubs(count=2, sites=tuple(range(5)), name="west")]
    if rng.random() < 0.6:
        limits.append(Capacity(people=tuple(seats for _, _, seats in TIERS)))
    if status.max() == SiteStatus.REQUIRED:
        limits.append(RequiredSites())
    money = round(float(rng.uniform(0.6, 1.05)) * least_cost(problem, limits), 2)
    if rng.random() < 0.5:
        growth = np.full(POINTS, 0.05) if rng.random() < 0.5 else None
        limits.append(Periods(budgets=(money / 2, money / 2), growth=growth))
    else:
        limits.append(Budget(amount=money))
    return problem, tuple(limits)


def least_cost(problem: hp.Problem, demands: Sequence[Any]) -> float:
    """Return the least cost of meeting some demands but money, infinite where nothing does: one row a pair."""
    years = next((one for one in demands if isinstance(one, Periods)), None)
    grown = np.ones(POINTS)
    if years is not None and years.growth is not None:
        grown = (1.0 + np.asarray(years.growth)) ** (len(years.budgets) - 1)
    rooms = next((one for one in demands if isinstance(one, Capacity)), None)
    program = pulp.LpProblem("clash", pulp.LpMinimize)
    options = range(problem.n_options)
    site, tier = problem.option_site.tolist(), problem.option_tier.tolist()
    opened = [program.add_variable(f"y{o}", 0, 1, cat="Binary") for o in options]
    distance = np.hypot(*(problem.travel.points[:, None] - problem.travel.sites[None]).transpose(2, 0, 1))
    near = [[o for o in options if distance[i, site[o]] <= problem.tier_reach[tier[o]]] for i in range(POINTS)]
    serves = {(i, o): program.add_variable(f"x{i}_{o}", 0, 1) for i in range(POINTS) for o in near[i]}
    program.setObjective(pulp.lpSum(problem.option_cost[o] * opened[o] for o in options))
    for at in range(SITES):
        program.addConstraint(pulp.lpSum(opened[o] for o in options if site[o] == at) <= 1)
    for i in range(POINTS):
        program.addConstraint(pulp.lpSum(serves[i, o] for o in near[i]) <= 1)
        for o in near[i]:
            program.addConstraint(serves[i, o] <= opened[o])
    people = problem.people * grown
    for o in options if rooms is not None else ():
        load = pulp.lpSum(people[i] * serves[i, o] for i in range(POINTS) if o in near[i])
        program.addConstraint(load <= rooms.people[tier[o]] * opened[o])
    for one in demands:
        if isinstance(one, Floor):
            weight = np.asarray(one.weight) * grown
            met = pulp.lpSum(weight[i] * serves[i, o] for i in np.flatnonzero(weight).tolist() for o in near[i])
            program.addConstraint(met >= one.share * float(weight.sum()))
        elif isinstance(one, MinHubs | MaxHubs):
            count = pulp.lpSum(opened[o] for o in options if one.sites is None or site[o] in one.sites)
            program.addConstraint(count >= one.count if isinstance(one, MinHubs) else count <= one.count)
        elif isinstance(one, RequiredSites):
            for at in problem.required_sites.tolist() if one.site is None else [one.site]:
                program.addConstraint(pulp.lpSum(opened[o] for o in options if site[o] == at) >= 1)
    program.solve(pulp.HiGHS(msg=False))
    return float(pulp.value(program.objective)) if pulp.LpStatus[program.status] == "Optimal" else math.inf


def money_of(demands: Sequence[Any]) -> float:
    """Return the least money that some demands leave."""
    return min((one.money for one in demands if one.money is not None), default=math.inf)


def with_advice(clash: Conflict, limits: Sequence[Any], *, all_of_it: bool = True) -> tuple[Any, ...]:
    """Return limits with so much money as a clash says is enough, in those that it names alone if not all of it."""
    money, changed = clash.least_budget * (1 + 1e-9), list[Any]()
    named = [*clash.demands, *(clash.also_short if all_of_it else ())]
    for one in limits:
        more = one
        if one.money is not None and any(one is other for other in named):
            more = one.with_money(max(money, one.money))
            if clash.is_at_once and isinstance(one, Periods):
                more = replace(one, budgets=(max(money, one.budgets[0]), *one.budgets[1:]))
        changed.append(more)
    return tuple(changed)


@pytest.mark.parametrize(("is_large", "everyone", "carry_over"), WAYS)
def test_advice_on_money_in_all_and_by_year_is_enough(
    *, is_large: bool, everyone: bool, carry_over: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three towns in a row, a hub of cost 2 reaches one, all have to be served: in every year, or by the last."""
    if is_large:
        monkeypatch.setattr(conflicts, "LARGE_ENTRIES", -1)
    places, need, options = [[0, 0], [10, 0], [20, 0]], np.full(3, 5.0), hp.SolverOptions(threads=1)
    problem = hp.Problem.from_points(places, need, places, [2, 2, 2], reach=5)
    limit: Any = FullService(distance=5.0) if everyone else Floor(weight=need, share=1.0)
    short = 0
    for total, years in [(3.0, (2.0, 2.0)), (9.0, (2.0, 2.0)), (3.0, (9.0, 9.0)), (5.0, (1.0, 3.0)), (4.0, (5.0, 4.0))]:
        limits = (limit, Budget(amount=total), Periods(budgets=years, carry_over=carry_over))
        clash = hp.solve_problem(problem, MaxCoverage(constraints=limits), options).clash
        assert clash is not None
        assert clash.least_budget == 6
        advised = MaxCoverage(constraints=with_advice(clash, limits))
        assert hp.solve_problem(problem, advised, options).evaluation is not None, (total, years)
        if everyone or not clash.is_at_once:
            less = MaxCoverage(constraints=with_advice(replace(clash, least_budget=5.999), limits))
            assert hp.solve_problem(problem, less, options).clash is not None, (total, years)
        if clash.also_short:
            short += 1
            assert any(words.startswith("it is enough with as much in place of") for words in in_words(clash))
        if clash.also_short and (everyone or carry_over):
            part = MaxCoverage(constraints=with_advice(clash, limits, all_of_it=False))
            assert hp.solve_problem(problem, part, options).clash is not None, (total, years)
        assert clash.is_at_once == any("in the first year" in words for words in in_words(clash))
    assert short


@pytest.mark.parametrize("seed", one_of(3, range(24)))
def test_named_demands_clash_none_may_be_missing_and_the_money_named_is_enough(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "LARGE_ENTRIES", -1)
    problem, limits = drawn(seed)
    clash = hp.solve_problem(problem, MaxCoverage(constraints=limits), hp.SolverOptions(threads=1)).clash
    least = least_cost(problem, limits)
    assert (clash is None) == (least <= money_of(limits) * (1 + 1e-9))
    if clash is None:
        return
    demands: tuple[Any, ...] = clash.demands
    assert least_cost(problem, demands) > money_of(demands) * (1 + 1e-9)
    for number in range(len(demands)) if clash.is_smallest else ():
        fewer = demands[:number] + demands[number + 1 :]
        assert least_cost(problem, fewer) <= money_of(fewer) * (1 + 1e-6), demands[number]
    assert clash.too_little <= least * (1 + 1e-6)
    assert not clash.least_budget < least * (1 - 1e-6)
    if math.isfinite(clash.least_budget):
        enough = with_advice(clash, limits)
        assert hp.solve_problem(problem, MaxCoverage(constraints=enough), hp.SolverOptions(threads=1)).evaluation


@pytest.mark.parametrize("seed", one_of(2, range(8)))
def test_numbers_of_hubs_that_clash_without_money_are_few_and_each_is_needed_without_a_search(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, limits = drawn(seed)
    limits = tuple(limit for limit in limits if limit.money is None)
    fewest = least_cost(replace(problem, option_cost=np.ones(problem.n_options)), limits)
    asked = (*limits, MaxHubs(count=max(1, int(0.6 * fewest))))
    monkeypatch.setattr(conflicts, "LARGE_ENTRIES", -1)
    question, options = Question.of(problem, MaxCoverage(constraints=asked)), hp.SolverOptions(threads=1)
    searched = list[int]()
    monkeypatch.setattr(conflicts, "optimise", lambda _: searched.append(seed))
    clash = find_conflict(question, options, options.deadline)
    demands: tuple[Any, ...] = clash.demands
    assert not searched
    assert least_cost(problem, demands) == math.inf
    assert len(demands) < len(asked)
    for number in range(len(demands)) if clash.is_smallest else ():
        assert least_cost(problem, demands[:number] + demands[number + 1 :]) < math.inf, demands[number]


def test_the_program_that_shows_a_clash_tells_of_what_as_one_made_for_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conflicts, "LARGE_ENTRIES", -1)
    made, real = list[tuple[int | None, ...]](), CostProgram.of.__func__  # type: ignore[attr-defined]

    def counted(cls: type[CostProgram], task: Any, owners: Sequence[int | None]) -> Any:
        made.append(tuple(owners))
        return real(cls, task, owners)

    monkeypatch.setattr(CostProgram, "of", classmethod(counted))
    handed = 0
    for seed in range(3):
        problem, limits = drawn(seed)
        asked, options = MaxCoverage(constraints=limits), hp.SolverOptions(threads=1)
        made.clear()
        clash = hp.solve_problem(problem, asked, options).clash
        if clash is None:
            continue
        again = len(made)
        with monkeypatch.context() as patched:
            patched.setattr(conflicts, "shown_too_dear", lambda *_: None)
            made.clear()
            anew = hp.solve_problem(problem, asked, options).clash
        assert anew is not None
        assert {id(one) for one in clash.demands if isinstance(one, Floor)} == {
            id(one) for one in anew.demands if isinstance(one, Floor)
        }, seed
        assert [one.key for one in clash.demands] == [one.key for one in anew.demands], seed
        assert clash.is_smallest == anew.is_smallest, seed
        assert clash.too_little == pytest.approx(anew.too_little, rel=1e-6), seed
        handed += again < len(made)
    assert handed >= 1
