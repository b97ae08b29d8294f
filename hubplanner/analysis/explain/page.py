"""An explanation as a page that a minister's adviser reads: Markdown, sentences first, one table to look things up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hubplanner.analysis.explain.wording import number, people_and_need
from hubplanner.formatting import proof_in_words

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
