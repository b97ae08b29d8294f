"""The command that makes a page of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubplanner.catalogues import choose_language
from hubplanner.cli.common import AsJson, PageLanguage, Quiet, answering
from hubplanner.cli.runs import Runs
from hubplanner.folders import RUNS

if TYPE_CHECKING:
    from hubplanner.runs.report import Verdict

RunNames = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN [RUN ...]",
        help="Run folders or names of runs (the first letters will do); the others are compared with the first.",
        show_default=False,
    ),
]


def report(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunNames,
    folder: Runs = RUNS,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="HTML file to write.")] = Path("report.html"),
    frontier: Annotated[
        Path | None,
        typer.Option("--frontier", metavar="DIR", help="Folder of a frontier to include.", show_default=False),
    ] = None,
    audit: Annotated[  # noqa: FBT002 - a flag on the command line
        bool, typer.Option("--audit/--no-audit", help="Audit the first run and include the verdict.")
    ] = True,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="S", min=1, help="Time limit of the audit's proof in seconds.")
    ] = 60.0,
    overwrite: Annotated[  # noqa: FBT002
        bool, typer.Option("--overwrite", "--force", help="Replace an existing file that is not a report.")
    ] = False,
    language: PageLanguage = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Write a run as one HTML page that opens offline."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.runs.report import check_target, write_report  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415

        choose_language(language)
        folders = [find_run(word, folder) for word in run]
        with progress(shown=not quiet):
            check_target(out.absolute(), replace=overwrite)  # before the audit, not after it
            verdict = _verdict(folders[0], time_limit) if audit else None
            path = write_report(folders, out, frontier=frontier, verdict=verdict, replace=overwrite)
        found = verdict.audit if verdict is not None else None
        audited = None if found is None else found["verdict"]
        answer.update(file=str(path), bytes=path.stat().st_size, audit=audited, note=verdict.note if verdict else "")
        if not (as_json or quiet):
            typer.echo(f"Wrote {path}.")


def _verdict(run: Path, seconds: float) -> Verdict:
    """Return what an audit finds; data that are no longer at hand are a reason to say so, not to fail."""
    from hubplanner.audit import audit_run  # noqa: PLC0415
    from hubplanner.errors import DataError  # noqa: PLC0415
    from hubplanner.runs.report import Verdict  # noqa: PLC0415

    try:
        return Verdict(audit=audit_run(run, None, seconds).as_dict())
    except DataError as error:
        first = str(error).splitlines()[0]
        typer.echo(f"Not audited: {first}", err=True)
        return Verdict(note="This run could not be audited here: its data are missing or have changed.")
