"""A program that takes longer to make than there is time for is given up: what is known by then is told."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model import Question, formulate, goals_of
from hubplanner.model.lp import CHECKED, LateError
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH, relaxed
from hubplanner.solver.mip.program_search import attempt
from hubplanner.solver.mip.subproblem import Subproblem

SIDE = 40


def question() -> Question:
    """Return years of hubs with rooms whose program has many times as many rows as are made between two looks."""
    places = np.array([(x, y) for x in range(SIDE) for y in range(SIDE)], dtype=float)
    problem = hp.Problem.from_points(places, np.arange(SIDE**2) % 7 + 1.0, places[::9], np.ones(178), reach=6)
    years = hp.Periods(budgets=(3.0, 3.0, 3.0))
    return Question.of(problem, hp.MaxCoverage(constraints=(hp.Capacity(people=(90.0,)), years)))


def late(asked: Question) -> Subproblem:
    """Return the task of a question whose time is up."""
    goal = goals_of(asked.objective)[0]
    return Subproblem(question=asked, goal=goal, options=hp.SolverOptions(threads=1), deadline=Deadline(0.0).past())


def test_making_a_program_ends_soon_after_its_time() -> None:
    looks, asked = list[bool](), question()

    def is_late() -> bool:
        looks.append(len(looks) == 2)
        return looks[-1]

    depth = np.full(asked.problems[0].n_points, FIRST_DEPTH)
    with pytest.raises(LateError):
        formulate(asked, goals_of(asked.objective)[0], (), depth, is_late=is_late)
    assert looks == [False, False, True]
    form = formulate(asked, goals_of(asked.objective)[0], (), depth)
    assert form.program.numConstraints() > 3 * CHECKED


def test_without_time_for_its_program_a_relaxation_says_nothing_and_a_search_finds_nothing() -> None:
    task = late(question())
    depth, form, relaxation = relaxed(task)
    assert not relaxation.is_solved
    assert form.figure(relaxation.bound) == math.inf
    found, shallow = attempt(task, depth)
    assert not found.years
    assert not found.infeasible
    assert found.bound == math.inf
    assert not len(shallow)
