"""Readers of table, raster and stream formats."""
