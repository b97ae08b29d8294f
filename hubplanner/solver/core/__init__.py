"""Maximal covering as arrays: its relaxation by column generation, sharpened by cuts, and its MIP."""

from hubplanner.solver.core.cuts import Cuts
from hubplanner.solver.core.relaxation import Sharpened, sharpened
from hubplanner.solver.core.search import search
from hubplanner.solver.core.table import table_of

__all__ = ["Cuts", "Sharpened", "search", "sharpened", "table_of"]
