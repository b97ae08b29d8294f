"""Projects that several tests of the pipeline share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.connected import NODES

if TYPE_CHECKING:
    from support.project import Project


@pytest.fixture
def linked(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the small project with the nodes of a network."""
    monkeypatch.chdir(project.folder)  # paths in settings are relative to where a command runs
    project.write("nodes.csv", NODES)
    return project
