"""Radio hops beside lines, with a limit to how many lead to a place: as nodes that know how many did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubplanner.problem.arrays import Bools, Ints

ARRIVAL = 0
"""Stands for an edge that is no hop, but the end of a way by hops."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HopStates:
    r"""A network of places (v, h) that are reached by h hops, which makes a limit of H hops a matter of edges alone.

    A place on a line is (v, 0), so that hops may begin there and no line begins where hops end. A hop from u to v is
    an edge of one way from (u, h) to (v, h + 1) for every h below H, and each (v, h) has one more, for nothing, to the
    node at which a hub of v hangs on the network by radio:

    .. math:: (u, h) \to (v, h + 1), \quad (v, h) \to v', \quad 1 \le h \le H

    Some best plan enters a place by one hop only: whatever begins at (v, 3) may begin at (v, 1) as well. Over years
    that is how hops are laid: one leads to a place, and as many lead there as did when it was built (``landing``).

    Parameters
    ----------
    ends
        (e, 2) nodes of the edges: numbers of places up to ``n_places``, then the states.
    hop
        (e,) which of the hops given an edge is; -1 for the end of a way.
    level
        (e,) how many hops lead to the end of each, from 1; 0 for the end of a way.
    landing
        (e,) number of the place that a hop leads to; -1 for the end of a way.
    node
        (n,) each place's node for hubs by radio; -1 where no hop leads.
    place
        (v,) place of each node.

    >>> chain = HopStates.of(3, np.array([[0, 1], [1, 2]]), 2, np.array([True, False, False]))
    >>> chain.ends.tolist(), chain.hop.tolist(), chain.node.tolist()
    ([[0, 3], [3, 6], [3, 7], [4, 8], [5, 7], [6, 8]], [0, 1, -1, -1, -1, -1], [-1, 7, 8])
    """

    ends: Ints
    hop: Ints
    level: Ints
    landing: Ints
    node: Ints
    place: Ints

    @classmethod
    def of(cls, n_places: int, hops: Ints, most: int, on_line: Bools) -> HopStates:
        """Return the states of some hops (h, 2), each from its first place to the second.

        Parameters
        ----------
        most
            Hops that lead to a place at most, H.
        on_line
            (n,) places that lines may reach, or where the internet is today.
        """
        landed, at = np.unique(hops[:, 1], return_inverse=True)
        position = np.full(n_places, -1, dtype=np.intp)
        position[landed] = np.arange(len(landed))
        number, at = np.arange(len(hops)), at.ravel()
        first = on_line[hops[:, 0]]
        ends = [np.column_stack([hops[first, 0], n_places + at[first]])]
        hop, level = [number[first]], [np.ones(int(first.sum()), dtype=np.intp)]
        onward = position[hops[:, 0]] >= 0
        for count in range(2, most + 1):
            start = n_places + (count - 2) * len(landed) + position[hops[onward, 0]]
            ends.append(np.column_stack([start, n_places + (count - 1) * len(landed) + at[onward]]))
            hop.append(number[onward])
            level.append(np.full(int(onward.sum()), count, dtype=np.intp))
        states = n_places + np.arange(most * len(landed))
        arrived = n_places + most * len(landed) + np.tile(np.arange(len(landed)), most)
        ends.append(np.column_stack([states, arrived]))
        hop.append(np.full(len(states), -1, dtype=np.intp))
        level.append(np.full(len(states), ARRIVAL, dtype=np.intp))
        node = np.where(position >= 0, n_places + most * len(landed) + position, -1)
        return cls(
            ends=np.concatenate(ends).astype(np.intp),
            hop=np.concatenate(hop),
            level=np.concatenate(level),
            landing=np.append(at, -1)[np.concatenate(hop)],
            node=node,
            place=np.concatenate([np.arange(n_places), np.tile(landed, most + 1)]),
        )
