"""The next plan that differs most, where the question is maximal covering within budget and count."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from hubplanner.solver.core.apart import Apart
from hubplanner.solver.core.pinned import Pinned
from hubplanner.solver.covering import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.analysis.near import Near
    from hubplanner.models import MaxCoverage


def apart_from(near: Near, known: Sequence[frozenset[int]]) -> Apart | None:
    """Return the program of plans apart from known ones; None where the question has none in arrays."""
    if near.options.name != "highs" or not is_plain(near.problem, near.objective):
        return None
    instance, objective = near.covering, cast("MaxCoverage", near.objective)
    if not Pinned.suits(instance, objective):
        return None
    sites = [np.array(sorted(plan), dtype=np.intp) for plan in known]
    return Apart(instance, objective, sites, near.threshold)
