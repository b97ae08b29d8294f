"""What limits name in the data, and what rules, growth and changes of existing hubs make of the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hubplanner.errors import DataError, ScenarioError
from hubplanner.inputs import build_problem
from hubplanner.inputs.groups import group_floors
from hubplanner.problem import CoverageRule, Decay

if TYPE_CHECKING:
    from support.project import Project

NO_SITE = "the id of a site in sites.csv; in quotes if it starts with 0"
NO_HUB = "a site with an existing hub"
YEARS = {"model.periods.years": [{"name": 2027, "budget": 900}]}
ANNUITY = 1 / 1.25 + 1 / 1.25**2

# -- names that the data do not have -----------------------------------------------------------------------------------

UNKNOWN: list[tuple[dict[str, Any], list[str]]] = [
    ({"model.at_most_one": [["S1", "S9"]]}, [f"model.at_most_one.0: 'S9' found; allowed: {NO_SITE}"]),
    (
        {"model.only_with": [{"site": "S1", "needs": "S3"}, {"site": "S8", "needs": "S9"}]},
        [
            f"model.only_with.1.site: 'S8' found; allowed: {NO_SITE}",
            f"model.only_with.1.needs: 'S9' found; allowed: {NO_SITE}",
        ],
    ),
    ({"model.existing.upgrade": ["S2", "S9"]}, [f"model.existing.upgrade: 'S9' found; allowed: {NO_SITE}"]),
    ({"model.existing.close": "S9"}, [f"model.existing.close: 'S9' found; allowed: {NO_SITE}"]),
    ({"model.existing.upgrade": ["S1"]}, [f"model.existing.upgrade: 'S1' found; allowed: {NO_HUB}"]),
    ({"model.existing.close": ["S4", "S2"]}, [f"model.existing.close: 'S4' found; allowed: {NO_HUB}"]),
    (
        {"model.floors": [{"group": "province", "value": "Sindh", "share": 0.1}]},
        ["model.floors.0.value: 'Sindh' found; allowed: a value of province in demand.csv: Balochistan, Punjab"],
    ),
    (
        {"sites.groups": ["capex"], "model.hub_limits": [{"group": "capex", "value": 110, "max": 1}]},
        ["model.hub_limits.0.value: '110' found; allowed: a value of capex in sites.csv: 100, 120"],
    ),
]


@pytest.mark.parametrize(("settings", "messages"), UNKNOWN)
def test_names_that_the_data_do_not_have_are_faults_of_the_scenario(
    project: Project, settings: dict[str, Any], messages: list[str]
) -> None:
    assert type(project.error(settings)) is ScenarioError
    assert project.messages(settings) == [f"scenario.yaml, {message}" for message in messages]


MISSING: list[tuple[dict[str, Any], str]] = [
    ({"model.floors": [{"people": "women", "share": 0.1}]}, "demand.csv, women"),
    (YEARS | {"demand.growth_per_year": "rate"}, "demand.csv, rate"),
    (
        {"sites.groups": ["district"], "model.hub_limits": [{"group": "district", "value": "x", "max": 1}]},
        "sites.csv, district",
    ),
    (
        {"demand.groups": ["district"], "model.floors": [{"group": "district", "value": "x", "share": 0.1}]},
        "demand.csv, district",
    ),
    ({"model.existing": {"upgrade": True, "upgrade_fee": "fee"}}, "sites.csv, fee"),
    ({"model.existing": {"close": True, "close_saving": "saving"}}, "sites.csv, saving"),
]


@pytest.mark.parametrize(("settings", "place"), MISSING)
def test_columns_that_limits_need_must_be_there(project: Project, settings: dict[str, Any], place: str) -> None:
    assert type(project.error(settings)) is DataError
    [found] = project.messages(settings)
    assert found.startswith(place)
    assert "is missing; the file's columns are" in found


def test_numbers_that_limits_need_are_checked_row_by_row(project: Project) -> None:
    project.edit("demand.csv", "Balochistan,12", "Balochistan,-12")
    project.edit("sites.csv", "existing,,1,120", "existing,,1,")
    settings = {"model.floors": [{"people": "area", "share": 0.1}], "hubs.0.capex": 1}
    settings |= {"model.existing": {"close": True, "close_saving": "capex"}}
    assert project.messages(settings) == [
        "demand.csv, row 2, area: '-12' found; allowed: a number of at least 0",
        (
            "sites.csv, row 3, capex: blank found; allowed: a number of at least 0; write 0 if it is none, or "
            "add missing: {capex: drop}"
        ),
    ]


# -- when people count as covered --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({}, CoverageRule()),
        ({"decay": "linear", "full_km": 2}, CoverageRule(decay=Decay.LINEAR, full=2)),
        ({"decay": "exponential", "width_km": 3}, CoverageRule(decay=Decay.EXPONENTIAL, width=3)),
        ({"decay": "gaussian", "width_km": 3, "full_km": 1}, CoverageRule(decay=Decay.GAUSSIAN, width=3, full=1)),
        ({"backup": 2}, CoverageRule(backup=2, backup_weight=1)),
        ({"backup": 2, "backup_weight": 0.3}, CoverageRule(backup=2, backup_weight=0.3)),
    ],
)
def test_the_coverage_section_is_the_problem_s_rule(
    project: Project, settings: dict[str, Any], rule: CoverageRule
) -> None:
    assert build_problem(project.inputs({"coverage": settings})).rule == rule


def test_reaches_in_minutes_are_kilometres_at_the_speed(project: Project) -> None:
    settings = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 8, "travel.speed_kmh": 30}
    assert build_problem(project.inputs(settings)).tier_reach.tolist() == pytest.approx([4, 20])


def test_sites_are_as_far_apart_as_travel_says(project: Project) -> None:
    detour = build_problem(project.inputs({"travel.detour": 1.5})).travel.between_sites()
    table = {"travel": {"method": "matrix", "path": str(project.folder / "travel.csv")}}
    straight = build_problem(project.inputs(table)).travel.between_sites()
    assert detour is not None
    assert straight is not None
    assert detour.from_site(0)[3] == pytest.approx(1.5 * straight.from_site(0)[3])
    assert straight.from_site(0)[3] == pytest.approx(10.2, abs=0.1)


# -- floors and growth -------------------------------------------------------------------------------------------------


def test_a_floor_of_a_group_is_one_of_each_value_with_its_need(project: Project) -> None:
    floors = group_floors(
        project.inputs(
            {
                "model.floors": [
                    {"group": "province", "share": 0.3},
                    {"group": "province", "value": "Punjab", "share": 0.4, "people": "area"},
                    {"share": 0.2},
                ]
            }
        )
    )
    assert [(floor.name, floor.share) for floor in floors] == [
        ("province Balochistan", 0.3),
        ("province Punjab", 0.3),
        ("province Punjab, area", 0.4),
        ("all need", 0.2),
    ]
    assert [floor.weight.tolist() for floor in floors] == [
        [750, 500, 0, 0],
        [0, 0, 2000, 0],
        [0, 0, 20, 0],
        [750, 500, 2000, 0],
    ]


def test_people_of_another_column_stand_on_the_points_of_their_row(project: Project) -> None:
    settings = {"model.floors": [{"people": "area", "share": 0.1}]}
    [floor] = group_floors(project.inputs(settings | {"demand.spread_km": 1.0, "demand.area_km2": "area"}))
    assert len(floor.weight) > 4
    assert floor.weight.sum() == pytest.approx(12 * 0.75 + 8 * 0.5 * 2 + 20)


def test_growth_is_by_row_in_id_order_and_floors_grow_with_it(project: Project) -> None:
    rows = (project.folder / "demand.csv").read_text(encoding="utf-8").splitlines()
    rates = dict(zip(rows, ["rate", 0.0, 0.1, 0.5, 0.0], strict=True))
    header, *lines = [f"{row},{rate}" for row, rate in rates.items()]
    project.write("demand.csv", "\n".join([header, *reversed(lines)]))
    settings = YEARS | {"demand.growth_per_year": "rate", "model.floors": [{"group": "province", "share": 0.3}]}
    inputs = project.inputs(settings)
    assert inputs.demand.point_growth.tolist() == [0, 0.1, 0.5, 0]
    balochistan, punjab = group_floors(inputs)
    assert balochistan.in_year(inputs, 2) == pytest.approx([750, 500 * 1.1**2, 0, 0])
    assert punjab.in_year(inputs, 1) == pytest.approx([0, 0, 3000, 0])


# -- changes of existing hubs ------------------------------------------------------------------------------------------


def options(project: Project, settings: dict[str, Any]) -> dict[tuple[str, str], tuple[float, bool]]:
    """Cost of each option, and whether it replaces a hub, by site and tier."""
    inputs = project.inputs(settings)
    problem = build_problem(inputs)
    sites, tiers = inputs.sites.frame["site_id"].tolist(), [tier.name for tier in inputs.scenario.hubs]
    return {
        (sites[site], tiers[tier]): (float(cost), bool(upgrade))
        for site, tier, cost, upgrade in zip(
            problem.option_site, problem.option_tier, problem.option_cost, problem.upgrades, strict=True
        )
        if sites[site] == "S2"
    }


KEPT = {("S2", "centre"): (0.0, False)}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, KEPT),
        ({"model.existing.upgrade": True}, {("S2", "park"): (pytest.approx(280 - 10 * ANNUITY), True)}),
        (
            {"model.existing": {"upgrade": "S2", "upgrade_fee": 7}},
            {("S2", "park"): (pytest.approx(287 - 10 * ANNUITY), True)},
        ),
        (
            {"model.existing": {"upgrade": ["S2"], "upgrade_fee": "factor"}},
            {("S2", "park"): (pytest.approx(281 - 10 * ANNUITY), True)},
        ),
        (
            {"model.existing.upgrade": True, "hubs.1.opex_per_year": 25},
            {("S2", "park"): (pytest.approx(280 + 15 * ANNUITY), True)},
        ),
        # What is built is not paid back; what is no longer spent on running is free for other hubs.
        (
            {"model.existing.upgrade": True, "hubs.1.capex": 50},
            {("S2", "park"): (pytest.approx(-10 * ANNUITY), True)},
        ),
        # Larger means more capacity where all tiers have one, else more reach, whatever it is given in.
        ({"model.existing.upgrade": True, "hubs.0.capacity": 9, "hubs.1.capacity": 9}, {}),
        (
            {"model.existing.upgrade": True, "hubs.0.capacity": 9},
            {("S2", "park"): (pytest.approx(280 - 10 * ANNUITY), True)},
        ),
        ({"model.existing.upgrade": True, "hubs.1.reach_km": 5}, {}),
        (
            {
                "model.existing.upgrade": True,
                "travel.speed_kmh": 30,
                "hubs.1.reach_km": None,
                "hubs.1.reach_minutes": 8,
            },
            {},
        ),
    ],
)
def test_an_existing_hub_may_grow_at_the_difference_in_cost(
    project: Project, settings: dict[str, Any], expected: dict[tuple[str, str], tuple[float, bool]]
) -> None:
    assert options(project, settings) == KEPT | expected


def test_the_difference_takes_the_site_s_cost_factor(project: Project) -> None:
    project.edit("sites.csv", "existing,,1,120", "existing,,2,120")
    assert options(project, {"model.existing.upgrade": True})["S2", "park"] == (pytest.approx(560 - 20 * ANNUITY), True)


@pytest.mark.parametrize(
    ("settings", "saving"),
    [
        ({}, np.nan),
        ({"model.existing": {"close": True, "close_saving": 40}}, 40),
        ({"model.existing": {"close": ["S2"], "close_saving": "capex"}}, 120),
        ({"model.existing": {"close": True, "close_saving": 40}, "model.require": ["S2"]}, np.nan),
    ],
)
def test_only_an_existing_hub_that_may_close_saves_money(
    project: Project, settings: dict[str, Any], saving: float
) -> None:
    expected = [np.nan, saving, np.nan, np.nan, np.nan]
    assert build_problem(project.inputs(settings)).savings.tolist() == pytest.approx(expected, nan_ok=True)
