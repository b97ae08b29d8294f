"""The site section: statuses, tiers, costs, pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.project import SITES

from hubplanner.errors import ScenarioError
from hubplanner.inputs import build_problem
from hubplanner.problem import SiteStatus

if TYPE_CHECKING:
    from support.project import Project

WORDS = "; or say what it means with status_words:"
STATUSES = "one of candidate, existing, required, excluded, or blank"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "required",
            "Required",
            f"row 5, status: 'Required' found; allowed: {STATUSES}{WORDS} {{Required: candidate}}",
        ),
        ("required", "new", f"row 5, status: 'new' found; allowed: {STATUSES}{WORDS} {{new: candidate}}"),
        ("centre", "center", "row 5, tier: 'center' found; allowed: one of centre, park, or blank"),
        (
            "1.5,100",
            "1.5,",
            (
                "row 4, capex: blank found; allowed: a number of at least 0; write 0 if it is none, or "
                "add missing: {capex: drop}"
            ),
        ),
        ("1.5,100", "1.5,-1", "row 4, capex: '-1' found; allowed: a number of at least 0"),
        ("1.5,100", "-1.5,100", "row 4, factor: '-1.5' found; allowed: a number of at least 0"),
        ("S5", "S1", "row 6, site_id: 'S1' found; allowed: an id only once; row 2 has it already"),
    ],
)
def test_a_wrong_cell_is_named(project: Project, old: str, new: str, fault: str) -> None:
    project.edit("sites.csv", old, new)
    assert project.messages() == [f"sites.csv, {fault}"]


@pytest.mark.parametrize(
    ("settings", "column"),
    [
        ({"sites.status": "state"}, "state"),
        ({"sites.tier": "size"}, "size"),
        ({"sites.cost_factor": "cf"}, "cf"),
        ({"hubs.1.capex": "park_cost"}, "park_cost"),
        ({"hubs.0.opex_per_year": "opex"}, "opex"),
        ({"sites.groups": ["province"]}, "province"),
        ({"sites.where": {"town": "Sibi"}}, "town"),
        ({"sites.id": "code", "model.require": ["S1"]}, "code"),
    ],
)
def test_a_missing_column_is_named_once(project: Project, settings: dict[str, Any], column: str) -> None:
    [found] = project.messages(settings)
    assert found.startswith(f"sites.csv, {column}: is missing; the file's columns are site_id, name, lon, lat,")


def test_a_column_that_may_be_meant_is_named(project: Project) -> None:
    [found] = project.messages({"sites.id": "Site_ID"})
    assert found.endswith("; did you mean site_id?")


def test_a_path_as_windows_writes_it_is_told(project: Project) -> None:
    (project.folder / "data").mkdir()
    (project.folder / "sites.csv").rename(project.folder / "data" / "sites.csv")
    [found] = project.messages({"sites.path": "data\\sites.csv"})
    assert found.endswith("; write / between folders, not a backslash")
    [found] = project.messages({"sites.path": "C:\\Users\\Me\\sites.csv"})
    assert found.endswith("; write / between folders, not a backslash")


# --- pins


@pytest.mark.parametrize(
    ("pins", "fault"),
    [
        (
            {"require": ["S9"]},
            "require: 'S9' found; allowed: the id of a site in sites.csv; in quotes if it starts with 0",
        ),
        (
            {"exclude": ["s1"]},
            (
                "exclude: 's1' found; allowed: the id of a site in sites.csv; in quotes if it starts with 0"
                "; did you mean S1?"
            ),
        ),
        ({"require": ["S5"]}, "require: 'S5' found; allowed: a site whose status is not excluded"),
        ({"exclude": ["S4"]}, "exclude: 'S4' found; allowed: a site whose status is not required"),
        (
            {"exclude": ["S2"]},
            (
                "exclude: 'S2' found; allowed: a site without an existing hub; to plan as if a hub were gone, set its "
                "status to excluded"
            ),
        ),
    ],
)
def test_a_pin_that_cannot_hold_is_a_scenario_error(project: Project, pins: dict[str, list[str]], fault: str) -> None:
    settings = {f"model.{key}": sites for key, sites in pins.items()}
    assert type(project.error(settings)) is ScenarioError
    assert project.messages(settings) == [f"scenario.yaml, model.{fault}"]


def test_a_pin_on_a_site_that_the_filter_drops_says_so(project: Project) -> None:
    [found] = project.messages({"sites.where": {"name": ["Quetta", "Sibi"]}, "model.require": ["S3"]})
    assert "'S3' found; allowed: the id of a site in sites.csv, among the rows that sites.where keeps" in found


def test_pins_come_on_top_of_the_status_column(project: Project) -> None:
    sites = project.inputs({"model.require": ["S1", "S2", "S4"], "model.exclude": ["S3", "S5"]}).sites
    assert [SiteStatus(code).name.lower() for code in sites.status] == [
        "required",
        "existing",
        "excluded",
        "required",
        "excluded",
    ]


# --- tiers and statuses


def test_tiers_follow_the_column_and_existing_hubs_without_one_take_the_first(project: Project) -> None:
    sites = project.inputs().sites
    assert sites.allowed.tolist() == [
        [True, True],  # any tier
        [True, False],  # existing, blank: the first
        [False, True],  # park only
        [True, False],  # required as centre
        [False, False],  # excluded
    ]


def test_an_existing_hub_keeps_the_tier_its_row_names(project: Project) -> None:
    project.edit("sites.csv", "existing,,", "existing,park,")
    assert project.inputs().sites.allowed[1].tolist() == [False, True]


def test_without_status_and_tier_columns_every_site_is_a_candidate_for_any_tier(project: Project) -> None:
    sites = project.inputs({"sites.status": None, "sites.tier": None}).sites
    assert sites.status.tolist() == [SiteStatus.CANDIDATE] * 5
    assert sites.allowed.all()


def test_a_blank_status_is_a_candidate(project: Project) -> None:
    project.edit("sites.csv", "existing", "")
    assert project.inputs().sites.status[1] == SiteStatus.CANDIDATE


# --- money


def test_money_is_capex_and_the_present_value_of_opex_times_the_sites_factor(project: Project) -> None:
    sites = project.inputs().sites
    annuity = 1 / 1.25 + 1 / 1.25**2
    assert sites.capex == pytest.approx(np.array([[100, 400], [120, 400], [150, 600], [200, 800], [100, 400]]))
    factors = np.array([1, 1, 1.5, 2, 1])
    assert sites.opex_present_value == pytest.approx(np.column_stack([10 * annuity * factors, np.zeros(5)]))
    problem = build_problem(project.inputs())
    assert problem.option_site.tolist() == [0, 0, 1, 2, 3]
    assert problem.option_tier.tolist() == [0, 1, 0, 1, 0]
    first = 10 * annuity
    assert problem.option_cost == pytest.approx([100 + first, 400, 0, 600, 200 + 2 * first])
    assert problem.tier_reach.tolist() == [5, 20]


def test_opex_may_be_a_column_and_the_factor_a_number(project: Project) -> None:
    settings = {"hubs.0.opex_per_year": "capex", "sites.cost_factor": 3, "discount_rate": 0, "horizon_years": 4}
    sites = project.inputs(settings).sites
    assert sites.opex_present_value[:, 0].tolist() == [1200, 1440, 1200, 1200, 1200]


def test_a_horizon_of_no_years_counts_capex_only(project: Project) -> None:
    assert not project.inputs({"horizon_years": 0}).sites.opex_present_value.any()


# --- the file's own columns


def test_the_files_columns_come_along_typed_but_codes_and_groups_stay_text(project: Project) -> None:
    rows = SITES.splitlines()
    extra = ["code,staff,note,zone", "007,3,,1", "008,4.5,a,2", "009,,b,1", "010,6,,1", "011,7,,2"]
    project.write("sites.csv", "\n".join(f"{row},{more}" for row, more in zip(rows, extra, strict=True)))
    frame = project.inputs({"sites.groups": ["zone"]}).sites.frame
    assert frame.columns[0] == "site_id"
    assert frame["code"].tolist() == ["007", "008", "009", "010", "011"]
    assert frame["staff"].tolist()[:2] == [3, 4.5]
    assert pd.isna(frame["staff"][2])
    assert frame["zone"].tolist() == ["1", "2", "1", "1", "2"]
    assert pd.isna(frame["note"][0])
    assert frame["capex"].tolist() == [100, 120, 100, 100, 100]


def test_the_id_column_may_have_any_name_and_takes_the_place_of_one_called_site_id(project: Project) -> None:
    project.edit("sites.csv", "site_id,name", "code,site_id")
    frame = project.inputs({"sites.id": "code"}).sites.frame
    assert frame["site_id"].tolist() == ["S1", "S2", "S3", "S4", "S5"]
    assert "code" not in frame.columns
