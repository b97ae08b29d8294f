"""The files that a scenario names, with those beside them that decide what is read."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from hubplanner.formats.table_formats import format_of
from hubplanner.formats.tables.database import place_of
from hubplanner.scenario.data_spec import FileSpec, JoinSpec
from hubplanner.scenario.fields import Spec
from hubplanner.scenario.scenario import Scenario
from hubplanner.translation import joined


def input_files(scenario: Scenario) -> dict[str, Path]:
    """Return the files that a scenario reads by short names: as much of the end of each path as tells it from others.

    Those that are not there are among them, but for parts that a file may do without.
    """
    named = [*scenario.travel.files, *(spec.path for spec in _specs(scenario) if not spec.is_database)]
    named += [join.aliases for join in _joins(scenario) if isinstance(join.aliases, str)]
    named += [layer.path for layer in (scenario.map.files.values() if scenario.map else ())]
    named += [
        future.roads_closed_in.path
        for future in (scenario.futures.named if scenario.futures else ())
        if future.roads_closed_in is not None
    ]
    paths = sorted({path for name in named if name for path in (*_parts(Path(name)), *_beside(Path(name)))})
    return {_short(path, paths): path for path in paths}


def keys_of_files(scenario: Scenario) -> dict[str, str]:
    """Return the key under which the scenario names each of its files, by path and by name; the first where several do.

    With a file go those beside it and within it. Where files of one name stand in several folders, the name leads to
    the keys of all.
    """
    found: dict[Path, str] = {}

    def look(part: object, key: str) -> None:
        if isinstance(part, str):
            if os.path.isabs(part):  # noqa: PTH117 - text that may be anything
                for path in (Path(part), *_parts(Path(part)), *_beside(Path(part))):
                    found.setdefault(path, key)
        elif isinstance(part, Spec | Mapping | tuple):
            inner = part.items() if isinstance(part, Mapping) else enumerate(part) if isinstance(part, tuple) else part
            for name, value in inner:
                look(value, f"{key}.{name}".removeprefix("."))

    look(scenario, "")
    keys: dict[str, dict[str, None]] = {}
    for path, key in found.items():
        written = scenario.written_in(key)[1]
        for name in {str(path), path.name}:
            keys.setdefault(name, {})[written] = None
    return {name: joined(every, " / ") for name, every in keys.items()}


def input_tables(scenario: Scenario) -> dict[str, FileSpec]:
    """Return the tables of databases that a scenario reads by short names, with the host where two are called alike."""
    found = {(spec.path, spec.table, spec.sql): spec for spec in _specs(scenario) if spec.is_database}
    names = [spec.file_name for spec in found.values()]
    return {
        spec.file_name if names.count(spec.file_name) == 1 else f"{place_of(spec.path)}, {spec.file_name}": spec
        for spec in found.values()
    }


def _joins(scenario: Scenario) -> tuple[JoinSpec, ...]:
    zones = scenario.demand.zones
    return (*scenario.demand.join, *scenario.sites.join, *(zones.join if zones else ()))


def _specs(scenario: Scenario) -> list[FileSpec]:
    """Return the sections that name rows to read."""
    demand, links = scenario.demand, scenario.backhaul
    beside: list[FileSpec | None] = []
    if links is not None:
        microwave = links.technologies.microwave
        beside = [*links.nodes, *links.lines, *links.towers, links.table]
        beside.append(None if microwave is None else microwave.sights)
    every = [demand, scenario.sites, *_joins(scenario), demand.zones, demand.spread_by, *beside]
    return [spec for spec in every if spec is not None]


def _parts(path: Path) -> list[Path]:
    """Return a file, or the files of a format that is a folder, and of the folders within."""
    is_folder = format_of(path).folder and path.is_dir()
    return sorted(part for part in path.rglob("*") if part.is_file()) if is_folder else [path]


def _beside(path: Path) -> list[Path]:
    wanted = {f"{path.stem}{part}".lower() for part in format_of(path).beside}
    if not wanted or not path.parent.is_dir():
        return []
    return [other for other in path.parent.iterdir() if other.name.lower() in wanted and other.is_file()]


def _short(path: Path, paths: Collection[Path]) -> str:
    for length in range(1, len(path.parts) + 1):
        end = path.parts[-length:]
        if sum(other.parts[-length:] == end for other in paths) == 1:
            break
    return "/".join(end)
