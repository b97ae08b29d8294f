"""A run whose names hold every trap: formulas, markup, quotes, line breaks, Urdu; read back as exports read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import hubplanner as hp
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from hubplanner.outputs.run_data import Result
    from support.project import Project

URDU = "تربت"
MARKUP = '<script>alert("1")</script> $[name] & *bold* | [x](y)'
LINES = 'Two\nlines, "quoted" `code`'
SITES = f"""\
site_id,name,lon,lat,status,tier,factor,capex,=cmd,district
=S1,{URDU},67.01,30.01,candidate,,1,100,@x,Kech
S2,"{MARKUP.replace('"', '""')}",68.01,31.01,existing,,1,120,-5,Kech
S3,"{LINES.replace('"', '""')}",68.00,31.00,candidate,park,1.5,100,+1,<i>Sibi</i>
S4,=1+1,67.11,30.04,required,centre,2,100,https://example.org,Sibi
S5,Kalat,66.90,29.90,excluded,,1,100,,Kalat
"""


def tree(text: str | bytes) -> ET.Element:
    """The root of a piece of XML that we wrote ourselves."""
    return ET.fromstring(text)  # noqa: S314


def odd_plan(project: Project, settings: dict[str, Any] | None = None) -> hp.Plan:
    """The plan, with the settings on top of the project's own."""
    project.write("sites.csv", SITES)
    return hp.solve(project.read({"sites.groups": ["district"], "currency": 'R"s', **(settings or {})}))


def odd_result(project: Project, settings: dict[str, Any] | None = None, *, with_sites: bool = True) -> Result:
    """The same as its run folder tells of it."""
    folder = odd_plan(project, settings).write(project.folder / "runs" / "odd")
    result, notes = read_result(folder, with_sites=with_sites)
    assert notes == []
    return result
