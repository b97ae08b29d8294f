"""Each family of constraints and each objective as a small LP file; README.md in golden/ says what each shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array

from hubplanner.model import (
    AlphaFair,
    AtMostOne,
    Budget,
    Capacity,
    Constraint,
    FixedHubs,
    FixedLevel,
    Floor,
    FullService,
    HubNumbers,
    HubsPerSite,
    MaxCoverage,
    MaxHubs,
    MaxMin,
    MinCost,
    MinHubs,
    MinSeparation,
    OnlyWith,
    PCenter,
    Periods,
    PMedian,
    Question,
    RequiredSites,
    RobustBudget,
    RobustFloor,
    TakeUp,
    TangentUtility,
    Uncertainty,
    bind,
    build_model,
    formulate,
    goals_of,
)
from hubplanner.model.constraints.budget import MOST_PRICES
from hubplanner.model.constraints.connected import Connected
from hubplanner.model.constraints.earlier_plan import PlanDistance
from hubplanner.model.constraints.measures import Measures
from hubplanner.model.goals import OBJECTIVES, tangent_utility
from hubplanner.model.lp import new_model, new_program
from hubplanner.problem import (
    Backhaul,
    CoverageRule,
    Decay,
    Future,
    Futures,
    Matrix,
    Measure,
    Planar,
    Problem,
    SiteStatus,
)
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.problem.stacked_demand import StackedDemand

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulp import LpProblem

    from hubplanner.model import Objective

GOLDEN = Path(__file__).parent / "golden"
DEPTH = 2

SMALL = CoveringInstance(
    need=np.array([120.0, 45.0]),
    cover=csr_array(np.array([[1, 1, 0, 0], [0, 1, 0, 1]], dtype=np.int8)),
    option=np.array([0, 1, 2, 5]),
    site=np.array([0, 1, 1, 3]),
    cost=np.array([20.0, 30.0, 20.0, 30.0]),
    gain=np.array([7.0, 0.0, 3.5, 0.0]),
    required=np.array([1]),
    base=11.0,
)
MANY = replace(
    SMALL,
    need=np.zeros(0),
    cover=csr_array((0, MOST_PRICES + 1), dtype=np.int8),
    option=np.arange(MOST_PRICES + 1),
    site=np.arange(MOST_PRICES + 1),
    cost=np.arange(MOST_PRICES + 1) + 1000.0,
    gain=np.zeros(MOST_PRICES + 1),
)
WEST, EAST = np.array([3.0, 0.0, 0.0]), np.array([0.0, 4.0, 5.0])


def town() -> Problem:
    """Return three points and three sites; site 1 has two tiers, site 2 stands. Tier 0 reaches 2, tier 1 reaches 4.

    ::

              S0   S1   S2
        D0    1    3    9     need 3, people 30
        D1    2    1    4     need 4, people 40
        D2    9    4    2     need 5, people 50
    """
    table = np.array([[1.0, 3, 9], [2, 1, 4], [9, 4, 2]])
    point, site = np.divmod(np.arange(9), 3)
    return Problem(
        need=WEST + EAST,
        people=(WEST + EAST) * 10,
        travel=Matrix(point, site, table.ravel(), 3, 3, sites=_line()),
        site_status=np.array([SiteStatus.CANDIDATE, SiteStatus.REQUIRED, SiteStatus.EXISTING], dtype=np.intp),
        tier_reach=np.array([2.0, 4.0]),
        option_site=np.array([0, 1, 1, 2]),
        option_tier=np.array([0, 0, 1, 0]),
        option_cost=np.array([20.0, 20.0, 30.0, 0.0]),
    )


def changing() -> Problem:
    """Return the town where the standing hub may be closed, or upgraded to tier 1."""
    return replace(
        town(),
        option_site=np.array([0, 1, 1, 2, 2]),
        option_tier=np.array([0, 0, 1, 0, 1]),
        option_cost=np.array([20.0, 20.0, 30.0, 0.0, 12.0]),
        upgrade=np.array([False, False, False, False, True]),
        closing_saving=np.array([np.nan, np.nan, 7.0]),
    )


def networked() -> Problem:
    """Return the town with a trunk from the root to a fork, and there lines to sites 0 and 1; 1 has a dish, too."""
    net = Backhaul(
        ends=np.array([[0, 1], [1, 2], [3, 1], [0, 2]]),
        cost=np.array([8.0, 2.0, 3.0, 9.0]),
        roots=np.array([0]),
        node=np.array([2, 3, -1]),
        line_cost=np.ones((3, 2)),
        alone_cost=np.array([[np.inf, np.inf], [6.0, np.inf], [np.inf, np.inf]]),
    )
    return replace(town(), backhaul=net)


def with_phones() -> Problem:
    """Return the town where a phone for 2 reaches half of D0 and all of D1, and counts for half a user."""
    most = np.array([0.5, 1.0, 0.0])
    phones = Measure(name="devices", cost=2.0, benefit=0.5, offline=(WEST + EAST) * 10, most=most)
    return replace(town(), measures=(phones,))


def _line() -> Planar:
    places = np.array([[0.0, 0.0], [2.0, 0.0], [6.0, 0.0]])
    return Planar(places, places)


def family(constraint: Constraint, instance: CoveringInstance = SMALL) -> LpProblem:
    """Return a program of nothing but one family of constraints on a reduced instance."""
    model = new_model(instance, new_program("golden"))
    constraint.add_to(model)
    return model.program


def asked(
    objective: Objective, *constraints: Constraint, problem: Problem | None = None, reached: float | None = None
) -> LpProblem:
    """Return a program with some constraints and an objective's first goal, or its second once the first is reached."""
    question = Question.of(problem or town(), objective, constraints)
    goals = goals_of(objective)
    held = [] if reached is None else [FixedLevel(goal=goals[0], value=reached)]
    return formulate(question, goals[len(held)], held, np.full(3, DEPTH)).program


def over_futures(criterion: str, objective: Objective | None = None) -> LpProblem:
    """Return the town's program over a calm future, and a flood in which site 0 is out and reach 0 is 1.6."""
    flood = Future(name="flood", probability=0.25, need=2.0, cost=np.array([1, 1, 2, 1.0]), reach=0.8, sites_out=(0,))
    calm = Future(name="calm", probability=0.75, cost=np.array([2, 1, 1, 1.0]))
    under = Uncertainty(futures=Futures([calm, flood]), criterion=criterion, level=0.5)
    best = np.array([9.0, 10.0]) if criterion == "regret" else None
    bound = bind(objective or MaxCoverage(), StackedDemand.of(town(), under.futures), under, best=best)
    return asked(bound.objective, *bound.objective.constraints, problem=bound.problem)


COVER = MaxCoverage()
FAIR = MaxMin(weights=np.array([WEST, EAST]))
TWO_YEARS = Periods(budgets=(25.0, 40.0), discount_rate=0.25, growth=np.array([0.0, 0.5, 1.0]))


def by_tangents() -> LpProblem:
    """Return proportional fairness to west and east, with tangents at a quarter and a half."""
    fair = AlphaFair(weights=FAIR.weights, alpha=1.0, linear_below=0.25)
    utility = TangentUtility(fairness=fair, at=0.5, touching=(np.array([0.25, 0.5]), np.array([0.25, 0.5])))
    question = Question.of(town(), replace(COVER, fairness=fair))
    return formulate(question, tangent_utility(utility), (), np.zeros(3, dtype=np.intp)).program


MODELS: dict[str, Callable[[], LpProblem]] = {
    "max_coverage": lambda: asked(COVER),
    "max_coverage_linear": lambda: asked(COVER, problem=_ruled(CoverageRule(decay=Decay.LINEAR, full=1.0))),
    "max_coverage_backup": lambda: asked(COVER, problem=_ruled(CoverageRule(backup=2, backup_weight=0.25))),
    "max_coverage_two_hubs": lambda: asked(COVER, problem=_ruled(CoverageRule(backup=2))),
    "max_coverage_two_hubs_stacked": lambda: asked(COVER, HubsPerSite(count=2), problem=_ruled(CoverageRule(backup=2))),
    "min_cost": lambda: asked(MinCost(0.5), Floor(weight=WEST + EAST, share=0.5)),
    "min_cost_travel": lambda: asked(MinCost(0.5, travel_cost=2.0), Capacity(people=(np.inf, np.inf))),
    "min_cost_existing": lambda: asked(MinCost(0.5), HubsPerSite(), problem=changing()),
    "p_median": lambda: asked(PMedian()),
    "p_center": lambda: asked(PCenter(), FullService(distance=2.0)),
    "per_site": lambda: family(HubsPerSite()),
    "per_site_stacked": lambda: asked(COVER, HubsPerSite(count=3)),
    "per_site_mixed": lambda: asked(COVER, HubsPerSite(count=3, mixed=True)),
    "per_site_kept": lambda: asked(COVER, HubsPerSite(), problem=replace(changing(), closing_saving=None)),
    "required": lambda: family(RequiredSites()),
    "kept": lambda: family(FixedHubs(options=(1, 5), counts=(1, 1))),
    "differ": lambda: family(PlanDistance(sites=(1,), least=2)),
    "max_hubs": lambda: family(MaxHubs(count=2)),
    "max_hubs_at": lambda: family(MaxHubs(count=1, sites=(0, 3), name="province West")),
    "min_hubs": lambda: family(MinHubs(count=2, sites=(1, 3))),
    "budget_counts": lambda: family(Budget(amount=55)),
    "budget_knapsack": lambda: family(Budget(amount=2500), MANY),
    "serve_all": lambda: asked(COVER, FullService(distance=2.0)),
    "capacity": lambda: asked(COVER, Capacity(people=(60.0, np.inf))),
    "capacity_single": lambda: asked(COVER, Capacity(people=(60.0, 100.0), single=True), FullService(distance=3.0)),
    "take_up": lambda: asked(COVER, Capacity(people=(60.0, np.inf)), TakeUp(share=0.5, e_fold=2.0)),
    "floor": lambda: asked(
        COVER, Floor(weight=EAST, share=0.75, name="province East"), Floor(weight=WEST + EAST, share=0.5)
    ),
    "min_separation": lambda: asked(COVER, MinSeparation(distance=3.0)),
    "hub_numbers": lambda: family(
        HubNumbers(part=np.where(town().new, town().option_tier, -1), counts=np.array([1, 2]))
    ),
    "at_most_one": lambda: family(AtMostOne(sites=(0, 1))),
    "at_most_one_stacked": lambda: asked(COVER, HubsPerSite(count=2), AtMostOne(sites=(0, 1))),
    "only_with": lambda: family(OnlyWith(site=1, needs=3)),
    "periods": lambda: asked(COVER, TWO_YEARS),
    "periods_without_carry_over": lambda: asked(COVER, replace(TWO_YEARS, carry_over=False)),
    "fairness": lambda: asked(replace(COVER, fairness=FAIR), reached=0.5),
    "fairness_by_alpha": by_tangents,
    "hedge": lambda: over_futures("expected"),
    "hedge_worst": lambda: over_futures("worst"),
    "hedge_regret": lambda: over_futures("regret"),
    "hedge_cvar": lambda: over_futures("cvar"),
    "hedge_cost": lambda: over_futures("worst", MinCost(0.5)),
    "budget_in": lambda: over_futures("expected", MaxCoverage(budget=50)),
    "floor_in": lambda: over_futures("expected", MaxCoverage(constraints=(Floor(weight=EAST, share=0.4),))),
    "connected": lambda: asked(COVER, problem=networked()),
    "measures": lambda: asked(COVER, Budget(amount=55), Capacity(people=(60.0, np.inf)), problem=with_phones()),
    "budget_network": lambda: asked(COVER, Budget(amount=55), problem=networked()),
    "whole": lambda: build_model(SMALL, MaxCoverage(budget=55, max_hubs=2)).program,
}
FAMILIES = {
    HubsPerSite: "per_site",
    RequiredSites: "required",
    FixedHubs: "kept",
    PlanDistance: "differ",
    Budget: "budget_counts",
    MaxHubs: "max_hubs",
    MinHubs: "min_hubs",
    HubNumbers: "hub_numbers",
    FullService: "serve_all",
    Capacity: "capacity",
    Floor: "floor",
    TakeUp: "take_up",
    MinSeparation: "min_separation",
    AtMostOne: "at_most_one",
    OnlyWith: "only_with",
    Periods: "periods",
    Connected: "connected",
    Measures: "measures",
    RobustBudget: "budget_in",
    RobustFloor: "floor_in",
}


def _ruled(rule: CoverageRule) -> Problem:
    return replace(town(), rule=rule)


def families(base: type[Constraint]) -> set[type[Constraint]]:
    """Return the families of constraints that the package has."""
    below = {family for kind in base.__subclasses__() for family in {kind, *families(kind)}}
    return {
        kind
        for kind in below
        if kind.__module__.startswith("hubplanner.") and hasattr(kind, "key") and kind.__name__[0] != "_"
    }


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_the_golden_one(name: str, tmp_path: Path) -> None:
    written, golden = tmp_path / "model.lp", GOLDEN / f"{name}.lp"
    MODELS[name]().writeLP(str(written))
    if not golden.exists():
        golden.write_text(written.read_text())
        pytest.fail(f"{golden.name} was missing and is written anew: read it, then run again")
    assert written.read_text() == golden.read_text()


def test_every_golden_file_is_compared_and_catalogued() -> None:
    names = {path.stem for path in GOLDEN.glob("*.lp")}
    assert names == set(MODELS)
    catalogue = (GOLDEN / "README.md").read_text()
    assert all(f"`{name}.lp`" in catalogue for name in names)


def test_every_family_and_objective_has_a_golden_file() -> None:
    # Futures are no constraint: they are turned into others.
    assert families(Constraint) - {Uncertainty} == set(FAMILIES)
    assert {kind.name for kind in OBJECTIVES} | set(FAMILIES.values()) <= set(MODELS)


def test_variables_asked_for_twice_are_numbered_as_rows_are() -> None:
    rivals = AtMostOne(sites=(0, 1))
    objective = MaxCoverage(constraints=(HubsPerSite(count=2), rivals, rivals))
    form = formulate(Question.of(town(), objective), None, (), np.zeros(3, dtype=np.intp))
    used = [variable.name for variable in form.program.variables() if variable.name.startswith("used")]
    assert sorted(used) == ["used_0", "used_0_2", "used_1", "used_1_2"]
    assert {"at_most_one", "at_most_one_2"} <= {row.name for row in form.program.constraints()}
