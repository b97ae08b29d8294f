"""Plans scored on futures: figures, a table and files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.io import write_folder_atomically
from hubplanner.report.futures import FUTURES_FILE, criteria, rows_of, write_futures
from hubplanner.report.rounding import rounded

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.problem import Outcomes
    from hubplanner.scenario import Scenario

SCORE_MARKS = ("score.json", FUTURES_FILE)
"""Files that tell an earlier score from a folder with something else in it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """What plans come to in futures.

    Parameters
    ----------
    runs
        Of each run its name, its scenario with the futures, what it comes to in them, and what is to be noted.
    """

    runs: tuple[tuple[str, Scenario, Outcomes, tuple[str, ...]], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """One row a run and future: run, name, probability, value, need, covered, share, cost."""
        return pd.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        rows = [{"run": name, **row} for name, scenario, known, _ in self.runs for row in rows_of(scenario, known)]
        return list(rounded(rows))

    def summary(self) -> dict[str, Any]:
        """Return the figures as score.json holds them."""
        first, known = self.runs[0][1], self.runs[0][2]
        tree = {
            "objective": first.model.objective,
            "count": len(known.futures.each),
            "cvar_level": criteria(first, known)["cvar_level"],
            "runs": [
                {"run": name, **criteria(scenario, part), "notes": list(notes), "each": rows_of(scenario, part)}
                for name, scenario, part, notes in self.runs
            ],
        }
        return dict(rounded(tree))

    def write(self, folder: Path, *, overwrite: bool = False) -> Path:
        """Write the folder, whole or not at all, and return its path."""
        return write_folder_atomically(folder.absolute(), self._files, SCORE_MARKS, overwrite=overwrite)

    def _files(self, folder: Path) -> None:
        text = json.dumps(self.summary(), indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "score.json").write_text(text + "\n", encoding="utf-8")
        write_futures(self._rows(), folder / FUTURES_FILE)
