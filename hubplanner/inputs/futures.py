"""A scenario's futures checked against its data, and as multipliers for the problem's arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hubplanner.errors import Fault
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.inputs import Inputs
from hubplanner.inputs.sites import Sites
from hubplanner.problem import Floats, Future, Futures, Ints
from hubplanner.scenario import Scenario
from hubplanner.scenario.futures_spec import FuturesSpec
from hubplanner.scenario.names import hint, listed
from hubplanner.translation import gettext as _, with_advice


def check_futures(scenario: Scenario, demand: Demand | None, sites: Sites | None, faults: list[Fault]) -> None:
    """Note futures that name sites, or values of groups, that the data do not have."""
    if scenario.futures is None or demand is None or sites is None:
        return
    ids = set(sites.frame["site_id"])
    frames = {"need": demand.frame, "cost": sites.frame}
    for number, future in enumerate(scenario.futures.named):
        key = f"futures.named.{number}"
        for site in future.sites_out:
            if site not in ids:
                allowed = _("the id of a site in the file of sites; in quotes if it starts with 0")
                allowed = with_advice(allowed, hint(site, ids))
                faults += [scenario.fault(f"{key}.sites_out", site, allowed)]
        for item, frame in frames.items():
            for group, factors in _by_group(getattr(future, item)):
                known = set(frame[group].astype(str)) if group in frame else set()
                for value in factors:
                    if known and value not in known:
                        allowed = _("a value of {group}: {known}", group=group, known=listed(known))
                        allowed = with_advice(allowed, hint(value, known))
                        faults.append(scenario.fault(f"{key}.{item}.{group}", value, allowed))


def _by_group(value: Any) -> Iterator[tuple[str, Mapping[str, float]]]:
    for name, part in value.items() if isinstance(value, dict) else ():
        if isinstance(part, dict):
            yield name, part


def futures_of(inputs: Inputs, spec: FuturesSpec | None = None) -> Futures:
    """Return the futures of a scenario, or of a section of another one, for the arrays of its problem."""
    found = spec or inputs.scenario.futures
    if found is None:
        raise AssertionError
    if found.sample is None:
        return Futures([_named(inputs, future) for future in found.named])
    rng = np.random.default_rng(found.seed)
    digits = len(str(found.sample))
    return Futures([_drawn(inputs, found, rng, f"{number + 1:0{digits}}") for number in range(found.sample)])


def _named(inputs: Inputs, spec: Any) -> Future:
    number = {site: at for at, site in enumerate(inputs.sites.frame["site_id"])}
    tiers = {tier.name: at for at, tier in enumerate(inputs.scenario.hubs)}
    return Future(
        name=spec.name,
        probability=spec.probability,
        need=_need(inputs, spec.need),
        cost=_cost(inputs, spec.cost),
        reach=_reach(inputs, spec.reach),
        sites_out=tuple(sorted(number[site] for site in spec.sites_out)),
        tiers_out=tuple(sorted(tiers[tier] for tier in spec.tiers_out)),
        travel=None if inputs.searched is None else inputs.searched.futures.get(spec.name),
    )


def _need(inputs: Inputs, factors: Any) -> float | Floats:
    """Return a multiplier, or one for each point: those of several groups multiply."""
    if not isinstance(factors, dict):
        return float(factors)
    product = np.ones(len(inputs.demand.frame))
    for group, values in _by_group(factors):
        product *= inputs.demand.frame[group].astype(str).map(values).fillna(1.0).to_numpy(dtype=np.float64)
    return product[inputs.demand.row]


def _cost(inputs: Inputs, factors: Any) -> float | Floats:
    """Return a multiplier, or one for each option: those of its tier and of its site's groups multiply."""
    if not isinstance(factors, dict):
        return float(factors)
    site, tier = _options(inputs)
    product = np.array([_of_tier(factors, spec.name) for spec in inputs.scenario.hubs])[tier]
    for group, values in _by_group(factors):
        product *= inputs.sites.frame[group].astype(str).map(values).fillna(1.0).to_numpy(dtype=np.float64)[site]
    return np.asarray(product)


def _reach(inputs: Inputs, factors: Any) -> float | Floats:
    if not isinstance(factors, dict):
        return float(factors)
    return np.array([_of_tier(factors, tier.name) for tier in inputs.scenario.hubs])


def _of_tier(factors: Mapping[str, Any], name: str) -> float:
    factor = factors.get(name, 1.0)
    return 1.0 if isinstance(factor, dict) else float(factor)


def _options(inputs: Inputs) -> tuple[Ints, Ints]:
    """Return site and tier of each option, in the order of the problem's."""
    site, tier = np.nonzero(inputs.sites.allowed)
    return site, tier


def _drawn(inputs: Inputs, spec: FuturesSpec, rng: np.random.Generator, name: str) -> Future:
    """Return a future drawn from the ranges."""
    ranges, tiers = spec.ranges, [tier.name for tier in inputs.scenario.hubs]
    need = _draw(ranges.need, rng, (), inputs.demand.frame)
    cost = _draw(ranges.cost, rng, tiers, inputs.sites.frame)
    reach = _draw(ranges.reach, rng, tiers, None)
    out = np.flatnonzero(rng.random(len(inputs.sites.frame)) < ranges.site_out) if ranges.site_out else ()
    return Future(
        name=name,
        need=_need(inputs, need),
        cost=_cost(inputs, cost),
        reach=_reach(inputs, reach),
        sites_out=tuple(int(site) for site in out),
    )


def _draw(ranges: Any, rng: np.random.Generator, tiers: Any, frame: Any) -> Any:
    """Return a multiplier from a range; by name, one for a tier and one for each value of a group."""
    if not isinstance(ranges, dict):
        return float(rng.uniform(*ranges))
    drawn: dict[str, Any] = {}
    for name, (least, most) in ranges.items():
        if name in tiers:
            drawn[name] = float(rng.uniform(least, most))
        else:
            drawn[name] = {value: float(rng.uniform(least, most)) for value in sorted(set(frame[name].astype(str)))}
    return drawn
