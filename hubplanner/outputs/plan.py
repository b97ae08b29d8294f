"""The plan that users hold: frames to look at, figures to quote, files to hand on."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hubplanner.outputs.html.render import Extras, page
from hubplanner.outputs.map.scene import scene_of
from hubplanner.outputs.plan_data import PlanData
from hubplanner.outputs.run_data import Result
from hubplanner.outputs.run_folder import manifest


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Plan(PlanData):
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
    fair
        How fairness by alpha was asked for, resolved; None where it was not.
    mended
        What limits were changed so that there is a plan; None where it is a plan as asked.
    proposal
        Other places that would do nearly as well; None where no group's largest places are preferred.

    Examples
    --------
    ``plan = hubplanner.solve(hubplanner.read_scenario("scenarios/pakistan.yaml"))``, then ``plan.hubs``.
    """

    def explore(self, height: int = 720) -> NotebookCell:
        """Return the plan's map, tables and proof as a cell of a notebook, which works offline.

        Parameters
        ----------
        height
            The cell's height, pixels.
        """
        from hubplanner.outputs.plan import explore  # noqa: PLC0415 - templates are needed here only

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


@dataclass(frozen=True, kw_only=True)
class NotebookCell:
    """A page that a notebook shows in a frame of its own, without asking any host.

    Parameters
    ----------
    page
        The whole page as HTML.
    height
        The frame's height, pixels.
    """

    page: str
    height: int

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts" title="The plan" width="100%" '
            f'height="{self.height}" style="border: 0"></iframe>'
        )


def explore(plan: PlanData, height: int) -> NotebookCell:
    """Return the report of a plan that is written nowhere."""
    result = Result(
        name=plan.inputs.scenario.name,
        summary=plan.summary(),
        scenario=plan.inputs.scenario,
        manifest=manifest(plan),
        hubs=plan.hubs,
        demand=plan.demand,
        links=plan.links,
        made=datetime.now(tz=UTC),
        map_layers=plan.inputs.map_layers,
        **({"reach": plan.reach, "islands": plan.islands} if plan.follows_roads else {}),
    )
    return NotebookCell(page=page(result, scene_of(plan), Extras()), height=height)
