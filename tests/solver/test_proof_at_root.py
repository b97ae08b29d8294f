"""A large program that HiGHS proves without branching is proven by its own tolerance too, or the better plan counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pulp
import pytest

import hubplanner as hp
from hubplanner.model.lp import new_program
from hubplanner.solver.backends import SearchLimits, Termination, highs

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 6
EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


def handle_of(most: float, each: float = 1.1) -> Any:
    """Return a handle that chooses among six things of worth 1 to 6, at most so many; each counts as so much."""
    program = new_program("things")
    things = [program.add_variable(f"thing_{number}", 0, 1, cat="Integer") for number in range(COUNT)]
    program.setObjective(pulp.LpAffineExpression([(thing, number + 1.0) for number, thing in enumerate(things)]))
    all_of_them = pulp.LpAffineExpression([(thing, each) for thing in things])
    program.addConstraint(pulp.LpConstraint(all_of_them, pulp.LpConstraintLE, "most", each * most))
    return highs.prepared(program, EFFORT, mip_rel_gap=0.0, mip_abs_gap=0.0, **highs.WHOLE)


def answer(first: float, again: Callable[[], Any], start: list[float] | None = None) -> Any:
    columns = np.arange(COUNT, dtype=np.int32)
    return highs.solve_handle(handle_of(first), again, columns, start or [])


@pytest.mark.parametrize("start", [[], [1.0, 0, 0, 0, 0, 0]])
def test_a_better_plan_by_the_usual_tolerance_refutes_a_proof_without_branching(
    start: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(highs, "LARGE", 0)
    # The first program stands for one of which a part was given up wrongly.
    found = answer(1.0, lambda: handle_of(2.0), start)
    assert (found.termination, found.value, found.bound) == (Termination.FINISHED, 11.0, 11.0)
    assert found.open_ == [0, 0, 0, 0, 1, 1]


def test_where_both_agree_the_first_counts_and_small_or_whole_programs_are_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []

    def again() -> Any:
        asked.append(2.0)
        return handle_of(2.0)

    assert answer(2.0, again).value == 11.0
    assert not asked
    monkeypatch.setattr(highs, "LARGE", 0)
    assert answer(2.0, again).value == 11.0
    assert len(asked) == 1
    columns = np.arange(COUNT, dtype=np.int32)
    assert highs.solve_handle(handle_of(2.0, each=1.0), again, columns, []).value == 11.0
    assert len(asked) == 1, "whole numbers leave nothing to round"


def test_a_program_that_had_the_usual_tolerance_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highs, "LARGE", 0)
    handle = handle_of(2.0)
    handle.setOptionValue("mip_feasibility_tolerance", highs.AGREEMENT)

    def again() -> Any:
        raise AssertionError

    assert highs.solve_handle(handle, again, np.arange(COUNT, dtype=np.int32), []).value == 11.0


def test_the_usual_tolerance_gives_the_same_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, own_large, own_exact = np.random.default_rng(4), highs.LARGE, highs.EXACT
    for _ in range(5):
        places, sites = rng.random((30, 2)), rng.random((8, 2))
        problem = hp.Problem.from_points(places, rng.integers(1, 9, 30), sites, rng.integers(1, 5, 8), reach=0.3)
        room = hp.Capacity(people=(40.0,))
        plans = []
        for large, exact in ((own_large, own_exact), (0, 0.0)):
            monkeypatch.setattr(highs, "LARGE", large)
            monkeypatch.setattr(highs, "EXACT", exact)
            plans.append(
                hp.solve_problem(problem, hp.MaxCoverage(budget=8, constraints=(room,)), hp.SolverOptions(gap=0))
            )
        assert plans[0].value == pytest.approx(plans[1].value)
        assert plans[0].bound == pytest.approx(plans[1].bound)
