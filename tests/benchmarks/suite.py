"""The whole run: measure case after case, print each, check that values agree, write results and tables.

What is measured is kept after each case, and a run that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
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

from benchmarks.cases import TABLES, all_cases, is_least
from benchmarks.growth import draw
from benchmarks.instances import GRAPHS, SEEDS
from benchmarks.runner import PEERS, ROOT, START_UP, disagreements, line, measure
from benchmarks.tables import COLUMNS, measured, profile, speed, steps, table, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.cases import Case
    from benchmarks.tables import Rows

    Results = dict[str, dict[str, dict[str, list[dict[str, Any]]]]]

ONCE_ABOVE = {"full": 60.0, "quick": 5.0}
"""A case without a seed that takes longer than so many seconds runs once, others three times."""
PICTURE = "scenarios/growth.png"
PAGE, README = ROOT / "docs" / "benchmarks.md", ROOT / "README.md"
RESULTS = Path(__file__).with_name("benchmarks.json")
STEPS = ("roads", "terrain")
"""Tables that scripts of their own measure."""
PACKAGES = ("highspy", "numpy", "pulp", "scipy", "spopt")
CODE = {True: ("tests/benchmarks",), False: ("tests/benchmarks", "hubplanner")}
"""Folders whose code a peer's case and one of ours runs."""
NOT_RUN = {
    f"{name}.py"
    for name in ("cases", "growth", "memory", "road_peers", "roads", "run", "suite", "tables", "terrain", "valhalla")
}
"""Modules of the suite that no case runs: what they change of a case is in its task."""
VERSIONS = f"""
import importlib.metadata as m, json
print(json.dumps({{name: m.version(name) for name in {PACKAGES}}}))
"""


def main(words: Sequence[str]) -> int:
    """Run what the command line asks for and return its exit code."""
    asked = _arguments(words)
    kind = "full" if asked.full else "quick"
    chosen = [
        case
        for case in all_cases(full=asked.full)
        if all(words in case.name for words in asked.only or ()) and (case.seed or 1) <= asked.seeds
    ]
    if asked.list:
        print(*(case.name for case in chosen), sep="\n")
        return 0
    if asked.tables:
        write_tables()
        return 0
    if any(case.peer for case in chosen) and not PEERS.exists():
        sys.exit(f"{PEERS} is missing: `make peers` installs spopt and its solvers there")
    began = time.perf_counter()
    kept, commit = _kept().get(kind, {}), _commit()
    machine, results = _machine(kept.get("machine", {}).get("peers", {})), kept.get("results", {})
    stamps = {peer: _stamp(machine, CODE[peer]) for peer in CODE}
    left = [case for case in chosen if asked.afresh or _found(results, case, stamps[case.peer]) is None]
    most = sum(case.limit + START_UP for case in left) / 3600
    print(f"{len(left)} cases of {len(chosen)} are left; once each, they take {most:.1f} hours at most")
    for case in left:
        record = measure(case, 0.0 if asked.once else ONCE_ABOVE[kind])
        print(line(case, record), flush=True)
        _put(results, case, record | {"commit": commit}, stamps[case.peer])
        _save(kind, {"machine": machine, "results": results})
    print(f"{len(left)} cases in {(time.perf_counter() - began) / 60:.1f} minutes")
    faults = found_faults(results)
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    if not asked.only:
        print(f"hubplanner --help: {best_help_time():.2f} s")
        write_tables()
    return 0


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all cases, which take hours; without it, the quick ones")
    parser.add_argument(
        "--only", action="append", help="only cases whose line in --list has these words; leaves the page as it is"
    )
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="only the first so many seeds of each instance")
    parser.add_argument("--once", action="store_true", help="run each case once, not three times")
    parser.add_argument("--afresh", action="store_true", help="measure again what was measured before")
    parser.add_argument("--tables", action="store_true", help="write the tables of what is measured, and end")
    parser.add_argument("--list", action="store_true", help="list the cases and run none")
    return parser.parse_args(words)


def _stamp(machine: dict[str, Any], folders: Sequence[str]) -> str:
    """Return a checksum of the machine, what is installed and the code that a case runs."""
    found = hashlib.sha256(json.dumps(machine, sort_keys=True).encode())
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        if path.parent != Path(__file__).parent or path.name not in NOT_RUN:
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _found(results: Results, case: Case, stamp: str) -> dict[str, Any] | None:
    """Return what was measured of a case on this machine with this code, None if nothing was."""
    records = results.get(case.table, {}).get(case.row, {}).get(case.contender, [])
    same = {"seed": case.seed, "task": case.task(), "stamp": stamp}
    return next((record for record in records if record.items() >= same.items()), None)


def _put(results: Results, case: Case, record: dict[str, Any], stamp: str) -> None:
    """Put a record in the place of an earlier one of the same case, and drop others that are out of date."""
    records = results.setdefault(case.table, {}).setdefault(case.row, {}).setdefault(case.contender, [])
    about = {"seed": case.seed, "limit": case.limit, "task": case.task(), "stamp": stamp}
    records[:] = [one for one in records if one["seed"] != case.seed and one["stamp"] == stamp]
    records.append({**record, **about})


def found_faults(results: Results) -> list[str]:
    """Return a sentence for each pair of contenders that disagree, and each case of ours that failed."""
    faults = []
    for name, rows in results.items():
        for row, contenders in rows.items():
            for seed in dict.fromkeys(one["seed"] for records in contenders.values() for one in records):
                of_seed = [(who, one) for who, records in contenders.items() for one in records if one["seed"] == seed]
                told = disagreements(of_seed, least=is_least(name, row))
                told += [f"{who} failed: {one['why']}" for who, one in of_seed if _has_failed(who, one)]
                where = f"{name}: {row}" + ("" if seed is None else f": seed {seed}")
                faults += [f"{where}: {fault}" for fault in told]
    return faults


def _has_failed(contender: str, record: dict[str, Any]) -> bool:
    """Tell whether a case failed that should not: peers may."""
    return record["status"] == "failed" and "+" not in contender


def _kept() -> dict[str, Any]:
    """Return what was measured before."""
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return kept


def _save(kind: str, found: dict[str, Any]) -> None:
    """Write the results beside those of the other kind of run."""
    whole = json.dumps({**_kept(), kind: found}, indent=1) + "\n"
    beside = RESULTS.with_suffix(".part")
    beside.write_text(whole, encoding="utf-8")
    beside.replace(RESULTS)


def write_tables() -> None:
    """Write the documents' tables from what was measured, each of the full run where it has measured any of it."""
    kept = _kept()
    shown = {}
    for name in TABLES:
        found = shown[name] = next((rows for kind in ("full", "quick") if (rows := _rows(kept, kind, name))), {})
        if name == "growth" and found:
            draw(found, ROOT / PICTURE)
        write(PAGE, name, text(name, found))
    machine = next((kept[kind]["machine"] for kind in ("quick", "full") if "machine" in kept.get(kind, {})), {})
    write(PAGE, "profile", profile(shown))
    for path in (PAGE, README):
        write(path, "speed", speed(shown))
    for name in STEPS:
        write(PAGE, name, steps(kept[name]) if name in kept else "")
    write(PAGE, "machine", about_machine(machine))


def _rows(kept: dict[str, Any], kind: str, name: str) -> Rows:
    return measured(kept.get(kind, {}).get("results", {}).get(name, {}))


def text(name: str, rows: Rows) -> str:
    """Return a table with the words above it; nothing where nothing is measured, but for instances that are absent."""
    about = TABLES[name]
    if not rows:
        absent = name == "medians" and not GRAPHS.is_dir()
        return f"Not measured: `{GRAPHS.parent.name}/{GRAPHS.name}` is not there." if absent else ""
    records = [record for row in rows.values() for found in row.values() for record in found]
    if name == "growth":
        fewest = min(len(found) for row in rows.values() for found in row.values())
        return f"![{about.caption.format(seeds=fewest)}](pictures/{Path(PICTURE).name})"
    commits = [f"`{one}`" for one in sorted({record["commit"] for record in records if "commit" in record})]
    caption = " ".join([about.caption, *([f"Measured at {', '.join(commits)}."] if commits else [])])
    return f"{textwrap.fill(caption, COLUMNS)}\n\n{table(about.what, rows)}"


def note(name: str, found: dict[str, Any]) -> None:
    """Keep what a script of its own measured, write its table on the page and print it."""
    _save(name, found | {"commit": _commit()})
    told = steps(_kept()[name])
    write(PAGE, name, told)
    print(told)


def about_machine(machine: dict[str, Any]) -> str:
    """Return what the figures were measured on, in a sentence."""
    if not machine:
        return ""
    cores, versions = machine["cores"], {**machine["peers"], **machine["versions"]}
    packages = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    where = f"On {machine['processor']}, {cores} cores, {machine['memory_gb']} GB of memory"
    return textwrap.fill(f"{where}: Python {machine['python']}, {packages}.", COLUMNS)


def best_help_time() -> float:
    """Return the best of five times of ``hubplanner --help``, in seconds."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([Path(sys.executable).with_name("hubplanner"), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def _commit() -> str:
    """Return the commit that the program is of."""
    command = ["git", "log", "-1", "--format=%h", "--", "hubplanner"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _machine(peers: dict[str, str]) -> dict[str, Any]:
    """Return what the figures depend on; where no peers are installed, those that were measured earlier."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES if name != "spopt"}
    if PEERS.exists():
        printed = subprocess.run([PEERS, "-c", VERSIONS], check=True, capture_output=True, text=True).stdout
        peers = json.loads(printed)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8") if sys.platform == "linux" else ""
    model = next((line.partition(":")[2].strip() for line in about.splitlines() if line.startswith("model name")), "")
    return {
        "processor": model or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "python": platform.python_version(),
        "versions": versions,
        "peers": peers,
    }
