"""The picture of all plans near the best: what each site is to them, on one A4 page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hubplanner.analysis.alternatives.search import Alternatives
from hubplanner.analysis.alternatives.site_evidence import Classified, SiteClass, counted
from hubplanner.formatting import gap_in_words, in_words, share_in_words
from hubplanner.inputs import Inputs
from hubplanner.model.constraints.earlier_plan import new_sites
from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED, draw_need, shades
from hubplanner.outputs.map.draw import LABEL, TITLE, draw_figures, draw_footer, map_axes, page_of
from hubplanner.outputs.map.fonts import plain, shorten
from hubplanner.outputs.map.ground import draw_ground, draw_names
from hubplanner.outputs.map.hub_symbols import NEW, mark_scale
from hubplanner.outputs.map.layout import DPI, MARGIN, ROW, View, view_of
from hubplanner.outputs.map.legend import QUIET, SMALL, SWATCH, draw_scale, draw_swatch, write
from hubplanner.outputs.map.need import points_of
from hubplanner.outputs.map.scene import Hubs, MapScene, build_scene, groups_of
from hubplanner.outputs.plan_data import PlanData
from hubplanner.problem import Floats, Ints


def draw_alternatives(inputs: Inputs, found: Alternatives, path: Path) -> None:
    """Draw every site by its class on an A4 page for print, the same bytes for the same plans."""
    # A user's own settings must not change the picture; the context leaves them as they were.
    with mpl.rc_context():
        mpl.rcdefaults()
        figure = _draw(inputs, found)
        figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def _draw(inputs: Inputs, found: Alternatives) -> Figure:
    best = _best(inputs, found)
    used = new_sites(found.near.problem, best.evaluation)
    kinds = np.array(kind_of(found.sites, used), dtype=np.intp)
    scene = _scene(inputs, best)
    view = view_of(scene.projection, scene.extent, len(shown(kinds)) + 1)
    figure = Figure(figsize=view.sheet.size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    page, axes = page_of(figure), map_axes(figure, view)
    draw_ground(axes, scene)
    explained = draw_need(axes, scene.need)
    draw_sites(axes, scene.hubs, kinds)
    draw_names(axes, scene, view)
    # Markers reset the limits.
    axes.set(xlim=view.limits[0], ylim=view.limits[1])
    _header(page, inputs, found, view)
    need, hubs, scale = view.sheet.legend_corners
    _need_part(page, *need, explained, gathered=scene.need.kind != "points")
    _site_part(page, *hubs, kinds)
    draw_scale(page, *scale, view)
    draw_footer(page, view, scene.notes, _proof(inputs, found))
    return figure


def _scene(inputs: Inputs, best: PlanData) -> MapScene:
    """Return the map of all sites on demand that none of them covers yet."""
    points = points_of(best)
    sites = inputs.sites.lonlat
    return build_scene(
        replace(points, covered_share=np.zeros(len(points.need))),
        Hubs(lonlat=sites, radius=np.full(len(sites), np.nan)),
        groups_of(inputs.scenario, inputs.demand.frame),
    )


def _best(inputs: Inputs, found: Alternatives) -> PlanData:
    best = found.best
    if best.evaluation is None:  # pragma: no cover - without a plan there are no alternatives
        raise AssertionError
    return PlanData(inputs=inputs, solution=best, evaluation=best.evaluation)


def _header(page: Axes, inputs: Inputs, found: Alternatives, view: View) -> None:
    """Write name, title and five figures, from the top down."""
    wide, high = view.sheet.size
    top = high - MARGIN
    write(page, MARGIN, top - 0.06, shorten(inputs.scenario.name, LABEL, wide - 2 * MARGIN), LABEL, color=QUIET)
    title = f"Sites in plans within {share_in_words(found.near.within)} of the best"
    write(page, MARGIN, top - 0.32, title, TITLE, bold=True)
    draw_figures(page, _headline(found), top - 0.82, wide - 2 * MARGIN)


def _headline(found: Alternatives) -> list[tuple[str, str]]:
    """Return the five figures and what each means."""
    classes, others = counted(found.sites), found.plans
    settled = sum(classes[kind] for kind in ("must_have", "possible", "never"))
    share = settled / max(settled + classes["open"], 1)
    apart = min((plan.difference for plan in others), default=0)
    gap = gap_in_words(found.best.gap)
    return [
        (f"{classes['must_have']:,}", "must-have: in all plans"),
        (f"{classes['possible']:,}", "possible: in some plans, not in all"),
        (f"{classes['never']:,}", "never: in none of the plans"),
        (f"{len(others):,}", f"other plans shown, {apart:,} or more sites apart" if others else "other plans shown"),
        (share_in_words(share), f"of sites proven; the best plan's own gap: {gap}"),
    ]


def _need_part(page: Axes, x: float, top: float, limits: Floats, *, gathered: bool) -> None:
    """Explain the ground: need by density, or by the size of points."""
    words = "Need per km²" if gathered else "Need of a place"
    write(page, x, top - ROW / 2, words, bold=True)
    write(page, x, top - ROW * 3.6, "Need: people not yet connected", SMALL, color=QUIET)
    if not gathered:
        page.scatter(x + 0.1, top - ROW * 1.7, s=75, facecolor=NOT_COVERED[4], edgecolor="white", linewidth=0.8)
        write(page, x + 0.3, top - ROW * 1.7, "larger: more need", SMALL)
        return
    for number, color in enumerate(shades(NOT_COVERED, limits)):
        draw_swatch(page, x + number * SWATCH, top - ROW * 1.6, color)
    for number, limit in enumerate(limits):
        write(page, x + (number + 1) * SWATCH, top - ROW * 2.45, in_words(limit), SMALL, ha="center")


def _site_part(page: Axes, x: float, top: float, kinds: Ints) -> None:
    """Explain the marks, with how many sites bear each."""
    write(page, x, top - ROW / 2, "Sites in plans near the best", bold=True)
    for line, number in enumerate(shown(kinds)):
        middle = top - ROW * (line + 1.6)
        draw_site(page, np.array([[x + 0.12, middle]]), KINDS[number], 1.0)
        write(page, x + 0.3, middle, f"{KINDS[number].name}: {np.count_nonzero(kinds == number):,}")


def _proof(inputs: Inputs, found: Alternatives) -> tuple[str, str]:
    """Return what the classes rest on, and the files."""
    unit = {"max_coverage": "covered need", "min_cost": "cost", "p_median": "mean distance"}
    goal = unit.get(found.near.objective.name, "the objective")
    near = f"Plans within {share_in_words(found.near.within)} of the best plan's {goal}."
    data = f"Data: {plain(inputs.scenario.demand.file_name)}"
    data += f", {plain(inputs.scenario.sites.file_name)}."
    return f"{near} Each class is proven, by plans or by a bound on all.", data


INK = "#1d2733"
FAINT = "#7b8591"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind of site is named and drawn.

    Parameters
    ----------
    name
        In the legend.
    shape, width
        Marker of matplotlib and its width in points of type.
    face, edge
        Colours.
    always
        Whether the legend names it although no site is of it.
    """

    name: str
    shape: str
    width: float
    face: str
    edge: str
    always: bool = False


KINDS = (
    Kind(name="must-have: in every plan", shape="D", width=6.6, face=NEW, edge="white", always=True),
    Kind(name="possible, in the best plan", shape="o", width=5.8, face=COVERED[2], edge="white", always=True),
    Kind(name="possible, in others", shape="o", width=4.6, face="white", edge=COVERED[2], always=True),
    Kind(name="never: in no plan", shape="x", width=4.4, face=FAINT, edge=FAINT, always=True),
    Kind(name="open: not settled in time", shape="s", width=5.0, face="#f7d24a", edge=INK),
    Kind(name="existing hub", shape="^", width=6.2, face="white", edge=NEW),
)
"""From the weightiest down; drawn in the reverse order."""
_PLACE = {SiteClass.MUST: 0, SiteClass.POSSIBLE: 2, SiteClass.NEVER: 3, SiteClass.OPEN: 4, SiteClass.STANDING: 5}


def kind_of(sites: Classified, best: set[int]) -> list[int]:
    """Return the kind of each site, by its number in ``KINDS``.

    Parameters
    ----------
    best
        Sites of new hubs of the best plan.
    """
    return [_PLACE[kind] - (kind == SiteClass.POSSIBLE and site in best) for site, kind in enumerate(sites.classes)]


def shown(kinds: Ints) -> list[int]:
    """Return the kinds that the legend names."""
    return [number for number, kind in enumerate(KINDS) if kind.always or (kinds == number).any()]


def draw_sites(axes: Axes, places: Floats, kinds: Ints) -> None:
    """Draw all sites (s, 2), the weightiest kind last."""
    scale = min(mark_scale(len(kinds)), 1.2)
    for number in (3, 2, 4, 5, 1, 0):
        draw_site(axes, places[kinds == number], KINDS[number], scale)


def draw_site(axes: Axes, places: Floats, kind: Kind, scale: float) -> None:
    """Draw the sites (k, 2) of one kind on white rims, so that they read on any ground."""
    style: dict[str, Any] = {"linestyle": "none", "marker": kind.shape, "zorder": 5}
    east, north = places.T
    axes.plot(
        east,
        north,
        markersize=kind.width * scale + 1.6,
        color="white",
        markeredgewidth=2.6 * (kind.shape == "x"),
        **style,
    )
    edge = 1.5 if kind.shape == "x" else 1.2 * (kind.edge != "white")
    colors: dict[str, Any] = {"markerfacecolor": kind.face, "markeredgecolor": kind.edge, "markeredgewidth": edge}
    axes.plot(east, north, markersize=kind.width * scale, **colors, **style)
