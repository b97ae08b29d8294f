"""Costs by exact arithmetic: fractions of the decimals as they are written."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import geopandas as gpd

from hubplanner.audit.data.places import words_of_numbers
from hubplanner.scenario import Scenario


def exact(value: str | float) -> Fraction:
    """Return a decimal exactly as it is written.

    >>> exact(0.1) * 3 == exact("0.3")
    True
    """
    return Fraction(str(value))


def half_of_last_place(amount: float) -> float:
    """Return how far money as it is written is from what it is, at most.

    It ends with the cent, or with its seventh digit where that is less.

    >>> half_of_last_place(26664567.373), half_of_last_place(9.0909)
    (0.005, 5e-07)
    """
    whole = math.floor(math.log10(abs(amount))) + 1 if amount else 0
    return 0.5 * 10.0 ** -max(2, 7 - whole)


def column(frame: gpd.GeoDataFrame, source: str | float) -> list[Fraction]:
    """Return a column's exact numbers, or one number for each row."""
    if isinstance(source, str):
        return [exact(word) for word in words_of_numbers(frame[source])]
    return [exact(source)] * len(frame)


def annuity(scenario: Scenario) -> Fraction:
    r"""Return the present value of one unit of money a year, $\sum_{y=1}^{H} (1 + r)^{-y}$."""
    growth = 1 + exact(scenario.discount_rate)
    return sum((1 / growth**year for year in range(1, scenario.horizon_years + 1)), Fraction())


Money = list[list[Fraction]]
"""Money by site and tier."""


class AuditLink(NamedTuple):
    """A hub's link at its site: what it costs with electricity, what it is, and how much of it is power, and whence."""

    cost: Fraction = Fraction()
    name: str = ""
    power_cost: Fraction = Fraction()
    power: str = ""

    def times(self, count: int) -> AuditLink:
        """Return the links of several hubs."""
        return self._replace(cost=self.cost * count, power_cost=self.power_cost * count)


NO_LINK = AuditLink()
Alone = list[list[AuditLink | None]]
"""The cheapest link that stands alone by site and tier; None where there is none."""


def electricity(scenario: Scenario, kwh_year: Fraction, grid_km: Fraction) -> tuple[Fraction, str]:
    """Return the money for so many kWh a year at a site, and whence they come: the grid unless panels cost less."""
    spec = None if scenario.backhaul is None else scenario.backhaul.electricity
    if spec is None or not kwh_year:
        return Fraction(), ""
    ways = []
    if spec.kwh_cost is not None:
        bills = kwh_year * exact(spec.kwh_cost) * annuity(scenario)
        ways.append((grid_km * exact(spec.grid_cost_per_km) + bills, "grid"))
    if spec.solar_per_w is not None:
        ways.append((kwh_year / exact(spec.kwh_per_w_year) * exact(spec.solar_per_w), "solar"))
    return min(ways)


def links_alone(scenario: Scenario, within: dict[str, list[bool]], grid_km: list[Fraction]) -> Alone:
    """Return the cheapest link that stands alone by site and tier, of those that reach a site."""
    spec, worth = scenario.backhaul, annuity(scenario)
    found: Alone = [[None] * len(scenario.hubs) for _ in grid_km]
    for kind, link in {} if spec is None else spec.technologies.alone.items():
        for number, tier in enumerate(scenario.hubs):
            mbps = exact(tier.mbps or 0)
            lines = 1 if link.max_mbps is None or not mbps else math.ceil(mbps / exact(link.max_mbps))
            if lines > link.lines or (tier.links is not None and kind not in tier.links):
                continue
            fees = exact(link.per_line_year) * lines + exact(link.per_mbps_year) * mbps
            price = exact(link.site_cost) * lines + fees * worth
            kwh = exact(tier.kwh_year) + exact(link.kwh_year) * lines
            for site, far in enumerate(grid_km):
                power = electricity(scenario, kwh, far)
                best, cost = found[site][number], price + power[0]
                if within[kind][site] and (best is None or cost < best.cost):
                    found[site][number] = AuditLink(cost, kind, *power)
    return found


def yearly_fees(scenario: Scenario, own: AuditLink, number: int) -> Fraction:
    """Return the money a year for the link of one hub of a tier, and for power of the grid."""
    spec, tier = scenario.backhaul, scenario.hubs[number]
    if spec is None:
        return Fraction()
    mbps, link = exact(tier.mbps or 0), spec.technologies.alone.get(own.name)
    if (shared := spec.technologies.shared.get(own.name)) is not None:
        fees, kwh = mbps * exact(shared.per_mbps_year), exact(shared.kwh_year)
    elif link is not None:
        lines = 1 if link.max_mbps is None or not mbps else math.ceil(mbps / exact(link.max_mbps))
        fees = exact(link.per_line_year) * lines + exact(link.per_mbps_year) * mbps
        kwh = exact(link.kwh_year) * lines
    else:
        return Fraction()
    by_kwh = None if spec.electricity is None or own.power != "grid" else spec.electricity.kwh_cost
    return fees + (kwh + exact(tier.kwh_year)) * exact(by_kwh or 0)


def prices(scenario: Scenario, frame: gpd.GeoDataFrame) -> tuple[Money, Money]:
    """Return the cost of building, and the present value of running, a hub of each tier at each site."""
    factor = column(frame, scenario.sites.cost_factor)
    worth = annuity(scenario)
    built = [column(frame, tier.capex) for tier in scenario.hubs]
    run = [column(frame, tier.opex_per_year) for tier in scenario.hubs]
    capex = [[part[site] * factor[site] for part in built] for site in range(len(frame))]
    opex = [[part[site] * factor[site] * worth for part in run] for site in range(len(frame))]
    return capex, opex
