"""The commands that show and clear the cache."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.cache import PLACE, kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from support.command import Done


def test_the_cache_is_shown_and_cleared(
    inside: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PLACE, str(tmp_path / "kept"))
    assert inside("cache", "show").stdout == f"{tmp_path / 'kept'}: 0 files, 0.0 MB.\n"
    kept("thing", ["a"], lambda: {"n": np.zeros(500_000)})
    assert inside("cache", "show").stdout == f"{tmp_path / 'kept'}: 1 file, 4.0 MB.\n"
    told = json.loads(inside("cache", "show", "--json").stdout)
    assert told["entries"] == 1
    assert told["bytes"] > 4_000_000
    assert inside("cache", "clear").stdout == "Removed 1 file, 4.0 MB.\n"
    assert json.loads(inside("cache", "clear", "--json").stdout)["removed"] == 0


def test_where_it_is_off_it_says_so(inside: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PLACE, "off")
    assert inside("cache", "show").stdout == "The cache is off: HUBPLANNER_CACHE=off.\n"
