"""KML as Google Earth and GDAL read it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
from support.instances.hostile_names import LINES, MARKUP, URDU, odd_result, tree

from hubplanner.outputs.formats.kml import circle, write_kml
from hubplanner.outputs.map.hub_symbols import NEW

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from support.project import Project

KML = "{http://www.opengis.net/kml/2.2}"
RICH = {"model.budget": 2000, "model.require": ["S3"]}
ORDER = ("name", "Snippet", "description", "TimeSpan", "styleUrl", "Point", "Polygon")
"""Of a placemark's parts in OGC's schema."""


class Tags(HTMLParser):
    """The tags and the words of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert attrs == []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture
def document(project: Project, tmp_path: Path) -> ET.Element:
    write_kml(odd_result(project, RICH), tmp_path / "plan.kml")
    return tree((tmp_path / "plan.kml").read_bytes())[0]


def test_hubs_are_in_folders_by_tier_new_ones_in_the_maps_colour(document: ET.Element, project: Project) -> None:
    result = odd_result(project, RICH)
    colors = {
        f"#{style.attrib['id']}": style.findtext(f"{KML}IconStyle/{KML}color") for style in document.iter(f"{KML}Style")
    }
    folders = {folder.findtext(f"{KML}name"): folder for folder in document.iter(f"{KML}Folder")}
    assert list(folders) == ["centre (3)", "park (1)", "within reach"]
    for tier in ("centre", "park"):
        hubs = result.hubs[result.hubs["tier"] == tier]
        marks = folders[f"{tier} ({len(hubs)})"].findall(f"{KML}Placemark")
        for mark, hub in zip(marks, hubs.to_dict("records"), strict=True):
            color = str(colors[str(mark.findtext(f"{KML}styleUrl"))])
            assert (color == f"ff{NEW[5:]}{NEW[3:5]}{NEW[1:3]}") == (hub["status"] != "existing")
            place = np.array(str(mark.findtext(f"{KML}Point/{KML}coordinates")).split(","), dtype=float)
            assert place == pytest.approx([hub["geometry"].x, hub["geometry"].y], abs=1e-6)
            assert [ORDER.index(part.tag.removeprefix(KML)) for part in mark] == sorted(
                ORDER.index(part.tag.removeprefix(KML)) for part in mark
            )


def test_names_stay_names(document: ET.Element) -> None:
    names = {mark.findtext(f"{KML}name") for mark in document.iter(f"{KML}Placemark")}
    assert {URDU, MARKUP, " ".join(LINES.split()), "=1+1"} == names
    words = []
    for text in document.iter(f"{KML}description"):
        # Google Earth fills in $[name] before it reads HTML.
        assert "$[" not in str(text.text)
        read = Tags(str(text.text))
        assert read.tags <= {"h3", "p", "table", "tr", "td", "b"}
        words += read.words
    assert {MARKUP, "<i>Sibi</i>"} <= set(words)
    assert all(
        style.findtext(f"{KML}BalloonStyle/{KML}text") in {None, "$[description]"}
        for style in document.iter(f"{KML}Style")
    )
    assert not [part for part in document.iter() if part.tag.endswith(("Icon", "href", "NetworkLink"))]


def test_gdal_reads_it(document: ET.Element, tmp_path: Path) -> None:
    assert len(document) > 0
    hubs = gpd.read_file(tmp_path / "plan.kml", layer="centre (3)")
    assert set(hubs["Name"]) == {URDU, MARKUP, "=1+1"}
    reach = gpd.read_file(tmp_path / "plan.kml", layer="within reach")
    assert reach.geom_type.unique().tolist() == ["Polygon"]
    assert reach.is_valid.all()


@pytest.mark.parametrize(("lon", "lat", "radius"), [(67.0, 30.0, 5.0), (179.99, -16.0, 25.0), (0.0, 89.9, 40.0)])
def test_a_circle_is_as_far_everywhere(lon: float, lat: float, radius: float) -> None:
    ring = np.radians(circle(lon, lat, radius))
    assert (ring[0] == ring[-1]).all()
    assert (np.abs(ring[:, 0]) <= np.pi).all()
    x, y = np.radians(lon), np.radians(lat)
    half = np.sin((ring[:, 1] - y) / 2) ** 2 + np.cos(y) * np.cos(ring[:, 1]) * np.sin((ring[:, 0] - x) / 2) ** 2
    assert 2 * 6371.0088 * np.arcsin(np.sqrt(half)) == pytest.approx(radius)


def test_years_are_on_the_time_slider_and_an_empty_plan_is_a_document(project: Project, tmp_path: Path) -> None:
    years = [{"name": "2027", "budget": 200}, {"name": "2028", "budget": 300}]
    result = odd_result(project, {"model.budget": None, "model.periods": {"years": years}, "sites.status": None})
    write_kml(result, tmp_path / "plan.kml")
    spans = [part.findtext(f"{KML}begin") for part in tree((tmp_path / "plan.kml").read_bytes()).iter(f"{KML}TimeSpan")]
    assert sorted(map(str, spans)) == sorted(result.hubs["period"].tolist() * 2)
    empty = odd_result(project, {"model.budget": 0, "sites.status": None})
    write_kml(empty, tmp_path / "empty.kml")
    assert list(tree((tmp_path / "empty.kml").read_bytes()).iter(f"{KML}Placemark")) == []
