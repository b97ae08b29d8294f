"""Every key of a scenario at its extremes ends as a plan or as a plain error, never as another exception or a hang."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest
from pydantic import BaseModel
from support.draws import one_of

import hubplanner as hp
from hubplanner.errors import HubplannerError
from hubplanner.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.project import Project

NUMBERS: list[Any] = [0, -0.0, 1e-308, 1e308, 10**400, -1, math.inf, math.nan, True]
TEXTS: list[Any] = ["", "\0", "a\x07b", "\ud800", "\u200b", "\u202e", "é" * 10_000, "id", "geometry", "people", "a\nb"]
LISTS: list[Any] = [[], [None], ["a", "a"], ["S1", "S1"], {}, {"": 1}, {"a": {}}, ["x"] * 2_000, [[["S1"]]]]

MODEL: dict[str, Any] = {"solver.time_limit_s": 2, "demand.groups": ["province"], "sites.groups": ["name"]}
BASES: dict[str, dict[str, Any]] = {
    "cover": {},
    "limits": {
        "model.floors": [{"group": "province", "value": "Punjab", "people": "area", "share": 0.1}],
        "model.hub_limits": [{"group": "name", "value": "Sibi", "min": 0, "max": 2}],
        "model.max_hubs": 3,
        "model.min_hubs": 0,
        "model.require": ["S4"],
        "model.exclude": ["S5"],
        "model.at_most_one": [["S1", "S3"]],
        "model.only_with": [{"site": "S1", "needs": "S4"}],
        "model.fairness": "max_min",
        "model.fairness_group": "province",
        "model.fairness_goal": "tie_break",
        "model.min_separation_km": 1,
        "demand.where": {"province": ["Punjab", "Balochistan"]},
        "sites.where": {"name": ["Quetta", "Lahore, old", "Sibi", "Hazar", "Kalat"]},
    },
    "seats": {
        "hubs.0.capacity": 600,
        "hubs.1.capacity": 900,
        "model.max_per_site": 3,
        "model.mixed_tiers": True,
        "model.assignment": "split",
    },
    "cheap": {
        "model.objective": "min_cost",
        "model.target_share": 0.5,
        "model.budget": None,
        "model.travel_cost_per_km": 1,
    },
    "median": {"model.objective": "p_median", "model.max_hubs": 3},
    "center": {"model.objective": "p_center", "model.max_hubs": 3},
    "fading": {"coverage.decay": "gaussian", "coverage.full_km": 1, "coverage.width_km": 3, "coverage.backup": 1},
    "backup": {"coverage.backup": 2, "coverage.backup_weight": 0.3},
    "years": {
        "model.periods": {
            "years": [{"name": "2027", "budget": 200}, {"name": "2028", "budget": 300}],
            "discount_rate": 0.1,
        },
        "demand.growth_per_year": 0.02,
    },
    "named": {
        "futures": {
            "named": [
                {
                    "name": "dry",
                    "probability": 0.5,
                    "need": 2.0,
                    "cost": 1.5,
                    "reach": 0.5,
                    "sites_out": ["S1"],
                    "tiers_out": [],
                },
                {"name": "calm", "probability": 0.5, "need": {"province": {"Punjab": 2.0}}, "cost": {"park": 2.0}},
            ]
        },
        "model.under": "cvar",
        "model.cvar_level": 0.5,
    },
    "drawn": {"futures": {"sample": 3, "seed": 1, "ranges": {"need": [0.5, 2.0], "cost": [1.0, 2.0], "site_out": 0.1}}},
    "spread": {"demand.spread_km": 2, "demand.area_km2": "area"},
    "merged": {"demand.merge": True},
    "minutes": {"travel.speed_kmh": 30, "hubs.0.reach_km": None, "hubs.0.reach_minutes": 10},
    "matrix": {"travel": {"method": "matrix", "path": "travel.csv"}},
    "grown": {"model.existing": {"upgrade": True, "upgrade_fee": 3, "close": True, "close_saving": 2}},
}


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted key of every section and value of a scenario, by the first item of each list."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        yield key
        for part in _models(field.annotation):
            inside = key if part is field.annotation else f"{key}{_within(field.annotation)}"
            if inside != key:
                yield inside
            yield from _keys(part, f"{inside}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _within(annotation: Any) -> str:
    """Return what leads to an item: its number in a list, a column of demand where columns are keys."""
    parts = get_args(annotation)
    own = ".people" if get_origin(annotation) is dict else ".0" if Ellipsis in parts else ""
    return own or max(map(_within, parts), default="")


KEYS = sorted(set(_keys(Scenario)))


def _sets(tree: dict[str, Any], key: str) -> bool:
    """Tell whether a base sets a key, or the section it stands in."""
    return any(key == own or key.startswith(f"{own}.") or own.startswith(f"{key}.") for own in tree)


def test_the_keys_are_all_there() -> None:
    assert {"model.floors.0.share", "futures.named.0.need", "hubs.0.capex", "demand.people", "solver.threads"} <= set(
        KEYS
    )
    assert len(KEYS) > 90


def _property(node: dict[str, Any], name: str) -> Any:
    other = node.get("additionalProperties")
    return node.get("properties", {}).get(name, other if isinstance(other, dict) else None)


@cache
def _schema() -> dict[str, Any]:
    return hp.Scenario.model_json_schema()


def _bounds(key: str) -> list[Any]:
    """Return the least and the largest number that the schema allows, and those just beyond."""
    schema = _schema()

    def meant(node: Any) -> list[Any]:
        """Return what a node stands for: itself, or what it refers to or offers as alternatives."""
        if "$ref" in node:
            return meant(schema["$defs"][node["$ref"].rpartition("/")[2]])
        offered = [*node.get("anyOf", ()), *node.get("oneOf", ())]
        return [one for part in offered for one in meant(part)] or [node]

    nodes = [schema]
    for part in key.split("."):
        held = [one.get("items") if part.isdecimal() else _property(one, part) for one in nodes]
        nodes = [one for node in held if node for one in meant(node)]
    assert nodes
    found: list[Any] = []
    for one in nodes:
        for word, beyond in (("minimum", -1), ("maximum", 1)):
            if word in one:
                whole = one["type"] == "integer"
                found += [one[word], one[word] + beyond if whole else math.nextafter(one[word], beyond * math.inf)]
    return found


@pytest.mark.parametrize("key", KEYS)
def test_a_key_at_its_extremes_is_a_plan_or_a_plain_error(project: Project, key: str) -> None:
    base = next((name for name, own in BASES.items() if _sets(own, key)), "cover")
    # By default half of the texts and lists, one key these and the next key those.
    strange = one_of(2, [*TEXTS, *LISTS][KEYS.index(key) % 2 :])
    for value in [*NUMBERS, *_bounds(key), *strange]:
        settings = {**MODEL, **BASES[base], key: value}
        if base == "matrix" and key != "travel.path":
            settings |= {
                "travel": {"method": "matrix", "path": str(project.folder / "travel.csv")},
                key: value,
            }
        figures = _plan(project, settings)
        if figures is not None:
            assert math.isfinite(figures["objective_value"])
            assert math.isfinite(figures["cost"]["total"])


def _plan(project: Project, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return a plan's figures; None where it is refused in words."""
    try:
        return hp.solve(project.read(settings)).summary()
    except HubplannerError as error:
        if not str(error):
            pytest.fail("an error without words")
        return None


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"solver.threads": 100_000}, "solver.threads: 100000 found; allowed: a number less than or equal to 256"),
        ({"demand.groups": ["province", "province"]}, "demand.groups: 'province' found; allowed: each name once"),
        (
            {"demand.people": 1e308},
            "demand.people: 1e+308 found; allowed: a column name, or a number of at least 0 and at",
        ),
        ({"horizon_years": 5_000_000}, "horizon_years: 5000000 found; allowed: a number less than or equal to 100"),
        (
            {"discount_rate": 5},
            "discount_rate: 5 found; allowed: a number less than or equal to 1; 5 looks like per cent",
        ),
        ({"travel.detour": 1000}, "travel.detour: 1000 found; allowed: a number less than or equal to 10"),
        (
            {"model.floors": [{"share": 0.1}, {"share": 0.2}]},
            "model.floors.1: 'all need' found; allowed: each limit once",
        ),
        ({"model.require": ["S1", "S1 "]}, "model.require: 'S1 ' found; allowed: each name once"),
        (
            {"model.at_most_one": [["S1", "S3"], ["S3", "S1"]]},
            "model.at_most_one.1: 'S1, S3' found; allowed: each limit",
        ),
        ({"hubs.0.name": "\ud800"}, "hubs.0.name: holds half of a letter"),
        (
            {"currency": "\x1b[31m"},
            "currency: '\\x1b[31m' found; allowed: text on one line, without control characters",
        ),
        ({"futures": {"": 1}}, "futures.: 1 found; allowed: a known key, one of information"),
    ],
)
def test_what_is_beyond_a_bound_is_told(project: Project, settings: dict[str, Any], told: str) -> None:
    assert any(told in message for message in project.refusal(settings))


def test_limits_on_both_sides_of_a_group_may_stand_apart(project: Project) -> None:
    limits = [{"group": "name", "value": "Sibi", "min": 0}, {"group": "name", "value": "Sibi", "max": 2}]
    assert project.read({"sites.groups": ["name"], "model.hub_limits": limits}).model.hub_limits[1].max == 2
