"""Searches that are asked to stop: each ends with the best plan so far, and with a bound that is true."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import highspy
import pytest
from support.instances.tiny import dear_and_cheap, random_town, scattered

import hubplanner as hp
from hubplanner.model import Objective
from hubplanner.problem import Problem, Status
from hubplanner.solver.backends import cbc, highs
from hubplanner.solver.deadline import Deadline
from hubplanner.stopping import ask_to_stop, forget_stop, is_searching, is_stopped


@pytest.fixture(autouse=True)
def _going_on() -> Iterator[None]:
    yield
    forget_stop()


@dataclass
class StopsAfter:
    """A clock that stands still, and asks to stop after some looks at it."""

    looks: int

    def __call__(self) -> float:
        self.looks -= 1
        if self.looks < 0:
            ask_to_stop()
        return 0.0


def test_a_deadline_is_past_once_asked_to_stop_but_for_what_must_be_done() -> None:
    limit, never = Deadline(60.0, lambda: 0.0), Deadline(float("inf"), lambda: 0.0)
    assert (limit.is_past, limit.left) == (False, 60)
    ask_to_stop()
    assert (limit.is_past, limit.left, never.is_past) == (True, 0, False)
    forget_stop()
    assert not limit.is_past


QUESTIONS: dict[str, tuple[Problem, Callable[[Problem], Objective], str]] = {
    "covering": (random_town(1), lambda _: hp.MaxCoverage(budget=30), "auto"),
    "dense covering": (scattered(1), lambda _: hp.MaxCoverage(max_hubs=8), "auto"),
    "covering, plain": (random_town(1), lambda _: hp.MaxCoverage(budget=30), "plain"),
    "floors": (
        random_town(1),
        lambda problem: hp.MaxCoverage(max_hubs=6, constraints=(hp.Floor(weight=problem.need, share=0.1),)),
        "auto",
    ),
    "least cost": (random_town(1), lambda _: hp.MinCost(target_share=0.5), "auto"),
    "median": (random_town(1), lambda _: hp.PMedian(max_hubs=6), "auto"),
    "center": (random_town(1, points=60, sites=40), lambda _: hp.PCenter(max_hubs=6), "auto"),
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("looks", [0, 2, 20])
def test_each_way_to_solve_ends_with_a_plan_and_a_true_bound(name: str, looks: int) -> None:
    problem, objective, method = QUESTIONS[name]
    options = hp.SolverOptions(gap=0.0, time_limit_s=3000, method=method, clock=StopsAfter(looks))
    found = hp.solve_problem(problem, objective(problem), options)
    assert found.evaluation is not None
    assert found.stopped == (is_stopped() and found.status == Status.FEASIBLE)
    assert found.status in {Status.FEASIBLE, Status.OPTIMAL}
    assert found.gap <= 1e-7 or found.status == Status.FEASIBLE
    sense = 1 if name.endswith(("covering", "plain", "floors")) else -1
    assert sense * found.value <= sense * found.bound
    assert not is_searching()


def test_highs_ends_where_it_is_with_the_plan_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    real = highs.run

    def run(handle: Any, *, is_firm: bool = False) -> None:
        handle.cbMipInterrupt += lambda _: ask_to_stop()
        real(handle, is_firm=is_firm)

    monkeypatch.setattr(highs, "run", run)
    options = hp.SolverOptions(gap=0.0, method="plain", time_limit_s=3000)
    found = hp.solve_problem(scattered(1), hp.MaxCoverage(max_hubs=8), options)
    assert (found.status, found.stopped) == (Status.FEASIBLE, True)
    assert 0 < found.value < found.bound <= 200


@pytest.mark.parametrize("is_firm", [False, True])
def test_what_puts_a_plan_in_order_runs_though_asked_to_stop(monkeypatch: pytest.MonkeyPatch, *, is_firm: bool) -> None:
    stops, waits, handle = list[bool](), iter([(False, None), (True, None)]), highspy.Highs()
    monkeypatch.setattr(handle, "startSolve", lambda: None)
    monkeypatch.setattr(handle, "wait", lambda _: next(waits))
    monkeypatch.setattr(handle, "cancelSolve", lambda: stops.append(True))
    ask_to_stop()
    highs.run(handle, is_firm=is_firm)
    assert stops == [True] * (not is_firm)


def test_a_solve_that_ends_in_time_was_not_stopped() -> None:
    found = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11))
    assert (found.status, found.stopped) == (Status.OPTIMAL, False)


@pytest.fixture
def _stopped_with_cbc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask to stop as soon as CBC is at work."""
    start = subprocess.Popen

    def started(*words: object, **options: object) -> object:
        child = start(*words, **options)  # type: ignore[call-overload]
        ask_to_stop()
        return child

    monkeypatch.setattr(cbc.subprocess, "Popen", started)


@pytest.mark.usefixtures("_stopped_with_cbc")
@pytest.mark.parametrize("does", ["exec sleep 6000", "trap '' INT; exec sleep 6000"], ids=["heeds", "is deaf"])
def test_cbc_is_told_to_stop_and_ended_where_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    wrapper = tmp_path / "cbc"
    wrapper.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setattr(cbc, "cbc_path", lambda: str(wrapper))
    monkeypatch.setattr(cbc, "GRACE_S", 0.0)
    options = hp.SolverOptions(name="cbc", gap=0.0, method="plain", time_limit_s=3000)
    found = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), options)
    assert (found.status, found.stopped) == (Status.FEASIBLE, True)
    assert 61 <= found.value <= 99 < found.bound


@pytest.mark.usefixtures("_stopped_with_cbc")
def test_a_plan_that_cbc_has_when_it_is_stopped_counts() -> None:
    options = hp.SolverOptions(name="cbc", gap=0.0, method="plain", time_limit_s=3000)
    found = hp.solve_problem(scattered(1), hp.MaxCoverage(max_hubs=8), options)
    assert (found.status, found.stopped) == (Status.FEASIBLE, True)
    assert 0 < found.value < found.bound <= 200
