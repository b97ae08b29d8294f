"""What is built of a network and which hubs hang on it; and the money of a model, for hubs and for their backhaul."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pulp import LpVariable
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hubplanner.model.lp import LinearExpression, Model, Terms, once_for_each_model
from hubplanner.model.variables.measures import money_of_measures
from hubplanner.problem import Backhaul, Floats, Ints
from hubplanner.problem.model_instance import ModelInstance

OFF = -1
"""Stands for a place that is not on the network."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    r"""A network as a model sees it: existing nodes are one root, and what no plan needs is left out.

    Left out are edges beside a cheaper one, edges without a way to the root, and dead ends without a hub to connect:
    some best plan does without them.

    Parameters
    ----------
    root
        The place that all existing nodes are.
    tail, head, edge
        (a,) arcs, two for each edge but one where it leaves the root, with the edge's number.
    cost
        (a,) money for an arc.
    place
        (o,) where each option may hang on the network; -1 where it never does, as at the root or where another link is
        as cheap.
    price
        (o,) money for the link of a hub: without the network where it has such a link, else with it.
    saving
        (o,) how much less the link costs on the network; 0 where there is no choice.
    without_link
        Options that no plan connects.
    """

    root: int
    tail: Ints
    head: Ints
    edge: Ints
    cost: Floats
    place: Ints
    price: Floats
    saving: Floats
    without_link: Ints

    @classmethod
    def of(cls, instance: ModelInstance, net: Backhaul) -> Graph:
        """Return the network that a problem's hubs may be connected by."""
        problem = instance.problem
        where = problem.option_site, problem.option_tier
        root, node = net.n_nodes, net.node[problem.option_site]
        place = np.arange(root + 1)
        place[net.roots] = root
        line, alone = net.line_cost[where], net.alone_cost[where]
        line = np.where(net.reachable[problem.option_site], line, np.inf)
        at_root = np.where(node >= 0, place[node] == root, False)  # noqa: FBT003 - a value
        link, stands = np.minimum(line, alone), problem.existing
        may_hang = ~stands & ~at_root & (line < alone)
        terminals = np.unique(place[node[may_hang]])
        edges = _needed(net, place, root, terminals)
        ends, cost = place[net.ends[edges]], net.cost[edges]
        tail, head = np.concatenate([ends, ends[:, ::-1]]).T
        keep = head != root
        price = np.where(may_hang & np.isfinite(alone), alone, link)
        return cls(
            root=root,
            tail=tail[keep],
            head=head[keep],
            edge=np.tile(edges, 2)[keep],
            cost=np.tile(cost, 2)[keep],
            place=np.where(may_hang, place[node], OFF),
            price=np.where(stands | ~np.isfinite(price), 0.0, price),
            saving=np.where(may_hang & np.isfinite(alone), alone - np.where(may_hang, line, 0.0), 0.0),
            without_link=np.flatnonzero(~stands & ~np.isfinite(link)),
        )

    def into(self, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
        """Return the arcs that lead into a region, a mask of places."""
        return np.flatnonzero(inside[self.head] & ~inside[self.tail])


def _needed(net: Backhaul, place: Ints, root: int, terminals: Ints) -> Ints:
    """Return the edges that a best plan may build, the first of the cheapest of those side by side."""
    ends = np.sort(place[net.ends], axis=1)
    order = np.lexsort((net.cost, ends[:, 1], ends[:, 0]))
    _, first = np.unique(ends[order], axis=0, return_index=True)
    edges: Ints = np.sort(order[first])
    edges = edges[ends[edges, 0] != ends[edges, 1]]
    ways = coo_array((np.ones(len(edges)), (ends[edges, 0], ends[edges, 1])), shape=(root + 1, root + 1))
    _, part = connected_components(ways, directed=False)
    edges = edges[part[ends[edges, 0]] == part[root]]
    stays = np.zeros(root + 1, dtype=np.bool_)
    stays[[*terminals.tolist(), root]] = True
    dead = np.ones(len(edges), dtype=np.bool_)
    while dead.any():
        degree = np.bincount(ends[edges].ravel(), minlength=root + 1)
        dead = ((degree == 1) & ~stays)[ends[edges]].any(axis=1)
        edges = edges[~dead]
    return edges


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkVariables:
    """The network's variables in a model.

    Parameters
    ----------
    graph
        What they stand for.
    build
        (a,) binary $x_a$: the arc's edge is built, away from the root.
    on
        Hubs of each option that hang on the network, by option: a variable of its own where there is a choice, else
        all hubs of the option.
    """

    graph: Graph
    build: list[LpVariable]
    on: dict[int, LpVariable]

    @cached_property
    def options_at(self) -> dict[int, list[int]]:
        """Options that may hang on the network, by place."""
        found: dict[int, list[int]] = {}
        for option in self.on:
            found.setdefault(int(self.graph.place[option]), []).append(option)
        return found

    def at(self, place: int) -> Terms:
        """Return the number of hubs that hang on the network at a place."""
        return [(self.on[option], 1.0) for option in self.options_at.get(place, ())]


@once_for_each_model
def network_of(model: Model) -> NetworkVariables:
    """Return the network's variables, made when they are first asked for."""
    net = model.whole.problem.backhaul
    if net is None:
        raise AssertionError
    graph, most = Graph.of(model.whole, net), model.instance.most.tolist()
    arcs = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    build = [model.variable(f"build_{tail}_{head}", 0, 1, whole=True) for tail, head in arcs]
    on = {
        option: model.variable(f"on_network_{option}", 0, float(most[option]))
        if graph.saving[option] > 0
        else model.open_[option]
        for option in np.flatnonzero(graph.place != OFF).tolist()
    }
    model.decisions.extend(build)
    return NetworkVariables(graph=graph, build=build, on=on)


def spending(model: Model) -> LinearExpression:
    r"""Return the money for hubs and their backhaul, $\sum_o (c_o + p_o) y_o - \sum_o s_o u_o + \sum_a b_a x_a$.

    With $p_o$ the price of a hub's link, $u_o$ the hubs on the network and $s_o$ what each saves by that. Without a
    backhaul it is the money for hubs alone, $\sum_o c_o y_o$, and for measures.
    """
    cost = model.instance.cost
    if not model.has_backhaul:
        hubs = LinearExpression(terms=_worth(model.open_, cost), constant=model.instance.base_cost)
        return hubs.plus(money_of_measures(model)) if model.has_measures else hubs
    net = network_of(model)
    graph = net.graph
    links = [(variable, -float(graph.saving[option])) for option, variable in net.on.items() if graph.saving[option]]
    terms = [*_worth(model.open_, cost + graph.price), *links, *_worth(net.build, graph.cost)]
    return LinearExpression(terms=terms, constant=model.instance.base_cost)


def _worth(variables: list[LpVariable], values: Floats) -> Terms:
    return [(variable, value) for variable, value in zip(variables, values.tolist(), strict=True) if value]
