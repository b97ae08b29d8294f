"""Decide where community internet centres and IT hubs go, with a proof of how good the plan is.

>>> import hubplanner as hp
>>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
>>> hp.solve_problem(line, hp.MaxCoverage(budget=1)).open_sites.tolist()
[1]
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

from hubplanner.errors import CrsError, DataError, HubplannerError, InfeasibleError, ScenarioError, SolverError

if TYPE_CHECKING:
    from hubplanner.analysis.alternatives.run import alternatives
    from hubplanner.analysis.explain.run import explain
    from hubplanner.analysis.frontier.result import Frontier
    from hubplanner.analysis.frontier.run import frontier
    from hubplanner.analysis.frontier.trace import trace
    from hubplanner.analysis.futures.score import score
    from hubplanner.analysis.stability.stability import stability
    from hubplanner.analysis.sweep.sweep import sweep
    from hubplanner.inputs import Inputs, build_problem, read_inputs
    from hubplanner.inputs.travel.roads.library import RoadNetwork, read_roads
    from hubplanner.model import (
        AlphaFair,
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
        TakeUp,
        Uncertainty,
    )
    from hubplanner.outputs.plan import Plan
    from hubplanner.pipeline.repair import repair
    from hubplanner.pipeline.solve import solve
    from hubplanner.problem import Backhaul, CoverageRule, Decay, Future, Futures, Problem, Solution, Status
    from hubplanner.runs.compare import compare
    from hubplanner.scenario import Scenario, read_scenario
    from hubplanner.solver import SolverOptions, solve_many, solve_problem

_HOMES = {
    "analysis.frontier.trace": ("trace",),
    "errors": ("CrsError", "DataError", "HubplannerError", "InfeasibleError", "ScenarioError", "SolverError"),
    "inputs": ("Inputs", "build_problem", "read_inputs"),
    "inputs.travel.roads.library": ("RoadNetwork", "read_roads"),
    "model": (
        *("MaxCoverage", "MinCost", "PCenter", "PMedian"),
        *("AtMostOne", "Budget", "Capacity", "Floor", "MaxHubs", "MaxMin", "MinHubs", "MinSeparation", "OnlyWith"),
        *("AlphaFair", "HubsPerSite", "Periods", "TakeUp", "Uncertainty"),
    ),
    "problem": ("Backhaul", "Decay", "Future", "Futures", "Problem", "CoverageRule", "Solution", "Status"),
    "outputs.plan": ("Plan",),
    "analysis.frontier.result": ("Frontier",),
    "scenario": ("Scenario", "read_scenario"),
    "solver": ("SolverOptions", "solve_many", "solve_problem"),
    "pipeline.repair": ("repair",),
    "pipeline.solve": ("solve",),
    "analysis.frontier.run": ("frontier",),
    "analysis.alternatives.run": ("alternatives",),
    "runs.compare": ("compare",),
    "analysis.explain.run": ("explain",),
    "analysis.futures.score": ("score",),
    "analysis.stability.stability": ("stability",),
    "analysis.sweep.sweep": ("sweep",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AlphaFair",
    "AtMostOne",
    "Backhaul",
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
    "RoadNetwork",
    "Scenario",
    "ScenarioError",
    "Solution",
    "SolverError",
    "SolverOptions",
    "Status",
    "TakeUp",
    "Uncertainty",
    "alternatives",
    "build_problem",
    "compare",
    "explain",
    "frontier",
    "read_inputs",
    "read_roads",
    "read_scenario",
    "repair",
    "score",
    "solve",
    "solve_many",
    "solve_problem",
    "stability",
    "sweep",
    "trace",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``hubplanner --help`` loads none of the heavy parts."""
    if name == "__version__":
        return importlib.metadata.version(__name__)
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, those that are not imported yet too, for ``dir`` and for completion in notebooks."""
    return [*__all__, "__version__"]
