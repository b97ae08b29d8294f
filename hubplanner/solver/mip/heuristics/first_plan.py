"""A plan to begin with, for any question: greedy, repaired where limits are missed, better by exchanges, recomputed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from hubplanner.model import Question, Year, broken_years, goals_of
from hubplanner.problem import Floats, Ints
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.greedy import Opened, PlanBuilder, Saved
from hubplanner.solver.mip.heuristics.least_share import lift, lifts
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.heuristics.packing import pack, packs
from hubplanner.solver.mip.heuristics.pairs import opens_pairs, paired
from hubplanner.solver.mip.heuristics.ruin_recreate import is_known, ruin_and_recreate
from hubplanner.solver.mip.subproblem import Incumbent

WAYS = ({"together": False}, {"together": True}, {"cheapest": True})
"""How hubs that limits ask for are opened: the first way that meets them all is taken, or else repaired."""
MOST_TRIES, MOST_WORK = 1000, 1e8
"""Exchanges that are tried, and pairs of demand and hubs that they look at, whatever time there is."""
MOST_CLOSED = 3
"""Hubs that an exchange closes at once."""
NOISE = 0.7
"""Least part of its price by which an exchange weighs an option."""
TRIAL = 0.1
"""Part of the work by which two ways to exchange hubs that stand apart, or that lift the worst group, are compared, or
plans grown by hubs and by pairs of them: the better one has the rest."""
EXCHANGING = 0.05
"""Share of the time that a solve exchanges at most before it searches."""
GAIN = 1e-9
"""Relative difference of figures that is rounding."""


def first_plan(  # noqa: PLR0913 - what a plan begins with, and how far it is taken
    question: Question,
    deadline: Deadline,
    seed: int = 0,
    *,
    any_will_do: bool = False,
    work: float = 1.0,
    start: Ints | None = None,
) -> Incumbent:
    """Return a plan that keeps to every limit, recomputed; nothing where none was found.

    Standing hubs stay as they are. First come hubs that limits ask for, by what they are worth for their money, then,
    unless cost is to be least, whatever is worth most for the money. Exchanges close some hubs and grow the plan again,
    first until no limit is missed, then while plans get better. The greedy plan itself is made whatever time there is.

    Parameters
    ----------
    deadline
        When to stop exchanging, if work is not at its end before.
    seed
        Which hubs are closed together.
    any_will_do
        Whether exchanges end once no limit is missed.
    work
        How many times as many exchanges as usual are tried at most.
    start
        (p, o) hubs of a plan that exchanges begin at where it is better than the greedy one.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> first_plan(Question.of(line, hp.MaxCoverage(max_hubs=1)), Deadline(0.0)).value
    4.0
    """
    if question.instance.problem.backhaul is not None:
        return network_plan(question, goals_of(question.objective)[0])
    builders = list[PlanBuilder]()
    for way in WAYS:
        builder = PlanBuilder(question)
        builder.meet(**way)
        builder.fill()
        if is_hard(question) and is_known(builder) and builder.shortfall <= 0:
            _by_rows(builder, deadline.past(), seed, 0.0)
        builders.append(builder)
        if builder.shortfall <= 0:
            break
    builder = min(builders, key=lambda one: one.shortfall)
    others = list[PlanBuilder]()
    if opens_pairs(builder):
        builders.append(by_pairs := paired(question))
        if by_pairs.shortfall <= 0:
            _by_rows(by_pairs, deadline.past(), seed, 0.0)
            is_better = builder.shortfall > 0 or _is_more(by_pairs.figures, builder.figures)
            builder, other = (by_pairs, builder) if is_better else (builder, by_pairs)
            others = [other] if other.shortfall <= 0 else []
    if start is not None:
        known = _with(question, in_order(start), Deadline(math.inf))
        if known.shortfall <= 0 and (builder.shortfall > 0 or _is_more(known.figures, builder.figures)):
            builder = known
    # What the builder does not know of may still be broken: then another way's plan may be a plan.
    plans = (_plan(question, one, deadline) for one in dict.fromkeys([builder, *builders]))
    greedy = next((made for made in plans if made.years), Incumbent())
    if deadline.is_past or (greedy.years and any_will_do):
        return greedy
    if is_known(builder) and builder.shortfall <= 0:
        builder = _best_by_rows([builder, *others], deadline, seed, work)
    else:
        exchange(builder, deadline, seed, any_will_do=any_will_do, most=round(work * MOST_TRIES))
    return _better(question, [greedy, _plan(question, builder, deadline)])


def plan_with(question: Question, options: Ints, deadline: Deadline) -> Incumbent:
    """Return the plan of some hubs, opened as limits allow, and of what is missing; nothing where it breaks one.

    It stops growing when time is up: there is another plan.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> plan_with(Question.of(line, hp.MaxCoverage(max_hubs=1)), np.array([0]), Deadline(float("inf"))).value
    3.0
    """
    return _plan(question, _with(question, options, deadline), deadline)


def _with(question: Question, options: Ints, deadline: Deadline) -> PlanBuilder:
    """Return some hubs, opened as limits allow, and what is missing."""
    builder = PlanBuilder(question)
    builder.deadline = deadline
    for option in options.tolist():
        if deadline.is_past:
            break
        if builder.fits(option):
            builder.open(option, builder.need)
    builder.meet()
    builder.fill()
    return builder


def in_order(parts: Floats | Ints) -> Ints:
    """Return the options (k,) of hubs, or parts of them (p, o): the most of one over all years first.

    >>> in_order(np.array([[0.0, 0.2, 1.0, 0.0], [2.0, 0.2, 1.0, 0.0]])).tolist()
    [0, 0, 2, 1]
    """
    over_years, most = parts.sum(axis=0), np.ceil(parts.max(axis=0)).astype(np.intp)
    order = np.argsort(-over_years, kind="stable")
    return np.repeat(order, most[order])


def exchange(
    builder: PlanBuilder, deadline: Deadline, seed: int, *, any_will_do: bool = False, most: int = MOST_TRIES
) -> None:
    """Close a hub and some that overlap it, grow the plan again with prices changed by chance, and keep what is better.

    Schrimpf et al. (2000), doi:10.1006/jcph.1999.6413, call it ruin and recreate.
    """
    rng, every, share, builder.deadline = np.random.default_rng(seed), builder.most_of.copy(), builder.share, deadline
    known = (-builder.shortfall, *builder.figures)
    for _ in range(min(tries(builder), most)):
        if deadline.is_past or not builder.opened or (any_will_do and known[0] >= 0):
            return
        saved, closed = builder.save(), _overlapping(builder, rng)
        for hub in closed:
            builder.close(hub)
        # The first may not come back, or the same plan would grow again.
        builder.most_of[closed[0].added.option] = builder.counts[closed[0].added.option]
        builder.share = share ** rng.random() * rng.uniform(NOISE, 1.0, len(share))
        builder.meet()
        builder.fill()
        builder.most_of[:], builder.share = every, share
        if builder.question.periods is not None:
            builder.time_anew()
        found = (-builder.shortfall, *builder.figures)
        if _is_more(found, known):
            known = found
        else:
            builder.restore(saved)


def is_hard(question: Question) -> bool:
    """Tell whether neither growing nor a search is likely to find a good plan.

    A second hub helps only beside a first, for the worst group nothing is gained where another falls below it, and over
    years a hub takes the money of others far from it. All leave plans far below the relaxation.
    """
    max_min = question.objective.max_min
    over_years = question.periods is not None and not question.assigns
    return question.problems[-1].rule.backup > 1 or (max_min is not None and max_min.first) or over_years


def _best_by_rows(starts: Sequence[PlanBuilder], deadline: Deadline, seed: int, work: float) -> PlanBuilder:
    """Exchange hubs of some plans for a part of the work each, and of the best of them for the rest; return that."""
    best = starts[0]
    if len(starts) > 1:
        for one in starts:
            _by_rows(one, deadline, seed, TRIAL * work)
            best = one if _is_more(one.figures, best.figures) else best
        work *= 1 - TRIAL * len(starts)
    _by_rows(best, deadline, seed, work)
    return best


def _by_rows(builder: PlanBuilder, deadline: Deadline, seed: int, work: float) -> None:
    """Exchange hubs by what rows say of them, and keep what is better."""
    grown, way = builder.save(), ruin_and_recreate
    if other := pack if packs(builder) else lift if lifts(builder) else None:
        trials = [_kept(builder, one, grown, deadline, seed, TRIAL * work) for one in (way, other)]
        better = 1 if _is_more(trials[1][1], trials[0][1]) else 0
        way, grown, work = (way, other)[better], trials[better][0], (1 - 2 * TRIAL) * work
    _kept(builder, way, grown, deadline, seed, work)


def _kept(  # noqa: PLR0913, PLR0917 - what a way is given, and where it begins
    builder: PlanBuilder, way: Callable[..., None], start: Saved, deadline: Deadline, seed: int, work: float
) -> tuple[Saved, tuple[float, ...]]:
    """Return what a way makes of a plan, or that itself where it is no worse, and its figures."""
    builder.restore(start)
    figures = builder.figures
    way(builder, deadline, seed, work=work)
    # What exchanges raise is a smooth minimum of shares, not the least of them itself.
    if not _is_more(builder.figures, figures):
        builder.restore(start)
    return builder.save(), builder.figures


def tries(builder: PlanBuilder) -> int:
    """Return how many exchanges are tried: fewer where each looks at more pairs of demand and hubs."""
    return max(1, min(MOST_TRIES, int(MOST_WORK / max(len(builder.units.unit), 1))))


def _overlapping(builder: PlanBuilder, rng: np.random.Generator) -> list[Opened]:
    """Return a random hub, and often some of those that cover most of what it covers."""
    hubs, units = builder.opened, builder.units
    first, count = hubs[int(rng.integers(len(hubs)))], int(rng.integers(1, MOST_CLOSED + 1))
    if count == 1:
        return [first]
    own = np.zeros(len(units.people), dtype=np.bool_)
    own[units.unit[units.pairs(first.added.option)]] = True
    shared = [int(own[units.unit[units.pairs(hub.added.option)]].sum()) for hub in hubs]
    order = np.argsort(-np.array(shared), kind="stable")[:count].tolist()
    return [first, *(hubs[at] for at in order if shared[at] and hubs[at] is not first)]


def _is_more(new: Sequence[float], old: Sequence[float]) -> bool:
    """Tell whether figures are better than others: the first that differs by more than rounding tells."""
    for one, other in zip(new, old, strict=True):
        if abs(one - other) > GAIN * max(1.0, abs(other)):
            return one > other
    return False


def _plan(question: Question, builder: PlanBuilder, deadline: Deadline) -> Incumbent:
    """Return a builder's plan, with everyone at the nearest seat if there is time; nothing where it breaks a limit."""
    years = builder.years()
    if broken_years(question, years):
        return Incumbent()
    if question.assigns and not deadline.is_past:
        years = assign_to_nearest(question, years, (), deadline)
    return Incumbent(years=years, opened=_opened(question, years), value=goals_of(question.objective)[0].value(years))


def _opened(question: Question, years: tuple[Year, ...]) -> Ints:
    opened = np.zeros((len(years), len(question.instance.option)), dtype=np.intp)
    for row, year in zip(opened, years, strict=True):
        row[year.plan.options] = year.plan.counts
    return opened


def _better(question: Question, plans: Sequence[Incumbent]) -> Incumbent:
    """Return the first of the plans whose goals are best."""
    goals, best = goals_of(question.objective), Incumbent()
    for plan in plans:
        if plan.years and (
            not best.years
            or _is_more(
                [goal.sense * goal.value(plan.years) for goal in goals],
                [goal.sense * goal.value(best.years) for goal in goals],
            )
        ):
            best = plan
    return best
