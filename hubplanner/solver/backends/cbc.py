"""CBC through PuLP, its bound and its true status read from its log."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulp

from hubplanner.errors import SolverError
from hubplanner.io import scratch_folder
from hubplanner.solver.backends.base import Outcome, SearchLimits, Solvable, Termination, entries_of, no_plan
from hubplanner.solver.deadline import BUILDING, count_work
from hubplanner.stopping import is_stopped
from hubplanner.translation import gettext as _

PRINTED = 5e-4
"""CBC prints its bound with three decimals: the true one may lie half a thousandth farther out."""
CLOCK = 0.01
"""CBC prints its time in hundredths of a second."""
INCREMENT = 1e-9
"""CBC is told to look for no plan that is better by less, so a finished search proves no more."""
MODEL, SOLUTION, LOG = "model.mps", "model.sol", "cbc.log"
POLL_S, GRACE_S = 0.1, 5.0
"""Seconds between two looks at whether to stop, and those that CBC has to write its best plan then."""
_INFEASIBLE = re.compile(r"^(?:Problem is|Pre-processing says|Result - .*) ?infeasible", re.MULTILINE)
_NUMBER = r"\s*(-?[\d.]+(?:e[+-]?\d+)?)"


def solve_cbc(model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
    """Solve a model with CBC; a start is not passed, since CBC may take its objective for a solution's."""
    del start
    if not model.program.variables():
        return Outcome(termination=Termination.FINISHED, open_=[], value=0.0, bound=0.0, version="unused")
    with scratch_folder() as folder:
        solver = _Cbc(
            folder,
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
        )
        try:
            model.program.solve(solver)
        except _StoppedError:
            return no_plan(Termination.STOPPED, "unknown")
        except (pulp.PulpSolverError, OSError, ValueError) as error:  # a full disk cuts its files
            message = _("CBC failed: {error}, at work in {folder}", error=error, folder=folder)
            raise SolverError(message) from error
        written = (folder / LOG).read_text(encoding="utf-8", errors="replace")
        iterations = re.search(r"Total iterations:\s*(\d+)", written)
        count_work(entries_of(model), BUILDING + (int(iterations.group(1)) if iterations else 0))
        return read_log(written, model, effort.seconds)


class _StoppedError(Exception):
    """CBC was asked to stop and wrote no plan."""


class _Cbc(pulp.COIN_CMD):  # type: ignore[misc]
    """CBC at work in a folder of its own, ended with what waits for it.

    PuLP splits the command line at spaces, those in the names of folders too, and leaves CBC to itself on Ctrl-C.
    """

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(**options)
        self.folder = folder

    def solve_CBC(self, lp: pulp.LpProblem, use_mps: bool = True) -> int:  # noqa: N802, FBT001, FBT002 - PuLP's own
        """Solve as PuLP does, by the same words."""
        del use_mps
        variables, names, rows, _ = lp.writeMPS(str(self.folder / MODEL), rename=1)
        words = [os.path.abspath(self.path), MODEL]  # noqa: PTH100 - a path is text to PuLP
        words += ["-max"] if lp.sense == pulp.LpMaximize else []
        words += ["-sec", f"{self.timeLimit}"] if self.timeLimit is not None else []
        words += [word for option in self.options + self.getOptions() for word in f"-{option}".split()]
        words += ["-solve", "-printingOptions", "all", "-solution", SOLUTION]
        with (
            (self.folder / LOG).open("wb") as log,
            subprocess.Popen(  # noqa: S603 - the program and its options are ours
                words, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            ) as cbc,
        ):
            try:
                code = _wait_for(cbc)
            except BaseException:
                cbc.kill()
                raise
        if is_stopped() and (code or not (self.folder / SOLUTION).is_file()):
            raise _StoppedError
        if code or not (self.folder / SOLUTION).is_file():
            message = f"{self.path} ended with {code}" + ("" if code else " and wrote no solution")
            raise pulp.PulpSolverError(message)
        status, values, *_, found = self.readsol_MPS(str(self.folder / SOLUTION), lp, variables, names, rows)
        lp.assignVarsVals(values)
        lp.assignStatus(status, found)
        return int(status)


def _wait_for(cbc: subprocess.Popen[bytes]) -> int:
    """Return CBC's exit code; asked to stop, it is told so once, and ended where it does not heed."""
    told = math.inf
    while True:
        try:
            return cbc.wait(POLL_S)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if is_stopped() and told == math.inf:
                told = now
                cbc.send_signal(signal.SIGINT)
            elif now > told + GRACE_S:
                cbc.kill()


def cbc_path() -> str:
    """Return the CBC on the search path, else the one PuLP brings."""
    found = pulp.COIN_CMD().available()
    return str(found or pulp.PULP_CBC_CMD.pulp_cbc_path)


def read_log(log: str, model: Solvable, seconds: float = math.inf) -> Outcome:
    """Return what CBC's log says of status, bound and version, with the values PuLP read.

    Out of time within its preprocessing CBC calls a model infeasible that is not: only a search that ended before its
    limit of ``seconds`` is believed there.
    """
    version = re.search(r"Version:\s*(\S+)", log)
    termination = _termination(log, seconds)
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


def _termination(log: str, seconds: float) -> Termination:
    """Return why CBC stopped; only its own words for a finished search count as one."""
    # An instance found infeasible in presolve has no result block.
    if _INFEASIBLE.search(log):
        spent = re.search(rf"Wallclock seconds\):{_NUMBER}", log)
        in_time = spent is None or float(spent.group(1)) + CLOCK < seconds
        return Termination.INFEASIBLE if in_time else Termination.STOPPED
    return Termination.FINISHED if "Result - Optimal solution found" in log else Termination.STOPPED


def _bound(log: str, termination: Termination, value: float) -> float:
    stated = re.search(rf"(?:Upper|Lower) bound:{_NUMBER}", log)
    if stated:
        return float(stated.group(1)) + PRINTED
    return value + INCREMENT if termination == Termination.FINISHED else math.inf
