"""Records as tables of Markdown, each between its own comment marks in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]

PROVEN = 1e-9
"""Gaps below this are not written."""


def marks(name: str) -> tuple[str, str]:
    """Return the comments between which a table stands."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def table(what: str, rows: Rows) -> str:
    """Return rows of records as a table with a column for each contender."""
    contenders = list(dict.fromkeys(name for records in rows.values() for name in records))
    lines = [f"| {what} | " + " | ".join(contenders) + " |", "|---|" + "---:|" * len(contenders)]
    for row, records in rows.items():
        cells = [cell(records[name]) + _beside(name, records) if name in records else "" for name in contenders]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(name: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how a frontier's time compares with that of its slowest point alone."""
    slowest = max((record.get("slowest", 0.0) for record in records.values()), default=0.0)
    if not (slowest and records[name].get("together")):
        return ""
    return f", {records[name]['seconds'] / slowest:.1f} times the slowest point"


def cell(record: Mapping[str, Any]) -> str:
    """Return a record in a few words: seconds, megabytes, and the gap that was left."""
    memory = f"{record['peak_mb']:,.0f} MB"
    if record["status"] == "not finished":
        return f"not in {record['limit']:g} s, {memory}"
    if record["status"] == "failed":
        return f"failed, {memory}"
    if "points" in record:
        return f"{record['points']} of {record['of']} points in {record['limit']:g} s, {memory}"
    making = f" (data {record['making']:.1f})" if "making" in record else ""
    parts = [f"{record['seconds']:,.1f} s{making}", memory]
    if "slowest" in record:
        parts.append(f"slowest {record['slowest']:.1f} s")
    if record["gap"] is None:
        parts.append("no plan")
    elif record["gap"] > PROVEN:
        parts.append(f"gap {record['gap']:.0e}")
    return ", ".join(parts)


def write(path: Path, name: str, text: str) -> None:
    """Put a text between a table's marks in a file, instead of what stands there."""
    first, last = marks(name)
    whole = path.read_text(encoding="utf-8")
    if whole.count(first) != 1 or whole.count(last) != 1 or whole.index(first) > whole.index(last):
        message = f"{path} should have {first} and, after it, {last} once each"
        raise ValueError(message)
    before, _, rest = whole.partition(first)
    after = rest.partition(last)[2]
    path.write_text(f"{before}{first}\n{text}\n{last}{after}", encoding="utf-8")
