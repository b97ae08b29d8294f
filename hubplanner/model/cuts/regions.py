"""Regions that hubs must be connected into: inequalities that plans keep to and half-built trenches do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np
from pulp import LpConstraintLE
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from hubplanner.model.lp import Model, Terms
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.model.variables.backhaul import NetworkVariables, network_of
from hubplanner.model.variables.coverage import rows_covered
from hubplanner.problem import Bools, Floats, Ints

VIOLATION = 1e-3
"""Least excess worth an inequality, in hubs or rows covered."""
MOST_CUTS = 600
"""Inequalities that a round adds at most."""
TIMES = 4
"""Inequalities of a round that speak of a place before rows of nothing else are passed over."""
SCALE = 1_000_000
"""Parts of a built edge that flows are counted in, which are whole numbers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RegionCut:
    r"""Who is served from inside a region needs an edge into it.

    For a site, its hubs $u_k$ on hooks of the network, of $q_j$ that it may hold, and for a row r of demand that takes
    $m_r$ hubs, whatever covers it:

    .. math:: q_j \sum_{a \in \delta^-(S)} x_a \ge \sum_{k \text{ of } j, k \text{ in } S} u_k, \qquad
              m_r \sum_{a \in \delta^-(S)} x_a + \sum_{o \in C_r} y_o
              - \sum_{k \text{ of } C_r, k \text{ in } S} u_k \ge m_r z_r

    Where people are assigned to hubs, r is a row of theirs, $s_{ro}$ the share that o serves, and T some of the hooks:

    .. math:: \sum_{a \in \delta^-(S)} x_a
              + \sum_{o \text{ with } k \in T \cap S} \Bigl(y_o - \sum_{k \in T \cap S} u_k - s_{ro}\Bigr) \ge 0

    S holds no node of today. The first is Wong's cut (1984), doi:10.1007/BF02612335; the second holds as a covered row
    is covered by hubs that are not on the network inside S, or by one that is and needs an edge into it. So does the
    third: with an edge into S the shares come to one at most, and without one no $u_k$ in S is above zero, nor
    $s_{ro}$ above $y_o$.

    Parameters
    ----------
    region
        Mask of places S.
    site, demand
        The site, or else the demand row; the other is -1.
    hooks
        Hooks T where the demand row is one of people that are assigned to hubs.
    year
        Number of the period it speaks of.
    """

    region: Bools
    site: int = -1
    demand: int = -1
    hooks: tuple[int, ...] = ()
    year: int = 0

    def add_to(self, layers: Sequence[Model]) -> None:
        """Add the inequality."""
        terms, limit = self.row(layers)
        layers[self.year].add("region", terms, LpConstraintLE, limit)

    def row(self, layers: Sequence[Model]) -> tuple[Terms, float]:
        """Return the inequality's terms and upper limit."""
        layer = layers[self.year]
        net = network_of(layer)
        entered: Terms = [(net.build[arc], -1.0) for arc in net.graph.into(self.region).tolist()]
        if self.demand < 0:
            own = (layer.instance.site[net.graph.option] == self.site) & self.region[net.graph.place]
            part = 1 / most_at(layer, self.site)
            return [*entered, *((net.on[hook], part) for hook in np.flatnonzero(own).tolist())], 0.0
        if self.hooks:
            return [*entered, *self._served(layer, net)], 0.0
        options = covering_options(layer, self.demand).tolist()
        inside = [hook for option in options for hook in net.hooks_of.get(option, ())]
        others = dict.fromkeys(options, -1.0)
        linked: Terms = []
        for hook in inside:
            if not self.region[net.graph.place[hook]]:
                continue
            if net.graph.is_choice[hook]:
                linked.append((net.on[hook], 1.0))
            else:
                del others[int(net.graph.option[hook])]
        hubs = [(layer.open_[option], value) for option, value in others.items()]
        times = float(layer.whole.cover_rows.times[self.demand])
        entered = [(arc, value * times) for arc, value in entered]
        return [*entered, *hubs, *linked, (rows_covered(layer)[self.demand], times)], 0.0

    def _served(self, layer: Model, net: NetworkVariables) -> Terms:
        """Return the shares that are served from inside the region, less hubs that may hang elsewhere."""
        rows, assign = live_rows(layer), assigned(layer)
        inside: dict[int, list[int]] = {}
        for hook in self.hooks:
            if self.region[net.graph.place[hook]]:
                inside.setdefault(int(net.graph.option[hook]), []).append(hook)
        terms: Terms = []
        for pair in np.flatnonzero(rows.row == self.demand).tolist():
            option = int(rows.option[pair])
            if option not in inside:
                continue
            terms.append((assign[pair], 1.0))
            if net.graph.is_choice[inside[option][0]]:
                terms += [(layer.open_[option], -1.0), *((net.on[hook], 1.0) for hook in inside[option])]
        return terms


def most_at(layer: Model, site: int) -> float:
    """Return how many hubs a site may hold."""
    return float(layer.instance.most[layer.instance.site == site].max(initial=1))


def covering_options(layer: Model, row: int) -> Ints:
    """Return the options that cover a row."""
    cover = layer.whole.cover_rows.cover
    return cover.indices[cover.indptr[row] : cover.indptr[row + 1]].astype(np.intp)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Support:
    """What a relaxation builds of a network, as capacities of flows.

    Parameters
    ----------
    net
        The network.
    built
        (a,) how much of each arc is built.
    """

    net: NetworkVariables
    built: Floats

    @cached_property
    def trunk(self) -> Bools:
        """Mask of the places that arcs which are wholly built lead to from the root: no region around them is cut."""
        graph = self.net.graph
        whole = self.built >= 1 - VIOLATION / graph.root
        ways = csr_array(
            (np.ones(whole.sum()), (graph.tail[whole], graph.head[whole])), shape=(graph.root + 1, graph.root + 1)
        )
        found = np.zeros(graph.root + 1, dtype=np.bool_)
        found[breadth_first_order(ways, graph.root, return_predecessors=False)] = True
        return found

    @cached_property
    def _arcs(self) -> tuple[list[list[tuple[int, int]]], list[int]]:
        """Arcs into each place with their tails, but for the trunk, which is the root; and parts that each may carry.

        Each arc stands before its turn, along which what it carries may go back.
        """
        graph, trunk = self.net.graph, self.trunk
        parts = np.round(np.maximum(self.built, 0.0) * SCALE).astype(np.intp)
        some = np.flatnonzero((parts > 0) & ~trunk[graph.head])
        tails = np.where(trunk[graph.tail[some]], graph.root, graph.tail[some]).tolist()
        into: list[list[tuple[int, int]]] = [[] for _ in range(graph.root + 1)]
        for number, (tail, head) in enumerate(zip(tails, graph.head[some].tolist(), strict=True)):
            into[head].append((tail, 2 * number))
            into[tail].append((head, 2 * number + 1))
        return into, [part for one in parts[some].tolist() for part in (one, 0)]

    def separate(self, places: Ints, capacity: Floats, wanted: float) -> Bools | None:
        """Return the smallest region behind what limits the flow from the root through places; none if enough comes.

        By augmenting along shortest ways (Edmonds and Karp 1972, doi:10.1145/321694.321699): what is not built wholly
        is so little that this takes a tenth as long as handing it to a library.

        Parameters
        ----------
        places, capacity
            (k,) distinct places, and how much may leave the network at each.
        wanted
            How much is to leave it.
        """
        root, (into, carries) = self.net.graph.root, self._arcs
        left = {
            root if self.trunk[place] else place: round(most * SCALE)
            for place, most in zip(places.tolist(), capacity.tolist(), strict=True)
        }
        missing = round((wanted - VIOLATION) * SCALE)
        missing -= sum(round(most * SCALE) for most in capacity[self.trunk[places]].tolist())
        left.pop(root, None)
        carries = carries.copy()
        while missing > 0:
            # From the sink back: the places from which something may still come to it.
            before = {place: (-1, -1) for place, most in left.items() if most > 0}
            queue = list(before)
            for place in queue:
                for tail, arc in into[place]:
                    if carries[arc] > 0 and tail not in before:
                        before[tail] = place, arc
                        queue.append(tail)
                if root in before:
                    break
            else:
                region = np.zeros(root + 1, dtype=np.bool_)
                region[queue] = True
                return region
            way, place = list[int](), root
            while before[place][1] >= 0:
                place, arc = before[place]
                way.append(arc)
            most = min([left[place], *(carries[arc] for arc in way)])
            left[place] -= most
            missing -= most
            for arc in way:
                carries[arc] -= most
                carries[arc ^ 1] += most
        return None


def region_cuts(layers: Sequence[Model], values: Floats) -> Iterator[RegionCut]:
    """Yield the inequalities of sites and rows that a relaxation's values break, at most a round's worth.

    Sites come by how much of them is on the network, rows by what they weigh.
    """
    broken = (cut for year, layer in enumerate(layers) for cut in _broken_regions(layer, year, values))
    yield from islice(broken, MOST_CUTS)


def _broken_regions(layer: Model, year: int, values: Floats) -> Iterator[RegionCut]:
    """Yield all of a period."""
    net = network_of(layer)
    if not net.build:
        return
    support = _Support(net=net, built=values[[variable.index for variable in net.build]])
    used = np.zeros(net.graph.root + 1, dtype=np.intp)
    for site, at, hung in _hung(layer, net, values):
        if support.trunk[at]:
            continue
        far = support.separate(np.array([at], dtype=np.intp), np.full(1, hung), hung)
        if far is not None:
            used[at] += 1
            yield RegionCut(region=far, site=site, year=year)
    rows: Iterator[_Row] = iter(())
    if layer.assigns:
        rows = _seats(layer, net, values)
    elif rows_covered in layer.variables.made:
        rows = _rows(layer, net, values)
    for row in rows:
        if (used[row.places] >= TIMES).all():
            continue
        far = support.separate(row.places, row.capacity, row.wanted)
        if far is not None:
            used[row.places] += 1
            yield RegionCut(region=far, demand=row.number, hooks=row.hooks, year=year)


def _hung(layer: Model, net: NetworkVariables, values: Floats) -> list[tuple[int, int, float]]:
    """Return the sites with something on the network, their place and how much of what may be, the most first."""
    total: dict[tuple[int, int], float] = {}
    for option, place, variable in zip(net.graph.option.tolist(), net.graph.place.tolist(), net.on, strict=True):
        key = int(layer.instance.site[option]), place
        total[key] = total.get(key, 0.0) + float(values[variable.index])
    several = layer.instance.most.max(initial=1) > 1
    share = {key: hung / most_at(layer, key[0]) if several else hung for key, hung in total.items()}
    found = [(site, place, hung) for (site, place), hung in share.items() if hung > VIOLATION]
    return sorted(found, key=lambda one: (-one[2], one[0]))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Row:
    """A demand row, what its cover takes from the network, and how much of that through which places.

    ``hooks`` are those that count, where people are assigned to hubs.
    """

    number: int
    wanted: float
    places: Ints
    capacity: Floats
    hooks: tuple[int, ...] = ()


def _through(place: Ints, amount: Floats) -> tuple[Ints, Floats]:
    """Return distinct places, and how much goes through each."""
    places, at = np.unique(place, return_inverse=True)
    capacity: Floats = np.bincount(at.ravel(), weights=amount, minlength=len(places)).astype(np.float64)
    return places, capacity


def _seats(layer: Model, net: NetworkVariables, values: Floats) -> Iterator[_Row]:
    """Yield the rows of people that are served from the network, those that weigh most first."""
    rows, graph = live_rows(layer), net.graph
    shares = np.array([values[variable.index] for variable in assigned(layer)])
    open_ = np.array([values[variable.index] for variable in layer.open_])
    hung = np.array([values[variable.index] for variable in net.on])
    elsewhere = np.where(graph.is_choice, open_[graph.option] - hung, 0.0)
    starts = np.searchsorted(rows.row, np.arange(len(rows.totals) + 1))
    for row in np.argsort(-rows.totals.max(axis=1, initial=0.0), kind="stable").tolist():
        served = np.zeros(len(open_))
        own = slice(starts[row], starts[row + 1])
        served[rows.option[own]] = shares[own]
        amount = served[graph.option] - elsewhere
        hooks = np.flatnonzero(amount > VIOLATION)
        if len(hooks):
            places, capacity = _through(graph.place[hooks], amount[hooks])
            wanted = float(amount[hooks].sum())
            yield _Row(number=row, wanted=wanted, places=places, capacity=capacity, hooks=tuple(hooks.tolist()))


def _rows(layer: Model, net: NetworkVariables, values: Floats) -> Iterator[_Row]:
    """Yield the rows of who is covered, those that weigh most first; of a hub's those that take two count half."""
    rows, graph = layer.whole.cover_rows, net.graph
    z = np.array([values[variable.index] for variable in rows_covered(layer)])
    open_ = np.array([values[variable.index] for variable in layer.open_])
    hung = np.array([values[variable.index] for variable in net.on])
    on = np.bincount(graph.option, weights=hung, minlength=len(open_))
    wanted = z - rows.cover.astype(np.float64) @ (open_ - on) / rows.times
    order = np.argsort(-rows.weights.max(axis=1, initial=0.0), kind="stable")
    starts = list(pairwise(rows.cover.indptr.tolist()))
    for row in order[wanted[order] > VIOLATION].tolist():
        options = rows.cover.indices[starts[row][0] : starts[row][1]]
        hooks = np.array([hook for one in options.tolist() for hook in net.hooks_of.get(one, ())], dtype=np.intp)
        if len(hooks):
            places, capacity = _through(graph.place[hooks], hung[hooks] / rows.times[row])
            yield _Row(number=row, wanted=float(wanted[row]), places=places, capacity=capacity)
