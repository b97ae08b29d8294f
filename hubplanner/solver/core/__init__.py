"""Maximal covering as arrays: its relaxation by column generation, sharpened by cuts, and its MIP."""

from hubplanner.solver.core.cuts import Cuts
from hubplanner.solver.core.relaxation import CoveringRelaxation, solve_relaxation
from hubplanner.solver.core.search import search_core
from hubplanner.solver.core.table import table_of

__all__ = ["CoveringRelaxation", "Cuts", "search_core", "solve_relaxation", "table_of"]
