"""A start that comes back under another plan's objective: the solver is asked once more without it, everywhere."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from support.instances.tiny import dear_and_cheap, line_of_five
from test_futures import EXACT, hedged, town
from test_median_distrust import ASKED, scattered, truth

import hubplanner as hp
from hubplanner.solver.backends import ADAPTERS, highs as adapter
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.backends.highs import solve_handle, solve_highs
from hubplanner.solver.covering import strategy as run
from hubplanner.solver.median import strategy as solving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.solver.backends import Outcome, SearchLimits, Solvable
    from hubplanner.solver.median.subgradient import BoundedPlan

MODEL = Path(__file__).parent / "data" / "start_under_another_objective.mps"
START = [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
BEST = 3.6315789473684212


class Liar:
    """Runs HiGHS, and hands back a start where it has one under the value of the best plan, as HiGHS 1.16 may."""

    def __init__(self) -> None:
        self.with_start, self.without = 0, 0

    def __call__(self, model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        found = solve_highs(model, effort, [])
        if not len(start) or found.open_ is None:
            self.without += 1
            return found
        self.with_start += 1
        return replace(found, open_=[*start, *list(found.open_)[len(start) :]])


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    made = Liar()
    monkeypatch.setitem(ADAPTERS, "liar", made)
    return made


OPTIONS = hp.SolverOptions(name="liar", gap=0, ties=False)


def handle(seconds: float = 60.0) -> Any:
    made: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {"output_flag": False, "mip_rel_gap": 0.0, "time_limit": seconds}.items():
        made.setOptionValue(name, value)
    made.readModel(str(MODEL))
    return made


def test_highs_hands_back_the_plan_whose_value_it_states() -> None:
    columns = np.arange(len(START), dtype=np.int32)
    found = solve_handle(handle(), handle, columns, [float(value) for value in START])
    assert found.value == pytest.approx(BEST)
    assert -float(np.asarray(handle().getLp().col_cost_) @ np.array(found.open_)) == pytest.approx(BEST)


def cover(near: np.ndarray) -> Any:
    """Return HiGHS with the fewest sites that cover all points, by which points (n, m) are near to which sites."""
    points, sites = near.shape
    ends, limits = (np.zeros(sites), np.ones(sites)), (np.ones(points), np.full(points, np.inf))
    program = linear_program(csr_array(near.astype(float)), np.ones(sites), ends, limits, np.ones(sites, np.bool_))
    made: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {"output_flag": False, "mip_rel_gap": 0.0, "threads": 1}.items():
        made.setOptionValue(name, value)
    made.passModel(program)
    return made


def test_a_start_that_highs_takes_for_a_better_one_costs_no_time() -> None:
    # Presolve drops sites of the start that others dominate, and HiGHS 1.16 counts it without them.
    rng = np.random.default_rng(0)
    away = np.hypot(*(rng.uniform(0, 1, (300, 1, 2)) - rng.uniform(0, 1, (80, 2))).transpose(2, 0, 1))
    near = away <= np.maximum(0.155, away.min(axis=1))[:, None]
    start = np.ones(80)
    for site in range(80):
        start[site] = 0.0
        start[site] = float(not (near @ start >= 1).all())
    handles: list[Any] = []

    def make() -> Any:
        handles.append(cover(near))
        return handles[-1]

    found = solve_handle(make(), make, np.arange(80, dtype=np.int32), start.tolist())
    assert [made.getModelStatus() for made in handles] == [
        highspy.HighsModelStatus.kInterrupt,
        highspy.HighsModelStatus.kOptimal,
    ]
    least = milp(np.ones(80), integrality=np.ones(80), bounds=Bounds(0, 1), constraints=LinearConstraint(near, 1))
    assert -found.value == -found.bound == pytest.approx(least.fun)
    assert start.sum() > least.fun
    assert (near @ np.array(found.open_) >= 1 - 1e-6).all()


def test_without_time_for_a_second_run_the_value_is_that_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = np.arange(len(START), dtype=np.int32)
    monkeypatch.setattr(adapter, "run", lambda made: (made.run(), made.setOptionValue("time_limit", 0.0)))
    found = solve_handle(handle(), handle, columns, [float(value) for value in START])
    assert found.value == pytest.approx(-float(np.asarray(handle().getLp().col_cost_) @ np.array(found.open_)))
    assert found.bound >= BEST - 1e-9


def test_maximal_covering_is_searched_anew(monkeypatch: pytest.MonkeyPatch, liar: Liar) -> None:
    monkeypatch.setattr(run, "sharper", lambda _instance, _objective, relaxation, *_: relaxation)
    monkeypatch.setattr(run, "FEW", 1e9)
    found = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), OPTIONS)
    assert (found.status, found.value) == (hp.Status.OPTIMAL, 99)
    assert min(liar.with_start, liar.without) > 0


def test_a_median_is_searched_anew(monkeypatch: pytest.MonkeyPatch, liar: Liar) -> None:
    real = solving.explore

    def from_a_poor_plan(proof: BoundedPlan, effort: SearchLimits) -> tuple[BoundedPlan, str]:
        poor = np.arange(min(proof.table.count, proof.table.size))
        return real(replace(proof, chosen=poor, value=proof.table.value(poor)), effort)

    monkeypatch.setattr(solving, "explore", from_a_poor_plan)
    found = hp.solve_problem(scattered(), ASKED, OPTIONS)
    assert (found.status, found.value) == (hp.Status.OPTIMAL, pytest.approx(truth()))
    assert min(liar.with_start, liar.without) > 0


@pytest.mark.parametrize("ties", [False, True])
def test_a_question_with_blocks_is_searched_anew(liar: Liar, *, ties: bool) -> None:
    problem, constraints = line_of_five(), (hp.MinHubs(count=1),)
    poor = hp.solve_problem(problem, hp.MaxCoverage(budget=1, constraints=constraints), EXACT)
    best = hp.solve_problem(problem, hp.MaxCoverage(budget=2, constraints=constraints), EXACT)
    assert poor.value < best.value
    options = replace(OPTIONS, ties=ties)
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=2, constraints=constraints), options, start=poor)
    assert (found.status, found.value) == (hp.Status.OPTIMAL, best.value)
    assert min(liar.with_start, liar.without) > 0


@pytest.mark.parametrize("criterion", ["worst", "regret", "cvar"])
def test_futures_are_searched_anew(liar: Liar, criterion: str) -> None:
    problem, futures = town()
    objective = hp.MaxCoverage(budget=25.0, constraints=hedged(futures, criterion))
    honest, found = (
        hp.solve_problem(problem, objective, hp.SolverOptions(name=name, gap=1e-6, ties=False, method="core"))
        for name in ("highs", "liar")
    )
    assert found.value == pytest.approx(honest.value, rel=2e-6)
    assert liar.without > 0


def test_the_second_search_has_the_time_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []

    class Slow(Liar):
        def __call__(self, model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
            given.append(effort.seconds)
            time.sleep(0.2)
            return super().__call__(model, effort, start)

    monkeypatch.setattr(run, "sharper", lambda _instance, _objective, relaxation, *_: relaxation)
    monkeypatch.setattr(run, "FEW", 1e9)
    monkeypatch.setitem(ADAPTERS, "liar", Slow())
    hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), replace(OPTIONS, time_limit_s=60.0))
    assert given[1] <= given[0] - 0.2
