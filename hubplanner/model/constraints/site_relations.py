"""Sites that depend on each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintLE

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem


@dataclass(frozen=True, kw_only=True)
class AtMostOne:
    """At most one of some sites holds a hub, a standing one included."""

    sites: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class OnlyWith:
    """A site holds a hub only if another one does."""

    site: int
    needs: int


def add_at_most_one(model: Model, block: AtMostOne) -> None:
    r"""Use at most one of some sites: $\sum_{o \in O_j} y_o \le q b_j$ and $\sum_j b_j \le 1$.

    Where a site holds one hub at most, $\sum_{j} \sum_{o \in O_j} y_o \le 1$ says it all.
    """
    instance = model.instance
    at = np.isin(instance.site, block.sites)
    if instance.most[at].max(initial=1) == 1:
        model.add("at_most_one", model.opened(at), LpConstraintLE, 1)
        return
    used = []
    for site in block.sites:
        options = np.flatnonzero(instance.site == site)
        variable = model.variable(f"used_{site}_{len(model.program.constraints())}", 0, 1, whole=True)
        most = float(instance.most[options].max(initial=1))
        model.add("used", [*model.opened(options), (variable, -most)], LpConstraintLE, 0)
        used.append((variable, 1.0))
    model.add("at_most_one", used, LpConstraintLE, 1)


def add_only_with(model: Model, block: OnlyWith) -> None:
    r"""Use site a only with site b: $y_o \le q \sum_{o' \in O_b} y_{o'} \;\forall o \in O_a$."""
    instance = model.instance
    needs = np.flatnonzero(instance.site == block.needs)
    for option in np.flatnonzero(instance.site == block.site).tolist():
        most = float(instance.most[option])
        terms = [(model.open_[option], 1.0), *model.opened(needs, np.full(len(needs), -most))]
        model.add("only_with", terms, LpConstraintLE, 0)


def broken_at_most_one(problem: Problem, plan: Evaluation, block: AtMostOne) -> str | None:
    """Return which sites a plan uses together, None when it does not."""
    used = np.intersect1d(problem.option_site[plan.options], block.sites)
    return f"sites {used[0]} and {used[1]} both hold a hub" if len(used) > 1 else None


def broken_only_with(problem: Problem, plan: Evaluation, block: OnlyWith) -> str | None:
    """Return whether a plan uses a site without the other, None when it does not."""
    used = problem.option_site[plan.options]
    alone = block.site in used and block.needs not in used
    return f"site {block.site} holds a hub, site {block.needs} does not" if alone else None
