"""The house in numbers: `python tests/house_numbers.py` writes them into CONTRIBUTING.md."""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
from benchmarks.tables import write

import hubplanner.solver  # noqa: F401 - every kind is known once solvers are
from hubplanner.formatting import per_cent
from hubplanner.model import Constraint, Fairness, Objective

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "hubplanner"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
SHORT = 6
"""Lines of a short function's body."""


def numbers() -> dict[str, str]:
    """Return what is counted, by its name."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lengths = [len(text.splitlines()) for path, text in texts.items() if path.name != "__init__.py"]
    bodies = [_body(node) for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    imports = sum(node.end_lineno - node.lineno + 1 for tree in trees.values() for node in _imports(tree))
    folders = Counter(path.parent for path in texts if path.name != "__init__.py")
    largest, most = folders.most_common(1)[0]
    return {
        "modules": f"{len(lengths)}",
        "lines": f"{sum(map(len, map(str.splitlines, texts.values()))):,}",
        "modules in the largest folder": f"{most} (`{largest.relative_to(ROOT)}`)",
        "lines of a module, median and most": f"{statistics.median(lengths):.0f}, {max(lengths)}",
        f"functions of at most {SHORT} lines": per_cent(sum(body <= SHORT for body in bodies) / len(bodies), 0),
        "lines that import": per_cent(imports / sum(map(len, map(str.splitlines, texts.values())))),
        "`TYPE_CHECKING` blocks": f"{sum(text.count('if TYPE_CHECKING:') for text in texts.values())}",
        "imports to remove for no circle, annotations included": f"{sum(len(cut) for cut in circles().values())}",
        "classes that share a name": f"{sum(len(paths) > 1 for paths in classes(trees).values())}",
        "`isinstance` on a kind of constraint, objective or fairness": f"{sum(map(_asks_kind, trees.values()))}",
    }


def circles() -> dict[str, set[tuple[str, str]]]:
    """Return for each package the imports between its parts that would have to go for no circle to be left."""
    graph = grimp.build_graph("hubplanner", cache_dir=None)
    packages = [name for name in sorted(graph.modules) if graph.find_children(name)]
    cuts = {package: graph.nominate_cycle_breakers(package) for package in packages}
    return {package: cut for package, cut in cuts.items() if cut}


def classes(trees: dict[Path, ast.Module]) -> dict[str, list[Path]]:
    """Return where each name of a class stands."""
    homes: dict[str, list[Path]] = {}
    for path, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(path)
    return homes


def _asks_kind(tree: ast.Module) -> int:
    """Return how often a module asks for a kind of constraint, objective or fairness by its type."""
    kinds = {kind.__name__ for base in (Constraint, Objective, Fairness) for kind in (base, *_below(base))}
    kinds |= (
        {"kind", "kinds"} if any(isinstance(n, ast.ClassDef) and n.name == "Constraint" for n in tree.body) else set()
    )
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance")
    return sum(bool({n.id for n in ast.walk(call.args[1]) if isinstance(n, ast.Name)} & kinds) for call in calls)


def _below(base: type) -> list[type]:
    return [kind for child in base.__subclasses__() for kind in (child, *_below(child))]


def _body(node: ast.FunctionDef) -> int:
    """Return the lines of a function's body without its docstring."""
    first = node.body[1:] if ast.get_docstring(node) else node.body
    return (first[-1].end_lineno or 0) - first[0].lineno + 1 if first else 0


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def table() -> str:
    """Return the numbers as a table of Markdown."""
    rows = [f"| {what} | {number} |" for what, number in numbers().items()]
    return "\n".join(["| of `hubplanner/` | |", "|---|---:|", *rows])


if __name__ == "__main__":
    write(CONTRIBUTING, "numbers", table())
