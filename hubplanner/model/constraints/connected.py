"""Hubs are connected: by a link that stands alone, or by a way of built edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ, LpConstraintLE

from hubplanner.model.constraints.base import Constraint
from hubplanner.model.lp import Model, Terms
from hubplanner.model.variables.backhaul import NetworkVariables, network_of
from hubplanner.problem import Evaluation, Problem
from hubplanner.problem.evaluation import links_after, links_kept
from hubplanner.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class Connected(Constraint):
    r"""Every new hub has a link: one that stands alone, or the network's, by a way of built edges from the root.

    With binaries $x_a$ of arcs that lead away from the root, hubs $u_k$ that hang on the network by hook k, which is a
    way of an option to do so at a place, and a flow $f_a$ that brings one unit to each of them:

    .. math:: \sum_{\delta^-(v)} f_a - \sum_{\delta^+(v)} f_a = \sum_{k \text{ at } v} u_k, \quad 0 \le f_a \le M x_a,
              \quad \sum_{k \text{ of } o} u_k \le y_o

    M is the number of hubs that may hang on the network. Rows that the flow implies for whole numbers, or that some
    best plan keeps to, sharpen the relaxation: a place is entered once, an arc starts where one ends, what is entered
    is left or holds a hub, and a hub on the network is entered:

    .. math:: \sum_{\delta^-(v)} x_a \le 1, \quad x_{uv} + x_{vu} \le \sum_{\delta^-(u)} x_a, \quad
              \sum_{\delta^-(v)} x_a \le \sum_{\delta^+(v)} x_a + \sum_{k \text{ at } v} u_k, \quad
              u_k \le q_o \sum_{\delta^-(v)} x_a

    Of each set E of edges of which one is built at most, as of the hops into a place with whatever number before them:

    .. math:: \sum_{a \in E} x_a \le 1

    Over years p edges and links stay, and an edge is built in the first year in which a hub needs it, which is what
    the rows above say of each year:

    .. math:: x_{ap} \le x_{a,p+1}, \qquad u_{kp} \le u_{k,p+1}, \qquad
              y_{op} - \sum_{k \text{ of } o} u_{kp} \le y_{o,p+1} - \sum_{k \text{ of } o} u_{k,p+1}

    All hubs of an option have the same link, which is that of the first: with $q_o$ of them at most and a binary $l_k$
    for each of its hooks,

    .. math:: u_{kp} \le q_o l_k, \qquad y_{op} - \sum_{k \text{ of } o} u_{kp} \le q_o - q_o \sum_{k \text{ of } o} l_k

    A plan violates it where a hub has no link, or another than the year before, where an edge is gone, or where two of
    a set are built. Which link a hub takes follows from the edges that there are when the first of its option opens.

    See Also
    --------
    hubplanner.problem.backhaul.Backhaul : the links and the network.

    >>> Connected().describe(str)
    'a link for every hub'
    """

    key: ClassVar[str] = "backhaul"
    priced: ClassVar[bool] = False
    every_period: ClassVar[bool] = True

    @property
    def can_relax(self) -> bool:
        """It says what a hub is."""
        return False

    def add_to(self, model: Model) -> None:
        """Add the rows of the network."""
        net = network_of(model)
        if len(net.graph.without_link):
            model.add("without_link", model.opened(net.graph.without_link), LpConstraintLE, 0)
        for option, hooks in net.hooks_of.items():
            if net.graph.is_choice[hooks[0]]:
                terms = [*((net.on[hook], 1.0) for hook in hooks), (model.open_[option], -1.0)]
                sense = LpConstraintEQ if net.graph.must_hang[option] else LpConstraintLE
                model.add(f"on_network_{option}", terms, sense, 0)
        arcs_in, arcs_out = _arcs(net)
        for place in np.unique(np.concatenate([net.graph.head, net.graph.place])).tolist():
            _add_place(model, net, place, arcs_in.get(place, []), arcs_out.get(place, []))
        _add_flow(model, net, arcs_in, arcs_out)
        for number in np.unique(net.graph.one_of[net.graph.one_of >= 0]).tolist():
            some = np.flatnonzero(net.graph.one_of == number).tolist()
            if len(some) > 1:
                model.add(f"one_of_{number}", [(net.build[arc], 1.0) for arc in some], LpConstraintLE, 1)

    def add_to_periods(self, layers: Sequence[Model]) -> None:
        """Add the rows of each year's network, and keep edges and links from year to year."""
        super().add_to_periods(layers)
        for earlier, later in pairwise(layers):
            before, after = network_of(earlier), network_of(later)
            for arc, pair in enumerate(zip(before.build, after.build, strict=True)):
                _stays(earlier, f"edge_stays_{arc}", [(pair[0], 1.0)], [(pair[1], 1.0)])
            for option, hooks in before.hooks_of.items():
                if not before.graph.is_choice[hooks[0]]:
                    continue
                for hook in hooks:
                    _stays(earlier, f"link_stays_{option}", [(before.on[hook], 1.0)], [(after.on[hook], 1.0)])
                alone = [
                    [(layer.open_[option], 1.0), *((net.on[hook], -1.0) for hook in hooks)]
                    for layer, net in ((earlier, before), (later, after))
                ]
                _stays(earlier, f"link_stays_{option}", *alone)
        if len(layers) > 1:
            _add_links_of_options(layers)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which site's hub has no link, or which edge is one too many of its set; None when all is well."""
        if plan.backhaul is None or problem.backhaul is None:
            return None
        if len(twice := problem.backhaul.in_a_set_twice(plan.edges)):
            return f"edge {twice[0]} is built beside another of its set"
        bare = np.flatnonzero(~np.isfinite(plan.backhaul.link_cost))
        return f"the hub at site {problem.option_site[plan.options[bare[0]]]} has no link" if len(bare) else None

    def violations(self, problems: Sequence[Problem], plans: Sequence[Evaluation]) -> list[str]:
        """Return which hub has no link in which year, or another than before, and whether an edge is gone."""
        found = super().violations(problems, plans)
        for problem, earlier, later in zip(problems, [None, *plans], plans, strict=False):
            gone = [] if earlier is None else np.setdiff1d(earlier.edges, later.edges).tolist()
            found += [f"edge {edge} is taken away again" for edge in gone[:1]]
            same = links_kept(problem, later) == links_after(problem, earlier)
            changed = later.options[~same[later.options]]
            found += [f"the hub at site {problem.option_site[option]} changes its link" for option in changed[:1]]
        return found

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return it in words."""
        del name_of
        return _("a link for every hub")


def _add_links_of_options(layers: Sequence[Model]) -> None:
    """Add that the hubs of an option, where there may be several, have one link in all years."""
    first, net = layers[0], network_of(layers[0])
    for option, hooks in net.hooks_of.items():
        most = float(first.instance.most[option])
        if most <= 1 or not net.graph.is_choice[hooks[0]]:
            continue
        taken = [first.variable(f"link_{option}_{hook}", 0, 1, whole=True) for hook in hooks]
        first.decisions.extend(taken)
        for layer in layers:
            own = [network_of(layer).on[hook] for hook in hooks]
            for hung, link in zip(own, taken, strict=True):
                layer.add(f"one_link_{option}", [(hung, 1.0), (link, -most)], LpConstraintLE, 0)
            alone = [(layer.open_[option], 1.0), *((hung, -1.0) for hung in own), *((link, most) for link in taken)]
            layer.add(f"one_link_{option}", alone, LpConstraintLE, most)


def _stays(model: Model, name: str, before: Terms, after: Terms) -> None:
    """Add that what there is in a year is there in the next."""
    model.add(name, [*before, *((variable, -value) for variable, value in after)], LpConstraintLE, 0)


Arcs = dict[int, list[int]]


def _arcs(net: NetworkVariables) -> tuple[Arcs, Arcs]:
    """Return the arcs into each place, and out of it."""
    into: Arcs = {}
    out: Arcs = {}
    for arc, (tail, head) in enumerate(zip(net.graph.tail.tolist(), net.graph.head.tolist(), strict=True)):
        out.setdefault(tail, []).append(arc)
        into.setdefault(head, []).append(arc)
    return into, out


def _add_place(model: Model, net: NetworkVariables, place: int, into: list[int], out: list[int]) -> None:
    """Add the rows of binaries at a place."""
    entered: Terms = [(net.build[arc], 1.0) for arc in into]
    left: Terms = [(net.build[arc], -1.0) for arc in out]
    hubs = [(variable, -1.0) for variable, _ in net.at(place)]
    if entered:
        model.add(f"entered_{place}", entered, LpConstraintLE, 1)
        model.add(f"no_dead_end_{place}", [*entered, *left, *hubs], LpConstraintLE, 0)
    tail, not_entered = net.graph.tail, [(variable, -1.0) for variable, _ in entered]
    for arc in out:
        onward = int(net.graph.head[arc])
        before = [term for term, back in zip(not_entered, into, strict=True) if tail[back] != onward]
        model.add(f"begun_{place}_{onward}", [(net.build[arc], 1.0), *before], LpConstraintLE, 0)
    by_site: dict[int, list[int]] = {}
    for hook in net.hooks_at.get(place, ()):
        by_site.setdefault(int(model.instance.site[net.graph.option[hook]]), []).append(hook)
    for site, hooks in by_site.items():
        most = [float(model.instance.most[net.graph.option[hook]]) for hook in hooks]
        if max(most) == 1:
            model.add(f"hung_{site}", [*((net.on[hook], 1.0) for hook in hooks), *not_entered], LpConstraintLE, 0)
            continue
        for hook, count in zip(hooks, most, strict=True):
            model.add(f"hung_{site}", [(net.on[hook], 1 / count), *not_entered], LpConstraintLE, 0)


def _add_flow(model: Model, net: NetworkVariables, arcs_in: Arcs, arcs_out: Arcs) -> None:
    """Add the flow that makes whole numbers connected."""
    most = float(model.instance.most[np.unique(net.graph.option)].sum())
    flow = []
    for built, tail, head in zip(net.build, net.graph.tail.tolist(), net.graph.head.tolist(), strict=True):
        flow.append(model.variable(f"flow_{tail}_{head}", 0, most))
        model.add(f"flow_{tail}_{head}", [(flow[-1], 1.0), (built, -most)], LpConstraintLE, 0)
    for place in sorted({*arcs_in, *net.graph.place.tolist()}):
        terms = [(flow[arc], 1.0) for arc in arcs_in.get(place, [])] + [
            (flow[arc], -1.0) for arc in arcs_out.get(place, [])
        ]
        model.add(f"balance_{place}", [*terms, *((v, -c) for v, c in net.at(place))], LpConstraintEQ, 0)
