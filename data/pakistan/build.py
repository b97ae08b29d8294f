"""Build the tables about Pakistan from the compiled figures."""

import argparse
import math
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from hubplanner.formatting import per_cent

PEOPLE = 241_499_431  # the published total of the 2023 census
DENSEST_DIVISION = "Karachi"  # left out of the urban density: no other city is built so densely
DESIGN_EFFECT = 2.5  # assumption: by how much the variance of a cluster sample is that of as many single draws
HOUSEHOLDS_UNKNOWN = 100  # assumption: where the survey tells of no households, or the mean of the province stands in
SEATS_PER_LINE = 50  # assumption: at a line's lower 100 Mbps each seat has 2 Mbps
PEOPLE_PER_SEAT = 100
USERS_PER_SEAT = 20  # a seat is open 70 hours a week, and a regular user has it for 3.5 of them
FURNITURE_AND_SOLAR = 500_000  # assumption: of a telecentre that a school gives a room
RUNNING_SHARE = 0.2  # assumption: staff and running costs a year, of premises and equipment
POINT_SOURCES = {"cod_adm3_point": "tehsil_point", "cod_adm3_parent_point": "parent_tehsil_point"}

EARTH_RADIUS_KM = 6371.0088
SAME_PLACE_KM = 0.1  # places nearer than this are one settlement under two ids

DEMAND_COLUMNS = """demand_id lon lat province division district district_pcode tehsil area_type town people women
    youth_15_40 area_km2 internet_user_share internet_user_share_source internet_user_share_error female_share
    youth_15_40_share electricity_grid_share point_source area_source""".split()
DEMAND_MAY_BE_BLANK = {"town", "electricity_grid_share"}
DEMAND_DECIMALS = {"lon": 5, "lat": 5, "area_km2": 2} | {
    column: 4 for column in DEMAND_COLUMNS if column.endswith(("_share", "_share_error"))
}
SITE_COLUMNS = """site_id name also_named kind lon lat population district_pcode district province
    status tier""".split()
SITE_MAY_BE_BLANK = {"also_named", "population", "tier"}
STANDING = "e_rozgaar"  # kind of the existing hubs that are open to everyone and of one of the tiers
E_ROZGAAR = 250  # the announced centres
E_ROZGAAR_COLUMNS = "province_pcode province centres districts short as_of source_url caution".split()
PROVINCE_PCODE = 3  # letters of a district's P-code that are its province's


class Figure(NamedTuple):
    """An amount, the benchmark rows it comes from, and how."""

    amount: float
    source: str
    how: str


class Benchmarks:
    """The cost benchmarks, read by row id."""

    def __init__(self, path: Path) -> None:
        """Read the table."""
        self.rows = pd.read_csv(path, index_col="id")

    def number(self, row: str, column: str = "value") -> float:
        """Return a number of a row."""
        return float(str(self.rows.loc[row, column]))

    def quoted(self, row: str, column: str, pattern: str) -> float:
        """Return the number that a row's text states in the words of the pattern."""
        found = re.search(pattern, str(self.rows.loc[row, column]))
        require(found is not None, f"cost benchmark {row}: no {pattern!r} in {column}")
        return float(found[1]) if found else math.nan


def require(holds: object, message: str) -> None:
    """Raise an error that says what is wrong with a table unless the condition holds."""
    if not holds:
        raise ValueError(message)


def require_filled(table: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Require that no cell of the columns is blank."""
    blank = [column for column in columns if table[column].isna().any()]
    require(not blank, f"{name}: blanks in {', '.join(blank)}")


def internet_shares(districts: pd.DataFrame) -> pd.DataFrame:
    """Return each district's share of internet users; an unknown one takes its province's mean, weighted by people."""
    share = districts["pslm2019_internet_user_10plus_pct"] / 100
    people = districts["population"].where(share.notna())
    sums = pd.DataFrame({"users": share * people, "people": people}).groupby(districts["province"]).sum()
    mean = districts["province"].map(sums["users"] / sums["people"])
    source = share.notna().map({True: "district", False: "province_mean"})
    known = share.fillna(mean)
    households = districts["pslm2019_n_households"].where(share.notna()).fillna(HOUSEHOLDS_UNKNOWN)
    return districts[["district_pcode"]].assign(
        internet_user_share=known,
        internet_user_share_source=source,
        internet_user_share_error=standard_error(known, households),
    )


def standard_error(share: "pd.Series[float]", households: "pd.Series[float]") -> "pd.Series[float]":
    """Return the standard error of a share of the people of so many households; one yes and one no keep it off 0."""
    pulled = (share * households + 1) / (households + 2)
    return (DESIGN_EFFECT * pulled * (1 - pulled) / households) ** 0.5


def urban_density(units: pd.DataFrame) -> float:
    """Return the median people per km2 of the fully urban units outside Karachi division."""
    urban = units[(units["population_rural"] == 0) & (units["division"] != DENSEST_DIVISION)]
    return float((urban["population"] / urban["area_km2"]).median())


def unit_areas(units: pd.DataFrame, density: float) -> "pd.Series[float]":
    """Return the area of each unit; an unknown one is estimated from the rural density of the rest of its district."""
    urban = units["population_urban"] / density
    known = units.assign(rural_km2=units["area_km2"] - urban)[units["area_km2"].notna()]
    rest = known.groupby("district_pcode")[["population_rural", "rural_km2"]].sum()
    rural_density = units["district_pcode"].map(rest["population_rural"] / rest["rural_km2"])
    return units["area_km2"].fillna(urban + units["population_rural"] / rural_density)


def urban_areas(units: pd.DataFrame, density: float) -> "pd.Series[float]":
    """Return the urban area of each unit: all of it if nobody is rural, otherwise at most half."""
    estimate = (units["population_urban"] / density).clip(upper=units["area_km2"] / 2)
    return estimate.where(units["population_rural"] > 0, units["area_km2"]).round(2)


def census_units(figures: Path) -> pd.DataFrame:
    """Return the census units with their areas, shares and the internet users of their districts."""
    units = pd.read_csv(figures / "tehsils_2023.csv")
    shares = internet_shares(pd.read_csv(figures / "districts_connectivity.csv"))
    density = urban_density(units)
    units["area_source"] = units["area_km2"].notna().map({True: "census", False: "estimated"})
    units["area_km2"] = unit_areas(units, density)
    units["urban_km2"] = urban_areas(units, density)
    units["youth_15_40_share"] = units["pop_15_40"] / units["population"]
    units["electricity_grid_share"] = units["electricity_grid_pct"] / 100
    return units.merge(shares, on="district_pcode", how="left", validate="many_to_one")


def rural_rows(units: pd.DataFrame) -> pd.DataFrame:
    """Return the rural people of each unit, at the unit's point."""
    return units.assign(
        demand_id=units["unit_id"] + "-R",
        area_type="rural",
        town=None,
        people=units["population_rural"],
        area_km2=units["area_km2"] - units["urban_km2"],
        point_source=units["coord_source"].replace(POINT_SOURCES),
    )


def urban_rows(units: pd.DataFrame) -> pd.DataFrame:
    """Return the urban people of each unit, at the town if known and at the unit's point otherwise."""
    town_known = units["town_name"].notna()
    return units.assign(
        demand_id=units["unit_id"] + "-U",
        area_type="urban",
        town=units["town_name"],
        people=units["population_urban"],
        area_km2=units["urban_km2"],
        lon=units["town_lon"].where(town_known, units["lon"]),
        lat=units["town_lat"].where(town_known, units["lat"]),
        point_source=units["coord_source"].replace(POINT_SOURCES).mask(town_known, "town"),
    )


def build_demand(figures: Path) -> pd.DataFrame:
    """Return the urban and the rural people of each census unit, one row each."""
    units = census_units(figures)
    rows = pd.concat([rural_rows(units), urban_rows(units)]).query("people > 0")
    rows["women"] = (rows["people"] * rows["female_share"]).round().astype("int64")
    rows["youth_15_40"] = (rows["people"] * rows["youth_15_40_share"]).round().astype("int64")
    return rows[DEMAND_COLUMNS].round(DEMAND_DECIMALS).sort_values("demand_id")


def check_demand(demand: pd.DataFrame) -> None:
    """Require that the demand is complete and adds up to the census."""
    total = int(demand["people"].sum())
    require(total == PEOPLE, f"demand: {total} people, the census has {PEOPLE}")
    require(demand["demand_id"].is_unique, "demand: a demand_id occurs twice")
    require_filled(demand, set(DEMAND_COLUMNS) - DEMAND_MAY_BE_BLANK, "demand")
    shares = demand.filter(regex="_share$")
    require(((shares >= 0) & (shares <= 1) | shares.isna()).all(axis=None), "demand: a share outside [0, 1]")
    require((demand["area_km2"] > 0).all(), "demand: an area of zero or less")


def build_sites(figures: Path, demand: pd.DataFrame) -> pd.DataFrame:
    """Return the places where a hub could stand, or does, in the districts of the demand.

    A place that repeats an earlier one is merged into it.
    """
    places = pd.read_csv(figures / "places.csv", dtype={"population": "Int64"})
    kept = places["same_point_as"].fillna(same_place(places))
    repeats, sites = places[kept.notna()].assign(kept=kept), places[kept.isna()]
    require(repeats["kept"].isin(sites["site_id"]).all(), "sites: a place repeats a place that is not kept")
    names = repeats.groupby("kept")["name"].agg("; ".join)
    sites = sites.assign(also_named=sites["site_id"].map(names), status="candidate", tier=None)
    sites = pd.concat([sites, standing_hubs(figures)], ignore_index=True)
    sites["district"] = census_districts(sites, demand)
    return sites[SITE_COLUMNS].round({"lon": 5, "lat": 5}).sort_values("site_id")


def standing_hubs(figures: Path) -> pd.DataFrame:
    """Return the existing e-Rozgaar centres: apart from their cities, where new hubs may join them."""
    hubs = pd.read_csv(figures / "existing_hubs.csv").query("kind == @STANDING")
    return hubs.assign(site_id=hubs["hub_id"], status="existing", tier="centre").reindex(columns=SITE_COLUMNS)


def build_existing_hubs(figures: Path, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the hubs that news reports name, each in the district of its city's site."""
    hubs = pd.read_csv(figures / "existing_hubs.csv", dtype=str, keep_default_na=False)
    named = hubs["site_id"].map(sites.set_index("site_id")["district"])
    require(named.notna().all(), "existing hubs: a site_id that the sites do not have")
    return hubs.assign(district=named)


def census_districts(sites: pd.DataFrame, demand: pd.DataFrame) -> "pd.Series[str]":
    """Return the district of each site as the census names it.

    A site has that of its P-code's people, the nearest of them where they are of several districts; one whose P-code
    nobody is counted in keeps its own.
    """
    named = sites["district"].copy()
    for code, people in demand.groupby("district_pcode"):
        within = sites[sites["district_pcode"] == code]
        if len(within):
            named[within.index] = people["district"].to_numpy()[offsets(within, people).argmin(axis=1)]
    return named


def offsets(places: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Return about how far, in km, each of some places (p, o) is from each of others."""
    here, there = (np.radians(table[["lon", "lat"]].to_numpy()) for table in (places, others))
    east, north = np.moveaxis(here[:, None] - there, -1, 0)
    return np.asarray(np.hypot(east * np.cos(here[:, 1:]), north) * EARTH_RADIUS_KM)


def same_place(places: pd.DataFrame) -> "pd.Series[str]":
    """Return the id of the first earlier place that is nearer than 100 m, blank where there is none."""
    own = places[places["same_point_as"].isna()]
    near = np.tril(offsets(own, own) < SAME_PLACE_KM, -1)
    first = own["site_id"].to_numpy()[near.argmax(axis=1)]
    return pd.Series(first, own.index).where(near.any(axis=1)).reindex(places.index)


def check_sites(sites: pd.DataFrame, demand: pd.DataFrame) -> None:
    """Require that sites are complete, apart from one another, and in districts that the demand names alike."""
    require(sites["site_id"].is_unique, "sites: a site_id occurs twice")
    candidates = sites[sites["status"] == "candidate"]
    require(not candidates.duplicated(["lon", "lat"]).any(), "sites: two sites share a point")
    require_filled(sites, set(SITE_COLUMNS) - SITE_MAY_BE_BLANK, "sites")
    counted = sites[sites["district_pcode"].isin(demand["district_pcode"])]
    strange = sorted(set(counted["district"]) - set(demand["district"]))
    require(not strange, f"sites: districts that the demand does not name: {', '.join(strange)}")


def seats(costs: Benchmarks) -> dict[str, Figure]:
    """Return the seats of each tier."""
    computers, people = costs.number("C12"), costs.number("C04", "derived")
    floor, parks = costs.number("C05"), costs.quoted("C05", "unit", r"in (\d+) parks")
    room = costs.number("C05", "derived")
    sums = f"{floor:,.0f} sq ft / {room} sq ft a person / {parks:.0f} parks"
    one_each = f"One seat at each of the {computers:.0f} PCs of a USF telecentre."
    return {
        "telecentre": Figure(computers, "C12", one_each),
        SCHOOL: Figure(computers, "C12", one_each),
        "centre": Figure(
            people, "C04; assumption", f"Assumption: a seat for each of the {people:.0f} people per e-Rozgaar centre."
        ),
        "park": Figure(
            round(floor / room / parks), "C05; assumption", f"Assumption: an average software park, {sums}, rounded."
        ),
    }


def premises(costs: Benchmarks) -> dict[str, Figure]:
    """Return the capital cost of each tier's premises and equipment."""
    lower, ceiling = costs.number("C02", "derived"), costs.number("C01")
    total, districts = costs.number("C10"), costs.quoted("C10", "caution", r"(\d+) districts")
    require(ceiling == costs.number("C03", "derived"), "hub tiers: C01 and C03 no longer agree on a centre")
    low = "Assumption: the lower e-Rozgaar unit cost (3-4 bn for 1,000 centres), as no telecentre's price is published."
    high = f"The loan ceiling per e-Rozgaar centre (C01), equal to the plan of 5,000 centres (C03): {ceiling:,.0f}."
    share = f"KP Citizen Facilitation Centres: {total:,.0f} / {districts:.0f} districts (assumption), rounded."
    return {
        "telecentre": Figure(lower, "C02; assumption", low),
        "centre": Figure(ceiling, "C01; C03", high),
        "park": Figure(round(total / districts), "C10; assumption", share),
    }


SCHOOL = "school telecentre"
REACH = {
    "telecentre": Figure(5, "assumption", "About an hour on foot, so that women and youth need no transport."),
    SCHOOL: Figure(5, "assumption", "About an hour on foot, so that women and youth need no transport."),
    "centre": Figure(10, "assumption", "About half an hour by rickshaw or local bus."),
    "park": Figure(25, "assumption", "About an hour by bus or van, the way to a district's seat."),
}


def capacity(seat_count: float) -> Figure:
    """Return the people that a hub of some seats can serve: a stated number share each seat."""
    how = (
        f"{PEOPLE_PER_SEAT} people share a seat that is open 70 hours a week: "
        f"42 minutes each, or 3.5 hours for the one in five who comes; {seat_count:.0f} x {PEOPLE_PER_SEAT}."
    )
    return Figure(round(seat_count * PEOPLE_PER_SEAT), "assumption", how)


def users(seat_count: float) -> Figure:
    """Return the regular users that a hub of some seats has room for."""
    how = (
        f"A seat is open 70 hours a week and a regular user has 3.5 of them: {USERS_PER_SEAT} users a seat; "
        f"{seat_count:.0f} x {USERS_PER_SEAT}."
    )
    return Figure(round(seat_count * USERS_PER_SEAT), "assumption", how)


def school_rows(costs: Benchmarks) -> list[tuple[object, ...]]:
    """Return what a telecentre costs that a school gives a room, a teacher's time and its power."""
    seat_count, laptop = seats(costs)[SCHOOL].amount, costs.number("C29", "derived")
    monthly = costs.quoted("C23", "unit", r"highest (\d+)")
    devices = Figure(
        seat_count * laptop, "C29", f"{seat_count:.0f} laptops at {laptop:,.0f}, as the government buys them."
    )
    room = Figure(FURNITURE_AND_SOLAR, "assumption", "Furniture and solar panels; the school gives the room.")
    line = Figure(monthly * 12, "C23", f"The dearest household line, {monthly:,.0f} a month x 12 months.")
    spent = devices.amount + room.amount
    how = f"Assumption: {per_cent(RUNNING_SHARE, 0)} a year of devices, furniture and solar panels, {spent:,.0f}."
    running = Figure(round(spent * RUNNING_SHARE), "C29; assumption", how)
    return [
        (SCHOOL, "devices", "capex", "PKR", *devices),
        (SCHOOL, "furniture_and_solar", "capex", "PKR", *room),
        (SCHOOL, "line", "opex_per_year", "PKR per year", *line),
        (SCHOOL, "staff_and_running", "opex_per_year", "PKR per year", *running),
    ]


def satellite_costs(seat_count: float, costs: Benchmarks) -> tuple[Figure, Figure]:
    """Return the kits and the yearly fees of the satellite lines of a hub."""
    lines, kit, fee = math.ceil(seat_count / SEATS_PER_LINE), costs.number("C22"), costs.number("C21")
    ratio = f"Business lines, one per {SEATS_PER_LINE} seats or part of it (assumption): {lines}"
    kits = Figure(lines * kit, "C22; assumption", f"{ratio} x {kit:,.0f} a kit.")
    fees = Figure(lines * fee * 12, "C21; assumption", f"{ratio} x {fee:,.0f} a month x 12 months.")
    return kits, fees


def running_cost(building: Figure) -> Figure:
    """Return the yearly cost of staff and running, a stated share of the premises and equipment."""
    how = f"Assumption: {per_cent(RUNNING_SHARE, 0)} a year of premises and equipment, {building.amount:,.0f}."
    source = building.source.removesuffix("; assumption") + "; assumption"
    return Figure(round(building.amount * RUNNING_SHARE), source, how)


def tier_rows(tier: str, costs: Benchmarks) -> list[tuple[object, ...]]:
    """Return the rows of one tier."""
    size = seats(costs)[tier]
    sizes = [
        (tier, "seats", "seats", "seats", *size),
        (tier, "people_served", "capacity", "people", *capacity(size.amount)),
        (tier, "regular_users", "users", "people", *users(size.amount)),
        (tier, "reach", "reach_km", "km", *REACH[tier]),
    ]
    if tier == SCHOOL:
        return sizes + school_rows(costs)
    building = premises(costs)[tier]
    kits, fees = satellite_costs(size.amount, costs)
    return [
        *sizes,
        (tier, "premises_and_equipment", "capex", "PKR", *building),
        (tier, "satellite_kits", "capex", "PKR", *kits),
        (tier, "satellite_lines", "opex_per_year", "PKR per year", *fees),
        (tier, "staff_and_running", "opex_per_year", "PKR per year", *running_cost(building)),
    ]


def build_hub_tiers(figures: Path) -> pd.DataFrame:
    """Return the size, reach and cost of the tiers, from the smallest to the largest."""
    costs = Benchmarks(figures / "cost_benchmarks.csv")
    rows = [row for tier in REACH for row in tier_rows(tier, costs)]
    table = pd.DataFrame(rows, columns=["tier", "item", "kind", "unit", "amount", "source_id", "how"])
    table["amount"] = table["amount"].astype("int64")
    return table[["tier", "item", "kind", "amount", "unit", "source_id", "how"]]


def check_hub_tiers(tiers: pd.DataFrame) -> None:
    """Require that each amount is positive and says where it comes from."""
    require_filled(tiers, tiers.columns, "hub tiers")
    require((tiers["amount"] > 0).all(), "hub tiers: an amount of zero or less")
    require(not tiers.duplicated(["tier", "item"]).any(), "hub tiers: an item occurs twice")


def build_e_rozgaar(figures: Path, sites: pd.DataFrame) -> pd.DataFrame:
    """Return the announced e-Rozgaar centres of each province, with its P-code and what it falls short of.

    The announcement and the sites write a province's name in two ways, so rows are known by P-codes from here on.
    """
    announced = pd.read_csv(figures / "e_rozgaar_allocation.csv")
    districts = sites.assign(province_pcode=sites["district_pcode"].str[:PROVINCE_PCODE])
    counts = districts.groupby(["province_pcode", "province"])["district_pcode"].nunique()
    parts = counts.rename("districts").reset_index()
    parts["name"], announced["name"] = (table["province"].str.replace("-", " ") for table in (parts, announced))
    announced = announced.drop(columns="province")
    table = parts.merge(announced, on="name", how="outer", validate="one_to_one", indicator=True)
    lost = table.loc[table["_merge"] != "both", "name"].tolist()
    require(not lost, f"e-Rozgaar: {', '.join(lost)} without a partner")
    table["short"] = (table["districts"] - table["centres"]).clip(lower=0)
    return table[E_ROZGAAR_COLUMNS].sort_values("province_pcode")


def check_e_rozgaar(table: pd.DataFrame) -> None:
    """Require that all announced centres are there, and each province once."""
    require(table["centres"].sum() == E_ROZGAAR, f"e-Rozgaar: {table['centres'].sum()} centres, not {E_ROZGAAR}")
    require(table["province_pcode"].is_unique, "e-Rozgaar: a province occurs twice")


def build(figures: Path, out: Path) -> None:
    """Build, check and write all tables."""
    demand, tiers = build_demand(figures), build_hub_tiers(figures)
    sites = build_sites(figures, demand)
    check_demand(demand)
    check_sites(sites, demand)
    check_hub_tiers(tiers)
    e_rozgaar = build_e_rozgaar(figures, sites)
    check_e_rozgaar(e_rozgaar)
    existing = build_existing_hubs(figures, sites)
    tables = {
        "demand": demand,
        "sites": sites,
        "hub_tiers": tiers,
        "e_rozgaar": e_rozgaar,
        "existing_hubs": existing,
    }
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    shutil.copyfile(figures / "cost_benchmarks.csv", out / "cost_benchmarks.csv")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the tables about Pakistan from the compiled figures.")
    parser.add_argument("figures", type=Path, help="folder of the compiled figures")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    options = parser.parse_args(arguments)
    build(options.figures, options.out)


if __name__ == "__main__":
    main()
