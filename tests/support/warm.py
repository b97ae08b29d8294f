"""Imported where commands are forked from: plans once, so that none of them loads fonts, templates and drivers anew."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import hubplanner as hp
from hubplanner.catalogues import choose_language
from hubplanner.outputs import roads
from hubplanner.outputs.map import draw
from hubplanner.web.jobs import forks
from hubplanner.web.jobs.process import Forks
from support.draws import COARSE_CELL_KM, COARSE_DPI
from support.project import DEMAND, SCENARIO, SITES, Project

draw.DPI = COARSE_DPI  # type: ignore[misc]
roads.LEAST_CELL_KM = COARSE_CELL_KM  # type: ignore[misc]
with tempfile.TemporaryDirectory() as folder:
    small = Project(folder=Path(folder))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        small.write(name, text)
    hp.solve(small.read()).write(Path(folder) / "run")


class Child:
    """A forked child with the manners of a process that was started anew."""

    def __init__(self, number: int) -> None:
        self.number = number

    def wait(self, seconds: float | None = None) -> None:
        end = time.monotonic() + (seconds or float("inf"))
        while os.waitpid(self.number, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.number), seconds or 0.0)
            time.sleep(0.01)

    def kill(self) -> None:
        os.kill(self.number, 9)


def fork_workers(language: str | None) -> None:
    """Have the server that is about to run here fork its workers from a child made now, before there are threads.

    They speak the language that the server is asked for, as it has no say in them. Where that child dies the server
    starts another, anew, as it always does.
    """
    choose_language(language)
    warnings.simplefilter("ignore", ResourceWarning)  # as Python has it: pipes close with their process
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a forked process has another there
    line, theirs = socket.socketpair()
    number = os.fork()
    if number == 0:
        line.close()
        os.setsid()
        os.dup2(theirs.fileno(), 0)
        theirs.close()
        forks.main()
    theirs.close()
    ready, anew = [line], Forks._start

    def start(self: Forks) -> socket.socket:
        if not ready:
            return anew(self)
        self._line, self._process = ready.pop(), Child(number)  # type: ignore[assignment]
        return line

    Forks._start = start  # type: ignore[method-assign]
