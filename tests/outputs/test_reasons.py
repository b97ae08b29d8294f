"""What a report says of a plan as a whole, and of each hub, where seats are what limits it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.outputs.html.headline import lead
from hubplanner.outputs.html.prose import reasons
from hubplanner.outputs.run_data import Result

if TYPE_CHECKING:
    from support.project import Project

SEATS = {"demand.priority": 1, "hubs.0.capacity": 100, "hubs.1.capacity": 100, "model.budget": 1000}


def result_of(plan: hp.Plan) -> Result:
    return Result(
        name="run",
        summary=plan.summary(),
        scenario=plan.inputs.scenario,
        manifest={},
        hubs=plan.hubs,
        demand=plan.demand,
        links=plan.links,
        made=datetime.now(tz=UTC),
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "So any place where a hub fills does as well as another"),
        ({"model.capacity_of": "people"}, "So they go where fewest of those within reach are connected."),
        ({"model.fairness": {"alpha": 1}}, "So each province gets them by its need, as fairly as was asked"),
    ],
    ids=", ".join,
)
def test_what_holds_of_every_hub_is_said_once(project: Project, settings: dict[str, Any], words: str) -> None:
    said = lead(result_of(hp.solve(project.read(SEATS | settings))))
    assert "Seats are what limits it: all new hubs are full. " in said.replace("\u2068", "").replace("\u2069", "")
    assert words in said.replace("\u2068", "").replace("\u2069", "")


def test_nothing_is_said_of_seats_that_stay_free_or_are_not_counted(project: Project) -> None:
    for settings in ({"hubs.0.capacity": 5000, "hubs.1.capacity": 5000}, {}):
        assert "Seats" not in lead(result_of(hp.solve(project.read(settings))))


def test_a_hub_s_reason_says_how_many_are_offline_where_they_take_the_seats(project: Project) -> None:
    result = result_of(hp.solve(project.read(SEATS)))
    said = dict(zip(result.hubs["site_id"], reasons(result, {}), strict=True))
    assert "Serves 100 people who are not connected yet (75 % of the people there are not) and is full" in said["S1"]
    assert "Serves 100 people who are not connected yet (50 % of the people there are not)" in said["S4"]
    everyone = result_of(hp.solve(project.read(SEATS | {"model.capacity_of": "people"})))
    assert "Serves 100 people and is full" in reasons(everyone, {})[0]
