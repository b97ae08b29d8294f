"""Why a site has no hub, told from its figures and from the best plan with one there."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from hubplanner.models.checks import AGREEMENT

if TYPE_CHECKING:
    from hubplanner.analysis.explain_changes import ExplainRequest
    from hubplanner.analysis.explain_sites import HubFigures, Rejected

MOSTLY = 0.5
"""Share of a site's people from which on they count as covered already."""


class Reason(StrEnum):
    """Why a site has no hub."""

    BANNED = "banned"
    NOBODY = "nobody_in_reach"
    RULE = "rule"
    IMPOSSIBLE = "no_plan_with_it"
    EQUAL = "as_good"
    BETTER = "better_plan_found"
    COVERED = "covered_already"
    BEATEN = "beaten"
    DEAR = "too_dear"
    MONEY = "no_money_left"
    OPEN = "open"
    UNTESTED = "not_tested"


def reasons(asked: ExplainRequest, one: Rejected, hubs: list[HubFigures]) -> tuple[Reason, ...]:
    """Return why a site has no hub, the reason that decides first."""
    if one.option is None:
        return (Reason.BANNED,)
    found = [Reason.NOBODY] if one.near_people <= 0 and math.isnan(one.figure) else []
    found += [Reason.RULE] if one.breaks else []
    change = one.change
    if change is None:
        return (*found, *_by_figures(one, hubs), Reason.UNTESTED)
    slack = AGREEMENT * max(1.0, abs(asked.plan.value))
    if change.is_impossible:
        return (*found, Reason.IMPOSSIBLE)
    if change.most < -slack:
        found.append(Reason.BETTER)
    elif change.most <= slack:
        found.append(Reason.EQUAL)
    else:
        found += _by_figures(one, hubs)
        if change.least <= slack:
            found.append(Reason.OPEN)
        elif change.leaves or change.differs:
            found.append(Reason.BEATEN)
    return tuple(found)


def _by_figures(one: Rejected, hubs: list[HubFigures]) -> list[Reason]:
    found: list[Reason] = []
    if one.near_people <= 0 and math.isnan(one.figure):
        return found  # that nobody is near says it all
    if one.near_people > 0 and one.covered_people >= MOSTLY * one.near_people:
        found.append(Reason.COVERED)
    dearest = max((hub.cost_per_person for hub in hubs if hub.people > 0), default=math.inf)
    if one.cost_per_person > dearest:
        found.append(Reason.DEAR)
    if one.is_over:
        found.append(Reason.MONEY)
    return found
