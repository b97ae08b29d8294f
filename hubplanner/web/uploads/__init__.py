"""Files that a planner brings."""
