"""What sets of demands cost at least, by one relaxation of the last year in which rows of the others are freed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field

from hubplanner.model import Constraint, Periods
from hubplanner.solver.mip.bounds.last_year import CostProgram
from hubplanner.solver.mip.bounds.upper_bound import surely_exceeds
from hubplanner.solver.mip.subproblem import Subproblem


@dataclass(frozen=True, kw_only=True, eq=False)
class LimitCosts:
    """Answers what demands, by number, cost at least in the last year, whatever money there is.

    Demands that change who is served have a program for each set of them; rows of the others are freed in one program,
    which is solved again from where it stood.

    Parameters
    ----------
    demands
        Constraints of each demand.
    always
        Number of constraints that hold whatever is demanded, the first of each task's.
    task_of
        Returns the task of meeting some demands.
    shown
        The program of all demands, and their least cost, where that is how they are known to clash.
    """

    demands: Sequence[Sequence[Constraint]]
    always: int
    task_of: Callable[[frozenset[int]], Subproblem]
    shown: InitVar[tuple[CostProgram, float] | None] = None
    programs: dict[frozenset[int], CostProgram] = field(default_factory=dict)
    known: dict[frozenset[int], float] = field(default_factory=dict)

    def __post_init__(self, shown: tuple[CostProgram, float] | None) -> None:
        """Take over what is known of all demands."""
        if shown is not None:
            asked = frozenset(number for number in range(len(self.demands)) if not self._is_money(number))
            fixed = frozenset(number for number in asked if self._is_fixed(number))
            self.programs[fixed], self.known[asked] = shown

    def exceed(self, numbers: frozenset[int], money: float, *, at_once: bool = False) -> bool:
        """Tell whether meeting some demands surely costs more than there is money; not where the time is up.

        Parameters
        ----------
        at_once
            Whether only what is known before, also of more demands, may tell.
        """
        asked = frozenset(number for number in numbers if not self._is_money(number))
        program = self._program(asked)
        if program is None:
            return False
        is_known = asked in self.known or not at_once
        least = self.least(asked) if is_known else program.known_least(asked)
        return least == math.inf or surely_exceeds(least, money, program.form.instance.cost)

    def least(self, numbers: frozenset[int]) -> float:
        """Return a cost that no plan which meets some demands is below: infinite where none meets them.

        Minus infinity where it is not known in time.
        """
        asked = frozenset(number for number in numbers if not self._is_money(number))
        if asked not in self.known:
            program = self._program(asked)
            self.known[asked] = -math.inf if program is None else program.least(asked)
        return self.known[asked]

    def _program(self, asked: frozenset[int]) -> CostProgram | None:
        """Return the program in which demands are given up by freeing rows; None where there is no time to make it."""
        fixed = frozenset(number for number in asked if self._is_fixed(number))
        if fixed not in self.programs:
            free = frozenset(n for n in range(len(self.demands)) if not (self._is_money(n) or self._is_fixed(n)))
            made = self._made(self.task_of(fixed | free), fixed | free)
            if made is None:
                return None
            self.programs[fixed] = made
        return self.programs[fixed]

    def _is_money(self, number: int) -> bool:
        """Tell whether a demand limits money alone: years in which need grows are more."""
        return all(
            one.money is not None and not (isinstance(one, Periods) and one.growth is not None)
            for one in self.demands[number]
        )

    def _is_fixed(self, number: int) -> bool:
        """Tell whether freeing rows does not give a demand up."""
        return not self._is_money(number) and any(one.changes_service for one in self.demands[number])

    def _made(self, task: Subproblem, numbers: frozenset[int]) -> CostProgram | None:
        """Return the program of the least cost at which a task's demands are met in the last year."""
        owners = [None] * self.always + [number for number in sorted(numbers) for _ in self.demands[number]]
        owners += [None] * (len(task.question.constraints) - len(owners))
        return CostProgram.of(task, owners)
