"""Ranges of hubs that are left to plans near the relaxation's bound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models.checks import AGREEMENT
from hubplanner.models.radius import too_shallow
from hubplanner.solver.relaxation import Relaxation, relax
from hubplanner.solver.task import program_of, splits
from hubplanner.solver.tightening import relax_tightly

if TYPE_CHECKING:
    from hubplanner.models import Formulation
    from hubplanner.models.residual import ResidualCapacityCut
    from hubplanner.problem import Ints
    from hubplanner.solver.task import Subproblem

FIRST_DEPTH = 8
"""Distances a point's chain holds at first."""


def relaxed(task: Subproblem) -> tuple[Ints, Formulation, Relaxation]:
    """Return chains (n,) deep enough for the relaxation, its program, and the relaxation."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    while True:
        form = program_of(task, depth)
        cuts, relaxation = _relax(task, form)
        form = replace(form, cuts=cuts)
        if not relaxation.is_solved:
            return depth, form, relaxation
        short = [too_shallow(layer, relaxation.values) for layer in form.layers]
        shallow = np.unique(np.concatenate(short))
        if not len(shallow):
            return depth, form, relaxation
        depth[shallow] *= 2


def _relax(task: Subproblem, form: Formulation) -> tuple[tuple[ResidualCapacityCut, ...], Relaxation]:
    """Return the relaxation of a task's program, and the inequalities that sharpened it."""
    effort = task.effort(0.0)
    return relax_tightly(form, effort) if splits(task) else ((), relax(form, effort))


def narrowed(task: Subproblem, value: float) -> Subproblem:
    """Return a task with the ranges that its goal leaves to plans no worse than a value."""
    _, form, relaxation = relaxed(task)
    if not relaxation.is_solved:
        return task
    task = replace(task, cuts=form.cuts)
    return within_margin(task, form, relaxation, abs(form.figure(relaxation.bound) - value))


def within_margin(task: Subproblem, form: Formulation, relaxation: Relaxation, margin: float) -> Subproblem:
    r"""Return a task with the ranges of plans that are worse than the relaxation's bound by at most a margin.

    Reduced-cost fixing: with relaxation bound L and reduced cost $r_o$, a plan that is k hubs away from the
    relaxation's end of a range is worth at most $L - k |r_o|$.
    """
    layers, size = len(form.layers), len(form.instance.option)
    least, most = (
        np.array([getattr(variable, end) for layer in form.layers for variable in layer.open_], dtype=np.float64)
        for end in ("lowBound", "upBound")
    )
    reduced = relaxation.reduced[: layers * size]
    room = margin / form.unit * (1 + AGREEMENT) + AGREEMENT
    with np.errstate(divide="ignore"):
        away = np.floor(room / np.abs(reduced))
    fewest = np.where(reduced > 0, np.maximum(least, most - away), least)
    largest = np.where(reduced < 0, np.minimum(most, least + away), most)
    shape = (layers, size)
    return replace(task, ranges=(fewest.astype(np.intp).reshape(shape), largest.astype(np.intp).reshape(shape)))
