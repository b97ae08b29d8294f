"""How near is near enough: each tolerance once, with what it allows for."""

EXACT = 1e-7
"""Relative gap that is rounding: of the digits a solver prints, and of goals that are held."""
AGREEMENT = 1e-6
"""Relative difference up to which two figures, found in two ways, agree."""
REACH_TOLERANCE = 1e-9
"""Relative excess of a distance over the reach that is rounding."""
MONEY_TOLERANCE = 1e-9
"""Relative excess of a plan's cost over its budget that is the rounding of sums."""
INTEGRALITY = 1e-5
"""Distance from a whole number that is a solver's rounding; what is farther is fractional."""
SUM_TOLERANCE = 1e-6
"""Distance of a sum of probabilities from 1 that is rounding."""
