"""CSV files to frames of text, in parts: plain blocks by a fast parser, all else by a careful one."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import DataWarning, Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from hubplanner.problem import Ints

BLOCK = 1 << 24
"""Bytes that are parsed at once."""
LONGEST_LINE = 1 << 26
"""Characters; all of a file whose lines end as on the first Macintosh, which may be no longer."""
ROWS = 250_000
"""Rows of a part that the careful parser makes."""
MOST_COLUMNS = 10_000
"""More columns than this are no table."""
MOST_BLANK, MOST_WRONG = 1_000_000, 10_000
"""Blank lines, and lines of other lengths, after which a file that needs a closer look is given up."""
_NOTHING = " \t,\r\n"
_LEAD = re.compile(r"[ \t,\r\n]*[\r\n]")
"""Blank lines at the start."""
_BLANK_ROW = re.compile(r"^[ \t,]*\n|^[ \t,]+\Z", re.MULTILINE)
_BLANKS = np.frombuffer(b" \t,\n", dtype=np.uint8)
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
    lines: Sequence[int] | Ints
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

    def unnamed(self) -> set[int]:
        """Return the columns, from 0, that have no name though some cell says something."""
        blank = [place for place, name in enumerate(self.header) if not name]
        if not blank:
            return set()
        rows = [line.split(",") for line in self.rows.split("\n")] if isinstance(self.rows, str) else self.rows
        return {place for place in blank if any(len(row) > place and row[place].strip() for row in rows)}


def unnamed_columns(path: Path, places: Collection[int]) -> list[DataWarning]:
    """Return a warning for each column, from 0, that has no name."""
    message = "column {0} of the header is blank, so its cells are not read; give it a name"
    return [
        DataWarning(code="blank_header", message=message.format(place + 1), file=path.name) for place in sorted(places)
    ]


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


def read_csv(
    path: Path, faults: list[Fault], encoding: str | None = None, warnings: list[DataWarning] | None = None
) -> pd.DataFrame | None:
    """Return a CSV file's cells as stripped text, indexed by line; None, with faults noted, when it is malformed."""
    before, frames, unnamed = len(faults), [], set[int]()
    for part in csv_parts(path, faults, encoding):
        frames.append(part.frame())
        unnamed |= part.unnamed()
    if len(faults) > before:
        return None
    if warnings is not None:
        warnings.extend(unnamed_columns(path, unnamed))
    return pd.concat(frames) if len(frames) > 1 else frames[0]


def csv_parts(path: Path, faults: list[Fault], encoding: str | None = None) -> Iterator[CsvPart]:
    """Yield a CSV file in parts, at least one; note what is malformed and leave it out.

    Parameters
    ----------
    path
        The file.
    faults
        Gets what is wrong.
    encoding
        Of its text; UTF-8 if None.
    """
    before = len(faults)
    try:
        texts = _texts(path, encoding, faults)
        line, text = _first_text(texts)
        if not text:
            if len(faults) == before:
                faults.append(Fault(file=path.name, allowed="is empty"))
            return
        first = io.StringIO(text, newline="")
        reader = csv.reader(first, strict=True, skipinitialspace=True)
        header = _header(reader, line, path, faults)
        if len(faults) > before:
            return
        rest = chain([text[first.tell() :]], texts)
        parts = _parts(rest, line + reader.line_num, header, path, faults)
        part = next(parts)
        _check_tags(part, path, faults)
        yield part
        yield from parts
    except OSError as error:
        faults.append(Fault(file=str(path), allowed=f"cannot be read: {error.strerror or error}"))


def _first_text(texts: Iterator[str]) -> tuple[int, str]:
    """Return the first text that is not blank without the blank lines before it, and its line; nothing without any."""
    line = 1
    for text in texts:
        lead = _LEAD.match(text)
        blank = lead.group() if lead else ""
        line += blank.count("\n") + blank.count("\r") - blank.count("\r\n")
        rest = text[len(blank) :]
        if rest.strip(_NOTHING):
            return line, rest
    return line, ""


def _texts(path: Path, encoding: str | None, faults: list[Fault]) -> Iterator[str]:
    """Yield whole lines of a file as text; stop, with a fault noted, at what is in another encoding."""
    decoder = codecs.getincrementaldecoder(encoding or "utf-8-sig")()
    line, rest = 1, ""
    with path.open("rb") as file:
        while True:
            data = file.read(BLOCK)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(error.encoding, errors="replace")
                row = line + rest.count("\n") + before.count("\n")
                faults.append(_undecoded(path, row, error, encoding, start=row == 1 and not before))
                return
            if "\0" in text:
                allowed = f"{encoding or 'UTF-8'} text{_SAVE_AS}"
                faults.append(Fault(file=path.name, value="byte 0x00", allowed=allowed))
                return
            cut = text.rfind("\n") + 1 if data else len(text)
            if cut:
                yield rest + text[:cut]
                line += rest.count("\n") + text.count("\n", 0, cut)
                rest = text[cut:]
            else:
                rest += text
            if not data:
                if rest:
                    yield rest
                return
            if len(rest) > LONGEST_LINE:
                allowed = f"lines of at most {LONGEST_LINE:,} characters, each with a line feed at its end"
                faults.append(Fault(file=path.name, row=line, allowed=allowed))
                return


def _undecoded(path: Path, row: int, error: UnicodeDecodeError, encoding: str | None, *, start: bool) -> Fault:
    """Return what is wrong with bytes that are no text, and how they may have been meant."""
    value = f"byte {error.object[error.start]:#04x}"
    if encoding:
        return Fault(file=path.name, row=row, value=value, allowed=f"{encoding} text, as the key encoding says")
    if start and error.object[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        allowed = f"UTF-8 text; this is UTF-16: add encoding: utf-16{_SAVE_AS}"
        return Fault(file=path.name, row=row, value=value, allowed=allowed)
    word = re.split(rb"[,;\t\r\n\"]", error.object[max(error.start - 30, 0) : error.start])[-1]
    word += re.split(rb"[,;\t\r\n\"]", error.object[error.start : error.start + 30])[0]
    shown = word.decode("cp1252", errors="replace").strip()
    allowed = f"UTF-8 text; if {shown!r} is what it should read, add encoding: cp1252{_SAVE_AS}"
    return Fault(file=path.name, row=row, value=value, allowed=allowed)


_SAVE_AS = ", or save it as 'CSV UTF-8' in a spreadsheet"


def _header(reader: Iterator[list[str]], line: int, path: Path, faults: list[Fault]) -> list[str]:
    """Return the first line that is not blank; note one that repeats a name or uses another separator."""
    try:
        header = [cell.strip() for cell in next((cells for cells in reader if not _is_blank(cells)), [""])]
    except csv.Error as error:
        faults.append(_quoting(path, line, error))
        return []
    told = _SEPARATOR_LINE.fullmatch(header[0]) or (len(header) > 1 and header[0].lower() == "sep=")
    mark = next((mark for mark in ";\t|" if mark in header[0]), None) if len(header) == 1 else None
    if told:
        commas = "" if "," in ",".join(header) else _COMMAS
        allowed = f"the names of the columns; this line tells a spreadsheet how to open the file: remove it{commas}"
        faults.append(Fault(file=path.name, row=line, value=",".join(header)[:40], allowed=allowed))
    elif mark:
        allowed = f"columns separated by commas, not by {_MARKS[mark]}{_COMMAS}"
        faults.append(Fault(file=path.name, row=line, value=header[0][:40], allowed=allowed))
    if len(header) > MOST_COLUMNS:
        allowed = f"at most {MOST_COLUMNS:,} columns"
        faults.append(Fault(file=path.name, row=line, value=f"{len(header):,} columns", allowed=allowed))
        return header
    counted = Counter(header)
    repeated = sorted(name for name in counted if name and counted[name] > 1)
    allowed = "stands twice in the header; rename one"
    faults.extend(Fault(file=path.name, row=line, column=name, allowed=allowed) for name in repeated)
    return header


_SEPARATOR_LINE = re.compile(r"sep=.?", re.IGNORECASE)
_MARKS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_COMMAS = "; in a spreadsheet, save as 'CSV UTF-8 (comma delimited)', with decimal points"


def _check_tags(part: CsvPart, path: Path, faults: list[Fault]) -> None:
    """Note a first row that holds tags of what the columns mean."""
    cells = next(iter(part.rows), []) if isinstance(part.rows, list) else part.rows.partition("\n")[0].split(",")
    tags = [cell.strip() for cell in cells if cell.strip()]
    if tags and all(tag.startswith("#") for tag in tags):
        allowed = "data; this row of tags (HXL) says what the columns mean: remove it"
        faults.append(Fault(file=path.name, row=int(part.lines[0]), value=tags[0], allowed=allowed))


def _parts(texts: Iterator[str], line: int, header: list[str], path: Path, faults: list[Fault]) -> Iterator[CsvPart]:
    """Yield plain blocks as they stand, and from the first that is not plain on, rows that the csv module read."""
    yielded = False
    for text in texts:
        plain = text.replace("\r\n", "\n")
        found = _plain_rows(plain, len(header))
        if found is None:
            careful = _careful(chain([text], texts), line, header, path, faults)
            yield from careful
            return
        rows, lines, count = found
        if len(lines) or not yielded:
            yield CsvPart(header=header, lines=lines + line, rows=rows if len(lines) else [])
            yielded = True
        line += count


def _plain_rows(text: str, width: int) -> tuple[str, Ints, int] | None:
    r"""Return a text without its blank lines, the number of each line left, and how many there were.

    None where quotes, or lines of other lengths, need a closer look.

    >>> _plain_rows("1,2\n , \n\n3,4", 2)
    ('1,2\n3,4', array([0, 3]), 4)
    >>> _plain_rows("1,2,3\n", 2), _plain_rows('"1",2', 2)
    (None, None)
    """
    if '"' in text or "\r" in text:
        return None
    cells = np.frombuffer(text.encode(), dtype=np.uint8)
    if not len(cells):
        return "", np.zeros(0, dtype=np.intp), 0
    ends = np.flatnonzero(cells == ord("\n"))
    if cells[-1] != ord("\n"):
        ends = np.append(ends, len(cells))
    count, lines = len(ends), np.arange(len(ends))
    if _BLANK_ROW.search(text):
        starts = np.concatenate([[0], ends[:-1] + 1])
        filled = np.logical_or.reduceat(~np.isin(cells, _BLANKS), starts)
        sizes = np.diff(np.append(starts, len(cells)))
        cells, lines = cells[np.repeat(filled, sizes)], lines[filled]
        text, ends = cells.tobytes().decode(), np.cumsum(sizes[filled]) - 1
    commas = np.searchsorted(np.flatnonzero(cells == ord(",")), ends)
    return (text, lines, count) if (np.diff(commas, prepend=0) == width - 1).all() else None


def _careful(texts: Iterator[str], line: int, header: list[str], path: Path, faults: list[Fault]) -> Iterator[CsvPart]:
    """Yield rows that the csv module reads; note lines with more or fewer cells than the header."""
    allowed = f"{len(header)} cells, as many as the header has; a cell that holds a comma stands in quotes"
    reader = csv.reader(
        chain.from_iterable(io.StringIO(text, newline="") for text in texts), strict=True, skipinitialspace=True
    )
    lines: list[int] = []
    rows: list[list[str]] = []
    start, blank, wrong = line, 0, 0
    try:
        for cells in reader:
            if not any(cells) or _is_blank(cells):
                blank += 1
            elif len(cells) == len(header):
                lines.append(start)
                rows.append(cells)
            else:
                wrong += 1
                faults.append(Fault(file=path.name, row=start, value=f"{len(cells)} cells", allowed=allowed))
            start = line + reader.line_num
            if blank > MOST_BLANK or wrong > MOST_WRONG:
                more = f"is not read beyond here, after {blank:,} blank lines and {wrong:,} that are wrong"
                faults.append(Fault(file=path.name, row=start, allowed=more))
                break
            if len(rows) == ROWS:
                yield CsvPart(header=header, lines=lines, rows=rows)
                lines, rows = [], []
    except csv.Error as error:
        faults.append(_quoting(path, start, error))
    yield CsvPart(header=header, lines=lines, rows=rows)


def _is_blank(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _quoting(path: Path, row: int, error: csv.Error) -> Fault:
    allowed = f"a quoted cell is not closed, or a quote inside it is not doubled ({error})"
    return Fault(file=path.name, row=row, allowed=allowed)
