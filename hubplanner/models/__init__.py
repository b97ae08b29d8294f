"""Objectives and constraint families as PuLP: one of each a file, put together by the builder."""

from hubplanner.models.builder import broken_blocks, build_model, check_supported
from hubplanner.models.model import Model
from hubplanner.models.specs import Budget, MaxCoverage, MaxHubs, MinCost, Objective, PCenter, PMedian

__all__ = [
    "Budget",
    "MaxCoverage",
    "MaxHubs",
    "MinCost",
    "Model",
    "Objective",
    "PCenter",
    "PMedian",
    "broken_blocks",
    "build_model",
    "check_supported",
]
