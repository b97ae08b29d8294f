"""Run cases, each in a fresh process that is killed when its time is over, and compare what they found."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.cases import Case

    Record = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
SCRIPT = Path(__file__).with_name("case.py")
START_UP = 20.0
"""Seconds beyond its limit that a process has for imports and for making its data."""
POLL = 0.02
TIMES = 3
WIDTH = 120
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""What keeps the libraries below numpy to the thread that every contender has."""


def measure(case: Case, once_above: float) -> Record:
    """Return the median run of three, or the only one of a case with a seed or of more than so many seconds."""
    python = PEERS if case.peer else Path(sys.executable)
    command = [str(python), str(SCRIPT), case.task()]
    found = [fresh(command, case.limit)]
    while case.seed is None and found[-1].get("status") in {"optimal", "feasible"} and len(found) < TIMES:
        if found[-1]["seconds"] > once_above:
            break
        found.append(fresh(command, case.limit))
    typical = statistics.median_low([run["seconds"] for run in found])
    middle = next(run for run in found if run["seconds"] == typical)
    return {**middle, "runs": [round(run["seconds"], 4) for run in found]}


def fresh(command: list[str], limit: float, start_up: float = START_UP) -> Record:
    """Run a command once and return the figures it prints last, with its peak memory."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as told:
        own = os.environ | ONE_THREAD
        process = subprocess.Popen(command, stdout=printed, stderr=told, start_new_session=True, env=own)
        code, peak_mb = wait(process, limit + start_up)
        peak = {"peak_mb": round(peak_mb, 1)}
        if code is None:
            return {"status": "not finished", "seconds": limit, **peak}
        printed.seek(0)
        told.seek(0)
        if code:
            return {"status": "failed", "seconds": limit, "why": _last(told.read()) or f"exit code {code}", **peak}
        figures: Record = json.loads(_last(printed.read()))
        return {**figures, **peak}


def wait(process: subprocess.Popen[bytes], seconds: float) -> tuple[int | None, float]:
    """Return the exit code and peak megabytes of a process; kill it and its children when its time is over."""
    deadline = time.perf_counter() + seconds
    try:
        while time.perf_counter() < deadline:
            done, code, usage = os.wait4(process.pid, os.WNOHANG)
            if done:
                process.returncode = os.waitstatus_to_exitcode(code)
                return process.returncode, usage.ru_maxrss / 1024
            time.sleep(POLL)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    return None, usage.ru_maxrss / 1024


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def disagreements(records: Iterable[tuple[str, Record]], *, least: bool = False) -> list[str]:
    """Return the pairs of which one's value is better than the other's bound allows; with least, less is better."""
    sense = -1 if least else 1
    known = [(name, record) for name, record in records if record.get("value") is not None]
    faults = []
    for name, record in known:
        for other, bounded in known:
            slack = ROUNDING * max(1.0, abs(bounded["bound"]))
            if sense * (record["value"] - bounded["bound"]) > slack:
                faults.append(f"{name} has {record['value']:.10g} where {other} proves {bounded['bound']:.10g}")
    return faults


def line(case: Case, record: Record) -> str:
    """Return a case and what came of it as one line of at most 120 columns."""
    gap = "" if record.get("gap") is None else f"{record['gap']:.0e}"
    seconds = f"{record['seconds']:.1f} s" if record["status"] not in {"failed", "not finished"} else ""
    memory = f"{record['peak_mb']:.0f} MB"
    what = f"{case.row[:38]:<38} {'' if case.seed is None else f'#{case.seed}':<3} {case.contender:<19}"
    if "points" in record:
        return f"{what} {record['points']} of {record['of']} points in {seconds}"
    outcome = f"not finished in {case.limit:g} s" if record["status"] == "not finished" else record["status"]
    outcome += f": {record['why']}" if "why" in record else ""
    return f"{what} {seconds:>8} {memory:>9} {gap:>6} {outcome}"[:WIDTH]
