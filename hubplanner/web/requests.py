"""What the page may ask of a job: settings that change a question, never what files it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubplanner.analysis.requests import FEWEST, TRADES
from hubplanner.scenario import Scenario, read_scenario
from hubplanner.translation import gettext as _, joined
from hubplanner.web.responses import Refused
from hubplanner.web.settings import Limits

KINDS = ("solve", "frontier", "explain", "alternatives", "stability")
OF_A_RUN = frozenset({"explain", "stability"})
"""Kinds that ask about a run, not about a scenario."""
KNOWN = frozenset(
    {
        *("kind", "scenario", "settings", "overrides", "required", "excluded"),
        *("run", "site", "points", "within", "trade", "group", "draws", "share_error"),
    }
)
SETTINGS = re.compile(
    r"""
    model(\.[a-z_0-9]+){1,4} | measures
    | coverage\.(decay|full_km|width_km|backup|backup_weight)
    | hubs\.\d{1,2}\.(name|capex|opex_per_year|reach_km|reach_minutes|capacity) | hubs
    | horizon_years | discount_rate | travel\.(detour|speed_kmh)
    | solver\.(gap|time_limit_s|seed|ties|method|name)
    """,
    re.VERBOSE,
)
"""Keys that may be set: none of them says which file is read or which program is run."""
SOLVERS = frozenset({"highs", "cbc", "heuristic"})
"""Others are programs that PuLP looks for by name."""
MOST_SETTINGS, MOST_PINS, LONGEST = 40, 2000, 200
MOST_POINTS = 60
MOST_DRAWS = 100
MOST_PARTS, DEEPEST = 4000, 6
"""Values in one setting, and levels they nest."""
LARGEST = 1e15
"""Largest number in a request: what is beyond it is no money, no people and no distance."""
NUMBERS = {
    "reach_km": 100_000,
    "reach_minutes": 1_000_000,
    "full_km": 100_000,
    "width_km": 100_000,
    "min_separation_km": 100_000,
    "detour": 100,
    "speed_kmh": 10_000,
    "horizon_years": 200,
    "discount_rate": 10,
    "max_per_site": 1000,
    "max_hubs": 1_000_000,
    "min_hubs": 1_000_000,
    "seed": 2**31 - 1,
}
"""The largest number under a key."""
LISTS = {"hubs": 40, "years": 40, "floors": 400, "hub_limits": 400, "only_with": 400, "at_most_one": 400}
"""The longest list under a key; others are ids, as many as there may be pins."""


def check_ask(tree: dict[str, Any], limits: Limits) -> dict[str, Any]:
    """Return what a job is asked, each part of the kind it must be; refuse anything else."""
    kind = tree.get("kind")
    if kind not in KINDS:
        raise Refused(400, _("kind must be one of {kinds}.", kinds=joined(KINDS, ", ")))
    settings = tree.get("settings") or {}
    if not isinstance(settings, dict) or len(settings) > MOST_SETTINGS:
        raise Refused(400, _("settings must be at most {most_settings} keys with values.", most_settings=MOST_SETTINGS))
    for key, value in settings.items():
        check_setting(key, value)
    limit = settings.get("solver.time_limit_s")
    if isinstance(limit, int | float) and limit > limits.solve_s:
        raise Refused(400, _("solver.time_limit_s must be at most {most:g} s here.", most=limits.solve_s))
    return {
        "kind": kind,
        "scenario": _text(tree, "scenario", optional=kind in OF_A_RUN),
        "run": _text(tree, "run", optional=kind not in OF_A_RUN),
        "site": _text(tree, "site", optional=kind != "explain"),
        "settings": settings,
        "overrides": _texts(tree, "overrides", MOST_SETTINGS),
        "required": _texts(tree, "required", MOST_PINS),
        "excluded": _texts(tree, "excluded", MOST_PINS),
        "points": _number(tree, "points", 2, MOST_POINTS),
        "within": _number(tree, "within", 0, 1),
        "trade": _trade(tree),
        "group": _text(tree, "group", optional=True),
        "draws": _number(tree, "draws", FEWEST, MOST_DRAWS),
        "share_error": _number(tree, "share_error", 0, 1),
    }


def check_setting(key: str, value: Any) -> None:
    """Reject a setting that is not the planner's, such as a path."""
    if not SETTINGS.fullmatch(key):
        raise Refused(
            400, _("{key!r} cannot be set here; files, names and programs stay as the scenario has them.", key=key[:60])
        )
    if _names_file(value):
        raise Refused(400, _("{key}: a value cannot name a file.", key=key))
    check_size(key, value)
    if key == "solver.name" and value not in SOLVERS:
        raise Refused(400, _("solver.name must be one of {solvers}.", solvers=joined(sorted(SOLVERS), ", ")))


def _names_file(value: Any) -> bool:
    """Tell whether a value has a key that names a file, at any depth."""
    if isinstance(value, dict):
        return "path" in value or "extends" in value or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))


def check_size(key: str, value: Any) -> None:
    """Refuse a value with a number, a text or a list beyond what any question needs."""
    parts = list(_parts(key, key.rpartition(".")[2], value))
    if len(parts) > MOST_PARTS:
        raise Refused(400, _("{key} must hold at most {most_parts:,} values here.", key=key, most_parts=MOST_PARTS))
    for name, part in parts:
        most = NUMBERS.get(name, LARGEST)
        if isinstance(part, int | float) and not -most <= part <= most:
            raise Refused(
                400, _("{key}: {name} must be a number of at most {most:,.0f} here.", key=key, name=name, most=most)
            )
        if isinstance(part, str) and len(part) > LONGEST:
            raise Refused(
                400,
                _(
                    "{key}: {name} must be text of at most {longest} characters here.",
                    key=key,
                    name=name[:LONGEST],
                    longest=LONGEST,
                ),
            )


def _parts(key: str, name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield all numbers and texts of a value, each with the key it stands under, and keys as the texts they are."""
    if depth > DEEPEST:
        raise Refused(400, _("{key} must nest at most {deepest} levels here.", key=key, deepest=DEEPEST))
    if isinstance(value, dict):
        for inner, part in value.items():
            yield inner, inner
            yield from _parts(key, inner, part, depth + 1)
    elif isinstance(value, list):
        most = LISTS.get(name, MOST_PINS)
        if len(value) > most:
            raise Refused(
                400, _("{key}: {name} must be a list of at most {most:,} here.", key=key, name=name, most=most)
            )
        for part in value:
            yield from _parts(key, name, part, depth + 1)
    else:
        yield name, value


def resolved(file: Path, asked: dict[str, Any]) -> tuple[Scenario, dict[str, Any]]:
    """Return the scenario that a job asks for and the settings that make it; raise with every fault.

    Pins of the page come on top of the scenario's own, and win over them.
    """
    base = read_scenario(file, asked["overrides"], asked["settings"])
    required, excluded = asked["required"], asked["excluded"]
    both = sorted(set(required) & set(excluded))
    if both:
        raise Refused(400, _("Site {both} cannot be both required and excluded.", both=both[0]))
    pins = {
        "model.require": [*(site for site in base.model.require if site not in {*excluded, *required}), *required],
        "model.exclude": [*(site for site in base.model.exclude if site not in {*required, *excluded}), *excluded],
    }
    settings = {**asked["settings"], **pins}
    scenario = read_scenario(file, asked["overrides"], settings)
    plain = read_scenario(file, asked["overrides"])
    if _files(scenario) != _files(plain):  # pragma: no cover - no key that may be set does so
        raise Refused(400, _("Settings cannot change which files are read."))
    return scenario, settings


def _files(scenario: Scenario) -> tuple[str | None, ...]:
    tables = (scenario.demand, scenario.sites)
    return *scenario.travel.files, *(part for one in tables for part in (one.path, one.layer, one.table, one.sql))


def _text(tree: dict[str, Any], key: str, *, optional: bool = False) -> str | None:
    value = tree.get(key)
    if value is None and optional:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise Refused(400, _("{key} must be text of 1 to {longest} characters.", key=key, longest=LONGEST))
    return value


def _trade(tree: dict[str, Any]) -> str:
    trade = tree.get("trade", TRADES[0])
    if trade not in TRADES:
        raise Refused(400, _("trade must be one of {trades}.", trades=joined(TRADES, ", ")))
    return str(trade)


def _texts(tree: dict[str, Any], key: str, most: int) -> list[str]:
    found = tree.get(key) or []
    fits = isinstance(found, list) and len(found) <= most
    if not fits or not all(isinstance(part, str) and 0 < len(part) <= LONGEST for part in found):
        raise Refused(
            400,
            _(
                "{key} must be a list of at most {most} texts of 1 to {longest} characters.",
                key=key,
                most=most,
                longest=LONGEST,
            ),
        )
    return list(dict.fromkeys(found))


def _number(tree: dict[str, Any], key: str, least: float, most: float) -> Any:
    value = tree.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Refused(400, _("{key} must be a number from {least:g} to {most:g}.", key=key, least=least, most=most))
    return value
