"""What is kept between commands: found again only where it was made of the same, whole, and bounded."""

from __future__ import annotations

import logging
import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubplanner import cache
from hubplanner.cache import cache_folder, clear, entries, kept


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a cache of the test's own."""
    place = tmp_path / "cache"
    monkeypatch.setenv(cache.PLACE, str(place))
    return place


class Maker:
    """Counts how often something is made."""

    def __init__(self, size: int = 3) -> None:
        self.size = size
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray[Any, Any]]:
        self.calls += 1
        return {"n": np.arange(self.size), "x": np.full((self.size, 2), np.inf)}


def same(left: dict[str, np.ndarray[Any, Any]], right: dict[str, np.ndarray[Any, Any]]) -> bool:
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype and np.array_equal(left[name], right[name]) for name in left
    )


@pytest.mark.usefixtures("folder")
def test_what_is_made_of_the_same_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a", encoding="utf-8")
    make = Maker()
    parts = [np.array([1.0, 2.0]), file, "word", 3.0, None]
    first = kept("thing", parts, make)
    assert same(kept("thing", [part if part is not file else Path(str(file)) for part in parts], make), first)
    assert make.calls == 1


@pytest.mark.usefixtures("folder")
def test_any_difference_makes_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a", encoding="utf-8")
    make = Maker()
    made_of: list[list[Any]] = [
        [np.array([1.0, 2.0]), file, "word"],
        [np.array([2.0, 1.0]), file, "word"],
        [np.array([[1.0], [2.0]]), file, "word"],
        [np.array([1, 2]), file, "word"],
        [np.array([1.0, 2.0]), file, "wor", "d"],
        [np.array([1.0, 2.0]), str(file), "word"],
        [np.array([1.0, 2.0]), file, "word", None],
    ]
    for parts in made_of:
        kept("thing", parts, make)
    kept("other", made_of[0], make)
    file.write_text("b", encoding="utf-8")
    kept("thing", made_of[0], make)
    monkeypatch.setattr(cache, "_program", lambda: "another version of the program")
    kept("thing", made_of[0], make)
    assert make.calls == len(made_of) + 3


def test_a_damaged_entry_is_thrown_away_and_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    make = Maker()
    first = kept("thing", ["a"], make)
    (path,) = folder.glob("*.npz")
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1  # a bit in the middle of an array
    np.save(alone := folder / "alone.npy", np.arange(3))
    for damage in (b"", b"nothing of ours", alone.read_bytes(), whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(damage)
        caplog.clear()
        assert same(kept("thing", ["a"], make), first)
        assert "damaged" in caplog.text
        assert path.read_bytes() == whole
    assert make.calls == 6


def test_those_not_used_for_longest_go_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make = Maker(1000)
    caplog.set_level(logging.INFO, "hubplanner")
    for name in "abc":
        kept(name, [name], make)
    one = entries()[0].stat().st_size
    for age, name in enumerate("abc"):
        os.utime(next(folder.glob(f"{name}-*")), (1000 + age, 1000 + age))
    kept("a", ["a"], make)  # used again: b is the oldest now
    assert make.calls == 3
    monkeypatch.setattr(cache, "MOST_BYTES", 3 * one)
    kept("d", ["d"], make)
    assert sorted(path.name[0] for path in entries()) == ["a", "c", "d"]
    monkeypatch.setattr(cache, "MOST_BYTES", one // 2)
    kept("e", ["e"], make)
    assert "not kept" in caplog.text
    assert sorted(path.name[0] for path in entries()) == ["a", "c", "d"]


def test_where_nothing_can_be_written_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv(cache.PLACE, str(tmp_path / "file" / "cache"))
    make = Maker()
    kept("thing", ["a"], make)
    assert "HUBPLANNER_CACHE=off" in caplog.text
    assert make.calls == 1


def test_off_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.PLACE, cache.OFF)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    make = Maker()
    for _ in range(2):
        kept("thing", ["a"], make)
    assert make.calls == 2
    assert cache_folder() is None
    assert clear() == (0, 0)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.delenv(cache.PLACE)
    assert cache_folder() == tmp_path / "hubplanner"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_folder() == tmp_path / "home" / ".cache" / "hubplanner"


def test_nothing_but_entries_is_cleared(folder: Path) -> None:
    kept("thing", ["a"], Maker())
    (folder / "mine.txt").write_text("not an entry", encoding="utf-8")
    number, size = clear()
    assert number == 1
    assert size > 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def _use(number: int) -> int:
    """Take and make entries, and clear them now and then, as several commands at once do."""
    wrong = 0
    for turn in range(30):
        name = f"{(number + turn) % 4}"
        found = kept("shared", [name], lambda name=name: {"n": np.full(20_000, int(name))})  # type: ignore[misc]
        wrong += int(not (found["n"] == int(name)).all())
        if turn % 10 == number % 10:
            clear()
    return wrong


def test_several_processes_at_once_find_whole_entries(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_use, range(3)) == [0, 0, 0]
    assert "damaged" not in caplog.text
    assert {path.suffix for path in folder.iterdir()} <= {".npz"}, "no writer leaves anything aside"
