"""Travel between demand points and sites."""
