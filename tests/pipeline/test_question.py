"""Each key of the model section as a constraint, objective or figure of the question that is solved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from hubplanner import model as models
from hubplanner.errors import ScenarioError
from hubplanner.inputs.groups import fair_groups
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import overview, solve, solve_inputs

if TYPE_CHECKING:
    from support.project import Project

BY_CAPEX = {"sites.groups": ["capex"]}
"""A group of the sites: S2 has the value 120, the others 100."""
S1, S2, S3, S4, S5 = range(5)


def test_a_path_in_place_of_a_scenario_is_told(project: Project) -> None:
    path: Any = project.folder / "scenario.yaml"
    with pytest.raises(
        ScenarioError, match=r"a scenario is to be solved, not .*; hubplanner.read_scenario\(path\) reads"
    ):
        solve(path)


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
    assert set(expected) <= set(objective.all_constraints)


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
    floors = [
        constraint
        for constraint in objective_of(project.inputs(settings)).constraints
        if isinstance(constraint, models.Floor)
    ]
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


def fair(project: Project, **settings: Any) -> models.AlphaFair:
    """Return how shares are weighed by alpha 1."""
    given = {f"model.fairness.{key}": value for key, value in ({"alpha": 1} | settings).items()}
    found = objective_of(project.inputs({"demand.groups": ["province"]} | given)).fairness
    assert isinstance(found, models.AlphaFair)
    return found


def test_fairness_by_alpha_weighs_the_values_of_its_group(project: Project) -> None:
    found = fair(project, group="province", linear_below_share=0.2)
    assert (found.alpha, found.names, found.linear_below) == (1.0, ("Balochistan", "Punjab"), 0.2)
    assert found.weights.tolist() == [[750, 500, 0, 0], [0, 0, 2000, 0]]
    assert fair(project).names == ("Balochistan", "Punjab")


def test_the_share_below_which_all_count_alike_follows_from_the_money(project: Project) -> None:
    settings = {"demand.groups": ["province"], "model.fairness": {"alpha": 1}}
    rich, poor = (objective_of(project.inputs(settings | {"model.budget": money})).fairness for money in (1e6, 100))
    assert isinstance(rich, models.AlphaFair)
    assert isinstance(poor, models.AlphaFair)
    assert 0 < poor.linear_below < rich.linear_below <= 0.1


@pytest.mark.parametrize(("hubs", "expected"), [(1, "province"), (2, "province"), (3, "province"), (9, "area")])
def test_auto_takes_the_finest_group_that_hubs_suffice_for(project: Project, hubs: int, expected: str) -> None:
    text = (project.folder / "demand.csv").read_text(encoding="utf-8")
    project.write("demand.csv", text.replace("area", "kind"))
    expected = "kind" if expected == "area" else expected
    settings = {"demand.groups": ["province", "kind"], "model.budget": None, "model.max_hubs": hubs}
    inputs = project.inputs(settings | {"model.fairness": {"alpha": 1, "group": "auto"}})
    found = fair_groups(inputs)
    assert found.column == expected
    assert ("coarsest" in found.because) == (hubs < 3)
    assert f"{hubs} hubs" in found.because


def test_alpha_0_asks_for_the_objective_itself_and_an_infinite_one_for_the_worst_first(project: Project) -> None:
    grouped = {"demand.groups": ["province"]}
    nothing, none = (project.inputs(grouped | extra) for extra in ({}, {"model.fairness": {"alpha": 0}}))
    assert objective_of(none).fairness is objective_of(nothing).fairness is None
    assert objective_of(none) == objective_of(nothing)
    plans = [solve_inputs(inputs).summary() for inputs in (nothing, none)]
    assert len({repr(plan | {"seconds": 0}) for plan in plans}) == 1
    word, infinite = (
        objective_of(project.inputs(grouped | {"model.fairness": value})).fairness
        for value in ("max_min", {"alpha": math.inf, "group": "province"})
    )
    assert isinstance(word, models.MaxMin)
    assert isinstance(infinite, models.MaxMin)
    assert (word.names, word.first, word.weights.tolist()) == (
        infinite.names,
        infinite.first,
        infinite.weights.tolist(),
    )


def test_a_plan_says_which_groups_it_was_fair_to_and_why(project: Project) -> None:
    settings = {"demand.groups": ["province"], "model.fairness": {"alpha": 1, "group": "auto"}}
    inputs = project.inputs(settings | {"model.budget": None, "model.max_hubs": 3})
    plan = solve_inputs(inputs).summary()
    said, groups = plan["fairness"], plan["groups"]["province"].values()
    assert overview(inputs)["fairness"] == {key: said[key] for key in overview(inputs)["fairness"]}
    assert (said["group"], said["groups"], said["equivalent_share"]) == ("province", 2, plan["objective_value"])
    assert [goal["name"] for goal in plan["goals"]] == ["equivalent share"]
    shares = [group["share"] for group in groups]
    assert said["shares"]["smallest"] == min(shares)
    assert min(shares) <= said["equivalent_share"] <= max(shares)
    assert plan["gap"] == pytest.approx(said["bound"] / said["equivalent_share"] - 1, abs=1e-9)


def test_a_programme_is_a_block_of_its_years(project: Project) -> None:
    years = [{"name": 2027, "budget": 300}, {"name": "later", "budget": 0}]
    [constraint] = objective_of(project.inputs({"model.periods.years": years})).constraints
    assert isinstance(constraint, models.Periods)
    assert (constraint.budgets, constraint.names, constraint.growth) == ((300, 0), ("2027", "later"), None)
    assert (constraint.carry_over, constraint.nested, constraint.discount_rate) == (True, True, 0)
    other = {"years": years, "carry_over": False, "nested": False, "discount_rate": 0.1}
    [constraint] = objective_of(project.inputs({"model.periods": other, "demand.growth_per_year": 0.02})).constraints
    assert isinstance(constraint, models.Periods)
    assert (constraint.carry_over, constraint.nested, constraint.discount_rate) == (False, False, 0.1)
    assert constraint.growth is not None
    assert constraint.growth.tolist() == [0.02] * 4
