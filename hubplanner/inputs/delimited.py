"""CSV files to frames of text, in parts: plain blocks by a fast parser, all else by a careful one."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

BLOCK = 1 << 24
"""Bytes that are parsed at once."""
ROWS = 250_000
"""Rows of a part that the careful parser makes."""
_BOOLEAN = re.compile("true|false", re.IGNORECASE)
_UNNAMED = "\0{}"
"""A column without a name cannot be asked for; spreadsheets leave empty ones at the end."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CsvPart:
    """Some lines of a CSV file.

    Parameters
    ----------
    header
        The columns' names.
    lines
        Number of the line that each row starts at.
    rows
        The cells, or text that holds no quotes and as many cells a line as the header.
    """

    header: list[str]
    lines: Sequence[int]
    rows: list[list[str]] | str

    def frame(self, columns: Collection[str] | None = None, numbers: Collection[str] = ()) -> pd.DataFrame:
        """Return stripped text by line number, of some columns or all; numbers where a column holds nothing else."""
        names = [name or _UNNAMED.format(place) for place, name in enumerate(self.header)]
        wanted = [name for name in self.header if name and (columns is None or name in columns)]
        if isinstance(self.rows, str):
            frame = _parsed(self.rows, names, wanted, {name for name in numbers if name in wanted})
        else:
            frame = pd.DataFrame(self.rows, columns=names, dtype=str)[wanted]
        frame.index = pd.Index(self.lines)
        for name in frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]]:
            frame[name] = frame[name].str.strip()
        return frame


def _parsed(text: str, names: list[str], wanted: list[str], numbers: Collection[str]) -> pd.DataFrame:
    kinds = {name: np.float64 if name in numbers else str for name in wanted}
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            header=None,
            names=names,
            usecols=wanted,
            dtype=kinds,
            na_filter=False,
            skipinitialspace=True,
            skip_blank_lines=False,
            quoting=csv.QUOTE_NONE,
            lineterminator="\n",
        )[wanted]
    except ValueError:
        if not numbers:
            raise
        return _parsed(text, names, wanted, ())
    # The parser takes a column of true and false for ones and zeros, which they are not.
    yes_or_no = any(((frame[name] == 0) | (frame[name] == 1)).all() for name in numbers)
    return _parsed(text, names, wanted, ()) if yes_or_no and _BOOLEAN.search(text) else frame


def read_csv(path: Path, faults: list[Fault]) -> pd.DataFrame | None:
    """Return a CSV file's cells as stripped text, indexed by line; None, with faults noted, when it is malformed."""
    before = len(faults)
    frames = [part.frame() for part in csv_parts(path, faults)]
    if len(faults) > before:
        return None
    return pd.concat(frames) if len(frames) > 1 else frames[0]


def csv_parts(path: Path, faults: list[Fault]) -> Iterator[CsvPart]:
    """Yield a CSV file in parts, at least one; note what is malformed and leave it out."""
    before = len(faults)
    texts = _texts(path, faults)
    text = ""
    while not text.strip() and (more := next(texts, "")):
        text += more
    if not text.strip():
        if len(faults) == before:
            faults.append(Fault(file=path.name, allowed="is empty"))
        return
    first = io.StringIO(text, newline="")
    reader = csv.reader(first, strict=True, skipinitialspace=True)
    header = _header(reader, path, faults)
    if len(faults) > before:
        return
    rest = chain([text[first.tell() :]], texts)
    yield from _parts(rest, reader.line_num + 1, header, path, faults)


def _texts(path: Path, faults: list[Fault]) -> Iterator[str]:
    """Yield whole lines of a file as text; stop, with a fault noted, at what is in another encoding."""
    allowed = "UTF-8 text; in a spreadsheet, save as 'CSV UTF-8'"
    line = 1
    for number, block in enumerate(_blocks(path)):
        try:
            text = block.decode("utf-8" if number else "utf-8-sig")
        except UnicodeDecodeError as error:
            row = line + block.count(b"\n", 0, error.start)
            value = f"byte {error.object[error.start]:#04x}"
            faults.append(Fault(file=path.name, row=row, value=value, allowed=allowed))
            return
        if "\0" in text:
            faults.append(Fault(file=path.name, value="byte 0x00", allowed=allowed))
            return
        yield text
        line += block.count(b"\n")


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield a file in blocks that end with a line."""
    with path.open("rb") as file:
        rest = b""
        while data := file.read(BLOCK):
            cut = data.rfind(b"\n") + 1
            if cut:
                yield rest + data[:cut]
                rest = data[cut:]
            else:
                rest += data
        if rest:
            yield rest


def _header(reader: Iterator[list[str]], path: Path, faults: list[Fault]) -> list[str]:
    """Return the first line that is not blank; note one that repeats a name or uses another separator."""
    try:
        header = next(([cell.strip() for cell in cells] for cells in reader if not _is_blank(cells)), [])
    except csv.Error as error:
        faults.append(_quoting(path, 1, error))
        return []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        faults.append(Fault(file=path.name, row=1, value=header[0][:40], allowed="columns separated by commas"))
    repeated = sorted({name for name in header if name and header.count(name) > 1})
    allowed = "stands twice in the header; rename one"
    faults.extend(Fault(file=path.name, row=1, column=name, allowed=allowed) for name in repeated)
    return header


def _parts(texts: Iterator[str], line: int, header: list[str], path: Path, faults: list[Fault]) -> Iterator[CsvPart]:
    """Yield plain blocks as they stand, and from the first that is not plain on, rows that the csv module read."""
    yielded = False
    for text in texts:
        plain = text.replace("\r\n", "\n")
        count = _plain_lines(plain, len(header))
        if count is None:
            careful = _careful(chain([text], texts), line, header, path, faults)
            yield from careful
            return
        if count or not yielded:
            yield CsvPart(header=header, lines=range(line, line + count), rows=plain if count else [])
            yielded = True
        line += count


def _plain_lines(text: str, width: int) -> int | None:
    r"""Return how many lines a text has, all of as many cells; None where quotes or lengths need a closer look.

    >>> _plain_lines("1,2\n3,4", 2), _plain_lines("1,2,3\n", 2), _plain_lines('"1",2', 2)
    (2, None, None)
    """
    if width == 1 or '"' in text or "\r" in text:
        return None if text else 0
    cells = np.frombuffer(text.encode(), dtype=np.uint8)
    ends = np.flatnonzero(cells == ord("\n"))
    if len(cells) and cells[-1] != ord("\n"):
        ends = np.append(ends, len(cells))
    commas = np.searchsorted(np.flatnonzero(cells == ord(",")), ends)
    return len(ends) if (np.diff(commas, prepend=0) == width - 1).all() else None


def _careful(texts: Iterator[str], line: int, header: list[str], path: Path, faults: list[Fault]) -> Iterator[CsvPart]:
    """Yield rows that the csv module reads; note lines with more or fewer cells than the header."""
    allowed = f"{len(header)} cells, as many as the header has; a cell that holds a comma stands in quotes"
    reader = csv.reader(
        chain.from_iterable(io.StringIO(text, newline="") for text in texts), strict=True, skipinitialspace=True
    )
    lines: list[int] = []
    rows: list[list[str]] = []
    start = line
    try:
        for cells in reader:
            if len(cells) == len(header) and not _is_blank(cells):
                lines.append(start)
                rows.append(cells)
            elif not _is_blank(cells):
                faults.append(Fault(file=path.name, row=start, value=f"{len(cells)} cells", allowed=allowed))
            start = line + reader.line_num
            if len(rows) == ROWS:
                yield CsvPart(header=header, lines=lines, rows=rows)
                lines, rows = [], []
    except csv.Error as error:
        faults.append(_quoting(path, start, error))
    yield CsvPart(header=header, lines=lines, rows=rows)


def _is_blank(cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not cells[0].strip())


def _quoting(path: Path, row: int, error: csv.Error) -> Fault:
    allowed = f"a quoted cell is not closed, or a quote inside it is not doubled ({error})"
    return Fault(file=path.name, row=row, allowed=allowed)
