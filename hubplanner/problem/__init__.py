"""The planning problem as numpy and scipy arrays, its solution, and the evaluator that trusts no solver."""

from hubplanner.problem.cost import annuity
from hubplanner.problem.coverage import Rows, coverage, merge_demand
from hubplanner.problem.evaluation import NOWHERE, Evaluation, Ways, evaluate, ways
from hubplanner.problem.futures import Future, Futures
from hubplanner.problem.futures_outcome import Outcomes, outcomes
from hubplanner.problem.measured import Measured, measure_chunks
from hubplanner.problem.periods import grown
from hubplanner.problem.problem import Problem
from hubplanner.problem.rule import Decay, Rule
from hubplanner.problem.solution import EXACT, Clash, PeriodPlan, Reached, Solution, Status, relative_gap
from hubplanner.problem.status import SiteStatus
from hubplanner.problem.straight import GreatCircle, Planar, Straight
from hubplanner.problem.stream import Chunk, Merged, merge_chunks
from hubplanner.problem.travel import Bools, Floats, Ints, Matrix, Travel, within

__all__ = [
    "EXACT",
    "NOWHERE",
    "Bools",
    "Chunk",
    "Clash",
    "Decay",
    "Evaluation",
    "Floats",
    "Future",
    "Futures",
    "GreatCircle",
    "Ints",
    "Matrix",
    "Measured",
    "Merged",
    "Outcomes",
    "PeriodPlan",
    "Planar",
    "Problem",
    "Reached",
    "Rows",
    "Rule",
    "SiteStatus",
    "Solution",
    "Status",
    "Straight",
    "Travel",
    "Ways",
    "annuity",
    "coverage",
    "evaluate",
    "grown",
    "measure_chunks",
    "merge_chunks",
    "merge_demand",
    "outcomes",
    "relative_gap",
    "ways",
    "within",
]
