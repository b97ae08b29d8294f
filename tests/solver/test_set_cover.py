"""Covering everyone at the least cost, beside the same question as one program and beside what is known of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array

import hubplanner as hp
from hubplanner.problem import SiteStatus, evaluate
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.covering.presolve import prune
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.set_cover import search, strategy
from hubplanner.solver.set_cover.row_weights import _WeightedRows, exchanged
from hubplanner.solver.set_cover.search import SetCover, implying_rows

EVERYONE = hp.MinCost(target_share=1.0)
EXACT = hp.SolverOptions(gap=0.0, time_limit_s=6000.0, threads=1)


def drawn(seed: int, sites: int = 40, points: int = 120) -> hp.Problem:
    """Return two tiers, a standing hub, a required one, places without need; hubs that cost nothing every second time.

    Every place with need is within reach of some site.
    """
    rng = np.random.default_rng(seed)
    site_xy = rng.uniform(0, 10, (sites, 2))
    near = site_xy[rng.integers(0, sites, points)] + rng.uniform(-0.7, 0.7, (points, 2))
    need = rng.integers(1, 9, points).astype(float)
    need[:5] = 0.0
    near[:3] += 100.0  # nobody lives where no hub reaches
    one = hp.Problem.from_points(near, need, site_xy, np.ones(sites), 1.0)
    cost = np.column_stack([rng.integers(seed % 2, 9, sites), rng.integers(9, 20, sites)]).astype(float)
    status, kept = np.zeros(sites, dtype=np.intp), np.ones((sites, 2), dtype=np.bool_)
    status[:2] = SiteStatus.EXISTING, SiteStatus.REQUIRED
    cost[0], kept[0, 1] = 0.0, False
    site, tier = np.nonzero(kept)
    return replace(
        one,
        site_status=status,
        tier_reach=np.array([1.0, 1.8]),
        option_site=site,
        option_tier=tier,
        option_cost=cost[site, tier],
    )


@pytest.mark.parametrize("gap", [0.0, 0.01])
@given(seed=st.integers(0, 2**20))
def test_everyone_is_covered_at_the_cost_that_one_program_proves(gap: float, seed: int) -> None:
    problem = drawn(seed)
    found = hp.solve_problem(problem, EVERYONE, replace(EXACT, gap=gap))
    whole = hp.solve_problem(problem, EVERYONE, replace(EXACT, method="plain", ties=False))
    assert found.method.startswith("set cover")
    assert (found.status, whole.status) == (hp.Status.OPTIMAL, hp.Status.OPTIMAL)
    assert found.bound <= whole.value * (1 + 1e-9)
    assert found.value <= whole.value * (1 + gap) + 1e-9
    plan = evaluate(problem, found.open_options)
    assert (plan.covered_share[problem.need > 0] == 1).all()
    assert problem.site_status[1] == SiteStatus.REQUIRED
    assert 1 in problem.option_site[plan.options]


@given(seed=st.integers(0, 2**20))
def test_what_covers_the_rows_that_imply_others_covers_all_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cover = csr_array((rng.random((30, 8)) < 0.3).astype(np.int8))
    kept = implying_rows(cover)
    sets = [frozenset(np.flatnonzero(row).tolist()) for row in cover.toarray()]
    smallest = {one for one in sets if not any(other < one for other in sets if other)}
    assert sorted(map(sorted, (sets[row] for row in kept))) == sorted(map(sorted, smallest))


def test_rows_are_told_apart_but_not_compared_where_that_would_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PRODUCTS", 0)
    cover = csr_array(np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=np.int8))
    assert implying_rows(cover).tolist() == [0, 1]
    problem = drawn(1)
    found = hp.solve_problem(problem, EVERYONE, EXACT)
    monkeypatch.undo()
    assert found.value == hp.solve_problem(problem, EVERYONE, EXACT).value


def test_need_that_no_site_reaches_leaves_no_plan() -> None:
    problem = drawn(3)
    need = problem.need.copy()
    need[0] = 1.0
    found = hp.solve_problem(replace(problem, need=need, people=need), EVERYONE, EXACT)
    assert found.status == hp.Status.INFEASIBLE
    assert found.clashes


def test_a_plan_comes_back_with_a_bound_where_there_is_no_time() -> None:
    problem = drawn(4, sites=300, points=3000)
    found = hp.solve_problem(problem, EVERYONE, replace(EXACT, time_limit_s=0.01))
    assert found.status in {hp.Status.FEASIBLE, hp.Status.OPTIMAL}
    assert 0 <= found.bound <= found.value
    assert (evaluate(problem, found.open_options).covered_share[problem.need > 0] == 1).all()


def test_a_plan_to_start_from_is_improved_and_one_that_leaves_someone_out_is_not_used() -> None:
    problem = drawn(5)
    best = hp.solve_problem(problem, EVERYONE, EXACT)
    none = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=3), EXACT)
    for start in (best, none):
        assert hp.solve_problem(problem, EVERYONE, EXACT, start=start).value == best.value


@pytest.mark.parametrize(
    "objective",
    [hp.MinCost(target_share=0.9), hp.MinCost(target_share=1.0, max_hubs=30), hp.MinCost(target_share=1.0, budget=1e6)],
)
def test_other_questions_go_another_way(objective: hp.MinCost) -> None:
    assert not hp.solve_problem(drawn(6), objective, EXACT).method.startswith("set cover")


def test_a_choice_that_leaves_someone_out_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = search.solve_handle
    monkeypatch.setattr(search, "solve_handle", lambda *given: replace(real(*given), open_=[0.0] * len(given[2])))
    one = SetCover(cover=csr_array(np.eye(3)), cost=np.ones(3))
    effort = replace(EXACT, time_limit_s=6000.0).effort(0.0)
    with pytest.raises(hp.SolverError, match="leave someone out"):
        one.best(effort, 0.0, math.inf)


def test_a_plan_to_start_from_is_kept_where_its_sites_have_twins(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(3)
    places = rng.uniform(0, 10, (300, 2))
    sites = np.vstack([places[:60], places[:60]])
    near = np.hypot(*(places[:, None] - sites).transpose(2, 0, 1)).min(axis=1) <= 2.0
    problem = hp.Problem.from_points(places[near], np.ones(near.sum()), sites, np.ones(120), 2.0)
    others = replace(problem, option_cost=np.where(np.arange(120) < 60, 9.0, 1.0))
    start = hp.solve_problem(others, EVERYONE, EXACT)
    assert (start.open_options >= 60).all()
    with caplog.at_level("INFO", "hubplanner"):
        found = hp.solve_problem(problem, EVERYONE, replace(EXACT, time_limit_s=0.001), start=start)
    assert found.value == len(start.open_options)
    assert "not used" not in caplog.text


@pytest.mark.parametrize("alike", [True, False])
@given(seed=st.integers(0, 2**20))
def test_exchanges_find_the_least_that_covers_all_rows(alike: bool, seed: int) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    table = (rng.random((20, 10)) < 0.25).astype(np.int8)
    table[np.arange(20), rng.integers(0, 10, 20)] = 1
    cost = np.ones(10) if alike else rng.integers(1, 20, 10).astype(float)
    plans = [np.flatnonzero([number >> bit & 1 for bit in range(10)]) for number in range(1024)]
    least = min(cost[plan].sum() for plan in plans if table[:, plan].any(axis=1).all())
    start, clock = np.arange(10), Deadline(math.inf)
    found = exchanged(csr_array(table), cost, start, 0.0, 300, clock, seed)
    assert table[:, found].any(axis=1).all()
    assert cost[found].sum() == pytest.approx(least)
    assert exchanged(csr_array(table), cost, start, 0.0, 300, Deadline.after(0.0), seed).tolist() == start.tolist()
    few = exchanged(csr_array(table), cost, start, least + 5, 300, clock, seed)
    assert least <= cost[few].sum()
    assert table[:, few].any(axis=1).all()


@given(seed=st.integers(0, 2**20))
def test_what_rows_weigh_for_options_is_what_it_would_be_counted_anew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = (rng.random((15, 8)) < 0.3).astype(np.int8)
    rows = _WeightedRows(csr_array(table), rng.integers(1, 5, 8).astype(float))
    for step in range(60):
        option = int(rng.integers(8))
        (rows.close if rows.held[option] else rows.open)(option, step)
        if rng.random() < 0.3:
            rows.wait()
        times = table @ rows.held
        assert rows.waits.tolist() == np.flatnonzero(times == 0).tolist()
        anew = np.where(rows.held, table.T @ ((times == 1) * rows._weight), table.T @ ((times == 0) * rows._weight))
        np.testing.assert_allclose(rows._worth, anew)


def test_exchanges_come_first_where_a_search_has_no_end_and_the_proof_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(3)
    place = rng.uniform(0, 10, (400, 2))
    problem = hp.Problem.from_points(place, np.ones(400), rng.uniform(0, 10, (100, 2)), np.ones(100), 2.2)
    monkeypatch.setattr(strategy, "FIRST_NODES", 0)
    monkeypatch.setattr(strategy, "STEPS", 2000)
    found = hp.solve_problem(problem, EVERYONE, replace(EXACT, ties=False))
    monkeypatch.setattr(strategy, "FIRST_NODES", None)
    alone = hp.solve_problem(problem, EVERYONE, replace(EXACT, ties=False))
    assert "exchange hubs" in found.phases
    assert "exchange hubs" not in alone.phases
    assert (found.status, found.value) == (alone.status, alone.value) == (hp.Status.OPTIMAL, alone.value)


def test_a_required_site_keeps_one_hub_where_a_choice_has_two() -> None:
    cover = csr_array(np.array([[1, 1], [1, 1]], dtype=np.int8))
    instance = CoveringInstance(
        need=np.ones(2),
        cover=cover,
        option=np.arange(2),
        site=np.zeros(2, dtype=np.intp),
        cost=np.array([1.0, 2.0]),
        gain=np.zeros(2),
        required=np.array([0]),
        base=0.0,
    )
    assert prune(instance, np.array([0, 1])).tolist() == [0]
    found = hp.solve_problem(drawn(207, 44, 203), EVERYONE, hp.SolverOptions(threads=1))
    assert found.status == hp.Status.OPTIMAL


def test_hubs_that_cost_nothing_and_hubs_alone_are_exchanged() -> None:
    table, clock = csr_array(np.ones((2, 2), dtype=np.int8)), Deadline(math.inf)
    assert exchanged(table, np.array([5.0, 3.0]), np.array([0]), 0.0, 50, clock).tolist() == [1]
    four = csr_array(np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]], dtype=np.int8))
    four = csr_array(np.repeat(four.toarray(), 5, axis=0))
    found = exchanged(four, np.array([0.0, 0.0, 5.0]), np.array([2, 2]), 0.0, 50, clock)
    assert sorted(found.tolist()) == [0, 1]
