"""Each family of constraints and each objective as a small LP file; README.md in golden/ says what each shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array

from hubplanner.models import Budget, MaxCoverage, MaxHubs, build_model
from hubplanner.models.budget import MOST_PRICES, add_budget
from hubplanner.models.builder import BLOCKS, OBJECTIVES
from hubplanner.models.max_coverage import add_max_coverage
from hubplanner.models.max_hubs import add_max_hubs
from hubplanner.models.model import Model, new_model
from hubplanner.models.one_tier import add_one_tier
from hubplanner.models.required import add_required
from hubplanner.models.specs import OneTier, Required
from hubplanner.problem.reduced import Reduced

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent / "golden"

SMALL = Reduced(
    need=np.array([120.0, 45.0]),
    cover=csr_array(np.array([[1, 1, 0, 0], [0, 1, 0, 1]], dtype=np.int8)),
    option=np.array([0, 1, 2, 5]),
    site=np.array([0, 1, 1, 3]),
    cost=np.array([20.0, 30.0, 20.0, 30.0]),
    gain=np.array([7.0, 0.0, 3.5, 0.0]),
    required=np.array([1]),
    base=11.0,
)
MANY = replace(
    SMALL,
    need=np.zeros(0),
    cover=csr_array((0, MOST_PRICES + 1), dtype=np.int8),
    option=np.arange(MOST_PRICES + 1),
    site=np.arange(MOST_PRICES + 1),
    cost=np.arange(MOST_PRICES + 1) + 1000.0,
    gain=np.zeros(MOST_PRICES + 1),
)


def alone(instance: Reduced, add: Callable[[Model], None]) -> Model:
    """Return a model with nothing but one family of constraints."""
    model = new_model(instance, "golden")
    add(model)
    return model


MODELS: dict[str, Callable[[], Model]] = {
    "max_coverage": lambda: alone(SMALL, lambda model: add_max_coverage(model, MaxCoverage())),
    "one_tier": lambda: alone(SMALL, lambda model: add_one_tier(model, OneTier())),
    "required": lambda: alone(SMALL, lambda model: add_required(model, Required())),
    "max_hubs": lambda: alone(SMALL, lambda model: add_max_hubs(model, MaxHubs(count=2))),
    "budget_counts": lambda: alone(SMALL, lambda model: add_budget(model, Budget(amount=55))),
    "budget_knapsack": lambda: alone(MANY, lambda model: add_budget(model, Budget(amount=2500))),
    "whole": lambda: build_model(SMALL, MaxCoverage(budget=55, max_hubs=2)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_the_golden_one(name: str, tmp_path: Path) -> None:
    written, golden = tmp_path / "model.lp", GOLDEN / f"{name}.lp"
    MODELS[name]().program.writeLP(str(written))
    if not golden.exists():
        golden.write_text(written.read_text())
        pytest.fail(f"{golden.name} was missing and is written anew: read it, then run again")
    assert written.read_text() == golden.read_text()


def test_every_golden_file_is_compared_and_catalogued() -> None:
    names = {path.stem for path in GOLDEN.glob("*.lp")}
    assert names == set(MODELS)
    catalogue = (GOLDEN / "README.md").read_text()
    assert all(f"`{name}.lp`" in catalogue for name in names)


def test_every_family_and_objective_has_a_golden_file() -> None:
    families = {"OneTier": "one_tier", "Required": "required", "Budget": "budget_counts", "MaxHubs": "max_hubs"}
    assert {kind.__name__ for kind in BLOCKS} == set(families)
    assert {kind.name for kind in OBJECTIVES} | set(families.values()) <= set(MODELS)
