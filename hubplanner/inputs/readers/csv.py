"""CSV files to frames of text, in parts: plain blocks by a fast parser, all else by a careful one.

The mark between cells is the one that the header has most of, or that a line ``sep=;`` above it names. Text is UTF-8,
or UTF-16 where the file begins with that encoding's mark.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pandas as pd

from hubplanner.errors import DataWarning, Fault
from hubplanner.formats.table_formats import GZIP
from hubplanner.io import why_unreadable
from hubplanner.problem import Ints
from hubplanner.translation import N_, gettext as _

MOST_UNPACKED = 8_000_000_000
"""Bytes of a file that gzip packed: a small one may hold any number."""
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
SEPARATORS = ",;\t|"
"""Marks between cells; of two that a header has as often, the first."""
_NOTHING = f" {SEPARATORS}\r\n"
_LEAD = re.compile(r"[ ,;\t|\r\n]*[\r\n]")
"""Blank lines at the start."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_BOOLEAN = re.compile("true|false", re.IGNORECASE)
_UNNAMED = "\0{}"
"""A column without a name cannot be asked for; spreadsheets leave empty ones at the end."""


@dataclass(frozen=True, kw_only=True)
class CsvLayout:
    """What a scenario says of how a CSV file is laid out.

    Parameters
    ----------
    encoding
        Of its text; UTF-8, or as its first bytes say, if None.
    skip_rows
        Lines above the header that are no part of the table.
    header_rows
        Lines of the header.
    names
        Names of the columns where the file has no header.
    """

    encoding: str | None = None
    skip_rows: int = 0
    header_rows: int = 1
    names: tuple[str, ...] = ()


PLAIN = CsvLayout()


@dataclass(frozen=True, kw_only=True)
class _Marks:
    """What stands between cells, and what a line without any holds."""

    separator: str

    @cached_property
    def blank_row(self) -> re.Pattern[str]:
        """Lines that hold nothing."""
        mark = re.escape(self.separator)
        return re.compile(rf"^[ \t{mark}]*\n|^[ \t{mark}]+\Z", re.MULTILINE)

    @property
    def blanks(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """Bytes of lines that hold nothing."""
        return np.frombuffer(f" \t{self.separator}\n".encode(), dtype=np.uint8)

    def reader(self, lines: Iterable[str]) -> Any:
        """Return the csv module's reader of lines."""
        return csv.reader(lines, strict=True, skipinitialspace=True, delimiter=self.separator)


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
    separator
        The mark between cells.
    also
        Other names of columns: a line of a header of several lines, where no other column has it.
    """

    header: list[str]
    lines: Sequence[int] | Ints
    rows: list[list[str]] | str
    separator: str = ","
    also: Mapping[str, str] = field(default_factory=dict)

    def frame(self, columns: Collection[str] | None = None, numbers: Collection[str] = ()) -> pd.DataFrame:
        """Return stripped text by line number, of some columns or all; numbers where a column holds nothing else."""
        names = [name or _UNNAMED.format(place) for place, name in enumerate(self.header)]
        wanted = [name for name in self.header if name and (columns is None or name in columns)]
        if isinstance(self.rows, str):
            frame = _parsed(self.rows, self.separator, names, wanted, {name for name in numbers if name in wanted})
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
        rows = (
            [line.split(self.separator) for line in self.rows.split("\n")] if isinstance(self.rows, str) else self.rows
        )
        return {place for place in blank if any(len(row) > place and row[place].strip() for row in rows)}


def unnamed_columns(path: Path, places: Collection[int]) -> list[DataWarning]:
    """Return a warning for each column, from 0, that has no name."""
    blank = N_("column {place} of the header is blank, so its cells are not read; give it a name")
    return [
        DataWarning(code="blank_header", message=_(blank, place=place + 1), file=path.name) for place in sorted(places)
    ]


def _parsed(text: str, separator: str, names: list[str], wanted: list[str], numbers: Collection[str]) -> pd.DataFrame:
    kinds = {name: np.float64 if name in numbers else str for name in wanted}
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
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
        return _parsed(text, separator, names, wanted, ())
    # The parser takes a column of true and false for ones and zeros, which they are not.
    yes_or_no = any(((frame[name] == 0) | (frame[name] == 1)).all() for name in numbers)
    return _parsed(text, separator, names, wanted, ()) if yes_or_no and _BOOLEAN.search(text) else frame


@dataclass(frozen=True, kw_only=True, eq=False)
class CsvTable:
    """A CSV file's cells as stripped text, indexed by line; other names of columns, as `CsvPart.also`."""

    frame: pd.DataFrame
    also: Mapping[str, str]


def read_csv(
    path: Path, faults: list[Fault], layout: CsvLayout = PLAIN, warnings: list[DataWarning] | None = None
) -> CsvTable | None:
    """Return a CSV file; None, with faults noted, when it is malformed."""
    before, frames, unnamed = len(faults), [], set[int]()
    also: Mapping[str, str] = {}
    for part in csv_parts(path, faults, layout):
        frames.append(part.frame())
        unnamed |= part.unnamed()
        also = part.also
    if len(faults) > before:
        return None
    if warnings is not None:
        warnings.extend(unnamed_columns(path, unnamed))
    return CsvTable(frame=pd.concat(frames) if len(frames) > 1 else frames[0], also=also)


def csv_parts(path: Path, faults: list[Fault], layout: CsvLayout = PLAIN) -> Iterator[CsvPart]:
    """Yield a CSV file in parts, at least one; note what is malformed and leave it out.

    Parameters
    ----------
    path
        The file.
    faults
        Gets what is wrong.
    layout
        What the scenario says of it.
    """
    before = len(faults)
    try:
        texts = _texts(path, layout.encoding or _marked(path), faults)
        line, text = _first_text(texts, layout.skip_rows)
        if not text:
            if len(faults) == before:
                faults.append(Fault(file=path.name, allowed=_("is empty")))
            return
        marks, told = _marks(text)
        first = io.StringIO(text, newline="")
        first.seek(told)
        line += text.count("\n", 0, told)
        reader = marks.reader(first)
        named = (list(layout.names), dict[str, str]())
        header, also = named if layout.names else _header(reader, line, layout.header_rows, path, faults)
        if len(faults) > before:
            return
        rest = chain([text[first.tell() :]], texts)
        parts = _parts(rest, line + reader.line_num, (header, also), marks, path, faults)
        part = next(parts)
        _check_tags(part, path, faults)
        yield part
        yield from parts
    except zlib.error as error:
        faults.append(Fault(file=path.name, allowed=_("cannot be unpacked: {error}", error=error)))
    except EOFError:
        faults.append(Fault(file=path.name, allowed=_("is cut short, so that it cannot be unpacked; fetch it again")))
    except OSError as error:
        faults.append(Fault(file=str(path), allowed=why_unreadable(path, error)))


def _opened(path: Path) -> BinaryIO:
    """Open a file, one that gzip packed as what it holds."""
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == GZIP else path.open("rb")


def _marked(path: Path) -> str | None:
    """Return the encoding of Unicode that a file's first bytes say; None where they say none, or UTF-8."""
    with _opened(path) as file:
        start = file.read(4)
    if start in {codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE}:
        return "utf-32"
    return "utf-16" if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else None


def _marks(text: str) -> tuple[_Marks, int]:
    """Return what stands between the cells of a text that begins with its header, and where the header begins."""
    told = _SEPARATOR_LINE.match(text)
    if told is not None and told.group(1):
        return _Marks(separator=told.group(1)), told.end()
    start = told.end() if told else 0
    head = _QUOTED.sub("", text[start : start + _LONGEST_HEADER])
    line = re.split(r"[\r\n]", head, maxsplit=1)[0]
    return _Marks(separator=max(SEPARATORS, key=line.count)), start


_LONGEST_HEADER = 1_000_000


def _first_text(texts: Iterator[str], skipped: int) -> tuple[int, str]:
    """Return the first text that is not blank without the lines before it, and its line; nothing without any.

    Lines before it are blank, or the first ones that are to be skipped.
    """
    line = 1
    for text in texts:
        rest = text
        while line <= skipped and rest:
            ended = _LINE_END.search(rest)
            rest = rest[ended.end() :] if ended else ""
            line += 1
        lead = _LEAD.match(rest)
        blank = lead.group() if lead else ""
        line += blank.count("\n") + blank.count("\r") - blank.count("\r\n")
        rest = rest[len(blank) :]
        if rest.strip(_NOTHING):
            return line, rest
    return line, ""


_LINE_END = re.compile(r"\r\n|\n|\r")


def _texts(path: Path, encoding: str | None, faults: list[Fault]) -> Iterator[str]:
    """Yield whole lines of a file as text; stop, with a fault noted, at what is in another encoding."""
    decoder = codecs.getincrementaldecoder(encoding or "utf-8-sig")()
    line, rest, left = 1, "", MOST_UNPACKED
    with _opened(path) as file:
        while True:
            data = file.read(BLOCK)
            left -= len(data)
            if left < 0 and path.suffix.lower() == GZIP:
                allowed = _("at most {most_bytes:,} bytes unpacked; unpack it first", most_bytes=MOST_UNPACKED)
                faults.append(Fault(file=path.name, allowed=allowed))
                return
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(error.encoding, errors="replace")
                row = line + rest.count("\n") + before.count("\n")
                faults.append(_undecoded(path, row, error, encoding))
                return
            if "\0" in text:
                allowed = _("{encoding} text{save_as}", encoding=encoding or "UTF-8", save_as=_SAVE_AS)
                faults.append(Fault(file=path.name, value=_("byte 0x00"), allowed=allowed))
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
                allowed = _(
                    "lines of at most {longest_line:,} characters, each with a line feed at its end",
                    longest_line=LONGEST_LINE,
                )
                faults.append(Fault(file=path.name, row=line, allowed=allowed))
                return


def _undecoded(path: Path, row: int, error: UnicodeDecodeError, encoding: str | None) -> Fault:
    """Return what is wrong with bytes that are no text, and how they may have been meant."""
    value = _("byte {object:#04x}", object=error.object[error.start])
    if encoding:
        return Fault(
            file=path.name,
            row=row,
            value=value,
            allowed=_("{encoding} text, as the key encoding says", encoding=encoding),
        )
    word = re.split(rb"[,;\t\r\n\"]", error.object[max(error.start - 30, 0) : error.start])[-1]
    word += re.split(rb"[,;\t\r\n\"]", error.object[error.start : error.start + 30])[0]
    shown = word.decode("cp1252", errors="replace").strip()
    allowed = _(
        "UTF-8 text; if {shown!r} is what it should read, add encoding: cp1252{save_as}", shown=shown, save_as=_SAVE_AS
    )
    return Fault(file=path.name, row=row, value=value, allowed=allowed)


_SAVE_AS = ", or save it as 'CSV UTF-8' in a spreadsheet"


def _header(
    reader: Iterator[list[str]], line: int, count: int, path: Path, faults: list[Fault]
) -> tuple[list[str], dict[str, str]]:
    """Return the first lines that are not blank as names, and other names; note what repeats a name."""
    try:
        lines = [next((cells for cells in reader if not _is_blank(cells)), [""]) for _ in range(count)]
    except csv.Error as error:
        faults.append(_quoting(path, line, error))
        return [], {}
    width = max(map(len, lines))
    if width > MOST_COLUMNS:
        allowed = _("at most {most_columns:,} columns", most_columns=MOST_COLUMNS)
        faults.append(Fault(file=path.name, row=line, value=_("{width:,} columns", width=width), allowed=allowed))
        return [], {}
    header, also = names_of([[cell.strip() for cell in cells] for cells in lines])
    note_repeated_names(header, path.name, line, faults)
    return header, also


def names_of(lines: Sequence[Sequence[str]]) -> tuple[list[str], dict[str, str]]:
    """Return the names of columns of a header of some lines, and other names for them.

    A cell above the last line stands for the blank ones right of it, as where cells are merged; the cells of a column
    are joined by blanks. A cell that no other column has is another name of its column.

    >>> names_of([["code", "2024", "", "2025"], ["", "people", "online", "people"]])
    (['code', '2024 people', '2024 online', '2025 people'], {'online': '2024 online', '2025': '2025 people'})
    """
    width = max(map(len, lines))
    rows = [[*cells, *[""] * (width - len(cells))] for cells in lines]
    for upper in rows[:-1]:
        for place in range(1, width):
            upper[place] = upper[place] or (upper[place - 1] if any(row[place] for row in rows) else "")
    parts = [list(dict.fromkeys(row[place] for row in rows if row[place])) for place in range(width)]
    names = [" ".join(part) for part in parts]
    counted = Counter(cell for part in parts for cell in part)
    also = {
        cell: name
        for part, name in zip(parts, names, strict=True)
        for cell in part
        if counted[cell] == 1 and cell not in names
    }
    return names, also


REPEATED_NAME = N_("appears twice in the header; rename one")


def note_repeated_names(header: Sequence[str], file: str, line: int, faults: list[Fault]) -> None:
    """Note each name that two columns have."""
    counted = Counter(header)
    repeated = sorted(name for name in counted if name and counted[name] > 1)
    faults.extend(Fault(file=file, row=line, column=name, allowed=_(REPEATED_NAME)) for name in repeated)


_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|]?)"?[,;\t|]*(?:\r\n|\n|\r)', re.IGNORECASE)
"""What tells a spreadsheet the mark between cells."""


def _check_tags(part: CsvPart, path: Path, faults: list[Fault]) -> None:
    """Note a first row that holds tags of what the columns mean."""
    cells = (
        next(iter(part.rows), []) if isinstance(part.rows, list) else part.rows.partition("\n")[0].split(part.separator)
    )
    tags = [cell.strip() for cell in cells if cell.strip()]
    if tags and all(tag.startswith("#") for tag in tags):
        allowed = _("data; this row of tags (HXL) says what the columns mean: remove it")
        faults.append(Fault(file=path.name, row=int(part.lines[0]), value=tags[0], allowed=allowed))


def _parts(  # noqa: PLR0913, PLR0917 - where the lines come from, and what they are called
    texts: Iterator[str],
    line: int,
    names: tuple[list[str], Mapping[str, str]],
    marks: _Marks,
    path: Path,
    faults: list[Fault],
) -> Iterator[CsvPart]:
    """Yield plain blocks as they stand, and from the first that is not plain on, rows that the csv module read."""
    yielded, (header, also) = False, names
    for text in texts:
        plain = text.replace("\r\n", "\n")
        found = _plain_rows(plain, len(header), marks)
        if found is None:
            for own, cells in _careful(chain([text], texts), line, len(header), marks, path, faults):
                yield CsvPart(header=header, lines=own, rows=cells, separator=marks.separator, also=also)
            return
        rows, lines, count = found
        if len(lines) or not yielded:
            rest: list[list[str]] | str = rows if len(lines) else []
            yield CsvPart(header=header, lines=lines + line, rows=rest, separator=marks.separator, also=also)
            yielded = True
        line += count


def _plain_rows(text: str, width: int, marks: _Marks) -> tuple[str, Ints, int] | None:
    r"""Return a text without its blank lines, the number of each line left, and how many there were.

    None where quotes, or lines of other lengths, need a closer look.

    >>> commas = _Marks(separator=",")
    >>> _plain_rows("1,2\n , \n\n3,4", 2, commas)
    ('1,2\n3,4', array([0, 3]), 4)
    >>> _plain_rows("1,2,3\n", 2, commas), _plain_rows('"1",2', 2, commas)
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
    if marks.blank_row.search(text):
        starts = np.concatenate([[0], ends[:-1] + 1])
        filled = np.logical_or.reduceat(~np.isin(cells, marks.blanks), starts)
        sizes = np.diff(np.append(starts, len(cells)))
        cells, lines = cells[np.repeat(filled, sizes)], lines[filled]
        text, ends = cells.tobytes().decode(), np.cumsum(sizes[filled]) - 1
    commas = np.searchsorted(np.flatnonzero(cells == ord(marks.separator)), ends)
    return (text, lines, count) if (np.diff(commas, prepend=0) == width - 1).all() else None


def _careful(  # noqa: PLR0913, PLR0917 - where the lines come from, and what they hold
    texts: Iterator[str], line: int, width: int, marks: _Marks, path: Path, faults: list[Fault]
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield rows that the csv module reads; note lines with more or fewer cells than the header."""
    called = _(_CALLED[marks.separator])
    allowed = _(
        "{width} cells, as many as the header has; a cell that holds a {called} stands in quotes",
        width=width,
        called=called,
    )
    reader = marks.reader(chain.from_iterable(io.StringIO(text, newline="") for text in texts))
    lines: list[int] = []
    rows: list[list[str]] = []
    start, blank, wrong = line, 0, 0
    try:
        for cells in reader:
            if not any(cells) or _is_blank(cells):
                blank += 1
            elif len(cells) == width:
                lines.append(start)
                rows.append(cells)
            else:
                wrong += 1
                faults.append(
                    Fault(file=path.name, row=start, value=_("{count} cells", count=len(cells)), allowed=allowed)
                )
            start = line + reader.line_num
            if blank > MOST_BLANK or wrong > MOST_WRONG:
                more = _(
                    "is not read beyond this row, after {blank:,} blank lines and {wrong:,} that are wrong",
                    blank=blank,
                    wrong=wrong,
                )
                faults.append(Fault(file=path.name, row=start, allowed=more))
                break
            if len(rows) == ROWS:
                yield lines, rows
                lines, rows = [], []
    except csv.Error as error:
        faults.append(_quoting(path, start, error))
    yield lines, rows


_CALLED = {",": N_("comma"), ";": N_("semicolon"), "\t": N_("tab"), "|": N_("bar")}


def _is_blank(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _quoting(path: Path, row: int, error: csv.Error) -> Fault:
    allowed = _("a quoted cell is not closed, or a quote inside it is not doubled ({error})", error=error)
    return Fault(file=path.name, row=row, allowed=allowed)
