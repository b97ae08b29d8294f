"""Random towns with objectives and constraints for the oracle, each from its seed."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hubplanner.model import (
    AtMostOne,
    Budget,
    Capacity,
    Floor,
    FullService,
    HubsPerSite,
    MaxCoverage,
    MaxHubs,
    MaxMin,
    MinCost,
    MinHubs,
    MinSeparation,
    OnlyWith,
    PCenter,
    Periods,
    PMedian,
)
from hubplanner.problem import CoverageRule, SiteStatus
from support.oracles.questions import Query, best
from support.oracles.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.model import Constraint, Objective

    Rng = np.random.Generator
    Make = Callable[[Rng, Town], Constraint]

KINDS = ("max_coverage", "min_cost", "min_cost with travel", "p_median", "p_center")


def _capacity(rng: Rng, town: Town, *, single: bool) -> Capacity:
    room = np.maximum(np.round(town.people.sum() * rng.uniform(0.2, 0.8, len(town.reaches))), 1)
    return Capacity(people=tuple(np.where(rng.random(len(room)) < 0.2, np.inf, room).tolist()), single=single)


def _share_of_need(rng: Rng, town: Town) -> np.ndarray:
    return np.asarray(town.needs * rng.choice([0.0, 0.5, 1.0], len(town.needs)))


def _groups(rng: Rng, town: Town) -> np.ndarray:
    group = rng.integers(0, 3, len(town.needs))
    return np.array([town.needs * (group == number) for number in range(3)])


def _money(town: Town) -> float:
    return sum(max(cost, 0.0) for cost in town.costs.values())


def _periods(rng: Rng, town: Town, **given: Any) -> Periods:
    money = _money(town) / len(town.reaches) + 1
    return Periods(
        budgets=tuple(np.round(money * rng.uniform(0.1, 0.5, 2 if len(town.options) > 4 else 3), 2).tolist()),
        discount_rate=float(rng.choice([0.0, 0.1, 0.5])),
        growth=None if rng.random() < 0.3 else np.round(rng.uniform(-0.3, 0.6, len(town.needs)), 2),
        **given,
    )


def _some_sites(rng: Rng, town: Town, least: int = 1) -> tuple[int, ...]:
    count = len(town.sites)
    return tuple(sorted(rng.permutation(count)[: rng.integers(least, count + 1)].tolist()))


def _two_sites(rng: Rng, town: Town) -> tuple[int, int]:
    one, other = rng.permutation(len(town.sites))[:2].tolist()
    return one, other


def _only_with(rng: Rng, town: Town) -> OnlyWith:
    site, needs = _two_sites(rng, town)
    return OnlyWith(site=site, needs=needs)


def _count(rng: Rng, most: int) -> int:
    return int(rng.integers(0, most + 1))


CONSTRAINTS: dict[str, Make] = {
    "two a site": lambda rng, _: HubsPerSite(count=2, mixed=bool(rng.random() < 0.5)),
    "tiers mixed": lambda rng, _: HubsPerSite(count=int(rng.integers(1, 3)), mixed=True),
    "budget": lambda rng, town: Budget(amount=round(_money(town) * float(rng.uniform(0, 0.7)), 2)),
    "max hubs": lambda rng, town: MaxHubs(count=_count(rng, len(town.sites) - 1)),
    "max hubs at": lambda rng, town: MaxHubs(count=_count(rng, 2), sites=_some_sites(rng, town)),
    "min hubs": lambda rng, town: MinHubs(count=_count(rng, len(town.sites))),
    "min hubs at": lambda rng, town: MinHubs(count=_count(rng, 2), sites=_some_sites(rng, town)),
    "serve all": lambda rng, _: FullService(distance=float(rng.choice([0.5, 0.7, 0.9, np.inf]))),
    "capacity split": lambda rng, town: _capacity(rng, town, single=False),
    "capacity single": lambda rng, town: _capacity(rng, town, single=True),
    "floor": lambda rng, town: Floor(weight=_share_of_need(rng, town), share=round(float(rng.uniform(0.1, 0.9)), 2)),
    "separation": lambda rng, _: MinSeparation(distance=float(rng.uniform(0.1, 0.7))),
    "at most one": lambda rng, town: AtMostOne(sites=_some_sites(rng, town, 2)),
    "only with": _only_with,
    "periods": _periods,
    "periods without carry-over": lambda rng, town: _periods(rng, town, carry_over=False),
    "periods not nested": lambda rng, town: _periods(rng, town, nested=False),
    "fair first": lambda rng, town: MaxMin(weights=_groups(rng, town), first=True),
    "fair last": lambda rng, town: MaxMin(weights=_groups(rng, town), first=False),
}

FADING = ("linear", "exponential", "gaussian")


def _rules(rng: Rng, name: str) -> CoverageRule:
    backup, weight = (2, float(rng.choice([0.3, 1.0]))) if "backup" in name else (1, 1.0)
    decay = next((known for known in FADING if known in name), "step")
    full = 0.0 if decay == "step" else float(rng.choice([0.0, 0.15]))
    width = float(rng.uniform(0.1, 0.4)) if decay in FADING[1:] else None
    return CoverageRule(decay=decay, full=full, width=width, backup=backup, backup_weight=weight)  # type: ignore[arg-type]


RULES = ("step", "linear", "exponential", "gaussian", "backup", "backup, linear")


def town(
    rng: Rng, *, rule: str = "step", tiers: int = 1, sites: int = 5, points: int = 9, changing: bool = False
) -> Town:
    """Return a random town; a changing one has standing hubs that may be upgraded or closed."""
    mix = [0.3, 0.6, 0.1, 0.0] if changing else [0.7, 0.12, 0.12, 0.06]
    statuses = [SiteStatus(code) for code in rng.choice(4, sites, p=mix)]
    if changing and SiteStatus.EXISTING not in statuses:
        statuses[0] = SiteStatus.EXISTING
    costs: dict[tuple[int, int], float] = {}
    upgrades, savings = set(), {}
    for site, status in enumerate(statuses):
        here = [] if status == SiteStatus.EXCLUDED else [t for t in range(tiers) if rng.random() < 0.8] or [0]
        if status == SiteStatus.EXISTING:
            upgrades |= {(site, tier) for tier in here[1:]} if changing else set()
            here = here if changing else here[:1]
            if changing and rng.random() < 0.5:
                savings[site] = float(rng.choice([0.0, 1.5, 4.0]))
        for tier in here:
            stands = status == SiteStatus.EXISTING and (site, tier) not in upgrades
            costs[site, tier] = 0.0 if stands else float(rng.choice([1.0, 2.0, 3.5, round(rng.uniform(0.5, 6), 2)]))
            if (site, tier) in upgrades and rng.random() < 0.3:
                costs[site, tier] -= 4.0
    if not costs:
        return town(rng, rule=rule, tiers=tiers, sites=sites, points=points, changing=changing)
    needs = np.where(rng.random(points) < 0.15, 0.0, rng.integers(1, 9, points)).astype(float)
    pairs = itertools.product(range(points), range(sites))
    blocked = {pair for pair in pairs if rng.random() < 0.15} if rng.random() < 0.4 else set()
    return Town(
        points=np.round(rng.uniform(0, 1, (points, 2)), 3),
        sites=np.round(rng.uniform(0, 1, (sites, 2)), 3),
        no_way=frozenset(blocked),
        needs=needs,
        people=np.where(rng.random(points) < 0.1, 0.0, needs * rng.choice([5, 10], points)),
        statuses=tuple(statuses),
        reaches=tuple(np.round(rng.uniform(0.25, 0.6, tiers), 3).tolist()),
        costs=costs,
        upgrades=frozenset(upgrades),
        savings=savings,
        rule=_rules(rng, rule),
    )


def objective(rng: Rng, kind: str, constraints: list[Any]) -> Objective:
    """Return an objective with some constraints, fairness among them."""
    fairness = next((constraint for constraint in constraints if isinstance(constraint, MaxMin)), None)
    constraints = tuple(constraint for constraint in constraints if not isinstance(constraint, MaxMin))
    given: dict[str, Any] = {"constraints": constraints, "fairness": fairness}
    if not constraints or rng.random() < 0.3:
        given["max_hubs"] = _count(rng, 3) + (kind.startswith("p_"))
    if kind.startswith("min_cost"):
        travel = round(float(rng.uniform(0.1, 2)), 2) if "travel" in kind else 0.0
        return MinCost(round(float(rng.uniform(0.1, 0.9)), 2), travel_cost=travel, **given)
    return {"max_coverage": MaxCoverage, "p_median": PMedian, "p_center": PCenter}[kind](**given)


def goes(kind: str, names: tuple[str, ...], rule: str) -> bool:
    """Tell whether an objective, constraints and a rule go together."""
    joined = " ".join(names)
    stacked, travel = "two a site" in names or "tiers mixed" in names, "travel" in kind
    assigned = "capacity" in joined or travel
    return not (
        ("backup" in rule and assigned)
        or (travel and rule != "step")
        or ("separation" in names and stacked)
        or ("periods" in joined and (kind not in {"max_coverage", "p_median"} or "fair" in joined))
        or (kind.startswith("p_") and "backup" in rule and "fair" not in joined and "floor" not in names)
    )


def alike(one: str, other: str) -> bool:
    """Tell whether two constraints are of a kind that an objective takes once."""
    return any(all(word in name for name in (one, other)) for word in ("capacity", "periods", "fair")) or {
        one,
        other,
    } <= {"two a site", "tiers mixed"}


@cache
def query(kind: str, names: tuple[str, ...], rule: str, seed: int, *, changing: bool = False) -> Query:
    """Return a random question of an objective with some constraints."""
    rng = np.random.default_rng(
        [seed, KINDS.index(kind), *(list(CONSTRAINTS).index(name) for name in names), RULES.index(rule)]
    )
    joined = " ".join(names)
    single, stacked = "single" in joined, "two a site" in names or "tiers mixed" in names
    tiers = 2 if changing or stacked or rng.random() < 0.4 else 1
    sites = int(rng.integers(3, 5)) if single or stacked or "periods" in joined else int(rng.integers(3, 7))
    sites = min(sites, 4) if tiers > 1 or "capacity" in joined or "travel" in kind else sites
    asked = town(rng, rule=rule, tiers=tiers, sites=sites, points=5 if single else 9, changing=changing)
    made = objective(rng, kind, [CONSTRAINTS[name](rng, asked) for name in names])
    return Query(town=asked, objective=made, constraints=made.all_constraints)


@cache
def answer(kind: str, names: tuple[str, ...], rule: str, seed: int, *, changing: bool = False) -> list[float] | None:
    """Return the oracle's figures of a random question, None where no plan is allowed."""
    return best(query(kind, names, rule, seed, changing=changing))


@dataclass(frozen=True, kw_only=True)
class Case:
    """A random question, by what it is made of."""

    kind: str
    names: tuple[str, ...] = ()
    rule: str = "step"
    seed: int = 0
    changing: bool = False

    @property
    def query(self) -> Query:
        """The question."""
        return query(self.kind, self.names, self.rule, self.seed, changing=self.changing)

    @property
    def best(self) -> list[float] | None:
        """The oracle's figures, None where no plan is allowed."""
        return answer(self.kind, self.names, self.rule, self.seed, changing=self.changing)


def every_block(seed: int) -> list[Case]:
    """Return every objective with every constraint that goes with it, under rules in turn."""
    found = []
    for number, (kind, name) in enumerate(itertools.product(KINDS, CONSTRAINTS)):
        rule = RULES[(number + seed) % len(RULES)]
        rule = rule if goes(kind, (name,), rule) else "step"
        if goes(kind, (name,), rule):
            found.append(Case(kind=kind, names=(name,), rule=rule, seed=seed))
    return found


def every_rule(seed: int) -> list[Case]:
    """Return every objective under every rule that goes with it, with no more than a number of hubs."""
    return [Case(kind=k, rule=rule, seed=seed) for k, rule in itertools.product(KINDS, RULES) if goes(k, (), rule)]


def some_pairs(count: int, seed: int) -> list[Case]:
    """Return objectives with two random constraints."""
    rng, found = np.random.default_rng(seed), list[Case]()
    while len(found) < count:
        kind, rule = str(rng.choice(KINDS)), str(rng.choice([*RULES, "step"]))
        one, other = rng.choice(list(CONSTRAINTS), 2, replace=False).tolist()
        if goes(kind, (one, other), rule) and not alike(one, other):
            found.append(Case(kind=kind, names=(one, other), rule=rule, seed=seed + len(found)))
    return found


def some_changes(count: int, seed: int) -> list[Case]:
    """Return objectives with a random constraint where standing hubs may be upgraded or closed."""
    rng, found = np.random.default_rng(seed), list[Case]()
    constraints = [name for name in CONSTRAINTS if "periods" not in name]
    while len(found) < count:
        kind, rule, name = str(rng.choice(KINDS)), str(rng.choice([*RULES, "step"])), str(rng.choice(constraints))
        if goes(kind, (name,), rule):
            found.append(Case(kind=kind, names=(name,), rule=rule, seed=seed + len(found), changing=True))
    return found
