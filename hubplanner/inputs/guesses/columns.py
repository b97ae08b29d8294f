"""Which column of a table is likely to hold what, by its name and by its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hubplanner.inputs.readers.cells import NOTATIONS, SPACES, CellRules, is_missing, number_pattern
from hubplanner.inputs.readers.columns import as_numbers, as_text, keys_of
from hubplanner.inputs.readers.tables import InputTable
from hubplanner.scenario.names import key_of, listed, near_key
from hubplanner.translation import gettext as _, joined

NAMES: dict[str, tuple[str, ...]] = {
    "id": (
        r"(demand|site|place|facility|school|hub|osm|geo|zone|area)?(id|code|pcode|uid|guid)",
        r"\w*(pcode|geoid|code)",
        r"fid|gid|objectid|\w*id",
    ),
    "x": (
        r"lon|lng|long|longitude",
        r"x|lon(gitude)?(dd|deg|wgs84|decimal|x)|xcoord\w*|coordx|\w+longitude",
        r"easting|\w+lon",
    ),
    "y": (r"lat|latitude", r"y|lat(itude)?(dd|deg|wgs84|decimal|y)|ycoord\w*|coordy|\w+latitude", r"northing|\w+lat"),
    "people": (
        r"people|population|(tot(al)?)?pop(ulation)?(tot(al)?)?((19|20)\d\d)?|persons|inhabitants|residents",
        r"habitants|habitantes|poblacion\w*|populacao\w*|einwohner|nufus|watu|\w*population(estimate|total)?(19|20)?\d*",
        r"census|pop\w*|\w+pop|\w*estimatetotal|people\w*|\w+people",
    ),
    "online": (
        r"connectedshare|(share)?online|internetusers?(share)?|internetuse|\w*broadbandusage\w*|\w*usinginternet\w*",
        r"\w*(internet|online|offline|unconnected|unserved|enligne|broadband\w*us(e|age))\w*|connected\w*|\w*conn?ecta?(e|ed|es|ee|ees|do|da|dos|das)",
        r"\w*(broadband|connectivity)\w*",
    ),
    "status": (r"status", r"\w*status|hubstatus|condition|phase|operationalstatus"),
    "tier": (r"tier",),
    "cost_factor": (r"costfactor",),
    "priority": (r"priority",),
    "name": (r"name|place|town|village|settlement|nom|nombre|nome", r"\w*name(en)?|\w+nom|\w+nombre|\w+nome"),
}
"""Names that columns often have, without case, accents, blanks and marks; the more telling the earlier."""
PLAIN_NAMES = {
    "id": {"id", "demandid", "siteid"},
    "x": {"lon", "longitude", "lng", "x"},
    "y": {"lat", "latitude", "y"},
    "people": {"people", "population"},
}
"""Names that leave no doubt."""
NOT_PEOPLE = re.compile(
    r"margin|error|moe$|densit|growth|share|percent|^perc|pct|rate$|ratio$|^ratio|median|mean|male|household|year|"
    r"popular|alone|among|races|urban|rural|child|under\d|over\d|aged|(?<!vill)age\d|popup|rank|group|category|code|name$|line|internet|connecte|conectad|served"
)
"""Parts of names of columns that speak of people, but do not count all."""
NOT_ONLINE = re.compile(
    r"speed|mbps|price|cost|technolog|provider|fees?$|tariff|device|computer|session|name$|types?$|date$|year$"
)
LESS_ONLINE = re.compile(r"availab|coverage|access|infrastructure")
"""Where people could be online, which is not who is."""
OFFLINE = re.compile(r"offline|unconnected|notconnected|nointernet|without|unserved|noaccess")
COUNTED = re.compile(r"people|users|persons|population|number|count|subscribers")
SHARED = re.compile(r"share|perc|pct|rate|prop")
GROUPS = re.compile(
    r"(adm(in)?\d?|province|prov|provincia|state|region|district|distrito|county|lga|governorate|departement|department|"
    r"departamento|division|commune|comuna|municipality|municipio|municipalite|zone|areatype|area|urbanrural|ruralurban|"
    r"sector|woreda|upazila|tehsil|taluk|constituency|subcounty|parish|chiefdom|prefecture|wilaya|kecamatan|settlementtype|"
    r"locality|block|cercle|arrondissement|canton|oblast|rayon)(name|nm)?(en|fr|es)?\d?"
)
STATUS_WORDS: dict[str, tuple[str, ...]] = {
    "existing": ("existing", "operational", "open", "active", "working", "functional", "built", "live", "in service"),
    "candidate": ("candidate", "planned", "proposed", "potential", "possible", "new", "option"),
    "required": ("required", "committed", "must"),
    "excluded": ("excluded", "closed", "inactive", "abandoned", "demolished", "not possible", "out of service"),
}
MOST_GROUPS, MOST_VALUES, MOST_TIERS, PER_CENT = 3, 1000, 6, 100.0
ENOUGH = 0.8
"""Share of the cells that must be numbers for a column to hold them."""


def compact(name: str) -> str:
    """Return what names of columns are compared by: letters and digits alone.

    >>> compact("BROADBAND_usage "), compact("% en ligne (Été)")
    ('broadbandusage', 'enligneete')
    """
    return re.sub(r"[\W_]+", "", near_key(name))


@dataclass(frozen=True, kw_only=True)
class ColumnGuess:
    """A column that is likely to hold something.

    Parameters
    ----------
    column
        Its name.
    why
        The evidence.
    key
        Of those who are online: connected_share, connected_people or offline_people.
    percent
        Whether it is a share given in per cent.
    rank
        How telling its name is, from 0 for the most.
    doubt
        What to ask; blank where there is none.
    """

    column: str
    why: str
    key: str = ""
    percent: bool = False
    rank: int = 0
    doubt: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnGuesses:
    """What the columns of a table are likely to hold.

    Parameters
    ----------
    one
        By key of a scenario (id, x, y, people, status, tier, cost_factor, priority, name) the column for it.
    online
        Those who are online, the likeliest first.
    groups
        Columns for floors and breakdowns, with the fewest values first.
    status_words
        Other words of the column of statuses, and what they mean.
    tiers
        Values of the column of tiers.
    notation
        Keys that say how numbers are written as text: decimal, thousands.
    """

    one: Mapping[str, ColumnGuess] = field(default_factory=dict)
    online: tuple[ColumnGuess, ...] = ()
    groups: tuple[ColumnGuess, ...] = ()
    status_words: Mapping[str, str] = field(default_factory=dict)
    tiers: tuple[str, ...] = ()
    notation: Mapping[str, str] = field(default_factory=dict)

    def column(self, key: str) -> str | None:
        """Return the column for a key; None where none is likely."""
        return self.one[key].column if key in self.one else None


def guess_columns(table: InputTable) -> ColumnGuesses:
    """Return which column of a table is likely to hold what: whatever their order, case, accents and marks.

    >>> from hubplanner.inputs.readers.tables import InputTable
    >>> frame = pd.DataFrame({"Code": ["a", "b"], "Population": ["10", "20"], "Internet": ["4", "70"]})
    >>> found = guess_columns(InputTable(name="towns.csv", frame=frame))
    >>> found.column("id"), found.column("people"), found.online[0].percent
    ('Code', 'Population', True)
    """
    frame = table.frame.drop(columns="geometry", errors="ignore")
    cells = _Cells(frame=frame, notation=guess_notation(frame))
    plain = "geometry" not in table.frame
    one: dict[str, ColumnGuess | None] = {
        "id": _id(cells) or _plainly_named(cells, "id"),
        **({key: _coordinate(cells, key) or _plainly_named(cells, key) for key in ("x", "y")} if plain else {}),
        "people": _people(cells) or _plainly_named(cells, "people"),
        "tier": _tier(cells),
        "cost_factor": _factor(cells, "cost_factor"),
        "priority": _factor(cells, "priority"),
        "name": _name(cells),
    }
    if one.get("x") is None or one.get("y") is None:
        one["x"] = one["y"] = None
    status, words = _status(cells)
    one["status"] = status
    tier = one["tier"]
    return ColumnGuesses(
        one={key: guess for key, guess in one.items() if guess is not None},
        online=_online(cells),
        groups=_groups(cells),
        status_words=words,
        tiers=tuple(sorted(set(cells.words(tier.column)) - {""})) if tier else (),
        notation=cells.notation,
    )


def guess_notation(frame: pd.DataFrame) -> dict[str, str]:
    """Return the marks of decimals and thousands with which most columns of text are numbers; none where it is plain.

    >>> guess_notation(pd.DataFrame({"people": ["1.234", "12.345"], "share": ["0,5", "0,25"]}))
    {'decimal': ',', 'thousands': '.'}
    """
    texts = [
        words[~is_missing(words)].str.translate(SPACES).str.removesuffix("%").str.rstrip().head(2000)
        for words in (as_text(column) for _, column in frame.items() if not pd.api.types.is_numeric_dtype(column))
    ]
    texts = [words for words in texts if len(words) and words.str.contains(r"\d").all()]

    def readable(decimal: str, thousands: str) -> int:
        pattern = number_pattern(decimal, thousands)
        return sum(bool(words.map(lambda word: pattern.fullmatch(word) is not None).all()) for words in texts)

    best = max([(".", ""), *NOTATIONS], key=lambda marks: readable(*marks))  # the first of equals: plain
    pattern = number_pattern(*best)
    read = [words for words in texts if words.map(lambda word: pattern.fullmatch(word) is not None).all()]
    said = {"decimal": best[0]} if best[0] != "." else {}
    is_used = bool(best[1]) and any(words.str.contains(best[1], regex=False).any() for words in read)
    return said | ({"thousands": best[1]} if is_used else {})


@dataclass(kw_only=True, eq=False)
class _Cells:
    """A table's columns as text and as numbers, each looked at once."""

    frame: pd.DataFrame
    notation: dict[str, str]
    _words: dict[str, pd.Series] = field(default_factory=dict)
    _numbers: dict[str, pd.Series] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in an order that is not that of the file."""
        return sorted(map(str, self.frame.columns), key=lambda name: (compact(name), name))

    def words(self, name: str) -> pd.Series:
        """Return a column as text, without total rows: they are no rows of their own."""
        if name not in self._words:
            self._words[name] = as_text(self.frame[name])
        return self._words[name]

    def numbers(self, name: str) -> pd.Series:
        """Return a column as numbers, per cent signs left out; NaN where a cell is none."""
        if name not in self._numbers:
            self._numbers[name] = numbers_of(self.frame, name, self.notation)
        return self._numbers[name]

    def is_numeric(self, name: str) -> bool:
        """Tell whether a column holds numbers but for a few cells that say nothing."""
        if pd.api.types.is_bool_dtype(self.frame[name]):
            return False
        known = self.numbers(name).notna()
        return bool((known | is_missing(self.words(name))).all() and known.mean() >= ENOUGH)

    def named(self, key: str) -> list[tuple[int, str]]:
        """Return the columns whose names are of a kind, the more telling first."""
        found = []
        for name in self.names:
            rank = next((at for at, way in enumerate(NAMES[key]) if re.fullmatch(way, compact(name))), None)
            if rank is not None:
                found.append((rank, name))
        return sorted(found, key=lambda each: each[0])


def numbers_of(frame: pd.DataFrame, name: str, notation: Mapping[str, str]) -> pd.Series:
    """Return a column as numbers, per cent signs left out; NaN where a cell is none.

    >>> numbers_of(pd.DataFrame({"share": ["4,5 %", "n/a"]}), "share", {"decimal": ","}).tolist()
    [4.5, nan]
    """
    column = frame[name]
    if not pd.api.types.is_numeric_dtype(column):
        column = as_text(column).str.removesuffix("%").str.rstrip()
    return as_numbers(column, CellRules(decimal=notation.get("decimal", "."), thousands=notation.get("thousands", "")))


def span(numbers: pd.Series) -> str:
    """Return the range of numbers in words.

    >>> span(pd.Series([3.0, 12345.0]))
    '3 to 12,345'
    """
    known = numbers.dropna()
    return _("{least} to {most}", least=_number(known.min()), most=_number(known.max()))


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.6g}"


def _id(cells: _Cells) -> ColumnGuess | None:
    """Return a column whose values are there in each row and differ: by name first, then a name of places."""
    every = [*cells.named("id"), *((rank + len(NAMES["id"]), name) for rank, name in cells.named("name"))]
    for rank, name in every:
        words = cells.words(name)
        keys = keys_of(words)
        if (keys != "").all() and not keys.duplicated().any():
            return ColumnGuess(column=name, rank=rank, why=_("{count:,} values, each once", count=len(words)))
    return None


def _plainly_named(cells: _Cells, key: str) -> ColumnGuess | None:
    """Return a column whose name leaves no doubt, whatever is wrong with its cells: that is told when it is read."""
    name = next((name for name in cells.names if compact(name) in PLAIN_NAMES[key]), None)
    return None if name is None else ColumnGuess(column=name, why=_("by its name alone: its cells do not fit"))


def _coordinate(cells: _Cells, key: str) -> ColumnGuess | None:
    for rank, name in cells.named(key):
        if cells.is_numeric(name):
            return ColumnGuess(column=name, rank=rank, why=_("by its name; {span}", span=span(cells.numbers(name))))
    return None


def _people(cells: _Cells) -> ColumnGuess | None:
    """Return the column that counts people: of several equally telling ones that of the latest year."""
    found = []
    for rank, name in cells.named("people"):
        if cells.is_numeric(name) and not NOT_PEOPLE.search(compact(name)):
            numbers = cells.numbers(name)
            if (numbers.dropna() >= 0).all() and numbers.max() > 1:
                years = re.findall(r"(?:19|20)\d\d", name)
                found.append((rank, -int(years[-1]) if years else 0, name, numbers))
    if not found:
        return None
    found.sort(key=lambda each: each[:2])
    rank, _year, name, numbers = found[0]
    others = [other for _, _, other, _ in found[1:]]
    doubt = _("are people {name}, or {names}?", name=name, names=joined(others[:4], _(" or "))) if others else ""
    words = cells.words(name)
    pointed = words[words.str.contains(".", regex=False)]
    if len(pointed) and not cells.notation and pointed.str.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+").all():
        thousands = _(
            'does {number} in {name} mean thousands? Then say thousands: "." here.', number=pointed.iloc[0], name=name
        )
        doubt = joined((doubt, thousands))
    whole = float(np.nansum(numbers))
    why = _("by its name; {span}, {whole:,.0f} in all", span=span(numbers), whole=whole)
    return ColumnGuess(column=name, rank=rank, why=why, doubt=doubt)


def _online(cells: _Cells) -> tuple[ColumnGuess, ...]:
    """Return columns of those who are online, or are not, the likeliest first."""
    found = []
    for rank, name in cells.named("online"):
        small = compact(name)
        if NOT_ONLINE.search(small) or not cells.is_numeric(name):
            continue
        numbers, off = cells.numbers(name).dropna(), OFFLINE.search(small) is not None
        if (numbers < 0).any():
            continue
        signed = bool(cells.words(name).str.endswith("%").any())
        counted = not signed and "%" not in name and SHARED.search(small) is None
        if counted and (numbers.max() > PER_CENT or (COUNTED.search(small) and numbers.max() > 1)):
            key = "offline_people" if off else "connected_people"
            found.append(ColumnGuess(column=name, rank=rank, key=key, why=_("a count, {span}", span=span(numbers))))
        elif not off and numbers.max() <= PER_CENT:
            found.append(_share(name, rank + 2 * bool(LESS_ONLINE.search(small)), numbers, signed=signed))
    return tuple(sorted(found, key=lambda each: each.rank))


def _share(name: str, rank: int, numbers: pd.Series, *, signed: bool) -> ColumnGuess:
    percent = signed or bool(numbers.max() > 1)
    if percent:
        why = _("in per cent: {span}, some above 1", span=span(numbers))
        if signed:
            why = _("in per cent: {span}, with per cent signs", span=span(numbers))
    else:
        why = _("a share: {span}, none above 1", span=span(numbers))
    few = percent and not signed and bool(numbers.max() <= 2)  # noqa: PLR2004 - a share that is a little above 1
    doubt = _("is {name} in per cent? Its largest value is {max:g}.", name=name, max=numbers.max()) if few else ""
    return ColumnGuess(column=name, rank=rank, key="connected_share", percent=percent, why=why, doubt=doubt)


def _groups(cells: _Cells) -> tuple[ColumnGuess, ...]:
    """Return columns of names, by which places fall into a few groups: not ids, not numbers."""
    found = []
    for name in cells.names:
        if not GROUPS.fullmatch(compact(name)) or cells.is_numeric(name):
            continue
        words = cells.words(name)
        count = int(keys_of(words).nunique())
        if (words != "").all() and 1 < count <= min(MOST_VALUES, len(words) / 2):
            why = _(
                "{count:,} values: {names}{more}",
                count=count,
                names=listed(sorted(set(words))[:3]),
                more=", ..." if count > 3 else "",  # noqa: PLR2004
            )
            found.append((count, name, why))
    found.sort()
    return tuple(ColumnGuess(column=name, why=why) for _, name, why in found[:MOST_GROUPS])


def _status(cells: _Cells) -> tuple[ColumnGuess | None, dict[str, str]]:
    """Return the column of statuses where each of its words is known, and what those mean that hubplanner lacks."""
    meant = {word: status for status, words in STATUS_WORDS.items() for word in words}
    for rank, name in cells.named("status"):
        words = sorted({key_of(word) for word in cells.words(name)} - {""})
        if words and all(near_key(word) in meant for word in words):
            others = {word: meant[near_key(word)] for word in words if word not in STATUS_WORDS}
            doubt = (
                ""
                if not others
                else _(
                    "is it right that {items}?",
                    items=joined((_("{a} is {b}", a=a, b=b) for a, b in others.items()), ", "),
                )
            )
            return ColumnGuess(column=name, rank=rank, why=_("says {names}", names=listed(words)), doubt=doubt), others
    return None, {}


def _tier(cells: _Cells) -> ColumnGuess | None:
    for rank, name in cells.named("tier"):
        words = set(cells.words(name)) - {""}
        if 0 < len(words) <= MOST_TIERS:
            return ColumnGuess(column=name, rank=rank, why=_("says {names}", names=listed(words)))
    return None


def _factor(cells: _Cells, key: str) -> ColumnGuess | None:
    for rank, name in cells.named(key):
        if cells.is_numeric(name) and (cells.numbers(name) >= 0).all():
            return ColumnGuess(column=name, rank=rank, why=_("by its name; {span}", span=span(cells.numbers(name))))
    return None


def _name(cells: _Cells) -> ColumnGuess | None:
    """Return a column of names by which most rows differ: by its name, or of polygons the parts that they are."""
    own = [(len(NAMES["name"]), name) for name in cells.names if GROUPS.fullmatch(compact(name))]
    for rank, name in [*cells.named("name"), *own]:
        keys = keys_of(cells.words(name))
        if not cells.is_numeric(name) and 2 * keys[keys != ""].nunique() > len(keys):
            return ColumnGuess(column=name, rank=rank, why=_("by its name"))
    return None
