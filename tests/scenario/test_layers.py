"""What is laid over a scenario: the file it extends, overrides, settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hubplanner.errors import FaultyError, ScenarioError
from hubplanner.inputs import read_inputs
from hubplanner.scenario import loader, read_scenario

if TYPE_CHECKING:
    from support.project import Project


def test_settings_come_last_and_reach_anything(project: Project) -> None:
    scenario = project.read({"model.budget": 2e9, "hubs.0.reach_km": 8, "solver.threads": 2}, ["lean"])
    assert (scenario.model.budget, scenario.hubs[0].reach_km, scenario.solver.threads) == (2e9, 8, 2)


def test_a_null_setting_brings_the_default_back(project: Project) -> None:
    scenario = project.read({"model.budget": None, "horizon_years": None, "travel.detour": None})
    assert (scenario.model.budget, scenario.horizon_years, scenario.travel.detour) == (None, 5, 1)


def test_a_setting_out_of_a_lists_range_is_refused(project: Project) -> None:
    assert project.refusal({"hubs.2.reach_km": 8}) == [
        "setting hubs.2.reach_km: '2' found; allowed: a position from 0 to 1"
    ]


# --- overrides


def test_overrides_apply_in_the_order_given(project: Project) -> None:
    lean_wide, wide_lean = (project.read(overrides=names).model for names in (("lean", "wide"), ("wide", "lean")))
    assert (lean_wide.budget, lean_wide.max_hubs) == (900, 2)
    assert (wide_lean.budget, wide_lean.max_hubs) == (150, 2)


def test_one_override_may_be_named_alone(project: Project) -> None:
    assert read_scenario(project.folder / "scenario.yaml", "lean").model == project.read(overrides=("lean",)).model


def test_an_unknown_override_lists_the_known_ones(project: Project) -> None:
    assert project.refusal(overrides=("leen",)) == [
        "scenario.yaml, overrides: 'leen' found; allowed: one of lean, wide"
    ]


def test_an_unknown_override_does_not_hide_the_scenarios_own_faults(project: Project) -> None:
    project.edit("scenario.yaml", "capex: 400", "capex: -1")
    assert len(project.refusal(overrides=("leen",))) == 2


def test_without_overrides_none_can_be_chosen(project: Project) -> None:
    text = (project.folder / "scenario.yaml").read_text(encoding="utf-8")
    project.write("scenario.yaml", text.partition("overrides:")[0])
    assert project.read().model.budget == 500
    [found] = project.refusal(overrides=("lean",))
    assert found.endswith("one of none, the file has no overrides")


@pytest.mark.parametrize(
    ("variant", "messages"),
    [
        (
            "{model: {budget: -1}}",
            [
                "scenario.yaml, overrides.lean.model.budget: -1 found; allowed: a number greater than or equal to 0",
            ],
        ),
        (
            "{travel: {detour: 0}, hubs: [{name: a, capex: 1, reach_km: 0}]}",
            [
                "scenario.yaml, overrides.lean.hubs.0.reach_km: 0 found; allowed: a number greater than 0",
                "scenario.yaml, overrides.lean.travel.detour: 0 found; allowed: a number greater than or equal to 1",
            ],
        ),
        (
            "150",
            ["scenario.yaml, overrides.lean: 150 found; allowed: scenario keys, such as {model: {budget: 1.0e9}}"],
        ),
    ],
)
def test_an_invalid_override_is_reported_though_not_chosen(project: Project, variant: str, messages: list[str]) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", f"lean: {variant}")
    assert project.refusal() == messages


def test_overrides_must_have_names(project: Project) -> None:
    text = (project.folder / "scenario.yaml").read_text(encoding="utf-8")
    project.write("scenario.yaml", text.partition("overrides:")[0] + "overrides: [a]\n")
    assert project.refusal() == ["scenario.yaml, overrides: \"['a']\" found; allowed: variants, each with a name"]


def test_an_override_may_be_named_by_a_year_and_be_empty(project: Project) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", "2030: {model: {budget: 7}}\n  same:")
    assert project.read(overrides=["2030", "same"]).model.budget == 7


def test_an_override_replaces_lists_and_removes_with_null(project: Project) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", "lean: {demand: {groups: []}, model: {budget: null}}")
    scenario = project.read(overrides=["lean"])
    assert scenario.demand.groups == ()
    assert scenario.model.budget is None


# --- extends


def test_a_file_extends_another_and_paths_stay_with_the_file_that_names_them(project: Project) -> None:
    (project.folder / "deep" / "er").mkdir(parents=True)
    project.write(
        "deep/child.yaml", "extends: ../scenario.yaml\nname: child\nsites: {path: own.csv}\nmodel: {max_hubs: 1}\n"
    )
    project.write(
        "deep/er/grandchild.yaml",
        "extends: ../child.yaml\nmodel: {budget: null}\nhubs: [{name: only, capex: 1, reach_km: 2}]\n"
        "overrides: {moved: {demand: {path: here.csv}}}\n",
    )
    scenario = read_scenario(project.folder / "deep/er/grandchild.yaml")
    assert scenario.name == "child"
    assert scenario.demand.path == str(project.folder / "demand.csv")
    assert scenario.sites.path == str(project.folder / "deep/own.csv")
    assert scenario.sites.id == "site_id"
    assert (scenario.model.budget, scenario.model.max_hubs) == (None, 1)
    assert [tier.name for tier in scenario.hubs] == ["only"]
    moved = read_scenario(project.folder / "deep/er/grandchild.yaml", ["moved", "lean"])
    assert moved.demand.path == str(project.folder / "deep/er/here.csv")
    assert moved.model.budget == 150


def test_a_null_removes_what_the_base_says(project: Project) -> None:
    project.write(
        "child.yaml", "extends: scenario.yaml\nmodel: null\ndemand: {groups: null}\noverrides: {lean: null}\n"
    )
    scenario = read_scenario(project.folder / "child.yaml")
    assert scenario.model.budget is None
    assert scenario.demand.groups == ()
    with pytest.raises(ScenarioError, match=r"overrides: 'lean' found; allowed: one of wide$"):
        read_scenario(project.folder / "child.yaml", ["lean"])


def test_a_removed_override_may_be_written_anew_further_down(project: Project) -> None:
    project.write("child.yaml", "extends: scenario.yaml\noverrides: {lean: null, own: null}\n")
    project.write("grandchild.yaml", "extends: child.yaml\noverrides: {lean: {model: {max_hubs: 1}}}\n")
    model = read_scenario(project.folder / "grandchild.yaml", ["lean", "own"]).model
    assert (model.budget, model.max_hubs) == (500, 1)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.yaml": "extends: a.yaml"}, "a.yaml, extends: 'a.yaml' found; allowed: a file that does not itself extend"),
        (
            {"a.yaml": "extends: b.yaml", "b.yaml": "extends: ./a.yaml"},
            "b.yaml, extends: './a.yaml' found; allowed: a file that does not itself extend this one",
        ),
        ({"a.yaml": "extends: none.yaml"}, "a.yaml, extends: none.yaml cannot be read: No such file or directory"),
        ({"a.yaml": "extends: ."}, "a.yaml, extends: . cannot be read: it is a folder, not a file"),
        (
            {"a.yaml": "extends: [b.yaml]"},
            "a.yaml, extends: \"['b.yaml']\" found; allowed: the name of one scenario file",
        ),
        ({"a.yaml": "extends: ''"}, "a.yaml, extends: blank found; allowed: the name of one scenario file"),
        ({"a.yaml": "extends: b.yaml", "b.yaml": "x: [1"}, "b.yaml, line 1: is not valid YAML"),
        ({"a.yaml": "extends: b.yaml", "b.yaml": "name: x"}, "a.yaml, demand: is required"),
    ],
)
def test_an_extends_that_leads_nowhere_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(tmp_path / "a.yaml")
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(message)


def test_a_fault_names_the_file_that_the_key_stands_in(project: Project) -> None:
    project.edit("scenario.yaml", "budget: 500", "budget: 500, require: [Q]")
    child = project.write("child.yaml", "extends: scenario.yaml\nmodel: {exclude: [Z]}\n")
    with pytest.raises(ScenarioError) as caught:
        read_inputs(read_scenario(child))
    assert [(Path(fault.file).name, fault.column, fault.value) for fault in caught.value.faults] == [
        ("scenario.yaml", "model.require", "Q"),
        ("child.yaml", "model.exclude", "Z"),
    ]
    project.edit("scenario.yaml", "budget: 500", "bugdet: 500")
    with pytest.raises(ScenarioError, match=r"scenario\.yaml, model\.bugdet: 500 found; allowed: a known key"):
        read_scenario(child)


def test_a_fault_of_a_variant_names_the_file_and_the_variant_that_hold_it(project: Project) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", "lean: {model: {budget: 150, require: [Q]}}")
    child = project.write("child.yaml", "extends: scenario.yaml\noverrides: {wide: {model: {exclude: [Z]}}}\n")
    with pytest.raises(ScenarioError) as caught:
        read_inputs(read_scenario(child, ["lean", "wide"]))
    assert [(Path(fault.file).name, fault.column, fault.value) for fault in caught.value.faults] == [
        ("scenario.yaml", "overrides.lean.model.require", "Q"),
        ("child.yaml", "overrides.wide.model.exclude", "Z"),
    ]


FILES = {
    "demand.path": "demand: {path: none.csv}",
    "demand.join.0.path": "demand: {join: [{path: none.csv, on: {demand_id: id}, take: {schools: n}}]}",
    "demand.zones.path": "demand: {merge: true, zones: {path: none.csv, id: code}}",
    "sites.path": "sites: {path: none.csv}",
    "travel.path": "travel: {method: matrix, path: none.csv}",
    "travel.roads.path": "travel: {method: network, roads: {path: none.csv}}",
    "travel.raster.path": (
        "travel: {method: friction, raster: {path: none.tif, unit: minutes_per_metre}}, "
        "hubs: [{name: centre, capex: 1, reach_minutes: 5}, {name: park, capex: 1, reach_minutes: 5}]"
    ),
    "map.borders": "map: {borders: none.gpkg}",
    "map.places.path": "map: {places: {path: none.csv}}",
    "backhaul.nodes.0.path": (
        "backhaul: {nodes: [{path: none.csv, id: id, x: x, y: y}], technologies: {fibre: {cost_per_km: 1}}}"
    ),
}
"""What a variant may say of each kind of file, by the key that names a file that is not there."""


@pytest.mark.parametrize("key", FILES)
def test_a_file_that_is_not_there_is_named_with_the_variant_that_names_it(project: Project, key: str) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", f"lean: {{{FILES[key]}}}")
    child = project.write("child.yaml", "extends: scenario.yaml\noverrides: {wide: {model: {max_hubs: 1}}}\n")
    with pytest.raises(FaultyError) as caught:
        read_inputs(read_scenario(child, ["lean", "wide"]))
    told = [fault.column for fault in caught.value.faults if Path(fault.file).stem == "none"]
    assert told == [f"overrides.lean.{key}"], caught.value


def test_a_file_that_a_variant_leaves_as_it_is_is_named_by_the_scenario(project: Project) -> None:
    project.edit("scenario.yaml", "path: sites.csv", "path: none.csv")
    with pytest.raises(FaultyError, match=r"none\.csv, sites\.path: cannot be read: No such file"):
        read_inputs(project.read(overrides=["lean"]))


@pytest.mark.parametrize(
    ("below", "own", "message"),
    [
        # not chosen: in the file below, in both, a key of the file below that only the variant makes wrong
        ("{model: {budget: -1}}", "{}", "scenario.yaml, overrides.lean.model.budget: -1 found"),
        ("{model: {max_hubs: 1}}", "{model: {budget: -1}}", "child.yaml, overrides.lean.model.budget: -1 found"),
        ("{model: {budget: -1}}", "{model: {max_hubs: 1}}", "scenario.yaml, overrides.lean.model.budget: -1 found"),
        ("{}", "{travel: {method: matrix}}", "child.yaml, overrides.lean.travel.path: is required for method matrix"),
        ("{travel: {method: matrix}}", "{}", "scenario.yaml, overrides.lean.travel.path: is required for method"),
        ("{travel: {method: fly}}", "{}", "scenario.yaml, overrides.lean.travel.method: 'fly' found"),
        ("{}", "{travel: {method: matrix, path: t.csv}}", "child.yaml, overrides.lean.travel.detour: 1.2 found"),
    ],
)
def test_a_wrong_variant_is_told_where_it_is_written(project: Project, below: str, own: str, message: str) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", f"lean: {below}")
    project.edit("scenario.yaml", "overrides:", "travel: {detour: 1.2}\noverrides:")
    child = project.write("child.yaml", f"extends: scenario.yaml\noverrides: {{lean: {own}}}\n")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(child)
    told = str(caught.value).replace(f"{project.folder}/", "").splitlines()
    assert any(line.startswith(message) for line in told), told


@pytest.mark.parametrize("name", ["v1.2", "2027"])
def test_a_variant_is_found_whatever_its_name(project: Project, name: str) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", f"{name}: {{model: {{budget: -1}}}}")
    child = project.write("child.yaml", "extends: scenario.yaml\n")
    with pytest.raises(ScenarioError, match=rf"/scenario\.yaml, overrides\.{re.escape(name)}\.model\.budget: -1 found"):
        read_scenario(child)


def test_a_variant_holds_no_variants(project: Project) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", "lean: {overrides: {x: {}}}")
    with pytest.raises(
        ScenarioError, match=r"overrides\.lean\.overrides: .* found; allowed: a key of the scenario file"
    ):
        read_scenario(project.folder / "scenario.yaml")


def test_a_variant_that_is_none_is_told_where_it_is_written(project: Project) -> None:
    project.edit("scenario.yaml", "lean: {model: {budget: 150}}", "lean: 150")
    with pytest.raises(ScenarioError, match=r"scenario\.yaml, overrides\.lean: 150 found; allowed: scenario keys"):
        read_scenario(project.write("child.yaml", "extends: scenario.yaml\n"))


def test_what_a_chosen_variant_contradicts_is_told_by_its_own_key(project: Project) -> None:
    project.edit(
        "scenario.yaml", "lean: {model: {budget: 150}}", "lean: {model: {objective: p_center, target_share: 1}}"
    )
    child = project.write("child.yaml", "extends: scenario.yaml\n")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(child, "lean")
    assert ("scenario.yaml", "overrides.lean.model.target_share") in [
        (Path(fault.file).name, fault.column) for fault in caught.value.faults
    ]


def test_files_are_read_once_for_all_faults(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    child = project.write("child.yaml", "extends: scenario.yaml\n")
    project.edit("scenario.yaml", "budget: 500", f"budget: 500, exclude: [{', '.join(f'Q{k}' for k in range(50))}]")
    scenario, read = read_scenario(child), list[Path]()
    plain = loader.read_yaml
    monkeypatch.setattr(loader, "read_yaml", lambda path: read.append(path) or plain(path))
    with pytest.raises(ScenarioError) as caught:
        read_inputs(scenario)
    assert {Path(fault.file).name for fault in caught.value.faults} == {"scenario.yaml"}
    assert (len(caught.value.faults), len(read)) == (50, 2)


def test_a_folder_that_may_not_be_entered_is_no_traceback(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_given: object, **_more: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refused)
    monkeypatch.setattr(Path, "exists", refused)
    with pytest.raises(ScenarioError, match="is a folder"):
        read_scenario(project.folder)
    with pytest.raises(ScenarioError, match="write / between folders, not a backslash"):
        read_scenario(project.folder / "a\\b.yaml")


def test_the_scenario_in_a_folder_is_named_where_the_folder_is_given(project: Project) -> None:
    with pytest.raises(ScenarioError, match=r"is a folder; name \S+scenario\.yaml in it"):
        read_scenario(project.folder)


def test_a_value_that_was_set_is_not_looked_for_in_the_file_below(project: Project) -> None:
    child = project.write("child.yaml", "extends: scenario.yaml\n")
    with pytest.raises(ScenarioError, match=r"child\.yaml, model\.budget: -1 found"):
        read_scenario(child, settings={"model.budget": -1})
