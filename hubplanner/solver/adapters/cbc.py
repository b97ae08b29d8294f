"""CBC through PuLP, its bound and its true status read from its log."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pulp

from hubplanner.errors import SolverError
from hubplanner.solver.adapters.outcome import Outcome, Termination, entries_of, no_plan
from hubplanner.solver.work import BUILDING, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.solver.adapters.outcome import Effort, Solvable

PRINTED = 5e-4
"""CBC prints its bound with three decimals: the true one may lie half a thousandth farther out."""
INCREMENT = 1e-9
"""CBC is told to look for no plan that is better by less, so a finished search proves no more."""
_INFEASIBLE = re.compile(r"^(?:Problem is|Pre-processing says|Result - .*) ?infeasible", re.MULTILINE)
_NUMBER = r"\s*(-?[\d.]+(?:e[+-]?\d+)?)"


def solve_cbc(model: Solvable, effort: Effort, start: Sequence[float]) -> Outcome:
    """Solve a model with CBC; a start is not passed, since CBC may take its objective for a solution's."""
    del start
    if not model.program.variables():
        return Outcome(termination=Termination.FINISHED, open_=[], value=0.0, bound=0.0, version="unused")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        solver = pulp.COIN_CMD(
            path=cbc_path(),
            msg=False,
            gapRel=0.0,
            # Sharper than asked by what the printed bound hides.
            gapAbs=max(effort.gap - 2 * PRINTED, 0.0),
            # Told of one thread, CBC starts it beside its own, and now and then waits ten seconds for it.
            threads=effort.threads if effort.threads > 1 else None,
            timeLimit=effort.seconds,
            options=[
                f"randomSeed {effort.seed + 1}",
                f"randomCbcSeed {effort.seed + 1}",
                f"increment {INCREMENT}",
                *([] if effort.nodes is None else [f"maxNodes {effort.nodes}"]),
            ],
            logPath=str(log),
        )
        try:
            model.program.solve(solver)
        except pulp.PulpSolverError as error:
            message = f"CBC failed: {error}"
            raise SolverError(message) from error
        written = log.read_text(encoding="utf-8", errors="replace")
        iterations = re.search(r"Total iterations:\s*(\d+)", written)
        count(entries_of(model), BUILDING + (int(iterations.group(1)) if iterations else 0))
        return read_log(written, model)


def cbc_path() -> str:
    """Return the CBC on the search path, else the one PuLP brings."""
    found = pulp.COIN_CMD().available()
    return str(found or pulp.PULP_CBC_CMD.pulp_cbc_path)


def read_log(log: str, model: Solvable) -> Outcome:
    """Return what CBC's log says of status, bound and version, with the values PuLP read."""
    version = re.search(r"Version:\s*(\S+)", log)
    termination = _termination(log)
    # A plan is one CBC lists in its result: PuLP may hold the values of a relaxation.
    stated = re.search(rf"Objective value:{_NUMBER}", log)
    name = version.group(1) if version else "unknown"
    if stated is None or termination == Termination.INFEASIBLE:
        return no_plan(termination, name, _bound(log, termination, math.inf))
    value = float(stated.group(1))
    return Outcome(
        termination=termination,
        open_=[float(variable.value() or 0) for variable in model.open_],
        value=value,
        bound=_bound(log, termination, value),
        version=name,
    )


def _termination(log: str) -> Termination:
    """Return why CBC stopped; only its own words for a finished search count as one."""
    # An instance found infeasible in presolve has no result block.
    if _INFEASIBLE.search(log):
        return Termination.INFEASIBLE
    return Termination.FINISHED if "Result - Optimal solution found" in log else Termination.STOPPED


def _bound(log: str, termination: Termination, value: float) -> float:
    stated = re.search(rf"(?:Upper|Lower) bound:{_NUMBER}", log)
    if stated:
        return float(stated.group(1)) + PRINTED
    return value + INCREMENT if termination == Termination.FINISHED else math.inf
