"""From one plan to a decision: frontiers, alternatives and reasons, as pure functions of a problem."""
