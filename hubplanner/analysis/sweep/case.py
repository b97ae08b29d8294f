"""One case of a sweep, solved to a small record wherever it runs; whatever goes wrong is the record."""

from __future__ import annotations

import importlib.metadata
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubplanner.errors import HubplannerError, InfeasibleError, SolverError
from hubplanner.inputs import read_inputs
from hubplanner.outputs.plan import Plan
from hubplanner.pipeline.solve import solve_inputs
from hubplanner.scenario import Scenario

Record = dict[str, Any]
SOLVED = ("optimal", "feasible")
FAILED = "failed"
"""The process died, or met what it was not made for: worth another try, unlike what data and limits decide."""
_FIGURES = dict.fromkeys(
    ("value", "bound", "gap", "cost", "people", "need_share", "hubs", "currency", "objective", "error")
)


@dataclass(frozen=True, kw_only=True)
class SweepTask:
    """What a worker gets.

    Parameters
    ----------
    key
        The case's key.
    scenario
        What to solve; its paths must lead to the same files on every worker.
    digests
        SHA-256 of the inputs where the sweep was asked for; empty where they could not be read.
    version
        Of hubplanner there.
    folder
        Where to write the whole run; None to leave it out.
    """

    key: str
    scenario: Scenario
    digests: dict[str, str]
    version: str
    folder: str | None = None


def solve_case(task: SweepTask) -> Record:
    """Solve one case and return its record."""
    began = time.perf_counter()
    try:
        found = _solve(task)
    except InfeasibleError as error:
        found = {"status": "infeasible", "error": str(error)}
    except SolverError as error:
        found = {"status": "no_plan", "error": str(error)}
    except HubplannerError as error:
        found = {"status": "invalid", "error": str(error)}
    except Exception as error:  # noqa: BLE001 - a bug in one case must not take the others along, and is told
        found = {"status": FAILED, "error": f"{type(error).__name__}: {error}"}
    return record(task.key, found, time.perf_counter() - began)


def record(key: str | None, found: Record, seconds: float | None = None) -> Record:
    """Return a record with every figure, None where there is none."""
    return {"key": key, **_FIGURES, **found, "seconds": seconds}


def _solve(task: SweepTask) -> Record:
    version = importlib.metadata.version("hubplanner")
    if version != task.version:
        message = f"this worker has hubplanner {version}, the sweep was asked for by {task.version}"
        raise RuntimeError(message)
    inputs = read_inputs(task.scenario)
    if dict(inputs.digests) != task.digests:
        message = "this worker reads other data than the sweep was asked for: the files' SHA-256 differ"
        raise RuntimeError(message)
    plan = solve_inputs(inputs)
    if task.folder is not None:
        plan.write(Path(task.folder))
    return figures(plan)


def figures(plan: Plan) -> Record:
    """Return the figures of a plan that a sweep keeps."""
    summary = plan.summary()
    return {
        "status": summary["status"],
        "objective": summary["objective"],
        "value": _finite(summary["objective_value"]),
        "bound": _finite(summary["bound"]),
        "gap": _finite(summary["gap"]),
        "cost": summary["cost"]["total"],
        **({"cost_of_measures": summary["cost"]["measures"]} if "measures" in summary else {}),
        "currency": summary["currency"],
        "people": summary["people"]["reached"],
        "need_share": summary["need"]["share"],
        "hubs": int(sum(hub["hubs"] for hub in summary["hubs"] if hub["status"] != "existing")),
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
