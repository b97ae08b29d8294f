"""The scenario as frozen, validated models: the only place where defaults live."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from hubplanner.errors import Fault
from hubplanner.scenario.backhaul_spec import BackhaulSpec, LinkName, Mbps
from hubplanner.scenario.data_spec import ChecksSpec, DemandSpec, MapSpec, SitesSpec, TableSpec, is_raster
from hubplanner.scenario.fields import (
    Column,
    ColumnOrMoney,
    ColumnOrRoom,
    Flag,
    Kilometres,
    Kwh,
    Minutes,
    Name,
    Share,
    Spec,
    plain,
    prose,
)
from hubplanner.scenario.futures_spec import FuturesSpec
from hubplanner.scenario.model_spec import CoverageSpec, MeasureSpec, MeasuresSpec, ModelSpec
from hubplanner.scenario.travel_spec import GreatCircleSpec, TravelSpec
from hubplanner.scenario.yaml_text import merge
from hubplanner.translation import gettext as _, joined, written

MINUTES_PER_HOUR = 60.0
MOST_SECONDS = 1e8
"""Three years."""
MOST_THREADS = 256
MOST_SEED = 2**31 - 2
"""What every solver takes, with one added for CBC."""
MOST_YEARS = 100
MOST_TIERS = 100


class TierSpec(Spec):
    """A size a hub can be built in."""

    name: Name
    """The tier's name."""
    capex: ColumnOrMoney
    """Cost of building one: a number or a column of the site file."""
    opex_per_year: ColumnOrMoney = 0.0
    """Cost of running one for a year: a number or a column of the site file."""
    reach_km: Kilometres | None = None
    """Distance within which people count as covered, inclusive."""
    reach_minutes: Minutes | None = None
    """Travel time within which people count as covered, instead of reach_km; or by mode of travel, such as
    {motorcycle: 30, walk: 60}: within reach by any of them is enough."""
    capacity: ColumnOrRoom | None = None
    """People one hub can serve, counted as model.capacity_of says: a number or a column of the site file; no limit if
    left out."""
    mbps: Mbps | None = None
    """Mbps that a hub's link must carry; with backhaul. Any link will do if left out."""
    links: Annotated[tuple[LinkName, ...], Field(min_length=1)] | None = None
    """Links that a hub may have; with backhaul. All of backhaul.technologies if left out."""
    kwh_year: Kwh = 0.0
    """kWh a year that a hub takes beside its link; with backhaul.electricity."""

    def reach(self, speed_kmh: float | None) -> float:
        """Return the reach in kilometres, or in minutes where no speed turns them into kilometres."""
        if self.reach_km is not None:
            return self.reach_km
        by_mode = self.minutes_by_mode
        minutes = max(by_mode.values()) if by_mode else self.reach_minutes or 0.0
        return float(minutes) * (1.0 if speed_kmh is None else speed_kmh / MINUTES_PER_HOUR)  # type: ignore[arg-type]

    @property
    def minutes_by_mode(self) -> dict[str, float]:
        """Reach in minutes by mode of travel; none where it is the same by all."""
        return self.reach_minutes if isinstance(self.reach_minutes, dict) else {}

    def reach_by(self, mode: str, speed_kmh: float | None = None) -> float:
        """Return the reach by a mode of travel; minus infinity by one that nobody may come by."""
        by_mode = self.minutes_by_mode
        return by_mode.get(mode, -math.inf) if by_mode else self.reach(speed_kmh)

    def told_reach(self) -> str:
        """Return the reach in words.

        >>> TierSpec(name="park", capex=1.0, reach_minutes={"motorcycle": 30.0, "walk": 60.0}).told_reach()
        '30 minutes by motorcycle, 60 minutes by walk'
        """
        if self.reach_km is not None:
            return written(f"{self.reach_km:g} km")
        each = [
            _("{minutes} minutes by {mode}", minutes=written(f"{minutes:g}"), mode=mode)
            for mode, minutes in self.minutes_by_mode.items()
        ]
        return joined(each, ", ") if each else _("{count} minutes", count=written(f"{self.reach(None):g}"))


class SolverSpec(Spec):
    """Which solver, how exact and for how long."""

    name: Column = "highs"
    """highs, cbc, or any solver PuLP finds by name; heuristic for a plan without a search, with its gap."""
    gap: Annotated[float, Field(strict=True, ge=0, lt=1)] = 1e-4
    """Asked proof: gap between plan and bound, as a share of whichever is smaller."""
    time_limit_s: Annotated[float, Field(strict=True, gt=0, le=MOST_SECONDS)] = 300.0
    """Seconds after which the best plan so far is taken."""
    threads: Annotated[int, Field(strict=True, ge=0, le=MOST_THREADS)] = 0
    """Threads for the solver; 0 lets it choose."""
    seed: Annotated[int, Field(strict=True, ge=0, le=MOST_SEED)] = 0
    """Seed of everything random."""
    ties: Flag = True
    """Whether to look for the first of equally good plans: with gap 0, and for up to 30 options whatever the gap. Where
    hubs share lines, also whether to look for the cheapest lines to a plan's hubs."""
    method: Literal["auto", "plain", "core"] = "auto"
    """core reduces the question before a search, plain hands it over whole, auto takes core where there is one."""


class Scenario(Spec):
    """One planning question: data, tiers, costs, limits and solver."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
    """Short name; letters, digits, dot, dash and underscore."""
    description: Annotated[str, BeforeValidator(prose), Field(max_length=2000)] = ""
    """One line."""
    currency: Annotated[str, BeforeValidator(plain), Field(max_length=20)] = ""
    """Unit of all money."""
    demand: DemandSpec
    sites: SitesSpec
    hubs: Annotated[
        tuple[TierSpec, ...],
        Field(
            min_length=1,
            max_length=MOST_TIERS,
            examples=[[{"name": "centre", "capex": 9000000, "opex_per_year": 2500000, "reach_km": 10}]],
        ),
    ]
    """The tiers, at least one."""
    horizon_years: Annotated[int, Field(strict=True, ge=0, le=MOST_YEARS)] = 5
    """Years of running cost that count; 0 = capex only."""
    discount_rate: Share = 0.1
    """Yearly rate for the present value of running cost."""
    travel: TravelSpec = GreatCircleSpec()
    """How far it is from people to hubs."""
    coverage: CoverageSpec = CoverageSpec()
    backhaul: BackhaulSpec | None = None
    """How hubs are connected to the internet, and what that costs; of no concern if left out."""
    measures: MeasuresSpec | None = None
    """What brings people online beside hubs, within the same budget; nothing if left out."""
    model: ModelSpec = ModelSpec()
    futures: FuturesSpec | None = None
    """Ways the world may turn out; as the data say if left out."""
    solver: SolverSpec = SolverSpec()
    map: MapSpec | None = None
    """Files that maps show beside the plan: borders, places, water, roads."""
    checks: ChecksSpec = ChecksSpec()
    """What becomes of each kind of doubt about the data: error, warn or off, by its code."""

    _file: Path | None = PrivateAttr(default=None)
    _written_in: Callable[[str], tuple[str, str]] | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _sites_from_demand(cls, tree: Any) -> Any:
        """Give sites ``from: demand`` the file of demand, and how it is read, under what they say themselves."""
        demand, sites = (tree.get(key) if isinstance(tree, dict) else None for key in ("demand", "sites"))
        if not (isinstance(demand, dict) and isinstance(sites, dict)) or sites.get("from") != "demand":
            return tree
        if "path" in sites or is_raster(str(demand.get("path", ""))):
            return tree
        shared = {key: value for key, value in demand.items() if key == "id" or key in TableSpec.model_fields}
        return tree | {"sites": merge(shared, {key: value for key, value in sites.items() if key != "from"})}

    @property
    def beside(self) -> dict[str, MeasureSpec]:
        """The measures beside hubs, by name."""
        return {} if self.measures is None else self.measures.named

    @property
    def has_capacity(self) -> bool:
        """Whether hubs of some tier serve only so many."""
        return any(tier.capacity is not None for tier in self.hubs)

    @property
    def seats_need(self) -> bool:
        """Whether the seats of hubs are counted, and only those who are not connected yet take one."""
        return self.has_capacity and self.model.capacity_of == "need"

    @property
    def column_of_reached(self) -> str:
        """The column of a plan's hubs that says how many people each reaches: where only some take seats, those."""
        return "load" if self.seats_need else "covered_people"

    @property
    def seated(self) -> str:
        """Whom the seats of hubs count, in words."""
        return _("people not connected yet") if self.seats_need else _("people")

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Scenario({self.name}, {self.model.objective})"

    __str__ = __repr__

    @property
    def file(self) -> str:
        """Name of the file the scenario was read from, for messages."""
        return "scenario" if self._file is None else str(self._file)

    def fault(self, key: str, value: object, allowed: str) -> Fault:
        """Return what is wrong with a key's value; a value of None is not told."""
        file, column = self.written_in(key)
        return Fault(file=file, column=column, value=value, allowed=allowed, kind="scenario")

    def written_in(self, key: str) -> tuple[str, str]:
        """Return the file that gives a key its value, and the key as it stands there, in a variant too."""
        return (self.file, key) if self._written_in is None else self._written_in(key)

    @property
    def fairness_group(self) -> str:
        """The demand group that fairness speaks of, or auto; raises where nothing asks for fairness."""
        own = self.model.fairness
        if own is None:
            raise AssertionError
        return own.group or self.model.fairness_group or self.demand.groups[0]
