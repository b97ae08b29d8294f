"""How far the new sites of a plan are from those of earlier plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.lp import LinearExpression
from hubplanner.model.parameters import check_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem


@dataclass(frozen=True, kw_only=True)
class PlanDistance:
    """At least ``least`` sites hold a new hub here or in an earlier plan's ``sites``, but not in both."""

    sites: tuple[int, ...]
    least: int

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        check_count("differ", self.least)


def add_differ(model: Model, block: PlanDistance) -> None:
    r"""Differ from a plan: $\sum_{j \in S} (1 - u_j) + \sum_{j \notin S} u_j \ge k$, $u_j$ a new hub at j."""
    found = distance_to(model, block.sites)
    model.add("differ", found.terms, LpConstraintGE, block.least - found.constant)


def broken_differ(problem: Problem, plan: Evaluation, block: PlanDistance) -> str | None:
    """Return how a plan is too like an earlier one, None when it is not."""
    apart = len(new_sites(problem, plan) ^ set(block.sites))
    return None if apart >= block.least else f"{apart} sites differ from an earlier plan, {block.least} are to"


def new_sites(problem: Problem, plan: Evaluation) -> set[int]:
    """Return the sites that hold a new hub."""
    return set(problem.option_site[plan.options[problem.new[plan.options]]].tolist())


def distance_to(model: Model, sites: Sequence[int]) -> LinearExpression:
    """Return the number of sites with a new hub in either, not both, of the plan sought and a known one."""
    known = set(sites)
    total = LinearExpression(terms=[], constant=float(len(known)))
    for site, used in used_at(model).items():
        total = total.plus(used.times(-1.0 if site in known else 1.0))
    return total


def used_at(model: Model) -> dict[int, LinearExpression]:
    r"""Return $u_j$ of each site for new hubs: a sum of options, or a binary where hubs may stand in numbers.

    The binary is tied on both sides, $u_j \le \sum_{o \in O_j} y_o \le q u_j$.
    """
    if "used sites" not in model.parts:
        instance = model.instance
        new = np.flatnonzero(instance.new)
        model.parts["used sites"] = {
            int(site): _used(model, int(site), new[instance.site[new] == site])
            for site in np.unique(instance.site[new])
        }
    return cast("dict[int, LinearExpression]", model.parts["used sites"])


def _used(model: Model, site: int, options: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> LinearExpression:
    opened, most = model.opened(options), float(model.instance.most[options].max())
    if most <= 1:
        return LinearExpression(terms=opened)
    used = model.variable(f"used_new_{site}", 0, 1, whole=True)
    minus = [(variable, -1.0) for variable, _ in opened]
    model.add("used_new_least", [(used, most), *minus], LpConstraintGE, 0)
    model.add("used_new_most", [(used, 1.0), *minus], LpConstraintLE, 0)
    return LinearExpression(terms=[(used, 1.0)])
