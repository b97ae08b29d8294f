"""A resolved `Scenario` back to YAML."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hubplanner.scenario.text import write_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.scenario.spec import Scenario


def dump_scenario(scenario: Scenario, folder: Path | None = None) -> str:
    """Return the scenario as YAML with every default spelled out, its paths relative to the folder."""
    tree = scenario.model_dump(mode="json", exclude_none=True)
    for section in ("demand", "sites", "travel"):
        if folder is not None and "path" in tree[section]:
            tree[section]["path"] = _relative(tree[section]["path"], folder)
    return write_yaml(tree)


def _relative(path: str, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive on Windows has no relative path
        return path
