"""Near-best plans and the class of every site, with their names back: frames, figures and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.analysis.alternatives.plot import draw_alternatives
from hubplanner.analysis.alternatives.search import Alternatives
from hubplanner.analysis.alternatives.site_evidence import SiteClass, counted
from hubplanner.folders import ALTERNATIVES_MARKS
from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.model.constraints.earlier_plan import new_sites
from hubplanner.outputs.backhaul import line_frame
from hubplanner.outputs.rounding import rounded
from hubplanner.outputs.writers import write_csv, write_geojson
from hubplanner.problem import Evaluation


@dataclass(frozen=True, kw_only=True, eq=False)
class AlternativePlans:
    """What `hubplanner alternatives` finds, by ids."""

    inputs: Inputs
    found: Alternatives
    differ: int

    @cached_property
    def plans(self) -> list[tuple[Evaluation, float, int | None, int | None]]:
        """Each plan with its figure, its difference to earlier ones and the most that is possible; the best first."""
        best = self.found.best
        if best.evaluation is None:  # pragma: no cover - without a plan there are no alternatives
            raise AssertionError
        first = (best.evaluation, best.value, None, None)
        return [first, *((p.evaluation, p.value, p.difference, p.most_difference) for p in self.found.plans)]

    @cached_property
    def used(self) -> list[set[int]]:
        """The sites of each plan's new hubs; the best plan's first."""
        return [new_sites(self.found.near.problem, plan) for plan, *_ in self.plans]

    @cached_property
    def sites(self) -> gpd.GeoDataFrame:
        """One row a site, WGS 84 points, in site id order.

        Columns site_id, class, in_best (whether the best plan has a new hub there), plans (how many of the plans do),
        and the site file's name if it has that column.
        """
        problem, sites, used = self.found.near.problem, self.inputs.sites, self.used
        columns = {
            "site_id": sites.frame["site_id"],
            "class": [str(kind) for kind in self.found.sites.classes],
            "in_best": [site in used[0] for site in range(problem.n_sites)],
            "plans": [sum(site in plan for plan in used) for site in range(problem.n_sites)],
        }
        if "name" in sites.frame:
            columns["name"] = sites.frame["name"]
        return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*sites.lonlat.T), crs=WGS84)

    @cached_property
    def hubs(self) -> gpd.GeoDataFrame:
        """One row a plan, site and tier with open hubs; plan 0 is the best one."""
        problem = self.found.near.problem
        tiers = np.array([tier.name for tier in self.inputs.scenario.hubs], dtype=object)
        number = np.repeat(np.arange(len(self.plans)), [len(plan.options) for plan, *_ in self.plans])
        options = np.concatenate([plan.options for plan, *_ in self.plans])
        site = problem.option_site[options]
        columns = {
            "plan": number,
            "site_id": self.inputs.sites.frame["site_id"].to_numpy(dtype=object)[site],
            "tier": tiers[problem.option_tier[options]],
            "hubs": np.concatenate([plan.counts for plan, *_ in self.plans]),
            "status": np.where(problem.new[options], "new", "existing"),
            "class": [str(self.found.sites.classes[at]) for at in site],
        }
        return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(*self.inputs.sites.lonlat[site].T), crs=WGS84)

    @cached_property
    def lines(self) -> gpd.GeoDataFrame | None:
        """One row a plan and line that it builds, with the columns of a run's lines; None where hubs share none."""
        problem, links = self.found.near.problem, self.inputs.links
        if links is None or not links.has_network:
            return None
        frames = [line_frame(self.inputs, problem, plan) for plan, *_ in self.plans]
        for number, frame in enumerate(frames):
            frame.insert(0, "plan", number)
        return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=WGS84)

    def summary(self) -> dict[str, Any]:
        """Return what alternatives.json holds."""
        found, near = self.found, self.found.near
        ids = self.inputs.sites.frame["site_id"].to_numpy(dtype=object)
        kinds = np.array([str(kind) for kind in found.sites.classes], dtype=object)
        tree = {
            "scenario": self.inputs.scenario.name,
            "objective": near.objective.name,
            "best": {
                "value": found.best.value,
                "bound": found.best.bound,
                "gap": found.best.gap,
                "status": str(found.best.status),
            },
            "within": near.within,
            "threshold": near.threshold,
            "differ": self.differ,
            "complete": found.complete,
            "plans": [self._plan(number) for number in range(len(self.plans))],
            "classes": counted(found.sites),
            "must_have": ids[kinds == str(SiteClass.MUST)].tolist(),
            "evidence": {
                "plans": found.sites.plans,
                "solves": found.sites.solves,
                "relaxation": found.sites.by_relaxation,
            },
        }
        return dict(rounded(tree))

    def _plan(self, number: int) -> dict[str, Any]:
        plan, value, difference, most = self.plans[number]
        ids = self.inputs.sites.frame["site_id"].to_numpy(dtype=object)
        return {
            "plan": number,
            "objective_value": value,
            "covered_need": plan.covered_need,
            "cost": plan.cost,
            **({} if plan.backhaul is None else {"backhaul_cost": plan.backhaul.cost}),
            "difference": difference,
            "most_difference": most,
            "sites": ids[sorted(new_sites(self.found.near.problem, plan))].tolist(),
        }

    def write(self, folder: Path, *, overwrite: bool = False) -> Path:
        """Write the folder, whole or not at all, and return its path."""
        return write_folder_atomically(folder.absolute(), self._files, ALTERNATIVES_MARKS, overwrite=overwrite)

    def _files(self, folder: Path) -> None:
        write_json(self.summary(), folder / "alternatives.json")
        write_geojson(self.hubs, folder / "alternatives.geojson")
        if self.lines is not None:
            write_geojson(self.lines, folder / "backhaul.geojson")
        write_geojson(self.sites, folder / "sites.geojson")
        write_csv(self.sites, folder / "sites.csv")
        draw_alternatives(self.inputs, self.found, folder / "alternatives.png")
