"""All cases of the suite: which instance, which contender, how long, and whether `make bench` runs it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmarks.instances import FEW_SEEDS, GRAPHS, SEEDS, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "hubplanner"
HIGHS, CBC = "PuLP + HiGHS", "PuLP + CBC"
MERGED = "merged rows + HiGHS"
SPOPT = ("spopt + CBC", "spopt + HiGHS")
ALL = (*SPOPT, CBC, HIGHS, MERGED, OURS)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of results: its first heading, and the words above it."""

    what: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A contender's run on an instance; one that is drawn at random has a seed."""

    table: str
    row: str
    kind: str
    contender: str
    given: dict[str, Any]
    limit: float
    gap: float = 0.0
    quick: bool = False

    @property
    def peer(self) -> bool:
        """Tell whether it runs in the peers' environment."""
        return self.kind in {"covering", "streamed", "median"} and self.contender != OURS

    @property
    def seed(self) -> int | None:
        """Return the seed of a random instance, None of one that stands in files."""
        return self.given.get("seed")

    @property
    def name(self) -> str:
        """Return what tells it from all others."""
        return f"{self.table}: {self.row}: {self.contender}" + ("" if self.seed is None else f": seed {self.seed}")

    def task(self) -> str:
        """Return what its process has to know, as a line of JSON."""
        parts = {"kind": self.kind, "contender": self.contender, "given": self.given}
        return json.dumps({**parts, "limit": self.limit, "gap": self.gap})


MADE = "of customers at random with whole demands of 1 to 100"
TABLES = {
    "towns": Table(
        what="customers, sites, reach, limit",
        caption=f"Towns {MADE} in a square of side 30, to gap 0; textbook models have a row for each customer, "
        "merged ones a row for all customers that the same sites cover.",
    ),
    "large": Table(
        what="customers, reach, limit",
        caption="100 sites, read as a stream. Seconds are with the making of the data, which is named too; it is "
        "clocked inside the stream, once a pass.",
    ),
    "squares": Table(
        what="customers who are sites, mean in reach, budget",
        caption=f"A unit square {MADE}, each a site that costs 10 to 100, to gap 0. spopt knows no budget: its row for "
        "the number of hubs was changed into one.",
    ),
    "national": Table(
        what="budget, PKR bn",
        caption="Pakistan without seats, to gap 0, at most 60 s; plain PuLP has the same merged rows.",
    ),
    "seats": Table(
        what="budget, PKR bn",
        caption="Pakistan with seats and floors, asked gap 1e-4; at 1 bn with the floors of `lean`.",
    ),
    "medians": Table(what="OR-Library", caption="p-median to gap 0."),
    "frontiers": Table(
        what="20 budgets, 5 % to 100 % of the most",
        caption="One problem for 20 budgets, to gap 0, Pakistan (without seats) to 1e-4: one by one, as a list that "
        "shares what it can, and as a frontier, which proves each point's least cost as well (of Pakistan by bounds "
        "alone). PuLP is given 120 s for all points, in `make bench` 4 s.",
    ),
    "formulations": Table(
        what="what: textbook / ours",
        caption="Asked gap 1e-4, with seats 1e-3, p-median 1e-6; at most 60 s.",
    ),
    "structures": Table(
        what="question",
        caption="Questions with further limits, at most 60 s. Places and sites evenly drawn in a square "
        "of side 100, whole needs of 1 to 100, 8 to 20 sites in reach of a place, costs of 10 to 100, money for 2 % of "
        "the sites, for second hubs 3 %, two reaches apart 5 %; tiers about towns. Asked gap 1e-3, with capacities, "
        "two reaches apart and with fewest hubs 1e-2, of the worst distance 0; of it and of the worst group the first "
        "goal counts, told in seconds on the wall. `PuLP + HiGHS` is the textbook program, "
        "`merged rows + HiGHS` the same as arrays with a row for all places that are alike; of the worst distance, "
        "bisection by covering programs. Fewer seconds than the limit beside a gap larger than asked: other work had "
        "the processor for the rest.",
    ),
    "connected": Table(
        what="places, links, asked gap, limit",
        caption="Hubs with the lines that connect them, from one budget. Towns in a square of side 100 "
        "with ten villages each, lines between neighbours, a few towns on fibre, money for 15 % of all hubs and a tree "
        "through all; Pakistan as `pakistan_backhaul.yaml` asks. `PuLP + HiGHS` is the textbook program with one flow. "
        "`sites first` chooses hubs as if lines cost nothing, with money kept back for a Steiner tree (Mehlhorn) to "
        "them; `tree first` lays the shortest tree through all places and proves the best hubs on it. Their gaps "
        "are to the bound of the whole question.",
    ),
    "growth": Table(
        what="customers, sites",
        caption="How time and memory grow with customers and with sites, gap 1e-4; bars: from the median to the worst "
        "of {seeds} seeds; hollow: not all proven in 300 s.",
    ),
}


def towns() -> Iterator[Case]:
    """Yield towns of up to a million customers."""
    first, big = (MERGED, OURS), (HIGHS, MERGED, OURS)
    yield from _town(10_000, ALL, 120, quick=ALL)
    yield from _town(100_000, ALL, 120, quick=big)
    yield from _town(1_000_000, big, 600, quick=first)
    yield from _town(1_000_000, big, 600, max_hubs=None, budget=550, cost=True, quick=first)
    for hubs in (10, 20):
        yield from _town(10_000, ALL, 150, sites=1000, max_hubs=hubs, quick=big if hubs == 10 else first)
        ours = first if hubs == 10 else ()
        yield from _town(100_000, ALL, 150, sites=1000, reach=3.25, max_hubs=hubs, quick=ours)


def _town(
    n: int, contenders: tuple[str, ...], limit: float, quick: tuple[str, ...] = (), **more: Any
) -> Iterator[Case]:
    given = {"make": "bds", "n": n, "sites": 100, "reach": 5.5, "max_hubs": 10, **more}
    most = f"{given['max_hubs']} hubs" if given["max_hubs"] else f"costs, budget {given['budget']}"
    row = f"{n:,}, {given['sites']:,}, {given['reach']:g}, {most}"
    for name in contenders:
        case = Case(table="towns", row=row, kind="covering", contender=name, given=given, limit=limit)
        yield from _drawn(replace(case, quick=name in quick))


def _drawn(case: Case) -> Iterator[Case]:
    """Yield a case for each seed."""
    for seed in SEEDS:
        yield replace(case, given={**case.given, "seed": seed})


def large() -> Iterator[Case]:
    """Yield towns that are read as a stream."""
    for n in (10_000_000, 20_000_000):
        for reach in (3.25, 5.5, 6.25):
            for hubs in (10, 20):
                given = {"make": "bds", "n": n, "reach": reach, "max_hubs": hubs}
                is_quick = (n, reach, hubs) in {(10_000_000, 5.5, 10), (20_000_000, 6.25, 10)}
                row = f"{n:,}, {reach:g}, {hubs} hubs"
                for name in (MERGED, OURS):
                    case = Case(table="large", row=row, kind="streamed", contender=name, given=given, limit=600)
                    yield from _drawn(replace(case, quick=is_quick))


def squares() -> Iterator[Case]:
    """Yield squares where every customer is a site."""
    for n, cover, share in [
        (2000, 12, 0.03),
        (5000, 12, 0.03),
        (5000, 50, 0.01),
        (10_000, 12, 0.03),
        (20_000, 12, 0.03),
        (50_000, 12, 0.03),
        (100_000, 12, 0.03),
    ]:
        given = {"make": "square", "n": n, "cover": cover, "budget_share": share}
        for name in (*(SPOPT if n == 2000 else ()), HIGHS, MERGED, OURS):
            case = Case(
                table="squares",
                row=f"{n:,}, {cover}, {100 * share:.0f} %",
                kind="covering",
                contender=name,
                given=given,
                limit=600 if n >= 50_000 else 120,
                quick=name == OURS or (name in {HIGHS, MERGED} and n <= 20_000),
            )
            yield from _drawn(case)


def national() -> Iterator[Case]:
    """Yield the national scenario without and with seats."""
    for billions in (1, 3, 5, 10, 20):
        row, budget = f"{billions}", {"budget": billions * 1e9}
        for name in (HIGHS, OURS):
            is_quick = name == OURS or billions in {1, 5}
            yield Case(
                table="national", row=row, kind="national", contender=name, given=budget, limit=60, quick=is_quick
            )
        seats = {**budget, "overrides": ["lean"] if billions == 1 else []}
        yield Case(table="seats", row=row, kind="seats", contender=OURS, given=seats, limit=60, gap=1e-4, quick=True)


def medians() -> Iterator[Case]:
    """Yield the published p-median instances that are there."""
    for number in range(1, 11):
        name = f"pmed{number}"
        if (GRAPHS / f"{name}.txt").is_file():
            for contender in (SPOPT[0], OURS):
                yield Case(
                    table="medians",
                    row=name,
                    kind="median",
                    contender=contender,
                    given={"name": name},
                    limit=80,
                    quick=contender == OURS or number in {1, 5},
                )


FRONTIERS = {
    "10,000 customers, 100 sites that cost 10 to 100, up to 14 % of it": {
        "make": "bds",
        "n": 10_000,
        "max_hubs": None,
        "cost": True,
    },
    "1,000 customers who are sites, up to 4.5 % of their cost": {"make": "square", "n": 1000},
    "Pakistan, up to PKR 8 bn": {"make": "national"},
}
MOST = {"bds": 0.14, "square": 0.045, "national": 8e9}
"""About what covers all customers whom some site reaches, of the cost of all sites; twice the scenario's budget."""
PLAIN_QUICK = 4.0
"""Seconds that `make bench` gives plain PuLP for all points."""


def frontiers() -> Iterator[Case]:
    """Yield 20 budgets."""
    for row, given in FRONTIERS.items():
        make = str(given["make"])
        case = Case(
            table="frontiers",
            row=row,
            kind="frontier",
            contender=HIGHS,
            given={**given, "most": MOST[make]},
            limit=120,
            gap=1e-4 if make == "national" else 0.0,
            quick=True,
        )
        others = ("one by one", "solve_many", "frontier")
        for one in (case, *(replace(case, contender=name, limit=300, quick=name != "solve_many") for name in others)):
            yield from [one] if make == "national" else _drawn(one)


def formulations() -> Iterator[Case]:
    """Yield pairs of formulations."""
    for row, family, gap in [
        ("p-median, 400 points, 150 sites, 12 hubs: one variable a pair / chains", "median", 1e-6),
        ("second hub, Pakistan: halves of it / shared or disaggregated rows", "backup", 1e-4),
        ("seats, Pakistan: one search / first near the relaxation's bound", "seats", 1e-3),
    ]:
        given, is_quick = {"family": family}, family == "median"
        for name in ("textbook", "ours"):
            case = Case(
                table="formulations",
                row=row,
                kind="formulations",
                contender=name,
                given=given,
                limit=60,
                gap=gap,
                quick=is_quick,
            )
            yield from _drawn(case) if family == "median" else [case]


COVER = 12
HUBS_SHARE = 0.03


def growth() -> Iterator[Case]:
    """Yield ever more customers and, with as many in reach, ever more sites, of which so many may be open."""
    sizes = [(n, 100, 5.5, 10) for n in (10_000, 100_000, 1_000_000, 10_000_000, 20_000_000)]
    more = (100, 300, 1000, 3000, 10_000)
    sizes += [(100_000, sites, reach_of(sites, COVER), round(sites * HUBS_SHARE)) for sites in more]
    for n, sites, reach, hubs in sizes:
        given = {"make": "bds", "n": n, "sites": sites, "reach": reach, "max_hubs": hubs}
        row = f"{n:,}, {sites:,}, {reach:g}"
        case = Case(table="growth", row=row, kind="streamed", contender=OURS, given=given, limit=300, gap=1e-4)
        yield from _drawn(replace(case, quick=True))


STRUCTURES: tuple[tuple[str, dict[str, Any], float], ...] = (
    ("facility location, 100 sites x 1,000", {"make": "facilities", "n": 1000, "sites": 100}, 1e-3),
    ("the same with capacities", {"make": "limited rooms", "n": 1000, "sites": 100}, 1e-2),
    ("3 tiers with capacities, 1,000 x 10,000", {"make": "tiers with rooms", "n": 10_000, "sites": 1000}, 1e-2),
    (
        "2 tiers with capacities, 100 hubs, 1,000 x 30,000",
        {"make": "rooms of few hubs", "n": 30_000, "sites": 1000, "hubs": 100},
        1e-2,
    ),
    (
        "served whole, 10 hubs filled to 95 %, 100 x 100",
        {"make": "whole places", "n": 100, "hubs": 10, "filled": 0.95},
        1e-2,
    ),
    ("five years, 500 x 10,000", {"make": "years", "n": 10_000, "sites": 500}, 1e-3),
    ("3 tiers, 2,000 x 50,000 about towns", {"make": "tiers", "n": 50_000, "sites": 2000}, 1e-3),
    ("5 floors, 2,000 x 20,000", {"make": "floors", "n": 20_000, "sites": 2000}, 1e-3),
    ("worst of 5 groups first, 1,000 x 10,000", {"make": "worst group", "n": 10_000, "sites": 1000}, 1e-3),
    ("hubs apart, 2,000 x 20,000", {"make": "apart", "n": 20_000, "sites": 2000}, 1e-3),
    ("hubs two reaches apart, 1,000 x 20,000", {"make": "far apart", "n": 20_000, "sites": 1000}, 1e-2),
    ("second hub, 1,000 x 20,000", {"make": "backup", "n": 20_000, "sites": 1000}, 1e-3),
    (
        "second hub, twice the money, 1,000 x 20,000",
        {"make": "backup with more money", "n": 20_000, "sites": 1000},
        1e-3,
    ),
    ("second hub, about 300 towns, 1,000 x 20,000", {"make": "backup about towns", "n": 20_000, "sites": 1000}, 1e-3),
    ("worst distance, graph of 300, 30 hubs", {"make": "center", "n": 300, "hubs": 30}, 0.0),
    ("worst distance, graph of 900, 10 hubs", {"make": "center", "n": 900, "hubs": 10}, 0.0),
    ("worst distance, graph of 900, 90 hubs", {"make": "center", "n": 900, "hubs": 90}, 0.0),
    (
        "worst distance, 50 hubs, 1,000 x 10,000",
        {"make": "center of places", "n": 10_000, "sites": 1000, "hubs": 50},
        0.0,
    ),
    ("cover all, 2,000 x 10,000", {"make": "cover all", "n": 10_000, "sites": 2000}, 1e-3),
    ("cover all with fewest hubs, 2,000 x 10,000", {"make": "fewest to cover all", "n": 10_000, "sites": 2000}, 1e-2),
    ("clash in 156 districts, 2,000 x 10,000", {"make": "clash", "n": 10_000, "sites": 2000}, 1e-3),
    ("floors of 156 districts clash, 2,000 x 10,000", {"make": "clash of floors", "n": 10_000, "sites": 2000}, 1e-3),
    ("five years with rooms clash, 100 x 1,000", {"make": "clash over years", "n": 1000, "sites": 100}, 1e-3),
    ("a million about towns, 5,000 sites", {"make": "crowd", "n": 1_000_000, "sites": 5000}, 1e-3),
    ("towns, 100 x 10,000", {"make": "towns", "n": 10_000, "sites": 100}, 0.0),
    ("towns, 1,000 x 10,000", {"make": "towns", "n": 10_000, "sites": 1000}, 1e-3),
)


LEAST = {
    "facilities",
    "limited rooms",
    "whole places",
    "center",
    "center of places",
    "cover all",
    "fewest to cover all",
}
"""Structures of which less is better."""


def is_least(table: str, row: str) -> bool:
    """Tell whether less is better in a row of a table."""
    costs = {one for one, given, _ in STRUCTURES if given["make"] in LEAST}
    return table == "medians" or row in costs or row.startswith("p-median")


def structures() -> Iterator[Case]:
    """Yield one question of each structure."""
    for row, given, gap in STRUCTURES:
        kind = str(given["make"])
        is_ours = kind.startswith(("clash", "crowd"))
        alone = (OURS,) if is_ours else (MERGED, OURS)
        for name in alone if kind.startswith("center") or is_ours else (HIGHS, *alone):
            case = Case(table="structures", row=row, kind="structure", contender=name, given=given, limit=60, gap=gap)
            yield from (replace(one, quick=one.seed in FEW_SEEDS) for one in _drawn(case))


CONNECTED: tuple[tuple[str, dict[str, Any], float, float, tuple[str, ...]], ...] = (
    ("60 towns, fibre", {"towns": 60, "nodes": 3}, 1e-3, 60.0, (HIGHS, "sites first", "tree first", OURS)),
    ("120 towns, fibre", {"towns": 120, "nodes": 3}, 1e-3, 60.0, (HIGHS, "sites first", "tree first", OURS)),
    (
        "250 towns, fibre and dishes",
        {"towns": 250, "nodes": 25, "dish": 10.0},
        1e-3,
        60.0,
        (HIGHS, "tree first", OURS),
    ),
    ("60 towns, fibre, 3 hops, dishes", {"towns": 60, "nodes": 3, "dish": 30.0, "hops": 3}, 1e-2, 120.0, (HIGHS, OURS)),
)


def connected() -> Iterator[Case]:
    """Yield hubs with their lines."""
    for what, given, gap, limit, names in CONNECTED:
        for name in names:
            row = f"{what}, {gap:.0e}, {limit:g} s"
            case = Case(table="connected", row=row, kind="connected", contender=name, given=given, limit=limit, gap=gap)
            yield from (replace(one, quick=one.seed in FEW_SEEDS) for one in _drawn(case))
    for what, overrides, gap, limit in [("all links", [], 1e-3, 60.0), ("fibre", ["fibre_only"], 2e-2, 300.0)]:
        row, given = f"Pakistan, {what}, {gap:.0e}, {limit:g} s", {"overrides": overrides}
        case = Case(table="connected", row=row, kind="connected", contender=HIGHS, given=given, limit=limit, gap=gap)
        yield from (replace(case, contender=name, quick=True) for name in (HIGHS, OURS))


QUICK_LIMIT, OWN_QUICK_LIMIT = 30.0, 120.0
"""Seconds that `make bench` gives a peer's and our own case at most, but for streams of millions."""


def all_cases(*, full: bool) -> list[Case]:
    """Return every case, or the quick ones, in the order in which they run."""
    makers = (towns, large, squares, national, medians, frontiers, formulations, structures, connected, growth)
    cases = [case for make in makers for case in make()]
    return cases if full else [_shortened(case) for case in cases if case.quick]


def _shortened(case: Case) -> Case:
    if case.kind == "frontier":
        return replace(case, limit=PLAIN_QUICK if case.contender == HIGHS else OWN_QUICK_LIMIT)
    most = OWN_QUICK_LIMIT if case.contender == OURS else QUICK_LIMIT
    return case if case.kind in {"streamed", "structure", "connected"} else replace(case, limit=min(case.limit, most))
