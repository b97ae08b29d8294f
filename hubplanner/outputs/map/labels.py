"""Names on a map: which are worth writing, and where each finds room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hubplanner.outputs.map.scene import MapScene
    from hubplanner.problem import Floats

MOST_HUB_NAMES, MOST_TOWN_NAMES, MOST_COUNTRY_NAMES = 8, 24, 8
CANDIDATES = 30
"""Where the largest hubs have no room, better no name than that of a hub of no note."""
CROWD = 100
"""Among more hubs than this, the few names that find room would look chosen."""
KNOWN_TOWNS = 9
"""The best known towns are named even where a hub's mark gets under the name."""
APART, APART_KNOWN, APART_TOWNS, APART_SAME = 2.0, 3.0, 5.0, 12.0
"""Least distance between what is named, between the best known towns, between other towns, and between those of one
name, in heights of a line. Nearer than the best known to each other, a town is not named for one that found no room."""
LONGEST = 28
"""Letters of a name that are written."""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Label:
    """A name to write.

    Parameters
    ----------
    kind
        What it names: hub, town, area or country.
    text
        The name.
    places
        (p, 2) where it belongs in kilometres, the best place first; hubs and towns have one.
    must
        Whether it may stand on a hub's mark.
    """

    kind: str
    text: str
    places: Floats
    must: bool = False


@dataclass(frozen=True, kw_only=True)
class PlacedLabel:
    """A name with the middle of its left edge, in the units of the picture, and the place it names."""

    kind: str
    text: str
    x: float
    y: float
    wide: float
    at: tuple[float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A picture to write on.

    Parameters
    ----------
    units
        From kilometres (n, 2) to the picture's units.
    size
        Half its width and height around the units' middle, as (left, low, right, high).
    width
        Of a text of some kind, in these units; None where its letters cannot be written.
    line
        Height of a line.
    mark
        Half the width of a hub's mark with room around it.
    """

    units: Callable[[Floats], Floats]
    size: Box
    width: Callable[[str, str], float | None]
    line: float
    mark: float


def labels_of(scene: MapScene) -> list[Label]:
    """Return the names worth writing, the most important first."""
    behind = scene.geography
    own = [
        Label(kind="hub", text=name, places=scene.hubs[[hub]])
        for hub, name in scene.hub_names[:CANDIDATES]
        if len(scene.hubs) <= CROWD
    ]
    areas = [Label(kind="area", text=name.text, places=name.places) for name in scene.names]
    towns = [
        Label(kind="town", text=town.name, places=np.array([town.place]), must=number < KNOWN_TOWNS)
        for number, town in enumerate(scene.towns)
    ]
    abroad = () if behind is None else behind.countries
    countries = [Label(kind="country", text=one.name, places=np.array([one.place])) for one in abroad]
    # Groups are written into what room towns leave.
    return [*towns[:KNOWN_TOWNS], *own, *towns[KNOWN_TOWNS:], *areas, *countries]


def place_labels(labels: Sequence[Label], marks: Floats, sheet: Sheet) -> list[PlacedLabel]:
    """Return the names that find room, clear of each other and, but for the best known, of hubs.

    Parameters
    ----------
    labels
        The most important first.
    marks
        (h, 2) the hubs, in the picture's units.
    """
    most = {"hub": MOST_HUB_NAMES, "town": MOST_TOWN_NAMES, "country": MOST_COUNTRY_NAMES}
    placed: list[PlacedLabel] = []
    taken: list[Box] = []
    written: dict[str, int] = {}
    named: list[tuple[Label, Floats]] = []
    refused: list[Floats] = []
    for label in labels:
        if written.get(label.kind, 0) >= most.get(label.kind, len(labels)):
            continue
        at = sheet.units(label.places)
        if label.kind in {"hub", "town"} and _is_near(label, at[0], named, sheet):
            continue
        # A village named where the city beside it found no room would be taken for the city.
        if label.kind == "town" and any(np.hypot(*(at[0] - one)) < APART_KNOWN * sheet.line for one in refused):
            continue
        text = cut(label.text)
        wide = sheet.width(text, label.kind)
        if wide is None:
            continue
        others = marks
        if label.kind == "hub":
            others = marks[np.hypot(*(marks - at[0]).T) > sheet.mark / 10]
        free = [box for box in _boxes(label, at, wide, sheet) if not any(_meet(box, other) for other in taken)]
        box = _free_box(label, free, others, sheet)
        if box is None:
            if label.kind == "town":
                refused.append(at[0])
            continue
        taken.append(box)
        written[label.kind] = written.get(label.kind, 0) + 1
        named.append((label, at[0]))
        middle = (box[1] + box[3]) / 2
        x, y = at[0].tolist()
        placed.append(PlacedLabel(kind=label.kind, text=text, x=box[0], y=middle, wide=wide, at=(x, y)))
    return placed


def cut(text: str) -> str:
    """Return a name of bearable length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _is_near(label: Label, at: Floats, named: Sequence[tuple[Label, Floats]], sheet: Sheet) -> bool:
    """Tell whether what is named is named already, or stands so near that one name does for both."""
    return any(np.hypot(*(at - other)) < _apart(label, one) * sheet.line for one, other in named)


def _apart(label: Label, other: Label) -> float:
    if label.text.casefold() == other.text.casefold():
        return APART_SAME
    if not label.kind == other.kind == "town":
        return APART
    # Names for orientation serve best all over the map, but a reader looks for the largest.
    return APART_KNOWN if label.must and other.must else APART_TOWNS


def _free_box(label: Label, boxes: Sequence[Box], marks: Floats, sheet: Sheet) -> Box | None:
    """Return the first box that hides no hub; of the best known towns, the one that hides fewest."""
    hidden = [_holds(box, marks, sheet.mark) for box in boxes]
    fewest = min(hidden, default=1)
    return boxes[hidden.index(fewest)] if boxes and (label.must or fewest == 0) else None


def _boxes(label: Label, at: Floats, wide: float, sheet: Sheet) -> Iterator[Box]:
    """Yield where a name may stand within the picture, around a hub or a town, or over a place of an area."""
    left, low, right, high = sheet.size
    half = sheet.line / 2
    for start, middle in _starts(label, at, wide, sheet):
        box = (start, middle - half, start + wide, middle + half)
        if box[0] > left and box[2] < right and box[1] > low and box[3] < high:
            yield box


def _starts(label: Label, at: Floats, wide: float, sheet: Sheet) -> Iterator[tuple[float, float]]:
    half = sheet.line / 2
    if label.kind in {"area", "country"}:
        yield from ((x - wide / 2, y) for x, y in at.tolist())
        return
    x, y = at[0].tolist()
    off = 1.8 * sheet.mark if label.kind == "hub" else sheet.mark
    yield from ((x + off, y), (x - off - wide, y), (x - wide / 2, y + off + half), (x - wide / 2, y - off - half))
    yield from ((start, y + up) for start in (x + off, x - off - wide) for up in (half, -half, sheet.line, -sheet.line))


def _holds(box: Box, marks: Floats, clear: float) -> int:
    x, y = marks.T
    across = (x > box[0] - clear) & (x < box[2] + clear)
    return int((across & (y > box[1] - clear) & (y < box[3] + clear)).sum())


def _meet(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
