"""What a child process does for each kind of job, by the functions of the workflow, all imported before it is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hubplanner.analysis.alternatives.run import run_alternatives
from hubplanner.analysis.explain.run import explain as explain_run
from hubplanner.analysis.frontier.run import run_frontier
from hubplanner.analysis.outlook import outlook as looked
from hubplanner.analysis.requests import AlternativesRequest, FrontierRequest, StabilityRequest
from hubplanner.analysis.stability.stability import run_stability
from hubplanner.audit import audit_run
from hubplanner.errors import DataError
from hubplanner.formats.table_formats import unzipped
from hubplanner.inputs import read_inputs
from hubplanner.runs.export import export_run
from hubplanner.runs.naming import run_scenario
from hubplanner.runs.report import Verdict, write_report
from hubplanner.scenario import Scenario, read_scenario
from hubplanner.translation import N_, gettext as _, joined, sentences_of, written
from hubplanner.web.responses import faults_of, warnings_of
from hubplanner.web.run_files import REPORT, write_note
from hubplanner.web.uploads.inspect import look_at
from hubplanner.web.uploads.new_scenario import (
    draft_project as draft,
    name_partners as take_over,
    new_scenario as write_scenario,
)

MEMORY, FILE = 4 << 30, 1 << 30
"""Bytes that reading a stranger's file may take, in memory and on disk."""


def solve(ask: dict[str, Any]) -> dict[str, Any]:
    """Solve a scenario into the folder of runs."""
    _, folder = run_scenario(_asked(ask), runs=Path(ask["runs"]))
    write_note(folder, ask["note"])
    return {"run": folder.name}


def frontier(ask: dict[str, Any]) -> dict[str, Any]:
    """Find a scenario's frontier."""
    request = FrontierRequest(
        points=int(ask["points"] or FrontierRequest.points), trade=ask["trade"], group=ask["group"]
    )
    _, folder = run_frontier(_asked(ask), request, runs=Path(ask["runs"]))
    write_note(folder, ask["note"])
    return {"frontier": folder.name}


def alternatives(ask: dict[str, Any]) -> dict[str, Any]:
    """Find plans that are nearly as good as the best one."""
    request = AlternativesRequest(within=AlternativesRequest.within if ask["within"] is None else ask["within"])
    found, folder = run_alternatives(_asked(ask), request, runs=Path(ask["runs"]))
    write_note(folder, ask["note"])
    sites = found.sites.drop(columns="geometry").to_dict("records")
    return {"alternatives": {"id": folder.name, **found.summary(), "sites": sites}}


def explain(ask: dict[str, Any]) -> dict[str, Any]:
    """Say why a run has, or has not, a hub at a site."""
    found = explain_run(ask["run"], ask["site"], sites=1)
    return {"explanation": explained(found.summary())}


def stability(ask: dict[str, Any]) -> dict[str, Any]:
    """Hold a run against its survey drawn again."""
    request = StabilityRequest(draws=int(ask["draws"] or StabilityRequest.draws))
    error = ask["share_error"]
    settings = {} if error is None else {"demand.connected_share_error": float(error)}
    run_stability(Path(ask["run"]), request, settings)
    return {"run": Path(ask["run"]).name}


def outlook(ask: dict[str, Any]) -> dict[str, Any]:
    """Say what each budget would roughly bring, and whom each site reaches."""
    return looked(read_inputs(_asked(ask)), ask["most"])


def export(ask: dict[str, Any]) -> dict[str, Any]:
    """Make a file of a run for another program."""
    paths, _ = export_run(ask["run"], [ask["what"]], replace=True)
    return {"files": [path.name for path in paths]}


def report(ask: dict[str, Any]) -> dict[str, Any]:
    """Make a run's report, with what an audit finds."""
    run = Path(ask["run"])
    try:
        verdict = Verdict(audit=audit_run(run).as_dict())
    except DataError:
        verdict = Verdict(note=_("This run could not be audited here: its data are missing or have changed."))
    return {"files": [write_report([run], run / REPORT, verdict=verdict).name]}


def check_upload(ask: dict[str, Any]) -> dict[str, Any]:
    """Look at an uploaded file and keep it if nothing is wrong with it."""
    _bound()
    look = look_at(Path(ask["file"]), ask["upload_kind"], Path(ask["kept"]), ask["rows"], ask["part"])
    told = {
        "rows": look.rows,
        "columns": look.columns,
        "guess": look.guess,
        "reading": look.reading,
        "preview": look.preview,
        "parts": look.parts,
        "part": look.part,
        "in_columns": look.in_columns,
    }
    told["warnings"] = warnings_of(look.warnings, ask["names"])
    if look.kept:
        own = Path(unzipped(ask["name"]))
        tables = [
            {"name": f"{own.stem} {part}{own.suffix}" if part else own.name, "table": table.name}
            for part, table in look.kept
        ]
        note = {"name": ask["name"], "kind": ask["upload_kind"], "tables": tables, **told}
        (Path(ask["kept"]) / "upload.json").write_text(json.dumps(note), encoding="utf-8")
    count = len(look.faults)
    told["looks"] = [drawn | {"name": ask["name"]} for drawn in look.looks]
    return {**told, "count": count, "faults": faults_of(DataError(look.faults), ask["names"]) if count else []}


def new_scenario(ask: dict[str, Any]) -> dict[str, Any]:
    """Make a scenario of two uploads."""
    _bound()
    tables = {kind: Path(path) for kind, path in ask["tables"].items()}
    write_scenario(ask["wanted"], tables, Path(ask["folder"]))
    return {"id": Path(ask["folder"]).name}


def draft_project(ask: dict[str, Any]) -> dict[str, Any]:
    """Make a scenario of uploads that nobody described."""
    _bound()
    files = [(role, name, Path(table)) for role, name, table in ask["files"]]
    return draft(ask["title"], files, Path(ask["folder"]))


def name_partners(ask: dict[str, Any]) -> dict[str, Any]:
    """Take over which names mean the same in a scenario's joins."""
    _bound()
    return take_over(Path(ask["folder"]), ask["chosen"])


def _bound() -> None:
    """Bound what this process may take, whatever the file it reads makes it do."""
    if sys.platform == "win32":  # pragma: no cover - it has no such bounds
        return
    import resource  # noqa: PLC0415 - not on every system

    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


def _asked(ask: dict[str, Any]) -> Scenario:
    return read_scenario(ask["file"], ask["overrides"], ask["settings"])


TASKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "solve": solve,
    "frontier": frontier,
    "alternatives": alternatives,
    "explain": explain,
    "stability": stability,
    "outlook": outlook,
    "export": export,
    "report": report,
    "check_upload": check_upload,
    "new_scenario": new_scenario,
    "draft_project": draft_project,
    "name_partners": name_partners,
}


FIGURES = {"people": N_("People it adds"), "need": N_("Need it adds")}
CHANGES = {
    "without": N_("More or fewer people covered by the best plan without it"),
    "with": N_("More or fewer people covered by the best plan with it"),
}


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
            yield {"label": _(label), "value": written(f"{one[key]:,.0f}")}
    for key, label in (("cost", _("Cost")), ("cost_per_person", _("Cost a person"))):
        if one[key] is not None:
            yield {"label": label, "value": joined((currency, written(f"{one[key]:,.0f}")))}
    for key, words in CHANGES.items():
        change = one.get(key)
        if change is not None and change["people_change"] is not None:
            yield {"label": _(words), "value": written(f"{change['people_change']:+,.0f}")}
