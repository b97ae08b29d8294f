"""The number of new hubs, everywhere or at some sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.parameters import check_count

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Bools, Evaluation, Ints, Problem
    from hubplanner.problem.covering_instance import CoveringInstance
    from hubplanner.problem.model_instance import ModelInstance


@dataclass(frozen=True, kw_only=True)
class MaxHubs:
    """At most ``count`` new hubs, at some sites only where ``sites`` lists them; ``name`` says which they are.

    ``group`` is what each of several such limits speaks of a value of, such as district.
    """

    count: int
    sites: tuple[int, ...] | None = None
    name: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        check_count("max_hubs", self.count)


@dataclass(frozen=True, kw_only=True)
class MinHubs:
    """At least ``count`` new hubs, at some sites only where ``sites`` lists them; ``name`` says which they are.

    ``group`` is what each of several such limits speaks of a value of, such as district.
    """

    count: int
    sites: tuple[int, ...] | None = None
    name: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        check_count("min_hubs", self.count)


def add_max_hubs(model: Model, block: MaxHubs) -> None:
    r"""Build at most p new hubs: $\sum_{o \in N} y_o \le p$."""
    model.add("max_hubs", model.opened(_counted(model.instance, block)), LpConstraintLE, block.count)


def add_min_hubs(model: Model, block: MinHubs) -> None:
    r"""Build at least p new hubs: $\sum_{o \in N} y_o \ge p$."""
    model.add("min_hubs", model.opened(_counted(model.instance, block)), LpConstraintGE, block.count)


def broken_max_hubs(problem: Problem, plan: Evaluation, block: MaxHubs) -> str | None:
    """Return how a plan builds too many hubs, None when it does not."""
    built = _built(problem, plan, block)
    return f"{built} new hubs are built{_where(block)}, max_hubs is {block.count}" if built > block.count else None


def broken_min_hubs(problem: Problem, plan: Evaluation, block: MinHubs) -> str | None:
    """Return how a plan builds too few hubs, None when it does not."""
    built = _built(problem, plan, block)
    return f"{built} new hubs are built{_where(block)}, min_hubs is {block.count}" if built < block.count else None


def _counted(instance: CoveringInstance | ModelInstance, block: MaxHubs | MinHubs) -> Ints:
    return np.flatnonzero(instance.new & _at(instance.site, block))


def _at(site: Ints, block: MaxHubs | MinHubs) -> Bools:
    return np.ones(len(site), dtype=np.bool_) if block.sites is None else np.isin(site, block.sites)


def _built(problem: Problem, plan: Evaluation, block: MaxHubs | MinHubs) -> int:
    counted = problem.new[plan.options] & _at(problem.option_site[plan.options], block)
    return int(plan.counts[counted].sum())


def _where(block: MaxHubs | MinHubs) -> str:
    return f" in {block.name}" if block.name else ""
