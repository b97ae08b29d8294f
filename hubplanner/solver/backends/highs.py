"""HiGHS through PuLP, with the start, the bound and the status PuLP does not pass on."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import highspy
import numpy as np
import pulp
from scipy.sparse import csr_array

from hubplanner.errors import SolverError
from hubplanner.solver.backends.alike_rows import merge_alike
from hubplanner.solver.backends.arrays import linear_program, matrix
from hubplanner.solver.backends.base import Outcome, SearchLimits, Solvable, Termination, no_plan
from hubplanner.solver.deadline import BUILDING, LEAST_S, Deadline, count_work
from hubplanner.solver.progress import listener
from hubplanner.stopping import is_stopped
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _

Int32s = np.ndarray[tuple[int, ...], np.dtype[np.int32]]

_STOPPED = {
    highspy.HighsModelStatus.kTimeLimit,
    highspy.HighsModelStatus.kSolutionLimit,
    highspy.HighsModelStatus.kInterrupt,
}
IPM = 100
"""Iterations of simplex that one of an interior point costs as much as."""
INFEASIBLE = {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}
_FINISHED = {highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty}

WHOLE: dict[str, Any] = {"mip_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-10}
"""With its own tolerance HiGHS 1.16 may meet a better plan that overspends a little by almost whole hubs, prune by it,
give it up in the end, and state a bound below the best plan. Its presolve takes worth below the other tolerance, 1e-7
of the largest if it is not said, for none: of a few beside billions."""

ALONE = 5_000
"""Nonzeros up to which HiGHS works in one thread where it may choose: the others wait for work by spinning. Programs of
80, 300, 1,000 and 3,000 nonzeros took 2.7, 5, 15 and 114 ms of processor time in place of 11, 10, 25 and 147 (two
cores), to the same plans; from 6,000 on there is no difference."""
AT_ROOT = 1
"""Nodes that a search counts at most if it never branched."""
LARGE = 5_000
"""Nonzeros from which a proof without branching is looked at again. Of 104 such proofs of drawn questions (floors,
rooms, years, fairness), 87 of them smaller, none was wrong; looking again took 0.01 s on average below 1,000 nonzeros,
0.09 s below 5,000 and 0.24 s below 20,000."""
CRUMB = 1e-6
"""Size of an entry, beside the largest of its row, from which presolve is right. Of 360 drawn questions of points
served whole, some of them 1e7 to 1e9 times as large as others, HiGHS 1.16 stated too low a bound for 3 by the
tolerances of `WHOLE`, for 18 by its own, and for none without presolve; of 360 with up to 1e6 times for none at all."""
SUMS = 2
"""Sums of whole columns that are given, such as of the hubs of each district, from which presolve is not used. Of the
largest catchments of Pakistan's leanest plan HiGHS 1.16 proves 683,466 with it, by three seeds in ten, though plans
have 690,313; of its ten billion 6,828,890 in 10 s, where without presolve it finds 6,835,956 in 3."""
EXACT = 10_000.0
"""Rows of whole numbers up to this, as where all is to be covered, meet no rounding near the small tolerance."""


def solve_highs(model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
    """Solve a model with HiGHS; the bound is the one HiGHS holds itself."""
    deadline, whole = effort.deadline(), as_arrays(model.program)
    program, columns = merge_alike(whole, np.array([variable.index for variable in model.open_], dtype=np.intp))
    # Presolve would put the sums back in place of the count variables, whose branching closes the gap.
    presolve = "off" if model.counts or _misleads_presolve(program) else "choose"

    def make() -> Any:
        handle = new_handle(effort, mip_rel_gap=0.0, mip_abs_gap=effort.gap, presolve=presolve, **WHOLE)
        handle.passModel(program)
        handle.setOptionValue("time_limit", max(deadline.left, 0.0))
        return handle

    return solve_handle(make(), make, columns.astype(np.int32), start)


def solve_handle(handle: Any, make: Callable[[], Any], columns: Int32s, start: Sequence[float]) -> Outcome:
    """Solve the MIP that a handle holds, and return the values of some columns.

    Parameters
    ----------
    handle
        Holds the negated objective of a maximisation.
    make
        Returns the same handle again.
    columns
        (d,) columns of whole variables to return.
    start
        Values of the first of them: HiGHS completes it.
    """
    given, misread = columns[: len(start)], list[float]()
    _report(handle)
    if len(given):
        handle.setSolution(len(given), given, np.asarray(start, dtype=np.float64))
        _watch(handle, misread)
    run(handle)
    if handle.getModelStatus() == highspy.HighsModelStatus.kSolveError and not (misread or is_stopped()):
        # HiGHS 1.16 may end so without its presolve, and with it does not.
        handle.setOptionValue("presolve", "on")
        run(handle)
    # A small program is believed at its root: beside needs of billions the wider has plans that are none.
    few = AT_ROOT if handle.getNumNz() >= LARGE else 0
    # With HiGHS's own tolerance a second look would be the first again.
    is_narrow = bool(len(columns)) and float(handle.getOptionValue("mip_feasibility_tolerance")[1]) < AGREEMENT
    if is_narrow and handle.getModelStatus() in INFEASIBLE and handle.getInfo().mip_node_count <= few:
        # HiGHS 1.16 may take rounding for a contradiction by so small a tolerance: its own has to agree.
        handle.setOptionValue("mip_feasibility_tolerance", AGREEMENT)
        run(handle)
    elif is_narrow and _is_proven_at_root(handle, columns):
        handle = _agreed(handle, make, columns)
    left = float(handle.getOptionValue("time_limit")[1]) - handle.getRunTime()
    is_distrusted = (misread and not is_stopped()) or _is_presolved(handle) or not _is_consistent(handle)
    if len(given) and left > 0 and is_distrusted:
        # HiGHS 1.16 may state the best plan's value and hand back the start, or call the start the best plan where its
        # presolve alone finds a better one: without one it hands back the plan.
        again = make()
        again.setOptionValue("time_limit", left)
        return solve_handle(again, make, columns, [])
    return _outcome(handle, columns)


def _misleads_presolve(program: Any) -> bool:
    """Tell whether rows of whole columns alone are such that presolve may leave out plans, and prove what is wrong.

    Some have entries so small that presolve takes others for impossible; or there are several sums.
    """
    rows, low, high = csr_array(matrix(program)), np.asarray(program.row_lower_), np.asarray(program.row_upper_)
    whole = np.array([kind == highspy.HighsVarType.kInteger for kind in program.integrality_], dtype=np.bool_)
    some = np.flatnonzero(np.diff(rows.indptr) > 0)
    if not len(some) or not len(whole):
        return False
    starts, size = rows.indptr[some], np.abs(rows.data)
    is_alone = np.logical_and.reduceat(whole[rows.indices], starts)
    is_wide = np.minimum.reduceat(size, starts) < CRUMB * np.maximum.reduceat(size, starts)
    is_sum = (low[some] == high[some]) & (np.diff(rows.indptr)[some] > 1) & (np.minimum.reduceat(rows.data, starts) > 0)
    return bool((is_alone & is_wide).any() or np.count_nonzero(is_alone & is_sum) >= SUMS)


def _is_proven_at_root(handle: Any, columns: Int32s) -> bool:
    """Tell whether a large search in which rounding matters, and anything is to decide, ended without branching."""
    small = handle.getNumNz() < LARGE or handle.getModelStatus() not in _FINISHED
    if small or handle.getInfo().mip_node_count > AT_ROOT:
        return False
    program = handle.getLp()
    free = np.asarray(program.col_lower_) < np.asarray(program.col_upper_)
    rows = np.concatenate(
        [np.asarray(part, dtype=float) for part in (program.row_lower_, program.row_upper_, program.a_matrix_.value_)]
    )
    rows = rows[np.abs(rows) < highspy.kHighsInf]
    exact = bool((rows == np.round(rows)).all()) and np.abs(rows).max(initial=0.0) <= EXACT
    return bool(free[columns].any()) and not exact


def _agreed(handle: Any, make: Callable[[], Any], columns: Int32s) -> Any:
    """Return a handle whose proof HiGHS agrees with by its own tolerance: this one, or that of a better plan.

    By the small tolerance HiGHS 1.16 may take rounding for a contradiction, give up what is left at the root, and state
    the plan so far as the best.
    """
    left = float(handle.getOptionValue("time_limit")[1]) - handle.getRunTime()
    again = make()
    again.setOptionValue("mip_feasibility_tolerance", AGREEMENT)
    again.setOptionValue("time_limit", max(left, 0.0))
    again.setSolution(len(columns), columns, np.round(np.asarray(handle.getSolution().col_value)[columns]))
    run(again)
    bound = float(handle.getInfo().mip_dual_bound)
    slack = float(handle.getOptionValue("mip_abs_gap")[1]) + AGREEMENT * max(1.0, abs(bound))
    is_plan = again.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return again if is_plan and _objective(again) < bound - slack else handle


def _report(handle: Any) -> None:
    """Let HiGHS tell of its plan and bound on the way, if anyone listens."""
    hear = listener()
    if hear is not None:
        # It holds the negated objective of a maximisation.
        handle.cbMipInterrupt += lambda event: hear(-event.data_out.mip_primal_bound, -event.data_out.mip_dual_bound)


def _watch(handle: Any, misread: list[float]) -> None:
    """End a search that begins with a better value than its start has, and note that value.

    HiGHS 1.16 leaves out of a start's value what presolve drops as dominated, and then looks for nothing but plans that
    are better still.
    """
    program = handle.getLp()
    cost, offset = np.array(program.col_cost_), float(program.offset_)

    def see(event: Any) -> None:
        stated, values = float(event.data_out.objective_function_value), np.asarray(event.data_out.mip_solution)
        if len(values) == len(cost) and not _agree(stated, float(cost @ values) + offset):
            misread.append(stated)
            handle.cancelSolve()

    handle.cbMipImprovingSolution += see


def _agree(stated: float, own: float) -> bool:
    """Tell whether the objective HiGHS states is that of a plan's values."""
    return abs(own - stated) <= AGREEMENT * max(1.0, abs(stated))


def _is_presolved(handle: Any) -> bool:
    """Tell whether a search ended in its presolve."""
    info = handle.getInfo()
    return handle.getModelStatus() in _FINISHED and max(info.mip_node_count, info.simplex_iteration_count) <= 0


def _is_consistent(handle: Any) -> bool:
    """Tell whether the values HiGHS hands back have the objective it states."""
    info = handle.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return True
    return _agree(float(info.objective_function_value), _objective(handle))


def _objective(handle: Any) -> float:
    """Return the objective of the values that HiGHS hands back."""
    program = handle.getLp()
    return float(np.dot(program.col_cost_, handle.getSolution().col_value)) + float(program.offset_)


def prepared(program: pulp.LpProblem, effort: SearchLimits, *, mip: bool = True, **options: Any) -> Any:
    """Return a HiGHS handle that holds a PuLP program, ready to run; handing it over takes of its time."""
    deadline = effort.deadline()
    arrays = as_arrays(program, mip=mip)
    handle = new_handle(effort, **options)
    handle.passModel(arrays)
    handle.setOptionValue("time_limit", max(deadline.left, 0.0))
    return handle


def as_arrays(program: pulp.LpProblem, *, mip: bool = True) -> Any:
    """Return a PuLP program as HiGHS takes it, the negated objective of a maximisation, in PuLP's order of variables.

    PuLP hands it over row by row, which takes several times as long. Each variable is told its column.

    Parameters
    ----------
    mip
        Whether variables stay whole.
    """
    variables, sign = program.variables(), -1.0 if program.sense == pulp.LpMaximize else 1.0
    for number, variable in enumerate(variables):
        variable.index = number
    rows = program.constraints()
    lengths, column, value = [0], list[int](), list[float]()
    for row in rows:
        column += [variable.index for variable in row]
        value += row.values()
        lengths.append(len(row))
    cells = csr_array(
        (np.array(value, dtype=np.float64), np.array(column, dtype=np.int32), np.cumsum(lengths, dtype=np.int32)),
        shape=(len(rows), len(variables)),
    )
    cells.eliminate_zeros()
    cost = np.zeros(len(variables))
    for variable, worth in (program.objective or {}).items():
        cost[variable.index] = sign * worth
    low, high = (
        np.array([plain if end is None else end for end in ends], dtype=np.float64)
        for plain, ends in (
            (-math.inf, [variable.lowBound for variable in variables]),
            (math.inf, [variable.upBound for variable in variables]),
        )
    )
    least = np.array([-math.inf if (end := row.getLb()) is None else end for row in rows], dtype=np.float64)
    most = np.array([math.inf if (end := row.getUb()) is None else end for row in rows], dtype=np.float64)
    whole = np.array([variable.cat == pulp.LpInteger for variable in variables], dtype=np.bool_) if mip else None
    return linear_program(cells, cost, (low, high), (least, most), whole)


def new_handle(effort: SearchLimits, **options: Any) -> Any:
    """Return an empty HiGHS handle, for programs given as arrays."""
    # HiGHS keeps the thread pool of its first run in a process, whatever a later one asks for.
    highspy.Highs.resetGlobalScheduler(True)  # noqa: FBT003 - HiGHS takes it by position
    with _silent_stdout():  # HiGHS greets on standard output, where only results belong
        handle: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    asked = {
        "output_flag": False,
        "threads": effort.threads,
        "time_limit": effort.seconds,
        "random_seed": effort.seed,
        **({} if effort.nodes is None else {"mip_max_nodes": effort.nodes}),
        **options,
    }
    for name, value in asked.items():
        handle.setOptionValue(name, value)
    return handle


def run(handle: Any, deadline: Deadline | None = None, *, is_firm: bool = False) -> None:
    """Run HiGHS so that Ctrl-C, or being asked to stop unless it is firm, ends it at once, not at its time limit.

    Parameters
    ----------
    deadline
        When this run ends, whatever the handle's earlier ones took; with None as its options say, of all its runs.
    """
    if deadline is not None:  # HiGHS counts the time of all runs of a handle
        handle.setOptionValue("time_limit", handle.getRunTime() + max(deadline.left, LEAST_S))
    handle.HandleUserInterrupt = True
    if handle.getNumNz() <= ALONE and not handle.getOptionValue("threads")[1]:
        handle.setOptionValue("threads", 1)
    handle.startSolve()
    try:
        while not handle.wait(0.1)[0]:
            if is_stopped() and not is_firm:
                handle.cancelSolve()
    except KeyboardInterrupt:
        handle.cancelSolve()
        handle.wait()
        raise
    info = handle.getInfo()
    iterations = max(info.simplex_iteration_count, 0) + IPM * max(info.ipm_iteration_count, 0)
    count_work(handle.getNumNz(), BUILDING + iterations)


def _outcome(handle: Any, columns: Int32s) -> Outcome:
    status, info = handle.getModelStatus(), handle.getInfo()
    if status in INFEASIBLE:
        return no_plan(Termination.INFEASIBLE, handle.version())
    is_cut_off = status not in _STOPPED | _FINISHED and is_stopped()  # HiGHS 1.16 calls some such ends an error
    if status not in _STOPPED | _FINISHED and not is_cut_off:
        message = _("HiGHS stopped: {status}", status=handle.modelStatusToString(status))
        raise SolverError(message)
    termination = Termination.FINISHED if status in _FINISHED else Termination.STOPPED
    # HiGHS holds the negated objective of a maximisation; without integer columns it holds no MIP bound.
    bound = -float(info.mip_dual_bound) if len(columns) else -float(info.objective_function_value)
    bound = math.inf if is_cut_off else bound
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return no_plan(termination, handle.version(), bound)
    return Outcome(
        termination=termination,
        open_=np.asarray(handle.getSolution().col_value)[columns].tolist(),
        value=-_objective(handle),
        bound=bound,
        version=handle.version(),
    )


@contextmanager
def _silent_stdout() -> Iterator[None]:
    """Send what compiled code prints to nowhere."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
