"""Plans without a search where hubs share lines: the most need for the money, lines to what is built counted in."""

from __future__ import annotations

import math

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.model import Goal, Question, Year, broken_years
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.model.variables.backhaul import Graph
from hubplanner.problem import Floats, Problem, evaluate
from hubplanner.problem.evaluation import links_after
from hubplanner.solver.mip.subproblem import Incumbent

GUIDES = ((0.0, 0.0), (0.5, 1.0), (0.9, 1.0), (0.9, 4.0), (0.5, 4.0))
"""How much cheaper what a relaxation builds of a line makes it, and how much more a hub's being open counts."""
LEAST_COST = 1e-9


def network_plan(question: Question, goal: Goal, built: Floats | None = None, open_: Floats | None = None) -> Incumbent:
    r"""Return the best of some greedy plans that keep to every limit, recomputed; nothing where none does.

    Hubs open one after the other, those first that cover most new need for their cost and that of the cheapest way
    of lines from what is built; over years, as each year's money allows. Guided by a relaxation, a line costs
    $b_a (1 - \alpha \bar x_a)$ and a hub counts $1 + \beta \bar y_o$ times. People that are assigned to hubs are left
    to a search.

    Parameters
    ----------
    built
        (a,) what a relaxation builds of each arc of the network; unguided if left out.
    open_
        (o,) what it opens of each option.
    """
    problem = question.instance.problem
    if problem.backhaul is None or question.assigns:
        return Incumbent()
    graph, best = Graph.of(question.instance, problem.backhaul), Incumbent()
    for alpha, beta in GUIDES if built is not None and open_ is not None else GUIDES[:1]:
        factor = np.ones(len(graph.cost)) if built is None else 1.0 - alpha * np.clip(built, 0.0, 1.0)
        worth = np.ones(problem.n_options) if open_ is None else 1.0 + beta * np.clip(open_, 0.0, 1.0)
        years = _grown(question, graph, factor, worth)
        value = goal.value(years)
        if not broken_years(question, years) and (not best.years or goal.sense * (value - best.value) > 0):
            opened = np.zeros((len(years), problem.n_options), dtype=np.intp)
            for row, year in zip(opened, years, strict=True):
                row[year.plan.options] = year.plan.counts
            best = Incumbent(years=years, opened=opened, value=value)
    return best


def _grown(question: Question, graph: Graph, factor: Floats, worth: Floats) -> tuple[Year, ...]:
    """Return a plan that grows hub by hub, year by year, while money and number allow."""
    hubs, periods, total = _GrowingPlan(question, graph, factor, worth), question.periods, money_limit(question.blocks)
    years, left = list[Year](), 0.0
    for number, (problem, discount) in enumerate(zip(question.problems, question.discounts, strict=True)):
        money = total
        if periods is not None:
            money = min(total, periods.budgets[number] + (left if periods.carry_over else 0.0))
        spent = hubs.grow(problem, money)
        left, total = money - spent, total - spent
        years.append(hubs.year(problem, discount, years[-1] if years else None))
    return tuple(years)


class _GrowingPlan:
    """Hubs that are opened one after the other, and the tree of lines to them."""

    def __init__(self, question: Question, graph: Graph, factor: Floats, worth: Floats) -> None:
        instance, problem = question.instance, question.instance.problem
        rows = instance.cover_rows
        self._instance, self._graph, self._worth = instance, graph, worth
        self._once = rows.times == 1
        self._cover = csc_array(rows.cover[np.flatnonzero(self._once)])
        self._column = np.repeat(np.arange(problem.n_options), np.diff(self._cover.indptr))
        self._covered = np.zeros(self._cover.shape[0], dtype=np.bool_)
        self._count = hub_limit(question.blocks)
        self._network, self._free = _Growing(graph, factor), problem.new.copy()
        self._free[graph.without_link] = False
        self._chosen, self._waiting = list[int](), problem.required_sites.tolist()
        for option in np.flatnonzero(problem.existing).tolist():
            self._open(option)

    def _open(self, option: int) -> None:
        self._chosen.append(option)
        self._covered[self._cover.indices[self._cover.indptr[option] : self._cover.indptr[option + 1]]] = True

    def grow(self, problem: Problem, money: float) -> float:
        """Open hubs for at most so much money, required ones first; return how much they take."""
        left, cells = money, self._cover.indices
        need = self._instance.cover_rows.weights[self._once, self._instance.measure(problem.need)]
        while self._count > 0:
            link, guided = self._network.links()
            cost, asked = problem.option_cost + link, problem.option_cost + guided
            gain = np.bincount(self._column, np.where(self._covered[cells], 0.0, need[cells]), problem.n_options)
            may = self._free & (cost <= left)
            if self._waiting:
                may &= problem.option_site == self._waiting[0]
                score = -cost
            else:
                may &= gain > 0
                score = gain * self._worth / np.maximum(asked, LEAST_COST)
            if not may.any():
                break
            option = int(np.argmax(np.where(may, score, -np.inf)))
            left, self._count = left - float(cost[option]), self._count - 1
            self._network.join(option)
            self._open(option)
            site = problem.option_site[option]
            self._free &= problem.option_site != site
            self._waiting = [other for other in self._waiting if other != site]
        return money - left if math.isfinite(money) else 0.0

    def year(self, problem: Problem, discount: float, before: Year | None) -> Year:
        """Return the plan of what is open and built by now."""
        if problem.backhaul is None:
            raise AssertionError
        new = np.array([option for option in self._chosen if problem.new[option]], dtype=np.intp)
        built = self._graph.edge[sorted(self._network.built)] if self._network.built else np.zeros(0, dtype=np.intp)
        kept = links_after(problem, None if before is None else before.plan)
        edges = problem.backhaul.pruned(problem.option_site[new], problem.option_tier[new], built, kept[new])
        return Year(problem, evaluate(problem, self._chosen, edges=edges, kept=kept), discount)


class _Growing:
    """A tree of lines that grows from the root."""

    def __init__(self, graph: Graph, factor: Floats) -> None:
        self.graph, self._factor = graph, factor
        self.built = set[int]()
        self._places = {graph.root}
        self._arc = {pair: at for at, pair in enumerate(zip(graph.tail.tolist(), graph.head.tolist(), strict=True))}

    def links(self) -> tuple[Floats, Floats]:
        """Return money (o,) for the link of a hub of each option, with the lines to it; as it is, and as guided."""
        graph = self.graph
        shape = (graph.root + 1, graph.root + 1)
        ways = csr_array((graph.cost * self._factor + LEAST_COST, (graph.tail, graph.head)), shape=shape)
        asked, self._before, _ = dijkstra(ways, indices=sorted(self._places), min_only=True, return_predecessors=True)
        real = np.full(len(asked), np.inf)
        real[list(self._places)] = 0.0
        for place in np.argsort(asked, kind="stable").tolist():
            before = int(self._before[place])
            if before >= 0:
                real[place] = real[before] + graph.cost[self._arc[before, place]]
        link = self._link(real)
        cheapest = np.flatnonzero(self._by_hook(real) <= link[graph.option])
        taken = cheapest[(real[graph.place] < graph.saving)[cheapest] | graph.must_hang[graph.option[cheapest]]]
        self._hook = dict(zip(graph.option[taken][::-1].tolist(), taken[::-1].tolist(), strict=True))
        return link, self._link(asked)

    def _by_hook(self, distance: Floats) -> Floats:
        """Return money (k,) for a hub's link by each hook."""
        graph = self.graph
        return graph.price[graph.option] - graph.saving + distance[graph.place]

    def _link(self, distance: Floats) -> Floats:
        graph = self.graph
        link = np.where(graph.must_hang, np.inf, graph.price)
        np.minimum.at(link, graph.option, self._by_hook(distance))
        return link

    def join(self, option: int) -> None:
        """Build the lines to a hub, unless it has a link of its own that is cheaper."""
        graph, hook = self.graph, self._hook.get(option)
        if hook is None:
            return
        place = int(graph.place[hook])
        while place not in self._places:
            before = int(self._before[place])
            self.built.add(self._arc[before, place])
            self._places.add(place)
            place = before
