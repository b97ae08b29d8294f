"""One rule for the words of a proof: gaps up, words by what is proven, and no tick without a proof."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hubplanner as hp
from hubplanner.cli.tables import proof
from hubplanner.formatting import at_most, better_in_words, gap_in_words, is_sure, proof_in_words, proof_of
from hubplanner.outputs.formats.actions import list_actions
from hubplanner.outputs.html import headline as page_headline
from hubplanner.outputs.map import draw as picture
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from support.project import Project

SOURCE = Path(hp.__file__).parent


@pytest.mark.parametrize(
    ("gap", "status", "words", "sure"),
    [
        (0.0, "optimal", "proven: no plan is better", True),
        (1e-7, "optimal", "proven: no plan is better", True),
        (3e-7, "optimal", "proven within 0.01 % of the best possible", True),
        (3.1e-4, "optimal", "proven within 0.04 % of the best possible", True),
        (3.1e-4, "feasible", "not proven as asked: at most 0.04 % from the best possible", False),
        (1.4419, "feasible", "not proven: the time was too short for any useful bound", False),
        (1.4419, "optimal", "not proven: the time was too short for any useful bound", False),
        (None, "no_plan", "not proven", False),
    ],
)
def test_words_and_tick_by_what_is_proven(gap: float | None, status: str, words: str, *, sure: bool) -> None:
    assert proof_in_words(gap, status) == words
    assert is_sure(gap, status) is sure
    assert proof_of({"gap": gap, "status": status}) == {"words": words, "sure": sure}


@pytest.mark.parametrize("gap", [1e-6, 5e-7, 1e-4, 3.1e-4, 0.0999, 0.12345, 0.7])
def test_a_gap_in_words_is_never_smaller_than_it_is(gap: float) -> None:
    assert float(at_most(gap).removesuffix(" %")) / 100 >= gap * (1 - 1e-9)
    assert gap_in_words(gap).removeprefix("< ") == at_most(gap)
    assert at_most(gap) in better_in_words(gap)


@pytest.mark.parametrize(
    ("gap", "status"), [(3.1e-4, "optimal"), (3.1e-4, "feasible"), (1.4419, "feasible"), (0.0, "optimal")]
)
def test_terminal_report_picture_and_actions_say_the_same(project: Project, gap: float, status: str) -> None:
    run = hp.solve(project.read()).write(project.folder / "run")
    result, _ = read_result(run)
    plan = result.summary
    plan |= {"gap": gap, "status": status, "bound": plan["objective_value"] * (1 + gap), "ties": "open"}
    told = [
        proof(plan),
        page_headline.proof(result),
        " ".join(picture._proof(gap, status, "time ran out")),
        list_actions(result).summary[-1],
    ]
    if gap > 1:
        assert all("%" not in words.replace("(0.01 %)", "") for words in told)
        assert all(re.search("useful bound|Unknown", words) for words in told)
    elif gap:
        assert all("0.04 %" in words for words in told)
    else:
        assert not any("from the best" in words or "within 0" in words for words in told)


def test_gaps_are_put_into_words_in_one_place() -> None:
    """No other module formats a gap as per cent, and the app takes the words as they come."""
    spelled = re.compile(r"gap[\"'\]\w]*:[.,\d]*[%e]|gap\)?\s*\*\s*100|SMALLEST_GAP = (?!EXACT)")
    assert spelled.search('f"{gap:.2%}"')
    files = [path for kind in ("py", "js") for path in SOURCE.rglob(f"*.{kind}")]
    found = [path.name for path in files if spelled.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_per_cent_is_spelled_in_one_place() -> None:
    """Every figure in per cent that a user reads has its sign from `formatting`, and so the same space before it."""
    spelled = re.compile(r":[.,\d]*\d%|[\d}]%[\"' ]")
    assert spelled.search('f"{share:.1%}"')
    assert spelled.search('"30% of"')
    files = [path for kind in ("py", "html") for path in SOURCE.rglob(f"*.{kind}") if "page" not in path.parts]
    found = [
        (path.name, line) for path in files for line in path.read_text("utf-8").splitlines() if spelled.search(line)
    ]
    known = {"formatting.py", "plan.py"}  # the latter for the width of a frame
    assert [(name, line) for name, line in found if name not in known] == []


def test_documents_write_per_cent_the_same_way() -> None:
    patterns = (
        "*.md",
        "docs/**/*.md",
        "notebooks/*.ipynb",
        "scenarios/**/*.yaml",
        "scenarios/*.md",
        "data/pakistan/*.csv",
    )
    files = [path for pattern in patterns for path in SOURCE.parent.glob(pattern)]
    assert len(files) > 40
    spelled = re.compile(r"\d%(?![0-9A-F]{2})")  # but for %20 in an address
    told = [
        (path.name, line) for path in files for line in path.read_text("utf-8").splitlines() if spelled.search(line)
    ]
    assert told == []
