"""Names that look the same are the same, in every file and in the scenario; names that are nearly the same are told."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, strategies as st

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.audit.data.places import alike
from hubplanner.scenario.names import hint, key_of

if TYPE_CHECKING:
    from support.project import Project

    from hubplanner.inputs import Inputs

SCENARIO = """\
name: names
demand: {path: demand.csv, id: id, x: lon, y: lat, people: people, groups: [region]}
sites: {path: sites.csv, id: id, x: lon, y: lat, groups: [region], status: status, tier: tier}
hubs:
  - {name: Café, capex: 10, reach_km: 10}
  - {name: park, capex: 30, reach_km: 10}
horizon_years: 0
model: {max_hubs: 2}
"""
DEMAND = """\
id,lon,lat,people,region
Chillán,-72.1,-36.61,9000,Ñuble
San Carlos,-71.96,-36.42,4000,Ñuble
Talca,-71.66,-35.43,8000,Maule
"""
SITES = """\
id,lon,lat,region,status,tier
Á,-72.09,-36.6,Ñuble,candidate,Café
B,-71.97,-36.41,Ñuble,,
C,-71.65,-35.42,Maule,existing,park
"""
MATRIX = "demand_id,site_id,km\nChillán,Á,2\nSan  Carlos,B,1\nTalca,C,2\n"
LIMITS: dict[str, Any] = {
    "demand.where": {"region": ["Ñuble"]},
    "model.floors": [{"group": "region", "value": "Ñuble", "share": 0.6}],
    "model.hub_limits": [{"group": "region", "value": "Ñuble", "max": 2}],
    "model.require": ["Á"],
    "model.at_most_one": [["B", "C"]],
    "model.only_with": [{"site": "B", "needs": "Á"}],
}
WAYS = {
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "invisible": lambda text: (
        text.replace("Ñuble", "\ufeffÑu\u00adble").replace("Á", "Á\u200b").replace("Café", "Ca\u2060fé")
    ),
    "white space": lambda text: text.replace("San Carlos", "San\u00a0 Carlos").replace("Á", "Á\u3000"),
    "wide": lambda text: text.replace("B,", "\uff22,").replace("San", "\uff33an"),
}


@pytest.fixture
def chile(project: Project) -> Project:
    project.write("scenario.yaml", SCENARIO)
    project.write("demand.csv", DEMAND)
    project.write("sites.csv", SITES)
    project.write("km.csv", MATRIX.replace("San  Carlos", "San Carlos"))
    return project


def _figures(plan: hp.Plan) -> dict[str, Any]:
    found = plan.summary()
    hubs = [(key_of(hub["site_id"]), hub["tier"], hub["status"]) for hub in found["hubs"]]
    groups = {key_of(value): part["share"] for value, part in found["groups"]["region"].items()}
    return {"hubs": sorted(hubs), "groups": groups, "need": found["need"], "distance": found["distance"]}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("file", ["demand.csv", "sites.csv", "km.csv"])
def test_a_file_that_spells_names_otherwise_gives_the_same_plan(chile: Project, file: str, way: str) -> None:
    settings = LIMITS | (
        {"travel.method": "matrix", "travel.path": str(chile.folder / "km.csv")} if file == "km.csv" else {}
    )
    plain = _figures(hp.solve(chile.read(settings)))
    chile.write(file, WAYS[way]((chile.folder / file).read_text(encoding="utf-8")))
    assert _figures(hp.solve(chile.read(settings))) == plain


@pytest.mark.parametrize("way", WAYS)
def test_the_audit_knows_names_however_they_are_spelled(chile: Project, way: str) -> None:
    chile.write("sites.csv", WAYS[way](SITES))
    chile.write("km.csv", WAYS[way](MATRIX))
    settings = LIMITS | {"travel.method": "matrix", "travel.path": str(chile.folder / "km.csv")}
    hp.solve(chile.read(settings)).write(chile.folder / "run")
    assert audit_run(chile.folder / "run", None, 5).as_dict()["verdict"] == "pass"


def test_what_is_written_is_spelled_as_the_file_spells_it(chile: Project) -> None:
    decomposed = unicodedata.normalize("NFD", DEMAND), unicodedata.normalize("NFD", SITES)
    for name, text in zip(("demand.csv", "sites.csv"), decomposed, strict=True):
        chile.write(name, text)
    plan = hp.solve(chile.read(LIMITS))
    assert list(plan.summary()["groups"]["region"]) == [unicodedata.normalize("NFD", "Ñuble")]
    assert unicodedata.normalize("NFD", "Á") in plan.hubs["site_id"].tolist()
    assert set(plan.demand["demand_id"]) == {unicodedata.normalize("NFD", "Chillán"), "San Carlos"}


SPELLED = """\
id,lon,lat,people,region
a,68.72,25.46,5000,Tando Allahyar
b,68.6,25.4,4000,Tando Allahyar
c,68.9,25.6,4500,Tando Allahyar\u200b
d,68.5,25.2,3500,Tando  Allahyar
e,68.5,25.3,3500,tando-allahyar
"""


@pytest.mark.parametrize("merge", [False, True])
def test_spellings_of_a_value_are_one_and_told(chile: Project, merge: bool) -> None:  # noqa: FBT001
    chile.write("demand.csv", SPELLED)
    chile.write("sites.csv", "id,lon,lat,region,status,tier\nA,68.72,25.46,Tando Allahyar\u200b,,\nB,68.5,25.2,x,,\n")
    inputs = chile.inputs({"demand.merge": merge})
    assert inputs.demand.values("region") == ["Tando Allahyar", "tando-allahyar"]
    assert [(warning.code, warning.file) for warning in inputs.warnings] == [
        ("spellings", "demand.csv"),
        ("similar_values", "demand.csv"),
    ]
    told = [warning.message for warning in inputs.warnings]
    assert "spelled in 3 ways" in told[0]
    assert "'Tando Allahyar\\u200b'" in told[0]
    assert told[1] == "region: 'Tando Allahyar', 'tando-allahyar' are 2 values; spell them alike if they are one"
    # The site's only spelling stays as it is.
    assert inputs.sites.frame["region"].tolist() == ["Tando Allahyar\u200b", "x"]


@pytest.mark.parametrize("merge", [False, True])
def test_which_spelling_stands_for_all_does_not_depend_on_their_order(chile: Project, merge: bool) -> None:  # noqa: FBT001
    head, *rows = SPELLED.splitlines(keepends=True)
    chile.write("demand.csv", head + "".join(reversed(rows)))
    assert chile.inputs({"demand.merge": merge}).demand.values("region") == ["Tando Allahyar", "tando-allahyar"]


@pytest.mark.parametrize("merge", [False, True])
def test_ids_that_look_the_same_are_one_id_twice(chile: Project, merge: bool) -> None:  # noqa: FBT001
    chile.write("demand.csv", DEMAND + "Chill\u00e1n\u200b,-72.0,-36.6,5,Maule\n")
    (message,) = chile.messages({"demand.merge": merge})
    assert message.startswith("demand.csv, row 5, id: 'Chillán\\u200b' found; allowed: an id only once; row 2 has it")
    if not merge:
        assert message.endswith(r"already, written 'Chill\xe1n' there and 'Chill\xe1n\u200b' here")


def test_ids_that_differ_in_case_or_hold_control_characters_are_told(chile: Project) -> None:
    chile.write("demand.csv", DEMAND + "talca,-72.0,-36.6,5,Maule\nTal\x07ca 2,-72.0,-36.7,5,Maule\n")
    found = sorted(chile.inputs().warnings, key=lambda warning: warning.row or 0)
    assert [(warning.code, warning.row) for warning in found] == [("similar_id", 5), ("control_character", 6)]
    assert found[0].message == "id talca differs from Talca in row 4 in upper and lower case alone"
    assert "id 'Tal\\x07ca 2' holds a control character" in found[1].message
    assert chile.inputs().demand.frame["demand_id"].tolist()[-1] == "talca"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("demand.where", {"region": "maule"}, "; did you mean Maule?"),
        ("model.floors", [{"group": "region", "value": "Nuble", "share": 0.5}], "; did you mean Ñuble?"),
        ("model.hub_limits", [{"group": "region", "value": "Maul", "max": 1}], "; did you mean Maule?"),
        ("model.require", ["b"], "; did you mean B?"),
        ("model.at_most_one", [["b", "C"]], "; did you mean B?"),
        # A Cyrillic letter looks like a Latin one.
        (
            "model.require",
            ["\u0412"],
            "",
        ),
    ],
)
def test_a_near_name_is_offered(chile: Project, key: str, value: Any, told: str) -> None:
    (message,) = chile.messages({key: value})
    assert message.endswith(told)


def test_letters_of_another_script_are_named() -> None:
    told = hint("Punj\u0430b", ["Punjab", "Sindh"])
    assert told == "did you mean Punjab? (CYRILLIC SMALL LETTER A here, LATIN SMALL LETTER A there)"


def test_futures_name_sites_and_values_as_people_do(chile: Project) -> None:
    named = [
        {"name": "dry", "need": {"region": {"N\u0303uble": 2.0}}, "sites_out": ["A\u0301"]},
        {"name": "calm", "cost": {"region": {" Maule\u200b": 2.0}}},
    ]
    settings = {"futures": {"named": named}, "model.budget": 100}
    found: Inputs = chile.inputs(settings)
    assert found.scenario.futures is not None
    dry, calm = found.scenario.futures.named
    assert (dry.need, dry.sites_out) == ({"region": {"Ñuble": 2.0}}, ("Á",))
    assert calm.cost == {"region": {"Maule": 2.0}}


TEXT = st.text(
    alphabet=st.sampled_from("aA1 -é\u0301\u00a0\u200b\u200d\ufeff\u3164\u00ad\t\x07\u2460\ufb01\uff21\u0627\u064e"),
    max_size=8,
)


@given(TEXT)
def test_a_key_is_its_own_key_and_the_audit_agrees(text: str) -> None:
    assert key_of(key_of(text)) == key_of(text)
    assert alike(text) == key_of(text)


@given(TEXT, TEXT)
def test_a_key_tells_no_normal_form_apart(one: str, other: str) -> None:
    forms = {key_of(unicodedata.normalize(form, one + other)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {key_of(one + other)}


@pytest.mark.parametrize("settings", [{}, {"demand.merge": True}], ids=["rows", "merged"])
def test_columns_are_found_however_they_are_spelled(chile: Project, settings: dict[str, Any]) -> None:
    plain = _figures(hp.solve(chile.read(settings)))
    head = "id\u200b,lon,lat,people,re\u00adgion"
    chile.write("demand.csv", DEMAND.replace("id,lon,lat,people,region", head))
    chile.write("sites.csv", SITES.replace("status,tier", "status\ufeff,\uff54ier"))
    plan = hp.solve(chile.read(settings))
    assert _figures(plan) == plain
    assert list(plan.inputs.sites.frame.columns)[-3:-1] == ["status", "tier"]
    if not settings:
        plan.write(chile.folder / "run")
        assert audit_run(chile.folder / "run", None, 5).as_dict()["verdict"] == "pass"


def test_parquet_columns_are_found_however_they_are_spelled(chile: Project) -> None:
    pytest.importorskip("pyarrow")
    plain = chile.inputs({"demand.merge": True}).demand.frame
    frame = pd.read_csv(chile.folder / "demand.csv").rename(
        columns={"people": "people\u200b", "region": "re\u00adgion"}
    )
    frame.to_parquet(chile.folder / "demand.parquet")
    settings = {"demand.merge": True, "demand.path": str(chile.folder / "demand.parquet")}
    assert chile.inputs(settings).demand.frame.equals(plain)


@pytest.mark.parametrize("settings", [{}, {"demand.merge": True}], ids=["rows", "merged"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_column_without_a_name_is_told_where_it_says_something(
    chile: Project, quote: str, settings: dict[str, Any]
) -> None:
    head, *rows = DEMAND.splitlines()
    chile.write(
        "demand.csv", "\n".join([f"{head},,", f"{rows[0]},{quote}north{quote},", *(f"{row},," for row in rows[1:])])
    )
    (warning,) = chile.inputs(settings).warnings
    assert (warning.code, warning.file, warning.row) == ("blank_header", "demand.csv", None)
    assert warning.message.startswith("column 6 of the header is blank")


# --- what rows are called


def test_rows_are_called_by_their_names_wherever_an_id_would_be(project: Project) -> None:
    towns = {"D1": "Pishin", "D2": "Ziarat", "D3": "Lahore", "D4": "Kasur"}
    demand, sites = (pd.read_csv(project.folder / f"{file}.csv") for file in ("demand", "sites"))
    demand.assign(town=demand["demand_id"].map(towns)).to_csv(project.folder / "demand.csv", index=False)
    sites.assign(label="The " + sites["site_id"]).to_csv(project.folder / "sites.csv", index=False)
    folder = hp.solve(project.read({"demand.name": "town", "sites.name": "label"})).write(project.folder / "run")
    demand, hubs = (pd.read_csv(folder / f"{layer}.csv") for layer in ("demand", "hubs"))
    assert dict(zip(demand["demand_id"], demand["name"], strict=True)) == towns
    assert (hubs["name"] == "The " + hubs["site_id"]).all()
    assert "name_of_file" in hubs
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Pishin" in report
    assert "The S" in report
    assert audit_run(folder).findings == ()


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            {"demand.name": "town", "demand.merge": True},
            r"demand\.name: 'town' found; allowed: none with demand\.merge",
        ),
        ({"demand.name": "province", "demand.groups": ["name"]}, r"demand\.name: 'province' found; allowed: name"),
        ({"sites.name": "nosuch"}, r"nosuch"),
    ],
)
def test_names_that_cannot_be_shown_are_refused(project: Project, settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(hp.HubplannerError, match=fault):
        hp.read_inputs(project.read(settings))


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_nothing_that_cannot_be_seen_is_left_in_a_key(name: str) -> None:
    kept = "".join(each for each in unicodedata.normalize("NFKC", name) if each.isspace() or not hidden(each))
    assert " ".join(key_of(name).split()) == key_of(name)
    assert not any(hidden(each) for each in key_of(name))
    if not any(hidden(each) for each in name):
        assert key_of(name).split() == key_of(kept).split()


def hidden(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf"}
