"""Fairness among groups: the worst-covered lifted first, or every group's share weighed by one utility."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.constraints.base import check, refuse
from hubplanner.model.lp import LinearExpression, Model
from hubplanner.model.variables.coverage import covered_measure
from hubplanner.problem import Evaluation, Floats, Ints, exact_sum

LARGEST_ALPHA = 4.0
"""A larger one is max-min but for figures that no solver distinguishes."""
SAME_SHARE = 1e-9
"""Relative difference below which two tangents are one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fairness:
    """Groups of demand that are to be covered fairly.

    Parameters
    ----------
    weights
        (g, n) need of each group at each demand point.
    names
        What the groups are called.
    """

    weights: Floats
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse weights without groups."""
        if np.ndim(self.weights) != 2 or not len(self.weights):  # noqa: PLR2004 - groups and points
            refuse("fairness", np.shape(self.weights), "one row of weights for each group")

    @cached_property
    def with_need(self) -> list[Floats]:
        """The weights of the groups that have any."""
        return [weight for weight in self.weights if exact_sum(weight) > 0]

    @cached_property
    def need(self) -> Floats:
        """Need (g,) of each group that has any."""
        return np.array([exact_sum(weight) for weight in self.with_need])

    @cached_property
    def _points(self) -> list[Ints]:
        """The points of each group with need: mostly few of all there are."""
        return [np.flatnonzero(weight) for weight in self.with_need]

    def shares(self, plan: Evaluation) -> Floats:
        """Return the covered share (g,) of each group with need, recomputed."""
        parts = zip(self.with_need, self._points, strict=True)
        covered = [math.fsum(weight[points] * plan.covered_share[points]) for weight, points in parts]
        return (np.array(covered) + self.covered_elsewhere) / self.need

    @property
    def covered_elsewhere(self) -> Floats:
        """Need (g,) of each group with need that is covered beyond the points: none."""
        return np.zeros(len(self.need))


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxMin(Fairness):
    """Cover the worst-covered group as well as can be, then the second worst, and so on.

    Parameters
    ----------
    first
        Whether this comes before the objective, or only decides among plans that are equal by it.
    """

    first: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Elsewhere:
    """What groups have beyond the points of a problem that is a part of a larger one.

    Parameters
    ----------
    need, covered
        (g,) need of each group there, and how much of it is covered whatever is chosen here.
    """

    need: Floats
    covered: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class AlphaFair(Fairness):
    r"""Weigh each group's covered share by a utility that grows less the more is covered already.

    .. math:: \max \sum_g w_g U(s_g), \qquad U'(s) = \max(s, s_0)^{-\alpha}

    With $w_g$ the need of group g and $s_g$ the share of it that is covered. With alpha = 1 one per cent more of its
    share counts the same in every group, times its need. Below $s_0$ the utility is its tangent at $s_0$: finite, so
    that a plan may leave groups out, and concave. Its value is told as equivalent share, $U^{-1}$ of the mean of U
    weighted by need: the plan is as good as one with that share in every group.

    Mo and Walrand (2000), doi:10.1109/90.879343; Bertsimas, Farias and Trichakis (2012), doi:10.1287/mnsc.1120.1549.

    Parameters
    ----------
    alpha
        Aversion to unequal shares: towards 0 all that counts is the sum, 1 is proportional fairness, and the larger it
        is the nearer it comes to `MaxMin`.
    linear_below
        The share $s_0$, above 0 and at most 1.
    prefer_largest_of
        (m,) the group of each site, such as its district, numbered from 0. Of plans with as many new hubs of each tier
        in each of these groups, and no less covered of any group of demand, the one with the largest catchments is
        taken (`hubplanner.model.goals.catchment`). It does not matter if None.
    elsewhere
        What the groups have beyond the points; nothing if None.

    >>> fair = AlphaFair(weights=np.eye(2), alpha=1.0, linear_below=0.01)
    >>> round(fair.equivalent_share(np.array([0.1, 0.4])), 9)
    0.2
    """

    alpha: float
    linear_below: float
    prefer_largest_of: Ints | None = None
    elsewhere: Elsewhere | None = None

    def __post_init__(self) -> None:
        """Refuse an alpha that weighs nothing, or more than a solver distinguishes, and an invalid share."""
        super().__post_init__()
        allowed = f"a number above 0, at most {LARGEST_ALPHA:g}; leave fairness out for 0, MaxMin is beyond"
        check("alpha", self.alpha, allowed, lambda value: 0 < value <= LARGEST_ALPHA)
        check("linear_below", self.linear_below, "a share above 0, at most 1", lambda value: 0 < value <= 1)

    @cached_property
    def need(self) -> Floats:
        """Need (g,) of each group that has any at the points, with what it has elsewhere."""
        own = np.array([exact_sum(weight) for weight in self.with_need])
        return own if self.elsewhere is None else own + self.elsewhere.need[self._counted]

    @cached_property
    def covered_elsewhere(self) -> Floats:
        """Need (g,) of each of these groups that is covered elsewhere."""
        return np.zeros(len(self.need)) if self.elsewhere is None else self.elsewhere.covered[self._counted]

    @property
    def _counted(self) -> list[bool]:
        """Which groups have need at the points."""
        return [exact_sum(weight) > 0 for weight in self.weights]

    def worth(self, share: Floats, at: float) -> Floats:
        r"""Return what shares count for as multiples of $\bar s$: $1 + (U(s) - U(\bar s)) / (\bar s U'(\bar s))$.

        Parameters
        ----------
        share
            Any number of shares.
        at
            The share $\bar s$, at least ``linear_below``.
        """
        kept = np.maximum(share, self.linear_below)
        power, size = 1.0 - self.alpha, np.log(kept / at)
        bent = size if power == 0 else np.expm1(power * size) / power
        return np.asarray(1.0 + bent + self.slope(kept, at) * (share - kept) / at)

    def slope(self, share: Floats, at: float) -> Floats:
        r"""Return how steep the worth is per $\bar s$ of share."""
        return np.asarray((np.maximum(share, self.linear_below) / at) ** -self.alpha)

    def share_of(self, worth: float, at: float) -> float:
        """Return the share that counts for so much, at most 1."""
        least = float(self.worth(np.array(self.linear_below), at))
        if worth <= least:
            return self.linear_below + (worth - least) * at / float(self.slope(np.array(self.linear_below), at))
        power = 1.0 - self.alpha
        if power == 0:
            return min(at * math.exp(min(worth - 1.0, 700.0)), 1.0)
        base = 1.0 + power * (worth - 1.0)
        return min(at * base ** (1.0 / power), 1.0) if base > 0 else 1.0

    def mean(self, worth: Floats) -> float:
        """Return the mean over groups, weighted by their need; 0 without need."""
        total = math.fsum(self.need)
        return math.fsum(self.need * worth) / total if total > 0 else 0.0

    def equivalent_share(self, shares: Floats) -> float:
        r"""Return $U^{-1}(\sum_g w_g U(s_g) / \sum_g w_g)$ of the groups with need; 0 without any."""
        if not len(self.need):
            return 0.0
        at = max(self.mean(shares), self.linear_below)
        return max(self.share_of(self.mean(self.worth(shares, at)), at), 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class TangentUtility:
    r"""An alpha-fair utility from outside: the least of its tangents, so linear, and never below it.

    As a figure it is the need that a plan as good would cover with one share in every group, seen from the share
    $\bar s$: $\sum_g w_g \bar s \min_k \big(u_k + u'_k (s_g - s_k) / \bar s\big)$.

    Parameters
    ----------
    fairness
        The utility.
    at
        The share $\bar s$ at which a unit of figure is a unit of need.
    touching
        Shares at which each group with need has a tangent.
    """

    fairness: AlphaFair
    at: float
    touching: tuple[Floats, ...]

    @classmethod
    def coarse(cls, fairness: AlphaFair) -> TangentUtility:
        """Return tangents at the shares that double from the smallest one to all."""
        doubling = fairness.linear_below * 2.0 ** np.arange(math.ceil(-math.log2(fairness.linear_below)) + 1)
        touching = np.minimum(doubling, 1.0)
        return cls(fairness=fairness, at=fairness.linear_below, touching=(touching,) * len(fairness.need))

    def refined(self, shares: Sequence[Floats]) -> TangentUtility:
        """Return it with tangents at further shares (g,) as well."""
        return replace(self, touching=tuple(map(self._with, self.touching, np.transpose(shares))))

    def _with(self, known: Floats, more: Floats) -> Floats:
        every = np.sort(np.concatenate([known, np.maximum(more, self.fairness.linear_below)]))
        return np.asarray(every[np.concatenate([[True], np.diff(every) > SAME_SHARE * every[1:]])])

    def lines(self, group: int) -> tuple[Floats, Floats]:
        r"""Return where each tangent of a group meets 0, and its slope per $\bar s$ of share."""
        touching = self.touching[group]
        slope = self.fairness.slope(touching, self.at)
        return self.fairness.worth(touching, self.at) - slope * touching / self.at, slope

    def _each(self, shares: Floats) -> Iterable[tuple[tuple[Floats, Floats], float]]:
        return zip(map(self.lines, range(len(shares))), shares.tolist(), strict=True)

    def figure(self, shares: Floats) -> float:
        """Return the figure of groups with these shares."""
        least = [float((start + slope * share / self.at).min()) for (start, slope), share in self._each(shares)]
        return self._in_need(np.array(least))

    def exact(self, shares: Floats) -> float:
        """Return the figure by the utility itself."""
        return self._in_need(self.fairness.worth(shares, self.at))

    def _in_need(self, worth: Floats) -> float:
        return math.fsum(self.fairness.need * worth) * self.at

    def share_of(self, figure: float) -> float:
        """Return the equivalent share that a figure stands for."""
        total = math.fsum(self.fairness.need) * self.at
        return max(self.fairness.share_of(figure / total, self.at), 0.0) if total > 0 else 0.0

    def expression(self, model: Model) -> LinearExpression:
        """Return the figure as a linear expression, with a variable for each group's share and for what it is worth."""
        terms, variables = [], []
        for group, (weight, need) in enumerate(zip(self.fairness.with_need, self.fairness.need.tolist(), strict=True)):
            start, slope = self.lines(group)
            ends = [float((start + slope * end / self.at).min()) for end in (0.0, 1.0)]
            share = model.variable(f"fair_share_{group}", 0, 1 / self.at)
            worth = model.variable(f"fair_worth_{group}", *ends)
            covered = covered_measure(model, weight).times(-1 / (need * self.at))
            row = [(share, 1.0), *((variable, part) for variable, part in covered.terms if part)]
            known = float(self.fairness.covered_elsewhere[group]) / (need * self.at)
            model.add(f"fair_share_{group}", row, LpConstraintLE, known - covered.constant)
            for number, line in enumerate(zip(start.tolist(), slope.tolist(), strict=True)):
                below = [(worth, 1.0), (share, -line[1])]
                model.add(f"tangent_{group}_{number}", below, LpConstraintLE, line[0])
            terms.append((worth, need * self.at))
            variables.append((share, worth))
        model.variables.fair_shares[:] = variables
        return LinearExpression(terms=terms)

    def shares_in(self, model: Model, values: Floats) -> Floats:
        """Return the groups' shares (g,) by the values (v,) of a program's variables."""
        return np.array([values[share.index] for share, _ in model.variables.fair_shares]) * self.at

    def rows_beyond(self, known: TangentUtility, model: Model) -> Iterable[tuple[float, list[int], list[float]]]:
        """Yield a row (most, columns, coefficients) for each tangent that a program with the known ones lacks."""
        for group, (share, worth) in enumerate(model.variables.fair_shares):
            for start, slope, touching in zip(*self.lines(group), self.touching[group], strict=True):
                if touching not in known.touching[group]:
                    yield float(start), [worth.index, share.index], [1.0, -float(slope)]


def worst_shares(model: Model, fairness: MaxMin, count: int) -> LinearExpression:
    r"""Return the sum of the k smallest covered shares, as large as it can be.

    .. math:: \max \; k r - \sum_g d_g \quad\text{s.t.}\quad d_g \ge r - s_g, \; d_g \ge 0

    Maximising it for k = 1, 2, ... in turn lifts the worst group first, also where plans are whole numbers.
    Ogryczak and Sliwinski (2006), doi:10.1007/11751540_85.
    """
    level = model.variable(f"level_{count}", 0, 1)
    terms = [(level, float(count))]
    for group, weight in enumerate(fairness.with_need):
        short = model.variable(f"short_{count}_{group}", 0, 1)
        share = covered_measure(model, weight).times(1 / exact_sum(weight))
        terms_short = [(short, 1.0), (level, -1.0), *share.terms]
        model.add(f"short_{count}_{group}", terms_short, LpConstraintGE, -share.constant)
        terms.append((short, -1.0))
    return LinearExpression(terms=terms)


def shares_of(plan: Evaluation, fairness: MaxMin) -> list[float]:
    """Return the covered share of each group with need, recomputed, smallest first."""
    return sorted(fairness.shares(plan).tolist())
