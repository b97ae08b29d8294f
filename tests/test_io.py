"""Folders and files whole or not at all: every step fails once, writers are really killed, disks are really full."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hubplanner.errors import ExistsError, UnwritableError
from hubplanner.io import (
    check_file,
    check_place,
    check_regular,
    copy_folder_atomically,
    foreign_files,
    recover,
    remove_atomically,
    scratch_folder,
    write_atomically,
    write_files_atomically,
    write_folder_atomically,
)
from hubplanner.outputs.writers import check_geopackage, write_geojson, write_geopackage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARKS = ("figures.json", "manifest.json")
NOBODY = 65534


def result(text: str) -> Callable[[Path], dict[str, str]]:
    """Return what writes a result of two files."""

    def write(folder: Path) -> dict[str, str]:
        (folder / "figures.json").write_text(text, encoding="utf-8")
        (folder / "table.csv").write_text(text * 2, encoding="utf-8")
        return {"made": "by a test"}

    return write


def holds(folder: Path) -> str:
    """Return the text of a result that is whole, and stands alone."""
    assert foreign_files(folder, MARKS) == []
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    text = (folder / "figures.json").read_text(encoding="utf-8")
    assert (folder / "table.csv").read_text(encoding="utf-8") == text * 2
    return text


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "place" / "out"


@pytest.fixture
def earlier(out: Path) -> Path:
    write_folder_atomically(out, result("old"), MARKS)
    assert holds(out) == "old"
    return out


# -- every step fails ------------------------------------------------------------------------------------------------

ERRORS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), RuntimeError("a bug")]
CALLS = ["os.open", "os.write", "os.fsync", "Path.mkdir", "Path.rename", "Path.chmod", "Path.write_text", "Path.exists"]


def fail_at_call(monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: BaseException) -> list[int]:
    """Let the nth call of a function fail, once."""
    owner: object = Path if name.startswith("Path.") else os
    call = name.partition(".")[2]
    real, count = getattr(owner, call), [0]

    def failing(*words: object, **options: object) -> object:
        count[0] += 1
        if count[0] == number:
            raise error
        return real(*words, **options)

    monkeypatch.setattr(owner, call, failing)
    return count


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", CALLS)
def test_whatever_call_fails_the_old_result_or_the_new_one_is_whole(
    earlier: Path, name: str, error: BaseException
) -> None:
    number, ended = 0, False
    while not ended:
        number += 1
        with pytest.MonkeyPatch.context() as patch:
            count = fail_at_call(patch, name, number, error)
            with suppress(UnwritableError, KeyboardInterrupt, RuntimeError):
                write_folder_atomically(earlier, result(f"new {number}"), MARKS)
            ended = count[0] < number
        recover(earlier.parent)
        known = ("old", *(f"new {tried}" for tried in range(1, number + 1)))
        assert holds(earlier) in known
    assert number > 1, "the call is never made"
    assert holds(earlier) == f"new {number}"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_folders_that_had_to_be_made_are_gone_again(tmp_path: Path, error: BaseException) -> None:
    def fail(_: Path) -> NoReturn:
        raise error

    kinds: list[Callable[[], object]] = [
        lambda: write_folder_atomically(tmp_path / "a/b/c", fail, MARKS),
        lambda: write_files_atomically(tmp_path / "a/b", ["x", "y"], fail),
        lambda: write_atomically(tmp_path / "a/b/x", fail),
        lambda: copy_folder_atomically(tmp_path / "nowhere", tmp_path / "a/b", lambda *_: set()),
    ]
    for write in kinds:
        with pytest.raises((UnwritableError, type(error))):
            write()
        assert list(tmp_path.iterdir()) == []


def test_a_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_atomically(path, lambda aside: aside.write_text("old", encoding="utf-8"))

    def half(aside: Path) -> NoReturn:
        aside.write_text("ne", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UnwritableError, match=r"page\.html: cannot be written: No space left on device"):
        write_atomically(path, half)
    assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("page.html", "old")]


@pytest.mark.parametrize("name", ["os.open", "os.write", "os.fsync", "Path.iterdir", "Path.unlink", "Path.rmdir"])
def test_an_interruption_leaves_nothing_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path, number, ended = tmp_path / "page.html", 0, False
    while not ended:
        number += 1
        with monkeypatch.context() as patch:
            count = fail_at_call(patch, name, number, KeyboardInterrupt())
            with suppress(KeyboardInterrupt):
                write_atomically(path, lambda aside: aside.write_text("new", encoding="utf-8"))
            ended = count[0] < number
        assert [one for one in tmp_path.iterdir() if one != path] == []
    assert number > 1, "the call is never made"


def test_an_interruption_after_the_last_step_says_that_it_was_written(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        write_folder_atomically(earlier, result("new"), MARKS)
    assert caught.value.__notes__ == [f"{earlier} was written"]
    monkeypatch.undo()
    recover(earlier.parent)
    assert holds(earlier) == "new"


# -- processes are killed --------------------------------------------------------------------------------------------

WRITER = """
import time
from pathlib import Path
from hubplanner.io import write_folder_atomically
rename, count = Path.rename, [0]
def pausing(self, target):
    count[0] += 1
    if count[0] == {pause}:
        print("paused", flush=True)
        time.sleep(600)
    return rename(self, target)
Path.rename = pausing
def write(folder):
    for name, text in {files!r}.items():
        (folder / name).write_text(text)
    return {{"made": "by a test"}}
write_folder_atomically(Path({out!r}), write, {marks!r})
print("paused", flush=True)
"""


def writer(out: Path, pause: int, **where: Any) -> subprocess.Popen[str]:
    """Return a process that writes a result and stops before its nth renaming; it imports no more than it needs."""
    code = WRITER.format(files={"figures.json": "new", "table.csv": "newnew"}, out=str(out), marks=MARKS, pause=pause)
    return subprocess.Popen([sys.executable, "-c", code], text=True, **where)


def paused(out: Path, pause: int) -> subprocess.Popen[str]:
    """Return a process that writes a result and has stopped before its nth renaming."""
    process = writer(out, pause, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == "paused\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("pause", "stands"), [(1, True), (2, False)])
def test_the_earlier_result_of_a_killed_writer_is_put_back(earlier: Path, pause: int, *, stands: bool) -> None:
    process = paused(earlier, pause)
    assert earlier.exists() == stands
    recover(earlier.parent)  # the writer lives: nothing of its is touched
    assert earlier.exists() == stands
    assert len(list(earlier.parent.iterdir())) == 1 + stands
    kill(process)
    recover(earlier.parent)
    assert holds(earlier) == "old"


def test_a_writer_killed_at_its_first_result_leaves_nothing(out: Path) -> None:
    out.parent.mkdir()
    kill(paused(out, 1))
    assert len(list(out.parent.iterdir())) == 1
    recover(out.parent)
    assert list(out.parent.iterdir()) == []


def test_the_next_writer_of_the_same_folder_clears_what_a_killed_one_left(earlier: Path) -> None:
    kill(paused(earlier, 2))
    write_folder_atomically(earlier, result("newest"), MARKS)
    assert holds(earlier) == "newest"


def test_what_came_after_a_killed_writer_stays(earlier: Path) -> None:
    process = paused(earlier, 2)
    write_folder_atomically(earlier, result("meanwhile"), MARKS)
    kill(process)
    recover(earlier.parent)
    assert holds(earlier) == "meanwhile"


def test_only_our_own_leavings_are_cleared(tmp_path: Path) -> None:
    for name in (".hubplanner-notes", ".run-abcdefgh", ".hubplanner-abcdefgh.txt", "hubplanner-abcdefgh"):
        (tmp_path / name).mkdir()
    (tmp_path / ".hubplanner-abcdefgh").mkdir()
    (tmp_path / ".hubplanner-abcdefgh/thesis.docx").touch()  # no lock of ours in it
    (tmp_path / ".hubplanner-ijklmnop").symlink_to(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    recover(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["../stolen", "/stolen", "", ".", "..", 7])
def test_a_planted_lock_puts_nothing_elsewhere(tmp_path: Path, name: object) -> None:
    aside = tmp_path / "place/.hubplanner-abcdefgh"
    (aside / "earlier").mkdir(parents=True)
    (aside / "lock").write_text(json.dumps({"name": name}), encoding="utf-8")
    recover(tmp_path / "place")
    assert [path.name for path in tmp_path.rglob("*")] == ["place"]


def test_scratch_files_of_killed_processes_are_cleared_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "with space é"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    code = "import time\nfrom hubplanner.io import scratch_folder\nwith scratch_folder() as folder:\n"
    code += "    (folder / 'x').touch()\n    print('ready', flush=True)\n    time.sleep(600)\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(place)}
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    with scratch_folder() as folder:
        assert folder.parent == place
        assert len(list(place.iterdir())) == 2
    kill(process)
    assert len(list(place.iterdir())) == 1
    with scratch_folder() as folder:
        assert list(place.iterdir()) == [folder]
    assert list(place.iterdir()) == []


def test_many_writers_at_once_leave_one_whole_result(earlier: Path) -> None:
    writers = [writer(earlier, 0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(4)]
    until = time.monotonic() + 60
    while any(writer.poll() is None for writer in writers) and time.monotonic() < until:
        recover(earlier.parent)
    assert all(writer.wait() in {0, 1} for writer in writers)
    recover(earlier.parent)
    assert holds(earlier) == "new"


# -- what stands in the way ------------------------------------------------------------------------------------------


def test_a_link_to_nowhere_is_refused_and_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ExistsError, match="link: is a link to a missing file; name another --out"):
        check_place(tmp_path / "link", MARKS)
    with pytest.raises(ExistsError, match="link to a missing file"):
        check_file(tmp_path / "link", overwrite=True, owned=lambda _: True)
    (tmp_path / "real").mkdir()
    assert write_folder_atomically(tmp_path / "link", result("new"), MARKS) == tmp_path / "real"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link/figures.json").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("name", ["file", "file/out", "file/deep/out", "n" * 300, "fine/" + "n" * 300])
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((ExistsError, UnwritableError)):
        check_place(tmp_path / name, MARKS)
    with pytest.raises((ExistsError, UnwritableError)):
        check_file(tmp_path / name, overwrite=False, owned=lambda _: False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_folders_that_are_stood_in_or_read_from_never_go(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (earlier / "deep").mkdir()
    (earlier / "deep/data.csv").touch()
    with pytest.raises(ExistsError, match=r"holds data\.csv, which is read for this"):
        check_place(earlier, MARKS, overwrite=True, keep=[earlier / "deep/data.csv"])
    with pytest.raises(ExistsError, match=r"holds table\.csv, which is read for this"):
        check_place(earlier, MARKS, overwrite=True, keep=[earlier / "table.csv"])
    monkeypatch.chdir(earlier / "deep")
    with pytest.raises(ExistsError, match="is or holds the current folder, which --overwrite never removes"):
        check_place(earlier, MARKS, overwrite=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(earlier))
    with pytest.raises(ExistsError, match="is or holds your home folder"):
        check_place(earlier, MARKS, overwrite=True)
    with pytest.raises(ExistsError, match="is where a disk is mounted"):
        check_place(Path("/"), MARKS, overwrite=True)


def test_a_result_that_is_removed_is_gone_whole(earlier: Path) -> None:
    remove_atomically(earlier)
    assert list(earlier.parent.iterdir()) == []


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match=r"it is a (pipe|device), not a file"):
            check_regular(path)
    with pytest.raises(OSError, match="it is a folder, not a file"):
        check_regular(tmp_path)
    with pytest.raises(ExistsError):
        check_file(tmp_path / "pipe", overwrite=True, owned=lambda _: True)


# -- disks that are full or read-only --------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount small disks, where this process may."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> Path:
        words = ["/bin/mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(words, check=False).returncode:
            pytest.skip("needs the right to mount a disk")
        return place

    yield mount
    subprocess.run(["/bin/umount", "-l", str(place)], check=False, stderr=subprocess.DEVNULL)


def test_a_nearly_full_disk_is_found_before_the_work(disk: Callable[[str], Path]) -> None:
    place = disk("size=512k")
    with pytest.raises(UnwritableError, match=r"out: cannot be written: No space left on device: [\d,]+ bytes"):
        check_place(place / "out", MARKS)
    assert check_place(place / "out", MARKS, room=100_000) == place / "out"
    (place / "filling").write_bytes(bytes(500 * 1024))
    with pytest.raises(UnwritableError, match="No space left on device"):
        check_place(place / "out", MARKS, room=0)
    assert [path.name for path in place.iterdir()] == ["filling"]


def test_a_disk_that_fills_up_meanwhile_leaves_the_earlier_result(disk: Callable[[str], Path]) -> None:
    place = disk("size=4m")
    write_folder_atomically(place / "deep/out", result("old"), MARKS)

    def large(folder: Path) -> None:
        (folder / "figures.json").write_bytes(bytes(8 << 20))

    with pytest.raises(UnwritableError, match="out: cannot be written: No space left on device"):
        write_folder_atomically(place / "deep/out", large, MARKS)
    assert holds(place / "deep/out") == "old"


def test_what_goes_is_told_once_and_what_came_meanwhile_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "table.csv").touch()
    for attempt in range(1, 3):  # the first comes to nothing, so the second tells anew
        check_place(folder, MARKS, overwrite=True)
        assert [record.getMessage() for record in caplog.records] == [
            f"{folder}: --overwrite will remove table.csv"
        ] * attempt
    (folder / "late.txt").touch()
    caplog.clear()
    write_folder_atomically(folder, lambda aside: (aside / "plan.json").touch(), MARKS, overwrite=True)
    (told,) = caplog.records
    assert told.getMessage() == f"{folder}: --overwrite will remove late.txt"


@pytest.mark.parametrize("size", ["4k", "100k", "300k"])
@pytest.mark.parametrize("name", ["places.geojson", "places.gpkg"])
def test_a_disk_that_fills_up_under_geographic_files_is_told_and_nothing_half_written_left(
    disk: Callable[[str], Path], name: str, size: str
) -> None:
    frame = gpd.GeoDataFrame(
        {"id": [f"id{number}" for number in range(3000)]},
        geometry=shapely.points(np.linspace(0, 60, 6000).reshape(3000, 2)),
        crs="EPSG:4326",
    )

    def write(aside: Path) -> None:
        if name.endswith(".gpkg"):
            write_geopackage({"a": frame, "b": frame}, aside / name)
        else:
            write_geojson(pd.concat([frame, frame]), aside / name)

    place = disk(f"size={size}")
    with pytest.raises(UnwritableError, match=r"cannot be written: No space left on device$"):
        write_files_atomically(place / "out", [name, "other"], write)
    assert list(place.iterdir()) == []


def test_a_geographic_file_that_lost_its_end_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = gpd.GeoDataFrame({"id": [1]}, geometry=shapely.points([[1, 2]]), crs="EPSG:4326")
    real = gpd.GeoDataFrame.to_file

    def cut(self: gpd.GeoDataFrame, path: Path, **options: object) -> None:
        real(self, path, **options)
        path.write_bytes(path.read_bytes()[:-3])

    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", cut)
    with pytest.raises(OSError, match=r"places\.geojson was cut short"):
        write_geojson(frame, tmp_path / "places.geojson")
    monkeypatch.undo()
    write_geopackage({"a": frame}, tmp_path / "places.gpkg")
    with pytest.raises(sqlite3.DatabaseError, match="are in it"):
        check_geopackage(tmp_path / "places.gpkg", {"a": 2})


def test_a_read_only_disk_is_found_before_the_work(disk: Callable[[str], Path]) -> None:
    place = disk("size=1m,ro")
    with pytest.raises(UnwritableError, match="out: cannot be written: Read-only file system"):
        check_place(place / "out", MARKS)


def test_a_folder_without_the_right_to_write_is_found_before_the_work(tmp_path: Path) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        (tmp_path / "place").mkdir(mode=0o555)
        with pytest.raises(UnwritableError, match="Permission denied"):
            check_place(tmp_path / "place/out", MARKS)
        return
    child = os.fork()
    if not child:  # as another user, whom the permission bits bind
        try:
            os.setuid(NOBODY)
            check_place(tmp_path / "out", MARKS)
        except UnwritableError as error:
            os._exit(0 if "Permission denied" in str(error) else 2)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
