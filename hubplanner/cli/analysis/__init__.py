"""Commands that ask about a plan: one module each, as in `hubplanner.analysis`."""
