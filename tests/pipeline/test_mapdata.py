"""What an interactive map draws, against the nearest place by brute force."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

import hubplanner as hp
from hubplanner.web.map_data.layers import MOST_AREAS, areas_of, areas_text, demand_text, nearest_areas
from hubplanner.web.map_data.run import covered_areas
from hubplanner.web.map_data.scenario import budget_range, reaches

if TYPE_CHECKING:
    from support.project import Project


def test_every_place_near_another_lies_in_the_area_of_the_nearest() -> None:
    rng = np.random.default_rng(3)
    places = np.column_stack([rng.uniform(67, 69, 60), rng.uniform(29, 31, 60)])
    areas = nearest_areas(places)
    assert areas is not None
    wide = np.cos(np.radians(places[:, 1].mean()))
    tries = np.column_stack([rng.uniform(67, 69, 500), rng.uniform(29, 31, 500)])
    away = np.hypot((tries[:, None, 0] - places[None, :, 0]) * wide, tries[:, None, 1] - places[None, :, 1])
    first, second = np.sort(away, axis=1)[:, :2].T
    clear = second - first > 1e-3
    hit = shapely.contains(areas.shapes[None, :], shapely.points(tries)[:, None])[:, areas.of]
    assert (hit.sum(axis=1) <= 1)[clear].all()
    held = clear & hit.any(axis=1)
    assert held.mean() > 0.9
    assert (hit.argmax(axis=1) == away.argmin(axis=1))[held].all()


def test_places_that_coincide_share_an_area() -> None:
    areas = nearest_areas(np.array([[67.0, 30.0], [68.0, 31.0], [67.0, 30.0]]))
    assert areas is not None
    text = json.loads(
        areas_text(areas, ["a", "b", "c"], np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([1.0, 0.5, 0]))
    )
    rows = [feature["properties"] for feature in text["features"]]
    assert [(row["demand_id"], row["need"], row["covered_share"]) for row in rows] == [("a", 4, 0.25), ("b", 2, 0.5)]


def test_one_place_and_very_many_have_no_areas() -> None:
    assert nearest_areas(np.array([[67.0, 30.0]])) is None
    assert nearest_areas(np.random.default_rng(1).uniform(0, 9, (MOST_AREAS + 1, 2))) is None


def test_names_are_escaped(project: Project) -> None:
    project.edit("demand.csv", "D1,", '"D""1\\<é",')
    names = {row["properties"]["demand_id"] for row in json.loads(demand_text(project.inputs()))["features"]}
    assert 'D"1\\<é' in names


def test_a_run_of_other_data_has_areas_of_its_own(project: Project) -> None:
    plan = hp.solve(project.read())
    folder = plan.write(project.folder / "run")
    known = plan.inputs, areas_of(plan.inputs)
    same, own = (json.loads(text or b"{}") for text in (covered_areas(folder, known), covered_areas(folder)))
    assert [row["properties"] for row in same["features"]] == [row["properties"] for row in own["features"]]
    project.edit("demand.csv", "D1,", "X1,")
    inputs = project.inputs()
    other = json.loads(covered_areas(folder, (inputs, areas_of(inputs))) or b"{}")
    assert [row["properties"]["demand_id"] for row in other["features"]] == ["D1", "D2", "D3", "D4"]


@pytest.mark.parametrize(("budget", "most", "step"), [(4e9, 8e9, 5e7), (500, 1000, 10), (0, 1, 0.01), (7, 14, 0.1)])
def test_a_range_of_budgets(budget: float, most: float, step: float) -> None:
    found = budget_range(budget)
    assert found["max"] == pytest.approx(most)
    assert found["step"] == pytest.approx(step)


def test_circles_are_reach_over_detour(project: Project) -> None:
    assert reaches(project.read({"travel.detour": 1.25})) == {"centre": 4.0, "park": 16.0}
    matrix = {"travel.method": "matrix", "travel.path": "travel.csv"}
    assert reaches(project.read(matrix)) == {"centre": None, "park": None}
