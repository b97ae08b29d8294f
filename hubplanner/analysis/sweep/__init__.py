"""Many variants of a scenario, solved side by side."""
