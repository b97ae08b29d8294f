"""The scenarios a server shows, by id, and what was read of them."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner.errors import HubplannerError
from hubplanner.scenario import Scenario, read_scenario
from hubplanner.scenario.files import input_tables
from hubplanner.scenario.loader import read_variants
from hubplanner.scenario.yaml_text import read_yaml
from hubplanner.translation import gettext as _
from hubplanner.web.responses import Refused, encode, packed

if TYPE_CHECKING:
    from hubplanner.inputs import Inputs
    from hubplanner.web.map_data.layers import MapAreas

log = logging.getLogger(__name__)

REMEMBERED = 6
"""Scenarios whose data are kept in memory."""
FOLDERS = ("", "examples")
"""Where scenarios stand in a folder of them."""
SUFFIXES = (".yaml", ".yml")
OWN, EXAMPLES = "Your data", "Examples"
"""Headings in the list of scenarios."""


@dataclass(eq=False)
class ShownScenario:
    """A scenario's data and the texts made of them, each made once."""

    scenario: Scenario
    lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def inputs(self) -> Inputs:
        """Everything the scenario names, rows where it spreads people: a map shows rows."""
        from hubplanner.inputs import read_inputs  # noqa: PLC0415 - heavy

        demand, checks = self.scenario.demand, self.scenario.checks
        if demand.spread_km is not None or demand.spread_by is not None:  # wide areas are no doubt then
            demand = demand.model_copy(update={"spread_km": None, "spread_by": None, "area_km2": None})
            checks = checks.model_copy(update={"wide_area": "off"})
        return read_inputs(self.scenario.model_copy(update={"demand": demand, "checks": checks}))

    @cached_property
    def areas(self) -> MapAreas | None:
        """The areas of its demand; None where only points are known."""
        from hubplanner.web.map_data.layers import areas_of  # noqa: PLC0415 - heavy

        return areas_of(self.inputs)

    @cached_property
    def overview(self) -> dict[str, Any]:
        """What the page of settings shows."""
        from hubplanner.web.map_data.scenario import describe_scenario  # noqa: PLC0415 - heavy

        return describe_scenario(self.inputs)

    @cached_property
    def base(self) -> tuple[bytes, bytes]:
        """Sites, bounds, and the world around them."""
        from hubplanner.web.map_data.layers import (  # noqa: PLC0415 - heavy
            bounds,
            line_features,
            site_features,
            world_features,
        )

        lines, world = line_features(self.inputs), world_features(self.inputs)
        counts = {"demand": len(self.inputs.demand.frame), "areas": 0 if self.areas is None else len(self.areas.km2)}
        return _both(
            encode(
                {
                    "bounds": bounds(self.inputs),
                    "sites": site_features(self.inputs),
                    "lines": lines,
                    "world": world,
                    **counts,
                }
            )
        )

    @cached_property
    def demand(self) -> tuple[bytes, bytes]:
        """Demand as points."""
        from hubplanner.web.map_data.layers import demand_text  # noqa: PLC0415 - heavy

        return _both(demand_text(self.inputs))

    @cached_property
    def need(self) -> tuple[bytes, bytes] | None:
        """Need as areas; None where only points are known, or they are too many."""
        from hubplanner.web.map_data.layers import areas_text  # noqa: PLC0415 - heavy

        if self.areas is None:
            return None
        frame = self.inputs.demand.frame
        figures = frame["need"].to_numpy(), frame["people"].to_numpy()
        return _both(areas_text(self.areas, frame["demand_id"].tolist(), *figures))


def _both(text: bytes) -> tuple[bytes, bytes]:
    return text, packed(text)


class ScenarioStore:
    """Scenario files by id, and what was read of the last ones."""

    def __init__(self, files: dict[str, Path], workspace: Path) -> None:
        """Take the files to show, and the folder of the server's own scenarios."""
        self.files, self.workspace = files, workspace
        self.shown: OrderedDict[tuple[Any, ...], ShownScenario] = OrderedDict()
        self.lock = threading.Lock()
        self.listed: tuple[Any, list[dict[str, str]]] = (None, [])

    def listing(self) -> list[dict[str, str]]:
        """Return id, name, title and heading of each scenario that can be read."""
        files = self._all()
        key = tuple((name, path.stat().st_mtime_ns) for name, path in files.items() if path.exists())
        if key != self.listed[0]:
            self.listed = (key, self._listing(files))
        return self.listed[1]

    def _listing(self, files: dict[str, Path]) -> list[dict[str, str]]:
        found = []
        for name, path in files.items():
            try:
                scenario = read_scenario(path)
            except HubplannerError as error:
                log.info("%s is left out: %s", path, error)
                continue
            group = OWN if path.is_relative_to(self.workspace) else EXAMPLES if path.parent.name == FOLDERS[1] else ""
            title = scenario.description or scenario.name
            found.append({"id": name, "name": scenario.name, "title": title, "group": group})
        return found

    def file(self, name: str) -> Path:
        """Return the file of an id; refuse an unknown one."""
        path = self._all().get(name)
        if path is None:
            raise Refused(404, _("There is no such scenario."))
        return path

    def get(self, name: str, overrides: Sequence[str] = ()) -> ShownScenario:
        """Return a scenario's data with variants applied, read again where its file or data changed."""
        path = self.file(name)
        scenario = read_scenario(path, overrides)
        key = (name, tuple(overrides), scenario.model_dump_json(), _stamps(scenario))
        with self.lock:
            shown = self.shown.get(key) or ShownScenario(scenario)
            self.shown[key] = shown
            self.shown.move_to_end(key)
            while len(self.shown) > REMEMBERED:
                self.shown.popitem(last=False)
        return shown

    def describe(self, name: str, overrides: Sequence[str]) -> dict[str, Any]:
        """Return what the page of settings shows of a scenario."""
        shown = self.get(name, overrides)
        with shown.lock:
            overview = shown.overview
        return {"id": name, **overview, "overrides": list(read_variants(self.file(name))), "chosen": list(overrides)}

    def _all(self) -> dict[str, Path]:
        own = sorted(self.workspace.glob("own-*/scenario.yaml"))
        return self.files | {path.parent.name: path for path in own}


def _stamps(scenario: Scenario) -> tuple[int | str, ...]:
    """Return what is other where a file has changed, or a database's rows have."""
    tables: list[str] = []
    if specs := input_tables(scenario):
        from hubplanner.inputs.sources import digest_of  # noqa: PLC0415 - heavy

        tables = [digest_of(spec) for spec in specs.values()]
    paths = [Path(path) for path in (scenario.demand.path, scenario.sites.path, *scenario.travel.files) if path]
    return (*tables, *(path.stat().st_mtime_ns for path in paths if path.exists()))


def scenario_files(place: Path) -> dict[str, Path]:
    """Return a scenario file, or those that stand in a folder, by id, the plainest first.

    Raises
    ------
    HubplannerError
        When a single file that was named cannot be read as a scenario.
    """
    if place.is_file():
        read_scenario(place)
        return {slug(place.stem): place.absolute()}
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        paths = [path for path in sorted((place / folder).glob("*.y*ml")) if path.suffix in SUFFIXES]
        for path in sorted(filter(_is_scenario, paths), key=_plainness):
            found.setdefault(slug(f"{folder}-{path.stem}" if folder else path.stem), path.absolute())
    return found


def _plainness(path: Path) -> tuple[int, int, str]:
    """Return by what scenarios are ordered: what others extend first, and short names before long ones."""
    return _extends(path), len(path.stem), path.stem


def _extends(path: Path) -> int:
    """Return how many scenario files stand behind a file, one extending the next."""
    base = read_yaml(path).get("extends")
    return 1 + _extends(path.parent / base) if base else 0


def _is_scenario(path: Path) -> bool:
    """Tell whether a file reads as a scenario: a folder may hold parts of some, and other YAML."""
    try:
        read_scenario(path)
    except HubplannerError as error:
        log.info("%s is left out: %s", path, error)
        return False
    return True


def slug(text: str) -> str:
    """Return a text as an id: letters, digits and dashes.

    >>> slug("Pakistan, 2027 (lean)")
    'pakistan-2027-lean'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "scenario"
