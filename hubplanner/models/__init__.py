"""Objectives and constraint families as PuLP: one of each a file, put together by the builder."""

from hubplanner.models.budget import Budget
from hubplanner.models.builder import broken_blocks, broken_years, build_model, check_supported, formulate
from hubplanner.models.capacity import Capacity
from hubplanner.models.compatible import check_compatible, check_size
from hubplanner.models.fairness import MaxMin
from hubplanner.models.floors import Floor
from hubplanner.models.formulation import FixedLevel, Formulation, Question, ask
from hubplanner.models.goals import Goal, Year, goals_of
from hubplanner.models.kept import FixedHubs
from hubplanner.models.max_hubs import MaxHubs, MinHubs
from hubplanner.models.model import Model
from hubplanner.models.per_site import HubsPerSite
from hubplanner.models.periods import Periods
from hubplanner.models.required import RequiredSites
from hubplanner.models.separation import MinSeparation
from hubplanner.models.serve_all import FullService
from hubplanner.models.site_sets import AtMostOne, OnlyWith
from hubplanner.models.specs import Constraint, MaxCoverage, MinCost, Objective, PCenter, PMedian
from hubplanner.models.under import RobustObjective, Uncertainty, check_under, under_of
from hubplanner.models.under_goals import RobustQuestion, bind
from hubplanner.models.under_limits import RobustBudget, RobustFloor

__all__ = [
    "AtMostOne",
    "Budget",
    "Capacity",
    "Constraint",
    "FixedHubs",
    "FixedLevel",
    "Floor",
    "Formulation",
    "FullService",
    "Goal",
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
    "Uncertainty",
    "Year",
    "ask",
    "bind",
    "broken_blocks",
    "broken_years",
    "build_model",
    "check_compatible",
    "check_size",
    "check_supported",
    "check_under",
    "formulate",
    "goals_of",
    "under_of",
]
