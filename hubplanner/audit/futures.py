"""What a plan comes to in each future, recomputed from places and multipliers by code of the audit's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.constraints import FILE, MONEY
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.money import exact
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.figures import compare
from hubplanner.audit.goals import brackets, check_proof, ways
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import CHUNK, reaches, share

OVER = "over futures"
DEFAULT_LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class FutureCase:
    """A future: need by row (n,), costs by site (m,) and by tier, reach by tier, and what is out of service."""

    name: str
    probability: float
    need: Array
    cost: Any
    reach: Array
    sites: frozenset[int]
    tiers: frozenset[int]
    ways: RoadWays | None = None

    def serves(self, hub: AuditHub) -> bool:
        """Tell whether a hub is in service."""
        return hub.site not in self.sites and hub.tier not in self.tiers


def turns_of(world: AuditData) -> list[FutureCase]:
    """Return the scenario's futures, sampled ones redrawn."""
    spec = world.scenario.futures
    if spec is None:
        return []
    if spec.sample is not None:
        rng = np.random.default_rng(spec.seed)
        return [_sampled(world, spec, rng, number) for number in range(spec.sample)]
    ids, tiers = world.sites.position, [tier.name for tier in world.scenario.hubs]
    return [
        replace(
            _turn(
                world,
                (part.name, part.probability or 1 / len(spec.named)),
                (part.need, part.cost, part.reach),
                frozenset(ids[site] for site in part.sites_out),
                frozenset(tiers.index(tier) for tier in part.tiers_out),
            ),
            ways=world.searched.turned(part) if part.changes_roads and isinstance(world.searched, RoadWays) else None,
        )
        for part in spec.named
    ]


def _sampled(world: AuditData, spec: Any, rng: np.random.Generator, number: int) -> FutureCase:
    ranges, tiers = spec.ranges, [tier.name for tier in world.scenario.hubs]

    def draw(given: Any, frame: pd.DataFrame | None) -> Any:
        if not isinstance(given, dict):
            return rng.uniform(given[0], given[1])
        return {
            name: rng.uniform(*ends)
            if name in tiers and frame is not world.people.frame
            else {value: rng.uniform(*ends) for value in sorted(set(frame[name].astype(str)))}  # type: ignore[index]
            for name, ends in given.items()
        }

    drawn = draw(ranges.need, world.people.frame), draw(ranges.cost, world.sites.frame), draw(ranges.reach, None)
    count = len(world.sites.frame)
    out = np.flatnonzero(rng.random(count) < ranges.site_out).tolist() if ranges.site_out else []
    name = str(number + 1).zfill(len(str(spec.sample)))
    return _turn(world, (name, 1 / spec.sample), drawn, frozenset(out), frozenset())


def _turn(
    world: AuditData, who: tuple[str, float], factors: Any, sites: frozenset[int], tiers: frozenset[int]
) -> FutureCase:
    need, cost, reach = factors
    names = [tier.name for tier in world.scenario.hubs]
    return FutureCase(
        *who,
        need=_by_row(need, world.people.frame),
        cost=(
            _by_row(cost, world.sites.frame),
            [_by_tier(cost, name) if isinstance(cost, dict) else 1.0 for name in names],
        ),
        reach=np.array([_by_tier(reach, name) for name in names]),
        sites=sites,
        tiers=tiers,
    )


def _by_row(given: Any, frame: pd.DataFrame) -> Array:
    """Return the multipliers (n,) of a table's rows: those of groups multiply."""
    found = np.full(len(frame), float(given) if not isinstance(given, dict) else 1.0)
    for group, values in given.items() if isinstance(given, dict) else ():
        if isinstance(values, dict):
            found = found * np.array([float(values.get(str(word), 1.0)) for word in frame[group]])
    return found


def _by_tier(given: Any, name: str) -> float:
    if not isinstance(given, dict):
        return float(given)
    own = given.get(name, 1.0)
    return 1.0 if isinstance(own, dict) else float(own)


def spent_in(turn: FutureCase, hubs: Sequence[AuditHub]) -> Fraction:
    """Return the exact money that new hubs cost in a future."""
    by_site, by_tier = turn.cost
    return sum((hub.cost * exact(float(by_site[hub.site] * by_tier[hub.tier])) for hub in hubs), exact(0))


def covered_in(world: AuditData, turns: Sequence[FutureCase], hubs: Sequence[AuditHub]) -> Array:
    """Return the covered share (s, n) of each demand row in each future."""
    people, spec = world.people, world.scenario.coverage
    found = np.zeros((len(turns), len(people.frame)))
    sites, tiers = (np.array([getattr(hub, end) for hub in hubs], dtype=np.intp) for end in ("site", "tier"))
    for start in range(0, len(people.points) if hubs else 0, CHUNK):
        part = np.arange(start, min(start + CHUNK, len(people.points)))
        far = world.counted(part, sites, tiers)
        for number, turn in enumerate(turns):
            serves = np.array([turn.serves(hub) for hub in hubs])
            own = far if turn.ways is None else world.counted(part, sites, tiers, turn.ways)
            worth = share(spec, own / turn.reach[tiers], world.reach[tiers]) * serves
            np.add.at(found[number], people.row[part], worth.max(axis=1) * people.share[part])
    return found


def check_futures(run: RunFiles, world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome, ledger: Ledger) -> None:
    """Compare all that a run says of futures but what other plans would come to."""
    plan, turns = run.plan, turns_of(world)
    stated = plan.get("futures", {})
    shares = covered_in(world, turns, hubs)
    rows = _rows(world, turns, hubs, shares, outcome)
    expected = _figures(world, turns, rows)
    compare(stated, expected | {"each": rows}, "futures", ledger)
    table = pd.read_csv(run.folder / "futures.csv", dtype={"name": str}, encoding="utf-8-sig")
    compare(table[list(rows[0])].to_dict("records"), rows, "futures", ledger, "futures.csv")
    kind, values = expected["under"], np.array([row["value"] for row in rows])
    value = {"worst": expected["worst"]["value"], "cvar": expected["cvar"]}.get(kind, expected["expected"])
    if kind == "regret":
        value = max(row.get("best", math.nan) - own for row, own in zip(stated.get("each", []), values, strict=False))
    name = "mean distance" if world.scenario.model.objective == "p_median" else OVER
    ledger.same(FILE, "objective_value", plan.get("objective_value"), value)
    ledger.same(FILE, "goals", [goal.get("name") for goal in plan.get("goals", [])], [name])
    for goal in plan.get("goals", []):
        ledger.same(FILE, f"goal {name}", goal.get("value"), value)
        ledger.same(FILE, "bound, against its goal's", plan.get("bound"), goal.get("bound"))
        brackets(world, name, goal.get("value"), goal.get("bound"), ledger, f"goal {name}, bound")
    check_proof(world, plan, name, ledger)
    _check_money(world, turns, hubs, ledger)
    _check_floors(world, turns, shares, ledger)


def _rows(
    world: AuditData, turns: list[FutureCase], hubs: list[AuditHub], shares: Array, outcome: AuditOutcome
) -> list[dict[str, Any]]:
    rows, need = [], world.people.weight("need", 0)
    for turn, covered in zip(turns, shares, strict=True):
        weight = need * turn.need
        total, reached = math.fsum(weight), math.fsum(weight * covered)
        cost = float(spent_in(turn, hubs))
        kind = world.scenario.model.objective
        value = {"max_coverage": reached, "min_cost": cost}.get(kind)
        value = _mean_distance(world, weight, outcome) if value is None else value
        part = reached / total if total > 0 else 0.0
        own = {"need": total, "covered": reached, "share": part, "cost": cost}
        rows.append({"name": turn.name, "probability": turn.probability, "value": value, **own})
    return rows


def _mean_distance(world: AuditData, weight: Array, outcome: AuditOutcome) -> float:
    way, longest = ways(world)
    need = world.people.at_points(weight)[way]
    near = np.minimum(outcome.service.nearest, longest)[way]
    return math.fsum(need * near) / math.fsum(need) if need.any() else 0.0


def _figures(world: AuditData, turns: list[FutureCase], rows: list[dict[str, Any]]) -> dict[str, Any]:
    model = world.scenario.model
    sense = 1.0 if model.objective == "max_coverage" else -1.0
    level = DEFAULT_LEVEL if model.cvar_level is None else model.cvar_level
    share = np.array([turn.probability for turn in turns])
    values, cost = (np.array([row[name] for row in rows]) for name in ("value", "cost"))
    at = int(np.argmin(sense * values))
    # The largest over its thresholds, of which one is a value itself.
    tails = [eta - math.fsum(share * np.maximum(eta - sense * values, 0.0)) / (1 - level) for eta in sense * values]
    return {
        "under": model.under or "expected",
        "cvar_level": level,
        "expected": math.fsum(share * values),
        "worst": {"name": turns[at].name, "value": float(values[at])},
        "cvar": sense * max(tails),
        "expected_cost": math.fsum(share * cost),
        "highest_cost": float(cost.max()),
    }


def _check_money(world: AuditData, turns: list[FutureCase], hubs: list[AuditHub], ledger: Ledger) -> None:
    budget, spec = world.scenario.model.budget, world.scenario.futures
    if budget is None or spec is None:
        return
    spent = [spent_in(turn, hubs) for turn in turns]
    mean = sum((part * exact(turn.probability) for part, turn in zip(spent, turns, strict=True)), exact(0))
    most = mean if spec.limits_on_average else max(spent)
    fits = most <= exact(budget) * (1 + MONEY)
    ledger.holds(FILE, "budget over futures", true=fits, stated=float(most), recomputed=f"at most {budget:,.2f}")


def _check_floors(world: AuditData, turns: list[FutureCase], shares: Array, ledger: Ledger) -> None:
    people, spec = world.people, world.scenario.futures
    asked = [(floor.group, floor.value, floor.people, floor.share) for floor in world.scenario.model.floors]
    target = world.scenario.model.target_share
    asked += [] if target is None else [(None, None, None, target)]
    probability = np.array([turn.probability for turn in turns])
    for group, value, column, least in asked:
        base = people.weight("need" if column is None else f"need of {column}", 0)
        words = people.frame[group].to_numpy() if group is not None else np.full(len(base), "")
        for word in sorted(set(words)) if group is not None and value is None else [value or ""]:
            weights = np.array([np.where(words == word, base, 0.0) * turn.need for turn in turns])
            parts = list(zip(weights, shares, strict=True))
            if spec is not None and spec.limits_on_average:
                parts = [((probability[:, None] * weights).ravel(), shares.ravel())]
            kept = all(reaches(weight, share, least, assigned=False) for weight, share in parts)
            found = min((weight @ share / weight.sum() for weight, share in parts if weight.any()), default=1.0)
            item = f"floor {group} {word} over futures" if group else "share of all need over futures"
            ledger.holds(FILE, item, true=kept, stated=float(found), recomputed=f"at least {least}")
