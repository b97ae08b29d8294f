"""Objectives and constraint families as PuLP: one of each a file, put together by the builder."""

from hubplanner.model.builder import broken_constraints, broken_years, build_model, check_supported, formulate
from hubplanner.model.compatibility import MOST_PAIRS, TooManyPairsError, check_compatible, check_size, pairs_to_assign
from hubplanner.model.constraints.base import Constraint
from hubplanner.model.constraints.budget import Budget
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.earlier_plan import FixedHubs, HubNumbers
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.full_service import FullService
from hubplanner.model.constraints.hub_count import HubsPerSite, MaxHubs, MinHubs
from hubplanner.model.constraints.min_separation import MinSeparation
from hubplanner.model.constraints.required_sites import RequiredSites
from hubplanner.model.constraints.robust import RobustBudget, RobustFloor, Uncertainty
from hubplanner.model.constraints.site_relations import AtMostOne, OnlyWith
from hubplanner.model.constraints.take_up import TakeUp
from hubplanner.model.fairness import AlphaFair, Elsewhere, Fairness, MaxMin, TangentUtility
from hubplanner.model.formulation import FixedLevel, Formulation, Goal, Question, Year
from hubplanner.model.goals import goals_of
from hubplanner.model.lp import Model
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import MaxCoverage, MinCost, Objective, PCenter, PMedian
from hubplanner.model.risk_measures import RobustObjective, RobustQuestion, bind, under_of

__all__ = [
    "MOST_PAIRS",
    "AlphaFair",
    "AtMostOne",
    "Budget",
    "Capacity",
    "Constraint",
    "Elsewhere",
    "Fairness",
    "FixedHubs",
    "FixedLevel",
    "Floor",
    "Formulation",
    "FullService",
    "Goal",
    "HubNumbers",
    "HubsPerSite",
    "MaxCoverage",
    "MaxHubs",
    "MaxMin",
    "MinCost",
    "MinHubs",
    "MinSeparation",
    "Model",
    "Objective",
    "OnlyWith",
    "PCenter",
    "PMedian",
    "Periods",
    "Question",
    "RequiredSites",
    "RobustBudget",
    "RobustFloor",
    "RobustObjective",
    "RobustQuestion",
    "TakeUp",
    "TangentUtility",
    "TooManyPairsError",
    "Uncertainty",
    "Year",
    "bind",
    "broken_constraints",
    "broken_years",
    "build_model",
    "check_compatible",
    "check_size",
    "check_supported",
    "formulate",
    "goals_of",
    "pairs_to_assign",
    "under_of",
]
