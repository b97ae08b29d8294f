"""What a scenario says of named sites: which existing hubs may grow or close, which sites depend on each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hubplanner.errors import Fault
from hubplanner.inputs.readers.columns import Checker
from hubplanner.problem import Bools, Floats, Ints, SiteStatus
from hubplanner.scenario import Scenario
from hubplanner.scenario.fields import LEAST_MONEY
from hubplanner.scenario.names import hint, listed


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Money (m,) for an upgrade on top of the difference, and from a closure."""

    fee: Floats
    saving: Floats


def read_changes(scenario: Scenario, checker: Checker) -> Changes:
    """Return what changes of existing hubs cost and free."""
    existing = scenario.model.existing
    sources = existing.upgrade_fee, existing.close_saving
    fee, saving = (checker.numbers(source, least=LEAST_MONEY).to_numpy() for source in sources)
    return Changes(fee=fee, saving=saving)


def larger_tiers(scenario: Scenario, capacity: Floats, own: Ints) -> Bools:
    """Return which tiers are larger than a site's own (m, t): by capacity (m, t) if all have one, else by reach."""
    reaches = [tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs]
    is_limited = all(tier.capacity is not None for tier in scenario.hubs)
    size = capacity if is_limited else np.broadcast_to(reaches, capacity.shape)
    return np.asarray(size > size[np.arange(len(own)), own][:, None])


def is_named(ids: pd.Series, sites: bool | tuple[str, ...]) -> Bools:  # noqa: FBT001 - all, none, or those listed
    """Tell which sites (m,) are meant: all, none, or those listed."""
    if isinstance(sites, bool):
        return np.full(len(ids), sites, dtype=np.bool_)
    return np.asarray(ids.isin(sites).to_numpy(), dtype=np.bool_)


def check_named(scenario: Scenario, ids: pd.Series, status: Ints, faults: list[Fault]) -> None:
    """Note sites that the model names and that the file does not have, or that are not what they must be."""
    position = {site: number for number, site in enumerate(ids)}
    file = scenario.sites.file_name
    for key, site, must_stand in mentions(scenario):
        at = position.get(site)
        if at is None:
            allowed = f"the id of a site in {file}; in quotes if it starts with 0{hint(site, position)}"
        elif must_stand and status[at] != SiteStatus.EXISTING:
            allowed = "a site with an existing hub"
        else:
            continue
        faults.append(Fault(file=scenario.file, column=key, value=site, allowed=allowed, kind="scenario"))


def mentions(scenario: Scenario) -> Iterator[tuple[str, str, bool]]:
    """Yield key, site and whether a hub must stand there, for each site the model names."""
    model = scenario.model
    for key in ("upgrade", "close"):
        sites = getattr(model.existing, key)
        for site in () if isinstance(sites, bool) else sites:
            yield f"model.existing.{key}", site, True
    for number, together in enumerate(model.at_most_one):
        for site in together:
            yield f"model.at_most_one.{number}", site, False
    for number, pair in enumerate(model.only_with):
        yield f"model.only_with.{number}.site", pair.site, False
        yield f"model.only_with.{number}.needs", pair.needs, False


def check_groups(scenario: Scenario, groups: Mapping[str, pd.Series], name: str, faults: list[Fault]) -> None:
    """Note limits on a value that no site has."""
    for number, limit in enumerate(scenario.model.hub_limits):
        known = set(groups.get(limit.group, ())) - {""}
        if limit.value is not None and known and limit.value not in known:
            allowed = f"a value of {limit.group} in {name}: {listed(known)}{hint(limit.value, known)}"
            key = f"model.hub_limits.{number}.value"
            faults.append(Fault(file=scenario.file, column=key, value=limit.value, allowed=allowed, kind="scenario"))
