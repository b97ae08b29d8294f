"""Demand points merged into rows, exactly."""
