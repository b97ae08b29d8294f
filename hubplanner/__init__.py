"""Decide where community internet centres and IT hubs go, with a proof of how good the plan is.

>>> import hubplanner as hp
>>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
>>> hp.solve_problem(line, hp.MaxCoverage(budget=1)).open_sites.tolist()
[1]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubplanner.analysis.frontier import trace
    from hubplanner.errors import (
        CrsError,
        DataError,
        HubplannerError,
        InfeasibleError,
        ScenarioError,
        SolverError,
    )
    from hubplanner.inputs import Inputs, build_problem, read_inputs
    from hubplanner.models import (
        AtMostOne,
        Budget,
        Capacity,
        Floor,
        HubsPerSite,
        MaxCoverage,
        MaxHubs,
        MaxMin,
        MinCost,
        MinHubs,
        MinSeparation,
        OnlyWith,
        PCenter,
        Periods,
        PMedian,
        Uncertainty,
    )
    from hubplanner.problem import CoverageRule, Decay, Future, Futures, Problem, Solution, Status
    from hubplanner.report import Plan
    from hubplanner.report.frontier_result import Frontier
    from hubplanner.scenario import Scenario, read_scenario
    from hubplanner.solver import SolverOptions, solve_many, solve_problem
    from hubplanner.workflow import solve
    from hubplanner.workflow.alternatives import alternatives
    from hubplanner.workflow.compare import compare
    from hubplanner.workflow.explain import explain
    from hubplanner.workflow.frontier import frontier
    from hubplanner.workflow.futures import score
    from hubplanner.workflow.sweep import sweep

_HOMES = {
    "analysis.frontier": ("trace",),
    "errors": ("CrsError", "DataError", "HubplannerError", "InfeasibleError", "ScenarioError", "SolverError"),
    "inputs": ("Inputs", "build_problem", "read_inputs"),
    "models": (
        *("MaxCoverage", "MinCost", "PCenter", "PMedian"),
        *("AtMostOne", "Budget", "Capacity", "Floor", "MaxHubs", "MaxMin", "MinHubs", "MinSeparation", "OnlyWith"),
        *("HubsPerSite", "Periods", "Uncertainty"),
    ),
    "problem": ("Decay", "Future", "Futures", "Problem", "CoverageRule", "Solution", "Status"),
    "report": ("Plan",),
    "report.frontier_result": ("Frontier",),
    "scenario": ("Scenario", "read_scenario"),
    "solver": ("SolverOptions", "solve_many", "solve_problem"),
    "workflow": ("solve",),
    "workflow.frontier": ("frontier",),
    "workflow.alternatives": ("alternatives",),
    "workflow.compare": ("compare",),
    "workflow.explain": ("explain",),
    "workflow.futures": ("score",),
    "workflow.sweep": ("sweep",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AtMostOne",
    "Budget",
    "Capacity",
    "CoverageRule",
    "CrsError",
    "DataError",
    "Decay",
    "Floor",
    "Frontier",
    "Future",
    "Futures",
    "HubplannerError",
    "HubsPerSite",
    "InfeasibleError",
    "Inputs",
    "MaxCoverage",
    "MaxHubs",
    "MaxMin",
    "MinCost",
    "MinHubs",
    "MinSeparation",
    "OnlyWith",
    "PCenter",
    "PMedian",
    "Periods",
    "Plan",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Solution",
    "SolverError",
    "SolverOptions",
    "Status",
    "Uncertainty",
    "alternatives",
    "build_problem",
    "compare",
    "explain",
    "frontier",
    "read_inputs",
    "read_scenario",
    "score",
    "solve",
    "solve_many",
    "solve_problem",
    "sweep",
    "trace",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``hubplanner --help`` loads none of the heavy parts."""
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
