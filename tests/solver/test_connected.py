"""Hubs and the lines that connect them in one plan: against every plan there is, by hand, and on published networks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from benchmarks import connected
from scipy.optimize import linprog
from support.draws import one_of, patience
from support.instances.published import SHARED
from support.oracles.network import best_within, every_plan, random_network, random_ways, towns

import hubplanner as hp
from hubplanner.analysis.frontier.nested import trace_nested
from hubplanner.model import AlphaFair, Question, formulate, goals_of
from hubplanner.model.cuts import regions
from hubplanner.model.variables import backhaul as network_module
from hubplanner.model.variables.backhaul import Graph, network_of
from hubplanner.problem import CoverageRule, Planar, evaluate
from hubplanner.solver.mip import search as search_module
from hubplanner.solver.mip.bounds import relaxation as relaxation_module
from hubplanner.solver.mip.bounds.relaxation import relax, relaxed
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXACT = hp.SolverOptions(gap=0.0, threads=1)
SEEDS = one_of(33, range(1000))
STEINLIB = SHARED / "backhaul" / "steinlib"


def solved(problem: hp.Problem, objective: hp.MaxCoverage | hp.MinCost, *, ties: bool = True) -> hp.Solution:
    return hp.solve_problem(problem, objective, replace(EXACT, ties=ties))


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_the_best_of_every_set_of_hubs_and_edges(seed: int, made: Callable[[int], hp.Problem]) -> None:
    problem = made(seed)
    plans = list(every_plan(problem))
    budget = float(np.random.default_rng(seed).integers(3, 30))
    best = best_within(plans, budget, solved(problem, hp.MaxCoverage(budget=budget)))
    if not best:
        return
    total = float(problem.need.sum())
    target = best / total
    least = min(plan.cost for plan in plans if plan.covered >= target * total - 1e-9)
    assert solved(problem, hp.MinCost(target_share=target), ties=False).value == pytest.approx(least)


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(2, range(300, 316)))
def test_a_plan_without_a_search_keeps_to_limits_and_is_no_better_than_the_best(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    problem = made(seed)
    budget = float(np.random.default_rng(seed).integers(8, 30))
    objective = hp.MaxCoverage(budget=budget)
    question, goal = Question.of(problem, objective), goals_of(objective)[0]
    found = network_plan(question, goal)
    within = [plan for plan in every_plan(problem) if plan.cost <= budget]
    if not found.years:
        return
    plan = found.years[0].plan
    assert plan.cost <= budget
    same = [one for one in within if one.options == tuple(plan.options.tolist())]
    assert min(one.cost for one in same) <= plan.cost + 1e-9
    assert found.value == pytest.approx(same[0].covered)
    assert found.value <= max(one.covered for one in within) + 1e-9


def town(
    edges: Sequence[tuple[int, int, float]],
    hubs: Sequence[float],
    line: Sequence[float],
    alone: Sequence[float] | None = None,
) -> hp.Problem:
    """Return sites at nodes 1, 2, ... of a network whose node 0 is connected, each with a person of its own."""
    places = np.array([[100.0 * site, 0.0] for site in range(len(hubs))])
    problem = hp.Problem.from_points(places, np.ones(len(hubs)), places, hubs, reach=1.0)
    return replace(
        problem,
        backhaul=hp.Backhaul(
            ends=np.array([edge[:2] for edge in edges], dtype=np.intp).reshape(-1, 2),
            cost=np.array([edge[2] for edge in edges], dtype=float),
            roots=np.array([0]),
            node=np.arange(1, len(hubs) + 1),
            line_cost=np.array(line, dtype=float)[:, None],
            alone_cost=np.array([math.inf] * len(hubs) if alone is None else alone, dtype=float)[:, None],
        ),
    )


def test_one_site_is_covered_by_a_budget_for_hub_and_trench_and_by_none_below() -> None:
    one = town([(0, 1, 10_000.0)], [5_000.0], [0.0])
    assert [solved(one, hp.MaxCoverage(budget=money)).value for money in (14_999, 15_000)] == [0, 1]


def test_a_second_site_behind_a_trunk_costs_its_own_leg_and_hub() -> None:
    fork = town([(0, 3, 10.0), (3, 1, 1.0), (3, 2, 1.0)], [5.0, 5.0], [0.0, 0.0])
    assert [solved(fork, hp.MaxCoverage(budget=money)).value for money in (15.9, 16, 21.9, 22)] == [0, 1, 1, 2]


def test_of_two_links_for_the_same_money_the_cheaper_in_all_is_taken() -> None:
    tie = town([(0, 1, 10.0)], [5.0], [1.0], [11.0])
    found = solved(tie, hp.MaxCoverage(budget=16)).evaluation
    assert found is not None
    assert (found.cost, found.covered_need) == (16.0, 1.0)
    cheaper = solved(town([(0, 1, 10.0)], [5.0], [1.0], [10.5]), hp.MaxCoverage(budget=100)).evaluation
    assert cheaper is not None
    assert cheaper.backhaul is not None
    assert (cheaper.cost, cheaper.edges.tolist(), cheaper.backhaul.on_network.tolist()) == (15.5, [], [False])


def test_hubs_at_nodes_of_today_pay_no_trench() -> None:
    at_root = town([(0, 1, 10.0)], [0.0, 0.0], [0.0, 0.0])
    assert at_root.backhaul is not None
    net = replace(at_root.backhaul, roots=np.array([0, 2]))
    assert solved(replace(at_root, backhaul=net), hp.MaxCoverage(budget=0)).open_sites.tolist() == [1]


def test_a_hub_without_any_link_is_no_plan() -> None:
    cut_off = town([], [1.0, 1.0], [0.0, 0.0], [math.inf, 3.0])
    assert solved(cut_off, hp.MaxCoverage(budget=100)).open_sites.tolist() == [1]
    required = replace(cut_off, site_status=np.array([2, 0]))
    found = solved(required, hp.MaxCoverage(budget=100))
    assert found.status == hp.Status.INFEASIBLE


def test_more_edges_or_cheaper_ones_cover_no_less() -> None:
    for seed in range(40, 48):
        problem = random_network(seed)
        net = problem.backhaul
        assert net is not None
        ways = [
            replace(net, ends=net.ends[:-1], cost=net.cost[:-1]),
            net,
            replace(net, cost=net.cost / 2),
            replace(net, cost=net.cost * 0),
        ]
        asked = hp.MaxCoverage(budget=15)
        values = [solved(replace(problem, backhaul=way), asked, ties=False).value for way in ways]
        values = [-1.0 if math.isnan(value) else value for value in values]
        assert values == sorted(values)


def test_with_free_links_a_plan_is_that_of_covering_alone() -> None:
    for seed in range(60, 66):
        problem = random_network(seed)
        assert problem.backhaul is not None
        shape = problem.backhaul.alone_cost.shape
        free = replace(problem, backhaul=replace(problem.backhaul, alone_cost=np.zeros(shape)))
        asked = hp.MaxCoverage(budget=9)
        alone = solved(replace(problem, backhaul=None), asked)
        assert solved(free, asked).value == pytest.approx(alone.value, nan_ok=True)


def test_floors_counts_seats_and_several_hubs_a_site_go_with_lines() -> None:
    fork = town([(0, 3, 10.0), (3, 1, 1.0), (3, 2, 1.0)], [5.0, 5.0], [0.5, 0.5])
    assert solved(fork, hp.MaxCoverage(budget=100, max_hubs=1)).value == 1
    seats = hp.Capacity(people=(1.0,))
    stacked = hp.HubsPerSite(count=2)
    crowded = replace(fork, need=np.full(2, 2.0), people=np.full(2, 2.0))
    found = solved(crowded, hp.MaxCoverage(budget=100, constraints=(seats, stacked)))
    assert found.value == pytest.approx(4)
    assert found.evaluation is not None
    assert found.evaluation.cost == pytest.approx(10 + 2 + 4 * 5.5)
    single = hp.Capacity(people=(1.0,), single=True)
    assert solved(fork, hp.MaxCoverage(budget=17, constraints=(single,))).value == pytest.approx(1)
    whole = hp.Floor(weight=np.ones(2), share=1.0, name="all")
    clash = solved(fork, hp.MaxCoverage(budget=22.5, constraints=(whole,)))
    assert clash.status == hp.Status.INFEASIBLE
    assert clash.clash is not None
    assert clash.clash.least_budget == pytest.approx(23)


def test_what_does_not_go_with_lines_is_refused_with_a_reason() -> None:
    fork = town([(0, 1, 10.0)], [5.0], [0.0])
    fair = AlphaFair(weights=np.ones((1, 1)), alpha=1.0, linear_below=0.1)
    with pytest.raises(hp.ScenarioError, match="fairness by alpha does not go with backhaul"):
        hp.solve_problem(fork, hp.MaxCoverage(budget=9.0, fairness=fair))


def test_the_rows_say_what_the_class_says(tmp_path: Path) -> None:
    question = Question.of(town([(0, 1, 2.0)], [5.0], [1.0], [4.0]), hp.MaxCoverage(budget=9))
    form = formulate(question, goals_of(question.objective)[0], (), np.ones(1, dtype=np.intp))
    form.program.writeLP(str(tmp_path / "one.lp"))
    rows = " ".join((tmp_path / "one.lp").read_text(encoding="utf-8").split())
    for row in (
        "on_network_0: on_network_0 - open_0 <= 0",
        "entered_1: build_2_1 <= 1",
        "no_dead_end_1: build_2_1 - on_network_0 <= 0",
        "hung_0: - build_2_1 + on_network_0 <= 0",
        "balance_1: flow_2_1 - on_network_0 = 0",
    ):
        assert row in rows


@pytest.mark.parametrize(
    ("edges", "kept"),
    [
        # By way of node 2 for as much; from there by way of node 1 for more.
        ([(0, 2, 2.0), (2, 1, 3.0), (0, 1, 5.0)], {(0, 2), (2, 1)}),
        ([(0, 2, 2.0), (2, 1, 3.0), (0, 1, 4.9)], {(0, 2), (2, 1), (0, 1)}),
        # Dearer than from the root, one way round alone.
        ([(0, 1, 2.0), (0, 2, 7.0), (1, 2, 6.0)], {(0, 1), (0, 2), (1, 2)}),
        # Of three for nothing none is left out.
        ([(0, 1, 0.0), (1, 2, 0.0), (2, 0, 0.0)], {(0, 1), (0, 2), (1, 2), (2, 1)}),
    ],
)
def test_arcs_that_a_way_round_costs_no_more_than_are_left_out(
    edges: list[tuple[int, int, float]], kept: set[tuple[int, int]]
) -> None:
    problem = town(edges, [1.0, 1.0], [0.0, 0.0])
    net = problem.backhaul
    assert net is not None
    graph = Graph.of(Question.of(problem, hp.MaxCoverage(budget=9.0)).instance, net)
    place = {graph.root: 0}
    assert {(place.get(t, t), place.get(h, h)) for t, h in zip(graph.tail, graph.head, strict=True)} == kept


@pytest.mark.parametrize("seed", one_of(3, range(20)))
def test_plans_are_worth_the_same_with_all_arcs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = towns(seed, 12), hp.MaxCoverage(budget=60.0)
    net = problem.backhaul
    assert net is not None
    # Lines of whole lengths, of which many are as long as two others.
    problem = replace(problem, backhaul=replace(net, cost=np.ceil(net.cost / 8)))
    few, form = solved(problem, objective, ties=False), Question.of(problem, objective).instance
    assert problem.backhaul is not None
    arcs = len(Graph.of(form, problem.backhaul).edge)
    monkeypatch.setattr(network_module, "_way_round", lambda tail, *_: np.zeros(len(tail), dtype=np.bool_))
    assert len(Graph.of(form, problem.backhaul).edge) > arcs
    assert solved(problem, objective, ties=False).value == few.value


def test_cheaper_lines_are_looked_for_where_it_matters_which_of_equal_plans_is_found() -> None:
    rich = hp.MaxCoverage(budget=100)
    fork = town([(0, 3, 10.0), (3, 1, 1.0), (3, 2, 1.0), (0, 1, 30.0)], [5.0, 5.0], [0.0, 0.0])
    told, quick = solved(fork, rich), solved(fork, rich, ties=False)
    assert told.value == quick.value == 2
    assert told.evaluation is not None
    assert told.evaluation.cost == 22
    laid = ["lay cheaper lines" in found.phases for found in (told, quick)]
    assert laid == [True, False]


def test_arrays_that_make_no_network_are_refused() -> None:
    good = town([(0, 1, 2.0)], [5.0], [1.0]).backhaul
    assert good is not None
    with pytest.raises(hp.DataError, match="money of at least 0"):
        replace(good, cost=np.array([-1.0]))
    with pytest.raises(hp.DataError, match="shape"):
        replace(good, cost=np.array([1.0, 1.0]))
    with pytest.raises(hp.DataError, match="a node, from 0"):
        replace(good, roots=np.array([-1]))
    places = np.array([[0.0, 0.0], [1.0, 1.0]])
    with pytest.raises(hp.DataError, match="links of 2 sites and 1 tiers"):
        replace(hp.Problem.from_points(places, [1, 1], places, [1, 1], reach=1.0), backhaul=good)


def steiner(name: str) -> tuple[hp.Problem, int]:
    """Return a SteinLib instance as a question: each terminal a hub of worth 1 for nothing, the first a root."""
    lines = [line.split() for line in (STEINLIB / f"{name}.stp").read_text(encoding="utf-8").splitlines()]
    edges = [(int(w[1]) - 1, int(w[2]) - 1, float(w[3])) for w in lines if w and w[0] == "E"]
    ends = [int(w[1]) - 1 for w in lines if w and w[0] == "T"]
    places = np.array([[float(at), 0.0] for at in range(len(ends) - 1)])
    problem = hp.Problem(
        need=np.ones(len(places)),
        people=np.ones(len(places)),
        travel=Planar(places, places),
        site_status=np.zeros(len(places), dtype=np.intp),
        tier_reach=np.array([0.1]),
        option_site=np.arange(len(places)),
        option_tier=np.zeros(len(places), dtype=np.intp),
        option_cost=np.zeros(len(places)),
        backhaul=hp.Backhaul(
            ends=np.array([edge[:2] for edge in edges]),
            cost=np.array([edge[2] for edge in edges]),
            roots=np.array(ends[:1]),
            node=np.array(ends[1:]),
            line_cost=np.zeros((len(places), 1)),
            alone_cost=np.full((len(places), 1), math.inf),
        ),
    )
    return problem, len(places)


OPTIMA = dict(
    zip(
        (f"b{number:02}" for number in range(1, 19)),
        (82, 83, 138, 59, 61, 122, 111, 104, 220, 86, 88, 174, 165, 235, 318, 127, 131, 218),
        strict=True,
    )
)
"""Lengths of the shortest trees, as SteinLib publishes them (Koch, Martin and Voss 2001)."""


@pytest.mark.skipif(not STEINLIB.is_dir(), reason=f"SteinLib's networks are not at {STEINLIB}")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name == "b01" else [patience]) for name in OPTIMA])
def test_a_published_tree_connects_all_for_its_length_and_not_for_less(name: str) -> None:
    problem, terminals = steiner(name)
    whole = solved(problem, hp.MaxCoverage(budget=float(OPTIMA[name])), ties=False)
    assert whole.value == terminals
    less = solved(problem, hp.MaxCoverage(budget=float(OPTIMA[name] - 1)), ties=False)
    assert less.bound < terminals


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(2, range(200, 216)))
def test_every_plan_keeps_to_the_inequalities_that_sharpen_the_relaxation(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    problem = made(seed)
    net = problem.backhaul
    assert net is not None
    objective = hp.MaxCoverage(budget=float(np.random.default_rng(seed).integers(8, 25)))
    question = Question.of(problem, objective)
    options = replace(EXACT, ties=False)
    task = Subproblem(question=question, goal=goals_of(objective)[0], options=options, deadline=options.deadline)
    _, form, relaxation = relaxed(task)
    if relaxation.is_infeasible or not form.cuts:
        return
    layer = form.layers[0]
    network, rows = network_of(layer), layer.whole.cover_rows
    best = 0.0
    for plan in every_plan(problem):
        new = [option for option in plan.options if not problem.existing[option]]
        sites, tiers = problem.option_site[new], problem.option_tier[new]
        tree = net.pruned(sites, tiers, np.array(plan.edges, dtype=np.intp))
        if len(tree) != len(plan.edges) or not set(tree.tolist()) <= set(network.graph.edge.tolist()):
            continue
        values = dict.fromkeys((variable.name for variable in form.program.variables()), 0.0)
        for option in plan.options:
            values[layer.open_[option].name] = 1.0
        root = network.graph.root
        place = {node: root if node in net.roots.tolist() else node for node in range(net.n_nodes)}
        for node, edge, _ in net.ways(tree):
            if edge >= 0:
                before = place[int(net.ends[edge].sum()) - node]
                values[f"build_{before}_{place[node]}"] = 1.0
        way = net.plan(sites, tiers, np.ones(len(new), dtype=np.intp), tree).way
        at = np.array([place.get(int(node), -1) for node in np.where(way < 0, -1, net.node[way, sites])])
        for hook, variable in enumerate(network.on):
            hung = [new.index(option) for option in [int(network.graph.option[hook])] if option in new]
            if network.graph.is_choice[hook] and hung and at[hung[0]] == network.graph.place[hook]:
                values[variable.name] = 1.0
        for row in range(rows.cover.shape[0]):
            cover = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
            values[f"covered_{row}"] = float(bool(set(cover.tolist()) & set(plan.options)))
        for cut in form.cuts:
            terms, limit = cut.row(form.layers)
            assert sum(values[variable.name] * value for variable, value in terms) <= limit + 1e-9
        if plan.cost <= objective.budget:  # type: ignore[operator]
            best = max(best, plan.covered)
    assert form.figure(relaxation.bound) >= best - 1e-6


def test_inequalities_of_regions_bring_the_relaxation_down_to_whole_plans() -> None:
    # Two half hubs on one half-built trunk cover all of nobody.
    places = np.array([[0.0, 0.0], [0.1, 0.0]])
    fork = town([(0, 3, 10.0), (3, 1, 0.0), (3, 2, 0.0)], [0.0, 0.0], [0.0, 0.0])
    both = replace(fork, travel=Planar(places, places))
    objective = hp.MaxCoverage(budget=5)
    options = replace(EXACT, ties=False)
    question = Question.of(both, objective)
    task = Subproblem(question=question, goal=goals_of(objective)[0], options=options, deadline=options.deadline)
    _, form, relaxation = relaxed(task)
    plain = formulate(question, goals_of(objective)[0], (), np.ones(2, dtype=np.intp))
    loose = form.figure(relax(plain, EXACT.effort(0.0)).bound)
    assert loose == pytest.approx(2.0)
    assert form.figure(relaxation.bound) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("seed", "count"), [(0, 10), (1, 12), *(pytest.param(seed, 24, marks=patience) for seed in range(2, 22))]
)
def test_plans_are_worth_the_same_without_inequalities_and_first_plans(
    seed: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, objective = towns(seed, count), hp.MaxCoverage(budget=12.0 * count)
    sharp = solved(problem, objective, ties=False)
    monkeypatch.setattr(relaxation_module, "region_cuts", lambda *_: iter(()))
    monkeypatch.setattr(search_module, "network_plan", lambda *_: Incumbent())
    plain = solved(problem, objective, ties=False)
    assert sharp.value == pytest.approx(plain.value, rel=1e-6)
    assert sharp.status == plain.status == hp.Status.OPTIMAL


def served_at_most(problem: hp.Problem, options: tuple[int, ...], room: float) -> float:
    """Return the most need that hubs with seats serve, as a linear program of its own."""
    pairs = [
        (point, option)
        for option in options
        for point in range(problem.n_points)
        if math.dist(problem.travel.points[point], problem.travel.sites[problem.option_site[option]])  # type: ignore[attr-defined]
        <= problem.option_reach[option] * (1 + 1e-9)
    ]
    if not pairs:
        return 0.0
    each = np.array([problem.need[point] for point, _ in pairs])
    rows = [[float(own == point) for own, _ in pairs] for point in range(problem.n_points)]
    rows += [[float(at == option) * problem.people[own] for own, at in pairs] for option in options]
    limits = [1.0] * problem.n_points + [room] * len(options)
    return float(-linprog(-each, A_ub=np.array(rows), b_ub=limits, bounds=(0, 1)).fun)


@pytest.mark.parametrize("seed", range(400, 408))
def test_hubs_with_seats_are_the_best_of_all_with_their_lines(seed: int) -> None:
    problem, room = random_network(seed), 20.0
    budget = float(np.random.default_rng(seed).integers(8, 30))
    plans = [plan for plan in every_plan(problem) if plan.cost <= budget]
    seats = hp.Capacity(people=(room,) * len(problem.tier_reach))
    found = solved(problem, hp.MaxCoverage(budget=budget, constraints=(seats,)), ties=False)
    if not plans:
        assert found.status == hp.Status.INFEASIBLE
        return
    best = max(served_at_most(problem, options, room) for options in {plan.options for plan in plans})
    assert found.value == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", one_of(2, range(500, 510)))
def test_nearness_and_floors_are_the_best_of_all_with_their_lines(seed: int) -> None:
    problem = random_network(seed)
    budget = float(np.random.default_rng(seed).integers(8, 30))
    within = [plan for plan in every_plan(problem) if plan.cost <= budget]
    far = np.column_stack([problem.travel.from_site(site) for site in range(problem.n_sites)])
    with_hubs = {plan.options for plan in within if plan.options}
    near = hp.solve_problem(problem, hp.PMedian(budget=budget), replace(EXACT, ties=False))
    if with_hubs:
        means = [
            float(np.average(far[:, np.unique(problem.option_site[list(options)])].min(axis=1), weights=problem.need))
            for options in with_hubs
        ]
        assert near.value == pytest.approx(min(means), rel=1e-6)
    else:
        assert near.status == hp.Status.INFEASIBLE
    weight = np.where(np.arange(problem.n_points) < 6, problem.need, 0.0)
    held = {options: served_weight(problem, options, weight) for options in {plan.options for plan in within}}
    floor = hp.Floor(weight=weight, share=0.5, name="west")
    found = solved(problem, hp.MaxCoverage(budget=budget, constraints=(floor,)), ties=False)
    fair = [plan.covered for plan in within if held[plan.options] >= 0.5 * weight.sum() - 1e-9]
    if fair:
        assert found.value == pytest.approx(max(fair))
    else:
        assert found.status == hp.Status.INFEASIBLE


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(10, range(500, 700)))
def test_the_worst_off_are_as_near_and_then_all_as_with_the_best_of_every_plan(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    problem = made(seed)
    budget = float(np.random.default_rng(seed).integers(8, 30))
    far = np.column_stack([problem.travel.from_site(site) for site in range(problem.n_sites)])
    plans = {plan.options for plan in every_plan(problem) if plan.cost <= budget and plan.options}
    found = hp.solve_problem(problem, hp.PCenter(budget=budget), replace(EXACT, ties=False))
    if not plans:
        assert found.status == hp.Status.INFEASIBLE
        return
    ways = [far[:, np.unique(problem.option_site[list(options)])].min(axis=1) for options in plans]
    worst = min(way.max() for way in ways)
    mean = min(np.average(way, weights=problem.need) for way in ways if way.max() <= worst * (1 + 1e-9))
    assert found.evaluation is not None
    assert found.evaluation.cost <= budget + 1e-9
    assert [goal.value for goal in found.goals] == pytest.approx([worst, mean])


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", one_of(10, range(300, 400)))
def test_hubs_that_back_each_other_up_are_the_best_of_all_with_their_lines(
    seed: int, made: Callable[[int], hp.Problem]
) -> None:
    rng = np.random.default_rng(seed)
    problem = replace(made(seed), rule=CoverageRule(backup=2, backup_weight=float(rng.choice([0.4, 0.7, 1.0]))))
    budget = float(rng.integers(8, 30))
    found = solved(problem, hp.MaxCoverage(budget=budget), ties=False)
    plans = {plan.options for plan in every_plan(problem) if plan.cost <= budget}
    if not plans:
        assert found.status == hp.Status.INFEASIBLE
        return
    alone = replace(problem, backhaul=None)
    assert found.value == pytest.approx(max(evaluate(alone, list(options)).covered_need for options in plans))


def test_rows_that_take_two_hubs_sharpen_the_bound_and_cut_off_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked = connected.question({"seed": 1, "towns": 30, "nodes": 3})
    problem = replace(problem, rule=CoverageRule(backup=2, backup_weight=0.5))
    question, options = Question.of(problem, asked), replace(EXACT, ties=False)
    task = Subproblem(question=question, goal=goals_of(asked)[0], options=options, deadline=options.deadline)
    _, form, sharp = relaxed(task)
    times = question.instance.cover_rows.times
    assert any(isinstance(cut, regions.RegionCut) and cut.demand >= 0 and times[cut.demand] > 1 for cut in form.cuts)
    every = regions._rows
    monkeypatch.setattr(regions, "_rows", lambda *given: (row for row in every(*given) if times[row.number] == 1))
    _, plain, loose = relaxed(task)
    best = solved(problem, asked, ties=False)
    assert best.value <= form.figure(sharp.bound) < plain.figure(loose.bound)


def served_weight(
    problem: hp.Problem, options: tuple[int, ...], weight: np.ndarray[Any, np.dtype[np.float64]]
) -> float:
    """Return how much of a weight of points some options cover."""
    found: set[int] = set()
    for option in options:
        distance = problem.travel.from_site(int(problem.option_site[option]))
        found |= set(np.flatnonzero(distance <= problem.option_reach[option] * (1 + 1e-9)).tolist())
    return math.fsum(weight[point] for point in found)


@pytest.mark.parametrize("seed", range(600, 606))
def test_a_frontier_is_the_best_of_all_plans_at_each_budget(seed: int) -> None:
    problem = random_network(seed)
    plans = list(every_plan(problem))
    budgets = [6.0, 12.0, 20.0, 40.0]
    found = hp.trace(problem, hp.MaxCoverage(), budgets, EXACT)
    for point in found.solved:
        within = [plan for plan in plans if plan.cost <= point.limit]
        best = max(plan.covered for plan in within)
        assert point.covered == pytest.approx(best)
        assert point.plan.cost == pytest.approx(min(plan.cost for plan in within if plan.covered >= best - 1e-9))
    assert len(found.solved) + len(found.missing) == len(budgets)
    with pytest.raises(hp.ScenarioError, match="not nested goes with backhaul"):
        trace_nested(problem, hp.MaxCoverage(), budgets, EXACT)
