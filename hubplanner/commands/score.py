"""The command that scores plans on futures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubplanner.commands.common import AsJson, Overrides, Overwrite, Quiet, answering

RunFolders = Annotated[list[Path], typer.Argument(metavar="RUN ...", help="Run folders.", show_default=False)]
FuturesFile = Annotated[
    Path | None,
    typer.Option("--futures", metavar="SCENARIO", help="Whose futures to score on; each run's own if left out."),
]
Folder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write files too.", show_default=False)]


def score(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunFolders,
    futures: FuturesFile = None,
    override: Overrides = None,
    out: Folder = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Score plans on futures: what each comes to on average, at worst and future by future."""
    with answering(as_json=as_json) as answer:
        from hubplanner.terminal import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            from hubplanner.io import check_place  # noqa: PLC0415
            from hubplanner.report.futures_score import SCORE_MARKS  # noqa: PLC0415
            from hubplanner.workflow.futures import score as score_runs  # noqa: PLC0415

            if out is not None:
                keep = [place / "plan.json" for place in run]
                check_place(out, SCORE_MARKS, overwrite=overwrite, keep=keep)
            found = score_runs(*run, futures=futures, overrides=override or ())
            written = None if out is None else found.write(out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=None if written is None else str(written))
        if not (as_json or quiet):
            from hubplanner.terminal_futures import print_score  # noqa: PLC0415

            print_score(summary, written)
