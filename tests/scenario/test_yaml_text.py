"""YAML 1.2 text to plain mappings, and the settings that change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from ruamel.yaml.scanner import Scanner

from hubplanner.errors import ScenarioError
from hubplanner.scenario.yaml_text import (
    DEEPEST,
    LONGEST,
    assign,
    merge,
    parse_setting,
    parse_yaml,
    read_yaml,
    without_nulls,
    write_yaml,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("2e9", 2e9),
        ("9.0e6", 9e6),
        ("1.0E-4", 1e-4),
        ("12", 12),
        ("007", 7),
        ('"007"', "007"),
        ("12:30:45", "12:30:45"),
        ("[1, a]", [1, "a"]),
        ("", None),
        ("لاڑکانا", "لاڑکانا"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    found = parse_yaml(text, "f")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{car: 30, walk:60}", "line 1: walk:60 in { } has no value; write walk: 60, with a space after the colon"),
        ("{car:-3}", "write car: -3, with"),
        ("hubs:\n  - {name: a,\n     reach_minutes: {car:15}\n     }\n", "line 3: car:15"),
        ("{car: 30,\n walk:60\n}", "line 2: walk:60"),
        ("{under}", "under in { } has no value; write under: and its value"),
    ],
)
def test_a_colon_without_a_space_is_told_as_it_was_written(text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as found:
        parse_yaml(text, "scenario.yaml")
    assert said in str(found.value)


def test_nothing_may_be_said_of_a_key_to_take_it_away() -> None:
    assert parse_yaml("{a: , b: null, 'c:d': null}", "s") == {"a": None, "b": None, "c:d": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 'f, line 3: is not valid YAML: found duplicate key "a" with value "3"'),
        ("a:\n  b: 1\n  b: 2\n", "f, line 3: is not valid YAML: found duplicate key"),
        ("a: 1\nb: &x 2\n", "f, line 2: anchors (&) and aliases (*) cannot be used"),
        ("a: 1\nb: *x\n", "f, line 2: anchors (&) and aliases (*) cannot be used"),
        ("a: 1\nb: [1\nc: 2\n", "f, line 3: is not valid YAML: expected ',' or ']'"),
        ("a:\n\t- b\n", "f, line 2: is not valid YAML: found character"),
        ("a: 1\nb: \x01\n", "f, line 2: is not valid YAML: a character that cannot be printed, '\\x01'"),
        ("a: 1\n---\nb: 2\n", "f, line 2: is not valid YAML: expected a single document in the stream, but found"),
        ("a: !!python/object:os.system 1", "f, line 1: is not valid YAML: could not determine a constructor"),
        ("a: 'b\n", "f, line 2: is not valid YAML: found unexpected end of stream"),
        ("a: 2024-13-45", "f: is not valid YAML: month must be in 1..12"),
        ("a: !!int x", "f: is not valid YAML: invalid literal for int()"),
        (f"a: {'9' * 5000}", "f: is not valid YAML: Exceeds the limit"),
        (f"a: {'9' * (LONGEST + 1)}", "f: holds more than 300,000 characters"),
    ],
    ids=range(14),
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_yaml(text, "f")
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        f"a: {'[' * 100_000}",
        f"a: {'[' * 3000}{']' * 3000}",
        "a: " + "{a: " * 800 + "1" + "}" * 800,
        "a: [" + '"]", [' * 3000,
        "\n[" * 3000,
        "- " * 2000 + "a",
        "? " * 2000 + "a",
        "".join(f"{' ' * depth}a:\n" for depth in range(500)),
    ],
    ids=range(8),
)
def test_nests_are_refused_before_they_cost_time(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    looks, real = [0], Scanner.fetch_more_tokens

    def look(self: Scanner) -> Any:
        looks[0] += 1
        return real(self)

    monkeypatch.setattr(Scanner, "fetch_more_tokens", look)
    with pytest.raises(ScenarioError, match="lists and mappings nest more than 32 levels deep"):
        parse_yaml(text, "f")
    assert looks[0] < 4 * DEEPEST


@pytest.mark.parametrize("opening", [("[", "]"), ("{a: ", "}"), ("- ", ""), ("a:\n", None)], ids=range(4))
def test_nests_of_the_depth_that_is_allowed_are_read(opening: tuple[str, str | None]) -> None:
    start, end = opening

    def nested(depth: int) -> str:
        if end is None:
            return "".join(" " * level + start for level in range(depth)) + " " * depth + "1"
        return start * depth + "1" + end * depth

    found, depth = parse_yaml(nested(DEEPEST), "f"), 0
    while isinstance(found, dict | list):
        found, depth = (found["a"] if isinstance(found, dict) else found[0]), depth + 1
    assert (found, depth) == (1, DEEPEST)
    with pytest.raises(ScenarioError, match="nest more than"):
        parse_yaml(nested(DEEPEST + 1), "f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfea", "is not UTF-8 text; save it as UTF-8"),
        (b"", "holds no scenario"),
        (b"- a\n", "holds no scenario"),
        (b"just text", "holds no scenario"),
    ],
)
def test_a_file_that_holds_no_mapping_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        read_yaml(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(b"\xef\xbb\xbfname: a\r\n")
    assert read_yaml(tmp_path / "s.yaml") == {"name": "a"}


@pytest.mark.parametrize(
    ("base", "change", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": 2}}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 2}}, {"a": None}, {"a": None}),
    ],
)
def test_mappings_merge_and_all_else_is_replaced(base: object, change: object, merged: object) -> None:
    assert merge(base, change) == merged


def test_a_merge_shares_nothing_with_what_it_was_made_of() -> None:
    base, change = {"a": {"b": [1]}}, {"c": {"d": [2]}}
    merged = merge(base, change)
    merged["a"]["b"].append(9)
    merged["c"]["d"].append(9)
    assert (base, change) == ({"a": {"b": [1]}}, {"c": {"d": [2]}})


def test_nulls_are_taken_out_at_every_depth() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1}, None]}) == {"b": [{"d": 1}, None]}


@pytest.mark.parametrize(
    ("key", "tree"),
    [
        ("a.b", {"a": {"b": 7}, "l": [{"x": 1}, 2]}),
        ("l.0.x", {"a": {}, "l": [{"x": 7}, 2]}),
        ("l.1", {"a": {}, "l": [{"x": 1}, 7]}),
        ("new.deep", {"a": {}, "l": [{"x": 1}, 2], "new": {"deep": 7}}),
    ],
)
def test_a_setting_reaches_into_mappings_and_lists(key: str, tree: object) -> None:
    before: dict[str, Any] = {"a": {}, "l": [{"x": 1}, 2]}
    assert assign(before, key, 7) == tree
    assert before == {"a": {}, "l": [{"x": 1}, 2]}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("l.2", "setting l.2: '2' found; allowed: a position from 0 to 1"),
        ("l.5.x", "setting l.5.x: '5' found; allowed: a position from 0 to 1"),
        ("l.²", "setting l.²: '²' found; allowed: a position from 0 to 1"),
        ("l.-1", "setting l.-1: '-1' found; allowed: a position from 0 to 1"),
        ("e.0", "setting e.0: '0' found; allowed: nothing, the list is empty"),
        ("s.x", "setting s.x: 'x' found; allowed: a key of a mapping or a list"),
        ("s.x.y", "setting s.x.y: 'x' found; allowed: a key of a mapping or a list"),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(key: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        assign({"l": [{}, 2], "e": [], "s": "text"}, key, 7)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("model.budget=2e9", ("model.budget", 2e9)),
        (" a = b=c ", ("a", "b=c")),
        ("model.require=[S1, 2]", ("model.require", ["S1", 2])),
        ("model.budget=", ("model.budget", None)),
    ],
)
def test_a_setting_is_a_key_and_a_yaml_value(text: str, pair: tuple[str, object]) -> None:
    assert parse_setting(text) == pair


@pytest.mark.parametrize("text", ["model.budget", "=3", " =3"])
def test_a_setting_without_key_or_value_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match=r"--set: .* found; allowed: key=value, such as model\.budget=2e9"):
        parse_setting(text)


def test_a_setting_of_broken_yaml_is_refused() -> None:
    with pytest.raises(ScenarioError, match="--set a, line 1: is not valid YAML"):
        parse_setting("a=[1")


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]))
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
_TREES = st.recursive(_SCALARS, lambda part: st.lists(part) | st.dictionaries(_TEXT, part), max_leaves=8)


@pytest.mark.slow
@given(st.dictionaries(_TEXT, _TREES))
def test_what_is_written_reads_back(tree: dict[str, Any]) -> None:
    assert parse_yaml(write_yaml(tree), "f") == tree
