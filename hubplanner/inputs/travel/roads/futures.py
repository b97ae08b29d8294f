"""What futures change of roads: lines and areas that are closed, and slower classes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from hubplanner.errors import Fault
from hubplanner.inputs.map_layers import AREAS, read_shapes
from hubplanner.inputs.readers.columns import among, as_text
from hubplanner.inputs.travel.roads.lines import Roads
from hubplanner.inputs.travel.roads.rules import Passage, Rules
from hubplanner.problem import Bools, Floats
from hubplanner.scenario import Scenario
from hubplanner.scenario.futures_spec import FutureSpec
from hubplanner.scenario.names import hint, listed
from hubplanner.translation import gettext as _, with_advice


@dataclass(frozen=True, eq=False)
class RoadChange:
    """What a future changes of roads.

    Parameters
    ----------
    closed
        (s,) segments that are closed.
    factor
        (l,) multiplier of the speed on each line.
    """

    closed: Bools
    factor: Floats

    def of(self, passage: Passage) -> Passage:
        """Return what a mode makes of the lines in this future."""
        return replace(
            passage, minutes_per_km=passage.minutes_per_km / self.factor, minutes=passage.minutes / self.factor
        )


def roads_in_futures(scenario: Scenario, roads: Roads, rules: Rules, faults: list[Fault]) -> dict[str, RoadChange]:
    """Return what each future that changes roads makes of them, by its name; note what names no road."""
    found = {}
    for number, future in enumerate(scenario.futures.named if scenario.futures else ()):
        if future.changes_roads:
            key = f"futures.named.{number}"
            found[future.name] = RoadChange(
                _closed_lines(scenario, future, roads, key, faults)[roads.line] | _inside(future, roads, faults),
                _slower(scenario, future, rules, key, faults),
            )
    return found


def _closed_lines(scenario: Scenario, future: FutureSpec, roads: Roads, key: str, faults: list[Fault]) -> Bools:
    """Tell which lines (l,) have one of the values that are closed, in each column that is named."""
    frame = roads.table.frame
    closed = np.full(len(frame), bool(future.roads_closed), dtype=np.bool_)
    for column, wanted in future.roads_closed.items():
        if column not in frame.columns:
            allowed = _(
                "a column of {name}: {names}", name=roads.table.name, names=listed(sorted(map(str, frame.columns)))
            )
            faults.append(scenario.fault(f"{key}.roads_closed", column, allowed))
            return np.zeros(len(frame), dtype=np.bool_)
        known = set(as_text(frame[column])) - {""}
        unknown = [value for value in wanted if not among(as_text(frame[column]), (value,)).any()]
        for value in unknown:
            allowed = _("a value of {column}: {names}", column=column, names=listed(sorted(known)))
            allowed = with_advice(allowed, hint(value, known))
            faults.append(scenario.fault(f"{key}.roads_closed.{column}", value, allowed))
        closed &= among(as_text(frame[column]), wanted)
    return closed


def _inside(future: FutureSpec, roads: Roads, faults: list[Fault]) -> Bools:
    """Tell which segments (s,) meet a polygon in which roads are closed."""
    found = np.zeros(len(roads.start), dtype=np.bool_)
    if future.roads_closed_in is None:
        return found
    shapes = read_shapes(future.roads_closed_in, AREAS, faults)
    spots = roads.vertices[np.column_stack([roads.start, roads.end])]
    tree = shapely.STRtree(np.asarray(shapely.linestrings(spots)))
    found[tree.query(shapes, predicate="intersects")[1]] = True
    return found


def _slower(scenario: Scenario, future: FutureSpec, rules: Rules, key: str, faults: list[Fault]) -> Floats:
    """Return the multiplier (l,) of the speed on each line."""
    factor, known = np.ones(len(rules.classes)), set(rules.classes.tolist()) - {""}
    for name, times in future.road_speed.items():
        here = rules.classes == name.strip().lower()
        if not here.any():
            allowed = _("a class of road in {name}: {names}", name=rules.name, names=listed(sorted(known)))
            allowed = with_advice(allowed, hint(name, known))
            faults.append(scenario.fault(f"{key}.road_speed", name, allowed))
        factor[here] = times
    return factor
