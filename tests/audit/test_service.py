"""Whom hubs cover, and the ways by which people go to them, as an audit works them out."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hubplanner.audit import service
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.world import AuditData, AuditPeople
from hubplanner.audit.service import NOBODY, Service, is_assigned, links_of, reaches, serve, share, shortest
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import CoverageSpec

INF, NAN = math.inf, math.nan


def world(table: Any, row: Any = None, parts: Any = None, hubs: Any = None, **more: Any) -> AuditData:
    """Return points at given distances (p, m) from sites; each a row of 10 people and 4 need, unless rows are given."""
    place = {"path": "places.csv", "x": "lon", "y": "lat", "id": "id"}
    tiers = hubs or [{"name": "centre", "reach_km": 5.0, "capex": 1.0}, {"name": "park", "reach_km": 9.0, "capex": 2.0}]
    tree = {"name": "served", "demand": {**place, "people": 1}, "sites": place, "hubs": tiers, "model": {"max_hubs": 9}}
    points = len(table)
    rows = np.arange(points) if row is None else np.array(row)
    n = int(rows.max()) + 1
    people = AuditPeople(
        frame=pd.DataFrame({"people": np.full(n, 10.0), "need": np.full(n, 4.0), "growth": np.full(n, 0.5)}),
        points=np.zeros((points, 2)),
        row=rows,
        share=np.ones(points) if parts is None else np.array(parts),
        other={},
        crs="EPSG:4326",
    )
    scenario = Scenario.model_validate(tree | more)
    sites: Any = SimpleNamespace()
    return AuditData(scenario=scenario, people=people, sites=sites, table=np.array(table, dtype=float), unit="km")


def hub(site: int, tier: int = 0, count: int = 1) -> AuditHub:
    return AuditHub(site=site, tier=tier, count=count, status="new", capex=Fraction(), opex=Fraction())


# -- how far cover goes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, [1, 1, 1, 1, 0, 0]),
        ({"decay": "linear"}, [1, 0.75, 0.5, 0, 0, 0]),
        ({"decay": "linear", "full_km": 2.0}, [1, 1, 1, 0, 0, 0]),
        ({"decay": "linear", "full_km": 1.0}, [1, 1, 2 / 3, 0, 0, 0]),
        ({"decay": "linear", "full_km": 3.5}, [1, 1, 1, 0, 0, 0]),
        ({"decay": "linear", "full_km": 4.0}, [1, 1, 1, 1, 0, 0]),
        ({"decay": "exponential", "width_km": 2.0}, [1, math.exp(-0.5), math.exp(-1), math.exp(-2), 0, 0]),
        ({"decay": "exponential", "width_km": 2.0, "full_km": 1.0}, [1, 1, math.exp(-0.5), math.exp(-1.5), 0, 0]),
        ({"decay": "gaussian", "width_km": 2.0}, [1, math.exp(-1 / 8), math.exp(-1 / 2), math.exp(-2), 0, 0]),
    ],
)
def test_cover_fades_as_the_scenario_says(spec: dict[str, Any], expected: list[float]) -> None:
    far = np.array([0.0, 1.0, 2.0, 4.0, 4.1, INF])
    assert share(CoverageSpec(**spec), far, np.full(6, 4.0)).tolist() == pytest.approx(expected, abs=1e-12)


def test_cover_fades_over_less_than_a_kilometre_too() -> None:
    spec = CoverageSpec(decay="linear", full_km=3.5)
    assert share(spec, np.array([3.5, 3.75, 4.0]), np.full(3, 4.0)).tolist() == [1, 0.5, 0]


def test_reach_is_inclusive_but_for_rounding() -> None:
    far = np.array([3.0, 3.0 * (1 + 5e-10), 3.0 * (1 + 2e-9), 5.0, 5.1])
    reach = np.array([3.0, 3.0, 3.0, INF, INF])
    assert share(CoverageSpec(), far, reach).tolist() == [1, 1, 0, 1, 1]


def test_a_point_that_no_way_leads_to_is_covered_by_no_reach() -> None:
    assert share(CoverageSpec(), np.array([INF]), np.array([INF])).tolist() == [0]


# -- who serves whom -------------------------------------------------------------------------------------------------


def test_people_go_to_the_hub_that_covers_most_then_the_nearest_then_the_first() -> None:
    given = world([[3, 3, 4], [4, 2, 2], [6, 6, 6], [9, 8, INF], [6, 5, 1]])
    found = serve(given, [hub(0), hub(1, 1), hub(2)])
    assert found.hub.tolist() == [0, 1, 1, 1, 2]
    assert found.covered.tolist() == [1, 1, 1, 1, 1]
    assert found.distance.tolist() == [3, 2, 6, 8, 1]
    assert found.nearest.tolist() == [3, 2, 6, 8, 1]


def test_nobody_is_served_without_a_hub_or_beyond_reach() -> None:
    given = world([[6.0], [INF]])
    for found, nearest in ((serve(given, []), [INF, INF]), (serve(given, [hub(0)]), [6, INF])):
        assert found.hub.tolist() == [NOBODY, NOBODY]
        assert found.covered.tolist() == [0, 0]
        assert np.isnan(found.distance).all()
        assert found.nearest.tolist() == nearest


def test_with_decay_the_larger_share_counts_more_than_the_way() -> None:
    given = world([[4.0, 4.5], [4.5, 6.75], [1.0, 9.0]], coverage={"decay": "linear"})
    found = serve(given, [hub(0), hub(1, 1)])
    assert found.hub.tolist() == [1, 1, 0]
    assert found.covered.tolist() == pytest.approx([0.5, 0.25, 0.8])
    assert found.distance.tolist() == [4.5, 6.75, 1.0]
    assert found.nearest.tolist() == [4.0, 4.5, 1.0]


@pytest.mark.parametrize(
    ("weight", "expected"), [(None, [0.2, 0.8, 0.6, 0]), (0.5, [0.5, 0.8, 0.6, 0.1]), (0.0, [0.8, 0.8, 0.6, 0.2])]
)
def test_backup_counts_the_second_hub(weight: float | None, expected: list[float]) -> None:
    given = world(
        [[1, 4], [4, 1], [2, 2], [4, 6]],
        coverage={"decay": "linear", "backup": 2} | ({} if weight is None else {"backup_weight": weight}),
    )
    # Two hubs at the second site are each other's second one.
    assert serve(given, [hub(0), hub(1, count=2)]).covered.tolist() == pytest.approx(expected)


def test_without_backup_the_second_hub_does_not_count() -> None:
    assert serve(world([[1, 4]], coverage={"decay": "linear"}), [hub(0), hub(1)]).covered.tolist() == [0.8]


def test_points_in_parts_are_served_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(3).uniform(0, 20, (7, 3))
    hubs = [hub(0), hub(1, 1), hub(2)]
    whole = serve(world(table), hubs)
    monkeypatch.setattr(service, "CHUNK", 3)
    parts = serve(world(table), hubs)
    for name in ("covered", "hub", "distance", "nearest"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert len(set(whole.hub.tolist())) == 4


@pytest.mark.parametrize(
    ("more", "assigned"),
    [
        ({}, False),
        ({"hubs": [{"name": "centre", "reach_km": 5.0, "capex": 1.0, "capacity": 7}]}, True),
        ({"model": {"max_hubs": 1, "travel_cost_per_km": 2.0}}, True),
        ({"measures": {"devices": {"cost": 3.0, "benefit": 0.5}}}, True),
    ],
)
def test_people_are_assigned_where_hubs_fill_up_ways_cost_or_measures_reach_some(
    more: dict[str, Any], *, assigned: bool
) -> None:
    assert is_assigned(world([[1.0]], **more)) is assigned


# -- shares of a total -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("covered", "least", "assigned", "reached"),
    [
        ([1.0, 0.0], 0.75, False, True),
        ([1.0, 0.0], 0.7501, False, False),
        ([1.0, 0.0], 1.0, False, False),
        ([1.0, 1.0 - 5e-10], 1.0, False, True),
        ([1.0, 1.0 - 2e-9], 1.0, False, False),
        ([1.0, 1.0 - 5e-7], 1.0, True, True),
        ([1.0, 1.0 - 2e-6], 1.0, True, False),
        ([0.5, 0.5], 0.5 + 2e-13, False, True),
        ([0.5, 0.5], 0.5 + 1e-11, False, False),
        ([0.5, 0.5], 0.5 + 5e-7, True, True),
        ([0.5, 0.5], 0.5 + 2e-6, True, False),
    ],
)
def test_a_share_is_reached_but_for_rounding(
    covered: list[float], least: float, *, assigned: bool, reached: bool
) -> None:
    assert reaches(np.array([3.0, 1.0]), np.array(covered), least, assigned=assigned) is reached


def test_all_of_a_total_is_all_rows_that_count() -> None:
    assert reaches(np.array([3.0, 0.0]), np.array([1.0, 0.0]), 1.0, assigned=False)
    assert not reaches(np.array([3.0, 1e-300]), np.array([1.0, 0.5]), 1.0, assigned=False)


# -- links -----------------------------------------------------------------------------------------------------------


def test_links_sum_the_points_of_a_row_by_site() -> None:
    given = world([[0.0]] * 5, row=[0, 0, 0, 1, 1], parts=[0.5, 0.3, 0.2, 0.25, 0.75])
    served = Service(
        covered=np.ones(5),
        hub=np.array([0, 0, 1, NOBODY, 1]),
        distance=np.array([1.0, 5.0, 4.0, NAN, 2.0]),
        nearest=np.zeros(5),
    )
    links = links_of(given, [hub(7), hub(3)], served, year=2)
    assert links["row"].tolist() == [0, 0, 1]
    assert links["site"].tolist() == [3, 7, 3]
    assert links["share"].tolist() == pytest.approx([0.2, 0.8, 0.75])
    assert links["distance"].tolist() == pytest.approx([4.0, (0.5 + 1.5) / 0.8, 2.0])
    assert links["people"].tolist() == pytest.approx([2 * 2.25, 8 * 2.25, 7.5 * 2.25])
    assert links["need"].tolist() == pytest.approx([0.8 * 2.25, 3.2 * 2.25, 3 * 2.25])


# -- the shortest ways -----------------------------------------------------------------------------------------------


def ways(far: Any, supply: Any, amount: Any, stated: Any = None, off: float = 0.0) -> service.ShortestAssignment | None:
    far = np.array(far, dtype=float)
    told = None if stated is None else np.array(stated, dtype=float)
    inside = np.isfinite(far)
    return shortest(np.where(inside, far, 99.0), inside, np.array(supply, float), np.array(amount, float), told, off)


def test_to_an_only_hub_the_nearest_go() -> None:
    found = ways([[3], [1], [INF], [2]], [1, 1, 1, 2], [2.5])
    assert found is not None
    assert found.mean.tolist() == pytest.approx([(1 + 2 * 1.5) / 2.5])
    assert (found.farthest, found.unique) == (2.0, True)
    every = ways([[3], [1]], [1, 1], [2.0])
    assert every is not None
    assert (every.mean.tolist(), every.farthest) == ([2.0], 3.0)


def test_more_than_there_are_in_reach_cannot_go() -> None:
    assert ways([[3], [1], [INF]], [1, 1, 1], [2.0]) is not None
    assert ways([[3], [1], [INF]], [1, 1, 1], [2.0 + 1e-7]) is not None
    assert ways([[3], [1], [INF]], [1, 1, 1], [2.0 + 3e-7]) is None
    assert ways([[3, INF], [INF, 1]], [1, 1], [1.0, 0.5]) is not None
    assert ways([[3, INF], [INF, 1]], [1, 1], [1.5, 0.5]) is None


@pytest.mark.parametrize("stated", [None, [1.0, 1.0]])
def test_a_hub_that_reaches_nobody_takes_nobody(stated: list[float] | None) -> None:
    assert ways([[1, INF], [2, INF]], [1, 1], [1.0, 1.0], stated) is None
    assert ways([[INF, INF]], [1], [0.5, 0.5], stated) is None
    assert ways([[INF]], [1], [0.5], None if stated is None else stated[:1]) is None


def test_a_point_that_nobody_reaches_stays_at_home() -> None:
    found = ways([[1, 2], [1, 5], [INF, INF]], [1, 1, 1], [1.0, 1.0])
    assert found is not None
    assert found.mean.tolist() == pytest.approx([1.0, 2.0])


def test_the_sum_of_ways_counts_not_how_even_they_are() -> None:
    found = ways([[0, 1.6], [1.6, 3]], [1, 1], [1.0, 1.0])
    assert found is not None
    assert (found.mean.tolist(), found.unique) == (pytest.approx([0.0, 3.0]), True)


def test_ways_to_several_hubs_are_the_shortest_together() -> None:
    found = ways([[1, 2], [1, 5], [4, 4.5]], [1, 1, 1], [1.0, 2.0])
    assert found is not None
    # The second goes to the first hub, for whom the other is farthest.
    assert found.mean.tolist() == pytest.approx([1.0, (2 + 4.5) / 2])
    assert found.farthest == pytest.approx(4.5)
    assert found.unique


@pytest.mark.parametrize("scale", [1e-7, 1.0, 1e4])
@pytest.mark.parametrize("points", [[0, 1, 2], [1, 0, 2], [2, 1, 0]])
@pytest.mark.parametrize("hubs", [[0, 1, 2], [1, 0, 2], [2, 1, 0]])
@pytest.mark.parametrize("third", [4.0, 1.0])
def test_other_ways_as_short_are_told(points: list[int], hubs: list[int], scale: float, third: float) -> None:
    # The third hub is for the third point alone, and may be the farthest way of all.
    far = np.array([[1, 2, INF], [2, 3, INF], [INF, INF, third]])[points][:, hubs] * scale
    found = ways(far, [1, 1, 1], [1.0, 1.0, 1.0])
    assert found is not None
    assert not found.unique
    assert found.mean.sum() == pytest.approx((4 + third) * scale)
    lone = ways(np.array([[1, 2, INF], [2, 3.5, INF], [INF, INF, third]])[points][:, hubs] * scale, [1] * 3, [1.0] * 3)
    assert lone is not None
    assert (lone.farthest, lone.unique) == (pytest.approx(max(2.0, third) * scale), True)


def test_short_ways_to_an_only_hub_are_no_longer_than_they_are() -> None:
    found = ways([[0.25], [0.5]], [1, 1], [2.0])
    assert found is not None
    assert found.farthest == 0.5


def test_equal_points_make_ways_no_less_certain() -> None:
    found = ways([[1, 2], [1, 2]], [1, 1], [1.0, 1.0])
    assert found is not None
    assert (found.mean.tolist(), found.unique) == (pytest.approx([1.0, 2.0]), True)


def test_stated_means_are_held_against_all_ways() -> None:
    far, supply, amount = [[1, 2], [2, 3]], [1, 1], [1.0, 1.0]
    for mean, off, fits in (
        ([1.0, 3.0], 0.0, True),
        ([2.0, 2.0], 0.0, True),
        ([1.5, 2.5], 0.0, True),
        ([1.0, 2.0], 0.0, False),
        ([1.4, 2.5], 0.0, False),
        ([1.4, 2.5], 0.06, True),
        ([1.6, 2.5], 0.06, True),
        ([2.5, 2.5], 0.06, False),
    ):
        assert (ways(far, supply, amount, mean, off) is not None) is fits, mean
    assert ways([[1], [2]], [1, 1], [1.0], [1.5]) is not None
    assert ways([[1], [2]], [1, 1], [1.0], [2.5]) is None
    every = np.ones((2, 2), dtype=bool)
    assert shortest(np.array(far), every, np.ones(2), np.ones(2), np.array([1.4, 2.5])) is None
