"""What a plan knows, with its names back: frames to look at and figures to quote."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from hubplanner.inputs import Inputs
from hubplanner.inputs.demand.aggregation import Remeasurement
from hubplanner.outputs.backhaul import line_frame, summarize_backhaul
from hubplanner.outputs.frames import area_frame, demand_frame, hub_frame, link_frame
from hubplanner.outputs.roads import access_frame, closing_frame, closing_rows, island_frame, reach_frame
from hubplanner.outputs.rounding import rounded
from hubplanner.outputs.stability import stability_of
from hubplanner.outputs.summary import add_alternatives, summarize, summarize_fairness, summarize_futures
from hubplanner.problem import Evaluation, Problem, Solution
from hubplanner.problem.catchments import Proposal

if TYPE_CHECKING:
    from hubplanner.solver.value_of_information import ValueOfInformation


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanData:
    """What is known of a plan, for everything that draws or writes one.

    Parameters as in `Plan`, which adds how to show and write it.
    """

    inputs: Inputs
    solution: Solution
    evaluation: Evaluation
    again: Remeasurement | None = None
    worth: ValueOfInformation | None = None
    fair: Mapping[str, Any] | None = None
    mended: Mapping[str, Any] | None = None
    proposal: Proposal | None = None

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"{type(self).__name__}({self.inputs.scenario.name}, {self.solution})"

    @property
    def problem(self) -> Problem:
        """The arrays that were solved."""
        return self.solution.problem

    @cached_property
    def hubs(self) -> gpd.GeoDataFrame:
        """One row a site and tier with open hubs, WGS 84 points, in site id order.

        Columns site_id, tier, status (new, existing or upgraded), hubs (how many), cost (money, 0 for existing),
        covered_need and covered_people (of what these hubs serve), load (people served), with capacities also capacity
        and utilisation, in a programme also period (the year of opening), where the largest catchments are preferred
        also catchment, size_rank (by it among the of_sites of the group, of which larger_free are larger and hold no
        hub) and alternatives (other towns nearly as good), where surveys drawn again are known of the plan also
        certainty (the share of them in which the hubs stand there) and certainty_by_GROUP (that stand in the group),
        then the site file's own columns but for its longitude and latitude; one whose name is taken, in capitals or
        not, gets the prefix site_.
        """
        return hub_frame(self.inputs, self.solution, self.evaluation, self.proposal)

    @cached_property
    def demand(self) -> gpd.GeoDataFrame:
        """One row a demand row, WGS 84 points, in demand id order.

        Columns demand_id, the groups, need, people, covered_share, site_id and distance of the hub that serves most of
        the row's need (blank where none), nearest distance to any open hub, need-weighted over the row's points. Where
        hubs have seats, the distance is that to all hubs that share the row, by the people each serves. Last, for each
        measure beside hubs, such as devices, the people of the row whom it reaches.

        A row of merged demand stands for all points that the same options reach: distances are from their mean place,
        and nearest is blank beyond the widest reach.
        """
        return demand_frame(self.inputs, self.problem, self.evaluation)

    @cached_property
    def areas(self) -> gpd.GeoDataFrame | None:
        """`demand` with the polygons of its file, WGS 84, and its points as columns lon and lat; None without any."""
        return area_frame(self.inputs, self.demand)

    @cached_property
    def links(self) -> gpd.GeoDataFrame:
        """One line from each demand row to each hub that serves some of its people.

        Along roads it follows them to 20 m, with columns mode, road_km and access_km (off the road, at both ends).
        Of a row that is spread over points it is the way of the served point nearest to the row's place.
        """
        return link_frame(self.inputs, self.problem, self.evaluation)

    @cached_property
    def access(self) -> gpd.GeoDataFrame:
        """How far people are from roads, one row a demand row and mode; only along roads, see `access_frame`."""
        return access_frame(self.inputs)

    @cached_property
    def islands(self) -> gpd.GeoDataFrame:
        """Parts of the roads that none joins to the longest, WGS 84 lines; only along roads, see `island_frame`."""
        return island_frame(self.inputs)

    @cached_property
    def closing(self) -> gpd.GeoDataFrame:
        """Who comes within reach if a gap between roads is closed, and by another hub; only along roads."""
        return closing_frame(self.inputs, self.problem, self.evaluation)

    @cached_property
    def reach(self) -> gpd.GeoDataFrame:
        """From where each tier's hubs are reached, WGS 84 polygons; only along roads, see `reach_frame`."""
        return reach_frame(self.inputs, self.problem, self.evaluation)

    @property
    def stability(self) -> Mapping[str, Any] | None:
        """What surveys drawn again made of this very plan, if a file beside the scenario knows; None elsewhere."""
        return stability_of(self.inputs, self.problem, self.evaluation)

    @property
    def follows_roads(self) -> bool:
        """Whether people travel along roads."""
        return self.inputs.searched is not None and bool(self.inputs.searched.modes)

    @cached_property
    def backhaul(self) -> gpd.GeoDataFrame:
        """One line a line that is built to connect hubs, WGS 84, from the internet of today outwards.

        Columns edge_id, technology, from and to (ids of sites and nodes), km, cost (money, with upkeep), hubs_served,
        mbps (of those hubs), hops (lines up to this one), status and in a programme period (the year in which it is
        laid). Empty where links stand alone, and without backhaul.
        """
        return line_frame(self.inputs, self.problem, self.evaluation, self.solution.periods)

    def summary(self) -> dict[str, Any]:
        """Return the plan's figures, as in plan.json."""
        return deepcopy(self._figures)

    @cached_property
    def _figures(self) -> dict[str, Any]:
        measured = None if self.again is None else self.again.measured
        figures = summarize(self.inputs, self.solution, self.evaluation, self.hubs, measured)
        if self.inputs.links is not None:
            figures["backhaul"] = rounded(summarize_backhaul(self.inputs, self.evaluation, self.hubs, self.backhaul))
        if self.follows_roads:
            figures["travel"]["closing"] = rounded(closing_rows(self.closing))
        if self.fair is not None:
            figures["fairness"] = summarize_fairness(self.fair, figures)
        if self.proposal is not None:
            add_alternatives(figures["hubs"], self.inputs, self.proposal)
        if self.stability is not None:
            figures["stability"] = {key: self.stability[key] for key in ("draws", "seed", "levels")}
        if self.mended is not None:
            figures["repair"] = dict(self.mended)
        if self.solution.futures is None:
            return figures
        return figures | {"futures": rounded(summarize_futures(self.inputs.scenario, self.solution, self.worth))}
