"""Hubs of an earlier plan that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem


@dataclass(frozen=True, kw_only=True)
class FixedHubs:
    """At least ``counts`` hubs of some options, by their numbers in the problem."""

    options: tuple[int, ...]
    counts: tuple[int, ...]


def add_kept(model: Model, block: FixedHubs) -> None:
    r"""Keep the hubs of an earlier plan: $y_o \ge \bar y_o$."""
    position = {option: at for at, option in enumerate(model.instance.option.tolist())}
    for option, count in zip(block.options, block.counts, strict=True):
        model.add("kept", [(model.open_[position[option]], 1.0)], LpConstraintGE, count)


def broken_kept(problem: Problem, plan: Evaluation, block: FixedHubs) -> str | None:
    """Return which hub a plan gives up, None when there is none."""
    built = np.zeros(problem.n_options, dtype=np.intp)
    built[plan.options] = plan.counts
    lost = [option for option, count in zip(block.options, block.counts, strict=True) if built[option] < count]
    return f"site {problem.option_site[lost[0]]} gives up a hub of the plan before" if lost else None
