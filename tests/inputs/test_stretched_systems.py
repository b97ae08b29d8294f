"""Planar distance needs a projection that is true to distance where the demand is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyproj import Transformer

import hubplanner as hp

if TYPE_CHECKING:
    from support.project import Project


def projected(project: Project, crs: str) -> hp.Scenario:
    """Write the project's places in another system, and ask for planar distance in it."""
    to = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    for name in ("demand.csv", "sites.csv"):
        header, *lines = (project.folder / name).read_text(encoding="utf-8").splitlines()
        at = header.split(",").index("lon") - len(header.split(","))
        cells = [line.rsplit(",", -at) for line in lines]
        moved = [[first, *map(str, to.transform(float(lon), float(lat))), *rest] for first, lon, lat, *rest in cells]
        project.write(name, "\n".join([header, *map(",".join, moved), ""]))
    return project.read({"travel.method": "planar", "demand.crs": crs, "sites.crs": crs})


def test_web_mercator_is_refused_off_the_equator_with_a_system_that_is_not(project: Project) -> None:
    with pytest.raises(hp.CrsError) as refused:
        hp.read_inputs(projected(project, "EPSG:3857"))
    (fault,) = refused.value.faults
    assert (fault.file, fault.column, fault.value) == ("demand.csv", "crs", "WGS 84 / Pseudo-Mercator")
    assert fault.allowed == "a system true to distance here, such as EPSG:32642; this one is 17 % off"


@pytest.mark.parametrize("crs", ["EPSG:32642", "EPSG:32641", "EPSG:32643", "EPSG:24313"])
def test_a_system_made_for_the_region_is_taken(project: Project, crs: str) -> None:
    plan = hp.solve(projected(project, crs))
    assert plan.hubs["site_id"].tolist()


def test_a_text_column_named_geometry_reaches_the_plan(project: Project) -> None:
    project.edit("sites.csv", "site_id,name,", "site_id,geometry,")
    hubs = hp.solve(project.read()).hubs
    assert "Lahore, old" in hubs["geometry_text"].tolist()
