"""A project from files that nobody described: guessed, written, then read as any other, and what is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hubplanner.errors import ExistsError, Fault, FaultyError, ScenarioError
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.inputs.guesses.draft import ScenarioDraft, draft_scenario
from hubplanner.inputs.guesses.look import look_at_files
from hubplanner.inputs.guesses.region import of_one_region
from hubplanner.inputs.guesses.roles import ROLES, assign_roles
from hubplanner.inputs.joins import values_to_alias
from hubplanner.inputs.readers.tables import parse_crs
from hubplanner.io import write_atomically
from hubplanner.outputs.writers import Lacking, write_aliases
from hubplanner.scenario import read_scenario
from hubplanner.scenario.loader import absolute, resolve
from hubplanner.scenario.yaml_text import parse_yaml
from hubplanner.translation import gettext as _

FILE = "scenario.yaml"


@dataclass(frozen=True, kw_only=True, eq=False)
class NewProject:
    """A project that was written.

    Parameters
    ----------
    files
        What was written, by name.
    draft
        The scenario, with what was guessed and what is asked.
    inputs
        The scenario's inputs; None where something is wrong with them.
    faults
        What is wrong, for the planner to mend.
    """

    files: tuple[str, ...]
    draft: ScenarioDraft
    inputs: Inputs | None
    faults: tuple[Fault, ...]


def new_project(
    folder: Path, paths: Sequence[str], crs: str | None = None, name: str = "", title: str = ""
) -> NewProject:
    """Write a scenario on files where they are, and a file of names to fill in for each join that lacks some.

    Parameters
    ----------
    folder
        Where to; made if need be, and nothing in it is written over.
    paths
        The files, each with its role in front where it is known: ``demand=villages.csv``.
    crs
        System of files that name none and are not in degrees.
    name, title
        What the scenario is called, by its folder if left out, and what stands over its maps and reports.

    Raises
    ------
    ExistsError
        Where the folder holds a scenario.
    DataError
        Where a file cannot be read, or the files are no demand and sites.
    UnwritableError
        When the system refuses.
    """
    _check_free(folder / FILE)
    faults: list[Fault] = []
    if crs is not None and parse_crs(crs, "--crs", faults) is None:
        raise ScenarioError(faults)
    roles = assign_roles(of_one_region(look_at_files(_named(paths), crs)))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name or folder.absolute().name).strip("-._") or "hubs"
    draft = draft_scenario(name, folder, roles, {}, title)
    lacking = _lacking(draft, folder)
    names = {key: f"aliases-{draft.joins[key]}.csv" for key in lacking}
    if lacking:
        draft = draft_scenario(name, folder, roles, names, title)
    for file in names.values():
        _check_free(folder / file)
    write_atomically(folder / FILE, lambda aside: aside.write_text(draft.text, encoding="utf-8"))
    for key, file in names.items():
        write_aliases(lacking[key], folder / file)
    files = (FILE, *names.values())
    try:
        return NewProject(files=files, draft=draft, inputs=read_inputs(read_scenario(folder / FILE)), faults=())
    except FaultyError as error:
        return NewProject(files=files, draft=draft, inputs=None, faults=error.faults)


def _check_free(path: Path) -> None:
    if path.exists():
        message = _("{path}: already exists; name another folder, nothing was written", path=path)
        raise ExistsError(message)


def _named(paths: Sequence[str]) -> list[tuple[str, Path]]:
    """Return role and path of each file, each once."""
    found: dict[Path, tuple[str, Path]] = {}
    for text in paths:
        role, equals, rest = text.partition("=")
        known = bool(equals) and role in ROLES and not Path(text).exists()
        path = Path(rest if known else text)
        if path.absolute() in found:
            raise ScenarioError(Fault(file=str(path), allowed=_("each file only once with --from")))
        found[path.absolute()] = (role if known else "", path)
    return list(found.values())


def _lacking(draft: ScenarioDraft, folder: Path) -> Mapping[str, list[Lacking]]:
    """Return what the joins of a draft lack an alias for, by join."""
    scenario = resolve(absolute(parse_yaml(draft.text, FILE), folder), folder / FILE)
    found: dict[str, list[Lacking]] = {}
    for key, value, near in values_to_alias(scenario):
        found.setdefault(key, []).append((key, value, near))
    return found
