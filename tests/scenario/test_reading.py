"""A scenario file to a scenario: values, defaults and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hubplanner.scenario import Scenario
from hubplanner.scenario.futures_spec import FutureSpec
from hubplanner.scenario.roads_spec import ModeSpec, RoadsSpec
from hubplanner.scenario.travel_spec import METHODS

if TYPE_CHECKING:
    from support.project import Project


def test_defaults_are_the_contracts(project: Project) -> None:
    scenario = project.read()
    assert scenario.travel.method == "great_circle"
    assert (scenario.travel.detour, scenario.travel.speed_kmh) == (1.0, None)
    assert scenario.coverage.decay == "step"
    assert (scenario.model.objective, scenario.model.budget, scenario.model.max_hubs) == ("max_coverage", 500, None)
    effort = {
        "name": "highs",
        "gap": 1e-4,
        "time_limit_s": 300,
        "threads": 0,
        "seed": 0,
        "ties": True,
        "method": "auto",
    }
    assert scenario.solver.model_dump() == effort
    assert scenario.hubs[1].opex_per_year == 0
    assert scenario.demand.crs is None
    assert scenario.file == str(project.folder / "scenario.yaml")


def test_a_scenario_cannot_be_changed(project: Project) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        project.read().name = "other"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("modell.budget", 3, "(did you mean model?)"),
        ("overide", {}, "(did you mean overrides?)"),
        ("model.bugdet", 3, "(did you mean budget?)"),
        ("hubs.0.reach", 3, "one of capacity, capex, kwh_year, links, mbps, name, opex_per_year, reach_km"),
        (
            "demand.xx",
            "a",
            "a known key, one of area_km2, cells, connected_people, connected_share, connected_share_error, crs,",
        ),
        ("model.budget", "12", "model.budget: '12' found; allowed: a number in digits alone, without quotes"),
        ("model.budget", "2 crore", "model.budget: '2 crore' found; allowed: a number in digits alone"),
        ("model.budget", True, "model.budget: True found; allowed: a number in digits alone, without quotes"),
        ("model.budget", -1, "model.budget: -1 found; allowed: a number greater than or equal to 0"),
        ("model.budget", float("nan"), "model.budget: nan found; allowed: a finite number"),
        (
            "model.max_hubs",
            2.0,
            "model.max_hubs: 2.0 found; allowed: a whole number in digits alone, without quotes or decimal point",
        ),
        ("model.max_hubs", True, "model.max_hubs: True found; allowed: a whole number"),
        ("model.objective", "cover", "model.objective: 'cover' found; allowed: one of max_coverage, min_cost,"),
        ("hubs.0.reach_km", 0, "hubs.0.reach_km: 0 found; allowed: a number greater than 0"),
        ("hubs.0.reach_km", "12", "hubs.0.reach_km: '12' found; allowed: a number in digits alone, without quotes"),
        ("hubs.0.capex", True, "hubs.0.capex: True found; allowed: a column name, or a number of at least 0"),
        ("hubs.0.capex", -1, "hubs.0.capex: -1 found; allowed: a column name, or a number of at least 0"),
        ("hubs.0.capex", float("inf"), "hubs.0.capex: inf found; allowed: a column name, or a number of at least 0"),
        ("hubs.0.capex", "", "hubs.0.capex: blank found; allowed: a column name, or a number of at least 0"),
        ("hubs.0.capex", ["a"], "hubs.0.capex: \"['a']\" found; allowed: a column name, or a number of at least 0"),
        ("hubs", [], "hubs: '[]' found; allowed: a list of at least one, such as [{capex: 9000000, name:"),
        ("hubs", "a", "hubs: 'a' found; allowed: a list, in [ ], such as [{capex: 9000000, name: centre"),
        ("hubs", [{"capex": 1}], "hubs.0.name: is required"),
        ("demand", 3, "demand: 3 found; allowed: keys with values below it"),
        ("demand.people", None, "demand.people: is required"),
        ("demand.people", -4, "demand.people: -4 found; allowed: a column name, or a number of at least 0"),
        ("demand.connected_share", 45, "a number from 0 to 1; 45 looks like per cent, write 0.45"),
        ("demand.connected_share", 450, "450 found; allowed: a column name, or a number from 0 to 1"),
        ("demand.id", "", "demand.id: blank found; allowed: a text that is not blank"),
        ("demand.id", 3, "demand.id: 3 found; allowed: text, in quotes if it looks like a number or date"),
        ("demand.groups", "province", "demand.groups: 'province' found; allowed: a list, in [ ]"),
        ("demand.where", ["a"], "demand.where: \"['a']\" found; allowed: keys with values below it"),
        ("demand.where", {"a": []}, "demand.where.a: '[]' found; allowed: a list of at least one"),
        ("demand.where", {"a": True}, "demand.where.a: True found; allowed: text, in quotes"),
        ("demand.spread_km", 0, "demand.spread_km: 0 found; allowed: a number greater than 0"),
        ("name", "two words", "name: 'two words' found; allowed: letters, digits, dot, dash and underscore"),
        ("name", "n" * 101, "found; allowed: a text of at most 100 characters"),
        ("description", "x" * 2001, "found; allowed: a text of at most 2,000 characters"),
        ("currency", "x" * 21, "found; allowed: a text of at most 20 characters"),
        ("model.periods.years", [{"name": str(k), "budget": 1} for k in range(300)], "allowed: a list of at most 100"),
        ("travel.moves", 9, "travel.moves: 9 found; allowed: only with method friction or terrain"),
        ("model.require", [""], "model.require.0: blank found; allowed: a text that is not blank"),
        ("extends", "a.yaml", "extends: 'a.yaml' found; allowed: a key of the scenario file alone; write it there"),
        ("model.require", [1.5], "model.require.0: 1.5 found; allowed: text, in quotes if it looks like a number"),
        ("model.target_share", 1.2, "model.target_share: 1.2 found; allowed: a number less than or equal to 1"),
        ("travel.detour", 0.5, "travel.detour: 0.5 found; allowed: a number greater than or equal to 1"),
        ("solver.gap", 1, "solver.gap: 1 found; allowed: a number less than 1"),
        ("horizon_years", -1, "horizon_years: -1 found; allowed: a number greater than or equal to 0"),
        ("description", "x" * 80 + "\n", None),
    ],
)
def test_each_wrong_value_is_named_with_what_is_allowed(
    project: Project, key: str, value: object, message: str | None
) -> None:
    if message is None:
        assert project.read({key: value}).description == value
        return
    [found] = project.refusal({key: value})
    assert found.startswith("scenario.yaml, ")
    assert message in found


def test_a_long_value_is_cut_short(project: Project) -> None:
    [found] = project.refusal({"name": "? " * 90})
    assert found.startswith("scenario.yaml, name: '? ? ")
    assert "...' found" in found


def test_a_key_that_is_no_text_is_named(project: Project) -> None:
    project.edit("scenario.yaml", "currency: PKR", "currency: PKR\n2030: x")
    assert project.refusal() == [
        "scenario.yaml, 2030: 2030 found; allowed: a key that is text, in quotes if it looks like a number"
    ]


def test_all_faults_of_a_scenario_come_at_once(project: Project) -> None:
    found = project.refusal({"model.budget": "x", "hubs.0.capex": -1, "demand.people": None, "oops": 1})
    assert len(found) == 4


def test_numbers_may_be_written_in_any_yaml_way(project: Project) -> None:
    project.edit("scenario.yaml", "budget: 500", "budget: 2e9, max_hubs: 3")
    project.edit("scenario.yaml", "capex: 400", "capex: 9.0e6")
    scenario = project.read()
    assert (scenario.model.budget, scenario.model.max_hubs, scenario.hubs[1].capex) == (2e9, 3, 9e6)


def test_a_quoted_number_is_a_column(project: Project) -> None:
    assert project.read({"demand.people": "12"}).demand.people == "12"
    people = project.read({"demand.people": 12}).demand.people
    assert (people, type(people)) == (12.0, float)


def test_ids_and_filters_may_be_bare_numbers_and_words(project: Project) -> None:
    project.edit("scenario.yaml", "model: {budget: 500}", "model: {require: [7, no, S1], exclude: ['007']}")
    scenario = project.read({"demand.where": {"province": "Punjab", "code": [1, "x"]}})
    assert scenario.model.require == ("7", "no", "S1")
    assert scenario.model.exclude == ("007",)
    assert scenario.demand.where == {"province": ("Punjab",), "code": ("1", "x")}


@pytest.mark.parametrize(
    ("travel", "said"),
    [
        (
            {"method": "terrain", "land_cover": {"path": "a"}, "dem": {"path": "b"}, "speeds": 4},
            "travel.speeds: 4 found; allowed: a list, in [ ], such as [{class: [1, 2], kmh: 4}, {class: 9, kmh: 0}]",
        ),
        (
            {"method": "terrain", "land_cover": {"path": "a"}, "dem": {"path": "b"}, "speeds": [4]},
            "travel.speeds.0: 4 found; allowed: keys with values below it, such as {class: [1, 2], kmh: 4}",
        ),
        (
            {"method": "network", "roads": {"path": "a.gpkg", "where": "open"}},
            "travel.roads.where: 'open' found; allowed: keys with values below it, such as {status: [open]}",
        ),
        (
            {"method": "network", "roads": {"path": "a.gpkg"}, "modes": [{"name": "car", "speeds": 50}]},
            "travel.modes.0.speeds: 50 found; allowed: keys with values below it, such as {primary: 50, track: 15}",
        ),
    ],
)
def test_lists_and_keys_are_asked_for_with_an_example(project: Project, travel: Any, said: str) -> None:
    (fault,) = project.refusal({"travel": travel})
    assert fault.endswith(said)


def test_every_example_of_the_schema_is_allowed_where_it_stands() -> None:
    fields = [
        (node, field)
        for node in (ModeSpec, RoadsSpec, FutureSpec, *METHODS.values(), Scenario)
        for field in node.model_fields.values()
        if field.examples
    ]
    assert len(fields) >= 9
    for node, field in fields:
        for example in field.examples or ():
            assert TypeAdapter(field.annotation).validate_python(example), node
