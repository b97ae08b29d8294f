"""Every file for other programs that can be made of a run: how it is asked for, what it is called, who writes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubplanner.outputs.run_data import Result


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file for another program.

    Parameters
    ----------
    name
        What it is asked for by: ``hubplanner export --name``.
    file
        What it is called.
    about
        What it is, for the command's help.
    write
        Writes a run to a path. Its module is imported when it is called, so that help and lists stay quick.
    extra
        Optional part that it takes, of `hubplanner.extras.EXTRAS`.
    """

    name: str
    file: str
    about: str
    write: Callable[[Result, Path], None]
    extra: str | None = None


def _excel(result: Result, path: Path) -> None:
    from hubplanner.outputs.formats.excel import write_workbook  # noqa: PLC0415

    write_workbook(result, path)


def _arcgis(result: Result, path: Path) -> None:
    from hubplanner.outputs.formats.arcgis import write_arcgis  # noqa: PLC0415

    write_arcgis(result, path)


def _kml(result: Result, path: Path) -> None:
    from hubplanner.outputs.formats.kml import write_kml  # noqa: PLC0415

    write_kml(result, path)


def _actions(result: Result, path: Path) -> None:
    from hubplanner.outputs.formats.actions import write_markdown  # noqa: PLC0415

    write_markdown(result, path)


def _docx(result: Result, path: Path) -> None:
    from hubplanner.outputs.formats.word import write_docx  # noqa: PLC0415

    write_docx(result, path)


EXPORTS: tuple[Export, ...] = (
    Export(name="excel", file="plan.xlsx", about="a workbook with all tables.", write=_excel, extra="excel"),
    Export(
        name="arcgis",
        file="arcgis.gpkg",
        about="layers as ArcGIS Location-Allocation writes them.",
        write=_arcgis,
    ),
    Export(name="kml", file="plan.kml", about="for Google Earth.", write=_kml),
    Export(name="actions", file="actions.md", about="what to do, in sentences.", write=_actions),
    Export(name="docx", file="actions.docx", about="the same for Word.", write=_docx, extra="docx"),
)
"""In the order in which they are listed. The command's options, the app's downloads and the tests follow from here."""
