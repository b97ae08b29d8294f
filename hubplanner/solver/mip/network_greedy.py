"""Plans without a search where hubs share lines: the most need for the money, lines to what is built counted in."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, csr_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.model import Goal, Question, Year, broken_years
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.model.variables.backhaul import Graph
from hubplanner.problem import Floats, evaluate
from hubplanner.solver.mip.subproblem import Incumbent

GUIDES = ((0.0, 0.0), (0.5, 1.0), (0.9, 1.0), (0.9, 4.0), (0.5, 4.0))
"""How much cheaper what a relaxation builds of a line makes it, and how much more a hub's being open counts."""
LEAST_COST = 1e-9


def network_plan(question: Question, goal: Goal, built: Floats | None = None, open_: Floats | None = None) -> Incumbent:
    r"""Return the best of some greedy plans that keep to every limit, recomputed; nothing where none does.

    Hubs open one after the other, those first that cover most new need for their cost and that of the cheapest way
    of lines from what is built. Guided by a relaxation, a line costs $b_a (1 - \alpha \bar x_a)$ and a hub counts
    $1 + \beta \bar y_o$ times. People that are assigned to hubs are left to a search.

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
        years = (_grown(question, graph, factor, worth),)
        value = goal.value(years)
        if not broken_years(question, years) and (not best.years or goal.sense * (value - best.value) > 0):
            opened = np.zeros((1, problem.n_options), dtype=np.intp)
            opened[0, years[0].plan.options] = years[0].plan.counts
            best = Incumbent(years=years, opened=opened, value=value)
    return best


def _grown(question: Question, graph: Graph, factor: Floats, worth: Floats) -> Year:
    """Return a plan that grows hub by hub while money and number allow."""
    instance, problem = question.instance, question.instance.problem
    rows = instance.cover_rows
    cover = csc_array(rows.cover[np.flatnonzero(rows.times == 1)])
    need = rows.weights[rows.times == 1, instance.measure(problem.need)]
    money, count = money_limit(question.blocks), hub_limit(question.blocks)
    network, free = _Growing(graph, factor), problem.new.copy()
    free[graph.without_link] = False
    chosen, waiting = np.flatnonzero(problem.existing).tolist(), problem.required_sites.tolist()
    covered = np.zeros(len(need), dtype=np.bool_)
    for option in chosen:
        covered[cover.indices[cover.indptr[option] : cover.indptr[option + 1]]] = True
    column = np.repeat(np.arange(problem.n_options), np.diff(cover.indptr))
    while count > 0:
        link, guided = network.links()
        cost, asked = problem.option_cost + link, problem.option_cost + guided
        gain = np.bincount(column, np.where(covered[cover.indices], 0.0, need[cover.indices]), problem.n_options)
        may = free & (cost <= money)
        if waiting:
            may &= problem.option_site == waiting[0]
            score = -cost
        else:
            may &= gain > 0
            score = gain * worth / np.maximum(asked, LEAST_COST)
        if not may.any():
            if waiting:
                break
            return _finished(question, chosen, network)
        option = int(np.argmax(np.where(may, score, -np.inf)))
        money, count = money - float(cost[option]), count - 1
        network.join(option)
        chosen.append(option)
        site = problem.option_site[option]
        free &= problem.option_site != site
        waiting = [other for other in waiting if other != site]
        covered[cover.indices[cover.indptr[option] : cover.indptr[option + 1]]] = True
    return _finished(question, chosen, network)


def _finished(question: Question, chosen: list[int], network: _Growing) -> Year:
    problem = question.instance.problem
    if problem.backhaul is None:
        raise AssertionError
    new = np.array([option for option in chosen if problem.new[option]], dtype=np.intp)
    built = network.graph.edge[sorted(network.built)] if network.built else np.zeros(0, dtype=np.intp)
    edges = problem.backhaul.pruned(problem.option_site[new], problem.option_tier[new], built)
    return Year(problem, evaluate(problem, chosen, edges=edges))


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
