"""Each key of the model section as a block, objective or figure of the question that is solved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from hubplanner import model as models
from hubplanner.pipeline.objective import objective_of

if TYPE_CHECKING:
    from support.project import Project

BY_CAPEX = {"sites.groups": ["capex"]}
"""A group of the sites: S2 has the value 120, the others 100."""
S1, S2, S3, S4, S5 = range(5)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, models.MaxCoverage(budget=500)),
        ({"budget": None, "max_hubs": 0}, models.MaxCoverage(max_hubs=0)),
        ({"objective": "min_cost", "target_share": 0.5}, models.MinCost(target_share=0.5, budget=500)),
        (
            {"objective": "min_cost", "target_share": 0.5, "travel_cost_per_km": 2.5},
            models.MinCost(target_share=0.5, travel_cost=2.5, budget=500),
        ),
        ({"objective": "p_median", "max_hubs": 3}, models.PMedian(max_hubs=3, budget=500)),
        ({"objective": "p_center", "budget": 9}, models.PCenter(budget=9)),
    ],
)
def test_each_objective_has_its_spec(project: Project, settings: dict[str, Any], expected: object) -> None:
    assert objective_of(project.inputs({f"model.{key}": value for key, value in settings.items()})) == expected


LIMITS: list[tuple[dict[str, Any], list[models.Constraint]]] = [
    ({}, []),
    ({"model.max_per_site": 3}, [models.HubsPerSite(count=3, mixed=False)]),
    ({"model.max_per_site": 2, "model.mixed_tiers": True}, [models.HubsPerSite(count=2, mixed=True)]),
    ({"hubs.0.capacity": 600, "hubs.1.capacity": 900}, [models.Capacity(people=(600, 900))]),
    (
        {"hubs.1.capacity": 900, "model.assignment": "single"},
        [models.Capacity(people=(math.inf, 900), single=True)],
    ),
    ({"model.min_hubs": 2}, [models.MinHubs(count=2)]),
    ({"model.min_separation_km": 3}, [models.MinSeparation(distance=3)]),
    (
        BY_CAPEX | {"model.hub_limits": [{"group": "capex", "value": 120, "min": 0, "max": 1}]},
        [
            models.MaxHubs(count=1, sites=(S2,), name="capex 120"),
            models.MinHubs(count=0, sites=(S2,), name="capex 120"),
        ],
    ),
    (
        BY_CAPEX | {"model.hub_limits": [{"group": "capex", "max": 2}]},
        [
            models.MaxHubs(count=2, sites=(S1, S3, S4, S5), name="capex 100", group="capex"),
            models.MaxHubs(count=2, sites=(S2,), name="capex 120", group="capex"),
        ],
    ),
    (
        {"model.at_most_one": [["S4", "S1"], ["S1", "S3", "S5"]]},
        [models.AtMostOne(sites=(S4, S1)), models.AtMostOne(sites=(S1, S3, S5))],
    ),
    ({"model.only_with": [{"site": "S3", "needs": "S1"}]}, [models.OnlyWith(site=S3, needs=S1)]),
]


@pytest.mark.parametrize(("settings", "expected"), LIMITS)
def test_each_limit_has_its_blocks(
    project: Project, settings: dict[str, Any], expected: list[models.Constraint]
) -> None:
    objective = objective_of(project.inputs(settings))
    assert list(objective.constraints) == expected
    assert set(expected) <= set(objective.blocks)


def test_sites_are_numbered_in_id_order_whatever_the_file_s_is(project: Project) -> None:
    header, *rows = (project.folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    project.write("sites.csv", "\n".join([header, *reversed(rows)]))
    settings = BY_CAPEX | {"model.hub_limits": [{"group": "capex", "value": 120, "max": 1}]}
    [limit, pair] = objective_of(
        project.inputs(settings | {"model.only_with": [{"site": "S3", "needs": "S1"}]})
    ).constraints
    assert limit == models.MaxHubs(count=1, sites=(S2,), name="capex 120")
    assert pair == models.OnlyWith(site=S3, needs=S1)


def test_a_floor_is_a_block_for_each_value(project: Project) -> None:
    settings = {"model.floors": [{"group": "province", "share": 0.3}, {"people": "area", "share": 0.2}]}
    floors = [block for block in objective_of(project.inputs(settings)).constraints if isinstance(block, models.Floor)]
    assert [(floor.name, floor.share, floor.weight.tolist()) for floor in floors] == [
        ("province Balochistan", 0.3, [750, 500, 0, 0]),
        ("province Punjab", 0.3, [0, 0, 2000, 0]),
        ("all need, area", 0.2, [9, 8, 20, 0]),
    ]


@pytest.mark.parametrize(
    ("settings", "first"), [({}, True), ({"model.fairness_goal": "tie_break", "model.fairness_group": "kind"}, False)]
)
def test_fairness_lifts_the_values_of_its_group(project: Project, settings: dict[str, Any], first: bool) -> None:  # noqa: FBT001
    text = (project.folder / "demand.csv").read_text(encoding="utf-8")
    project.write("demand.csv", text.replace("area", "kind").replace(",20\n", ",8\n"))
    settings |= {"model.fairness": "max_min", "demand.groups": ["province", "kind"]}
    fairness = objective_of(project.inputs(settings)).fairness
    assert fairness is not None
    assert fairness.first is first
    expected = (
        {"Balochistan": [750, 500, 0, 0], "Punjab": [0, 0, 2000, 0]}
        if first
        else {"12": [750, 0, 0, 0], "5": [0, 0, 0, 0], "8": [0, 500, 2000, 0]}
    )
    assert dict(zip(fairness.names, fairness.weights.tolist(), strict=True)) == expected


def test_a_programme_is_a_block_of_its_years(project: Project) -> None:
    years = [{"name": 2027, "budget": 300}, {"name": "later", "budget": 0}]
    [block] = objective_of(project.inputs({"model.periods.years": years})).constraints
    assert isinstance(block, models.Periods)
    assert (block.budgets, block.names, block.growth) == ((300, 0), ("2027", "later"), None)
    assert (block.carry_over, block.nested, block.discount_rate) == (True, True, 0)
    other = {"years": years, "carry_over": False, "nested": False, "discount_rate": 0.1}
    [block] = objective_of(project.inputs({"model.periods": other, "demand.growth_per_year": 0.02})).constraints
    assert isinstance(block, models.Periods)
    assert (block.carry_over, block.nested, block.discount_rate) == (False, False, 0.1)
    assert block.growth is not None
    assert block.growth.tolist() == [0.02] * 4
