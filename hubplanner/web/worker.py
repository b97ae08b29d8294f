"""The child process of a job: one JSON line in, events as JSON lines out.

It ends with the server: the pipe it was asked through closes then.
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
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from hubplanner.errors import FaultyError, HubplannerError, InfeasibleError
from hubplanner.report.wording import better_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_S = 2.0
"""Seconds to put things away once the server is gone."""
WRONG = "Something went wrong inside hubplanner; the terminal says more."
CANCELLED = 130


class Teller(logging.Handler):
    """Writes what the library logs as events."""

    def __init__(self, out: TextIO) -> None:
        """Take the stream of events."""
        super().__init__(logging.DEBUG)
        self.out, self.goal = out, ""
        self.last: dict[str, Any] | None = None

    def tell(self, event: str, **figures: Any) -> None:
        """Write one event."""
        self.out.write(json.dumps({"event": event, **figures}, allow_nan=False) + "\n")
        self.out.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a phase as a message, a search's figures as progress."""
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
    _make_ready()
    line = sys.stdin.buffer.readline()
    if not line:  # the server ended before it asked for anything
        return
    ask = json.loads(line)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_end_with_server, daemon=True).start()
    teller = Teller(out)
    log = logging.getLogger("hubplanner")
    log.addHandler(teller)
    log.setLevel(logging.DEBUG)
    code = 0
    try:
        teller.tell("done", result=_work(ask))
    except KeyboardInterrupt:
        code = CANCELLED
    except HubplannerError as error:
        teller.tell("failed", **failure(error, ask.get("names", {})))
    except Exception:  # noqa: BLE001 - told without its traceback, which is for the terminal
        traceback.print_exc()
        teller.tell("failed", error=WRONG, faults=[])
    sys.stderr.flush()
    os._exit(code)  # solver threads that were told to stop may still be at it


def _make_ready() -> None:
    """Load what most work needs, before there is any."""
    from hubplanner.web import tasks  # noqa: PLC0415 - heavy
    from hubplanner.workflow import frontier, runs, uploads  # noqa: PLC0415

    del frontier, runs, tasks, uploads


def _work(ask: dict[str, Any]) -> Any:
    from hubplanner.web.tasks import TASKS  # noqa: PLC0415 - heavy

    task: Callable[[dict[str, Any]], Any] = TASKS[ask["kind"]]
    return task(ask)


def failure(error: HubplannerError, names: dict[str, str]) -> dict[str, Any]:
    """Return what a planner can put right as an event."""
    from hubplanner.web.answers import as_refused  # noqa: PLC0415

    refused = as_refused(error, names)
    found: dict[str, Any] = {"error": refused.sentence, "faults": list(refused.faults)}
    if isinstance(error, InfeasibleError):
        found |= {"clashes": list(error.clashes), "least_budget": error.least_budget}
    return found | {"is_input": isinstance(error, FaultyError)}


def _end_with_server() -> None:
    """End this process and its solver once the server's end of the pipe is closed."""
    while sys.stdin.buffer.read(1):
        pass
    with suppress(ProcessLookupError):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(CANCELLED)  # pragma: no cover - where there are no groups


if __name__ == "__main__":
    main()
