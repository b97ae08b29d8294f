"""The workbook as Excel reads it: straight from its XML."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from support.instances.hostile_names import MARKUP, URDU, odd_result, tree

from hubplanner.errors import DataError, MissingExtraError
from hubplanner.outputs.formats import excel as workbook
from hubplanner.outputs.formats.excel import write_workbook

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from support.project import Project

    from hubplanner.outputs.run_data import Result

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Book:
    """What of a workbook matters here."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.parts = {name: file.read(name) for name in file.namelist()}
        strings = self.tree("xl/sharedStrings.xml").iter(f"{MAIN}si")
        self.strings = ["".join(part.text or "" for part in entry.iter(f"{MAIN}t")) for entry in strings]
        sheets = self.tree("xl/workbook.xml").iter(f"{MAIN}sheet")
        self.sheets = {
            sheet.attrib["name"]: self.tree(f"xl/worksheets/sheet{n}.xml") for n, sheet in enumerate(sheets, 1)
        }
        styles = self.tree("xl/styles.xml")
        self.styles = [style.attrib for style in styles.find(f"{MAIN}cellXfs") or ()]
        self.formats = {part.attrib["numFmtId"]: part.attrib["formatCode"] for part in styles.iter(f"{MAIN}numFmt")}

    def tree(self, name: str) -> ET.Element:
        return tree(self.parts[name])

    def value(self, cell: ET.Element) -> Any:
        text = cell.findtext(f"{MAIN}v")
        kinds = {"s": lambda number: self.strings[int(number)], "b": lambda number: number == "1"}
        return None if text is None else kinds.get(cell.get("t", "n"), float)(text)

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        """Each row by the names of the header; blank cells are left out."""
        first, *rest = self.sheets[sheet].iter(f"{MAIN}row")
        names = {cell.attrib["r"].rstrip("0123456789"): self.value(cell) for cell in first}
        return [{names[cell.attrib["r"].rstrip("0123456789")]: self.value(cell) for cell in row} for row in rest]


@pytest.fixture
def result(project: Project) -> Result:
    return odd_result(project, {"model.floors": [{"group": "province", "value": "Punjab", "share": 0.01}]})


@pytest.fixture
def book(result: Result, tmp_path: Path) -> Book:
    write_workbook(result, tmp_path / "plan.xlsx")
    return Book(tmp_path / "plan.xlsx")


def test_no_text_acts_as_a_formula_or_link(book: Book) -> None:
    assert {"=S1", "=1+1", "@x", "https://example.org", MARKUP, URDU, "=cmd"} <= set(book.strings)
    for name, sheet in book.sheets.items():
        assert list(sheet.iter(f"{MAIN}f")) == [], name
        assert list(sheet.iter(f"{MAIN}hyperlink")) == [], name
        for cell in list(sheet.iter(f"{MAIN}row"))[1:]:
            for part in cell:
                if str(book.value(part)).startswith(("=", "+", "@")):
                    assert book.styles[int(part.attrib["s"])]["quotePrefix"] == "1"
    assert not [name for name in book.parts if "external" in name or "rels/sheet" in name]


def test_sheets_hold_the_plan(book: Book, result: Result) -> None:
    assert list(book.sheets) == ["hubs", "demand", "costs", "groups", "assumptions"]
    hubs = book.rows("hubs")
    assert [row["site_id"] for row in hubs] == result.hubs["site_id"].tolist()
    assert sum(row["cost"] for row in hubs) == pytest.approx(result.summary["cost"]["total"])
    assert [row["people"] for row in book.rows("demand")] == result.demand["people"].tolist()
    costs = {(row["part"], row["item"]): row for row in book.rows("costs")}
    whole = costs["plan", "all"]
    assert whole["cost"] == costs["plan", "to build"]["cost"] + costs["plan", "to run, 2 years"]["cost"]
    assert whole["cost per person"] == pytest.approx(whole["cost"] / result.summary["people"]["covered"])
    for part in ("tier", "district"):
        assert sum(row["cost"] for (kind, _), row in costs.items() if kind == part) == pytest.approx(whole["cost"])
    punjab = next(row for row in book.rows("groups") if row["value"] == "Punjab")
    assert punjab["floor"] == 0.01
    assert punjab["need covered"] / punjab["need"] == pytest.approx(punjab["share of need"])
    said = {row["item"]: row.get("value") for row in book.rows("assumptions")}
    assert said["demand.path"] == "demand.csv"
    assert (said["hubs.park.reach_km"], said["status"]) == (20, "optimal")


def test_headers_are_frozen_filters_set_and_money_shown_as_money(book: Book) -> None:
    for name, sheet in book.sheets.items():
        pane = sheet.find(f".//{MAIN}pane")
        assert pane is not None
        assert (pane.get("ySplit"), pane.get("state")) == ("1", "frozen")
        reference = sheet.find(f"{MAIN}autoFilter").attrib["ref"]  # type: ignore[union-attr]
        assert reference.startswith("A1:")
        assert int(reference.rpartition(":")[2].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == len(book.rows(name)) + 1
        widths = [float(column.attrib["width"]) for column in sheet.iter(f"{MAIN}col")]
        assert 9 < min(widths) < max(widths) < 45
    assert '"Rs" #,##0' in book.formats.values()


def test_years_have_a_row_each(project: Project, tmp_path: Path) -> None:
    years = [{"name": "2027", "budget": 200}, {"name": "2028", "budget": 300}]
    result = odd_result(project, {"model.budget": None, "model.periods": {"years": years}, "sites.status": None})
    write_workbook(result, tmp_path / "plan.xlsx")
    found = [row for row in Book(tmp_path / "plan.xlsx").rows("costs") if row["part"] == "year"]
    assert [(row["item"], row["budget"]) for row in found] == [("2027", 200), ("2028", 300)]
    assert sum(row["cost"] for row in found) == pytest.approx(result.summary["cost"]["total"])


def test_an_empty_plan_has_all_sheets(project: Project, tmp_path: Path) -> None:
    result = odd_result(project, {"model.budget": 0, "sites.status": None, "horizon_years": 0})
    write_workbook(result, tmp_path / "plan.xlsx")
    book = Book(tmp_path / "plan.xlsx")
    assert book.rows("hubs") == []
    assert book.sheets["hubs"].find(f"{MAIN}autoFilter").attrib["ref"] == "A1:J1"  # type: ignore[union-attr]
    assert len(book.rows("demand")) == 4


def test_what_excel_cannot_hold_is_refused_or_said(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result.hubs["name"] = ["x" * 40_000, *result.hubs["name"][1:]]
    result.hubs["long"] = 12345678901234567890
    write_workbook(result, tmp_path / "plan.xlsx")
    first = Book(tmp_path / "plan.xlsx").rows("hubs")[0]
    assert (len(first["name"]), first["name"][-1], first["long"]) == (32_767, "…", "12345678901234567890")
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    with pytest.raises(DataError, match=r"other.xlsx, demand: 4 found; allowed: at most 3 rows .* use demand.csv"):
        write_workbook(result, tmp_path / "other.xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hubplanner\[excel\]'"):
        write_workbook(result, tmp_path / "other.xlsx")
