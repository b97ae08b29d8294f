"""Work in child processes: each job in a process group of its own, which can be killed at any moment."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubplanner.io import recover
from hubplanner.translation import gettext as _
from hubplanner.web.jobs.process import GRACE_S, Forks, WorkerProcess
from hubplanner.web.responses import Refused
from hubplanner.web.settings import Limits

log = logging.getLogger(__name__)

MOST_PROGRESS = 2000
MOST_MESSAGES = 300
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
ASKED = ("settings", "overrides", "required", "excluded")
"""What a job was asked with, beside its scenario."""
ENDED = frozenset({DONE, FAILED, CANCELLED})
LOST = "The job ended without a result, perhaps for lack of memory (--memory); the terminal may say more."


@dataclass(kw_only=True, eq=False)
class Job:
    """One piece of work, what it has told so far and how it ended."""

    id: str
    kind: str
    ask: dict[str, Any]
    state: str = WAITING
    began: float | None = None
    ended: float | None = None
    progress: list[dict[str, Any]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    child: WorkerProcess | None = None
    folder: Path | None = None

    @property
    def seconds(self) -> float:
        """Seconds at work."""
        if self.began is None:
            return 0.0
        return round((self.ended or time.monotonic()) - self.began, 3)

    def as_dict(self) -> dict[str, Any]:
        """Return what the page is shown."""
        return {
            "job": self.id,
            "kind": self.kind,
            "state": self.state,
            "seconds": self.seconds,
            "progress": list(self.progress),
            "messages": list(self.messages),
            "result": self.result,
            "error": self.error,
            "scenario": self.ask.get("note", {}).get("scenario"),
            "title": self.ask.get("note", {}).get("title"),
            "asked": {key: self.ask.get("note", {}).get(key) for key in ASKED},
        }

    def hear(self, event: dict[str, Any]) -> None:
        """Take an event of the child's."""
        kind = event.pop("event", None)
        if kind == "progress" and len(self.progress) < MOST_PROGRESS:
            figures = {"seconds": self.seconds, **event}
            self.progress.append(figures)
            self.events.append((kind, figures))
        elif kind == "message" and len(self.messages) < MOST_MESSAGES:
            self.messages.append(event["text"])
            self.events.append((kind, {"seconds": self.seconds, **event}))
        elif kind == "folder":
            self.folder = Path(event["folder"])
        elif kind == "done":
            self.result = event["result"]
        elif kind == "failed":
            self.error = event


class JobQueue:
    """All jobs of a server: some at work, some in line, the last ones remembered."""

    def __init__(self, limits: Limits) -> None:
        """Take how many there may be."""
        self.limits = limits
        self.lock = threading.RLock()
        self.all: dict[str, Job] = {}
        self.line: deque[Job] = deque()
        self.threads: set[threading.Thread] = set()
        self.closed = False
        self.forks = Forks()
        self.spare: WorkerProcess | None = None
        self.checking = threading.BoundedSemaphore(limits.checking)
        self.looking = threading.Lock()

    def warm(self) -> None:
        """Keep a process ready, so that no one waits for its start."""
        try:
            ready = WorkerProcess(self.forks)
        except OSError:
            if not self.closed:
                log.exception("a worker process cannot be started")
            return
        with self.lock:
            if not self.closed and self.spare is None:
                self.spare = ready
                return
        ready.put_away()

    def _child(self) -> WorkerProcess:
        """Return the process that is kept ready, if it is still there, or a new one."""
        with self.lock:
            ready, self.spare = self.spare, None
        return ready if ready is not None and ready.is_alive else WorkerProcess(self.forks)

    def _give(self, child: WorkerProcess, ask: dict[str, Any]) -> None:
        child.give(ask | {"memory": self.limits.job_bytes})

    def check(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Return what a child finds in little time; refuse with its reason where it finds nothing."""
        if not self.checking.acquire(blocking=False):
            raise Refused(
                429, _("{checking} files are being read already; try again in a moment.", checking=self.limits.checking)
            )
        try:
            return self._found(ask)
        finally:
            self.checking.release()

    def look(self, ask: dict[str, Any]) -> dict[str, Any]:
        """Return what a child finds in little time, one after the other, beside files that are read."""
        with self.looking:
            return self._found(ask)

    def _found(self, ask: dict[str, Any]) -> dict[str, Any]:
        seconds = self.limits.check_s
        job, child = Job(id="", kind=ask["kind"], ask={}), self._child()
        self._give(child, ask)
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        self.warm()
        try:
            child.listen(job.hear)
        finally:
            timer.cancel()
        if job.result is not None:
            return job.result
        error = job.error or {
            "error": _("The file could not be read within {seconds:g} s and the memory there is.", seconds=seconds)
        }
        raise Refused(422, error.pop("error"), error.pop("faults", []))

    def add(self, kind: str, ask: dict[str, Any]) -> Job:
        """Put a job in line and start it if there is room; refuse when the line is full."""
        with self.lock:
            if self.closed:
                raise Refused(503, _("The app is closing."))
            if len(self.line) >= self.limits.waiting:
                raise Refused(429, _("{count} jobs are waiting already; cancel one or wait.", count=len(self.line)))
            job = Job(id=secrets.token_hex(8), kind=kind, ask=ask)
            self.all[job.id] = job
            self.line.append(job)
            self._forget()
            self._pump()
        return job

    def get(self, name: str) -> Job:
        """Return a job; refuse when there is none of that id."""
        job = self.all.get(name)
        if job is None:
            raise Refused(404, _("There is no such job."))
        return job

    def works_on(self, run: Path) -> bool:
        """Tell whether a job about a run waits or is at work."""
        with self.lock:
            return any(job.state not in ENDED and job.ask.get("run") == str(run) for job in self.all.values())

    def listing(self) -> list[dict[str, Any]]:
        """Return all jobs in short, the newest first."""
        shown = ("job", "kind", "state", "seconds", "scenario", "title", "asked")
        with self.lock:
            return [{key: job.as_dict()[key] for key in shown} for job in reversed(self.all.values())]

    def cancel(self, name: str) -> Job:
        """End a job that has not ended, and return once it is gone."""
        job = self.get(name)
        with self.lock:
            child = job.child
            if job.state in ENDED:
                return job
            job.state, job.ended = CANCELLED, time.monotonic()
            if job in self.line:
                self.line.remove(job)
        if child is not None:
            child.kill()
        if job.folder is not None:
            recover(job.folder.parent)
        return job

    def close(self) -> None:
        """End all jobs and wait until their processes are gone."""
        with self.lock:
            self.closed = True
            names = [job.id for job in self.all.values() if job.state not in ENDED]
            threads, spare, self.spare = list(self.threads), self.spare, None
        if spare is not None:
            spare.put_away()
        for name in names:
            self.cancel(name)
        for thread in threads:
            thread.join(GRACE_S)
        self.forks.stop()

    def _pump(self) -> None:
        """Start jobs while there is room; with the lock held."""
        while self.line and not self.closed and len(self.threads) < self.limits.running:
            job = self.line.popleft()
            job.state, job.began = RUNNING, time.monotonic()
            thread = threading.Thread(target=self._follow, args=(job,), name=f"job {job.id}", daemon=True)
            self.threads.add(thread)
            thread.start()

    def _follow(self, job: Job) -> None:
        """Find a process to do a job, and note how it ends."""
        try:
            child = self._child()
        except OSError as error:
            if not self.closed:
                log.exception("a worker process cannot be started")
            job.error = {"error": _("No process: {error}", error=error.strerror)}
        else:
            self._work(job, child)
        with self.lock:
            if job.state == RUNNING:
                job.ended = time.monotonic()
                job.state = FAILED if job.result is None else DONE
                if job.state == FAILED:
                    job.result, job.error = None, job.error or {"error": LOST, "faults": []}
            else:
                job.result = job.error = None
            job.child = None
            self.threads.discard(threading.current_thread())
            self._pump()

    def _work(self, job: Job, child: WorkerProcess) -> None:
        """Have a process do a job, unless it was cancelled meanwhile."""
        with self.lock:
            if job.state != RUNNING:
                child.put_away()
                return
            job.child = child
            self._give(child, job.ask)
        self.warm()
        child.listen(job.hear)

    def _forget(self) -> None:
        """Forget the oldest jobs that have ended, beyond those that are kept."""
        ended = [job for job in self.all.values() if job.state in ENDED]
        for job in ended[: max(len(self.all) - self.limits.kept, 0)]:
            del self.all[job.id]
