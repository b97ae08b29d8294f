"""Names, amounts and single clauses of an explanation, in plain English."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.models import AtMostOne, Floor, MaxHubs, MinCost, MinHubs, MinSeparation, OnlyWith, PCenter, PMedian
from hubplanner.solver import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.analysis.explain import Explanation
    from hubplanner.analysis.explain_changes import Counterfactual
    from hubplanner.inputs import Inputs
    from hubplanner.models import Constraint

MOST_LISTED = 4
"""Sites named in one sentence; of more, the rest is counted."""
NIL = 1e-6
"""Smaller differences, relative to the plan's figure, are none."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplanationWords:
    """How the sites, money and figures of one scenario are called."""

    inputs: Inputs
    found: Explanation

    def id_of(self, site: int) -> str:
        """Return a site's id."""
        return str(self.inputs.sites.frame["site_id"].iloc[site])

    def name_of(self, site: int) -> str | None:
        """Return a site's name, None where the site file gives none."""
        frame = self.inputs.sites.frame
        name = frame["name"].iloc[site] if "name" in frame else None
        return None if pd.isna(name) or not str(name).strip() else str(name).strip()

    def label(self, site: int) -> str:
        """Return a site's name and id, such as ``Quetta (S1)``, or its id."""
        name = self.name_of(site)
        return self.id_of(site) if name is None else f"{name} ({self.id_of(site)})"

    def places(self, sites: Sequence[int]) -> str:
        """Return a list of sites, the first few by name."""
        shown = [self.name_of(site) or self.id_of(site) for site in sites[:MOST_LISTED]]
        left = len(sites) - len(shown)
        return listed([*shown, f"{left} more"] if left else shown)

    def tier(self, option: int) -> str:
        """Return the tier of an option."""
        return self.inputs.scenario.hubs[int(self.found.asked.problem.option_tier[option])].name

    def hubs(self, options: Sequence[int], counts: Sequence[int]) -> str:
        """Return hubs such as ``a centre and 2 parks``."""
        return listed([_some(self.tier(option), count) for option, count in zip(options, counts, strict=True)])

    def money(self, amount: float) -> str:
        """Return an amount of money with its currency, large ones in millions."""
        return f"{self.inputs.scenario.currency} {amount_of(amount)}"

    def figure(self, amount: float) -> str:
        """Return an amount of what the objective counts, with its unit."""
        objective = self.found.asked.objective
        if isinstance(objective, MinCost):
            return self.money(amount)
        if isinstance(objective, PMedian | PCenter):
            return f"{round(amount, 3) + 0.0:,.3f} {self.inputs.unit}"  # so that no zero has a sign
        return f"{number(amount)} of need"

    @property
    def unit(self) -> str:
        """What the objective counts."""
        objective = self.found.asked.objective
        if isinstance(objective, PCenter):
            return f"largest distance to a hub, {self.inputs.unit}"
        if isinstance(objective, PMedian):
            return f"mean distance to a hub, {self.inputs.unit}"
        return f"cost, {self.inputs.scenario.currency}" if isinstance(objective, MinCost) else "need covered"

    def is_nil(self, amount: float) -> bool:
        """Tell whether an amount of what the objective counts is none but for rounding."""
        return abs(amount) <= NIL * max(1.0, abs(self.found.asked.plan.value))

    def worse(self, change: Counterfactual) -> str:
        """Return how much worse the best plan of a change is, as the rest of ``the best plan ...``."""
        if change.is_impossible:
            return "does not exist: " + "; ".join(self.clashes(change))
        return self._loss(change.least, change.most) + self._fairness(change)

    def _fairness(self, change: Counterfactual) -> str:
        """Return how the first goal that comes before the objective's own, and differs, fares."""
        asked = self.found.asked
        for before, after in zip(asked.plan.goals, change.goals, strict=False):
            if before.name == asked.objective.goal:
                break
            if abs(after.value - before.value) > NIL:
                shares = f"{after.value:.2%} instead of {before.value:.2%}"
                return f", and its {before.name} of the groups {_verb(before.name)} {shares}"
        return ""

    def _loss(self, least: float, most: float) -> str:
        """Return a loss, as the proof leaves it, as a verb and more."""
        if math.isinf(most):
            floor = "" if math.isinf(least) or least <= 0 else f", but it is worse by at least {self.figure(least)}"
            return f"was not found in the time{floor}"
        if math.isinf(least):
            known = "is at least as good" if self.is_nil(most) else f"is worse by {self.figure(most)} at most"
            return f"{known}; how much better it may be was not proven in the time"
        if self.is_nil(most - least):
            way = "worse" if most > 0 else "better"
            return "is as good" if self.is_nil(most) else f"is {way} by {self.figure(abs(most))}"
        return f"is {self._range(least, most)}"

    def _range(self, least: float, most: float) -> str:
        """Return a range of losses, as the proof leaves it."""
        if self.is_nil(most):
            return f"as good, or better by up to {self.figure(-least)}"
        if most < 0:
            return f"better by {self.figure(-most)} at least and {self.figure(-least)} at most"
        if least > 0 and not self.is_nil(least):
            return f"worse by {self.figure(least)} at least and {self.figure(most)} at most"
        tail = "" if self.is_nil(least) else f", or better by up to {self.figure(-least)}"
        return f"worse by {self.figure(most)} at most{tail} (the gap of the proof leaves this open)"

    def clashes(self, change: Counterfactual) -> list[str]:
        """Return why there is no plan."""
        return ["no plan meets all demands"] if change.clash is None else in_words(change.clash, self.id_of)

    def limit(self, block: Constraint) -> str:
        """Return a limit in words."""
        return LIMITS[type(block)](self, block)


def _verb(goal: str) -> str:
    return "add up to" if goal.endswith("shares") else "is"


def _share(block: Floor) -> str:
    return f"the floor of {100 * block.share:.6g} % for {block.name or 'a group'}"


def _where(name: str) -> str:
    return f" in {name}" if name else ""


LIMITS: dict[type, Callable[[ExplanationWords, Any], str]] = {
    Floor: lambda _, block: _share(block),
    MinHubs: lambda _, block: f"at least {block.count} hubs{_where(block.name)}",
    MaxHubs: lambda _, block: f"at most {block.count} hubs{_where(block.name)}",
    MinSeparation: lambda words, block: f"the separation of {block.distance:g} {words.inputs.unit} between hubs",
    AtMostOne: lambda words, block: f"at most one of {words.places(block.sites)}",
    OnlyWith: lambda words, block: f"{words.label(block.site)} only with {words.label(block.needs)}",
}


def _some(tier: str, count: int) -> str:
    article = "an" if tier[:1].lower() in "aeiou" else "a"
    return f"{article} {tier}" if count == 1 else f"{count} {tier} hubs"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nothing"


def number(amount: float) -> str:
    """Return a number as people read it: whole where it is large.

    >>> number(1234.5), number(0.25)
    ('1,234', '0.25')
    """
    return f"{amount:,.0f}" if abs(amount) >= 100 or amount == int(amount) else f"{amount:,.3g}"  # noqa: PLR2004


def amount_of(amount: float) -> str:
    """Return money, in millions where it is so large.

    >>> amount_of(24_700_000.0), amount_of(950.0)
    ('24.7 million', '950')
    """
    return f"{amount / 1e6:,.4g} million" if abs(amount) >= 1e6 else number(amount)  # noqa: PLR2004
