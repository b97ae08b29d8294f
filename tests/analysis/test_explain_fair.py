"""A plan that is fair by alpha is told by its report; explaining it is refused before anything is solved."""

from __future__ import annotations

import pytest
from support.instances.audited_runs import made

import hubplanner as hp
from hubplanner.analysis.explain import run as explaining


def test_it_is_refused_before_its_plan_is_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "read_solution", lambda _: pytest.fail("the plan is worked out anew"))
    with pytest.raises(hp.ScenarioError, match="is not a number of people, so read in the report"):
        hp.explain(made("fair"))
