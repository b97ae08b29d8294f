"""Ways to travel, each with the keys that it knows: a key that does not go with a method is no key of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from hubplanner.scenario.fields import Column, Encoding, Flag, LocalFile, Spec, path_alone
from hubplanner.scenario.futures_spec import ClosedAreasSpec
from hubplanner.scenario.roads_spec import Direction, Modes, ModeSpec, RoadsSpec
from hubplanner.translation import gettext as _, joined, written

MOST_DETOUR = 10.0
Band = Annotated[int, Field(strict=True, ge=1, le=10_000)]
GroundClass = Annotated[int, Field(strict=True, ge=-(2**31), le=2**31 - 1)]
"""A value of land cover."""


class TravelMethod(Spec):
    """How far it is from people to hubs: what every method knows of itself.

    Nothing else in the package compares `method`; what depends on the way people travel asks these.
    """

    is_geometric: ClassVar[bool] = True
    """Whether distance follows from places alone, so that what a hub reaches is a circle."""
    is_planar: ClassVar[bool] = False
    """Whether distance is measured in the plane of demand's own coordinate system."""
    supports_streaming: ClassVar[bool] = True
    """Whether demand may be read in parts and merged, as no point has distances of its own."""
    by_row: ClassVar[bool] = False
    """Whether distances are given by demand row, so that there are none for points spread over its area."""

    method: str
    """How distances are measured."""
    detour: Annotated[float, Field(strict=True, ge=1, le=MOST_DETOUR)] = 1.0
    """Factor from straight-line to travelled distance."""
    speed_kmh: Annotated[float, Field(strict=True, ge=0.1, le=1000)] | None = None
    """Speed that turns minutes into kilometres; only with minutes."""

    @property
    def file(self) -> str | None:
        """The file that distances are read from, the main one of several; None where they are computed."""
        return None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that distances are read from."""
        return () if self.file is None else (self.file,)

    def circle(self, reach: float) -> float:
        """Return the radius of the circle that holds what a hub of some reach covers; both in km.

        >>> GreatCircleSpec(detour=1.25).circle(10)
        8.0
        """
        return reach / self.detour

    def describe(self) -> str:
        """Return how distance is measured, to stand after "within reach".

        >>> GreatCircleSpec(detour=1.3).describe()
        'in a straight line, times 1.3 to allow for roads'
        """
        if self.detour > 1:
            return _("in a straight line, times {detour:g} to allow for roads", detour=self.detour)
        return _("in a straight line")

    def assumption(self) -> str:
        """Return what a plan takes for granted of ways, in sentences.

        >>> GreatCircleSpec().assumption()
        'Distances are straight lines. Rivers and mountains are ignored.'
        """
        return _("Distances are {what}", what=straight_lines(self.detour))


def straight_lines(detour: float) -> str:
    """Return what distances are that follow no way, as the end of a sentence and what follows.

    >>> straight_lines(1.3)
    'straight lines, times 1.3 to allow for roads. Rivers and mountains are ignored.'
    """
    if detour == 1:
        return _("straight lines. Rivers and mountains are ignored.")
    times = written(f"{detour:g}")
    return _("straight lines, times {times} to allow for roads. Rivers and mountains are ignored.", times=times)


class GreatCircleSpec(TravelMethod):
    """Distance on the sphere."""

    method: Literal["great_circle"] = "great_circle"
    """Haversine distance; what is taken if left out."""


class PlanarSpec(TravelMethod):
    """Distance in the plane of a projected coordinate system."""

    is_planar: ClassVar[bool] = True

    method: Literal["planar"]
    """Euclidean distance in a projected CRS, in metres."""


def _only(allowed: float | None, why: str) -> Callable[[Any], Any]:
    """Let one value alone pass, that of a key which a method does not have."""

    def checked(value: Any) -> Any:
        if value != allowed:
            raise ValueError(why)
        return value

    return checked


_travelled = _only(1.0, "1 with method matrix: its distances are travelled ones already")
_no_detour = _only(1.0, "1 with methods friction and terrain: ways over a raster are travelled ones already")
_no_speed = _only(None, "none with method network: travel.roads.speed_kmh and travel.modes say how fast people are")
_raster_says = _only(None, "none with methods friction and terrain: their rasters say how fast people are")


class MatrixSpec(TravelMethod):
    """Distances that a table gives; a pair that is missing is out of reach."""

    is_geometric: ClassVar[bool] = False
    supports_streaming: ClassVar[bool] = False
    by_row: ClassVar[bool] = True

    method: Literal["matrix"]
    """A table of distances."""
    detour: Annotated[float, Field(strict=True, json_schema_extra={"const": 1}), AfterValidator(_travelled)] = 1.0
    """1: the table's distances are travelled ones already."""
    path: LocalFile
    """Table with a row a pair (demand_id, site_id, km or minutes), or with wide a row a demand point."""
    demand_id: Column = "demand_id"
    """Column of demand ids."""
    site_id: Column | None = None
    """Column of site ids; site_id if left out, none with wide."""
    km: Column | None = None
    """Column of kilometres; km if left out and there, none with wide."""
    minutes: Column | None = None
    """Column of minutes; minutes if left out and there, none with wide."""
    wide: Literal["km", "minutes"] | None = None
    """The table has a column a site, named by its id, whose cells are in this unit; a blank one is no way."""
    encoding: Encoding | None = None
    """Encoding of a CSV table's text; UTF-8 if left out."""

    @property
    def file(self) -> str | None:
        """The table."""
        return self.path

    def circle(self, reach: float) -> float:
        """Return NaN: what a hub reaches by a table is no circle."""
        del reach
        return math.nan

    def describe(self) -> str:
        """Return that a table gives distances."""
        return _("by the given table of travel")

    def assumption(self) -> str:
        """Return that a table gives ways."""
        return _("Distances come from a table.")


class NetworkSpec(TravelMethod):
    """Travel along roads: reach in minutes is the quickest way, reach in km the shortest."""

    is_geometric: ClassVar[bool] = False
    supports_streaming: ClassVar[bool] = False

    method: Literal["network"]
    """Roads of a file."""
    roads: Annotated[RoadsSpec, Field(examples=[{"path": "roads.gpkg", "class": "highway"}])]
    """The roads."""
    modes: Modes = (ModeSpec(),)
    """Who travels: the quickest counts. By car if left out."""
    direction: Direction = "to_hub"
    """Which way counts: to the hub, from it, or both, half of there and back."""
    access_kmh: Annotated[float, Field(strict=True, ge=0.1, le=1000)] = 4.5
    """Speed off the road, from a place to the nearest point of any."""
    access_max_km: Annotated[float, Field(strict=True, gt=0, le=1000)] = 10.0
    """Longest way off the road, in a straight line; what is farther from any road is not reached."""
    walk_straight: Flag = True
    """Whether people may go straight to a hub within access_max_km where that is quicker than by road."""
    island_km: Annotated[float, Field(strict=True, ge=0, le=1e6)] = 5.0
    """Parts of the network with less road than this count as islands: places at one may take the nearest other road."""
    barriers: Annotated[
        ClosedAreasSpec | None,
        BeforeValidator(path_alone, json_schema_input_type=LocalFile | ClosedAreasSpec | None),
    ] = None
    """File of lines or polygons, such as rivers and lakes, that nobody crosses off the road: people go to the nearest
    road that no barrier parts them from. Roads cross barriers; a way that touches one is barred."""
    speed_kmh: Annotated[float | None, Field(json_schema_extra={"const": None}), AfterValidator(_no_speed)] = None
    """None: roads and modes have speeds."""

    @property
    def file(self) -> str:
        """The file of roads."""
        return self.roads.path

    @property
    def files(self) -> tuple[str, ...]:
        """Roads and barriers."""
        return self.roads.path, *(() if self.barriers is None else (self.barriers.path,))

    def circle(self, reach: float) -> float:
        """Return NaN: what a hub reaches by road is no circle."""
        del reach
        return math.nan

    def describe(self) -> str:
        """Return that roads give distances.

        >>> NetworkSpec(method="network", roads=RoadsSpec(path="a.gpkg")).describe()
        'by road (car)'
        """
        return _("by road ({modes})", modes=joined((mode.name for mode in self.modes), _(" or ")))

    def assumption(self) -> str:
        """Return what is taken for granted of roads."""
        ways = {"to_hub": _("to the hub"), "from_hub": _("from the hub"), "both": _("there and back, halved")}
        roads = _(
            "Travel is {how}, {way}. Off the road people walk {speed} km/h, up to {km} km. Traffic, waits at "
            "junctions and turns that are not allowed are ignored.",
            how=self.describe(),
            way=ways[self.direction],
            speed=written(f"{self.access_kmh:g}"),
            km=written(f"{self.access_max_km:g}"),
        )
        barriers = _("Off the road nobody crosses a barrier, such as a river; roads cross them all.")
        return roads if self.barriers is None else joined((roads, barriers))


class FrictionRasterSpec(Spec):
    """A raster of how long a metre takes."""

    path: LocalFile
    """GeoTIFF; cells without data, of 0 or infinite are barriers."""
    band: Band = 1
    """Band that is read."""
    unit: Literal["minutes_per_metre", "km_per_hour"]
    """What its cells say."""
    crs: Column | None = None
    """Coordinate reference system of a file that names none."""


class RasterTravel(TravelMethod):
    """Travel from cell to cell of a raster; reach is in minutes."""

    is_geometric: ClassVar[bool] = False
    supports_streaming: ClassVar[bool] = False

    detour: Annotated[float, Field(strict=True, json_schema_extra={"const": 1}), AfterValidator(_no_detour)] = 1.0
    """1: ways over a raster are travelled ones already."""
    speed_kmh: Annotated[float | None, Field(json_schema_extra={"const": None}), AfterValidator(_raster_says)] = None
    """None: the raster says how fast people are."""
    moves: Literal[8, 16] = 8
    """Moves from a cell: to its 8 neighbours, or also the knight's moves of chess, for less angular ways."""
    access_max_km: Annotated[float, Field(strict=True, ge=0, le=1000)] = 5.0
    """How far a place on a barrier is moved to the nearest open cell; what is farther from any is not reached."""
    max_minutes: Annotated[float | None, Field(strict=True, gt=0, le=1e6)] = None
    """Longest way that is looked for; the largest reach if left out."""

    def circle(self, reach: float) -> float:
        """Return NaN: what a hub reaches over a raster is no circle."""
        del reach
        return math.nan


class FrictionSpec(RasterTravel):
    """Travel over a raster of how long a metre takes."""

    method: Literal["friction"]
    """A raster of how long a metre takes."""
    raster: Annotated[FrictionRasterSpec, Field(examples=[{"path": "friction.tif", "unit": "minutes_per_metre"}])]
    """The raster."""

    @property
    def file(self) -> str:
        """The raster."""
        return self.raster.path

    def describe(self) -> str:
        """Return that a raster gives distances."""
        return _("over the raster of travel times")

    def assumption(self) -> str:
        """Return what is taken for granted of the raster."""
        return _(
            "Routes run between the centres of cells of a raster of travel times, the same in both directions. "
            "Places on barriers start from the nearest open cell up to {km} km away, at its speed.",
            km=written(f"{self.access_max_km:g}"),
        )


class RasterBandSpec(Spec):
    """A band of a raster."""

    path: LocalFile
    """GeoTIFF."""
    band: Band = 1
    """Band that is read."""
    crs: Column | None = None
    """Coordinate reference system of a file that names none."""


class GroundSpeedSpec(Spec):
    """How fast people cross some classes of land cover."""

    model_config = ConfigDict(populate_by_name=True)

    land_class: Annotated[GroundClass | tuple[GroundClass, ...], Field(alias="class")]
    """Value of the land cover's cells, or several."""
    kmh: Annotated[float, Field(strict=True, ge=0, le=1000)]
    """Speed on the flat; 0 for a barrier."""
    mode: Literal["walk", "bicycle", "motor"] = "walk"
    """How: on foot and by bicycle slopes count, with a motor they do not."""

    @property
    def classes(self) -> tuple[int, ...]:
        """Values of the land cover's cells."""
        return self.land_class if isinstance(self.land_class, tuple) else (self.land_class,)


def _each_class_once(speeds: tuple[GroundSpeedSpec, ...]) -> tuple[GroundSpeedSpec, ...]:
    named = [value for speed in speeds for value in speed.classes]
    twice = sorted({value for value in named if named.count(value) > 1})
    if twice:
        message = _("each class once; {twice} is given twice", twice=joined(map(str, twice), ", "))
        raise ValueError(message)
    if all(speed.kmh == 0 for speed in speeds):
        message = _("a class that anyone can cross; all have 0 km/h")
        raise ValueError(message)
    return speeds


class TerrainSpec(RasterTravel):
    """Travel over land cover and slopes, on foot, by bicycle or with a motor, as AccessMod does."""

    method: Literal["terrain"]
    """Land cover, with a speed for each class, and heights."""
    land_cover: Annotated[RasterBandSpec, Field(examples=[{"path": "cover.tif"}])]
    """Raster of classes, roads among them; cells without data are barriers."""
    speeds: Annotated[
        tuple[GroundSpeedSpec, ...],
        Field(min_length=1, max_length=1000, examples=[[{"class": [1, 2], "kmh": 4}, {"class": 9, "kmh": 0}]]),
        AfterValidator(_each_class_once),
    ]
    """How fast each class is crossed."""
    dem: Annotated[RasterBandSpec, Field(examples=[{"path": "heights.tif"}])]
    """Raster of heights in metres, interpolated where its cells are others; cells without heights are barriers."""
    roads: Annotated[RoadsSpec | None, Field(examples=[{"path": "roads.gpkg", "class": "highway"}])] = None
    """Roads as lines, drawn over land cover and barriers where they are quicker; one-way roads go both ways."""
    modes: Modes = (ModeSpec(),)
    """Who goes by these roads: the quickest counts. By car if left out."""
    barriers: Annotated[
        ClosedAreasSpec | None,
        BeforeValidator(path_alone, json_schema_input_type=LocalFile | ClosedAreasSpec | None),
    ] = None
    """File of lines or polygons, such as rivers and lakes: a cell that one touches is a barrier, but for roads."""
    direction: Literal["to_hub", "from_hub"] = "to_hub"
    """Which way counts, since uphill takes longer than downhill."""
    moves: Literal[8, 16] = 16
    """Moves from a cell: with the knight's moves of chess, or to its 8 neighbours alone."""
    corners: Literal["closed", "open"] = "closed"
    """Whether a way may slip between two barriers that meet at a corner: open as in AccessMod, so that a slanting river
    leaks."""

    @property
    def file(self) -> str:
        """The land cover."""
        return self.land_cover.path

    @property
    def files(self) -> tuple[str, ...]:
        """Land cover and heights, roads and barriers."""
        drawn = [spec.path for spec in (self.roads, self.barriers) if spec is not None]
        return self.land_cover.path, self.dem.path, *drawn

    def describe(self) -> str:
        """Return that land cover and slopes give distances."""
        return _("over land cover and slopes")

    def assumption(self) -> str:
        """Return what is taken for granted of the ground, and of roads on it."""
        ground = _(
            "Ways go {way} from middle to middle of the cells of a land cover, as fast as its classes say; on foot "
            "and by bicycle slopes count, by Tobler's function and by a rider's power. "
            "Places on barriers start from the nearest open cell up to {km} km away, at its speed.",
            way=_("to hubs") if self.direction == "to_hub" else _("from hubs"),
            km=written(f"{self.access_max_km:g}"),
        )
        roads = _("Roads are drawn into the cells that they pass, open both ways and over any barrier.")
        return ground if self.roads is None else joined((ground, roads))


METHODS: dict[str, type[TravelMethod]] = {
    "great_circle": GreatCircleSpec,
    "planar": PlanarSpec,
    "matrix": MatrixSpec,
    "network": NetworkSpec,
    "friction": FrictionSpec,
    "terrain": TerrainSpec,
}
"""Every method, by its name."""


def _method_of(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("method", "great_circle"))
    return str(getattr(value, "method", "great_circle"))


TravelSpec = Annotated[
    Annotated[GreatCircleSpec, Tag("great_circle")]
    | Annotated[PlanarSpec, Tag("planar")]
    | Annotated[MatrixSpec, Tag("matrix")]
    | Annotated[NetworkSpec, Tag("network")]
    | Annotated[FrictionSpec, Tag("friction")]
    | Annotated[TerrainSpec, Tag("terrain")],
    Discriminator(_method_of),
]
"""One of `METHODS`, told by its key ``method``."""
