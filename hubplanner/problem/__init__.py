"""The planning problem as numpy and scipy arrays, its solution, and the evaluator that trusts no solver."""

from hubplanner.problem.aggregation.stream import Chunk, Merged, RemeasuredDistance, merge_chunks, remeasure_chunks
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.backhaul import Backhaul, BackhaulPlan
from hubplanner.problem.coverage import CoverageRule, Decay, Rows
from hubplanner.problem.evaluation import NOWHERE, Evaluation, Ways, evaluate, exact_sum, people_reached, ways
from hubplanner.problem.futures import Future, Futures, Outcomes, outcomes
from hubplanner.problem.measures import Measure
from hubplanner.problem.multi_period import annuity, grow_demand
from hubplanner.problem.problem import Problem, SiteStatus, coverage, merge_demand
from hubplanner.problem.solution import (
    Conflict,
    GoalResult,
    PeriodPlan,
    Solution,
    Status,
    relative_gap,
)
from hubplanner.problem.travel.base import Matrix, Travel, within
from hubplanner.problem.travel.geometric import GeometricTravel, GreatCircle, Planar

__all__ = [
    "NOWHERE",
    "Backhaul",
    "BackhaulPlan",
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
    "Measure",
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
    "exact_sum",
    "grow_demand",
    "merge_chunks",
    "merge_demand",
    "outcomes",
    "people_reached",
    "relative_gap",
    "remeasure_chunks",
    "ways",
    "within",
]
