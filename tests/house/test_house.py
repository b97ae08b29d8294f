"""The house rules that a machine can hold."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import hubplanner as hp

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "hubplanner").rglob("*.py"))


@cache
def parsed() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def test_imports_only_point_down() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_public_name_is_there_and_documented() -> None:
    assert [name for name in hp.__all__ if not getattr(hp, name).__doc__] == []


def test_names_of_the_package_are_seen_before_they_are_imported() -> None:
    """As by completion in a notebook, and by type checkers, which follow the imports that never run."""
    code = "import hubplanner\nprint(*dir(hubplanner), hubplanner.__version__)"
    *names, version = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(names) == {*hp.__all__, "__version__"}
    assert version == importlib.metadata.version("hubplanner")
    tree = ast.parse(Path(hp.__file__).read_text("utf-8"))
    seen = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
    assert set(hp.__all__) <= seen


def test_importing_every_public_name_warns_of_nothing() -> None:
    code = "import hubplanner\nfor name in hubplanner.__all__:\n    getattr(hubplanner, name)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_everything_public_is_documented() -> None:
    bare = []
    for path, tree in parsed().items():
        named = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
        public = [tree, *(node for node in named if not node.name.startswith("_"))]
        bare += [(path, getattr(node, "name", "")) for node in public if not ast.get_docstring(node)]
    assert bare == []


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[Path]] = {}
    for path, tree in parsed().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(path.relative_to(ROOT))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_no_two_modules_of_tests_share_a_name() -> None:
    """Pytest takes the second for the first, and a run of both ends before it begins."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = hp.nosuch


def test_the_changelog_knows_the_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == importlib.metadata.version("hubplanner")


def test_help_loads_none_of_the_heavy_parts() -> None:
    heavy = {"geopandas", "matplotlib", "numpy", "pandas", "pulp", "scipy", "shapely"}
    code = (
        "import sys\nfrom hubplanner.cli.main import app\n"
        "for words in (['--help'], ['solve', '--help']):\n"
        "    app(words, standalone_mode=False)\n"
        f"sys.exit(','.join(sorted({heavy!r} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert "--override" in done.stdout
    assert done.returncode == 0


def test_the_optional_parts_that_messages_name_exist() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    named = {name for path in MODULES for name in re.findall(r"hubplanner\[(\w+)\]", path.read_text(encoding="utf-8"))}
    assert named
    assert named <= set(setup["options.extras_require"])
