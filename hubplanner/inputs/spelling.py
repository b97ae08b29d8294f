"""A scenario's names of sites and of groups' values, spelled as the data spell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from hubplanner.errors import Fault
from hubplanner.scenario import Scenario
from hubplanner.scenario.names import hint, key_of, listed
from hubplanner.translation import gettext as _, with_advice

Spelling = dict[str, str]
"""A name as the data spell it, by what names are compared by."""


def spelling(names: Iterable[object]) -> Spelling:
    """Return how names are spelled, by what they are compared by."""
    return {key_of(str(name)): str(name) for name in names}


def with_site_names(scenario: Scenario, ids: Iterable[object], groups: Mapping[str, Iterable[object]]) -> Scenario:
    """Return a scenario that names sites, and values of their groups, as the data do; unknown names stay.

    Parameters
    ----------
    ids
        All sites' ids.
    groups
        Values of the sites' groups.
    """
    model, own = scenario.model, spelling(ids)
    existing = {
        key: names if isinstance(names := getattr(model.existing, key), bool) else _each(own, names)
        for key in ("upgrade", "close")
    }
    changed = {
        **{key: _each(own, getattr(model, key)) for key in ("require", "exclude")},
        "at_most_one": tuple(_each(own, sites) for sites in model.at_most_one),
        "only_with": tuple(
            pair.model_copy(update={"site": _one(own, pair.site), "needs": _one(own, pair.needs)})
            for pair in model.only_with
        ),
        "existing": model.existing.model_copy(update=existing),
        "hub_limits": _values(model.hub_limits, groups),
    }
    known = {group: spelling(values) for group, values in groups.items()}
    return _with_futures(
        scenario.model_copy(update={"model": model.model_copy(update=changed)}),
        lambda future: {"sites_out": _each(own, future.sites_out), "cost": _factors(known, future.cost)},
    )


def with_demand_names(scenario: Scenario, groups: Mapping[str, Iterable[object]]) -> Scenario:
    """Return a scenario that names values of the demand's groups as the data do; unknown names stay."""
    known = {group: spelling(values) for group, values in groups.items()}
    floors = {"floors": _values(scenario.model.floors, groups)}
    return _with_futures(
        scenario.model_copy(update={"model": scenario.model.model_copy(update=floors)}),
        lambda future: {"need": _factors(known, future.need)},
    )


def check_values(
    scenario: Scenario,
    key: Literal["floors", "hub_limits"],
    groups: Mapping[str, Iterable[object]],
    name: str,
    faults: list[Fault],
) -> None:
    """Note limits of the model, spelled as the data do, on a value that no row of their group has."""
    for number, limit in enumerate(getattr(scenario.model, key)):
        known = set(map(str, groups.get(limit.group or "", ()))) - {""}
        if limit.value is not None and known and limit.value not in known:
            allowed = _("a value of {group} in {name}: {known}", group=limit.group, name=name, known=listed(known))
            allowed = with_advice(allowed, hint(limit.value, known))
            column = f"model.{key}.{number}.value"
            faults.append(scenario.fault(column, limit.value, allowed))


def mentioned(tree: Any) -> set[str]:
    """Return every text in a tree of a scenario, columns' names among them."""
    if isinstance(tree, dict):
        return {str(key) for key in tree}.union(*map(mentioned, tree.values()))
    if isinstance(tree, list | tuple):
        return set[str]().union(*map(mentioned, tree))
    return {tree} if isinstance(tree, str) else set()


def _one(own: Spelling, name: str) -> str:
    return own.get(key_of(name), name)


def _each(own: Spelling, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(_one(own, name) for name in names)


def _values(limits: Iterable[Any], groups: Mapping[str, Iterable[object]]) -> tuple[Any, ...]:
    """Return floors or limits with their values as the data spell them."""
    known = {group: spelling(values) for group, values in groups.items()}
    return tuple(
        limit
        if limit.value is None or limit.group not in known
        else limit.model_copy(update={"value": _one(known[limit.group], limit.value)})
        for limit in limits
    )


def _factors(known: Mapping[str, Spelling], factors: Any) -> Any:
    if not isinstance(factors, dict):
        return factors
    return {
        name: {_one(known[name], value): factor for value, factor in part.items()}
        if isinstance(part, dict) and name in known
        else part
        for name, part in factors.items()
    }


def _with_futures(scenario: Scenario, change: Any) -> Scenario:
    if scenario.futures is None:
        return scenario
    named = tuple(future.model_copy(update=change(future)) for future in scenario.futures.named)
    return scenario.model_copy(update={"futures": scenario.futures.model_copy(update={"named": named})})
