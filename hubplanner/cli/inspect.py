"""The commands that start, check and describe a project."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubplanner.cli.common import AsJson, Overrides, Quiet, ScenarioFile, Settings, answering, read_asked
from hubplanner.errors import FaultyError
from hubplanner.formatting import count_of

if TYPE_CHECKING:
    from hubplanner.scenario import Scenario

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="FILE...",
        help="Draft a scenario from these files and list open questions. ROLE=FILE says what a file is: "
        "demand, sites, table or zones.",
    ),
]
More = Annotated[list[str] | None, typer.Argument(metavar="FILE", hidden=True, show_default=False)]


def init(  # noqa: PLR0913, PLR0917 - each is an option of the command
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="New or empty folder (with --from, any folder without a scenario).", show_default=False
        ),
    ],
    more: More = None,
    files_at_hand: From = None,
    crs: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="With --from: coordinate system of files that state none, such as EPSG:32642."
        ),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag on the command line
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Create a project: a small example, or one of your own files."""
    with answering(as_json=as_json) as answer:
        if crs and not files_at_hand:
            message = f"--crs {crs}: goes with --from, where it says the system of files that name none"
            raise FaultyError(message)
        if more and not files_at_hand:
            message = (
                f"{' '.join(more)}: name the files after --from, such as hubplanner init {directory} --from {more[0]}"
            )
            raise FaultyError(message)
        if files_at_hand:
            _from_files(directory, [*files_at_hand, *(more or ())], crs, answer, shown=not (as_json or quiet))
            return
        from hubplanner.cli.project import write_project  # noqa: PLC0415 - heavy imports wait for their command

        files = write_project(directory)
        answer.update(directory=str(directory), files=files)
        if not (as_json or quiet):
            typer.echo(f"Wrote {', '.join(files)} to {directory}.")
            scenario, run = (shlex.quote(str(directory / name)) for name in ("scenario.yaml", "runs/first"))
            typer.echo(f"Next: hubplanner solve {scenario} --out {run}")


def _from_files(directory: Path, paths: list[str], crs: str | None, answer: dict[str, Any], *, shown: bool) -> None:
    """Write a scenario on files at hand, and tell what was guessed."""
    from hubplanner.cli.tables import print_new_project, progress  # noqa: PLC0415
    from hubplanner.pipeline.new_project import new_project  # noqa: PLC0415

    with progress(shown=False):
        made = new_project(directory, paths, crs)
    draft = made.draft
    answer.update(
        directory=str(directory),
        files=list(made.files),
        uses=[asdict(use) for use in draft.uses],
        guesses=[asdict(guess) for guess in draft.guesses],
        questions=[asdict(question) for question in draft.questions],
        examples=list(draft.examples),
        faults=[fault.as_dict() for fault in made.faults],
    )
    if shown:
        print_new_project(made, directory)


def validate(  # noqa: PLR0913, PLR0917 - each is an option of the command
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    write_aliases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write values for which joins find no match to a CSV file to fill in."),
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """List every fault of a scenario and its data without solving."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415

        spec = read_asked(scenario, settings, override)
        from hubplanner.inputs import read_inputs  # noqa: PLC0415
        from hubplanner.inputs.inputs import told_facts  # noqa: PLC0415
        from hubplanner.pipeline.solve import options_of  # noqa: PLC0415
        from hubplanner.scenario.assumptions import assumptions, in_words  # noqa: PLC0415

        told = None if write_aliases is None else _write_aliases(spec, write_aliases)
        try:
            with progress(shown=not (quiet or as_json)):
                inputs = read_inputs(spec).tell()
            options_of(spec)
        except FaultyError as error:
            if told is not None:
                error.add_note(told)
            raise
        rows, sites = len(inputs.demand.frame), len(inputs.sites.frame)
        warnings = [warning.as_dict() for warning in inputs.warnings]
        answer.update(status="valid", demand_rows=rows, demand_points=inputs.n_points, sites=sites, warnings=warnings)
        assumed = assumptions(spec)
        answer.update(joins=[join.as_dict() for join in inputs.joins], assumptions=assumed)
        if inputs.searched is not None:
            answer.update(travel=inputs.searched.facts)
        if not (as_json or quiet):
            counts = [count_of(rows, "demand row"), count_of(sites, "site"), count_of(len(spec.hubs), "tier")]
            counts += [count_of(len(warnings), "warning")] if warnings else []
            typer.echo(f"{scenario} is valid: {', '.join(counts)}.")
            for line in (line for join in inputs.joins for line in join.lines()):
                typer.echo(line)
            for line in () if inputs.searched is None else told_facts(inputs.searched.facts):
                typer.echo(line)
            if words := in_words(assumed):
                typer.echo(f"{words}.")
            if told is not None:
                typer.echo(f"{told[0].upper()}{told[1:]}.")


def _write_aliases(scenario: Scenario, path: Path) -> str:
    """Write what joins lack an alias for; return what was done in words."""
    from hubplanner.inputs.joins import values_to_alias  # noqa: PLC0415
    from hubplanner.outputs.writers import check_aliases_file, write_aliases  # noqa: PLC0415

    check_aliases_file(path)
    lacking = values_to_alias(scenario)
    if not lacking:
        return f"no join lacks an alias, and {path} was not written"

    write_aliases(lacking, path)
    joins = ", ".join(dict.fromkeys(f"{key}.aliases" for key, _, _ in lacking))
    names = "value" if len(lacking) == 1 else "values"
    return f"{len(lacking):,} {names} to fill in written to {path}: complete its column there, and name it as {joins}"


def info(
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Count people, need and sites, and what hubs could cover."""
    with answering(as_json=as_json) as answer:
        spec = read_asked(scenario, settings, override)
        from hubplanner.cli.tables import print_overview, progress  # noqa: PLC0415
        from hubplanner.inputs import read_inputs  # noqa: PLC0415
        from hubplanner.inputs.inputs import told_facts  # noqa: PLC0415
        from hubplanner.pipeline.solve import overview  # noqa: PLC0415

        with progress(shown=not (quiet or as_json)):
            figures = overview(read_inputs(spec).tell())
        answer.update(figures)
        if not (as_json or quiet):
            print_overview(spec.name, figures)
            for line in told_facts(figures["travel"]) if "travel" in figures else ():
                typer.echo(line)


def schema() -> None:
    """Print the scenario file's JSON Schema."""
    from hubplanner.scenario import json_schema  # noqa: PLC0415

    typer.echo(json.dumps(json_schema(), indent=1))


def doctor(
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Show versions, available solvers and optional extras."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.project import examine  # noqa: PLC0415

        answer.update(examine())
        if not (as_json or quiet):
            from hubplanner.cli.tables import print_examination  # noqa: PLC0415

            print_examination(answer)
