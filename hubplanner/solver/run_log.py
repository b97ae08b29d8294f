"""What a solve did on its way: sizes after each reduction, seconds of each phase."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubplanner.solver.deadline import work_done

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunLog:
    """A solve's log book, for the manifest."""

    began: float = field(default_factory=time.perf_counter)
    steps: dict[str, int] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    work_before: float = field(default_factory=work_done)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say that a phase begins, and time it."""
        log.info(name)
        start = time.perf_counter()
        yield
        self.phases[name] = self.phases.get(name, 0.0) + time.perf_counter() - start

    @property
    def work(self) -> float:
        """Work of the solve so far."""
        return work_done() - self.work_before

    @property
    def seconds(self) -> float:
        """Seconds since the solve began."""
        return time.perf_counter() - self.began
