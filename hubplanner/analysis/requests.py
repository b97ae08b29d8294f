"""What can be asked beside a plan, with its defaults: library, commands and app take them from here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hubplanner.errors import ScenarioError

FEWEST, MOST = 2, 500
"""Points that may be asked for."""
COST, DISTANCE, WORST_GROUP = "cost", "distance", "worst_group"
PAIRS = (COST, DISTANCE, WORST_GROUP)
"""What coverage can be traded against."""
TRADES = tuple(f"coverage,{pair}" for pair in PAIRS)


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


@dataclass(frozen=True, kw_only=True)
class ExplainRequest:
    """How much of a plan is explained by solving anew.

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
        ``coverage,cost``, ``coverage,distance`` or ``coverage,worst_group``.
    group
        Column of demand whose worst-covered value counts; the first of ``demand.groups`` if left out.
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

    @property
    def against(self) -> str:
        """What coverage is traded against."""
        return self.trade.removeprefix("coverage,")

    def __post_init__(self) -> None:
        """Refuse what has no frontier."""
        other = self.trade != TRADES[0]
        budgets = self.budgets or ()
        reasons = {
            f"--trade: {self.trade!r} found; allowed: {', '.join(TRADES)}": self.trade not in TRADES,
            f"--points: {self.points} found; allowed: {FEWEST} to {MOST}": not FEWEST <= self.points <= MOST,
            "--budgets: allowed: at least one amount of 0 or more": (
                self.budgets is not None and not (budgets and all(0 <= money < math.inf for money in budgets))
            ),
            f"--budgets: {len(budgets):,} found; allowed: at most {MOST}": len(budgets) > MOST,
            f"--budgets and --nested go with --trade {TRADES[0]}": other and (self.nested or bool(budgets)),
            "--all finds its own budgets: leave out --budgets and --nested": (
                self.every and (self.nested or self.budgets is not None)
            ),
            f"--group goes with --trade {TRADES[2]}": self.group is not None and self.against != WORST_GROUP,
        }
        wrong = [reason for reason, applies in reasons.items() if applies]
        if wrong:
            raise ScenarioError("; ".join(wrong))
