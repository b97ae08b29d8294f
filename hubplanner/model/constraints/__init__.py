"""One family of constraints a module."""
