"""Solvers that work through files: in any temporary folder, and nothing is left there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support.instances.tiny import dear_and_cheap

import hubplanner as hp

TRUTH = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11)).value
NAMES = ["with space", "Projét à Séguéla #1", "two\nlines", "'quoted' $HOME;", "-max"]


@pytest.mark.parametrize("name", NAMES)
def test_cbc_works_in_any_temporary_folder_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = tmp_path / name
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    for variable in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(variable, str(place))
    monkeypatch.chdir(tmp_path)
    found = hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(name="cbc", gap=0.0))
    assert (found.value, found.status) == (TRUTH, "optimal")
    assert list(place.iterdir()) == []
    assert list(tmp_path.iterdir()) == [place]


def test_a_temporary_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(hp.HubplannerError, match="cannot be written: No such file or directory"):
        hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(name="cbc"))


SLOW = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
from pathlib import Path
sys.path.insert(0, {tests!r})
from hubplanner.solver.backends import cbc
cbc.cbc_path = lambda: {path!r}
import hubplanner as hp
from support.instances.tiny import dear_and_cheap
hp.solve_problem(dear_and_cheap(), hp.MaxCoverage(budget=11), hp.SolverOptions(name="cbc", gap=0.0))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_a_solve_that_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    place, wrapper = tmp_path / "with space", tmp_path / "cbc"
    place.mkdir()
    wrapper.write_text("#!/bin/sh\nexec sleep 6000\n", encoding="utf-8")
    wrapper.chmod(0o755)
    code = SLOW.format(tests=str(Path(__file__).parents[1]), path=str(wrapper))
    words = [sys.executable, "-c", code]
    process = subprocess.Popen(words, env={**os.environ, "TMPDIR": str(place)}, stderr=subprocess.DEVNULL)
    solving = psutil.Process(process.pid)
    while not solving.children():
        assert process.poll() is None
        time.sleep(0.05)
    (cbc,) = solving.children()
    process.send_signal(how)
    process.wait(180)
    if how == signal.SIGINT:
        assert not cbc.is_running()
        assert list(place.iterdir()) == []
        return
    cbc.kill()
    assert len(list(place.iterdir())) == 1
    wrapper.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    subprocess.run(words, env={**os.environ, "TMPDIR": str(place)}, stderr=subprocess.DEVNULL, check=False)
    assert list(place.iterdir()) == []
