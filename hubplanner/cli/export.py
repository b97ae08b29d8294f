"""The command that makes files for other programs from a run."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated

import typer

from hubplanner.cli.common import AsJson, Quiet, answering
from hubplanner.cli.runs import RunName, Runs
from hubplanner.folders import RUNS
from hubplanner.formats.tables.database import SCHEMA
from hubplanner.outputs.formats.exports import EXPORTS


def export(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunName,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to write (default: the run's folder).", show_default=False),
    ] = None,
    postgis: Annotated[
        str | None,
        typer.Option(
            "--postgis",
            metavar="URL",
            help="Write tables to a database, postgresql://user@host/database, instead of files.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[str, typer.Option("--schema", metavar="NAME", help="Schema of those tables.")] = SCHEMA,
    overwrite: Annotated[  # noqa: FBT002
        bool,
        typer.Option(
            "--overwrite", "--force", help="Replace existing files, listing them, or tables of an earlier export."
        ),
    ] = False,
    folder: Runs = RUNS,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
    **asked: bool,
) -> None:
    """Export a run for Excel, GIS, Google Earth, Word or PostGIS. Without options: all files."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.runs.export import export_run, export_tables  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415

        kinds = [each.name for each in EXPORTS if asked[each.name]] or None
        found = find_run(run, folder)
        paths, tables, notes = list[Path](), list[str](), list[str]()
        with progress(shown=not quiet):
            if postgis is not None:
                tables, notes = export_tables(found, postgis, schema, replace=overwrite)
            if postgis is None or kinds:
                paths, more = export_run(found, kinds, out, replace=overwrite)
                notes = list(dict.fromkeys([*notes, *more]))
        answer.update(run=str(found), files=[str(path) for path in paths], notes=notes)
        if postgis is not None:
            answer.update(tables=tables)
        for note in notes:
            typer.echo(f"Note: {note}.", err=True)
        if not (as_json or quiet):
            for names, place in ((tables, postgis), ([path.name for path in paths], out or found)):
                if names:
                    typer.echo(f"Wrote {', '.join(names)} to {place}.")


def _signature() -> inspect.Signature:
    """Return the parameters of `export` with an option for each file in place of ``asked``."""
    own = inspect.signature(export, eval_str=True)
    run, *others = [each for each in own.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    flags = [
        inspect.Parameter(
            each.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=False,
            annotation=Annotated[bool, typer.Option(f"--{each.name}", help=f"{each.file}: {each.about}")],
        )
        for each in EXPORTS
    ]
    return own.replace(parameters=[run, *flags, *others])


export.__signature__ = _signature()  # type: ignore[attr-defined]
