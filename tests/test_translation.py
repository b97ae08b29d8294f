"""Words in other languages: a template of all that are marked, catalogues read or refused, a report that speaks one."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from support.project import DEMAND
from support.pseudo import LANGUAGE, left_over, other, write_pseudo

import hubplanner as hp
from hubplanner.catalogues import FOLDER, TEMPLATE, VARIABLE, page_language, read_language
from hubplanner.errors import ScenarioError
from hubplanner.outputs.html.render import Extras, page
from hubplanner.outputs.map.scene import scene_of_run
from hubplanner.runs.export import read_result
from hubplanner.runs.report import write_report
from hubplanner.translation import (
    ENGLISH,
    Said,
    gettext,
    how_said,
    in_language,
    joined,
    ngettext,
    said_again,
    written,
    written_date,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

HEAD = """\
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def catalogue(folder: Path, body: str, head: str = HEAD) -> Path:
    path = folder / "de.po"
    path.write_text(head + body, encoding="utf-8")
    return path


def test_the_template_has_all_marked_texts_and_no_others() -> None:
    package = FOLDER.parent
    with (package.parent / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = {
        ids if isinstance(ids, str) else ids[0] for _, _, ids, _, _ in extract_from_dir(str(package), methods, options)
    }
    with TEMPLATE.open("rb") as file:
        known = {
            message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file) if message.id
        }
    assert found == known, "`make words` writes the template anew"
    pages = (package / "web" / "static").glob("*.js")
    called = {
        text for file in pages for text in re.findall(r'(?<!\w)(?:_|ngettext)\("([^"]+)"', file.read_text("utf-8"))
    }
    assert called <= known, "a text that is marked within a template literal is not found"
    assert len(known) > 600
    assert not [text for text in known if "${" in text], "a template literal within a marked text is taken for one"


def test_the_number_that_a_text_goes_with_is_written_as_it_is() -> None:
    with TEMPLATE.open("rb") as file:
        plural = [message.id for message in read_po(file) if isinstance(message.id, tuple)]
    assert plural
    for one, many in plural:
        assert "{" not in ngettext(one, many, 1200, **dict.fromkeys(re.findall(r"{(\w+)", many), 1.5))


def test_texts_numbers_and_dates_are_those_of_the_language(tmp_path: Path) -> None:
    body = """\
msgid "{part} of {all} plans found"
msgstr "{all} Pläne gesucht, {part} gefunden"

msgid "{n} site"
msgid_plural "{n} sites"
msgstr[0] "{n} Ort"
msgstr[1] "{n} Orte"

#, fuzzy
msgid "doubtful"
msgstr "zweifelhaft"

msgid "open"
msgstr ""
"""
    german = read_language(str(catalogue(tmp_path, body)))
    with in_language(german):
        assert gettext("{part} of {all} plans found", part=1, all=2) == "2 Pläne gesucht, 1 gefunden"
        assert [ngettext("{n} site", "{n} sites", number) for number in (1, 2000)] == ["1 Ort", "2.000 Orte"]
        assert ngettext("{n} hub", "{n} hubs", 2) == "2 hubs"  # not in the catalogue
        assert (gettext("doubtful"), gettext("open")) == ("doubtful", "open")
        assert written("1,234.5 km") == "1.234,5 km"
        assert written_date(date(2026, 3, 1)) == "1 März 2026"
    assert gettext("{part} of {all} plans found", part=1, all=2) == "1 of 2 plans found"
    assert (german.name, german.direction, ENGLISH.name) == ("de", "ltr", "en")
    page = german.as_page({"{n} site"})
    assert page["forms"][:3] == [1, 0, 1]  # type: ignore[index]
    assert page["texts"] == {"{n} site": ("{n} Ort", "{n} Orte")}, "no more than what the page says"


def test_right_to_left_follows_from_the_language(tmp_path: Path) -> None:
    assert read_language(str(write_pseudo(tmp_path / "ur.po", "ur"))).direction == "rtl"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('msgid "{n} of {all}"\nmsgstr "{n} von {alle}"\n', "'{n} von {alle}' found; allowed: {all}, {n}"),
        ('msgid "{all} sites"\nmsgstr "Orte"\n', "'Orte' found; allowed: {all}, as in '{all} sites'"),
        ('msgid "sites"\nmsgstr "Orte {"\n', "allowed: no names in braces"),
        ("no catalogue\n", "a gettext catalogue"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_refused(tmp_path: Path, body: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_language(str(catalogue(tmp_path, body)))
    assert told in str(caught.value)
    assert "de.po" in str(caught.value)


def test_a_catalogue_without_its_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="Language: blank found; allowed: a known language"):
        read_language(str(catalogue(tmp_path, "", HEAD.replace("Language: de\\n", "Language: \\n"))))


def test_a_language_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ScenarioError, match=r"--language: 'xx' found; allowed: en, or the path of a gettext catalogue"):
        read_language("xx")
    monkeypatch.setenv(VARIABLE, "xx")
    with pytest.raises(ScenarioError, match=VARIABLE):
        page_language()


QUESTIONS = {
    "as it is": {},
    "seats": {"hubs.0.capacity": 900, "hubs.1.capacity": 400},
    "least cost": {"model.objective": "min_cost", "model.target_share": 0.5, "model.budget": None},
    "near": {"model.objective": "p_median"},
    "fair": {"model.fairness": {"alpha": 1, "group": "province"}},
    "limits": {"model.floors": [{"group": "province", "share": 0.1}], "model.max_hubs": 2, "coverage.decay": "linear"},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_report_in_another_language_leaves_no_word_as_it_was(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = hp.solve(project.read(QUESTIONS[name])).write(tmp_path / "run")
    result = read_result(run)[0]
    monkeypatch.setenv(VARIABLE, str(write_pseudo(tmp_path / f"{LANGUAGE}.po")))
    html = page(result, scene_of_run(result), Extras())
    assert f'<html lang="{LANGUAGE}" dir="ltr">' in html
    with in_language(page_language()):
        day = written_date(result.made)
    assert day in html
    told = texts(html.replace(day, ""))
    assert other("In a minute") in told
    assert left_over(told, words_of(project, run)) == set()


def test_a_report_says_again_what_files_of_a_run_hold_in_english(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("demand.csv", f"{DEMAND}D5,67.00,30.00,1000,0.25,1,Balochistan,12\n")
    run = hp.solve(project.read()).write(tmp_path / "run")
    hp.explain(run).write(run / "explanation")
    monkeypatch.setenv(VARIABLE, str(write_pseudo(tmp_path / f"{LANGUAGE}.po")))
    html = write_report([run], tmp_path / "report.html").read_text(encoding="utf-8")
    with in_language(page_language()):
        html = html.replace(written_date(read_result(run)[0].made), "")
    told = texts(html)
    assert any(other("leave one out if they are the same people") in text for text in told)
    assert any(other("would no longer be covered") in text for text in told)
    assert left_over(told, words_of(project, run)) == set()


MACHINES = "True False none SHA spread_km"
"""Values and keys as they stand in scenarios."""


def texts(html: str) -> list[str]:
    """What a reader sees or hears, but for commands, settings and other code."""
    bare = re.sub(r"<(style|script|code|pre)\b.*?</\1>", " ", html, flags=re.DOTALL)
    heard = re.findall(r'(?:aria-label|title|alt)="([^"]+)"', bare)
    return [unescape(text) for text in [*re.findall(r">([^<]+)<", bare), *heard]]


def words_of(project: Project, run: Path) -> set[str]:
    """The words of the data, of the scenario and of the commands."""
    files = [*project.folder.glob("*.csv"), run / "scenario.yaml", run / "manifest.json"]
    known = " ".join(file.read_text(encoding="utf-8") for file in files)
    commands = "hubplanner solve scenario.yaml --set model.budget --out more alternatives frontier stability"
    return {word for text in (known, commands, run.name, MACHINES) for word in re.findall(r"[A-Za-z]{3,}", text)}


def test_what_a_file_holds_in_english_is_said_again(tmp_path: Path) -> None:
    german = read_language(
        str(
            catalogue(
                tmp_path, 'msgid "{n} site"\nmsgid_plural "{n} sites"\nmsgstr[0] "{n} Ort"\nmsgstr[1] "{n} Orte"\n'
            )
        )
    )
    told = joined([ngettext("{n} site", "{n} sites", 2000), written("1.5")])
    kept = json.loads(json.dumps({told: how_said(told)}))
    assert said_again(kept, "2,000 sites 1.5") == "2,000 sites 1.5"
    with in_language(german):
        assert said_again(kept, "2,000 sites 1.5") == "2.000 Orte 1,5"
        assert said_again({"a": how_said(gettext("not in the catalogue"))}, "a") == "a"
        for odd in (None, [], {"a": {"way": "eval", "parts": ["1"], "values": {}}}, {"a": {"way": "joined"}}):
            assert said_again(odd, "a") == "a"
    assert type(said_again(kept, "2,000 sites 1.5")) is Said
