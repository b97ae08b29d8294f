"""Coverage, and demand merged by what covers it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from support.instances.random_covering import sample
from support.instances.tiny import line_of_five, two_islands

from hubplanner.problem import Problem, Rows, coverage, merge_demand
from hubplanner.problem.aggregation.equal_rows import merge_rows
from hubplanner.problem.model_instance import ModelInstance

covers = arrays(np.int8, st.tuples(st.integers(0, 12), st.integers(1, 5)), elements=st.integers(0, 1))


def grouped(cover: np.ndarray, weight: list[float]) -> list[tuple[tuple[int, ...], float]]:
    """Merge equal rows with a dict, in order of first appearance."""
    groups: dict[tuple[int, ...], float] = defaultdict(float)
    for row, value in zip(cover.tolist(), weight, strict=True):
        groups[tuple(row)] += value
    return list(groups.items())


def listed(cover: csr_array, weight: np.ndarray) -> list[tuple[tuple[int, ...], float]]:
    return list(zip(map(tuple, cover.toarray().tolist()), weight.tolist(), strict=True))


@given(covers)
def test_merged_rows_are_the_groups_of_equal_rows(cover: np.ndarray) -> None:
    weight = np.arange(len(cover)) + 1.0
    assert listed(*merge_rows(csr_array(cover), weight)) == grouped(cover, weight.tolist())


def test_rows_that_only_share_a_hash_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    home, seeds = merge_rows.__globals__, list[int]()
    real = home["_hashes"]

    def colliding(cover: csr_array, seed: int) -> np.ndarray:
        seeds.append(seed)
        return np.zeros(cover.shape[0], dtype=np.uint64) if seed == 0 else real(cover, seed)

    monkeypatch.setitem(home, "_hashes", colliding)
    cover, weight = np.array([[1, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int8), np.array([1.0, 2, 4, 8])
    assert listed(*merge_rows(csr_array(cover), weight)) == [((1, 0), 5.0), ((0, 1), 2.0), ((1, 1), 8.0)]
    assert seeds == [0, 1]


@pytest.mark.parametrize("seed", range(0, 432, 9))
def test_coverage_is_what_the_oracle_measures(seed: int) -> None:
    case = sample(seed).case
    problem = case.problem()
    found = coverage(problem, 0, problem.n_points).toarray()
    for column, option in enumerate(case.named(range(problem.n_options))):
        assert set(np.flatnonzero(found[:, column]).tolist()) == case.covers(option), option


@pytest.mark.parametrize("seed", range(0, 432, 27))
@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_reading_demand_in_chunks_changes_nothing(seed: int, chunk: int) -> None:
    problem = sample(seed).case.problem()
    whole, pieces = merge_demand(problem), merge_demand(problem, chunk=chunk)
    assert [row for row, _ in listed(pieces.cover, pieces.need)] == [row for row, _ in listed(whole.cover, whole.need)]
    assert pieces.need == pytest.approx(whole.need)
    assert pieces.uncovered_need == pytest.approx(whole.uncovered_need)


def test_no_need_is_lost_in_merging() -> None:
    for seed in range(0, 432, 9):
        problem = sample(seed).case.problem()
        rows = merge_demand(problem)
        assert rows.need.sum() + rows.uncovered_need == pytest.approx(problem.need.sum())
        assert rows.n_points == problem.n_points
        assert (np.diff(rows.cover.indptr) > 0).all()


def test_the_line_of_five_has_five_kinds_of_demand() -> None:
    rows = merge_demand(line_of_five())
    assert isinstance(rows, Rows)
    assert listed(rows.cover, rows.need) == [
        ((1, 0, 0), 5.0),
        ((1, 1, 0), 3.0),
        ((0, 1, 0), 1.0),
        ((0, 1, 1), 3.0),
        ((0, 0, 1), 4.0),
    ]


def test_a_larger_tier_covers_what_the_smaller_does_and_more() -> None:
    cover = coverage(two_islands(), 0, 4).toarray()
    assert cover.tolist() == [[1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 0, 1]]


def test_rows_whose_columns_are_in_any_order_and_repeat_are_merged() -> None:
    cover = csr_array((np.ones(7), np.array([2, 0, 0, 2, 1, 1, 2]), np.array([0, 2, 4, 5, 6, 7])), shape=(5, 3))
    merged, weight = merge_rows(cover, np.array([1.0, 2.0, 4.0, 8.0, 16.0]))
    assert merged.toarray().astype(bool).tolist() == [[True, False, True], [False, True, False], [False, False, True]]
    assert weight.tolist() == [3.0, 12.0, 16.0]
    assert cover.indices.tolist() == [2, 0, 0, 2, 1, 1, 2]


def test_people_whose_need_differs_by_rounding_are_merged_where_pairs_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """People of an area spread by weights have one need a person, but for the last digits of its quotient."""
    rng = np.random.default_rng(3)
    share, part = rng.choice([0.9, 0.65, 0.55], 200), rng.random(200)
    people = 1234.0 * part
    problem = Problem.from_points(rng.uniform(0, 9, (200, 2)), people * share, [[3, 3], [6, 6]], [1.0, 1.0], reach=4)
    problem = replace(problem, people=people)
    measures = np.array([problem.need, problem.people])
    assert len(np.unique(problem.need / people)) > 3
    exact = ModelInstance(problem=problem, measures=measures).assign_rows
    monkeypatch.setitem(ModelInstance.assign_rows.func.__globals__, "MANY_PAIRS", 1)
    merged = ModelInstance(problem=problem, measures=measures).assign_rows
    reached = coverage(problem, 0, 200).toarray() > 0
    kinds = {(*reached[point], share[point]) for point in range(200) if reached[point].any()}
    assert len(merged.totals) == len(kinds) < len(exact.totals)
    assert merged.totals.sum(axis=0) == pytest.approx(exact.totals.sum(axis=0), rel=1e-12)
    rates = merged.totals[:, 0] / merged.totals[:, 1]
    assert rates[merged.row_of[merged.row_of >= 0]] == pytest.approx(share[merged.row_of >= 0], rel=1e-12)
