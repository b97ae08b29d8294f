"""What outsiders' problems led to: the inputs of ``cases``, each held to what its README says is right."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from support.command import run

import hubplanner as hp
from hubplanner.errors import CrsError, DataError, InfeasibleError
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.outputs.plan import Plan
from hubplanner.scenario import read_scenario
from hubplanner.solver.backends.base import DisagreementError, believed

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(os.environ.get("HUBPLANNER_SHARED", ROOT.parent / "shared" / "data")).parent / "cases"
pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the shared cases are not here: set HUBPLANNER_SHARED to the folder beside them"
)


def read(case: str, *overrides: str, **settings: Any) -> Inputs:
    own = {key.replace("__", "."): value for key, value in settings.items()}
    return read_inputs(read_scenario(CASES / case / "scenario.yaml", overrides, own))


def planned(case: str, *overrides: str, file: str = "scenario.yaml", **settings: Any) -> Plan:
    own = {key.replace("__", "."): value for key, value in settings.items()}
    return hp.solve(read_scenario(CASES / case / file, overrides, own))


def codes(inputs: Inputs) -> set[str]:
    return {warning.code for warning in inputs.warnings}


def refused(case: str, *overrides: str, **settings: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(case, *overrides, **settings)
    return str(caught.value)


def test_null_island_is_told_with_row_and_value_and_may_be_allowed() -> None:
    told = refused("01-null-island")
    assert "demand.csv, row 5: lon, lat 0, 0: lies 7,801 km from the middle" in told
    assert "sites.csv, row 5" in told
    allowed = read("01-null-island", demand__far_places=True, sites__far_places=True)
    assert len(allowed.demand.frame) == 6


@pytest.mark.parametrize(
    ("case", "people"),
    [
        ("02-blank-rows", 19_300),
        ("03-multipoint", 19_300),
        ("04-measured-points", 19_300),
        ("04b-geojson-repeated-feature-ids", 14_800),
        ("07-gpkg-layer-styles", 19_300),
    ],
)
def test_files_are_read_without_fuss(case: str, people: int) -> None:
    inputs = read(case)
    assert inputs.demand.frame["people"].sum() == people
    assert inputs.demand.frame.geom_type.eq("Point").all()
    assert not inputs.demand.frame.has_z.any()
    assert not codes(inputs)


def test_a_site_that_is_a_building_stands_inside_it() -> None:
    inputs = read("24-osm-nodes-and-buildings")
    places = dict(zip(inputs.sites.frame["site_id"], inputs.sites.lonlat.tolist(), strict=True))
    assert set(places) == {"node/1", "way/2", "relation/3"}
    assert 39.279 < places["way/2"][0] < 39.28
    assert -6.821 < places["way/2"][1] < -6.82


def test_a_table_without_its_encoding_is_tried_as_utf8_first() -> None:
    assert set(read("05-dbf-no-cpg").demand.frame["region"]) == {"Séguéla"}


@pytest.mark.parametrize("question", [[], ["median"], ["center"], ["single"]])
def test_with_seats_every_distance_is_that_of_the_hub_that_serves(question: list[str]) -> None:
    plan = planned("09-nearest-with-seats", *question)
    people, km = plan.links["people"].to_numpy(), plan.links["distance_km"].to_numpy()
    told = plan.summary()["distance"]
    assert told["mean_km"] == pytest.approx((people * km).sum() / people.sum())
    assert told["mean_km"] == pytest.approx(3.4)
    assert told["max_km"] == pytest.approx(km.max())


@pytest.mark.parametrize(
    ("override", "keys"),
    [
        ([], {"demand_id": "from_id", "site_id": "to_id", "minutes": "travel_time_p50"}),
        (["renamed"], {}),
        (["wide"], {"demand_id": "from_id", "wide": "minutes"}),
    ],
)
def test_columns_of_a_matrix_are_named_and_ids_written_as_numbers_told(
    tmp_path: Path, override: list[str], keys: dict[str, str]
) -> None:
    copy = tmp_path / "case"
    shutil.copytree(CASES / "11-external-travel-times", copy)
    settings = {f"travel.{key}": value for key, value in keys.items()}
    with pytest.raises(DataError, match="1e\\+05 may be 100000"):
        read_inputs(read_scenario(copy / "scenario.yaml", override, settings))
    for path in (copy / "data").glob("ttm*.csv"):
        path.chmod(0o644)
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\b(\d)e\+05", r"\g<1>00000", text), encoding="utf-8")
    plan = hp.solve(read_scenario(copy / "scenario.yaml", override, settings))
    assert plan.summary()["status"] == "optimal"


@pytest.mark.parametrize("file", ["utf16", "mac", "sepline", "xlsx", "tab"])
def test_tables_of_other_habits_are_read(file: str) -> None:
    inputs = read("18-european-csv", file)
    assert inputs.demand.frame["people"].tolist() == [1234, 12_345, 987]
    assert inputs.demand.frame["commune"].tolist() == ["Béziers", "Sète", "Agde"]


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ([], "decimal", ","),
        (["decimal"], "decimal", ","),
        (["thousands"], "thousands", ","),
        (["cp1252"], "encoding", "cp1252"),
    ],
)
def test_what_must_be_declared_is_named_with_the_key_that_helps(file: list[str], key: str, value: str) -> None:
    told = refused("18-european-csv", *file)
    assert f"add {key}: " in told
    inputs = read("18-european-csv", *file, **{f"demand__{key}": value})
    assert inputs.demand.frame["people"].tolist() == [1234, 12_345, 987]
    assert inputs.demand.frame.geometry.x.tolist() == pytest.approx([3.21, 3.69, 3.47])


def test_points_for_thousands_and_rows_of_tags_are_questioned() -> None:
    assert "point_in_people" in codes(read("18-european-csv", "dotted"))
    assert "HXL" in refused("18-european-csv", "hxl")


def test_cbc_works_in_any_temporary_folder_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [own] = [path.parent for path in (CASES / "19-path-with-space-and-accents").glob("*/scenario.yaml")]
    place = tmp_path / own.name
    shutil.copytree(own, place)
    temporary = place / "tmp dir é"
    temporary.mkdir()
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    plan = hp.solve(read_scenario(place / "scenario.yaml", ["cbc"]))
    assert plan.summary()["status"] == "optimal"
    assert list(temporary.iterdir()) == []
    assert (plan.write(place / "runs" / "été 1") / "plan.json").is_file()


def test_seats_are_a_column_of_the_sites() -> None:
    inputs = read("21-capacity-by-facility")
    assert dict(zip(inputs.sites.frame["site_id"], inputs.sites.capacity[:, 0], strict=True)) == {
        "E1": 450,
        "E2": 130,
        "N1": 800,
    }
    assert planned("21-capacity-by-facility").summary()["need"]["covered"] == 450 + 130 + 800


def test_a_missing_system_is_told_and_the_key_stands_in() -> None:
    assert "these look like metres: set crs to a projected one" in refused("22-vector-without-crs")
    with pytest.raises(CrsError, match="name it with the key crs"):
        read("22-vector-without-crs", "noprj")
    told = read("22-vector-without-crs", "told").demand.frame.geometry
    for override in ("noprj_told", "member", "zip", "kml"):
        other = read("22-vector-without-crs", override).demand.frame.geometry
        assert np.allclose(other.to_crs(told.crs).x, told.x, atol=1)
        assert np.allclose(other.to_crs(told.crs).y, told.y, atol=1)


def test_names_are_compared_however_they_are_composed() -> None:
    assert read("23-decomposed-names").demand.frame["people"].sum() == 13_000
    mixed = read("23-decomposed-names", "mixed")
    assert "spellings" in codes(mixed)
    assert len(set(mixed.demand.frame["region"])) == 2
    with pytest.raises(InfeasibleError, match=r"cover 69\.2308 %, with 4,000 of 13,000"):  # both spellings count
        planned("23-decomposed-names", "mixed")
    assert len(read("23-decomposed-names", "matrix").demand.frame) == 3


def test_invisible_characters_make_no_other_name() -> None:
    plan = planned("28-invisible-characters")
    assert codes(plan.inputs) == {"spellings"}
    assert len(set(plan.inputs.sites.frame["district"])) == 1
    assert len(plan.hubs) == 1  # at most one hub in the district, however it is written


@pytest.mark.parametrize("question", [[], ["least"]])
def test_no_need_is_said_as_such(tmp_path: Path, question: list[str]) -> None:
    plan = planned("26-no-need-left", *question)
    assert plan.summary()["need"]["total"] == 0
    assert len(plan.hubs) == 0
    done = run(
        "solve",
        CASES / "26-no-need-left" / "scenario.yaml",
        *(f"--override={name}" for name in question),
        "--out",
        tmp_path / "a",
    )
    assert done.returncode == 0
    assert "no need" in done.stdout
    assert "0.0 %" not in done.stdout
    one = planned("26-no-need-left", "one").summary()["need"]
    assert (one["total"], one["covered"]) == (200, 200)


@pytest.mark.parametrize("file", ["min_cost.yaml", "floor.yaml", "plain.yaml"])
def test_all_need_is_set_covering(file: str) -> None:
    plan = planned("32-fi_2", file=file)
    assert len(plan.hubs) == 12
    assert plan.summary()["cost"]["total"] == 67


def test_a_village_of_five_among_millions_counts() -> None:
    assert len(planned("32-edge_min_cost_1_village_5_of_2_4e8").hubs) == 5


@pytest.mark.parametrize("objective", ["p_median", "p_center"])
def test_without_a_usable_site_no_plan_is_possible(objective: str) -> None:
    with pytest.raises(InfeasibleError, match="no usable site") as caught:
        planned("32-edge_all_excluded_p_median", model__objective=objective)
    assert caught.value.exit_code == 3


def test_figures_of_a_future_are_within_its_limits() -> None:
    futures = planned("32-fut_7026").summary()["futures"]
    first = futures["each"][0]
    assert first["best"] == pytest.approx(839.54, abs=0.01)
    assert max(each["best"] - each["value"] for each in futures["each"]) == pytest.approx(4.20, abs=0.01)
    alone = planned("32-fut_7026", file="one.yaml").summary()["futures"]["each"][0]
    assert alone["best"] >= alone["value"] - 1e-6


def test_an_upgrade_costs_the_difference() -> None:
    plan = planned("32-nc_1297")
    told = plan.summary()
    assert told["status"] == "optimal"
    hubs = plan.hubs.set_index("site_id")
    annuity = sum(1.1**-year for year in range(1, 6))
    fee, saving = {"s5": 5, "s6": 0}, {"s5": 0, "s6": 8}
    capex, opex = {"t0": 5.0, "t1": 7.5, "t2": 10.0}, {"t0": 2, "t1": 2, "t2": 1}
    factor = {"s0": 1, "s1": 1.5, "s2": 0.7, "s3": 0.9, "s4": 0.7, "s5": 1.5, "s6": 1}
    cost = 0.0
    for site, hub in hubs.iterrows():
        whole = factor[site] * (capex[hub["tier"]] + opex[hub["tier"]] * annuity)
        had = factor[site] * (capex["t1"] + opex["t1"] * annuity) if site in fee else 0.0
        cost += whole if site not in fee else 0.0 if hub["tier"] == "t1" else whole - had + fee[site]
    cost -= sum(saving[site] for site in saving if site not in hubs.index)
    assert told["cost"]["total"] == pytest.approx(cost, abs=0.01)


def test_a_start_that_highs_returns_under_another_value_is_asked_once_more() -> None:
    start = [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    asked = []

    def ask(given: Sequence[float]) -> float:
        asked.append(len(given))
        handle = highspy.Highs()
        for name, value in (("output_flag", False), ("mip_rel_gap", 0.0)):
            handle.setOptionValue(name, value)
        handle.readModel(str(CASES / "highs_start" / "highs_start_bug.mps"))
        if given:
            solution = highspy.HighsSolution()
            solution.col_value = [float(value) for value in given]
            handle.setSolution(solution)
        handle.run()
        stated = handle.getInfo().objective_function_value
        own = float(np.array(handle.getLp().col_cost_) @ np.array(handle.getSolution().col_value))
        if abs(stated - own) > 1e-6:
            raise DisagreementError
        return own

    best = ask([])
    assert believed(ask, start) == pytest.approx(best)
    assert asked in ([0, 23, 0], [0, 23])  # the second where HiGHS has mended it
