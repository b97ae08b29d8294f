"""A scenario on files at hand: init --from, as a planner meets it."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, fits, run

from hubplanner.scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

VILLAGES = """\
village;lon;lat;district;population;households
Anjira;66,3;28,1;Khuzdar;1.200;150
Baghbana;66,5;27,9;KHUZDAR;2.900;320
Chagai;64,7;29,3;Chagai;650;70
Dalbandin;64,4;28,9;Chagai;9.100;1.000
Zehri;66,2;28,0;Kalat City;4.300;500
"""
ONLINE = "District,% online,Speed\nKhuzdar,12,3\nChagai,8,1\nKalat,20,2\nGwadar,30,9\n"
SCHOOLS = "school_id,longitude,latitude,status\nS1,66.4,28.0,Operational\nS2,64.5,29.0,planned\nS3,66.2,28.1,planned\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "my files"
    folder.mkdir()
    (folder / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    (folder / "online by district.csv").write_text(ONLINE, encoding="utf-8")
    (folder / "schools.csv").write_text(SCHOOLS, encoding="utf-8")
    return folder


def given(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_from_raw_files_to_a_plan(files: Path, tmp_path: Path) -> None:
    done = run("init", "plans/first", "--from", *given(files), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert fits(done.stdout)
    for said in (
        "villages.csv",
        "joined to demand",
        "1 row with 4,300 people of villages.csv without",
        "EXAMPLE",
        "13,850 people",
    ):
        assert said in done.stdout
    text = (tmp_path / "plans/first/scenario.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    questions = re.findall(r"line (\d+): ([^\n]+)", done.stdout)
    assert questions
    for line, words in questions:
        assert words[:40] in lines[int(line) - 1]
    for number in re.findall(r"\d+", done.stdout.partition("replace: lines ")[2].partition(".")[0]):
        assert "EXAMPLE" in lines[int(number) - 1] or "EXAMPLE" in lines[int(number) - 2]
    following = [line.partition("hubplanner ")[2] for line in done.stdout.splitlines() if "hubplanner " in line]
    assert [run(*shlex.split(command), cwd=tmp_path).returncode for command in following] == [0, 0]
    spec = read_scenario(tmp_path / "plans/first/scenario.yaml")
    assert Path(spec.demand.path) == files / "villages.csv"
    assert (spec.demand.decimal, spec.demand.thousands, spec.demand.join[0].percent) == (",", ".", ("internet",))
    assert spec.sites.status_words == {"Operational": "existing", "planned": "candidate"}


def test_names_without_a_partner_are_written_as_validate_writes_them(files: Path, tmp_path: Path) -> None:
    run("init", "new", "--from", *given(files), cwd=tmp_path)
    own = tmp_path / "new" / "aliases-online-by-district.csv"
    rows = list(csv.reader(own.read_text(encoding="utf-8-sig").splitlines()))
    assert [row[:2] for row in rows] == [["here", "there"], ["Kalat City", ""]]
    run("validate", "new/scenario.yaml", "--write-aliases", "again.csv", cwd=tmp_path)
    assert own.read_bytes() == (tmp_path / "again.csv").read_bytes()
    own.write_text("here,there\nKalat City,Kalat\n", encoding="utf-8")
    done = run("validate", "new/scenario.yaml", "--json", cwd=tmp_path)
    assert answer(done)["joins"][0]["matched"] == 5


def test_as_json_each_guess_has_its_evidence(files: Path, tmp_path: Path) -> None:
    found = answer(run("init", "new", "--json", "--from", *given(files), cwd=tmp_path))
    assert found["files"] == ["scenario.yaml", "aliases-online-by-district.csv"]
    assert found["faults"] == []
    guesses = {guess["key"]: guess for guess in found["guesses"]}
    assert guesses["demand.people"]["value"] == "population"
    assert guesses["demand.people"]["why"] == "by its name; 650 to 9,100, 18,150 in all"
    assert all(guess["why"] for guess in found["guesses"])


def test_nothing_is_written_over(files: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in files.iterdir()}
    assert run("init", files, "--from", *given(files), cwd=tmp_path).returncode == 0  # beside the files, if one likes
    assert before.items() <= {path: path.read_bytes() for path in files.iterdir()}.items()
    assert "path: villages.csv" in (files / "scenario.yaml").read_text(encoding="utf-8")
    done = run("init", files, "--from", *sorted(before), cwd=tmp_path)
    assert done.returncode == 2
    assert "already exists" in done.stderr
    (files / "scenario.yaml").unlink()
    done = run("init", files, "--from", *sorted(before), cwd=tmp_path)
    assert done.returncode == 2  # names may be filled in already
    assert "aliases-online-by-district.csv: already exists" in done.stderr
    assert not (files / "scenario.yaml").exists()


def test_a_role_is_said_where_two_files_are_alike(files: Path, tmp_path: Path, inside: Callable[..., Done]) -> None:
    (files / "clinics.csv").write_text(SCHOOLS.replace("S", "C"), encoding="utf-8")
    done = inside("init", tmp_path / "new", "--from", *given(files))
    assert done.returncode == 2
    assert "sites=clinics.csv" in done.stderr
    assert not (tmp_path / "new").exists()
    chosen = [f"sites={path}" if path.name == "clinics.csv" else path for path in given(files)]
    done = inside("init", tmp_path / "new", "--from", *chosen)
    assert done.returncode == 0
    assert re.search(r"schools\.csv +not used", done.stdout)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["villages.csv"], "name the files after --from"),
        (["--crs", "EPSG:32642"], "goes with --from"),
        (["--from", "nowhere.csv"], "nowhere.csv: cannot be read: No such file or directory"),
        (["--from", "villages.csv", "villages.csv"], "each file only once"),
        (["--from", "villages.csv", "--crs", "EPSG:0"], "a known geographic or projected"),
        (["--from", "report.docx"], "a file name ending in one of"),
    ],
)
def test_what_cannot_be_used_is_refused(
    files: Path, tmp_path: Path, inside: Callable[..., Done], words: list[str], told: str
) -> None:
    named = [str(files / word) if word.endswith(("csv", "docx")) else word for word in words]
    done = inside("init", tmp_path / "new", *named)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (tmp_path / "new").exists()


def test_faults_of_the_data_are_told_and_the_scenario_is_kept(
    files: Path, tmp_path: Path, inside: Callable[..., Done]
) -> None:
    (files / "schools.csv").write_text("id,lon,lat\nS1,66.4,28.0\nS2,166.4,98.0\n", encoding="utf-8")
    done = inside("init", tmp_path / "new", "--from", *given(files), "--json")
    found = json.loads(done.stdout)
    assert [fault["file"] for fault in found["faults"]] == ["schools.csv"]
    assert (tmp_path / "new" / "scenario.yaml").exists()
