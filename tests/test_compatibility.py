"""What does not go together is refused alike in the scenario file and in the library, and stands in the manual."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from benchmarks.tables import framed
from compatibility_matrix import MANUAL, table
from support.instances.tiny import line_of_five

import hubplanner as hp
from hubplanner.compatibility import INCOMPATIBLE, Feature, broken
from hubplanner.model import (
    AlphaFair,
    Capacity,
    Floor,
    HubsPerSite,
    MaxCoverage,
    MaxMin,
    MinCost,
    MinSeparation,
    PCenter,
    Periods,
    PMedian,
    TakeUp,
    Uncertainty,
    check_compatible,
)
from hubplanner.problem import Backhaul, CoverageRule, Decay, Measure, SiteStatus
from hubplanner.scenario.loader import read_tree, resolve

if TYPE_CHECKING:
    from support.project import Project

OBJECTIVES: dict[Feature, tuple[dict[str, Any], type, dict[str, Any]]] = {
    Feature.MAX_COVERAGE: ({}, MaxCoverage, {}),
    Feature.MIN_COST: ({"model.objective": "min_cost", "model.target_share": 0.5}, MinCost, {"target_share": 0.5}),
    Feature.P_MEDIAN: ({"model.objective": "p_median"}, PMedian, {}),
    Feature.P_CENTER: ({"model.objective": "p_center"}, PCenter, {}),
}
SETTINGS: dict[Feature, dict[str, Any]] = {
    Feature.TRAVEL_COST: {"model.travel_cost_per_km": 2},
    Feature.CAPACITY: {"hubs.1.capacity": 900},
    Feature.TAKE_UP: {"demand.take_up": {"share": 0.5}},
    Feature.STACKED: {"model.max_per_site": 2},
    Feature.SEPARATION: {"model.min_separation_km": 3},
    Feature.DECAY: {"coverage.decay": "linear"},
    Feature.BACKUP: {"coverage.backup": 2},
    Feature.FLOORS: {"model.floors": [{"share": 0.1}]},
    Feature.FAIRNESS: {"model.fairness": "max_min"},
    Feature.ALPHA: {"model.fairness": {"alpha": 1, "linear_below_share": 0.1}},
    Feature.EXISTING: {"model.existing.close": ["S2"]},
    Feature.PERIODS: {"model.periods.years": [{"name": 2027, "budget": 9}]},
    Feature.MOVING: {"model.periods.nested": False},
    Feature.FUTURES: {"futures.named": [{"name": "now"}]},
    Feature.OUTAGES: {"futures.named": [{"name": "now", "sites_out": ["S1"]}]},
    Feature.WORST: {"model.under": "worst"},
    Feature.REGRET: {"model.under": "regret"},
    Feature.CVAR: {"model.under": "cvar"},
    Feature.MEASURES: {"measures": {"devices": {"cost": 9, "benefit": 0.5}}},
    Feature.BACKHAUL: {
        "backhaul": {
            "nodes": {"path": "nodes.csv", "x": "lon", "y": "lat"},
            "technologies": {"fibre": {"cost_per_km": 9}},
        }
    },
}
FILE = "scenario.yaml"
PHONES = Measure(name="devices", cost=9.0, benefit=0.5, offline=np.ones(5), most=np.ones(5))
OVER_FUTURES = {Feature.OUTAGES, Feature.WORST, Feature.REGRET, Feature.CVAR}
CRITERIA = [Feature.WORST, Feature.REGRET, Feature.CVAR]
OF_FILES = {
    *(Feature.MERGED, Feature.SEARCHED, Feature.SPREAD, Feature.GROWTH_COLUMN, Feature.SINGLE),
    Feature.OTHER_ROADS,
}
"""Features of how files are read, which the library never sees, one that rules hold against them alone, and one that
takes a file of roads."""
OF_ANALYSES = {Feature.EXPLANATIONS, Feature.ALTERNATIVES, Feature.STABILITY}
"""What is asked of a plan once it is made."""
NETWORK = Backhaul(
    ends=np.array([[0, 1]]),
    cost=np.ones(1),
    roots=np.array([0]),
    node=np.array([-1, 1, -1]),
    line_cost=np.zeros((3, 1)),
    alone_cost=np.full((3, 1), np.inf),
)
LIMITS = {
    Feature.CAPACITY: Capacity(people=(9.0,)),
    Feature.TAKE_UP: TakeUp(share=0.5),
    Feature.STACKED: HubsPerSite(count=2),
    Feature.SEPARATION: MinSeparation(distance=1),
    Feature.FLOORS: Floor(weight=np.ones(5), share=0.1),
    Feature.PERIODS: Periods(budgets=(1.0,)),
}


def asked(objective: Feature, pair: tuple[Feature, ...]) -> frozenset[Feature] | None:
    """Return what is asked for, with what it takes to ask for it; None for what cannot be said at all."""
    extra = {Feature.FUTURES} if OVER_FUTURES.intersection(pair) else set()
    extra |= {Feature.CAPACITY} if Feature.TAKE_UP in pair else set()
    extra |= {Feature.PERIODS} if Feature.MOVING in pair else set()
    wanted = frozenset({objective, *pair, *extra})
    if {Feature.FAIRNESS, Feature.ALPHA} <= wanted:
        return None
    no_cost = Feature.TRAVEL_COST in pair and objective is not Feature.MIN_COST
    return None if no_cost or len(wanted.intersection(CRITERIA)) > 1 else wanted


def from_the_file(tree: dict[str, Any], wanted: frozenset[Feature]) -> list[str]:
    """Return the reasons that the scenario file is refused for."""
    settings: dict[str, Any] = {}
    for feature in Feature:
        if feature in wanted:
            settings |= OBJECTIVES[feature][0] if feature in OBJECTIVES else SETTINGS[feature]
    try:
        resolve(tree, FILE, settings)
    except hp.ScenarioError as error:
        return sorted(str(fault).rpartition(": ")[2] for fault in error.faults)
    return []


def from_the_library(wanted: frozenset[Feature]) -> list[str]:
    """Return the reasons that the library gives."""
    line = replace(
        line_of_five(),
        site_status=np.array([0, SiteStatus.EXISTING, 0]),
        option_cost=np.array([1.0, 0, 1]),
        rule=CoverageRule(
            backup=2 if Feature.BACKUP in wanted else 1, decay=Decay.LINEAR if Feature.DECAY in wanted else Decay.STEP
        ),
        closing_saving=np.array([np.nan, 1, np.nan]) if Feature.EXISTING in wanted else None,
        backhaul=NETWORK if Feature.BACKHAUL in wanted else None,
        measures=(PHONES,) if Feature.MEASURES in wanted else (),
    )
    constraints = [limit for feature, limit in LIMITS.items() if feature in wanted]
    if Feature.MOVING in wanted:
        constraints[-1] = Periods(budgets=(1.0,), nested=False)
    if Feature.FUTURES in wanted:
        future = hp.Future(name="now", sites_out=(0,) if Feature.OUTAGES in wanted else ())
        criterion = next((feature.value.split()[1] for feature in CRITERIA if feature in wanted), "expected")
        constraints.append(Uncertainty(futures=hp.Futures([future]), criterion=criterion))
    [(_, kind, own)] = [entry for feature, entry in OBJECTIVES.items() if feature in wanted]
    own = own | ({"travel_cost": 2.0} if Feature.TRAVEL_COST in wanted else {})
    fairness = MaxMin(weights=np.ones((1, 5))) if Feature.FAIRNESS in wanted else None
    if Feature.ALPHA in wanted:
        fairness = AlphaFair(weights=np.ones((1, 5)), alpha=1.0, linear_below=0.1)
    try:
        check_compatible(line, kind(**own, constraints=tuple(constraints), fairness=fairness))
    except hp.ScenarioError as error:
        return sorted(reason.rpartition(": ")[2] for reason in str(error).split("; "))
    return []


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_file_and_library_refuse_the_same_pairs_for_the_same_reasons(project: Project, objective: Feature) -> None:
    tree = read_tree(project.folder / FILE)
    pairs = [(), *combinations(SETTINGS, 1), *combinations(SETTINGS, 2)]
    refused = set()
    for wanted in filter(None, {asked(objective, pair) for pair in pairs}):
        expected = sorted(rule.reason for rule in broken(wanted))
        assert from_the_library(wanted) == expected, wanted
        assert from_the_file(tree, wanted) == expected, wanted
        refused |= set(broken(wanted))
    assert refused >= {
        rule
        for rule in INCOMPATIBLE
        if OF_FILES.union(OF_ANALYSES).isdisjoint(rule.features)
        and OBJECTIVES.keys() & set(rule.features) == {objective}
    }


def test_every_feature_is_in_a_rule_or_an_objective() -> None:
    assert {feature for rule in INCOMPATIBLE for feature in rule.features} == set(Feature) - {Feature.MAX_COVERAGE}
    assert set(OBJECTIVES) | set(SETTINGS) | OF_FILES | OF_ANALYSES == set(Feature)


def test_no_rule_is_there_twice_and_reasons_can_be_told_apart_from_the_rest_of_a_message() -> None:
    assert len({frozenset(rule.features) for rule in INCOMPATIBLE}) == len(INCOMPATIBLE)
    assert not any(mark in rule.reason for rule in INCOMPATIBLE for mark in (": ", "; "))


def test_the_manual_s_matrix_is_the_table() -> None:
    assert framed("compatibility", table()) in MANUAL.read_text(encoding="utf-8")
