"""What cannot be asked together: one table, for the scenario file and for the library."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from hubplanner.translation import N_, gettext as _, joined


class Feature(Enum):
    """What a question may ask for, by the name that messages and the manual use."""

    MAX_COVERAGE = "max_coverage"
    MIN_COST = "min_cost"
    P_MEDIAN = "p_median"
    P_CENTER = "p_center"
    TRAVEL_COST = "travel_cost"
    CAPACITY = "capacity"
    SINGLE = N_("single assignment")
    TAKE_UP = "take_up"
    STACKED = N_("max_per_site above 1")
    SEPARATION = "min_separation"
    DECAY = "decay"
    BACKUP = "backup"
    FLOORS = "floors"
    FAIRNESS = "fairness"
    ALPHA = N_("fairness by alpha")
    EXISTING = N_("upgrades or closing")
    PERIODS = "periods"
    MOVING = N_("hubs that move between periods")
    FUTURES = "futures"
    OUTAGES = N_("outages in futures")
    OTHER_ROADS = N_("other roads in futures")
    WORST = N_("under worst")
    REGRET = N_("under regret")
    CVAR = N_("under cvar")
    MERGED = N_("merged demand")
    SEARCHED = N_("travel by network or over a raster")
    SPREAD = N_("spread_km or spread_by")
    GROWTH_COLUMN = N_("growth by column")
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
        first, *others = (_(feature.value) for feature in self.features)
        told = {"first": first, "others": joined(others, _(" and ")), "reason": self.reason}
        return _("{first} does not go with {others}: {reason}", **told)

    def breaks(self, asked: Collection[Feature]) -> bool:
        """Tell whether what is asked does not go together by this rule."""
        return all(feature in asked for feature in self.features) and self.unless.isdisjoint(asked)


def _rule(first: Feature, others: tuple[Feature, ...], fix: str, reason: str, *unless: Feature) -> Rule:
    return Rule(features=(first, *others), fix=fix, reason=reason, unless=frozenset(unless))


_COVERS = (Feature.FLOORS, Feature.FAIRNESS)
_ONE_HUB = _("assigned people have no backup hub")
_NO_COVER = _("backup does not change distances, so leave it out or ask for floors")
_STAY = _("existing hubs stay as they are")
_SHARED = _("merged points share a distance")
_WEIGHTS = _("only on average do futures add up to one weight for each distance")
_ALL_COME = _("it serves every point whole, and not everyone comes, so ask for max_coverage or min_cost")
_OF_COVERAGE = _("regret and tails are figures of coverage")
SHARED_LINES = _(
    "what one hub costs depends on the lines that it shares with others, and this version counts hubs alone"
)
NEW_LINK = _("whether a larger or closed hub keeps its link is not in this version, so let hubs stand as they are")
_LATER = N_(
    "{what} is not decided with a network of lines in this version, so leave fibre out and let links stand alone"
)
NOT_WHOLE = _("whoever a measure reaches may count for a part of a hub's user, so ask for a share below 1")
_NO_WAY = N_("{what} has no way to a hub, so ask for max_coverage or min_cost")
_NO_ONE_FIGURE = N_("many plans reach {what} that further goals distinguish, so ask for a sum of people, money or ways")
_WEIGHS_COVER = _("alpha weighs what is covered of each group, so ask for max_coverage, or for fairness max_min")

INCOMPATIBLE: tuple[Rule, ...] = (
    _rule(Feature.BACKUP, (Feature.CAPACITY,), "1", _ONE_HUB),
    _rule(Feature.BACKUP, (Feature.TRAVEL_COST,), "1", _ONE_HUB),
    _rule(Feature.BACKUP, (Feature.P_MEDIAN,), "1", _NO_COVER, *_COVERS),
    _rule(Feature.BACKUP, (Feature.P_CENTER,), "1", _NO_COVER, *_COVERS),
    _rule(Feature.STACKED, (Feature.SEPARATION,), "1", _("two hubs at one site have no distance between them")),
    _rule(Feature.DECAY, (Feature.TRAVEL_COST,), "step", _("a hub serves only those it covers fully")),
    # a programme of years
    _rule(
        Feature.MIN_COST,
        (Feature.PERIODS,),
        _("max_coverage or p_median"),
        _("a programme spends the budgets of its years"),
    ),
    _rule(
        Feature.P_CENTER,
        (Feature.PERIODS,),
        _("max_coverage or p_median"),
        _("years are added up, worst distances are not"),
    ),
    _rule(
        Feature.FAIRNESS,
        (Feature.PERIODS,),
        _("none"),
        _("the worst-covered group changes by year, so set floors on groups"),
    ),
    _rule(Feature.EXISTING, (Feature.PERIODS,), _("neither"), _STAY),
    # futures
    _rule(
        Feature.P_CENTER,
        (Feature.FUTURES,),
        _("max_coverage, min_cost or p_median"),
        _("a worst distance over futures is not supported, so take max_coverage, min_cost or p_median"),
    ),
    _rule(
        Feature.CAPACITY,
        (Feature.FUTURES,),
        _("tiers without capacities"),
        _("who is served where depends on the future, so leave capacities out"),
    ),
    _rule(
        Feature.PERIODS, (Feature.FUTURES,), _("none"), _("years have no futures of their own, so plan for one of them")
    ),
    _rule(
        Feature.FAIRNESS,
        (Feature.FUTURES,),
        _("none"),
        _("the worst-covered group depends on the future, so set floors on groups"),
    ),
    _rule(Feature.BACKUP, (Feature.FUTURES,), "1", _("take sites out in futures instead")),
    _rule(Feature.TRAVEL_COST, (Feature.FUTURES,), _("none"), _("who travels where depends on the future")),
    _rule(Feature.EXISTING, (Feature.FUTURES,), _("neither"), _STAY),
    _rule(Feature.REGRET, (Feature.MIN_COST,), _("expected or worst"), _OF_COVERAGE),
    _rule(Feature.CVAR, (Feature.MIN_COST,), _("expected or worst"), _OF_COVERAGE),
    _rule(Feature.WORST, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(Feature.REGRET, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(Feature.CVAR, (Feature.P_MEDIAN,), "expected", _WEIGHTS),
    _rule(
        Feature.OUTAGES,
        (Feature.P_MEDIAN,),
        _("futures of need and cost alone"),
        _("who is nearest depends on outages, so leave them out"),
    ),
    _rule(
        Feature.OTHER_ROADS,
        (Feature.P_MEDIAN,),
        _("futures of need and cost alone"),
        _(
            "who is nearest depends on which roads are open, and distances over futures need one way for all of them, "
            "so ask for max_coverage or min_cost"
        ),
    ),
    _rule(
        Feature.FLOORS,
        (Feature.P_MEDIAN, Feature.FUTURES),
        _("none"),
        _("distances over futures have no shares"),
    ),
    # fairness by alpha, whose figure is a share and no sum
    _rule(Feature.ALPHA, (Feature.MIN_COST,), _("0 or .inf"), _WEIGHS_COVER),
    _rule(Feature.ALPHA, (Feature.P_MEDIAN,), _("0 or .inf"), _WEIGHS_COVER),
    _rule(Feature.ALPHA, (Feature.P_CENTER,), _("0 or .inf"), _WEIGHS_COVER),
    _rule(
        Feature.ALPHA,
        (Feature.PERIODS,),
        "0",
        _("shares change by year and years are added up, so set floors on groups"),
    ),
    _rule(Feature.ALPHA, (Feature.FUTURES,), "0", _("shares depend on the future, so set floors on groups")),
    # take-up, where not everyone comes
    _rule(Feature.SINGLE, (Feature.TAKE_UP,), "split", _("only a part of a point comes, so it is not served whole")),
    _rule(Feature.TAKE_UP, (Feature.P_MEDIAN,), _("none"), _ALL_COME),
    _rule(Feature.TAKE_UP, (Feature.P_CENTER,), _("none"), _ALL_COME),
    _rule(Feature.TAKE_UP, (Feature.DECAY,), _("none"), _("both say how far people go, so leave one of them out")),
    _rule(Feature.TAKE_UP, (Feature.FUTURES,), _("none"), _("who comes where depends on the future, so leave it out")),
    _rule(Feature.TAKE_UP, (Feature.MERGED,), _("none"), _("merged points lie at distances of their own")),
    # backhaul, whose lines hubs share
    _rule(Feature.ALPHA, (Feature.BACKHAUL,), _("0 or .inf"), _(_LATER, what=_("fairness by alpha"))),
    _rule(Feature.EXISTING, (Feature.BACKHAUL,), _("neither"), NEW_LINK),
    _rule(Feature.MOVING, (Feature.BACKHAUL,), "true", _("lines stay where they are laid, so let hubs stay as well")),
    _rule(Feature.FUTURES, (Feature.BACKHAUL,), _("none"), _(_LATER, what=_("what a line costs in each future"))),
    # plans nearly as good
    _rule(
        Feature.P_CENTER, (Feature.ALTERNATIVES,), _("another objective"), _(_NO_ONE_FIGURE, what=_("a worst distance"))
    ),
    _rule(Feature.FAIRNESS, (Feature.ALTERNATIVES,), _("none"), _(_NO_ONE_FIGURE, what=_("a least share"))),
    _rule(Feature.FUTURES, (Feature.ALTERNATIVES,), _("none"), _("a plan for all futures is weighed by score")),
    _rule(
        Feature.FUTURES,
        (Feature.EXPLANATIONS,),
        _("none"),
        _("what a hub adds differs from future to future, so explain a plan for one of them, or score plans over all"),
    ),
    # surveys drawn again
    _rule(Feature.PERIODS, (Feature.STABILITY,), _("none"), _("each year would need a survey of its own")),
    _rule(Feature.FUTURES, (Feature.STABILITY,), _("none"), _("a plan for all futures is weighed by score")),
    _rule(Feature.MERGED, (Feature.STABILITY,), _("none"), _("merged points keep no share of their own")),
    # measures beside hubs, which share their budget
    _rule(
        Feature.MEASURES, (Feature.STABILITY,), _("none"), _("whom measures reach would be decided again in each draw")
    ),
    _rule(
        Feature.P_MEDIAN,
        (Feature.MEASURES,),
        _("max_coverage or min_cost"),
        _(_NO_WAY, what=_("whoever a measure reaches")),
    ),
    _rule(
        Feature.P_CENTER,
        (Feature.MEASURES,),
        _("max_coverage or min_cost"),
        _(_NO_WAY, what=_("whoever a measure reaches")),
    ),
    _rule(
        Feature.TRAVEL_COST,
        (Feature.MEASURES,),
        _("none"),
        _("whoever a measure reaches does not travel, so leave the money of ways out"),
    ),
    _rule(
        Feature.BACKUP,
        (Feature.MEASURES,),
        "1",
        _("people are shared out among hubs and measures, and assigned people have no backup hub"),
    ),
    _rule(
        Feature.MEASURES,
        (Feature.PERIODS,),
        _("none"),
        _("in which year whom a measure reaches is not decided in this version, so plan for one budget"),
    ),
    _rule(
        Feature.MEASURES,
        (Feature.FUTURES,),
        _("none"),
        _("whom a measure reaches in which future is not decided in this version, so leave futures out"),
    ),
    _rule(
        Feature.MEASURES,
        (Feature.BACKHAUL,),
        _("none"),
        _(
            "money is not yet shared between a network of lines and measures, so leave fibre out and let links "
            "stand alone"
        ),
    ),
    _rule(Feature.MEASURES, (Feature.MERGED,), _("none"), _("merged points keep no count of whom a measure may reach")),
    _rule(
        Feature.MEASURES,
        (Feature.EXPLANATIONS,),
        _("none"),
        _("what a hub adds depends on what its money would reach elsewhere, and this version counts hubs alone"),
    ),
    _rule(
        Feature.MEASURES,
        (Feature.ALTERNATIVES,),
        _("none"),
        _("plans nearly as good may differ in whom measures reach, and this version compares hubs alone"),
    ),
    # merged demand, whose points share a row
    _rule(Feature.MERGED, (Feature.FUTURES,), _("none"), _("merged points share a reach")),
    _rule(Feature.DECAY, (Feature.MERGED,), "step", _("merged points are covered alike")),
    _rule(Feature.P_MEDIAN, (Feature.MERGED,), _("max_coverage or min_cost"), _SHARED),
    _rule(Feature.P_CENTER, (Feature.MERGED,), _("max_coverage or min_cost"), _SHARED),
    _rule(Feature.TRAVEL_COST, (Feature.MERGED,), _("none"), _SHARED),
    _rule(Feature.SINGLE, (Feature.MERGED,), "split", _("merged points would be served whole together")),
    _rule(
        Feature.SEARCHED,
        (Feature.MERGED,),
        _("great_circle or planar"),
        _("points are merged by circles about sites, and what these reach is not a circle, so read them row by row"),
    ),
    _rule(Feature.SPREAD, (Feature.MERGED,), _("none"), _("its points are many already")),
    _rule(Feature.GROWTH_COLUMN, (Feature.MERGED,), _("a number"), _("merged points grow alike")),
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
