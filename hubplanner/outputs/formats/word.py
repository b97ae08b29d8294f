"""The list of actions as a Word document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubplanner.extras import absent
from hubplanner.outputs.formats.actions import Action, list_actions
from hubplanner.outputs.run_data import Result

_TABLE = "Light Grid Accent 1"
_A4_MM = (210, 297)
_MARGIN_MM = 20
_TEXT_POINTS = 10.5


def write_docx(result: Result, path: Path) -> None:
    """Write the list of actions for Word, A4, with headings that make a table of contents.

    Raises
    ------
    MissingExtraError
        When python-docx is not installed.
    """
    try:
        from docx import Document  # noqa: PLC0415 - optional
    except ImportError as error:
        raise absent(extra="docx", needs="a Word document needs") from error
    found, document = list_actions(result), Document()
    _page(document, result, found.title)
    document.add_heading(found.title, level=0)
    document.add_paragraph(" ".join(found.summary))
    for heading, actions in found.sections:
        document.add_heading(heading, level=1)
        if not actions:
            document.add_paragraph("Nothing.")
        for action in actions:
            _sentence(document, action)
    for heading, columns, rows in found.totals:
        document.add_heading(heading, level=1)
        _add_table(document, columns, rows)
    document.add_heading("Notes", level=1)
    for note in found.notes:
        document.add_paragraph(note, style="List Bullet")
    document.save(str(path))


def _page(document: Any, result: Result, title: str) -> None:
    """Set paper, type and what the file says of itself."""
    from docx.shared import Mm, Pt  # noqa: PLC0415

    section = document.sections[0]
    section.page_width, section.page_height = map(Mm, _A4_MM)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN_MM))
    document.styles["Normal"].font.size = Pt(_TEXT_POINTS)
    properties = document.core_properties
    properties.author, properties.comments, properties.title = "hubplanner", "", title[:255]
    properties.created = properties.modified = result.made.replace(tzinfo=None)


def _sentence(document: Any, action: Action) -> None:
    """Write a numbered sentence, with what to do and where in bold."""
    paragraph = document.add_paragraph(style="List Number")
    paragraph.add_run(action.task).bold = True
    if action.facts:
        paragraph.add_run(f" {action.facts}")


def _add_table(document: Any, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    """Write a table, numbers to the right, its head again on each page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415

    table = document.add_table(rows=0, cols=len(columns), style=_TABLE)
    for row in (columns, *rows):
        for number, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
            cell.text = text
            if number:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - no public way to it
