"""What fairness by alpha promises, on the examples of Balochistan: 0 changes nothing, and tangents are fine enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model import AlphaFair, Question, TangentUtility
from hubplanner.pipeline.objective import objective_of
from hubplanner.solver.mip.alpha_fair import NEAR, _refined, tangents_near_relaxation
from hubplanner.solver.mip.subproblem import Subproblem

EXAMPLES = Path(__file__).resolve().parents[2] / "scenarios/examples"
NOT_COMPARED = {"seconds", "assumptions"}
"""What a run took, and that a key was given."""
RATIO = 1.028
"""Of neighbouring tangents whose error is below 1e-4 in the logarithm: (ln r)^2 / 8."""


@pytest.mark.parametrize("name", ["base", "capacity", "floors", "devices", "take_up"])
def test_alpha_0_is_the_sum_bit_for_bit(name: str) -> None:
    path = EXAMPLES / f"{name}.yaml"
    plain, nought = (
        hp.solve(hp.read_scenario(path, settings=settings)).summary()
        for settings in ({"model.fairness": None}, {"model.fairness": {"alpha": 0}})
    )
    assert {key: plain[key] for key in plain.keys() - NOT_COMPARED} == {
        key: nought[key] for key in nought.keys() - NOT_COMPARED
    }


def test_the_relaxation_s_tangents_are_as_good_as_a_fine_grid_of_them() -> None:
    inputs = hp.read_inputs(hp.read_scenario(EXAMPLES / "fair_shares.yaml"))
    problem, objective, options = hp.build_problem(inputs), objective_of(inputs), hp.SolverOptions()
    fair = objective.fairness
    assert isinstance(fair, AlphaFair)
    task = Subproblem(
        question=Question.of(problem, objective), goal=None, options=options, deadline=options.deadline, gap=0.0
    )
    utility, bound, _ = tangents_near_relaxation(task, TangentUtility.coarse(fair))
    steps = int(np.ceil(np.log(1 / fair.linear_below) / np.log(RATIO)))
    grid = fair.linear_below * RATIO ** np.arange(steps)
    fine = replace(utility, touching=tuple(np.unique(np.concatenate([own, grid])) for own in utility.touching))
    _, finer, _ = _refined(task, fine, np.inf)
    assert NEAR <= 2e-4
    assert bound == pytest.approx(finer, rel=1e-4)
    assert len(utility.touching[0]) < steps / 2
