"""Keys of the model that need each other, or do not go together: one clear fault for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.project import Project

SEATS = {"hubs.0.capacity": 600, "hubs.1.capacity": 900}
LEAST = {"model.objective": "min_cost", "model.target_share": 0.5}
MINUTES = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 9}
TABLE = {"travel.method": "matrix", "travel.path": "t.csv"}
YEARS = {"model.periods.years": [{"name": 2027, "budget": 9}, {"name": 2028, "budget": 5}]}
BY_NAME = {"sites.groups": ["name"]}

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    # objectives
    ({"model.objective": "min_cost"}, "model.target_share: is required for objective min_cost"),
    (
        {"model.objective": "p_median", "model.target_share": 0.5},
        "model.target_share: 0.5 found; allowed: only with objective min_cost",
    ),
    (
        {"model.travel_cost_per_km": 2},
        "model.travel_cost_per_km: 2.0 found; allowed: only with objective min_cost",
    ),
    (
        LEAST | TABLE | {"model.travel_cost_per_km": 2, "hubs.1.reach_km": None, "hubs.1.reach_minutes": 9},
        "hubs.1.reach_minutes: 9.0 found; allowed: reach_km, since travel_cost_per_km is money for a km",
    ),
    # pins
    (
        {"model.existing.close": ["S2", "S9"], "model.require": ["S2"]},
        "model.existing.close: 'S2' found; allowed: a site that model.require does not name: a required hub stays open",
    ),
    # decay
    ({"coverage.decay": "exponential"}, "coverage.width_km: is required for decay exponential"),
    ({"coverage.decay": "gaussian"}, "coverage.width_km: is required for decay gaussian"),
    ({"coverage.width_km": 3}, "coverage.width_km: 3.0 found; allowed: only with decay exponential or gaussian"),
    (
        {"coverage.decay": "linear", "coverage.width_km": 3},
        "coverage.width_km: 3.0 found; allowed: only with decay exponential or gaussian",
    ),
    ({"coverage.full_km": 2}, "coverage.full_km: 2.0 found; allowed: only with decay linear, exponential or gaussian"),
    (
        {"coverage.decay": "linear", "coverage.full_km": 5},
        "coverage.full_km: 5.0 found; allowed: a distance below the reach of centre, 5 km",
    ),
    (
        {"coverage.decay": "linear", "coverage.full_km": 4.5, "travel.speed_kmh": 30} | MINUTES,
        "coverage.full_km: 4.5 found; allowed: a distance below the reach of centre, 4.5 km",
    ),
    (
        {"coverage.decay": "linear"} | TABLE | MINUTES,
        "hubs.0.reach_minutes: 9.0 found; allowed: reach_km, since decay is in km",
    ),
    (
        LEAST | {"coverage.decay": "linear", "model.travel_cost_per_km": 2},
        "coverage.decay: 'linear' found; allowed: step with model.travel_cost_per_km",
    ),
    # backup
    ({"coverage.backup_weight": 0.3}, "coverage.backup_weight: 0.3 found; allowed: only with backup: 2"),
    (SEATS | {"coverage.backup": 2}, "coverage.backup: 2 found; allowed: 1 where tiers have a capacity"),
    (
        LEAST | {"model.travel_cost_per_km": 2, "coverage.backup": 2},
        "coverage.backup: 2 found; allowed: 1 with model.travel_cost_per_km: assigned people have no backup hub",
    ),
    (
        {"model.objective": "p_median", "coverage.backup": 2},
        "coverage.backup: 2 found; allowed: 1 with objective p_median: backup does not change distances",
    ),
    (
        {"model.objective": "p_center", "coverage.backup": 2},
        "coverage.backup: 2 found; allowed: 1 with objective p_center: backup does not change distances",
    ),
    # capacity and hubs at a site
    (
        {"model.assignment": "single"},
        "model.assignment: 'single' found; allowed: split, or a capacity for some tier",
    ),
    ({"model.mixed_tiers": True}, "model.mixed_tiers: True found; allowed: only with max_per_site above 1"),
    (
        {"model.max_per_site": 2, "model.min_separation_km": 3},
        "model.max_per_site: 2 found; allowed: 1 with model.min_separation_km: two hubs at one site have",
    ),
    # floors and fairness
    (
        {"model.floors": [{"share": 0.1}, {"group": "district", "share": 0.1}]},
        "model.floors.1.group: 'district' found; allowed: one of demand.groups: province",
    ),
    (
        {"demand.groups": [], "model.floors": [{"group": "district", "share": 0.1}]},
        "model.floors.0.group: 'district' found; allowed: a column that demand.groups lists; it lists none",
    ),
    (
        {"model.floors": [{"value": "Punjab", "share": 0.1}]},
        "model.floors.0.value: 'Punjab' found; allowed: only with a group",
    ),
    (
        {"model.fairness_group": "province"},
        "model.fairness_group: 'province' found; allowed: only with fairness: max_min",
    ),
    (
        {"model.fairness_goal": "tie_break"},
        "model.fairness_goal: 'tie_break' found; allowed: only with fairness: max_min",
    ),
    (
        {"demand.take_up": {"share": 0.2}},
        "demand.take_up: 0.2 found; allowed: only where some tier has a capacity, in people",
    ),
    (
        {"model.fairness": {"alpha": 1, "group": "district"}},
        "model.fairness.group: 'district' found; allowed: auto, or one of demand.groups: province",
    ),
    (
        {"model.fairness": {"alpha": float("inf"), "group": "province"}, "model.fairness_group": "province"},
        "model.fairness_group: 'province' found; allowed: none beside model.fairness.group",
    ),
    (
        {"model.fairness": {"alpha": 1}, "model.fairness_goal": "tie_break"},
        "model.fairness_goal: 'tie_break' found; allowed: only with fairness: max_min",
    ),
    (
        {"model.fairness": {"alpha": 0, "linear_below_share": 0.1}},
        (
            "model.fairness.linear_below_share: 0.1 found; allowed: only with an alpha above 0, not .inf "
            "(--set model.fairness.linear_below_share=null takes it out)"
        ),
    ),
    (
        {"model.fairness": {"alpha": 0, "prefer_largest_of": "name"}, "sites.groups": ["name"]},
        "model.fairness.prefer_largest_of: 'name' found; allowed: only with an alpha above 0",
    ),
    (
        {"model.fairness": {"alpha": 1, "prefer_largest_of": "district"}},
        "model.fairness.prefer_largest_of: 'district' found; allowed: a column that sites.groups lists",
    ),
    (
        {"model.fairness": {"alpha": 1}, "demand.groups": []},
        "model.fairness: 1.0 found; allowed: only with demand.groups",
    ),
    (
        {"model.fairness": "max_min", "model.fairness_group": "district"},
        "model.fairness_group: 'district' found; allowed: one of demand.groups: province",
    ),
    (
        {"model.fairness": "max_min", "demand.groups": []},
        "model.fairness: 'max_min' found; allowed: only with demand.groups: the first one is lifted",
    ),
    # counts
    (
        {"model.min_hubs": 3, "model.max_hubs": 2},
        "model.min_hubs: 3 found; allowed: at most model.max_hubs, 2",
    ),
    (
        BY_NAME | {"model.hub_limits": [{"group": "district", "max": 1}]},
        "model.hub_limits.0.group: 'district' found; allowed: one of sites.groups: name",
    ),
    (
        {"model.hub_limits": [{"group": "name", "max": 1}]},
        "model.hub_limits.0.group: 'name' found; allowed: a column that sites.groups lists; it lists none",
    ),
    (
        BY_NAME | {"model.hub_limits": [{"group": "name", "max": 1}, {"group": "name"}]},
        "model.hub_limits.1: 'name' found; allowed: min, max or both for this limit",
    ),
    (
        BY_NAME | {"model.hub_limits": [{"group": "name", "max": 1, "where_needed": True}]},
        "model.hub_limits.0.where_needed: True found; allowed: only with min",
    ),
    (
        BY_NAME | {"model.hub_limits": [{"group": "name", "min": 2, "max": 1}]},
        "model.hub_limits.0.min: 2 found; allowed: at most max, 1",
    ),
    # sets of sites
    (
        {"model.at_most_one": [["S1", "S3"], ["S1", "S1"]]},
        "model.at_most_one.1: 'S1, S1' found; allowed: two different sites or more",
    ),
    ({"model.at_most_one": ["S1"]}, "model.at_most_one.0: 'S1' found; allowed: two different sites or more"),
    (
        {"model.only_with": [{"site": "S1", "needs": "S1"}]},
        "model.only_with.0.needs: 'S1' found; allowed: another site than the one that needs it",
    ),
    # existing hubs
    ({"model.existing.upgrade_fee": 5}, "model.existing.upgrade_fee: 5.0 found; allowed: only with upgrade"),
    ({"model.existing.close_saving": "capex"}, "model.existing.close_saving: 'capex' found; allowed: only with close"),
    # years
    ({"model.periods.carry_over": False}, "model.periods.years: is required: each year with a name and a budget"),
    ({"model.periods.nested": False}, "model.periods.years: is required: each year with a name and a budget"),
    ({"model.periods.discount_rate": 0.1}, "model.periods.years: is required: each year with a name and a budget"),
    ({"demand.growth_per_year": 0.02}, "demand.growth_per_year: 0.02 found; allowed: only with model.periods"),
    ({"demand.growth_per_year": "area"}, "demand.growth_per_year: 'area' found; allowed: only with model.periods"),
    (
        {"model.periods.years": [{"name": 2027, "budget": 9}, {"name": "2027", "budget": 5}]},
        "model.periods.years.1.name: '2027' found; allowed: a name no other year has",
    ),
    (
        YEARS | LEAST,
        "model.objective: 'min_cost' found; allowed: max_coverage or p_median with model.periods",
    ),
    (
        YEARS | {"model.objective": "p_center"},
        "model.objective: 'p_center' found; allowed: max_coverage or p_median with model.periods",
    ),
    (YEARS | {"model.fairness": "max_min"}, "model.fairness: 'max_min' found; allowed: none with model.periods"),
    (
        YEARS | {"model.existing.close": ["S2"]},
        "model.existing: 'close' found; allowed: neither with model.periods: existing hubs stay",
    ),
    (
        YEARS | {"model.existing.upgrade": True},
        "model.existing: 'upgrade' found; allowed: neither with model.periods: existing hubs stay",
    ),
]


@pytest.mark.parametrize(("settings", "message"), CONTRADICTIONS)
def test_keys_of_the_model_that_do_not_go_together_are_named(
    project: Project, settings: dict[str, Any], message: str
) -> None:
    [found] = project.refusal(settings)
    assert found.startswith(f"scenario.yaml, {message}")


NOT_ALLOWED: list[tuple[str, object, str]] = [
    ("hubs.0.capacity", 0.5, "hubs.0.capacity: 0.5 found; allowed: a column name, or a number from 1 to 1e+12"),
    ("hubs.0.capacity", [600], "hubs.0.capacity: '[600]' found; allowed: a column name, or a number from 1 to 1e+12"),
    ("coverage.decay", "cubic", "coverage.decay: 'cubic' found; allowed: one of step, linear, exponential"),
    ("coverage.full_km", -1, "coverage.full_km: -1 found; allowed: a number greater than or equal to 0"),
    ("coverage.width_km", 0, "coverage.width_km: 0 found; allowed: a number greater than 0"),
    ("coverage.backup", 3, "coverage.backup: 3 found; allowed: a number less than or equal to 2"),
    ("coverage.backup_weight", 1.1, "coverage.backup_weight: 1.1 found; allowed: a number less than or equal to 1"),
    ("model.assignment", "whole", "model.assignment: 'whole' found; allowed: one of split, single"),
    ("model.max_per_site", 0, "model.max_per_site: 0 found; allowed: a number greater than or equal to 1"),
    ("model.mixed_tiers", 3, "model.mixed_tiers: 3 found; allowed: true or false"),
    (
        "model.min_hubs",
        1.5,
        "model.min_hubs: 1.5 found; allowed: a whole number in digits alone, without quotes or decimal point",
    ),
    ("model.target_share", 1.01, "model.target_share: 1.01 found; allowed: a number less than or equal to 1"),
    ("model.target_share", 0, "model.target_share: 0 found; allowed: a number greater than 0"),
    ("model.travel_cost_per_km", -2, "model.travel_cost_per_km: -2 found; allowed: a number greater than or equal"),
    ("model.floors", [{"group": "province"}], "model.floors.0.share: is required"),
    ("model.floors", [{"share": 1.5}], "model.floors.0.share: 1.5 found; allowed: a number less than or equal to 1"),
    ("model.floors", [{"share": 1, "grup": "a"}], "(did you mean group?)"),
    ("model.fairness", "min_max", "model.fairness: 'min_max' found; allowed: max_min, or an alpha and a group"),
    ("model.fairness.alpha", -1, "model.fairness.alpha: -1 found; allowed: a number from 0 to 4, or .inf for max-min"),
    ("model.fairness.alpha", 9, "model.fairness.alpha: 9 found; allowed: a number from 0 to 4, or .inf for max-min"),
    ("model.fairness.alpha", True, "model.fairness.alpha: True found; allowed: a number from 0 to 4"),
    ("model.fairness_goal", "last", "model.fairness_goal: 'last' found; allowed: one of main, tie_break"),
    ("model.min_separation_km", 0, "model.min_separation_km: 0 found; allowed: a number greater than 0"),
    ("model.hub_limits", [{"max": 1}], "model.hub_limits.0.group: is required"),
    ("model.hub_limits", [{"group": "a", "most": 1}], "a known key, one of group, max, min, value"),
    ("model.periods.carry_over", 1, "model.periods.carry_over: 1 found; allowed: true or false"),
    ("model.periods.nested", "no", "model.periods.nested: 'no' found; allowed: true or false"),
    ("model.at_most_one", "S1", "model.at_most_one: 'S1' found; allowed: a list, in [ ]"),
    ("model.at_most_one", [[]], "model.at_most_one.0: '[]' found; allowed: a list of at least one"),
    ("model.only_with", [{"site": "S1"}], "model.only_with.0.needs: is required"),
    ("model.existing.upgrade", 1.5, "model.existing.upgrade: 1.5 found; allowed: true, false, or the ids of sites"),
    ("model.existing.upgrade", [], "model.existing.upgrade: '[]' found; allowed: true, false, or the ids of sites"),
    ("model.existing.close", ["S2", ""], "model.existing.close: \"['S2', '']\" found; allowed: true, false, or the"),
    ("model.existing.close", {"S2": 1}, "model.existing.close: \"{'S2': 1}\" found; allowed: true, false, or the ids"),
    ("model.existing.close", [True], "model.existing.close: '[True]' found; allowed: true, false, or the ids of"),
    ("model.existing.upgrade_fee", -1, "model.existing.upgrade_fee: -1 found; allowed: a column name, or a number"),
    ("model.periods.years", [{"name": 2027}], "model.periods.years.0.budget: is required"),
    ("model.periods.years", [{"budget": 5}], "model.periods.years.0.name: is required"),
    ("model.periods.years", [2027], "model.periods.years.0: 2027 found; allowed: keys with values below it"),
    ("model.periods.years", [{"name": "a", "budget": -1}], "model.periods.years.0.budget: -1 found; allowed: a number"),
    (
        "model.periods.discount_rate",
        10,
        "found; allowed: a number less than or equal to 1; 10 looks like per cent",
    ),
    ("model.periods.year", [], "(did you mean years?)"),
    ("demand.growth_per_year", -0.1, "demand.growth_per_year: -0.1 found; allowed: a column name, or a number from 0"),
    ("solver.ties", "no", "solver.ties: 'no' found; allowed: true or false"),
]


@pytest.mark.parametrize(("key", "value", "message"), NOT_ALLOWED)
def test_each_wrong_value_of_the_model_has_one_fault(project: Project, key: str, value: object, message: str) -> None:
    [found] = project.refusal({key: value})
    assert found.startswith("scenario.yaml, ")
    assert message in found


@pytest.mark.parametrize(
    "settings",
    [
        {"coverage.backup": 2, "model.objective": "p_median", "model.floors": [{"share": 0.1}]},
        {"coverage.backup": 2, "coverage.backup_weight": 0.0, "coverage.decay": "linear"},
        LEAST | {"model.travel_cost_per_km": 0, "coverage.decay": "linear", "coverage.backup": 2},
        LEAST | MINUTES | {"travel.speed_kmh": 30, "model.travel_cost_per_km": 2},
        {"coverage.decay": "gaussian", "coverage.width_km": 9, "travel.speed_kmh": 30} | MINUTES,
        {"model.existing.close": True, "model.require": ["S2"]},
        {"model.min_hubs": 2, "model.max_hubs": 2},
        YEARS | {"demand.growth_per_year": "area", "model.objective": "p_median"},
        {"model.periods": {"years": []}, "demand.growth_per_year": 0},
        SEATS | {"model.assignment": "single", "model.max_per_site": 2, "model.mixed_tiers": True},
    ],
)
def test_keys_of_the_model_that_go_together_pass(project: Project, settings: dict[str, Any]) -> None:
    assert project.read(settings).name == "small"


def test_ids_values_and_years_may_be_bare_numbers(project: Project) -> None:
    scenario = project.read(
        {
            "model.existing": {"upgrade": 7, "close": [8, "009"]},
            "model.at_most_one": [[1, 2]],
            "model.only_with": [{"site": 1, "needs": 2}],
            "model.floors": [{"group": "province", "value": 3, "share": 0.1}],
        }
        | {"sites.groups": ["name"], "model.hub_limits": [{"group": "name", "value": 4, "min": 0}]}
    )
    model = scenario.model
    assert (model.existing.upgrade, model.existing.close) == (("7",), ("8", "009"))
    assert (model.at_most_one, model.only_with[0].site, model.only_with[0].needs) == ((("1", "2"),), "1", "2")
    assert (model.floors[0].value, model.hub_limits[0].value) == ("3", "4")
    assert [year.name for year in project.read(YEARS).model.periods.years] == ["2027", "2028"]
