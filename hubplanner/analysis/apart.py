"""The next plan that differs most, where the question is maximal covering within budget and count."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hubplanner.solver.core.apart import DiversePlans
from hubplanner.solver.core.pinned import Probing
from hubplanner.solver.covering import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.analysis.near import NearOptimal
    from hubplanner.models import MaxCoverage


def apart_from(near: NearOptimal, known: Sequence[frozenset[int]]) -> DiversePlans | None:
    """Return the program of plans apart from known ones; None where the question has none in arrays."""
    if near.options.name != "highs" or not is_plain(near.problem, near.objective):
        return None
    instance, objective = near.covering, cast("MaxCoverage", near.objective)
    if not Probing.suits(instance, objective):
        return None
    sites = [np.array(sorted(plan), dtype=np.intp) for plan in known]
    return DiversePlans(instance, objective, sites, near.threshold)
