"""What the JSON files of results hold, in one place: each key's kind, and whether it may be null or absent.

Whoever reads a run, a frontier, an explanation or a stability back asks here first, so that a file that somebody
changed is told as such and never fails further on. Nothing heavy is imported, so that runs are listed quickly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubplanner.translation import N_


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


MOST_WHOLE, MOST = 2**63 - 1, 1e150
"""Numbers that arrays hold, and whose squares and sums are finite: what lies beyond hubplanner never wrote."""


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= (MOST_WHOLE if isinstance(value, int) else MOST)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _each(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_one, value))


NUMBER, COUNT, WORDS, TRUTH, ANY = N_("a number"), N_("a number of at least 0"), N_("text"), N_("true or false"), ""
WHOLE, NUMBER_OR_WORDS = N_("a whole number of at least 0"), N_("a number or text")
OBJECT, OBJECTS, TEXTS = N_("an object"), N_("a list of objects"), N_("an object of texts")
LIST_OF_TEXTS, LIST_OF_NUMBERS = N_("a list of texts"), N_("a list of numbers")
STATUS, OBJECTIVE, CRITERION = N_("the status of a plan"), N_("an objective"), N_("a criterion over futures")
HUB_STATUS, SOURCE = N_("new, upgraded or existing"), N_("default, scenario or data")
SOME_OBJECTS = N_("a list of objects, at least one")
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    NUMBER: _is_number,
    COUNT: lambda value: _is_number(value) and value >= 0,
    WHOLE: lambda value: _is_number(value) and value >= 0 and value == int(value),
    WORDS: _is_text,
    NUMBER_OR_WORDS: lambda value: _is_number(value) or _is_text(value),
    TRUTH: lambda value: isinstance(value, bool),
    OBJECT: _is_object,
    OBJECTS: _each(_is_object),
    TEXTS: lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    LIST_OF_TEXTS: _each(_is_text),
    LIST_OF_NUMBERS: _each(_is_number),
    STATUS: _one_of("optimal", "feasible", "infeasible", "no_plan"),
    OBJECTIVE: _one_of("max_coverage", "min_cost", "p_median", "p_center"),
    CRITERION: _one_of("expected", "worst", "regret", "cvar"),
    HUB_STATUS: _one_of("new", "upgraded", "existing"),
    SOURCE: _one_of("default", "scenario", "data"),
    SOME_OBJECTS: lambda value: bool(value) and _each(_is_object)(value),
    ANY: lambda _value: True,
}
"""What may stand at a key, in words, and how it is told."""


@dataclass(frozen=True)
class Schema:
    """What stands somewhere in a file, and below it.

    Parameters
    ----------
    kind
        In words, a key of `_KINDS`.
    null, absent
        Whether it may be null, or not be there at all.
    below
        What stands at each key of an object, or of each object of a list; * for any other key.
    """

    kind: str = OBJECT
    null: bool = False
    absent: bool = False
    below: dict[str, Schema] = field(default_factory=dict)


def _schema(words_of: Mapping[str, str]) -> Schema:
    """Return what a file holds, of keys by kind.

    A dot stands before each key within another, or within each row of a list; behind a key ~ says that it may be null,
    ? that it may be absent. Whatever a key stands in comes before it.
    """
    top = Schema()
    found = {
        tuple(word.rstrip("~?").split(".")): Schema(kind, null="~" in word, absent="?" in word)
        for kind, words in words_of.items()
        for word in words.split()
    }
    for way in sorted(found, key=len):
        node = top
        for key in way[:-1]:
            node = node.below[key]
        node.below[way[-1]] = found[way]
    return top


@dataclass
class Findings:
    """What a file holds that it should not: kind, place and value of each; and the places of keys it lacks."""

    wrong: list[tuple[str, str, Any]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)


def findings_in(tree: Any, schema: Schema) -> Findings:
    """Return what in a file is not as its schema has it; what the schema does not know is not looked at."""
    found = Findings()
    _look(tree, schema, "", found)
    return found


def _look(value: Any, schema: Schema, place: str, found: Findings) -> None:
    if value is None and schema.null:
        return
    if not _KINDS[schema.kind](value):
        found.wrong.append((schema.kind, place, value))
        return
    if isinstance(value, list):
        for number, row in enumerate(value if schema.below else ()):
            _below(row, schema, f"{place}.{number}.", found)
    elif isinstance(value, dict):
        _below(value, schema, f"{place}." if place else "", found)


def _below(tree: dict[str, Any], schema: Schema, place: str, found: Findings) -> None:
    found.lacking += [
        place + key for key, part in schema.below.items() if key not in tree and key != "*" and not part.absent
    ]
    for key, value in tree.items():
        for part in filter(None, (schema.below.get(key), schema.below.get("*"))):
            _look(value, part, place + key, found)


PLAN = _schema(
    {
        STATUS: "status",
        OBJECTIVE: "objective",
        TRUTH: "stopped?",
        NUMBER: """
            objective_value bound~ nested_value~ cost.total cost.capex cost.opex_present_value cost.backhaul cost.saved
            cost.measures? cost.paid.total cost.paid.per_user_year~ cost.paid.by_year.paid goals.value goals.bound~
            hubs.cost hubs.lon hubs.lat hubs.link_cost?~ hubs.power_cost?~ hubs.catchment?~ periods.cost
            travel.closing.lon travel.closing.lat travel.closing.cost~ futures.cvar futures.expected
            futures.expected_cost futures.highest_cost futures.worst.value futures.vss.* futures.evpi.*
            futures.each.value futures.each.cost futures.each.best?~ futures.each.best_bound?~ fairness.bound~
            stability.seed gap~ seconds budget~ need.total need.covered need.share people.total people.covered
            people.reached distance.*~ groups.*.*.need groups.*.*.covered groups.*.*.share groups.*.*.people
            groups.*.*.covered_people cost.paid.by_year.year hubs.hubs hubs.covered_need hubs.covered_people hubs.load
            hubs.capacity?~ hubs.utilisation?~ hubs.mbps?~ hubs.hops?~ hubs.size_rank?~ hubs.of_sites?~
            hubs.larger_free?~ hubs.certainty?~ floors.share floors.covered floors.need periods.budget periods.hubs
            periods.need.total periods.need.covered periods.need.share periods.people.total periods.people.covered
            periods.people.reached travel.closing.road_km~ travel.closing.people travel.closing.need
            travel.closing.part~ travel.closing.beside~ measures.*.people measures.*.may_reach measures.*.users
            measures.*.cost measures.*.covered measures.*.cost_per_person measures.*.benefit backhaul.shared_km
            backhaul.alone.lines backhaul.alone.km backhaul.by_technology.*.hubs backhaul.by_technology.*.km
            backhaul.by_technology.*.cost backhaul.electricity.*.hubs backhaul.electricity.*.cost futures.cvar_level
            futures.each.need futures.each.covered futures.each.share futures.each.probability fairness.alpha
            fairness.groups fairness.served fairness.equivalent_share fairness.linear_below_share fairness.shares.*
            stability.draws stability.levels.*.hubs stability.levels.*.kept stability.levels.*.kept_least
            stability.levels.*.in_nine_of_ten warnings.row~
        """,
        WORDS: """
            solver.name solver.version currency people.whom ties floors.name floors.group~ floors.value~ floors.people~
            goals.name hubs.site_id hubs.tier hubs.link?~ hubs.connected_to?~ hubs.power?~ hubs.period?~ periods.name
            periods.people.whom warnings.code warnings.message warnings.file assumptions.key
            travel.closing.what travel.closing.site_id~ travel.closing.tier~ futures.limits futures.worst.name
            futures.each.name fairness.group fairness.group_because fairness.linear_below_because
            fairness.prefer_largest_of?
        """,
        HUB_STATUS: "hubs.status",
        SOURCE: "assumptions.source",
        CRITERION: "futures.under",
        ANY: "assumptions.value",
        OBJECT: """
            solver cost cost.paid need people distance groups groups.* groups.*.* periods.need periods.people travel?
            measures? measures.* backhaul? backhaul.by_technology backhaul.by_technology.* backhaul.alone
            backhaul.electricity? backhaul.electricity.* futures? futures.worst futures.vss~ futures.evpi~ fairness?
            fairness.shares stability? stability.levels stability.levels.* repair?
        """,
        SOME_OBJECTS: "cost.paid.by_year",
        OBJECTS: """
            hubs goals periods floors warnings assumptions? travel.closing? futures.each
        """,
        LIST_OF_TEXTS: "closed periods.opened periods.open backhaul.assumptions fairness.unserved hubs.alternatives?~",
        LIST_OF_NUMBERS: "backhaul.edges",
    }
)
"""plan.json."""
ROADS = _schema(
    {
        WORDS: "direction",
        COUNT: """
            roads_km parts main_part_km people_on_islands people_beyond_access speeds_used.*.* closed_km.* gaps.metres
            gaps.joins_km gaps.people barriers.shapes barriers.points_led barriers.points_parted barriers.people_led
            barriers.people_parted
        """,
        NUMBER: "gaps.lon gaps.lat",
        OBJECT: "speeds_used speeds_used.* closed_km? barriers?",
        OBJECTS: "gaps",
        LIST_OF_TEXTS: "modes sites_on_islands sites_beyond_access barriers.sites_led barriers.sites_parted",
    }
)
"""``travel`` of plan.json along roads."""
RASTER = _schema(
    {
        NUMBER: """
            moves rows columns open_share quickest_kmh max_minutes people_moved people_beyond_access people_cut_off
            road_cells? barrier_cells? speeds_used.*.*
        """,
        OBJECT: "speeds_used? speeds_used.*",
        LIST_OF_TEXTS: "sites_moved sites_beyond_access sites_cut_off? modes?",
    }
)
"""The same over land."""
MANIFEST = _schema({TEXTS: "files? inputs? exports?", OBJECT: "said? versions? solver?"})
"""manifest.json."""
FRONTIER = _schema(
    {
        WORDS: "name trade currency? points.hubs.site_id",
        NUMBER: "points.cost",
        NUMBER_OR_WORDS: "points.alpha?",
        COUNT: """
            points.people points.share points.hubs.hubs? points.worst_share?~ points.mean_distance_km?~
            points.mean_distance_minutes?~ points.equivalent_share?~
        """,
        WHOLE: "knee?~ points.number points.groups? points.groups_served?",
        OBJECTS: "points points.hubs",
    }
)
"""frontier.json, as far as it is read back."""
STABILITY = _schema(
    {
        NUMBER: """
            plan.cost draws levels.*.hubs levels.*.kept levels.*.kept_least levels.*.in_nine_of_ten hubs.hubs
            hubs.certainty misses_limits asked_gap reached.mean~ reached.least~ reached.proven~
        """,
        WORDS: "hubs.site_id hubs.tier hubs.name?~",
        OBJECT: "plan levels levels.* levels.hub groups reached",
        OBJECTS: "hubs",
    }
)
"""stability.json, as far as it is read back."""
EXPLANATION = _schema({NUMBER: "plan.cost", OBJECT: "plan", OBJECTS: "hubs", WORDS: "hubs.site_id hubs.words"})
"""explanation.json, as far as it is read back."""


def of_every_row(place: str) -> str:
    """Return a key's place without which row of a list it is of.

    >>> of_every_row("hubs.0.site_id")
    'hubs.site_id'
    """
    return ".".join(part for part in place.split(".") if not part.isdecimal())


def findings_in_plan(tree: Any) -> Findings:
    """Return what in plan.json is not as it should be."""
    found = findings_in(tree, PLAN)
    travel = tree.get("travel") if isinstance(tree, dict) else None
    if isinstance(travel, dict):
        _look(travel, RASTER if "open_share" in travel else ROADS, "travel", found)
    return found
