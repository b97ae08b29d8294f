"""What a solve did on its way: sizes after each reduction, seconds of each phase."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hubplanner.problem import Solution
from hubplanner.solver.deadline import CLOCK, work_done

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunLog:
    """A solve's log book, for the manifest."""

    began: float = field(default_factory=CLOCK)
    steps: dict[str, int] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    work_before: float = field(default_factory=work_done)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Say that a phase begins, and time it."""
        log.info(name)
        start = CLOCK()
        yield
        self.phases[name] = self.phases.get(name, 0.0) + CLOCK() - start

    def add(self, found: Solution) -> None:
        """Take on the sizes and phases of a solve that this one builds on; phases of one name are this one's."""
        self.steps.update(found.steps)
        self.phases.update({name: seconds for name, seconds in found.phases.items() if name not in self.phases})

    @property
    def work(self) -> float:
        """Work of the solve so far."""
        return work_done() - self.work_before

    @property
    def seconds(self) -> float:
        """Seconds since the solve began."""
        return CLOCK() - self.began
