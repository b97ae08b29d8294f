"""The picture of a plan: one A4 page with need, what is covered, the hubs and the figures that matter."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hubplanner.formatting import SMALLEST_GAP, covered_in_words, gap_in_words, in_words, says_nothing
from hubplanner.outputs.map.demand_layer import draw_need
from hubplanner.outputs.map.fonts import drawable, plain, shorten, width, wrap
from hubplanner.outputs.map.ground import draw_ground, draw_names
from hubplanner.outputs.map.hub_symbols import draw_hubs, draw_reach
from hubplanner.outputs.map.layout import DPI, MARGIN, View, view_of
from hubplanner.outputs.map.legend import QUIET, draw_legend, legend_rows, write
from hubplanner.outputs.map.scene import MapScene
from hubplanner.outputs.plan_data import PlanData

TITLE, FIGURE, LABEL, NOTE = 17.0, 14.0, 8.0, 7.0
_LINE = 0.27
"""Height of a line of the title."""
_RULE = "#c9ced4"
_COLUMNS = (0.15, 0.225, 0.175, 0.235, 0.215)
"""Parts of the width for the five figures."""


def draw_map(plan: PlanData, scene: MapScene, path: Path) -> None:
    """Draw the plan on an A4 page for print, the same bytes for the same plan.

    Parameters
    ----------
    plan
        Any plan, even one without hubs or need.
    scene
        Its map.
    path
        The PNG to write.
    """
    write_picture(lambda: _draw(plan, scene), path)


def _draw(plan: PlanData, scene: MapScene) -> Figure:
    view = view_of(scene.projection, scene.extent, legend_rows(plan))
    figure = blank(view.sheet.size)
    page, axes = page_of(figure), map_axes(figure, view)
    draw_ground(axes, scene)
    if scene.need.kind != "hexagons":
        draw_reach(axes, scene)
    explained = draw_need(axes, scene.need)
    draw_hubs(axes, plan, scene)
    draw_names(axes, scene, view)
    # Markers reset the limits.
    axes.set(xlim=view.limits[0], ylim=view.limits[1])
    _header(page, plan, view)
    draw_legend(page, plan, view, scene, explained)
    draw_footer(page, view, scene.notes, (_travel(plan), _sources(plan)))
    return figure


def map_axes(figure: Figure, view: View) -> Axes:
    """Return axes over the map's box, in kilometres, without ticks."""
    (left, bottom, box_wide, box_high), (wide, high) = view.sheet.map_box, view.sheet.size
    axes = figure.add_axes((left / wide, bottom / high, box_wide / wide, box_high / high))
    axes.set(xlim=view.limits[0], ylim=view.limits[1])
    axes.set_axis_off()
    return axes


def _header(page: Axes, plan: PlanData, view: View) -> None:
    """Write name, title and the five figures, from the top down."""
    wide, high = view.sheet.size
    name, title = _titles(plan)
    top = high - MARGIN
    write(page, MARGIN, top - 0.06, shorten(name, LABEL, wide - 2 * MARGIN), LABEL, color=QUIET)
    lines = wrap(title, TITLE, wide - 2 * MARGIN, 2, bold=True)
    for number, line in enumerate(lines):
        write(page, MARGIN, top - 0.32 - number * _LINE, line, TITLE, bold=True)
    draw_figures(page, _headline(plan), top - 0.55 - len(lines) * _LINE, wide - 2 * MARGIN)


def _titles(plan: PlanData) -> tuple[str, str]:
    """Return name and title; words the font has no letters for give way to plain ones."""
    scenario = plan.inputs.scenario
    words = " ".join((scenario.description or "").split())
    return scenario.name, words if words and drawable(words) else f"Plan of IT hubs: {scenario.name}"


def draw_figures(page: Axes, figures: Sequence[tuple[str, str]], top: float, wide: float) -> None:
    """Write five figures between two rules, large, with a line below each on what it is."""
    left = MARGIN
    for (figure, meaning), part in zip(figures, _COLUMNS, strict=True):
        room = part * wide - 0.15
        size = min(FIGURE, FIGURE * room / width(figure, FIGURE, bold=True))
        write(page, left, top - 0.08, figure, size, bold=True)
        for number, line in enumerate(wrap(meaning, LABEL, room, 2)):
            write(page, left, top - 0.3 - number * 0.145, line, LABEL, color=QUIET)
        left += part * wide
    for y in (top + 0.1, top - 0.58):
        page.plot([MARGIN, MARGIN + wide], [y, y], color=_RULE, linewidth=0.7)


def _headline(plan: PlanData) -> list[tuple[str, str]]:
    """Return the five figures and what each means."""
    summary, scenario = plan.summary(), plan.inputs.scenario
    existing = int((plan.hubs["status"] == "existing").sum())
    new, currency = int(plan.hubs["hubs"].sum()) - existing, plain(scenario.currency)
    sites = plan.hubs.loc[plan.hubs["status"] != "existing", "site_id"].nunique()
    one = ("new hub" if new == 1 else "new hubs") + (f" at {sites:,} sites" if sites < new else "")
    reached = "served" if is_seated(plan) else "covered"
    total = in_words(summary["people"]["total"])
    budget = f", of a budget of {in_words(summary['budget'])}" if summary["budget"] is not None else ""
    return [
        (f"{new:,}", one),
        (
            in_words(summary["people"]["reached"]),
            f"{scenario.seated} {reached}" if scenario.seats_need else f"people {reached}, of {total}",
        ),
        (covered_in_words(summary["need"]["share"], summary["need"]["total"]), f"of the need {reached}"),
        (in_words(summary["cost"]["total"]), f"{currency} {_over(scenario.horizon_years)}{budget}".strip()),
        _proof(summary["gap"], summary["status"], "stopped by you" if summary.get("stopped") else "time ran out"),
    ]


def _over(years: int) -> str:
    return "to build" if years == 0 else "over one year" if years == 1 else f"over {years} years"


def _proof(gap: float, status: str, ended: str) -> tuple[str, str]:
    """Return how far the plan may be from the best one, and what that means."""
    if says_nothing(gap):
        return "Unknown", "distance from the best: " + ended
    sure = "from the best possible plan, at most" + ("" if status == "optimal" else f"; {ended}")
    best = gap <= SMALLEST_GAP and status == "optimal"
    return ("Best", "proven: no plan is better") if best else (gap_in_words(gap), sure)


def draw_footer(page: Axes, view: View, notes: Sequence[str], lines: Sequence[str]) -> None:
    """Write what the map shows, other lines and, beside the last of them, the version at the foot of the page."""
    wide = view.sheet.size[0]
    version = f"hubplanner {importlib.metadata.version('hubplanner')}"
    room = wide - 2 * MARGIN
    last = shorten(lines[-1], NOTE, room - width(version, NOTE) - 0.3)
    above = [*wrap(" ".join(notes), NOTE, room, 2), *(shorten(line, NOTE, room) for line in lines[:-1])]
    for number, line in enumerate([last, *reversed(above)]):
        write(page, MARGIN, MARGIN + 0.04 + 0.16 * number, line, NOTE, color=QUIET)
    write(page, wide - MARGIN, MARGIN + 0.04, version, NOTE, color=QUIET, ha="right")


def _travel(plan: PlanData) -> str:
    """Return how distance to a hub was measured."""
    seats = ", as far as its seats go" if is_seated(plan) else ""
    seats += ". A number on a mark: hubs at that site" if (plan.hubs["hubs"] > 1).any() else ""
    return f"Covered: within a hub's reach {plan.inputs.scenario.travel.describe()}{seats}."


def is_seated(plan: PlanData) -> bool:
    """Tell whether hubs serve only so many people."""
    return "capacity" in plan.hubs.columns


def _sources(plan: PlanData) -> str:
    """Return the files the plan was made from, and where they are explained."""
    scenario = plan.inputs.scenario
    read = (scenario.demand.file_name, scenario.sites.file_name, *(Path(file).name for file in scenario.travel.files))
    names = dict.fromkeys(plain(name) for name in read if name)
    beside = Path(scenario.demand.path).parent / "README.md"
    readme = "; sources: see README.md beside the data" if beside.is_file() else ""
    return f"Data: {', '.join(names)}{readme}."


def write_picture(draw: Callable[[], Figure], path: Path) -> None:
    """Draw a figure and write it as a PNG, the same bytes for the same figure.

    A user's own settings must not change the picture; the context leaves them as they were.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        draw().savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def blank(size: tuple[float, float]) -> Figure:
    """Return a white page of some width and height in inches."""
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def page_of(figure: Figure) -> Axes:
    """Return axes over the whole page, in inches."""
    wide, high = figure.get_size_inches()
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, wide), ylim=(0, high), autoscale_on=False)
    page.set_axis_off()
    return page
