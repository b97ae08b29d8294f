"""Clashes that counting shows, before any solver is asked: more hubs asked for than have a place, or money."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hubplanner.model import (
    Constraint,
    HubsPerSite,
    MaxHubs,
    MinHubs,
    Objective,
    Question,
    RequiredSites,
    broken_years,
)
from hubplanner.model.constraints.base import first_of, of_kind
from hubplanner.model.constraints.budget import enough_money, least_money, most_money
from hubplanner.model.constraints.hub_count import HubCount
from hubplanner.model.formulation import Year
from hubplanner.problem import Conflict, Ints, Problem, evaluate
from hubplanner.translation import gettext as _, ngettext


@dataclass(frozen=True, eq=False)
class _Minimum:
    """At least so many new hubs at some sites, and the demand that asks for them."""

    sites: frozenset[int]
    count: int
    demand: Constraint


@dataclass(eq=False)
class _LaminarSet:
    """The fewest and cheapest hubs that a set of sites, and those within it, ask for; and the demands behind either."""

    sites: frozenset[int]
    hubs: dict[int, int]
    by_number: list[Constraint] = field(default_factory=list)
    by_cost: list[Constraint] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Number of its hubs."""
        return sum(self.hubs.values())


def counted_conflict(problem: Problem, objective: Objective, *, with_money: bool = True) -> Conflict | None:
    """Return demands that clash by counting alone; None where counting shows nothing.

    Counted are hubs: how many have a place, how many limits allow, and what the cheapest ones cost that required sites
    and least numbers ask for. Sets of sites within others are counted once, those that overlap in part are left out.

    Parameters
    ----------
    with_money
        Whether budgets are of one future, so that costs are what the problem says.
    """
    return _Counting(problem, objective, with_money=with_money).clash()


class _Counting:
    """A question as numbers of hubs."""

    def __init__(self, problem: Problem, objective: Objective, *, with_money: bool) -> None:
        self.problem, self.objective = problem, objective
        self.constraints = objective.constraints_on(problem)
        new = np.flatnonzero(problem.new)
        sites, place = np.unique(problem.option_site[new], return_inverse=True)
        cheapest = np.full(len(sites), math.inf)
        np.minimum.at(cheapest, place, problem.option_cost[new])
        per_site = (first_of(self.constraints, HubsPerSite) or HubsPerSite()).count
        self.price = dict(zip(sites.tolist(), cheapest.tolist(), strict=True))
        self.room = dict.fromkeys(self.price, per_site)
        self.minima = list(self._minima())
        self.money = [b for b in self.constraints if b.money is not None] if with_money else []
        self.asks_money = any(constraint.money is not None for constraint in self.constraints)

    def clash(self) -> Conflict | None:
        """Return the clashes of the first kind that counting shows, as one with others."""
        for kind in (self._no_place(), self._too_many()):
            found = [self._found(*clash) for clash in kind]
            if found:
                return replace(found[0], others=tuple(found[1:]))
        return self._too_dear()

    def _minima(self) -> Iterator[_Minimum]:
        every, required = frozenset(self.price), RequiredSites().parts(self.problem)
        for number, site in enumerate(self.problem.required_sites.tolist()):
            yield _Minimum(frozenset({site}), 1, required[min(number, len(required) - 1)])
        for constraint in of_kind(self.constraints, MinHubs):
            if constraint.count:
                yield _Minimum(self._at(constraint) & every, constraint.count, constraint)

    def _at(self, constraint: HubCount) -> frozenset[int]:
        return frozenset(self.price if constraint.sites is None else constraint.sites)

    def _no_place(self) -> Iterator[tuple[list[Constraint], str]]:
        """Yield the least numbers of hubs for which there are too few places, and by how much."""
        for least in self.minima:
            places = sum(self.room[site] for site in least.sites & self.price.keys())
            if places < least.count:
                hubs = "hub has" if places == 1 else "hubs have"
                yield [least.demand], f"{places} new {hubs} a place there, {least.count} are asked for"

    def _too_many(self) -> Iterator[tuple[list[Constraint], str]]:
        """Yield the largest numbers of hubs that least numbers within their sites exceed, with these, and by how much.

        Of each largest number this tells once, by the first kind of least numbers that exceeds it.
        """
        for most in of_kind(self.constraints, MaxHubs):
            inside = [least for least in self.minima if least.sites <= self._at(most)]
            for some in _kinds(inside):
                nodes = self._nodes(some)
                asked = sum(node.count for node in nodes)
                if asked > most.count:
                    asking = [demand for node in nodes for demand in node.by_number]
                    reason = ngettext(
                        "{n} is allowed, {asked} are asked for",
                        "{n} are allowed, {asked} are asked for",
                        most.count,
                        asked=asked,
                    )
                    yield [most, *_once(asking)], reason
                    break

    def _too_dear(self) -> Conflict | None:
        """Return each budget below the least cost of the hubs that are asked for, as one clash with others."""
        found = [clash for clash in map(self._dear_for, self.money) if clash is not None]
        return replace(found[0], others=tuple(found[1:])) if found else None

    def _dear_for(self, budget: Constraint) -> Conflict | None:
        """Return that a budget is below what the hubs that are asked for cost at their cheapest."""
        for some in _kinds(self.minima):
            nodes = self._nodes(some)
            hubs = {site: count for node in nodes for site, count in node.hubs.items()}
            least = math.fsum(self.price[site] * count for site, count in hubs.items())
            if least - self._freed() > most_money(budget.money or 0.0) and least > 0:
                count, cost, freed = sum(hubs.values()), least_money(least), self._freed()
                reason = _("the {count:,} hubs that are asked for cost at least {cost:,.12g}", count=count, cost=cost)
                if freed:
                    reason = _(
                        "{reason}, standing hubs free {freed:,.12g} at most",
                        reason=reason,
                        freed=enough_money(freed),
                    )
                return self._dear([budget, *_once([d for node in nodes for d in node.by_cost])], reason)
        return None

    def _freed(self) -> float:
        """Return the money that closing standing hubs, or replacing them by cheaper ones, frees at most."""
        closing = float(np.nansum(self.problem.savings))
        cheaper = np.minimum(self.problem.option_cost, 0.0)
        return closing - math.fsum(cheaper)

    def _nodes(self, minima: Sequence[_Minimum]) -> list[_LaminarSet]:
        """Return the hubs of sets that lie in no other, each the cheapest that it and those within it ask for.

        From the smallest set to the largest the cheapest hubs that are missing are added: sets that lie in each other
        or apart leave nothing to gain by any other choice.
        """
        top: dict[int, _LaminarSet] = {}
        for least in sorted(minima, key=lambda one: len(one.sites)):
            inner = list({id(top[site]): top[site] for site in least.sites if site in top}.values())
            if not all(node.sites <= least.sites for node in inner):
                continue
            hubs = {site: count for node in inner for site, count in node.hubs.items()}
            node = _LaminarSet(least.sites, hubs)
            node.by_number = [demand for part in inner for demand in part.by_number]
            node.by_cost = [demand for part in inner for demand in part.by_cost]
            if least.count > node.count:
                node.by_number = [least.demand]
                node.by_cost.append(least.demand)
            for site in sorted(least.sites, key=lambda site: (self.price[site], site)):
                more = min(self.room[site] - hubs.get(site, 0), least.count - node.count)
                if more > 0:
                    hubs[site] = hubs.get(site, 0) + more
                if node.count >= least.count:
                    break
            top.update(dict.fromkeys(least.sites, node))
        return list({id(node): node for node in top.values()}.values())

    def _dear(self, demands: list[Constraint], reason: str) -> Conflict:
        """Return a clash with a budget, and the least budget where the cheapest hubs keep to all other limits."""
        nodes = self._nodes(self.minima)
        hubs = {site: count for node in nodes for site, count in node.hubs.items()}
        surely = math.fsum(self.price[site] * count for site, count in hubs.items()) - self._freed()
        least = self._enough(hubs)
        return Conflict(
            demands=tuple(demands),
            is_smallest=False,
            least_budget=least if math.isclose(least, surely, rel_tol=1e-9) else math.nan,
            too_little=surely,
            reason=reason,
            is_counted=True,
        )

    def _enough(self, hubs: dict[int, int]) -> float:
        """Return what the cheapest hubs cost if they keep to all limits but money, recomputed; NaN if they do not."""
        question = Question.of(self.problem, self.objective)
        if len(question.problems) > 1 or question.assigns or not self.problem.keeps_existing:
            return math.nan
        options = np.concatenate([np.flatnonzero(self.problem.existing), self._options(hubs)])
        plan = evaluate(self.problem, options)
        rest = tuple(constraint for constraint in question.constraints if constraint.money is None)
        kept = Question.of(self.problem, self.objective, rest)
        return math.nan if broken_years(kept, [Year(self.problem, plan)]) else plan.cost

    def _options(self, hubs: dict[int, int]) -> Ints:
        """Return the cheapest option of each site, as often as it has hubs."""
        problem, found = self.problem, list[int]()
        for site, count in sorted(hubs.items()):
            at = np.flatnonzero((problem.option_site == site) & problem.new)
            found += [int(at[np.argmin(problem.option_cost[at])])] * count
        return np.array(found, dtype=np.intp)

    def _found(self, demands: list[Constraint], reason: str) -> Conflict:
        """Return a clash that no money helps against."""
        least = math.inf if self.asks_money else math.nan
        return Conflict(
            demands=tuple(demands),
            is_smallest=len(demands) == 1,
            least_budget=least,
            too_little=least,
            reason=reason,
            is_counted=True,
        )


def _kinds(minima: Sequence[_Minimum]) -> Iterator[list[_Minimum]]:
    """Yield the least numbers of one kind and group, one after the other, then all of them."""
    kinds: dict[tuple[type, str], list[_Minimum]] = {}
    for least in minima:
        kinds.setdefault((type(least.demand), getattr(least.demand, "group", "")), []).append(least)
    yield from kinds.values()
    if len(kinds) > 1:
        yield list(minima)


def _once(demands: Sequence[Constraint]) -> list[Constraint]:
    """Return demands, each once."""
    return list({id(demand): demand for demand in demands}.values())
