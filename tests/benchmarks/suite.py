"""The whole run: measure case after case, print each, check that values agree, write results and tables."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cases import TABLES, all_cases
from benchmarks.growth import draw
from benchmarks.instances import GRAPHS
from benchmarks.runner import PEERS, ROOT, disagreements, line, measure
from benchmarks.tables import table, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    Results = dict[str, dict[str, dict[str, dict[str, Any]]]]

ONCE_ABOVE = {"full": 60.0, "quick": 5.0}
"""A case that takes longer than so many seconds runs once, others three times."""
PICTURE = "scenarios/growth.png"
README, RESULTS = ROOT / "README.md", Path(__file__).with_name("benchmarks.json")
COLUMNS = 120
PACKAGES = ("highspy", "numpy", "pulp", "scipy", "spopt")
VERSIONS = f"""
import importlib.metadata as m, json
print(json.dumps({{name: m.version(name) for name in {PACKAGES}}}))
"""


def main(words: Sequence[str]) -> int:
    """Run what the command line asks for and return its exit code."""
    asked = _arguments(words)
    kind = "full" if asked.full else "quick"
    chosen = [case for case in all_cases(full=asked.full) if all(words in case.name for words in asked.only or ())]
    if asked.list:
        print(*(case.name for case in chosen), sep="\n")
        return 0
    if any(case.peer for case in chosen) and not PEERS.exists():
        sys.exit(f"{PEERS} is missing: `make peers` installs spopt and its solvers there")
    began = time.perf_counter()
    results: Results = {}
    for case in chosen:
        record = measure(case, 0.0 if asked.once else ONCE_ABOVE[kind])
        results.setdefault(case.table, {}).setdefault(case.row, {})[case.contender] = {**record, "limit": case.limit}
        print(line(case, record), flush=True)
        if not asked.only:
            _save(kind, results)
    print(f"{len(chosen)} cases in {(time.perf_counter() - began) / 60:.1f} minutes")
    faults = found_faults(results)
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    if not asked.only:
        _finish(kind, results)
    return 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all cases, which take hours; without it, the quick ones")
    parser.add_argument(
        "--only", action="append", help="only cases whose line in --list has these words; writes nothing"
    )
    parser.add_argument("--once", action="store_true", help="run each case once, not three times")
    parser.add_argument("--list", action="store_true", help="list the cases and run none")
    return parser.parse_args(words)


def found_faults(results: Results) -> list[str]:
    """Return a sentence for each pair of contenders that disagree, and each case of ours that failed."""
    faults = []
    for name, rows in results.items():
        for row, records in rows.items():
            told = disagreements(records.items(), least=TABLES[name].least)
            told += [f"{who} failed: {one['why']}" for who, one in records.items() if _has_failed(who, one)]
            faults += [f"{name}: {row}: {fault}" for fault in told]
    return faults


def _has_failed(contender: str, record: dict[str, Any]) -> bool:
    """Tell whether a case failed that should not: peers may."""
    return record["status"] == "failed" and "+" not in contender


def _save(kind: str, results: Results) -> dict[str, Any]:
    """Write the results beside those of the other kind of run, and return all."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    kept = {name: kept[name] for name in ("help_seconds", "quick", "full") if name in kept}
    kept[kind] = {"machine": _machine(), "results": results}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


def _finish(kind: str, results: Results) -> None:
    """Time the help, write the results, and README's tables from the full run where there is one."""
    kept = _save(kind, results)
    kept["help_seconds"] = best_help_time()
    print(f"hubplanner --help: {kept['help_seconds']:.2f} s")
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if kind == "quick" and "full" in kept:
        print("README keeps the tables of the full run; these results are in benchmarks.json")
        return
    if "growth" in results:
        draw(results["growth"], ROOT / PICTURE)
    for name in TABLES:
        write(README, name, text(name, results))


def text(name: str, results: Results) -> str:
    """Return a table with the words above it, or why it is not there."""
    about = TABLES[name]
    if name == "growth" and name in results:
        return f"![{about.caption}]({PICTURE})"
    if name in results:
        return f"{textwrap.fill(about.caption, COLUMNS)}\n\n{table(about.what, results[name])}"
    absent = name == "medians" and not GRAPHS.is_dir()
    why = f"`{GRAPHS.parent.name}/{GRAPHS.name}` is not there" if absent else "`make bench-full` does"
    return textwrap.fill(f"{about.caption} Not measured: {why}.", COLUMNS)


def best_help_time() -> float:
    """Return the best of five times of ``hubplanner --help``, in seconds."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([Path(sys.executable).with_name("hubplanner"), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def _machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if name != "spopt"}
    peers = {}
    if PEERS.exists():
        printed = subprocess.run([PEERS, "-c", VERSIONS], check=True, capture_output=True, text=True).stdout
        peers = json.loads(printed)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "python": platform.python_version(),
        "versions": versions,
        "peers": peers,
    }
