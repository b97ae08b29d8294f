"""Records as tables of Markdown, each between its own comment marks in a file."""

from __future__ import annotations

import math
import statistics
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.cases import MERGED, OURS
from benchmarks.instances import SEEDS
from hubplanner.formatting import LARGEST_GAP, per_cent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Record = Mapping[str, Any]
    Rows = Mapping[str, Mapping[str, Sequence[Record]]]

PROVEN = 1e-9
"""Gaps below this are not written."""
ENDED = {"optimal", "infeasible"}
"""What ends a search before its limit."""
FIRST_GOALS = {"optimise worst distance", "optimise smallest share"}
"""Phases of ours in which a goal is proven that other goals follow, for which nobody else is asked."""
COVERING = ("towns", "large", "squares")
"""Tables of plain covering."""
COLUMNS = 120
FACTORS = (1, 2, 5, 10)
"""Of the quickest, in a performance profile."""


def marks(name: str) -> tuple[str, str]:
    """Return the comments between which a table stands."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def framed(name: str, text: str) -> str:
    """Return a text between a table's marks."""
    return "\n".join(filter(None, (marks(name)[0], text, marks(name)[1])))


def measured(rows: Rows) -> Rows:
    """Return the rows and contenders that can be shown: of random instances, the first seeds without a hole.

    What was measured with few seeds is shown with their number; nobody chooses which.
    """
    kept = {row: {name: found for name, found in records.items() if _is_whole(found)} for row, records in rows.items()}
    return {row: records for row, records in kept.items() if records}


def _is_whole(records: Sequence[Record]) -> bool:
    seeds = sorted(record["seed"] for record in records if record.get("seed") is not None)
    return seeds == list(SEEDS[: len(seeds)]) if seeds else len(records) == 1


def table(what: str, rows: Rows) -> str:
    """Return rows of records as a table with a column for each contender."""
    contenders = list(dict.fromkeys(name for records in rows.values() for name in records))
    lines = [f"| {what} | " + " | ".join(contenders) + " |", "|---|" + "---:|" * len(contenders)]
    for row, records in rows.items():
        cells = [cell(records[name]) + _beside(name, records) if name in records else "" for name in contenders]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(name: str, records: Mapping[str, Sequence[Record]]) -> str:
    """Return how ours compares with merged rows that ended, and a frontier with its slowest point alone."""
    if name == OURS and MERGED in records:
        theirs = {one["seed"]: one["seconds"] for one in records[MERGED] if one["status"] in ENDED}
        shares = [_own_seconds(one) / theirs[one["seed"]] for one in records[OURS] if one["seed"] in theirs]
        return f", {_spread(shares, '.2g')} of merged rows'" if shares else ""
    slowest = {one.get("seed"): one["slowest"] for found in records.values() for one in found if "slowest" in one}
    times = [
        one["seconds"] / slowest[one.get("seed")]
        for one in records[name]
        if one.get("together") and one.get("seed") in slowest
    ]
    return f", {_spread(times, '.1f')} times the slowest point" if times else ""


def _own_seconds(record: Record) -> float:
    """Return the seconds of a record, of several goals those of the first, on the wall."""
    phases: Mapping[str, float] = record.get("phases") or {}
    return next((seconds for name, seconds in phases.items() if name in FIRST_GOALS), record["seconds"])


def steps(found: Mapping[str, Any]) -> str:
    """Return a table of steps, with seconds of the processor, below what it is about."""
    caption = textwrap.fill(f"{found['about']} Measured at `{found['commit']}`.", COLUMNS)
    lines = [f"| {found['what']} | seconds |", "|---|---:|"]
    lines += [f"| {name} | {seconds:,.1f} s |" for name, seconds in found["rows"]]
    return "\n".join([caption, "", *lines])


def speed(results: Mapping[str, Rows]) -> str:
    """Return a sentence on how ours compares with merged rows over all instances of covering that both ended."""
    shares = []
    for records in (records for name in COVERING for records in results.get(name, {}).values()):
        ended = {one["seed"]: one["seconds"] for one in records.get(MERGED, ()) if one["status"] in ENDED}
        shares += [one["seconds"] / ended[one["seed"]] for one in records.get(OURS, ()) if one["seed"] in ended]
    if not shares:
        return ""
    middle, worst = statistics.median(shares), max(shares)
    return (
        f"On {len(shares)} random covering instances a proof took {middle:.2f} times as long as with merged rows in "
        f"HiGHS (median; at worst {worst:.2f} times)."
    )


def profile(results: Mapping[str, Rows]) -> str:
    """Return of how many instances ours and merged rows each ended in at most so many times the quicker's seconds."""
    times: dict[str, list[float]] = {OURS: [], MERGED: []}
    both = (records for rows in results.values() for records in rows.values() if records.keys() >= times.keys())
    for records in both:
        found = {name: {one["seed"]: one for one in records[name]} for name in times}
        for seed in found[OURS].keys() & found[MERGED].keys():
            pair = {name: found[name][seed] for name in times}
            took = {name: _own_seconds(one) if one["status"] in ENDED else math.inf for name, one in pair.items()}
            for name, seconds in took.items():
                times[name].append(seconds / min(took.values()) if math.isfinite(seconds) else math.inf)
    number = len(times[OURS])
    if not number:
        return ""
    heads = ["quickest", *(f"within {factor} times" for factor in FACTORS[1:]), "ended at all"]
    lines = [f"| of {number} instances | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for name, ratios in times.items():
        counts = [sum(ratio <= most for ratio in ratios) for most in (*FACTORS, sys.float_info.max)]
        lines.append(f"| {name} | " + " | ".join(per_cent(count / number, 0) for count in counts) + " |")
    return "\n".join(lines)


def cell(records: Sequence[Record]) -> str:
    """Return records in a few words: seconds, megabytes, and the gap that was left.

    Of several, one for each seed, the median, the worst and how many there are; one that did not end counts with its
    limit, and is told.
    """
    ended = [record for record in records if record["status"] not in {"not finished", "failed"}]
    lost = Counter(filter(None, map(_lost, records)))
    told = [why if len(records) == 1 else f"{number} of {len(records)} {why}" for why, number in lost.items()]
    memory = f"{max(record['peak_mb'] for record in records):,.0f} MB"
    if not ended:
        return ", ".join([*told, memory])
    if any("points" in record for record in ended):
        of = next(record["of"] for record in ended if "points" in record)
        points = _spread([record.get("points", of) for record in ended], "g", worst=min)
        return ", ".join([f"{points} of {of} points in {ended[0]['limit']:g} s", memory, *told])
    about = [f"{len(records)} seed{'s' * (len(records) > 1)}"] if records[0].get("seed") is not None else []
    making = [record["making"] for record in ended if "making" in record]
    about += [f"data {statistics.median(making):.1f} s"] if making else []
    seconds = _spread([record["seconds"] for record in records], ",.1f", " s")
    parts = [f"{seconds} ({', '.join(about)})" if about else seconds, memory]
    firsts = [_own_seconds(record) for record in ended]
    if firsts != [record["seconds"] for record in ended]:
        parts.append(f"first goal {_spread(firsts, ',.1f', ' s')}")
    alone = [record["slowest"] for record in ended if "slowest" in record]
    if alone:
        parts.append(f"slowest {_spread(alone, '.1f', ' s')}")
    gaps = [record["gap"] for record in ended if record["gap"] is not None and not _is_empty(record)]
    if any(gap > PROVEN for gap in gaps):
        parts.append(f"gap {_spread([gap if gap > PROVEN else 0.0 for gap in gaps], '.0e').replace('0e+00', '0')}")
    return ", ".join([*parts, *told])


def _lost(record: Record) -> str:
    """Return why a record has no figures, nothing where it has some."""
    if record["status"] == "not finished":
        return f"not in {record['limit']:g} s"
    if record["status"] == "failed":
        return "failed"
    if record["status"] == "infeasible":
        return "shown to have no plan"
    if _is_empty(record):
        return "no plan but the empty one"
    return "no plan" if record["gap"] is None and "points" not in record else ""


def _is_empty(record: Record) -> bool:
    """Tell whether all that was found is a plan that comes to nothing, whose gap is as large as its bound."""
    gap = record.get("gap")
    return gap is not None and gap > LARGEST_GAP and record.get("value") == 0


def _spread(values: Sequence[float], form: str, unit: str = "", worst: Callable[[Sequence[float]], float] = max) -> str:
    """Return a value as it is, of several the median and the worst."""
    middle = f"{statistics.median(values):{form}}{unit}"
    return middle if len(values) == 1 else f"{middle}, worst {worst(values):{form}}{unit}"


def write(path: Path, name: str, text: str) -> None:
    """Put a text between a table's marks in a file, instead of what stands there."""
    first, last = marks(name)
    whole = path.read_text(encoding="utf-8")
    if whole.count(first) != 1 or whole.count(last) != 1 or whole.index(first) > whole.index(last):
        message = f"{path} should have {first} and, after it, {last} once each"
        raise ValueError(message)
    before, _, rest = whole.partition(first)
    after = rest.partition(last)[2]
    path.write_text(f"{before}{framed(name, text)}{after}", encoding="utf-8")
