"""What can be asked beside a plan, with its defaults: library, commands and app take them from here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hubplanner.compatibility import Feature, broken
from hubplanner.errors import Fault, ScenarioError
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import LARGEST_ALPHA
from hubplanner.scenario.validation.features import features
from hubplanner.translation import gettext as _

FEWEST, MOST = 2, 500
"""Points, or draws, that may be asked for."""
SHOWN = 5
"""Wrong amounts that are told."""
COST, DISTANCE, WORST_GROUP, FAIRNESS = "cost", "distance", "worst_group", "fairness"
PAIRS = (COST, DISTANCE, WORST_GROUP, FAIRNESS)
"""What coverage can be traded against."""
TRADES = tuple(f"coverage,{pair}" for pair in PAIRS)
ALPHAS = (0.0, 0.5, 1.0, 2.0, math.inf)
"""Aversions to unequal shares that the price of fairness is told for, from the sum alone to the worst first."""


def check_asked(scenario: Scenario, question: Feature) -> None:
    """Raise where a question to a plan does not go with what its scenario asks for, before anything is worked out."""
    asked, faults = features(scenario), list[Fault]()
    for rule in broken({*asked, question}):
        key, value, _with = next(asked[feature] for feature in rule.features if feature is not question)
        allowed = _("{fix} with {value}: {reason}", fix=rule.fix, value=question.value, reason=rule.reason)
        faults.append(scenario.fault(key, value, allowed))
    if faults:
        raise ScenarioError(faults)


@dataclass(frozen=True, kw_only=True)
class AlternativesRequest:
    """Which plans count as another answer, and how many of them are wanted.

    Parameters
    ----------
    within
        Share of the best value that a plan may be worse by.
    differ
        Sites with a new hub in one of two plans only: at least so many between any two.
    count
        Plans beside the best one.
    time_limit_s
        Seconds for classes and plans together, half of them for classes at most; the best plan has the solver's own.
    """

    within: float = 0.02
    differ: int = 5
    count: int = 10
    time_limit_s: float = 240.0

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        if not 0 <= self.within < 1:
            message = _(
                "within: {within!r} found; allowed: from 0 to below 1, such as 0.02 for 2 %", within=self.within
            )
            raise ScenarioError(message)


@dataclass(frozen=True, kw_only=True)
class ExplainRequest:
    """How much of a plan is explained by solving again.

    Parameters
    ----------
    sites
        Rejected sites to force in, those that come nearest to being worth a hub first.
    time_limit_s
        Seconds for all new solves; what they did not reach is told.
    """

    sites: int = 10
    time_limit_s: float = 120.0


@dataclass(frozen=True, kw_only=True)
class StabilityRequest:
    """How a plan is compared with its data drawn again.

    Parameters
    ----------
    draws
        Surveys drawn, each of which is planned for again.
    seed
        What the draws depend on, beside the data; the first ones of more are the same.
    gap
        Relative gap at which each new plan is good enough; the scenario's own if left out. A smaller one tells plans
        apart that a larger one counts as equally good.
    """

    draws: int = 20
    seed: int = 0
    gap: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no number of draws, seed or gap."""
        reasons = {
            f"--draws: {self.draws} found; allowed: {FEWEST} to {MOST}": not FEWEST <= self.draws <= MOST,
            f"--seed: {self.seed} found; allowed: 0 or more": self.seed < 0,
            f"--gap: {self.gap} found; allowed: from 0 to below 1": self.gap is not None and not 0 <= self.gap < 1,
        }
        wrong = [reason for reason, applies in reasons.items() if applies]
        if wrong:
            raise ScenarioError("; ".join(wrong))


@dataclass(frozen=True, kw_only=True)
class FrontierRequest:
    """Which frontier is wanted.

    Parameters
    ----------
    points
        Number of budgets, in even steps up to twice the scenario's, or up to what the most coverage costs where it has
        none; of shares, for the other trades.
    budgets
        Budgets in their place, in money.
    trade
        ``coverage,cost``, ``coverage,distance``, ``coverage,worst_group`` or ``coverage,fairness``.
    group
        Column of demand whose values are compared with each other; of fairness that of the scenario, else the first of
        ``demand.groups`` if left out.
    alphas
        Of fairness, the aversions to unequal shares: 0 the sum, infinity the worst-covered group first. In ascending
        order, from 0, whose plan the others are priced by.
    nested
        Whether each plan keeps the hubs of the one before.
    every
        Whether to find all points of a small problem.
    """

    points: int = 20
    budgets: tuple[float, ...] | None = None
    trade: str = TRADES[0]
    group: str | None = None
    nested: bool = False
    every: bool = False
    alphas: tuple[float, ...] | None = None

    @property
    def against(self) -> str:
        """What coverage is traded against."""
        return self.trade.removeprefix("coverage,")

    def __post_init__(self) -> None:
        """Refuse what has no frontier."""
        other = self.trade != TRADES[0]
        budgets = self.budgets or ()
        unfit = [money for money in budgets if not 0 <= money < math.inf]
        reasons = {
            f"--trade: {self.trade!r} found; allowed: {' or '.join(TRADES)}": self.trade not in TRADES,
            f"--points: {self.points} found; allowed: {FEWEST} to {MOST}": not FEWEST <= self.points <= MOST,
            f"--budgets: {', '.join(f'{money:g}' for money in unfit[:SHOWN]) or 'none'} found; "
            "allowed: at least one amount, each of 0 or more": bool(unfit)
            or (self.budgets is not None and not budgets),
            f"--budgets: {len(budgets):,} amounts found; allowed: at most {MOST}": len(budgets) > MOST,
            f"--budgets and --nested go with --trade {TRADES[0]}": other and (self.nested or bool(budgets)),
            "--all finds its own budgets: leave out --budgets and --nested": (
                self.every and (self.nested or self.budgets is not None)
            ),
            f"--group goes with --trade {TRADES[2]} or {TRADES[3]}": (
                self.group is not None and self.against not in {WORST_GROUP, FAIRNESS}
            ),
            f"--alphas goes with --trade {TRADES[3]}": self.alphas is not None and self.against != FAIRNESS,
            f"--points and --all do not go with --trade {TRADES[3]}, whose points are its --alphas": (
                self.against == FAIRNESS and (self.every or self.points != FrontierRequest.points)
            ),
            f"--alphas: allowed: numbers from 0 to {LARGEST_ALPHA:g}, or inf; 0 and at least one more": (
                self.alphas is not None and not _are_alphas(self.alphas)
            ),
        }
        wrong = [reason for reason, applies in reasons.items() if applies]
        if wrong:
            raise ScenarioError("; ".join(wrong))


def _are_alphas(alphas: tuple[float, ...]) -> bool:
    """Tell whether these are aversions to unequal shares, the sum alone among them."""
    usable = all(0 <= alpha <= LARGEST_ALPHA or alpha == math.inf for alpha in alphas)
    return usable and 0 in alphas and len(set(alphas)) == len(alphas) > 1
