"""Covering everyone at the least cost."""
