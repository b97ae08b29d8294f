"""Columns taken over from other files: nobody is lost or counted twice, no name is guessed."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from support.command import run

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.audit.data.joins import folded
from hubplanner.inputs import joins
from hubplanner.inputs.joins import join_all, values_to_alias
from hubplanner.inputs.readers.tables import InputTable
from hubplanner.scenario.names import join_key

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

    from hubplanner.errors import Fault

TOWNS = """\
id,lon,lat,people,district,province
D1,67.00,30.00,1000,Elgeyo-Marakwet,West
D2,67.10,30.05,500,"NAIROBI  City",West
D3,68.00,31.00,2000,Ñuble,East
D4,68.05,31.02,800,Muranga,East
"""
ONLINE = """\
County,% online,census,code
Elgeyo Marakwet,0.2,1000,01
Nairobi-City,0.3,500,02
Nuble,0.4,2000,03
Murang'a,0.5,800,04
Elsewhere,0.1,70,05
"""
AREAS = {"west": (66.0, 67.5), "east": (67.5, 68.02)}


def joined(project: Project, **join: Any) -> dict[str, Any]:
    """Write towns and a table, and return the settings that join them."""
    project.write("towns.csv", TOWNS)
    project.write("online.csv", ONLINE)
    join = {"path": str(project.folder / "online.csv"), "on": {"district": "County"}} | join
    join.setdefault("take", {"online": "% online"})
    keys = {"path": str(project.folder / "towns.csv"), "id": "id", "connected_share": 0.0, "priority": 1.0}
    return with_key({}, **keys, groups=["province"], join=[join])


def areas(project: Project) -> str:
    """Write two polygons that share a border, and return their path."""
    features = []
    for name, (west, east) in AREAS.items():
        ring = [[west, 29], [east, 29], [east, 32], [west, 32], [west, 29]]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"name": name}, "geometry": shape})
    return str(project.write("areas.geojson", json.dumps({"type": "FeatureCollection", "features": features})))


def with_key(settings: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return settings with keys of demand."""
    return settings | {f"demand.{key}": value for key, value in keys.items()}


def test_columns_come_by_names_that_differ_in_case_accents_hyphens_and_blanks(project: Project) -> None:
    settings = joined(project, aliases={"Muranga": "Murang'a"})
    inputs = project.inputs(with_key(settings, connected_share="online"))
    assert inputs.demand.frame["connected_share"].tolist() == [0.2, 0.3, 0.4, 0.5]
    assert inputs.demand.frame["people"].sum() == 4300
    assert inputs.joins[0].lines() == [
        "demand.join.0, online.csv: 4 of 4 rows of towns.csv have a match",
        "  1 there match nothing here: Elsewhere",
    ]


def test_what_only_nearly_matches_is_never_taken(project: Project) -> None:
    assert project.messages(joined(project)) == [
        (
            "towns.csv, row 5, district: 'Muranga' found; allowed: a value that online.csv has; near: Murang'a; name "
            "its match under demand.join.0.aliases, or say demand.join.0.unmatched: drop, a number or mean_of"
        )
    ]
    exact = project.messages(joined(project, exact=True))
    assert [message.partition(" found")[0].rpartition(": ")[2] for message in exact] == [
        "'Elgeyo-Marakwet'",
        "'NAIROBI  City'",
        "'Ñuble'",
        "'Muranga'",
    ]


def test_a_value_of_several_rows_without_a_match_is_told_once_with_their_number(project: Project) -> None:
    settings = joined(project)
    towns = project.folder / "towns.csv"
    last = TOWNS.splitlines()[-1]
    towns.write_text(
        "\n".join([TOWNS.rstrip(), *(last.replace("D4", name) for name in ("D8", "D9"))]), encoding="utf-8"
    )
    [found] = project.messages(settings)
    assert "a value that online.csv has; it stands in 3 rows; near: Murang'a; name its match under" in found


def test_rows_without_a_partner_are_dropped_filled_or_given_the_mean_of_their_group(project: Project) -> None:
    share = {"connected_share": "online"}
    dropped = project.inputs(with_key(joined(project, unmatched="drop"), **share))
    assert dropped.demand.frame["people"].sum() == 3500
    assert any("1 rows without a match in online.csv are left out: Muranga" in str(w) for w in dropped.warnings)
    filled = project.inputs(with_key(joined(project, unmatched=0.9), **share))
    assert filled.demand.frame["connected_share"].tolist() == [0.2, 0.3, 0.4, 0.9]
    mean = project.inputs(with_key(joined(project, unmatched={"mean_of": "province"}), **share))
    assert mean.demand.frame["connected_share"].tolist() == [0.2, 0.3, 0.4, 0.4]


def test_aliases_may_stand_in_a_file_and_must_name_what_is_there(project: Project) -> None:
    path = str(project.write("aliases.csv", "here,there\nmuranga,Murang'a\nother,\n"))
    settings = with_key(joined(project, aliases=path), connected_share="online")
    assert project.inputs(settings).demand.frame["connected_share"].tolist()[3] == 0.5
    assert "aliases.csv" in project.inputs(settings).digests
    wrong = project.messages(joined(project, aliases={"Muranga": "Muranga"}))
    assert wrong == [
        (
            "scenario.yaml, demand.join.0.aliases: 'Muranga: Muranga' found; allowed: a value that online.csv has; "
            "did you mean Murang'a?"
        )
    ]


def test_what_lacks_an_alias_is_listed_with_what_may_be_meant(project: Project) -> None:
    settings = joined(project)
    assert values_to_alias(project.read(settings)) == [("demand.join.0", "Muranga", ("Murang'a",))]
    absent = joined(project, aliases=str(project.folder / "names.csv"))
    assert values_to_alias(project.read(absent)) == values_to_alias(project.read(settings))
    project.write("both.csv", "County,part,% online\nElgeyo Marakwet,Westt,0.2\nNuble,East,0.4\n")
    both = joined(project, path=str(project.folder / "both.csv"), on={"district": "County", "province": "part"})
    assert values_to_alias(project.read(both)) == [
        ("demand.join.0", "Muranga", ()),
        ("demand.join.0", "NAIROBI  City", ()),
        ("demand.join.0", "West", ("Westt",)),
    ]


@pytest.mark.slow
def test_validate_writes_the_aliases_to_fill_in(project: Project) -> None:
    settings = joined(project) | {"demand.connected_share": "online"}
    asked = [word for key, value in settings.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    validate = ("validate", project.folder / "scenario.yaml", *asked, "--write-aliases")
    names = project.folder / "names.csv"
    done = run(*validate, names)
    assert done.returncode == 2
    assert "towns.csv, row 5, district: 'Muranga' found" in done.stderr
    assert f"1 value to fill in written to {names}" in done.stderr
    assert "nothing was written" not in done.stderr
    text = names.read_text(encoding="utf-8-sig")
    assert text == "here,there,near,join\nMuranga,,Murang'a,demand.join.0\n"
    again = run(*validate, names)
    assert again.returncode == 2
    assert "already exists" in again.stderr
    filled = with_key(joined(project, aliases=str(names)), connected_share="online")
    assert any("'Muranga' found" in message for message in project.messages(filled))
    names.write_text(text.replace("Muranga,,", "Muranga,Murang'a,"), encoding="utf-8-sig")
    assert project.inputs(filled).demand.frame["connected_share"].tolist() == [0.2, 0.3, 0.4, 0.5]
    assert values_to_alias(project.read(filled)) == []


def test_a_key_stands_once_in_the_file_that_is_taken_from(project: Project) -> None:
    settings = joined(project, aliases={"Muranga": "Murang'a"})
    project.edit("online.csv", "Elsewhere,0.1,70,05", "NUBLE,0.1,70,05")
    assert project.messages(settings) == [
        (
            "online.csv, row 6, County: 'NUBLE' found; allowed: a key only once; row 4 has it already, written 'Nuble' "
            "there: keep one with where, add a column to on that tells them apart, or exact: true if they differ"
        )
    ]
    project.edit("online.csv", "NUBLE,0.1,70,05", "Elsewhere,0.1,70,05\nElsewhere,0.2,70,06")
    assert len(project.inputs(settings).demand.frame) == 4  # nobody asks for it


def test_people_of_one_row_never_go_to_two(project: Project) -> None:
    settings = joined(project, take={"census": "census"}, aliases={"Muranga": "Murang'a"})
    inputs = project.inputs(with_key(settings, people="census"))
    assert inputs.joins[0].people == (("census", 4370.0, 4300.0),)
    assert inputs.demand.frame["people"].sum() == 4300
    project.edit("towns.csv", "Ñuble", "nairobi city")
    found = project.messages(with_key(settings, people="census"))
    assert [message.partition(" would")[0] for message in found] == [
        "online.csv, row 3, census: people of one row here; 2 rows"
    ]


def test_rows_take_over_the_columns_of_the_polygon_they_lie_in(project: Project) -> None:
    join = {"path": areas(project), "on": "location", "take": {"part": "name"}, "unmatched": "drop"}
    inputs = project.inputs(with_key(joined(project, **join), groups=["part"]))
    assert inputs.demand.frame["part"].tolist() == ["west", "west", "east"]
    message = project.messages(with_key(joined(project, **(join | {"unmatched": "error"})), groups=["part"]))
    assert message == [
        (
            "towns.csv, row 5, location: '68.05, 31.02' found; allowed: a place inside a polygon of areas.geojson; say "
            "demand.join.0.unmatched: drop, a number or mean_of"
        )
    ]


def test_places_outside_all_polygons_are_one_fault_and_told_where_they_look_swapped(project: Project) -> None:
    join = {"path": areas(project), "on": "location", "take": {"part": "name"}}
    given = with_key(joined(project, **join), groups=["part"])
    text = (project.folder / "towns.csv").read_text(encoding="utf-8").splitlines()
    at = [text[0].split(",").index(name) for name in ("lon", "lat")]
    rows = [row.split(",") for row in text[1:]]
    for row in rows:
        row[at[0]], row[at[1]] = row[at[1]], row[at[0]]
    project.write("towns.csv", "\n".join([text[0], *(",".join(row) for row in rows)]))
    [fault] = [message for message in project.messages(given) if "polygon" in message]
    assert "polygon of areas.geojson; 4 rows lie in none: 2, 3, 4, 5; exchange x and y, by which 3 of them" in fault


def test_what_is_joined_can_be_filtered_and_joined_on(project: Project) -> None:
    settings = joined(project, take={"code": "code", "online": "% online"}, aliases={"Muranga": "Murang'a"})
    second = project.write("codes.csv", "number,label\n1,one\n2,two\n3,three\n4,four\n")
    join = {"path": str(second), "on": {"code": "number"}, "take": {"label": "label"}}
    settings["demand.join"].append(join)
    inputs = project.inputs(with_key(settings, groups=["label"], where={"label": ["two", "four"]}))
    assert inputs.demand.frame["label"].tolist() == ["two", "four"]


def test_joined_runs_are_audited_in_full(project: Project, tmp_path: Path) -> None:
    by_place = {"path": areas(project), "on": "location", "take": {"part": "name"}, "unmatched": "drop"}
    settings = joined(project, unmatched={"mean_of": "province"})
    settings["demand.join"].append(by_place)
    settings = with_key(settings, connected_share="online", groups=["part"])
    costs = str(project.write("costs.csv", "town,money\nQUETTA,90\nLahore old,80\n"))
    join = {"path": costs, "on": {"name": "town"}, "take": {"money": "money"}, "unmatched": 120}
    settings["sites.join"] = [join | {"aliases": {"Lahore, old": "Lahore old"}}]
    settings["hubs"] = [{"name": "centre", "capex": "money", "reach_km": 20}]
    settings["sites.tier"] = None
    plan = hp.solve(project.read(settings))
    assert plan.inputs.demand.frame["people"].sum() == 3500
    plan.write(tmp_path / "run")
    audit = audit_run(tmp_path / "run")
    assert audit.verdict == "pass", audit.findings
    assert audit.checked["plan.json"] > 20


PLAIN = st.text("abcdefgh éñŁ", min_size=1, max_size=8).filter(lambda word: any(letter.isalpha() for letter in word))


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows with people, and a table with one row for each of their keys and some others."""
    names = draw(st.lists(PLAIN, min_size=1, max_size=6, unique_by=join_key))
    rows = draw(st.lists(st.sampled_from(names), min_size=1, max_size=12))
    people = draw(st.lists(st.integers(0, 10**6), min_size=len(rows), max_size=len(rows)))
    here = pd.DataFrame({"name": [varied(draw, row) for row in rows], "people": people})
    other = draw(st.permutations(names))
    return here, pd.DataFrame({"key": other, "value": [join_key(name) for name in other]})


def varied(draw: st.DrawFn, name: str) -> str:
    """Return another spelling of a name."""
    form = draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    name = unicodedata.normalize(form, name)
    name = draw(
        st.sampled_from([name, name.upper(), f" {name}\u00a0", name.replace(" ", "-"), name.replace(" ", "  ")])
    )
    return name if join_key(name) else "a"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=tables(), seed=st.integers(0, 9))
def test_a_join_never_loses_or_doubles_people_whatever_order_or_spelling(
    project: Project, tables: tuple[pd.DataFrame, pd.DataFrame], seed: int
) -> None:
    here, there = tables
    path = project.folder / "there.csv"
    there.sample(frac=1, random_state=seed).to_csv(path, index=False)
    join = {"path": str(path), "on": {"name": "key"}, "take": {"value": "value"}, "unmatched": "drop"}
    scenario = project.read({"demand.join": [join]})
    mixed = here.sample(frac=1, random_state=seed)
    faults: list[Fault] = []
    found, reports = join_all(scenario, "demand", InputTable(name="here.csv", frame=mixed), ["people"], faults)
    assert not faults
    known = {join_key(key) for key in there["key"]}
    kept = mixed[[join_key(name) in known for name in mixed["name"]]]
    assert found.frame["people"].tolist() == kept["people"].tolist()
    assert found.frame["value"].tolist() == [join_key(name) for name in kept["name"]]
    assert reports[0].matched == len(kept)


@given(st.text(max_size=12))
def test_keys_are_compared_alike_by_the_planner_and_its_audit(name: str) -> None:
    assert join_key(name) == folded(name)
    assert join_key(join_key(name)) == join_key(name)


@pytest.mark.parametrize(("one", "other"), [("01001", "1001"), ("28001.0", "28001"), ("ﬁ x", "FI-X"), ("0", "00")])
def test_codes_and_ligatures_are_the_same(one: str, other: str) -> None:
    assert join_key(one) == join_key(other)


def test_a_total_is_left_out_before_partners_are_looked_for_and_per_cent_are_shares(project: Project) -> None:
    table = "Table 2;;\nCounty;% online;census\nNuble;12,5 %;1\nNairobi City;30%;2\nElgeyo Marakwet;0;3\n"
    settings = joined(project, percent=["online"], decimal=",", skip_rows=1, aliases={"Muranga": "Murang'a"})
    project.write("online.csv", f"{table}Murang'a;7,25;4\nTotal;9;10\n")
    project.write("towns.csv", f"{TOWNS}D9,68,31,4300,TOTAL,East\n")
    settings["demand.join"][0]["total_rows"] = "drop"
    refused = project.messages(with_key(settings, connected_share="online"))
    assert any("TOTAL" in message for message in refused)
    settings = with_key(settings, connected_share="online", total_rows="drop")
    inputs = project.inputs(settings)
    assert inputs.demand.frame["connected_share"].tolist() == pytest.approx([0, 0.3, 0.125, 0.0725])
    assert sorted(warning.code for warning in inputs.warnings if warning.code == "total_row") == []


def test_keys_that_a_joined_file_does_not_have_are_refused(project: Project) -> None:
    found = project.refusal(joined(project, sheet="Table 2", percent=["web"]))
    assert found == [
        (
            "scenario.yaml, demand.join.0.sheet: 'Table 2' found; allowed: only for a spreadsheet; of a file of "
            "layers, name a layer"
        ),
        "scenario.yaml, demand.join.0.percent: 'web' found; allowed: a column that take brings: online",
    ]


def test_faults_of_all_joins_are_told_at_once(project: Project) -> None:
    """The second join stands by itself, the third goes by what the first was to bring."""
    project.write("speed.csv", "place,speed\nElgeyo-Marakwet,1\nNairobi City,2\nÑuble,3\nMurangaa,4\n")
    project.write("regions.csv", "code,region\n01,north\n")
    settings = joined(project, take={"code": "code"})
    [first] = settings["demand.join"]
    second = {"path": str(project.folder / "speed.csv"), "on": {"district": "place"}, "take": {"speed": "speed"}}
    third = {"path": str(project.folder / "regions.csv"), "on": {"code": "code"}, "take": {"region": "region"}}
    settings = with_key(settings, join=[first, second, third], priority="speed", groups=["province", "region"])
    told = project.messages(settings)
    assert [message.partition("found")[0] for message in told] == ["towns.csv, row 5, district: 'Muranga' "] * 2
    assert "near: 'Murang'a'" in told[0] or "Murang'a" in told[0]
    assert "Murangaa" in told[1]
    assert values_to_alias(project.read(settings)) == [
        ("demand.join.0", "Muranga", ("Murang'a",)),
        ("demand.join.1", "Muranga", ("Murangaa",)),
    ]


def test_each_word_is_looked_at_once_however_many_rows_have_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def counted(name: str) -> str:
        looked.append(name)
        return join_key(name)

    monkeypatch.setattr(joins, "join_key", counted)
    rows, districts = 3000, 60
    towns = [f"T{row},{67 + row / rows},30,{row},Ñuble-{row % districts}" for row in range(rows)]
    project.write("towns.csv", "\n".join(["id,lon,lat,people,district", *towns]) + "\n")
    shares = [f"NUBLE {district},0.{district:02}" for district in range(districts)]
    project.write("online.csv", "\n".join(["County,share", *shares]) + "\n")
    join = {"path": str(project.folder / "online.csv"), "on": {"district": "County"}, "take": {"online": "share"}}
    keys = {"path": str(project.folder / "towns.csv"), "id": "id", "connected_share": "online", "priority": 1.0}
    demand = project.inputs(with_key({}, **keys, groups=["district"], join=[join])).demand.frame
    shared = [float(f"0.{int(name.partition('-')[2]):02}") for name in demand["district"]]
    assert demand["connected_share"].tolist() == shared
    assert sorted(looked) == sorted({*looked})
    assert len(looked) == 2 * districts
