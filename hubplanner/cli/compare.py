"""The command that holds runs against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubplanner.cli.common import AsJson, Overwrite, Quiet, answering
from hubplanner.cli.runs import Runs
from hubplanner.folders import COMPARISON_MARKS, RUNS

RunNames = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN_A RUN_B ...", help="Run folders or names of runs (the first letters will do).", show_default=False
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Also write files and a map here.", show_default=False)
]


def compare(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunNames,
    folder: Runs = RUNS,
    out: Folder = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Compare runs: money, people, sites, who gains and loses."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415
        from hubplanner.io import check_place  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.runs.compare import compare as compare_runs  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415

        with progress(shown=not quiet):
            places = [find_run(word, folder) for word in run]
            if out is not None:
                keep = [place / "plan.json" for place in places]
                check_place(out, COMPARISON_MARKS, overwrite=overwrite, keep=keep)
            found = compare_runs(*places)
            written = None if out is None else found.write(out, overwrite=overwrite)
        answer.update(found.summary(), folder=None if written is None else str(written))
        if not (as_json or quiet):
            from hubplanner.cli.runs import print_comparison  # noqa: PLC0415

            print_comparison(found, written)
