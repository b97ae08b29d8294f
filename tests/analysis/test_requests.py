"""One question has one set of defaults, whoever asks it."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.analysis.alternatives.search import find_alternatives
from hubplanner.analysis.explain.explain import explain_plan
from hubplanner.analysis.requests import AlternativesRequest, ExplainRequest, FrontierRequest
from hubplanner.cli.analysis.alternatives import alternatives as alternatives_command
from hubplanner.cli.analysis.explain import explain as explain_command
from hubplanner.cli.analysis.frontier import frontier as frontier_command
from hubplanner.web.jobs import tasks
from hubplanner.web.requests import check_ask
from hubplanner.web.settings import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

CALLED = {"time_limit": "time_limit_s"}
"""Options of commands that have another name in Python."""
LEFT_OUT = {(frontier_command, "points"), (frontier_command, "budgets")}
"""Options that a command lets the request fill in."""


@pytest.mark.parametrize(
    ("request_type", "askers"),
    [
        (AlternativesRequest, [hp.alternatives, find_alternatives, alternatives_command]),
        (ExplainRequest, [hp.explain, explain_plan, explain_command]),
        (FrontierRequest, [hp.frontier, frontier_command]),
    ],
)
def test_library_and_commands_ask_with_the_same_defaults(
    request_type: type, askers: list[Callable[..., object]]
) -> None:
    wanted = {field.name: field.default for field in fields(request_type)}
    for asker in askers:
        found = {CALLED.get(name, name): one.default for name, one in inspect.signature(asker).parameters.items()}
        left_out = {name for other, name in LEFT_OUT if other is asker}
        assert {name: found[name] for name in wanted if name not in left_out} == {
            name: value for name, value in wanted.items() if name not in left_out
        }


@pytest.mark.parametrize(
    ("kind", "default"), [("alternatives", AlternativesRequest()), ("frontier", FrontierRequest())]
)
def test_the_app_asks_with_the_same_defaults(monkeypatch: pytest.MonkeyPatch, kind: str, default: object) -> None:
    class Asked(Exception):  # noqa: N818 - it carries a request
        pass

    def keep(_: Any, request: object, **__: Any) -> None:
        raise Asked(request)

    monkeypatch.setattr(tasks, f"run_{kind}", keep)
    monkeypatch.setattr(tasks, "_asked", lambda _: None)
    with pytest.raises(Asked) as asked:
        tasks.TASKS[kind](check_ask({"kind": kind, "scenario": "scenario.yaml"}, Limits()) | {"runs": "runs"})
    assert asked.value.args == (default,)
