"""Plans scored on futures."""
