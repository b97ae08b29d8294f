"""Tables that commands, app, package and documentation are read from: each agrees with what it does not make itself."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

from support.command import run
from typer import Typer

from hubplanner.cli.main import COMMANDS
from hubplanner.extras import EXTRAS
from hubplanner.folders import STABILITY_FILES
from hubplanner.outputs.formats.exports import EXPORTS
from hubplanner.outputs.run_folder import FILES_OF_EVERY_RUN

ROOT = Path(__file__).resolve().parents[2]


def test_the_package_offers_the_optional_parts_that_are_asked_for() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert set(setup["options.extras_require"]) - {"all", "dev"} == set(EXTRAS)
    everything = setup["options.extras_require"]["all"].strip().removeprefix("hubplanner[").removesuffix("]")
    assert set(everything.split(",")) == set(EXTRAS)
    assert "hubplanner[all]" in setup["options.extras_require"]["dev"].splitlines()
    assert {each.extra for each in EXPORTS} - {None} <= set(EXTRAS)


def test_every_export_has_an_option_and_stands_in_the_documents() -> None:
    told = run("export", "--help").stdout
    page = (ROOT / "docs/how-to/share.md").read_text(encoding="utf-8")
    for each in EXPORTS:
        assert f"--{each.name} " in told
        assert each.file in told
        assert f"`--{each.name}`" in page


def test_no_two_exports_share_a_name_or_a_file() -> None:
    assert len({each.name for each in EXPORTS}) == len({each.file for each in EXPORTS}) == len(EXPORTS)


def test_readme_s_table_is_of_the_files_of_the_national_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`.*?) \|", readme.partition("## What comes out")[2].partition("```")[0], re.MULTILINE)
    told = [name for row in table for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(told) == sorted([*FILES_OF_EVERY_RUN, *STABILITY_FILES])


def test_every_command_is_told_by_help() -> None:
    told = run("--help").stdout
    names = re.findall(r"^  (\w+)  ", told.partition("Commands:")[2], re.MULTILINE)
    assert names == [each.info.name if isinstance(each, Typer) else each.__name__ for each in COMMANDS]
