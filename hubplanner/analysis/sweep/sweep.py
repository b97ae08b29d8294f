"""A sweep: every combination of settings solved once, kept case by case, told in one table."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hubplanner.analysis.sweep.cases import (
    FAILED,
    SOLVED,
    Case,
    Grid,
    Record,
    SweepTask,
    base_settings,
    check_grid,
    make_cases,
    parse_grid,
    read_settled,
    record,
)
from hubplanner.analysis.sweep.cluster import Cluster, solve_on_cluster
from hubplanner.analysis.sweep.local import solve_locally
from hubplanner.analysis.sweep.plot import check_tables, write_sweep
from hubplanner.errors import Fault, ScenarioError, SolverError, UnwritableError
from hubplanner.folders import HASH_LENGTH
from hubplanner.io import check_place, check_writable, recover, remove_atomically, write_atomically, write_json

log = logging.getLogger(__name__)

OPEN = "open"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """The cases of a sweep and what is known of them.

    Parameters
    ----------
    name
        The scenario's name.
    grid
        Keys and their values.
    base
        The case that others are compared with.
    cases
        All combinations.
    folder
        Where results are kept.
    """

    name: str
    grid: Grid
    base: dict[str, Any]
    cases: list[Case]
    folder: Path

    @property
    def results(self) -> Results:
        """The store of finished cases."""
        return Results(self.folder)

    def records(self) -> list[Record]:
        """Return each case's record in order: what it was asked, its figures, or that it is open."""
        found = self.results.read(case.key for case in self.cases)
        return [{"case": case.number, **self._record(case, found)} for case in self.cases]

    def _record(self, case: Case, found: Mapping[str, Record]) -> Record:
        if case.key is None:
            own = record(None, {"status": "invalid", "error": case.error})
        else:
            own = found.get(case.key) or record(case.key, {"status": OPEN})
        return {"settings": case.settings} | own

    @property
    def table(self) -> pd.DataFrame:
        """One row a case: its number, its settings, status, figures and error."""
        from hubplanner.analysis.sweep.plot import sweep_table  # noqa: PLC0415

        return sweep_table(self.records())

    def counts(self) -> dict[str, int]:
        """Return how many cases there are, are solved, recorded with an error, and open."""
        return count(self.records())


def count(records: Iterable[Record]) -> dict[str, int]:
    """Return how many cases there are, are solved, recorded with an error, and open."""
    states = [entry["status"] for entry in records]
    solved, left = sum(state in SOLVED for state in states), states.count(OPEN)
    failed = len(states) - solved - left
    return {"cases": len(states), "solved": solved, "errors": failed, "open": left}


def plan_sweep(
    scenario: str | os.PathLike[str],
    grid: Mapping[str, Sequence[Any]] | Sequence[str],
    *,
    overrides: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Sweep:
    """Return a sweep's cases, without solving any; raise as `sweep` does."""
    values = {key: tuple(grid[key]) for key in grid} if isinstance(grid, Mapping) else parse_grid(grid)
    check_grid(values)
    tree = read_settled(scenario, overrides, settings)
    cases = make_cases(tree, scenario, values, overrides)
    name = next(case.scenario.name for case in cases if case.scenario is not None)
    target = Path(folder) if folder is not None else _default_folder(name, tree, values)
    return Sweep(name=name, grid=values, base=base_settings(tree, values), cases=cases, folder=target.absolute())


def _default_folder(name: str, tree: Mapping[str, Any], grid: Grid) -> Path:
    """Return ``sweeps/NAME-HASH``, the same for the same question, so that the same command continues it."""
    asked = json.dumps([tree, grid], sort_keys=True, default=str)
    return Path("sweeps") / f"{name}-{hashlib.sha256(asked.encode()).hexdigest()[:HASH_LENGTH]}"


def sweep(  # noqa: PLR0913 - options, most of them rarely given
    scenario: str | os.PathLike[str],
    grid: Mapping[str, Sequence[Any]] | Sequence[str],
    *,
    overrides: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    cluster: Cluster | str | None = None,
    keep_runs: bool = False,
    retry_failed: bool = False,
    overwrite: bool = False,
) -> Sweep:
    """Solve every combination of settings and write the table; what is solved already is not solved again.

    Parameters
    ----------
    scenario
        The scenario's file.
    grid
        Values by dotted key, such as ``{"model.budget": [1e9, 2e9]}``, or texts such as ``"model.budget=1e9,2e9"``.
    overrides, settings
        As for `read_scenario`, the same in every case.
    folder
        Where to keep results; ``sweeps/NAME-HASH`` if left out.
    jobs
        Worker processes on this machine; one a core if left out. In a script, call this under
        ``if __name__ == "__main__":``.
    cluster
        A Dask scheduler instead, whose machines are trusted and see the files under the same paths.
    keep_runs
        Whether to write each case's whole run folder too, into ``runs`` in the folder.
    retry_failed
        Whether to try cases again whose process died.
    overwrite
        Whether tables that were changed since, or whatever else than a sweep the folder holds, go; told before.

    Returns
    -------
    Sweep
        ``table`` (a data frame), ``counts()``, ``records()``, ``folder``.

    Raises
    ------
    ScenarioError
        When no case can be used.
    ExistsError, UnwritableError
        When the folder holds something else, or cannot be written.
    """
    asked = plan_sweep(scenario, grid, overrides=overrides, settings=settings, folder=folder)
    try:
        for _ in solve_open(
            asked,
            jobs=jobs,
            cluster=cluster,
            keep_runs=keep_runs,
            retry_failed=retry_failed,
            overwrite=overwrite,
        ):
            pass
    except (KeyboardInterrupt, SolverError):
        write_tables(asked)  # what is done is kept, and told
        raise
    write_tables(asked)
    return asked


def solve_open(  # noqa: PLR0913 - options, most of them rarely given
    asked: Sweep,
    *,
    jobs: int | None = None,
    cluster: Cluster | str | None = None,
    keep_runs: bool = False,
    retry_failed: bool = False,
    overwrite: bool = False,
) -> Generator[Record, None, None]:
    """Yield the record of each open case when it is solved and kept; parameters are those of `sweep`."""
    if jobs is not None and jobs < 1:
        raise ScenarioError(Fault(file="--jobs", value=jobs, allowed="1 or more", kind="scenario"))
    asked.results.prepare(overwrite=overwrite)
    tasks = _open_tasks(asked, keep_runs=keep_runs, retry_failed=retry_failed)
    if not tasks:
        return
    there = Cluster(address=cluster) if isinstance(cluster, str) else cluster
    run = solve_on_cluster(tasks, there) if there else solve_locally(tasks, jobs or os.cpu_count() or 1)
    counts = asked.counts()
    estimate = Estimate(len(asked.cases), len(tasks), counts["errors"])
    try:
        with closing(run) as solved:
            for found in solved:
                asked.results.keep(found)
                estimate.tell(found["status"] not in SOLVED)
                yield found
    finally:
        recover(asked.folder / "runs")  # where a worker was told to end while it wrote


def _open_tasks(asked: Sweep, *, keep_runs: bool, retry_failed: bool) -> list[SweepTask]:
    """Return what is left to do, each question once."""
    version = importlib.metadata.version("hubplanner")
    known = asked.results.read(case.key for case in asked.cases)
    tasks: dict[str, SweepTask] = {}
    for case in asked.cases:
        if case.key is None or case.scenario is None:
            continue
        folder = asked.folder / "runs" / case.key
        found = known.get(case.key)
        lacking = keep_runs and not folder.is_dir() and found is not None and found["status"] in SOLVED
        if found is None or lacking or (retry_failed and found["status"] == FAILED):
            own = str(folder) if keep_runs else None
            tasks[case.key] = SweepTask(
                key=case.key, scenario=case.scenario, digests=case.digests, version=version, folder=own
            )
    log.info("%d of %d cases are left to solve", len(tasks), len(asked.cases))
    return list(tasks.values())


def write_tables(asked: Sweep) -> None:
    """Write sweep.csv, sweep.json, tornado.png and, with pyarrow, sweep.parquet; each appears whole."""
    records = asked.records()
    about = {
        "scenario": asked.name,
        "version": importlib.metadata.version("hubplanner"),
        "grid": {key: list(values) for key, values in asked.grid.items()},
        "base": asked.base,
        "counts": count(records),
    }
    write_sweep(records, about, asked.folder)


LEAST_SECONDS = 2.0
"""Between two words on how far a sweep is."""


class Results:
    """The records of a sweep's folder, by key."""

    def __init__(self, folder: Path) -> None:
        """Take the sweep's folder."""
        self.folder, self.cases = folder, folder / "cases"

    def prepare(self, *, overwrite: bool = False) -> None:
        """Make the folder; refuse one that holds something other than a sweep, or whose tables were changed.

        Parameters
        ----------
        overwrite
            Whether that goes; it is told before.
        """
        if self.cases.is_dir():
            for place in (self.folder, self.cases, self.folder / "runs"):
                recover(place)
            check_tables(self.folder, overwrite=overwrite)
            check_writable(self.cases / "x.json")
            return
        place = check_place(self.folder, ("sweep.json", "cases"), overwrite=overwrite)
        if place.is_dir() and any(place.iterdir()):
            remove_atomically(place)
        try:
            (place / "cases").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(place, error) from error

    def read(self, keys: Iterable[str | None]) -> dict[str, Record]:
        """Return the records there are; one that is damaged counts as none, and is solved again."""
        found: dict[str, Record] = {}
        for key in {key for key in keys if key is not None}:
            path = self.cases / f"{key}.json"
            try:
                tree = json.loads(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                log.warning("%s cannot be read and is solved again: %s", path, error)
                continue
            if isinstance(tree, dict) and tree.get("key") == key and isinstance(tree.get("status"), str):
                found[key] = tree
            else:
                log.warning("%s holds no record of its case, which is solved again", path)
        return found

    def keep(self, record: Record) -> None:
        """Write a record."""
        write_atomically(self.cases / f"{record['key']}.json", lambda path: write_json(record, path))


class Estimate:
    """Says how far a sweep is and how long the rest may take, now and then."""

    def __init__(self, cases: int, left: int, failed: int) -> None:
        """Take the number of all cases, of those to solve, and of those with an error already."""
        self.cases, self.left, self.todo, self.failed = cases, left, left, failed
        self.began = self.told = time.monotonic()

    def tell(self, failed: bool) -> None:  # noqa: FBT001 - what there is to tell
        """Count one more case, and say so where a per cent of them and some seconds have passed."""
        self.left -= 1
        self.failed += failed
        now = time.monotonic()
        at_step = (self.todo - self.left) % max(self.todo // 100, 1) == 0
        if self.left and not (at_step and now - self.told >= LEAST_SECONDS):
            return
        self.told = now
        rest = (now - self.began) / (self.todo - self.left) * self.left
        log.info(
            "%d of %d cases done, %d with an error%s",
            *(self.cases - self.left, self.cases, self.failed),
            f", about {in_time(rest)} left" if self.left else "",
        )


def in_time(seconds: float) -> str:
    """Return a span of time in words.

    >>> in_time(40), in_time(600), in_time(90000)
    ('40 s', '10 min', '25.0 h')
    """
    if seconds < 100:  # noqa: PLR2004 - where seconds stop being read
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004
