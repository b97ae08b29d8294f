"""The reasons for one site as the page shows them: a title, sentences, figures as texts."""

from __future__ import annotations

import re
from typing import Any

FIGURES = {"people": "People it adds", "need": "Need it adds"}
CHANGES = {"without": "without it", "with": "with it"}


def explained(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of an explanation of one site."""
    chosen = bool(summary["hubs"])
    one = (summary["hubs"] or summary["rejected"])[0]
    prices = [price["words"] for price in summary["prices"]]
    sentences = [part for text in (one["words"], *prices, *summary["not_defined"]) for part in sentences_of(text)]
    return {
        "site_id": one["site_id"],
        "name": one["name"],
        "chosen": chosen,
        "title": sentences[0] if sentences else one["site_id"],
        "sentences": sentences[1:],
        "figures": list(_figures(one, summary["currency"])),
        "complete": summary["complete"],
    }


def _figures(one: dict[str, Any], currency: str) -> Any:
    for key, label in FIGURES.items():
        if one[key] is not None:
            yield {"label": label, "value": f"{one[key]:,.0f}"}
    for key, label in (("cost", "Cost"), ("cost_per_person", "Cost a person")):
        if one[key] is not None:
            yield {"label": label, "value": f"{currency} {one[key]:,.0f}".strip()}
    for key, words in CHANGES.items():
        change = one.get(key)
        if change is not None and change["people_change"] is not None:
            yield {"label": f"People covered by the best plan {words}", "value": f"{change['people_change']:+,.0f}"}


def sentences_of(text: str) -> list[str]:
    """Return a paragraph's sentences.

    >>> sentences_of("Quetta gets a centre for PKR 1.5 million. Without it 1.2 % would be lost.")
    ['Quetta gets a centre for PKR 1.5 million.', 'Without it 1.2 % would be lost.']
    """
    return [part for part in re.split(r"(?<=[a-z0-9)%][.!?])\s+(?=[A-Z])", text.strip()) if part]
