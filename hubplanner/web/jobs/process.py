"""A worker process in a group of its own, which can be killed at any moment with all that it started."""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

GRACE_S = 1.0
"""Seconds a process has to put its folder away before it is killed."""


class Forks:
    """The process that workers are forked from, started with the first of them, and anew where it has died."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._lock = threading.Lock()
        self._stopped = False
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    def worker(self, asked: int, told: int) -> int:
        """Return the number of a new worker that reads what it is asked from a pipe, and tells through another.

        Raises
        ------
        OSError
            When no process can be started.
        """
        with self._lock:
            try:
                number = self._ask(asked, told)
            except ConnectionError:
                self._end()
                number = self._ask(asked, told)
        if number < 0:
            raise OSError(-number, os.strerror(-number))
        return number

    def stop(self) -> None:
        """End the process; its workers are ended before."""
        self._stopped = True
        line = self._line
        if line is not None:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)  # whoever waits for a worker waits no longer
        with self._lock:
            self._end()

    def _ask(self, asked: int, told: int) -> int:
        if self._stopped:
            raise ConnectionAbortedError(errno.ECONNABORTED, "the app is closing")
        line = self._line or self._start()
        socket.send_fds(line, [b"f"], [asked, told])
        answer = b""
        while not answer.endswith(b"\n"):
            part = line.recv(32)
            if not part:
                raise ConnectionResetError(errno.ECONNRESET, "the process that workers are forked from has ended")
            answer += part
        return int(answer)

    def _start(self) -> socket.socket:
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "hubplanner.web.jobs.forks"], stdin=theirs.fileno(), start_new_session=True
            )
        return self._line

    def _end(self) -> None:
        if self._line is None or self._process is None:
            return
        self._line.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None


class WorkerProcess:
    """A worker process that is asked once, tells events line by line, and dies with this process or on demand."""

    def __init__(self, forks: Forks) -> None:
        """Start the process, which makes itself ready before it is asked.

        Raises
        ------
        OSError
            When no process can be started.
        """
        self._asks: IO[bytes]
        self._tells: IO[bytes]
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        if sys.platform == "linux":
            self._fork(forks)
        else:  # pragma: no cover - libraries of other systems do not bear a fork
            self._start()

    def _fork(self, forks: Forks) -> None:
        asked, asks = os.pipe()
        tells, told = os.pipe()
        self._asks, self._tells = os.fdopen(asks, "wb"), os.fdopen(tells, "rb")
        try:
            self.pid = forks.worker(asked, told)
        except OSError:
            self._close()
            raise
        finally:
            # The ends that the child holds: a pipe closes with its last holder.
            os.close(asked)
            os.close(told)

    def _start(self) -> None:  # pragma: no cover - on other systems than Linux
        started = subprocess.Popen(
            [sys.executable, "-P", "-m", "hubplanner.web.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        if started.stdin is None or started.stdout is None:
            raise AssertionError
        self._process, self.pid, self._asks, self._tells = started, started.pid, started.stdin, started.stdout

    @property
    def is_alive(self) -> bool:
        """Whether a process that was never asked, and so has told nothing, has not ended."""
        if self._process is not None:  # pragma: no cover - on other systems than Linux
            return self._process.poll() is None
        return not select.select([self._tells], [], [], 0)[0]

    def give(self, ask: dict[str, Any]) -> None:
        """Hand it what it is asked; the pipe stays open, since its end tells the child that this process is gone."""
        with suppress(BrokenPipeError):
            self._asks.write(json.dumps(ask).encode() + b"\n")
            self._asks.flush()

    def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Pass on what the child tells until it ends."""
        try:
            for line in self._tells:
                with suppress(ValueError):
                    hear(json.loads(line))
            if self._process is not None:  # pragma: no cover - on other systems than Linux
                self._process.wait()
        finally:
            self._ended.set()
            self._close()

    def kill(self) -> None:
        """End the child and all that it started: kindly, so that it leaves nothing half-written, then for sure.

        It is listened to meanwhile, which tells when it has ended.
        """
        self._signal(signal.SIGTERM)
        self._ended.wait(GRACE_S)
        # Also when it has ended: its solver may be a process of its own.
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._ended.wait()

    def put_away(self) -> None:
        """End a child that was never asked."""
        self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        self.listen(lambda _: None)

    def _close(self) -> None:
        with suppress(BrokenPipeError):
            self._asks.close()
        self._tells.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.pid, number)
            else:  # pragma: no cover - Windows
                os.kill(self.pid, number)
