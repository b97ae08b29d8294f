"""Maximal covering by hubs so far apart that no two of them reach the same people."""
