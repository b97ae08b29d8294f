"""A plan to look at where it was made: its report as a cell of a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime

from hubplanner.outputs.html.render import Extras, page
from hubplanner.outputs.map.scene import scene_of
from hubplanner.outputs.plan_data import PlanData
from hubplanner.outputs.run_data import Result
from hubplanner.outputs.run_folder import manifest


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
