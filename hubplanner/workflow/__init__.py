"""The pipeline from a scenario to a plan, on one screen."""

from hubplanner.workflow.pipeline import overview, solve
from hubplanner.workflow.runs import default_folder, run_scenario

__all__ = ["default_folder", "overview", "run_scenario", "solve"]
