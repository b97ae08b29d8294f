"""The command that makes files for other programs from a run."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from hubplanner.cli.common import AsJson, Quiet, answering
from hubplanner.cli.runs import RUNS, RunName, Runs


def export(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunName,
    excel: Annotated[bool, typer.Option("--excel", help="plan.xlsx: a workbook with all tables.")] = False,  # noqa: FBT002
    arcgis: Annotated[  # noqa: FBT002
        bool, typer.Option("--arcgis", help="arcgis.gpkg: layers as ArcGIS Location-Allocation writes them.")
    ] = False,
    kml: Annotated[bool, typer.Option("--kml", help="plan.kml: for Google Earth.")] = False,  # noqa: FBT002
    actions: Annotated[bool, typer.Option("--actions", help="actions.md: what to do, in sentences.")] = False,  # noqa: FBT002
    docx: Annotated[bool, typer.Option("--docx", help="actions.docx: the same for Word.")] = False,  # noqa: FBT002
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to write; the run's folder if left out.", show_default=False),
    ] = None,
    overwrite: Annotated[  # noqa: FBT002
        bool, typer.Option("--overwrite", "--force", help="Replace files that are there; tells which.")
    ] = False,
    folder: Runs = RUNS,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Write a run for Excel, ArcGIS, Google Earth and Word; all of them if none is named."""
    asked = {"excel": excel, "arcgis": arcgis, "kml": kml, "actions": actions, "docx": docx}
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.runs.export import FILES, export_run  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415

        kinds = [kind for kind, wanted in asked.items() if wanted] or list(FILES)
        found = find_run(run, folder)
        with progress(shown=not quiet):
            paths, notes = export_run(found, kinds, out, replace=overwrite)
        answer.update(run=str(found), files=[str(path) for path in paths], notes=notes)
        for note in notes:
            typer.echo(f"Note: {note}.", err=True)
        if not (as_json or quiet):
            typer.echo(f"Wrote {', '.join(path.name for path in paths)} to {out or found}.")
