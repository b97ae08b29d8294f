"""Every figure of plan.json, as an audit recomputes and compares it."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.instances.audit_worlds import LARGE, SEATS, SMALL, hub, world

from hubplanner.audit.data.money import AuditLink
from hubplanner.audit.figures import (
    check_figures,
    compare,
    expected_figures,
    expected_people,
    within,
)
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome, outcome_of

if TYPE_CHECKING:
    from hubplanner.audit.data.hubs import AuditHub
    from hubplanner.audit.data.world import AuditData

COURSES = {"courses": {"cost": 10.0, "cost_per_year": 2.0, "people": "people", "benefit": 0.5}}
YEARS = [{"name": 2027, "budget": 0.1}, {"name": 2028, "budget": 0.2}]


def link(row: int, site: int, share: float, far: float) -> dict[str, Any]:
    ends = {"demand_id": f"D{row}", "site_id": f"S{site}"}
    return {**ends, "people": 10.0 * share, "need": 4.0 * share, "distance_km": far}


def achieved(given: AuditData, hubs: list[AuditHub], links: Any = (), year: int = 0) -> AuditOutcome:
    return outcome_of(given, hubs, pd.DataFrame(list(links)), year, Ledger())


def figures(given: AuditData, hubs: list[AuditHub], links: Any = (), year: int = 0) -> dict[str, Any]:
    return expected_figures(given, hubs, achieved(given, hubs, links, year))


def paid(amounts: dict[int, float], last: int, total: float, each: float | None = None) -> dict[str, Any]:
    rows = [{"year": year, "paid": pytest.approx(amounts.get(year, 0.0))} for year in range(last + 1)]
    return {"total": pytest.approx(total), "by_year": rows, "per_user_year": each}


# -- need, people, distance ------------------------------------------------------------------------------------------


def test_a_plan_is_told_by_need_people_and_distance() -> None:
    given = world([[3, 8], [7, 4], [6, 9.5], [math.inf, math.inf]], currency="PKR")
    given.people.frame.loc[0, "need"] = 12.0
    found = figures(given, [hub(0)])
    assert found["need"] == {"total": 24, "covered": 12, "share": 0.5}
    assert found["people"] == {"total": 40, "covered": 10, "reached": 10, "whom": "people"}
    assert found["distance"] == {
        "mean_km": pytest.approx((12 * 3 + 4 * 7 + 4 * 6) / 20),
        "max_km": 7,
        "nearest_km": pytest.approx((12 * 3 + 4 * 7 + 4 * 6) / 20),
        "unreachable_need": 4,
        "unreachable_people": 10,
        "unserved_need": 0,
        "unserved_people": 0,
    }
    assert (found["objective"], found["currency"], found["groups"]) == ("max_coverage", "PKR", {})
    assert (found["floors"], found["closed"], found["budget"], "measures" in found) == ([], [], None, False)


def test_figures_of_a_later_year_are_of_those_who_live_there_then() -> None:
    found = figures(world([[3.0], [8.0]]), [hub(0)], year=1)
    assert found["need"] == {"total": 12, "covered": 6, "share": 0.5}
    assert found["people"] == {"total": 30, "covered": 15, "reached": 15, "whom": "people"}


def test_nobody_in_need_has_no_distance_and_no_share() -> None:
    given = world([[3.0], [math.inf]])
    given.people.frame["need"] = 0.0
    found = figures(given, [hub(0)])
    assert found["need"] == {"total": 0, "covered": 0, "share": 0}
    told = found["distance"]
    assert (told["mean_km"], told["max_km"], told["nearest_km"]) == (None, None, None)
    assert (told["unreachable_need"], told["unreachable_people"]) == (0, 10)
    assert figures(given, [])["distance"]["nearest_km"] is None


@pytest.mark.parametrize("tiers", [None, SEATS])
def test_little_need_is_need(tiers: Any) -> None:
    given = world([[3.0], [4.0]], tiers)
    given.people.frame[["need", "seats"]] = 0.25
    links = [{**link(row, 0, 1, far), "need": 0.25} for row, far in ((0, 3), (1, 4))]
    told = figures(given, [hub(0)], links)["distance"]
    assert (told["mean_km"], told["max_km"], told["nearest_km"], told["unserved_people"]) == (3.5, 4, 3.5, 0)


def test_distances_of_merged_points_are_those_of_all_points() -> None:
    given, every = world([[3.0]]), world([[1.0], [2.0]])
    outcome = achieved(given, [hub(0)])
    found = expected_figures(given, [hub(0)], outcome, (every, achieved(every, [hub(0)]).service))
    assert (found["distance"]["mean_km"], found["distance"]["max_km"]) == (1.5, 2)
    assert found["need"]["total"] == 4
    ledger, points = Ledger(), (every, achieved(every, [hub(0)]).service)
    check_figures(given, [hub(0)], outcome, found | {"budget": 3.0}, ledger, points)
    assert [(one.item, one.stated, one.recomputed) for one in ledger.findings] == [("budget", 3.0, None)]


def test_distances_of_assigned_people_follow_from_the_links() -> None:
    given = world([[3, 8], [7, 4], [6, 2], [6, 9.5]], SEATS)
    given.people.frame.loc[3, "people"] = 30.0
    links = [link(0, 0, 0.5, 3), link(1, 1, 1, 4), link(2, 1, 1e-10, 2)]
    found = figures(given, [hub(0), hub(1, 1)], links)
    far, served = found["distance"], 2 + 4 + 4e-10
    assert far["mean_km"] == pytest.approx((2 * 3 + 4 * 4 + 8e-10) / served)
    assert far["max_km"] == 4
    assert far["nearest_km"] == pytest.approx((3 + 4 + 2 + 6) / 4)
    assert far["unserved_need"] == pytest.approx(16 - 6)
    assert far["unserved_people"] == pytest.approx(60 - 15)
    people = {
        "total": 60,
        "covered": pytest.approx(15),
        "reached": pytest.approx(6),
        "whom": "people not connected yet",
    }
    assert found["people"] == people
    by_people = world([[3.0]], SEATS, model={"capacity_of": "people"})
    assert expected_people(by_people, achieved(by_people, [hub(0)], [link(0, 0, 0.5, 3)]))["whom"] == "people"


def test_without_links_assigned_people_go_nowhere() -> None:
    told = figures(world([[3.0]], SEATS), [hub(0)])["distance"]
    assert (told["mean_km"], told["max_km"], told["nearest_km"]) == (None, None, 3)
    assert (told["unserved_need"], told["unserved_people"]) == (4, 10)


def test_people_without_need_are_no_part_of_what_assigned_ways_are_long() -> None:
    given = world([[3.0], [4.0]], SEATS)
    given.people.frame.loc[1, ["need", "seats"]] = 0.0
    told = figures(given, [hub(0)], [link(0, 0, 1, 3), {**link(1, 0, 1, 4), "need": 0.0}])["distance"]
    assert (told["mean_km"], told["max_km"], told["unserved_need"], told["unserved_people"]) == (3, 3, 0, 0)


def test_the_longest_way_of_a_row_of_several_points_is_told_where_it_is_known() -> None:
    given = world([[1.0], [2.0]], SEATS, row=[0, 0], parts=[0.5, 0.5])
    outcome = achieved(given, [hub(0)], [link(0, 0, 1, 1.5)])
    assert expected_figures(given, [hub(0)], outcome)["distance"]["max_km"] == 2
    unknown = replace(outcome, farthest=None)
    told, ledger = expected_figures(given, [hub(0)], unknown), Ledger()
    assert "max_km" not in told["distance"]
    check_figures(given, [hub(0)], unknown, told, ledger)
    why = "plan.json, distance.max_km: links of spread rows hold mean distances, which do not determine it"
    assert (ledger.not_audited, ledger.findings) == ([why], [])
    check_figures(given, [hub(0)], outcome, expected_figures(given, [hub(0)], outcome), known := Ledger())
    assert known.not_audited == []


# -- groups and floors -----------------------------------------------------------------------------------------------


def grouped(**more: Any) -> AuditData:
    """Return three rows, two of them of a group, of which hubs at S0 reach the first and the last."""
    given = world([[3.0], [8.0], [4.0]], demand={"groups": ["province"]}, **more)
    given.people.frame["province"] = ["Sindh", "Punjab", "Punjab"]
    given.people.frame["need"] = [4.0, 6.0, 2.0]
    given.people.other["need of women"] = np.array([1.0, 3.0, 1.0])
    return given


def test_groups_are_told_value_by_value() -> None:
    found = figures(grouped(), [hub(0)])["groups"]
    assert list(found["province"]) == ["Punjab", "Sindh"]
    assert found["province"] == {
        "Punjab": {"need": 8, "covered": 2, "share": 0.25, "people": 20, "covered_people": 10},
        "Sindh": {"need": 4, "covered": 4, "share": 1, "people": 10, "covered_people": 10},
    }


def test_floors_are_told_for_all_need_a_value_and_each_value() -> None:
    floors = [
        {"share": 0.5},
        {"group": "province", "value": "Punjab", "share": 0.25},
        {"group": "province", "people": "women", "share": 0.3},
    ]
    given = grouped(model={"floors": floors})
    found = figures(given, [hub(0)])["floors"]
    whole = {"group": None, "value": None, "people": None}
    of = {"group": "province", "people": None}
    women = {"group": "province", "people": "women", "share": 0.3}
    assert found == [
        {"name": "all need", **whole, "share": 0.5, "covered": 0.5, "need": 12},
        {"name": "province Punjab", **of, "value": "Punjab", "share": 0.25, "covered": 0.25, "need": 8},
        {"name": "province Punjab, women", **women, "value": "Punjab", "covered": 0.25, "need": 4},
        {"name": "province Sindh, women", **women, "value": "Sindh", "covered": 1, "need": 1},
    ]
    later = expected_figures(given, [hub(0)], achieved(given, [hub(0)], year=1))["floors"]
    assert [floor["need"] for floor in later] == [18, 12, 6, 1.5]


def test_floors_and_the_target_hold() -> None:
    floors = [{"share": 0.5}, {"group": "province", "people": "women", "share": 0.3}]
    given = grouped(model={"floors": floors, "objective": "min_cost", "target_share": 0.6, "max_hubs": None})
    outcome, ledger = achieved(given, [hub(0)]), Ledger()
    check_figures(given, [hub(0)], outcome, expected_figures(given, [hub(0)], outcome), ledger)
    assert [(one.file, one.item, one.stated, one.recomputed) for one in ledger.findings] == [
        ("plan.json", "floor province Punjab, women", 0.25, "at least 0.3"),
        ("plan.json", "target_share", 0.5, "at least 0.6"),
    ]


@pytest.mark.parametrize(("tiers", "fine"), [(None, False), (SEATS, True)])
def test_a_solvers_rounding_is_let_pass_where_people_are_assigned(tiers: Any, fine: bool) -> None:  # noqa: FBT001
    model = {"objective": "min_cost", "target_share": 0.5, "floors": [{"share": 0.5}], "max_hubs": None}
    given = world([[3.0], [3.0]], tiers, model=model)
    outcome = achieved(world([[3.0], [3.0]]), [hub(0)])
    outcome = replace(outcome, covered=np.array([1 - 5e-7, 0.0]), links=outcome.links.assign(seats=0.0))
    ledger = Ledger()
    check_figures(given, [hub(0)], outcome, expected_figures(given, [hub(0)], outcome), ledger)
    assert ([one.item for one in ledger.findings] == []) == fine
    assert [one.item for one in ledger.findings] == ([] if fine else ["floor all need", "target_share"])


def test_floors_of_plans_for_futures_hold_over_these() -> None:
    futures = {"named": [{"name": "flood", "probability": 1.0}]}
    given = grouped(model={"floors": [{"share": 0.9}]}, futures=futures)
    outcome, ledger = achieved(given, [hub(0)]), Ledger()
    check_figures(given, [hub(0)], outcome, expected_figures(given, [hub(0)], outcome), ledger)
    assert ledger.findings == []


# -- money -----------------------------------------------------------------------------------------------------------


def test_money_is_told_as_it_is_spent() -> None:
    tiers = [SMALL, LARGE]
    given = world([[3.0, 4.0, 5.0]], tiers, status=["existing", "candidate", "existing"], horizon_years=0)
    hubs = [hub(1, 1, capex=Fraction(7), opex=Fraction(3), link=AuditLink(cost=Fraction(2)))]
    given = replace(given, laid=((0, Fraction(4), Fraction()),))
    found = figures(given, [*hubs, hub(2, status="existing", capex=Fraction(), opex=Fraction(5))])
    assert found["closed"] == ["S0"]
    cost = found["cost"]
    assert cost["total"] == 7 + 3 + 2 + 5 + 4 - 1
    told = {name: cost[name] for name in ("capex", "opex_present_value", "backhaul", "saved")}
    assert told == {"capex": 7, "opex_present_value": 8, "backhaul": 6, "saved": 1}
    assert "measures" not in cost


def test_what_is_paid_is_told_year_by_year() -> None:
    tiers = [SMALL | {"opex_per_year": 2.0}]
    given = world([[3.0]], tiers, horizon_years=2, discount_rate=0.25, status=["candidate"])
    worth = Fraction(4, 5) + Fraction(16, 25)
    hubs = [hub(0, capex=Fraction(7), opex=3 * worth, link=AuditLink(cost=Fraction(2)))]
    assert figures(given, hubs)["cost"]["paid"] == paid({0: 9, 1: 3, 2: 3}, 2, 15)
    standing = [hub(0, status="existing", capex=Fraction(7), opex=3 * worth)]
    assert figures(given, standing)["cost"]["paid"] == paid({}, 2, 0)
    lines = replace(given, laid=((0, 5 + 2 * worth, Fraction(2)),))
    assert figures(lines, [])["cost"]["paid"] == paid({0: 5, 1: 2, 2: 2}, 2, 9)


def test_a_hub_of_a_later_year_is_paid_from_then_on() -> None:
    given = world([[3.0]], horizon_years=2, discount_rate=0.25, model={"periods": {"years": YEARS}, "max_hubs": None})
    worth = Fraction(4, 5) + Fraction(16, 25)
    hubs = [hub(0, capex=Fraction(7), opex=3 * worth, period="2028")]
    assert figures(given, hubs)["cost"]["paid"] == paid({1: 7, 2: 3, 3: 3}, 3, 13)
    lines = replace(given, laid=((1, 5 + 2 * worth, Fraction(2)),))
    assert figures(lines, [])["cost"]["paid"] == paid({1: 5, 2: 2, 3: 2}, 3, 9)
    at_once = {"name": 2029, "budget": 0.1}
    given = world([[3.0]], horizon_years=0, model={"periods": {"years": [*YEARS, at_once]}, "max_hubs": None})
    assert figures(given, [hub(0, capex=Fraction(7), period="2029")])["cost"]["paid"] == paid({2: 7}, 2, 7)
    closed = world([[3.0]], horizon_years=2, status=["existing"])
    assert figures(closed, [])["cost"]["paid"] == paid({0: -1}, 2, -1)


def test_fees_of_links_are_paid_each_year() -> None:
    dish = {"satellite": {"site_cost": 5.0, "per_line_year": 2.0}}
    given = world(
        [[3.0]],
        [SMALL | {"mbps": 1.0}],
        horizon_years=2,
        discount_rate=0.25,
        backhaul={"technologies": dish},
    )
    worth = Fraction(4, 5) + Fraction(16, 25)
    own = AuditLink(cost=2 * (5 + 2 * worth), name="satellite")
    hubs = [hub(0, 0, 2, capex=Fraction(7), link=own)]
    assert figures(given, hubs)["cost"]["paid"] == paid({0: 7 + 10, 1: 4, 2: 4}, 2, 25)


def test_each_seat_that_is_taken_has_its_cost_a_year() -> None:
    given = world([[3.0, 4.0], [3.0, 4.0]], SEATS, horizon_years=2, status=["candidate", "existing"])
    hubs = [hub(0, capex=Fraction(6)), hub(1, status="existing")]
    links = [link(0, 0, 0.75, 3), link(1, 1, 1, 4)]
    assert figures(given, hubs, links)["cost"]["paid"] == paid({0: 6}, 2, 6, each=pytest.approx(6 / (3 * 2)))
    assert figures(given, hubs, links[1:])["cost"]["paid"]["per_user_year"] is None
    few = figures(given, hubs, [link(0, 0, 0.0625, 3)])["cost"]["paid"]["per_user_year"]
    assert few == pytest.approx(6 / (0.25 * 2))


def test_measures_are_paid_beside_hubs() -> None:
    given = world([[3.0], [9.5]], [SMALL], measures=COURSES, horizon_years=2, discount_rate=0)
    given.people.may["courses"] = np.array([4.0, 4.0])
    given.beside["courses"] = np.array([1.0, 2.0])
    found = figures(given, [hub(0, capex=Fraction(6))], [link(0, 0, 0.5, 3)])
    assert found["cost"]["measures"] == 3 * (10 + 2 * 2)
    assert found["cost"]["paid"] == paid({0: 6 + 30, 1: 6, 2: 6}, 2, 48)
    assert found["measures"]["courses"]["people"] == 3
    running = [hub(0, capex=Fraction(6), opex=Fraction(4))]  # 2 a year
    assert figures(given, running, [link(0, 0, 0.5, 3)])["cost"]["paid"] == paid({0: 36, 1: 8, 2: 8}, 2, 52)


@pytest.mark.parametrize(
    ("model", "budget"),
    [
        ({"budget": 5.0, "max_hubs": None}, 5.0),
        ({"periods": {"years": YEARS}, "max_hubs": None}, 0.3),
        ({"periods": {"years": YEARS}, "budget": 0.25, "max_hubs": None}, 0.25),
        ({"periods": {"years": YEARS}, "budget": 5.0, "max_hubs": None}, 0.3),
        ({}, None),
    ],
)
def test_the_budget_is_the_least_of_all_and_exact(model: dict[str, Any], budget: float | None) -> None:
    assert figures(world([[3.0]], model=model), [])["budget"] == budget


def test_money_keeps_to_a_limit_but_for_rounding() -> None:
    limit = Fraction(3)
    assert within(limit, limit)
    assert within(limit * (1 + Fraction(1, 10**9)), limit)
    assert not within(limit * (1 + Fraction(2, 10**9)), limit)


# -- what is compared ------------------------------------------------------------------------------------------------


def compared(stated: Any, expected: Any, item: str = "") -> tuple[list[tuple[str, Any, Any]], int]:
    """Return what is found wrong, and how many figures were compared."""
    ledger = Ledger()
    compare(stated, expected, item, ledger, "frontier.json")
    assert set(ledger.checked) <= {"frontier.json"}
    wrong = [(one.item, one.stated, one.recomputed) for one in ledger.findings]
    assert {one.file for one in ledger.findings} <= {"frontier.json"}
    return wrong, ledger.checked.get("frontier.json", 0)


def test_trees_are_compared_figure_by_figure() -> None:
    expected = {"a": 1.0, "b": {"c": 2.0, "d": None}, "e": ["x", "y"], "f": [{"g": 1.0}, {"g": 2.0}]}
    assert compared({**expected, "z": 9}, expected) == ([], 1 + 2 + 1 + 1 + 2)
    stated = {"a": 1.1, "b": {"c": 2.0, "d": 0.0}, "e": ["x"], "f": [{"g": 3.0}]}
    assert compared(stated, expected) == (
        [("a", 1.1, 1.0), ("b.d", 0.0, None), ("e", ["x"], ["x", "y"]), ("f, entries", 1, 2), ("f.0.g", 3.0, 1.0)],
        6,
    )
    assert compared(None, {"a": 1.0}, "top") == ([("top.a", None, 1.0)], 1)
    assert compared(7, [{"a": 1.0}], "top") == ([("top, entries", 0, 1)], 1)


def test_a_group_has_no_value_beside_those_there_are() -> None:
    expected = {"groups": {"province": {"Sindh": {"need": 4.0}}}}
    stated = {"groups": {"province": {"Sindh": {"need": 4.0}, "Atlantis": {"need": 1.0}}}}
    assert compared(stated, expected)[0] == [("groups.province", ["Atlantis"], "no such value")]
    assert compared(expected, expected)[0] == []
    other = {"floors": {"x": {"need": 4.0, "more": 1}}}
    assert compared(other, {"floors": {"x": {"need": 4.0}}})[0] == []


@pytest.mark.parametrize(
    ("item", "stated", "is_fine"),
    [
        ("cost.total", 100_000.004999, True),
        ("cost.total", 100_000.005, True),
        ("cost.total", 100_000.0052, False),
        ("cost.paid.by_year.0.paid", 100_000.0049, True),
        ("frontier.0.cost", 100_000.0049, True),
        ("expected_cost", 100_000.0049, True),
        ("highest_cost", 100_000.0049, True),
        ("need.total", 100_000.0049, False),
        ("costs.total", 100_000.0049, False),
        ("need.total", 100_000.00005, True),
    ],
)
def test_money_is_compared_as_it_is_written(item: str, stated: float, is_fine: bool) -> None:  # noqa: FBT001
    assert compared(stated, 100_000.0, item)[0] == ([] if is_fine else [(item, stated, 100_000.0)])


def test_small_figures_are_compared_to_a_millionth() -> None:
    assert compared(5e-7, 0.0, "cost.total")[0] == []
    assert compared(2e-6, 0.0, "cost.total")[0] == [("cost.total", 2e-6, 0.0)]
    assert compared(None, None, "cost.total")[0] == []
    assert compared(1e-3 + 5e-7, 1e-3, "cost.total")[0] == []
