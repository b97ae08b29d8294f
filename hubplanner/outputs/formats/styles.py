"""How a layer looks, before it is written in anyone's language of styles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A point's mark: shape, colours as #rrggbb, width of the edge and of the whole in points of type."""

    shape: str
    fill: str
    edge: str
    edge_width: float
    size: float


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A line's colour as #rrggbb and width in points of type."""

    color: str
    width: float


@dataclass(frozen=True, kw_only=True)
class StyleRule:
    """What some features of a layer look like, and which ones.

    Parameters
    ----------
    label
        Words for the legend.
    marker, stroke
        One of both.
    value
        The value of the style's attribute, in a style by categories.
    fields
        The columns' values that mean the same.
    limits
        From and to, both inclusive, in a style by ranges; the first look that fits is taken.
    rank
        Higher ones are drawn over lower ones.
    """

    label: str
    marker: Marker | None = None
    stroke: Stroke | None = None
    value: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    limits: tuple[float, float] | None = None
    rank: int = 0


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a layer looks.

    Parameters
    ----------
    layer
        Its name.
    kind
        One look for all, by categories or by ranges of an attribute.
    looks
        In the order of the legend.
    attribute
        A column or an expression of QGIS.
    name
        Column to write beside each feature, none if left out.
    size
        Expression for a marker's width in points, that of its look if left out.
    first
        Column whose largest values are drawn first, below the others.
    """

    layer: str
    kind: Literal["single", "categories", "ranges"]
    looks: tuple[StyleRule, ...]
    attribute: str = ""
    name: str = ""
    size: str = ""
    first: str = ""
