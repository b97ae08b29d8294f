"""Cases on this machine: worker processes that may die without taking anything along."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait as wait_for

from hubplanner.analysis.sweep.cases import FAILED, Record, SweepTask, record, solve_case
from hubplanner.errors import SolverError

log = logging.getLogger(__name__)

MOST_DEATHS = 3
"""So often a case may lose its process before it counts as failed."""


class _Worker:
    """A pool of one process, so that a death has one case to blame, and breaks no other pool."""

    def __init__(self) -> None:
        self.task: SweepTask | None = None
        self.future: Future[Record] | None = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # threads of a forked solver would hang
        self.pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_begin)
        with _no_interrupt():
            self.ready: Future[int] = self.pool.submit(os.getpid)

    def give(self, task: SweepTask) -> None:
        """Start a task, in a new process if the last one is gone."""
        self.task = task
        try:
            self.future = self.pool.submit(solve_case, task)
        except BrokenProcessPool:  # it died between two tasks
            self.renew()
            self.future = self.pool.submit(solve_case, task)

    def renew(self) -> None:
        """Start again after a death."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._start()

    def stop(self) -> None:
        """End the process, whatever it is doing, and wait for its end: a pool left to the interpreter's may fail."""
        if self.future is not None:
            with suppress(BrokenProcessPool, ProcessLookupError):
                os.kill(self.ready.result(), signal.SIGTERM)
        self.pool.shutdown(cancel_futures=True)


def solve_locally(tasks: Sequence[SweepTask], jobs: int) -> Generator[Record, None, None]:
    """Yield the record of each task as it is done, in worker processes of this machine.

    Raises
    ------
    SolverError
        When no process can be started.
    """
    waiting, deaths = deque(tasks), dict[str, int]()
    workers = [_Worker() for _ in range(min(jobs, len(tasks)))]
    try:
        for worker in workers[:1]:
            _check_start(worker)
        for worker in workers:
            worker.give(waiting.popleft())
        while busy := {worker.future: worker for worker in workers if worker.future is not None}:
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                worker = busy[future]
                done = _outcome(worker, deaths)
                if done is None and worker.task is not None:
                    waiting.appendleft(worker.task)
                worker.future = None
                if waiting:
                    worker.give(waiting.popleft())
                if done is not None:
                    yield done
    finally:
        for worker in workers:
            worker.stop()


def _check_start(worker: _Worker) -> None:
    try:
        worker.ready.result()
    except BrokenProcessPool as error:
        message = "worker processes cannot start; in a script, call sweep under if __name__ == '__main__':"
        raise SolverError(message) from error


def _outcome(worker: _Worker, deaths: dict[str, int]) -> Record | None:
    """Return the record of a worker's finished task; None where its process died and it is to run again."""
    task, future = worker.task, worker.future
    if task is None or future is None:  # pragma: no cover - only busy workers are asked
        raise AssertionError
    try:
        return future.result()
    except BrokenProcessPool:
        worker.renew()
        deaths[task.key] = deaths.get(task.key, 0) + 1
        log.info("the process of case %s died, %d of %d times", task.key, deaths[task.key], MOST_DEATHS)
        if deaths[task.key] < MOST_DEATHS:
            return None
        error = f"its process died {MOST_DEATHS} times, such as for lack of memory"
        return record(task.key, {"status": FAILED, "error": error})


def _begin() -> None:
    """Leave Ctrl-C and a closed terminal to the process that asked, and end when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let a process that is started here inherit that Ctrl-C is not for it, from its first moment."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
