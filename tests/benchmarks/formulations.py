"""Time formulations side by side: the textbook one of each family, and the one hubplanner builds.

Run it with ``make bench``. Each case runs in a fresh process, one after the other; the table in README is written anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 60.0
MARKS = ("<!-- formulations -->", "<!-- end of formulations -->")
FREE = ("within_reach",)


def inputs(*overrides: str, **settings: Any) -> tuple[Any, Any]:
    """Return the national problem and objective."""
    import hubplanner as hp
    from hubplanner.workflow.question import objective_of

    keys = {key.replace("__", "."): value for key, value in settings.items()}
    data = hp.read_inputs(hp.read_scenario(ROOT / "scenarios/pakistan.yaml", overrides=overrides, settings=keys))
    return hp.build_problem(data), objective_of(data)


def solve(problem: Any, objective: Any, gap: float) -> dict[str, float]:
    """Solve with hubplanner as it is, or as a case has changed it."""
    import hubplanner as hp

    began = time.perf_counter()
    found = hp.solve_problem(problem, objective, hp.SolverOptions(gap=gap, time_limit_s=TIME_LIMIT, ties=False))
    return {"value": found.value, "gap": found.gap, "seconds": time.perf_counter() - began}


def town() -> Any:
    """Return 400 points and 150 sites in a square."""
    import numpy as np

    import hubplanner as hp

    rng = np.random.default_rng(3)
    points, sites = rng.uniform(0, 1e5, (400, 2)), rng.uniform(0, 1e5, (150, 2))
    return hp.Problem.from_points(points, rng.integers(1, 1000, 400), sites, np.ones(150), 1e4)


def classic_median() -> dict[str, float]:
    """Solve the classic p-median, one variable a pair, with PuLP and HiGHS."""
    import math

    import numpy as np
    import pulp

    problem = town()
    began = time.perf_counter()
    distance = np.column_stack([problem.travel.from_site(site) for site in range(problem.n_sites)])
    weight = problem.need / problem.need.sum()
    program = pulp.LpProblem("median", pulp.LpMinimize)
    built = [program.add_variable(f"y{site}", cat="Binary") for site in range(problem.n_sites)]
    cost = []
    for point in range(problem.n_points):
        served = [program.add_variable(f"x{point}_{site}", 0, 1) for site in range(problem.n_sites)]
        cost += zip(served, (weight[point] * distance[point]).tolist(), strict=True)
        program += pulp.LpAffineExpression([(x, 1) for x in served]) == 1
        for x, y in zip(served, built, strict=True):
            program += pulp.LpAffineExpression([(x, 1), (y, -1)]) <= 0
    program += pulp.LpAffineExpression([(y, 1) for y in built]) <= HUBS
    program.setObjective(pulp.LpAffineExpression(cost))
    program.solve(pulp.HiGHS(msg=False, gapRel=1e-6, timeLimit=TIME_LIMIT))
    found = program.solverModel.getInfo()
    value = found.objective_function_value
    gap = abs(value - found.mip_dual_bound) / value if math.isfinite(value) else math.nan
    return {"value": value, "gap": gap, "seconds": time.perf_counter() - began}


HUBS = 12


def chained_median() -> dict[str, float]:
    """Solve the same p-median with chains of distances that deepen where they must."""
    import hubplanner as hp

    return solve(town(), hp.PMedian(max_hubs=HUBS), 1e-6)


def halved_backup() -> dict[str, float]:
    """Ask for a second hub with half of each: 2 z <= sum of y, z whole."""
    import numpy as np
    from pulp import LpConstraintLE

    from hubplanner.models import cover

    def rows_covered(model: Any) -> list[Any]:
        if "covered" not in model.parts:
            rows = model.instance.cover_rows
            model.parts["covered"] = made = []
            for row, times in enumerate(rows.times.tolist()):
                options = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
                made.append(model.variable(f"covered_{row}", 0, 1, whole=times > 1))
                terms = [(made[-1], float(times)), *model.opened(options, np.full(len(options), -1.0))]
                model.add(f"cover_{row}", terms, LpConstraintLE, 0)
        return model.parts["covered"]

    cover._rows_covered = rows_covered
    return backup()


def backup() -> dict[str, float]:
    """Ask for a second hub that counts 30 %."""
    return solve(*inputs(*FREE, coverage__backup=2, coverage__backup_weight=0.3), 1e-4)


def plain_seats() -> dict[str, float]:
    """Solve the national plan with seats in one search over all options."""
    from hubplanner.solver import optimise

    optimise.FEW_OPTIONS = 10**9
    return seats()


def seats() -> dict[str, float]:
    """Solve the national plan with seats, near the relaxation's bound first."""
    return solve(*inputs(), 1e-3)


CASES: dict[str, tuple[Callable[[], dict[str, float]], Callable[[], dict[str, float]]]] = {
    "p-median, 400 points, 150 sites, 12 hubs: one variable a pair / chains": (classic_median, chained_median),
    "second hub, Pakistan: halves of it / shared or disaggregated rows": (halved_backup, backup),
    "seats, Pakistan: one search / first near the relaxation's bound": (plain_seats, seats),
}


def measure(case: str, which: int) -> dict[str, float]:
    """Run one case in a fresh process and return its figures."""
    command = [sys.executable, __file__, case, str(which)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    print(f"{case}, {'ours' if which else 'other'}: {figures}", flush=True)
    return figures


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Return the results as README's table."""
    lines = ["| what: textbook / ours | textbook: s | gap | ours: s | gap |", "|---|---:|---:|---:|---:|"]
    for case, pair in results.items():
        cells = " | ".join(f"{figures['seconds']:.1f} | {figures['gap']:.1e}" for figures in pair)
        lines.append(f"| {case} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Measure everything, check that the values agree, and write the table."""
    results = {case: [measure(case, which) for which in (0, 1)] for case in CASES}
    for case, (one, other) in results.items():
        slack = max(one["gap"], other["gap"]) + 1e-6
        if abs(one["value"] - other["value"]) > slack * abs(other["value"]):
            sys.exit(f"{case}: the values differ by more than the gaps: {one['value']} and {other['value']}")
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    readme.write_text(f"{before}{MARKS[0]}\n{table(results)}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print("\n" + json.dumps(CASES[sys.argv[1]][int(sys.argv[2])]()))
    else:
        main()
