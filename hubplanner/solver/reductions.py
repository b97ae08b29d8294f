"""Steps that make an instance smaller and leave its best plans as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models.budget import TOLERANCE
from hubplanner.solver.start import limits

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem.reduced import Reduced


def merge_single(instance: Reduced) -> Reduced:
    r"""Give need that one site alone covers to its options: $z_r = \sum_{o \in O_j} y_o$ in every best plan.

    A site holds at most one hub, so the need is counted once.
    """
    cover = instance.cover
    # Columns ascend by site: a row is one site's when its first and its last column are.
    first, last = instance.site[cover.indices[cover.indptr[:-1]]], instance.site[cover.indices[cover.indptr[1:] - 1]]
    single = first == last
    rest = np.flatnonzero(~single)
    alone = cover[np.flatnonzero(single)].T @ instance.need[single]
    return replace(instance, need=instance.need[rest], cover=cover[rest], gain=instance.gain + alone)


def drop_useless(instance: Reduced, objective: Objective) -> Reduced:
    """Drop options that cost more than the budget or cover nothing; required sites keep theirs."""
    money, _ = limits(objective)
    reaches = np.bincount(instance.cover.indices, minlength=len(instance.option)) > 0
    required = np.isin(instance.site, instance.required)
    return instance.keep_options(required | (reaches & (instance.cost <= money * (1 + TOLERANCE))))
