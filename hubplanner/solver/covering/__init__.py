"""Maximal covering as arrays: its relaxation by column generation, sharpened by cuts, and its MIP."""
