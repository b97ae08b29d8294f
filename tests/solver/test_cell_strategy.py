"""Covering beyond memory: what cells prove holds, and with the limit of memory set low plans are those of the core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question
from hubplanner.problem import Problem, SiteStatus, evaluate
from hubplanner.problem.travel.geometric import GreatCircle
from hubplanner.solver.covering import cells
from hubplanner.solver.covering.cells import CellStrategy, pairs_of

EXACTLY = hp.SolverOptions(gap=0.0, threads=1)


@pytest.fixture(autouse=True)
def _few_options_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let cells plan what the core would, so that small questions can be compared."""
    monkeypatch.setattr(cells, "SMALL_OPTIONS", 0)


def country(seed: int) -> tuple[Problem, hp.MaxCoverage]:
    """Return towns and villages with sites of up to two tiers; some stand, must be built or may not be."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(60, 400)), int(rng.integers(8, 30))
    towns = rng.random((6, 2)) * 20
    points = np.vstack(
        [
            towns[rng.integers(6, size=n // 2)] + rng.normal(size=(n // 2, 2)),
            rng.random((n - n // 2, 2)) * 20,
        ]
    )
    sites = rng.random((m, 2)) * 20
    if seed % 3 == 0:
        points, sites = np.round(points), np.round(sites)
    status = rng.choice([SiteStatus.CANDIDATE] * 8 + [SiteStatus.EXISTING, SiteStatus.REQUIRED], size=m)
    tiers = 1 + seed % 2
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(m), np.arange(tiers), indexing="ij"))
    kept = (tier == 0) | (status[site] != SiteStatus.EXISTING)
    site, tier = site[kept], tier[kept]
    cost = np.round(rng.uniform(0.7, 1.3, len(site)) * (1 + tier), 2)
    problem = Problem.from_points(points, np.round(rng.lognormal(2, 1, n)), sites, np.ones(m), 3.0)
    problem = replace(
        problem,
        site_status=status,
        tier_reach=np.array([2.0, 3.0])[:tiers],
        option_site=site,
        option_tier=tier,
        option_cost=np.where(status[site] == SiteStatus.EXISTING, 0.0, cost),
    )
    if seed % 4 == 1:
        problem = replace(problem, travel=GreatCircle(points, sites), tier_reach=problem.tier_reach * 111.0)
    required = float(np.count_nonzero(status == SiteStatus.REQUIRED))
    limits = {"budget": 1.3 * required + float(rng.uniform(1, 5))}
    if seed % 5 == 0:
        limits = {"max_hubs": int(required) + 3}
    return problem, hp.MaxCoverage(**limits)


@pytest.mark.parametrize("seed", one_of(7, range(40)))  # of every kind that seeds give
def test_beyond_memory_plans_are_as_good_as_those_of_the_plain_program(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, objective = country(seed)
    best = hp.solve_problem(problem, objective, replace(EXACTLY, method="plain"))
    monkeypatch.setattr(cells, "MOST_PAIRS", 1)
    monkeypatch.setattr(cells, "MOST_PAIRS", pairs_of(problem) - 1)
    monkeypatch.setattr(cells, "FEWEST", 4)
    monkeypatch.setattr(cells, "COUNT", 12)
    found = hp.solve_problem(problem, objective, EXACTLY)
    assert found.method.startswith("cells: ")
    assert found.bound >= best.value * (1 - 1e-9)
    assert found.value == pytest.approx(evaluate(problem, found.open_options).covered_need)
    assert found.value <= best.value * (1 + 1e-9)
    if found.gap < 1e-9:
        assert found.value == pytest.approx(best.value, rel=1e-9)
    # One pair too many: all options but a few go to the core, which proves its plan among them.
    assert found.gap < 0.05


def test_the_bounds_told_on_the_way_hold_for_all_plans(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    problem, objective = country(4)
    best = hp.solve_problem(problem, objective, replace(EXACTLY, method="plain")).value
    for name, value in {"MOST_PAIRS": 1, "FEWEST": 2, "TIMES": 1, "COUNT": 12}.items():
        monkeypatch.setattr(cells, name, value)
    monkeypatch.setattr(cells._CellRelaxation, "fitting", _first)
    caplog.set_level("DEBUG", logger="hubplanner.solver.progress")
    caplog.clear()
    hp.solve_problem(problem, objective, EXACTLY)
    told = [record.progress for record in caplog.records if hasattr(record, "progress")]
    assert len(told) > 2
    assert min(figures["bound"] for figures in told) >= best * (1 - 1e-9)


def _first(relaxed: cells._CellRelaxation, count: int) -> np.ndarray:
    """Return the first so many options, however many pairs they are."""
    return np.sort(relaxed.instance.option[np.argsort(-relaxed.most, kind="stable")[:count]])


@pytest.mark.parametrize("seed", one_of(5, range(12)))
def test_no_plan_with_an_option_covers_more_than_cells_say(seed: int) -> None:
    problem, objective = country(seed)
    counted = cells._open_points(problem)
    relaxed = cells._CellRelaxation.of(problem, objective, counted)
    relaxed.tighten(1e-6, EXACTLY)
    for option, most in zip(relaxed.instance.option.tolist(), relaxed.most.tolist(), strict=True):
        site = problem.option_site[option]
        others = (problem.option_site != site) | (np.arange(problem.n_options) == option)
        status = problem.site_status.copy()
        status[site] = SiteStatus.REQUIRED
        forced = replace(
            problem,
            site_status=status,
            option_site=problem.option_site[others],
            option_tier=problem.option_tier[others],
            option_cost=problem.option_cost[others],
        )
        best = hp.solve_problem(forced, objective, EXACTLY)
        assert best.evaluation is None or best.value <= most * (1 + 1e-9)
        assert best.evaluation is None or best.value <= relaxed.bound * (1 + 1e-9)


def test_cells_err_less_with_each_split_and_their_bound_never_rises() -> None:
    problem, objective = country(4)
    counted = cells._open_points(problem)
    relaxed = cells._CellRelaxation.of(problem, objective, counted)
    bounds = [relaxed.bound]
    for error in (1.0, 0.01, 0.0):
        relaxed.tighten(error, EXACTLY)
        bounds.append(relaxed.bound)
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] < bounds[0]
    assert relaxed.cells.errors(relaxed.point.open_)[0].sum() <= 1e-6 * relaxed.bound


def test_cells_are_for_covering_by_straight_lines_with_many_pairs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = country(1)
    strategy, asked = CellStrategy(), hp.SolverOptions()
    assert strategy.applies(Question.of(problem, objective), asked) is None
    monkeypatch.setattr(cells, "MOST_PAIRS", 1)
    assert strategy.applies(Question.of(problem, objective), asked) is not None
    assert strategy.applies(Question.of(problem, objective), replace(asked, method="core")) is None
    monkeypatch.setattr(cells, "SMALL_OPTIONS", problem.n_options)
    assert strategy.applies(Question.of(problem, objective), asked) is None
    monkeypatch.setattr(cells, "SMALL_OPTIONS", problem.n_options - 1)
    assert strategy.applies(Question.of(problem, objective), asked) is not None
    apart = hp.MaxCoverage(budget=5, constraints=(hp.MinSeparation(distance=2),))
    assert strategy.applies(Question.of(problem, apart), asked) is None
    table = Problem.from_matrix(np.ones((3, 2)), [1, 1, 1], [1, 1], reach=2)
    assert strategy.applies(Question.of(table, hp.MaxCoverage(max_hubs=1)), asked) is None


def test_pairs_are_estimated_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    problem = Problem.from_points(rng.random((20_000, 2)), np.ones(20_000), rng.random((50, 2)), np.ones(50), 0.2)
    monkeypatch.setattr(cells, "MOST_PAIRS", 10)
    exact = len(problem.travel.pairs(0, 20_000, 0.2)[0])
    assert pairs_of(problem) == pytest.approx(exact, rel=0.05)


def test_nothing_to_cover_is_left_to_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = country(2)
    monkeypatch.setattr(cells, "MOST_PAIRS", 1)
    nothing = replace(problem, need=np.zeros(problem.n_points))
    assert hp.solve_problem(nothing, objective).value == 0


@pytest.mark.parametrize("seconds", [300.0, 1e-3])
def test_sites_that_must_hold_a_hub_keep_all_their_tiers_however_few_options_are_kept(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    m, reach, price = 20, np.array([4.0, 3.0, 2.0, 1.5]), np.array([9.0, 7.0, 5.0, 1.0])
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(m), np.arange(4), indexing="ij"))
    points, sites = rng.random((200, 2)) * 20, rng.random((m, 2)) * 20
    problem = replace(
        Problem.from_points(points, np.ones(200), sites, np.ones(m), 3.0),
        site_status=np.where(np.arange(m) < 12, SiteStatus.REQUIRED, SiteStatus.CANDIDATE),
        tier_reach=reach,
        option_site=site,
        option_tier=tier,
        option_cost=price[tier],
    )
    for name, value in {"MOST_PAIRS": 100, "FEWEST": 4, "TIMES": 1, "COUNT": 12}.items():
        monkeypatch.setattr(cells, name, value)
    # Of each site only the cheapest tier, which comes last, can be paid.
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=12.0), replace(EXACTLY, time_limit_s=seconds))
    assert found.method.startswith("cells: ")
    assert set(range(12)) <= set(found.open_sites.tolist())


def test_cells_are_split_no_further_than_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = country(4)
    counted = cells._open_points(problem)
    monkeypatch.setattr(cells, "COUNT", 12)
    free, bounded = (cells._CellRelaxation.of(problem, objective, counted) for _ in range(2))
    room = free.cells.share.nnz + 2
    free.tighten(0.0, EXACTLY)
    assert free.cells.share.nnz > room
    monkeypatch.setattr(cells, "MOST_PAIRS", room)
    bounded.tighten(0.0, EXACTLY)
    assert bounded.cells.share.nnz <= room
    assert free.bound <= bounded.bound


@pytest.mark.parametrize("seed", range(8))
def test_where_no_relaxation_is_solved_the_first_plan_is_a_greedy_one_at_least(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, objective = country(seed)
    relaxed = cells._CellRelaxation.of(problem, objective, cells._open_points(problem))
    chosen = relaxed.instance.option[relaxed.point.open_ > 0]
    monkeypatch.setattr(cells, "_optimum", lambda table, _: cells._unknown(table))
    monkeypatch.setattr(cells, "MOST_PAIRS", 1)
    monkeypatch.setattr(cells, "MOST_PAIRS", pairs_of(problem) - 1)
    monkeypatch.setattr(cells, "FEWEST", 1)
    monkeypatch.setattr(cells, "TIMES", 1)
    found = hp.solve_problem(problem, objective, replace(EXACTLY, gap=0.9))
    standing = np.flatnonzero(problem.existing)
    assert found.value >= evaluate(problem, np.union1d(standing, chosen)).covered_need
    assert len(chosen) == relaxed.used > 0
