"""The run folder: whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import importlib.metadata
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

import hubplanner as hp
from hubplanner.errors import ExistsError, HubplannerError, UnwritableError
from hubplanner.outputs import run_folder

if TYPE_CHECKING:
    from support.project import Project

FILES = set(run_folder.FILES_OF_EVERY_RUN)


@pytest.fixture
def plan(project: Project) -> hp.Plan:
    return hp.solve(project.read())


@pytest.fixture
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the picture, which takes most of the time."""

    def draw(_: hp.Plan, __: object, path: Path) -> None:
        path.write_bytes(b"picture")

    monkeypatch.setattr(run_folder, "draw_map", draw)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder for run folders."""
    place = tmp_path / "runs"
    place.mkdir()
    return place


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_folder_holds_the_promised_files_and_no_other(plan: hp.Plan, place: Path) -> None:
    written = plan.write(str(place / "new" / "deep"))
    assert written == place / "new" / "deep"
    assert {path.name for path in written.iterdir()} == FILES
    assert [path.name for path in written.parent.iterdir()] == ["deep"]
    assert written.stat().st_mode & 0o777 == 0o755


@pytest.mark.usefixtures("no_map")
def test_plan_json_is_the_summary(plan: hp.Plan, place: Path) -> None:
    folder = plan.write(place / "run")
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8")) == plan.summary()


@pytest.mark.usefixtures("no_map")
def test_a_relative_folder_stands_in_the_current_one(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert plan.write("run") == place / "run"


@pytest.mark.usefixtures("no_map")
def test_an_earlier_run_is_replaced(plan: hp.Plan, project: Project, place: Path) -> None:
    plan.write(place / "run")
    hp.solve(project.read(overrides=["lean"], settings={"sites.status": None})).write(place / "run")
    assert [path.name for path in place.iterdir()] == ["run"]
    assert {path.name for path in (place / "run").iterdir()} == FILES
    assert json.loads((place / "run/plan.json").read_text(encoding="utf-8"))["budget"] == 150


def _note(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep/thesis.docx").write_text("of the user", encoding="utf-8")


def _edit(folder: Path) -> None:
    path = folder / "hubs.csv"
    path.write_text(path.read_text(encoding="utf-8") + "my note", encoding="utf-8")


def _edit_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"highs"', '"hands"'), encoding="utf-8")


def _edit_both(folder: Path) -> None:
    """A table changed together with its checksum, as only the manifest's own can tell."""
    _edit(folder)
    path = folder / "manifest.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["files"]["hubs.csv"] = hashlib.sha256((folder / "hubs.csv").read_bytes()).hexdigest()
    path.write_text(json.dumps(tree, indent=1), encoding="utf-8")


def _link(folder: Path) -> None:
    (folder / "hubs.csv").rename(folder.parent / "kept.csv")
    (folder / "hubs.csv").symlink_to(folder.parent / "kept.csv")


CHANGES = {
    "deep/thesis.docx": _note,
    "hubs.csv (changed)": _edit,
    "manifest.json (changed)": _edit_manifest,
    "manifest.json (changed) ": _edit_both,
    "hubs.csv (changed) ": _link,
    "empty/": lambda folder: (folder / "empty").mkdir(),
}


@pytest.mark.parametrize("said", CHANGES)
@pytest.mark.usefixtures("no_map")
def test_what_the_run_did_not_write_so_goes_only_when_asked_and_told(
    plan: hp.Plan, place: Path, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    folder = plan.write(place / "run")
    CHANGES[said](folder)
    before = contents(place)
    with pytest.raises(ExistsError, match=f"an unchanged earlier run: {re.escape(said.strip())}; --overwrite would"):
        plan.write(folder)
    assert contents(place) == before
    (folder / "more.txt").touch()
    plan.write(folder, overwrite=True)
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    goes = ", ".join(sorted([said.strip(), "more.txt"]))
    assert told == [f"{folder}: --overwrite will remove {goes}"]
    assert {path.name for path in folder.iterdir()} == FILES


@pytest.mark.usefixtures("no_map")
def test_what_comes_into_the_folder_meanwhile_is_not_lost(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = plan.write(place / "run")

    def draw(_: hp.Plan, __: object, path: Path) -> None:
        path.write_bytes(b"picture")
        (folder / "thesis.docx").write_text("written just now", encoding="utf-8")

    monkeypatch.setattr(run_folder, "draw_map", draw)
    with pytest.raises(ExistsError, match=r"an unchanged earlier run: thesis\.docx"):
        plan.write(folder)
    assert {path.name for path in folder.iterdir()} == FILES | {"thesis.docx"}
    assert [path.name for path in place.iterdir()] == ["run"]


@pytest.mark.usefixtures("no_map")
def test_an_empty_folder_is_filled(plan: hp.Plan, place: Path) -> None:
    (place / "run").mkdir()
    assert {path.name for path in plan.write(place / "run").iterdir()} == FILES


@pytest.mark.parametrize("names", [["thesis.docx"], ["plan.json"], ["manifest.json", "plan.json.bak"]])
@pytest.mark.usefixtures("no_map")
def test_a_folder_with_anything_else_is_left_alone(plan: hp.Plan, place: Path, names: list[str]) -> None:
    (place / "run").mkdir()
    for name in names:
        (place / "run" / name).write_text(name, encoding="utf-8")
    with pytest.raises(ExistsError, match="more than an unchanged earlier run"):
        plan.write(place / "run")
    assert contents(place) == {f"run/{name}": name.encode() for name in names}


@pytest.mark.parametrize("name", ["taken", "taken/run", "taken/deep/run"])
@pytest.mark.usefixtures("no_map")
def test_a_file_in_the_way_is_left_alone(plan: hp.Plan, place: Path, name: str) -> None:
    (place / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(ExistsError, match="is a file, not a folder"):
        plan.write(place / name)
    assert contents(place) == {"taken": b"a file"}


FAILURES = [RuntimeError("a bug"), KeyboardInterrupt(), SystemExit(1), OSError(errno.ENOSPC, "No space left on device")]
STEPS = [
    "write_geojson",
    "write_geopackage",
    "write_csv",
    "draw_map",
    "dump_scenario",
    "write_page",
    "write_json",
    "manifest",
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.usefixtures("no_map")
def test_a_failure_on_the_way_leaves_nothing_new(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    fail_at(monkeypatch, run_folder, step, error)
    with pytest.raises(UnwritableError if isinstance(error, OSError) else type(error)):
        plan.write(place / "run")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.usefixtures("no_map")
def test_a_failure_on_the_way_leaves_the_earlier_run(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = contents(plan.write(place / "run"))
    fail_at(monkeypatch, run_folder, "draw_map", error)
    with pytest.raises((type(error), UnwritableError)):
        plan.write(place / "run")
    assert contents(place / "run") == before
    assert [path.name for path in place.iterdir()] == ["run"]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.usefixtures("no_map")
def test_a_failure_between_the_last_two_steps_brings_the_earlier_run_back(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    before = contents(plan.write(place / "run"))
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises((type(error), UnwritableError)):
        plan.write(place / "run")
    assert contents(place / "run") == before
    assert [path.name for path in place.iterdir()] == ["run"]


def fail_at(monkeypatch: pytest.MonkeyPatch, module: object, step: str, error: BaseException) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(module, step, fail)


@pytest.mark.usefixtures("no_map")
def test_a_full_disk_is_the_users_matter_and_says_so(
    plan: hp.Plan, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_at(monkeypatch, run_folder, "draw_map", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(HubplannerError, match="run: cannot be written: No space left on device") as caught:
        plan.write(place / "run")
    assert caught.value.exit_code == 2


@pytest.mark.usefixtures("no_map")
def test_the_scenario_of_a_run_gives_the_same_plan_again(plan: hp.Plan, place: Path) -> None:
    folder = plan.write(place / "deep" / "run")
    again = hp.solve(hp.read_scenario(folder / "scenario.yaml"))
    assert timeless(again) == timeless(plan)
    twice = again.write(place / "again")
    assert contents(twice)["hubs.csv"] == contents(folder)["hubs.csv"]
    assert contents(twice)["demand.geojson"] == contents(folder)["demand.geojson"]


@pytest.mark.usefixtures("no_map")
def test_a_variant_is_resolved_in_the_scenario_of_its_run(project: Project, place: Path) -> None:
    plan = hp.solve(project.read({"model.max_hubs": 3}, ["wide"]))
    again = hp.read_scenario(plan.write(place / "run") / "scenario.yaml")
    assert (again.model.budget, again.model.max_hubs) == (900, 3)
    assert timeless(hp.solve(again)) == timeless(plan)


def timeless(plan: hp.Plan) -> dict[str, object]:
    """Return a plan's figures but the time it took, and what was assumed, though not whether a file says so."""
    told = {key: value for key, value in plan.summary().items() if key != "seconds"}
    return told | {"assumptions": {each["key"]: each["value"] for each in plan.summary()["assumptions"]}}


@pytest.mark.usefixtures("no_map")
def test_manifest_tells_what_made_the_plan(plan: hp.Plan, project: Project, place: Path) -> None:
    manifest = json.loads((plan.write(place / "run") / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["versions"]["hubplanner"] == importlib.metadata.version("hubplanner")
    assert {"python", "pulp", "highspy", "geopandas"} <= set(manifest["versions"])
    assert manifest["solver"]["name"] == "highs"
    names = ("demand.csv", "sites.csv")
    digests = {name: hashlib.sha256((project.folder / name).read_bytes()).hexdigest() for name in names}
    assert manifest["inputs"] == digests
    assert manifest["reductions"]["demand_points"] == 4
    assert manifest["seconds"]
    assert all(seconds >= 0 for seconds in manifest["seconds"].values())


@pytest.mark.usefixtures("no_map")
def test_manifest_names_the_table_of_distances_too(project: Project, place: Path) -> None:
    travel = {"method": "matrix", "path": str(project.folder / "travel.csv")}
    folder = hp.solve(project.read({"travel": travel})).write(place / "run")
    inputs = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert inputs["travel.csv"] == hashlib.sha256((project.folder / "travel.csv").read_bytes()).hexdigest()
    assert timeless(hp.solve(hp.read_scenario(folder / "scenario.yaml")))["distance"]
