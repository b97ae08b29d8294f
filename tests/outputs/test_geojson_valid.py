"""GeoJSON as a validator that is not ours sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.instances.hostile_names import odd_plan

if TYPE_CHECKING:
    from support.project import Project

geojson = pytest.importorskip("geojson")


@pytest.mark.parametrize("settings", [{"model.budget": 2000}, {"model.budget": 0, "sites.status": None}])
def test_every_layer_is_valid_geojson(project: Project, settings: dict[str, object]) -> None:
    folder = odd_plan(project, settings).write(project.folder / "run")
    for path in folder.glob("*.geojson"):
        layer = geojson.loads(path.read_text(encoding="utf-8"))
        assert layer.is_valid, layer.errors()
