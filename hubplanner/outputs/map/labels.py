"""Names on a map: which are worth writing, and where each finds room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import KDTree

if TYPE_CHECKING:
    from hubplanner.outputs.map.geography import Town
    from hubplanner.outputs.map.scene import MapScene
    from hubplanner.problem import Floats

MOST_HUB_NAMES, MOST_TOWN_NAMES, MOST_COUNTRY_NAMES = 8, 24, 8
CANDIDATES = 30
"""Where the largest hubs have no room, better no name than that of a hub of no note."""
CROWD = 100
"""Among more hubs than this, the few names that find room would look chosen."""
KNOWN_TOWNS = 9
"""The best known towns are named even where a hub's mark gets under the name."""
LARGE_TOWNS = 20
"""So many of the best known towns may stand nearer to each other than the rest."""
SPREAD_TOWNS = 40
"""Of so many of the best known towns those after the large ones are named from the edges of the map on."""
APART, APART_LARGE, APART_TOWNS, APART_SAME = 2.0, 1.6, 5.0, 12.0
"""Least distance between what is named, between large towns, between other towns, and between those of one name, in
heights of a line."""
TAKEN_FOR = 3.0
"""Nearer than this to a town that found no room, in heights of a line, no lesser one is named."""
LONGEST = 28
"""Letters of a name that are written on a line."""
SHORT = 16
"""Letters of a name that is not broken in two."""
SMALL = 0.85
"""Of its size, at which a name is written that finds no room otherwise."""
AWAY = (1.5, 2.25, 3.0)
"""How far from its town, in heights of a line, a name may stand that a line leads to."""
TURNS = 12
"""Directions in which it may stand there."""
INSIDE, LEAST_INSIDE = 0.9, 0.66
"""Of the name of an area, what lies within it where it has room, and what must."""
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
    large
        Whether other large towns may be named close to it, and a line may lead to its name.
    ground
        (k, 2) kilometres of the places of an area; none where it has no ground of its own.
    """

    kind: str
    text: str
    places: Floats
    must: bool = False
    large: bool = False
    ground: Floats | None = None


@dataclass(frozen=True, kw_only=True)
class PlacedLabel:
    """A line of a name with the middle of its left edge, in the units of the picture, and the place it names.

    Parameters
    ----------
    size
        Of the usual size of its kind.
    lead
        Where a line from the place to the name ends; None where the name stands beside it.
    """

    kind: str
    text: str
    x: float
    y: float
    wide: float
    at: tuple[float, float]
    size: float = 1.0
    lead: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How a name may be written: its lines with their widths, and at what size."""

    lines: tuple[str, ...]
    widths: tuple[float, ...]
    size: float
    line: float

    @property
    def wide(self) -> float:
        return max(self.widths)

    @property
    def high(self) -> float:
        return self.line * len(self.lines)


@dataclass(frozen=True, kw_only=True)
class _Spot:
    """A form of a name in its box, and where a line leads to it."""

    form: _Form
    box: Box
    lead: tuple[float, float] | None = None


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
    upwards
        Whether the units grow upwards, as on paper, and not downwards as on a page.
    """

    units: Callable[[Floats], Floats]
    size: Box
    width: Callable[[str, str], float | None]
    line: float
    mark: float
    upwards: bool = True


def labels_of(scene: MapScene) -> list[Label]:
    """Return the names worth writing, the most important first."""
    behind = scene.geography
    own = [
        Label(kind="hub", text=name, places=scene.hubs[[hub]])
        for hub, name in scene.hub_names[:CANDIDATES]
        if len(scene.hubs) <= CROWD
    ]
    areas = [Label(kind="area", text=name.text, places=name.places, ground=name.ground) for name in scene.names]
    towns = [
        Label(
            kind="town",
            text=town.name,
            places=np.array([town.place]),
            must=number < KNOWN_TOWNS,
            large=number < LARGE_TOWNS,
        )
        for number, town in enumerate(spread(scene.towns))
    ]
    abroad = () if behind is None else behind.countries
    countries = [Label(kind="country", text=one.name, places=np.array([one.place])) for one in abroad]
    # Groups are written into what room the best known towns leave.
    return [*towns[:KNOWN_TOWNS], *own, *areas, *towns[KNOWN_TOWNS:], *countries]


def spread(towns: Sequence[Town]) -> list[Town]:
    """Return towns with the lesser of the best known in turn: each is farther from all before it than any other."""
    order, rest = list(range(len(towns[:LARGE_TOWNS]))), list(range(LARGE_TOWNS, len(towns[:SPREAD_TOWNS])))
    places = np.array([town.place for town in towns[:SPREAD_TOWNS]]).reshape(-1, 2)
    nearest = np.full(len(places), np.inf)
    for number in order:
        nearest = np.minimum(nearest, np.linalg.norm(places - places[number], axis=1))
    while rest:
        order.append(max(rest, key=lambda number: float(nearest[number])))
        rest.remove(order[-1])
        nearest = np.minimum(nearest, np.linalg.norm(places - places[order[-1]], axis=1))
    return [*(towns[number] for number in order), *towns[SPREAD_TOWNS:]]


def place_labels(labels: Sequence[Label], marks: Floats, sheet: Sheet) -> list[PlacedLabel]:
    """Return the lines of the names that find room, clear of each other and, but for the best known, of hubs.

    Parameters
    ----------
    labels
        The most important first.
    marks
        (h, 2) the hubs, in the picture's units.
    """
    most = {"hub": MOST_HUB_NAMES, "town": MOST_TOWN_NAMES, "country": MOST_COUNTRY_NAMES}
    ground = _Ground.of(labels, sheet)
    placed: list[PlacedLabel] = []
    taken: list[Box] = []
    written: dict[str, int] = {}
    named: list[tuple[Label, Floats]] = []
    refused: list[Floats] = []
    for label in labels:
        if written.get(label.kind, 0) >= most.get(label.kind, len(labels)):
            continue
        at = sheet.units(label.places)
        if label.kind == "town" and not _within(float(at[0, 0]), float(at[0, 1]), sheet):
            continue
        if label.kind in {"hub", "town"} and _is_near(label, at[0], named, sheet):
            continue
        # A village named where the city beside it found no room would be taken for the city.
        if label.kind == "town" and any(np.hypot(*(at[0] - one)) < TAKEN_FOR * sheet.line for one in refused):
            continue
        others = marks
        if label.kind == "hub":
            others = marks[np.hypot(*(marks - at[0]).T) > sheet.mark / 10]
        free: Iterator[_Spot] = (
            spot for spot in _spots(label, at, sheet) if not any(_meet(spot.box, other) for other in taken)
        )
        if label.ground is not None and ground is not None:
            free = ground.inside(label, free)
        spot = _best(label, free, others, sheet)
        if spot is None:
            if label.kind == "town":
                refused.append(at[0])
            continue
        taken.append(spot.box)
        written[label.kind] = written.get(label.kind, 0) + 1
        named.append((label, at[0]))
        placed += _lines(label, at[0], spot, -1 if sheet.upwards else 1)
    return placed


def _lines(label: Label, at: Floats, spot: _Spot, down: int) -> Iterator[PlacedLabel]:
    """Yield the lines of a name from the top down, those of a place towards it, others about their middle."""
    form, (left, low, right, high) = spot.form, spot.box
    x, y = at.tolist()
    step = down * form.line
    first = (low + high) / 2 - step * (len(form.lines) - 1) / 2
    part = 0.5 if label.kind in {"area", "country"} or left < x < right else 0.0 if left >= x else 1.0
    for number, (text, wide) in enumerate(zip(form.lines, form.widths, strict=True)):
        yield PlacedLabel(
            kind=label.kind,
            text=text,
            x=left + part * (form.wide - wide),
            y=first + step * number,
            wide=wide,
            at=(x, y),
            size=form.size,
            lead=spot.lead if number == 0 else None,
        )


def _is_near(label: Label, at: Floats, named: Sequence[tuple[Label, Floats]], sheet: Sheet) -> bool:
    """Tell whether what is named is named already, or stands so near that one name does for both."""
    return any(np.hypot(*(at - other)) < _apart(label, one) * sheet.line for one, other in named)


def _apart(label: Label, other: Label) -> float:
    if label.text.casefold() == other.text.casefold():
        return APART_SAME
    if not label.kind == other.kind == "town":
        return APART
    # Names for orientation serve best all over the map, but a reader looks for the largest.
    return APART_LARGE if label.large and other.large else APART_TOWNS


def _best(label: Label, spots: Iterator[_Spot], marks: Floats, sheet: Sheet) -> _Spot | None:
    """Return the first spot that hides no hub; of the best known towns, the one that hides fewest."""
    fewest: tuple[int, _Spot] | None = None
    for spot in spots:
        hidden = _holds(spot.box, marks, sheet.mark)
        if not hidden:
            return spot
        if label.must and (fewest is None or hidden < fewest[0]):
            fewest = (hidden, spot)
    return None if fewest is None else fewest[1]


def _forms(label: Label, sheet: Sheet) -> Iterator[_Form]:
    """Yield how a name may be written, the best first: as usual, smaller, and in two lines."""
    written = {"hub": [broken_name(label.text)], "area": [(cut(label.text),), broken_name(label.text)]}
    for lines in written.get(label.kind, [(cut(label.text),)]):
        for size in (1.0, SMALL) if label.kind in {"town", "area"} else (1.0,):
            widths = [sheet.width(line, label.kind) for line in lines]
            if all(wide is not None for wide in widths):
                known = tuple(size * wide for wide in widths if wide is not None)
                yield _Form(lines=lines, widths=known, size=size, line=size * sheet.line)


def cut(text: str) -> str:
    """Return a name of bearable length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def broken_name(text: str) -> tuple[str, ...]:
    """Return a name in two lines as even as its words allow, each of bearable length; a short one in one.

    >>> broken_name("Khyber Pakhtunkhwa"), broken_name("Upper Dir")
    (('Khyber', 'Pakhtunkhwa'), ('Upper Dir',))
    """
    if len(text) <= SHORT:
        return (text,)
    gaps = [number for number, letter in enumerate(text) if letter == " "]
    if not gaps:
        return (cut(text),)
    middle = min(gaps, key=lambda gap: (max(gap, len(text) - gap - 1), gap))
    return cut(text[:middle]), cut(text[middle + 1 :])


def _spots(label: Label, at: Floats, sheet: Sheet) -> Iterator[_Spot]:
    """Yield where and how a name may stand within the picture: around a hub or a town, or over a place of an area."""
    forms = list(_forms(label, sheet))
    found = [_Spot(form=form, box=box) for form in forms for box in _boxes(label, form, at, sheet)]
    if label.large:
        found += _led(forms, at[0], sheet)
    yield from (spot for spot in found if _within(*spot.box[:2], sheet) and _within(*spot.box[2:], sheet))


def _within(x: float, y: float, sheet: Sheet) -> bool:
    left, low, right, high = sheet.size
    return left < x < right and low < y < high


def _boxes(label: Label, form: _Form, at: Floats, sheet: Sheet) -> Iterator[Box]:
    wide, high = form.wide, form.high
    half = high / 2
    if label.kind in {"area", "country"}:
        yield from ((x - wide / 2, y - half, x + wide / 2, y + half) for x, y in at.tolist())
        return
    x, y = at[0].tolist()
    off = 1.8 * sheet.mark if label.kind == "hub" else sheet.mark
    right, left, over = x + off, x - off - wide, x - wide / 2
    sides = [(right, y), (left, y), (over, y + off + half), (over, y - off - half)]
    sides += [(start, y + up) for start in (right, left) for up in (half, -half, form.line, -form.line)]
    yield from ((start, middle - half, start + wide, middle + half) for start, middle in sides)


def _led(forms: Sequence[_Form], at: Floats, sheet: Sheet) -> Iterator[_Spot]:
    """Yield boxes farther from a town, each with where the line from its dot ends, the nearest first."""
    x, y = at.tolist()
    for away in AWAY:
        for turn in np.arange(TURNS) * 2 * np.pi / TURNS:
            over, up = away * sheet.line * np.cos(turn), away * sheet.line * np.sin(turn)
            end = (x + float(over), y + float(up))
            for form in forms:
                # The line ends at the side or the corner that is nearest to the town.
                start = end[0] - form.wide * (0.5 - float(np.cos(turn)) / 2)
                middle = end[1] + form.high / 2 * float(np.sin(turn))
                yield _Spot(
                    form=form, box=(start, middle - form.high / 2, start + form.wide, middle + form.high / 2), lead=end
                )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """Which area a place of the picture belongs to."""

    tree: KDTree
    owner: Any
    within: float

    @classmethod
    def of(cls, labels: Sequence[Label], sheet: Sheet) -> _Ground | None:
        """Return the ground of all labels of areas; None where there is none."""
        parts = [(label, sheet.units(label.ground)) for label in labels if label.ground is not None]
        if not parts:
            return None
        tree = KDTree(np.concatenate([places for _, places in parts]))
        owner = np.array([label.text for label, places in parts for _ in range(len(places))], dtype=object)
        apart = np.asarray(tree.query(tree.data, k=min(2, tree.n))[0]).reshape(tree.n, -1)[:, -1]
        return cls(tree=tree, owner=owner, within=max(3 * float(np.median(apart)), sheet.line))

    def inside(self, label: Label, spots: Iterator[_Spot]) -> Iterator[_Spot]:
        """Yield the spots within an area, the first first, then those that reach over its border, the least first."""
        over: list[tuple[float, _Spot]] = []
        for spot in spots:
            share = self.share(label, spot.box)
            if share >= INSIDE:
                yield spot
            elif share >= LEAST_INSIDE:
                over.append((share, spot))
        yield from (spot for _, spot in sorted(over, key=lambda one: -one[0]))

    def share(self, label: Label, box: Box) -> float:
        """Return how much of a box lies where the places of an area are the nearest."""
        across, up = np.linspace(box[0], box[2], 9), np.linspace(box[1], box[3], 3)
        samples = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        away, near = self.tree.query(samples)
        return float(np.mean((self.owner[near] == label.text) & (away <= self.within)))


def _holds(box: Box, marks: Floats, clear: float) -> int:
    x, y = marks.T
    across = (x > box[0] - clear) & (x < box[2] + clear)
    return int((across & (y > box[1] - clear) & (y < box[3] + clear)).sum())


def _meet(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
