"""Why a plan is as it is: what each hub adds, why each other site is out, and what each demand costs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.analysis.explain.lines import LineFigures, line_figures
from hubplanner.analysis.explain.resolve import ExplainContext, could_hold, new_of, with_site, without_site
from hubplanner.analysis.explain.shadow_prices import Price, Shadow, pins, priced, shadows
from hubplanner.analysis.explain.sites import Figures, HubFigures, Reason, Rejected, reasons
from hubplanner.analysis.requests import ExplainRequest
from hubplanner.compatibility import Feature
from hubplanner.errors import InfeasibleError, ScenarioError, SolverError
from hubplanner.model import Objective, check_compatible
from hubplanner.problem import Problem, SiteStatus, Solution
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.translation import gettext as _

Lift = Callable[[int], Problem | None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Why a plan is as it is.

    Parameters
    ----------
    asked
        The question with its plan.
    hubs
        Each site with new hubs, the one that adds most first.
    rejected
        Each site without, those that come nearest to being worth a hub first.
    reasons
        Why each of these has no hub, in their order.
    prices
        What each pin, ban and limit costs.
    shadows
        What a little more or less of what is scarce is worth.
    lines
        What each line that is built serves; none where hubs share no lines.
    site
        The one site that was asked about; None if all were.
    complete
        Whether the time sufficed for all hubs, all prices and as many rejected sites as were asked for.
    seconds
        Wall time.
    """

    asked: ExplainContext
    hubs: tuple[HubFigures, ...]
    rejected: tuple[Rejected, ...]
    reasons: tuple[tuple[Reason, ...], ...]
    prices: tuple[Price, ...]
    shadows: tuple[Shadow, ...]
    lines: tuple[LineFigures, ...]
    site: int | None
    complete: bool
    seconds: float

    @property
    def solved(self) -> dict[str, tuple[int, int]]:
        """How many of the hubs, rejected sites and prices were re-solved, and how many there are."""
        counted: dict[str, Sequence[HubFigures | Rejected | Price]] = {
            "hubs": self.hubs,
            "rejected": self.rejected,
            "prices": self.prices,
        }
        return {name: (sum(map(_is_done, part)), len(part)) for name, part in counted.items()}


def explain_plan(  # noqa: PLR0913 - a question, its plan, and how much to explain
    problem: Problem,
    objective: Objective,
    options: SolverOptions | None = None,
    *,
    plan: Solution | None = None,
    site: int | None = None,
    sites: int = ExplainRequest.sites,
    time_limit_s: float = ExplainRequest.time_limit_s,
    lift: Lift = lambda _: None,
) -> Explanation:
    r"""Explain a plan: every hub, every other site, every demand.

    A hub at j adds $v - v_{-j}$, with v the plan's figure and $v_{-j}$ the best one without the site; a rejected site
    loses $v - v_{+j}$, the best one with a hub there. As the solver proves $v_{-j}$ and $v_{+j}$ within a gap only,
    each is a range. A demand costs what the best plan without it is better by.

    Parameters
    ----------
    plan
        The plan to explain; the best one, solved now, if left out.
    site
        The one site to explain; all if left out.
    sites, time_limit_s
        As in `ExplainRequest`; what is not solved by then has no `change`.
    lift
        Gives the problem with a banned site free, None where that is not known.

    Raises
    ------
    InfeasibleError, SolverError
        When there is no plan.
    ScenarioError
        When the site is none, or one with a hub that stands already.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> found = explain_plan(line, hp.MaxCoverage(max_hubs=1))
    >>> [(hub.site, hub.need, hub.change.most) for hub in found.hubs], found.rejected[0].change.most
    ([(1, 4.0, 1.0)], 1.0)
    """
    check_compatible(problem, objective, Feature.EXPLANATIONS)
    began, options = time.perf_counter(), options or SolverOptions()
    known = plan or _best(problem, objective, options)
    deadline = Deadline.after(time_limit_s, options.clock)
    asked = ExplainContext(problem=problem, objective=objective, options=options, plan=known, deadline=deadline)
    log.info(_("work out what each hub adds, and what each other site would"))
    figures = Figures(asked)
    hubs = sorted((figures.hub(at) for at in new_of(asked)), key=lambda hub: (-hub.need, hub.site))
    others = figures.promising([figures.rejected(at) for at in _others(asked)])
    prices = pins(asked)
    if site is not None:
        _check(asked, site)
        hubs, others = [hub for hub in hubs if hub.site == site], [one for one in others if one.site == site]
        prices = [price for price in prices if price.site == site]
    prices = [_priced(asked, price, lift) for price in prices]
    found = [] if site is not None else list(_scarce(asked))
    hubs, others = _solved(asked, hubs, others, sites)
    others = [_with_ban(one, prices) for one in others]
    every = hubs if site is None else [figures.hub(at) for at in new_of(asked)]
    return Explanation(
        asked=asked,
        hubs=tuple(hubs),
        rejected=tuple(others),
        reasons=tuple(reasons(asked, one, every) for one in others),
        prices=tuple(prices),
        shadows=tuple(found),
        lines=tuple(one for one in line_figures(asked) if site is None or site in one.sites),
        site=site,
        complete=_is_complete(hubs, others[: sites if site is None else None], prices, found),
        seconds=time.perf_counter() - began,
    )


def _is_done(one: HubFigures | Rejected | Price) -> bool:
    """Tell whether a change was solved, or cannot be."""
    return one.change is not None or bool(getattr(one, "undefined", ""))


def _is_complete(hubs: list[HubFigures], tried: list[Rejected], prices: list[Price], found: list[Shadow]) -> bool:
    """Tell whether time sufficed for what was asked."""
    rates = all(shadow.looser is not None for shadow in found)
    free = [one for one in tried if one.option is not None]
    return rates and all(_is_done(one) for part in (hubs, free, prices) for one in part)


def _best(problem: Problem, objective: Objective, options: SolverOptions) -> Solution:
    found = solve_problem(problem, objective, options)
    if found.clashes:
        raise InfeasibleError(list(found.clashes))
    if found.evaluation is None:
        message = _("{solver} found no plan within the time limit", solver=found.solver)
        raise SolverError(message)
    return found


def _others(asked: ExplainContext) -> list[int]:
    """Return the sites without a hub: those that might hold one, and those that are ruled out."""
    banned = np.flatnonzero(asked.problem.site_status == SiteStatus.EXCLUDED).tolist()
    return sorted({*could_hold(asked.problem), *banned} - set(new_of(asked)))


def _check(asked: ExplainContext, site: int) -> None:
    if site not in {*new_of(asked), *_others(asked)}:
        message = _("there is an existing hub at this site; only new hubs, and sites for them, are explained")
        raise ScenarioError(message)


def _priced(asked: ExplainContext, price: Price, lift: Lift) -> Price:
    if asked.is_late:
        return price
    log.info(_("price of {limit}", limit=price.kind))
    lifted = lift(price.site) if price.kind == "ban" and price.site is not None else None
    return priced(asked, price, lifted)


def _scarce(asked: ExplainContext) -> Iterator[Shadow]:
    log.info(_("what a little more and a little less is worth"))
    return shadows(asked)


def _solved(
    asked: ExplainContext, hubs: list[HubFigures], others: list[Rejected], sites: int
) -> tuple[list[HubFigures], list[Rejected]]:
    """Return hubs dropped, and the first rejected sites forced in, by turns, as far as time goes."""
    hubs, others = hubs.copy(), others.copy()
    tested = [number for number, one in enumerate(others) if one.option is not None][:sites]
    for turn in range(max(len(hubs), len(tested))):
        if turn < len(tested) and not asked.is_late:
            number = tested[turn]
            log.info(_("force in rejected site {number} of {all}", number=turn + 1, all=len(tested)))
            others[number] = replace(others[number], change=with_site(asked, others[number].site))
        if turn < len(hubs) and not asked.is_late:
            log.info(_("leave out hub {number} of {all}", number=turn + 1, all=len(hubs)))
            hubs[turn] = replace(hubs[turn], change=without_site(asked, hubs[turn].site))
    return hubs, others


def _with_ban(one: Rejected, prices: list[Price]) -> Rejected:
    """Return a site that is ruled out with the plan without that ban."""
    change = next((price.change for price in prices if price.kind == "ban" and price.site == one.site), None)
    return one if change is None else replace(one, change=change)
