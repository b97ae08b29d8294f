"""The checks section: what becomes of each kind of doubt about the data."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hubplanner.scenario.fields import Spec
from hubplanner.translation import N_
from hubplanner.translation import gettext as _

Level = Literal["error", "warn", "off"]


class ChecksSpec(Spec):
    """What becomes of what can be used but may be a mistake: refused, told or passed over, by its code.

    Each key is the code of a warning. One that is left out warns, but for ``zero_place``, which is an error.

    >>> checks = ChecksSpec(doubled_place="off")
    >>> checks.level("doubled_place"), checks.level("far_place"), checks.level("zero_place")
    ('off', 'warn', 'error')
    """

    zero_place: Level | None = Field(None, description=N_("places at 0, 0, where no other is"))
    far_place: Level | None = Field(
        None, description=N_("places many times farther from the rest than the rest spread")
    )
    lost_sign: Level | None = Field(
        None, description=N_("places that lie among the others once a coordinate has its minus sign")
    )
    doubled_place: Level | None = Field(
        None, description=N_("rows at the very same place as an earlier one, and otherwise alike")
    )
    wide_area: Level | None = Field(
        None, description=N_("areas wider than any reach whose people are counted at one point")
    )
    spellings: Level | None = Field(None, description=N_("values of a group in several spellings that look the same"))
    similar_values: Level | None = Field(None, description=N_("values of a group that are nearly the same"))
    similar_id: Level | None = Field(None, description=N_("ids that differ in case alone"))
    control_character: Level | None = Field(None, description=N_("ids that hold characters no one sees"))
    point_in_people: Level | None = Field(
        None, description=N_("numbers of people whose points look like those of thousands")
    )
    row_numbers: Level | None = Field(None, description=N_("rows called by their numbers, since no id is named"))
    dropped_rows: Level | None = Field(None, description=N_("rows left out by the rules of cells"))
    filled_cells: Level | None = Field(None, description=N_("blank cells filled by the rules of cells"))
    total_row: Level | None = Field(None, description=N_("rows that say total"))
    repaired_shape: Level | None = Field(None, description=N_("polygons that cross themselves, repaired"))
    blank_header: Level | None = Field(None, description=N_("columns without a name, which are not read"))
    group_is_id: Level | None = Field(None, description=N_("groups that hold the id"))
    free_site: Level | None = Field(None, description=N_("sites at which hubs cost nothing"))
    long_detour: Level | None = Field(None, description=N_("a detour longer than roads mostly are"))
    thinned_sites: Level | None = Field(None, description=N_("candidates left out by thin_km and one_per"))
    no_need_in_reach: Level | None = Field(
        None, description=N_("values of a group without a site that has need within reach")
    )
    left_out: Level | None = Field(None, description=N_("rows that a join leaves out"))
    outside_zones: Level | None = Field(None, description=N_("places that lie in no zone"))
    empty_zone: Level | None = Field(None, description=N_("zones or areas whose people have no place to go to"))
    far_from_census: Level | None = Field(None, description=N_("zones with people far from their census"))
    overlapping_areas: Level | None = Field(None, description=N_("places inside two polygons"))
    link_paid_twice: Level | None = Field(
        None, description=N_("running costs that seem to hold a line to the internet, beside backhaul")
    )
    no_link: Level | None = Field(None, description=N_("sites that no link reaches"))
    roads_apart: Level | None = Field(
        None, description=N_("parts of the road network that no road joins to the main one")
    )
    all_one_way: Level | None = Field(None, description=N_("roads of which every one leads one way only"))
    far_from_roads: Level | None = Field(None, description=N_("places farther from any road than people go off it"))
    unread_roads: Level | None = Field(
        None, description=N_("roads without a class, or with a class, speed or place that is not known")
    )
    unused_columns: Level | None = Field(None, description=N_("columns of roads that are mostly meant and not used"))
    on_barrier: Level | None = Field(
        None, description=N_("places on barriers of a raster of travel times, moved to the nearest open cell")
    )
    cut_off: Level | None = Field(None, description=N_("places that no way over the raster joins to any site"))
    raster_bands: Level | None = Field(
        None, description=N_("a raster of people with several bands, of which the first is read")
    )
    density_raster: Level | None = Field(
        None, description=N_("a raster whose name, unit or description says people per area")
    )
    slow_raster: Level | None = Field(
        None, description=N_("a raster of travel times whose quickest cell is slower than any walk")
    )

    def level(self, code: str) -> Level:
        """Return what becomes of a kind of doubt."""
        given: Level | None = getattr(self, code)
        return given or ("error" if code == "zero_place" else "warn")

    @classmethod
    def words(cls, code: str) -> str:
        """Return what a code stands for.

        >>> ChecksSpec.words("total_row")
        'rows that say total'
        """
        return _(str(cls.model_fields[code].description))
