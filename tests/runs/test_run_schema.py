"""What the JSON files of results hold: all that is written is known, and nothing that is not gets past a reader."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.draws import one_of
from support.project import Project

import hubplanner as hp
from hubplanner import run_schema
from hubplanner.audit.audit import recompute
from hubplanner.audit.data.run_files import open_run
from hubplanner.audit.ledger import Ledger
from hubplanner.errors import HubplannerError
from hubplanner.problem import Status
from hubplanner.run_schema import Schema, findings_in, findings_in_plan
from hubplanner.runs import export, report
from hubplanner.runs.index import describe
from hubplanner.runs.verify import verify_run

FROZEN = sorted((Path(__file__).parents[1] / "frozen").glob("plan-*.json"))
WRONG = (None, "x", -1, [], {})


def unknown(value: Any, schema: Schema, place: str = "") -> Iterator[str]:
    """Yield keys that a schema does not know."""
    for row in value if isinstance(value, list) and schema.below else ():
        yield from unknown(row, schema, place)
    for key, part in value.items() if isinstance(value, dict) and schema.below else ():
        parts = [own for own in (schema.below.get(key), schema.below.get("*")) if own is not None]
        yield from (found for own in parts for found in unknown(part, own, f"{place}.{key}"))
        if not parts:
            yield f"{place}.{key}"


@pytest.mark.parametrize("path", FROZEN, ids=lambda path: path.stem)
def test_all_that_a_plan_holds_is_known(path: Path) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    solver = {"name": "highs", "version": "1"}
    figures = tree | {"bound": None, "gap": None, "goals": [], "seconds": 1.0, "solver": solver}  # not frozen
    found = findings_in_plan(figures)
    assert (found.wrong, found.lacking) == ([], [])
    travel = tree.pop("travel", {})
    ways = run_schema.RASTER if "open_share" in travel else run_schema.ROADS
    closing = {"travel": {"closing": travel.pop("closing", [])}}
    assert [*unknown(tree | closing, run_schema.PLAN), *unknown(travel, ways)] == []


def test_the_statuses_of_a_plan_are_those_of_solutions() -> None:
    for status in Status:
        assert findings_in({"status": str(status)}, run_schema.PLAN).wrong == []
    assert findings_in({"status": "fine"}, run_schema.PLAN).wrong == [(run_schema.STATUS, "status", "fine")]


@pytest.mark.parametrize("value", [10**400, -(2**64), 1e200, float("inf"), True, "1"])
def test_what_is_no_number_is_none(value: Any) -> None:
    """JSON may hold a whole number of 400 digits, which no array does, and figures whose sums overflow."""
    assert (run_schema.NUMBER, "cost.total", value) in findings_in({"cost": {"total": value}}, run_schema.PLAN).wrong


def places(tree: Any, way: tuple[int | str, ...] = ()) -> Iterator[tuple[int | str, ...]]:
    """Yield the way to each value, of a list to its first row."""
    yield way
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree[:1]) if isinstance(tree, list) else ()
    for key, part in parts:
        yield from places(part, (*way, key))


def changed(tree: Any, way: tuple[int | str, ...], value: Any) -> Any:
    if not way:
        return value
    found = copy.deepcopy(tree)
    node = found
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = value
    return found


READERS: dict[str, Callable[[Path], object]] = {
    "compare": lambda run: hp.compare(run, run).write(run.parent / "compared", overwrite=True),
    "verify": lambda run: (verify_run(run), describe(run)),
    "report": lambda run: report.write_report([run], run.parent / "page.html", replace=True),
    "export": lambda run: export.export_run(run, ["excel", "actions"], run.parent / "out", replace=True),
    "audit": lambda run: recompute(open_run(run), Ledger()),
}


@pytest.mark.parametrize("file", ["plan.json", "manifest.json", "frontier.json", "explanation.json"])
def test_no_wrong_value_ends_in_a_traceback(file: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each single value is replaced in turn, without the hashes that would tell; every command answers or refuses."""
    scenario = project.read()
    run = hp.solve(scenario).write(project.folder / "run")
    if file == "frontier.json":
        hp.frontier(scenario, points=3).write(run / "frontier")
    if file == "explanation.json":
        hp.explain(run).write(run / "explanation")
    target = next(path for path in (run / file, run / file.removesuffix(".json") / file) if path.is_file())
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    (run / "manifest.json").write_text(json.dumps(manifest | {"files": {}}), encoding="utf-8")
    scene = report.scene_of_run(export.read_result(run)[0])  # the map, which shows layers alone
    monkeypatch.setattr(report, "scene_of_run", lambda _result: scene)
    beside = file in {"frontier.json", "explanation.json"}
    readers = {"report": READERS["report"]} if beside else READERS
    tree = json.loads(target.read_text(encoding="utf-8"))
    refused = answered = 0
    cases = [(way, value) for way in places(tree) for value in WRONG]
    for way, value in one_of(11, cases):
        target.write_text(json.dumps(changed(tree, way, value)), encoding="utf-8")
        for name, read in readers.items():
            try:
                read(run)
                answered += 1
            except HubplannerError:
                refused += 1
            except Exception as error:
                error.add_note(f"{name} with {way} as {value!r}")
                raise
    assert refused > 5
    assert answered > 5
