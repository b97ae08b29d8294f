"""What every family of constraints knows of itself: its rows, how a plan violates it, and its words."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import Any, ClassVar, Protocol, Self, TypeVar

from hubplanner.compatibility import Feature
from hubplanner.errors import ScenarioError
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Floats, Problem


def refuse(name: str, value: object, allowed: str) -> None:
    """Raise for a parameter that cannot be used."""
    message = f"{name}: {value!r} found; allowed: {allowed}"
    raise ScenarioError(message)


def check(name: str, value: Any, allowed: str, test: Callable[[float], bool]) -> None:
    """Raise when a value is no number, is not finite or fails a test."""
    number = float(value) if isinstance(value, Real) else math.nan
    if not (math.isfinite(number) and test(number)):
        refuse(name, value, allowed)


def check_amount(name: str, value: float) -> None:
    """Raise when a number is negative."""
    check(name, value, "a number of at least 0", lambda value: value >= 0)


def check_count(name: str, value: float, least: int = 0) -> None:
    """Raise when a number is no count."""
    check_amount(name, value)
    if value != int(value):
        refuse(name, value, "a whole number")
    if value < least:
        refuse(name, value, f"a whole number of at least {least}")


def check_share(name: str, value: float) -> None:
    """Raise when a number is no share."""
    check(name, value, "a number from 0 to 1", lambda value: 0 <= value <= 1)


class SiteNames(Protocol):
    """How the sites and distances of a scenario are called."""

    @property
    def distance_unit(self) -> str:
        """Unit of distances, such as km."""

    def label(self, site: int) -> str:
        """Return a site's name and id."""

    def places(self, sites: Sequence[int]) -> str:
        """Return a list of sites, the first few by name."""


class Constraint(ABC):
    """A family of constraints; an instance is one of them, and holds its parameters.

    A new one is a frozen dataclass that derives from this class, in a module of its own. Everything else follows from
    what it says here: it is added to models, checked against every plan that a solver hands over, found where demands
    clash, and priced and named in explanations.
    """

    key: ClassVar[str]
    """What it is called in a scenario and in explanations, such as ``only_with``."""
    every_period: ClassVar[bool] = False
    """Whether it holds in each year of a programme; in the last, when all hubs are open, if not."""
    needs_final_period: ClassVar[bool] = False
    """Whether years planned each on its own keep to it in the last only: it asks for what is reached by then."""
    priced: ClassVar[bool] = True
    """Whether an explanation gives it up to see what it costs."""
    tells_of_sites: ClassVar[bool] = False
    """Whether it speaks of where hubs stand and of nothing else, so that one hub more or less is seen to violate it."""
    numbers_options: ClassVar[bool] = False
    """Whether it knows options by their numbers in the problem, so that it holds of no part of the options."""
    changes_service: ClassVar[bool] = False
    """Whether it changes who is served, or what a year is: only a plan made with it can be checked against it."""
    assigns: ClassVar[bool] = False
    """Whether it speaks of who is served by whom: people are assigned to hubs even where these take everyone."""

    can_move: ClassVar[bool] = False
    """Whether the least change of limits that makes a plan possible may move it."""
    remedies: ClassVar[tuple[str, ...]] = ()
    """What would help where it clashes with other demands, in words to follow "what would help:"."""

    @property
    def most_share(self) -> float:
        """Largest share of anybody's need that it lets be covered."""
        return 1.0

    def ways_out(self, demands: Sequence[Constraint]) -> tuple[str, ...]:
        """Return those of its remedies that can help where it clashes with some demands."""
        del demands
        return self.remedies

    @abstractmethod
    def add_to(self, model: Model) -> None:
        """Add its rows to the model of one period."""

    @abstractmethod
    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a finished plan violates it, recomputed from the problem's arrays; None when it does not."""

    @abstractmethod
    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return it as a demand in a sentence, such as "max_hubs = 3", with sites by the names that are given."""

    def explain(self, names: SiteNames) -> str:
        """Return it as explanations word it: as `describe` does unless a family says more."""
        return self.describe(names.label)

    def add_to_periods(self, layers: Sequence[Model]) -> None:
        """Add its rows to the models of the periods that it holds in."""
        for layer in layers if self.every_period else layers[-1:]:
            self.add_to(layer)

    def violations(self, problems: Sequence[Problem], plans: Sequence[Evaluation]) -> list[str]:
        """Return how the plans of all periods violate it."""
        periods = list(zip(problems, plans, strict=True))
        found = (self.violation(*period) for period in (periods if self.every_period else periods[-1:]))
        return [reason for reason in found if reason]

    @property
    def can_relax(self) -> bool:
        """Whether it may be given up where demands clash: not if it says what a site, a hub or a plan is."""
        return True

    @property
    def serves_apart(self) -> bool:
        """Whether it serves each point on its own, so that points alike must not be merged."""
        return False

    @property
    def is_total(self) -> bool:
        """Whether it limits the number of all new hubs."""
        return False

    @property
    def money(self) -> float | None:
        """The money that it leaves for new hubs, that of all years together; None where it speaks of something else."""
        return None

    def with_money(self, money: float) -> Self:
        """Return it with so much money; as it is where it speaks of something else."""
        del money
        return self

    def parts(self, problem: Problem) -> Sequence[Constraint]:
        """Return the demands it is made of, of which one may be given up without the others."""
        del problem
        return (self,)

    @property
    def alike(self) -> tuple[object, ...] | None:
        """What it has in common with those that ask the same of other values of a group; None for one of its own."""
        return None

    @property
    def features(self) -> frozenset[Feature]:
        """What it asks for of which `hubplanner.compatibility` has rules."""
        return frozenset()

    def measures(self) -> Iterable[Floats]:
        """Return what it weights demand points (n,) by."""
        return ()

    def grown(self, growth: Floats | None, years: int) -> Self:
        """Return it with its weights grown by yearly rates (n,) for some years."""
        del growth, years
        return self


Kind = TypeVar("Kind", bound=Constraint)


def of_kind(constraints: Iterable[Constraint], kind: type[Kind]) -> list[Kind]:
    """Return the constraints of one family, in their order."""
    return [constraint for constraint in constraints if isinstance(constraint, kind)]


def first_of(constraints: Iterable[Constraint], kind: type[Kind]) -> Kind | None:
    """Return the first constraint of a family, None where there is none."""
    return next(iter(of_kind(constraints, kind)), None)


def without(constraints: Iterable[Constraint], *kinds: type[Constraint]) -> list[Constraint]:
    """Return the constraints of all other families, in their order."""
    return [constraint for constraint in constraints if not isinstance(constraint, kinds)]
