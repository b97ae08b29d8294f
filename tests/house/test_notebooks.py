"""Notebooks run from top to bottom, and are stored without outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from support.command import forks

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def run(path: Path, told: Path) -> None:
    """Run a notebook's cells where Jupyter would, by the shell that its kernel has, with all that is shown made."""
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415 - in forked processes alone

    with told.open("wb") as stream:
        for descriptor in (1, 2):
            os.dup2(stream.fileno(), descriptor)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8")
    os.chdir(path.parent)
    os.environ["MPLBACKEND"] = "agg"
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.display_formatter.active_types = shell.display_formatter.format_types
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            shell.run_cell(cell.source).raise_error()


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    process = forks().Process(target=run, args=(path, told))
    process.start()
    process.join()
    assert process.exitcode == 0, told.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)
