"""The one way to a solution: reduce, build, solve, then recompute everything and believe only that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hubplanner.errors import ScenarioError
from hubplanner.model import Objective, Question, check_compatible, check_supported, goals_of, under_of
from hubplanner.problem import Conflict, Problem, Solution
from hubplanner.solver.backends import adapter
from hubplanner.solver.cache import SolveCache
from hubplanner.solver.certify import certify
from hubplanner.solver.covering.cells import CellStrategy
from hubplanner.solver.covering.strategy import ALONE, CoveringStrategy, is_plain
from hubplanner.solver.infeasibility.conflicts import find_conflict
from hubplanner.solver.infeasibility.counting import counted_conflict
from hubplanner.solver.median.strategy import FACILITIES, MedianStrategy, is_median
from hubplanner.solver.mip.alpha_fair import AlphaFairStrategy
from hubplanner.solver.mip.priced_strategy import PricedStrategy
from hubplanner.solver.mip.strategy import LexicographicStrategy
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.multi_period import SeparateYearsStrategy
from hubplanner.solver.needless import without_needless
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.robust.strategy import RobustStrategy
from hubplanner.solver.set_cover.strategy import SetCoverStrategy
from hubplanner.solver.set_packing.strategy import SetPackingStrategy
from hubplanner.solver.strategy import Candidate, SolveContext, Strategy
from hubplanner.stopping import searching
from hubplanner.translation import gettext as _

STRATEGIES: tuple[Strategy, ...] = (
    RobustStrategy(),
    SeparateYearsStrategy(),
    CellStrategy(),
    CoveringStrategy(),
    MedianStrategy(),
    SetCoverStrategy(),
    SetPackingStrategy(),
    AlphaFairStrategy(),
    PricedStrategy(),
    LexicographicStrategy(),
)
"""Ways to solve: a question is solved by the first that applies and says more than the next."""


def solve_problem(
    problem: Problem,
    objective: Objective,
    options: SolverOptions | None = None,
    *,
    start: Solution | None = None,
    memory: SolveCache | None = None,
) -> Solution:
    """Solve a problem to proof, or as near as the time limit allows.

    Parameters
    ----------
    problem
        The arrays to choose from.
    objective
        What to reach, with its constraints.
    options
        Solver, gap, time limit, threads, seed; their defaults if left out.
    start
        A solution of the same problem under other limits. Maximal covering within budget and count alone makes it fit
        the new limits, and where neither ties are broken nor a memory is given, returns of equal plans the nearest to
        it. Other programs start from it where it keeps to them. Where it is of no use, the log says why.
    memory
        What solves of the same problem left, and where this one leaves its own: plans, the reduced instance, the
        relaxation with its basis and cuts. It serves maximal covering within budget and count alone.

    Returns
    -------
    Solution
        With recomputed value, true bound and gap; status `infeasible` or `no_plan` when there is no plan.

    Raises
    ------
    ScenarioError
        When the objective, its constraints or the solver are not supported, or do not go together.
    SolverError
        When the solver fails, or its figures differ from the recomputed ones by more than 1e-6.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> solve_problem(line, hp.MaxCoverage(max_hubs=1))
    Solution(optimal, 1 hub, value 4, bound 4, gap 0)
    """
    options = options or SolverOptions()
    question = _checked(problem, objective, options)
    with searching():
        return _solved(question, SolveContext.begin(options, solve_problem, warm_start=start, cache=memory))


def _solved(question: Question, context: SolveContext) -> Solution:
    """Return a checked question's solution."""
    under = under_of(question.objective)
    has_regret = under is not None and under.criterion == "regret"
    if has_regret or any(goal.sense < 0 for goal in goals_of(question.objective)):
        context = context.least
    if (conflict := _counted(question)) is not None:
        candidate = Candidate(is_infeasible=True, conflict=conflict)
        return certify(question, candidate, context, "counted: no solver was asked")
    candidate, context, method = _candidate(question, context)
    candidate = without_needless(question, candidate)
    if candidate.is_infeasible and candidate.conflict is None:
        context = context.searching
        with context.log.phase(_("find what clashes")):
            conflict = find_conflict(question, context.options, context.deadline)
        candidate = replace(candidate, conflict=conflict)
    return certify(question, candidate, context, method)


def solve_many(
    problem: Problem, objectives: Iterable[Objective], options: SolverOptions | None = None
) -> list[Solution]:
    """Solve a problem under one objective after the other, each from what the ones before it left.

    Demand is merged once, and each plan starts from those of the next smaller and larger budgets; the relaxation
    keeps its basis and cuts.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> [solution.value for solution in solve_many(line, [hp.MaxCoverage(budget=money) for money in (0, 1, 2)])]
    [0.0, 4.0, 7.0]
    """
    found, memory = list[Solution](), SolveCache(problem=problem)
    for objective in objectives:
        start = found[-1] if found else None
        found.append(solve_problem(problem, objective, options, start=start, memory=memory))
    return found


def _checked(problem: Problem, objective: Objective, options: SolverOptions) -> Question:
    """Return what is asked; raise where objective, limits, problem and solver do not go together."""
    check_supported(objective)
    check_compatible(problem, objective)
    if not options.is_heuristic:
        adapter(options.name)
    if (under := under_of(objective)) is not None:
        under.futures.check(problem)
    else:
        _check_method(problem, objective, options)
    return Question.of(problem, objective)


def _check_method(problem: Problem, objective: Objective, options: SolverOptions) -> None:
    """Raise where a way to solve is asked for that the question does not have."""
    has_core = is_plain(problem, objective) or is_median(problem, objective)
    if options.is_heuristic and (not has_core or options.method == "plain" or objective.is_bottleneck):
        message = _(
            "solver.name heuristic goes with max_coverage, p_median or {facilities} within {alone}, ",
            facilities=FACILITIES,
            alone=ALONE,
        )
        message += _("solver.method auto or core")
        raise ScenarioError(message)
    if options.method == "core" and not has_core:
        message = _(
            "solver.method core goes with max_coverage, p_median, p_center or {facilities} within {alone}",
            facilities=FACILITIES,
            alone=ALONE,
        )
        raise ScenarioError(message)


def _counted(question: Question) -> Conflict | None:
    """Return why there is no plan where counting shows it; None for few options, whose smallest clash is found soon."""
    problem, objective = question.instance.problem, question.objective
    if problem.n_options <= SMALL_OPTIONS:
        return None
    return counted_conflict(problem, objective, with_money=under_of(objective) is None)


def _candidate(question: Question, context: SolveContext) -> tuple[Candidate, SolveContext, str]:
    """Return what the first strategy that applies claims, the context it had, and how it went about it and why."""
    applying = [(strategy, strategy.applies(question, context.options)) for strategy in STRATEGIES]
    applying = [(strategy, reason) for strategy, reason in applying if reason is not None]
    for strategy, _why in applying:
        candidate = strategy.run(question, context)
        if candidate is not None:
            return candidate, context, f"{strategy.name}: {applying[0][1]}"
        # Where exchanges find no plan, only a search tells whether there is one.
        context = context.searching
    message = _("no strategy solves {name}", name=question.objective.name)
    raise AssertionError(message)
