"""Answers found by enumeration or by a formulation of their own, sharing nothing with hubplanner."""
