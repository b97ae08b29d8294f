"""The measures section: what brings people online beside hubs, for the same money."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from hubplanner.scenario.fields import LEAST_MONEY, MOST_MONEY, ColumnOrPeople, Money, Spec
from hubplanner.translation import gettext as _

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
