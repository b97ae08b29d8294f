"""The commands that show and clear the cache."""

from __future__ import annotations

import typer

from hubplanner.cli.common import AsJson, Quiet, answering
from hubplanner.formatting import count_of

cache = typer.Typer(
    name="cache",
    help="Show or clear what is kept between commands.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
MEGABYTE = 1_000_000


@cache.command()
def show(as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002 - a flag
    """Show where the cache is, and how much is in it."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cache import OFF, PLACE, cache_folder, entries, size_of  # noqa: PLC0415 - numpy waits

        folder, found = cache_folder(), entries()
        size = size_of(found)
        answer.update(folder=None if folder is None else str(folder), entries=len(found), bytes=size)
        if not (as_json or quiet):
            told = f"{folder}: {count_of(len(found), 'file')}, {size / MEGABYTE:,.1f} MB."
            typer.echo(f"The cache is off: {PLACE}={OFF}." if folder is None else told)


@cache.command()
def clear(as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002 - a flag
    """Throw away all that is kept; it is made again when needed."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cache import clear as throw_away  # noqa: PLC0415 - numpy waits

        number, size = throw_away()
        answer.update(removed=number, bytes=size)
        if not (as_json or quiet):
            typer.echo(f"Removed {count_of(number, 'file')}, {size / MEGABYTE:,.1f} MB.")
