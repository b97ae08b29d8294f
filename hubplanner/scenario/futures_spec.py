"""Futures that a plan is made for before it is known which one comes: the futures section of a scenario."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from hubplanner.scenario.fields import (
    MOST_WEIGHT,
    Column,
    Count,
    Flag,
    Identifiers,
    LocalFile,
    NameOrNumber,
    Spec,
    path_alone,
)
from hubplanner.translation import gettext as _

MOST_FUTURES = 5000
_FACTOR = {"type": "number", "minimum": 1 / MOST_WEIGHT, "maximum": MOST_WEIGHT}
_RANGE = {"type": "array", "items": _FACTOR, "minItems": 2, "maxItems": 2}


def _is_factor(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 / MOST_WEIGHT <= value <= MOST_WEIGHT


def _is_range(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_factor, value)) and value[0] <= value[1]  # noqa: PLR2004


def _factors(value: object) -> object:
    """Let a factor pass, or factors by name, or by group and then by value."""
    if _is_factor(value) or (isinstance(value, dict) and value and all(map(_named_factor, value.values()))):
        return _with_text_keys(value)
    message = _(
        "a number above 0, up to {most:g}, or such numbers by name: {by_tier} or {by_group}",
        most=MOST_WEIGHT,
        by_tier="{park: 1.2}",
        by_group="{province: {Sindh: 1.2}}",
    )
    raise ValueError(message)


def _named_factor(value: object) -> bool:
    return _is_factor(value) or (isinstance(value, dict) and bool(value) and all(map(_is_factor, value.values())))


def _ranges(value: object) -> object:
    """Let a range pass, or ranges by name."""
    if _is_range(value) or (isinstance(value, dict) and value and all(map(_is_range, value.values()))):
        return _with_text_keys(value)
    message = _(
        "two numbers above 0, up to {most:g}, the smaller first, or such ranges by name: {example}",
        most=MOST_WEIGHT,
        example="{park: [1.0, 1.4]}",
    )
    raise ValueError(message)


def _with_text_keys(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _with_text_keys(part) for name, part in value.items()}
    return value


def _by_name(part: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "minProperties": 1, "additionalProperties": part}


_FACTORS = {"anyOf": [_FACTOR, _by_name({"anyOf": [_FACTOR, _by_name(_FACTOR)]})]}
Factors = Annotated[float | dict[str, float | dict[str, float]], BeforeValidator(_factors), WithJsonSchema(_FACTORS)]
"""A multiplier; or multipliers by name (of a tier), or by group and value."""
Ranges = Annotated[
    tuple[float, float] | dict[str, tuple[float, float]],
    BeforeValidator(_ranges),
    WithJsonSchema({"anyOf": [_RANGE, _by_name(_RANGE)]}),
]
"""A range that a multiplier is drawn from evenly; or ranges by name: of a tier, or of a group, one draw a value."""


class ClosedAreasSpec(Spec):
    """A file of polygons in which roads are closed, or of lines and polygons that nobody crosses off the road."""

    path: LocalFile
    """File of polygons, for barriers also of lines, relative to this one."""
    layer: Column | None = None
    """Layer of a file that holds several."""
    crs: Column | None = None
    """Coordinate reference system, where the file names none."""


class FutureSpec(Spec):
    """One way the world may turn out."""

    name: NameOrNumber
    """What the future is called."""
    probability: Annotated[float, Field(strict=True, ge=1e-9, le=1)] | None = None
    """How likely it is; all futures equally if left out."""
    need: Factors = 1.0
    """Multiplier of need: a number, or by group and value, such as {province: {Sindh: 1.3}}."""
    cost: Factors = 1.0
    """Multiplier of hubs' costs: a number, by tier, or by group of sites and value."""
    reach: Factors = 1.0
    """Multiplier of how far people get, of reach, full_km and width_km alike: a number, or by tier."""
    sites_out: Identifiers | tuple[()] = ()
    """Ids of sites whose hubs are out of service."""
    tiers_out: Annotated[tuple[Column, ...], Field()] = ()
    """Tiers whose hubs are out of service."""
    roads_closed: Annotated[dict[Column, Identifiers], Field(examples=[{"flooded": ["yes"]}])] = Field(
        default_factory=dict
    )
    """Roads that are closed: those whose columns have one of these values, such as {flooded: [yes]}."""
    roads_closed_in: Annotated[
        ClosedAreasSpec | None,
        BeforeValidator(path_alone, json_schema_input_type=LocalFile | ClosedAreasSpec | None),
    ] = None
    """File of polygons: every stretch of road between two vertices that meets one is closed."""
    road_speed: Annotated[
        dict[Column, Annotated[float, Field(strict=True, ge=1 / MOST_WEIGHT, le=MOST_WEIGHT)]],
        Field(examples=[{"track": 0.3}]),
    ] = Field(default_factory=dict)
    """Multipliers of speed by class of road, such as {track: 0.3}."""

    @property
    def changes_roads(self) -> bool:
        """Whether people travel along other roads, or at other speeds.

        >>> FutureSpec(name="monsoon", road_speed={"track": 0.3}).changes_roads
        True
        """
        return bool(self.roads_closed or self.roads_closed_in or self.road_speed)


class RangesSpec(Spec):
    """What sampled futures are drawn from, each multiplier evenly and on its own."""

    need: Ranges = (1.0, 1.0)
    """Range of the multiplier of need: one draw for all, or {province: [0.8, 1.3]}: one for each value of the group."""
    cost: Ranges = (1.0, 1.0)
    """Range of the multiplier of costs: one draw for all, by tier, or by group of sites."""
    reach: Ranges = (1.0, 1.0)
    """Range of the multiplier of how far people get, of reach, full_km and width_km alike: one draw, or by tier."""
    site_out: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.0
    """Probability that a site's hubs are out of service, each site on its own."""


class FuturesSpec(Spec):
    """The futures: named ones, or a number of sampled ones."""

    named: Annotated[tuple[FutureSpec, ...], Field(max_length=MOST_FUTURES)] = ()
    """Named futures."""
    sample: Annotated[int, Field(strict=True, ge=1, le=MOST_FUTURES)] | None = None
    """Number of futures to sample from the ranges, instead of named ones."""
    ranges: RangesSpec = RangesSpec()
    """What sampled futures are drawn from."""
    seed: Count = 0
    """Seed of the sample."""
    limits_on_average: Flag = False
    """Whether budget, floors and target_share hold on average; in every future if not."""
    information: Flag = True
    """Whether to work out what planning for futures, and what knowing the future, is worth: a plan for each of them."""
