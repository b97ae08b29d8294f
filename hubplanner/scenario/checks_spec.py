"""The checks section: what becomes of each kind of doubt about the data."""

from __future__ import annotations

from typing import Literal

from hubplanner.scenario.fields import Spec

Level = Literal["error", "warn", "off"]


class ChecksSpec(Spec):
    """What becomes of what can be used but may be a mistake: refused, told or passed over, by its code.

    Each key is the code of a warning. One that is left out warns, but for ``zero_place``, which is an error.

    >>> checks = ChecksSpec(doubled_place="off")
    >>> checks.level("doubled_place"), checks.level("far_place"), checks.level("zero_place")
    ('off', 'warn', 'error')
    """

    zero_place: Level | None = None
    """places at 0, 0, where no other is"""
    far_place: Level | None = None
    """places many times farther from the rest than the rest spread"""
    lost_sign: Level | None = None
    """places that lie among the others once a coordinate has its minus sign"""
    doubled_place: Level | None = None
    """rows at the very same place as an earlier one, and otherwise alike"""
    wide_area: Level | None = None
    """areas wider than any reach whose people are counted at one point"""
    spellings: Level | None = None
    """values of a group in several spellings that look the same"""
    similar_values: Level | None = None
    """values of a group that are nearly the same"""
    similar_id: Level | None = None
    """ids that differ in case alone"""
    control_character: Level | None = None
    """ids that hold characters no one sees"""
    point_in_people: Level | None = None
    """numbers of people whose points look like those of thousands"""
    row_numbers: Level | None = None
    """rows called by their numbers, since no id is named"""
    dropped_rows: Level | None = None
    """rows left out by the rules of cells"""
    filled_cells: Level | None = None
    """blank cells filled by the rules of cells"""
    total_row: Level | None = None
    """rows that say total"""
    repaired_shape: Level | None = None
    """polygons that cross themselves, repaired"""
    blank_header: Level | None = None
    """columns without a name, which are not read"""
    group_is_id: Level | None = None
    """groups that hold the id"""
    free_site: Level | None = None
    """sites at which hubs cost nothing"""
    long_detour: Level | None = None
    """a detour longer than roads mostly are"""
    thinned_sites: Level | None = None
    """candidates left out by thin_km and one_per"""
    no_need_in_reach: Level | None = None
    """values of a group without a site that has need within reach"""
    left_out: Level | None = None
    """rows that a join leaves out"""
    outside_zones: Level | None = None
    """places that lie in no zone"""
    empty_zone: Level | None = None
    """zones or areas whose people have no place to go to"""
    far_from_census: Level | None = None
    """zones with people far from their census"""
    overlapping_areas: Level | None = None
    """places inside two polygons"""
    link_paid_twice: Level | None = None
    """running costs that seem to hold a line to the internet, beside backhaul"""
    no_link: Level | None = None
    """sites that no link reaches"""
    roads_apart: Level | None = None
    """parts of the road network that no road joins to the main one"""
    all_one_way: Level | None = None
    """roads of which every one leads one way only"""
    far_from_roads: Level | None = None
    """places farther from any road than people go off it"""
    unread_roads: Level | None = None
    """roads without a class, or with a class, speed or place that is not known"""
    unused_columns: Level | None = None
    """columns of roads that are mostly meant and not used"""
    on_barrier: Level | None = None
    """places on barriers of a raster of travel times, moved to the nearest open cell"""
    cut_off: Level | None = None
    """places that no way over the raster joins to any site"""
    raster_bands: Level | None = None
    """a raster of people with several bands, of which the first is read"""
    density_raster: Level | None = None
    """a raster whose name, unit or description says people per area"""
    slow_raster: Level | None = None
    """a raster of travel times whose quickest cell is slower than any walk"""

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
        return str(cls.model_fields[code].description)
