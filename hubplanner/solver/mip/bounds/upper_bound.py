"""What no plan is better than, whatever a solver has proven: the figure of all hubs together."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np

from hubplanner.model import Goal, MaxCoverage, Question, Year
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.evaluation import evaluate_with_all
from hubplanner.solver.backends import DisagreementError
from hubplanner.solver.mip.heuristics.cover_state import worth_alone
from hubplanner.tolerances import AGREEMENT

LEAK = 1e-6
"""Share by which limits are taken wider, so that rounding leaves no plan out."""


def surely_exceeds(least: float, money: float, costs: Floats) -> bool:
    """Tell whether what plans cost at least is more than there is money, by more than rounding may add to it.

    Parameters
    ----------
    costs
        (o,) of the options: without money, the cheapest that is not free says what is little.

    >>> [surely_exceeds(least, 0.0, np.array([0.0, 3.0])) for least in (1e-15, 1.0)]
    [False, True]
    """
    cheapest = float(costs[costs > 0].min(initial=math.inf))
    return least > money + LEAK * max(money, cheapest if math.isfinite(cheapest) else 0.0)


def all_hubs_bound(question: Question, goal: Goal) -> float:
    """Return a figure of a goal that no plan is better than; infinitely good where none is known.

    All hubs that the money allows, each on its own, are taken as open at once, with room for all, and so is everyone
    whom measures may reach. Where hubs cover no more together than each alone, neither does what the money and the
    number of hubs allow, parts of hubs included.
    """
    if goal.limit is not None:
        return goal.limit(question.problems[-1])
    if not goal.grows:
        return goal.sense * math.inf
    together = goal.value(_all_open(question))
    return min(together, covered_alone(question)) if goal.name == MaxCoverage.goal and _adds_up(question) else together


_ALL_OPEN: WeakKeyDictionary[Question, tuple[Year, ...]] = WeakKeyDictionary()
"""Plans of all hubs at once: each goal of a question asks for the same."""


def _all_open(question: Question) -> tuple[Year, ...]:
    """Return what all hubs that the money allows, each on its own, are in each year."""
    if question not in _ALL_OPEN:
        may, pairs = _affordable(question), zip(question.problems, question.discounts, strict=True)
        every = np.repeat(np.flatnonzero(may), question.instance.most[may])
        years = (Year(problem, evaluate_with_all(problem, every), discount) for problem, discount in pairs)
        _ALL_OPEN[question] = tuple(years)
    return _ALL_OPEN[question]


def _adds_up(question: Question) -> bool:
    """Tell whether hubs cover no more together than each of them would alone, second ones counting for half."""
    problem = question.problems[-1]
    asked = question.objective.maximises_coverage and question.periods is None
    return asked and problem.keeps_existing and not problem.measures


def covered_alone(question: Question) -> float:
    r"""Return what hubs that each cover all they can alone would come to, for the money and number there is.

    With second hubs, of weight $\beta$, each counts for $\max(1 - \beta, 1/2)$ of what it reaches, as the first of a
    place or one of two.
    """
    problem, most = question.problems[-1], question.instance.most
    worth, standing = worth_alone(question), problem.existing
    settled, new = math.fsum(worth[standing]), np.flatnonzero(problem.new & (worth > 0))
    money, count = money_limit(question.constraints), hub_limit(question.constraints)
    bounds = [
        _filled(worth[new], problem.option_cost[new], most[new], money * (1 + LEAK)),
        _filled(worth[new], np.ones(len(new)), most[new], count),
    ]
    return settled + min(bounds) * (1 + LEAK)


def _filled(worth: Floats, size: Floats, most: Ints, room: float) -> float:
    """Return what fills a room best where parts of things count for their part."""
    if math.isinf(room):
        return math.fsum(worth * most)
    with np.errstate(divide="ignore"):
        order = np.argsort(-worth / size, kind="stable")
    sizes = (size * most)[order]
    before = np.cumsum(sizes) - sizes
    part = np.where(sizes > 0, np.clip((room - before) / np.where(sizes > 0, sizes, 1.0), 0.0, 1.0), 1.0)
    return math.fsum((worth * most)[order] * part)


def cap_bound(question: Question, goal: Goal | None, bound: float) -> float:
    """Return a bound on a goal's figure, at most as good as all hubs together make it."""
    if goal is None:
        return bound
    limit = all_hubs_bound(question, goal)
    return limit if math.isnan(bound) else goal.sense * min(goal.sense * bound, goal.sense * limit)


def agreed_bound(goal: Goal, value: float, bound: float) -> float:
    """Return the bound of a goal beside a plan's figure, which is taken for it where it is better by rounding.

    Where no bound is known (NaN), none is returned.

    Raises
    ------
    DisagreementError
        When the plan is better by more than that: then the bound is no bound.

    >>> from hubplanner.model.goals import cost
    >>> agreed_bound(cost(), 100.0, 90.0), agreed_bound(cost(), 100.0, 100.00000001)
    (90.0, 100.0)
    """
    sense = goal.sense
    if sense * value > sense * bound + AGREEMENT * max(goal.least, abs(value)):
        message = f"{bound:,.6f} is stated as the best {goal.name}, a plan's is {value:,.6f}"
        raise DisagreementError(message)
    return sense * max(sense * bound, sense * value)


def _affordable(question: Question) -> Bools:
    """Tell which options (o,) the budget allows alone; saving money by closing hubs, a plan may afford any."""
    instance = question.instance
    money = money_limit(question.constraints)
    keeps = question.problems[-1].keeps_existing
    return np.asarray((instance.cost <= money * (1 + LEAK)) | ~instance.new | (not keeps))
