"""The plan with its names back: frames to look at, figures to quote, files to hand on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hubplanner.outputs.frames import demand_frame, hub_frame, link_frame
from hubplanner.outputs.rounding import rounded
from hubplanner.outputs.summary import summarize, summarize_futures

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import geopandas as gpd

    from hubplanner.inputs import Inputs
    from hubplanner.inputs.aggregation import Remeasurement
    from hubplanner.outputs.notebook import NotebookCell
    from hubplanner.problem import Evaluation, Problem, Solution
    from hubplanner.solver.robust.value_of_information import ValueOfInformation


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Where to build, what it covers and costs, and how sure that is.

    Parameters
    ----------
    inputs
        What the plan was made from.
    solution
        The chosen options and their proof.
    evaluation
        The solution's recomputed figures.
    again
        What the hubs achieve for each point, where points were merged.
    worth
        What planning for futures, and what knowing them, is worth; where there are some.

    Examples
    --------
    ``plan = hubplanner.solve(hubplanner.read_scenario("scenarios/pakistan.yaml"))``, then ``plan.hubs``.
    """

    inputs: Inputs
    solution: Solution
    evaluation: Evaluation
    again: Remeasurement | None = None
    worth: ValueOfInformation | None = None

    @property
    def problem(self) -> Problem:
        """The arrays that were solved."""
        return self.solution.problem

    @cached_property
    def hubs(self) -> gpd.GeoDataFrame:
        """One row a site and tier with open hubs, WGS 84 points, in site id order.

        Columns site_id, tier, status (new, existing or upgraded), hubs (how many), cost (money, 0 for existing),
        covered_need and covered_people (of what these hubs serve), load (people served), with capacities also capacity
        and utilisation, in a programme also period (the year of opening), then the site file's own columns but for its
        longitude and latitude; one whose name is taken, in capitals or not, gets the prefix site_.
        """
        return hub_frame(self.inputs, self.solution, self.evaluation)

    @cached_property
    def demand(self) -> gpd.GeoDataFrame:
        """One row a demand row, WGS 84 points, in demand id order.

        Columns demand_id, the groups, need, people, covered_share, site_id and distance of the hub that serves most of
        the row's need (blank where none), nearest distance to any open hub, need-weighted over the row's points. Where
        hubs have seats, the distance is that to all hubs that share the row, by the people each serves.

        A row of merged demand stands for all points that the same options reach: distances are from their mean place,
        and nearest is blank beyond the widest reach.
        """
        return demand_frame(self.inputs, self.problem, self.evaluation)

    @cached_property
    def links(self) -> gpd.GeoDataFrame:
        """One line from each demand row to each hub that serves some of its people."""
        return link_frame(self.inputs, self.problem, self.evaluation)

    def summary(self) -> dict[str, Any]:
        """Return the plan's figures, as in plan.json."""
        measured = None if self.again is None else self.again.measured
        figures = summarize(self.inputs, self.solution, self.evaluation, self.hubs, measured)
        if self.solution.futures is None:
            return figures
        return figures | {"futures": rounded(summarize_futures(self.inputs.scenario, self.solution, self.worth))}

    def explore(self, height: int = 720) -> NotebookCell:
        """Return the plan's map, tables and proof as a cell of a notebook, which works offline.

        Parameters
        ----------
        height
            The cell's height, pixels.
        """
        from hubplanner.outputs.notebook import explore  # noqa: PLC0415 - templates are needed here only

        return explore(self, height)

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the run folder, whole or not at all, and return its path.

        Parameters
        ----------
        folder
            Where to write; an earlier run that stands there unchanged is replaced.
        overwrite
            Whether anything else that stands there goes too; what goes is logged as a warning before.

        Raises
        ------
        ExistsError
            When the folder holds anything other than an earlier run as it was written.
        UnwritableError
            When the system refuses to write there.
        """
        from hubplanner.outputs.run_folder import write_folder  # noqa: PLC0415 - matplotlib and the writers are heavy

        return write_folder(self, folder, overwrite=overwrite)
