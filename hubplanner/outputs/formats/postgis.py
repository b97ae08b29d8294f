"""A run's layers as tables of a PostgreSQL database with PostGIS: all of them at once or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.errors import DataError, ExistsError, Fault
from hubplanner.formats.tables.database import database_name
from hubplanner.formats.tables.postgis import connected, plain_cell, quoted

if TYPE_CHECKING:
    import geopandas as gpd
    from sqlalchemy import Connection

    from hubplanner.outputs.run_data import Result

_MARK = "hubplanner, run "
"""How the comment of a table begins that was written here, and that may be replaced."""


def write_tables(result: Result, url: str, schema: str, *, replace: bool = False) -> list[str]:
    """Write hubs, demand and links, and backhaul where there is any, into a schema; return the tables' names.

    Parameters
    ----------
    result
        The run.
    url
        Address of the database, without a password.
    schema
        Where the tables stand; made where it is not there.
    replace
        Whether tables of earlier exports may be replaced. Others never are.

    Raises
    ------
    DataError
        Where the database cannot be written, has no PostGIS, or has other tables of these names.
    ExistsError
        Where there are tables of an earlier export and they may not be replaced; nothing is written then.
    """
    layers = _layers(result)
    with connected(url, f"{database_name(url)}.{schema}", reads=False) as base:
        if base.exec_driver_sql("SELECT count(*) FROM pg_extension WHERE extname = 'postgis'").scalar_one() == 0:
            allowed = "has no PostGIS; as its owner, run CREATE EXTENSION postgis"
            raise DataError(Fault(file=database_name(url), allowed=allowed))
        _check_free(base, database_name(url), schema, list(layers), replace=replace)
        base.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
        for name, layer in layers.items():
            table = f"{quoted(schema)}.{quoted(name)}"
            base.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
            layer.to_postgis(name, base, schema=schema)
            said = f"{_MARK}{result.name}".replace("'", "''").replace("%", "%%")
            base.exec_driver_sql(f"COMMENT ON TABLE {table} IS '{said}'")
    return [f"{schema}.{name}" for name in layers]


def _layers(result: Result) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers by name, places of demand as polygons where they are, cells as plain as a table's."""
    demand = result.demand if result.areas is None else result.demand.set_geometry(result.areas, crs=result.demand.crs)
    layers = {"hubs": result.hubs, "demand": demand, "links": result.links}
    layers |= {} if result.backhaul is None else {"backhaul": result.backhaul}
    return {name: _plain(layer) for name, layer in layers.items()}


def _plain(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    mixed = [name for name, kind in layer.dtypes.items() if kind == "object"]
    return layer.assign(**{str(name): [plain_cell(cell) for cell in layer[name]] for name in mixed})


def _check_free(base: Connection, database: str, schema: str, names: list[str], *, replace: bool) -> None:
    """Raise where a table is there that may not be replaced."""
    found = base.exec_driver_sql(
        "SELECT relname, coalesce(obj_description(pg_class.oid, 'pg_class'), '') FROM pg_class JOIN pg_namespace "
        "ON pg_namespace.oid = relnamespace WHERE nspname = %(schema)s AND relname = ANY(%(names)s) ORDER BY relname",
        {"schema": schema, "names": names},
    ).all()
    foreign = [name for name, said in found if not said.startswith(_MARK)]
    if foreign:
        allowed = "is a table that no export of hubplanner wrote: name another --schema, nothing was written"
        raise DataError([Fault(file=f"{database}.{schema}.{name}", allowed=allowed) for name in foreign])
    if found and not replace:
        listed = ", ".join(f"{schema}.{name}" for name, _ in found)
        message = (
            f"{database}: {listed} exists; add --overwrite to replace, or name another --schema, nothing was written"
        )
        raise ExistsError(message)
