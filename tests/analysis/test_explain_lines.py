"""What is said of hubs that share lines: against every plan of small networks, and from files to the page."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.draws import one_of
from support.oracles.network import every_plan, random_network, reach, subsets

import hubplanner as hp
from hubplanner.analysis.explain.explain import explain_plan
from hubplanner.analysis.explain.lines import links_to_more
from hubplanner.analysis.explain.sites import Reason
from hubplanner.problem import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.oracles.network import NetworkPlan
    from support.project import Project

EXACT = hp.SolverOptions(gap=0.0, threads=1, ties=False)


def best(problem: hp.Problem, budget: float, keep: Callable[[NetworkPlan], bool] = lambda _: True) -> float | None:
    """Return the most need that any plan within a budget covers, of those that are kept."""
    found = [plan.covered for plan in every_plan(problem) if plan.cost <= budget and keep(plan)]
    return max(found, default=None)


@pytest.mark.parametrize("seed", one_of(3, range(700, 724)))
def test_every_figure_is_that_of_all_plans_there_are(seed: int) -> None:
    problem, budget = random_network(seed), float(np.random.default_rng(seed).integers(8, 30))
    net, asked = problem.backhaul, hp.MaxCoverage(budget=budget)
    assert net is not None
    if best(problem, budget) is None:
        return
    plan = hp.solve_problem(problem, asked, EXACT)
    found, own = explain_plan(problem, asked, EXACT, plan=plan, sites=99), plan.evaluation
    assert own is not None
    new = set(np.flatnonzero(problem.new).tolist())

    def at(site: int) -> Callable[[NetworkPlan], bool]:
        return lambda one: any(problem.option_site[option] == site for option in set(one.options) & new)

    pinned = set(problem.required_sites.tolist())
    for hub in found.hubs:
        free = replace(problem, site_status=np.where(np.arange(problem.n_sites) == hub.site, 0, problem.site_status))
        is_there = at(hub.site)
        other = best(free if hub.site in pinned else problem, budget, lambda one: not is_there(one))  # noqa: B023
        held(hub.change, plan.value, other)
        assert hub.cost == pytest.approx(own.cost - cost_without(problem, own, hub.site))
    for one, reasons in zip(found.rejected, found.reasons, strict=True):
        if one.option is None:
            some = problem.new[problem.option_site == one.site].any()
            assert reasons == (Reason.UNLINKED if some else Reason.BANNED,)
            continue
        held(one.change, plan.value, best(problem, budget, at(one.site)))
        assert one.cost - problem.option_cost[one.option] == pytest.approx(links_to_more(problem, own)[one.option])
    prices = next(shadow for shadow in found.shadows if shadow.kind == "lines")
    assert prices.amount == pytest.approx(math.fsum(net.cost[own.edges]))
    for change, factor in ((prices.looser, 0.9), (prices.tighter, 1.1)):
        other = best(replace(problem, backhaul=replace(net, cost=net.cost * factor)), budget)
        held(change, plan.value, other)
    for line in found.lines:
        left = tuple(edge for edge in own.edges.tolist() if edge != line.edge)
        hung = [site for site in on_network(problem, own) if int(net.node[0, site]) not in reach(net, left)]
        assert list(line.sites) == sorted(hung)
        kept = [option for option in own.options.tolist() if not hangs(problem, own, option, set(hung))]
        assert line.need == pytest.approx(own.covered_need - covered(problem, kept))
    assert {line.edge for line in found.lines} == {edge for edge in own.edges.tolist() if net.cost[edge] > 0}


def held(change: Any, value: float, other: float | None) -> None:
    """Hold a change against the best figure of all plans; None where there is none."""
    assert change is not None
    if other is None:
        assert change.is_impossible
        return
    assert change.value == pytest.approx(other)
    assert change.most == pytest.approx(value - other, abs=1e-6)


def on_network(problem: hp.Problem, plan: hp.Evaluation) -> list[int]:
    assert plan.backhaul is not None
    return problem.option_site[plan.options[plan.backhaul.on_network]].tolist()


def hangs(problem: hp.Problem, plan: hp.Evaluation, option: int, sites: set[int]) -> bool:
    assert plan.backhaul is not None
    on = set(plan.options[plan.backhaul.on_network].tolist())
    return option in on and int(problem.option_site[option]) in sites


def covered(problem: hp.Problem, options: list[int]) -> float:
    far = {option: problem.travel.from_site(int(problem.option_site[option])) for option in options}
    return math.fsum(
        need
        for point, need in enumerate(problem.need)
        if any(far[option][point] <= problem.option_reach[option] * (1 + 1e-9) for option in options)
    )


def cost_without(problem: hp.Problem, plan: hp.Evaluation, site: int) -> float:
    """Return what the other hubs of a plan cost with their links as they are and the lines that these need."""
    net, links = problem.backhaul, plan.backhaul
    assert net is not None
    assert links is not None
    stays = [at for at, option in enumerate(plan.options) if problem.option_site[option] != site]
    hubs = math.fsum(problem.option_cost[plan.options[at]] + links.link_cost[at] for at in stays)
    nodes = {int(net.node[0][problem.option_site[plan.options[at]]]) for at in stays if links.on_network[at]}
    edges = plan.edges.tolist()
    needed = [e for e in edges if not nodes <= reach(net, tuple(other for other in edges if other != e))]
    return hubs + math.fsum(net.cost[needed])


@pytest.mark.parametrize("seed", range(730, 740))
def test_the_link_of_one_more_hub_is_the_cheapest_way_to_what_is_built(seed: int) -> None:
    problem = random_network(seed)
    net = problem.backhaul
    assert net is not None
    begun = [(edge,) for edge in range(net.n_edges) if set(net.ends[edge].tolist()) & set(net.roots.tolist())]
    for built in [(), *begun[:1]]:
        plan = evaluate(problem, np.flatnonzero(problem.existing), edges=np.array(built, dtype=np.intp))
        for option, link in enumerate(links_to_more(problem, plan).tolist()):
            site, tier = problem.option_site[option], problem.option_tier[option]
            ways = [
                sum(net.cost[edge] for edge in set(more) - set(built)) + net.line_cost[0, site, tier]
                for more in subsets(net.n_edges)
                if set(built) <= set(more) and net.node[0, site] in reach(net, more)
            ]
            assert link == pytest.approx(min([*ways, net.alone_cost[site, tier]]))


def test_the_page_tells_what_each_line_serves_and_what_dearer_lines_change(project: Project) -> None:
    project.write("nodes.csv", "name,lon,lat\nN1,67.11,30.13\n")
    links = {
        "nodes": {"path": "nodes.csv", "id": "name", "x": "lon", "y": "lat"},
        "existing_connected": False,
        "technologies": {"fibre": {"cost_per_km": 2.0}, "satellite": {"site_cost": 60.0, "per_line_year": 10.0}},
    }
    run = hp.solve(project.read({"solver.gap": 0.0, "backhaul": links})).write(project.folder / "run")
    folder = hp.explain(run).write(project.folder / "reasons")
    told = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    [first] = [line for line in told["lines"] if line["to"] == "S4"]
    assert first["from"] == "N1"
    lines = pd.read_csv(run / "backhaul.csv", encoding="utf-8-sig").set_index("to")
    assert first["cost"] == pytest.approx(lines.loc["S4", "cost"], abs=0.01)
    assert len(told["lines"]) == len(lines)
    assert {len(line["sites"]) for line in told["lines"]} == set(lines["hubs_served"])
    page = (folder / "explanation.md").read_text(encoding="utf-8")
    assert "## What each line serves" in page
    assert "The line from N1 to Sibi (S4), " in page
    assert "Were they 10 % dearer, the best plan is as good." in page
    hub = next(one for one in told["hubs"] if one["site_id"] == "S4")
    own = next(one for one in plan["hubs"] if one["site_id"] == "S4")
    alone = first["cost"] if first["sites"] == [{"site_id": "S4", "name": "Sibi"}] else 0.0
    assert hub["cost"] == pytest.approx(own["cost"] + alone, abs=0.01)
