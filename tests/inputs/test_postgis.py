"""Tables of a real PostgreSQL with PostGIS: read as files are, read only, audited, and no password anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
from support.command import Done, answer
from support.postgres import PASSWORD, Postgres, running_postgres

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import DataError
from hubplanner.formats.tables.database import DATABASES
from hubplanner.inputs.sources import Sources, digest_of
from hubplanner.runs.export import export_tables
from hubplanner.runs.verify import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.project import Project

TABLES = (
    "DROP SCHEMA IF EXISTS study CASCADE",
    "CREATE SCHEMA study",
    """CREATE TABLE study.towns (demand_id text PRIMARY KEY, people numeric(9, 1), internet double precision,
       weight real, province varchar(30), surveyed date, geom geometry(Point, 4326))""",
    """INSERT INTO study.towns VALUES
       ('D3', 2000, 0, 1, 'Punjab', '2020-01-05', 'SRID=4326;POINT(68.00 31.00)'),
       ('D1', 1000, 0.25, 1, 'Balochistan', '2020-01-04', 'SRID=4326;POINT(67.00 30.00)'),
       ('D2', 500, 0.5, 2, 'Balochistan', NULL, 'SRID=4326;POINT(67.10 30.05)'),
       ('D4', 800, 1, 1.5, 'Punjab', '2020-01-05', 'SRID=4326;POINT(68.05 31.02)')""",
    """CREATE TABLE study.places (site_id text, name text, lon float, lat float, status text, tier text,
       factor float, capex int)""",
    """INSERT INTO study.places VALUES
       ('S1', 'Quetta', 67.01, 30.01, 'candidate', NULL, 1, 100),
       ('S2', 'Lahore, old', 68.01, 31.01, 'existing', NULL, 1, 120),
       ('S3', 'Hazar', 67.50, 30.50, 'candidate', 'park', 1.5, 100),
       ('S4', 'Sibi', 67.11, 30.04, 'required', 'centre', 2, 100),
       ('S5', 'Kalat', 66.90, 29.90, 'excluded', NULL, 1, 100)""",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    monkeypatch.setenv(DATABASES, f"elsewhere/gis, {server.place}")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    server.run(*TABLES)
    return server


def asked(url: str, **demand: Any) -> dict[str, Any]:
    """Return settings that ask a database for demand, by its own places, and for sites, by columns."""
    own = {"demand.table": "study.towns"} | {f"demand.{key}": value for key, value in demand.items()}
    return {
        "demand.path": url,
        "demand.x": None,
        "demand.y": None,
        **own,
        "sites.path": url,
        "sites.table": "study.places",
    }


def test_a_plan_from_tables_is_the_plan_from_files(project: Project, postgres: Postgres) -> None:
    settings = asked(postgres.url)
    of_files, of_tables = project.inputs(), project.inputs(settings)
    columns = ["demand_id", "people", "connected_share", "priority", "province", "need"]
    assert of_tables.demand.frame[columns].to_dict("list") == of_files.demand.frame[columns].to_dict("list")
    plan, same = hp.solve(project.read()), hp.solve(project.read(settings))
    assert same.summary()["hubs"] == plan.summary()["hubs"]
    assert same.summary()["need"] == plan.summary()["need"]
    run = same.write(project.folder / "run")
    assert audit_run(run).verdict == "pass"
    inputs = json.loads((run / "manifest.json").read_text())["inputs"]
    assert set(inputs) == {"gis.study.towns", "gis.study.places"}
    assert verify_run(run) == {"name": "run", "intact": True, "hashed": True, "inputs": "same", "faults": []}
    assert not any(PASSWORD.encode() in path.read_bytes() for path in run.rglob("*") if path.is_file())


def test_a_question_is_read_in_the_order_of_its_rows(project: Project, postgres: Postgres) -> None:
    sql = """SELECT demand_id, people, internet, weight, province, ST_X(geom) AS lon, ST_Y(geom) AS lat
             FROM study.towns WHERE province LIKE 'P%'; -- 100% of them
          """
    settings = asked(postgres.url, table=None, sql=sql.replace("; --", " --"), x="lon", y="lat", id=None)
    frame = project.inputs(settings).demand.frame
    assert frame[["demand_id", "people"]].to_dict("list") == {"demand_id": ["1", "2"], "people": [2000, 800]}
    same = project.inputs(settings | {"demand.sql": sql.partition(";")[0] + ";\n"}).demand.frame
    assert same["need"].tolist() == frame["need"].tolist()


def test_the_checksum_is_of_rows_and_columns_not_of_their_order(project: Project, postgres: Postgres) -> None:
    spec = project.read(asked(postgres.url)).demand
    before = digest_of(spec)
    postgres.run(
        "UPDATE study.towns SET people = people WHERE demand_id = 'D3'", "CLUSTER study.towns USING towns_pkey"
    )
    assert digest_of(spec) == before
    postgres.run("ALTER TABLE study.towns RENAME internet TO online")
    renamed = digest_of(spec)
    assert renamed != before
    postgres.run("ALTER TABLE study.towns RENAME online TO internet", "UPDATE study.towns SET people = people + 0.1")
    assert digest_of(spec) not in {before, renamed}


def test_another_table_than_the_run_s_is_told(project: Project, postgres: Postgres) -> None:
    run = hp.solve(project.read(asked(postgres.url))).write(project.folder / "run")
    postgres.run("UPDATE study.towns SET people = 999 WHERE demand_id = 'D1'")
    assert verify_run(run)["faults"] == ["input gis.study.towns has changed since the run"]
    with pytest.raises(DataError, match=r"gis\.study\.towns: .* of the table the plan was made from"):
        audit_run(run)
    postgres.run("DROP TABLE study.towns")
    assert verify_run(run)["inputs"] == "missing"


def test_a_table_that_changes_while_it_is_read_is_told(project: Project, postgres: Postgres) -> None:
    sources = Sources.of(project.read(asked(postgres.url)))
    sources.check()
    postgres.run("DELETE FROM study.places WHERE site_id = 'S5'")
    with pytest.raises(DataError, match=r"gis\.study\.places: has changed while it was read"):
        sources.check()


def test_polygons_zones_joins_and_spreads_come_from_tables_too(project: Project, postgres: Postgres) -> None:
    areas = gpd.GeoDataFrame(
        {"code": ["a", "b"], "kind": ["north", "south"]},
        geometry=gpd.GeoSeries.from_wkt(
            ["POLYGON ((66 30.5, 69 30.5, 69 32, 66 32, 66 30.5))", "POLYGON ((66 29, 69 29, 69 30.5, 66 30.5, 66 29))"]
        ),
        crs=4326,
    ).to_crs(32642)
    areas.to_file(project.folder / "areas.gpkg")
    rows = ", ".join(
        f"('{code}', '{kind}', ST_GeomFromText('{shape.wkt}', 32642))"
        for code, kind, shape in zip(areas["code"], areas["kind"], areas.geometry, strict=True)
    )
    postgres.run(
        "CREATE TABLE study.areas (code text, kind text, outline geometry(Polygon, 32642))",
        f"INSERT INTO study.areas VALUES {rows}",  # noqa: S608 - the test's own
        "CREATE TABLE study.facts (area text, population int)",
        "INSERT INTO study.facts VALUES ('A', 3000), ('b', 1500)",
    )
    project.write("facts.csv", "area,population\nA,3000\nb,1500\n")
    of_files = {
        "demand": {
            "path": "areas.gpkg",
            "id": "code",
            "people": "population",
            "connected_share": 0,
            "priority": 1,
            "groups": ["kind"],
            "x": None,
            "y": None,
            "join": [{"path": "facts.csv", "on": {"code": "area"}, "take": {"population": "population"}}],
            "spread_by": {"path": "demand.csv", "weight": "people", "x": "lon", "y": "lat"},
        }
    }
    of_tables = {
        "demand": of_files["demand"]
        | {
            "path": postgres.url,
            "table": "study.areas",
            "join": [
                {
                    "path": postgres.url,
                    "table": "study.facts",
                    "on": {"code": "area"},
                    "take": {"population": "population"},
                }
            ],
            "spread_by": {"path": postgres.url, "table": "study.towns", "weight": "people"},
        }
    }
    plan, same = hp.solve(project.read(of_files)), hp.solve(project.read(of_tables))
    assert same.summary()["need"] == plan.summary()["need"]
    assert same.summary()["people"]["total"] == pytest.approx(4500)
    assert audit_run(same.write(project.folder / "run")).verdict == "pass"
    merged = {
        "demand": {
            "path": "demand.csv",
            "id": "demand_id",
            "x": "lon",
            "y": "lat",
            "people": "people",
            "merge": True,
            "groups": ["kind"],
            "zones": {"path": postgres.url, "table": "study.areas", "id": "code", "take": {"kind": "kind"}},
        }
    }
    run = hp.solve(project.read(merged)).write(project.folder / "zones")
    assert audit_run(run).verdict == "pass"
    assert json.loads((run / "plan.json").read_text())["groups"]["kind"]["north"]["need"] == pytest.approx(2800)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://planner:hunter2@localhost/gis",
        "postgresql://planner:hun/ter2@localhost/gis",
        "postgresql://planner@localhost/gis?password=hunter2",
        "postgresql://planner@localhost/gis?sslmode=require&sslpassword=hunter2",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_shown(project: Project, url: str) -> None:
    for settings in ({"demand.path": url, "demand.table": "a"}, {"demand": url}, {"demand.join": [{"path": url}]}):
        told = "\n".join(project.refusal(settings))
        assert "hunter2" not in told
        assert "ter2" not in told
    assert (
        "PGPASSWORD or ~/.pgpass" in "\n".join(project.refusal({"demand.path": url, "demand.table": "a"}))
        or "/" in url[22:30]
    )


SAVE = (
    "the path of a file: databases are read for demand, sites, joins, zones and spread_by alone; save the table as a "
    "file, such as with ogr2ogr"
)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"demand.path": "postgresql://localhost"}, "an address such as postgresql://user@host:5432/database"),
        ({"demand.path": "postgresql:///gis"}, "an address such as postgresql://user@host:5432/database"),
        ({"demand.path": "postgresql://a:b/gis"}, "an address such as"),
        ({"demand.path": "postgresql://a/gis?host=/tmp", "demand.table": "t"}, "?connect_timeout=...&sslmode="),
        ({"demand.path": "postgresql://a/gis"}, "either table, such as public.towns, or sql, one SELECT"),
        ({"demand.path": "postgresql://a/gis", "demand.table": "t", "demand.sql": "SELECT 1"}, "either table"),
        ({"demand.table": "towns"}, "only for a database, whose path begins postgresql://"),
        (
            {"demand.path": "postgresql://a/gis", "demand.table": "t", "demand.merge": True},
            "only with CSV or GeoParquet",
        ),
        ({"demand.path": "postgresql://a/gis", "demand.table": "t", "demand.layer": "t"}, "only for a file of layers"),
        ({"travel": {"method": "matrix", "path": "postgresql://a/gis"}}, SAVE),
        ({"travel": {"method": "network", "roads": {"path": "postgresql://a/gis"}}}, SAVE),
        ({"map": {"borders": "postgresql://a/gis"}}, SAVE),
        (
            {
                "hubs.0.mbps": 1,
                "hubs.1.mbps": 1,
                "backhaul": {
                    "nodes": [{"path": "postgresql://a/gis", "id": "id"}],
                    "edges": "straight",
                    "technologies": {"fibre": {"cost_per_km": 1}},
                },
            },
            SAVE,
        ),
    ],
)
def test_keys_that_do_not_go_with_a_database_are_refused(project: Project, settings: Any, told: str) -> None:
    assert told in "\n".join(project.refusal(settings))


def test_only_databases_that_the_user_allows_are_asked(
    project: Project, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASES, f"127.0.0.1/gis,127.0.0.1:{postgres.port}/other")
    told = project.messages(asked(postgres.url))
    may = f"is in a database that scenarios may not ask; if you trust it, set {DATABASES}={postgres.place}"
    assert told == [f"gis.study.towns: {may}", f"gis.study.places: {may}"]
    assert postgres.run("SELECT count(*) FROM pg_stat_activity WHERE usename = 'planner' AND query ~ 'study'") == [(1,)]


def test_a_wrong_password_is_told_without_it(
    project: Project, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for password, reason in (("wrong one", "authentication failed"), ("", "no password supplied")):
        monkeypatch.setenv("PGPASSWORD", password)
        [first, *_] = project.messages(asked(postgres.url))
        assert "gis.study.towns: cannot be read: " in first
        assert reason in first
        assert first.endswith("put it into PGPASSWORD or ~/.pgpass")
        assert not password or password not in first


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM study.nowhere", 'relation "study.nowhere" does not exist'),
        ("SELEKT", "syntax error"),
        (
            "SELECT a.*, b.people FROM study.towns a, study.towns b",
            "'people' found; allowed: columns with names of their",
        ),
        ("SELECT *, geom AS other FROM study.towns", "'geom, other' found; allowed: one column of places"),
        (
            "SELECT ST_Transform(geom, CASE demand_id WHEN 'D1' THEN 32642 ELSE 4326 END) AS at FROM study.towns",
            "SRID 4326, 32642' found; allowed: places of one system",
        ),
        ("SELECT * FROM study.towns WHERE false", "has no rows of data"),
        ("SELECT 1) AS a; DROP TABLE study.places; SELECT * FROM (SELECT 1", "cannot insert multiple commands"),
        ("SELECT 1) AS a; COMMIT; DROP TABLE study.places; --", "syntax error"),
        ("WITH gone AS (DELETE FROM study.places RETURNING *) SELECT * FROM gone", "must be at the top level"),
        ("SELECT setval('study.count', 5), * FROM study.towns", "read-only transaction"),
    ],
)
def test_what_a_database_says_is_told_and_nothing_is_written(
    project: Project, postgres: Postgres, sql: str, told: str
) -> None:
    postgres.run("CREATE SEQUENCE study.count")
    messages = [each for each in project.messages(asked(postgres.url, table=None, sql=sql)) if "gis.sql-" in each]
    assert told in messages[0], messages
    assert len(messages) == 1
    assert postgres.run("SELECT count(*) FROM study.places") == [(5,)]


def test_places_without_a_system_take_the_scenario_s(project: Project, postgres: Postgres) -> None:
    sql = "SELECT demand_id, people, internet, weight, province, ST_SetSRID(geom, 0) AS at FROM study.towns"
    settings = asked(postgres.url, table=None, sql=sql)
    [message] = project.messages(settings)
    assert "name it with the key crs" in message
    found = project.inputs(settings | {"demand.crs": "EPSG:4326"})
    assert found.demand.points.tolist() == project.inputs(asked(postgres.url)).demand.points.tolist()
    [message] = project.messages(asked(postgres.url, x="people", y="weight"))
    assert "x, y: none beside geom, where the table's own places are" in message


def test_two_tables_called_alike_are_told_apart_by_their_hosts(
    project: Project, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = postgres.url.replace("127.0.0.1", "localhost")
    monkeypatch.setenv(DATABASES, f"{postgres.place},localhost:{postgres.port}/gis")
    join = [{"path": other, "table": "study.towns", "on": {"demand_id": "demand_id"}, "take": {"again": "people"}}]
    inputs = project.inputs(asked(postgres.url, join=join))
    assert set(inputs.digests) == {
        "gis.study.places",
        f"{postgres.place}, gis.study.towns",
        f"localhost:{postgres.port}/gis, gis.study.towns",
    }


def test_a_file_of_passwords_is_enough(
    project: Project, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = project.write("pgpass", f"127.0.0.1:{postgres.port}:gis:planner:{PASSWORD}\n")
    kept.chmod(0o600)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert len(project.inputs(asked(postgres.url)).demand.frame) == 4


# --- results back


@pytest.fixture
def run(project: Project) -> Path:
    return hp.solve(project.read()).write(project.folder / "runs" / "first")


def table(postgres: Postgres, name: str) -> gpd.GeoDataFrame:
    from sqlalchemy import create_engine  # noqa: PLC0415 - optional

    engine = create_engine(postgres.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = gpd.read_postgis(f"SELECT * FROM {name}", connection, geom_col="geometry")  # noqa: S608 - a test's own
    engine.dispose()
    return found


def test_results_go_back_as_tables_whole_or_not_at_all(
    run: Path, postgres: Postgres, inside: Callable[..., Done]
) -> None:
    postgres.run('DROP SCHEMA IF EXISTS "a plan" CASCADE', "DROP SCHEMA IF EXISTS hubplanner CASCADE")
    words = ("export", "first", "--postgis", postgres.url, "--schema", "a plan")
    found = answer(inside(*words, "--json"))
    assert found["tables"] == ["a plan.hubs", "a plan.demand", "a plan.links"]
    assert found["files"] == []
    for name in ("hubs", "demand", "links"):
        written, own = table(postgres, f'"a plan".{name}'), gpd.read_file(run / f"{name}.geojson")
        assert written.crs == own.crs
        assert sorted(written.columns) == sorted(own.columns)
        key = "site_id" if name == "hubs" else "demand_id"
        written, own = (each.sort_values(key).reset_index(drop=True) for each in (written, own))
        assert written.geometry.geom_equals_exact(own.geometry, 0).all()
        for column in own.columns.drop("geometry"):
            assert written[column].isna().tolist() == own[column].isna().tolist()
            assert written[column].dropna().tolist() == own[column].dropna().tolist()
    said = "SELECT obj_description('\"a plan\".hubs'::regclass, 'pg_class')"
    assert postgres.run(said) == [("hubplanner, run first",)]

    again = inside(*words)
    assert again.returncode == 2
    assert "gis: a plan.demand, a plan.hubs, a plan.links exists; add --overwrite" in again.stderr
    assert inside(*words, "--overwrite", "--kml").stdout.splitlines() == [
        f"Wrote a plan.hubs, a plan.demand, a plan.links to {postgres.url}.",
        "Wrote plan.kml to runs/first.",
    ]
    postgres.run("COMMENT ON TABLE \"a plan\".links IS 'ours'", 'DELETE FROM "a plan".hubs')
    kept = inside(*words, "--overwrite")
    assert kept.returncode == 2
    assert "gis.a plan.links: is a table that no export of hubplanner wrote" in kept.stderr
    assert postgres.run('SELECT count(*) FROM "a plan".hubs') == [(0,)]
    assert inside("export", "first", "--postgis", postgres.url).stdout == (
        f"Wrote hubplanner.hubs, hubplanner.demand, hubplanner.links to {postgres.url}.\n"
    )


def test_an_export_tells_what_is_wrong_without_the_password(
    run: Path, postgres: Postgres, inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run.exists()
    for url, told in (
        (f"postgresql://planner:{PASSWORD.replace(' ', '%20')}@{postgres.place}", "an address without a password"),
        (f"{postgres.url}ses", 'database "gisses" does not exist'),
        (postgres.url.replace("gis", "postgres"), "has no PostGIS; as its owner, run CREATE EXTENSION postgis"),
    ):
        done = inside("export", "first", "--postgis", url)
        assert done.returncode == 2
        assert told in done.stderr
        assert "s3cret" not in done.stderr + done.stdout
    monkeypatch.setenv("PGPASSWORD", "not it")
    done = inside("export", "first", "--postgis", postgres.url)
    assert "cannot be written: " in done.stderr
    assert "put it into PGPASSWORD or ~/.pgpass" in done.stderr


def test_polygons_go_back_as_polygons(project: Project, postgres: Postgres) -> None:
    square = "POLYGON (({0} 30, {1} 30, {1} 31, {0} 31, {0} 30))"
    rows = [f'{name},10,"{square.format(west, west + 1)}"' for name, west in (("a", 67), ("b", 68))]
    project.write("areas.csv", "\n".join(["id,people,wkt", *rows]) + "\n")
    demand = {"path": "areas.csv", "id": "id", "people": "people", "geometry": {"wkt": "wkt"}}
    folder = hp.solve(project.read({"demand": demand, "checks": {"wide_area": "off"}})).write(project.folder / "run")
    postgres.run("DROP SCHEMA IF EXISTS hubplanner CASCADE")
    assert export_tables(folder, postgres.url)[0] == ["hubplanner.hubs", "hubplanner.demand", "hubplanner.links"]
    written = table(postgres, "hubplanner.demand").sort_values("demand_id")
    assert [shape.wkt for shape in written.geometry] == [square.format(67, 68), square.format(68, 69)]
