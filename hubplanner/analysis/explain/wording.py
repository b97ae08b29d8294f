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
from hubplanner.analysis.explain.resolve import Counterfactual
from hubplanner.analysis.explain.shadow_prices import LINES, Price, Shadow
from hubplanner.analysis.explain.sites import HubFigures, Reason, Rejected
from hubplanner.formatting import per_cent
from hubplanner.inputs.groups import fair_groups
from hubplanner.model import Constraint
from hubplanner.solver import in_words
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _, joined, listed, ngettext, written

if TYPE_CHECKING:
    from hubplanner.inputs import Inputs

MILLION = 1e6


def of_hub(words: ExplanationWords, hub: HubFigures) -> str:
    """Return what a site's hubs are to the plan."""
    return joined(_of_hub(words, hub))


def _of_hub(words: ExplanationWords, hub: HubFigures) -> Iterator[str]:
    what = words.hubs(hub.options.tolist(), hub.counts.tolist())
    yield _("{place} gets {hubs} for {cost}.", place=words.label(hub.site), hubs=what, cost=words.money(hub.cost))
    if hub.is_required:
        yield _("The scenario requires a hub here.")
    if hub.people > 0:
        yield _(
            "Without it, and with nothing else changed, {people} would no longer be covered: {cost} for each of these "
            "people.",
            people=people_and_need(hub.people, hub.need),
            cost=words.money(hub.cost_per_person),
        )
    else:
        yield _("Nobody is covered by it alone: other hubs of the plan cover the same people.")
    if not math.isnan(hub.figure):
        yield _("With nothing else changed {change}.", change=_distance(words, hub.figure))
    if hub.breaks:
        yield _("That would break {limits}.", limits=_limits(words, hub.breaks))
    if hub.change is None:
        yield _("What would replace it was not worked out.")
        return
    fares = _and_people(words, hub.change, words.fares(hub.change, words.best_without))
    smaller = words.found.asked.smaller_by(hub.change) if words.is_nil(hub.change.most) else 0.0
    yield _full_stop(_in_smaller_places(fares, smaller))
    yield from _replaced(words, hub.change, hub.site)


def _full_stop(clause: str) -> str:
    return _("{clause}.", clause=clause)


def _limits(words: ExplanationWords, constraints: Sequence[Constraint]) -> str:
    """Return limits that a plan without a hub, or with one more, would not keep."""
    limits = [words.limit(one) for one in constraints]
    if len(limits) == 1:
        return _("a limit: {limit}", limit=limits[0])
    return _("limits: {limits}", limits=listed(limits))


def _distance(words: ExplanationWords, figure: float) -> str:
    if math.isinf(figure):
        return _("some people would have no hub to go to")
    way = words.figure(figure)
    if words.found.asked.objective.is_bottleneck:
        return _("the largest distance to a hub would be {way}", way=way)
    return _("the mean distance to a hub would be {way}", way=way)


def _and_people(words: ExplanationWords, change: Counterfactual, clause: str) -> str:
    """Add to a clause how many people, or of how much need, a plan covers fewer, or more, than the explained one."""
    asked = words.found.asked
    fair = asked.objective.alpha_fairness is not None  # its figure is need, but shared evenly
    fewer = asked.evaluation.covered_need - change.need if fair else asked.people - change.people
    if math.isnan(fewer) or abs(fewer) < 1:
        return clause
    told = {"clause": clause, "number": number(abs(fewer))}
    if fair:
        less = _("{clause} and covers {number} less need", **told)
        return less if fewer > 0 else _("{clause} and covers {number} more need", **told)
    less = _("{clause} and covers {number} fewer people", **told)
    return less if fewer > 0 else _("{clause} and covers {number} more people", **told)


def _replaced(words: ExplanationWords, change: Counterfactual, site: int) -> Iterator[str]:
    """Yield what takes a hub's place."""
    if change.is_impossible or math.isinf(change.most):
        return
    gone = [other for other in change.leaves if other != site]
    if change.enters:
        told = {"places": words.places(change.enters), "others": words.places(gone)}
        if not gone:
            yield _("In its place {places} would get a hub.", places=told["places"])
        elif len(gone) == 1:
            yield _("In its place {places} would get a hub; {others} would lose its own.", **told)
        else:
            yield _("In its place {places} would get a hub; {others} would lose theirs.", **told)
    elif change.differs:
        places = words.places(change.differs)
        yield _("No other site would replace it; {places} would get other hubs instead.", places=places)
    else:
        yield _("No other site would replace it.")


def of_rejected(words: ExplanationWords, one: Rejected, reasons: tuple[Reason, ...]) -> str:
    """Return why a site has no hub."""
    then = ""
    if not math.isnan(one.figure):
        then = _("With one more hub there, {change}.", change=_distance(words, one.figure))
    because = [REASONS[reason](words, one) for reason in reasons]
    told = [_("{place} gets no hub.", place=words.label(one.site)), then, *because, loss_with(words, one, reasons)]
    return joined(told)


def _covered(words: ExplanationWords, one: Rejected) -> str:
    near = [
        _("{place} ({people})", place=words.name_of(site) or words.id_of(site), people=number(people))
        for site, people in one.covered_by
    ]
    told = {
        "people": number(one.near_people),
        "covered": number(one.covered_people),
        "places": listed(near) or _("nothing"),
    }
    if math.isnan(one.people):
        return _("Of the {people} people within its reach {covered} are covered already, mostly by {places}.", **told)
    return _(
        "Of the {people} people within its reach {covered} are covered already, mostly by {places}; it would add "
        "{added}.",
        added=number(one.people),
        **told,
    )


def _dear(words: ExplanationWords, one: Rejected) -> str:
    tier = _("hub") if one.option is None else words.tier(one.option)
    told = {"cost": words.money(one.cost), "tier": tier}
    if one.people <= 0:
        return _("It costs too much for what it adds: {cost} for a {tier} that newly covers nobody.", **told)
    return _(
        "It costs too much for what it adds: {cost} for a {tier} that newly covers {people} people, {each} for each, "
        "more than for any hub of the plan.",
        people=number(one.people),
        each=words.money(one.cost_per_person),
        **told,
    )


def _equal(words: ExplanationWords, one: Rejected) -> str:
    others = () if one.change is None else one.change.leaves or one.change.differs
    if not others:
        return _("Another plan is as good: choosing it would cost nothing.")
    return _(
        "Another plan is as good, with it instead of hubs at {places}: choosing it would cost nothing.",
        places=words.places(others),
    )


def _smaller(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    others = one.change.leaves or one.change.differs
    fair = _("Another plan is as fair")
    if others:
        fair = _("Another plan is as fair, with it instead of hubs at {places}", places=words.places(others))
    return _full_stop(_in_smaller_places(fair, words.found.asked.smaller_by(one.change)))


def _in_smaller_places(clause: str, less: float) -> str:
    """Add to a clause how much less need would come to the hubs of a plan that is as fair."""
    if not less:
        return clause
    return _(
        "{clause}, but its hubs stand in smaller places: {number} less need would come if they had room for all",
        clause=clause,
        number=number(less),
    )


def _tested(words: ExplanationWords, one: Rejected) -> str:
    return "" if one.change is None else _full_stop(words.fares(one.change, words.best_with))


def _better(words: ExplanationWords, one: Rejected) -> str:
    better = _("The explained plan was not proven best, and this one is better.")
    return joined([_tested(words, one), better])


def _open(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    fares = words.fares(one.change, words.best)
    if math.isinf(one.change.most):
        return _("With it {fares}.", fares=fares)
    if not one.change.leaves:
        return _("It is so close to being worth a hub that the proof does not settle it: with it {fares}.", fares=fares)
    return _(
        "It is so close to being worth a hub that the proof does not settle it: with it and without {places} {fares}.",
        places=words.places(one.change.leaves),
        fares=fares,
    )


def _beaten(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return ""
    fares = _and_people(words, one.change, words.fares(one.change, words.with_it))
    if not one.change.leaves:
        places = words.places(one.change.differs)
        return _("A hub here would replace some at {places}: {fares}.", places=places, fares=fares)
    places = words.places(one.change.leaves)
    return _("It is beaten by {places}, which it would push out: {fares}.", places=places, fares=fares)


def _banned(words: ExplanationWords, one: Rejected) -> str:
    if one.change is None:
        return _("The scenario rules it out; what that costs was not worked out.")
    out = _("The scenario rules it out.")
    plan = _("{plan} would not use it and", plan=words.best)
    if one.site in one.change.enters:
        plan = _("{plan} would use it and", plan=words.best)
    return joined((out, _("If it were free, {fares}.", fares=words.fares(one.change, plan))))


def _ruled(words: ExplanationWords, one: Rejected) -> str:
    return _("One more hub here would break {limits}.", limits=_limits(words, one.breaks))


REASONS: dict[Reason, Callable[[ExplanationWords, Rejected], str]] = {
    Reason.BANNED: _banned,
    Reason.UNLINKED: lambda *_of: _("No line can reach it, and it has no stand-alone link."),
    Reason.NOBODY: lambda *_of: _("Nobody lives within its reach."),
    Reason.RULE: _ruled,
    Reason.IMPOSSIBLE: _tested,
    Reason.EQUAL: _equal,
    Reason.SMALLER: _smaller,
    Reason.BETTER: _better,
    Reason.COVERED: _covered,
    Reason.BEATEN: _beaten,
    Reason.DEAR: _dear,
    Reason.OPEN: _open,
    Reason.MONEY: lambda *_of: _("The plan's hubs leave no money, or no hub, for it."),
    Reason.UNTESTED: lambda *_of: _("What choosing it would cost was not worked out."),
}


def loss_with(words: ExplanationWords, one: Rejected, reasons: tuple[Reason, ...]) -> str:
    """Return the loss with a hub forced in, where the reasons do not say it already."""
    said = {Reason.BANNED, Reason.IMPOSSIBLE, Reason.EQUAL, Reason.SMALLER, Reason.BETTER, Reason.BEATEN, Reason.OPEN}
    return "" if said.intersection(reasons) else _tested(words, one)


def of_price(words: ExplanationWords, price: Price) -> str:
    """Return what a demand costs."""
    if price.site is None:
        what = words.limit(price.constraint) if price.constraint is not None else price.kind
    elif price.kind == "pin":
        what = _("the pin on {place}", place=words.label(price.site))
    else:
        what = _("the ban of {place}", place=words.label(price.site))
    if price.undefined:
        return _("The price of {what} is not defined: {why}.", what=what, why=price.undefined)
    if price.change is None:
        return _("The price of {what} was not worked out.", what=what)
    if words.is_nil(price.change.least) and words.is_nil(price.change.most):
        return _("Without {what} {plan} would be as good: it costs nothing.", what=what, plan=words.best)
    return _("Without {what} {fares}.", what=what, fares=words.fares(price.change, words.best))


def of_shadow(words: ExplanationWords, shadow: Shadow) -> str:
    """Return what a little more and a little less of something scarce is worth."""
    return joined(_of_prices(words, shadow) if shadow.kind == LINES else _of_shadow(words, shadow))


def _of_shadow(words: ExplanationWords, shadow: Shadow) -> Iterator[str]:
    step = {
        "budget": words.money(shadow.step),
        "max_hubs": _("one hub"),
        "target_share": _("{share:g} % of all need in the target", share=100 * shadow.step),
    }[shadow.kind]
    more, less = _("With {step} more", step=step), _("With {step} less", step=step)
    if shadow.kind == "target_share":
        more, less = less, more
    for side, change in ((more, shadow.looser), (less, shadow.tighter)):
        if change is None:
            yield _("{change}: not worked out.", change=side)
            continue
        fares = _and_people(words, change, words.fares(change, _("the best plan")))
        yield _("{change} {fares}.", change=side, fares=fares)
        rate = people_per_million(words, shadow, change)
        if rate:
            currency = words.inputs.scenario.currency
            yield _("That is {people} people for each {currency} million.", people=number(rate), currency=currency)
    if not math.isnan(shadow.relaxation_rate) and shadow.kind == "budget":
        worth = words.figure(shadow.relaxation_rate * MILLION)
        yield _("If hubs could be built in parts, one million more would be worth {amount}.", amount=worth)


def _of_prices(words: ExplanationWords, shadow: Shadow) -> Iterator[str]:
    """Yield what cheaper and dearer lines do to the best plan."""
    yield _("Lines take {cost}.", cost=words.money(shadow.amount))
    dearer, cheaper = (
        _("Were they {share} dearer", share=per_cent(shadow.step, 0)),
        _("Were they {share} cheaper", share=per_cent(shadow.step, 0)),
    )
    for side, change in ((dearer, shadow.tighter), (cheaper, shadow.looser)):
        if change is None:
            yield _("{change}: not worked out.", change=side)
            continue
        fares = _and_people(words, change, words.fares(change, _("the best plan")))
        yield _("{change}, {fares}.", change=side, fares=fares)
        told = {"more": words.places(change.enters), "less": words.places(change.leaves)}
        if change.enters and change.leaves:
            yield _("Then {more} would get a hub and {less} would get none.", **told)
        elif change.enters:
            yield _("Then {more} would get a hub.", more=told["more"])
        elif change.leaves:
            yield _("Then {less} would get none.", less=told["less"])


def of_line(words: ExplanationWords, line: LineFigures) -> str:
    """Return what a line serves."""
    links = words.inputs.links
    if links is None:
        raise AssertionError
    edge = links.edges.iloc[line.edge]
    places = words.places(line.sites)
    told = {
        "start": words.place(line.start),
        "end": words.place(line.end),
        "km": number(edge["km"]),
        "cost": words.money(edge["cost"]),
        "hubs": _("hubs at {places}", places=places),
    }
    if len(line.sites) == 1:
        told["hubs"] = _("the hub at {places}", places=places)
    if line.need > 0:
        return _(
            "The line from {start} to {end}, {km} km for {cost}, serves {hubs}: {people} that no other hub of the plan "
            "covers.",
            people=people_and_need(line.people, line.need),
            **told,
        )
    return _(
        "The line from {start} to {end}, {km} km for {cost}, serves {hubs}: all whom that covers are covered by other "
        "hubs of the plan as well.",
        **told,
    )


def people_per_million(words: ExplanationWords, shadow: Shadow, change: Counterfactual) -> float | None:
    """Return the people that the plans found gain, or lose, for each million; None where money is not scarce."""
    people = abs(change.people - words.found.asked.people)
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
        return self.id_of(site) if name is None else _("{name} ({id})", name=name, id=self.id_of(site))

    def places(self, sites: Sequence[int]) -> str:
        """Return a list of sites, the first few by name."""
        shown = [self.name_of(site) or self.id_of(site) for site in sites[:MOST_LISTED]]
        left = len(sites) - len(shown)
        return listed([*shown, _("{count} more", count=left)] if left else shown)

    def tier(self, option: int) -> str:
        """Return the tier of an option."""
        return self.inputs.scenario.hubs[int(self.found.asked.problem.option_tier[option])].name

    def hubs(self, options: Sequence[int], counts: Sequence[int]) -> str:
        """Return hubs such as ``a centre and 2 parks``."""
        return listed([_some(self.tier(option), count) for option, count in zip(options, counts, strict=True)])

    def money(self, amount: float) -> str:
        """Return an amount of money with its currency, large ones in millions."""
        return _("{currency} {amount}", currency=self.inputs.scenario.currency, amount=amount_of(amount))

    def figure(self, amount: float) -> str:
        """Return an amount of what the objective counts, with its unit."""
        objective = self.found.asked.objective
        if objective.minimises_cost:
            return self.money(amount)
        if objective.minimises_distance:
            amount = round(amount, 3) + 0.0  # so that no zero has a sign
            return _("{amount:,.3f} {unit}", amount=amount, unit=self.inputs.unit)
        need = number(self.counted(amount))
        if objective.alpha_fairness is None:
            return _("{amount} of need", amount=need)
        return _("{amount} of need shared evenly", amount=need)

    def counted(self, amount: float) -> float:
        """Return an amount of the objective's figure as it is told: of an equivalent share, the need it comes to."""
        fairness = self.found.asked.objective.alpha_fairness
        return amount if fairness is None else amount * math.fsum(fairness.need)

    @cached_property
    def _own_group(self) -> str | None:
        """The column whose values fair plans are made for one by one, in words; None where plans are of everyone."""
        if not self.found.asked.is_local:
            return None
        spec = self.inputs.scenario.model.fairness
        largest = None if spec is None else spec.prefer_largest_of
        return (largest or fair_groups(self.inputs).column).replace("_", " ")

    @property
    def best(self) -> str:
        """What the best plan of a changed question is called: a fair one is the best of a site's own group."""
        group = self._own_group
        return _("the best plan") if group is None else _("the fairest plan for its {group}", group=group)

    @property
    def best_found(self) -> str:
        """What the best plan is called at the beginning of a sentence."""
        group = self._own_group
        return _("The best plan") if group is None else _("The fairest plan for its {group}", group=group)

    @property
    def best_without(self) -> str:
        """What the best plan without a hub is called, at the beginning of a sentence."""
        group = self._own_group
        if group is None:
            return _("The best plan without it")
        return _("The fairest plan for its {group} without it", group=group)

    @property
    def best_with(self) -> str:
        """What the best plan with a hub is called, at the beginning of a sentence."""
        group = self._own_group
        if group is None:
            return _("The best plan with it")
        return _("The fairest plan for its {group} with it", group=group)

    @property
    def with_it(self) -> str:
        """What the best plan with a hub is called within a sentence."""
        return _("{plan} with it", plan=self.best)

    @property
    def distance_unit(self) -> str:
        """Unit of distances."""
        return self.inputs.unit

    @property
    def unit(self) -> str:
        """What the objective counts."""
        objective = self.found.asked.objective
        if objective.minimises_distance:
            if objective.is_bottleneck:
                return _("largest distance to a hub, {unit}", unit=self.inputs.unit)
            return _("mean distance to a hub, {unit}", unit=self.inputs.unit)
        if objective.alpha_fairness is not None:
            return _("need covered, shared evenly")
        if objective.minimises_cost:
            return _("cost, {currency}", currency=self.inputs.scenario.currency)
        return _("need covered")

    def is_nil(self, amount: float) -> bool:
        """Tell whether an amount of what the objective counts is none but for rounding."""
        return abs(amount) <= self.found.asked.rounding

    def fares(self, change: Counterfactual, plan: str) -> str:
        """Return how much worse the best plan of a change is, as a clause that begins with what the plan is called."""
        if not change.is_impossible:
            return self._fairness(change, self._loss(change.least, change.most, plan))
        told = {"plan": plan, "why": joined(self.clashes(change), "; ")}
        if self.found.asked.is_local:
            return _("{plan} does not exist, all hubs elsewhere staying as they are: {why}", **told)
        return _("{plan} does not exist: {why}", **told)

    def _fairness(self, change: Counterfactual, clause: str) -> str:
        """Add to a clause how the first goal that comes before the objective's own, and differs, fares."""
        asked = self.found.asked
        for before, after in zip(asked.plan.goals, change.goals, strict=False):
            if before.name == asked.objective.main:
                break
            if abs(after.value - before.value) > AGREEMENT:
                told = {"clause": clause, "after": per_cent(after.value, 2), "before": per_cent(before.value, 2)}
                if before.name.endswith("shares"):
                    return _(
                        "{clause}, and its {count} smallest shares of the groups add up to {after} instead of {before}",
                        count=before.name.split()[0],
                        **told,
                    )
                return _(
                    "{clause}, and its {goal} of the groups is {after} instead of {before}",
                    goal=_(before.name),
                    **told,
                )
        return clause

    def _loss(self, least: float, most: float, plan: str) -> str:
        """Return a loss, as the proof leaves it, as a clause."""
        if math.isinf(most) or math.isinf(least):
            return self._unproven(least, most, plan)
        if not self.is_nil(most - least):
            return self._range(least, most, plan)
        if self.is_nil(most):
            return _("{plan} is as good", plan=plan)
        amount = self.figure(abs(most))
        worse = _("{plan} is worse by {amount}", plan=plan, amount=amount)
        return worse if most > 0 else _("{plan} is better by {amount}", plan=plan, amount=amount)

    def _unproven(self, least: float, most: float, plan: str) -> str:
        """Return a loss that the proof leaves open at one end or both, as a clause."""
        if not math.isinf(most):
            if self.is_nil(most):
                return _("{plan} is at least as good; how much better it may be was not proven in time", plan=plan)
            return _(
                "{plan} is worse by {amount} at most; how much better it may be was not proven in time",
                plan=plan,
                amount=self.figure(most),
            )
        if math.isinf(least) or least <= 0:
            return _("{plan} was not found in time", plan=plan)
        amount = self.figure(least)
        return _("{plan} was not found in time, but it is worse by at least {amount}", plan=plan, amount=amount)

    def _range(self, least: float, most: float, plan: str) -> str:
        """Return a range of losses, as the proof leaves it, as a clause."""
        if self.is_nil(most):
            return _("{plan} is as good, or better by up to {amount}", plan=plan, amount=self.figure(-least))
        if most < 0:
            told = {"least": self.figure(-most), "most": self.figure(-least)}
            return _("{plan} is better by {least} at least and {most} at most", plan=plan, **told)
        told = {"least": self.figure(least), "most": self.figure(most)}
        if self.is_nil(least):
            return _(
                "{plan} is worse by {most} at most (the gap of the proof leaves this open)",
                plan=plan,
                most=told["most"],
            )
        if least > 0:
            return _("{plan} is worse by {least} at least and {most} at most", plan=plan, **told)
        return _(
            "{plan} is worse by {most} at most, or better by up to {better} (the gap of the proof leaves this open)",
            plan=plan,
            most=told["most"],
            better=self.figure(-least),
        )

    def clashes(self, change: Counterfactual) -> list[str]:
        """Return why there is no plan."""
        return [_("no plan meets all demands")] if change.clash is None else in_words(change.clash, self.id_of)

    def limit(self, constraint: Constraint) -> str:
        """Return a limit in words."""
        return constraint.explain(self)


def _some(tier: str, count: int) -> str:
    if count > 1:
        return ngettext("{n} {tier} hub", "{n} {tier} hubs", count, tier=tier)
    return _("an {tier}", tier=tier) if tier[:1].lower() in "aeiou" else _("a {tier}", tier=tier)


def number(amount: float) -> str:
    """Return a number as people read it: whole where it is large.

    >>> number(1234.5), number(0.25)
    ('1,234', '0.25')
    """
    return written(f"{amount:,.0f}" if abs(amount) >= 100 or amount == int(amount) else f"{amount:,.3g}")  # noqa: PLR2004


def people_and_need(people: float, need: float) -> str:
    """Return people and their need, once where the need is the people themselves.

    >>> people_and_need(8000.0, 6400.0), people_and_need(8000.0, 8000.0)
    ('8,000 people and 6,400 of need', '8,000 people')
    """
    if number(people) == number(need):
        return _("{people} people", people=number(people))
    return _("{people} people and {need} of need", people=number(people), need=number(need))


def amount_of(amount: float) -> str:
    """Return money, in millions where it is so large.

    >>> amount_of(24_700_000.0), amount_of(950.0), amount_of(12_345_678_900.0)
    ('24.7 million', '950', '12,346 million')
    """
    if abs(amount) >= 1e9:  # noqa: PLR2004
        return _("{amount:,.0f} million", amount=amount / 1e6)
    return _("{amount:,.4g} million", amount=amount / 1e6) if abs(amount) >= 1e6 else number(amount)  # noqa: PLR2004
