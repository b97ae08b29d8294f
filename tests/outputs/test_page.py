"""The report of a run: what it says, and that it holds all it needs."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from support.instances.hostile_names import MARKUP, URDU, odd_result

import hubplanner as hp
from hubplanner.formatting import in_words
from hubplanner.outputs import run_folder
from hubplanner.outputs.html.charts import curve, rounds, years
from hubplanner.outputs.html.headline import proof
from hubplanner.outputs.html.minute import MORE, MOST_DOUBTS, more_money
from hubplanner.outputs.html.prose import reasons
from hubplanner.outputs.html.render import Extras, page
from hubplanner.outputs.map.scene import scene_of_run
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

    from hubplanner.outputs.run_data import Result

np = pytest.importorskip("numpy")
shapely = pytest.importorskip("shapely")


@pytest.fixture(autouse=True)
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out map.png, which takes most of the time."""
    monkeypatch.setattr(run_folder, "draw_map", lambda _, __, path: path.write_bytes(b"picture"))


@pytest.fixture
def run(project: Project) -> Path:
    """A run folder of the small town."""
    return hp.solve(project.read()).write(project.folder / "runs" / "small")


def result_of(folder: Path) -> Result:
    return read_result(folder)[0]


def words(html: str) -> str:
    """What a reader sees."""
    bare = re.sub(r"<(style|script)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"[\s\u2068\u2069]+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))


def table(html: str, caption: str) -> list[list[str]]:
    """The body of the table with a caption."""
    found = next(part for part in re.findall(r"<table.*?</table>", html, re.DOTALL) if f"<caption>{caption}" in part)
    rows = re.findall(r"<tr>(.*?)</tr>", found.partition("<tbody>")[2].partition("</tbody>")[0], re.DOTALL)
    return [[words(cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def test_solve_writes_it_and_it_says_what_the_plan_says(run: Path) -> None:
    html = (run / "report.html").read_text(encoding="utf-8")
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    hubs = table(html, "Hubs of the plan")
    assert sorted(row[1] for row in hubs) == sorted(hub["site_id"] for hub in plan["hubs"])
    by_id = {hub["site_id"]: hub for hub in plan["hubs"]}
    for row in hubs:
        hub = by_id[row[1]]
        assert row[3:6] == [f"{hub['hubs']}", f"{hub['covered_people']:,.0f}", f"PKR {hub['cost']:,.0f}"]
    groups = {row[0]: row for row in table(html, "Coverage by province")}
    for value, part in plan["groups"]["province"].items():
        assert groups[value][1:5] == [f"{part[key]:,.0f}" for key in ("people", "covered_people", "need", "covered")]
    seen = words(html)
    assert f"{plan['need']['covered']:,.0f}" in seen
    digest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))["inputs"]["demand.csv"]
    assert digest in seen
    assert "report.html" in json.loads((run / "manifest.json").read_text(encoding="utf-8"))["files"]


def test_the_first_page_says_what_to_build_what_to_doubt_and_what_more_money_brings(project: Project) -> None:
    settings = {
        **{f"hubs.{tier}.capacity": room for tier, room in enumerate((300, 500))},
        "model.fairness": {"alpha": 1, "group": "province"},
        "sites.groups": ["capex"],
        "solver.gap": 0.2,
    }
    folder = hp.solve(project.read(settings)).write(project.folder / "runs" / "fair")
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    html = (folder / "report.html").read_text(encoding="utf-8")
    first, later = html.partition('<section id="hubs"')[::2]
    seen = words(first.partition('<section id="minute"')[2])
    lines = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", first.partition("What to build where")[2])
    built = re.findall(r"\b(an?|\d+) (?:centre|park)s?\b", " ".join(words(what) for _, what in lines))
    new = [hub["hubs"] for hub in plan["hubs"] if hub["status"] == "new"]
    assert sum(1 if number[0] == "a" else int(number) for number in built) == sum(new) > 0
    assert 0 < len(re.findall(r"<li>", first.partition("What to doubt")[2].partition("</ol>")[0])) <= MOST_DOUBTS
    assert "the place is a proposal" in seen
    assert "Plans nearly as good: hubplanner alternatives." in seen
    assert f"model.budget={plan['budget'] * MORE:.0f}" in seen
    assert "SHA-256" not in first
    assert "SHA-256" in later


def test_alternatives_are_offered_where_they_can_be_asked_for(run: Path) -> None:
    assert "Plans nearly as good: hubplanner alternatives." in (run / "report.html").read_text(encoding="utf-8")


def test_what_more_money_brings_is_a_frontier_s_next_plan(run: Path) -> None:
    result = result_of(run)
    own = result.summary["cost"]["total"]
    points = [
        {"number": number, "cost": own * part, "people": result.reached + 100 * part}
        for number, part in ((1, 0.5), (2, 1.0), (3, 2.0))
    ]
    assert "plan 3 of the frontier below reaches 200 people more" in more_money(result, {"points": points})


def test_where_seats_are_full_it_says_how_many_more_money_buys(project: Project) -> None:
    settings = {f"hubs.{tier}.capacity": room for tier, room in enumerate((30, 50))}
    result = result_of(hp.solve(project.read(settings)).write(project.folder / "runs" / "full"))
    new = result.hubs[result.hubs["status"] == "new"]
    assert new["load"].sum() == new["capacity"].sum() > 0
    own, budget = result.summary["cost"]["total"], result.summary["budget"]
    told = more_money(result, None)
    assert f"{in_words(own / new['load'].sum())}, " in told
    assert f" more buys {in_words(budget * (MORE - 1) * new['load'].sum() / own)}; whether they would fill" in told
    half = replace(result, hubs=result.hubs.assign(load=result.hubs["load"] / 2))
    assert more_money(half, None).startswith("This run has not asked. ")


def test_whoever_has_a_seat_is_counted_once(project: Project, run: Path) -> None:
    settings = {f"hubs.{tier}.capacity": room for tier, room in enumerate((30, 50))} | {"demand.priority": 1}
    folder = hp.solve(project.read(settings)).write(project.folder / "runs" / "seats")
    [(_, part)] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["groups"].items()
    rows = table((folder / "report.html").read_text(encoding="utf-8"), "Coverage by")
    assert [row[3] for row in rows] == [f"{part[row[0]]['covered']:,.0f}" for row in rows]
    assert [len(row) for row in rows] == [5] * len(part)
    assert {len(row) for row in table((run / "report.html").read_text(encoding="utf-8"), "Coverage by")} == {6}


def test_hubs_at_one_place_have_no_distance_between_them(run: Path) -> None:
    result = result_of(run)
    one = result.hubs.iloc[[0, 0]].assign(site_id=["A", "B"])
    assert all("is at the same place." in reason for reason in reasons(replace(result, hubs=one), {}))


def test_it_names_no_other_file_and_no_host(run: Path) -> None:
    html = (run / "report.html").read_text(encoding="utf-8")
    assert not re.findall(
        r"https?:|//[a-z0-9.-]+\.[a-z]{2}|url\(|@import|<(?:link|img|iframe|object)[^>]*(?:src|href)=\"(?!data:)", html
    )
    assert "default-src 'none'" in unescape(html)
    assert "unsafe" not in html
    assert not re.findall(r"\sstyle=|\son[a-z]+=", html)


def test_names_are_text_and_never_markup(project: Project) -> None:
    odd = odd_result(project, with_sites=False)
    html = page(odd, scene_of_run(odd), Extras())
    assert MARKUP not in html
    assert html.count("<script>") == 1
    assert URDU in html
    assert f"<bdi>\u2068{URDU}\u2069" in html


@pytest.mark.parametrize(
    "settings",
    [
        {"model.budget": 0, "sites.status": None},
        {"demand.groups": []},
        {"model.max_hubs": 1},
        {"horizon_years": 0},
        {"demand.people": 0},
        {"sites.where": {"site_id": ["S1"]}},
        {"model": {"objective": "p_median", "max_hubs": 2}},
        {"model": {"objective": "p_center", "max_hubs": 2}},
        {"model": {"objective": "min_cost", "target_share": 0.5}},
        {"model.floors": [{"group": "province", "value": "Punjab", "share": 0.1}]},
        {
            "model.budget": None,
            "model.periods": {"years": [{"name": "2027", "budget": 300}, {"name": "2028", "budget": 200}]},
        },
        {
            "hubs": [{"name": "seat", "capex": 50, "reach_km": 9, "capacity": 100}],
            "sites.tier": None,
            "model.max_per_site": 3,
        },
    ],
    ids=lambda settings: next(iter(settings)) if isinstance(settings, dict) else None,
)
def test_any_plan_has_a_report(project: Project, settings: dict[str, Any]) -> None:
    folder = hp.solve(project.read(settings)).write(project.folder / "runs" / "any")
    seen = words((folder / "report.html").read_text(encoding="utf-8"))
    assert "Proven" in seen
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", seen.replace("None of", ""))


def test_a_loose_proof_is_not_called_one(run: Path) -> None:
    result = result_of(run)
    loose = dataclasses.replace(result, summary=result.summary | {"status": "feasible", "gap": 0.25, "bound": 1e4})
    assert proof(loose).startswith("Time ran out")
    assert "25 %" in proof(loose)
    assert "10,000" in proof(loose)


def test_years_add_up_to_the_plan(run: Path) -> None:
    result = result_of(run)
    rows = years(result)
    worth = sum(row["worth"] for row in rows)
    assert worth == pytest.approx(result.summary["cost"]["total"])
    assert len(rows) == 1 + result.scenario.horizon_years
    # The tier runs for 10 a year: with 25 % a year two years are worth 14.4.
    new = result.hubs[(result.hubs["status"] != "existing") & (result.hubs["tier"] == "centre")]
    factors = new["factor"].astype(float).sum()
    assert rows[1]["cost"] == pytest.approx(10 * factors)


def test_explained_hubs_are_told_in_those_words(run: Path) -> None:
    result = result_of(run)
    site = str(result.hubs["site_id"].iloc[0])
    html = page(result, scene_of_run(result), Extras(reasons={site: "Because of the bridge."}))
    assert "Because of the bridge." in words(html)


def test_a_frontier_is_drawn_in_scale(run: Path) -> None:
    points = [
        {"number": number, "cost": 100.0 * number, "people": 1000.0 * number, "share": 0.1 * number, "hubs": []}
        for number in (1, 2, 4)
    ]
    drawn = curve(result_of(run), {"points": points, "knee": 2, "currency": "PKR"})
    assert drawn is not None
    x, y = ([getattr(dot, axis) for dot in drawn.dots] for axis in "xy")
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(2, abs=0.01)
    assert (y[2] - y[1]) / (y[1] - y[0]) == pytest.approx(2, abs=0.01)
    assert drawn.knee == drawn.dots[1]


@pytest.mark.parametrize("most", [1e-3, 0.7, 1, 3, 99.9, 1e9])
def test_axes_are_round_and_long_enough(most: float) -> None:
    ticks = rounds(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most > ticks[-2]
