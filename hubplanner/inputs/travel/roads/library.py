"""Roads in Python: a file read as a network, travel along it, and the same as a graph of networkx."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike
from pydantic import ValidationError

from hubplanner.errors import DataWarning, Fault, ScenarioError, raise_faults
from hubplanner.inputs.travel.roads.barriers import Barriers
from hubplanner.inputs.travel.roads.lines import read_roads as read_lines
from hubplanner.inputs.travel.roads.network import road_graph
from hubplanner.inputs.travel.roads.rules import MINUTES_PER_HOUR, Rules
from hubplanner.problem.travel.network import Direction, Network, OffRoad
from hubplanner.problem.travel.roads import RoadGraph
from hubplanner.problem.travel.routes import Route, routes
from hubplanner.problem.validation import coordinates
from hubplanner.scenario.roads_spec import ModeSpec, RoadsSpec
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Roads that people go along by one means, by `read_roads`.

    Parameters
    ----------
    graph
        Segments between vertices, their lengths and what they cost each way.
    unit
        What ways are measured in: minutes or km.
    """

    graph: RoadGraph
    unit: Literal["minutes", "km"]

    @property
    def part_km(self) -> list[float]:
        """Length of road in each part that no road joins to another, km, the longest first."""
        return [float(km) for km in self.graph.part_km]

    def travel(  # noqa: PLR0913 - where from and to, and how off the road
        self,
        points: ArrayLike,
        sites: ArrayLike,
        *,
        direction: Direction = "to_hub",
        access_kmh: float = 4.5,
        access_max_km: float = 10.0,
        detour: float = 1.0,
        walk_straight: bool = True,
        barriers: ArrayLike | None = None,
    ) -> Network:
        """Return travel between places, for `Problem.from_travel`.

        Parameters
        ----------
        points, sites
            (n, 2) and (m, 2) longitudes and latitudes in degrees, WGS 84.
        direction
            ``to_hub``: from points to sites, ``from_hub``, or ``both``: half of there and back.
        access_kmh, access_max_km, detour
            Speed off the road, the longest way there in a straight line, and the factor from it to what is walked.
        walk_straight
            Whether people may walk straight to a site within that distance.
        barriers
            Lines and polygons of shapely, in degrees, that nobody crosses off the road, as ``travel.barriers``.

        Raises
        ------
        DataError
            When places are no coordinates.
        """
        pace = MINUTES_PER_HOUR / access_kmh if self.unit == "minutes" else 1.0
        off = OffRoad(pace, access_max_km, detour, walk_straight, None if barriers is None else Barriers(barriers))
        return Network.of(self.graph, coordinates("points", points), coordinates("sites", sites), off, direction)

    def route(self, travel: Network, point: int, site: int) -> Route:
        """Return a shortest way between a point and a site: cost, road_km, off_km and places (k, 2) in degrees.

        Raises
        ------
        ValueError
            Where there is no way.
        """
        pair = np.array([point]), np.array([site])
        distance = travel.along(*pair)
        if not np.isfinite(distance).all():
            message = _("no way from point {point} to site {site}", point=point, site=site)
            raise ValueError(message)
        return routes(travel, *pair, distance)[0]

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """Return the roads as a graph of networkx, an edge for each direction of each segment between two vertices.

        Nodes have ``x`` and ``y``, longitude and latitude; edges ``km``, ``minutes`` where that is the unit, ``line``,
        the row of the file from 0, and ``part``, 0 being the longest.
        """
        graph = self.graph
        found: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        used = np.unique(np.concatenate([graph.start, graph.end]))
        found.add_nodes_from(
            (node, {"x": x, "y": y}) for node, (x, y) in zip(used.tolist(), graph.vertices[used].tolist(), strict=True)
        )
        lines = graph.line if graph.line is not None else np.arange(len(graph.start))
        km = graph.in_km
        for cost, length, tail, head in (
            (graph.forward, km.forward, graph.start, graph.end),
            (graph.backward, km.backward, graph.end, graph.start),
        ):
            for at in np.flatnonzero(np.isfinite(cost)).tolist():
                about: dict[str, Any] = {"km": float(length[at]), "line": int(lines[at]), "part": int(graph.part[at])}
                about |= {"minutes": float(cost[at])} if self.unit == "minutes" else {}
                found.add_edge(int(tail[at]), int(head[at]), **about)
        return found


def read_roads(  # noqa: PLR0913 - what a file's columns mean
    path: str | os.PathLike[str],
    *,
    mode: str = "car",
    speeds: Mapping[str, float] | None = None,
    kmh: float | None = None,
    speed_factor: float = 1.0,
    road_class: str | None = None,
    oneway: str | None = None,
    speed_kmh: str | float | None = None,
    minutes: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    layer: str | None = None,
    crs: str | None = None,
    snap_m: float = 1.0,
    island_km: float = 5.0,
    unit: Literal["minutes", "km"] = "minutes",
) -> RoadNetwork:
    r"""Return a file's roads as a network.

    Parameters
    ----------
    path
        OpenStreetMap (.osm.pbf, .osm), GraphML of osmnx, lines in any format that is read, or a table of edges.
    mode, speeds, kmh, speed_factor
        Who travels and how fast, as ``travel.modes`` of a scenario.
    road_class, oneway, speed_kmh, minutes, where, layer, crs, snap_m
        As ``travel.roads`` of a scenario; ``road_class`` is its ``class``.
    island_km
        Parts with less road than this are islands: places at one may take the nearest other road.
    unit
        What ways are measured in.

    Raises
    ------
    DataError, ScenarioError
        With every fault of the file, or of what is said of it.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "roads.csv")
    ...     _ = file.write_text("from,to,from_x,from_y,to_x,to_y,km,class\nA,B,67,30,67.1,30,10,primary\n")
    ...     roads = read_roads(file)
    >>> roads.travel([[67.0, 30.0]], [[67.1, 30.0]]).from_site(0).round(2).tolist()
    [9.23]
    """
    named = {"speeds": dict(speeds or {}), "kmh": kmh, "speed_factor": speed_factor}
    columns = {"class": road_class, "oneway": oneway, "speed_kmh": speed_kmh, "minutes": minutes, "layer": layer}
    try:
        who = ModeSpec.model_validate(
            {"name": mode, **{key: value for key, value in named.items() if value is not None}}
        )
        spec = RoadsSpec.model_validate(
            {"path": str(path), **columns, "crs": crs, "snap_m": snap_m, "where": dict(where or {})}
        )
    except ValidationError as error:
        raise ScenarioError(
            [
                Fault(
                    file="read_roads",
                    column=".".join(map(str, each["loc"])),
                    value=str(each["input"]),
                    allowed=each["msg"],
                    kind="scenario",
                )
                for each in error.errors()
            ]
        ) from error
    faults, warnings = list[Fault](), list[DataWarning]()
    lines = read_lines(spec, faults)
    raise_faults(faults)
    if lines is None:  # pragma: no cover - comes with a fault
        raise AssertionError
    rules = Rules(spec, lines, faults, warnings)
    passage = rules.of(who, 0)
    raise_faults(faults)
    if not (passage.forward | passage.backward)[lines.line].any():
        raise_faults([rules.closed_to(mode)])
    for warning in (*lines.warnings, *warnings):
        log.warning(_("Warning: {warning}", warning=str(warning)))
    return RoadNetwork(road_graph(lines, passage, island_km=island_km, in_minutes=unit == "minutes"), unit)
