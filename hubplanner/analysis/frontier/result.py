"""A frontier with its names back: figures to quote, a frame of hubs, files to hand on."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.analysis.frontier.plot import draw_frontier
from hubplanner.analysis.frontier.points import FrontierPoint, FrontierTrace, knee
from hubplanner.analysis.frontier.trade_offs import SharesOfGroups
from hubplanner.analysis.requests import COST, DISTANCE, FAIRNESS
from hubplanner.folders import FRONTIER_MARKS
from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.model import Fairness
from hubplanner.outputs.rounding import finite, rounded
from hubplanner.outputs.summary import summarize_measures
from hubplanner.outputs.writers import write_geojson, write_table
from hubplanner.problem import Evaluation, Problem, evaluate, people_reached, ways
from hubplanner.scenario import dump_scenario

MILLION = 1e6


@dataclass(frozen=True, kw_only=True, eq=False)
class Frontier:
    """Plans of which none beats another, from least to most covered.

    Parameters
    ----------
    inputs
        What they were made from.
    problem
        The arrays that were solved.
    trace
        The plans as points, with their proof.
    asked
        The trade, the group of the worst share, and whether all points or nested plans were asked for.
    seconds
        Wall time of all solves.
    groups
        Groups whose shares are told, where coverage is traded against fairness.

    Examples
    --------
    ``hubplanner.frontier(hubplanner.read_scenario("scenarios/balochistan.yaml"), points=20).write("runs/frontier")``
    """

    inputs: Inputs
    problem: Problem
    trace: FrontierTrace
    asked: dict[str, Any]
    seconds: float
    groups: Fairness | None = None

    @cached_property
    def points(self) -> list[dict[str, Any]]:
        """The figures of each point, numbered from 1, the least covered first."""
        found: list[dict[str, Any]] = []
        before, last = set[str](), self.origin if self.trace.against == COST else None
        for number, point in enumerate(self.trace.points, start=1):
            own = self._figures(point) | {"number": number}
            sites = {hub["site_id"] for hub in own["hubs"] if hub["status"] != "existing"}
            change = {"entering": sorted(sites - before), "leaving": sorted(before - sites)}
            found.append(own | change | {"marginal_people_per_million": _marginal(last, own)})
            before, last = sites, own if self.trace.against == COST else None
        return list(rounded(found))

    @cached_property
    def origin(self) -> dict[str, Any]:
        """What standing hubs cover without any new one."""
        plan = evaluate(self.problem, np.flatnonzero(self.problem.existing))
        return {"cost": 0.0, **self._cover(plan)}

    def summary(self) -> dict[str, Any]:
        """Return what frontier.json holds."""
        at = None if self.trace.against == FAIRNESS else knee(self.trace.points)
        tree = {
            "status": "optimal" if self.trace.proven else "feasible",
            **self.asked,
            "name": self.inputs.scenario.name,
            "currency": self.inputs.scenario.currency,
            "seconds": self.seconds,
            "asked_gap": self.inputs.scenario.solver.gap,
            "complete": self.trace.complete,
            "need": math.fsum(self.problem.need),
            "people": math.fsum(self.problem.people),
            "whom": self.inputs.scenario.seated,
            "existing": self.origin,
            "points": self.points,
            "knee": None if at is None else at + 1,
            "left_out": self._left_out(),
            "free": [self._free(point) for point in self.trace.free.points] if self.trace.free else None,
        }
        return dict(rounded(tree))

    @cached_property
    def hubs(self) -> gpd.GeoDataFrame:
        """One row a point, site and tier with open hubs, in WGS 84."""
        return hubs_frame(self)

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write frontier.json, .csv, .geojson and .png, whole or not at all, and return the folder.

        Raises
        ------
        ExistsError
            When the folder holds something other than an earlier frontier.
        UnwritableError
            When the system refuses to write there.
        """
        target = Path(folder).absolute()
        return write_folder_atomically(
            target, lambda aside: _write_files(self, aside, target), FRONTIER_MARKS, overwrite=overwrite
        )

    def _figures(self, point: FrontierPoint) -> dict[str, Any]:
        """Return a point's own figures."""
        by_cost = self.trace.against == COST
        total = math.fsum(self.problem.need) or 1.0  # without need a share is nil, as in plan.json
        is_fair = by_cost and self.inputs.scenario.model.alpha > 0
        bound = point.other_bound if self.trace.against in {DISTANCE, FAIRNESS} else point.covered_bound
        return {
            "budget": finite(point.limit) if by_cost else self.inputs.scenario.model.budget,
            "least_share": None if by_cost or self.groups is not None else point.limit,
            "cost": point.plan.cost,
            **({} if point.plan.backhaul is None else {"backhaul": point.plan.backhaul.cost}),
            **({"measures": summarize_measures(point.problem, point.plan)} if point.problem.measures else {}),
            "cost_at_least": finite(point.other_bound) if by_cost else None,
            **self._cover(point.plan),
            **({} if by_cost else self._other(point)),
            **({"equivalent_share": point.covered / total} if is_fair else {}),
            "bound": finite(bound / total if is_fair else bound),
            "gap": finite(point.gap),
            "status": "optimal" if point.proven else "feasible",
            "seconds": point.seconds,
            "hubs": self._hubs(point.plan),
            **self._price(point),
        }

    @property
    def other_name(self) -> str:
        """What coverage is traded against, with its unit."""
        unit = self.inputs.unit
        named = {COST: "cost", DISTANCE: f"mean_distance_{unit}", FAIRNESS: "equivalent_share"}
        return named.get(self.trace.against, "worst_share")

    def _other(self, point: FrontierPoint) -> dict[str, Any]:
        """Return what coverage is traded against: a mean way as plan.json states it, with who is left out of it."""
        if self.groups is not None:
            return SharesOfGroups(groups=self.groups).told(point, self.trace.solved[0])
        if self.trace.against != DISTANCE:
            return {self.other_name: point.other}
        found = ways(point.problem, point.plan)
        left_out = {name: getattr(found, name) for name in ("unreachable_need", "unreachable_people")}
        return {self.other_name: finite(found.mean), **left_out}

    def _cover(self, plan: Evaluation) -> dict[str, float]:
        need = math.fsum(self.problem.need)
        share = plan.covered_need / need if need else 0.0
        return {"covered_need": plan.covered_need, "share": share, "people": people_reached(self.problem, plan)}

    def _hubs(self, plan: Evaluation) -> list[dict[str, Any]]:
        problem, ids = self.problem, self.inputs.sites.frame["site_id"].tolist()
        links = np.zeros(len(plan.options)) if plan.backhaul is None else plan.backhaul.link_cost
        tiers = [tier.name for tier in self.inputs.scenario.hubs]
        return [
            {
                "site_id": ids[problem.option_site[option]],
                "tier": tiers[problem.option_tier[option]],
                "status": _status(problem, option),
                "hubs": count,
                "cost": float(problem.option_cost[option]) * count + link,
            }
            for option, count, link in zip(plan.options.tolist(), plan.counts.tolist(), links.tolist(), strict=True)
        ]

    def _price(self, point: FrontierPoint) -> dict[str, float]:
        """Return what nested plans give up at a budget: what the free plan covers more."""
        if self.trace.free is None:
            return {}
        free = next(other for other in self.trace.free.solved if other.limit == point.limit)
        own, best = self._cover(point.plan), self._cover(free.plan)
        return {
            "free_need": best["covered_need"],
            "free_people": best["people"],
            "price_need": best["covered_need"] - own["covered_need"],
            "price_people": best["people"] - own["people"],
        }

    def _free(self, point: FrontierPoint) -> dict[str, Any]:
        figures = {"budget": finite(point.limit), "cost": point.plan.cost, **self._cover(point.plan)}
        return figures | {"bound": finite(point.covered_bound), "gap": finite(point.gap)}

    def _left_out(self) -> list[dict[str, Any]]:
        """Return the limits without a point, and what stands in the way."""
        return [
            {"limit": finite(missing.limit), "status": missing.status, "too_little": finite(missing.too_little)}
            for missing in self.trace.left_out
        ]


def _status(problem: Problem, option: int) -> str:
    return "existing" if problem.existing[option] else "upgraded" if problem.upgrades[option] else "new"


def _marginal(last: dict[str, Any] | None, own: dict[str, Any]) -> float | None:
    """Return people more for each million of money more than at the point before, None where there is none."""
    if last is None or own["cost"] <= last["cost"]:
        return None
    more: float = (own["people"] - last["people"]) / (own["cost"] - last["cost"]) * MILLION
    return more


def _row(point: dict[str, Any], frontier: Frontier, at: int | None) -> dict[str, Any]:
    """Return a point as a row; sites in a cell are parted by spaces, and hubs are counted by tier."""
    plain = {key: value for key, value in point.items() if key not in {"hubs", "entering", "leaving", "number"}}
    new = [hub for hub in point["hubs"] if hub["status"] != "existing"]
    tiers = {
        f"hubs_{tier.name}": sum(hub["hubs"] for hub in new if hub["tier"] == tier.name)
        for tier in frontier.inputs.scenario.hubs
    }
    sites = {key: " ".join(point[key]) for key in ("entering", "leaving")}
    return {"number": point["number"], **plain, "new_hubs": sum(tiers.values()), **tiers, **sites} | {
        "knee": point["number"] == at
    }


def hubs_frame(frontier: Frontier) -> gpd.GeoDataFrame:
    """Return the hubs of all plans, WGS 84 points, with the number of their point and its budget."""
    place = dict(zip(frontier.inputs.sites.frame["site_id"], frontier.inputs.sites.lonlat, strict=True))
    rows = [
        {"point": point["number"], "budget": point["budget"], **hub, "entering": hub["site_id"] in point["entering"]}
        for point in frontier.points
        for hub in point["hubs"]
    ]
    columns = ["point", "budget", "site_id", "tier", "status", "hubs", "cost", "entering"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["budget"] = frame["budget"].astype(float)
    lon, lat = ([float(place[site][axis]) for site in frame["site_id"]] for axis in (0, 1))
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)


def _write_files(frontier: Frontier, aside: Path, target: Path) -> None:
    summary = frontier.summary()
    write_json(summary, aside / "frontier.json")
    rows = [_row(point, frontier, summary["knee"]) for point in frontier.points]
    write_table(pd.DataFrame(rows), aside / "frontier.csv")
    write_geojson(frontier.hubs, aside / "frontier.geojson")
    draw_frontier(summary, frontier.inputs, frontier.other_name, aside / "frontier.png")
    # Through a link, relative paths would lead elsewhere than from the folder itself.
    scenario = dump_scenario(frontier.inputs.scenario, None if target.is_symlink() else target)
    (aside / "scenario.yaml").write_text(scenario, encoding="utf-8")
