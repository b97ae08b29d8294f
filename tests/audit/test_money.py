"""Money as an audit counts it: exactly, to the last decimal that is written."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from hubplanner.audit.data.money import (
    NO_LINK,
    AuditLink,
    annuity,
    column,
    electricity,
    half_of_last_place,
    links_alone,
    prices,
    yearly_fees,
)
from hubplanner.scenario import Scenario

CENTRE = {"name": "centre", "capex": "built", "opex_per_year": 2.5, "reach_km": 5.0}
GRID, SOLAR = {"kwh_cost": 0.2, "grid_cost_per_km": 50.0}, {"solar_per_w": 0.7, "kwh_per_w_year": 1.4}
DISH = {"site_cost": 100.0, "per_line_year": 12.0, "per_mbps_year": 0.5}


def scenario(*hubs: dict[str, Any], backhaul: dict[str, Any] | None = None, **more: Any) -> Scenario:
    place = {"path": "places.csv", "x": "lon", "y": "lat", "id": "id"}
    tree = {
        "name": "money",
        "demand": {**place, "people": 1},
        "sites": {**place, "cost_factor": "factor"},
        "hubs": list(hubs or [CENTRE]),
        "model": {"max_hubs": 1},
        "horizon_years": 2,
        "discount_rate": 0.1,
    }
    return Scenario.model_validate(tree | more | ({} if backhaul is None else {"backhaul": backhaul}))


def powered(electricity: dict[str, Any] | None, **links: dict[str, Any]) -> dict[str, Any]:
    return {"technologies": links or {"satellite": DISH}} | (
        {} if electricity is None else {"electricity": electricity}
    )


WORTH = Fraction(10, 11) + Fraction(100, 121)
"""Of one a year for two years at 10 %."""


@pytest.mark.parametrize(
    ("amount", "half"),
    [(0.0, 5e-8), (0.05, 5e-9), (1.0, 5e-7), (-9.0909, 5e-7), (9999.0, 5e-4), (99999.0, 5e-3), (-1e12, 5e-3)],
)
def test_money_is_written_to_the_cent_or_to_seven_digits(amount: float, half: float) -> None:
    assert half_of_last_place(amount) == pytest.approx(half, rel=1e-12)


def test_a_column_is_read_as_its_decimals_and_a_number_is_that_of_every_row() -> None:
    frame = gpd.GeoDataFrame({"cost": ["0.1", "1e-3"], "number": [0.1, 7.0]})
    assert column(frame, "cost") == [Fraction(1, 10), Fraction(1, 1000)]
    assert column(frame, "number") == [Fraction(1, 10), Fraction(7)]
    assert column(frame, 0.3) == [Fraction(3, 10)] * 2


@pytest.mark.parametrize(
    ("years", "rate", "worth"),
    [(0, 0.1, Fraction()), (3, 0.0, Fraction(3)), (2, 0.1, WORTH), (1, 0.25, Fraction(4, 5))],
)
def test_what_is_paid_each_year_is_worth_less_the_later(years: int, rate: float, worth: Fraction) -> None:
    assert annuity(scenario(horizon_years=years, discount_rate=rate)) == worth


def test_building_and_running_cost_by_site_and_tier() -> None:
    park = {"name": "park", "capex": 20.0, "opex_per_year": "run", "reach_km": 9.0}
    frame = gpd.GeoDataFrame({"built": ["7", "8"], "run": ["0.5", "1"], "factor": ["1", "1.5"]})
    capex, opex = prices(scenario(CENTRE, park), frame)
    assert capex == [[7, 20], [12, 30]]
    assert opex == [[WORTH * 5 / 2, WORTH / 2], [WORTH * 15 / 4, WORTH * 3 / 2]]


# -- power -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backhaul", [None, powered(None)])
def test_power_of_no_concern_costs_nothing(backhaul: dict[str, Any] | None) -> None:
    assert electricity(scenario(backhaul=backhaul), Fraction(100), Fraction(3)) == (0, "")


@pytest.mark.parametrize(
    ("spec", "kwh", "km", "found"),
    [
        (GRID | SOLAR, 0, 3, (0, "")),
        (GRID, 100, 3, (150 + 20 * WORTH, "grid")),
        (SOLAR, 100, 3, (50, "solar")),
        (GRID | SOLAR, 100, 3, (50, "solar")),
        (GRID | SOLAR, 100, 0, (20 * WORTH, "grid")),
        (GRID | {"kwh_cost": 0.0} | SOLAR, 100, 1, (50, "grid")),
    ],
)
def test_power_comes_from_the_grid_unless_panels_cost_less(
    spec: dict[str, Any], kwh: int, km: int, found: tuple[Fraction, str]
) -> None:
    assert electricity(scenario(backhaul=powered(spec)), Fraction(kwh), Fraction(km)) == found


# -- links -----------------------------------------------------------------------------------------------------------


def alone(given: Scenario, *sites: tuple[bool, bool], km: int = 0) -> list[list[AuditLink | None]]:
    """Return the links of sites that dishes, and cell sites, reach."""
    within = {"satellite": [dish for dish, _ in sites], "cellular": [cell for _, cell in sites]}
    return links_alone(given, within, [Fraction(km)] * len(sites))


def test_without_links_no_hub_has_one() -> None:
    assert alone(scenario(), (True, True)) == [[None]]


def test_a_link_costs_its_equipment_and_its_fees_over_the_horizon() -> None:
    tier = CENTRE | {"mbps": 30.0}
    assert alone(scenario(tier, backhaul=powered(None)), (True, True)) == [
        [AuditLink(100 + (12 + 15) * WORTH, "satellite")]
    ]
    assert alone(scenario(backhaul=powered(None)), (True, True)) == [[AuditLink(100 + 12 * WORTH, "satellite")]]


@pytest.mark.parametrize(
    ("mbps", "lines", "needed"),
    [(30.0, 3, 1), (31.0, 3, 2), (60.0, 3, 2), (90.0, 3, 3), (91.0, 3, None), (31.0, 1, None)],
)
def test_a_hub_has_as_many_lines_as_carry_its_mbps_or_no_link(mbps: float, lines: int, needed: int | None) -> None:
    dish = DISH | {"max_mbps": 30.0, "lines": lines, "kwh_year": 10.0}
    given = scenario(CENTRE | {"mbps": mbps, "kwh_year": 5.0}, backhaul=powered(GRID, satellite=dish))
    found = alone(given, (True, True), km=2)[0][0]
    if needed is None:
        assert found is None
        return
    power = 100 + (5 + 10 * needed) * Fraction(1, 5) * WORTH
    fees = 12 * needed + Fraction(mbps) / 2
    assert found == AuditLink(100 * needed + fees * WORTH + power, "satellite", power, "grid")


def test_a_hub_takes_the_cheapest_link_that_reaches_it_and_its_tier_allows() -> None:
    cell = {"site_cost": 40.0, "range_km": 10.0}
    park = CENTRE | {"name": "park", "links": ["satellite"]}
    towers = {"towers": {"path": "towers.csv"}}
    given = scenario(CENTRE, park, backhaul=powered(None, satellite=DISH, cellular=cell) | towers)
    dish, phone = AuditLink(100 + 12 * WORTH, "satellite"), AuditLink(Fraction(40), "cellular")
    reached = ((True, True), (True, False), (False, True), (False, False))
    assert alone(given, *reached) == [[phone, dish], [dish, dish], [phone, None], [None, None]]
    given = scenario(park, CENTRE, backhaul=powered(None, cellular=cell) | towers)
    assert alone(given, (True, True)) == [[None, phone]]
    dear = {"satellite": DISH | {"per_line_year": 0.0}, "cellular": cell | {"site_cost": 100.0}}
    equal = scenario(CENTRE, backhaul=powered(None, **dear) | towers)
    assert alone(equal, (True, True)) == [[AuditLink(Fraction(100), "satellite")]]


def test_the_links_of_several_hubs_cost_as_often() -> None:
    one = AuditLink(Fraction(7, 2), "satellite", Fraction(1, 2), "solar")
    assert one.times(3) == AuditLink(Fraction(21, 2), "satellite", Fraction(3, 2), "solar")
    assert NO_LINK.times(2) == NO_LINK == AuditLink(Fraction(), "", Fraction(), "")


# -- what is paid each year ------------------------------------------------------------------------------------------


def fees(name: str, power: str = "", *, mbps: float | None = 40.0, spec: dict[str, Any] | None = None) -> Fraction:
    """Return what is paid each year for a link of a hub of the second tier."""
    tier = CENTRE | ({} if mbps is None else {"mbps": mbps}) | ({} if spec is None else {"kwh_year": 100.0})
    kwh = {} if spec is None else {"kwh_year": 10.0}
    links = {
        "satellite": DISH | {"max_mbps": 30.0, "lines": 2} | kwh,
        "fibre": {"cost_per_km": 900.0, "per_mbps_year": 0.25} | kwh,
    }
    nodes = {"nodes": {"path": "nodes.csv", "x": "lon", "y": "lat"}}
    given = scenario(CENTRE, tier | {"name": "park"}, backhaul=powered(spec, **links) | nodes)
    return yearly_fees(given, AuditLink(name=name, power=power), 1)


def test_nothing_is_paid_for_no_link() -> None:
    assert yearly_fees(scenario(), AuditLink(name="satellite"), 0) == 0
    assert fees("") == fees("as it stands", "grid", spec=GRID) == 0


def test_fees_are_those_of_lines_and_of_mbps() -> None:
    assert fees("satellite") == 12 * 2 + 20
    assert fees("satellite", mbps=None) == 12
    assert fees("fibre") == 10
    assert fees("fibre", mbps=None) == 0


def test_bills_are_paid_for_power_of_the_grid_alone() -> None:
    assert fees("satellite", "grid", spec=GRID) == 44 + Fraction(120, 5)
    assert fees("fibre", "grid", spec=GRID) == 10 + Fraction(110, 5)
    assert fees("fibre", "solar", spec=GRID | SOLAR) == 10
    assert fees("fibre", "grid", spec=SOLAR) == 10


def test_numbers_of_a_frame_are_those_written() -> None:
    assert column(gpd.GeoDataFrame(pd.DataFrame({"factor": [1, 2]})), "factor") == [1, 2]
