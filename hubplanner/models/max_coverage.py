"""Maximal covering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulp import LpAffineExpression, LpConstraintLE

if TYPE_CHECKING:
    from hubplanner.models.model import Model
    from hubplanner.models.specs import MaxCoverage


def add_max_coverage(model: Model, objective: MaxCoverage) -> None:
    r"""Maximise covered need.

    .. math:: \max \sum_o g_o y_o + \sum_r w_r z_r \quad\text{s.t.}\quad z_r \le \sum_{o : a_{ro} = 1} y_o \;\forall r

    with $g_o$ the need that option o alone can cover.

    Church and ReVelle (1974), doi:10.1007/BF01942293.
    """
    del objective  # its limits come as blocks
    instance, cover = model.instance, model.instance.cover
    need, gain = instance.need / model.need_unit, instance.gain / model.need_unit
    covered = list(zip(model.covered, need.tolist(), strict=True))
    model.program.setObjective(LpAffineExpression(covered + list(zip(model.open_, gain.tolist(), strict=True))))
    for row, (start, stop) in enumerate(zip(cover.indptr[:-1].tolist(), cover.indptr[1:].tolist(), strict=True)):
        covering = [(model.open_[option], -1.0) for option in cover.indices[start:stop].tolist()]
        model.add(f"cover_{row}", [(model.covered[row], 1.0), *covering], LpConstraintLE, 0)
