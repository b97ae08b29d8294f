"""An explanation with its names back: figures as JSON, a page that a minister's adviser reads, and their folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner.analysis.explain.explain import Explanation
from hubplanner.analysis.explain.lines import LineFigures
from hubplanner.analysis.explain.resolve import Counterfactual
from hubplanner.analysis.explain.shadow_prices import Price, Shadow
from hubplanner.analysis.explain.sites import HubFigures, Reason, Rejected
from hubplanner.analysis.explain.wording import (
    ExplanationWords,
    number,
    of_hub,
    of_line,
    of_price,
    of_rejected,
    of_shadow,
    people_and_need,
    people_per_million,
)
from hubplanner.folders import EXPLANATION_MARKS
from hubplanner.formatting import proof_in_words
from hubplanner.io import write_folder_atomically, write_json
from hubplanner.outputs.rounding import finite, rounded, rounded_change
from hubplanner.problem import relative_gap
from hubplanner.translation import gettext as _, how_said, joined

if TYPE_CHECKING:
    from hubplanner.inputs import Inputs


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanExplanation:
    """What `hubplanner explain` finds, by ids and names."""

    inputs: Inputs
    found: Explanation

    @cached_property
    def words(self) -> ExplanationWords:
        """How sites and figures are called."""
        return ExplanationWords(inputs=self.inputs, found=self.found)

    def summary(self) -> dict[str, Any]:
        """Return what explanation.json holds."""
        found, asked = self.found, self.found.asked
        plan, own = asked.plan, asked.evaluation
        solved = {name: {"solved": part, "of": whole} for name, (part, whole) in found.solved.items()}
        tree = {
            "scenario": self.inputs.scenario.name,
            "objective": asked.objective.name,
            "counts": self.words.unit,
            "currency": self.inputs.scenario.currency,
            "unit": self.inputs.unit,
            "plan": {
                "value": plan.value,
                "bound": finite(plan.bound),
                "gap": finite(plan.gap),
                "status": str(plan.status),
                "cost": own.cost,
                "need": own.covered_need,
                "people": self.found.asked.people,
            },
            "site": None if found.site is None else self.words.id_of(found.site),
            "hubs": [self._hub(hub) for hub in found.hubs],
            "rejected": [self._rejected(*pair) for pair in zip(found.rejected, found.reasons, strict=True)],
            "prices": [self._price(price) for price in found.prices],
            "shadows": [self._shadow(shadow) for shadow in found.shadows],
            **({} if asked.problem.backhaul is None else {"lines": [self._line(line) for line in found.lines]}),
            "solved": solved,
            "complete": found.complete,
            "not_defined": self.undefined,
            "seconds": found.seconds,
        }
        return dict(rounded(tree))

    @property
    def undefined(self) -> list[str]:
        """What is not defined for this plan, and why."""
        asked, notes = self.found.asked, []
        if asked.evaluation.is_assigned:
            notes.append(
                joined(
                    (
                        _(
                            "People are assigned to hubs with limited room: without a hub those it serves count as "
                            "served by none, and a further hub serves people whom none serves yet."
                        ),
                        _(
                            "Who is served by which hub can be chosen in several ways that are as good, so what a hub "
                            "serves alone is that of one of them."
                        ),
                    )
                )
            )
        if any(math.isnan(one.people) and one.option is not None for one in self.found.rejected):
            notes.append(
                _("What a further hub adds alone is not defined where places are served whole: only re-solved.")
            )
        if asked.plan.periods:
            notes.append(_("Figures without a new solve are those of the last year; re-solved ones are of all years."))
        if not asked.is_ordered:
            notes.append(
                joined(
                    (
                        _("Fairness comes first: a change may raise the objective's own figure and yet be worse."),
                        _("The goals of each plan are in explanation.json."),
                    )
                )
            )
        if asked.is_local:
            notes.append(
                joined(
                    (
                        _(
                            "{plan} is the fairest of those that leave all hubs elsewhere, and whom they serve, as "
                            "they are.",
                            plan=self.words.best_found,
                        ),
                        _(
                            "Plans of all groups together are not compared, as their proof may leave open more than "
                            "one site changes."
                        ),
                        _(
                            "A loss is told as need shared evenly: what the plan would lose if every group had the "
                            "same share."
                        ),
                        _(
                            "What limits cost and what more money brings is left out for the same reason; hubplanner "
                            "frontier shows what each budget brings."
                        ),
                    )
                )
            )
        elif self.found.site is None and not self.found.shadows:
            notes.append(
                _("Nothing scarce (a budget, a number of hubs, a target) is set, so nothing has a shadow value.")
            )
        return notes

    def _site(self, site: int) -> dict[str, Any]:
        return {"site_id": self.words.id_of(site), "name": self.words.name_of(site)}

    def _hub(self, hub: HubFigures) -> dict[str, Any]:
        pairs = zip(hub.options.tolist(), hub.counts.tolist(), strict=True)
        return {
            **self._site(hub.site),
            "hubs": [{"tier": self.words.tier(option), "hubs": count} for option, count in pairs],
            **self._figures(hub),
            "required": hub.is_required,
            "without": self._change(hub.change),
            "words": of_hub(self.words, hub),
        }

    def _figures(self, one: HubFigures | Rejected) -> dict[str, Any]:
        names = ("cost", "need", "people", "cost_per_person", "figure")
        figures = {name: finite(getattr(one, name)) for name in names}
        return figures | {"breaks": [self.words.limit(constraint) for constraint in one.breaks]}

    def _rejected(self, one: Rejected, reasons: tuple[Reason, ...]) -> dict[str, Any]:
        by = [{**self._site(site), "people": people} for site, people in one.covered_by]
        return {
            **self._site(one.site),
            "tier": None if one.option is None else self.words.tier(one.option),
            **self._figures(one),
            "near_people": finite(one.near_people),
            "covered_people": finite(one.covered_people),
            "covered_by": by,
            "reasons": [str(reason) for reason in reasons],
            "with": self._change(one.change),
            "words": of_rejected(self.words, one, reasons),
        }

    def _price(self, price: Price) -> dict[str, Any]:
        site = {"site_id": None, "name": None} if price.site is None else self._site(price.site)
        change, constraint = price.change, price.constraint
        gains: tuple[float | None, float | None] = (None, None)
        if change is not None:
            gains = (finite(self.words.counted(-change.most)), finite(self.words.counted(-change.least)))
        return {
            "kind": price.kind,
            **site,
            "limit": None if constraint is None else self.words.limit(constraint),
            "least": None if gains[0] is None else max(gains[0], 0.0) if self.found.asked.is_ordered else gains[0],
            "most": gains[1],
            "without": self._change(change),
            "undefined": price.undefined or None,
            "words": of_price(self.words, price),
        }

    def _line(self, line: LineFigures) -> dict[str, Any]:
        links = self.inputs.links
        if links is None:
            raise AssertionError
        edge, ids = links.edges.iloc[line.edge], links.places["id"]
        return {
            "edge_id": int(edge["edge_id"]),
            "from": ids.iloc[links.place[line.start]],
            "to": ids.iloc[links.place[line.end]],
            "km": float(edge["km"]),
            "cost": float(edge["cost"]),
            "sites": [self._site(site) for site in line.sites],
            "need": line.need,
            "people": line.people,
            "words": of_line(self.words, line),
        }

    def _shadow(self, shadow: Shadow) -> dict[str, Any]:
        sides = {"looser": shadow.looser, "tighter": shadow.tighter}
        rates = {
            f"people_per_million_{name}": None if side is None else people_per_million(self.words, shadow, side)
            for name, side in sides.items()
        }
        return {
            "kind": shadow.kind,
            "amount": shadow.amount,
            "step": shadow.step,
            **{name: self._change(side) for name, side in sides.items()},
            **rates,
            "relaxation_rate": finite(shadow.relaxation_rate),
            "words": of_shadow(self.words, shadow),
        }

    def _change(self, change: Counterfactual | None) -> dict[str, Any] | None:
        """Return a changed question's best plan; the loss as a range, null where nothing limits it."""
        if change is None:
            return None
        before = {"need": self.found.asked.evaluation.covered_need, "people": self.found.asked.people}
        before["cost"] = self.found.asked.evaluation.cost
        sites = {
            name: [self.words.id_of(at) for at in getattr(change, name)] for name in ("enters", "leaves", "differs")
        }
        has_plan, own = math.isfinite(change.value) and math.isfinite(change.bound), self.found.asked.plan.value
        return {
            "status": str(change.status),
            "value": finite(change.value),
            "bound": finite(change.bound),
            "gap": relative_gap(change.value, change.bound) if has_plan else None,
            "loss_least": finite(rounded_change(self.words.counted(change.least), self.words.counted(own))),
            "loss_most": finite(rounded_change(self.words.counted(change.most), self.words.counted(own))),
            **{
                f"{name}_change": finite(rounded_change(getattr(change, name) - now, now, money=name == "cost"))
                for name, now in before.items()
            },
            **sites,
            "goals": [
                {"name": goal.name, "value": finite(goal.value), "bound": finite(goal.bound)} for goal in change.goals
            ],
            "clashes": self.words.clashes(change) if change.is_impossible else [],
        }

    def markdown(self) -> str:
        """Return explanation.md."""
        return page(self.summary())

    def write(self, folder: Path, *, overwrite: bool = False) -> Path:
        """Write the folder, whole or not at all, and return its path."""
        return write_folder_atomically(folder.absolute(), self._files, EXPLANATION_MARKS, overwrite=overwrite)

    def _files(self, folder: Path) -> dict[str, Any]:
        """Write the files, and return for their manifest how the reasons for hubs are said in other languages."""
        tree = self.summary()
        write_json(tree, folder / "explanation.json")
        (folder / "explanation.md").write_text(page(tree), encoding="utf-8")
        return {"said": {hub["words"]: how_said(hub["words"]) for hub in tree["hubs"]}}


SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#"})
"""What Markdown would take for its own, in names that people gave."""
NEED = (
    "*Need* is the people of a place who are not yet online, times the priority the scenario gives them."
    " *Covered* means within reach of a hub and, where hubs have limited room, served by one."
)


def page(tree: dict[str, Any]) -> str:
    """Return an explanation as Markdown.

    Parameters
    ----------
    tree
        What explanation.json holds.
    """
    return "\n".join(_lines(tree)).rstrip() + "\n"


def _lines(tree: dict[str, Any]) -> Iterator[str]:
    plan = tree["plan"]
    yield f"# Why the plan of {plain(tree['scenario'])} is as it is\n"
    yield (
        f"The plan covers {people_and_need(plan['people'], plan['need'])}, and its new hubs cost"
        f" {tree['currency']} {number(plan['cost'])}."
        f" How good it is: {proof_in_words(plan['gap'], plan['status'])}.\n"
    )
    yield f"{NEED} A loss or gain is of the figure that the plan was made for: {tree['counts']}.\n"
    sections = (
        ("What money and limits are worth", "shadows", "prices"),
        ("What each hub adds", "hubs"),
        ("What each line serves", "lines"),
        ("Why other sites have no hub", "rejected"),
    )
    for title, *parts in sections:
        entries = [entry for part in parts for entry in _told(tree, part)]
        if entries:
            yield f"## {title}\n"
            yield from (f"- {plain(entry['words'])}" for entry in entries)
            yield ""
    yield from _others(tree)
    notes = [*_not_done(tree), *tree["not_defined"]]
    if notes:
        yield "## What this does not say\n"
        yield from (f"- {plain(note)}" for note in notes)


def plain(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    >>> print(plain("A*B"))
    A\*B
    """
    return str(text).translate(SPECIAL)


def _told(tree: dict[str, Any], part: str) -> list[dict[str, Any]]:
    """Return what is told in words: of rejected sites those that were tried, or asked about."""
    if part != "rejected":
        return list(tree.get(part, []))
    return [one for one in tree[part] if one["with"] is not None or tree["site"] is not None]


def _others(tree: dict[str, Any]) -> Iterator[str]:
    """Yield the table of the rejected sites that were not forced in."""
    rest = [one for one in tree["rejected"] if one["with"] is None and tree["site"] is None]
    if not rest:
        return
    yield "## Other sites without a hub\n"
    yield "Not forced in; what a hub would add with nothing else changed.\n"
    yield "| site | hub | cost | people in reach | covered already | newly covered | mostly by |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | --- |"
    for one in rest:
        figures = (one[key] for key in ("cost", "near_people", "covered_people", "people"))
        cells = ["-" if figure is None else number(figure) for figure in figures]
        by = ", ".join(site["name"] or site["site_id"] for site in one["covered_by"])
        name = one["site_id"] if one["name"] is None else f"{one['name']} ({one['site_id']})"
        row = [plain(name), plain(one["tier"] or "ruled out"), *cells, plain(by)]
        yield f"| {' | '.join(row)} |"
    yield ""


def _not_done(tree: dict[str, Any]) -> Iterator[str]:
    """Yield what the time, or the number of sites asked for, left out."""
    names = {
        "hubs": "hubs were left out",
        "rejected": "rejected sites were forced in",
        "prices": "demands were given up",
    }
    for part, name in names.items():
        solved, whole = tree["solved"][part]["solved"], tree["solved"][part]["of"]
        if solved < whole:
            yield (
                f"{solved:,} of {whole:,} {name} and the plan re-solved. For the rest only what changes with nothing"
                " else moved is told; ask for a site by its id, or give more time (--time-limit) or sites (--sites)."
            )
