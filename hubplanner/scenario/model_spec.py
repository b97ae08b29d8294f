"""What to reach, under which limits, and by what beside hubs: the model, coverage and measures sections."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, field_validator

from hubplanner.scenario.fields import (
    LEAST_MONEY,
    MOST_MONEY,
    MOST_WAY,
    AllOrSome,
    Column,
    ColumnOrMoney,
    ColumnOrPeople,
    Count,
    Flag,
    Identifier,
    Identifiers,
    Kilometres,
    Money,
    NameOrNumber,
    Share,
    Spec,
)
from hubplanner.translation import gettext as _

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

MOST_PERIODS = 100
LARGEST_ALPHA = 4.0
"""A larger one is max-min but for figures that no solver distinguishes."""
MAX_MIN, AUTO = "max_min", "auto"


def _alpha(value: object) -> object:
    """Let an alpha or the word for an infinite one pass, which files hold as the word."""
    if value in {MAX_MIN, math.inf} and not isinstance(value, bool):
        return MAX_MIN
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LARGEST_ALPHA:
        message = _("a number from 0 to {largest_alpha:g}, or .inf for max-min", largest_alpha=LARGEST_ALPHA)
        raise ValueError(message)
    return float(value)


def _worded(value: object) -> object:
    """Read the word max_min as the fairness that it stands for."""
    if isinstance(value, str) and value != MAX_MIN:
        message = _("max_min, or an alpha and a group, such as {alpha: 1, group: district}")
        raise ValueError(message)
    return {"alpha": MAX_MIN} if isinstance(value, str) else value


class _OrMaxMin:
    """Lets the word max_min stand for a fairness in the schema too."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        return schema | {"anyOf": [{"const": MAX_MIN}, *schema["anyOf"]]}


Alpha = Annotated[
    float | Literal["max_min"],
    BeforeValidator(_alpha),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"const": MAX_MIN}]}),
]


class CoverageSpec(Spec):
    """When people count as covered."""

    decay: Literal["step", "linear", "exponential", "gaussian"] = "step"
    """How coverage fades up to a tier's reach; step: all within reach count fully."""
    full_km: Annotated[float, Field(strict=True, ge=0, le=MOST_WAY)] = 0.0
    """Distance up to which coverage is full; with decay only."""
    width_km: Kilometres | None = None
    """Distance beyond full_km over which coverage fades to 1/e (exponential) or to 0.61 (gaussian)."""
    backup: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    """Hubs that people need within reach: 2 counts those who have a second one."""
    backup_weight: Share | None = None
    """Share that the second hub's cover counts for; 1 if left out: nothing counts without a second hub."""


class FloorSpec(Spec):
    """The least covered share of need."""

    group: Column | None = None
    """One of the demand groups; all need if left out."""
    value: Identifier | None = None
    """One value of the group; each of them if left out."""
    people: Column | None = None
    """Column that takes the place of demand.people for this floor, such as women."""
    share: Share
    """Least covered share of need."""


class FairnessSpec(Spec):
    """How much it counts that groups are covered alike."""

    alpha: Alpha
    """0: only the sum of covered need counts; 1: proportional, one per cent more of its share counts the same in every
    group, times its need; .inf: the worst-covered group first, then the second worst, and so on."""
    group: Column | None = None
    """One of the demand groups; auto: the finest with fewer groups than affordable hubs; the first one if left out."""
    linear_below_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Covered share below which more of it counts in proportion, so that groups may be left out; a tenth of the share
    that the money could cover at most if left out. With an alpha above 0."""
    prefer_largest_of: Column | None = None
    """One of the site groups, such as district: of plans as fair, with as many new hubs of each tier in each of its
    values, the one whose hubs stand where most would come. With an alpha above 0."""


class HubLimitSpec(Spec):
    """How many new hubs may stand at the sites of a group."""

    group: Column
    """One of the site groups."""
    value: Identifier | None = None
    """One value of the group; each of them if left out."""
    min: Count | None = None
    """Fewest new hubs."""
    max: Count | None = None
    """Most new hubs."""
    where_needed: Flag = False
    """Whether min is asked only of values with sites that have need within reach, by hubs at these sites."""


class OnlyWithSpec(Spec):
    """A site that holds a hub only if another one does."""

    site: Identifier
    """The site that depends on another."""
    needs: Identifier
    """The other site."""


class ExistingSpec(Spec):
    """What may change about existing hubs; they are kept as they are if left out."""

    upgrade: AllOrSome = False
    """Whether hubs may grow into a tier of more capacity (or reach) at the difference in cost; or which ones."""
    upgrade_fee: ColumnOrMoney = 0.0
    """Money for an upgrade on top of the difference: a number or a column of the site file."""
    close: AllOrSome = False
    """Whether hubs may be closed; or which ones."""
    close_saving: ColumnOrMoney = 0.0
    """Money that closing a hub frees: a number or a column of the site file."""


class YearSpec(Spec):
    """One year of a programme."""

    name: NameOrNumber
    """What the year is called, such as 2027."""
    budget: Money
    """Money of that year, kept to a billionth as `model.budget` is."""


class PeriodsSpec(Spec):
    """A programme built year by year."""

    years: Annotated[tuple[YearSpec, ...], Field(max_length=MOST_PERIODS)] = ()
    """The years in order; a single plan if left out."""
    carry_over: Flag = True
    """Whether unspent money is there in later years."""
    discount_rate: Share = 0.0
    """Rate a year at which later cover counts less."""
    nested: Flag = True
    """Whether opened hubs stay open; if not, each year is planned alone, which shows what nesting costs."""


class ModelSpec(Spec):
    """What to maximise or minimise, and under which limits."""

    objective: Literal["max_coverage", "min_cost", "p_median", "p_center"] = "max_coverage"
    """What makes one plan better than another."""
    under: Literal["expected", "worst", "regret", "cvar"] | None = None
    """Over futures, best on average (if left out), in the worst, by largest regret, or on average of the worst tail."""
    cvar_level: Annotated[float, Field(strict=True, ge=0, le=0.9999)] | None = None
    """Share of futures outside the tail; 0.9 if left out: the average of the worst tenth counts."""
    budget: Money | None = None
    """Money for new hubs, kept to a billionth of itself, so that 0.1 + 0.2 is within 0.3; existing ones are free."""
    max_hubs: Count | None = None
    """Most new hubs."""
    min_hubs: Count | None = None
    """Fewest new hubs."""
    hub_limits: tuple[HubLimitSpec, ...] = ()
    """Fewest and most new hubs by group of sites."""
    target_share: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    """Share of need to cover; min_cost only."""
    travel_cost_per_km: Annotated[float, Field(strict=True, ge=0, le=1e9)] | None = None
    """Money for a unit of need to travel a kilometre to its hub; min_cost only."""
    assignment: Literal["split", "single"] = "split"
    """Whether several hubs may share the people of a demand point; with capacity only."""
    capacity_of: Literal["need", "people"] = "need"
    """Whom a hub's capacity, if any, counts: those it serves who are not connected yet (need), or all (people)."""
    max_per_site: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    """Most hubs at one site."""
    mixed_tiers: Flag = False
    """Whether hubs of several tiers may stand at one site."""
    floors: tuple[FloorSpec, ...] = ()
    """Least covered shares of groups."""
    fairness: Annotated[FairnessSpec | None, BeforeValidator(_worded), _OrMaxMin()] = None
    """How much it counts that groups are covered alike. max_min, as alpha: .inf: lift the worst-covered value of a
    group, then the second worst, and so on."""
    fairness_group: Column | None = None
    """The demand group that fairness: max_min speaks of; the first one if left out."""
    fairness_goal: Literal["main", "tie_break"] = "main"
    """Whether fairness comes before the objective, or decides among plans that are equal by it."""
    min_separation_km: Kilometres | None = None
    """Least distance between any two new hubs, measured as all travel is."""
    require: tuple[Identifier, ...] = ()
    """Ids of sites that must hold a hub, on top of the status column."""
    exclude: tuple[Identifier, ...] = ()
    """Ids of sites that must not, on top of the status column."""
    at_most_one: tuple[Identifiers, ...] = ()
    """Lists of sites of which at most one may hold a hub."""
    only_with: tuple[OnlyWithSpec, ...] = ()
    """Sites that hold a hub only if another one does."""
    existing: ExistingSpec = ExistingSpec()
    periods: PeriodsSpec = PeriodsSpec()

    @property
    def lifts_worst(self) -> bool:
        """Whether the worst-covered group is to be lifted, first or last."""
        return self.fairness is not None and self.fairness.alpha == MAX_MIN

    @property
    def alpha(self) -> float:
        """Aversion to unequal shares where a utility weighs them; 0 where it does not."""
        alpha = 0.0 if self.fairness is None else self.fairness.alpha
        return alpha if isinstance(alpha, float) else 0.0


MOST_BENEFIT = 100.0
"""Regular users of a hub that one person may count for."""


class MeasureSpec(Spec):
    """A measure that reaches people one by one, wherever they live."""

    cost: Annotated[float, Field(strict=True, ge=LEAST_MONEY, le=MOST_MONEY)]
    """Money for a person, paid at once."""
    cost_per_year: Money = 0.0
    """Money for a person and year of the horizon, such as for data."""
    benefit: Annotated[float, Field(strict=True, gt=0, le=MOST_BENEFIT)]
    """Regular users of a hub that a person counts for."""
    people: ColumnOrPeople | None = None
    """People of a row who may be reached, at most those not connected yet: a column or a number; all of these if left
    out."""
    share: Annotated[float, Field(strict=True, gt=0, le=1)] = 1.0
    """Largest share of them who take part."""


class CoursesSpec(MeasureSpec):
    """Courses in using the internet."""

    per_hub_year: None = None
    """Courses given at hubs, so many people a hub and year; not in this version."""

    @field_validator("per_hub_year", mode="before")
    @classmethod
    def _by_themselves(cls, value: Any) -> None:
        """Refuse courses at hubs, which this version does not know."""
        if value is not None:
            message = _("none: this version knows courses by themselves, not those given at hubs")
            raise ValueError(message)


class MeasuresSpec(Spec):
    """What brings people online beside hubs; each measure has its share of the budget."""

    devices: MeasureSpec | None = None
    """Subsidised devices, such as phones."""
    courses: CoursesSpec | None = None
    """Courses by themselves, wherever people live."""

    @property
    def named(self) -> dict[str, MeasureSpec]:
        """The measures that are asked for, by name."""
        found = {"devices": self.devices, "courses": self.courses}
        return {name: measure for name, measure in found.items() if measure is not None}
