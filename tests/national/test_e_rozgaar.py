"""The announced e-Rozgaar centres: what contradicts what, and the least change that mends it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from national_figures import PLANS
from support.claims import TEXT, claimed

import hubplanner as hp
from hubplanner.pipeline.repair import Mended
from hubplanner.scenario.loader import read_variants

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "scenarios/e_rozgaar.yaml"
ANNOUNCED = pd.read_csv(ROOT / "data/pakistan/e_rozgaar.csv")
QUICK = {"demand.spread_km": None, "demand.area_km2": None}
SHORT = {"Balochistan": (6, 35), "Gilgit Baltistan": (2, 11), "Khyber Pakhtunkhwa": (28, 35), "Azad Kashmir": (3, 9)}


@pytest.fixture(scope="module")
def mended() -> Mended:
    return hp.repair(hp.read_scenario(FILE, settings=QUICK))


def test_the_scenario_asks_for_what_was_announced() -> None:
    model = hp.read_scenario(FILE).model
    limits = {limit.value: limit.max for limit in model.hub_limits if limit.value}
    assert limits == dict(zip(ANNOUNCED["province"], ANNOUNCED["centres"], strict=True))
    assert model.min_hubs == model.max_hubs == ANNOUNCED["centres"].sum() == 250


def test_districts_are_counted_by_their_codes() -> None:
    sites = pd.read_csv(ROOT / "data/pakistan/sites.csv")
    counted = sites.groupby(sites["district_pcode"].str[:3])["district_pcode"].nunique()
    assert counted.to_dict() == dict(zip(ANNOUNCED["province_pcode"], ANNOUNCED["districts"], strict=True))
    assert ANNOUNCED["districts"].sum() == 156
    assert (ANNOUNCED["short"] == (ANNOUNCED["districts"] - ANNOUNCED["centres"]).clip(lower=0)).all()


def test_the_announcement_contradicts_itself() -> None:
    with pytest.raises(hp.InfeasibleError) as caught:
        hp.solve(hp.read_scenario(FILE, settings=QUICK))
    clashes = caught.value.clashes
    assert len(clashes) == len(SHORT)
    for province, (allowed, asked) in SHORT.items():
        [said] = [clash for clash in clashes if f"in province {province} " in clash]
        assert said.endswith(f"cannot be met together: {allowed} are allowed, {asked} are asked for")


def test_fifty_one_centres_must_move_and_the_four_parts_are_named(mended: Mended) -> None:
    assert mended.hubs == mended.at_least == ANNOUNCED["short"].sum() == 51
    for province, (before, after) in SHORT.items():
        assert f"province {province}: at most {before} -> {after}" in str(mended)
    assert len(mended.changes) == len(SHORT)
    assert claimed("announced") == (ANNOUNCED["centres"].sum(),)
    assert claimed("moved") == tuple(after - before for before, after in SHORT.values())
    assert str(mended) in " ".join(TEXT.split())


def test_the_settings_that_are_told_mend_it(mended: Mended) -> None:
    plan = hp.solve(hp.read_scenario(FILE, settings=QUICK | dict(mended.settings) | {"model.fairness": None}))
    hubs = plan.hubs[plan.hubs["hubs"] > 0]
    assert hubs["hubs"].sum() == 250
    assert hubs["district_pcode"].nunique() == 156


def test_every_other_plan_can_be_asked_for() -> None:
    assert set(read_variants(FILE)) == {"announced", "every_district", "every_district_most_need", "fair", "most_need"}


def test_the_page_of_figures_has_all_plans_and_what_they_keep_to() -> None:
    page = (ROOT / "docs/pakistan.md").read_text(encoding="utf-8").partition("<!-- plans -->")[2]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:2] == "| "][2:]
    assert [row[0] for row in rows] == list(PLANS)
    for row in rows:
        assert sum(map(int, row[1].split(" + "))) == ANNOUNCED["centres"].sum()
        assert (int(row[3]) == ANNOUNCED["districts"].sum()) == ("every district" in row[0])
    most = {row[0]: float(row[4]) for row in rows}
    assert max(most, key=most.__getitem__) == "most need, no rule"
