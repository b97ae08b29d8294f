"""Cases of a sweep: the product of settings, each with a key of its own, solved to a small record wherever it runs."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubplanner.errors import (
    Fault,
    FaultyError,
    HubplannerError,
    InfeasibleError,
    ScenarioError,
    SolverError,
    raise_faults,
)
from hubplanner.inputs import read_inputs
from hubplanner.inputs.sources import file_digests
from hubplanner.outputs.plan import Plan
from hubplanner.outputs.rounding import finite
from hubplanner.pipeline.solve import solve_inputs
from hubplanner.runs.naming import question_digest
from hubplanner.scenario import Scenario
from hubplanner.scenario.files import input_files, input_tables
from hubplanner.scenario.loader import read_tree, resolve
from hubplanner.scenario.yaml_text import Tree, assign, parse_yaml

Grid = dict[str, tuple[Any, ...]]
KEY_LENGTH = 20
MOST_CASES = 100_000
"""More would be a slip of the keyboard: years of solving."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One combination of settings.

    Parameters
    ----------
    number
        Its place in the product, from 1.
    settings
        The grid's keys and this case's values.
    key
        Hash of the resolved scenario, its inputs' contents and the version; None where the scenario is at fault.
    scenario
        What to solve, with one thread for the solver unless set; None where it is at fault.
    digests
        SHA-256 of the inputs, by name; empty where a file is missing.
    error
        What is wrong with the scenario.
    """

    number: int
    settings: dict[str, Any]
    key: str | None = None
    scenario: Scenario | None = None
    digests: dict[str, str] = field(default_factory=dict)
    error: str | None = None


def parse_grid(texts: Iterable[str]) -> Grid:
    """Return keys and values of ``key=value,value,...``, each value read as YAML.

    >>> parse_grid(["model.budget=1e9,2e9", "model.fairness=max_min,null"])
    {'model.budget': (1000000000.0, 2000000000.0), 'model.fairness': ('max_min', None)}
    """
    grid: Grid = {}
    for text in texts:
        key, equals, values = text.partition("=")
        if not (equals and key.strip() and values.strip()):
            raise ScenarioError(_fault(text, "key=value,value, such as model.budget=1e9,2e9"))
        if key.strip() in grid:
            raise ScenarioError(_fault(text, f"each key once; {key.strip()} appears twice"))
        grid[key.strip()] = tuple(parse_yaml(f"[{values}]", f"--grid {key}"))
    check_grid(grid)
    return grid


def check_grid(grid: Mapping[str, Sequence[Any]]) -> None:
    """Raise where a grid has no values, the same one twice, or far too many in all."""
    faults, size = [], 1
    for key, values in grid.items():
        spelled = [json.dumps(value, sort_keys=True, default=str) for value in values]
        size *= len(values)
        if not values or len(set(spelled)) < len(spelled):
            faults.append(_fault(f"{key}={','.join(spelled)}", "at least one value, each of them once"))
    if not grid:
        faults.append(Fault(file="--grid", allowed="is required, such as model.budget=1e9,2e9", kind="scenario"))
    if size > MOST_CASES:
        faults.append(_fault(f"{size:,} cases", f"at most {MOST_CASES:,}"))
    raise_faults(faults)


def _fault(value: object, allowed: str) -> Fault:
    return Fault(file="--grid", value=value, allowed=allowed, kind="scenario")


def read_settled(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), settings: Mapping[str, Any] | None = None
) -> Tree:
    """Return a scenario's tree with all that is the same in every case; raise as `read_scenario`."""
    tree = read_tree(path, overrides)
    for key, value in (settings or {}).items():
        tree = assign(tree, key, value)
    return tree


def make_cases(
    tree: Tree, path: str | os.PathLike[str], grid: Mapping[str, Sequence[Any]], overrides: Sequence[str] = ()
) -> list[Case]:
    """Return every combination of a grid's values as a case, the last key changing fastest; variants for messages.

    Raises
    ------
    ScenarioError
        Where no case can be used; what only some cannot do is told with them.
    """
    check_grid(grid)
    digests: dict[tuple[str, ...], dict[str, str]] = {}
    cases, errors = list[Case](), list[FaultyError]()
    for number, values in enumerate(itertools.product(*grid.values()), start=1):
        chosen = dict(zip(grid, values, strict=True))
        try:
            cases.append(_case(number, chosen, resolve(tree, path, chosen, overrides), digests))
        except FaultyError as error:
            errors.append(error)
            cases.append(Case(number=number, settings=chosen, error=str(error)))
    if len(errors) == len(cases):
        raise errors[0]
    return cases


def _case(
    number: int, settings: dict[str, Any], scenario: Scenario, known: dict[tuple[str, ...], dict[str, str]]
) -> Case:
    if scenario.solver.threads == 0:
        # Several solvers with all cores each would be slower, and a plan could depend on the machine.
        scenario = scenario.model_copy(update={"solver": scenario.solver.model_copy(update={"threads": 1})})
    paths = (*map(str, input_files(scenario).values()), *input_tables(scenario))
    if paths not in known:
        try:
            known[paths] = file_digests(scenario)
        except OSError:
            known[paths] = {}  # told in full by the case that reads it
    key = question_digest(scenario, known[paths])[:KEY_LENGTH]
    return Case(number=number, settings=settings, key=key, scenario=scenario, digests=known[paths])


def base_settings(tree: Tree, grid: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return the case others are compared with: the scenario's own values where the grid has them, else the middles.

    >>> base_settings({"model": {"budget": 2}}, {"model.budget": (1, 2, 3, 4), "horizon_years": (3, 5, 7)})
    {'model.budget': 2, 'horizon_years': 5}
    """
    own = {key: _value(tree, key) for key in grid}
    return {key: own[key] if own[key] in values else values[(len(values) - 1) // 2] for key, values in grid.items()}


def _value(tree: Any, key: str) -> Any:
    """Return what stands at a dotted key, None where nothing does."""
    for part in key.split("."):
        if isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        elif isinstance(tree, dict):
            tree = tree.get(part)
        else:
            return None
    return tree


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
    plan = solve_inputs(inputs, seek_change=False)  # a table of many cases has no room for it
    if task.folder is not None:
        plan.write(Path(task.folder))
    return figures(plan)


def figures(plan: Plan) -> Record:
    """Return the figures of a plan that a sweep keeps."""
    summary = plan.summary()
    return {
        "status": summary["status"],
        "objective": summary["objective"],
        "value": finite(summary["objective_value"]),
        "bound": finite(summary["bound"]),
        "gap": finite(summary["gap"]),
        "cost": summary["cost"]["total"],
        **({"cost_of_measures": summary["cost"]["measures"]} if "measures" in summary else {}),
        "currency": summary["currency"],
        "people": summary["people"]["reached"],
        "need_share": summary["need"]["share"],
        "hubs": int(sum(hub["hubs"] for hub in summary["hubs"] if hub["status"] != "existing")),
    }
