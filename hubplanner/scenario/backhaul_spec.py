"""The backhaul section: where the internet is today, by which links hubs get it, and what these cost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hubplanner.scenario.data_spec import FileSpec, GeometrySpec
from hubplanner.scenario.fields import Column, ColumnOrLength, Flag, Kilometres, Kwh, Money, Spec, one_or_more, prose
from hubplanner.translation import gettext as _

MOST_MBPS = 1e6
MOST_LINES, MOST_NEIGHBOURS, MOST_DETOUR = 1000, 20, 10.0
MOST_NOTE = 500
"""Characters of a note that a first page has room for."""
MOST_HOPS, MOST_TOWER_M = 8, 300.0
MOST_HOP_KM = 400.0
"""Longer than any hop by radio that was built."""
MOST_KWH_PER_W = 8.76
"""A W at all hours of a year."""

Mbps = Annotated[float, Field(strict=True, gt=0, le=MOST_MBPS)]


class PlacesSpec(FileSpec):
    """A file of places where the internet is, or can be taken from."""

    id: Column | None = None
    """Column of unique ids; numbers of rows if left out."""
    x: Column | None = None
    """Column of the x coordinate or longitude; for tables."""
    y: Column | None = None
    """Column of the y coordinate or latitude, beside x."""
    geometry: GeometrySpec | None = None
    """Column of a table that holds places, instead of x and y."""
    crs: Column | None = None
    """Coordinate reference system of x and y, EPSG:4326 if left out; or of a file that names none."""


GENERATIONS = {f"{number}G": f"{number}G" for number in range(2, 6)}
GENERATIONS |= {"GSM": "2G", "CDMA": "3G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}
"""What files call the radio of a cell site, and its generation."""


class TowersSpec(PlacesSpec):
    """A file of cell sites."""

    radio: Column | None = None
    """Column of the radio of each, such as LTE or 4G, for technologies.cellular.radios; all serve hubs if left out."""


class LinesSpec(FileSpec):
    """A file of cables that new lines may start from, anywhere along them."""

    id: Column | None = None
    """Column of unique ids; numbers of rows if left out."""
    join_km: Kilometres = 2.0
    """How far apart the places along a cable are that new lines may start from; its ends and bends are such, too."""
    geometry: GeometrySpec | None = None
    """Column of a table that holds the lines, as {wkt: column}."""
    crs: Column | None = None
    """Coordinate reference system of a file that names none."""


PlaceFiles = Annotated[
    tuple[PlacesSpec, ...], BeforeValidator(one_or_more, json_schema_input_type=list[PlacesSpec] | PlacesSpec)
]
TowerFiles = Annotated[
    tuple[TowersSpec, ...], BeforeValidator(one_or_more, json_schema_input_type=list[TowersSpec] | TowersSpec)
]
LineFiles = Annotated[
    tuple[LinesSpec, ...], BeforeValidator(one_or_more, json_schema_input_type=list[LinesSpec] | LinesSpec)
]
"""One file, or several."""


class PairsSpec(FileSpec):
    """A table of pairs of places."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    start: Annotated[Column, Field(alias="from")]
    """Column of the id of the one place."""
    end: Annotated[Column, Field(alias="to")]
    """Column of the id of the other."""


class EdgeTableSpec(PairsSpec):
    """A table of the lines that may be built, each between a site or node and another."""

    km: Column | None = None
    """Column of lengths; the great circle times detour if left out."""
    cost: Column | None = None
    """Column of money to build each; km times cost_per_km if left out."""


class FibreSpec(Spec):
    """Cable that hubs share, from a node or line of today."""

    cost_per_km: Money
    """Money for a km of new cable."""
    site_cost: Money = 0.0
    """Money for equipment at a hub."""
    upkeep_per_km_year: Money = 0.0
    """Money a year for a km of new cable."""
    per_mbps_year: Money = 0.0
    """Money a year for each Mbps of a hub."""
    max_km: Kilometres | None = None
    """Longest line between two places; any if left out."""
    max_mbps: Mbps | None = None
    """Most Mbps of a hub; any if left out."""
    kwh_year: Kwh = 0.0
    """kWh a year that a hub's end takes; with backhaul.electricity."""


class MicrowaveSpec(Spec):
    """Radio in hops from a place on fibre, which hubs and towers relay."""

    hop_cost: Money
    """Money for the radios and dishes at both ends of a hop."""
    relay_cost: Money = 0.0
    """Money for survey and power of a mast where a hop ends and no tower stands."""
    tower_per_10_m: Money = 0.0
    """Money for 10 m of such a mast."""
    tower_m: Annotated[float, Field(strict=True, ge=0, le=MOST_TOWER_M)] = 30.0
    """Height of such a mast, in metres."""
    max_hop_km: Annotated[Kilometres, Field(le=MOST_HOP_KM)] = 30.0
    """Longest hop, as the crow flies."""
    max_hops: Annotated[int, Field(strict=True, ge=1, le=MOST_HOPS)] = 3
    """Most hops from a place on fibre to a hub."""
    licence_year: Money = 0.0
    """Money a year for the frequencies of a hop."""
    per_mbps_year: Money = 0.0
    """Money a year for each Mbps of a hub."""
    max_mbps: Mbps | None = None
    """Most Mbps of a hub; any if left out. Hubs on one hop do not share it out."""
    line_of_sight: Literal["assumed", "table"] = "assumed"
    """Whether all places within max_hop_km see each other, or those of a table alone."""
    sights: PairsSpec | None = None
    """The table of places that see each other; with line_of_sight: table."""
    kwh_year: Kwh = 0.0
    """kWh a year that a hub's end takes; with backhaul.electricity."""


class AloneSpec(Spec):
    """A link that a hub has for itself, as a satellite dish is."""

    site_cost: Money
    """Money for the equipment of a line."""
    per_line_year: Money = 0.0
    """Money a year for a line."""
    per_mbps_year: Money = 0.0
    """Money a year for each Mbps of a hub."""
    max_mbps: Mbps | None = None
    """Most Mbps of a line; any if left out."""
    lines: Annotated[int, Field(strict=True, ge=1, le=MOST_LINES)] = 1
    """Most lines side by side at a hub, where one does not carry its Mbps."""
    kwh_year: Kwh = 0.0
    """kWh a year that a line takes; with backhaul.electricity."""


class CellularSpec(AloneSpec):
    """A link to a cell site within range."""

    range_km: Kilometres
    """How far a hub may be from a tower, as the crow flies."""
    radios: Annotated[tuple[Literal["2G", "3G", "4G", "5G"], ...], Field(min_length=1)] = ("4G", "5G")
    """Generations of radio that serve hubs; where backhaul.towers tell them by radio."""


LinkSpec = FibreSpec | MicrowaveSpec | AloneSpec
LinkName = Literal["fibre", "microwave", "satellite", "cellular"]


class TechnologiesSpec(Spec):
    """The links there are; at least one."""

    fibre: FibreSpec | None = None
    """Cable in lines that hubs share."""
    microwave: MicrowaveSpec | None = None
    """Radio in hops that hubs share."""
    satellite: AloneSpec | None = None
    """A dish of a hub's own."""
    cellular: CellularSpec | None = None
    """A link to a cell site in range."""

    @model_validator(mode="after")
    def _some(self) -> TechnologiesSpec:
        """Refuse none."""
        if not self.named:
            kind = "some"
            raise PydanticCustomError(
                kind, _("at least one of fibre, microwave, satellite and cellular, with its costs")
            )
        return self

    @property
    def alone(self) -> dict[str, AloneSpec]:
        """The links that need no network, by name."""
        both = {"satellite": self.satellite, "cellular": self.cellular}
        return {name: spec for name, spec in both.items() if spec is not None}

    @property
    def shared(self) -> dict[str, FibreSpec | MicrowaveSpec]:
        """The links of a network that hubs share, by name."""
        both = {"fibre": self.fibre, "microwave": self.microwave}
        return {name: spec for name, spec in both.items() if spec is not None}

    @property
    def named(self) -> dict[str, LinkSpec]:
        """All links, by name."""
        return {**self.shared, **self.alone}


class ElectricitySpec(Spec):
    """What power costs a hub and its link: a line to the grid with what it brings, or panels, whichever is cheaper."""

    kwh_cost: Money | None = None
    """Money for a kWh from the grid; no grid if left out."""
    grid_km: ColumnOrLength = 0.0
    """Km from a site to the grid: one number, or a column of the site file."""
    grid_cost_per_km: Money = 0.0
    """Money for a km of line to the grid."""
    solar_per_w: Money | None = None
    """Money for a W of panels with batteries, replacements within the horizon among it; no panels if left out."""
    kwh_per_w_year: Annotated[float, Field(strict=True, gt=0, le=MOST_KWH_PER_W)] = 1.2
    """kWh that a W of panels brings in a year."""

    @model_validator(mode="after")
    def _some(self) -> ElectricitySpec:
        """Refuse neither, and what is said of a grid that there is not."""
        if self.kwh_cost is None and self.solar_per_w is None:
            kind = "some"
            raise PydanticCustomError(kind, _("kwh_cost for power from the grid, solar_per_w for panels, or both"))
        if self.kwh_cost is None and self.model_fields_set & {"grid_km", "grid_cost_per_km"}:
            kind = "grid"
            raise PydanticCustomError(kind, _("kwh_cost beside grid_km and grid_cost_per_km"))
        return self


class BackhaulSpec(Spec):
    """How hubs are connected to the internet, which is paid from the same budget."""

    note: Annotated[str, BeforeValidator(prose), Field(max_length=MOST_NOTE)] = ""
    """What is taken for granted of the network of today, and whence; told on the report's first page."""
    nodes: PlaceFiles = ()
    """Files of places with fibre today."""
    lines: LineFiles = ()
    """Files of cables of today, which may be joined anywhere along them."""
    towers: TowerFiles = ()
    """Files of cell sites; with technologies.cellular, or with technologies.microwave, which relays from them."""
    edges: Literal["straight", "roads", "table"] = "straight"
    """The lines that may be built: between neighbouring sites and nodes, straight or by travel.roads, or a table's."""
    table: EdgeTableSpec | None = None
    """The table of lines; with edges: table."""
    neighbours: Annotated[int, Field(strict=True, ge=1, le=MOST_NEIGHBOURS)] = 4
    """Nearest places that a line leads to, beside those of the triangles between all places."""
    detour: Annotated[float, Field(strict=True, ge=1, le=MOST_DETOUR)] = 1.2
    """Factor from the great circle to the length of a line; not with edges: roads."""
    existing_connected: Flag = True
    """Whether new lines may start from existing hubs."""
    electricity: ElectricitySpec | None = None
    """What power costs hubs and their links; of no concern if left out."""
    technologies: TechnologiesSpec
