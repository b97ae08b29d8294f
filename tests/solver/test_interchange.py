"""Exchanges of single hubs: what they are said to gain is what they gain, and no plan gets worse or breaks a limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model import Question, broken_years
from hubplanner.problem import CoverageRule, Planar, Problem, SiteStatus, evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import first_plan as first
from hubplanner.solver.mip.greedy import PlanBuilder
from hubplanner.solver.mip.interchange import _gains, exchanges_gain, interchange

RULES = {
    "second hub": CoverageRule(backup=2),
    "second hub for a part": CoverageRule(backup=2, backup_weight=0.3),
    "second hub, fading": CoverageRule(backup=2, backup_weight=0.6, decay="linear"),
    "one hub": CoverageRule(),
}


def town(seed: int, rule: CoverageRule) -> Problem:
    """Return points and sites of two tiers, some of them standing."""
    rng = np.random.default_rng(seed)
    status = rng.choice([SiteStatus.CANDIDATE] * 6 + [SiteStatus.EXISTING], size=14)
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(14), np.arange(2), indexing="ij"))
    kept = (tier == 0) | (status[site] != SiteStatus.EXISTING)
    cost = np.where(status[site] == SiteStatus.EXISTING, 0.0, rng.integers(5, 20, len(site)) * (1 + tier))
    need = rng.integers(1, 50, 80).astype(float)
    return Problem(
        need=need,
        people=need,
        travel=Planar(rng.uniform(0, 20, (80, 2)), rng.uniform(0, 20, (14, 2))),
        site_status=status,
        tier_reach=np.array([4.0, 6.0]),
        option_site=site[kept],
        option_tier=tier[kept],
        option_cost=cost[kept],
        rule=rule,
    )


def grown(problem: Problem, objective: hp.MaxCoverage) -> PlanBuilder:
    builder = PlanBuilder(Question.of(problem, objective))
    builder.meet()
    builder.fill()
    return builder


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_exchanges_gain_what_is_said(name: str, seed: int) -> None:
    problem = town(seed, RULES[name])
    builder = grown(problem, hp.MaxCoverage(budget=70.0))
    hubs = np.array([hub.added.option for hub in builder.opened])
    gain = _gains(builder, hubs)
    standing = np.flatnonzero(problem.existing)
    before = evaluate(problem, np.concatenate([standing, hubs])).covered_need
    assert len(hubs) > 2
    for at, hub in enumerate(hubs.tolist()):
        rest = np.concatenate([standing, hubs[hubs != hub]])
        for option in np.flatnonzero(problem.new & (builder.counts == 0)).tolist():
            if problem.option_site[option] in problem.option_site[rest]:
                continue
            after = evaluate(problem, np.append(rest, option)).covered_need
            assert gain[at, option] == pytest.approx(after - before, abs=1e-6)


LIMITS = {
    "money": hp.MaxCoverage(budget=70.0),
    "number": hp.MaxCoverage(max_hubs=4),
    "apart": hp.MaxCoverage(budget=90.0, constraints=(hp.MinSeparation(distance=5.0),)),
    "some": hp.MaxCoverage(
        budget=90.0, constraints=(hp.MaxHubs(count=1, sites=(0, 1, 2, 3, 4, 5)), hp.MinHubs(count=3))
    ),
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("seed", range(6))
def test_after_exchanges_plans_keep_to_limits_and_no_single_exchange_helps(limit: str, seed: int) -> None:
    problem = town(seed, RULES["second hub"])
    builder = grown(problem, LIMITS[limit])
    before = builder.figures[0]
    assert exchanges_gain(builder)
    interchange(builder)
    years = builder.years()
    assert not broken_years(builder.question, years)
    found = years[-1].plan.covered_need
    assert found >= before - 1e-9
    assert found == pytest.approx(builder.figures[0])
    standing = np.flatnonzero(problem.existing)
    hubs = np.array([hub.added.option for hub in builder.opened], dtype=np.intp)
    best = hp.solve_problem(problem, LIMITS[limit], hp.SolverOptions(gap=0, ties=False)).value
    assert found <= best * (1 + 1e-9)
    if limit not in {"money", "number"}:  # others refuse so many exchanges that the search for one may end
        return
    for hub in hubs.tolist():
        rest = np.concatenate([standing, hubs[hubs != hub]])
        for option in np.flatnonzero(problem.new & (builder.counts == 0)).tolist():
            plan = evaluate(problem, np.append(rest, option))
            if problem.option_site[option] in problem.option_site[rest]:
                continue
            if not broken_years(builder.question, (replace(years[-1], plan=plan),)):
                assert plan.covered_need <= found * (1 + 1e-6)


def test_first_plans_with_second_hubs_are_exchanged_whatever_time_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    better = 0
    for seed in range(8):
        question = Question.of(town(seed, RULES["second hub"]), LIMITS["money"])
        found = first.first_plan(question, Deadline(0.0)).value
        with monkeypatch.context() as without:
            without.setattr(first, "interchange", lambda _: None)
            greedy = first.first_plan(question, Deadline(0.0)).value
        assert found >= greedy
        better += found > greedy
    assert better > 2


def test_what_an_exchange_gains_is_not_known_where_people_are_assigned_or_years_count() -> None:
    problem = town(0, RULES["one hub"])
    seats = hp.MaxCoverage(budget=70.0, constraints=(hp.Capacity(people=(100.0, 200.0)),))
    years = hp.MaxCoverage(constraints=(hp.Periods(budgets=(40.0, 40.0)),))
    for asked in (seats, years, hp.PMedian(max_hubs=4)):
        assert not exchanges_gain(PlanBuilder(Question.of(problem, asked)))
