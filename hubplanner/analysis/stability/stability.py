"""A run's plan compared with other surveys of the same places: which hubs stand, and what the plan still reaches."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from hubplanner.analysis.requests import StabilityRequest, check_asked
from hubplanner.compatibility import Feature
from hubplanner.errors import Fault, InfeasibleError, ScenarioError, SolverError, raise_faults
from hubplanner.folders import STABILITY_FILES
from hubplanner.inputs import Inputs, build_problem
from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.survey import check_survey, drawn_again, question_digest
from hubplanner.io import check_files, note_exports, own_files, sha256, write_files_atomically, write_json
from hubplanner.model import Objective, Question, Year, broken_years, goals_of
from hubplanner.outputs.plan import Plan
from hubplanner.outputs.rounding import finite, rounded
from hubplanner.outputs.writers import write_csv
from hubplanner.pipeline.earlier_plan import plan_of_hubs
from hubplanner.pipeline.objective import objective_of
from hubplanner.pipeline.solve import options_of
from hubplanner.problem import Floats, Ints, Problem, Solution, Status
from hubplanner.runs.load import read_solution
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _, joined

log = logging.getLogger(__name__)

SURE = 0.9
"""Share of the draws in which a hub has to stand to be told as one that does."""
KEYS = ("demand.connected_share_error", "demand.surveyed_by", "demand.since_survey")
"""What may be set again for a plan that was made already: it does not change the plan."""


def stability(
    run: Plan | str | os.PathLike[str],
    *,
    draws: int = StabilityRequest.draws,
    seed: int = StabilityRequest.seed,
    gap: float | None = StabilityRequest.gap,
    settings: Mapping[str, Any] | None = None,
) -> Stability:
    """Return how much of a plan stands when its connected shares are drawn again within their errors.

    Each draw is a survey of the same places that might have come out as well (`hubplanner.inputs.survey`). It is
    planned for as the scenario asks, from the run's plan onwards; the run's hubs stay unless a better plan is found.

    Parameters
    ----------
    run
        A plan, or the folder of a run whose inputs are unchanged.
    draws, seed, gap
        As in `StabilityRequest`.
    settings
        Of a folder's scenario, what is known of the errors: demand.connected_share_error, surveyed_by, since_survey.

    Raises
    ------
    DataError
        When the folder is no run, or its inputs have changed.
    ScenarioError
        When no errors are given, or what is asked does not go with drawing again.
    InfeasibleError
        When some draw allows no plan at all.
    SolverError
        When the solver fails, or finds no plan in time.
    """
    request = StabilityRequest(draws=draws, seed=seed, gap=gap)
    given = settings or {}
    strange = [key for key in given if not any(key == known or key.startswith(f"{known}.") for known in KEYS)]
    allowed = _("one of {keys}: all else would be another plan", keys=joined(KEYS, ", "))
    raise_faults([Fault(file="--set", column=key, allowed=allowed, kind="scenario") for key in strange])
    if isinstance(run, Plan):
        inputs, solution = run.inputs, run.solution
    else:
        log.info(_("read the run and its inputs"))
        inputs, solution = read_solution(Path(run), given)
    check_asked(inputs.scenario, Feature.STABILITY)
    check_survey(inputs)
    problem = build_problem(inputs)
    if not _hubs(problem, solution).any():
        message = _("the plan has no new hub, so that none can stand or fall")
        raise ScenarioError(message)
    options = options_of(inputs.scenario)
    options = options if gap is None else replace(options, gap=gap)
    found = []
    for number in range(draws):
        told = _("plan for survey {number} of {all}", number=number + 1, all=draws)
        log.info(told, extra={"point": number + 1, "points": draws})
        found.append(_planned_anew(drawn_again(inputs, seed, number), solution, options, number + 1))
    return Stability(
        inputs=inputs, problem=problem, plan=solution, draws=tuple(found), request=request, gap=options.gap
    )


def run_stability(
    run: Path, request: StabilityRequest, settings: Mapping[str, Any] | None = None, *, overwrite: bool = False
) -> Stability:
    """Hold a run against its data drawn again and write the files into its folder, which is looked at first."""
    folder = run.absolute()
    known = own_files(folder) or {}
    there = [name for name in STABILITY_FILES if (folder / name).is_file()]
    ours = bool(there) and all(sha256(folder / name) == known.get(name) for name in there)
    if not ours:
        check_files(folder, STABILITY_FILES, overwrite=overwrite)
    found = stability(folder, draws=request.draws, seed=request.seed, gap=request.gap, settings=settings)
    log.info(_("write the files"), extra={"folder": str(folder)})
    found.write(folder)
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Draw:
    """A survey that might have come out as well, and what it makes of the plan.

    Parameters
    ----------
    number
        From 1.
    hubs
        (o,) new hubs of each option in its own plan.
    status
        Whether that plan is within the asked gap.
    value, bound
        Its figure, and the best that any plan could have; None where time was too short for one.
    need, kept_need
        Need that it covers, and that the run's hubs cover.
    kept_value
        The figure of the run's hubs; None where they miss a limit then.
    more_is_better
        Whether the figure is to be large.
    """

    number: int
    hubs: Ints
    status: Status
    value: float
    bound: float | None
    need: float
    kept_need: float | None
    kept_value: float | None
    more_is_better: bool

    @property
    def reached(self) -> float | None:
        """What the run's plan comes to of the survey's own, at most 1; None where it misses a limit."""
        return self._part(self.value)

    @property
    def reached_at_least(self) -> float | None:
        """The same of the best that any plan could have; None also where no bound is known."""
        return None if self.bound is None else self._part(self.bound)

    def _part(self, best: float) -> float | None:
        if self.kept_value is None:
            return None
        more, less = (best, self.kept_value) if self.more_is_better else (self.kept_value, best)
        return min(less / more, 1.0) if more > 0 else 1.0


def _planned_anew(inputs: Inputs, run: Solution, options: SolverOptions, number: int) -> Draw:
    """Return what is planned for drawn data, and what the run's hubs come to there."""
    plan = run.evaluation
    if plan is None:
        raise AssertionError
    problem, objective = build_problem(inputs), objective_of(inputs)
    kept = plan_of_hubs(problem, objective, plan.options, plan.counts, plan.edges)
    keeps = kept.evaluation is not None and not _misses(problem, objective, kept)
    found = solve_problem(problem, objective, options, start=kept if keeps else None)
    if found.evaluation is None and not keeps:
        told = _("with survey {number} redrawn", number=number)
        if found.clash is not None:
            raise InfeasibleError([_("{told}: no plan meets all demands, and the run's own misses some", told=told)])
        message = _("no plan was found in time {told}; raise solver.time_limit_s", told=told)
        raise SolverError(message)
    stays = keeps and not _better(objective, found, kept)
    best = kept if stays else found
    if best.evaluation is None:
        raise AssertionError
    return Draw(
        number=number,
        hubs=_hubs(problem, best),
        status=Status.OPTIMAL if found.status == Status.OPTIMAL else Status.FEASIBLE,
        value=best.value,
        bound=finite(found.bound),
        need=best.evaluation.covered_need,
        kept_need=kept.evaluation.covered_need if kept.evaluation is not None else None,
        kept_value=kept.value if keeps else None,
        more_is_better=next(goal.sense for goal in goals_of(objective) if goal.name == objective.main) > 0,
    )


def _misses(problem: Problem, objective: Objective, kept: Solution) -> bool:
    if kept.evaluation is None:
        return True
    reasons = broken_years(Question.of(problem, objective), (Year(problem, kept.evaluation),))
    for reason in reasons:
        log.info(_("the run's hubs miss: {reason}", reason=reason))
    return bool(reasons)


def _better(objective: Objective, found: Solution, kept: Solution) -> bool:
    """Tell whether a plan beats the kept one in the first goal in which they differ by more than rounding."""
    if found.evaluation is None:
        return False
    for goal, own, other in zip(goals_of(objective), found.goals, kept.goals, strict=False):
        ahead = goal.sense * (own.value - other.value)
        if abs(ahead) > AGREEMENT * max(own.least, abs(own.value)):
            return ahead > 0
    return False


def _hubs(problem: Problem, solution: Solution) -> Ints:
    """Return how many new hubs (o,) a plan has of each option, upgrades among them."""
    found = np.zeros(problem.n_options, dtype=np.intp)
    if solution.evaluation is not None:
        found[solution.evaluation.options] = solution.evaluation.counts
    return np.where(problem.new | problem.upgrades, found, 0)


def certainty(planned: Ints, drawn: Ints) -> tuple[Floats, Ints]:
    r"""Return how sure hubs are, and how many stand in nine of ten draws.

    Hub j of $h$ at one place stands in draw r where $h_r \ge j$, so the share of the draws in which one of them stands
    is $\frac{1}{R} \sum_r \min(h, h_r) / h$. Where the plan has no hub it is the share of draws that have one.

    Parameters
    ----------
    planned
        (k,) hubs of the plan at each place, in each district, or of each tier.
    drawn
        (R, k) hubs of each draw.

    Returns
    -------
    tuple
        (k,) shares from 0 to 1, and (k,) numbers of hubs.

    >>> share, sure = certainty(np.array([2, 0]), np.array([[2, 0], [1, 3]]))
    >>> share.tolist(), sure.tolist()
    ([0.75, 0.5], [1, 0])
    """
    some = np.maximum(planned, 1)
    share = np.minimum(drawn, some).mean(axis=0) / some
    need = math.ceil(SURE * len(drawn) - AGREEMENT)
    at_least = np.sort(drawn, axis=0)[::-1][need - 1]  # in so many draws there are as many hubs or more
    return share, np.minimum(planned, at_least)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stability:
    """How a plan fares when its data are drawn again.

    Parameters
    ----------
    inputs, problem
        What the plan was made from.
    plan
        The plan.
    draws
        The surveys drawn.
    request, gap
        What was asked, and the gap of each new plan.
    """

    inputs: Inputs
    problem: Problem
    plan: Solution
    draws: tuple[Draw, ...]
    request: StabilityRequest
    gap: float

    @cached_property
    def planned(self) -> Ints:
        """New hubs (o,) of each option in the plan."""
        return _hubs(self.problem, self.plan)

    @cached_property
    def _drawn(self) -> Ints:
        return np.array([draw.hubs for draw in self.draws])

    def _at(self, part: Ints, count: int) -> tuple[Ints, Ints]:
        """Return the plan's hubs (k,) and each draw's (R, k), added up over the options of each part."""
        added = np.zeros((len(self.draws) + 1, count), dtype=np.intp)
        np.add.at(added.T, part, np.vstack([self.planned, self._drawn]).T)
        return added[0], added[1:]

    @cached_property
    def levels(self) -> dict[str, tuple[list[str], Ints, Ints]]:
        """What hubs are counted by: names (k,), the plan's hubs (k,) and each draw's (R, k).

        ``hub`` is a site and tier, ``site`` a site whatever the tiers; then each group of sites.
        """
        frame, problem = self.inputs.sites.frame, self.problem
        ids = frame["site_id"].astype(str).tolist()
        found = {
            "hub": ([ids[site] for site in problem.option_site.tolist()], self.planned, self._drawn),
            "site": (ids, *self._at(problem.option_site, problem.n_sites)),
        }
        for group in self.inputs.scenario.sites.groups:
            values, number = np.unique(frame[group].to_numpy(dtype=str), return_inverse=True)
            name = _("group {group}", group=group) if group in {"hub", "site"} else group
            found[name] = (values.tolist(), *self._at(number[problem.option_site], len(values)))
        return found

    @cached_property
    def hubs(self) -> gpd.GeoDataFrame:
        """One row a site and tier with a new hub in the plan or in some draw, WGS 84 points; the surest first.

        Columns site_id, tier, hubs (in the plan), certainty (0 to 1, see `certainty`), in_nine_of_ten (of the plan's
        hubs), mean_hubs (over the draws), the groups of sites, and the site file's name if it has that column.
        """
        share, sure = certainty(self.planned, self._drawn)
        some = np.flatnonzero((self.planned > 0) | self._drawn.any(axis=0))
        order = some[np.lexsort((some, -share[some], self.planned[some] == 0))]
        site = self.problem.option_site[order]
        frame = self.inputs.sites.frame
        tiers = np.array([tier.name for tier in self.inputs.scenario.hubs], dtype=object)
        more = [*(["name"] if "name" in frame else []), *self.inputs.scenario.sites.groups]
        columns = {
            "site_id": frame["site_id"].to_numpy(dtype=object)[site],
            **{name: frame[name].to_numpy(dtype=object)[site] for name in more},
            "tier": tiers[self.problem.option_tier[order]],
            "hubs": self.planned[order],
            "certainty": share[order],
            "in_nine_of_ten": sure[order],
            "mean_hubs": self._drawn.mean(axis=0)[order],
        }
        places = gpd.points_from_xy(*self.inputs.sites.lonlat[site].T)
        return gpd.GeoDataFrame(columns, geometry=places, crs=WGS84)

    def summary(self) -> dict[str, Any]:
        """Return what stability.json holds."""
        spec, figure = self.inputs.scenario.demand, self.inputs.demand.survey_figure
        changed = spec.since_survey
        proven = all(draw.status == Status.OPTIMAL for draw in self.draws)
        reached = [draw.reached for draw in self.draws if draw.reached is not None]
        known = [draw for draw in self.draws if draw.kept_need is not None and draw.kept_value is not None]
        need = [min((draw.kept_need or 0.0) / draw.need, 1.0) if draw.need > 0 else 1.0 for draw in known]
        least = [draw.reached_at_least for draw in known if draw.reached_at_least is not None]
        tree = {
            "status": str(Status.OPTIMAL if proven else Status.FEASIBLE),
            "scenario": self.inputs.scenario.name,
            "question": question_digest(self.inputs.scenario, self.inputs.digests),
            "plan": {
                "objective_value": self.plan.value,
                "cost": None if self.plan.evaluation is None else self.plan.evaluation.cost,
            },
            "draws": len(self.draws),
            "seed": self.request.seed,
            "asked_gap": self.gap,
            "connected_share_error": spec.connected_share_error,
            "since_survey": None if changed is None else changed.model_dump(),
            "figures": 0 if figure is None else len(np.unique(figure)),
            "rows": len(self.inputs.demand.frame),
            "levels": {name: self._level(name) for name in self.levels},
            "reached": _ends(reached) | {"proven": min(least) if len(least) == len(known) > 0 else None},
            "need_reached": _ends(need),
            "misses_limits": sum(draw.kept_value is None for draw in self.draws),
            "groups": {name: self._values(name) for name in self.levels if name not in {"hub", "site"}},
            "hubs": self.hubs.drop(columns="geometry").to_dict("records"),
            "each": [self._each(draw) for draw in self.draws],
        }
        return dict(rounded(tree))

    def _level(self, name: str) -> dict[str, Any]:
        """Return how many of the plan's hubs stand, counted by site and tier, by site or by a group's value."""
        _, planned, drawn = self.levels[name]
        kept = np.minimum(planned, drawn).sum(axis=1) / planned.sum()
        return {
            "hubs": int(planned.sum()),
            "kept": float(kept.mean()),
            "kept_least": float(kept.min()),
            "in_nine_of_ten": int(certainty(planned, drawn)[1].sum()),
        }

    def _values(self, group: str) -> dict[str, dict[str, Any]]:
        names, planned, drawn = self.levels[group]
        share, sure = certainty(planned, drawn)
        ends = zip(drawn.min(axis=0).tolist(), drawn.mean(axis=0).tolist(), drawn.max(axis=0).tolist(), strict=True)
        return {
            name: {"hubs": hubs, "certainty": part, "in_nine_of_ten": ten, "least": few, "mean": mean, "most": many}
            for name, hubs, part, ten, (few, mean, many) in zip(
                names, planned.tolist(), share.tolist(), sure.tolist(), ends, strict=True
            )
        }

    def _each(self, draw: Draw) -> dict[str, Any]:
        return {
            "draw": draw.number,
            "status": str(draw.status),
            "objective_value": draw.value,
            "bound": draw.bound,
            "covered_need": draw.need,
            "plan_value": draw.kept_value,
            "plan_covered_need": draw.kept_need,
            "reached": draw.reached,
            "reached_at_least": draw.reached_at_least,
            "kept": float(np.minimum(self.planned, draw.hubs).sum() / self.planned.sum()),
        }

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write stability.json and stability.csv into a run's folder, both or none, and return their paths.

        Raises
        ------
        UnwritableError
            When the system refuses to write there.
        """
        target = Path(folder).absolute()
        paths = write_files_atomically(target, STABILITY_FILES, self._files)
        note_exports(target, STABILITY_FILES)
        return paths

    def _files(self, aside: Path) -> None:
        write_json(self.summary(), aside / STABILITY_FILES[0])
        write_csv(self.hubs, aside / STABILITY_FILES[1])


def _ends(figures: list[float]) -> dict[str, float | None]:
    mean = math.fsum(figures) / len(figures) if figures else None
    return {"mean": mean, "least": min(figures, default=None)}
