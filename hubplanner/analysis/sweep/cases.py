"""Cases of a sweep: the product of settings, each a resolved scenario with a key of its own."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubplanner.errors import Fault, FaultyError, ScenarioError, raise_faults
from hubplanner.inputs.sources import file_digests
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


def make_cases(tree: Tree, path: str | os.PathLike[str], grid: Mapping[str, Sequence[Any]]) -> list[Case]:
    """Return every combination of a grid's values as a case, the last key changing fastest.

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
            cases.append(_case(number, chosen, resolve(tree, path, chosen), digests))
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
        scenario = _with_one_thread(scenario)
    paths = (*map(str, input_files(scenario).values()), *input_tables(scenario))
    if paths not in known:
        try:
            known[paths] = file_digests(scenario)
        except OSError:
            known[paths] = {}  # told in full by the case that reads it
    key = question_digest(scenario, known[paths])[:KEY_LENGTH]
    return Case(number=number, settings=settings, key=key, scenario=scenario, digests=known[paths])


def _with_one_thread(scenario: Scenario) -> Scenario:
    changed = scenario.model_copy(update={"solver": scenario.solver.model_copy(update={"threads": 1})})
    changed._file = scenario._file  # noqa: SLF001 - the model's own private attribute
    return changed


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
