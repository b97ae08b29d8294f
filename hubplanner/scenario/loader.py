"""Scenario files to a `Scenario`: extends, overrides, settings, then validation with every fault at once."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hubplanner.errors import Fault, ScenarioError, raise_faults, spelled_out
from hubplanner.formats.tables.database import without_password
from hubplanner.io import check_regular, why_unreadable
from hubplanner.scenario.fields import is_address, per_cent_hint
from hubplanner.scenario.json_schema import json_schema
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import METHODS
from hubplanner.scenario.validation import inconsistencies
from hubplanner.scenario.yaml_text import Tree, assign, in_a_line, merge, read_yaml, without_nulls, write_yaml
from hubplanner.translation import N_, gettext as _, joined, with_advice

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_PATHS = ("demand", "sites", "travel", "backhaul", "map", "futures")
"""Sections whose paths are relative to the file that names them."""
_LAYERS = ("borders", "places", "water", "roads", "roads_closed_in", "barriers")
_PARTS = (
    *("join", "zones", "spread_by", "nodes", "lines", "towers", "table", "raster", "land_cover", "dem", "named"),
    *("technologies", "microwave", "sights", *_LAYERS),
)
"""Keys of those sections that name files of their own."""


def read_scenario(
    path: str | os.PathLike[str],
    overrides: Sequence[str] | str = (),
    settings: Mapping[str, Any] | None = None,
) -> Scenario:
    """Read, merge and validate a scenario file.

    Parameters
    ----------
    path
        The YAML file; ``extends`` chains are followed.
    overrides
        Names of variants under ``overrides``, applied in this order; a text is the one name.
    settings
        Dotted keys and their values, applied last; paths are relative to the scenario file, as in it.

    Raises
    ------
    ScenarioError
        With every fault of the file: key, value, what is allowed.
    """
    return resolve(read_tree(path, overrides), path, settings, overrides)


def read_tree(path: str | os.PathLike[str], overrides: Sequence[str] | str = ()) -> Tree:
    """Return a scenario file's keys and values with its variants applied, for `resolve`; raise as `read_scenario`."""
    file = Path(path)
    tree = _extended(file)
    variants, chosen = _variants(tree.pop("overrides", None), file), _names(overrides)
    _check_overrides(tree, variants, chosen, file)
    for name in chosen:
        tree = merge(tree, variants[name])
    return tree


def read_variants(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the names of a scenario file's variants, in their order; raise as `read_scenario`."""
    file = Path(path)
    return tuple(_variants(_extended(file).pop("overrides", None), file))


def _names(overrides: Sequence[str] | str) -> tuple[str, ...]:
    return (overrides,) if isinstance(overrides, str) else tuple(overrides)


def resolve(
    tree: Tree,
    path: str | os.PathLike[str],
    settings: Mapping[str, Any] | None = None,
    overrides: Sequence[str] | str = (),
) -> Scenario:
    """Return the scenario of a tree with dotted keys set, one tree for many settings; raise as `read_scenario`.

    Parameters
    ----------
    tree
        As `read_tree` returns it; it stays as it is.
    path
        The file it was read from, for messages.
    settings
        Dotted keys and their values.
    overrides
        The variants in the tree, for messages.
    """
    for key, value in (settings or {}).items():
        tree = assign(tree, key, value)
    tree = absolute(tree, Path(path).parent)
    scenario, faults = _validated(tree, _Origin(Path(path), tree, _names(overrides)))
    if scenario is None:
        raise ScenarioError(faults)
    raise_faults(inconsistencies(scenario))
    return scenario


def _extended(file: Path) -> Tree:
    """Return the file's tree laid over the one it extends, its paths made absolute."""
    *own, tree = (tree for _file, tree in _chain(file))
    for above in reversed(own):
        tree = _laid_over(tree, above)
    return tree


def _chain(file: Path) -> Iterator[tuple[Path, Tree]]:
    """Yield a file with its tree, then each that it extends in turn."""
    seen = set[Path]()
    while True:
        seen.add(file.resolve())
        tree = absolute(read_yaml(file), file.parent)
        base = tree.pop("extends", None)
        yield file, tree
        if base is None:
            return
        if not isinstance(base, str) or not base or is_address(base):
            raise ScenarioError(_fault(file, "extends", base, _("the name of one scenario file")))
        named = file.parent / base
        if named.resolve() in seen:
            raise ScenarioError(_fault(file, "extends", base, _("a file that does not itself extend this one")))
        try:
            check_regular(named)
        except OSError as error:
            told = joined((spelled_out(base), why_unreadable(named, error)), " ")
            raise ScenarioError(_fault(file, "extends", None, told)) from error
        file = named


@dataclass(frozen=True)
class _Origin:
    """Where the keys of a scenario were written: in its file, in one that it extends, or in a variant of either.

    Parameters
    ----------
    file
        The scenario's file.
    tree
        What it came to, with variants and settings.
    variants
        Names of the variants in it, in their order.
    within
        Whether the last of them is looked at for itself, so that whatever is wrong is its doing.
    """

    file: Path
    tree: Tree = field(compare=False)
    variants: tuple[str, ...] = ()
    within: bool = False

    def __call__(self, key: str) -> tuple[str, str]:
        """Return the file that gives a key its value, and the key as it stands there, that of a variant too.

        A key without a value is looked for where what it belongs in stands; one that was set, in the scenario's file.
        One within a section that is written as a value, such as ``map.borders: borders.gpkg``, is that section's.
        """
        if key not in self._told:
            self._told[key] = self._look(key)
        return self._told[key]

    def _look(self, key: str) -> tuple[str, str]:
        way = tuple(key.split("."))
        while way and isinstance(_at(self.tree, way[:-1]), str | int | float):
            way = way[:-1]
        value = _at(self.tree, way)
        of_variants = [("overrides", name, *way) for name in reversed(self.variants)]
        places = of_variants[:1] if self.within else [*of_variants, way]
        for place in places if value is not None else ():
            for file, tree in self._written:
                if _at(tree, place) == value:
                    return str(file), ".".join(place)
        place = places[0] if self.within else way
        above = place if self.within or value is None else ()
        while above:
            for file, tree in self._written:
                if _at(tree, above) is not None:
                    return str(file), ".".join(place)
            above = above[:-1]
        return str(self.file), ".".join(place)

    @cached_property
    def _told(self) -> dict[str, tuple[str, str]]:
        return {}

    @cached_property
    def _written(self) -> Sequence[tuple[Path, Tree]]:
        """The scenario's file and those that it extends, read once for all faults."""
        with suppress(ScenarioError):  # a file that has gone since
            return list(_chain(self.file))
        return ()


def _at(tree: Any, way: Sequence[str]) -> Any:
    """Return what stands at a key, each of its parts within the one before; None where nothing does."""
    for part in way:
        parts = dict(enumerate(tree)) if isinstance(tree, list) else tree if isinstance(tree, dict) else {}
        tree = next((value for name, value in parts.items() if str(name) == part), None)
    return tree


def _laid_over(base: Tree, tree: Tree) -> Tree:
    """Return a tree laid over the one it extends; a variant of the base that is null is gone."""
    merged: Tree = merge(base, tree)
    inherited, own = base.get("overrides"), tree.get("overrides")
    if isinstance(inherited, dict) and isinstance(own, dict):
        gone = {name for name in inherited if name in own and own[name] is None}
        merged["overrides"] = {name: part for name, part in merged["overrides"].items() if name not in gone}
    return merged


def absolute(tree: Tree, folder: Path) -> Tree:
    """Return the tree with its paths resolved against the folder, those of its overrides too."""
    resolved = dict(tree)
    for section in _PATHS:
        if section in tree:
            resolved[section] = _with_paths(tree[section], lambda path: os.path.normpath(folder.absolute() / path))
    if isinstance(tree.get("overrides"), dict):
        resolved["overrides"] = {
            name: absolute(variant, folder) if isinstance(variant, dict) else variant
            for name, variant in tree["overrides"].items()
        }
    return resolved


def _with_paths(part: Any, change: Callable[[str], str]) -> Any:
    """Return a section with each path of a file changed."""
    if isinstance(part, list):
        return [_with_paths(item, change) for item in part]
    if not isinstance(part, dict):
        return part
    files = {key: part[key] for key in ("path", "aliases", *_LAYERS) if isinstance(part.get(key), str)}
    inner = {key: _with_paths(part[key], change) for key in _PARTS if key in part}
    return part | inner | {key: change(path) for key, path in files.items() if path and not is_address(path)}


def _variants(named: Any, file: Path) -> dict[str, Tree]:
    """Return the variants by name."""
    origin = _Origin(file, {"overrides": named})
    variants = {} if named is None else named
    if not isinstance(variants, dict):
        raise ScenarioError(_fault(origin("overrides")[0], "overrides", named, _("variants, each with a name")))
    example = "{model: {budget: 1.0e9}}"
    faults = [
        _fault(*origin(f"overrides.{name}"), variant, _("scenario keys, such as {example}", example=example))
        for name, variant in variants.items()
        if not isinstance(variant, dict | None)
    ]
    raise_faults(faults)
    return {str(name): variant or {} for name, variant in variants.items()}


def _check_overrides(tree: Tree, variants: dict[str, Tree], chosen: Sequence[str], file: Path) -> None:
    """Raise when a variant is unknown or would not validate, chosen or not."""
    known = ", ".join(variants) or _("none, the file has no overrides")
    faults = [
        _fault(file, "overrides", name, _("one of {known}", known=known)) for name in chosen if name not in variants
    ]
    _scenario, own = _validated(tree, _Origin(file, tree))
    for name, variant in variants.items():
        changed = merge(tree, variant)
        _scenario, found = _validated(changed, _Origin(file, changed, (name,), within=True))
        faults += [] if own else found
    if faults:
        raise ScenarioError([*faults, *own])


def _validated(tree: Tree, origin: _Origin) -> tuple[Scenario | None, list[Fault]]:
    lone = _half_letter(tree, "")
    if lone is not None:
        file, key = origin(lone)
        told = _("holds half of a letter (a surrogate); write the whole one")
        return None, [_fault(file, ascii(key)[1:-1], None, told)]
    try:
        scenario = Scenario.model_validate(without_nulls(tree))
    except ValidationError as error:
        return None, _one_of_several([_as_fault(details, origin) for details in _told_once(error.errors(), tree)])
    scenario._file, scenario._written_in = origin.file, origin  # noqa: SLF001 - set where the model is made
    return scenario, []


def _half_letter(tree: Any, key: str) -> str | None:
    r"""Return the key of the first text that no encoding can write, as \ud800 in YAML makes it; None without any.

    >>> _half_letter({"hubs": [{"name": "\ud800"}]}, "")
    'hubs.0.name'
    """
    if isinstance(tree, str):
        return key if _HALF_LETTER.search(tree) else None
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    for name, part in parts:
        own = f"{key}.{name}" if key else str(name)
        found = own if _HALF_LETTER.search(str(name)) else _half_letter(part, own)
        if found is not None:
            return found
    return None


_HALF_LETTER = re.compile("[\ud800-\udfff]")


def _told_once(errors: list[ErrorDetails], tree: Tree) -> list[ErrorDetails]:
    """Return pydantic's complaints without those about a list that only lacks the items it complains of anyway."""
    for details in errors:
        details["loc"] = _in_file(details["loc"], tree)
    inner = {details["loc"][:length] for details in errors for length in range(len(details["loc"]))}
    return [details for details in errors if details["type"] != "too_short" or details["loc"] not in inner]


def _in_file(location: tuple[int | str, ...], tree: Any) -> tuple[int | str, ...]:
    """Return a location without the name of the kind of value, number or text, that pydantic ends it with.

    >>> _in_file(("travel", "network", "roads", "minutes", "constrained-str"), {"travel": {"roads": {"minutes": 0}}})
    ('travel', 'network', 'roads', 'minutes')
    """
    node, is_method = tree, len(_in_section(location)[0]) < len(location)
    for at, part in enumerate(location):
        if isinstance(node, str | int | float) and isinstance(part, str):
            return location[:at]
        if not (is_method and at == 1):
            known = range(len(node)) if isinstance(node, list) else node if isinstance(node, dict) else ()
            node = node[part] if part in known else ()
    return location


def _one_of_several(faults: list[Fault]) -> list[Fault]:
    """Return faults with one for each value that may be of several kinds and is of none."""
    found: dict[tuple[str | None, Any], Fault] = {}
    for fault in faults:
        key = fault.column, fault.value
        before = found.get(key)
        found[key] = (
            fault
            if before is None
            else replace(fault, allowed=_("{allowed}, or {other}", allowed=before.allowed, other=fault.allowed))
        )
    return list(found.values())


def _fault(file: Path | str, key: str, value: object, allowed: str) -> Fault:
    return Fault(
        file=str(file), column=key, value=value if value is None else _brief(value), allowed=allowed, kind="scenario"
    )


def _as_fault(details: ErrorDetails, origin: _Origin) -> Fault:
    location, method = _in_section(details["loc"])
    file, where = origin(".".join(str(part) for part in location))
    if details["type"] == "missing":
        return _fault(
            file, where, None, _("is required{more}", more=_(" for method {method}", method=method) if method else "")
        )
    if details["type"] == "union_tag_invalid":
        file, where = origin(".".join((*map(str, location), "method")))
        return _fault(file, where, details["ctx"]["tag"], _one_of(details["ctx"]["expected_tags"]))
    if location in {("extends",), ("overrides",)}:  # gone from what a file holds by now: set, or in a variant
        return _fault(file, where, details["input"], _("a key of the scenario file alone; write it there"))
    if location == ("sites", "from"):
        allowed = _("demand, for a site at each row of its file, which is no raster; and then no sites.path")
        return _fault(file, where, details["input"], allowed)
    if details["type"] == "extra_forbidden":
        return _fault(file, where, details["input"], _known_keys(location, method))
    return _fault(file, where, details["input"], _allowed(details))


def _in_section(location: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], str | None]:
    """Return where a key stands in the file, and the method of travel that pydantic puts in between, if any.

    >>> _in_section(("travel", "matrix", "path"))
    (('travel', 'path'), 'matrix')
    """
    if location[0] == "travel" and len(location) > 1 and location[1] in METHODS:
        return (location[0], *location[2:]), str(location[1])
    return location, None


def _brief(value: object) -> str | int | float:
    """Return a value that fits a line."""
    text = without_password(str(value))
    if isinstance(value, int | float):
        return value
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - the width of a line


_WORDS = {
    "model_type": N_("keys with values below it"),
    "dict_type": N_("keys with values below it"),
    "tuple_type": N_("a list, in [ ]"),
    "too_short": N_("a list of at least one"),
    "string_type": N_("text, in quotes if it looks like a number or date"),
    "string_too_short": N_("a text that is not blank"),
    "string_pattern_mismatch": N_("letters, digits, dot, dash and underscore, a letter or digit first"),
    "bool_type": N_("true or false"),
    "float_type": N_("a number in digits alone, without quotes"),
    "int_type": N_("a whole number in digits alone, without quotes or decimal point"),
    "finite_number": N_("a finite number"),
    "invalid_key": N_("a key that is text, in quotes if it looks like a number"),
}
"""What is allowed instead, by the type of pydantic's complaint."""
_LENGTHS = {"string_too_long", "too_long"}
"""Complaints that a text, or a list, is too long."""
_SHAPES = {"model_type", "dict_type", "tuple_type", "too_short"}
"""Complaints that an example answers best."""
_BOUNDS = {
    "greater_than": N_("a number greater than {limit}"),
    "greater_than_equal": N_("a number greater than or equal to {limit}"),
    "less_than": N_("a number less than {limit}"),
    "less_than_equal": N_("a number less than or equal to {limit}"),
}
"""The same where a number is too small or too large."""


def _allowed(details: ErrorDetails) -> str:
    """Return what would be allowed, in a planner's words."""
    kind, ctx = details["type"], details.get("ctx", {})
    plain = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind in _BOUNDS:
        allowed = _(_BOUNDS[kind], limit=plain.rpartition(" ")[2])
        return with_advice(allowed, per_cent_hint(details["input"])) if ctx.get("le") == 1 else allowed
    if kind in _LENGTHS:
        if not isinstance(details["input"], str):
            return _("a list of at most {most:,}", most=ctx["max_length"])
        return _("a text of at most {most:,} characters", most=ctx["max_length"])
    kind = "string_too_short" if kind == "too_short" and isinstance(details["input"], str) else kind
    if kind in _WORDS:
        return _(_WORDS[kind]) + _such_as(details)
    if kind.startswith("literal"):
        return _one_of(plain)
    return str(ctx["error"]) if "error" in ctx else _(plain)


def _one_of(choices: str) -> str:
    """Return words that pydantic lists in quotes as those that are allowed.

    >>> _one_of("'step', 'linear' or 'gaussian'"), _one_of("8 or 16")
    ('one of step, linear, gaussian', 'one of 8, 16')
    """
    return _("one of {choices}", choices=choices.replace("'", "").replace(" or ", ", "))


def _such_as(details: ErrorDetails) -> str:
    """Return what could stand where a list or keys are asked for, by the schema's example; nothing without one.

    >>> _such_as({"type": "tuple_type", "loc": ("travel", "terrain", "speeds"), "msg": "", "input": 4})
    ', such as [{class: [1, 2], kmh: 4}, {class: 9, kmh: 0}]'
    """
    if details["type"] not in _SHAPES:
        return ""
    location, method = _in_section(details["loc"])
    *_above, outer, field = (dict[str, Any](), *(field for _node, field in _nodes(location, method)))
    of_list = outer.get("examples", ()) if isinstance(location[-1], int) else ()
    example = next(iter((*field.get("examples", ()), *(one for several in of_list for one in several))), None)
    return "" if example is None else _(", such as {example}", example=in_a_line(example))


def _known_keys(location: tuple[int | str, ...], method: str | None) -> str:
    """Return the keys that may stand where an unknown one does, the most similar one last."""
    of_travel = method is not None and len(location) == 2  # noqa: PLR2004 - a key of travel itself
    knows = [name for name, spec in METHODS.items() if location[-1] in spec.model_fields] if of_travel else []
    if knows:
        return _("only with method {knows}, not {method}", knows=joined(knows, _(" or ")), method=method)
    known = _keys(location[:-1], method)
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = _(" (did you mean {close}?)", close=close[0]) if close else ""
    return _("a known key, one of {known}{hint}", known=joined(known, ", "), hint=hint)


_schema = cache(json_schema)
"""Made once: that takes a tenth of a second, and each unknown key asks for it."""


def _keys(location: tuple[int | str, ...], method: str | None = None) -> list[str]:
    """Return the keys the scenario knows at a location, in travel those of a method."""
    *_, (node, _) = _nodes(location, method)
    return sorted(node["properties"])


def _nodes(location: tuple[int | str, ...], method: str | None) -> Iterator[tuple[Any, Any]]:
    """Yield what the schema says on the way to a location, in travel for a method: of its kind, and of its field.

    Nothing where it says nothing, as of a list where one value is asked for.
    """
    schema = _schema()
    node: Any = schema if method is None else schema["$defs"][METHODS[method].__name__]
    yield node, node
    for part in location if method is None else location[1:]:
        of_any_name = node.get("additionalProperties") or {}
        field = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, of_any_name)
        node = next((one for one in field.get("anyOf", ()) if "$ref" in one or "items" in one), field)  # it or null
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        yield node, field


def dump_scenario(scenario: Scenario, folder: Path | None = None) -> str:
    """Return the scenario as YAML with every default spelled out, its paths relative to the folder."""
    tree = scenario.model_dump(mode="json", exclude_none=True, by_alias=True)
    for section in _PATHS:
        if folder is not None and section in tree:
            tree[section] = _with_paths(tree[section], lambda path: _relative(path, folder))
    return write_yaml(tree)


def _relative(path: str, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive on Windows has no relative path
        return path
