"""Steps that make an instance smaller and leave its best plans as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models.budget import TOLERANCE
from hubplanner.solver.limits import limits

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from hubplanner.models import Objective
    from hubplanner.problem import Bools, Ints
    from hubplanner.problem.reduced import Reduced


def merge_single(instance: Reduced) -> Reduced:
    r"""Give need that one site alone covers to its options: $z_r = \sum_{o \in O_j} y_o$ in every best plan.

    A site holds at most one hub, so the need is counted once.
    """
    cover = instance.cover
    single = of_one_site(cover, instance.site)
    rest = np.flatnonzero(~single)
    alone = cover[np.flatnonzero(single)].T @ instance.need[single]
    return replace(instance, need=instance.need[rest], cover=cover[rest], gain=instance.gain + alone)


def of_one_site(cover: csr_array, site: Ints) -> Bools:
    """Tell which rows (r, o) options of one site alone cover; options ascend by site (o,), and no row is empty."""
    first, last = site[cover.indices[cover.indptr[:-1]]], site[cover.indices[cover.indptr[1:] - 1]]
    return np.asarray(first == last)


def drop_useless(instance: Reduced, objective: Objective) -> Reduced:
    """Drop options that cost more than the budget or cover nothing; required sites keep theirs."""
    money, _ = limits(objective)
    reaches = np.bincount(instance.cover.indices, minlength=len(instance.option)) > 0
    required = np.isin(instance.site, instance.required)
    return instance.keep_options(required | (reaches & (instance.cost <= money * (1 + TOLERANCE))))
