"""How far it is to the nearest hub where hubs serve everyone who comes."""

from __future__ import annotations

from typing import Any

import numpy as np
from pulp import LpConstraintGE, LpVariable

from hubplanner.model.lp import LinearExpression, Model
from hubplanner.problem import Floats, Ints


def distance_to_nearest(model: Model, weight: Floats, depth: Ints) -> LinearExpression:
    r"""Return the distance to the nearest hub, times a weight (n,).

    With $D_i^1 < \dots < D_i^m$ the distances of point i and $z_i^k$ telling that no hub is within $D_i^k$,

    .. math:: \sum_i w_i \Big(D_i^1 + \sum_k (D_i^{k+1} - D_i^k) z_i^k\Big), \qquad
              z_i^k + \sum_{j : d_{ij} = D_i^k} y_j \ge z_i^{k-1}, \quad z_i^0 = 1

    The chain of a point ends at depth $K_i$: farther hubs count as if at $D_i^{K+1}$, so that the whole is a lower
    bound, and exact for every plan with a hub within $D_i^{K+1}$ of each point. Without any hub a point counts the
    largest distance there is.

    Elloumi (2010), doi:10.1007/s10878-008-9146-z; Garcia, Labbe and Marin (2011), doi:10.1287/ijoc.1100.0418.
    """
    instance, constant = model.whole, 0.0
    far, terms = instance.problem.farthest, list[Any]()
    for point in np.flatnonzero(instance.problem.needing & (weight > 0)).tolist():
        distance = instance.distances[point, instance.site]
        steps = np.unique(distance[np.isfinite(distance)])
        constant += weight[point] * steps[0]
        gaps = np.diff(np.append(steps, far)) * weight[point]
        chain = _chain(model, point, distance, steps[: depth[point]])
        terms += zip(chain, gaps.tolist(), strict=False)
        if depth[point] < len(steps):
            model.variables.chain_ends[point] = chain[-1]
    return LinearExpression(terms=terms, constant=constant)


def _chain(model: Model, point: int, distance: Floats, steps: Floats) -> list[LpVariable]:
    r"""Return a point's chain $z_i^k$, added where it is first asked for: one goal may hold it and another seek it."""
    chains = model.variables.chains
    if point in chains:
        return chains[point]
    made = chains[point] = list[LpVariable]()
    before = None
    for level, step in enumerate(steps.tolist()):
        beyond = model.variable(f"beyond_{point}_{level}", 0, 1)
        opened = model.opened(distance == step)
        chain = [(beyond, 1.0), *opened] if before is None else [(beyond, 1.0), *opened, (before, -1.0)]
        model.add(f"chain_{point}_{level}", chain, LpConstraintGE, 1 if before is None else 0)
        made.append(beyond)
        before = beyond
    return made


def too_shallow(model: Model, values: Floats) -> Ints:
    """Return the points whose chain ends before their nearest hub, by the values (v,) of a program's variables."""
    ends = model.variables.chain_ends
    return np.array([point for point, end in ends.items() if values[end.index] > SHALLOW], dtype=np.intp)


SHALLOW = 1e-6
"""Share of a point beyond its chain that is rounding."""
