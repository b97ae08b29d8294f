"""Run one case in this process and print its figures as the last line: what the runner starts, time and again."""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def runs() -> dict[tuple[str, str], Callable[..., dict[str, Any]]]:
    """Return what each kind of case runs, by kind and contender."""
    from benchmarks import connected, formulations, frontiers, national, ours, peers, structure_programs

    return {
        **peers.RUNS,
        **ours.RUNS,
        **national.RUNS,
        **frontiers.RUNS,
        **formulations.RUNS,
        **structure_programs.RUNS,
        **connected.RUNS,
    }


MEMORY_SHARE = 0.9
"""Of the machine's memory; a case that asks for more fails, and does not take the machine with it."""


def main(task: str) -> None:
    """Run the case that a line of JSON describes."""
    most = int(MEMORY_SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    case = json.loads(task)
    run = runs()[case["kind"], case["contender"]]
    figures = run(case["given"], limit=case["limit"], gap=case["gap"])
    print("\n" + json.dumps(figures))


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    main(sys.argv[1])
