"""Plans that were made scored on futures, their own or those of another scenario."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hubplanner.errors import Fault, ScenarioError, raise_faults
from hubplanner.folders import FUTURES_FILE, SCORE_MARKS
from hubplanner.inputs import build_problem, read_inputs
from hubplanner.inputs.futures import futures_of
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.model.constraints.budget import most_money
from hubplanner.outputs.rounding import rounded
from hubplanner.outputs.summary import criteria, rows_of, write_futures
from hubplanner.problem import Outcomes, outcomes
from hubplanner.runs.load import options_of
from hubplanner.runs.read import check_run, figures_of, scenario_of
from hubplanner.scenario import Scenario, read_scenario
from hubplanner.scenario.validation import inconsistencies
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


def score(
    *runs: str | os.PathLike[str],
    futures: Scenario | str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
) -> Score:
    """Return what the plans of runs come to in every future, recomputed from their inputs.

    Parameters
    ----------
    runs
        Run folders, all with the same objective.
    futures
        A scenario, or its file, whose futures to score on; each run's own if left out.
    overrides
        Variants of that file to apply.

    Raises
    ------
    DataError, ScenarioError
        When a folder is no run, or its inputs and the futures do not fit.
    """
    given = futures if futures is None or isinstance(futures, Scenario) else read_scenario(futures, overrides)
    found = [_scored(Path(folder), given) for folder in runs]
    objectives = sorted({scenario.model.objective for _, scenario, _, _ in found})
    if len(objectives) != 1:
        allowed = _("runs with one objective") if found else _("at least one run folder")
        raise ScenarioError(Fault(file="runs", value=", ".join(objectives) or None, allowed=allowed, kind="scenario"))
    return Score(runs=tuple(found))


def _scored(folder: Path, given: Scenario | None) -> tuple[str, Scenario, Outcomes, tuple[str, ...]]:
    """Return a run's name, its scenario with the futures, what it comes to in them, and where it overspends."""
    check_run(folder)
    stated = figures_of(folder, ("hubs",))
    scenario = scenario_of(folder)
    if given is not None:
        scenario = _with_futures(scenario, given)
    if scenario.futures is None:
        allowed = _("is required: the run was made for none, so name a scenario that has some")
        raise ScenarioError(Fault(file=str(folder), column="futures", allowed=allowed, kind="scenario"))
    log.info(_("read the data of {run}", run=folder.name))
    inputs = read_inputs(scenario)
    problem = build_problem(inputs)
    options, counts = options_of(inputs, problem, stated, folder / "plan.json")
    log.info(_("score {run}", run=folder.name))
    distances = scenario.model.objective == "p_median"
    known = outcomes(problem, futures_of(inputs), options, counts, distances=distances)
    return folder.name, scenario, known, _notes(scenario, known)


def _with_futures(scenario: Scenario, given: Scenario) -> Scenario:
    """Return a scenario with the futures of another one; raise where they do not fit it."""
    model = scenario.model.model_copy(update={"under": given.model.under, "cvar_level": given.model.cvar_level})
    other = scenario.model_copy(update={"futures": given.futures, "model": model})
    faults = [fault for fault in inconsistencies(other) if fault.column != "model.under"]
    raise_faults(faults)
    return other


def _notes(scenario: Scenario, known: Outcomes) -> tuple[str, ...]:
    """Return in which futures the hubs cost more than the budget."""
    budget = scenario.model.budget
    if budget is None:
        return ()
    over = [
        name for name, cost in zip(known.futures.names, known.cost.tolist(), strict=True) if cost > most_money(budget)
    ]
    if not over:
        return ()
    shown = ", ".join(over[:5]) + (_(" and {count:,} more", count=len(over) - 5) if len(over) > 5 else "")  # noqa: PLR2004
    return (
        _(
            "The hubs cost more than the budget of {budget:,.0f} in {count:,} of the futures: {shown}.",
            budget=budget,
            count=len(over),
            shown=shown,
        ),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """What plans come to in futures.

    Parameters
    ----------
    runs
        Of each run its name, its scenario with the futures, what it comes to in them, and what is to be noted.
    """

    runs: tuple[tuple[str, Scenario, Outcomes, tuple[str, ...]], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row a run and future: run, name, probability, value, need, covered, share, cost."""
        return pd.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        rows = [{"run": name, **row} for name, scenario, known, _ in self.runs for row in rows_of(scenario, known)]
        return list(rounded(rows))

    def summary(self) -> dict[str, Any]:
        """Return the figures as score.json holds them."""
        first, known = self.runs[0][1], self.runs[0][2]
        tree = {
            "objective": first.model.objective,
            "count": len(known.futures.each),
            "cvar_level": criteria(first, known)["cvar_level"],
            "runs": [
                {"run": name, **criteria(scenario, part), "notes": list(notes), "each": rows_of(scenario, part)}
                for name, scenario, part, notes in self.runs
            ],
        }
        return dict(rounded(tree))

    def write(self, folder: Path, *, overwrite: bool = False) -> Path:
        """Write the folder, whole or not at all, and return its path."""
        return write_folder_atomically(folder.absolute(), self._files, SCORE_MARKS, overwrite=overwrite)

    def _files(self, folder: Path) -> None:
        write_json(self.summary(), folder / "score.json")
        write_futures(self._rows(), folder / FUTURES_FILE)
