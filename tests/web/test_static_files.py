"""The page's own files: small modules, nothing of others, nothing from elsewhere, text only ever as text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "hubplanner/web/static"
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
MODULES = [path for path in FILES if path.suffix == ".js"]
MOST_LINES = 200
KINDS = {".html", ".css", ".js", ".svg"}
UNSAFE = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc")
ELSEWHERE = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_small_and_asks_nobody_else(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.suffix in KINDS
    assert len(text.splitlines()) <= MOST_LINES
    assert ELSEWHERE.findall(text) == []
    assert "@import" not in text


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_imports_what_there_is_and_sets_text_as_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert UNSAFE.findall(text) == []
    for names, other in re.findall(r"import \{([^}]*)\} from \"\./([a-z]+\.js)\"", text):
        there = (STATIC / other).read_text(encoding="utf-8")
        for name in (part.strip() for part in names.split(",")):
            assert re.search(rf"export (?:async )?(?:function|const|let|class) {name}\b", there), (
                f"{path.name}: {name} of {other}"
            )
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{path.name} imports {name} and leaves it unused"


def test_the_page_has_no_code_or_style_of_its_own() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"\son[a-z]+=|\sstyle=|<style|<script>", page) == []
    asked = set(re.findall(r"(?:src|href)=\"(/[^\"]+)\"", page))
    assert {path.removeprefix("/static/") for path in asked if path.startswith("/static/")} <= {
        path.name for path in FILES
    }
    assert {path for path in asked if not path.startswith("/static/")} == {"/vendor/maplibre-gl.css", "/tokens.css"}
    assert '"/vendor/maplibre-gl.js"' in (STATIC / "library.js").read_text(encoding="utf-8")  # only where it can draw
