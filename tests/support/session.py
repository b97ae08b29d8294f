"""What several modules look at and none changes: made once in a session, by whichever process comes first."""

from __future__ import annotations

import fcntl
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


def session_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of a session share."""
    own = factory.getbasetemp()
    return own.parent if own.name.startswith("popen-") else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the session, filled by the first that asks for it; the others wait until it is.

    A making that fails leaves nothing, so that who comes next fails by the same.
    """
    folder = session_folder(factory) / name
    with folder.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / ".made"
        if not done.exists():
            folder.mkdir()
            try:
                make(folder)
            except BaseException:
                shutil.rmtree(folder)
                raise
            done.touch()
    return folder
