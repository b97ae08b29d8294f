"""The benchmark suite's own parts, on tiny cases: no benchmark runs here, and no peer is needed."""

from __future__ import annotations

import json
import math
import platform
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
from benchmarks import connected, growth, instances, peers, runner, structure_programs, structures, suite, tables
from benchmarks.case import runs
from benchmarks.cases import HIGHS, MERGED, OURS, STRUCTURES, TABLES, Case, all_cases, is_least
from benchmarks.figures import Clock, figures
from benchmarks.suite import found_faults, main, text

ROOT = Path(__file__).resolve().parents[2]
SLEEPS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(6000)'])"
PATIENT = 3_000
"""Seconds for a small case, whatever else the machine does."""


def record(value: float, bound: float, seconds: float = 1.25, **more: Any) -> dict[str, Any]:
    given = {"peak_mb": 100.0, "limit": 60.0, "seed": None, **more}
    return figures(value, bound, seconds=seconds, gap=0.0, **given)


def drawn(*seconds: float, **more: Any) -> list[dict[str, Any]]:
    """Ten seeds' records, of the given times and then 1.25 seconds."""
    times = [*seconds, *[1.25] * (len(instances.SEEDS) - len(seconds))]
    return [record(5, 5, time, seed=seed, **more) for seed, time in zip(instances.SEEDS, times, strict=True)]


@pytest.mark.parametrize("chunk", [101, 250, 1000])
def test_towns_are_one_generator_s_customers_sites_and_weights(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(instances, "CHUNK", chunk)
    town = instances.bds(250, sites=20, seed=3)
    rng = np.random.default_rng(3)
    customers, sites, weights = rng.uniform(0, 30, (250, 2)), rng.uniform(0, 30, (20, 2)), rng.integers(1, 101, 250)
    for _ in range(2):
        places, need = town.points()
        assert np.array_equal(places, customers)
        assert np.array_equal(need, weights)
    assert np.array_equal(town.site_xy, sites)


def test_big_towns_come_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "CHUNK", 100)
    town = instances.bds(250, cost=True, budget=9)
    chunks = list(town.chunks())
    assert [len(need) for _, need in chunks] == [100, 100, 50]
    assert not np.array_equal(chunks[0][0], chunks[1][0])
    assert set(town.site_cost) <= set(range(10, 101))
    assert len(set(town.site_cost)) > 10


@pytest.mark.parametrize("make", ["covering", "streamed"])
def test_merged_rows_have_the_plan_of_the_textbook(make: str) -> None:
    given = {"make": "bds", "n": 200, "sites": 15, "max_hubs": 3, "seed": 2}
    expected = peers.plain(given, limit=30, gap=0.0, solver="HiGHS")
    found = peers.RUNS[make, MERGED](given, limit=30, gap=0.0)
    assert (found["status"], found["value"]) == ("optimal", pytest.approx(expected["value"]))
    instance = instances.covering(given)
    near, total = peers._merged(instance, [instance.points()])
    assert len({tuple(sites) for sites in near}) == len(near) < 200
    assert total.sum() == instance.points()[1].sum()


SMALL: dict[str, dict[str, Any]] = {
    "facilities": {"n": 60, "sites": 20},
    "limited rooms": {"n": 60, "sites": 12},
    "tiers with rooms": {"n": 80, "sites": 15, "share": 0.3},
    "years": {"n": 60, "sites": 40},
    "tiers": {"n": 100, "sites": 60},
    "floors": {"n": 100, "sites": 160, "share": 0.03},
    "worst group": {"n": 60, "sites": 100},
    "apart": {"n": 100, "sites": 60},
    "backup": {"n": 60, "sites": 40, "share": 0.05},
    "far apart": {"n": 100, "sites": 60},
    "rooms of few hubs": {"n": 80, "sites": 30, "hubs": 4},
    "whole places": {"n": 25, "hubs": 4, "filled": 0.9},
    "center": {"n": 40, "hubs": 4},
    "center of places": {"n": 100, "sites": 40, "hubs": 6},
    "cover all": {"n": 100, "sites": 60},
    "fewest to cover all": {"n": 200, "sites": 80},
    "towns": {"n": 200, "sites": 20},
}


@pytest.mark.parametrize("make", SMALL)
def test_contenders_agree_on_small_questions_with_further_limits(make: str) -> None:
    given = {"make": make, "seed": 2, **SMALL[make]}
    names = [name for kind, name in structure_programs.RUNS if kind == "structure"]
    names = [name for name in names if not make.startswith("center") or name != HIGHS]
    found = [structure_programs.RUNS["structure", name](given, limit=60, gap=0.0) for name in names]
    assert {one["status"] for one in found} == {"optimal"}
    assert [one["value"] for one in found] == pytest.approx([found[0]["value"]] * len(found))
    assert found[0]["value"] > 0


@pytest.mark.parametrize("more", [{}, {"dish": 8.0}, {"dish": 25.0, "hops": 2}])
def test_contenders_agree_on_small_networks_and_none_of_a_kind_beats_the_proof(more: dict[str, Any]) -> None:
    given = {"towns": 14, "nodes": 2, "seed": 4, **more}
    proven = [connected.RUNS["connected", name](given, limit=60, gap=0.0) for name in (HIGHS, OURS)]
    assert {one["status"] for one in proven} == {"optimal"}
    assert proven[0]["value"] == pytest.approx(proven[1]["value"])
    assert proven[0]["value"] > 0
    for name in () if "hops" in more else ("tree first", *([] if more else ["sites first"])):
        found = connected.RUNS["connected", name](given, limit=60, gap=0.0)
        assert 0 < found["value"] <= proven[0]["value"] + 1e-6 <= found["bound"] + 1e-3


def test_a_clash_in_districts_is_told_as_one() -> None:
    given = {"make": "clash", "n": 300, "sites": 400, "seed": 2}
    found = structure_programs.ours(given, limit=60, gap=0.0)
    assert found["status"] == "infeasible"
    assert "min_hubs = 1 in each of 132 districts cannot be met together" in found["clashes"][0]
    assert structure_programs.merged(given, limit=60, gap=0.0)["status"] == "infeasible"


def test_a_clash_of_floors_with_money_is_told_as_one() -> None:
    given = {"make": "clash of floors", "n": 600, "sites": 200, "seed": 2}
    found = structure_programs.ours(given, limit=60, gap=1e-3)
    assert found["status"] == "infeasible"
    assert "the budget of 140 and 80 % of each of" in found["clashes"][0]
    assert structure_programs.merged(given, limit=60, gap=0.0)["status"] == "infeasible"


def test_a_table_tells_seeds_and_commits() -> None:
    rows = {"a": {OURS: [record(5, 5, seed=seed, commit=f"c{seed % 2}") for seed in (1, 2, 3)]}}
    assert tables.measured(rows) == rows
    told = text("structures", rows).replace("\n", " ")
    assert "Measured at `c0`, `c1`." in told
    assert "(3 seeds)" in told


def test_seconds_are_those_of_the_processor_children_included_and_limits_those_on_the_wall() -> None:
    clock = Clock()
    time.sleep(0.5)
    assert clock.seconds() < 0.3
    assert clock.left(10) <= 9.5
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    assert clock.seconds() >= 0.5


def test_customers_of_a_square_are_its_sites() -> None:
    square = instances.square(2000, cover=12, budget_share=0.03)
    places, _ = square.points()
    assert (places == square.site_xy).all()
    distance = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
    assert 10 < (distance <= square.reach).sum(axis=1).mean() < 14
    assert square.budget == np.floor(0.03 * square.site_cost.sum())


def test_a_reach_keeps_as_many_sites_near() -> None:
    assert instances.reach_of(100, 12) == pytest.approx(10 * instances.reach_of(10_000, 12), abs=1e-3)


def test_a_case_runs_in_a_process_of_its_own_and_says_all() -> None:
    given = {"make": "square", "n": 50, "budget_share": 0.2}
    case = Case(table="squares", row="50", kind="covering", contender="hubplanner", given=given, limit=PATIENT)
    found = runner.measure(case, once_above=0.0)
    assert found["status"] == "optimal"
    assert found["value"] == found["bound"] > 0
    assert found["gap"] == 0
    assert found["peak_mb"] > 10
    assert len(found["runs"]) == 1
    assert len(runner.line(case, found)) <= 120


def test_three_runs_are_one_median(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 3.0, 2.0])
    monkeypatch.setattr(runner, "fresh", lambda *_: {"status": "optimal", "seconds": next(times)})
    case = next(case for case in all_cases(full=True) if case.seed is None)
    assert runner.measure(case, once_above=60) == {
        "status": "optimal",
        "seconds": 2.0,
        "runs": [1.0, 3.0, 2.0],
    }


def test_a_case_with_a_seed_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 3.0, 2.0])
    monkeypatch.setattr(runner, "fresh", lambda *_: {"status": "optimal", "seconds": next(times)})
    case = all_cases(full=True)[0]
    assert case.seed == 1
    assert runner.measure(case, once_above=60)["runs"] == [1.0]


def test_every_random_instance_is_measured_for_ten_seeds() -> None:
    for full in (False, True):
        seeds: dict[tuple[str, str, str], list[int | None]] = {}
        for case in all_cases(full=full):
            seeds.setdefault((case.table, case.row, case.contender), []).append(case.seed)
        files = {table for (table, *_), found in seeds.items() if found == [None]}
        drawn = {table for (table, *_), found in seeds.items() if found == list(range(1, 11))}
        few = {table for (table, *_), found in seeds.items() if found == [1, 2, 3]}
        assert all(found in ([None], [1, 2, 3], list(range(1, 11))) for found in seeds.values())
        always = {"towns", "large", "squares", "growth", "frontiers", "formulations"}
        some = {"structures", "connected"}
        assert (drawn, few) == ((always | some, set()) if full else (always, some))
        assert files <= {"national", "seats", "medians", "frontiers", "formulations", "connected"}


def test_every_covering_row_has_merged_rows_beside_ours() -> None:
    rows: dict[tuple[str, str], set[str]] = {}
    for case in all_cases(full=True):
        rows.setdefault((case.table, case.row), set()).add(case.contender)
    assert all({MERGED, OURS} <= rows[table, row] for table, row in rows if table in {"towns", "large", "squares"})


def test_a_case_beyond_its_limit_is_killed_with_its_children() -> None:
    found = runner.fresh([sys.executable, "-c", SLEEPS], limit=0.5, start_up=0.5)
    assert (found["status"], found["seconds"]) == ("not finished", 0.5)
    assert found["peak_mb"] > 0
    case = all_cases(full=True)[0]
    assert "not finished in 120 s" in runner.line(case, found)
    assert tables.cell([{**found, "limit": 120.0}]).startswith("not in 120 s")


def test_the_children_of_a_killed_case_are_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    child = f"import os, time; os.symlink(str(os.getpid()), {str(note)!r}); time.sleep(6000)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    clock = SimpleNamespace(perf_counter=lambda: math.inf if note.is_symlink() else 0.0, sleep=time.sleep)
    monkeypatch.setattr(runner, "time", clock)  # its time is over once the child has begun
    assert runner.fresh([sys.executable, "-c", code], limit=0.5, start_up=0.5)["status"] == "not finished"
    end = time.monotonic() + PATIENT
    while is_alive(int(note.readlink().name)):
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(number: int) -> bool:
    """Tell whether a process has not ended; one that nobody has waited for yet has."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_case_that_fails_says_why_and_fails_the_run_if_it_is_ours() -> None:
    found = runner.fresh([sys.executable, "-c", "raise ValueError('no such town')"], limit=10)
    assert (found["status"], found["why"]) == ("failed", "ValueError: no such town")
    found["seed"] = 4
    assert found_faults({"towns": {"a": {"spopt + CBC": [found]}}}) == []
    assert found_faults({"towns": {"a": {"hubplanner": [found]}}}) == [
        "towns: a: seed 4: hubplanner failed: ValueError: no such town"
    ]


@pytest.mark.parametrize(
    ("one", "other", "least", "agree"),
    [
        ((10, 10), (10, 10), False, True),
        ((9, 11), (10, 10), False, True),
        ((9, 9), (10, 10), False, False),
        ((10, 9), (9, 8), True, True),
        ((10, 10), (9, 9), True, False),
        ((1e6, 1e6), (1e6 + 0.5, 1e6 + 0.5), False, True),
    ],
)
def test_values_agree_within_their_bounds(
    one: tuple[float, float], other: tuple[float, float], *, least: bool, agree: bool
) -> None:
    records = [("one", record(*one)), ("other", record(*other)), ("none", record(float("nan"), 1.0))]
    assert (not runner.disagreements(records, least=least)) == agree


def test_a_disagreement_names_both() -> None:
    rows = {"pmed1": {"spopt + CBC": [record(10, 10)], "hubplanner": [record(9, 9)]}}
    assert found_faults({"medians": rows}) == ["medians: pmed1: hubplanner has 9 where spopt + CBC proves 10"]


def test_less_is_better_where_costs_and_distances_are_told() -> None:
    for row, given, _ in STRUCTURES:
        if given["make"] in SMALL:
            kind = structures.structure({"make": given["make"], "seed": 1, **SMALL[given["make"]]}).kind
            assert is_least("structures", row) == (kind != "coverage")


def test_only_the_same_seed_is_compared() -> None:
    one, other = [record(10, 10, seed=1), record(20, 20, seed=2)], [record(20, 20, seed=2), record(10, 10, seed=1)]
    assert found_faults({"towns": {"a": {"PuLP + HiGHS": one, "hubplanner": other}}}) == []
    other[1] = record(11, 11, seed=1)
    assert found_faults({"towns": {"a": {"PuLP + HiGHS": one, "hubplanner": other}}}) == [
        "towns: a: seed 1: hubplanner has 11 where PuLP + HiGHS proves 10"
    ]


def test_tables_have_a_column_for_each_contender() -> None:
    rows = {
        "small": {"one": [record(5, 5)], "two": [record(4, 5)]},
        "big": {"two": [record(5, 5, making=0.25)]},
        "drawn": {"one": drawn(33.0, 0.5)},
    }
    assert tables.table("town", rows).splitlines() == [
        "| town | one | two |",
        "|---|---:|---:|",
        "| small | 1.2 s, 100 MB | 1.2 s, 100 MB, gap 2e-01 |",
        "| big |  | 1.2 s (data 0.2 s), 100 MB |",
        "| drawn | 1.2 s, worst 33.0 s (10 seeds), 100 MB |  |",
    ]


def test_of_several_seeds_a_cell_has_the_median_and_the_worst() -> None:
    found = drawn(2, 3, 4, 5, 6, 7)
    found[3] |= {"status": "feasible", "gap": 0.04, "peak_mb": 300.0}
    assert tables.cell(found) == "2.5 s, worst 7.0 s (10 seeds), 300 MB, gap 0, worst 4e-02"
    found[4] = {"status": "not finished", "seconds": 60.0, "peak_mb": 10.0, "limit": 60.0, "seed": 5}
    assert tables.cell(found) == "2.5 s, worst 60.0 s (10 seeds), 300 MB, gap 0, worst 4e-02, 1 of 10 not in 60 s"
    assert tables.cell(drawn(2)[:1]) == "2.0 s (1 seed), 100 MB"
    found[3] |= {"value": -0.0, "bound": 4e7, "gap": 4e7}
    assert tables.cell(found[:4]) == "3.5 s, worst 5.0 s (4 seeds), 300 MB, 1 of 4 no plan but the empty one"
    assert tables.cell(found[3:4]) == "5.0 s (1 seed), 300 MB, no plan but the empty one"
    points = [one | {"points": number, "of": 20, "limit": 4.0} for number, one in enumerate(drawn())]
    assert tables.cell(points) == "4.5, worst 0 of 20 points in 4 s, 100 MB"


def test_a_frontier_is_set_beside_its_slowest_point_seed_by_seed() -> None:
    rows = {"a": {"one by one": drawn(20, slowest=2.0), "frontier": drawn(10, 3, together=True)}}
    assert tables.table("b", rows).splitlines()[2] == (
        "| a | 1.2 s, worst 20.0 s (10 seeds), 100 MB, slowest 2.0 s, worst 2.0 s "
        "| 1.2 s, worst 10.0 s (10 seeds), 100 MB, 0.6, worst 5.0 times the slowest point |"
    )


def test_ours_is_set_beside_merged_rows_seed_by_seed() -> None:
    merged = drawn(10, 2, 1, 0.1)[:4]
    merged[3]["status"] = "feasible"
    rows = {"a": {MERGED: merged, OURS: drawn(1, 1, 3)[:5]}}
    shown = tables.table("b", rows).splitlines()[2]
    assert shown.endswith("| 1.2 s, worst 3.0 s (5 seeds), 100 MB, 0.5, worst 3 of merged rows' |")


def test_of_several_goals_the_first_is_set_beside_merged_rows() -> None:
    ours = drawn(60)[:1]
    ours[0]["phases"] = {"optimise worst distance": 0.5, "solve with highs": 59.0}
    shown = tables.table("b", {"a": {MERGED: drawn(5)[:1], OURS: ours}}).splitlines()[2]
    assert shown.endswith("| 60.0 s (1 seed), 100 MB, first goal 0.5 s, 0.1 of merged rows' |")


def test_a_profile_counts_who_was_quickest_and_by_how_much() -> None:
    merged, ours = drawn(4, 2, 1, 30)[:4], drawn(1, 2, 3, 60)[:4]
    ours[3]["status"] = merged[0]["status"] = "feasible"
    rows = {"a": {MERGED: merged, OURS: ours}, "b": {OURS: ours}}
    assert tables.profile({"towns": rows}).splitlines() == [
        "| of 4 instances | quickest | within 2 times | within 5 times | within 10 times | ended at all |",
        "|---|---:|---:|---:|---:|---:|",
        "| hubplanner | 50 % | 50 % | 75 % | 75 % | 75 % |",
        "| merged rows + HiGHS | 75 % | 75 % | 75 % | 75 % | 75 % |",
    ]


def test_seeds_with_a_hole_among_them_are_left_out() -> None:
    rows = {"a": {"one": drawn(), "two": drawn()[1:]}, "b": {"one": drawn()[:4]}, "c": {"one": [record(5, 5)]}}
    kept = tables.measured({**rows, "d": {"one": [*drawn()[:2], drawn()[3]]}})
    assert {row: list(found) for row, found in kept.items()} == {"a": ["one"], "b": ["one"], "c": ["one"]}


def test_a_table_is_written_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- towns -->\nold\n<!-- end of towns -->\nb\n", encoding="utf-8")
    tables.write(path, "towns", "new")
    assert path.read_text(encoding="utf-8") == "a\n<!-- towns -->\nnew\n<!-- end of towns -->\nb\n"
    with pytest.raises(ValueError, match="<!-- end of squares -->"):
        tables.write(path, "squares", "new")


def test_profile_speed_and_steps_of_the_page_are_what_was_measured() -> None:
    page, readme = (path.read_text(encoding="utf-8") for path in (suite.PAGE, suite.README))
    kept = json.loads(suite.RESULTS.read_text(encoding="utf-8"))
    shown = {
        name: next((rows for kind in ("full", "quick") if (rows := suite._rows(kept, kind, name))), {})
        for name in TABLES
    }
    assert tables.framed("profile", tables.profile(shown)) in page
    for written in (page, readme):
        assert tables.framed("speed", tables.speed(shown)) in written
    for name in suite.STEPS:
        assert tables.framed(name, tables.steps(kept[name])) in page


def test_speed_is_told_of_covering_that_merged_rows_ended() -> None:
    merged, ours = drawn(4, 2, 1, 30)[:4], drawn(1, 2, 3, 60)[:4]
    merged[3]["status"] = "feasible"
    rows = {"a": {MERGED: merged, OURS: ours}}
    assert tables.speed({"towns": rows, "structures": rows}) == (
        "On 3 random covering instances a proof took 1.00 times as long as with merged rows in HiGHS"
        " (median; at worst 3.00 times)."
    )
    assert tables.speed({"structures": rows}) == ""


def test_what_another_script_measured_is_kept_and_shown(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    suite.note("roads", {"about": "Ways.", "what": "step", "rows": [["read", 1.5]]})
    told = capsys.readouterr().out
    assert "Ways. Measured at `" in told
    assert "| read | 1.5 s |" in told
    assert told in (workplace / "benchmarks.md").read_text(encoding="utf-8")
    assert main(["--tables"]) == 0
    assert told in (workplace / "benchmarks.md").read_text(encoding="utf-8")


def test_the_page_says_what_machine_it_was_measured_on() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    machine = json.loads(suite.RESULTS.read_text(encoding="utf-8"))["quick"]["machine"]
    assert tables.framed("machine", suite.about_machine(machine)) in page


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_page_is_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("benchmarks.suite.GRAPHS", tmp_path)
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    kept = json.loads(suite.RESULTS.read_text(encoding="utf-8"))
    found = next((rows for kind in ("full", "quick") if (rows := suite._rows(kept, kind, name))), {})
    assert tables.framed(name, text(name, found) if found else "") in page


def test_every_case_has_a_run_a_table_and_a_name_of_its_own() -> None:
    cases = all_cases(full=True)
    assert {(case.kind, case.contender) for case in cases} <= runs().keys()
    assert {case.table for case in cases} <= TABLES.keys()
    assert len({case.name for case in cases}) == len(cases)
    assert {case.name for case in all_cases(full=False)} < {case.name for case in cases}
    assert all(json.loads(case.task())["given"] == case.given for case in cases)


def test_absent_instances_are_named_in_the_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.suite.GRAPHS", tmp_path / "benchmarks" / "orlib_pmed")
    assert "`benchmarks/orlib_pmed` is not there" in text("medians", {})


def test_listing_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "large", "--only", "seed 7"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"large: {row}: {who}: seed 7"
        for row in ("10,000,000, 5.5, 10 hubs", "20,000,000, 6.25, 10 hubs")
        for who in (MERGED, OURS)
    ]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a run writes, and one tiny case to run, without and with seeds."""
    given = {"make": "square", "n": 30, "budget_share": 0.2}
    case = Case(table="national", row="5", kind="covering", contender="hubplanner", given=given, limit=30)
    towns = [
        Case(
            table="towns",
            row="100",
            kind="covering",
            contender="hubplanner",
            given={**given, "seed": seed},
            limit=PATIENT,
        )
        for seed in instances.SEEDS
    ]
    monkeypatch.setattr(suite, "all_cases", lambda **_: [case, *towns])
    (tmp_path / "benchmarks.md").write_bytes(suite.PAGE.read_bytes())
    (tmp_path / "README.md").write_bytes(suite.README.read_bytes())
    monkeypatch.setattr(suite, "PAGE", tmp_path / "benchmarks.md")
    monkeypatch.setattr(suite, "README", tmp_path / "README.md")
    monkeypatch.setattr(suite, "RESULTS", tmp_path / "benchmarks.json")
    return tmp_path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the cases that are measured, none of which is run, nor is the command line timed."""
    names: list[str] = []

    def noted(case: Case, _: float) -> dict[str, Any]:
        names.append(case.name)
        return figures(5, 5, seconds=1.0, gap=0.0, peak_mb=100.0)

    monkeypatch.setattr(suite, "measure", noted)
    monkeypatch.setattr(suite, "best_help_time", lambda: 0.5)
    return names


def kept_seeds(workplace: Path) -> list[int]:
    kept = json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8"))
    return [one["seed"] for one in kept["quick"]["results"]["towns"]["100"]["hubplanner"]]


def test_a_run_writes_results_and_tables(workplace: Path, asked: list[str]) -> None:
    assert main([]) == 0
    assert len(asked) == 11
    kept = json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8"))
    found = kept["quick"]["results"]["towns"]["100"]["hubplanner"]
    assert [one["seed"] for one in found] == list(instances.SEEDS)
    assert {"value", "bound", "gap", "status", "seconds", "peak_mb", "limit", "stamp"} <= found[0].keys()
    assert {"cores", "memory_gb", "python", "versions"} <= kept["quick"]["machine"].keys()
    assert "| 100 | 1.0 s, worst 1.0 s (10 seeds), 100 MB |" in (workplace / "benchmarks.md").read_text(
        encoding="utf-8"
    )


def test_a_case_is_measured_in_earnest(workplace: Path) -> None:
    assert main(["--only", "seed 7"]) == 0
    kept = json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8"))
    [found] = kept["quick"]["results"]["towns"]["100"]["hubplanner"]
    assert (found["seed"], found["status"]) == (7, "optimal")
    assert found["value"] == found["bound"] > 0


def test_a_run_that_was_stopped_goes_on(workplace: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    measure = suite.measure

    def stopped(case: Case, once_above: float) -> dict[str, Any]:
        if case.seed == 4:
            raise KeyboardInterrupt
        return measure(case, once_above)

    monkeypatch.setattr(suite, "measure", stopped)
    with pytest.raises(KeyboardInterrupt):
        main([])
    assert kept_seeds(workplace) == [1, 2, 3]
    monkeypatch.setattr(suite, "measure", measure)
    asked.clear()
    assert main([]) == 0
    assert asked == [f"towns: 100: hubplanner: seed {seed}" for seed in range(4, 11)]
    assert kept_seeds(workplace) == list(instances.SEEDS)
    asked.clear()
    assert main([]) == 0
    assert asked == []
    assert main(["--afresh"]) == 0
    assert len(asked) == 11


def test_what_other_code_measured_is_measured_again(
    workplace: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([]) == 0
    asked.clear()
    monkeypatch.setattr(suite, "_stamp", lambda *_: "other")
    assert main(["--only", "seed 2"]) == 0
    assert len(asked) == 1
    assert kept_seeds(workplace) == [2]


def test_a_run_of_few_seeds_is_one_of_the_first(workplace: Path, asked: list[str]) -> None:
    assert main(["--only", "towns", "--seeds", "3"]) == 0
    assert len(asked) == 3
    assert kept_seeds(workplace) == [1, 2, 3]


def test_a_quick_run_leaves_the_tables_of_a_full_one(workplace: Path, asked: list[str]) -> None:
    full = {"full": {"results": {"towns": {"big": {"hubplanner": drawn(9)}}}}}
    (workplace / "benchmarks.json").write_text(json.dumps(full), encoding="utf-8")
    assert main([]) == 0
    assert asked
    written = (workplace / "benchmarks.md").read_text(encoding="utf-8")
    assert "| big | 1.2 s, worst 9.0 s (10 seeds), 100 MB |" in written
    assert "| 100 | " not in written
    assert json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8")).keys() == {"full", "quick"}


def test_a_run_of_some_cases_leaves_the_page(workplace: Path, asked: list[str]) -> None:
    before = (workplace / "benchmarks.md").read_bytes()
    assert main(["--only", "towns"]) == 0
    assert len(asked) == 10
    assert (workplace / "benchmarks.md").read_bytes() == before
    assert main(["--tables"]) == 0
    assert len(asked) == 10
    written = (workplace / "benchmarks.md").read_text(encoding="utf-8")
    assert "| 100 | 1.0 s" in written
    assert f"Python {platform.python_version()}, " in written


def test_a_run_that_disagrees_fails_and_leaves_the_tables(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (workplace / "benchmarks.md").read_bytes()
    monkeypatch.setattr(suite, "measure", lambda *_: record(10, 9))
    assert main([]) == 1
    assert "hubplanner has 10 where hubplanner proves 9" in capsys.readouterr().err
    assert (workplace / "benchmarks.md").read_bytes() == before


def test_the_entry_point_runs_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests/benchmarks/run.py"), "--list", "--full", "--only", "national: 20:"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["national: 20: PuLP + HiGHS", "national: 20: hubplanner"]


def test_making_data_is_clocked_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def made() -> instances.Chunks:
        for _ in range(3):
            now[0] += 1
            yield np.zeros((1, 2)), np.zeros(1)

    monkeypatch.setattr(instances, "processor_seconds", lambda: now[0])
    chunks = instances.Clocked(made)
    for _ in range(2):
        for _ in chunks:
            now[0] += 100
    assert (chunks.passes, chunks.seconds) == (2, 6)


def test_growth_is_drawn_with_its_slopes(tmp_path: Path) -> None:
    sizes = [(n, 100, 5.5) for n in (10, 100, 1000)] + [(100, sites, 1.5) for sites in (10, 100)]
    rows = {f"{n:,}, {sites:,}, {reach:g}": {"hubplanner": drawn(9)} for n, sites, reach in sizes}
    rows["100, 1,000, 1.5"] = {"hubplanner": [*drawn()[1:], record(1, 2, seed=1)]}
    by_customers, by_sites = growth.series(rows)
    assert [[one.size for one in sizes] for sizes in (by_customers, by_sites)] == [[10, 100, 1000], [10, 100, 1000]]
    assert [one.is_proven for one in by_sites] == [True, True, False]
    assert by_sites[0].spread("seconds") == (1.25, 9)
    assert growth.slope([10, 100, 1000], [9, 10, 100]) == pytest.approx(1.0)
    growth.draw(rows, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 1000
    # The site has its pictures in a folder of their own.
    assert suite.text("growth", rows).endswith("](pictures/growth.png)")
