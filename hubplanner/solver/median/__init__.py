"""Distances within budget and count: multipliers, exchanges of hubs, and a program for what they leave."""

from hubplanner.solver.median.solving import is_median, solve_median

__all__ = ["is_median", "solve_median"]
