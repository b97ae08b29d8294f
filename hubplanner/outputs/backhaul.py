"""How a plan's hubs are connected: their links, the lines that are built, and figures of both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.formatting import count_of
from hubplanner.inputs import Inputs
from hubplanner.inputs.backhaul.read import BackhaulLinks, lines_alone
from hubplanner.inputs.coordinates import WGS84, lonlat
from hubplanner.outputs.rounding import round_columns
from hubplanner.outputs.run_data import on_one_line
from hubplanner.problem import Bools, Evaluation, Floats, Ints, PeriodPlan, Problem, Solution
from hubplanner.problem.backhaul import ALONE, NO_NODE
from hubplanner.scenario import Scenario
from hubplanner.scenario.backhaul_spec import MicrowaveSpec
from hubplanner.scenario.fields import Spec

STANDS = "as it stands"
"""What a hub that stands today is said to be linked by."""
GRID = "grid"
POWER = (GRID, "solar")
"""Where electricity comes from."""
LINK_COLUMNS = ("link", "link_cost", "mbps", "connected_to", "hops", "power", "power_cost")
LINE_COLUMNS = ("edge_id", "technology", "from", "to", "km", "cost", "hubs_served", "mbps", "hops", "status")


def links_of(inputs: Inputs, problem: Problem, plan: Evaluation) -> dict[str, Any]:
    """Return the columns (k,) that hubs have of their links; none without backhaul.

    Returns
    -------
    dict
        ``link``, how a hub is connected; ``link_cost``, money for that at its site, which its cost holds; ``mbps`` of
        each hub; ``connected_to``, the place of today where a line to it begins; ``hops``, lines on the way there.
        Where electricity is paid for, ``power``, whence it comes, and ``power_cost``, what of the link's money it is.
    """
    links, options = inputs.links, plan.options
    if links is None:
        return {}
    site, tier = problem.option_site[options], problem.option_tier[options]
    way = np.full(len(options), ALONE, dtype=np.intp) if plan.backhaul is None else plan.backhaul.way
    on: Bools = way != ALONE
    money = links.alone_cost[site, tier] * plan.counts if plan.backhaul is None else plan.backhaul.link_cost
    stands = problem.existing[options]
    name = np.where(on, np.array([*links.shared, None], dtype=object)[way], links.alone_name[site, tier])
    hops, start = _ways(links, plan)
    at = np.append(links.node, np.full((1, links.node.shape[1]), NO_NODE), axis=0)[way, site]
    ids = np.array([*links.places["id"], None], dtype=object)
    mbps = np.array([np.nan if one.mbps is None else one.mbps for one in inputs.scenario.hubs])
    columns = {
        "link": np.array(np.where(stands, STANDS, name), dtype=object),
        "link_cost": np.where(stands, 0.0, money),
        "mbps": np.where(stands, np.nan, mbps[tier]),
        "connected_to": np.where(on, ids[start[at]], np.array(None)),
        "hops": pd.Series(hops[at], dtype="Int64").where(pd.Series(on)).array,
    }
    if inputs.scenario.backhaul is None or inputs.scenario.backhaul.electricity is None:
        return columns
    powers = [*links.line_power, links.alone_power]
    source, power = (
        np.stack([getattr(one, part)[site, tier] for one in powers])[way, np.arange(len(way))]
        for part in ("source", "cost")
    )
    power = power * plan.counts
    columns["power"] = np.where(stands | (source == ""), np.array(None), source)
    columns["power_cost"] = np.where(stands, 0.0, power)
    return columns


def _ways(links: BackhaulLinks, plan: Evaluation) -> tuple[Ints, Ints]:
    """Return how many lines lie between each node and today's internet, and at which place the first begins.

    Both are -1 for none, and at the last of the nodes, which stands for no node.
    """
    hops, start = (np.full(len(links.place) + 1, -1, dtype=np.intp) for _ in range(2))
    if plan.backhaul is None:
        return hops, start
    network, is_line = links.network, _is_line(links)
    for node, edge, _ in network.ways(plan.edges):
        before = node if edge < 0 else _other(network.ends[edge], node)
        hops[node] = 0 if edge < 0 else hops[before] + int(is_line[edge])
        start[node] = links.place[node] if edge < 0 else start[before]
    return hops, start


def _is_line(links: BackhaulLinks) -> Bools:
    """Tell which edges are lines or hops: nothing is built between places at one spot, or where a way by hops ends."""
    return ((links.edges["km"] > 0) | (links.edges["cost"] > 0)).to_numpy(dtype=np.bool_)


def _other(ends: Ints, place: int) -> int:
    return int(ends.sum()) - place


def line_frame(
    inputs: Inputs, problem: Problem, plan: Evaluation, periods: Sequence[PeriodPlan] = ()
) -> gpd.GeoDataFrame:
    """Return one row a line that is built, from the internet of today outwards; empty where none is.

    Columns edge_id, technology, from and to (ids of places), km, cost (money, with upkeep), hubs_served, mbps (of the
    hubs it serves), hops (lines up to this one), status (new), and in a programme period (the year in which it is
    laid).
    """
    links = inputs.links
    if links is None:
        raise AssertionError
    spots, ids = lonlat(links.places), links.places["id"].to_numpy(dtype=object)
    ways = [] if plan.backhaul is None else [way for way in links.network.ways(plan.edges) if way[1] >= 0]
    served, load = _served(inputs, problem, plan, ways)
    hops, _ = _ways(links, plan)
    is_line = _is_line(links)
    edge = np.array([number for _, number, _ in ways if is_line[number]], dtype=np.intp)
    node = np.array([end for end, number, _ in ways if is_line[number]], dtype=np.intp)
    cost = links.edges["cost"].to_numpy(dtype=np.float64)[edge]
    head = links.place[node]
    tail = links.edges[["from", "to"]].to_numpy(dtype=np.intp)[edge].sum(axis=1) - head
    frame = pd.DataFrame(
        {
            "edge_id": links.edges["edge_id"].to_numpy(dtype=np.intp)[edge],
            "technology": links.edges["technology"].to_numpy(dtype=object)[edge],
            "from": ids[tail],
            "to": ids[head],
            "km": links.edges["km"].to_numpy(dtype=np.float64)[edge],
            "cost": cost,
            "hubs_served": served[node].astype(np.intp),
            "mbps": load[node],
            "hops": hops[node],
            "status": np.full(len(edge), "new", dtype=object),
        }
    )
    if periods:
        frame["period"] = np.array([period.name for period in periods], dtype=object)[laid_in(periods, edge)]
    round_columns(frame, LINE_COLUMNS)
    lines = shapely.linestrings(np.stack([spots[tail], spots[head]], axis=1))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(lines, crs=WGS84), crs=WGS84)


def _served(
    inputs: Inputs, problem: Problem, plan: Evaluation, ways: list[tuple[int, int, int]]
) -> tuple[Floats, Floats]:
    """Return how many hubs hang on the way to each node, and their Mbps."""
    links = inputs.links
    if links is None or plan.backhaul is None:
        return np.zeros(0), np.zeros(0)
    hubs, mbps, on = np.zeros(len(links.place)), np.zeros(len(links.place)), plan.backhaul.on_network
    site, tier = problem.option_site[plan.options[on]], problem.option_tier[plan.options[on]]
    at, need = links.node[plan.backhaul.way[on], site], np.array([one.mbps or 0.0 for one in inputs.scenario.hubs])
    np.add.at(hubs, at, plan.counts[on])
    np.add.at(mbps, at, need[tier] * plan.counts[on])
    for node, edge, _ in reversed(ways):
        before = _other(links.network.ends[edge], node)
        hubs[before] += hubs[node]
        mbps[before] += mbps[node]
    return hubs, mbps


def hubs_behind(lines: Sequence[Mapping[str, Any]], hubs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the sites of the hubs that hang on each line, of rows as they are written, in the order of the hubs.

    Lines and hubs meet where they stand: of several sites at one place a line names the first alone.

    >>> n, a, b = (67, 30), (67, 31), (68, 31)
    >>> lines = [{"technology": "fibre", "hops": 1, "geometry": shapely.LineString([n, a])}]
    >>> lines += [{"technology": "microwave", "hops": 2, "geometry": shapely.LineString([a, b])}]
    >>> far = {"site_id": "B", "link": "microwave", "hops": 2, "geometry": shapely.Point(b)}
    >>> near = [{"site_id": site, "link": "fibre", "hops": 1, "geometry": shapely.Point(a)} for site in ("A", "twin")]
    >>> hubs_behind(lines, [far, *near])
    [['B', 'A', 'twin'], ['B']]
    """
    ends = [[_spot(place) for place in line["geometry"].coords] for line in lines]
    by_end = {(ends[at][-1], line["technology"], line["hops"]): at for at, line in enumerate(lines)}
    found: list[list[str]] = [[] for _ in lines]
    for hub in hubs:
        at = by_end.get((_spot(hub["geometry"].coords[0]), hub["link"], hub["hops"]))
        while at is not None:
            if hub["site_id"] not in found[at]:  # a site with hubs of two sizes is named once
                found[at].append(hub["site_id"])
            start, before = ends[at][0], lines[at]["hops"] - 1
            # Hops lead on from hops or from fibre, fibre from fibre alone.
            kinds = ("fibre",) if lines[at]["technology"] == "fibre" else ("microwave", "fibre")
            at = next((by_end[start, kind, before] for kind in kinds if (start, kind, before) in by_end), None)
    return found


def _spot(place: tuple[float, ...]) -> tuple[float, float]:
    """Return a place by which lines and hubs are told to meet, to a metre: files have fewer digits than arrays."""
    return round(place[0], 5), round(place[1], 5)


def laid_in(periods: Sequence[PeriodPlan], edges: Ints) -> Ints:
    """Return in which of a programme's years each edge (e,) is built; 0 without years."""
    years = [int(not np.isin(edge, period.evaluation.edges)) for edge in edges for period in periods]
    found: Ints = np.array(years, dtype=np.intp).reshape(len(edges), len(periods)).sum(axis=1)
    return found


def backhaul_cost(inputs: Inputs, problem: Problem, plan: Evaluation) -> float:
    """Return the money for links and lines."""
    if inputs.links is None:
        return 0.0
    if plan.backhaul is not None:
        return plan.backhaul.cost
    return math.fsum(links_of(inputs, problem, plan)["link_cost"])


@dataclass(frozen=True, kw_only=True, eq=False)
class BackhaulMoney:
    """What links and lines are paid, each in its year.

    Parameters
    ----------
    year
        (k + e,) number of the year in which each hub's link is set up, then each line.
    once
        Money in that year.
    yearly
        Money in each of the years after it, while the horizon lasts.
    """

    year: Ints
    once: Floats
    yearly: Floats


def backhaul_money(inputs: Inputs, solution: Solution, plan: Evaluation, opened: Ints, worth: float) -> BackhaulMoney:
    """Return what links and lines of a plan are paid.

    Parameters
    ----------
    opened
        (k,) number of the year in which each of the plan's options opens.
    worth
        What one unit of money a year is worth today.
    """
    links, nothing = inputs.links, np.zeros(0)
    if links is None:
        return BackhaulMoney(year=np.zeros(0, dtype=np.intp), once=nothing, yearly=nothing)
    link_cost = np.asarray(links_of(inputs, solution.problem, plan)["link_cost"], dtype=np.float64)
    money = np.concatenate([link_cost, links.edges["cost"].to_numpy(dtype=np.float64)[plan.edges]])
    yearly = np.concatenate(_yearly(inputs, links, solution.problem, plan))
    year = np.concatenate([opened, laid_in(solution.periods, plan.edges)])
    return BackhaulMoney(year=year, once=money - yearly * worth, yearly=yearly)


def _yearly(inputs: Inputs, links: BackhaulLinks, problem: Problem, plan: Evaluation) -> tuple[Floats, Floats]:
    """Return the money a year for the links (k,) of hubs, with power of the grid, and for upkeep of lines (e,)."""
    spec = inputs.scenario.backhaul
    if spec is None:
        raise AssertionError
    named = links_of(inputs, problem, plan)
    powered = named.get("power", [None] * len(plan.options))
    by_kwh = 0.0 if spec.electricity is None else spec.electricity.kwh_cost or 0.0
    shared, fees = spec.technologies.shared, []
    for kind, power, number, count in zip(
        named["link"], powered, problem.option_tier[plan.options], plan.counts, strict=True
    ):
        tier = inputs.scenario.hubs[number]
        if kind in shared:
            money, kwh = (tier.mbps or 0.0) * shared[kind].per_mbps_year, tier.kwh_year + shared[kind].kwh_year
        elif kind in spec.technologies.alone:
            link = spec.technologies.alone[kind]
            lines = lines_alone(link, tier.mbps)
            money = lines * link.per_line_year + (tier.mbps or 0.0) * link.per_mbps_year
            kwh = tier.kwh_year + lines * link.kwh_year
        else:
            money, kwh = 0.0, 0.0  # it stands already
        fees.append(count * (money + (kwh * by_kwh if power == GRID else 0.0)))
    built = links.edges.iloc[plan.edges]
    fibre, microwave = spec.technologies.fibre, spec.technologies.microwave
    upkeep = np.zeros(len(built))
    if fibre is not None:
        upkeep += np.where(built["technology"] == "fibre", built["km"] * fibre.upkeep_per_km_year, 0.0)
    if microwave is not None:
        upkeep += np.where(built["technology"] == "microwave", microwave.licence_year, 0.0)
    return np.array(fees, dtype=np.float64), upkeep


def summarize_backhaul(inputs: Inputs, plan: Evaluation, hubs: pd.DataFrame, lines: pd.DataFrame) -> dict[str, Any]:
    """Return what plan.json says of backhaul: hubs, km and money by technology, and what lines are shared.

    ``shared_km`` are km of lines that serve several hubs; ``alone`` counts the lines that serve one, and their km.
    ``electricity``, where it is paid for, tells hubs and money by whence it comes. ``edges`` are the ids of all that
    are built, those that join places at the same spot among them.
    """
    links = inputs.links
    if links is None:
        raise AssertionError
    new = hubs[hubs["link"] != STANDS]
    found: dict[str, dict[str, Any]] = {}
    for name in technologies(inputs.scenario):
        own = new[new["link"] == name]
        built = lines[lines["technology"] == name]
        cost = math.fsum(own["link_cost"]) + math.fsum(built["cost"])
        found[name] = {"hubs": int(own["hubs"].sum()), "km": math.fsum(built["km"]), "cost": cost}
    powered = {}
    if "power" in new:
        by = {name: new[new["power"] == name] for name in POWER}
        powered["electricity"] = {
            name: {"hubs": int(some["hubs"].sum()), "cost": math.fsum(some["power_cost"])} for name, some in by.items()
        }
    shared: Bools = (lines["hubs_served"] > 1).to_numpy(dtype=np.bool_)
    return {
        "by_technology": found,
        "shared_km": math.fsum(lines["km"][shared]),
        "alone": {"lines": int((~shared).sum()), "km": math.fsum(lines["km"][~shared])},
        **powered,
        "edges": (links.edges["edge_id"].to_numpy(dtype=np.intp)[plan.edges]).tolist(),
        "assumptions": [*_assumed(inputs.scenario), *_crowded(inputs.scenario, lines)],
    }


def _crowded(scenario: Scenario, lines: pd.DataFrame) -> Iterator[str]:
    """Yield how many hops lead to more Mbps than one carries."""
    microwave = None if scenario.backhaul is None else scenario.backhaul.technologies.microwave
    if microwave is None or microwave.max_mbps is None:
        return
    over = lines[(lines["technology"] == "microwave") & (lines["mbps"] > microwave.max_mbps)]
    if len(over):
        hops, most = count_of(len(over), "hop"), f"{over['mbps'].max():,.12g} Mbps"
        yield f"Hubs behind {hops} ask for more than the {microwave.max_mbps:,.12g} of a hop together, up to {most}."


def technologies(scenario: Scenario) -> list[str]:
    """Return the links that a scenario names."""
    return [] if scenario.backhaul is None else list(scenario.backhaul.technologies.named)


def _assumed(scenario: Scenario) -> list[str]:
    """Return what is taken for granted of links, in sentences; figures of ours are named as such."""
    spec = scenario.backhaul
    if spec is None:
        return []
    power = " and no electricity" if spec.electricity is not None else ""
    said = [
        *([on_one_line(spec.note)] * bool(spec.note)),
        f"The running costs of hubs include no line to the internet{power}.",
    ]
    if spec.electricity is not None:
        said.append("A hub pays for the whole line from the grid to its site.")
    fibre = spec.technologies.fibre
    if fibre is not None:
        straight = f"straight, times {spec.detour:g}"
        by = {"table": "as their table says", "roads": "as long as the roads between their ends, drawn straight"}
        how = by.get(spec.edges, straight)
        said.append(f"Lines are {how}; cable has room for every hub.")
    if spec.technologies.shared:
        own = "start from existing hubs as well" if spec.existing_connected else "do not start from existing hubs"
        said.append(f"New lines {own}.")
    if spec.technologies.microwave is not None:
        said += _assumed_of_hops(spec.technologies.microwave)
    named: dict[str, Spec] = dict(spec.technologies.named)
    # What is left out altogether is no figure of ours: there is no grid then, or there are no panels.
    unused = {"line_of_sight", "sights", "kwh_cost", "solar_per_w"}
    if spec.electricity is not None:
        named["electricity"] = spec.electricity
    else:
        unused |= {"kwh_year"}
    if spec.technologies.microwave is not None and not spec.technologies.microwave.tower_per_10_m:
        unused |= {"tower_m"}
    for name, link in named.items():
        ours = [key for key in type(link).model_fields if key not in link.model_fields_set | unused]
        values: Mapping[str, Any] = {key: getattr(link, key) for key in ours}
        if values:
            given = ", ".join(f"{key} {_taken(value)}" for key, value in values.items())
            said.append(f"Not given for {name}, so taken as: {given}.")
    return said


def _assumed_of_hops(spec: MicrowaveSpec) -> list[str]:
    """Return what is taken for granted of radio."""
    far = f"within {spec.max_hop_km:g} km"
    sight = f"All places {far} are taken to see each other." if spec.sights is None else f"Hops join places {far} that"
    said = [sight if spec.sights is None else f"{sight} see each other by {spec.sights.path.rsplit('/', 1)[-1]}."]
    return [
        *said,
        "Hops begin at places on fibre, which are taken to have a mast; elsewhere one is paid where no tower stands.",
        "Hubs that share a hop do not share out its Mbps.",
    ]


def _taken(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "any" if value is None else str(value)
