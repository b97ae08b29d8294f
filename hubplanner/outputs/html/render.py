"""The report: one HTML file that holds all it shows and asks nothing of any host."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from hubplanner.catalogues import page_language
from hubplanner.formatting import per_cent, small_share
from hubplanner.outputs.comparison import Comparison
from hubplanner.outputs.html import (
    charts as page_charts,
    comparison as page_comparison,
    headline as page_headline,
    map as page_map,
    minute,
    tables as page_tables,
)
from hubplanner.outputs.html.map import OUTLINES
from hubplanner.outputs.html.prose import reasons, sentences
from hubplanner.outputs.html.words import decimal, money
from hubplanner.outputs.map.scene import MapScene
from hubplanner.outputs.run_data import Result
from hubplanner.translation import gettext, in_language, spoken, translated, written, written_date


@dataclass(frozen=True, kw_only=True, eq=False)
class Extras:
    """What a report can show beside the run itself.

    Parameters
    ----------
    reasons
        Why each hub stands where it does, by site id, from an explanation.
    frontier
        A frontier.json.
    stability
        A stability.json.
    comparison
        This run, the first, against others.
    audit, audit_note
        The audit as JSON, or why there is none.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    frontier: dict[str, Any] | None = None
    stability: dict[str, Any] | None = None
    comparison: Comparison | None = None
    audit: dict[str, Any] | None = None
    audit_note: str = ""


def write_page(result: Result, path: Path, scene: MapScene, extras: Extras | None = None) -> None:
    """Write the report of a run.

    Parameters
    ----------
    path
        The HTML file.
    scene
        Its map.
    extras
        What else to show; nothing if left out.
    """
    path.write_text(page(result, scene, extras or Extras()), encoding="utf-8")


def page(result: Result, scene: MapScene, extras: Extras) -> str:
    """Return the report as HTML, in the language of pages."""
    with in_language(page_language()):
        return _page(result, scene, extras)


def _page(result: Result, scene: MapScene, extras: Extras) -> str:
    style, script = _part("tokens.css") + _part("report.css"), _part("report.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template("report.html")
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy,
            language=spoken(),
            outlines=OUTLINES,
            result=result,
            extras=extras,
            **_facts(result, scene, extras),
        )
    )


def _facts(result: Result, scene: MapScene, extras: Extras) -> dict[str, Any]:
    tree, comparison = extras.frontier, extras.comparison
    return {
        "headline": page_headline,
        "builds": minute.builds(result),
        "firmness": minute.firmness(result, extras.stability),
        "doubts": minute.doubts(result),
        "more_money": minute.more_money(result, tree),
        "map": page_map.draw(result, scene),
        "hubs": page_tables.hubs(result, reasons(result, translated(extras.reasons))),
        "money_chart": page_charts.money_by_year(result),
        "money_table": page_tables.money_by_year(result),
        "paid": page_tables.paid_by_year(result),
        "backhaul": page_tables.backhaul(result),
        "dearest_lines": page_tables.dearest_lines(result),
        "electricity": page_tables.electricity(result),
        "closing": page_tables.closing(result),
        "groups": page_tables.groups(result),
        "floors": page_tables.floors(result),
        "curve": None if tree is None else page_charts.curve(result, tree),
        "frontier": None if tree is None else page_tables.frontier(result, tree),
        "stability": None if extras.stability is None else page_tables.stability(extras.stability),
        "comparison": None if comparison is None else page_comparison.figures(comparison),
        "differences": [] if comparison is None else page_comparison.differences(comparison),
        "notes": [] if comparison is None else comparison.figures["notes"],
        "assumptions": sentences(result),
        "tables": page_tables,
    }


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("hubplanner.outputs.html", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        _=_marked,
        written=written,
        written_date=written_date,
        decimal=decimal,
        per_cent=per_cent,
        small_share=small_share,
        money=money,
        code=_code,
        isolate=_isolate,
    )
    return found


def _marked(text: str, **values: object) -> Markup:
    """Return a text in the page's language; what is filled in is escaped but for markup."""
    return escape(gettext(text)).format(**values)


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _isolate(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


@cache
def _part(name: str) -> str:
    return (files("hubplanner.outputs.html") / "page" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Return the source of a policy that allows one inline text and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
