"""What surveys drawn again made of a plan before: a file beside the scenario, of the same question and data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubplanner.errors import Fault
from hubplanner.scenario import Scenario

SUFFIX = ".stability.json"
"""Ends the name of the file beside the scenario: that of pakistan.yaml is pakistan.stability.json."""
NEEDED = {"question", "plan", "draws", "seed", "levels", "groups", "hubs", "reached", "misses_limits", "asked_gap"}
"""What it has to hold to be shown."""
_WHAT = "stability.json of hubplanner stability, which makes it anew; do so, or remove it:"
_FILES = ("path", "aliases")
_UNASKED = {"name", "description", "map", "checks", "solver"}
"""Sections that change neither the question nor what is drawn, but for the gap and the method of the solver."""


def question_digest(scenario: Scenario, digests: Mapping[str, str]) -> str:
    """Return a SHA-256 of what a scenario asks of which data, wherever its files are."""
    asked = scenario.model_dump(mode="json", exclude_defaults=True, exclude=_UNASKED)
    solver = {key: getattr(scenario.solver, key) for key in ("name", "gap", "method", "seed")}
    parts = [_without_files(asked), solver, dict(digests)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _without_files(part: Any) -> Any:
    if isinstance(part, list):
        return [_without_files(item) for item in part]
    if isinstance(part, dict):
        return {key: _without_files(item) for key, item in part.items() if key not in _FILES}
    return part


def read_known_stability(scenario: Scenario, digests: Mapping[str, str], faults: list[Fault]) -> dict[str, Any] | None:
    """Return what ``hubplanner stability`` found for this very question and data, if a file beside the scenario knows.

    One of another question is passed over: it is beside the scenario for the question as its file has it, not for
    every variant.
    """
    own = Path(scenario.file)
    path = own.with_name(f"{own.stem}{SUFFIX}")
    if not own.suffix or not path.is_file():
        return None
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.append(Fault(file=str(path), allowed=f"is no {_WHAT} {error}"))
        return None
    if not isinstance(tree, dict) or not tree.keys() >= NEEDED:
        lacking = ", ".join(sorted(NEEDED - tree.keys())) if isinstance(tree, dict) else "all figures"
        faults.append(Fault(file=str(path), allowed=f"is no {_WHAT} it lacks {lacking}"))
        return None
    return tree if tree["question"] == question_digest(scenario, digests) else None
