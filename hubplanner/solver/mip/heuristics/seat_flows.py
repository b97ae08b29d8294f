"""Whom hubs of limited room serve where every seat counts alike: a maximum flow from hubs to demand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.model_instance import AssignRows

LARGEST = 2**30
"""Most people, or parts of people, that a flow of whole numbers counts."""
EDGE = 1e-6
"""Part of a unit of a flow that is the rounding of what it counts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeastCut:
    r"""What no hubs serve more than, by some rows: $b + \sum_o \sum_k \min(q_o, (P_o - (k - 1) q_o)^+) y_{ok}$.

    Parameters
    ----------
    base
        People of those rows, or of their ends.
    beside
        (o,) people $P_o$ of other rows whom an option reaches.
    """

    base: float
    beside: Floats

    def of_hubs(self, room: Floats, options: Ints, before: Ints) -> Floats:
        """Return what hubs (k,) of some options of a room (o,) serve at most, each after so many of its option."""
        return np.clip(self.beside[options] - np.where(before > 0, before * room[options], 0.0), 0.0, room[options])


class SeatFlows:
    """Flows from hubs over the rows that they reach to ends, each of which counts so many and no more.

    Attributes
    ----------
    row, option
        (p,) the pairs, by option.
    people
        (r,) people of each row, none where it has no end.
    most
        (e,) people whom each end counts at most.
    """

    def __init__(self, rows: AssignRows, people: Floats, room: Floats, ends: tuple[Ints, Floats] | None = None) -> None:
        order = np.argsort(rows.option, kind="stable")
        self.row, self.option = rows.row[order], rows.option[order]
        everyone = np.zeros(len(people), dtype=np.intp), np.array([math.fsum(people)])
        self.end: Ints
        self.most: Floats
        self.end, self.most = everyone if ends is None else ends
        # No more of a row count than its end counts, and in all no more than all ends do.
        self.people: Floats = np.where(self.end >= 0, np.minimum(people, self.most[self.end]), 0.0)
        self.all = min(math.fsum(self.people), math.fsum(self.most))
        self.hubs, self.rows = len(room), len(people)
        self.crowd: Floats = self.people[self.row]
        # A hub of room for more than it reaches is one for these.
        reached = np.bincount(self.option, self.crowd, minlength=self.hubs)
        self.room: Floats = np.minimum(room, np.minimum(reached, self.all))
        # Source, hubs, rows, ends and sink in this order, the arcs of each node together: what scipy would else sort.
        first, ends_at = 1 + self.hubs, 1 + self.hubs + self.rows
        self.size = ends_at + len(self.most) + 1
        head = [1 + np.arange(self.hubs), first + self.row, ends_at + np.maximum(self.end, 0)]
        self.head = np.concatenate([*head, np.full(len(self.most), self.size - 1)]).astype(np.int32)
        arcs = np.ones(self.size + 1, dtype=np.intp)
        arcs[[0, 1, -1]], arcs[2 : first + 1] = (0, self.hubs, 0), np.bincount(self.option, minlength=self.hubs)
        self.arcs = arcs.cumsum().astype(np.int32)

    def _graph(self, hubs: Floats, scale: float) -> csr_array:
        """Return the network of hubs (o,), parts of them included, in units of so many to one.

        Parts of units round rooms down and people up, who are no more than they are in the end: a floor is met that can
        be.
        """
        pairs = self.crowd * np.minimum(hubs, 1.0)[self.option]
        # No more flows than hubs have room for: parts of units are the smaller.
        up = np.minimum(np.concatenate([pairs, self.people, self.most]), self.total(hubs))
        down = np.minimum(self.room * hubs, self.total(hubs))
        most = np.append(np.floor(down * scale + EDGE), np.ceil(up * scale - EDGE)).astype(np.int32)
        # Without arcs of hubs that are not there, a flow takes half as long.
        some = most > 0
        arcs = np.append(0, np.cumsum(some))[self.arcs].astype(np.int32)
        return csr_array((most[some], self.head[some], arcs), shape=(self.size, self.size))

    def total(self, hubs: Floats) -> float:
        """Return people whom hubs (o,) serve at most."""
        return min(self.all, math.fsum(self.room * hubs))

    def _scale(self, hubs: Floats, *more: Floats) -> float:
        """Return units of a flow to one: 1 where all are whole."""
        parts, total = np.concatenate([self.people, self.room * hubs, self.most, hubs, *more]), self.total(hubs)
        whole = total <= LARGEST and bool((parts == np.round(parts)).all())
        return 1.0 if whole else LARGEST / max(total, EDGE)

    def cut(self, hubs: Floats) -> tuple[float, LeastCut]:
        """Return how many hubs (o,), parts of them included, serve, and the rows that show that it is no more."""
        scale = self._scale(hubs)
        graph = self._graph(hubs, scale)
        found = maximum_flow(graph, 0, self.size - 1)
        left = csr_array(graph - found.flow)
        left.eliminate_zeros()
        reached = np.zeros(self.size, dtype=np.bool_)
        reached[breadth_first_order(left, 0, return_predecessors=False)] = True
        first, ends_at = 1 + self.hubs, 1 + self.hubs + self.rows
        paid: Bools = reached[ends_at : self.size - 1]
        counted = ~paid[np.maximum(self.end, 0)]
        rows = reached[first:ends_at] & counted
        beside = np.where((counted & ~rows)[self.row], self.crowd, 0.0)
        base = math.fsum(self.people[rows]) + math.fsum(self.most[paid])
        cut = LeastCut(base=base, beside=np.bincount(self.option, beside, minlength=self.hubs).astype(np.float64))
        return found.flow_value / scale, cut

    def served(self, hubs: Ints, before: Floats | None = None) -> Floats:
        """Return the people (p,) whom whole hubs (o,) serve, as many as can be.

        Parameters
        ----------
        before
            (p,) people of a plan, whose rows stay served by as many.
        """
        start = np.zeros(len(self.row)) if before is None else before
        scale = self._scale(hubs.astype(np.float64), start)
        graph, start = self._graph(hubs.astype(np.float64), scale), np.round(start * scale)
        if before is not None:
            graph = self._after(graph, start)
        flow = csr_array(maximum_flow(graph, 0, self.size - 1).flow)
        more = np.asarray(flow[1 + self.option, 1 + self.hubs + self.row]).ravel()
        sent = np.maximum(start + more, 0.0) / scale
        by_row = np.bincount(self.row, sent, minlength=self.rows)
        return sent * np.minimum(self.people / np.maximum(by_row, EDGE / scale), 1.0)[self.row]

    def _after(self, graph: csr_array, sent: Floats) -> csr_array:
        """Return what a network leaves after people (p,) were sent, who may be sent on."""
        first = 1 + self.hubs
        by_row = np.bincount(self.row, sent, minlength=self.rows)
        by_end = np.bincount(np.maximum(self.end, 0), by_row, minlength=len(self.most))
        used = np.concatenate([np.bincount(self.option, sent, minlength=self.hubs), sent, by_row, by_end])
        tail, some = np.repeat(np.arange(self.size), np.diff(self.arcs)), used > 0
        # What is sent leaves less from hubs to demand, and may come back from demand to hubs.
        ends: Any = (np.append(tail[some], first + self.row), np.append(self.head[some], 1 + self.option))
        change: Any = (np.append(-used[some], sent).astype(np.int32), ends)
        found = csr_array(graph + csr_array(change, shape=graph.shape)).maximum(0)
        found.indices, found.indptr = found.indices.astype(np.int32), found.indptr.astype(np.int32)
        return found

    def shares(self, people: Floats) -> csr_array:
        """Return the shares (r, o) of each row that options serve, as people (p,) of the pairs say."""
        some = people > 0
        cells: Any = (people[some] / self.crowd[some], (self.row[some], self.option[some]))
        return csr_array(cells, shape=(self.rows, self.hubs))
