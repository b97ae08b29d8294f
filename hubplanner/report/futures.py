"""What a plan comes to in each future: figures for plan.json, and a table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hubplanner.problem.futures_outcome import tail_mean
from hubplanner.report.files import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.analysis.futures import ValueOfInformation
    from hubplanner.problem import Floats, Outcomes, Solution
    from hubplanner.scenario import Scenario

FUTURES_FILE = "futures.csv"
MORE_IS_BETTER = "max_coverage"


def summarize_futures(scenario: Scenario, solution: Solution, worth: ValueOfInformation | None) -> dict[str, Any]:
    """Return what plan.json says of futures; raise where the solution knows of none."""
    known = solution.futures
    if known is None:
        raise AssertionError
    alone = (worth.alone if worth is not None else ()) or solution.alone
    rows = rows_of(scenario, known)
    for row, best in zip(rows, alone, strict=False):
        row |= {"best": best.value, "best_bound": best.bound}
    spec = scenario.futures
    return {
        **criteria(scenario, known),
        "limits": "on average" if spec is not None and spec.limits_on_average else "in every future",
        "vss": None if worth is None else _range(worth.planning) | _ends(worth),
        "evpi": None if worth is None or worth.knowing is None else _range(worth.knowing),
        "each": rows,
    }


def criteria(scenario: Scenario, known: Outcomes) -> dict[str, Any]:
    """Return the criterion that is asked for, and a plan's figures by those that need no other plan."""
    values, more = values_of(scenario, known), scenario.model.objective == MORE_IS_BETTER
    level = 0.9 if scenario.model.cvar_level is None else scenario.model.cvar_level
    worst = int(np.argmin(values if more else -values))
    tail = tail_mean(values if more else -values, known.futures.probability, level)
    return {
        "under": scenario.model.under or "expected",
        "cvar_level": level,
        "expected": known.mean(values),
        "worst": {"name": known.futures.names[worst], "value": float(values[worst])},
        "cvar": tail if more else -tail,
        "expected_cost": known.mean(known.cost),
        "highest_cost": float(known.cost.max()),
    }


def values_of(scenario: Scenario, known: Outcomes) -> Floats:
    """Return the objective's figure (s,) in each future."""
    return {"max_coverage": known.covered, "min_cost": known.cost}.get(scenario.model.objective, known.distance)


def rows_of(scenario: Scenario, known: Outcomes) -> list[dict[str, Any]]:
    """Return one row a future: its probability, need, what is covered of it, and what hubs cost."""
    values = values_of(scenario, known)
    columns = (known.futures.probability, values, known.need, known.covered, known.cost)
    rows = []
    for name, probability, value, need, covered, cost in zip(
        known.futures.names, *(column.tolist() for column in columns), strict=True
    ):
        share = covered / need if need > 0 else 0.0
        row = {
            "name": name,
            "probability": probability,
            "value": value,
            "need": need,
            "covered": covered,
            "share": share,
        }
        rows.append(row | {"cost": cost})
    return rows


def _range(ends: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("value", "at_least", "at_most"), ends, strict=True))


def _ends(worth: ValueOfInformation) -> dict[str, float]:
    return {"expected_best": worth.recourse.value, "expected_bound": worth.recourse.bound, "mean_plan": worth.mean_plan}


def write_futures(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the table of futures as Excel reads it."""
    table = pd.DataFrame(rows)
    table["name"] = table["name"].map(harmless)
    if "run" in table:
        table["run"] = table["run"].map(harmless)
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
