"""One plan for several futures, against an oracle that tries every plan in every future."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from support.draws import one_of
from support.instances.tiny import line_of_five, random_town
from support.oracles.futures import Plan, allowed, futures_of, plans, random_case, score, truth

import hubplanner as hp
from hubplanner.problem import outcomes
from hubplanner.solver.value_of_information import value_of_information

CRITERIA = ("expected", "worst", "regret", "cvar")
EXACT = hp.SolverOptions(gap=0.0, ties=False)
LEVEL = 0.6


def hedged(futures: hp.Futures, criterion: str, **also: object) -> tuple[hp.Uncertainty, ...]:
    return (hp.Uncertainty(futures=futures, criterion=criterion, level=LEVEL, **also),)  # type: ignore[arg-type]


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("seed", one_of(2, range(12)))
def test_a_plan_is_as_good_as_the_best_of_all(seed: int, criterion: str) -> None:
    case, turns = random_case(seed)
    known = truth(case, turns, 9.0, LEVEL, max_hubs=3)
    objective = hp.MaxCoverage(budget=9.0, max_hubs=3, constraints=hedged(futures_of(case, turns), criterion))
    found = hp.solve_problem(case.problem(), objective, EXACT)
    if known is None:
        assert found.status == "infeasible"
        return
    value = -found.value if criterion == "regret" else found.value
    assert value == pytest.approx(known.best[criterion], abs=1e-6)
    assert found.gap <= 1e-6
    if criterion == "regret":
        assert [part.value for part in found.alone] == pytest.approx(known.alone)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("seed", range(6))
def test_mixes_of_futures_prove_what_one_program_does(seed: int, criterion: str) -> None:
    case, turns = random_case(seed)
    turns = [replace(turn, cost=dict.fromkeys(case.costs, 1.0)) for turn in turns]
    known = truth(case, turns, 9.0, LEVEL)
    if known is None:
        return
    objective = hp.MaxCoverage(budget=9.0, constraints=hedged(futures_of(case, turns), criterion))
    found = hp.solve_problem(case.problem(), objective, replace(EXACT, method="core"))
    assert found.method.startswith("core")
    assert (-found.value if criterion == "regret" else found.value) == pytest.approx(known.best[criterion], abs=1e-6)
    assert found.gap <= 1e-6


def town(seed: int = 3) -> tuple[hp.Problem, hp.Futures]:
    problem, rng = random_town(seed, points=150, sites=45), np.random.default_rng(seed)
    each = [
        hp.Future(
            name=str(number),
            need=rng.uniform(0.2, 2.0, problem.n_points),
            reach=float(rng.uniform(0.7, 1.1)),
            sites_out=tuple(np.flatnonzero(rng.random(45) < 0.2).tolist()),
        )
        for number in range(6)
    ]
    return problem, hp.Futures(each)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_town_by_mixes_is_the_town_by_one_program(criterion: str) -> None:
    problem, futures = town()
    objective = hp.MaxCoverage(budget=25.0, constraints=hedged(futures, criterion))
    core, plain = (
        hp.solve_problem(problem, objective, hp.SolverOptions(gap=1e-6, ties=False, method=method))
        for method in ("core", "plain")
    )
    assert core.value == pytest.approx(plain.value, rel=2e-6)
    sense = -1 if criterion == "regret" else 1
    assert sense * core.bound >= sense * plain.value - 1e-6 * abs(plain.value)


def test_no_plan_is_better_by_a_criterion_than_the_one_made_for_it() -> None:
    problem, futures = town(5)
    made = {}
    for criterion in CRITERIA:
        objective = hp.MaxCoverage(budget=25.0, constraints=hedged(futures, criterion))
        made[criterion] = hp.solve_problem(problem, objective, hp.SolverOptions(gap=1e-6, ties=False))
    values = {name: outcomes(problem, futures, found.open_options).covered for name, found in made.items()}
    for name, found in made.items():
        assert found.futures is not None
        assert found.futures.covered == pytest.approx(values[name])
    slack = 1e-5 * made["expected"].value
    assert all(made["expected"].value >= figures.mean() - slack for figures in values.values())
    assert all(made["worst"].value >= figures.min() - slack for figures in values.values())
    best = np.array([part.value for part in made["regret"].alone])
    assert all(made["regret"].value <= (best - figures).max() + slack for figures in values.values())


@pytest.mark.parametrize("criterion", ["expected", "worst", "cvar"])
def test_one_future_is_the_plain_problem(criterion: str) -> None:
    problem = random_town(1, points=80, sites=40)
    plain = hp.solve_problem(problem, hp.MaxCoverage(budget=20), EXACT)
    under = hedged(hp.Futures([hp.Future(name="now")]), criterion)
    assert hp.solve_problem(problem, hp.MaxCoverage(budget=20, constraints=under), EXACT).value == pytest.approx(
        plain.value
    )


def test_futures_alike_are_one_of_their_probabilities_together() -> None:
    problem = line_of_five()
    parts = [(0.25, 1.0), (0.25, 1.0), (0.5, 3.0)]
    several = hp.Futures([hp.Future(name=str(n), probability=p, need=f) for n, (p, f) in enumerate(parts)])
    two = hp.Futures([hp.Future(name="a", need=1.0), hp.Future(name="b", need=3.0)])
    values = [
        hp.solve_problem(problem, hp.MaxCoverage(budget=2, constraints=hedged(futures, criterion)), EXACT).value
        for criterion, futures in itertools.product(CRITERIA, (several, two))
    ]
    assert values[::2] == pytest.approx(values[1::2])


@pytest.mark.parametrize("seed", one_of(2, range(8)))
def test_what_planning_and_knowing_are_worth(seed: int) -> None:
    case, turns = random_case(seed)
    known = truth(case, turns, 10.0, LEVEL)
    if known is None:
        return
    objective = hp.MaxCoverage(budget=10.0, constraints=hedged(futures_of(case, turns), CRITERIA[seed % 4]))
    problem = case.problem()
    worth = value_of_information(problem, objective, hp.solve_problem(problem, objective, EXACT), EXACT)
    assert worth is not None
    assert worth.knowing is not None
    assert worth.recourse.value == pytest.approx(known.best["expected"])
    assert worth.knowing == pytest.approx((known.value_of_knowing,) * 3, abs=1e-6)
    # Any of the plans that are best for the mean future may be the one that planning is held against.
    assert worth.planning[0] >= known.value_of_planning - 1e-6
    assert min(worth.planning) >= 0


def money(case: object, turns: list, plan: Plan) -> list[float]:  # type: ignore[type-arg]
    return [turn.spent(case, plan) for turn in turns]


@pytest.mark.parametrize("criterion", ["expected", "worst"])
@pytest.mark.parametrize("seed", range(6))
def test_least_cost_covers_the_target_in_every_future(seed: int, criterion: str) -> None:
    case, turns = random_case(seed)
    share = 0.3
    fit = [
        plan
        for plan in plans(case)
        if allowed(case, plan, lambda _: 0.0, 0.0, None)
        and all(
            turn.covered(case, plan) >= share * math.fsum(np.array(case.needs) * turn.need) - 1e-9 for turn in turns
        )
    ]
    objective = hp.MinCost(target_share=share, constraints=hedged(futures_of(case, turns), criterion))
    found = hp.solve_problem(case.problem(), objective, EXACT)
    if not fit:
        assert found.status == "infeasible"
        return
    spent = [money(case, turns, plan) for plan in fit]
    best = min(-score(criterion, [-value for value in values], turns, [], LEVEL) for values in spent)
    assert found.value == pytest.approx(best)


@pytest.mark.parametrize("on_average", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_budget_and_floors_hold_as_asked(seed: int, *, on_average: bool) -> None:
    case, turns = random_case(seed)
    half = np.arange(len(case.needs)) < len(case.needs) // 2
    floor, budget = 0.25, 8.0
    total = [math.fsum(np.array(case.needs)[half] * np.array(turn.need)[half]) for turn in turns]
    shares = [turn.share for turn in turns]
    points = np.flatnonzero(half).tolist()

    def fits(plan: Plan) -> bool:
        reached = [turn.covered(case, plan, points) for turn in turns]
        spent = money(case, turns, plan)
        if on_average:
            enough = np.dot(shares, reached) >= floor * np.dot(shares, total) - 1e-9
            return bool(enough and np.dot(shares, spent) <= budget * (1 + 1e-9))
        return all(r >= floor * t - 1e-9 for r, t in zip(reached, total, strict=True)) and max(spent) <= budget + 1e-9

    fit = [plan for plan in plans(case) if allowed(case, plan, lambda _: 0.0, 0.0, None) and fits(plan)]
    constraint = hp.Floor(weight=np.where(half, case.needs, 0.0), share=floor, name="west")
    constraints = (constraint, *hedged(futures_of(case, turns), "expected", on_average=on_average))
    found = hp.solve_problem(case.problem(), hp.MaxCoverage(budget=budget, constraints=constraints), EXACT)
    if not fit:
        assert found.status == "infeasible"
        return
    best = max(score("expected", [turn.covered(case, plan) for turn in turns], turns, [], LEVEL) for plan in fit)
    assert found.value == pytest.approx(best)


@pytest.mark.parametrize("seed", one_of(2, range(8)))
def test_each_future_alone_has_its_own_limits_also_where_all_hold_on_average(seed: int) -> None:
    case, turns = random_case(seed)
    budget, every = 9.0, plans(case)
    shares = [turn.share for turn in turns]
    alone = []
    for turn in turns:
        own = [plan for plan in every if allowed(case, plan, lambda p, t=turn: t.spent(case, p), budget, None)]
        alone.append(max((turn.covered(case, plan) for plan in own), default=None))
    mean = lambda plan: float(np.dot(shares, money(case, turns, plan)))  # noqa: E731
    fit = [plan for plan in every if allowed(case, plan, mean, budget, None)]
    under = hedged(futures_of(case, turns), "regret", on_average=True)
    objective, problem = hp.MaxCoverage(budget=budget, constraints=under), case.problem()
    found = hp.solve_problem(problem, objective, EXACT)
    if not fit or None in alone:
        assert found.status == "infeasible"
        assert found.clashes[0].startswith("in future turn ")
        return
    values = [[turn.covered(case, plan) for turn in turns] for plan in fit]
    assert [part.value for part in found.alone] == pytest.approx(alone)
    assert found.value == pytest.approx(-max(score("regret", v, turns, alone, LEVEL) for v in values), abs=1e-6)
    worth = value_of_information(problem, objective, found, EXACT)
    assert worth is not None
    assert worth.knowing is not None
    best = max(score("expected", v, turns, alone, LEVEL) for v in values)
    assert worth.knowing == pytest.approx((np.dot(shares, alone) - best,) * 3, abs=1e-6)


def test_knowing_may_be_worth_less_than_nothing_where_limits_hold_on_average() -> None:
    # A hub costs 1 in one future and 3 in the other, 2 on average: alone, the dear one has no hub for 2.
    problem = hp.Problem.from_points([[0, 0]], [6], [[0, 0]], [1], reach=5)
    futures = hp.Futures([hp.Future(name="cheap"), hp.Future(name="dear", cost=3.0)])
    objective = hp.MaxCoverage(budget=2, constraints=hedged(futures, "regret", on_average=True))
    found = hp.solve_problem(problem, objective, EXACT)
    assert [part.value for part in found.alone] == [6.0, 0.0]
    assert found.value == 0.0
    worth = value_of_information(problem, objective, found, EXACT)
    assert worth is not None
    assert worth.knowing == (-3.0, -3.0, -3.0)


def test_a_future_without_a_plan_of_its_own_is_named() -> None:
    problem = replace(line_of_five(), site_status=np.array([2, 0, 0]))
    futures = hp.Futures([hp.Future(name="cheap"), hp.Future(name="dear", cost=3.0)])
    constraints = hedged(futures, "regret", on_average=True)
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=2, constraints=constraints), EXACT)
    assert found.status == "infeasible"
    assert found.clashes[0].startswith("in future dear alone, ")


@pytest.mark.parametrize(
    ("rule", "share"),
    [
        (hp.CoverageRule(decay="linear", full=2.0), lambda d, reach: 1 - (d - 2) / (reach - 2)),
        (hp.CoverageRule(decay="exponential", full=2.0, width=3.0), lambda d, _: math.exp(-(d - 2) / 3)),
        (hp.CoverageRule(decay="gaussian", full=2.0, width=3.0), lambda d, _: math.exp(-0.5 * ((d - 2) / 3) ** 2)),
        (hp.CoverageRule(), lambda *_: 1.0),
    ],
)
@pytest.mark.parametrize("method", ["core", "plain"])
def test_a_multiplier_of_reach_stretches_all_distances_of_coverage(
    rule: hp.CoverageRule, share: object, method: str
) -> None:
    # People at 3, 6 and 12 from the one site; in the other future they get half as far again, so as if at 2, 4 and 8.
    problem = replace(hp.Problem.from_matrix([[3.0], [6.0], [12.0]], [1, 10, 100], [1], reach=7.0), rule=rule)
    futures = hp.Futures([hp.Future(name="as is"), hp.Future(name="far", reach=1.5), hp.Future(name="near", reach=0.5)])
    expected = []
    for factor in (1.0, 1.5, 0.5):
        far = [d / factor for d in (3.0, 6.0, 12.0)]
        worth = [0.0 if d > 7.0 else 1.0 if d <= 2.0 else share(d, 7.0) for d in far]  # type: ignore[operator]
        expected.append(math.fsum(need * part for need, part in zip((1, 10, 100), worth, strict=True)))
    assert outcomes(problem, futures, [0]).covered == pytest.approx(expected)
    objective = hp.MaxCoverage(budget=1, constraints=hedged(futures, "worst"))
    found = hp.solve_problem(problem, objective, replace(EXACT, method=method))
    assert found.value == pytest.approx(min(expected))


def test_hubs_keep_apart_in_all_futures() -> None:
    problem = line_of_five()
    futures = hp.Futures([hp.Future(name="calm"), hp.Future(name="flood", sites_out=(0,))])
    free, apart = (
        hp.solve_problem(
            problem, hp.MaxCoverage(max_hubs=2, constraints=(*constraints, *hedged(futures, "worst"))), EXACT
        )
        for constraints in ((), (hp.MinSeparation(distance=20.0),))
    )
    # In the flood S0 is out: S1 and S2 cover 11, but stand 15 apart; S2 with S0 covers 7.
    assert (free.value, apart.value) == (11.0, 7.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_expected_mean_distance_is_least(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table, cost = rng.uniform(1, 9, (8, 5)), rng.integers(1, 4, 5).astype(float)
    problem = hp.Problem.from_matrix(table, rng.uniform(1, 5, 8), cost, reach=5)
    needs = rng.uniform(0.5, 2, (3, 8))
    dear = rng.uniform(0.8, 1.5, (3, 5))
    each = [hp.Future(name=str(n), need=need, cost=c) for n, (need, c) in enumerate(zip(needs, dear, strict=True))]
    objective = hp.PMedian(budget=5.0, constraints=hedged(hp.Futures(each), "expected"))
    found = hp.solve_problem(problem, objective, EXACT)
    means = []
    for size in range(1, 6):
        for sites in map(list, itertools.combinations(range(5), size)):
            if (dear[:, sites] @ cost[sites]).max() <= 5.0:
                near = table[:, sites].min(axis=1)
                weights = problem.need * needs
                means.append(float(((weights * near).sum(axis=1) / weights.sum(axis=1)).mean()))
    assert found.value == pytest.approx(min(means))
    worth = value_of_information(problem, objective, found, EXACT)
    assert worth is not None
    assert worth.knowing is not None
    assert min(*worth.planning, *worth.knowing) >= 0


def test_what_does_not_go_with_futures_is_refused() -> None:
    problem, futures = line_of_five(), hp.Futures([hp.Future(name="now")])
    capacity = hp.Capacity(people=(5,))
    for objective, words in (
        (hp.PCenter(max_hubs=1, constraints=hedged(futures, "expected")), "max_coverage, min_cost or p_median"),
        (hp.MinCost(target_share=0.5, constraints=hedged(futures, "cvar")), "under cvar does not go with min_cost"),
        (hp.MaxCoverage(budget=1, constraints=(capacity, *hedged(futures, "worst"))), "leave capacities out"),
        (
            hp.PMedian(max_hubs=1, constraints=hedged(hp.Futures([hp.Future(name="x", sites_out=(0,))]), "expected")),
            "outages",
        ),
        (
            hp.PMedian(
                max_hubs=1, constraints=hedged(hp.Futures([hp.Future(name="x", travel=problem.travel)]), "expected")
            ),
            "which roads are open",
        ),
    ):
        with pytest.raises(hp.ScenarioError, match=words):
            hp.solve_problem(problem, objective)
    wrong = hp.Futures([hp.Future(name="now", need=np.ones(3))])
    with pytest.raises(hp.ScenarioError, match="a number or"):
        hp.solve_problem(problem, hp.MaxCoverage(budget=1, constraints=hedged(wrong, "expected")))
    with pytest.raises(hp.ScenarioError, match=r"add up to 0\.7"):
        hp.Futures([hp.Future(name="a", probability=0.3), hp.Future(name="b", probability=0.4)])


def test_a_budget_that_no_future_meets_is_said() -> None:
    futures = hp.Futures([hp.Future(name="cheap"), hp.Future(name="dear", cost=3.0)])
    problem = replace(line_of_five(), site_status=np.array([2, 0, 0]))
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=2, constraints=hedged(futures, "expected")))
    assert found.status == "infeasible"
    assert "budget" in found.clashes[0]
