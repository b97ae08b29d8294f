"""Two places and two sites over years: people move from the one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.project import Project

_DEMAND = """\
demand_id,lon,lat,people,internet,weight,province,rate
D1,67.00,30.00,100,0,1,Balochistan,0
D2,69.00,30.00,60,0,1,Punjab,1
"""
_SITES = """\
site_id,lon,lat,status,tier,factor,capex
A,67.00,30.00,,centre,1,10
B,69.00,30.00,,centre,1,10
"""


def write_moving(project: Project) -> None:
    """Put the two places and sites in the stead of the small project's."""
    project.write("demand.csv", _DEMAND)
    project.write("sites.csv", _SITES)
