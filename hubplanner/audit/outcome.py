"""What a plan achieves by demand row and by hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.data.hubs import AuditHub, room
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.measures import check_measures, covered_beside
from hubplanner.audit.service import NOBODY, Service, is_assigned, links_of, serve, share, shortest

LINKS = "links.geojson"
NEAR_KM = 1e-6
SEATS = 1e-6
"""Relative overload that is a solver's rounding."""
WAYS_KM = 1e-5
"""Mean distance by which ways may differ from the shortest ones."""
MOST_PAIRS = 200_000
"""Points and hubs within reach up to which people go the shortest ways that there are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditOutcome:
    """What hubs achieve.

    Parameters
    ----------
    covered
        (n,) covered share of each demand row.
    links
        row, site, share, people, need and distance of each link.
    hub_need, hub_people, hub_load
        (k,) of what each hub serves; NaN where several tiers at one site share links.
    service
        What each point would have if hubs did not fill up.
    year
        Years of growth.
    exact
        Whether covered shares follow from what the run stores, point by point.
    known
        Whether the links' distances are confirmed.
    farthest
        The longest way of people in spread rows with seats; None where it does not follow from the links.
    """

    covered: Array
    links: pd.DataFrame
    hub_need: Array
    hub_people: Array
    hub_load: Array
    service: Service
    year: int
    exact: bool = True
    known: bool = True
    farthest: float | None = None


def outcome_of(world: AuditData, hubs: list[AuditHub], stated: pd.DataFrame, year: int, ledger: Ledger) -> AuditOutcome:
    """Return what hubs achieve; where people are assigned, by the links that the run states."""
    service = serve(world, hubs)
    if is_assigned(world):
        return _by_links(world, hubs, service, _read_links(world, stated, year, ledger), ledger, year)
    people = world.people
    covered = np.bincount(people.row, weights=service.covered * people.share, minlength=len(people.frame))
    some = service.hub != NOBODY

    def by_hub(weight: Array) -> Array:
        return np.bincount(service.hub[some], weights=weight[some], minlength=len(hubs))

    need, count = (people.at_points(people.weight(name, year)) for name in ("need", "people"))
    return AuditOutcome(
        covered=covered,
        links=links_of(world, hubs, service, year),
        hub_need=by_hub(need * service.covered),
        hub_people=by_hub(count * service.covered),
        hub_load=by_hub(count),
        service=service,
        year=year,
    )


def _read_links(world: AuditData, stated: pd.DataFrame, year: int, ledger: Ledger) -> pd.DataFrame:
    """Return the stated links by position; note those between unknown ends."""
    rows = {name: at for at, name in enumerate(world.people.frame["demand_id"])}
    sites = world.sites.position
    found: list[dict[str, Any]] = []
    columns = ["demand_id", "site_id", "people", "need", f"distance_{world.unit}"]
    lost = [name for name in columns if name not in stated] if len(stated) else []
    if lost:
        ledger.holds(LINKS, "columns", true=False, stated="missing", recomputed=", ".join(lost))
        stated = stated.iloc[:0]
    people, need = world.people.weight("people", year), world.people.weight("need", year)
    for link in stated.to_dict("records"):
        row, site = rows.get(str(link["demand_id"])), sites.get(str(link["site_id"]))
        name = f"link {link['demand_id']} to {link['site_id']}"
        ledger.holds(LINKS, name, true=None not in {row, site}, stated="a link", recomputed="no such row or site")
        if row is None or site is None:
            continue
        part = link["people"] / people[row] if people[row] > 0 else link["need"] / need[row] if need[row] > 0 else 1.0
        ledger.same(LINKS, f"{name}, need", link["need"], part * need[row])
        far = link[f"distance_{world.unit}"]
        found.append({"row": row, "site": site, "share": part, "distance": far, "people": link["people"]})
    frame = pd.DataFrame(found, columns=["row", "site", "share", "distance", "people"])
    at, seats = frame["row"].to_numpy(dtype=np.intp), world.people.weight("seats", year)
    return frame.assign(need=frame["share"] * need[at], seats=frame["share"] * seats[at])


def _by_links(  # noqa: PLR0913, PLR0917 - the plan, its links and where to note what is wrong
    world: AuditData, hubs: list[AuditHub], service: Service, links: pd.DataFrame, ledger: Ledger, year: int
) -> AuditOutcome:
    spread = len(world.people.row) > len(world.people.frame)
    at: dict[int, list[int]] = {}
    for number, hub in enumerate(hubs):
        at.setdefault(hub.site, []).append(number)
    distance, credit = _measured(world, hubs, links, at, ledger, spread=spread)
    known, farthest = _check_ways(world, hubs, links, at, ledger) if spread else (True, None)
    _check_rows(world, links.assign(distance=distance), ledger)
    covered = np.bincount(links["row"].astype(int), weights=credit, minlength=len(world.people.frame))
    covered = covered + covered_beside(world)
    check_measures(world, links, ledger)
    totals = _by_hub(world, hubs, links, credit, at, ledger)
    return AuditOutcome(
        covered=covered,
        links=links.assign(distance=distance),
        hub_need=totals[0],
        hub_people=totals[1],
        hub_load=totals[2],
        service=service,
        year=year,
        exact=not spread,
        known=known,
        farthest=farthest,
    )


def _by_hub(  # noqa: PLR0913, PLR0917 - links, their ends and where to note what is wrong
    world: AuditData, hubs: list[AuditHub], links: pd.DataFrame, credit: Array, at: dict[int, list[int]], ledger: Ledger
) -> Array:
    """Return covered need, covered people and load (3, k) of hubs that are alone at their site; note overloads."""
    totals = np.full((3, len(hubs)), np.nan)
    whole = links["people"].to_numpy() / np.maximum(links["share"].to_numpy(), 1e-300)
    need = links["need"].to_numpy() / np.maximum(links["share"].to_numpy(), 1e-300)
    for site, numbers in at.items():
        here = (links["site"] == site).to_numpy()
        load = float(links["seats"].to_numpy()[here].sum())
        seats = sum(room(world, hubs[number]) for number in numbers)
        name = f"seats taken at {world.sites.frame['site_id'].iloc[site]}"
        fits = load <= seats * (1 + SEATS)
        ledger.holds(LINKS, name, true=fits, stated=load, recomputed=f"room for {seats:,.0f}")
        if len(numbers) == 1:
            totals[:, numbers[0]] = (need[here] @ credit[here], whole[here] @ credit[here], load)
    return totals


def _measured(  # noqa: PLR0913 - links, their ends and where to note what is wrong
    world: AuditData,
    hubs: list[AuditHub],
    links: pd.DataFrame,
    at: dict[int, list[int]],
    ledger: Ledger,
    *,
    spread: bool,
) -> tuple[Array, Array]:
    """Return each link's distance, and the share of its row that it covers."""
    distance, credit = links["distance"].to_numpy(dtype=float).copy(), np.zeros(len(links))
    points = {row: np.flatnonzero(world.people.row == row) for row in links["row"].unique().tolist()}
    rows, sites, shares = (links[name].tolist() for name in ("row", "site", "share"))
    for number, (row, site, part) in enumerate(zip(rows, sites, shares, strict=True)):
        tiers = [hubs[hub].tier for hub in at.get(site, [])]
        name = f"link {world.people.frame['demand_id'].iloc[row]} to {world.sites.frame['site_id'].iloc[site]}"
        ledger.holds(LINKS, name, true=bool(tiers), stated="a link", recomputed="no hub at this site")
        if not tiers:
            continue
        far = world.apart(points[row], np.array([site]))[:, 0]
        worth = _covers(world, points[row], site, tiers)
        near, stated = far[worth > 0], float(distance[number])
        most = float(world.people.share[points[row]][worth > 0].sum())
        ledger.holds(LINKS, f"{name}, share", true=part <= most + SEATS, stated=part, recomputed=f"{most:.6f} in reach")
        credit[number] = part * (1.0 if spread else float(worth[0]))
        if spread and len(near):
            inside = near.min() - NEAR_KM <= stated <= near.max() + NEAR_KM
            span = f"{near.min():.6f} to {near.max():.6f}"
            ledger.holds(LINKS, f"{name}, distance", true=bool(inside), stated=stated, recomputed=span)
        elif not spread:
            distance[number] = far[0]
    if world.scenario.coverage.decay != "step" and (spread or any(len(part) > 1 for part in at.values())):
        ledger.skip("covered need with decay, seats and spread rows or several tiers a site: links do not tell it")
    return distance, credit


def _check_ways(
    world: AuditData, hubs: list[AuditHub], links: pd.DataFrame, at: dict[int, list[int]], ledger: Ledger
) -> tuple[bool, float | None]:
    """Hold the distances of spread rows' links against the shortest ways by which so many people go to these hubs.

    People of one row count alike, so whoever goes farther than needed could change with another: a plan's ways are the
    shortest, but where points are served whole, distance has a say in cover, or there are too many pairs to sort out.
    Returns whether all ways are confirmed, and the longest.
    """
    far_from, names = _reaches(world, hubs, at), world.people.frame["demand_id"].to_numpy()
    firm = _is_shortest(world, far_from)
    known, farthest, longer = True, 0.0, list[str]()
    for row, group in links[(links["share"] > 0) & links["site"].isin(list(at))].groupby("row"):
        here, sites = np.flatnonzero(world.people.row == row), group["site"].tolist()
        amount, stated = group["share"].to_numpy() * len(here), group["distance"].to_numpy(dtype=float)
        supply = world.people.share[here] * len(here)
        name = f"people of {names[int(str(row))]}"
        far = np.column_stack([far_from[site][0][here] for site in sites])
        inside = np.column_stack([far_from[site][1][here] for site in sites])
        ways = shortest(far, inside, supply, amount)
        ledger.holds(
            LINKS, f"{name}, together", true=ways is not None, stated=amount.sum(), recomputed="too few points in reach"
        )
        if ways is None:
            known = False
            continue
        mean, least = float(amount @ stated / amount.sum()), float(amount @ ways.mean / amount.sum())
        alone = all(len({world.reach[hubs[hub].tier] for hub in at[site]}) == 1 for site in sites)
        if not (firm and alone) and mean > least + WAYS_KM:
            longer.append(f"{name}: {mean:.6f} is stated on average and {least:.6f} can be")
            continue
        ledger.same(LINKS, f"{name}, mean distance", mean, least, absolute=WAYS_KM)
        if ways.unique:
            for site, one, other in zip(sites, stated.tolist(), ways.mean.tolist(), strict=True):
                to = world.sites.frame["site_id"].iloc[site]
                ledger.same(LINKS, f"{name}, distance to {to}", one, other, absolute=WAYS_KM)
        else:
            fits = shortest(far, inside, supply, amount, stated, WAYS_KM) is not None
            ledger.holds(LINKS, f"{name}, distances", true=fits, stated=stated.tolist(), recomputed="no such ways")
        if world.people.frame["need"].iloc[int(str(row))] > 0:
            farthest = max(farthest, ways.farthest) if ways.unique else np.nan
    if longer:
        others = f", and so of {len(longer) - 1:,} other rows" if len(longer) > 1 else ""
        ledger.skip(f"{LINKS}, distances of {longer[0]}{others}")
        known = False
    return known, farthest if known and np.isfinite(farthest) else None


def _reaches(world: AuditData, hubs: list[AuditHub], at: dict[int, list[int]]) -> dict[int, tuple[Array, Array]]:
    """Return the distances (p,) of all points to each site with a hub, and whether one there reaches them."""
    points, found = np.arange(len(world.people.points)), {}
    for site, numbers in at.items():
        far = world.apart(points, np.array([site]))[:, 0]
        found[site] = far, _covers(world, points, site, [hubs[number].tier for number in numbers]) > 0
    return found


def _covers(world: AuditData, points: Array, site: int, tiers: list[int]) -> Array:
    """Return the share of some points that a hub of one of some tiers at a site covers at most."""
    each = world.counted(points, np.full(len(tiers), site), np.array(tiers))
    return np.asarray(share(world.scenario.coverage, each, world.reach[tiers]).max(axis=1))


def _is_shortest(world: AuditData, far_from: dict[int, tuple[Array, Array]]) -> bool:
    """Tell whether people go the shortest ways: see ``_check_ways``."""
    model, some = world.scenario.model, world.people.at_points(world.people.frame["need"].to_numpy()) > 0
    pairs = sum(int((inside & some).sum()) for _, inside in far_from.values())
    seats = any(tier.capacity is not None for tier in world.scenario.hubs)
    split = seats and model.assignment == "split" and model.objective != "p_center"
    split = split and world.scenario.demand.take_up is None and not world.scenario.beside
    return split and world.scenario.coverage.decay == "step" and pairs <= MOST_PAIRS


def _check_rows(world: AuditData, links: pd.DataFrame, ledger: Ledger) -> None:
    """Note rows that are served more than once over, or in parts where they must be whole."""
    single = world.scenario.model.assignment == "single" and len(world.people.row) == len(world.people.frame)
    for row, group in links.groupby("row"):
        name = f"people of {world.people.frame['demand_id'].iloc[int(str(row))]}"
        total = group["share"].sum()
        ledger.holds(LINKS, name, true=total <= 1 + SEATS, stated=f"{total:.6f} of them", recomputed="at most all")
        if (come := world.scenario.demand.take_up) is not None:
            far = group[["distance"]].to_numpy(dtype=float)[:, 0] / (come.e_fold_km or np.inf)
            used = float((group["share"].to_numpy() / (come.share * np.exp(-far))).sum())
            ledger.holds(LINKS, f"{name}, take_up", true=used <= 1 + SEATS, stated=used, recomputed="at most 1")
        whole = not single or (len(group) == 1 and abs(total - 1) <= SEATS)
        ledger.holds(LINKS, name, true=whole, stated="served in parts", recomputed="whole, by one site")
