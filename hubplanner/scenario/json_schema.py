"""The scenario file's JSON Schema, for editors and other programs."""

from __future__ import annotations

from typing import Any

from hubplanner.scenario.scenario import Scenario

Node = dict[str, Any]

_DEMAND_KEYS: list[Node] = [
    {"required": ["id", "people"]},
    {"required": ["merge", "people"], "properties": {"merge": {"const": True}}},
    {"properties": {"path": {"pattern": r"\.[tT][iI][fF][fF]?$"}}},
]
"""What a complete demand section has beside its path: ids only where points are not merged, people but for a raster."""


def json_schema() -> Node:
    """Return the JSON Schema of a scenario file, ``extends`` and ``overrides`` included.

    >>> json_schema()["title"]
    'hubplanner scenario'
    """
    schema = Scenario.model_json_schema()
    complete = _loosen(schema)
    schema["$defs"]["SitesSpec"]["properties"]["from"] = {
        "const": "demand",
        "description": "In the place of path: a site at each row of demand, whose file and cells are read alike.",
    }
    parts = {"type": "object", "additionalProperties": False, "properties": dict(schema["properties"])}
    schema["$defs"]["Variant"] = parts | {"description": "Part of a scenario; null removes a key."}
    schema["properties"] |= {
        "extends": {"type": "string", "description": "Scenario file this one changes."},
        "overrides": {
            "type": "object",
            "description": "Named variants: parts of a scenario laid over this one.",
            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Variant"}, {"type": "null"}]},
        },
    }
    schema["anyOf"] = [{"required": ["extends"]}, complete]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "hubplanner scenario"}


def _loosen(schema: Node) -> Node:
    """Take away what the top level and its sections require, and return it as a schema of its own.

    A file that extends another, and a variant, may leave out whatever the other says.
    """
    travel = schema["properties"]["travel"]
    travel["anyOf"] = travel.pop("oneOf")  # with nothing required, keys that several methods know fit each of them
    for method in travel["anyOf"]:
        schema["$defs"][method["$ref"].rpartition("/")[2]].pop("required", None)
    complete: Node = {"required": schema.pop("required"), "properties": {}}
    for key, part in schema["properties"].items():
        section = schema["$defs"].get(part.get("$ref", "").rpartition("/")[2], {})
        if "required" in section:
            complete["properties"][key] = {"required": section.pop("required")}
    complete["properties"]["demand"]["anyOf"] = _DEMAND_KEYS
    complete["properties"]["sites"] = {"anyOf": [{"required": ["path"]}, {"required": ["from"]}]}
    return complete
