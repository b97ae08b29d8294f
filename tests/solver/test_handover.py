"""A PuLP program handed to HiGHS as arrays is the one that PuLP hands over row by row."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pulp
import pytest
from model.test_golden import MODELS

from hubplanner.model.lp import new_program
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import matrix
from hubplanner.solver.backends.highs import prepared

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)
ENDS = ("col_cost_", "col_lower_", "col_upper_", "row_lower_", "row_upper_")


def by_pulp(program: pulp.LpProblem) -> Any:
    """Return what PuLP makes of a program."""
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(program)
    solver.buildSolverModel(program)
    return program.solverModel.getLp()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_handed_over_whole(name: str) -> None:
    program = MODELS[name]()
    if program.objective is None:
        program.setObjective(pulp.LpAffineExpression([]))  # PuLP asks for one
    ours, theirs = prepared(program, EFFORT).getLp(), by_pulp(program)
    for end in ENDS:
        assert np.array_equal(getattr(ours, end), getattr(theirs, end)), end
    assert (matrix(ours) != matrix(theirs)).nnz == 0
    assert list(ours.integrality_) == list(theirs.integrality_)
    assert [variable.index for variable in program.variables()] == list(range(ours.num_col_))


def test_no_variable_is_whole_in_a_relaxation() -> None:
    relaxed = prepared(MODELS["max_coverage"](), EFFORT, mip=False).getLp()
    assert not any(kind == highspy.HighsVarType.kInteger for kind in relaxed.integrality_)


def test_entries_of_nothing_and_rows_without_any_are_kept_apart() -> None:
    program = new_program("small")
    one, other = program.add_variable("a", 0, 1, cat="Integer"), program.add_variable("b", None, 5)
    program.setObjective(pulp.LpAffineExpression([(one, 2.0)]))
    program.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression([(one, 0.0), (other, 3.0)]), 1, "first", 2.0))
    program.addConstraint(pulp.LpConstraint(pulp.LpAffineExpression([]), -1, "second", 7.0))
    found = prepared(program, EFFORT).getLp()
    assert matrix(found).toarray().tolist() == [[0.0, 3.0], [0.0, 0.0]]
    assert (list(found.row_lower_), list(found.row_upper_)) == ([2.0, -np.inf], [np.inf, 7.0])
    assert list(found.col_cost_) == [-2.0, 0.0]
    assert list(found.col_lower_) == [0.0, -np.inf]


def test_handing_over_takes_of_the_time() -> None:
    ticks = iter([0.0, 4.0])
    effort = SearchLimits(name="highs", gap=0.0, seconds=10.0, threads=1, seed=0, clock=lambda: next(ticks))
    handle = prepared(MODELS["max_coverage"](), effort)
    assert handle.getOptionValue("time_limit")[1] == 6.0
