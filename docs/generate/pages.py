"""Pages that are made from what is elsewhere: manuals beside their files, notebooks, help texts, rules, pictures.

MkDocs calls the functions named `on_...`. With `HUBPLANNER_DOCS=text` in the environment no plan is solved:
notebooks are shown without their outputs and the gallery without pictures.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType
from typing import Any

import nbclient
import nbformat
import typer
from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter
from ruamel.yaml import YAML

import hubplanner
from hubplanner.cli.main import app
from hubplanner.compatibility import INCOMPATIBLE, Feature
from hubplanner.model import constraints, goals
from hubplanner.model.constraints.base import Constraint
from hubplanner.model.fairness import Fairness
from hubplanner.model.objectives import Objective

ROOT = Path(__file__).resolve().parents[2]
SOLVE = os.environ.get("HUBPLANNER_DOCS") != "text"
SITE_OF = {
    "README.md": "index.md",
    "scenarios/README.md": "reference/scenario.md",
    "data/pakistan/README.md": "data.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "notebooks": "tutorials/first_plan.md",
}
"""Files of the repository that have a page, and which."""
PICTURES = ("pakistan.png", "app.png", "frontier.png", "report.png", "growth.png")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)

Page = tuple[str, str | bytes]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for path, content in _pages():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_content(html: str, **_: Any) -> str:
    """Write formulas as MathML, which browsers show without a script."""
    return FORMULA.sub(lambda found: convert(_plain(found[3]), "inline" if found[2] == "(" else "block"), html)


def _plain(formula: str) -> str:
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        formula = formula.replace(code, letter)
    return formula.strip()


def _pages() -> Iterator[Page]:
    for path, page in SITE_OF.items():
        if path.endswith(".md") and page != "index.md":
            yield page, _moved(path, page)
    for name in PICTURES:
        yield f"pictures/{name}", (ROOT / "scenarios" / name).read_bytes()
    yield "reference/commands.md", _commands()
    yield "reference/compatibility.md", _compatibility()
    yield "reference/python.md", _python()
    yield "reference/formulations.md", _formulations()
    yield "glossary.md", "# Glossary\n" + _section("CONTRIBUTING.md", "Glossary")
    yield from _tutorials()
    yield from _gallery()


def _section(path: str, title: str) -> str:
    """Return what stands under a heading of a file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.split(r"^## ", text.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def _moved(path: str, page: str) -> str:
    """Return a file of the repository with links that lead to pages; where there is none, only the words are left."""
    home = (ROOT / path).parent
    up = "../" * page.count("/")

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found.groups()
        aim = (home / target).resolve().relative_to(ROOT).as_posix() if target else path
        if aim in SITE_OF:
            return f"[{words}]({up}{SITE_OF[aim]}{anchor})"
        if aim.startswith("scenarios/examples/"):
            return f"[{words}]({up}gallery.md#{Path(aim).stem})"
        return f"`{words.strip('`')}`"

    return re.sub(r"\[([^\]]*)\]\((?!https?:)([^)#]*)((?:#[^)]*)?)\)", link, _text(path))


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _commands() -> str:
    """Return what each command does and takes, from its help."""
    lines = ["# Commands", "", "Each stands in `.venv/bin/hubplanner`; `--help` says the same in the terminal.", ""]
    main = typer.main.get_command(app)
    for words, command in _leaves("hubplanner", main):
        takes = "".join(f" {part}" for part in command.collect_usage_pieces(_context(words, command)))
        lines += [f"## {words.removeprefix('hubplanner ')}", "", _dedented(command.help), ""]
        lines += ["```text", f"{words}{takes}", "```", ""]
        rows = [_row(parameter, _context(words, command)) for parameter in command.params]
        rows = [row for row in rows if row]
        if rows:
            lines += ["| option | says |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def _leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, part in inner.items():
        yield from _leaves(f"{words} {name}", part)


def _context(words: str, command: Any) -> Any:
    return command.context_class(command, info_name=words)


def _dedented(text: str | None) -> str:
    return " ".join((text or "").split())


def _row(parameter: Any, context: Any) -> str:
    record = parameter.get_help_record(context)
    if record is None:
        return ""
    names, says = (" ".join(part.split()).replace("|", "\\|") for part in record)
    return f"| `{names}` | {says} |"


def _compatibility() -> str:
    """Return what cannot be asked together: for each feature the others, then the reasons."""
    lines = [
        "# What goes together",
        "",
        "Whatever is not named here does. The rest is refused before anything is solved, with the reason below.",
        "",
        "| | does not go with |",
        "| --- | --- |",
    ]
    for one in Feature:
        found = [rule for rule in INCOMPATIBLE if one in rule.features]
        others = [" with ".join(other.value for other in rule.features if other != one) for rule in found]
        if others:
            lines.append(f"| {one.value} | {', '.join(others)} |")
    lines += ["", "## Why", ""]
    for rule in INCOMPATIBLE:
        unless = f" (unless {' or '.join(sorted(one.value for one in rule.unless))})" if rule.unless else ""
        lines.append(f"- {rule.says}{unless}")
    return "\n".join(lines)


def _python() -> str:
    """Return a page of all that `import hubplanner` gives."""
    lines = ["# Python", "", "```python", "import hubplanner as hp", "```", ""]
    for name in hubplanner.__all__:
        home = getattr(getattr(hubplanner, name), "__module__", "hubplanner")
        lines += [f"::: {home}.{name}", ""] if home.startswith("hubplanner") else []
    return "\n".join(lines)


def _formulations() -> str:
    """Return the formula of each objective, goal and constraint, from the docstring of what puts it into the model."""
    told = {
        "Objectives": [
            one for one in _classes("hubplanner.model.objectives", Objective) if one.__name__ != "Objective"
        ],
        "Goals": [
            one
            for one in vars(goals).values()
            if isinstance(one, FunctionType) and one.__module__ == goals.__name__ and "$" in (one.__doc__ or "")
        ],
        "Fairness": _classes("hubplanner.model.fairness", Fairness),
        "Constraints": [
            one
            for module in (
                "multi_period",
                *(f"constraints.{name}" for _, name, _ in iter_modules(constraints.__path__)),
            )
            for one in _classes(f"hubplanner.model.{module}", Constraint)
            if hasattr(one, "key")
        ],
    }
    lines = [
        "# Formulations",
        "",
        "Each as its docstring in `hubplanner/model` says it; goals are in the order of objectives.",
        "",
    ]
    for title, found in told.items():
        lines += [f"## {title}", ""]
        for one in found:
            options = "{skip_local_inventory: true, members: false, heading_level: 3, show_bases: false}"
            lines += [f"::: {one.__module__}.{one.__name__}", f"    options: {options}", ""]
    return "\n".join(lines)


def _classes(module: str, base: type) -> list[type]:
    """Return the classes of a kind that a module defines, in its order."""
    own = vars(import_module(module)).values()
    return [
        one
        for one in own
        if isinstance(one, type) and issubclass(one, base) and one.__module__ == module and one.__name__[0] != "_"
    ]


def _tutorials() -> Iterator[Page]:
    """Yield the notebooks, run from top to bottom."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        book = nbformat.read(path, 4)
        if SOLVE:
            nbclient.NotebookClient(book, resources={"metadata": {"path": str(path.parent)}}).execute()
        text, more = MarkdownExporter().from_notebook_node(book)
        for name, content in more["outputs"].items():
            yield f"tutorials/{path.stem}/{name}", content
        text = re.sub(r"\]\((output_[^)]+)\)", rf"]({path.stem}/\1)", text)
        yield f"tutorials/{path.stem}.md", re.sub(r"<style scoped>.*?</style>", "", text, flags=re.DOTALL)


def _gallery() -> Iterator[Page]:
    """Yield the example scenarios, each with its question, its file and the map of its plan."""
    lines = [
        "# Gallery",
        "",
        "One small question each, with the plan that answers it; the files are in `scenarios/examples`.",
        "",
    ]
    for path in sorted((ROOT / "scenarios" / "examples").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        title = YAML(typ="safe").load(text).get("description") or path.stem
        lines += [f"## {path.stem.replace('_', ' ').capitalize()} {{ #{path.stem} }}", "", " ".join(title.split()), ""]
        if SOLVE:
            yield f"gallery/{path.stem}.png", _map(path)
            lines += [f"![Map of the plan](gallery/{path.stem}.png)", ""]
        lines += ["```yaml", text.rstrip(), "```", ""]
    yield "gallery.md", "\n".join(lines)


def _map(scenario: Path) -> bytes:
    """Solve a scenario and return its picture."""
    with tempfile.TemporaryDirectory() as folder:
        hubplanner.solve(hubplanner.read_scenario(scenario)).write(Path(folder) / "run")
        return (Path(folder) / "run" / "map.png").read_bytes()
