"""The plan that users hold: frames to look at, figures to quote, files to hand on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubplanner.outputs.plan_data import PlanData

if TYPE_CHECKING:
    from hubplanner.outputs.notebook import NotebookCell


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
