"""Points merged on the way are those of the plain way, whatever the grid, the tiers and the place on earth."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.draws import examples

import hubplanner as hp
from hubplanner.problem import Chunk, GreatCircle, Planar, Problem, evaluate, merge_chunks, remeasure_chunks
from hubplanner.problem.aggregation import disc_grid as regions
from hubplanner.problem.problem import condensed, merge_demand
from hubplanner.problem.travel.base import within

NOWHERE = np.zeros((0, 2))


def town(seed: int, kind: str) -> tuple[Planar | GreatCircle, np.ndarray, np.ndarray, np.ndarray]:
    """Return travel, reaches, allowed tiers and labels; some points lie at the very reach, some sites on one spot."""
    rng = np.random.default_rng(seed)
    n, m = 400, 12
    middle = {"planar": (0.0, 0.0), "land": (70.0, 30.0), "seam": (179.5, -17.0), "pole": (10.0, 88.0)}[kind]
    size = 3.0 if kind != "planar" else 30.0
    points = rng.uniform(-size, size, (n, 2)) * 1.3 + middle
    sites = rng.uniform(-size, size, (m, 2)) + middle
    sites[1] = sites[0]
    points[:5] = sites[0]
    detour = float(rng.choice([1.0, 1.3]))
    reaches = np.array([0.0, 9.0, 20.0]) if kind == "planar" else np.array([0.0, 60.0, 150.0])
    if kind == "planar":
        points[5:9] = sites[2] + np.array([[9.0, 0], [0, 9.0], [-20.0, 0], [0, -20.0]]) / detour
        travel: Planar | GreatCircle = Planar(points, sites, detour)
    else:
        for places in (points, sites):
            places[:, 0] = (places[:, 0] + 180) % 360 - 180
            places[:, 1] = np.clip(places[:, 1], -90, 90)
        travel = GreatCircle(points, sites, detour)
    allowed = rng.random((m, 3)) < 0.6
    allowed[:, 1] |= ~allowed.any(axis=1)
    return travel, reaches, allowed, rng.integers(0, 3, n)


def by_hand(
    travel: Planar | GreatCircle, reaches: np.ndarray, allowed: np.ndarray, label: np.ndarray, need: np.ndarray
) -> dict[tuple[int, tuple[tuple[int, int], ...]], float]:
    """Return need by label and set of (site, tier)."""
    held = np.stack([within(travel.from_site(site), reaches[:, None]) for site in range(travel.n_sites)], axis=2)
    found: dict[tuple[int, tuple[tuple[int, int], ...]], float] = {}
    for point in range(travel.n_points):
        tiers, sites = np.nonzero(held[:, point, :] & allowed.T)
        key = (int(label[point]), tuple(sorted(zip(sites.tolist(), tiers.tolist(), strict=True))))
        found[key] = found.get(key, 0.0) + float(need[point])
    return found


def of_rows(merged: object, reaches: np.ndarray, allowed: np.ndarray) -> dict[object, float]:
    travel, found = merged.travel, {}  # type: ignore[attr-defined]
    for row in range(travel.n_points):
        at = travel.point == row
        pairs = [
            (int(site), tier)
            for site, far in zip(travel.site[at], travel.distance[at], strict=True)
            for tier in range(len(reaches))
            if allowed[site, tier] and within(np.array([far]), reaches[tier])[0]
        ]
        found[int(merged.label[row]), tuple(sorted(pairs))] = float(merged.totals[row, 0])  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("kind", ["planar", "land", "seam", "pole"])
@pytest.mark.parametrize("crossing", [1, 12])
@settings(max_examples=examples(24))
@given(seed=st.integers(0, 2**32))
def test_merged_rows_are_those_found_point_by_point(kind: str, crossing: int, seed: int) -> None:
    travel, reaches, allowed, label = town(seed, kind)
    need = np.random.default_rng(seed).integers(0, 9, travel.n_points).astype(float)
    chunks = [
        Chunk(places=travel.points[part], measures=np.column_stack([need, need * 2])[part], label=label[part])
        for part in (slice(0, 150), slice(150, 150), slice(150, None))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "MOST_CROSSING", crossing)
        patch.setattr(regions, "MOST_CELLS", 10_000)
        merged = merge_chunks(iter(chunks), travel.at(NOWHERE), reaches, allowed)
    assert merged.n_points == travel.n_points
    assert merged.totals[:, 1] == pytest.approx(merged.totals[:, 0] * 2)
    assert of_rows(merged, reaches, allowed) == pytest.approx(by_hand(travel, reaches, allowed, label, need))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["planar", "seam", "pole"])
@settings(max_examples=examples(24))
@given(seed=st.integers(0, 2**32))
def test_a_second_pass_finds_what_the_evaluation_finds(kind: str, seed: int) -> None:
    travel, reaches, allowed, label = town(seed, kind)
    rng = np.random.default_rng(seed)
    need = rng.integers(0, 9, travel.n_points).astype(float)
    site, tier = np.nonzero(allowed)
    problem = Problem(
        need=need,
        people=need,
        travel=travel,
        site_status=np.zeros(travel.n_sites, dtype=np.intp),
        tier_reach=reaches,
        option_site=site,
        option_tier=tier,
        option_cost=np.ones(len(site)),
    )
    chosen = np.sort(rng.choice(len(site), 3, replace=False))
    plan = evaluate(problem, chosen)
    chunk = Chunk(places=travel.points, measures=need[:, None], label=label)
    found = remeasure_chunks([chunk], travel.at(NOWHERE), site[chosen], reaches[tier[chosen]])
    assert found.covered[0] == pytest.approx(plan.covered_need)
    assert found.mean_distance == pytest.approx(plan.nearest_distance @ need / need.sum())
    assert found.max_distance == pytest.approx(plan.nearest_distance[need > 0].max())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[merge_demand.__module__], "MANY_POINTS", 0)
        small, totals = condensed(problem, need[None])
        rows = merge_demand(problem)
    assert small.n_points < problem.n_points
    assert totals.sum() == pytest.approx(need.sum())
    assert evaluate(small, chosen).covered_need == pytest.approx(plan.covered_need)
    plain = merge_demand(problem)
    assert sorted(rows.need) == pytest.approx(sorted(plain.need))
    assert rows.uncovered_need == pytest.approx(plain.uncovered_need)


def test_a_stream_gives_the_plan_of_its_points() -> None:
    rng = np.random.default_rng(1)
    points, need, sites = rng.uniform(0, 30, (3000, 2)), rng.integers(1, 9, 3000), rng.uniform(0, 30, (20, 2))
    parts = ((points[at : at + 700], need[at : at + 700]) for at in range(0, 3000, 700))
    streamed = hp.Problem.from_stream(parts, sites, np.ones(20), 5.5)
    whole = hp.Problem.from_points(points, need, sites, np.ones(20), 5.5)
    asked = hp.MaxCoverage(max_hubs=4)
    assert streamed.n_points < 1000
    assert hp.solve_problem(streamed, asked).value == hp.solve_problem(whole, asked).value


def test_without_an_option_every_label_is_one_row() -> None:
    chunk = Chunk(places=np.zeros((6, 2)), measures=np.ones((6, 1)), label=np.arange(6) % 2)
    merged = merge_chunks([chunk], Planar(NOWHERE, np.zeros((1, 2))), np.array([5.0]), np.array([[False]]))
    assert merged.totals.ravel().tolist() == [3, 3]
    assert len(merged.travel.point) == 0


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (([[0.0]], [1.0]), r"demand_xy"),
        (([[0.0, np.nan]], [1.0]), r"demand_xy"),
        (([[0.0, 1.0]], [-1.0]), r"need.*-1.0"),
        (([[0.0, 1.0]], [1.0, 2.0]), r"need.*\(2,\)"),
    ],
)
def test_a_wrong_chunk_names_itself(part: tuple[object, object], said: str) -> None:
    with pytest.raises(hp.DataError, match=said):
        hp.Problem.from_stream([part], [[0, 0]], [1], reach=1)  # type: ignore[list-item]
