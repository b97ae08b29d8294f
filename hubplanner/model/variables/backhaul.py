"""What is built of a network and which hubs hang on it; and the money of a model, for hubs and for their backhaul."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pulp import LpVariable
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from hubplanner.model.lp import LinearExpression, Model, Terms, once_for_each_model
from hubplanner.model.variables.measures import money_of_measures
from hubplanner.problem import Backhaul, Bools, Floats, Ints
from hubplanner.problem.arrays import spans
from hubplanner.problem.backhaul import NO_NODE
from hubplanner.problem.model_instance import ModelInstance


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    r"""A network as a model sees it: existing nodes are one root, and what no plan needs is left out.

    Left out are arcs beside a cheaper one, arcs that two others cost no more than, or a whole way from the root less
    than, arcs that lead from the root to no hub, and dead ends without a hub to connect: some best plan does without
    them. An option may hang on the network in several ways; each is a hook.

    Parameters
    ----------
    root
        The place that all existing nodes are.
    tail, head, edge
        (a,) arcs, two for each edge but one where it leaves the root or leads one way, with the edge's number.
    cost
        (a,) money for an arc.
    one_of
        (a,) the set of edges of which one is built at most; -1 for none.
    option, place, saving
        (k,) hooks: the option that may hang on the network, at which place, and how much less its link costs so.
        There is none at the root or where another link is as cheap.
    is_choice
        (k,) hooks of options that may hang elsewhere or have another link.
    must_hang
        (o,) options that have no link but by a hook.
    price
        (o,) money for the link of a hub: without the network where it has such a link, else by the cheapest hook.
    without_link
        Options that no plan connects.
    """

    root: int
    tail: Ints
    head: Ints
    edge: Ints
    cost: Floats
    one_of: Ints
    option: Ints
    place: Ints
    saving: Floats
    is_choice: Bools
    must_hang: Bools
    price: Floats
    without_link: Ints

    @classmethod
    def of(cls, instance: ModelInstance, net: Backhaul) -> Graph:
        """Return the network that a problem's hubs may be connected by."""
        problem = instance.problem
        site, tier = problem.option_site, problem.option_tier
        root, node = net.n_nodes, net.node[:, site]
        place = np.arange(root + 1)
        place[net.roots] = root
        line = np.where(net.reachable[:, site], net.line_cost[:, site, tier], np.inf)
        at_root = np.where(node == NO_NODE, False, place[node] == root)  # noqa: FBT003 - a value
        alone = np.minimum(net.alone_cost[site, tier], np.where(at_root, line, np.inf).min(axis=0))
        stands = problem.existing
        option, way = np.nonzero((~stands & ~at_root & (line < alone)).T)
        own, must_hang = line[way, option], np.zeros(len(alone), dtype=np.bool_)
        must_hang[option] = ~np.isfinite(alone[option])
        price = alone.copy()
        np.minimum.at(price, option[must_hang[option]], own[must_hang[option]])
        price = np.where(stands | ~np.isfinite(price), 0.0, price)
        hooks = np.bincount(option, minlength=len(alone))
        arcs = _needed(net, place, root, np.unique(place[node[way, option]]))
        tail, head, edge = (part[arcs] for part in net.arcs)
        return cls(
            root=root,
            tail=place[tail],
            head=place[head],
            edge=edge,
            cost=net.cost[edge],
            one_of=net.sets[edge],
            option=option,
            place=place[node[way, option]],
            saving=price[option] - own,
            is_choice=~must_hang[option] | (hooks[option] > 1),
            must_hang=must_hang,
            price=price,
            without_link=np.flatnonzero(~stands & ~np.isfinite(alone) & ~must_hang),
        )

    def into(self, inside: Bools) -> Ints:
        """Return the arcs that lead into a region, a mask of places."""
        return np.flatnonzero(inside[self.head] & ~inside[self.tail])


def _needed(net: Backhaul, place: Ints, root: int, terminals: Ints) -> Ints:
    """Return the arcs that a best plan may build, the first of the cheapest of those side by side."""
    tail, head = place[net.arcs[0]], place[net.arcs[1]]
    cost, edge = net.cost[net.arcs[2]], net.arcs[2]
    order = np.lexsort((edge, cost, head, tail))
    _, first = np.unique(np.column_stack([tail, head])[order], axis=0, return_index=True)
    arcs: Ints = np.sort(order[first])
    arcs = arcs[(tail[arcs] != head[arcs]) & (head[arcs] != root)]
    alone = net.sets[edge[arcs]] < 0
    arcs = arcs[~_way_round(tail[arcs], head[arcs], cost[arcs], alone, root)]
    arcs = arcs[_reached(tail[arcs], head[arcs], np.array([root]), root)[tail[arcs]]]
    arcs = arcs[_reached(head[arcs], tail[arcs], terminals, root)[head[arcs]]]
    stays = np.zeros(root + 1, dtype=np.bool_)
    stays[[*terminals.tolist(), root]] = True
    dead = np.ones(len(arcs), dtype=np.bool_)
    while dead.any():
        beside = np.unique(np.sort(np.column_stack([tail[arcs], head[arcs]]), axis=1), axis=0)
        degree = np.bincount(beside.ravel(), minlength=root + 1)
        ends = (degree == 1) & ~stays
        dead = ends[tail[arcs]] | ends[head[arcs]]
        arcs = arcs[~dead]
    return arcs


FREE, STRICT = 1e-9, 1e-9
"""Money that stands for none, as searches take an entry of 0 for no arc; and by how much shorter a way must be."""
MOST_PAIRS = 5_000_000
"""Pairs of arcs that are looked at, which takes a third of a second: 37,838 places in a plane make 1.9 million."""


def _way_round(tail: Ints, head: Ints, cost: Floats, alone: Bools, root: int) -> Bools:
    """Return the mask of arcs that a way of others costs no more than: over one place, or from the root on.

    With the way, less what is built of it already, the arc's end is entered as well, and whatever lies behind. It leads
    over arcs that are in no set (``alone``); the two over a place are each cheaper than the arc, so that of several
    which would do for each other some stay.
    """
    ways = csr_array((cost[alone] + FREE, (tail[alone], head[alone])), shape=(root + 1, root + 1))
    far: Floats = dijkstra(ways, indices=np.array([root]), min_only=True)
    needless: Bools = far[head] * (1 + STRICT) < cost
    order = np.lexsort((head, tail))
    # Pairs of arcs, the second from where the first leads to, and the arc that leads there at once.
    first = order[alone[order] & ~needless[order]]
    starts = np.searchsorted(tail[first], np.arange(root + 2))
    begin, onward = starts[head[first]], np.diff(starts)[head[first]]
    if onward.sum() > MOST_PAIRS:
        return needless
    one = np.repeat(first, onward)
    two = first[spans(begin, onward)]
    number = (tail * (root + 1) + head)[order]
    at_once = np.searchsorted(number, tail[one] * (root + 1) + head[two])
    arc = order[np.minimum(at_once, len(order) - 1)]
    arc_is_there = (tail[arc] == tail[one]) & (head[arc] == head[two])
    cheaper = (cost[one] + cost[two] <= cost[arc]) & (np.maximum(cost[one], cost[two]) < cost[arc])
    needless[arc[arc_is_there & cheaper]] = True
    return needless


def _reached(tail: Ints, head: Ints, starts: Ints, root: int) -> Bools:
    """Return the mask of places that arcs lead to from some starts."""
    source = root + 1
    tails, heads = np.concatenate([tail, np.full(len(starts), source)]), np.concatenate([head, starts])
    ways = csr_array((np.ones(len(tails)), (tails, heads)), shape=(source + 1, source + 1))
    found = np.zeros(source + 1, dtype=np.bool_)
    found[breadth_first_order(ways, source, return_predecessors=False)] = True
    return found[:source]


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
        (k,) hubs on each hook: a variable of its own where there is a choice, else all hubs of the option.
    """

    graph: Graph
    build: list[LpVariable]
    on: list[LpVariable]

    @cached_property
    def hooks_at(self) -> dict[int, list[int]]:
        """Hooks by place."""
        return _grouped(self.graph.place)

    @cached_property
    def hooks_of(self) -> dict[int, list[int]]:
        """Hooks by option."""
        return _grouped(self.graph.option)

    def at(self, place: int) -> Terms:
        """Return the number of hubs that hang on the network at a place."""
        return [(self.on[hook], 1.0) for hook in self.hooks_at.get(place, ())]


def _grouped(keys: Ints) -> dict[int, list[int]]:
    """Return the positions of each key."""
    found: dict[int, list[int]] = {}
    for position, key in enumerate(keys.tolist()):
        found.setdefault(key, []).append(position)
    return found


@once_for_each_model
def network_of(model: Model) -> NetworkVariables:
    """Return the network's variables, made when they are first asked for."""
    net = model.whole.problem.backhaul
    if net is None:
        raise AssertionError
    graph, most = Graph.of(model.whole, net), model.instance.most.tolist()
    arcs = zip(graph.tail.tolist(), graph.head.tolist(), strict=True)
    build = [model.variable(f"build_{tail}_{head}", 0, 1, whole=True) for tail, head in arcs]
    on = [
        model.variable(f"on_network_{option}", 0, float(most[option])) if is_choice else model.open_[option]
        for option, is_choice in zip(graph.option.tolist(), graph.is_choice.tolist(), strict=True)
    ]
    model.decisions.extend(build)
    return NetworkVariables(graph=graph, build=build, on=on)


def spending(model: Model) -> LinearExpression:
    r"""Return the money for hubs and their backhaul, $\sum_o (c_o + p_o) y_o - \sum_k s_k u_k + \sum_a b_a x_a$.

    With $p_o$ the price of a hub's link, $u_k$ the hubs on a hook of the network and $s_k$ what each saves so. Without
    a backhaul it is the money for hubs alone, $\sum_o c_o y_o$, and for measures.
    """
    cost = model.instance.cost
    if not model.has_backhaul:
        hubs = LinearExpression(terms=_worth(model.open_, cost), constant=model.instance.base_cost)
        return hubs.plus(money_of_measures(model)) if model.has_measures else hubs
    net = network_of(model)
    graph = net.graph
    links = [(variable, -saving) for variable, saving in zip(net.on, graph.saving.tolist(), strict=True) if saving]
    terms = [*_worth(model.open_, cost + graph.price), *links, *_worth(net.build, graph.cost)]
    return LinearExpression(terms=terms, constant=model.instance.base_cost)


def _worth(variables: list[LpVariable], values: Floats) -> Terms:
    return [(variable, value) for variable, value in zip(variables, values.tolist(), strict=True) if value]
