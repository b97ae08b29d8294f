"""The planning problem as numpy and scipy arrays, its solution, and the evaluator that trusts no solver."""

from hubplanner.problem.cost import annuity
from hubplanner.problem.coverage import Rows, coverage, merge_demand
from hubplanner.problem.evaluation import NOWHERE, Evaluation, Ways, evaluate, ways
from hubplanner.problem.futures import Future, Futures
from hubplanner.problem.futures_outcome import Outcomes, outcomes
from hubplanner.problem.measured import RemeasuredDistance, remeasure_chunks
from hubplanner.problem.periods import grow_demand
from hubplanner.problem.problem import Problem
from hubplanner.problem.rule import CoverageRule, Decay
from hubplanner.problem.solution import EXACT, Conflict, GoalResult, PeriodPlan, Solution, Status, relative_gap
from hubplanner.problem.status import SiteStatus
from hubplanner.problem.straight import GeometricTravel, GreatCircle, Planar
from hubplanner.problem.stream import Chunk, Merged, merge_chunks
from hubplanner.problem.travel import Bools, Floats, Ints, Matrix, Travel, within

__all__ = [
    "EXACT",
    "NOWHERE",
    "Bools",
    "Chunk",
    "Conflict",
    "CoverageRule",
    "Decay",
    "Evaluation",
    "Floats",
    "Future",
    "Futures",
    "GeometricTravel",
    "GoalResult",
    "GreatCircle",
    "Ints",
    "Matrix",
    "Merged",
    "Outcomes",
    "PeriodPlan",
    "Planar",
    "Problem",
    "RemeasuredDistance",
    "Rows",
    "SiteStatus",
    "Solution",
    "Status",
    "Travel",
    "Ways",
    "annuity",
    "coverage",
    "evaluate",
    "grow_demand",
    "merge_chunks",
    "merge_demand",
    "outcomes",
    "relative_gap",
    "remeasure_chunks",
    "ways",
    "within",
]
