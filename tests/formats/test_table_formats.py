"""The table of formats: every entry has its readers, and no other module tells files apart by their names."""

import re
from pathlib import Path

import pytest

from hubplanner.audit.data.places import PLAIN, SHAPES
from hubplanner.formats.table_formats import ADVICE, FORMATS, PLACES, TableFormat, check_kind, suffixes_of
from hubplanner.inputs.readers.tables import READERS

PACKAGE = Path(__file__).resolve().parents[2] / "hubplanner"


def test_each_format_of_places_has_a_reader() -> None:
    assert set(READERS) == {each.name for each in PLACES}


@pytest.mark.parametrize("each", PLACES, ids=lambda each: each.name)
def test_the_audit_reads_each_format_by_itself(each: TableFormat) -> None:
    assert each.name in (PLAIN if each.kind == "table" else SHAPES)
    assert not each.distances or each.name in PLAIN


def test_no_two_formats_share_a_suffix() -> None:
    every = [*suffixes_of(FORMATS), *(suffix for ends in ADVICE for suffix in ends)]
    assert len(set(every)) == len(every)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in every)


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_the_app_takes_what_the_table_says(each: TableFormat) -> None:
    for suffix in each.suffixes:
        if each.uploaded:
            assert check_kind(f"places{suffix.upper()}") == suffix
        else:
            with pytest.raises(ValueError, match="a file name ending in"):
                check_kind(f"places{suffix}")


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_the_app_takes_what_gzip_packed_where_it_is_read(each: TableFormat) -> None:
    for suffix in each.suffixes:
        if each.gzipped:
            assert check_kind(f"places{suffix}.GZ") == f"{suffix}.gz"
        else:
            with pytest.raises(ValueError, match="a file name ending in"):
                check_kind(f"places{suffix}.gz")


def test_files_are_told_apart_by_their_names_in_one_place() -> None:
    ends = "|".join(re.escape(suffix) for suffix in suffixes_of(FORMATS))
    compared = re.compile(rf"""(suffix|endswith|\bin\b|==)[^\n]*["']({ends})["']""")
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if compared.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "audit/data/run_files.py",
        "formats/table_formats.py",
        "outputs/writers.py",
        "web/routes/runs.py",
        "web/uploads/inspect.py",
    }  # all but the table of formats name a file that hubplanner writes itself
