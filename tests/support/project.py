"""The small project that most tests break or solve: a scenario, its demand, sites and travel times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from hubplanner.errors import FaultyError, ScenarioError
from hubplanner.inputs import Inputs, read_inputs
from hubplanner.scenario import Scenario, read_scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SCENARIO = """\
name: small
currency: PKR
demand:
  path: demand.csv
  id: demand_id
  x: lon
  y: lat
  people: people
  connected_share: internet
  priority: weight
  groups: [province]
sites:
  path: sites.csv
  id: site_id
  x: lon
  y: lat
  status: status
  tier: tier
  cost_factor: factor
hubs:
  - {name: centre, capex: capex, opex_per_year: 10, reach_km: 5}
  - {name: park, capex: 400, reach_km: 20}
horizon_years: 2
discount_rate: 0.25
model: {budget: 500}
overrides:
  lean: {model: {budget: 150}}
  wide: {model: {budget: 900, max_hubs: 2}}
"""

DEMAND = """\
demand_id,lon,lat,people,internet,weight,province,area
D1,67.00,30.00,1000,0.25,1,Balochistan,12
D2,67.10,30.05,500,0.5,2,Balochistan,8
D3,68.00,31.00,2000,0,1,Punjab,20
D4,68.05,31.02,800,1,1.5,Punjab,5
"""

SITES = """\
site_id,name,lon,lat,status,tier,factor,capex
S1,Quetta,67.01,30.01,candidate,,1,100
S2,"Lahore, old",68.01,31.01,existing,,1,120
S3,Hazar,67.50,30.50,candidate,park,1.5,100
S4,Sibi,67.11,30.04,required,centre,2,100
S5,Kalat,66.90,29.90,excluded,,1,100
"""

MATRIX = """\
demand_id,site_id,km,minutes
D1,S1,1.5,3
D1,S4,12,20
D2,S4,1.2,2.5
D3,S2,2,4
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a scenario and its data, to break and to read."""

    folder: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the only place where a file says ``old``."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def read(self, settings: Mapping[str, Any] | None = None, overrides: Sequence[str] = ()) -> Scenario:
        """Return the scenario."""
        return read_scenario(self.folder / "scenario.yaml", overrides, settings)

    def inputs(self, settings: Mapping[str, Any] | None = None) -> Inputs:
        """Return the scenario's data."""
        return read_inputs(self.read(settings))

    def error(self, settings: Mapping[str, Any] | None = None) -> FaultyError:
        """Return what reading everything raises."""
        with pytest.raises(FaultyError) as caught:
            self.inputs(settings)
        return caught.value

    def refusal(self, settings: Mapping[str, Any] | None = None, overrides: Sequence[str] = ()) -> list[str]:
        """Return each fault of the scenario file alone, as a user reads it."""
        with pytest.raises(ScenarioError) as caught:
            self.read(settings, overrides)
        return self._shown(caught.value)

    def messages(self, settings: Mapping[str, Any] | None = None) -> list[str]:
        """Return each fault of everything, as a user reads it."""
        return self._shown(self.error(settings))

    def _shown(self, error: FaultyError) -> list[str]:
        return [str(fault).replace(f"{self.folder}/", "") for fault in error.faults]
