"""Plans of the small project under each limit, against what is worked out by hand."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from support.instances.moving_people import write_moving

import hubplanner as hp

if TYPE_CHECKING:
    from support.project import Project

ANNUITY = 1 / 1.25 + 1 / 1.25**2
S1, S4 = 100 + 10 * ANNUITY, 2 * (100 + 10 * ANNUITY)
"""Money for a centre at S1 and at S4."""


def years(*budgets: float) -> list[dict[str, Any]]:
    return [{"name": 2027 + number, "budget": budget} for number, budget in enumerate(budgets)]


def hubs(plan: hp.Plan) -> dict[str, dict[str, Any]]:
    return {hub["site_id"]: hub for hub in plan.summary()["hubs"]}


# -- capacity ----------------------------------------------------------------------------------------------------------


def test_hubs_serve_no_more_than_they_have_room_for(project: Project) -> None:
    sizes = {"hubs.0.capacity": 600, "hubs.1.capacity": 900, "model.capacity_of": "people"}
    plan = hp.solve(project.read(sizes | {"model.budget": 1000}))
    summary, found = plan.summary(), hubs(plan)
    # S1 as a park seats 900 of D1's 1000, each worth 0.75; S2 600 of D3, each 1; S4 all 500 of D2, who are worth 1.
    assert summary["objective_value"] == pytest.approx(900 * 0.75 + 600 + 500)
    assert summary["people"]["covered"] == pytest.approx(2000)
    assert {site: hub["tier"] for site, hub in found.items()} == {"S1": "park", "S2": "centre", "S4": "centre"}
    assert {site: hub["load"] for site, hub in found.items()} == pytest.approx({"S1": 900, "S2": 600, "S4": 500})
    assert [hub["utilisation"] for hub in found.values()] == pytest.approx([1, 1, 5 / 6])
    served = plan.links.groupby(["demand_id", "site_id"])["people"].sum()
    assert [served["D1", "S1"], served["D2", "S4"], served["D3", "S2"]] == pytest.approx([900, 500, 600])


def test_single_assignment_serves_places_whole_or_not_at_all(project: Project) -> None:
    plan = hp.solve(project.read({"hubs.0.capacity": 600, "hubs.1.capacity": 900, "model.assignment": "single"}))
    assert plan.summary()["objective_value"] == 500
    assert plan.demand["covered_share"].tolist() == [0, 1, 0, 0]
    assert plan.links[["demand_id", "site_id", "people"]].to_numpy().tolist() == [["D2", "S4", 500]]


def test_a_tier_without_capacity_has_room_for_all(project: Project) -> None:
    sizes = {"hubs.0.capacity": 600, "model.capacity_of": "people"}
    plan = hp.solve(project.read(sizes | {"model.budget": 1000, "model.require": ["S1"]}))
    park = hubs(plan)["S1"]
    assert (park["tier"], park["capacity"], park["utilisation"]) == ("park", None, None)
    assert park["load"] == pytest.approx(1000)


def test_several_hubs_may_stand_at_one_site(project: Project) -> None:
    settings = {"hubs.0.capacity": 300, "model.max_per_site": 3, "model.budget": 3 * S1 + S4, "model.exclude": ["S3"]}
    plan = hp.solve(project.read(settings | {"sites.tier": None, "hubs.1.capex": 9999}))
    found = hubs(plan)
    assert {site: hub["hubs"] for site, hub in found.items()} == {"S1": 3, "S2": 1, "S4": 1}
    assert (found["S1"]["cost"], found["S1"]["capacity"]) == (pytest.approx(3 * S1), 900)
    assert plan.summary()["cost"]["capex"] == pytest.approx(300 + 200)


# -- years -------------------------------------------------------------------------------------------------------------


def test_a_programme_opens_hubs_year_by_year_and_keeps_them(project: Project) -> None:
    settings = {"model.budget": None, "demand.growth_per_year": 0.1, "model.periods.years": years(300, 100, 500)}
    plan = hp.solve(project.read(settings))
    summary = plan.summary()
    first, second, third = summary["periods"]
    assert [year["name"] for year in summary["periods"]] == ["2027", "2028", "2029"]
    assert [year["budget"] for year in summary["periods"]] == [300, 100, 500]
    assert [year["opened"] for year in summary["periods"]] == [["S1"], ["S4"], []]
    assert [year["open"] for year in summary["periods"]] == [["S1", "S2"], ["S1", "S2", "S4"], ["S1", "S2", "S4"]]
    assert [year["hubs"] for year in summary["periods"]] == [2, 3, 3]
    assert [year["cost"] for year in summary["periods"]] == pytest.approx([S1, S4, 0])
    assert [year["need"]["total"] for year in summary["periods"]] == pytest.approx([3250, 3575, 3932.5])
    assert [year["need"]["covered"] for year in summary["periods"]] == pytest.approx([2750, 3575, 3932.5])
    assert first["people"]["covered"] == pytest.approx(3800)
    assert (third["need"]["share"], second["people"]["covered"]) == (pytest.approx(1), pytest.approx(4730))
    assert {site: hub["period"] for site, hub in hubs(plan).items()} == {"S1": "2027", "S2": "2027", "S4": "2028"}
    assert summary["budget"] == 900
    assert summary["nested_value"] is None
    assert_adds_up(summary, rate=0.0)


def assert_adds_up(summary: dict[str, Any], rate: float) -> None:
    """The years' money is the plan's, their discounted cover its value, and the last year's figures are its own."""
    periods, last = summary["periods"], summary["periods"][-1]
    assert math.fsum(year["cost"] for year in periods) == pytest.approx(summary["cost"]["total"])
    cover = math.fsum(year["need"]["covered"] / (1 + rate) ** number for number, year in enumerate(periods))
    assert cover == pytest.approx(summary["objective_value"])
    assert (last["need"], last["people"]) == (summary["need"], summary["people"])
    assert last["open"] == [hub["site_id"] for hub in summary["hubs"]]


def test_later_cover_counts_less_at_the_discount_rate(project: Project) -> None:
    periods = {"years": years(300, 300), "discount_rate": 0.25}
    summary = hp.solve(project.read({"model.budget": None, "model.periods": periods})).summary()
    assert summary["objective_value"] == pytest.approx(2750 + 3250 * 0.8)
    assert_adds_up(summary, rate=0.25)


@pytest.mark.parametrize(("carry_over", "opened"), [(True, [[], ["S4"]]), (False, None)])
def test_unspent_money_is_there_later_only_if_it_is_carried_over(
    project: Project, carry_over: object, opened: object
) -> None:
    periods = {"years": years(120, 120), "carry_over": carry_over}
    scenario = project.read({"model.exclude": ["S1", "S3"], "model.periods": periods})
    if opened is None:
        with pytest.raises(hp.InfeasibleError, match="a hub at site S4 and the yearly budgets of 120, 120 cannot be"):
            hp.solve(scenario)
    else:
        assert [year["opened"] for year in hp.solve(scenario).summary()["periods"]] == opened


def test_the_budget_limits_all_years_together(project: Project) -> None:
    settings = {"model.budget": 240, "model.periods.years": years(300, 300)}
    summary = hp.solve(project.read(settings)).summary()
    assert (summary["budget"], summary["cost"]["total"]) == (240, pytest.approx(S4))


def test_years_apart_say_what_keeping_hubs_costs(project: Project) -> None:
    write_moving(project)
    settings = {"horizon_years": 0, "model.budget": None, "demand.growth_per_year": "rate"}
    kept = hp.solve(project.read(settings | {"model.periods.years": years(10, 0, 0)})).summary()
    free = hp.solve(project.read(settings | {"model.periods": {"years": years(10, 0, 0), "nested": False}})).summary()
    # B alone: 60 + 120 + 240; A first and then B: 100 + 120 + 240, which a hub that stays cannot do.
    assert (kept["objective_value"], kept["nested_value"]) == (420, None)
    assert (free["objective_value"], free["nested_value"]) == (460, 420)
    assert [year["open"] for year in kept["periods"]] == [["B"], ["B"], ["B"]]
    assert [year["open"] for year in free["periods"]] == [["A"], ["B"], ["B"]]
    assert [hub["period"] for hub in free["hubs"]] == ["2028"]
    assert_adds_up(kept, rate=0)
    assert_adds_up(free, rate=0)


# -- changes of existing hubs ------------------------------------------------------------------------------------------


def test_an_upgrade_costs_the_difference_and_its_fee(project: Project) -> None:
    settings = {"model.existing": {"upgrade": True, "upgrade_fee": 7}, "hubs.0.reach_km": 1, "model.exclude": ["S1"]}
    difference = (400 - 120 + 7) - 10 * ANNUITY
    plan = hp.solve(project.read(settings | {"model.budget": S4 + difference}))
    summary, upgraded = plan.summary(), hubs(plan)["S2"]
    assert (upgraded["tier"], upgraded["status"], upgraded["cost"]) == (
        "park",
        "upgraded",
        pytest.approx(difference),
    )
    assert summary["cost"]["total"] == pytest.approx(S4 + difference)
    assert summary["cost"]["capex"] == pytest.approx(200 + 287)
    assert summary["closed"] == []
    kept = hp.solve(project.read(settings | {"model.budget": S4 + difference - 1}))
    assert {site: hub["status"] for site, hub in hubs(kept).items()} == {"S2": "existing", "S4": "new"}


@pytest.mark.parametrize(
    ("park", "horizon", "cost"), [(170.0, 4, 57 - 40), (170.0, 8, 57 - 80), (90.0, 4, 7 - 40), (120.0, 0, 7)]
)
def test_an_upgrade_to_a_tier_that_is_cheaper_to_run_costs_the_difference_too(
    project: Project, park: float, horizon: int, cost: float
) -> None:
    """Building is sunk: nothing comes back of it. Running is not: what a larger tier saves is money for other hubs."""
    settings = {
        "hubs": [
            {"name": "centre", "capex": 120, "opex_per_year": 20, "reach_km": 1},
            {"name": "park", "capex": park, "opex_per_year": 10, "reach_km": 20},
        ],
        "sites.cost_factor": 1,
        "horizon_years": horizon,
        "discount_rate": 0,
        "model.existing": {"upgrade": True, "upgrade_fee": 7},
        "model.exclude": ["S1", "S3"],
    }
    needed = 120 + 20 * horizon  # S4 must hold a centre
    plan = hp.solve(project.read(settings | {"model.budget": needed + cost}))
    summary, upgraded = plan.summary(), hubs(plan)["S2"]
    assert (upgraded["tier"], upgraded["status"], upgraded["cost"]) == ("park", "upgraded", pytest.approx(cost))
    assert summary["cost"]["total"] == pytest.approx(needed + cost)
    assert summary["cost"]["opex_present_value"] == pytest.approx((20 - 10) * horizon)
    assert summary["cost"]["capex"] == pytest.approx(120 + max(park - 120, 0) + 7)
    less = project.read(settings | {"model.budget": needed + cost - 0.5})
    if cost > 0:
        assert hubs(hp.solve(less))["S2"]["status"] == "existing"
    else:
        with pytest.raises(hp.InfeasibleError):  # only the money that the upgrade frees pays for the required hub
            hp.solve(less)


def test_a_closed_hub_is_listed_with_the_money_it_frees(project: Project) -> None:
    settings = {"model.objective": "min_cost", "model.target_share": 0.15, "model.existing.close_saving": 50}
    closed = hp.solve(project.read(settings | {"model.existing.close": ["S2"]})).summary()
    assert (closed["closed"], [hub["site_id"] for hub in closed["hubs"]]) == (["S2"], ["S4"])
    assert [year["paid"] for year in closed["cost"].pop("paid")["by_year"]] == pytest.approx([150, 20, 20])
    assert closed["cost"] == pytest.approx(
        {"total": S4 - 50, "capex": 200, "opex_present_value": 20 * ANNUITY, "backhaul": 0, "saved": 50}
    )
    assert closed["objective_value"] == pytest.approx(S4 - 50)
    kept = hp.solve(project.read(settings | {"model.existing.close": True, "model.require": ["S2"]})).summary()
    assert (kept["closed"], kept["cost"]["saved"]) == ([], 0)


def test_money_that_closing_frees_can_be_spent(project: Project) -> None:
    settings = {"model.budget": S4, "model.exclude": ["S3"], "demand.people": 1000}
    plan = hp.solve(project.read(settings | {"model.existing": {"close": True, "close_saving": S1}}))
    assert (plan.summary()["closed"], sorted(hubs(plan))) == ([], ["S2", "S4"])  # D3 is worth as much as D1 is
    poorer = {"demand.where": {"demand_id": ["D1", "D2"]}}
    plan = hp.solve(project.read(settings | poorer | {"model.existing": {"close": True, "close_saving": S1}}))
    assert (plan.summary()["closed"], sorted(hubs(plan))) == (["S2"], ["S1", "S4"])
    assert plan.summary()["cost"]["total"] == pytest.approx(S4)


# -- floors and fairness -----------------------------------------------------------------------------------------------


def test_floors_are_listed_with_what_is_covered_of_them(project: Project) -> None:
    settings = {
        "model.floors": [{"group": "province", "share": 0.3}, {"people": "area", "share": 0.1}],
        "model.budget": S4,
    }
    summary = hp.solve(project.read(settings)).summary()
    asked = {"group": "province", "people": None, "share": 0.3}
    assert summary["floors"] == [
        {
            "name": "province Balochistan",
            **asked,
            "value": "Balochistan",
            "need": 1250,
            "covered": pytest.approx(500 / 1250),
        },
        {"name": "province Punjab", **asked, "value": "Punjab", "need": 2000, "covered": 1},
        {
            "name": "all need, area",
            "group": None,
            "value": None,
            "people": "area",
            "share": 0.1,
            "need": pytest.approx(12 * 0.75 + 8 * 0.5 * 2 + 20),
            "covered": pytest.approx((8 * 0.5 * 2 + 20) / (12 * 0.75 + 8 * 0.5 * 2 + 20)),
        },
    ]


def test_a_floor_takes_money_from_elsewhere(project: Project) -> None:
    project.edit("sites.csv", "existing", "candidate")
    settings = {"model.budget": S4 + 150, "model.exclude": ["S3"]}
    free = hp.solve(project.read(settings))
    floor = {"group": "province", "value": "Balochistan", "share": 0.5}
    held = hp.solve(project.read(settings | {"model.floors": [floor]}))
    assert (sorted(hubs(free)), sorted(hubs(held))) == (["S2", "S4"], ["S1", "S4"])
    assert held.summary()["floors"][0]["covered"] == 1


def test_fairness_lifts_the_worst_covered_first(project: Project) -> None:
    project.edit("sites.csv", "existing", "candidate")
    project.edit("sites.csv", "required", "candidate")
    settings = {"model.budget": 150, "model.exclude": ["S3", "S4"], "model.fairness": "max_min"}
    summary = hp.solve(project.read(settings | {"demand.groups": ["weight"]})).summary()
    assert [goal["name"] for goal in summary["goals"]][:2] == ["smallest share", "2 smallest shares"]
    assert summary["goals"][-1] == {"name": "covered need", "value": 2000, "bound": 2000}


# -- counts, distances and sets of sites -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "sites"),
    [
        ({"model.at_most_one": [["S1", "S4"]]}, {"S2", "S4"}),
        ({"model.only_with": [{"site": "S1", "needs": "S3"}], "model.exclude": ["S3"]}, {"S2", "S4"}),
        ({"model.min_separation_km": 10.3}, {"S2", "S4"}),
        ({"model.min_separation_km": 10.1}, {"S1", "S2", "S4"}),
        ({"model.min_separation_km": 10.3, "travel.detour": 1.1}, {"S1", "S2", "S4"}),
        (
            {"sites.groups": ["name"], "model.hub_limits": [{"group": "name", "value": "Quetta", "max": 0}]},
            {"S2", "S4"},
        ),
        (
            {
                "sites.groups": ["name"],
                "model.hub_limits": [{"group": "name", "value": "Hazar", "min": 1}],
                "model.budget": 600 + S4,
            },
            {"S2", "S3", "S4"},
        ),
        ({"model.min_hubs": 3, "model.budget": 2000}, {"S1", "S2", "S3", "S4"}),
    ],
)
def test_sites_are_chosen_within_counts_distances_and_sets(
    project: Project, settings: dict[str, Any], sites: set[str]
) -> None:
    assert set(hubs(hp.solve(project.read({"model.exclude": []} | settings)))) == sites


def test_a_hub_is_asked_for_only_where_need_is_in_reach_and_the_others_are_named(project: Project) -> None:
    limit = {"group": "name", "min": 1}
    settings = {"sites.groups": ["name"], "model.hub_limits": [limit], "model.budget": 1000}
    with pytest.raises(hp.errors.InfeasibleError):
        hp.solve(project.read(settings))
    plan = hp.solve(project.read(settings | {"model.hub_limits": [limit | {"where_needed": True}]}))
    assert set(hubs(plan)) == {"S1", "S2", "S4"}
    [warning] = [told for told in plan.summary()["warnings"] if told["code"] == "no_need_in_reach"]
    # Nobody lives near Hazar, Kalat is excluded, and at Lahore existing hub.
    assert warning["message"].startswith("no site of name Hazar, Kalat, Lahore, old has need within reach")
    refused = settings | {"model.hub_limits": [limit | {"where_needed": True}], "checks.no_need_in_reach": "error"}
    assert "Hazar, Kalat" in project.messages(refused)[0]


def test_where_needed_may_speak_of_one_value_and_is_not_the_limit_of_all_its_sites(project: Project) -> None:
    named = [{"group": "name", "value": value, "min": 1, "where_needed": True} for value in ("Quetta", "Hazar")]
    everywhere = {"group": "name", "value": "Hazar", "min": 1}
    settings = {"sites.groups": ["name"], "model.budget": 1000}
    plan = hp.solve(project.read(settings | {"model.hub_limits": named}))
    assert "S1" in hubs(plan)
    [warning] = [told for told in plan.summary()["warnings"] if told["code"] == "no_need_in_reach"]
    assert warning["message"].startswith("no site of name Hazar has need within reach")
    both = hp.solve(project.read(settings | {"model.hub_limits": [*named, everywhere]}))
    assert {"S1", "S3"} <= set(hubs(both))
    [twice] = project.refusal(settings | {"model.hub_limits": [named[1], everywhere, named[1]]})
    assert twice.startswith("scenario.yaml, model.hub_limits.2: 'name, Hazar, where_needed' found; allowed: each limit")


@pytest.mark.parametrize("objective", ["max_coverage", "min_cost", "p_median", "p_center"])
def test_figures_of_every_objective_are_plain_numbers(project: Project, objective: str) -> None:
    own = {"target_share": 0.7, "travel_cost_per_km": 0.1} if objective == "min_cost" else {"max_hubs": 2}
    summary = hp.solve(project.read({"model": {"objective": objective, **own}})).summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert (summary["objective"], summary["status"]) == (objective, "optimal")
    assert summary["goals"][0]["value"] == summary["objective_value"] == pytest.approx(summary["bound"])
    if objective == "min_cost":
        rest = 0.7 * 3250 - 2000  # D3 is nearer to its hub than D2 is
        assert summary["objective_value"] == pytest.approx(S4 + 0.1 * (2000 * 1.464511 + rest * 1.470687))
    if objective == "p_median":
        assert summary["objective_value"] == pytest.approx(summary["distance"]["mean_km"])
    if objective == "p_center":
        assert summary["objective_value"] == pytest.approx(summary["distance"]["max_km"])
