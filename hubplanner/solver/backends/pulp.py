"""Any other solver PuLP finds; it has no way to state a bound, so the relaxation's is all that is proven."""

from __future__ import annotations

import importlib.metadata
import inspect
import math
from collections.abc import Sequence
from typing import Any

import pulp
from pulp import LpProblem

from hubplanner.errors import ScenarioError, SolverError
from hubplanner.io import scratch_folder
from hubplanner.solver.backends.base import Outcome, SearchLimits, Solvable, Termination, entries_of, no_plan
from hubplanner.solver.deadline import BUILDING, count_work
from hubplanner.translation import gettext as _, joined

_OWN_ADAPTERS = {"PULP_CBC_CMD", "COIN_CMD", "HiGHS", "HiGHS_CMD"}
"""Reached as cbc and highs."""


def found_solvers() -> list[str]:
    """Return the names of the solvers on this machine: highs, cbc, then PuLP's names of the others."""
    return ["highs", "cbc", *_others()]


def _others() -> list[str]:
    return sorted(set(pulp.listSolvers(onlyAvailable=True)) - _OWN_ADAPTERS)


def solve_other(model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
    """Solve a model with a solver of PuLP's; its word "optimal" is no bound, so it proves none."""
    del start
    name = known_solver(effort.name)
    solver = pulp.getSolver(name, msg=False, **_accepted(name, effort))
    with scratch_folder() as folder:
        solver.tmpDir = str(folder)  # what a killed one leaves there is cleared by the next
        try:
            status = model.program.solve(solver)
        except pulp.PulpSolverError as error:
            spaced = "; it may not bear the space in its temporary folder, which TMPDIR moves"
            message = _(
                "{name} failed: {error}{more}", name=name, error=error, more=spaced if " " in str(folder) else ""
            )
            raise SolverError(message) from error
    count_work(entries_of(model), BUILDING)
    version = f"PuLP {importlib.metadata.version('pulp')}"
    if status == pulp.LpStatusInfeasible:
        return no_plan(Termination.INFEASIBLE, version)
    found = model.program.sol_status in {pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible}
    open_ = [float(variable.value() or 0) for variable in model.open_]
    value = float(pulp.value(model.program.objective) or 0)
    return Outcome(
        termination=Termination.FINISHED if status == pulp.LpStatusOptimal else Termination.STOPPED,
        open_=open_ if found else None,
        value=value if found else math.nan,
        bound=math.inf,
        version=version,
    )


def known_solver(asked: str) -> str:
    """Return PuLP's own spelling of a solver's name."""
    for name in _others():
        if name.lower() == asked.lower():
            return name
    message = _(
        "solver.name: {asked!r} found; allowed: {solvers_allowed}", asked=asked, solvers_allowed=solvers_allowed(asked)
    )
    raise ScenarioError(message)


def solvers_allowed(asked: str) -> str:
    """Return which solvers there are for one that is not, and what brings that one.

    >>> solvers_allowed("glpk_cmd").rpartition("; ")[2]
    'for GLPK_CMD install its program glpsol'
    >>> solvers_allowed("gurobi").rpartition("; ")[2]
    'for GUROBI: pip install gurobipy'
    """
    found, absent = found_solvers(), set(pulp.listSolvers()) - _OWN_ADAPTERS
    near = [name for name in (*found, *absent) if asked.lower() in (name.lower(), *name.lower().split("_"))]
    allowed = _("a solver on this machine, one of {found}", found=joined(found, ", "))
    if not near:
        return _("{allowed}; hubplanner doctor lists them", allowed=allowed)
    if near[0] in found:
        return _("{allowed} (did you mean {name}?)", allowed=allowed, name=near[0])
    name = min(near, key=lambda each: (each not in _PACKAGES, each))
    if name in _PACKAGES:
        return _("{allowed}; for {name}: pip install {package}", allowed=allowed, name=name, package=_PACKAGES[name])
    if name.endswith("_CMD"):
        program = pulp.getSolver(name).path
        return _("{allowed}; for {name} install its program {program}", allowed=allowed, name=name, program=program)
    return _("{allowed}; PuLP's documents say what {name} needs", allowed=allowed, name=name)


_PACKAGES = {
    "SCIP_PY": "pyscipopt",
    "GUROBI": "gurobipy",
    "CPLEX_PY": "cplex",
    "XPRESS_PY": "xpress",
    "MOSEK": "mosek",
    "COPT": "coptpy",
}
"""Packages that bring a solver, by PuLP's name of it."""


def _accepted(name: str, effort: SearchLimits) -> dict[str, Any]:
    """Return the options that the solver's PuLP class takes."""
    wanted = {"gapAbs": effort.gap, "gapRel": 0.0, "timeLimit": effort.seconds, "threads": effort.threads or None}
    taken = inspect.signature(type(pulp.getSolver(name)).__init__).parameters
    return {key: value for key, value in wanted.items() if key in taken and value is not None}


def solve_without(program: LpProblem, version: str = "") -> Outcome:
    """Return what a program comes to that has nothing to decide."""
    if not all(constraint.valid() for constraint in program.constraints()):
        return no_plan(Termination.INFEASIBLE, version)
    value = float(program.objective.constant) if program.objective is not None else 0.0
    return Outcome(termination=Termination.FINISHED, open_=[], value=value, bound=value, version=version)
