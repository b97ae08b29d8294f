"""What CBC's log says of status and bound: logs as CBC 2.10 writes them, cut down to what is read."""

from __future__ import annotations

import math

import pytest
from support.instances.tiny import dear_and_cheap

import hubplanner as hp
from hubplanner.model import Model, build_model
from hubplanner.solver.backends import Outcome, SearchLimits, Termination
from hubplanner.solver.backends.cbc import INCREMENT, PRINTED, read_log, solve_cbc
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.run_log import RunLog

HEAD = """\
Welcome to the CBC MILP Solver
Version: 2.10.3
Build Date: Dec 15 2019

command line - /home/infeasible/Stopped/cbc /tmp/model-pulp.mps -max -allow 0.0 -timeMode elapsed -solve
Continuous objective value is 16.5211 - 0.00 seconds
"""
TAIL = """\
Enumerated nodes:               79496
Total iterations:               153043
Time (CPU seconds):             0.96
"""
OPTIMAL = "Result - Optimal solution found\n\nObjective value:                15.00000000\n"
WITHIN_GAP = """\
Result - Optimal solution found (within gap tolerance)

Objective value:                15.00000000
Upper bound:                    15.521
Gap:                            -0.03
"""
STOPPED = """\
Result - Stopped on time limit

Objective value:                14.80000000
Upper bound:                    16.384
Gap:                            -0.10
"""
STOPPED_EMPTY = "Result - Stopped on time limit\n\nNo feasible solution found\nUpper bound:                    16.384\n"
STOPPED_EARLY = "Result - Stopped on time limit\n\nNo feasible solution found\n"
PROVEN_INFEASIBLE = "Result - Problem proven infeasible\n\nNo feasible solution found\n"
LINEAR_INFEASIBLE = "Result - Linear relaxation infeasible\n"
PRESOLVE = "Problem is infeasible - 0.00 seconds\n"
PREPROCESSING = (
    "Cgl0000I Cut generators found to be infeasible! (or unbounded)\nPre-processing says infeasible or unbounded\n"
)
GIVEN_UP = "Result - Difficulties getting feasible solution\n\nObjective value:                14.00000000\n"
LINEAR_ONLY = (
    "Optimal - objective value 1.65\nAfter Postsolve, objective 1.65, infeasibilities - dual 0 (0), primal 0 (0)\n"
)


def model() -> Model:
    """Return a model whose variables hold the values of a relaxation, as PuLP leaves them."""
    objective = hp.MaxCoverage(budget=11)
    built = build_model(_reduced(dear_and_cheap(), objective, RunLog()).instance, objective)
    for variable in built.open_:
        variable.varValue = 0.25
    return built


def read(log: str) -> Outcome:
    return read_log(HEAD + log + TAIL, model())


@pytest.mark.parametrize(
    ("log", "termination", "value", "bound"),
    [
        (OPTIMAL, Termination.FINISHED, 15, 15 + INCREMENT),
        (WITHIN_GAP, Termination.FINISHED, 15, 15.521 + PRINTED),
        (STOPPED, Termination.STOPPED, 14.8, 16.384 + PRINTED),
        (GIVEN_UP, Termination.STOPPED, 14, math.inf),
    ],
    ids=["optimal", "within gap", "stopped with a plan", "gave up"],
)
def test_a_plan_comes_with_the_bound_the_log_states(
    log: str, termination: Termination, value: float, bound: float
) -> None:
    outcome = read(log)
    assert (outcome.termination, outcome.version) == (termination, "2.10.3")
    assert outcome.value == value
    assert outcome.bound == pytest.approx(bound)
    assert outcome.open_ == [0.25] * 4


@pytest.mark.parametrize(
    ("log", "termination", "bound"),
    [
        (STOPPED_EMPTY, Termination.STOPPED, 16.384 + PRINTED),
        (STOPPED_EARLY, Termination.STOPPED, math.inf),
        (PROVEN_INFEASIBLE, Termination.INFEASIBLE, -math.inf),
        (LINEAR_INFEASIBLE, Termination.INFEASIBLE, -math.inf),
        (PRESOLVE, Termination.INFEASIBLE, -math.inf),
        (PREPROCESSING, Termination.INFEASIBLE, -math.inf),
        (LINEAR_ONLY, Termination.STOPPED, math.inf),
        ("", Termination.STOPPED, math.inf),
    ],
    ids=["stopped", "stopped early", "proven", "relaxation", "presolve", "preprocessing", "linear", "cut off"],
)
def test_values_that_pulp_holds_are_no_plan_when_the_log_has_none(
    log: str, termination: Termination, bound: float
) -> None:
    outcome = read(log)
    assert (outcome.termination, outcome.open_) == (termination, None)
    assert math.isnan(outcome.value)
    assert outcome.bound == pytest.approx(bound)


@pytest.mark.parametrize(("limit", "termination"), [(0.015, Termination.STOPPED), (1.0, Termination.INFEASIBLE)])
def test_out_of_time_cbc_is_not_believed_that_a_model_is_infeasible(limit: float, termination: Termination) -> None:
    log = HEAD + PREPROCESSING + "Total time (CPU seconds):       0.02   (Wallclock seconds):       0.02\n"
    assert read_log(log, model(), limit).termination == termination


def test_a_log_without_a_version_is_of_an_unknown_one() -> None:
    assert read_log("", model()).version == "unknown"


def test_a_real_infeasible_model_is_read_as_infeasible() -> None:
    built = model()
    built.add("impossible", [(variable, 1.0) for variable in built.open_], 1, 5)
    outcome = solve_cbc(built, SearchLimits(name="cbc", gap=0.0, seconds=9.0, threads=1, seed=0), [0.0] * 4)
    assert (outcome.termination, outcome.open_) == (Termination.INFEASIBLE, None)


def test_a_model_without_variables_needs_no_solver() -> None:
    nothing = hp.Problem.from_matrix([[math.inf]], [1], [1], 1)
    built = build_model(_reduced(nothing, hp.MaxCoverage(), RunLog()).instance, hp.MaxCoverage())
    outcome = solve_cbc(built, SearchLimits(name="cbc", gap=0.0, seconds=9.0, threads=1, seed=0), [])
    assert (outcome.value, outcome.bound, outcome.open_) == (0, 0, [])
