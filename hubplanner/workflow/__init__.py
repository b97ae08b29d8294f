"""The pipeline from a scenario to a plan, on one screen."""

from hubplanner.workflow.pipeline import objective_of, options_of, overview, solve

__all__ = ["objective_of", "options_of", "overview", "solve"]
