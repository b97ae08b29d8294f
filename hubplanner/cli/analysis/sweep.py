"""The command that solves every combination of settings, and what it prints."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubplanner.cli.common import (
    TIME_LIMIT_REACHED,
    AsJson,
    Ended,
    Overrides,
    Overwrite,
    Quiet,
    ScenarioFile,
    Settings,
    answering,
    terminal,
)
from hubplanner.cli.runs import known, number, plain_table, shortened
from hubplanner.formatting import count_of, gap_in_words, per_cent

if TYPE_CHECKING:
    from hubplanner.analysis.sweep.sweep import Sweep

Grid = Annotated[
    list[str],
    typer.Option(
        "--grid", metavar="KEY=V1,V2,..", help="Values of a key (repeat to combine keys).", show_default=False
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", metavar="N", min=1, help="Number of worker processes (default: one per core).")
]
Address = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Dask scheduler to use, such as tcp://10.0.0.5:8786. Trusted hosts only: anyone who can reach it can run "
        "code there. Its machines need the files under the same paths.",
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the sweep (default: sweeps/NAME-HASH).")
]


TlsCa = Annotated[
    Path | None, typer.Option("--tls-ca", metavar="PEM", help="Certificate authority of a cluster at tls://...")
]
TlsCert = Annotated[Path | None, typer.Option("--tls-cert", metavar="PEM", help="Client certificate.")]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", metavar="PEM", help="Client key.")]


def sweep(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    grid: Grid,
    settings: Settings = None,
    override: Overrides = None,
    jobs: Jobs = None,
    cluster: Address = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    out: Folder = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    keep_runs: Annotated[bool, typer.Option("--keep-runs", help="Also write a run folder for each case.")] = False,  # noqa: FBT002
    retry_failed: Annotated[  # noqa: FBT002
        bool, typer.Option("--retry-failed", help="Retry cases whose process died.")
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Solve every combination of settings. An interrupted sweep resumes when run again."""
    with answering(as_json=as_json) as answer:
        from hubplanner.analysis.sweep.cluster import Cluster  # noqa: PLC0415
        from hubplanner.analysis.sweep.sweep import plan_sweep  # noqa: PLC0415
        from hubplanner.cli.tables import progress  # noqa: PLC0415
        from hubplanner.errors import Fault, ScenarioError  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.scenario.yaml_text import parse_setting  # noqa: PLC0415

        if cluster is None and (tls_ca or tls_cert or tls_key):
            raise ScenarioError(Fault(file="--tls-ca, --tls-cert, --tls-key", allowed="only with --cluster"))
        if cluster is not None and jobs is not None:
            raise ScenarioError(Fault(file="--jobs", value=jobs, allowed="not with --cluster, whose workers decide"))
        there = Cluster(address=cluster, tls_ca=tls_ca, tls_cert=tls_cert, tls_key=tls_key) if cluster else None
        with progress(shown=not quiet):
            changed = dict(map(parse_setting, settings or ()))
            asked = plan_sweep(scenario, grid, overrides=override or (), settings=changed, folder=out)
            _solve(asked, jobs=jobs, cluster=there, keep_runs=keep_runs, retry_failed=retry_failed, overwrite=overwrite)
        counts = asked.counts()
        status = "complete" if not counts["open"] else "open"
        answer.update(status=status, **counts, folder=str(asked.folder), base=asked.base)
        if not (as_json or quiet):
            print_sweep(asked.name, asked.records(), counts, asked.folder)
    if counts["open"]:
        raise typer.Exit(TIME_LIMIT_REACHED)


def _solve(asked: Sweep, **options: Any) -> None:
    """Solve what is open and write the tables; after Ctrl-C or a lost cluster those of what is done."""
    from hubplanner.analysis.sweep.sweep import solve_open, write_tables  # noqa: PLC0415
    from hubplanner.errors import SolverError  # noqa: PLC0415

    try:
        for _ in solve_open(asked, **options):
            pass
    except KeyboardInterrupt as error:
        if isinstance(error, Ended) and error.number != signal.SIGINT:
            write_tables(asked)
            error.add_note("finished cases are kept; the same command continues from there")
            raise
        typer.echo("Interrupted; finished cases are kept; the same command continues from there.", err=True)
    except SolverError as error:
        typer.echo(f"Error: {error}", err=True)
    write_tables(asked)


SWEEP_ROWS = 20
"""Cases of a sweep in a table; all are in its files."""


def print_sweep(name: str, records: list[dict[str, Any]], counts: dict[str, int], folder: Path) -> None:
    """Print a sweep's cases and where its files are."""
    from hubplanner.analysis.sweep.plot import spelled  # noqa: PLC0415 - matplotlib is heavy

    keys = list(records[0]["settings"])
    table = plain_table(f"Sweep of {name}", ("",), (*keys, "hubs", "people", "need", "cost", "gap"))
    for record in records[:SWEEP_ROWS]:
        settings = (shortened(spelled(record["settings"][key]), 14) for key in keys)
        if record["people"] is None:
            table.add_row(str(record["case"]), *settings, *("", "", "", ""), str(record["status"]))
            continue
        figures = (
            number(record["hubs"]),
            number(record["people"]),
            per_cent(record["need_share"]),
            number(record["cost"]),
        )
        table.add_row(str(record["case"]), *settings, *figures, known(record["gap"], gap_in_words))
    out = terminal()
    out.print(table)
    if len(records) > SWEEP_ROWS:
        out.print(f"... and {len(records) - SWEEP_ROWS:,} more in sweep.csv")
    errors = dict.fromkeys(str(record["error"]) for record in records if record["error"])
    for error in list(errors)[: SWEEP_ROWS // 4]:
        out.print(f"Error of a case: {error}", soft_wrap=True)
    told = f"{counts['solved']:,} solved, {counts['errors']:,} with an error, {counts['open']:,} open"
    out.print(f"{count_of(counts['cases'], 'case')}: {told}.")
    out.print(f"Files: {folder}  (look at tornado.png first)", soft_wrap=True)
