"""Sites on the map by what they are to all plans near the best: told apart by shape and weight, not by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubplanner.analysis.book import SiteClass
from hubplanner.report.ground import COVERED
from hubplanner.report.hubmarks import NEW, mark_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hubplanner.analysis.book import Classified
    from hubplanner.problem import Floats, Ints

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
    Kind(name="a hub stands already", shape="^", width=6.2, face="white", edge=NEW),
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
