"""Travel along a scenario's roads between its demand and sites, and what there is to know of it before planning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hubplanner.cache import kept
from hubplanner.errors import DataWarning, Fault
from hubplanner.formatting import per_cent
from hubplanner.inputs.coordinates import METRES_PER_KM
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.inputs import SearchedTravel, reach_differs
from hubplanner.inputs.sites import Sites
from hubplanner.inputs.travel.roads.barriers import Barriers, read_barriers
from hubplanner.inputs.travel.roads.futures import RoadChange, roads_in_futures
from hubplanner.inputs.travel.roads.lines import Roads, read_roads
from hubplanner.inputs.travel.roads.rules import MINUTES_PER_HOUR, Passage, Rules
from hubplanner.problem import Bools, Floats, Travel
from hubplanner.problem.travel.gaps import gaps_of
from hubplanner.problem.travel.network import Network, OffRoad, Quickest
from hubplanner.problem.travel.roads import Barred, RoadGraph, Snaps
from hubplanner.scenario import Scenario
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.translation import gettext as _, joined, ngettext

GAP_KM, MOST_GAPS = 0.5, 20
"""Widest gap between parts of the roads that is told, and how many are."""
MOST_NAMED = 3
"""Sites that a note names."""
DECIMALS = 6
FEW_LINES, HARDLY = 2, 0.5
"""Of more lines than these, parts as many as this share of them mean that lines do not meet where they should."""
KEPT_FROM = 200_000
"""Segments and places from which on snapping takes longer than to read and to check what was kept of it."""


def read_road_travel(
    scenario: Scenario, demand: Demand | None, sites: Sites | None, faults: list[Fault]
) -> SearchedTravel | None:
    """Return travel along a scenario's roads; None, with every fault noted, where there is none."""
    spec, before = scenario.travel, len(faults)
    if not isinstance(spec, NetworkSpec):
        return None
    futures = [future for future in (scenario.futures.named if scenario.futures else ()) if future.changes_roads]
    roads = read_roads(spec.roads, faults, {column for future in futures for column in future.roads_closed})
    if roads is None:
        return None
    warnings = [*roads.warnings]
    rules = Rules(spec.roads, roads, faults, warnings)
    passages = [rules.of(mode, number) for number, mode in enumerate(spec.modes)]
    barriers = read_barriers(spec, roads, faults)
    if len(faults) > before or demand is None or sites is None:
        return None
    in_minutes = scenario.hubs[0].reach_minutes is not None
    modes = {
        mode.name: _network(spec, roads, passage, demand.points, sites.lonlat, barriers, in_minutes=in_minutes)
        for mode, passage in zip(spec.modes, passages, strict=True)
        if (passage.forward | passage.backward)[roads.line].any()
    }
    if not modes:
        faults.append(rules.closed_to(" or ".join(mode.name for mode in spec.modes)))
        return None
    _check_near(spec, roads, modes, faults)
    changes = roads_in_futures(scenario, roads, rules, faults)
    for number, future in enumerate(scenario.futures.named if scenario.futures else ()):
        change = changes.get(future.name)
        if change is not None and not any(_is_open(roads, passage, change) for passage in passages):
            allowed = _("a future that leaves some road open to {modes}", modes=joined(modes, _(" or ")))
            key = f"futures.named.{number}"
            faults.append(scenario.fault(key, future.name, allowed))
    if len(faults) > before:
        return None
    changed = {
        name: _quickest(
            scenario,
            {
                mode.name: _network(
                    spec,
                    roads,
                    change.of(passage),
                    demand.points,
                    sites.lonlat,
                    barriers,
                    in_minutes=in_minutes,
                    closed=change.closed,
                )
                for mode, passage in zip(spec.modes, passages, strict=True)
                if mode.name in modes and _is_open(roads, passage, change)
            },
        )
        for name, change in changes.items()
    }
    warnings += _one_way(scenario, roads, dict(zip((mode.name for mode in spec.modes), passages, strict=True)))
    warnings += _doubts(scenario, roads, modes, demand, sites)
    speeds = {mode.name: passage.speeds for mode, passage in zip(spec.modes, passages, strict=True)}
    facts = _facts(spec, modes, demand, sites, speeds)
    if barriers is not None:
        facts["barriers"] = _led_around(modes, barriers, demand, sites)
    if changes:
        facts["closed_km"] = {name: float(roads.km[change.closed].sum()) for name, change in changes.items()}
    if facts["gaps"]:
        least = min(facts["gaps"], key=lambda gap: gap["metres"])
        lon, lat, metres = least["lon"], least["lat"], least["metres"]
        message = _(
            "the least gap between parts of the network is {metres:,.1f} m wide, at {lon:.5f} E {lat:.5f} N",
            metres=metres,
            lon=lon,
            lat=lat,
        )
        if spec.roads.topology != "ends" or spec.roads.snap_m < metres:
            message = _(
                "{message}; travel.roads.topology: ends with snap_m: {metres} joins gaps up to this at ends of lines",
                message=message,
                metres=math.ceil(metres),
            )
        warnings.append(DataWarning(code="roads_apart", message=message, file=roads.table.name))
    return SearchedTravel(
        travel=_quickest(scenario, modes),
        facts=facts,
        warnings=tuple(warnings),
        modes=modes,
        lines=roads.table,
        futures=changed,
    )


def _is_open(roads: Roads, passage: Passage, change: RoadChange) -> bool:
    """Tell whether a future leaves a mode any road."""
    return bool(((passage.forward | passage.backward)[roads.line] & ~change.closed).any())


def _quickest(scenario: Scenario, modes: dict[str, Network]) -> Travel:
    """Return travel by the quickest of several modes."""
    if len(modes) == 1 and not reach_differs(scenario):
        return next(iter(modes.values()))
    return Quickest(tuple(modes.values()), tuple(modes))


def _network(  # noqa: PLR0913, PLR0917 - roads, what a mode makes of them, and the places
    spec: NetworkSpec,
    roads: Roads,
    passage: Passage,
    points: Floats,
    sites: Floats,
    barriers: Barriers | None,
    *,
    in_minutes: bool,
    closed: Bools | None = None,
) -> Network:
    graph = road_graph(roads, passage, island_km=spec.island_km, in_minutes=in_minutes, closed=closed)
    pace = MINUTES_PER_HOUR / spec.access_kmh if in_minutes else 1.0
    off = OffRoad(pace, spec.access_max_km, spec.detour, spec.walk_straight, barriers)
    return Network.of(graph, points, sites, off, spec.direction, kept_snaps)


def kept_snaps(graph: RoadGraph, places: Floats, most_km: float, barred: Barred | None = None) -> Snaps:
    """Return where places join the roads, as `RoadGraph.snap` does; of large networks it is kept between commands."""
    if len(graph.start) + len(places) < KEPT_FROM or not (barred is None or isinstance(barred, Barriers)):
        return graph.snap(places, most_km, barred)
    made_of = (graph.vertices, graph.start, graph.end, graph.km, graph.boards, graph.island_km, places, most_km)
    drawn = None if barred is None else barred.drawn
    return Snaps(**kept("snaps", (*made_of, drawn), lambda: graph.snap(places, most_km, barred)._asdict()))


def road_graph(
    roads: Roads, passage: Passage, *, island_km: float, in_minutes: bool, closed: Bools | None = None
) -> RoadGraph:
    """Return the roads that a mode may use, with its minutes or with kilometres as cost, but for closed segments."""
    forward, backward = passage.forward[roads.line], passage.backward[roads.line]
    used = np.flatnonzero((forward | backward) & (True if closed is None else ~closed))
    line, km = roads.line[used], roads.km[used]
    cost = km
    if in_minutes:
        whole = np.bincount(roads.line, weights=roads.km, minlength=len(passage.minutes))[line]
        share = np.divide(km, whole, out=np.ones_like(km), where=whole > 0)
        own = passage.minutes[line]
        cost = np.where(np.isfinite(own), own * share, km * passage.minutes_per_km[line])
    return RoadGraph(
        vertices=roads.vertices,
        start=roads.start[used],
        end=roads.end[used],
        km=km,
        forward=np.where(forward[used], cost, np.inf),
        backward=np.where(backward[used], cost, np.inf),
        boards=~passage.ferry[line],
        island_km=island_km,
        line=line,
    ).without_twins


def _check_near(spec: NetworkSpec, roads: Roads, modes: dict[str, Network], faults: list[Fault]) -> None:
    """Note roads of which none lies near any site, or any demand."""
    places = roads.vertices[np.unique([roads.start, roads.end])]
    low, high = places.min(axis=0), places.max(axis=0)
    span = _(
        "from {west:.1f} to {east:.1f} E and {south:.1f} to {north:.1f} N",
        west=low[0],
        east=high[0],
        south=low[1],
        north=high[1],
    )
    one = next(iter(modes.values()))
    for what, where, near in (
        (_("demand point"), one.points, [network.point_snaps for network in modes.values()]),
        (_("site"), one.sites, [network.site_snaps for network in modes.values()]),
    ):
        if all((snaps.segment[:, 0] < 0).all() for snaps in near):
            plain = [kept_snaps(network.roads, where, spec.access_max_km) for network in modes.values()]
            if spec.barriers is not None and any((snaps.segment[:, 0] >= 0).any() for snaps in plain):
                most = _("travel.access_max_km, {access_max_km:g} km", access_max_km=spec.access_max_km)
                allowed = _(
                    "parts every {what} from all roads within {most}: nobody leaves a polygon off the road, so draw "
                    "borders as lines",
                    what=what,
                    most=most,
                )
                faults.append(Fault(file=spec.barriers.path, allowed=allowed))
                return
            swapped = ((where >= low[::-1]) & (where <= high[::-1])).all(axis=1).any()
            why = _("is it the right file, or in another coordinate system?")
            if swapped:
                why = _("its latitudes and longitudes are swapped; write longitude first")
            allowed = _(
                "lies {span}; no {what} lies within travel.access_max_km, {access_max_km:g} km, of it: {why}",
                span=span,
                what=what,
                access_max_km=spec.access_max_km,
                why=why,
            )
            faults.append(Fault(file=roads.table.name, allowed=allowed))
            return


def _doubts(
    scenario: Scenario, roads: Roads, modes: dict[str, Network], demand: Demand, sites: Sites
) -> list[DataWarning]:
    """Return warnings of parts that no road joins and of places that are far from any road."""
    file, found = roads.table.name, list[DataWarning]()
    people, ids = demand.point_people, sites.frame["site_id"].to_numpy(dtype=object)
    for name, network in modes.items():
        graph, by = network.roads, _(" for {name}", name=name) if len(modes) > 1 else ""
        apart, alone = _on_islands(network)
        if graph.n_parts > 1:
            share = people[apart].sum() / people.sum() if people.sum() > 0 else 0.0
            there = _(
                "{named} and {share} of people are on those of less than",
                named=_named(ids[alone]),
                share=per_cent(share),
            )
            lengths = _("{apart:,.1f} of {all:,.1f} km", apart=graph.part_km[1:].sum(), all=graph.part_km.sum())
            count = ngettext("{n} part is", "{n} parts are", graph.n_parts - 1)
            message = _(
                "{count} apart from the main network{by}, with {lengths}; {there} {island_km:g} km of road, "
                "travel.island_km",
                count=count,
                by=by,
                lengths=lengths,
                there=there,
                island_km=graph.island_km,
            )
            found.append(DataWarning(code="roads_apart", message=message, file=file))
        lines = len(np.unique(roads.line))
        if lines > FEW_LINES and graph.n_parts > HARDLY * lines:
            message = _(
                "{lines:,} lines fall into {parts:,} parts{by}: hardly any meets another, by a vertex that "
                "both have; travel.roads.topology: ends with a larger snap_m joins ends that nearly meet",
                lines=lines,
                parts=graph.n_parts,
                by=by,
            )
            found.append(DataWarning(code="roads_apart", message=message, file=file))
    spec = scenario.travel
    most = spec.access_max_km if isinstance(spec, NetworkSpec) else 0.0
    far, far_sites = _beyond(list(modes.values()))
    road = _("any road, travel.access_max_km")
    if isinstance(spec, NetworkSpec) and spec.barriers is not None:
        road = _("any road that travel.barriers do not part from them, travel.access_max_km")
    if far.any():
        message = _(
            "{count:,} demand points with {people:,.0f} people are more than {most:g} km from {road}: "
            "nobody reaches them by road",
            count=int(far.sum()),
            people=people[far].sum(),
            most=most,
            road=road,
        )
        found.append(DataWarning(code="far_from_roads", message=message, file=scenario.demand.file_name))
    if far_sites.any():
        message = _("{named} are more than {most:g} km from {road}", named=_named(ids[far_sites]), most=most, road=road)
        found.append(DataWarning(code="far_from_roads", message=message, file=scenario.sites.file_name))
    return found


def _led(modes: dict[str, Network]) -> list[tuple[Bools, Bools]]:
    """Tell which points, and which sites, barriers keep from their nearest road by some mode, and which from all."""
    networks, found = list(modes.values()), []
    points = [(network.points, network.point_snaps) for network in networks]
    for ends in (points, [(network.sites, network.site_snaps) for network in networks]):
        pairs = [
            (kept_snaps(network.roads, places, network.off_road.most_km), snaps)
            for network, (places, snaps) in zip(networks, ends, strict=True)
        ]
        moved = [
            (plain.segment[:, 0] != own.segment[:, 0]) | (plain.share[:, 0] != own.share[:, 0]) for plain, own in pairs
        ]
        near, is_open = (np.any([pair[at].segment[:, 0] >= 0 for pair in pairs], axis=0) for at in (0, 1))
        found.append((np.any(moved, axis=0) & is_open, near & ~is_open))
    return found


def _led_around(modes: dict[str, Network], barriers: Barriers, demand: Demand, sites: Sites) -> dict[str, Any]:
    """Return what plan.json says of barriers: how many, whom they keep from the nearest road, and whom from all."""
    people, ids = demand.point_people, sites.frame["site_id"].to_numpy(dtype=object)
    points, hubs = _led(modes)
    found: dict[str, Any] = {"shapes": len(barriers.shapes)}
    for number, what in enumerate(("led", "parted")):
        found |= {
            f"points_{what}": int(points[number].sum()),
            f"people_{what}": float(people[points[number]].sum()),
            f"sites_{what}": ids[hubs[number]].tolist(),
        }
    return found


def _one_way(scenario: Scenario, roads: Roads, passages: dict[str, Passage]) -> list[DataWarning]:
    """Return a warning of roads that all lead one way, on which who can come cannot go home."""
    spec, found = scenario.travel, list[DataWarning]()
    for name, passage in passages.items():
        line = np.unique(roads.line)
        forward, backward = passage.forward[line], passage.backward[line]
        is_open = forward | backward
        if is_open.sum() > 1 and not (forward & backward).any():
            column = spec.roads.oneway if isinstance(spec, NetworkSpec) and spec.roads.oneway else "oneway"
            message = _(
                "each of the {count:,} roads open to {name} leads one way only by column {column}: who comes "
                "cannot go back; is it another column, travel.roads.oneway, or do its words mean something "
                "else?",
                count=int(is_open.sum()),
                name=name,
                column=column,
            )
            found.append(DataWarning(code="all_one_way", message=message, file=roads.table.name))
    return found


def _on_islands(network: Network) -> tuple[Bools, Bools]:
    """Tell which points and which sites are nearest to a road of an island."""
    island = np.append(network.roads.on_island, False)
    return tuple(island[snaps.segment[:, 0]] for snaps in (network.point_snaps, network.site_snaps))  # type: ignore[return-value]


def _beyond(modes: list[Network]) -> tuple[Bools, Bools]:
    """Tell which points and which sites are too far from the roads of every mode."""
    points, sites = (
        np.all([snaps.segment[:, 0] < 0 for snaps in of], axis=0)
        for of in ([mode.point_snaps for mode in modes], [mode.site_snaps for mode in modes])
    )
    return points, sites


def _named(ids: Any) -> str:
    sites = ngettext("{n} site", "{n} sites", len(ids))
    if not len(ids):
        return sites
    shown = joined(map(str, ids[:MOST_NAMED]), ", ")
    if len(ids) > MOST_NAMED:
        shown = _("{shown}, and {count:,} more", shown=shown, count=len(ids) - MOST_NAMED)
    return _("{sites} ({shown})", sites=sites, shown=shown)


def _facts(
    spec: NetworkSpec, modes: dict[str, Network], demand: Demand, sites: Sites, speeds: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Return what plan.json says of roads: their length and parts, who is apart or beyond, and the speeds taken."""
    people, ids = demand.point_people, sites.frame["site_id"].to_numpy(dtype=object)
    main = next(iter(modes.values()))
    apart, alone = _on_islands(main)
    far, far_sites = _beyond(list(modes.values()))
    return {
        "direction": spec.direction,
        "modes": list(modes),
        "roads_km": float(main.roads.part_km.sum()),
        "parts": main.roads.n_parts,
        "main_part_km": float(main.roads.part_km[0]),
        "people_on_islands": float(people[apart].sum()),
        "sites_on_islands": ids[alone].tolist(),
        "people_beyond_access": float(people[far].sum()),
        "sites_beyond_access": ids[far_sites].tolist(),
        "speeds_used": speeds,
        "gaps": _gaps(main, people),
    }


def _gaps(network: Network, people: Floats) -> list[dict[str, Any]]:
    """Return what plan.json says of narrow gaps between parts of the roads, those with most people beside first."""
    beside = nearest_part(network, people)
    found = [
        {
            "metres": round(gap.km * METRES_PER_KM, 3),
            "lon": round(float(gap.places[0, 0]), DECIMALS),
            "lat": round(float(gap.places[0, 1]), DECIMALS),
            "joins_km": float(network.roads.part_km[gap.part]),
            "people": float(beside[gap.part]),
        }
        for gap in gaps_of(network.roads, GAP_KM)
    ]
    return sorted(found, key=lambda gap: (-gap["people"], gap["metres"]))[:MOST_GAPS]


def nearest_part(network: Network, weight: Floats) -> Floats:
    """Return what the points of each part (p,) of the roads weigh together, each counted at its nearest road."""
    segment = network.point_snaps.segment[:, 0]
    there = segment >= 0
    part = network.roads.part[segment[there]]
    return np.bincount(part, weights=weight[there], minlength=network.roads.n_parts).astype(np.float64)
