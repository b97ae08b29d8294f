"""What an explanation says of each hub, each rejected site and each demand: one short paragraph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from hubplanner.analysis.explain.explain import Explanation
from hubplanner.analysis.explain.lines import LineFigures
from hubplanner.analysis.explain.resolve import Counterfactual, people_of
from hubplanner.analysis.explain.shadow_prices import LINES, Price, Shadow
from hubplanner.analysis.explain.sites import HubFigures, Reason, Rejected
from hubplanner.inputs.groups import fair_groups
from hubplanner.model import Constraint
from hubplanner.solver import in_words
from hubplanner.tolerances import AGREEMENT

if TYPE_CHECKING:
    from hubplanner.inputs import Inputs

MILLION = 1e6


def of_hub(words: ExplanationWords, hub: HubFigures) -> str:
    """Return what a site's hubs are to the plan."""
    return " ".join(_of_hub(words, hub))


def _of_hub(words: ExplanationWords, hub: HubFigures) -> Iterator[str]:
    what = words.hubs(hub.options.tolist(), hub.counts.tolist())
    yield f"{words.label(hub.site)} gets {what} for {words.money(hub.cost)}."
    if hub.is_required:
        yield "The scenario requires a hub here."
    if hub.people > 0:
        yield (
            f"Without it, and with nothing else changed, {people_and_need(hub.people, hub.need)}"
            f" would no longer be covered: {words.money(hub.cost_per_person)} for each of these people."
        )
    else:
        yield "Nobody is covered by it alone: other hubs of the plan cover the same people."
    if not math.isnan(hub.figure):
        yield f"With nothing else changed {_distance(words, hub.figure)}."
    if hub.breaks:
        yield f"That would break {_limits(words, hub.breaks)}."
    if hub.change is None:
        yield "What would replace it was not worked out."
        return
    places = _smaller_places(words, hub.change) if words.is_nil(hub.change.most) else ""
    yield f"The {words.best} without it {words.worse(hub.change)}{_and_people(words, hub.change)}{places}."
    yield from _replaced(words, hub.change, hub.site)


def _limits(words: ExplanationWords, constraints: Sequence[Constraint]) -> str:
    """Return limits that a plan without a hub, or with one more, would not keep."""
    return f"{'a limit' if len(constraints) == 1 else 'limits'}: {listed([words.limit(one) for one in constraints])}"


def _distance(words: ExplanationWords, figure: float) -> str:
    if math.isinf(figure):
        return "some people would have no hub to go to"
    return f"the {words.unit.split(',')[0]} would be {words.figure(figure)}"


def _and_people(words: ExplanationWords, change: Counterfactual) -> str:
    """Return how many people, or of how much need, a plan covers fewer, or more, than the explained one."""
    asked = words.found.asked
    fair = asked.objective.alpha_fairness is not None  # its figure is need, but shared evenly
    fewer = asked.evaluation.covered_need - change.need if fair else _people(words) - change.people
    if math.isnan(fewer) or abs(fewer) < 1:
        return ""
    less, what = ("less", "need") if fair else ("fewer", "people")
    return f" and covers {number(abs(fewer))} {less if fewer > 0 else 'more'} {what}"


def _people(words: ExplanationWords) -> float:
    return people_of(words.found.asked, words.found.asked.evaluation)


def _replaced(words: ExplanationWords, change: Counterfactual, site: int) -> Iterator[str]:
    """Yield what takes a hub's place."""
    if change.is_impossible or math.isinf(change.most):
        return
    gone = [other for other in change.leaves if other != site]
    also = f"; {words.places(gone)} would lose {'its own' if len(gone) == 1 else 'theirs'}" if gone else ""
    if change.enters:
        yield f"In its place {words.places(change.enters)} would get a hub{also}."
    elif change.differs:
        yield f"No other site would replace it; {words.places(change.differs)} would get other hubs instead."
    else:
        yield "No other site would replace it."


def of_rejected(words: ExplanationWords, one: Rejected, reasons: tuple[Reason, ...]) -> str:
    """Return why a site has no hub."""
    then = [] if math.isnan(one.figure) else [f"With one more hub there, {_distance(words, one.figure)}."]
    because = [REASONS[reason](words, one) for reason in reasons]
    return " ".join([f"{words.label(one.site)} gets no hub.", *then, *because])


def _covered(words: ExplanationWords, one: Rejected) -> str:
    near = [f"{words.name_of(site) or words.id_of(site)} ({number(people)})" for site, people in one.covered_by]
    start = f"Of the {number(one.near_people)} people within its reach {number(one.covered_people)} are covered already"
    adds = "" if math.isnan(one.people) else f"; it would add {number(one.people)}"
    return f"{start}, mostly by {listed(near)}{adds}."


def _dear(words: ExplanationWords, one: Rejected) -> str:
    tier = "hub" if one.option is None else words.tier(one.option)
    start = f"It costs too much for what it adds: {words.money(one.cost)} for a {tier} that newly covers"
    if one.people <= 0:
        return f"{start} nobody."
    each = f"{words.money(one.cost_per_person)} for each, more than for any hub of the plan"
    return f"{start} {number(one.people)} people, {each}."


def _equal(words: ExplanationWords, one: Rejected) -> str:
    others = () if one.change is None else one.change.leaves or one.change.differs
    swap = f", with it instead of hubs at {words.places(others)}" if others else ""
    return f"Another plan is as good{swap}: choosing it would cost nothing."


def _smaller(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    others = one.change.leaves or one.change.differs
    swap = f", with it instead of hubs at {words.places(others)}" if others else ""
    return f"Another plan is as fair{swap}{_smaller_places(words, one.change)}."


def _smaller_places(words: ExplanationWords, change: Counterfactual) -> str:
    """Return how much less need would come to the hubs of a plan that is as fair."""
    less = words.found.asked.smaller_by(change)
    if not less:
        return ""
    return f", but its hubs stand in smaller places: {number(less)} less need would come if they had room for all"


def _tested(words: ExplanationWords, one: Rejected) -> str:
    return "" if one.change is None else f"The {words.best} with it {words.worse(one.change)}."


def _better(words: ExplanationWords, one: Rejected) -> str:
    return f"{_tested(words, one)} The explained plan was not proven best, and this one is better."


def _open(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    swap = f" and without {words.places(one.change.leaves)}" if one.change.leaves else ""
    known = not math.isinf(one.change.most)
    start = "It is so close to being worth a hub that the proof does not settle it: with it" if known else "With it"
    return f"{start}{swap if known else ''} the {words.best} {words.worse(one.change)}."


def _beaten(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    worse = f"the {words.best} with it {words.worse(one.change)}{_and_people(words, one.change)}"
    if not one.change.leaves:
        return f"A hub here would replace some at {words.places(one.change.differs)}: {worse}."
    return f"It is beaten by {words.places(one.change.leaves)}, which it would push out: {worse}."


def _banned(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return "The scenario rules it out; what that costs was not worked out."
    at = "would use it" if one.site in one.change.enters else "would not use it"
    return f"The scenario rules it out. If it were free, the {words.best} {at} and {words.worse(one.change)}."


REASONS: dict[Reason, Callable[[ExplanationWords, Rejected], str]] = {
    Reason.BANNED: _banned,
    Reason.UNLINKED: lambda *_: "No line can reach it, and it has no stand-alone link.",
    Reason.NOBODY: lambda *_: "Nobody lives within its reach.",
    Reason.RULE: lambda words, one: f"One more hub here would break {_limits(words, one.breaks)}.",
    Reason.IMPOSSIBLE: _tested,
    Reason.EQUAL: _equal,
    Reason.SMALLER: _smaller,
    Reason.BETTER: _better,
    Reason.COVERED: _covered,
    Reason.BEATEN: _beaten,
    Reason.DEAR: _dear,
    Reason.OPEN: _open,
    Reason.MONEY: lambda *_: "The plan's hubs leave no money, or no hub, for it.",
    Reason.UNTESTED: lambda *_: "What choosing it would cost was not worked out.",
}


def loss_with(words: ExplanationWords, one: Rejected, reasons: tuple[Reason, ...]) -> str:
    """Return the loss with a hub forced in, where the reasons do not say it already."""
    said = {Reason.BANNED, Reason.IMPOSSIBLE, Reason.EQUAL, Reason.SMALLER, Reason.BETTER, Reason.BEATEN, Reason.OPEN}
    if one.change is None or said.intersection(reasons):
        return ""
    return f" The {words.best} with it {words.worse(one.change)}."


def of_price(words: ExplanationWords, price: Price) -> str:
    """Return what a demand costs."""
    if price.site is not None:
        what = f"the {'pin on' if price.kind == 'pin' else 'ban of'} {words.label(price.site)}"
    else:
        what = words.limit(price.constraint) if price.constraint is not None else price.kind
    if price.undefined:
        return f"The price of {what} is not defined: {price.undefined}."
    if price.change is None:
        return f"The price of {what} was not worked out."
    if words.is_nil(price.change.least) and words.is_nil(price.change.most):
        return f"Without {what} the {words.best} would be as good: it costs nothing."
    return f"Without {what} the {words.best} {words.worse(price.change)}."


def of_shadow(words: ExplanationWords, shadow: Shadow) -> str:
    """Return what a little more and a little less of something scarce is worth."""
    return " ".join(_of_shadow(words, shadow))


def _of_shadow(words: ExplanationWords, shadow: Shadow) -> Iterator[str]:
    if shadow.kind == LINES:
        yield from _of_prices(words, shadow)
        return
    step = {
        "budget": words.money(shadow.step),
        "max_hubs": "one hub",
        "target_share": f"{100 * shadow.step:g} % of all need in the target",
    }[shadow.kind]
    sides = (("more", shadow.looser), ("less", shadow.tighter))
    if shadow.kind == "target_share":
        sides = (("less", shadow.looser), ("more", shadow.tighter))
    for side, change in sides:
        if change is None:
            yield f"With {step} {side}: not worked out."
            continue
        yield f"With {step} {side} the best plan {words.worse(change)}{_and_people(words, change)}."
        rate = people_per_million(words, shadow, change)
        if rate:
            yield f"That is {number(rate)} people for each {words.inputs.scenario.currency} million."
    if not math.isnan(shadow.relaxation_rate) and shadow.kind == "budget":
        rate = shadow.relaxation_rate * MILLION
        yield f"If hubs could be built in parts, one million more would be worth {words.figure(rate)}."


def _of_prices(words: ExplanationWords, shadow: Shadow) -> Iterator[str]:
    """Yield what cheaper and dearer lines do to the best plan."""
    yield f"Lines take {words.money(shadow.amount)}."
    for side, change in (("dearer", shadow.tighter), ("cheaper", shadow.looser)):
        if change is None:
            yield f"Were they {shadow.step:.0%} {side}: not worked out."
            continue
        yield f"Were they {shadow.step:.0%} {side}, the best plan {words.worse(change)}{_and_people(words, change)}."
        parts = [f"{words.places(change.enters)} would get a hub"] if change.enters else []
        parts += [f"{words.places(change.leaves)} would get none"] if change.leaves else []
        if parts:
            yield f"Then {' and '.join(parts)}."


def of_line(words: ExplanationWords, line: LineFigures) -> str:
    """Return what a line serves."""
    links = words.inputs.links
    if links is None:
        raise AssertionError
    edge = links.edges.iloc[line.edge]
    start, end = (words.place(at) for at in (line.start, line.end))
    hubs = f"the hub at {words.places(line.sites)}" if len(line.sites) == 1 else f"hubs at {words.places(line.sites)}"
    covers = f"{people_and_need(line.people, line.need)} that no other hub of the plan covers"
    return (
        f"The line from {start} to {end}, {number(edge['km'])} km for {words.money(edge['cost'])}, serves {hubs}: "
        f"{covers if line.need > 0 else 'all whom that covers are covered by other hubs of the plan as well'}."
    )


def people_per_million(words: ExplanationWords, shadow: Shadow, change: Counterfactual) -> float | None:
    """Return the people that the plans found gain, or lose, for each million; None where money is not scarce."""
    people = abs(change.people - _people(words))
    return people / shadow.step * MILLION if shadow.kind == "budget" and math.isfinite(people) and shadow.step else None


MOST_LISTED = 4
"""Sites named in one sentence; of more, the rest is counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplanationWords:
    """How the sites, money and figures of one scenario are called."""

    inputs: Inputs
    found: Explanation

    def id_of(self, site: int) -> str:
        """Return a site's id."""
        return str(self.inputs.sites.frame["site_id"].iloc[site])

    def name_of(self, site: int) -> str | None:
        """Return a site's name, None where the site file gives none."""
        frame = self.inputs.sites.frame
        name = frame["name"].iloc[site] if "name" in frame else None
        return None if pd.isna(name) or not str(name).strip() else str(name).strip()

    def place(self, node: int) -> str:
        """Return the name of a node's place on the network: a site's, or the id of a node of today or a tower."""
        links = self.inputs.links
        place = node if links is None else int(links.place[node])
        if place < len(self.inputs.sites.frame) or links is None:
            return self.label(place)
        return str(links.places["id"].iloc[place])

    def label(self, site: int) -> str:
        """Return a site's name and id, such as ``Quetta (S1)``, or its id."""
        name = self.name_of(site)
        return self.id_of(site) if name is None else f"{name} ({self.id_of(site)})"

    def places(self, sites: Sequence[int]) -> str:
        """Return a list of sites, the first few by name."""
        shown = [self.name_of(site) or self.id_of(site) for site in sites[:MOST_LISTED]]
        left = len(sites) - len(shown)
        return listed([*shown, f"{left} more"] if left else shown)

    def tier(self, option: int) -> str:
        """Return the tier of an option."""
        return self.inputs.scenario.hubs[int(self.found.asked.problem.option_tier[option])].name

    def hubs(self, options: Sequence[int], counts: Sequence[int]) -> str:
        """Return hubs such as ``a centre and 2 parks``."""
        return listed([_some(self.tier(option), count) for option, count in zip(options, counts, strict=True)])

    def money(self, amount: float) -> str:
        """Return an amount of money with its currency, large ones in millions."""
        return f"{self.inputs.scenario.currency} {amount_of(amount)}"

    def figure(self, amount: float) -> str:
        """Return an amount of what the objective counts, with its unit."""
        objective = self.found.asked.objective
        if objective.minimises_cost:
            return self.money(amount)
        if objective.minimises_distance:
            return f"{round(amount, 3) + 0.0:,.3f} {self.inputs.unit}"  # so that no zero has a sign
        need = f"{number(self.counted(amount))} of need"
        return need if objective.alpha_fairness is None else f"{need} shared evenly"

    def counted(self, amount: float) -> float:
        """Return an amount of the objective's figure as it is told: of an equivalent share, the need it comes to."""
        fairness = self.found.asked.objective.alpha_fairness
        return amount if fairness is None else amount * math.fsum(fairness.need)

    @cached_property
    def best(self) -> str:
        """What the best plan of a changed question is called: a fair one is the best of a site's own group."""
        asked = self.found.asked
        if not asked.is_local:
            return "best plan"
        spec = self.inputs.scenario.model.fairness
        largest = None if spec is None else spec.prefer_largest_of
        column = largest or fair_groups(self.inputs).column
        name = column.replace("_", " ")
        return f"fairest plan for its {name}"

    @property
    def distance_unit(self) -> str:
        """Unit of distances."""
        return self.inputs.unit

    @property
    def unit(self) -> str:
        """What the objective counts."""
        objective = self.found.asked.objective
        if objective.minimises_distance:
            which = "largest" if objective.is_bottleneck else "mean"
            return f"{which} distance to a hub, {self.inputs.unit}"
        if objective.alpha_fairness is not None:
            return "need covered, shared evenly"
        return f"cost, {self.inputs.scenario.currency}" if objective.minimises_cost else "need covered"

    def is_nil(self, amount: float) -> bool:
        """Tell whether an amount of what the objective counts is none but for rounding."""
        return abs(amount) <= self.found.asked.rounding

    def worse(self, change: Counterfactual) -> str:
        """Return how much worse the best plan of a change is, as the rest of ``the best plan ...``."""
        if change.is_impossible:
            stay = ", all hubs elsewhere staying as they are" if self.found.asked.is_local else ""
            return f"does not exist{stay}: " + "; ".join(self.clashes(change))
        return self._loss(change.least, change.most) + self._fairness(change)

    def _fairness(self, change: Counterfactual) -> str:
        """Return how the first goal that comes before the objective's own, and differs, fares."""
        asked = self.found.asked
        for before, after in zip(asked.plan.goals, change.goals, strict=False):
            if before.name == asked.objective.main:
                break
            if abs(after.value - before.value) > AGREEMENT:
                shares = f"{after.value:.2%} instead of {before.value:.2%}"
                verb = "add up to" if before.name.endswith("shares") else "is"
                return f", and its {before.name} of the groups {verb} {shares}"
        return ""

    def _loss(self, least: float, most: float) -> str:
        """Return a loss, as the proof leaves it, as a verb and more."""
        if math.isinf(most):
            floor = "" if math.isinf(least) or least <= 0 else f", but it is worse by at least {self.figure(least)}"
            return f"was not found in time{floor}"
        if math.isinf(least):
            known = "is at least as good" if self.is_nil(most) else f"is worse by {self.figure(most)} at most"
            return f"{known}; how much better it may be was not proven in time"
        if self.is_nil(most - least):
            way = "worse" if most > 0 else "better"
            return "is as good" if self.is_nil(most) else f"is {way} by {self.figure(abs(most))}"
        return f"is {self._range(least, most)}"

    def _range(self, least: float, most: float) -> str:
        """Return a range of losses, as the proof leaves it."""
        if self.is_nil(most):
            return f"as good, or better by up to {self.figure(-least)}"
        if most < 0:
            return f"better by {self.figure(-most)} at least and {self.figure(-least)} at most"
        if least > 0 and not self.is_nil(least):
            return f"worse by {self.figure(least)} at least and {self.figure(most)} at most"
        tail = "" if self.is_nil(least) else f", or better by up to {self.figure(-least)}"
        return f"worse by {self.figure(most)} at most{tail} (the gap of the proof leaves this open)"

    def clashes(self, change: Counterfactual) -> list[str]:
        """Return why there is no plan."""
        return ["no plan meets all demands"] if change.clash is None else in_words(change.clash, self.id_of)

    def limit(self, constraint: Constraint) -> str:
        """Return a limit in words."""
        return constraint.explain(self)


def _some(tier: str, count: int) -> str:
    article = "an" if tier[:1].lower() in "aeiou" else "a"
    return f"{article} {tier}" if count == 1 else f"{count} {tier} hubs"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "nothing"


def number(amount: float) -> str:
    """Return a number as people read it: whole where it is large.

    >>> number(1234.5), number(0.25)
    ('1,234', '0.25')
    """
    return f"{amount:,.0f}" if abs(amount) >= 100 or amount == int(amount) else f"{amount:,.3g}"  # noqa: PLR2004


def people_and_need(people: float, need: float) -> str:
    """Return people and their need, once where the need is the people themselves.

    >>> people_and_need(8000.0, 6400.0), people_and_need(8000.0, 8000.0)
    ('8,000 people and 6,400 of need', '8,000 people')
    """
    told = f"{number(people)} people"
    return told if number(people) == number(need) else f"{told} and {number(need)} of need"


def amount_of(amount: float) -> str:
    """Return money, in millions where it is so large.

    >>> amount_of(24_700_000.0), amount_of(950.0), amount_of(12_345_678_900.0)
    ('24.7 million', '950', '12,346 million')
    """
    if abs(amount) >= 1e9:  # noqa: PLR2004
        return f"{amount / 1e6:,.0f} million"
    return f"{amount / 1e6:,.4g} million" if abs(amount) >= 1e6 else number(amount)  # noqa: PLR2004
