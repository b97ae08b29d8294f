"""A plan for people: frames, figures, files and pictures."""

from hubplanner.report.plan import Plan

__all__ = ["Plan"]
