"""Costs by exact arithmetic: fractions of the decimals as they are written."""

from __future__ import annotations

import math
from fractions import Fraction

import geopandas as gpd

from hubplanner.audit.places import words_of_numbers
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
Alone = list[list[tuple[Fraction, str] | None]]
"""The cheapest link that stands alone by site and tier, with its name; None where there is none."""


def links_alone(scenario: Scenario, within: dict[str, list[bool]], sites: int) -> Alone:
    """Return the cheapest link that stands alone by site and tier, of those that reach a site."""
    spec, worth = scenario.backhaul, annuity(scenario)
    found: Alone = [[None] * len(scenario.hubs) for _ in range(sites)]
    for kind, link in {} if spec is None else spec.technologies.alone.items():
        for number, tier in enumerate(scenario.hubs):
            mbps = exact(tier.mbps or 0)
            lines = 1 if link.max_mbps is None or not mbps else math.ceil(mbps / exact(link.max_mbps))
            if lines > link.lines or (tier.links is not None and kind not in tier.links):
                continue
            fees = exact(link.per_line_year) * lines + exact(link.per_mbps_year) * mbps
            price = exact(link.site_cost) * lines + fees * worth
            for site in range(sites):
                best = found[site][number]
                if within[kind][site] and (best is None or price < best[0]):
                    found[site][number] = (price, kind)
    return found


def prices(scenario: Scenario, frame: gpd.GeoDataFrame) -> tuple[Money, Money]:
    """Return the cost of building, and the present value of running, a hub of each tier at each site."""
    factor = column(frame, scenario.sites.cost_factor)
    worth = annuity(scenario)
    built = [column(frame, tier.capex) for tier in scenario.hubs]
    run = [column(frame, tier.opex_per_year) for tier in scenario.hubs]
    capex = [[part[site] * factor[site] for part in built] for site in range(len(frame))]
    opex = [[part[site] * factor[site] * worth for part in run] for site in range(len(frame))]
    return capex, opex
