"""Hubs forced in or forbidden site after site, by one relaxation and by greed: against every plan, and by searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import one_of
from support.oracles.network import every_plan, new_sites_of, random_network, random_ways, towns

import hubplanner as hp
from hubplanner.analysis.explain.explain import explain_plan
from hubplanner.solver import pinned_sites as pinned_module
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.pinned_sites import PinnedSites

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.solver.mip.subproblem import Incumbent

LOOSE = hp.SolverOptions(gap=0.02, ties=False, threads=1)


def prepared(problem: hp.Problem, budget: float) -> PinnedSites | None:
    asked = hp.MaxCoverage(budget=budget)
    plan = hp.solve_problem(problem, asked, LOOSE).evaluation
    return None if plan is None else PinnedSites.of(problem, asked, LOOSE, plan, Deadline.after(6000))


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(3, range(800, 836)))
def test_bounds_and_plans_of_a_pinned_site_are_those_of_every_plan(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    problem, budget = made(seed), float(np.random.default_rng(seed).integers(8, 30))
    known = prepared(problem, budget)
    if known is None:
        return
    within = [plan for plan in every_plan(problem) if plan.cost <= budget]
    for site in np.unique(problem.option_site[problem.new]).tolist():
        for inside in (True, False):
            seen: list[Incumbent] = []
            # One that is never content hears of all that is known.
            last = known.answer(site, lambda one: seen.append(one), inside=inside, deadline=Deadline.after(6000))  # type: ignore[func-returns-value]  # noqa: B023, PLW0108
            assert last is None
            allowed = [plan for plan in within if (site in new_sites_of(problem, plan.options)) == inside]
            best = max((plan.covered for plan in allowed), default=-1.0)
            for one in seen:
                assert one.bound >= best - 1e-6
                if one.years:
                    plan = one.years[-1].plan
                    assert (site in new_sites_of(problem, plan.options.tolist())) == inside
                    assert plan.cost <= budget + 1e-9
                    assert one.value == plan.covered_need <= best + 1e-9


def test_an_answer_does_not_depend_on_those_before_it() -> None:
    problem, budget = towns(3, 10), 100.0
    known, again = prepared(problem, budget), prepared(problem, budget)
    assert known is not None
    assert again is not None

    def told(one: PinnedSites, site: int) -> list[float]:
        heard: list[Incumbent] = []
        for inside in (True, False):
            one.answer(site, lambda found: heard.append(found), inside=inside, deadline=Deadline.after(6000))  # type: ignore[func-returns-value]  # noqa: PLW0108
        return [figure for found in heard for figure in (found.value, found.bound)]

    every = [told(known, site) for site in range(10)]
    for site in (9, 4, 0):
        assert told(again, site) == pytest.approx(every[site], nan_ok=True)
    assert any(every)


def test_most_of_an_explanation_takes_no_search_and_holds_what_searches_find(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked = towns(5, 12), hp.MaxCoverage(budget=120.0)
    plan = hp.solve_problem(problem, asked, LOOSE)
    quick = explain_plan(problem, asked, LOOSE, plan=plan)
    monkeypatch.setattr(pinned_module.PinnedSites, "of", lambda *_: None)
    searched = explain_plan(problem, asked, LOOSE, plan=plan)
    pairs = [*zip(quick.hubs, searched.hubs, strict=True), *zip(quick.rejected, searched.rejected, strict=True)]
    asked_both = [(one.change, other.change) for one, other in pairs if one.change and other.change]
    assert len(asked_both) > 8
    for one, other in asked_both:
        # Each is a range that holds the true loss.
        assert one.least <= other.most + 1e-6
        assert other.least <= one.most + 1e-6
        assert one.most - one.least <= LOOSE.gap * plan.value * (1 + 1e-9)
