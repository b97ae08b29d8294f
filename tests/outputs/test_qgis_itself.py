"""QGIS opens a run's files as a planner's would: layers valid, styles found, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

PYTHON = "/usr/bin/python3"
"""Debian's own, which its QGIS belongs to."""
LOOK = """
import json, sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
found = {}
for source in sys.argv[1:]:
    layer = QgsVectorLayer(source, "layer", "ogr")
    renderer = layer.renderer()
    kinds = renderer.categories() if hasattr(renderer, "categories") else ()
    ranges = renderer.ranges() if hasattr(renderer, "ranges") else ()
    found[source.split("/")[-1]] = {
        "valid": layer.isValid(),
        "rows": layer.featureCount(),
        "crs": layer.crs().authid(),
        "renderer": renderer.type(),
        "labels": sorted(kind.label() for kind in (*kinds, *ranges)),
        "labelled": layer.labelsEnabled(),
        "broken": sum(1 for feature in layer.getFeatures() if feature.geometry().validateGeometry()),
    }
    del layer, renderer, kinds, ranges
print("FOUND" + json.dumps(found))
app.exitQgis()
"""


def qgis(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [PYTHON, *map(str, words)],
        env=environment | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )


def look(*sources: str) -> dict[str, Any]:
    done = qgis("-c", LOOK, *sources)
    assert "FOUND" in done.stdout, done.stderr
    found = json.loads(done.stdout.split("FOUND")[1].splitlines()[0])
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module", autouse=True)
def _has_qgis() -> None:
    if not os.path.exists(PYTHON) or qgis("-c", "import qgis.core").returncode:  # noqa: PTH110 - a fixed path
        pytest.skip("Debian's python3-qgis is not installed")


def test_the_layers_open_with_their_symbols_and_all_their_rows(project: Project, tmp_path: Path) -> None:
    plan = hp.solve(project.read())
    folder = plan.write(tmp_path / "run")
    names = {"hubs": plan.hubs, "demand": plan.demand, "links": plan.links}
    found = look(*(f"{folder}/plan.gpkg|layername={name}" for name in names))
    for name, frame in names.items():
        layer = found[f"plan.gpkg|layername={name}"]
        assert (layer["valid"], layer["rows"], layer["crs"], layer["broken"]) == (True, len(frame), "EPSG:4326", 0)
    hubs, demand, links = (found[f"plan.gpkg|layername={name}"] for name in names)
    assert hubs["renderer"] != "singleSymbol"
    assert hubs["labelled"]
    assert demand["renderer"] != "singleSymbol"
    assert links["renderer"] == "singleSymbol"


def test_geojson_opens_with_all_its_rows(project: Project, tmp_path: Path) -> None:
    plan = hp.solve(project.read())
    folder = plan.write(tmp_path / "run")
    found = look(*(str(folder / f"{name}.geojson") for name in ("hubs", "demand", "links")))
    rows = {name: (layer["valid"], layer["rows"], layer["crs"], layer["broken"]) for name, layer in found.items()}
    assert rows == {
        f"{name}.geojson": (True, len(frame), "EPSG:4326", 0)
        for name, frame in (("hubs", plan.hubs), ("demand", plan.demand), ("links", plan.links))
    }
