"""Runs side by side, and their files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from hubplanner.folders import COMPARISON_MARKS
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.outputs.map.comparison import Panel, draw_comparison
from hubplanner.outputs.rounding import rounded_change
from hubplanner.outputs.writers import write_geojson, write_table
from hubplanner.translation import N_


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparedRun:
    """A run as its folder tells of it.

    Parameters
    ----------
    letter, name
        What it is called here, and its folder's name, with those above it where another one has that name too.
    plan
        Its plan.json.
    hubs, demand
        Its hubs.geojson and demand.geojson.
    """

    letter: str
    name: str
    plan: dict[str, Any]
    hubs: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Runs side by side; the first is what the others are compared with.

    Parameters
    ----------
    runs
        At least two.
    figures
        As comparison.json holds them.
    demand
        A row a demand id of any run: people and need, ``share_a``, ``share_b`` ... and ``difference_b`` ... to a.
    hubs
        A row a site of any run: ``in_a``, ``in_b`` ..., ``tiers_a``, ``tiers_b`` ...
    """

    runs: tuple[ComparedRun, ...]
    figures: dict[str, Any]
    demand: gpd.GeoDataFrame
    hubs: gpd.GeoDataFrame

    def summary(self) -> dict[str, Any]:
        """Return the figures, as in comparison.json."""
        return self.figures

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write comparison.json, .csv, .geojson and .png, the folder whole or not at all, and return its path.

        Raises
        ------
        ExistsError
            When the folder holds something other than an earlier comparison.
        UnwritableError
            When the system refuses to write there.
        """
        return write_folder_atomically(
            Path(folder).absolute(), self._write_files, COMPARISON_MARKS, overwrite=overwrite
        )

    def _write_files(self, folder: Path) -> None:
        write_json(self.figures, folder / "comparison.json")
        write_table(figure_table(self.figures), folder / "comparison.csv")
        _write_layers({"demand": self.demand, "hub": self.hubs}, folder / "comparison.geojson")
        draw_comparison([self._panel(run) for run in self.runs], self.demand, folder / "comparison.png")

    def _panel(self, run: ComparedRun) -> Panel:
        figures = next(part for part in self.figures["runs"] if part["run"] == run.letter)
        return Panel(letter=run.letter, name=run.name, figures=figures, hubs=_marked(self.hubs, run, self.runs))


def _write_layers(layers: dict[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write frames into one GeoJSON, each feature with its ``kind`` and the columns of its own frame alone."""
    whole: dict[str, Any] = {}
    for kind, frame in layers.items():
        part = path.with_name(f"{kind}.geojson")
        write_geojson(frame.assign(kind=kind), part)
        tree = json.loads(part.read_text(encoding="utf-8"))
        part.unlink()
        whole = tree | {"features": [*whole.get("features", []), *tree["features"]]}
    path.write_text(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _marked(hubs: gpd.GeoDataFrame, run: ComparedRun, runs: tuple[ComparedRun, ...]) -> gpd.GeoDataFrame:
    """Return a run's hubs, each ``own`` to it, ``changed`` in tiers, or the ``same`` as in the run it is compared with.

    The first run is compared with the second.
    """
    other = runs[1] if run is runs[0] else runs[0]
    here = hubs[hubs[f"in_{run.letter}"]]
    same = here[f"tiers_{run.letter}"] == here[f"tiers_{other.letter}"]
    mark = pd.Series("own", index=here.index).mask(here[f"in_{other.letter}"], "changed").mask(same, "same")
    return here.assign(mark=mark)


def figure_table(figures: dict[str, Any]) -> pd.DataFrame:
    """Return one row a figure: what, of which group and value, each run's figure, and the differences to the first."""
    letters = [run["run"] for run in figures["runs"]]
    rows = []
    for what, group, value, found in _figures(figures):
        row = {"figure": what, "group": group, "value": value} | dict(zip(letters, found, strict=True))
        money = what.startswith("cost")
        apart = money and len({run["currency"] for run in figures["runs"]}) > 1
        first = found[0]
        for letter, figure in zip(letters[1:], found[1:], strict=True):
            row[f"difference_{letter}"] = None
            if first is not None and figure is not None and not apart:
                whole = max(abs(first), abs(figure))
                row[f"difference_{letter}"] = rounded_change(figure - first, whole, money=money)
        rows.append(row)
    return pd.DataFrame(rows)


def _figures(figures: dict[str, Any]) -> Iterator[tuple[str, str, str, list[float | None]]]:
    """Yield each figure with its group, value and what each run has."""
    runs = figures["runs"]
    for what, path in FIGURES.items():
        found = [_at(run, path) for run in runs]
        # Who is left out of the ways is told beside them where there is someone.
        if any(figure is not None for figure in found) and (what not in LEFT_OUT or any(found)):
            yield what, "", "", found
    paid = [_paid(run) for run in runs]
    for year in sorted({number for years in paid for number in years}):
        yield (
            f"cost as paid in year {year}" if year else N_("cost as paid to build"),
            "",
            "",
            [years.get(year) for years in paid],
        )
    for name, values in figures["groups"].items():
        for value, shares in values.items():
            yield "need share", name, value, [shares[run["run"]] for run in runs]
    for name, floors in figures["floors"].items():
        for key in ("share", "covered"):
            own = [floors[run["run"]] for run in runs]
            yield f"floor {key}", name, "", [None if floor is None else floor[key] for floor in own]


FIGURES = {
    N_("people reached"): "people.reached",
    N_("people"): "people.total",
    N_("need covered"): "need.covered",
    N_("need share"): "need.share",
    N_("new hubs"): "new_hubs",
    N_("sites"): "sites",
    N_("cost"): "cost.total",
    N_("cost to build"): "cost.capex",
    N_("cost to run"): "cost.opex_present_value",
    N_("cost as paid"): "cost.paid.total",
    N_("cost as paid a seat taken and year"): "cost.paid.per_user_year",
    N_("cost of measures"): "cost.measures",
    N_("people with devices"): "measures.devices.people",
    N_("people in courses"): "measures.courses.people",
    N_("mean km to a hub"): "distance.mean_km",
    N_("largest km to a hub"): "distance.max_km",
    N_("need that cannot reach a hub"): "distance.unreachable_need",
    N_("people who cannot reach a hub"): "distance.unreachable_people",
    N_("need without a seat"): "distance.unserved_need",
    N_("people without a seat"): "distance.unserved_people",
    N_("gap"): "gap",
}
"""Figures side by side, and where plan.json has them."""
LEFT_OUT = tuple(name for name in FIGURES if "without" in name)


def _paid(run: dict[str, Any]) -> dict[int, float]:
    """Return what is paid in each year; nothing of a run that an earlier version wrote."""
    return {year["year"]: year["paid"] for year in run["cost"].get("paid", {}).get("by_year", [])}


def _at(tree: Any, path: str) -> float | None:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree if isinstance(tree, int | float) else None
