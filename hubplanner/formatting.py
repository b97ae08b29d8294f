"""How sure a plan is, how far its ways are, how many of a thing there are: one rule for terminal, report, app and map.

A gap is rounded up, never down. A plan is called best where the gap is a solver's rounding, proven within so much where
the gap is within the asked one, and not proven where time ran out before. A bound more than its own figure away says
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hubplanner.tolerances import EXACT
from hubplanner.translation import N_, gettext as _, ngettext, written

SMALLEST_GAP = EXACT
"""Smaller gaps are rounding: the plan is proven best."""
LARGEST_GAP = 1.0
"""A larger gap means nothing."""
_HUNDREDTH = 1e-4
"""A hundredth of a per cent, to which gaps are rounded up."""
_ROUNDING = 1e-9


def count_of(number: int, thing: str) -> str:
    """Return a number of things.

    >>> count_of(1, "hub"), count_of(1200, "hub")
    ('1 hub', '1,200 hubs')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def paid_in_words(paid: Mapping[str, Any], write: Callable[[float], str]) -> str:
    """Return what is paid in all, and year by year; ``write`` says money.

    >>> rows = [{"year": 0, "paid": 9.0}, {"year": 1, "paid": 2.0}, {"year": 2, "paid": 2.0}]
    >>> paid_in_words({"total": 13.0, "by_year": rows}, "{:.0f}".format)
    '13: 9 to build, then 2 in each of 2 years'
    """
    first, *later = (year["paid"] for year in paid["by_year"])
    if not later:
        return write(paid["total"])
    if max(later) - min(later) <= EXACT * abs(max(later)):
        return ngettext(
            "{total}: {first} to build, then {each} in one year",
            "{total}: {first} to build, then {each} in each of {n} years",
            len(later),
            total=write(paid["total"]),
            first=write(first),
            each=write(later[0]),
        )
    return _("{total}: year by year {years}", total=write(paid["total"]), years=", ".join(map(write, (first, *later))))


def _signed(number: str) -> str:
    """Return a number of hundredths as everybody reads it, one way in terminal, report, app and documents."""
    return written(f"{number} %")


def per_cent(share: float, decimals: int = 1) -> str:
    """Return a share as per cent with as many decimals as the others of its column.

    >>> per_cent(0.387), per_cent(0.99999, 2), per_cent(-0.02, 0), per_cent(12.5)
    ('38.7 %', '100.00 %', '-2 %', '1,250.0 %')
    """
    return _signed(f"{share:,.{decimals}%}".removesuffix("%"))


def at_most(gap: float) -> str:
    """Return a gap as per cent, rounded up.

    >>> at_most(0.00031), at_most(6e-6), at_most(0.123401)
    ('0.04 %', '0.01 %', '12.35 %')
    """
    return _signed(f"{math.ceil(gap / _HUNDREDTH - _ROUNDING) / 100:g}")


def gap_in_words(gap: float | None) -> str:
    """Return a gap as per cent, never smaller than it is.

    >>> gap_in_words(0), gap_in_words(6e-6), gap_in_words(0.00123), gap_in_words(1.4419), gap_in_words(None)
    ('0 %', '< 0.01 %', '0.13 %', '> 100 %', 'unknown')
    """
    if gap is None or not math.isfinite(gap):
        return _("unknown")
    if gap <= SMALLEST_GAP:
        return _signed("0")
    if gap > LARGEST_GAP:
        return _signed("> 100")
    return _signed("< 0.01") if gap < _HUNDREDTH else at_most(gap)


def says_nothing(gap: float | None) -> bool:
    """Tell whether a gap leaves everything open.

    >>> says_nothing(1.4419), says_nothing(None), says_nothing(0.3)
    (True, True, False)
    """
    return gap is None or not gap <= LARGEST_GAP


def is_sure(gap: float | None, status: str) -> bool:
    """Tell whether a proof is as tight as it was asked for, so that a tick may stand beside it."""
    return status == "optimal" and not says_nothing(gap)


def than_this(gap: float) -> str:
    """Return by how much another plan could be better, in words to follow `better`; nothing where it is rounding.

    >>> than_this(0.00031), than_this(0)
    (' by more than 0.04 %', '')
    """
    return "" if gap <= SMALLEST_GAP else f" by more than {at_most(gap)}"


def proof_in_words(gap: float | None, status: str) -> str:
    """Return how sure it is that no plan is better.

    >>> proof_in_words(0.0, "optimal"), proof_in_words(0.00031, "optimal")
    ('proven: no plan is better', 'proven within 0.04 % of the best possible')
    >>> proof_in_words(0.02, "feasible")
    'not proven as asked: at most 2 % from the best possible'
    >>> proof_in_words(1.4419, "feasible")
    'not proven: the time was too short for any useful bound'
    >>> proof_in_words(0.0, "feasible")
    'not proven as asked: the time was too short for all goals'
    """
    if gap is None or not math.isfinite(gap):
        return _("not proven")
    if says_nothing(gap):
        return _("not proven: the time was too short for any useful bound")
    if status == "optimal":
        if gap <= SMALLEST_GAP:
            return _("proven: no plan is better")
        return _("proven within {gap} of the best possible", gap=at_most(gap))
    if gap <= SMALLEST_GAP:
        return _("not proven as asked: the time was too short for all goals")
    return _("not proven as asked: at most {gap} from the best possible", gap=at_most(gap))


def proof_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of a plan's proof by its figures, and whether a tick may stand beside them."""
    gap, status = plan["gap"], str(plan["status"])
    return {"words": proof_in_words(gap, status), "sure": is_sure(gap, status)}


def better_in_words(gap: float | None) -> str:
    """Return how much better a plan could be that a search has not found yet.

    >>> better_in_words(0.00031), better_in_words(None)
    ('A better plan, if there is one, is better by at most 0.04 %.', 'How much better a plan may be is not known yet.')
    """
    if gap is None or says_nothing(gap):
        return _("How much better a plan may be is not known yet.")
    if gap <= SMALLEST_GAP:
        return _("No plan is better.")
    return _("A better plan, if there is one, is better by at most {gap}.", gap=at_most(gap))


def small_share(share: float) -> str:
    """Return a share as per cent with three digits, however small it is.

    >>> small_share(0.0056612), small_share(0.25), small_share(0)
    ('0.566 %', '25 %', '0 %')
    """
    return _signed(f"{100 * share:.3g}")


MOST_UNSERVED = 20
"""Groups without a share that are named; plan.json names all."""


def fairness_in_words(fair: Mapping[str, Any]) -> list[str]:
    """Return what fairness by alpha speaks of and why, as sentences, by ``fairness`` of plan.json or of an overview.

    >>> terms = {"alpha": 1.0, "group": "district", "groups": 136, "group_because": "as asked"}
    >>> fairness_in_words(terms | {"linear_below_share": 0.0005, "linear_below_because": "as asked"})
    ['Fairness among 136 values of district (as asked), alpha 1.', 'Linear below a share of 0.05 % (as asked).']
    """
    unserved = fair.get("unserved", [])
    shown = ", ".join(unserved[:MOST_UNSERVED]) + (", ..." if len(unserved) > MOST_UNSERVED else "")
    found = [
        _(
            "Fairness among {count} values of {group} ({why}), alpha {alpha}.",
            count=written(f"{fair['groups']:,}"),
            group=fair["group"],
            why=_(fair["group_because"]),
            alpha=written(f"{fair['alpha']:g}"),
        ),
        _(
            "Linear below a share of {share} ({why}).",
            share=small_share(fair["linear_below_share"]),
            why=_(fair["linear_below_because"]),
        ),
    ]
    if "prefer_largest_of" in fair:
        group = fair["prefer_largest_of"]
        found.append(
            _("Of places that fill as many hubs of a {group}, those are taken where most would come.", group=group)
        )
    if unserved:
        count = written(f"{len(unserved):,}")
        found.append(_("Nobody is served in {count} of them: {names}.", count=count, names=shown))
    return found


def left_out_of_ways(distance: Mapping[str, Any]) -> list[str]:
    """Return who is left out of a mean way, with their need and people, by ``distance`` of plan.json.

    >>> left_out_of_ways({"unreachable_need": 1200.0, "unreachable_people": 1500.0, "unserved_need": 0.0})
    ['1,200 of need (1,500 people) without a way to any hub left out']
    """
    found = []
    for key, why in (("unreachable", _("without a way to any hub")), ("unserved", _("without a seat"))):
        need, people = distance.get(f"{key}_need") or 0.0, distance.get(f"{key}_people")
        if need <= 0:
            continue
        if people is None:
            found.append(_("{need} of need {why} left out", need=_number(need), why=why))
        else:
            told = {"need": _number(need), "people": _number(people), "why": why}
            found.append(_("{need} of need ({people} people) {why} left out", **told))
    return found


def _number(figure: float) -> str:
    return written(f"{figure:,.0f}" if figure >= 1 else f"{figure:.2g}")


def told_measures(summary: dict[str, Any]) -> dict[str, str]:
    """Return how many people each measure of a plan reaches and what they count for, in words, by its name.

    >>> one = {"people": 1000.0, "may_reach": 2000.0, "users": 600.0}
    >>> told_measures({"measures": {"devices": one}})
    {'devices': '1,000 of 2,000 people, who count as 600 regular users'}
    """
    return {
        name: _(
            "{people} of {all} people, who count as {users} regular users",
            people=written(f"{one['people']:,.0f}"),
            all=written(f"{one['may_reach']:,.0f}"),
            users=written(f"{one['users']:,.0f}"),
        )
        for name, one in summary.get("measures", {}).items()
    }


_SCALES = ((1e12, N_("trillion")), (1e9, N_("billion")), (1e6, N_("million")))
_SMALL = 1e4
"""Numbers below this read better in full."""


def in_words(number: float) -> str:
    """Return a number with three figures, as a person would say it.

    >>> in_words(999_999_999), in_words(68_258_591.3), in_words(12_345), in_words(42)
    ('1 billion', '68.3 million', '12,300', '42')
    """
    if not math.isfinite(number):
        return _("unknown")
    rounded = float(f"{number:.3g}")
    for scale, word in _SCALES:
        if abs(rounded) >= scale:
            return f"{written(f'{rounded / scale:g}')} {_(word)}"
    if abs(rounded) >= 1:
        return written(f"{rounded if abs(rounded) >= _SMALL else number:,.0f}")
    return written(f"{rounded:g}")


def covered_in_words(share: float, need: float | None) -> str:
    """Return a covered share of need, in words where there is none to cover.

    >>> covered_in_words(0.5, 12), covered_in_words(0.0, 0.0)
    ('50 %', 'no need')
    """
    return _("no need") if need == 0 else share_in_words(share)


HUNDREDTH, TINY = 0.01, 1e-5
"""Shares below these are told to two digits, and not told."""


def share_in_words(share: float) -> str:
    """Return a share as per cent, one decimal, and two digits of what is less than one per cent.

    >>> share_in_words(0.24937), share_in_words(1), share_in_words(0.9999)
    ('24.9 %', '100 %', '> 99.9 %')
    >>> share_in_words(0.004237), share_in_words(2e-7), share_in_words(0)
    ('0.42 %', '< 0.001 %', '0 %')
    """
    if share < 1 and f"{share:.1%}" == f"{1:.1%}":
        return _signed("> 99.9")
    if 0 < share < TINY:
        return _signed(f"< {100 * TINY:g}")
    digits = f"{share:.2g}" if 0 < share < HUNDREDTH else f"{share:.3f}"
    return _signed(f"{100 * float(digits):.3g}")
