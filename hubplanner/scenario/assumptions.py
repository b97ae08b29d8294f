"""What a plan takes for granted: the settings that change its result, and whether anyone chose them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hubplanner.scenario.data_spec import TakeUpSpec
from hubplanner.scenario.fields import Spec
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import NetworkSpec, RasterTravel, TerrainSpec

Value = str | float | bool | None


def assumptions(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the settings that the result hangs on, with where each value comes from.

    A setting that cannot matter, such as the detour of a table of distances, is left out.

    Parameters
    ----------
    scenario
        The question as it was read; a key counts as given where the file, an override or `--set` names it.

    Returns
    -------
    list
        ``{key, value, source}``: the scenario's key; its value, for data the column that holds it, None where nothing
        of the kind is done; and ``default`` where no one gave it, ``scenario`` or ``data`` where it was given.
    """
    return [
        {"key": f"{section}.{name}".lstrip("."), "value": value, "source": _source(spec, name)}
        for section, spec, name, value in _settings(scenario)
    ]


def in_words(found: list[dict[str, Any]]) -> str:
    """Return in one line what was assumed because no one said otherwise; empty where all was given.

    >>> in_words([{"key": "travel.detour", "value": 1.0, "source": "default"}])
    'Assumed, as not given: travel.detour 1'
    """
    return ", ".join(
        f"{'' if number else 'Assumed, as not given: '}{one['key']} {plain(one['value'])}"
        for number, one in enumerate(one for one in found if one["source"] == "default")
    )


def plain(value: Value) -> str:
    """Return a setting's value as a scenario file spells it.

    >>> plain(True), plain(0.1), plain(None)
    ('true', '0.1', 'none')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else f"{value:g}" if isinstance(value, int | float) else value


def _settings(scenario: Scenario) -> Iterator[tuple[str, Spec, str, Value]]:
    demand, sites, model = scenario.demand, scenario.sites, scenario.model
    names: dict[str, tuple[Spec, Iterator[str]]] = {
        "": (scenario, _money(scenario)),
        "demand": (demand, _demand(scenario)),
        "demand.take_up": (demand.take_up or demand, _take_up(demand.take_up)),
        "sites": (sites, _sites(scenario)),
        "travel": (scenario.travel, _travel(scenario)),
        "coverage": (scenario.coverage, _coverage(scenario)),
        "model": (model, _model(scenario)),
        "model.periods": (
            model.periods,
            _periods(scenario),
        ),
    }
    if scenario.backhaul is not None and scenario.backhaul.technologies.shared:
        fibre = scenario.backhaul.technologies.fibre is not None
        drawn = ("neighbours",) if fibre and scenario.backhaul.table is None else ()
        longer = ("detour",) if fibre and scenario.backhaul.edges != "roads" else ()
        edges = ("edges",) if fibre else ()
        names["backhaul"] = (scenario.backhaul, iter((*edges, "existing_connected", *longer, *drawn)))
    if demand.spread_by is not None:
        names["demand.spread_by"] = (
            demand.spread_by,
            iter(("path",) if demand.spread_by.is_raster else ("path", "weight")),
        )
    for name, measure in scenario.beside.items():
        paid = () if not measure.cost_per_year else ("cost_per_year",)
        names[f"measures.{name}"] = (measure, iter(("cost", *paid, "benefit", "people", "share")))
    for section, (spec, own) in names.items():
        for name in own:
            value = getattr(spec, name)
            yield section, spec, name, _STAND_INS.get((section, name)) if value is None else value


_STAND_INS: dict[tuple[str, str], Value] = {
    ("sites", "status"): "candidate",
    ("coverage", "backup_weight"): 1.0,
    ("model", "cvar_level"): 0.9,
    ("model", "under"): "expected",
    ("demand.spread_by", "weight"): 1.0,
    ("measures.devices", "people"): "all not connected yet",
    ("measures.courses", "people"): "all not connected yet",
}
"""What stands for a setting that is left out and has no value of its own."""


def _money(scenario: Scenario) -> Iterator[str]:
    yearly = [*(tier.opex_per_year for tier in scenario.hubs), *(m.cost_per_year for m in scenario.beside.values())]
    if scenario.backhaul is not None or any(money != 0 for money in yearly):
        yield "horizon_years"
        if scenario.horizon_years:
            yield "discount_rate"


def _demand(scenario: Scenario) -> Iterator[str]:
    yield from ("connected_share", "priority")
    if scenario.model.periods.years:
        yield "growth_per_year"
    if not scenario.demand.is_merged and scenario.demand.spread_by is None:
        yield "spread_km"


def _sites(scenario: Scenario) -> Iterator[str]:
    yield from ("status", "cost_factor")
    for name in ("thin_km", "one_per", "prefer"):
        if getattr(scenario.sites, name) is not None:
            yield name


def _take_up(spec: TakeUpSpec | None) -> Iterator[str]:
    if spec is not None:
        yield from ("share", "e_fold_km")


def _travel(scenario: Scenario) -> Iterator[str]:
    yield "method"
    if scenario.travel.is_geometric:
        yield "detour"
    if isinstance(scenario.travel, NetworkSpec):
        yield from ("direction", "access_kmh", "access_max_km", "walk_straight", "island_km", "detour")
    if isinstance(scenario.travel, RasterTravel):
        yield from ("moves", "access_max_km", "max_minutes")
    if isinstance(scenario.travel, TerrainSpec):
        yield from ("direction", "corners")


def _coverage(scenario: Scenario) -> Iterator[str]:
    yield "decay"
    if scenario.coverage.decay != "step":
        yield "full_km"
    yield "backup"
    if scenario.coverage.backup > 1:
        yield "backup_weight"


def _model(scenario: Scenario) -> Iterator[str]:
    model = scenario.model
    yield from ("objective", "max_per_site")
    if model.max_per_site > 1:
        yield "mixed_tiers"
    if scenario.has_capacity:
        yield from ("assignment", "capacity_of")
    if scenario.futures is not None:
        yield "under"
        if model.under == "cvar":
            yield "cvar_level"


def _periods(scenario: Scenario) -> Iterator[str]:
    if scenario.model.periods.years:
        yield from ("carry_over", "discount_rate", "nested")


def _source(spec: Spec, name: str) -> str:
    if name not in spec.model_fields_set:
        return "default"
    # Of a column the data give the value, but for words that only this file knows.
    return "data" if name in _COLUMNS and isinstance(getattr(spec, name), str) else "scenario"


_COLUMNS = {"connected_share", "priority", "growth_per_year", "status", "cost_factor", "people"}
