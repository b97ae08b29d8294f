"""Roads in a scenario: the file that holds them, who travels on them, and how fast by the class of a road."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from hubplanner.scenario.fields import Column, Encoding, Flag, Identifiers, LocalFile, Name, Spec
from hubplanner.translation import gettext as _, joined

MOST_KMH = 1000.0
Kmh = Annotated[float, Field(strict=True, ge=0.1, le=MOST_KMH)]

_LINKS = {"motorway": 45.0, "trunk": 40.0, "primary": 30.0, "secondary": 25.0, "tertiary": 20.0}
_CAR = {
    "motorway": 90.0,
    "trunk": 85.0,
    "primary": 65.0,
    "secondary": 55.0,
    "tertiary": 40.0,
    "unclassified": 25.0,
    "residential": 25.0,
    "living_street": 10.0,
    "service": 15.0,
    "road": 20.0,
    "track": 15.0,
    **{f"{name}_link": speed for name, speed in _LINKS.items()},
    **{f"track_grade{grade}": 15.0 for grade in range(1, 6)},
}
_ALL = [*_CAR, "footway", "path", "pedestrian", "cycleway", "bridleway", "steps", "corridor"]
_FAST = {"motorway", "motorway_link"}
_ON_FOOT = {"footway", "path", "pedestrian", "bridleway", "steps", "corridor"}
SPEEDS: dict[str, dict[str, float]] = {
    "car": _CAR,
    "motorcycle": {**_CAR, "track": 20.0, "path": 10.0},
    "bicycle": {name: 12.0 for name in _ALL if name not in _FAST | _ON_FOOT} | {"path": 8.0},
    "walk": {name: 4.5 for name in _ALL if name not in _FAST},
}
"""Speed in km/h by class of road, for each mode; a class that is not here is closed to it.

Those of cars are what OSRM's profile for cars takes (github.com/Project-OSRM/osrm-backend, profiles/car.lua) where it
has the class; tracks and roads of no class, motorcycles, bicycles and walking are assumptions."""
CLOSED = frozenset(
    {
        *(name for name in _ALL if name not in _CAR),
        *("construction", "proposed", "planned", "razed", "abandoned", "disused", "raceway", "platform", "bus_stop"),
        *("elevator", "rest_area", "services", "busway", "bus_guideway", "escape", "via_ferrata", "emergency_bay"),
    }
)
"""Classes that need no speed to be known: what is no road, or one for people on foot."""
NO_CLASS = "road"
"""What a road without a class is taken as."""
FERRY = "ferry"
ACCESS: dict[str, tuple[str, ...]] = {
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
    "motorcycle": ("motorcycle", "motor_vehicle", "vehicle", "access"),
    "bicycle": ("bicycle", "vehicle", "access"),
    "walk": ("foot", "access"),
}
"""Columns or tags that close a road to a mode: the first that says anything decides."""
NO_ENTRY = frozenset({"no", "private", "agricultural", "forestry", "delivery"})
"""What they say where a road is closed."""
FOUND_CLASSES = ("highway", "fclass", "class")
"""Columns of a road's class that need not be named."""


class RoadsSpec(Spec):
    """A file of roads, and what its columns mean."""

    model_config = ConfigDict(populate_by_name=True)

    path: LocalFile
    """OpenStreetMap (.osm.pbf, .osm), GraphML of osmnx, lines (GeoPackage, Shapefile, others), or a table of edges with
    from, to, from_x, from_y, to_x, to_y in degrees, and km or minutes."""
    layer: Column | None = None
    """Layer of a file that holds several."""
    encoding: Encoding | None = None
    """Encoding of the text of a CSV file or Shapefile; UTF-8, or as the file says, if left out."""
    crs: Column | None = None
    """Coordinate reference system of lines whose file names none."""
    road_class: Annotated[Column | None, Field(alias="class")] = None
    """Column of the road's class; highway, fclass or class if left out and there."""
    oneway: Column | None = None
    """Column of one-way roads: yes, no, -1; 1, 0; or F, T, B. oneway in OpenStreetMap, else both ways, if left out."""
    speed_kmh: Column | Kmh | None = None
    """Column of speeds, or one for all; where blank the class's. In OpenStreetMap maxspeed if left out."""
    minutes: Column | None = None
    """Column of minutes from end to end of a line, in place of speeds."""
    where: Annotated[dict[Column, Identifiers], Field(examples=[{"status": ["open"]}])] = Field(default_factory=dict)
    """Only roads whose columns have one of these values, such as {status: [open]}."""
    topology: Literal["auto", "vertices", "ends"] = "auto"
    """Where lines are joined: at vertices they share, or with ends also where one ends within snap_m of another; auto:
    ends for lines that are not OpenStreetMap's."""
    snap_m: Annotated[float, Field(strict=True, ge=0, le=1000)] = 1.0
    """Metres within which the end of a line is joined to the nearest other line, with topology ends."""
    ferries: Flag = True
    """Whether ferries are taken."""
    ferry_kmh: Kmh = 15.0
    """Speed of ferries that say no duration."""
    ferry_wait_minutes: Annotated[float, Field(strict=True, ge=0, le=1440)] = 15.0
    """Minutes that people wait for a ferry."""


def _known_mode(modes: tuple[ModeSpec, ...]) -> tuple[ModeSpec, ...]:
    for mode in modes:
        if mode.name not in SPEEDS and mode.kmh is None and not mode.speeds:
            message = _(
                "one of {speeds}, or any name with speeds or kmh of its own; {name} has neither",
                speeds=joined(SPEEDS, ", "),
                name=mode.name,
            )
            raise ValueError(message)
    if len({mode.name for mode in modes}) < len(modes):
        message = _("modes with a name each that no other has")
        raise ValueError(message)
    return modes


class ModeSpec(Spec):
    """A means of travel: which roads it may use, and how fast."""

    name: Name = "car"
    """car, motorcycle, bicycle, walk, or another: with kmh it goes where cars do, else where speeds has the class."""
    speeds: Annotated[dict[Column, Kmh], Field(examples=[{"primary": 50, "track": 15}])] = Field(default_factory=dict)
    """Speeds in km/h by class of road, over those of the mode, such as {track: 15}; they open closed classes."""
    kmh: Kmh | None = None
    """One speed on all roads that the mode may use, whatever their class or limit."""
    speed_factor: Annotated[float, Field(strict=True, gt=0, le=10)] = 1.0
    """Factor on limits and speeds alike, such as 0.8, since limits are not speeds."""

    @property
    def by_class(self) -> dict[str, float]:
        """Speeds in km/h by class, before any factor.

        >>> ModeSpec(name="car", speeds={"track": 12}).by_class["track"]
        12.0
        """
        known = SPEEDS.get(self.name, {} if self.kmh is None else SPEEDS["car"])
        own = {name.strip().lower(): speed for name, speed in self.speeds.items()}
        return {**(known if self.kmh is None else dict.fromkeys(known, self.kmh)), **own}


Modes = Annotated[
    tuple[ModeSpec, ...],
    Field(min_length=1, max_length=10, examples=[[{"name": "motorcycle"}, {"name": "walk", "kmh": 4.5}]]),
    AfterValidator(_known_mode),
]
Direction = Literal["to_hub", "from_hub", "both"]
