"""Checks of demand that is merged while it is read: what stays exact with it, and what a raster cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubplanner.scenario.model_checks import Check, Complaints
    from hubplanner.scenario.spec import Scenario

_IN_PARTS = (".csv", ".parquet", ".geoparquet")
"""Tables that are read in parts."""
_NO_CELL = ("id", "layer", "x", "y", "encoding", "people", "area_km2")
"""Keys of demand that name what a raster does not have."""


def _merged_file(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.merge or demand.is_raster:
        return
    if not demand.path.lower().endswith(_IN_PARTS):
        yield "demand.merge", True, "only with CSV or GeoParquet, which are read in parts; save demand as one of them"
        return
    if demand.layer is not None and not demand.path.lower().endswith(".csv"):
        yield "demand.layer", demand.layer, "only for a file of layers, not CSV or Parquet"
    if demand.path.lower().endswith(".csv"):
        return
    if (demand.x is None) != (demand.y is None):
        yield "demand.x" if demand.x is None else "demand.y", None, "is required: x and y go together"
    if demand.encoding is not None:
        yield "demand.encoding", demand.encoding, "only for a CSV file or a Shapefile; others say it themselves"


def _exact(scenario: Scenario) -> Complaints:
    """Complain of what needs each point's own distances: merged points share a row."""
    demand, model = scenario.demand, scenario.model
    if not demand.is_merged:
        return
    why = "for a raster" if demand.is_raster else "with demand.merge"
    if scenario.coverage.decay != "step":
        yield "coverage.decay", scenario.coverage.decay, f"step {why}: merged points are covered alike"
    if model.objective in {"p_median", "p_center"}:
        yield "model.objective", model.objective, f"max_coverage or min_cost {why}: merged points share a distance"
    if model.travel_cost_per_km is not None:
        yield "model.travel_cost_per_km", model.travel_cost_per_km, f"none {why}: merged points share a distance"
    if model.assignment == "single":
        yield "model.assignment", "single", f"split {why}: merged points would be served whole together"
    if scenario.travel.method not in {"great_circle", "planar"}:
        yield "travel.method", scenario.travel.method, f"great_circle or planar {why}: a matrix is by demand row"
    if demand.spread_km is not None:
        yield "demand.spread_km", demand.spread_km, f"none {why}: its points are many already"
    if isinstance(demand.growth_per_year, str):
        yield "demand.growth_per_year", demand.growth_per_year, f"a number {why}"


def _raster(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.is_raster:
        return
    for key in _NO_CELL:
        if getattr(demand, key) is not None:
            yield f"demand.{key}", getattr(demand, key), "none for a raster: its cells hold people and nothing else"
    for key in ("groups", "where"):
        if getattr(demand, key):
            named = ", ".join(getattr(demand, key))
            yield f"demand.{key}", named, "none for a raster, which has no columns"
    for key in ("connected_share", "priority"):
        if isinstance(getattr(demand, key), str):
            yield f"demand.{key}", getattr(demand, key), "a number for a raster, which has no columns"
    for number, floor in enumerate(scenario.model.floors):
        if floor.people is not None:
            yield f"model.floors.{number}.people", floor.people, "none for a raster, which has no columns"


STREAM_CHECKS: tuple[Check, ...] = (_merged_file, _exact, _raster)
