"""The child process of a job: one JSON line in, events as JSON lines out.

It ends with the server, however that ends: the pipe it was asked through closes then.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn, TextIO

from hubplanner.catalogues import page_language
from hubplanner.errors import FaultyError, HubplannerError, InfeasibleError, SolverError
from hubplanner.formatting import better_in_words
from hubplanner.stopping import ask_to_stop
from hubplanner.translation import N_, gettext as _, in_language, joined, translated

GRACE_S = 2.0
"""Seconds to put things away once the server is gone."""
WRONG = N_("Something went wrong inside hubplanner; the terminal says more.")
CANCELLED = 130
UNKEPT = frozenset({"check_upload", "new_scenario"})
"""Kinds of work that leave nothing to put away where they are cut off."""
GIGABYTE = 1 << 30
F_SETSIG = 10
"""Linux's number; Python names it on some builds only."""
MOST_OF = 0.5
"""Part of its memory that a solver's own process had taken, from which on memory may be why it failed."""


class ProgressReporter(logging.Handler):
    """Writes what the library logs as events."""

    def __init__(self, out: TextIO, cancelled: threading.Event) -> None:
        """Take the stream of events, and what tells that nobody waits for them any more."""
        super().__init__(logging.DEBUG)
        self.out, self.goal, self.cancelled = out, "", cancelled
        self.last: dict[str, Any] | None = None

    def tell(self, event: str, **figures: Any) -> None:
        """Write one event, in the language of pages."""
        with in_language(page_language()):
            told = translated({"event": event, **figures})
        self.out.write(json.dumps(told, allow_nan=False) + "\n")
        self.out.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a phase as a message, a search's figures as progress; unwind where the work was cancelled.

        The signal's own exception may have been lost in a callback of compiled code.
        """
        if self.cancelled.is_set() and sys.exc_info()[0] is not KeyboardInterrupt:
            raise KeyboardInterrupt
        progress = getattr(record, "progress", None)
        if progress is not None:
            self.goal = self.goal or progress["goal"]
            if progress["goal"] == self.goal and progress != self.last:  # later goals have other figures
                self.last = progress
                self.tell("progress", **progress, words=better_in_words(progress["gap"]))
        elif record.levelno >= logging.INFO:
            self.tell("message", text=record.getMessage())
            if hasattr(record, "folder"):
                self.tell("folder", folder=record.folder)
            if hasattr(record, "points"):
                self.goal = ""
                self.tell("progress", point=record.point, points=record.points)  # type: ignore[attr-defined]


def main() -> None:
    """Do what the first line of standard input asks."""
    # What compiled code prints must not look like an event.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    make_ready()
    line = sys.stdin.buffer.readline()
    if not line:  # the server ended before it asked for anything
        return
    cancelled, gone = threading.Event(), threading.Event()
    try:
        _end_when_told(cancelled)
        threading.Thread(target=_end_with_server, args=(gone,), daemon=True).start()
        _answer(json.loads(line), ProgressReporter(out, cancelled), cancelled)
    except KeyboardInterrupt:
        pass
    sys.stderr.flush()
    if gone.is_set():
        _kill_group()  # nobody else would end a solver that is a process of its own
    # Solver threads that were told to stop may still be at it.
    os._exit(CANCELLED if cancelled.is_set() else 0)


def _end_when_told(cancelled: threading.Event) -> None:
    """Have the signal to end unwind this process once, so that it puts its folders away, and silently.

    Searches are asked to stop besides: an exception that is raised within a callback of compiled code goes no further.
    """

    def end(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)
        cancelled.set()
        ask_to_stop()
        del frame
        raise KeyboardInterrupt

    def tell_unless_cancelled(told: sys.UnraisableHookArgs) -> None:
        """Tell what cannot be raised, as in a callback of compiled code, but for the signal's own exception."""
        if not cancelled.is_set():
            sys.__unraisablehook__(told)

    sys.unraisablehook = tell_unless_cancelled
    signal.signal(signal.SIGTERM, end)


def _answer(ask: dict[str, Any], teller: ProgressReporter, cancelled: threading.Event) -> None:
    """Do what is asked, and tell how it ended, unless it was cancelled."""
    if ask["kind"] in UNKEPT:
        _end_at_once_with_server()
    memory = ask.get("memory")
    bound_memory(memory)
    log = logging.getLogger("hubplanner")
    log.addHandler(teller)
    log.setLevel(logging.DEBUG)
    try:
        teller.tell("done", result=_work(ask))
    except MemoryError:
        teller.tell("failed", error=too_little(memory), faults=[])
    except HubplannerError as error:
        teller.tell("failed", **failure(error, ask.get("names", {}), memory))
    except Exception:  # noqa: BLE001 - told without its traceback, which is for the terminal
        if cancelled.is_set():  # what was cut off may fail as it is put away; nobody waits for it
            return
        traceback.print_exc()
        teller.tell("failed", error=_(WRONG), faults=[])


def make_ready() -> None:
    """Load what work needs, before there is any."""
    import_module("hubplanner.web.jobs.tasks")
    page_language()


def _work(ask: dict[str, Any]) -> Any:
    from hubplanner.web.jobs.tasks import TASKS  # noqa: PLC0415 - heavy

    task: Callable[[dict[str, Any]], Any] = TASKS[ask["kind"]]
    return task(ask)


def failure(error: HubplannerError, names: dict[str, str], memory: int | None = None) -> dict[str, Any]:
    """Return what a planner can put right as an event."""
    from hubplanner.web.responses import as_refused  # noqa: PLC0415

    if isinstance(error, SolverError) and memory is not None and _peak_of_children() >= MOST_OF * memory:
        return {"error": joined((str(error), too_little(memory))), "faults": []}
    refused = as_refused(error, names)
    found: dict[str, Any] = {"error": refused.sentence, "faults": list(refused.faults)}
    if isinstance(error, InfeasibleError):
        found |= {"clashes": list(error.clashes), "least_budget": error.least_budget, "advice": error.advice}
    return found | {"is_input": isinstance(error, FaultyError)}


def too_little(memory: int | None) -> str:
    """Say that the memory that a job may take did not do."""
    have = _("the available memory")
    if memory is not None:
        have = _("the {size:.3g} GB of memory that a job may take", size=memory / GIGABYTE)
    ask = _("Ask for less at once, or start the app with a larger --memory.")
    return joined((_("This needs more than {memory}.", memory=have), ask))


def bound_memory(most: int | None) -> None:
    """Bound the memory that this process, and each one it starts, may take: what is beyond fails."""
    if most is None or sys.platform == "win32":  # pragma: no cover - Windows has no such bounds
        return
    import resource  # noqa: PLC0415 - not on every system

    # Linux counts there what is written to; elsewhere only addresses can be counted.
    what = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


def _peak_of_children() -> int:
    """Return the most memory that a process of this one's took, in bytes."""
    if sys.platform == "win32":  # pragma: no cover - it tells of none
        return 0
    import resource  # noqa: PLC0415 - not on every system

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _end_with_server(gone: threading.Event) -> None:
    """End this process and its solver once the server's end of the pipe is closed."""
    while sys.stdin.buffer.read(1):
        pass
    gone.set()
    with suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        _kill_group()
    os._exit(CANCELLED)  # pragma: no cover - where there are no groups


def _end_at_once_with_server() -> None:
    """Have Linux kill this group of processes when the pipe closes, even while compiled code lets no thread run.

    `PR_SET_PDEATHSIG` would not do: it fires when the thread that started this process ends, not the server.
    """
    if sys.platform != "linux":  # pragma: no cover - the thread does it
        return
    import fcntl  # noqa: PLC0415 - not on every system

    pipe = sys.stdin.fileno()
    fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(pipe, F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _kill_group() -> None:
    """Kill this process with all that it started."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
