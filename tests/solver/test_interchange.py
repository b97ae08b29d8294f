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
from hubplanner.solver.mip import interchange as single
from hubplanner.solver.mip.greedy import PlanBuilder
from hubplanner.solver.mip.interchange import SHARPNESS, _gained, _gains, _worth, exchanges_gain, interchange

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
    gain = _gains(builder, hubs, problem.need)
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


def thirds(problem: Problem) -> hp.MaxMin:
    """Return thirds of the square, the first of which laps over the second."""
    x = problem.travel.points[:, 0]  # type: ignore[union-attr]
    return hp.MaxMin(
        weights=np.array([np.where((x >= a) & (x < b), problem.need, 0) for a, b in ((0, 9), (7, 14), (14, 21))])
    )


def smooth(shares: np.ndarray) -> float:
    """Return the smooth minimum of shares, as its formula says it."""
    return -float(np.log(np.mean(np.exp(-SHARPNESS * shares)))) / SHARPNESS


@pytest.mark.parametrize("name", ["one hub", "second hub, fading"])
@pytest.mark.parametrize("seed", range(4))
def test_exchanges_raise_the_worst_group_until_none_helps(name: str, seed: int) -> None:
    problem = town(seed, RULES[name])
    groups = thirds(problem)
    builder = grown(problem, hp.MaxCoverage(budget=70.0, fairness=groups))
    standing = np.flatnonzero(problem.existing)

    def exchanged() -> tuple[np.ndarray, float, dict[tuple[int, int], float]]:
        """Return hubs, what their plan is worth, and that of each exchange that money and sites allow."""
        hubs = np.array([hub.added.option for hub in builder.opened])
        now, found = smooth(groups.shares(evaluate(problem, np.concatenate([standing, hubs])))), {}
        for at, hub in enumerate(hubs.tolist()):
            rest = np.concatenate([standing, hubs[hubs != hub]])
            for option in np.flatnonzero(problem.new & (builder.counts == 0)).tolist():
                plan = evaluate(problem, np.append(rest, option))
                if problem.option_site[option] not in problem.option_site[rest] and plan.cost <= 70.0:
                    found[at, option] = smooth(groups.shares(plan))
        return hubs, now, found

    hubs, before, others = exchanged()
    gain = _gained(builder, hubs, _worth(builder))
    assert _worth(builder) == pytest.approx(before)
    assert others
    assert [gain[pair] for pair in others] == pytest.approx([worth - before for worth in others.values()])
    interchange(builder)
    assert not broken_years(builder.question, builder.years())
    _, after, others = exchanged()
    assert _worth(builder) == pytest.approx(after)
    assert after >= before - 1e-9
    assert max(others.values()) <= after + 1e-8


def test_first_plans_for_the_worst_group_are_exchanged_and_none_is_better_than_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    better = 0
    for seed in range(8):
        problem = town(seed, RULES["one hub"])
        asked = hp.MaxCoverage(budget=70.0, fairness=thirds(problem))
        question = Question.of(problem, asked)
        found = first.first_plan(question, Deadline(0.0)).value
        with monkeypatch.context() as without:
            without.setattr(single, "MOST_CELLS", 0)
            greedy = first.first_plan(question, Deadline(0.0)).value
        better += found > greedy
        assert found >= greedy
        assert found <= hp.solve_problem(problem, asked, hp.SolverOptions(gap=0, ties=False)).value * (1 + 1e-9)
    assert better > 1


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
