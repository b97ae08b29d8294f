"""Changes made to what decides whether a plan is believed, and whether a test finds each: `make mutate`.

mutmut changes one thing at a time (a sign, a bound, a name left out) in the modules that `setup.cfg` names, in a copy
of the checkout, and runs the tests named there. The table goes into CONTRIBUTING.md, and each change that no test found
is printed: it is looked at, and is either a missing test or no change in meaning.
"""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.tables import write

ROOT = Path(__file__).resolve().parents[1]
FOUND = {"killed", "timeout", "segfault"}
MUTMUT = [sys.executable, "-m", "mutmut"]


def main() -> None:
    """Count the changes of each module and those that a test found."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    copied = ["hubplanner", "tests", "setup.cfg", "pyproject.toml", *setup["mutmut"]["also_copy"].split()]
    with tempfile.TemporaryDirectory() as folder:
        for name in copied:
            source, target = ROOT / name, Path(folder, name)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)
        subprocess.run([*MUTMUT, "run"], cwd=folder, check=True)
        states = _results(folder)
        for name, state in states.items():
            if state not in FOUND:
                subprocess.run([*MUTMUT, "show", name], cwd=folder, check=True)
    made = Counter(map(_module, states))
    found = Counter(_module(name) for name, state in states.items() if state in FOUND)
    rows = [f"| `{module.replace('.', '/')}.py` | {made[module]} | {found[module]} |" for module in made]
    write(
        ROOT / "CONTRIBUTING.md",
        "mutants",
        "\n".join(["| module | changes | found by a test |", "|---|---:|---:|", *rows]),
    )


def _module(name: str) -> str:
    return name.partition(".x")[0]


def _results(folder: str) -> dict[str, str]:
    """Return what became of each change, by its name."""
    asked = [*MUTMUT, "results", "--all", "true"]
    told = subprocess.run(asked, cwd=folder, check=True, capture_output=True, text=True).stdout
    pairs = (line.strip().partition(": ") for line in told.splitlines() if ": " in line)
    return {name: state for name, _, state in pairs}


if __name__ == "__main__":
    main()
