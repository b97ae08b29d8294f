"""Tests of the committed tables about Pakistan, and of the script that builds them."""

import importlib.util
import math
import os
import re
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

REPO = Path(__file__).resolve().parents[2]
TABLES = REPO / "data" / "pakistan"
FIGURES = Path(os.environ.get("HUBPLANNER_SHARED", REPO.parent / "shared" / "data")) / "pakistan"
NAMES = ["cost_benchmarks.csv", "demand.csv", "e_rozgaar.csv", "existing_hubs.csv", "hub_tiers.csv", "sites.csv"]
SCHOOL = "school telecentre"
TIERS = ["telecentre", "centre", "park"]
PEOPLE = {
    "Balochistan": 14_894_402,
    "Islamabad Capital Territory": 2_363_863,
    "Khyber Pakhtunkhwa": 40_856_097,
    "Punjab": 127_688_922,
    "Sindh": 55_696_147,
}


def load_build() -> ModuleType:
    """Load the script as a module."""
    spec = importlib.util.spec_from_file_location("pakistan_build", TABLES / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """Give the script that builds the tables."""
    return load_build()


@pytest.fixture
def demand() -> pd.DataFrame:
    """Give the committed demand."""
    return pd.read_csv(TABLES / "demand.csv")


@pytest.fixture
def sites() -> pd.DataFrame:
    """Give the committed sites."""
    return pd.read_csv(TABLES / "sites.csv", dtype={"population": "Int64"})


@pytest.fixture
def tiers() -> pd.DataFrame:
    """Give the committed hub tiers."""
    return pd.read_csv(TABLES / "hub_tiers.csv")


@pytest.fixture
def costs() -> pd.DataFrame:
    """Give the committed cost benchmarks."""
    return pd.read_csv(TABLES / "cost_benchmarks.csv", index_col="id")


def test_people_sum_to_the_published_census(demand: pd.DataFrame) -> None:
    """The country and each province have the people the census published."""
    assert demand["people"].sum() == 241_499_431
    assert demand.groupby("province")["people"].sum().to_dict() == PEOPLE


def test_ids_are_unique_and_sorted(demand: pd.DataFrame, sites: pd.DataFrame) -> None:
    """No id occurs twice, and rows stand in the order of their ids."""
    for ids in (demand["demand_id"], sites["site_id"]):
        assert ids.is_unique
        assert ids.is_monotonic_increasing


def test_id_says_the_area_type(demand: pd.DataFrame) -> None:
    """An id ends in U for urban and in R for rural people."""
    assert (demand["demand_id"].str[-2:].map({"-U": "urban", "-R": "rural"}) == demand["area_type"]).all()


def test_demand_blanks_are_only_where_allowed(demand: pd.DataFrame) -> None:
    """Only the town may be blank: on rural rows and where no town is known."""
    assert list(demand.columns[demand.isna().any()]) == ["town"]
    assert (demand["town"].notna() == (demand["point_source"] == "town")).all()
    assert set(demand.loc[demand["town"].notna(), "area_type"]) == {"urban"}


def test_shares_lie_between_none_and_all(demand: pd.DataFrame) -> None:
    """Shares are fractions, not per cent."""
    shares = demand.filter(regex="_share$")
    assert shares.shape[1] == 4
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)


def test_women_and_youth_are_the_shares_of_the_people(demand: pd.DataFrame) -> None:
    """Counts and shares agree to the rounding of the shares."""
    for count, share in {"women": "female_share", "youth_15_40": "youth_15_40_share"}.items():
        gap = (demand[count] - demand["people"] * demand[share]).abs()
        assert (gap <= 0.5 + demand["people"] * 0.00005001).all()


def test_one_district_has_one_internet_share(demand: pd.DataFrame) -> None:
    """All rows of a district carry its share; only five districts take the mean of their province."""
    pairs = demand[["district_pcode", "internet_user_share"]].drop_duplicates()
    assert pairs["district_pcode"].is_unique
    filled = demand[demand["internet_user_share_source"] == "province_mean"]
    assert set(filled["district"]) == {"Chagai", "Jhal Magsi", "Musakhel", "Panjgur", "Zhob"}
    known = demand[(demand["province"] == "Balochistan") & (demand["internet_user_share_source"] == "district")]
    mean = (known["people"] * known["internet_user_share"]).sum() / known["people"].sum()
    assert filled["internet_user_share"].tolist() == pytest.approx([mean] * len(filled), abs=0.0001)


def test_urban_area_follows_the_density(demand: pd.DataFrame) -> None:
    """Where people are urban and rural, the urban area is people / D but at most half of the unit."""
    unit = demand["demand_id"].str[:-2]
    kinds = demand.assign(unit=unit).pivot_table(
        index=["unit", "division"], columns="area_type", values=["people", "area_km2"]
    )
    kinds = kinds.reset_index()
    pure = kinds[kinds["people", "rural"].isna() & (kinds["division"] != "Karachi")]
    density = (pure["people", "urban"] / pure["area_km2", "urban"]).median()
    mixed = kinds.dropna()
    half = (mixed["area_km2", "urban"] + mixed["area_km2", "rural"]) / 2
    expected = (mixed["people", "urban"] / density).clip(upper=half)
    assert density == pytest.approx(9192.37, abs=0.01)
    assert mixed["area_km2", "urban"].to_numpy() == pytest.approx(expected.to_numpy(), abs=0.011)


def test_one_area_is_estimated(demand: pd.DataFrame) -> None:
    """The unit without a census area is marked, and its area is between those that published totals would leave."""
    estimated = demand[demand["area_source"] == "estimated"]
    assert list(estimated["demand_id"]) == ["DDS-SD-0576-R", "DDS-SD-0576-U"]
    assert 263 < estimated["area_km2"].sum() < 574


def test_no_sites_coincide(sites: pd.DataFrame) -> None:
    """Each of the 853 candidates is over 100 m from any other; the 45 repeated places live on as names."""
    candidates = sites[sites["status"] == "candidate"]
    assert len(candidates) == 853
    assert not candidates.duplicated(["lon", "lat"]).any()
    assert (sites["also_named"].dropna().str.count("; ") + 1).sum() == 45


def test_standing_hubs_are_the_e_rozgaar_centres_at_their_cities(sites: pd.DataFrame) -> None:
    """Each is a centre at the point of a candidate, named in the table of existing hubs; nothing else stands."""
    standing = sites[sites["status"] != "candidate"]
    listed = pd.read_csv(TABLES / "existing_hubs.csv", index_col="hub_id").query("kind == 'e_rozgaar'")
    assert len(listed) == 16
    assert set(standing["site_id"]) == set(listed.index)
    assert set(zip(standing["kind"], standing["status"], standing["tier"], strict=True)) == {
        ("e_rozgaar", "existing", "centre")
    }
    assert sites.loc[sites["status"] == "candidate", "tier"].isna().all()
    places = sites.set_index("site_id").loc[listed["site_id"], ["lon", "lat"]].to_numpy()
    assert (standing.set_index("site_id").loc[listed.index, ["lon", "lat"]].to_numpy() == places).all()


def test_points_lie_in_pakistan(demand: pd.DataFrame, sites: pd.DataFrame) -> None:
    """Longitude and latitude are not exchanged."""
    for table in (demand, sites):
        assert table["lon"].between(60.8, 77.9).all()
        assert table["lat"].between(23.6, 37.1).all()


def test_every_tier_amount_names_its_source(tiers: pd.DataFrame, costs: pd.DataFrame) -> None:
    """A source is a row of the cost benchmarks or a marked assumption, and a sentence says how."""
    sources = tiers["source_id"].str.split("; ").explode()
    assert set(sources) <= {*costs.index, "assumption"}
    assert tiers["how"].str.endswith(".").all()
    assert not tiers.isna().any(axis=None)


def test_tier_assumptions_are_said_in_words(tiers: pd.DataFrame) -> None:
    """A row that mixes a benchmark with an assumption says so in its sentence."""
    mixed = tiers["source_id"].str.contains("; assumption")
    assert (tiers["how"].str.lower().str.contains("assumption") == mixed).all()


def test_tier_arithmetic(tiers: pd.DataFrame, costs: pd.DataFrame) -> None:
    """Every amount follows from the cost benchmarks by the stated arithmetic."""
    value = costs["value"].astype(float)
    room = costs["derived"].astype(float)["C05"]
    parks = float(re.findall(r"\d+", str(costs.loc["C05", "unit"]))[0])
    districts = float(re.findall(r"if (\d+) districts", str(costs.loc["C10", "caution"]))[0])
    seats = [value["C12"], value["C04"] / 250, round(value["C05"] / room / parks)]
    premises = [value["C02"] / 1000, value["C01"], round(value["C10"] / districts)]
    lines = [math.ceil(count / 50) for count in seats]
    amounts = tiers.pivot_table(index="tier", columns="item", values="amount").loc[TIERS]
    assert amounts["seats"].tolist() == seats
    assert amounts["reach"].tolist() == [5, 10, 25]
    assert amounts["premises_and_equipment"].tolist() == premises
    assert amounts["satellite_kits"].tolist() == [count * value["C22"] for count in lines]
    assert amounts["satellite_lines"].tolist() == [count * value["C21"] * 12 for count in lines]
    assert amounts["staff_and_running"].tolist() == [round(cost / 5) for cost in premises]
    assert amounts["regular_users"].tolist() == [20 * count for count in seats]


def test_school_telecentre_arithmetic(tiers: pd.DataFrame, costs: pd.DataFrame) -> None:
    """It has the seats and reach of a telecentre, laptops and a household line, and costs a fifth a year to run."""
    amounts = tiers.pivot_table(index="tier", columns="item", values="amount").loc[SCHOOL]
    laptops = float(costs.loc["C29", "value"]) / 100_000 * amounts["seats"]
    [highest] = re.findall(r"highest (\d+)", str(costs.loc["C23", "unit"]))
    assert (amounts["seats"], amounts["reach"], amounts["regular_users"]) == (10, 5, 200)
    assert amounts["devices"] == laptops
    assert amounts["line"] == float(highest) * 12
    assert amounts["staff_and_running"] == round((laptops + amounts["furniture_and_solar"]) / 5)


def test_two_sources_agree_on_a_centre(costs: pd.DataFrame) -> None:
    """The loan ceiling and the plan of 5,000 centres give the same cost."""
    value = costs["value"].astype(float)
    assert value["C01"] == value["C03"] / 5000


def test_tables_are_utf8_with_unix_line_ends() -> None:
    """Tables read the same on every system."""
    for name in NAMES:
        content = (TABLES / name).read_bytes()
        assert b"\r" not in content
        assert content.decode("utf-8").endswith("\n")


def test_wrong_total_is_refused(build: ModuleType, demand: pd.DataFrame) -> None:
    """A lost row stops the script with the two totals."""
    with pytest.raises(ValueError, match="the census has 241499431"):
        build.check_demand(demand.iloc[1:])


def test_unmatched_district_is_refused(build: ModuleType, demand: pd.DataFrame) -> None:
    """A row that finds no district stops the script."""
    demand.loc[0, "internet_user_share"] = None
    with pytest.raises(ValueError, match="blanks in internet_user_share"):
        build.check_demand(demand)


def test_coincident_sites_are_refused(build: ModuleType, sites: pd.DataFrame, demand: pd.DataFrame) -> None:
    """Two sites at one point stop the script."""
    first, second = sites.index[sites["status"] == "candidate"][:2]
    sites.loc[second, ["lon", "lat"]] = sites.loc[first, ["lon", "lat"]]
    with pytest.raises(ValueError, match="two sites share a point"):
        build.check_sites(sites, demand)


def test_a_district_of_another_name_is_refused(build: ModuleType, sites: pd.DataFrame, demand: pd.DataFrame) -> None:
    """A site in a district that nobody is counted in stops the script with its name."""
    sites.loc[sites["district"] == "Layyah", "district"] = "Leiah"
    with pytest.raises(ValueError, match="districts that the demand does not name: Leiah"):
        build.check_sites(sites, demand)


def test_every_district_has_one_name(demand: pd.DataFrame, sites: pd.DataFrame) -> None:
    """Sites are in districts that the demand names, by P-code; where nobody is counted, each P-code has its own."""
    counted = sites["district_pcode"].isin(demand["district_pcode"])
    pairs = [set(zip(table["district_pcode"], table["district"], strict=True)) for table in (demand, sites[counted])]
    assert pairs[1] <= pairs[0]
    elsewhere = sites[~counted]
    assert set(elsewhere["province"]) == {"Azad Kashmir", "Gilgit Baltistan"}
    assert not set(elsewhere["district"]) & set(demand["district"])
    assert elsewhere["district"].nunique() == elsewhere["district_pcode"].nunique()
    # Three codes are of two districts each: their sites are named in the README of the tables.
    split = demand.groupby("district_pcode")["district"].nunique().loc[lambda count: count > 1]
    assert set(split.index) == {"PK218", "PK721", "PK729"}
    named = sites.set_index("name")["district"]
    assert named[["Bhag", "Lehri", "Keamari", "Baldia", "Site", "Orangi Town", "Manghopir"]].tolist() == (
        ["Kachhi", "Sibi", "Keamari", "Keamari", "Keamari", "Karachi West", "Karachi West"]
    )
    assert (named[["Karachi", "Lyari", "Aram Bagh", "Goth Shams Pir"]] == "Karachi South").all()


def test_existing_hubs_are_in_the_districts_of_their_sites(sites: pd.DataFrame) -> None:
    """The table of existing hubs names districts as the others do."""
    hubs = pd.read_csv(TABLES / "existing_hubs.csv")
    assert hubs["district"].tolist() == sites.set_index("site_id").loc[hubs["site_id"], "district"].tolist()


def test_build_reproduces_the_committed_tables(build: ModuleType, tmp_path: Path) -> None:
    """The script gives, byte for byte, the tables committed here."""
    if not FIGURES.is_dir():
        pytest.skip("the compiled figures are absent: set HUBPLANNER_SHARED to the folder that holds pakistan/")
    build.main([str(FIGURES), "--out", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (TABLES / name).read_bytes(), name
