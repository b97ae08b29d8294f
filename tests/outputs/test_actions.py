"""The list of actions, as people read it in Markdown and in Word."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import docx
import pytest
from markdown_it import MarkdownIt
from support.instances.hostile_names import LINES, MARKUP, URDU, odd_result

from hubplanner.errors import MissingExtraError
from hubplanner.outputs.formats import actions as action_words
from hubplanner.outputs.formats.actions import escape, list_actions, write_markdown
from hubplanner.outputs.formats.word import write_docx

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

    from hubplanner.outputs.run_data import Result

RICH = {"model.budget": 2000, "model.require": ["S3"]}
YEARS = {"years": [{"name": "2027", "budget": 200}, {"name": "2028", "budget": 300}]}


def tasks(result: Result) -> list[str]:
    return [
        f"{action.task} {action.facts}".strip() for _, actions in list_actions(result).sections for action in actions
    ]


def shown(text: str) -> str:
    """What a reader of Markdown sees, without its marks."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    parts = [part for token in tokens for part in (token.children or [token])]
    assert not [part.type for part in parts if part.type in {"html_inline", "html_block", "link_open", "em_open"}]
    return "".join(part.content or "\n" * (part.type == "softbreak") for part in parts)


def test_sentences_say_what_where_for_whom_and_for_how_much(project: Project) -> None:
    project.edit("scenario.yaml", "capex: 400, reach_km: 20}", "capex: 400, reach_km: 20, capacity: 3000}")
    result = odd_result(project, RICH)
    lines = " ".join(LINES.split())
    found = {action.kind: action for _, actions in list_actions(result).sections for action in actions}
    assert found["keep"].task == f"Keep a centre in {MARKUP} (Kech):"
    park = next(line for line in tasks(result) if "park" in line)
    hub = result.hubs.set_index("site_id").loc["S3"]
    people, each = hub["covered_people"], hub["cost"] / hub["covered_people"]
    assert park == (
        f"Build a park with room for 3,000 people not connected yet in {lines} (<i>Sibi</i>): "
        f'serves {people:,.0f} people, costs R"s {hub["cost"]:,.0f} (R"s {each:.3g} a person).'
    )
    urdu = next(line for line in tasks(result) if URDU in line)
    assert f"in \u2068{URDU}\u2069 (Kech):" in urdu


def test_most_people_for_the_money_come_first_and_sums_are_the_plans(project: Project) -> None:
    result = odd_result(project, RICH)
    found = list_actions(result)
    built = dict(found.sections)["Build"]
    worth = [action.people / action.cost for action in built]
    assert worth == pytest.approx(sorted(worth, reverse=True))
    assert sum(action.cost for action in built) == pytest.approx(result.summary["cost"]["total"])
    everyone = [action for _, actions in found.sections for action in actions]
    assert sum(action.people for action in everyone) == pytest.approx(result.summary["people"]["covered"])
    (heading, columns, rows) = found.totals[0]
    assert (heading, columns[0], rows[-1][0]) == ("By district", "district", "all hubs")
    assert rows[-1][2] == f"{result.summary['people']['covered']:,.0f}"
    assert "Proven: no plan within these limits covers more." in found.summary


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model.budget": None, "model.target_share": 0.6, "model.objective": "min_cost"}, "costs less"),
        ({"model.objective": "p_median", "model.max_hubs": 2}, "The distance to the nearest hub is"),
        ({"model.objective": "p_center", "model.max_hubs": 2}, "brings the farthest nearer"),
    ],
)
def test_other_goals_have_their_own_words(project: Project, settings: dict[str, Any], words: str) -> None:
    assert words in " ".join(list_actions(odd_result(project, settings)).summary)


def test_a_programme_is_listed_by_year(project: Project) -> None:
    settings = {"model.budget": None, "model.periods": YEARS, "sites.status": None}
    found = list_actions(odd_result(project, settings))
    assert [heading for heading, _ in found.sections] == ["Open in 2027", "Open in 2028"]
    for year, (_, actions) in zip(("2027", "2028"), found.sections, strict=True):
        assert actions
        assert all(action.facts.endswith(f"opens in {year}.") for action in actions)
    assert found.totals[0][0] == "Year by year"
    assert "Money left over in one year can be spent in later years." in found.notes


def test_hubs_are_upgraded_and_closed_by_name(project: Project) -> None:
    sites = {"model.existing": {"close": True, "close_saving": 500.0, "upgrade": False}, "model.budget": 100}
    result = odd_result(
        project, sites | {"model.objective": "min_cost", "model.target_share": 0.01, "model.budget": None}
    )
    assert result.summary["closed"] == ["S2"]
    assert f"Close the hub in {MARKUP} (Kech)." in tasks(result)
    assert "Close the hub in S2." in tasks(replace(result, sites=None))
    project.edit("scenario.yaml", "reach_km: 5}", "reach_km: 5, capacity: 500}")
    project.edit("scenario.yaml", "reach_km: 20}", "reach_km: 20, capacity: 3000}")
    grown = odd_result(
        project,
        {
            "model.existing": {"upgrade": True},
            "model.budget": 2000,
            "sites.tier": None,
            "sites.where": {"site_id": ["S2"]},
        },
    )
    assert [line.partition(" to a park")[0] for line in tasks(grown)] == [f"Upgrade the hub in {MARKUP} (Kech)"]


def test_an_upgrade_that_frees_money_is_said_to_save_it(project: Project) -> None:
    result = odd_result(project, RICH)
    assert action_words._price(result, {"cost": -1_290_000.0, "covered_people": 9.0}).endswith("1.29 million")
    assert action_words._price(result, {"cost": -1_290_000.0, "covered_people": 9.0}).startswith("saves ")


def test_markdown_shows_every_word_and_nothing_else(project: Project, tmp_path: Path) -> None:
    result = odd_result(project, RICH)
    write_markdown(result, tmp_path / "actions.md")
    text = shown((tmp_path / "actions.md").read_text(encoding="utf-8"))
    for sentence in (*tasks(result), *list_actions(result).summary, *list_actions(result).notes):
        assert sentence.removesuffix(".") in text


@pytest.mark.parametrize(
    "text", ["1. a", "- a", "+ a", "# a", "> a", "a | b", "<b>", "![x](y)", "&lt;", "1) a", "~~a~~", "==="]
)
def test_no_text_is_a_mark_in_markdown(text: str) -> None:
    assert MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(escape(text)) == (
        f"<p>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>\n"
    )


def test_word_has_the_same_words(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = odd_result(project, RICH)
    result.hubs["name"] = ["\x01bell\x00", *result.hubs["name"][1:]]
    write_docx(result, tmp_path / "actions.docx")
    document = docx.Document(str(tmp_path / "actions.docx"))
    paragraphs = [paragraph.text for paragraph in document.paragraphs]
    assert set(tasks(result)) <= set(paragraphs)
    numbered = [
        part.text for part in document.paragraphs if part.style is not None and part.style.name == "List Number"
    ]
    assert numbered == tasks(result)
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows == [list(row) for row in (list_actions(result).totals[0][1], *list_actions(result).totals[0][2])]
    assert document.core_properties.author == "hubplanner"
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hubplanner\[docx\]'"):
        write_docx(result, tmp_path / "other.docx")


def test_an_empty_plan_says_so(project: Project, tmp_path: Path) -> None:
    result = odd_result(project, {"model.budget": 0, "sites.status": None})
    assert list_actions(result).summary[0] == "Build nothing."
    assert tasks(result) == []
    write_markdown(result, tmp_path / "actions.md")
    write_docx(result, tmp_path / "actions.docx")
