"""What does not go together as a table: `python tests/compatibility_matrix.py` writes it into scenarios/README.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tables import write

from hubplanner.compatibility import INCOMPATIBLE, Feature, Rule

MANUAL = Path(__file__).resolve().parents[1] / "scenarios" / "README.md"


def table() -> str:
    """Return a row for each feature that is to be changed, a column for what it does not go with."""
    rules = {(rule.features[0], rule.features[1]): rule for rule in INCOMPATIBLE}
    rows = [feature for feature in Feature if any(first is feature for first, _ in rules)]
    columns = [feature for feature in Feature if any(second is feature for _, second in rules)]
    lines = ["| | " + " | ".join(column.value for column in columns) + " |", "|---|" + ":---:|" * len(columns)]
    lines += [
        f"| {row.value} | " + " | ".join(_cell(rules.get((row, column))) for column in columns) + " |" for row in rows
    ]
    return "\n".join(lines)


def _cell(rule: Rule | None) -> str:
    if rule is None:
        return ""
    beside = [f"with {feature.value}" for feature in rule.features[2:]]
    unless = " or ".join(feature.value for feature in Feature if feature in rule.unless)
    return ", ".join(["no", *beside, *([f"unless {unless}"] if unless else [])])


if __name__ == "__main__":
    write(MANUAL, "compatibility", table())
