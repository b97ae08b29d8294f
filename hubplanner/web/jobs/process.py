"""A worker process in a group of its own, which can be killed at any moment with all that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

GRACE_S = 1.0
"""Seconds a process has to put its folder away before it is killed."""


class WorkerProcess:
    """A worker process that is asked once, tells events line by line, and dies with this process or on demand."""

    def __init__(self) -> None:
        """Start the process, which makes itself ready before it is asked."""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "hubplanner.web.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def give(self, ask: dict[str, Any]) -> None:
        """Hand it what it is asked; the pipe stays open, since its end tells the child that this process is gone."""
        with suppress(BrokenPipeError):
            self._stdin.write(json.dumps(ask).encode() + b"\n")
            self._stdin.flush()

    @property
    def _stdin(self) -> Any:
        return self.process.stdin

    def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Pass on what the child tells until it ends."""
        if self.process.stdout is None:  # pragma: no cover - it is a pipe
            raise AssertionError
        for line in self.process.stdout:
            with suppress(ValueError):
                hear(json.loads(line))
        self.process.wait()
        self._stdin.close()
        self.process.stdout.close()

    def kill(self) -> None:
        """End the child and all that it started: kindly, so that it leaves nothing half-written, then for sure."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_S)
        # Also when it has ended: its solver may be a process of its own.
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.wait()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, number)
            else:  # pragma: no cover - Windows
                self.process.kill()
