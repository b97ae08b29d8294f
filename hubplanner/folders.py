"""What a result folder is told by: the files that an earlier one of its kind holds, and where runs go.

Nothing is imported here, so that what only looks for folders starts quickly.
"""

from __future__ import annotations

import re
from pathlib import Path

RUNS = Path("runs")
"""Folder of runs, where none is named."""
HASH_LENGTH = 10
DEFAULT_NAME = re.compile(rf".+-[0-9a-f]{{{HASH_LENGTH}}}")
"""``NAME-HASH``, what a run's folder is called that has no name of its own."""

RUN_MARKS = ("plan.json", "manifest.json")
FRONTIER_MARKS = ("frontier.json", "frontier.csv")
ALTERNATIVES_MARKS = ("alternatives.json", "alternatives.geojson")
EXPLANATION_MARKS = ("explanation.json", "explanation.md")
COMPARISON_MARKS = ("comparison.json", "comparison.geojson")
FUTURES_FILE = "futures.csv"
"""What each future holds for a plan: of a run that looks at futures, and of plans scored on them."""
STABILITY_FILES = ("stability.json", "stability.csv")
"""What surveys drawn again make of a run's plan, in the run's own folder."""
SCORE_MARKS = ("score.json", FUTURES_FILE)


def has_marks(folder: Path, marks: tuple[str, ...]) -> bool:
    """Tell whether a folder holds all files that tell its kind from one with something else in it."""
    return all((folder / mark).is_file() for mark in marks)


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a run."""
    return has_marks(folder, RUN_MARKS)


def is_default_name(name: str) -> bool:
    """Tell whether a run's name is ``NAME-HASH``, rather than one of its own.

    >>> is_default_name("pakistan-0e8aa59da7"), is_default_name("Plan for Sindh")
    (True, False)
    """
    return DEFAULT_NAME.fullmatch(name) is not None
