"""The command that holds a run against its inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hubplanner.cli.common import AsJson, Quiet, answering, terminal
from hubplanner.formatting import count_of

if TYPE_CHECKING:
    from hubplanner.audit import Audit

ENDS = {"pass": 0, "incomplete": 4, "fail": 6}
"""Exit codes by verdict: all confirmed; nothing wrong, but not all could be audited; something is wrong."""


def audit(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)],
    solver: Annotated[
        str | None,
        typer.Option("--solver", help="Solver that re-proves the bound (default: a different one from the run's)."),
    ] = None,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="S", min=1, help="Time limit of that proof in seconds.")
    ] = 60.0,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Recompute a run by independent code and re-prove its bound.

    Exit codes: 0 everything is confirmed, 4 no errors but some parts could not be audited, 6 errors were found.
    """
    with answering(as_json=as_json) as answer:
        from hubplanner.audit import audit_run  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.cli.tables import progress  # noqa: PLC0415

        with progress(shown=not quiet):
            found = audit_run(run, solver, time_limit)
        answer.update(found.as_dict())
        if not (as_json or quiet):
            print_audit(found, run)
    if found.verdict != "pass":
        raise typer.Exit(ENDS[found.verdict])


FINDINGS_SHOWN = 25
"""The others are counted; --json has them all."""
VERDICTS = {
    "pass": "PASS: all figures are confirmed",
    "incomplete": "NOT ALL AUDITED: no errors found, but see below",
    "fail": "FAIL",
}
PROOFS = {"confirmed": "confirmed", "not reproven": "not contradicted, not re-proven", "contradicted": "CONTRADICTED"}


def print_audit(audit: Audit, folder: Path) -> None:
    """Print the verdict, what is wrong, what was compared and what was not."""
    console = terminal()
    words = VERDICTS[audit.verdict]
    if audit.findings:
        words = f"{words}: {count_of(len(audit.findings), 'finding')}"
    console.print("\n", Text(words, style="bold"), "\n", sep="")
    if audit.findings:
        console.print(_findings(audit))
    table = Table.grid(padding=(0, 2))
    table.add_row("Compared", f"{sum(audit.checked.values()):,} figures in {len(audit.checked)} files and layers")
    table.add_row("Bound", Text(f"{PROOFS[audit.proof.outcome]}: {audit.proof.words} ({audit.proof.seconds:.1f} s)"))
    for number, what in enumerate(audit.not_audited):
        table.add_row("" if number else "Not audited", Text(what))
    table.add_row("Outside", f"of what an audit looks at: {', '.join(audit.outside)}")
    console.print(table)
    console.print(f"Run: {folder}", soft_wrap=True)


def _findings(audit: Audit) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("File", "Item", "Stated", "Recomputed"):
        table.add_column(name, overflow="fold")
    for finding in audit.findings[:FINDINGS_SHOWN]:
        cells = (finding.file, finding.item, _shown(finding.stated), _shown(finding.recomputed))
        table.add_row(*(Text(cell) for cell in cells))
    more = len(audit.findings) - FINDINGS_SHOWN
    if more > 0:
        table.add_row("", f"and {more:,} more; --json lists all")
    return table


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return "none" if value is None else str(value)
