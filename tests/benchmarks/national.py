"""Time the national scenario side by side: PuLP and HiGHS alone on merged rows, and hubplanner.

Run it with ``make bench``. Each case runs in a fresh process, one after the other; the table in README is written anew.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUDGETS = (1e9, 4e9, 5e9, 10e9, 20e9)
GAP, TIME_LIMIT = 1e-4, 60.0
MARKS = ("<!-- national benchmark -->", "<!-- end -->")
COMMANDS = ("--help", "solve --help")


def plain(budget: float) -> dict[str, float]:
    """Solve the textbook model with PuLP and HiGHS: merged rows, nothing else."""
    import pulp

    import hubplanner as hp
    from hubplanner.problem import merge_demand

    problem = hp.build_problem(hp.read_inputs(hp.read_scenario(ROOT / "scenarios/pakistan.yaml")))
    began = time.perf_counter()
    rows = merge_demand(problem)
    program = pulp.LpProblem("plain", pulp.LpMaximize)
    built = [program.add_variable(f"y{option}", cat="Binary") for option in range(problem.n_options)]
    covered = [program.add_variable(f"z{row}", 0, 1) for row in range(len(rows.need))]
    program.setObjective(pulp.LpAffineExpression(zip(covered, (rows.need / 1e6).tolist(), strict=True)))
    for row, variable in enumerate(covered):
        options = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
        program += pulp.LpAffineExpression([(variable, 1), *((built[option], -1) for option in options)]) <= 0
    for site in range(problem.n_sites):
        program += pulp.lpSum(built[option] for option in (problem.option_site == site).nonzero()[0]) <= 1
    spent = zip(built, (problem.option_cost / 1e7).tolist(), strict=True)
    program += pulp.LpAffineExpression(spent) <= budget / 1e7
    program.solve(pulp.HiGHS(msg=False, gapRel=GAP, timeLimit=TIME_LIMIT))
    found = program.solverModel.getInfo()
    value, bound = -found.objective_function_value * 1e6, -found.mip_dual_bound * 1e6
    return {"value": value, "gap": abs(bound - value) / value, "seconds": time.perf_counter() - began}


def hubplanner(budget: float) -> dict[str, float]:
    """Solve with hubplanner."""
    import hubplanner as hp

    settings = {"model.budget": budget, "solver.gap": GAP, "solver.time_limit_s": TIME_LIMIT}
    problem = hp.build_problem(hp.read_inputs(hp.read_scenario(ROOT / "scenarios/pakistan.yaml", settings=settings)))
    options = hp.SolverOptions(gap=GAP, time_limit_s=TIME_LIMIT)
    solution = hp.solve_problem(problem, hp.MaxCoverage(budget=budget), options)
    return {"value": solution.value, "gap": solution.gap, "seconds": solution.seconds}


CASES = {"PuLP + HiGHS": plain, "hubplanner": hubplanner}


def run_case(name: str, budget: float) -> None:
    """Run one case in this process and print its figures."""
    figures = CASES[name](budget)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n" + json.dumps(figures))


def measure(name: str, budget: float) -> dict[str, float]:
    """Run one case in a fresh process and return its figures."""
    command = [sys.executable, __file__, name, str(budget)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    print(f"{name:>14} {budget:.0e}: {figures}", flush=True)
    return figures


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the results as README's table."""
    lines = ["| budget, PKR bn | " + " | ".join(f"{name}: s | gap | MB" for name in CASES) + " |"]
    lines.append("|---:" * (1 + 3 * len(CASES)) + "|")
    for budget, cases in results.items():
        cells = [
            f"{cases[name]['seconds']:.1f} | {cases[name]['gap']:.1e} | {cases[name]['peak_mb']:.0f}" for name in CASES
        ]
        lines.append(f"| {float(budget) / 1e9:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def best_help_time() -> float:
    """Return the best of five times of ``hubplanner --help``, in seconds."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([Path(sys.executable).with_name("hubplanner"), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Measure everything, check that the values agree, and write results and table."""
    results = {str(budget): {name: measure(name, budget) for name in CASES} for budget in BUDGETS}
    for budget, cases in results.items():
        lowest, highest = (pick(case["value"] for case in cases.values()) for pick in (min, max))
        slack = max(case["gap"] for case in cases.values())
        if highest - lowest > (slack + 1e-9) * highest:
            sys.exit(f"at budget {budget} the values differ by more than the gaps: {lowest} and {highest}")
    help_seconds = best_help_time()
    print(f"hubplanner --help: {help_seconds:.2f} s")
    Path(__file__).with_name("benchmarks.json").write_text(
        json.dumps({"help_seconds": help_seconds, "national": results}, indent=1) + "\n", encoding="utf-8"
    )
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    readme.write_text(f"{before}{MARKS[0]}\n{table(results)}\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    run_case(sys.argv[1], float(sys.argv[2])) if len(sys.argv) > 1 else main()
