"""Demands on the small project that cannot be met together, and the least budget that is said to meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.instances.moving_people import write_moving

import hubplanner as hp
from hubplanner.pipeline.repair import NEVER

if TYPE_CHECKING:
    from support.project import Project


ANNUITY = 1 / 1.25 + 1 / 1.25**2
S1, S4 = 100 + 10 * ANNUITY, 2 * (100 + 10 * ANNUITY)
"""Money for a centre at S1 and at S4."""


def years(*budgets: float) -> list[dict[str, Any]]:
    return [{"name": 2027 + number, "budget": budget} for number, budget in enumerate(budgets)]


CLASHES: list[tuple[dict[str, Any], str]] = [
    ({"model.budget": 100}, "a hub at site S4 and the budget of 100 cannot be met together"),
    (
        {"model.budget": 300, "model.require": ["S1"]},
        "a hub at site S1, a hub at site S4 and the budget of 300 cannot be met together",
    ),
    (
        {"model.only_with": [{"site": "S4", "needs": "S3"}]},
        "a hub at site S4, the budget of 500 and site S4 only with site S3 cannot be met together",
    ),
    (
        {"model.budget": 250, "model.floors": [{"group": "province", "value": "Balochistan", "share": 0.5}]},
        "a hub at site S4, the budget of 250 and 50 % of province Balochistan covered cannot be met together",
    ),
    (
        {"model.objective": "min_cost", "model.target_share": 1.0, "model.budget": 300},
        "the budget of 300 and 100 % of all need covered cannot be met together",
    ),
]


@pytest.mark.parametrize(("settings", "clash"), CLASHES)
def test_with_the_least_budget_that_is_said_there_is_a_plan(
    project: Project, settings: dict[str, Any], clash: str
) -> None:
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(project.read(settings))
    said, least = caught.value.clashes
    assert said == clash
    budget = caught.value.least_budget
    assert budget is not None
    assert least.startswith("the least budget that meets all demands is ")
    enough = [budget, float(least.removeprefix("the least budget that meets all demands is ").replace(",", ""))]
    for money in enough:
        assert hp.solve(project.read(settings | {"model.budget": money})).summary()["cost"]["total"] <= money * (
            1 + 1e-9
        )
    with pytest.raises(hp.InfeasibleError):
        hp.solve(project.read(settings | {"model.budget": budget * (1 - 1e-6)}))


def test_the_least_budget_of_a_programme_is_enough_in_its_first_year(project: Project) -> None:
    settings: dict[str, Any] = {"model.budget": None, "model.require": ["S1"]}
    with pytest.raises(hp.InfeasibleError, match="the yearly budgets of 100, 200 cannot be met together") as caught:
        hp.solve(project.read(settings | {"model.periods.years": years(100, 200)}))
    budget = caught.value.least_budget
    assert budget == pytest.approx(S1 + S4)
    summary = hp.solve(project.read(settings | {"model.periods.years": years(budget or 0, 0)})).summary()
    assert summary["periods"][0]["opened"] == ["S1", "S4"]


def test_the_least_budget_of_a_programme_meets_its_floors_as_they_have_grown(project: Project) -> None:
    write_moving(project)
    settings = {"horizon_years": 0, "model.budget": None, "demand.growth_per_year": "rate"}
    settings |= {"model.floors": [{"share": 0.6}], "model.periods.years": years(1, 1)}
    with pytest.raises(hp.InfeasibleError, match=r"the least budget that meets all demands is 20;"):
        hp.solve(project.read(settings))  # A alone is 62 % of the first year's need, but 45 % of the second's
    enough = hp.solve(project.read(settings | {"model.periods.years": years(20, 0)})).summary()
    assert enough["floors"][0]["covered"] == 1


@pytest.mark.parametrize(
    ("settings", "clash"),
    [
        ({"model.max_hubs": 0}, "a hub at site S4 and max_hubs = 0 cannot be met together"),
        (
            {"model.at_most_one": [["S2", "S4"]]},
            "a hub at site S4 and at most one of sites S2, S4 cannot be met together",
        ),
        (
            {"model.min_separation_km": 15, "model.require": ["S1"]},
            "a hub at site S1, a hub at site S4 and a separation of 15 cannot be met together",
        ),
    ],
)
def test_where_no_money_helps_that_is_said(project: Project, settings: dict[str, Any], clash: str) -> None:
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(project.read(settings))
    assert caught.value.clashes == (clash, "no budget meets all demands")
    assert caught.value.least_budget is None


SEATED: dict[str, Any] = {"model.budget": None, "hubs.0.capacity": 10000, "hubs.1.capacity": 10000}
NONE: dict[str, Any] = {"model.budget": None, "sites.status": None, "model.exclude": ["S1", "S2", "S3", "S4", "S5"]}
LEAST = "the least change that makes one possible (solve --repair) is"


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"model.budget": 100}, "what would help: fewer required sites or a budget of 228.8"),
        ({"model.at_most_one": [["S2", "S4"]]}, "what would help: fewer required sites or hubs at rival sites"),
        (
            {"model.max_hubs": 0},
            f"{LEAST} in all: at most 0 -> 1; what would help: fewer required sites or more hubs allowed",
        ),
        # no number of hubs is enough, so that none is among what would help
        (
            {"model.max_hubs": 0, "model.min_separation_km": 15, "model.require": ["S1"]},
            f"{NEVER}; what would help: fewer required sites",
        ),
        (
            {"model.objective": "min_cost", "model.target_share": 1.0, "model.budget": 300},
            "what would help: a budget of 343.2, a smaller share asked for, more sites or a farther reach",
        ),
        # wherever hubs are and however far they reach, no more come
        (
            SEATED | {"demand.take_up": {"share": 0.2, "e_fold_km": 5}, "model.floors": [{"share": 0.5}]},
            "what would help: more people who come or a smaller share asked for",
        ),
        # seats are not what is lacking
        (
            SEATED | {"model.objective": "p_median", "hubs.0.reach_km": 0.1, "hubs.1.reach_km": 0.1},
            "what would help: more sites or a farther reach",
        ),
        # people go any distance
        (NONE | {"model.objective": "p_median"}, "what would help: more sites"),
        (NONE | {"model.floors": [{"share": 0.5}]}, "what would help: more sites"),
    ],
)
def test_what_would_help_is_said(project: Project, settings: dict[str, Any], advice: str) -> None:
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(project.read(settings))
    assert caught.value.advice == advice
    assert str(caught.value).endswith(f"; {advice}")


def test_a_repair_that_finds_no_change_promises_none(project: Project) -> None:
    settings = {"model.max_hubs": 0, "model.min_separation_km": 15, "model.require": ["S1"]}
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(project.read(settings), repair=True)
    assert caught.value.advice == f"{NEVER}; what would help: fewer required sites"
