"""A plan for people: frames, figures, files and pictures."""

from hubplanner.outputs.plan import Plan

__all__ = ["Plan"]
