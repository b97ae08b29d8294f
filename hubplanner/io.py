"""Files and folders that appear whole or not at all; what is in the way, and what a killed writer left."""

from __future__ import annotations

import difflib
import errno
import hashlib
import itertools
import json
import logging
import os
import re
import shutil
import stat
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from hubplanner.errors import ExistsError, HubplannerError, UnwritableError, spelled_out

if sys.platform != "win32":
    import fcntl

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from hubplanner.translation import gettext as _, joined, with_advice

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
ROOM = 3_000_000
"""Bytes that any result takes at most beside its rows."""
PROBE = 65_536
"""Bytes that are written to see whether writing works."""
NOWHERE = "is a link to a missing file"
SHOWN = 12
"""Files named where a folder is refused."""
ALIKE = 0.6
"""Ratio of letters in common from which one name of a file may be meant by another."""
_PREFIX = ".hubplanner-"
_ASIDE = re.compile(r"\.hubplanner-[a-z0-9_]{8}")
_told: dict[Path, set[str]] = {}
"""What was told to go from each place that is to be written: it is looked at before the work and again after it."""
_LOCK, _NEW, _EARLIER, _OWN = "lock", "new", "earlier", "manifest_sha256"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    check_regular(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_regular(path: Path) -> None:
    """Raise an `OSError` where a path is no file that can be read to its end: a folder, a pipe or a device has none."""
    kind = stat.S_IFMT(path.stat().st_mode)
    if kind != stat.S_IFREG:
        names = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise OSError(errno.EINVAL, f"it is {names.get(kind, 'a device')}, not a file", str(path))


def why_unreadable(path: Path, error: OSError) -> str:
    """Return why a file cannot be read, as a fault says it: where it is not there, what may be meant.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _written = Path(folder, "demand.csv").write_text("id,people", encoding="utf-8")
    ...     print(why_unreadable(Path(folder, "demnd.csv"), FileNotFoundError(errno.ENOENT, "No such file")))
    cannot be read: No such file; did you mean demand.csv?
    """
    why = _("cannot be read: {error}", error=error.strerror or error)
    return with_advice(why, _meant(path)) if isinstance(error, FileNotFoundError) else why


def _meant(path: Path) -> str:
    """Return which file may be meant by one that is not there, as advice."""
    if path.is_symlink():
        return _("it is a link to a missing file")
    if os.path.lexists(path):  # it is another file, beside it, that is not there
        return ""
    if os.sep == "/" and "\\" in str(path):
        return _("write / between folders, not a backslash")
    folder = path.absolute().parent
    try:
        names = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    except OSError:
        return _("there is no folder {folder}", folder=spelled_out(folder.name))
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=ALIKE)
    if close:
        return _("did you mean {name}?", name=spelled_out(close[0]))
    names = [name for name in names if path.suffix and name.endswith(path.suffix)] or names
    some = joined((*map(spelled_out, names[:SHOWN]), "..." * (len(names) > SHOWN)), ", ") if names else _("nothing")
    return _("its folder holds {some}", some=some)


def check_gdal_path(path: Path) -> None:
    """Raise an `OSError` where the way to GDAL would lead to another path: it drops line breaks, and what a ! ends."""
    found = [mark for mark in "!\t\n\r" if mark in str(path.absolute())]
    if found:
        why = _(
            "a path with {found!r} in it leads libraries of geographic files elsewhere; rename the folder or file",
            found=found[0],
        )
        raise OSError(errno.EINVAL, why)


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Write a file beside its place, then move it there, so that readers find the old one or the new one, whole.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    place = path.resolve() if path.is_symlink() else path
    return write_files_atomically(place.parent, [place.name], lambda aside: write(aside / place.name))[0]


def write_files_atomically(folder: Path, names: Sequence[str], write: Callable[[Path], object]) -> list[Path]:
    """Write files beside their places, then move each there: none is there until all could be written.

    A folder that had to be made for them is gone again when that fails.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    place = folder if len(names) > 1 else folder / names[0]
    with _refusals(place), _made(folder), _aside(folder) as aside:
        write(aside)
        for name in names:
            _sync(aside / name)
        return [(aside / name).replace(folder / name) for name in names]


def write_folder_atomically(
    target: Path,
    write: Callable[[Path], Mapping[str, Any] | None],
    marks: Sequence[str],
    *,
    overwrite: bool = False,
) -> Path:
    """Write a folder aside, then move it into place; replace an earlier result of the same kind, and nothing else.

    Parameters
    ----------
    target
        Where the folder is to stand.
    write
        Writes every file into the folder it is given; returns what else its manifest is to tell.
    marks
        Files that tell an earlier result of this kind from others.
    overwrite
        Whether whatever else stands there goes too; it is told before.

    Raises
    ------
    ExistsError
        When the target holds anything else, or an earlier result's files were changed.
    UnwritableError
        When the system refuses to write there.
    """
    place, written = _checked_place(target, marks, overwrite=overwrite), False
    try:
        with _refusals(place), _made(place.parent), _aside(place.parent, place.name) as aside:
            new = aside / _NEW
            new.mkdir()
            about = write(new) or {}
            files = {path.name: sha256(path) for path in sorted(new.iterdir())}
            _write_text(new / MANIFEST, {**about, "files": files})
            for path in new.iterdir():
                _sync(path)
            new.chmod(0o755)
            _check_contents(place, marks, overwrite=overwrite)
            if place.exists():
                place.rename(aside / _EARLIER)
            new.rename(place)
            written = True
    except KeyboardInterrupt as error:
        if written:  # while the earlier result was put away
            error.add_note(f"{place} was written")
        raise
    finally:
        _told.pop(place, None)
    return place


def copy_folder_atomically(source: Path, target: Path, ignore: Callable[[str, list[str]], set[str]]) -> Path:
    """Copy a folder to a place where there is none, or an empty one, which may be the current one and so stays.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    with _refusals(target), _made(target.absolute()), _aside(target.absolute()) as aside:
        new = aside / _NEW
        shutil.copytree(source, new, ignore=ignore)
        for path in sorted(new.iterdir()):
            path.rename(target / path.name)
    return target


def remove_atomically(folder: Path) -> None:
    """Remove a folder: it is gone as a whole before any of its files is.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    with _refusals(folder), _aside(folder.parent) as aside:
        folder.rename(aside / _NEW)


def move_folder(folder: Path, place: Path) -> Path:
    """Move a folder to another name, where nothing may stand, and return that place.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    with _refusals(place):
        return folder.rename(place)


def check_place(
    target: Path,
    marks: Sequence[str],
    *,
    overwrite: bool = False,
    keep: Iterable[str | os.PathLike[str]] = (),
    room: int = ROOM,
) -> Path:
    """Return where a folder will stand, links followed; raise when it could not, or must not, be written there.

    Meant to be asked before the work, and told what goes.

    Parameters
    ----------
    target, marks, overwrite
        As for `write_folder_atomically`.
    keep
        Files that the work reads, which must not go.
    room
        Bytes it may take.

    Raises
    ------
    ExistsError, UnwritableError
        As `write_folder_atomically` does.
    """
    with _refusals(target):
        _told.pop(_followed(target), None)  # of earlier work that came to nothing
    return _checked_place(target, marks, overwrite=overwrite, keep=keep, room=room)


def _checked_place(
    target: Path,
    marks: Sequence[str],
    *,
    overwrite: bool,
    keep: Iterable[str | os.PathLike[str]] = (),
    room: int = ROOM,
) -> Path:
    """Return where a folder will stand, as `check_place`; what goes is told as far as it was not."""
    with _refusals(target):
        place = _followed(target)
        check_gdal_path(place)
        recover(place.parent)
        for parent in place.parents:
            if parent.exists() and not parent.is_dir():
                raise _refused(place, f"{parent} is a file, not a folder")
        if place.exists():
            if not place.is_dir():
                raise _refused(place, "is a file, not a folder")
            recover(place)
            _check_kept(place, _check_contents(place, marks, overwrite=overwrite), keep)
        _probe(place, room)
    return place


def check_writable(place: Path, room: int = ROOM) -> None:
    """Raise when a file or folder cannot be made at a place, or has too little room there.

    Raises
    ------
    UnwritableError
        With what the system says.
    """
    with _refusals(place):
        _probe(place, room)


def check_file(path: Path, *, overwrite: bool, owned: Callable[[Path], bool]) -> None:
    """Raise when a file could not, or must not, be written to a path; meant to be asked before the work.

    Parameters
    ----------
    path
        Where the file will stand.
    overwrite
        Whether a file that hubplanner did not write may go; it is announced before.
    owned
        Tells whether a file that is there is ours to replace.
    """
    with _refusals(path):
        for parent in path.parents:
            if parent.exists() and not parent.is_dir():
                raise _refused(path, f"{parent} is a file, not a folder")
        if path.is_dir():
            raise _refused(path, "is a folder, not a file")
        if path.is_symlink() and not path.exists():
            raise _refused(path, NOWHERE)
        if path.exists() and not (path.is_file() and owned(path)):
            if not (overwrite and path.is_file()):
                raise _refused(
                    path, "already exists and was not written by hubplanner; add --overwrite to replace it, or"
                )
            log.warning("%s: --overwrite will replace it", path)
        recover(path.parent)
        _probe(path)


def check_files(folder: Path, names: Sequence[str], *, overwrite: bool) -> None:
    """Raise when files could not, or must not, be written into a folder; meant to be asked before the work.

    Parameters
    ----------
    folder, names
        Where, and what.
    overwrite
        Whether those that are there may go; they are told before.
    """
    with _refusals(folder):
        place = _followed(folder)
        check_gdal_path(place)
        for parent in (place, *place.parents):
            if parent.exists() and not parent.is_dir():
                raise _refused(place, f"{'' if parent == place else parent} is a file, not a folder".strip())
        recover(place)
        there = [name for name in names if os.path.lexists(place / name)]
        folders = [name for name in there if (place / name).is_dir()]
        if folders:
            raise _refused(place, f"{', '.join(folders)} is a folder there")
        if there and not overwrite:
            raise _refused(place, f"{', '.join(there)} exists; add --overwrite to replace, or")
        if there:
            log.warning("%s: --overwrite will replace %s", place, ", ".join(there))
        _probe(place / names[0])


def foreign_files(folder: Path, marks: Sequence[str]) -> list[str]:
    """Return what stands in a result's folder and is not as it was written: others' files, and those changed since.

    Parameters
    ----------
    folder
        The folder.
    marks
        Files that tell this kind of result from others; where one lacks, nothing in the folder is ours.
    """
    return list(_foreign(folder, marks))


def _foreign(folder: Path, marks: Sequence[str]) -> Iterator[str]:
    own = own_files(folder) if all((folder / mark).is_file() for mark in marks) else None
    for path in _all_files(folder):
        name = path.relative_to(folder).as_posix() + ("/" if path.is_dir() and not path.is_symlink() else "")
        if own is None or name not in own:
            yield name
        elif path.is_symlink() or not path.is_file() or sha256(path) != own[name]:
            yield f"{name} (changed)"


def own_files(folder: Path) -> dict[str, str] | None:
    """Return the files that a folder's manifest tells of, itself among them, with their SHA-256; None without one."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
        tree = json.loads(text)
        files: dict[str, str] = dict(tree["files"]) | dict(tree.get("exports", {}))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    stated = tree.pop(_OWN, None)
    is_own = stated is None or stated == hashlib.sha256(spelled(tree).encode()).hexdigest()
    return files | {MANIFEST: hashlib.sha256(text.encode()).hexdigest() if is_own else ""}


def note_exports(folder: Path, names: Sequence[str]) -> None:
    """Add files to a result's manifest as exports of it, so that they are known as its own."""
    try:
        tree = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # told where the folder is verified
    tree.pop(_OWN, None)
    tree["files"] = {name: digest for name, digest in tree.get("files", {}).items() if name not in names}
    tree["exports"] = tree.get("exports", {}) | {name: sha256(folder / name) for name in names}
    write_atomically(folder / MANIFEST, lambda path: _write_text(path, tree))


def recover(folder: Path) -> None:
    """Put back what writers that died had set aside in a folder, and remove what they left; never a living one's."""
    try:
        found = [Path(entry.path) for entry in os.scandir(folder) if _ASIDE.fullmatch(entry.name)]
    except OSError:
        return  # told by whoever needs the folder
    for aside in found:
        with suppress(OSError):  # not ours, on a disk that is read-only, or gone this moment
            _recover(aside)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder for files of a moment, among the system's temporary ones; what killed processes left goes.

    Raises
    ------
    UnwritableError
        When there is no such folder.
    """
    with ExitStack() as stack:
        with _refusals(Path(os.environ.get("TMPDIR", "the temporary folder"))):
            place = Path(tempfile.gettempdir()).absolute()
            recover(place)
            aside = stack.enter_context(_aside(place))
        yield aside


# -- what stands in the way ------------------------------------------------------------------------------------------


def _refused(place: Path, why: str) -> ExistsError:
    joint = "" if why.endswith((";", "or")) else ";"
    return ExistsError(
        _(
            "{place}: {why}{joint} name another --out, nothing was written",
            place=spelled_out(place),
            why=why,
            joint=joint,
        )
    )


def _probe(place: Path, room: int = ROOM) -> None:
    """Raise an `OSError` where a file or folder cannot be made at a place, or has not that room there."""
    there = next(parent for parent in place.absolute().parents if parent.exists())
    if sys.platform != "win32":
        most = os.pathconf(there, "PC_NAME_MAX")
        for name in place.absolute().relative_to(there).parts:
            if len(os.fsencode(name)) > most:
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    with _aside(there) as aside:
        (aside / "probe").write_bytes(bytes(PROBE))
    free = _free(there)
    if free < room:
        raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {free:,} bytes are free, some {room:,} are needed")


def _followed(target: Path) -> Path:
    """Return where a path leads; raise where it is a link to nowhere."""
    place = target.absolute()
    if place.is_symlink():
        if not place.exists():
            raise _refused(place, NOWHERE)
        place = place.resolve()
    return place


def _check_contents(place: Path, marks: Sequence[str], *, overwrite: bool) -> list[str]:
    """Return what else than an earlier result stands in a place and goes, told once; raise where it must not."""
    if os.path.ismount(place):
        raise _refused(place, "is where a disk is mounted and cannot be replaced as a whole")
    going = _foreign(place, marks) if place.exists() else iter(())
    found = list(itertools.islice(going, SHOWN + 1))
    if not found:
        return found
    if not overwrite:
        more = ", and more" if len(found) > SHOWN else ""
        listed = ", ".join(map(spelled_out, found[:SHOWN])) + more
        holds = f"holds more than an unchanged earlier run: {listed}"
        raise _refused(place, f"{holds}; --overwrite would remove that;")
    homes = [
        (Path(home), "your home folder") for home in (os.environ.get("HOME"), os.environ.get("USERPROFILE")) if home
    ]
    for held, what in [(Path.cwd(), "the current folder"), *homes]:
        if held.resolve().is_relative_to(place.resolve()):
            raise _refused(place, f"is or holds {what}, which --overwrite never removes")
    found += going
    told = _told.setdefault(place, set())
    new = [name for name in found if name not in told]
    told.update(new)
    if new:
        log.warning("%s: --overwrite will remove %s", spelled_out(place), ", ".join(map(spelled_out, new)))
    return found


def _check_kept(place: Path, going: list[str], keep: Iterable[str | os.PathLike[str]]) -> None:
    """Raise where a folder that goes holds what is read; the scenario that a run left there may be asked again."""
    for path in map(Path, keep):
        inside = path.resolve().is_relative_to(place.resolve())
        if inside and (path.name != "scenario.yaml" or path.name in {name.partition(" (")[0] for name in going}):
            raise _refused(place, f"holds {path.name}, which is read for this")


def _all_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those in it, and empty folders, in order; links are not followed."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and any(path.iterdir()):
            yield from _all_files(path)
        else:
            yield path


def _free(folder: Path) -> float:
    """Return the bytes that may be written; without bound where the system cannot tell."""
    if sys.platform == "win32":  # pragma: no cover
        return shutil.disk_usage(folder).free
    told = os.statvfs(folder)
    if told.f_blocks == 0:
        return float("inf")
    return (told.f_bfree if os.geteuid() == 0 else told.f_bavail) * told.f_frsize


@contextmanager
def _refusals(place: Path) -> Iterator[None]:
    """Turn what the system refuses into an error of ours that names the place."""
    try:
        yield
    except HubplannerError:
        raise
    except OSError as error:
        raise UnwritableError(place, error) from error


# -- writing aside ---------------------------------------------------------------------------------------------------


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; those that had to be made are gone again when what follows fails."""
    lacking = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in lacking:
            with suppress(OSError):  # another process may have written there meanwhile
                place.rmdir()
        raise


@contextmanager
def _aside(folder: Path, name: str = "") -> Iterator[Path]:
    """Yield a hidden folder in a folder, locked while this process lives, gone in the end.

    Parameters
    ----------
    name
        What is to be replaced beside it: set aside meanwhile, it returns unless something stands in its place.
    """
    aside, lock = _new_aside(folder, name)
    try:
        yield aside
    finally:
        try:
            try:
                _put_back(aside, name)
                _clear(aside)
            except KeyboardInterrupt:  # Ctrl-C in the middle of it: nothing of ours stays behind for that
                _put_back(aside, name)
                _clear(aside)
                raise
        finally:
            os.close(lock)


def _new_aside(folder: Path, name: str) -> tuple[Path, int]:
    """Return a new hidden folder and the open file that tells, by its lock, that its writer lives."""
    while True:
        aside = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        try:
            lock = os.open(aside / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue  # another process took it for a dead one's before it was locked
        except BaseException:
            aside.rmdir()
            raise
        try:
            if sys.platform != "win32":
                with suppress(OSError):  # a disk without locks: nobody can lock it, so nobody removes it
                    fcntl.flock(lock, fcntl.LOCK_EX)
            os.write(lock, json.dumps({"name": name}).encode())
            if (aside / _LOCK).exists():
                return aside, lock
        except BaseException:
            try:
                _clear(aside)
            finally:
                os.close(lock)
            raise
        os.close(lock)


def _clear(aside: Path) -> None:
    """Remove a hidden folder, its lock last: what is left of it, should this end early, is still known as ours."""
    with suppress(OSError):  # the next command tries again
        for path in aside.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != _LOCK:
                path.unlink()
        (aside / _LOCK).unlink(missing_ok=True)
        aside.rmdir()


def _put_back(aside: Path, name: str) -> None:
    place = aside.with_name(name) if name else aside
    if (aside / _EARLIER).exists() and not os.path.lexists(place):
        (aside / _EARLIER).rename(place)


def _recover(aside: Path) -> None:
    if sys.platform == "win32":  # pragma: no cover - what killed writers left stays there
        return
    if not stat.S_ISDIR(aside.lstat().st_mode) or aside.lstat().st_uid != os.geteuid():
        return
    try:
        lock = os.open(aside / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        aside.rmdir()  # its writer died at once, or is about to find out and make another
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # refused while the writer lives
        name = _name_in(lock)
        if name and (aside / _EARLIER).exists() and not os.path.lexists(aside.with_name(name)):
            _put_back(aside, name)
            log.warning("%s: put back, as a program that was killed had moved it", aside.with_name(name))
        _clear(aside)
    finally:
        os.close(lock)


def _name_in(lock: int) -> str:
    """Return the name that a lock file tells of; blank where it is none that stands beside it."""
    try:
        name = json.loads(os.pread(lock, 1 << 16, 0))["name"]
    except (ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) and Path(name).name == name else ""


def _sync(path: Path) -> None:
    """Wait until a file is on the disk, which may only now say that it is full."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_text(path: Path, tree: dict[str, Any]) -> None:
    """Write a manifest with a checksum of all else in it."""
    own = hashlib.sha256(spelled(tree).encode()).hexdigest()
    write_json({**tree, _OWN: own}, path)


def write_json(tree: Mapping[str, Any], path: Path) -> None:
    """Write a result as JSON that people can read too."""
    path.write_text(spelled(tree) + "\n", encoding="utf-8")


def spelled(tree: Mapping[str, Any]) -> str:
    """Return a result as JSON; what JSON has no word for is an error."""
    return json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False)
