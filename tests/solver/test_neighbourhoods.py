"""Plans made better in parts: no worse than before, never better than the best of all, and valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from solver.test_alpha_fair import LIMITS, asked, best_of_all, solved
from support.draws import one_of

from hubplanner.model import AlphaFair, Question, TangentUtility, broken_years, goals_of
from hubplanner.problem import Status
from hubplanner.solver import SolverOptions
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import alpha_fair, neighbourhoods
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.neighbourhoods import Neighbourhoods
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

if TYPE_CHECKING:
    from support.oracles.questions import Query

SAME = 1e-6
SEEDS = one_of(2, range(12))
ALL = 12
"""Options that no question has more of."""


def begun(query: Query) -> tuple[Neighbourhoods, Incumbent]:
    """Return what may be chosen anew beside a greedy plan that no exchange has touched, and the plan."""
    question, options = Question.of(query.town.problem(), query.objective), SolverOptions(gap=0.01, threads=1)
    fair = query.objective.fairness
    assert isinstance(fair, AlphaFair)
    task = Subproblem(question=question, goal=None, options=options, deadline=Deadline.after(6000.0), gap=0.01)
    known = first_plan(question, task.deadline, any_will_do=True)
    # Tangents of doubling shares err by some per cent between them: what is better by them may be worse.
    fine = [np.full(len(fair.need), share) for share in np.geomspace(fair.linear_below, 1, 60).tolist()]
    return Neighbourhoods(task, TangentUtility.coarse(fair).refined(fine), known), known


@pytest.mark.parametrize("size", [1, ALL])
@pytest.mark.parametrize("limits", [LIMITS[number] for number in (1, 3, 7)], ids=", ".join)
def test_a_plan_gets_better_and_keeps_to_its_limits(
    limits: tuple[str, ...], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhoods, "OPTIONS", size)
    monkeypatch.setattr(neighbourhoods, "IDLE", 6)
    raised, reached, tried = 0, 0, 0
    for seed in SEEDS:
        query = asked(limits, 1.0, seed)
        expected = best_of_all(limits, 1.0, seed)
        if expected is None or expected[0] <= 0:
            continue
        around, known = begun(query)
        if not known.years:
            continue
        found = around.improved(1.0)
        goal = goals_of(query.objective)[0]
        before, after = goal.value(known.years), goal.value(found.years)
        assert not broken_years(around.task.question, found.years), seed
        assert before * (1 - 1e-3) <= after <= expected[0] * (1 + SAME), seed
        tried, raised = tried + 1, raised + (after > before * (1 + SAME))
        reached += after >= expected[0] * (1 - 2e-3)
    assert tried > 0.45 * len(SEEDS)
    # All options at once are nearly the whole question; columns far from any hub stay as they are.
    assert reached >= (0.8 * tried if size == ALL else 0.3 * tried)
    assert raised or reached == tried


@pytest.mark.parametrize("limits", [LIMITS[0], LIMITS[1], LIMITS[3], LIMITS[7]], ids=", ".join)
def test_rounding_first_changes_no_proof(limits: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    # As in large questions: no node among all, then hubs of the relaxation, parts anew, and the search.
    for name in ("SMALL_OPTIONS", "MANY_OPTIONS", "FIRST_NODES"):
        monkeypatch.setattr(alpha_fair, name, 0)
    anew, in_parts = 0, alpha_fair._in_parts

    def counted(*given: object) -> object:
        nonlocal anew
        anew += 1
        return in_parts(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(alpha_fair, "_in_parts", counted)
    for seed in SEEDS:
        query = asked(limits, 1.0, seed)
        expected, found = best_of_all(limits, 1.0, seed), solved(query, gap=0.002)
        if expected is None:
            assert found.status == Status.INFEASIBLE, seed
            continue
        assert found.status == Status.OPTIMAL, seed
        assert found.gap <= 0.002 + SAME, seed
        assert found.value >= expected[0] * (1 - 0.002) - SAME, seed
        assert found.bound >= expected[0] * (1 - SAME), seed
    assert anew
