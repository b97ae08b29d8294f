"""An audit in words, for a terminal 100 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hubplanner.audit.audit import OUTSIDE
from hubplanner.terminal import count_of

if TYPE_CHECKING:
    from pathlib import Path

    from hubplanner.audit import Audit

FINDINGS_SHOWN = 25
"""The others are counted; --json has them all."""
VERDICTS = {
    "pass": "PASS: all figures are confirmed",
    "incomplete": "NOT ALL AUDITED: nothing is wrong with what was, but see below",
    "fail": "FAIL",
}
PROOFS = {"confirmed": "confirmed", "not reproven": "not contradicted, not proven anew", "contradicted": "CONTRADICTED"}


def print_audit(audit: Audit, folder: Path) -> None:
    """Print the verdict, what is wrong, what was compared and what was not."""
    console = Console(highlight=False)
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
    table.add_row("Outside", f"of what an audit looks at: {', '.join(OUTSIDE)}")
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
