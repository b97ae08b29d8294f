"""What cannot be asked together: one table, for the scenario file and for the library."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum


class Feature(Enum):
    """What a question may ask for, by the name that messages and the manual use."""

    MAX_COVERAGE = "max_coverage"
    MIN_COST = "min_cost"
    P_MEDIAN = "p_median"
    P_CENTER = "p_center"
    TRAVEL_COST = "travel_cost"
    CAPACITY = "capacity"
    SINGLE = "single assignment"
    TAKE_UP = "take_up"
    STACKED = "max_per_site above 1"
    SEPARATION = "min_separation"
    DECAY = "decay"
    BACKUP = "backup"
    FLOORS = "floors"
    FAIRNESS = "fairness"
    ALPHA = "fairness by alpha"
    EXISTING = "upgrades or closing"
    PERIODS = "periods"
    MOVING = "hubs that move between periods"
    FUTURES = "futures"
    OUTAGES = "outages in futures"
    OTHER_ROADS = "other roads in futures"
    WORST = "under worst"
    REGRET = "under regret"
    CVAR = "under cvar"
    MERGED = "merged demand"
    SEARCHED = "travel by network or over a raster"
    SPREAD = "spread_km or spread_by"
    GROWTH_COLUMN = "growth by column"
    EXPLANATIONS = "explanations"
    ALTERNATIVES = "alternatives"
    STABILITY = "stability"
    BACKHAUL = "backhaul"
    MEASURES = "measures"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Features that do not go together.

    Parameters
    ----------
    features
        Two or more; the first is the one to change.
    fix
        What the first may be beside the others.
    reason
        Why, with what to ask instead where there is something.
    unless
        Features of which any one makes the others go together.

    >>> Rule(features=(Feature.BACKUP, Feature.CAPACITY), fix="1", reason="a point has one hub").says
    'backup does not go with capacity: a point has one hub'
    """

    features: tuple[Feature, ...]
    fix: str
    reason: str
    unless: frozenset[Feature] = frozenset()

    @property
    def says(self) -> str:
        """The rule as a sentence."""
        first, *others = (feature.value for feature in self.features)
        return f"{first} does not go with {' and '.join(others)}: {self.reason}"

    def breaks(self, asked: Collection[Feature]) -> bool:
        """Tell whether what is asked does not go together by this rule."""
        return all(feature in asked for feature in self.features) and self.unless.isdisjoint(asked)


def _rule(first: Feature, others: tuple[Feature, ...], fix: str, reason: str, *unless: Feature) -> Rule:
    return Rule(features=(first, *others), fix=fix, reason=reason, unless=frozenset(unless))


_COVERS = (Feature.FLOORS, Feature.FAIRNESS)
_ONE_HUB = "assigned people have no backup hub"
_NO_COVER = "backup does not change distances, so leave it out or ask for floors"
_STAY = "existing hubs stay as they are"
_SHARED = "merged points share a distance"
_WEIGHTS = "only on average do futures add up to one weight for each distance"
_ALL_COME = "it serves every point whole, and not everyone comes, so ask for max_coverage or min_cost"
_OF_COVERAGE = "regret and tails are figures of coverage"
_RADIUS = "a search by radius looks at sites alone, so ask for max_coverage, min_cost or p_median"
SHARED_LINES = "what one hub costs depends on the lines that it shares with others, and this version counts hubs alone"
NEW_LINK = "whether a larger or closed hub keeps its link is not in this version, so let hubs stand as they are"
_LATER = "{} is not decided with a network of lines in this version, so leave fibre out and let links stand alone"
NOT_WHOLE = "whoever a measure reaches may count for a part of a hub's user, so ask for a share below 1"
_NO_WAY = "{} has no way to a hub, so ask for max_coverage or min_cost"
_NO_ONE_FIGURE = "many plans reach {} that further goals distinguish, so ask for a sum of people, money or ways"
_WEIGHS_COVER = "alpha weighs what is covered of each group, so ask for max_coverage, or for fairness max_min"

INCOMPATIBLE: tuple[Rule, ...] = (
    _rule(Feature.BACKUP, (Feature.CAPACITY,), "1", _ONE_HUB),
    _rule(Feature.BACKUP, (Feature.TRAVEL_COST,), "1", _ONE_HUB),
    _rule(Feature.BACKUP, (Feature.P_MEDIAN,), "1", _NO_COVER, *_COVERS),
    _rule(Feature.BACKUP, (Feature.P_CENTER,), "1", _NO_COVER, *_COVERS),
    _rule(Feature.STACKED, (Feature.SEPARATION,), "1", "two hubs at one site have no distance between them"),
    _rule(Feature.DECAY, (Feature.TRAVEL_COST,), "step", "a hub serves only those it covers fully"),
    # a programme of years
    _rule(
        Feature.MIN_COST, (Feature.PERIODS,), "max_coverage or p_median", "a programme spends the budgets of its years"
    ),
    _rule(
        Feature.P_CENTER, (Feature.PERIODS,), "max_coverage or p_median", "years are added up, worst distances are not"
    ),
    _rule(
        Feature.FAIRNESS, (Feature.PERIODS,), "none", "the worst-covered group changes by year, so set floors on groups"
    ),
    _rule(Feature.EXISTING, (Feature.PERIODS,), "neither", _STAY),
    # futures
    _rule(
        Feature.P_CENTER,
        (Feature.FUTURES,),
        "max_coverage, min_cost or p_median",
        "a worst distance over futures is not supported, so take max_coverage, min_cost or p_median",
    ),
    _rule(
        Feature.CAPACITY,
        (Feature.FUTURES,),
        "tiers without capacities",
        "who is served where depends on the future, so leave capacities out",
    ),
    _rule(Feature.PERIODS, (Feature.FUTURES,), "none", "years have no futures of their own, so plan for one of them"),
    _rule(
        Feature.FAIRNESS,
        (Feature.FUTURES,),
        "none",
        "the worst-covered group depends on the future, so set floors on groups",
    ),
    _rule(Feature.BACKUP, (Feature.FUTURES,), "1", "take sites out in futures instead"),
    _rule(Feature.TRAVEL_COST, (Feature.FUTURES,), "none", "who travels where depends on the future"),
    _rule(Feature.EXISTING, (Feature.FUTURES,), "neither", _STAY),
    _rule(Feature.REGRET, (Feature.MIN_COST,), "expected or worst", _OF_COVERAGE),
    _rule(Feature.CVAR, (Feature.MIN_COST,), "expected or worst", _OF_COVERAGE),
    _rule(Feature.WORST, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(Feature.REGRET, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(Feature.CVAR, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(
        Feature.OUTAGES,
        (Feature.P_MEDIAN,),
        "futures of need and cost alone",
        "who is nearest depends on outages, so leave them out",
    ),
    _rule(
        Feature.OTHER_ROADS,
        (Feature.P_MEDIAN,),
        "futures of need and cost alone",
        "who is nearest depends on which roads are open, and distances over futures need one way for all of them, so "
        "ask for max_coverage or min_cost",
    ),
    _rule(
        Feature.FLOORS,
        (Feature.P_MEDIAN, Feature.FUTURES),
        "none",
        "distances over futures have no shares",
    ),
    # fairness by alpha, whose figure is a share and no sum
    _rule(Feature.ALPHA, (Feature.MIN_COST,), "0 or .inf", _WEIGHS_COVER),
    _rule(Feature.ALPHA, (Feature.P_MEDIAN,), "0 or .inf", _WEIGHS_COVER),
    _rule(Feature.ALPHA, (Feature.P_CENTER,), "0 or .inf", _WEIGHS_COVER),
    _rule(
        Feature.ALPHA, (Feature.PERIODS,), "0", "shares change by year and years are added up, so set floors on groups"
    ),
    _rule(Feature.ALPHA, (Feature.FUTURES,), "0", "shares depend on the future, so set floors on groups"),
    # take-up, where not everyone comes
    _rule(Feature.SINGLE, (Feature.TAKE_UP,), "split", "only a part of a point comes, so it is not served whole"),
    _rule(Feature.TAKE_UP, (Feature.P_MEDIAN,), "none", _ALL_COME),
    _rule(Feature.TAKE_UP, (Feature.P_CENTER,), "none", _ALL_COME),
    _rule(Feature.TAKE_UP, (Feature.DECAY,), "none", "both say how far people go, so leave one of them out"),
    _rule(Feature.TAKE_UP, (Feature.FUTURES,), "none", "who comes where depends on the future, so leave it out"),
    _rule(Feature.TAKE_UP, (Feature.MERGED,), "none", "merged points lie at distances of their own"),
    # backhaul, whose lines hubs share
    _rule(Feature.P_CENTER, (Feature.BACKHAUL,), "max_coverage, min_cost or p_median", _RADIUS),
    _rule(Feature.ALPHA, (Feature.BACKHAUL,), "0 or .inf", _LATER.format("fairness by alpha")),
    _rule(Feature.EXISTING, (Feature.BACKHAUL,), "neither", NEW_LINK),
    _rule(Feature.MOVING, (Feature.BACKHAUL,), "true", "lines stay where they are laid, so let hubs stay as well"),
    _rule(
        Feature.STACKED,
        (Feature.BACKHAUL, Feature.PERIODS),
        "1",
        "the hubs of a site that open in different years may have different links, so leave several of a tier out",
    ),
    _rule(Feature.FUTURES, (Feature.BACKHAUL,), "none", _LATER.format("what a line costs in each future")),
    # plans nearly as good
    _rule(Feature.P_CENTER, (Feature.ALTERNATIVES,), "another objective", _NO_ONE_FIGURE.format("a worst distance")),
    _rule(Feature.FAIRNESS, (Feature.ALTERNATIVES,), "none", _NO_ONE_FIGURE.format("a least share")),
    _rule(Feature.FUTURES, (Feature.ALTERNATIVES,), "none", "a plan for all futures is weighed by score"),
    _rule(
        Feature.FUTURES,
        (Feature.EXPLANATIONS,),
        "none",
        "what a hub adds differs from future to future, so explain a plan for one of them, or score plans over all",
    ),
    # surveys drawn again
    _rule(Feature.PERIODS, (Feature.STABILITY,), "none", "each year would need a survey of its own"),
    _rule(Feature.FUTURES, (Feature.STABILITY,), "none", "a plan for all futures is weighed by score"),
    _rule(Feature.MERGED, (Feature.STABILITY,), "none", "merged points keep no share of their own"),
    # measures beside hubs, which share their budget
    _rule(Feature.MEASURES, (Feature.STABILITY,), "none", "whom measures reach would be decided again in each draw"),
    _rule(
        Feature.P_MEDIAN, (Feature.MEASURES,), "max_coverage or min_cost", _NO_WAY.format("whoever a measure reaches")
    ),
    _rule(
        Feature.P_CENTER, (Feature.MEASURES,), "max_coverage or min_cost", _NO_WAY.format("whoever a measure reaches")
    ),
    _rule(
        Feature.TRAVEL_COST,
        (Feature.MEASURES,),
        "none",
        "whoever a measure reaches does not travel, so leave the money of ways out",
    ),
    _rule(
        Feature.BACKUP,
        (Feature.MEASURES,),
        "1",
        "people are shared out among hubs and measures, and assigned people have no backup hub",
    ),
    _rule(
        Feature.MEASURES,
        (Feature.PERIODS,),
        "none",
        "in which year whom a measure reaches is not decided in this version, so plan for one budget",
    ),
    _rule(
        Feature.MEASURES,
        (Feature.FUTURES,),
        "none",
        "whom a measure reaches in which future is not decided in this version, so leave futures out",
    ),
    _rule(
        Feature.MEASURES,
        (Feature.BACKHAUL,),
        "none",
        "money is not yet shared between a network of lines and measures, so leave fibre out and let links stand alone",
    ),
    _rule(Feature.MEASURES, (Feature.MERGED,), "none", "merged points keep no count of whom a measure may reach"),
    _rule(
        Feature.MEASURES,
        (Feature.EXPLANATIONS,),
        "none",
        "what a hub adds depends on what its money would reach elsewhere, and this version counts hubs alone",
    ),
    _rule(
        Feature.MEASURES,
        (Feature.ALTERNATIVES,),
        "none",
        "plans nearly as good may differ in whom measures reach, and this version compares hubs alone",
    ),
    # merged demand, whose points share a row
    _rule(Feature.MERGED, (Feature.FUTURES,), "none", "merged points share a reach"),
    _rule(Feature.DECAY, (Feature.MERGED,), "step", "merged points are covered alike"),
    _rule(Feature.P_MEDIAN, (Feature.MERGED,), "max_coverage or min_cost", _SHARED),
    _rule(Feature.P_CENTER, (Feature.MERGED,), "max_coverage or min_cost", _SHARED),
    _rule(Feature.TRAVEL_COST, (Feature.MERGED,), "none", _SHARED),
    _rule(Feature.SINGLE, (Feature.MERGED,), "split", "merged points would be served whole together"),
    _rule(
        Feature.SEARCHED,
        (Feature.MERGED,),
        "great_circle or planar",
        "points are merged by circles about sites, and what these reach is not a circle, so read them row by row",
    ),
    _rule(Feature.SPREAD, (Feature.MERGED,), "none", "its points are many already"),
    _rule(Feature.GROWTH_COLUMN, (Feature.MERGED,), "a number", "merged points grow alike"),
)
"""All that does not go together."""


def broken(asked: Collection[Feature]) -> list[Rule]:
    """Return the rules that what is asked breaks.

    >>> [rule.fix for rule in broken([Feature.CAPACITY, Feature.BACKUP, Feature.DECAY])]
    ['1']
    >>> broken([Feature.P_MEDIAN, Feature.BACKUP, Feature.FLOORS])
    []
    """
    return [rule for rule in INCOMPATIBLE if rule.breaks(asked)]
