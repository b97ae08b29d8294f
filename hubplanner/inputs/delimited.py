"""CSV files to frames of text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pandas as pd

from hubplanner.errors import Fault

if TYPE_CHECKING:
    from pathlib import Path


def read_csv(path: Path, faults: list[Fault]) -> pd.DataFrame | None:
    """Return a CSV file's cells as stripped text, indexed by line; None, with faults noted, when it is malformed."""
    text = _text(path, faults)
    if text is None:
        return None
    before = len(faults)
    header, lines = _lines(text, path, faults)
    if len(faults) == before:
        _check_header(header, path, faults)
    if len(faults) == before:
        _check_lengths(header, lines, path, faults)
    if len(faults) > before:
        return None
    frame = pd.DataFrame(list(lines.values()), columns=header, index=list(lines), dtype=str)
    # A column without a name cannot be asked for; spreadsheets leave empty ones at the end.
    return frame.drop(columns=[""], errors="ignore")


def _text(path: Path, faults: list[Fault]) -> str | None:
    """Return a file's text; None, with a fault noted, when it is blank or in another encoding."""
    allowed = "UTF-8 text; in a spreadsheet, save as 'CSV UTF-8'"
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        faults.append(Fault(file=path.name, row=row, value=f"byte {error.object[error.start]:#04x}", allowed=allowed))
        return None
    if "\0" in text:
        faults.append(Fault(file=path.name, value="byte 0x00", allowed=allowed))
        return None
    if not text.strip():
        faults.append(Fault(file=path.name, allowed="is empty"))
        return None
    return text


def _lines(text: str, path: Path, faults: list[Fault]) -> tuple[list[str], dict[int, list[str]]]:
    """Return the header and the other lines that are not blank, by the number of the line they start at."""
    lines: dict[int, list[str]] = {}
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    start = 1
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if stripped not in ([], [""]):
                lines[start] = stripped
            start = reader.line_num + 1
    except csv.Error as error:
        allowed = f"a quoted cell is not closed, or a quote inside it is not doubled ({error})"
        faults.append(Fault(file=path.name, row=start, allowed=allowed))
    header = lines.pop(next(iter(lines)), []) if lines else []
    return header, lines


def _check_header(header: list[str], path: Path, faults: list[Fault]) -> None:
    """Note a header that repeats a name or uses another separator."""
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        faults.append(Fault(file=path.name, row=1, value=header[0][:40], allowed="columns separated by commas"))
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    allowed = "stands twice in the header; rename one"
    faults.extend(Fault(file=path.name, row=1, column=name, allowed=allowed) for name in repeated)


def _check_lengths(header: list[str], lines: dict[int, list[str]], path: Path, faults: list[Fault]) -> None:
    """Note lines with more or fewer cells than the header."""
    allowed = f"{len(header)} cells, as many as the header has; a cell that holds a comma stands in quotes"
    faults.extend(
        Fault(file=path.name, row=row, value=f"{len(cells)} cells", allowed=allowed)
        for row, cells in lines.items()
        if len(cells) != len(header)
    )
