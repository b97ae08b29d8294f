"""What surveys drawn again made of this very plan, where that is known from before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.problem import Evaluation, Problem


def stability_of(inputs: Inputs, problem: Problem, plan: Evaluation) -> Mapping[str, Any] | None:
    """Return the figures of a stability.json that is of the same question, data and hubs; None where none is."""
    known = inputs.known_stability
    if known is None:
        return None
    told = {(hub["site_id"], hub["tier"]): hub["hubs"] for hub in known["hubs"] if hub["hubs"]}
    ids, tiers = inputs.sites.frame["site_id"].astype(str).tolist(), [tier.name for tier in inputs.scenario.hubs]
    built = {
        (ids[problem.option_site[option]], tiers[problem.option_tier[option]]): count
        for option, count in zip(plan.options.tolist(), plan.counts.tolist(), strict=True)
        if problem.new[option] or problem.upgrades[option]
    }
    return known if told == built else None


def certainty_columns(inputs: Inputs, problem: Problem, plan: Evaluation) -> dict[str, Any]:
    """Return the share of surveys in which the plan's hubs stand, at their place and in their group.

    Parameters
    ----------
    inputs, problem, plan
        As for `stability_of`; without figures nothing is returned.

    Returns
    -------
    dict
        ``certainty`` and ``certainty_by_GROUP``, of the last group of sites, NaN for hubs that stand already.
    """
    known = stability_of(inputs, problem, plan)
    if known is None:
        return {}
    frame, tiers = inputs.sites.frame, [tier.name for tier in inputs.scenario.hubs]
    sites, new = problem.option_site[plan.options], ~problem.existing[plan.options]
    sure = {(hub["site_id"], hub["tier"]): hub["certainty"] for hub in known["hubs"]}
    keys = zip(frame["site_id"].astype(str).iloc[sites], problem.option_tier[plan.options].tolist(), strict=True)
    own = [sure.get((site, tiers[tier]), np.nan) for site, tier in keys]
    found = {"certainty": np.where(new, own, np.nan)}
    for group in [name for name in inputs.scenario.sites.groups if name in known["groups"]][-1:]:
        parts = [known["groups"][group][value]["certainty"] for value in frame[group].astype(str).iloc[sites]]
        found[f"certainty_by_{group}"] = np.where(new, parts, np.nan)
    return found


def stability_frame(inputs: Inputs, known: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """Return the hubs of a stability.json as rows, WGS 84 points, as stability.csv has them."""
    at = {name: number for number, name in enumerate(inputs.sites.frame["site_id"].astype(str))}
    places = inputs.sites.lonlat[[at[hub["site_id"]] for hub in known["hubs"]]]
    return gpd.GeoDataFrame(list(known["hubs"]), geometry=gpd.points_from_xy(*places.T), crs=WGS84)
