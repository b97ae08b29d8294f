"""How hubs may be connected, by lines and by hops, and what edges connect and cost; nothing here knows of a model."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from hubplanner.errors import Fault, raise_faults
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.validation import wrong_counts

NO_NODE = -1
"""Stands for no place on the network."""
ALONE = -1
"""Stands for a link outside the network."""
UNDECIDED = -2
"""Stands for a link that is yet to be chosen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Backhaul:
    r"""Links of hubs to the internet: some stand alone, as a satellite dish does, others share a network of edges.

    A hub on the network needs a way of built edges from a node where the internet is today; a trench is paid once,
    however many hubs it serves. A site may hang on the network in k ways, as by cable and by radio, each at a node of
    its own. Which link a hub takes follows from the edges: the cheapest of those that it has.

    .. math:: C = \sum_{e \in E} b_e
              + \sum_{o} n_o \min\bigl(a_o, \min \{\ell_{ko} : E \text{ reaches the node of } o \text{ by } k\}\bigr)

    Parameters
    ----------
    ends
        (e, 2) the nodes that each edge joins.
    cost
        (e,) money for building an edge, with its upkeep.
    roots
        Nodes where the internet is today.
    node
        (k, m) each site's node by each way; -1 where it has none. (m,) will do for one way.
    line_cost
        (k, m, t) money that a hub of each tier on the network takes at its own site, such as equipment and fees for
        bandwidth; infinite where it cannot be on it. (m, t) will do for one way.
    alone_cost
        (m, t) money for the cheapest link that needs no network; infinite where there is none.
    one_way
        (e,) edges that lead from their first node to the second alone; none if left out.
    one_of
        (e,) numbers of sets of edges, one of each of which is built at most, as of the hops into a place; -1 for edges
        of none. All are -1 if left out.

    Raises
    ------
    DataError
        When shapes disagree, money is negative, or a node is out of range.

    >>> one_road = Backhaul(
    ...     ends=np.array([[0, 1]]), cost=np.array([10.0]), roots=np.array([0]), node=np.array([1]),
    ...     line_cost=np.array([[2.0]]), alone_cost=np.array([[15.0]]),
    ... )
    >>> [one_road.plan(np.array([0]), np.array([0]), np.array([1]), edges).cost for edges in ([], [0])]
    [15.0, 12.0]
    """

    ends: Ints
    cost: Floats
    roots: Ints
    node: Ints
    line_cost: Floats
    alone_cost: Floats
    one_way: Bools | None = None
    one_of: Ints | None = None

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        object.__setattr__(self, "node", np.atleast_2d(self.node))
        object.__setattr__(self, "line_cost", self.line_cost[None] if self.line_cost.ndim <= 2 else self.line_cost)  # noqa: PLR2004
        raise_faults(_faults(self))
        for part in fields(self):
            if (given := getattr(self, part.name)) is not None:
                value = given.copy()
                value.flags.writeable = False
                object.__setattr__(self, part.name, value)

    @property
    def n_edges(self) -> int:
        """Number of edges e."""
        return len(self.cost)

    @cached_property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return 1 + int(max(part.max(initial=NO_NODE) for part in (self.ends, self.roots, self.node)))

    @property
    def leads_one_way(self) -> Bools:
        """Mask (e,) of the edges of one way."""
        return np.zeros(len(self.cost), dtype=np.bool_) if self.one_way is None else self.one_way

    @property
    def sets(self) -> Ints:
        """The set (e,) that each edge is one of; -1 for none."""
        return np.full(len(self.cost), -1, dtype=np.intp) if self.one_of is None else self.one_of

    def among(self, edges: Ints) -> Backhaul:
        """Return the same network with some of its edges alone."""
        return replace(
            self,
            ends=self.ends[edges],
            cost=self.cost[edges],
            one_way=None if self.one_way is None else self.one_way[edges],
            one_of=None if self.one_of is None else self.one_of[edges],
        )

    def in_a_set_twice(self, edges: Ints) -> Ints:
        """Return some edges whose set has another of them before them."""
        sets = self.sets[edges]
        inside: Ints = np.flatnonzero(sets >= 0)
        first = np.unique(sets[inside], return_index=True)[1]
        again: Ints = edges[np.setdiff1d(inside, inside[first])]
        return again

    @cached_property
    def arcs(self) -> tuple[Ints, Ints, Ints]:
        """Tail, head and edge (a,) of all edges as they are, then of all but those of one way turned around."""
        back = np.flatnonzero(~self.leads_one_way)
        tail, head = np.concatenate([self.ends, self.ends[back, ::-1]]).T
        return tail, head, np.concatenate([np.arange(self.n_edges), back])

    @cached_property
    def reachable(self) -> Bools:
        """Mask (k, m) of the sites that all edges together would connect by each way."""
        return self.at_sites(self.connected(np.arange(self.n_edges)))

    def at_sites(self, nodes: Bools) -> Bools:
        """Return a mask of nodes by way and site (k, m)."""
        return np.where(self.node == NO_NODE, False, np.append(nodes, False)[self.node])  # noqa: FBT003 - a value

    def connected(self, edges: Ints) -> Bools:
        """Return the mask of nodes that some edges join to a root, by breadth-first search."""
        return self.hops(edges) >= 0

    def hops(self, edges: Ints) -> Ints:
        """Return how many of some edges lie between each node and the nearest root; -1 where there is no way."""
        hops = np.full(self.n_nodes, -1, dtype=np.intp)
        for node, _, count in self.ways(edges):
            hops[node] = count
        return hops

    def ways(self, edges: Ints) -> list[tuple[int, int, int]]:
        """Return the nodes that some edges join to a root, nearest first.

        Returns
        -------
        list
            Each node with the edge by which it is reached, -1 for a root, and the number of edges on the way.
        """
        beside: dict[int, list[tuple[int, int]]] = {}
        one_way = self.leads_one_way
        for edge in np.asarray(edges, dtype=np.intp).tolist():
            one, other = self.ends[edge].tolist()
            beside.setdefault(one, []).append((other, edge))
            if not one_way[edge]:
                beside.setdefault(other, []).append((one, edge))
        found = [(int(root), -1, 0) for root in np.unique(self.roots)]
        seen, queue = {node for node, _, _ in found}, deque(found)
        while queue:
            node, _, count = queue.popleft()
            for other, edge in beside.get(node, ()):
                if other not in seen:
                    seen.add(other)
                    found.append((other, edge, count + 1))
                    queue.append(found[-1])
        return found

    def plan(  # noqa: PLR0913, PLR0917 - hubs, what is built, and what they had before
        self,
        sites: Ints,
        tiers: Ints,
        counts: Ints,
        edges: Ints,
        stands: Bools | None = None,
        kept: Ints | None = None,
    ) -> BackhaulPlan:
        """Return how hubs are connected by some edges and what that costs.

        Parameters
        ----------
        sites, tiers, counts
            (k,) where hubs stand, their tiers, and how many.
        edges
            Edges that are built.
        stands
            (k,) hubs that stand today, which are connected as they are; none if left out.
        kept
            (k,) the link that each hub has from an earlier year: a way onto the network, `ALONE`, or `UNDECIDED` for
            the cheapest that it can have; all are undecided if left out.
        """
        edges = np.unique(np.asarray(edges, dtype=np.intp))
        earlier = np.full(len(sites), UNDECIDED, dtype=np.intp) if kept is None else kept
        way, cost = self._links(sites, tiers, self.connected(edges), earlier)
        old = np.zeros(len(sites), dtype=np.bool_) if stands is None else stands
        return BackhaulPlan(
            edges=edges,
            edge_cost=math.fsum(self.cost[edges]),
            way=np.where(old, ALONE, way),
            kept=earlier,
            link_cost=np.where(old, 0.0, cost * counts),
        )

    def _links(self, sites: Ints, tiers: Ints, connected: Bools, kept: Ints) -> tuple[Ints, Floats]:
        """Return by which way hubs (k,) are on the network, else `ALONE`, and money for one link; infinite for none."""
        line = np.where(self.at_sites(connected)[:, sites], self.line_cost[:, sites, tiers], np.inf)
        alone, cheapest = self.alone_cost[sites, tiers], line.min(axis=0)
        on = np.where(kept == UNDECIDED, np.isfinite(cheapest) & (cheapest <= alone), kept != ALONE)
        way = np.where(kept >= 0, kept, np.argmin(line, axis=0))
        return np.where(on, way, ALONE), np.where(on, line[way, np.arange(len(sites))], alone)

    def pruned(self, sites: Ints, tiers: Ints, edges: Ints, kept: Ints | None = None) -> Ints:
        """Return the edges that a tree to the hubs at some sites is left with: no circle, no dead end.

        Parameters
        ----------
        sites, tiers
            (k,) where hubs stand that are not there today, and their tiers.
        edges
            Edges to choose from.
        kept
            (k,) their links from an earlier year, as `plan` takes them.
        """
        ways = self.ways(edges)
        by = {node: edge for node, edge, _ in ways}
        connected = np.zeros(self.n_nodes, dtype=np.bool_)
        connected[list(by)] = True
        earlier = np.full(len(sites), UNDECIDED, dtype=np.intp) if kept is None else kept
        way, cost = self._links(sites, tiers, connected, earlier)
        wanted = (way != ALONE) & np.isfinite(cost)
        needed = set(self.node[way, sites][wanted].tolist())
        found: list[int] = []
        for node, edge, _ in reversed(ways):
            if node in needed and edge >= 0:
                found.append(edge)
                one, other = self.ends[by[node]].tolist()
                needed.add(one if other == node else other)
        return np.array(sorted(found), dtype=np.intp)


@dataclass(frozen=True, kw_only=True, eq=False)
class BackhaulPlan:
    """How the hubs of a plan are connected.

    Parameters
    ----------
    edges
        Edges that are built, ascending.
    edge_cost
        Money for them.
    way
        (k,) by which of the ways onto the network each hub is connected; -1 where by none.
    kept
        (k,) the link that each has from an earlier year; `UNDECIDED` for one that opens.
    link_cost
        (k,) money for the link of each at its site; infinite where it has none.
    """

    edges: Ints
    edge_cost: float
    way: Ints
    kept: Ints
    link_cost: Floats

    @property
    def on_network(self) -> Bools:
        """Mask (k,) of the hubs that the edges connect."""
        return np.asarray(self.way != ALONE, dtype=np.bool_)

    @property
    def cost(self) -> float:
        """Money for edges and links."""
        return math.fsum([self.edge_cost, *self.link_cost])


def _faults(net: Backhaul) -> list[Fault]:
    """Return what is wrong with the arrays: shapes first, then values."""
    shapes = {
        "ends": (len(net.cost), 2),
        "cost": (len(net.cost),),
        "roots": (len(net.roots),),
        "node": (len(net.line_cost), net.node.shape[-1]),
        "line_cost": (len(net.node), *net.alone_cost.shape),
        "alone_cost": (net.node.shape[-1], net.alone_cost.shape[-1]),
    }
    shapes |= {name: (len(net.cost),) for name in ("one_way", "one_of") if getattr(net, name) is not None}
    found = [
        Fault(file="backhaul", column=name, value=getattr(net, name).shape, allowed=f"shape {shape}")
        for name, shape in shapes.items()
        if getattr(net, name).shape != shape
    ]
    if found:
        return found
    money = {"cost": net.cost, "line_cost": net.line_cost, "alone_cost": net.alone_cost}
    wrong = {name: wrong_counts(np.where(np.isposinf(part), 0.0, part)) for name, part in money.items()}
    wrong["cost"] |= ~np.isfinite(net.cost)
    places = {"ends": (net.ends, 0), "roots": (net.roots, 0), "node": (net.node, NO_NODE)}
    found = [
        Fault(file="backhaul", column=name, value=float(money[name][mask].flat[0]), allowed="money of at least 0")
        for name, mask in wrong.items()
        if mask.any()
    ]
    return found + [
        Fault(file="backhaul", column=name, value=int(part.min()), allowed=f"a node, from {least}")
        for name, (part, least) in places.items()
        if (part < least).any()
    ]


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
