"""The pipeline from a scenario to a plan, on one screen: `solve`."""
