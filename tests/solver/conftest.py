"""What tests of hubs that share lines have in common."""

from __future__ import annotations

import pytest

from hubplanner.solver.mip import search


@pytest.fixture(params=["our search", "that of HiGHS"])
def either_search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search by ourselves however few lines hubs share, or never."""
    monkeypatch.setattr(search, "MANY_ARCS", 1 if request.param == "our search" else 10**9)
