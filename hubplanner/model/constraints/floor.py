"""The least that must be covered of a group's need."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from pulp import LpConstraintGE, LpVariable

from hubplanner.compatibility import Feature
from hubplanner.formatting import per_cent
from hubplanner.model.constraints.base import Constraint, SiteNames, check_share
from hubplanner.model.lp import Model, decimal_unit
from hubplanner.model.variables.assignment import assigned, live_rows, served
from hubplanner.model.variables.coverage import covered_measure, rows_covered
from hubplanner.problem import Bools, Evaluation, Floats, Problem, exact_sum
from hubplanner.problem.coverage import LEAST_SHARE
from hubplanner.problem.multi_period import grow_demand
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import N_, gettext as _

SUMMING = 1e-12
"""Part of a total that is the rounding of sums."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Floor(Constraint):
    r"""At least a share of a group's need is covered.

    .. math:: \sum_{i \in G} w_i z_i \ge \phi \sum_{i \in G} w_i

    A plan violates it where less is covered, but for the rounding of sums; with a share of 1 every point with need must
    be, however small.

    Parameters
    ----------
    weight
        (n,) need $w_i$ of the group at each demand point, 0 at those of others.
    share
        Least covered share $\phi$; 1 asks for every point with need, however small.
    name
        What the group is called, such as "province Punjab".
    group
        What each of several such floors speaks of a value of, such as province.

    See Also
    --------
    hubplanner.model.fairness.MaxMin : lifts the worst-covered group as high as can be.

    >>> Floor(weight=np.array([3.0, 0.0]), share=0.3, name="province Punjab").describe(str)
    '30 % of province Punjab covered'
    """

    weight: Floats
    share: float
    name: str = ""
    group: str = ""

    key: ClassVar[str] = "floor"
    remedies: ClassVar[tuple[str, ...]] = (N_("a smaller share asked for"), N_("more sites"), N_("a farther reach"))
    needs_final_period: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid share."""
        check_share(f"floor {self.name}".strip(), self.share)

    @property
    def alike(self) -> tuple[object, ...] | None:
        """The group and the share, where there is a name for each of its values."""
        return (self.key, self.group, self.share) if self.group and self.name else None

    def measures(self) -> Sequence[Floats]:
        """Return the group's need."""
        return (self.weight,)

    def grown(self, growth: Floats | None, years: int) -> Self:
        """Return the floor with the group's need grown."""
        return replace(self, weight=grow_demand(self.weight, growth, years))

    @property
    def features(self) -> frozenset[Feature]:
        """A floor."""
        return frozenset({Feature.FLOORS})

    def add_to(self, model: Model) -> None:
        """Add a row, or bounds and a row, for what may be left uncovered."""
        total = exact_sum(self.weight)
        if total <= 0 or self.share <= 0:
            return
        if model.assigns:
            self._serve_share(model, total)
            return
        variables = rows_covered(model)
        rows, measure = model.whole.cover_rows, model.whole.measure(self.weight)
        found = FloorRows(
            variables=variables,
            weights=rows.weights[:, measure],
            counts=rows.counts[:, measure],
            never=float(rows.never[measure]),
            total=total,
        )
        cover_share(model, "floor", found, self.share)

    def _serve_share(self, model: Model, total: float) -> None:
        r"""Serve a share of a group's need where people are assigned.

        A row that counts for more than may be left out is served to $1 - A / w_r$ at least, with a share of 1 each
        wholly.
        """
        instance, allowed = model.whole, _allowed(total, self.share)
        if model.has_measures:  # whom hubs leave out, measures may reach, so only the sum is known of
            unit = decimal_unit(max(min(self.share, 1 - self.share), AGREEMENT) * total)
            reached = covered_measure(model, self.weight)
            model.add("floor", reached.times(1 / unit).terms, LpConstraintGE, self.share * total / unit)
            return
        whole = instance.assign_rows
        measure = instance.measure(self.weight)
        alone = exact_sum(np.asarray(self.weight)[whole.row_of < 0])
        allowed -= alone
        if allowed < -SUMMING * total or (self.share >= 1 and alone > 0):
            model.add_never("floor")
            return
        allowed = max(allowed, 0.0)
        rows, assign, weights = live_rows(model), assigned(model), whole.totals[:, measure]
        spans = list(pairwise(np.searchsorted(rows.row, np.arange(len(weights) + 1)).tolist()))
        for row in np.flatnonzero(weights > allowed).tolist():
            pairs = range(*spans[row])
            least = 1 - allowed / weights[row]
            terms = [(assign[pair], float(rows.share[pair])) for pair in pairs]
            if not terms:
                model.add_never("floor")
                return
            model.add("floor_of_row", terms, LpConstraintGE, least)
        if self.share >= 1:
            return
        unit = decimal_unit(max(min(self.share, 1 - self.share), AGREEMENT) * total)
        model.add("floor", served(model, measure).times(1 / unit).terms, LpConstraintGE, self.share * total / unit)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how far a plan stays below the floor, None when it does not."""
        del problem
        some = np.flatnonzero(self.weight)
        weight, covered = np.asarray(self.weight)[some], plan.covered_share[some]
        if not falls_short(weight, covered, self.share, is_assigned=plan.is_assigned):
            return None
        missed = exact_sum(weight * (1 - covered))
        reached = exact_sum(weight * covered) / exact_sum(weight)
        asked = per_cent(self.share, 4)
        return f"{self._who} is covered to {per_cent(reached, 4)}, all but {missed:,.6g}; its floor is {asked}"

    def ways_out(self, demands: Sequence[Constraint]) -> tuple[str, ...]:
        """Return its remedies: only a smaller share where fewer people come than it asks for, wherever hubs are."""
        return self.remedies[: 1 if any(demand.most_share < self.share for demand in demands) else None]

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the share in words."""
        del name_of
        return _("{share:.6g} % of {who} covered", share=100 * self.share, who=self._who)

    def explain(self, names: SiteNames) -> str:
        """Return the floor in words."""
        del names
        return _("the floor of {share:.6g} % for {who}", share=100 * self.share, who=self._who)

    @property
    def _who(self) -> str:
        return self.name or _("a group")


@dataclass(frozen=True, kw_only=True, eq=False)
class FloorRows:
    """Rows of demand that may be covered, as a floor counts them.

    Parameters
    ----------
    variables
        (r,) whether each is covered.
    weights
        (r,) what each counts.
    counts
        (r,) which stand for more than rounding.
    never
        What no plan covers.
    total
        All there is.
    """

    variables: Sequence[LpVariable]
    weights: Floats
    counts: Bools
    never: float
    total: float


def cover_share(model: Model, name: str, rows: FloorRows, share: float) -> None:
    r"""Leave no more uncovered than a share allows, $A = (1 - \phi) W$ less what no plan covers.

    What counts for more than that must be covered, $z_r = 1$: with a share of 1 every row, so that no sum, and no
    solver's tolerance of one, stands between a village and a country. The others share what is left,

    .. math:: \sum_r \min(w_r, C) z_r \ge C, \qquad C = \sum_r w_r - A

    in the unit of the smaller of A and C, so that the tolerance is small beside both.
    """
    allowed = _allowed(rows.total, share) - rows.never
    if allowed < -SUMMING * rows.total or (share >= 1 and rows.never > 0):
        model.add_never(name)
        return
    allowed = max(allowed, 0.0)
    rounding = 0.0 if share >= 1 else SUMMING * rows.total
    must = rows.counts & (rows.weights > allowed + rounding)
    for row in np.flatnonzero(must).tolist():
        model.raise_least(rows.variables[row], 1.0)
    rest = np.flatnonzero(~must & (rows.weights > 0))
    least = math.fsum(rows.weights[rest]) - allowed
    if share >= 1 or least <= rounding or allowed <= rounding:
        return
    unit = decimal_unit(min(allowed, least))
    worth = (np.minimum(rows.weights[rest], least) / unit).tolist()
    terms = [(rows.variables[row], value) for row, value in zip(rest.tolist(), worth, strict=True)]
    model.add(name, terms, LpConstraintGE, least / unit)


def _allowed(total: float, share: float) -> float:
    """Return what may be left uncovered."""
    return (1 - share) * total if share < 1 else 0.0


def falls_short(weight: Floats, covered_share: Floats, share: float, *, is_assigned: bool = False) -> bool:
    """Tell whether less than a share of weights (n,) is covered.

    What is left of a point counts but for rounding of its own; with a share of 1 nothing may be. Of shares below it
    sums are exact but for theirs, and where people are assigned for what a linear program leaves of them.
    """
    weight = np.asarray(weight)
    total, left = exact_sum(weight), 1.0 - covered_share
    left = np.where(left > (AGREEMENT if is_assigned else LEAST_SHARE), left, 0.0)
    slack = 0.0 if share >= 1 else SUMMING * total
    if is_assigned and share < 1:
        split = math.fsum(weight[(left > 0) & (left < 1 - AGREEMENT)])
        slack += AGREEMENT * min(min(share, 1 - share) * total + split, total)
    return exact_sum(weight * left) > _allowed(total, share) + slack
