"""The benchmark suite's own parts, on tiny cases: no benchmark runs here, and no peer is needed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import growth, instances, ours, runner, suite, tables
from benchmarks.case import runs
from benchmarks.cases import TABLES, Case, all_cases
from benchmarks.figures import figures
from benchmarks.suite import found_faults, main, text

ROOT = Path(__file__).resolve().parents[1]
SLEEPS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"


def record(value: float, bound: float, **more: Any) -> dict[str, Any]:
    return figures(value, bound, seconds=1.25, gap=0.0, peak_mb=100.0, limit=60.0, **more)


def test_towns_are_the_same_each_time_and_whatever_the_size_of_a_chunk_s_rest() -> None:
    one, other = instances.bds(300), instances.bds(200)
    places, need = one.points()
    again, same = one.points()
    assert (places == again).all()
    assert (need == same).all()
    assert places.shape == (300, 2)
    assert (one.site_xy == other.site_xy).all()
    assert 0 <= places.min() < places.max() <= 30
    assert set(need) <= set(range(1, 101))


def test_big_towns_come_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instances, "CHUNK", 100)
    town = instances.bds(250, cost=True, budget=9)
    chunks = list(town.chunks())
    assert [len(need) for _, need in chunks] == [100, 100, 50]
    assert not np.array_equal(chunks[0][0], chunks[1][0])
    assert set(town.site_cost) <= set(range(10, 101))


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
    case = Case(table="squares", row="50", kind="covering", contender="hubplanner", given=given, limit=30)
    found = runner.measure(case, once_above=0.0)
    assert found["status"] == "optimal"
    assert found["value"] == found["bound"] > 0
    assert found["gap"] == 0
    assert found["peak_mb"] > 10
    assert len(found["runs"]) == 1
    assert len(runner.line(case, found)) <= 100


def test_three_runs_are_one_median(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 3.0, 2.0])
    monkeypatch.setattr(runner, "fresh", lambda *_: {"status": "optimal", "seconds": next(times)})
    assert runner.measure(all_cases(full=True)[-1], once_above=60) == {
        "status": "optimal",
        "seconds": 2.0,
        "runs": [1.0, 3.0, 2.0],
    }


def test_a_case_beyond_its_limit_is_killed_with_its_children() -> None:
    began = time.perf_counter()
    found = runner.fresh([sys.executable, "-c", SLEEPS], limit=0.5, start_up=0.5)
    assert time.perf_counter() - began < 10
    assert (found["status"], found["seconds"]) == ("not finished", 0.5)
    assert found["peak_mb"] > 0
    case = all_cases(full=True)[0]
    assert "not finished in 120 s" in runner.line(case, found)
    assert tables.cell({**found, "limit": 120.0}).startswith("not in 120 s")


def test_the_children_of_a_killed_case_are_dead(tmp_path: Path) -> None:
    note = tmp_path / "note"
    child = f"import time; time.sleep(2); open({str(note)!r}, 'w').close()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    runner.fresh([sys.executable, "-c", code], limit=0.5, start_up=0.5)
    time.sleep(1.5)
    assert not note.exists()


def test_a_case_that_fails_says_why_and_fails_the_run_if_it_is_ours() -> None:
    found = runner.fresh([sys.executable, "-c", "raise ValueError('no such town')"], limit=10)
    assert (found["status"], found["why"]) == ("failed", "ValueError: no such town")
    assert found_faults({"towns": {"a": {"spopt + CBC": found}}}) == []
    assert found_faults({"towns": {"a": {"hubplanner": found}}}) == [
        "towns: a: hubplanner failed: ValueError: no such town"
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
    rows = {"pmed1": {"spopt + CBC": record(10, 10), "hubplanner": record(9, 9)}}
    assert found_faults({"medians": rows}) == ["medians: pmed1: hubplanner has 9 where spopt + CBC proves 10"]


def test_tables_have_a_column_for_each_contender() -> None:
    rows = {"small": {"one": record(5, 5), "two": record(4, 5)}, "big": {"two": record(5, 5, making=0.25)}}
    assert tables.table("town", rows).splitlines() == [
        "| town | one | two |",
        "|---|---:|---:|",
        "| small | 1.2 s, 100 MB | 1.2 s, 100 MB, gap 2e-01 |",
        "| big |  | 1.2 s (data 0.2), 100 MB |",
    ]


def test_a_table_is_written_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- towns -->\nold\n<!-- end of towns -->\nb\n", encoding="utf-8")
    tables.write(path, "towns", "new")
    assert path.read_text(encoding="utf-8") == "a\n<!-- towns -->\nnew\n<!-- end of towns -->\nb\n"
    with pytest.raises(ValueError, match="<!-- end of squares -->"):
        tables.write(path, "squares", "new")


def test_readme_has_a_place_for_every_table(tmp_path: Path) -> None:
    copy = tmp_path / "README.md"
    copy.write_bytes((ROOT / "README.md").read_bytes())
    for name in TABLES:
        tables.write(copy, name, text(name, {}))


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
    assert main(["--list", "--only", "large"]) == 0
    assert capsys.readouterr().out == (
        "large: 10,000,000, 5.5, 10 hubs: hubplanner\nlarge: 20,000,000, 6.25, 10 hubs: hubplanner\n"
    )


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a run writes, and one tiny case to run."""
    given = {"make": "bds", "n": 100, "max_hubs": 2}
    case = Case(table="towns", row="100", kind="covering", contender="hubplanner", given=given, limit=30)
    monkeypatch.setattr(suite, "all_cases", lambda **_: [case])
    (tmp_path / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    monkeypatch.setattr(suite, "README", tmp_path / "README.md")
    monkeypatch.setattr(suite, "RESULTS", tmp_path / "benchmarks.json")
    return tmp_path


def test_a_run_writes_results_and_tables(workplace: Path) -> None:
    assert main(["--once"]) == 0
    kept = json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8"))
    found = kept["quick"]["results"]["towns"]["100"]["hubplanner"]
    assert {"value", "bound", "gap", "status", "seconds", "peak_mb", "runs"} <= found.keys()
    assert {"cores", "memory_gb", "python", "versions"} <= kept["quick"]["machine"].keys()
    assert kept["help_seconds"] > 0
    assert "| 100 | " in (workplace / "README.md").read_text(encoding="utf-8")


def test_a_quick_run_leaves_the_tables_of_a_full_one(workplace: Path) -> None:
    before = (workplace / "README.md").read_bytes()
    (workplace / "benchmarks.json").write_text('{"full": {"results": {}}}', encoding="utf-8")
    assert main(["--once"]) == 0
    assert (workplace / "README.md").read_bytes() == before
    assert json.loads((workplace / "benchmarks.json").read_text(encoding="utf-8")).keys() >= {"full", "quick"}


def test_a_run_of_some_cases_writes_nothing(workplace: Path) -> None:
    before = (workplace / "README.md").read_bytes()
    assert main(["--once", "--only", "towns"]) == 0
    assert (workplace / "README.md").read_bytes() == before
    assert not (workplace / "benchmarks.json").exists()


def test_a_run_that_disagrees_fails_and_leaves_the_tables(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (workplace / "README.md").read_bytes()
    monkeypatch.setattr(suite, "measure", lambda *_: record(10, 9))
    assert main([]) == 1
    assert "hubplanner has 10 where hubplanner proves 9" in capsys.readouterr().err
    assert (workplace / "README.md").read_bytes() == before


def test_the_entry_point_runs_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests/benchmarks/run.py"), "--list", "--full", "--only", "national: 20:"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["national: 20: PuLP + HiGHS", "national: 20: hubplanner"]


def test_making_data_is_clocked_apart() -> None:
    chunks = ours.Clocked(instances.bds(100).chunks)
    for _ in range(2):
        for _ in chunks:
            time.sleep(0.05)
    assert chunks.passes == 2
    assert 0 < chunks.seconds < 0.05


def test_growth_is_drawn_with_its_slopes(tmp_path: Path) -> None:
    sizes = [(n, 100, 5.5) for n in (10, 100, 1000)] + [(100, sites, 1.5) for sites in (10, 100)]
    rows = {f"{n:,}, {sites:,}, {reach:g}": {"hubplanner": record(1, 1)} for n, sites, reach in sizes}
    rows["100, 1,000, 1.5"] = {"hubplanner": record(1, 2)}
    by_customers, by_sites = growth.series(rows)
    assert ([size for size, *_ in by_customers], [size for size, *_ in by_sites]) == ([10, 100, 1000], [10, 100, 1000])
    assert [is_proven for *_, is_proven in by_sites] == [True, True, False]
    assert growth.slope([10, 100, 1000], [9, 10, 100]) == pytest.approx(1.0)
    growth.draw(rows, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 1000
